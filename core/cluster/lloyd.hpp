// Lloyd's iterations: assign every point to its nearest center, move every center to the
// weighted mean of its points, until the centers rest.
#pragma once

#include <cstdint>
#include <vector>

#include "support/parallel.hpp"
#include "support/points.hpp"

namespace huepress {

struct LloydOptions {
    int max_iter;
    double tol;  // stop when an iteration lowers the inertia by no more than this part of it
    int n_threads;
    int n_pinned = 0;  // so many centers, the first ones, never move
};

struct Clustering {
    std::vector<float> centers;        // k x dims
    std::vector<std::int32_t> labels;  // n, nearest center of each point
    std::vector<float> bound;          // n, distance that all other centers keep at least; or empty
    double inertia = 0.0;              // sum of weight * squared distance
    int n_iter = 0;
};

// Starts from `start.centers`; `start.labels` is a first guess (any valid labels);
// `start.bound`, if given, must hold for them.
// A center that loses all its points moves to the point with the largest weighted error, unless
// it is pinned.
// Sums are integers (fixed point), so their order cannot change a bit.
Clustering lloyd(const Points& points, Clustering start, const LloydOptions& options,
                 const StopRequested& stop_requested);

}  // namespace huepress
