#include "batch/packing.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace huepress {
namespace {

// Calls f with the number of bits as a compile-time constant.
template <class F>
void with_bits(int bits, F&& f) {
    if (bits == 1) return f.template operator()<1>();
    if (bits == 2) return f.template operator()<2>();
    if (bits == 4) return f.template operator()<4>();
    return f.template operator()<8>();
}

// Calls visit(pixel, index) for all pixels in order.
template <int Bits, class Visit>
void for_each_index(const std::uint8_t* packed, std::size_t n_pixels, Visit&& visit) {
    constexpr std::size_t kPerByte = 8 / Bits;
    constexpr unsigned kMask = (1u << Bits) - 1u;
    const std::size_t n_whole = n_pixels / kPerByte;
    for (std::size_t byte = 0; byte < n_whole; ++byte) {
        const unsigned value = packed[byte];
        for (std::size_t j = 0; j < kPerByte; ++j) visit(byte * kPerByte + j, value >> (8 - Bits * (j + 1)) & kMask);
    }
    for (std::size_t i = n_whole * kPerByte; i < n_pixels; ++i) {
        visit(i, packed[n_whole] >> (8 - Bits * (i % kPerByte + 1)) & kMask);
    }
}

}  // namespace

void pack_indices(const std::uint8_t* entry_of_row, const std::uint32_t* row_of_pixel, std::size_t n_pixels, int bits,
                  std::uint8_t* packed) {
    with_bits(bits, [&]<int Bits>() {
        constexpr std::size_t kPerByte = 8 / Bits;
        for (std::size_t i = 0; i < n_pixels; i += kPerByte) {
            unsigned value = 0;
            for (std::size_t j = 0; j < std::min(kPerByte, n_pixels - i); ++j) {
                value |= static_cast<unsigned>(entry_of_row[row_of_pixel[i + j]]) << (8 - Bits * (j + 1));
            }
            packed[i / kPerByte] = static_cast<std::uint8_t>(value);
        }
    });
}

void unpack_indices(const std::uint8_t* packed, std::size_t n_pixels, int bits, std::uint8_t* indices) {
    with_bits(bits, [&]<int Bits>() {
        for_each_index<Bits>(packed, n_pixels,
                             [&](std::size_t i, unsigned index) { indices[i] = static_cast<std::uint8_t>(index); });
    });
}

void expand_indices(const std::uint8_t* packed, std::size_t n_pixels, int bits, const std::uint8_t* palette_srgb8,
                    std::size_t n_entries, std::uint8_t* pixels_srgb8) {
    if (n_pixels == 0) return;
    // Four bytes an entry, so that a pixel is one store; the fourth is overwritten by the next pixel.
    std::array<std::uint8_t, 256 * 4> table{};
    for (std::size_t e = 0; e < std::min<std::size_t>(n_entries, 256); ++e) {
        std::memcpy(&table[4 * e], palette_srgb8 + 3 * e, 3);
    }
    const std::size_t last = n_pixels - 1;
    unsigned last_index = 0;
    with_bits(bits, [&]<int Bits>() {
        for_each_index<Bits>(packed, last, [&](std::size_t i, unsigned index) {
            std::memcpy(pixels_srgb8 + 3 * i, &table[4 * index], 4);
        });
        constexpr std::size_t kPerByte = 8 / Bits;
        last_index = packed[last / kPerByte] >> (8 - Bits * (last % kPerByte + 1)) & ((1u << Bits) - 1u);
    });
    std::memcpy(pixels_srgb8 + 3 * last, &table[4 * last_index], 3);
}

}  // namespace huepress
