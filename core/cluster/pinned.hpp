// Pinned centers: colors that the caller wants among the centers as they are.
#pragma once

#include <cstdint>
#include <vector>

#include "cluster/seeding.hpp"

namespace huepress {

// The pinned centers (n x dims), then as many of the seeds as k leaves room for. Seeds are given up
// one by one, each time the one whose points others, pins among them, can take most cheaply (Ward's
// merge cost); a seed that takes another's points moves to their common mean.
Seeds with_pinned(const Points& points, Seeds seeds, const std::vector<float>& pinned, int k, int n_threads);

// A center to be put beside one that must not move.
struct Beside {
    double gain = 0.0;  // by how much it lowers the sum of squared distances
    std::vector<float> center;
};

// Where a second center helps the points named by rows most: k-means of two centers, one of them
// pinned, from the point that the pin serves worst.
Beside best_beside(const Points& points, const std::vector<std::uint32_t>& rows, const float* pin);

}  // namespace huepress
