// A smaller set of points with the same weighted means, on which k-means finds its way fast
// before it settles on all points.
#pragma once

#include <cstdint>
#include <vector>

#include "support/points.hpp"

namespace huepress {

struct CoarsePoints {
    std::vector<float> coordinates;  // weighted means of the occupied grid cells
    std::vector<std::uint32_t> weights;
    std::vector<std::uint32_t> cell_of;  // n: row of the cell of each point
    int dims = 0;

    Points points() const { return {coordinates.data(), weights.data(), weights.size(), dims}; }
};

// Groups the points by a grid over their bounding box (for three dimensions 2^5 cells an axis, 2^6
// for more than 64 clusters). Empty when there are too few points or too few occupied cells for k clusters,
// or more than four dimensions.
CoarsePoints coarsen(const Points& points, int k);

}  // namespace huepress
