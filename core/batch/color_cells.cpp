#include "batch/color_cells.hpp"

namespace huepress {
namespace {

constexpr int kBits = 5;

std::uint32_t level(float code) { return static_cast<std::uint32_t>(code) >> (8 - kBits); }

}  // namespace

ColorCells::ColorCells() : cell_plus_one_(std::size_t{1} << (3 * kBits)) {}

void ColorCells::group(const Points& colors_srgb255) {
    for (const std::uint32_t key : keys_) cell_plus_one_[key] = 0;
    keys_.clear();
    weights_.clear();
    sums_.clear();
    cell_of_.resize(colors_srgb255.n);
    for (std::size_t i = 0; i < colors_srgb255.n; ++i) {
        const float* x = colors_srgb255.coordinates + 3 * i;
        const std::uint32_t key = level(x[0]) << (2 * kBits) | level(x[1]) << kBits | level(x[2]);
        std::uint32_t& cell_plus_one = cell_plus_one_[key];
        if (cell_plus_one == 0) {
            keys_.push_back(key);
            weights_.push_back(0);
            sums_.push_back({0.0, 0.0, 0.0});
            cell_plus_one = static_cast<std::uint32_t>(keys_.size());
        }
        const std::uint32_t cell = cell_plus_one - 1;
        const std::uint32_t weight = colors_srgb255.weights[i];
        cell_of_[i] = cell;
        weights_[cell] += weight;
        Sum& sum = sums_[cell];
        sum.red += weight * static_cast<double>(x[0]);
        sum.green += weight * static_cast<double>(x[1]);
        sum.blue += weight * static_cast<double>(x[2]);
    }
    means_.resize(3 * sums_.size());
    for (std::size_t cell = 0; cell < sums_.size(); ++cell) {
        const double weight = weights_[cell];
        means_[3 * cell] = static_cast<float>(sums_[cell].red / weight);
        means_[3 * cell + 1] = static_cast<float>(sums_[cell].green / weight);
        means_[3 * cell + 2] = static_cast<float>(sums_[cell].blue / weight);
    }
}

}  // namespace huepress
