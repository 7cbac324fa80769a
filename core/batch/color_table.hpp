// The different colors of a small picture: a hash table that grows with the colors, not with the pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

// Meant to be used again for one picture after the other, so that small ones allocate nothing.
class ColorTable {
public:
    ColorTable();

    // Counts the colors of n_pixels RGB triples; rows are in order of first appearance.
    void count(const std::uint8_t* pixels_srgb8, std::size_t n_pixels);

    std::size_t size() const { return counts_.size(); }
    const std::vector<std::uint32_t>& counts() const { return counts_; }
    const std::vector<std::uint32_t>& row_of_pixel() const { return row_of_pixel_; }
    // size() x 3, the codes as numbers.
    const std::vector<float>& points_srgb255() const { return points_; }

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
