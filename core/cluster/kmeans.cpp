#include "cluster/kmeans.hpp"

#include <algorithm>
#include <cmath>

#include "cluster/nearest.hpp"
#include "cluster/pinned.hpp"
#include "cluster/seeding.hpp"
#include "cluster/swap.hpp"
#include "segment/coarse.hpp"

namespace huepress {
namespace {

Seeds seed(const Points& points, const KMeansOptions& options, int start) {
    const Random random(options.seed, static_cast<std::uint64_t>(start));
    if (options.init == Init::random) return seed_random(points, options.k, random);
    if (options.init == Init::wu && start == 0) return seed_wu(points, options.k);
    return seed_kmeanspp(points, options.k, random);
}

// The seeds as a start for Lloyd; centers that could not be placed repeat the first one and
// are moved by the iterations to where the error is.
Clustering start_from(Seeds seeds, const Points& points, int k) {
    const auto dims = static_cast<std::size_t>(points.dims);
    while (seeds.centers.size() < static_cast<std::size_t>(k) * dims) {
        for (std::size_t d = 0; d < dims; ++d) seeds.centers.push_back(seeds.centers[d]);
    }
    Clustering c;
    c.centers = std::move(seeds.centers);
    c.labels = std::move(seeds.labels);
    return c;
}

}  // namespace

Clustering kmeans(const Points& points, const KMeansOptions& options, const StopRequested& stop_requested) {
    const CoarsePoints coarse = coarsen(points, options.k);
    const bool two_levels = !coarse.weights.empty();
    const int n_pinned = static_cast<int>(options.pinned.size()) / points.dims;
    const LloydOptions lloyd_options{options.max_iter, options.tol, options.n_threads, n_pinned};
    const Points search = two_levels ? coarse.points() : points;

    Clustering best;
    for (int start = 0; start < std::max(1, options.n_init); ++start) {
        Seeds seeds;
        if (two_levels && options.init == Init::random) {
            // Drawn from the points themselves; the labels belong to other points.
            seeds = seed(points, options, start);
            seeds.labels.assign(search.n, 0);
        } else {
            seeds = seed(search, options, start);
        }
        if (n_pinned > 0) seeds = with_pinned(search, std::move(seeds), options.pinned, options.k, options.n_threads);
        LloydOptions rough = lloyd_options;
        if (options.n_swaps > 0) rough.tol = std::max(rough.tol, kTrialTol);  // swap_search settles it
        Clustering c = lloyd(search, start_from(std::move(seeds), search, options.k), rough, stop_requested);
        if (options.n_swaps > 0) c = swap_search(search, std::move(c), options.n_swaps, lloyd_options, stop_requested);
        if (start == 0 || c.inertia < best.inertia) best = std::move(c);
    }
    if (!two_levels) return best;

    std::vector<std::int32_t> labels(points.n);
    std::vector<float> bound(points.n);
    with_dims(points.dims, [&]<int D>() {
        for (std::size_t i = 0; i < points.n; ++i) {
            const std::uint32_t cell = coarse.cell_of[i];
            labels[i] = best.labels[cell];
            const float from_mean = std::sqrt(squared_distance<D>(points[i], search[cell], points.dims));
            bound[i] = best.bound[cell] - from_mean * kPruningMargin;
        }
    });
    best.labels = std::move(labels);
    best.bound = std::move(bound);
    return lloyd(points, std::move(best), lloyd_options, stop_requested);
}

Clustering kmeans_from(const Points& points, const std::vector<float>& centers, const KMeansOptions& options,
                       const StopRequested& stop_requested) {
    Clustering start;
    start.centers = options.pinned;
    start.centers.insert(start.centers.end(), centers.begin(), centers.end());
    start.labels.assign(points.n, 0);
    const int n_pinned = static_cast<int>(options.pinned.size()) / points.dims;
    return lloyd(points, std::move(start), {options.max_iter, options.tol, options.n_threads, n_pinned},
                 stop_requested);
}

}  // namespace huepress
