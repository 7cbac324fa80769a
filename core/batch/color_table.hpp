// The different colors of a small picture: a hash table that grows with the colors, not with the pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/points.hpp"

namespace huepress {

// Meant to be used again for one picture after the other, so that small ones allocate nothing.
class ColorTable {
public:
    ColorTable();

    // Counts the colors of n_pixels RGB triples; rows are in order of first appearance.
    void count(const std::uint8_t* pixels_srgb8, std::size_t n_pixels);

    // The colors, codes as numbers, and how many pixels each has.
    Points colors() const { return {points_.data(), counts_.data(), counts_.size(), 3}; }
    const std::vector<std::uint32_t>& row_of_pixel() const { return row_of_pixel_; }

private:
    struct Slot {
        std::uint32_t color_plus_one;  // 0: empty
        std::uint32_t row;
    };

    Slot& find(std::uint32_t color);
    void grow();

    int log2_slots_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> colors_;
    std::vector<std::uint32_t> counts_;
    std::vector<std::uint32_t> row_of_pixel_;
    std::vector<float> points_;
};

}  // namespace huepress
