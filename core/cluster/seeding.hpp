// Where k-means starts.
#pragma once

#include <cstdint>
#include <vector>

#include "support/points.hpp"
#include "support/random.hpp"

namespace huepress {

struct Seeds {
    std::vector<float> centers;        // at most k x dims: fewer when the points are fewer
    std::vector<std::int32_t> labels;  // n, a fair first guess of each point's center
};

// A cut of a set of points by a plane across one axis into two sets.
struct Cut {
    double gain = 0.0;       // by how much it lowers the sum of squared distances to the means
    int axis = -1;           // -1: no cut lowers it
    float threshold = 0.0f;  // points with coordinate < threshold on one side
};

// The best cut of the points named by rows, over all axes, among 32 evenly spaced planes each.
Cut best_cut(const Points& points, const std::uint32_t* rows, std::size_t n_rows);

// Wu's variance-based splitting (X. Wu, "Color quantization by dynamic programming and
// principal analysis", 1992; here with marginal histograms of each box instead of one fixed
// grid, and the box whose cut gains most is cut next).
Seeds seed_wu(const Points& points, int k);

// Greedy k-means++ (D. Arthur, S. Vassilvitskii 2007), 2 + ln k candidates a step.
Seeds seed_kmeanspp(const Points& points, int k, Random random);

// k different points, drawn with probability proportional to their weight.
Seeds seed_random(const Points& points, int k, Random random);

}  // namespace huepress
