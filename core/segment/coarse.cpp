#include "segment/coarse.hpp"

#include <algorithm>
#include <limits>

namespace huepress {
namespace {

constexpr std::size_t kFewPoints = 8192;
// Grid cells an axis, as a power of two, by the number of dimensions: clusters must stay
// several cells wide.
constexpr int kBitsForFew[5] = {0, 10, 8, 5, 4};
constexpr int kBitsForMany[5] = {0, 12, 10, 6, 5};
constexpr int kManyClusters = 64;
constexpr std::size_t kCellsPerCluster = 8;

}  // namespace

CoarsePoints coarsen(const Points& points, int k) {
    const int dims = points.dims;
    if (points.n < kFewPoints || dims > 4) return {};
    const int bits = (k > kManyClusters ? kBitsForMany : kBitsForFew)[dims];
    const float cells_per_axis = static_cast<float>(1 << bits);

    float low[4], high[4], factor[4];
    std::copy_n(points[0], dims, low);
    std::copy_n(points[0], dims, high);
    for (std::size_t i = 0; i < points.n; ++i) {
        for (int d = 0; d < dims; ++d) {
            low[d] = std::min(low[d], points[i][d]);
            high[d] = std::max(high[d], points[i][d]);
        }
    }
    for (int d = 0; d < dims; ++d) factor[d] = high[d] > low[d] ? cells_per_axis / (high[d] - low[d]) : 0.0f;

    CoarsePoints coarse;
    coarse.dims = dims;
    coarse.cell_of.resize(points.n);
    constexpr std::uint32_t kNone = 0xFFFFFFFFu;
    std::vector<std::uint32_t> row_of_cell(std::size_t{1} << (bits * dims), kNone);
    std::vector<double> sums;  // fixed order: the points come in one order always
    std::vector<double> weights;
    for (std::size_t i = 0; i < points.n; ++i) {
        const float* x = points[i];
        std::uint32_t key = 0;
        for (int d = 0; d < dims; ++d) {
            const int cell = std::min(static_cast<int>((x[d] - low[d]) * factor[d]), (1 << bits) - 1);
            key = key << bits | static_cast<std::uint32_t>(cell);
        }
        std::uint32_t& row = row_of_cell[key];
        if (row == kNone) {
            row = static_cast<std::uint32_t>(weights.size());
            weights.push_back(0.0);
            sums.resize(sums.size() + static_cast<std::size_t>(dims), 0.0);
        }
        coarse.cell_of[i] = row;
        const double w = points.weights[i];
        weights[row] += w;
        double* sum = &sums[std::size_t{row} * static_cast<std::size_t>(dims)];
        for (int d = 0; d < dims; ++d) sum[d] += w * static_cast<double>(x[d]);
    }
    const std::size_t n_cells = weights.size();
    if (n_cells < kCellsPerCluster * static_cast<std::size_t>(k)) return {};
    coarse.weights.resize(n_cells);
    coarse.coordinates.resize(sums.size());
    for (std::size_t c = 0; c < n_cells; ++c) {
        coarse.weights[c] = static_cast<std::uint32_t>(weights[c]);
        for (int d = 0; d < dims; ++d) {
            const std::size_t at = c * static_cast<std::size_t>(dims) + static_cast<std::size_t>(d);
            coarse.coordinates[at] = static_cast<float>(sums[at] / std::max(weights[c], 1.0));
        }
    }
    return coarse;
}

}  // namespace huepress
