// Colors by cells of a grid: k-means needs fewer points than a picture has colors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/points.hpp"

namespace huepress {

// Meant to be used again for one picture after the other.
class ColorCells {
public:
    ColorCells();

    // Groups n colors (points of 0 to 255); cells are in order of first appearance.
    void group(const Points& colors_srgb255);

    // A cell is the mean of its colors, and weighs as much as they do.
    Points points() const { return {means_.data(), weights_.data(), weights_.size(), 3}; }
    const std::vector<std::uint32_t>& cell_of() const { return cell_of_; }

private:
    struct Sum {
        double red, green, blue;  // whole numbers: exact
    };

    std::vector<std::uint32_t> cell_plus_one_;  // of each place in the grid; 0: none yet
    std::vector<std::uint32_t> keys_;
    std::vector<std::uint32_t> cell_of_;
    std::vector<std::uint32_t> weights_;
    std::vector<Sum> sums_;
    std::vector<float> means_;
};

}  // namespace huepress
