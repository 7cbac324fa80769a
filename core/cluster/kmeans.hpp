// Weighted k-means: seeding, Lloyd's iterations, restarts and swap moves in one call.
#pragma once

#include <cstdint>
#include <vector>

#include "cluster/lloyd.hpp"
#include "support/points.hpp"

namespace huepress {

enum class Init { wu, kmeanspp, random };

struct KMeansOptions {
    int k;
    Init init = Init::wu;
    int n_init = 1;   // starts; those after the first use k-means++ (or random, if asked for)
    int n_swaps = 0;  // swap moves tried after each start
    int max_iter = 100;
    double tol = 1e-3;  // stop when an iteration lowers the inertia by no more than this part
    std::uint64_t seed = 0;
    int n_threads = 1;
    std::vector<float> pinned = {};  // up to k centers that stay as they are; the result's first ones
};

// The result with the lowest inertia of all starts. Deterministic in (points, options).
Clustering kmeans(const Points& points, const KMeansOptions& options, const StopRequested& stop_requested);

// Lloyd's iterations from centers that the caller chose (as many as are not pinned, x dims), nothing else.
Clustering kmeans_from(const Points& points, const std::vector<float>& centers, const KMeansOptions& options,
                       const StopRequested& stop_requested);

}  // namespace huepress
