#include "batch/color_table.hpp"

#include <algorithm>

namespace huepress {
namespace {

constexpr int kLog2FirstSlots = 11;
constexpr std::uint32_t kGoldenRatio = 0x9E3779B1u;  // multiplicative hashing (Knuth, TAOCP 6.4)

}  // namespace

ColorTable::ColorTable() : log2_slots_(kLog2FirstSlots), slots_(std::size_t{1} << kLog2FirstSlots) {}

ColorTable::Slot& ColorTable::find(std::uint32_t color) {
    const std::uint32_t mask = (1u << log2_slots_) - 1u;
    std::uint32_t at = (color * kGoldenRatio) >> (32 - log2_slots_);
    while (slots_[at].color_plus_one != 0 && slots_[at].color_plus_one != color + 1) at = (at + 1) & mask;
    return slots_[at];
}

void ColorTable::grow() {
    ++log2_slots_;
    slots_.assign(std::size_t{1} << log2_slots_, Slot{0, 0});
    for (std::size_t row = 0; row < colors_.size(); ++row) {
        find(colors_[row]) = {colors_[row] + 1, static_cast<std::uint32_t>(row)};
    }
}

void ColorTable::count(const std::uint8_t* pixels_srgb8, std::size_t n_pixels) {
    std::fill(slots_.begin(), slots_.end(), Slot{0, 0});
    colors_.clear();
    counts_.clear();
    row_of_pixel_.resize(n_pixels);
    std::uint32_t previous = 0xFFFFFFFFu;
    std::uint32_t row = 0;
    for (std::size_t i = 0; i < n_pixels; ++i) {
        const std::uint8_t* p = pixels_srgb8 + 3 * i;
        const std::uint32_t color = std::uint32_t{p[0]} << 16 | std::uint32_t{p[1]} << 8 | p[2];
        if (color != previous) {
            previous = color;
            Slot* slot = &find(color);
            if (slot->color_plus_one == 0) {
                if (2 * (colors_.size() + 1) > slots_.size()) {
                    grow();
                    slot = &find(color);
                }
                *slot = {color + 1, static_cast<std::uint32_t>(colors_.size())};
                colors_.push_back(color);
                counts_.push_back(0);
            }
            row = slot->row;
        }
        ++counts_[row];
        row_of_pixel_[i] = row;
    }
    points_.resize(3 * colors_.size());
    for (std::size_t i = 0; i < colors_.size(); ++i) {
        for (std::size_t d = 0; d < 3; ++d) {
            points_[3 * i + d] = static_cast<float>(colors_[i] >> (16 - 8 * d) & 0xFFu);
        }
    }
}

}  // namespace huepress
