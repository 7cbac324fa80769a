#include "cluster/pinned.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "cluster/nearest.hpp"

namespace huepress {
namespace {

constexpr int kBesideIterations = 4;

}  // namespace

Seeds with_pinned(const Points& points, Seeds seeds, const std::vector<float>& pinned, int k, int n_threads) {
    const auto dims = static_cast<std::size_t>(points.dims);
    const std::size_t n_pinned = pinned.size() / dims;
    const std::size_t n_seeds = seeds.centers.size() / dims;
    nearest(points, seeds.centers.data(), static_cast<int>(n_seeds), seeds.labels.data(), n_threads);

    // Pins and seeds in one list.
    std::vector<float> centers(pinned);
    centers.insert(centers.end(), seeds.centers.begin(), seeds.centers.end());
    std::vector<double> weights(n_pinned + n_seeds, 0.0);
    for (std::size_t i = 0; i < points.n; ++i) {
        weights[n_pinned + static_cast<std::size_t>(seeds.labels[i])] += points.weights[i];
    }
    while (weights.size() > std::max(static_cast<std::size_t>(k), n_pinned)) {
        double cheapest = std::numeric_limits<double>::infinity();
        std::size_t from = n_pinned;
        std::size_t into = 0;
        for (std::size_t a = n_pinned; a < weights.size(); ++a) {
            for (std::size_t b = 0; b < weights.size(); ++b) {
                if (a == b) continue;
                const double d2 = squared_distance<0>(&centers[a * dims], &centers[b * dims], points.dims);
                const double both = weights[a] + weights[b];
                const double cost = b < n_pinned ? d2 * weights[a]
                                    : both > 0.0 ? d2 * weights[a] * weights[b] / both
                                                 : 0.0;
                if (cost < cheapest) {
                    cheapest = cost;
                    from = a;
                    into = b;
                }
            }
        }
        if (into >= n_pinned && weights[from] > 0.0) {
            const double part = weights[from] / (weights[from] + weights[into]);
            for (std::size_t d = 0; d < dims; ++d) {
                float& x = centers[into * dims + d];
                x +=
                    static_cast<float>(part * (static_cast<double>(centers[from * dims + d]) - static_cast<double>(x)));
            }
            weights[into] += weights[from];
        }
        weights.erase(weights.begin() + static_cast<std::ptrdiff_t>(from));
        const auto row = centers.begin() + static_cast<std::ptrdiff_t>(from * dims);
        centers.erase(row, row + points.dims);
    }
    seeds.centers = std::move(centers);
    std::fill(seeds.labels.begin(), seeds.labels.end(), 0);
    nearest(points, seeds.centers.data(), static_cast<int>(weights.size()), seeds.labels.data(), n_threads);
    return seeds;
}

Beside best_beside(const Points& points, const std::vector<std::uint32_t>& rows, const float* pin) {
    const auto dims = static_cast<std::size_t>(points.dims);
    Beside beside{0.0, std::vector<float>(pin, pin + points.dims)};
    const auto distance = [&](std::uint32_t row, const float* center) {
        return static_cast<double>(squared_distance<0>(points[row], center, points.dims));
    };
    double worst = 0.0;
    for (const std::uint32_t row : rows) {
        const double error = points.weights[row] * distance(row, pin);
        if (error <= worst) continue;
        worst = error;
        beside.center.assign(points[row], points[row] + points.dims);
    }
    std::vector<double> sums(dims);
    for (int iteration = 0; worst > 0.0; ++iteration) {
        std::fill(sums.begin(), sums.end(), 0.0);
        double weight = 0.0;
        beside.gain = 0.0;
        for (const std::uint32_t row : rows) {
            const double saved = distance(row, pin) - distance(row, beside.center.data());
            if (saved <= 0.0) continue;
            const double w = points.weights[row];
            beside.gain += w * saved;
            for (std::size_t d = 0; d < dims; ++d) sums[d] += w * static_cast<double>(points[row][d]);
            weight += w;
        }
        if (weight == 0.0 || iteration == kBesideIterations) break;
        for (std::size_t d = 0; d < dims; ++d) beside.center[d] = static_cast<float>(sums[d] / weight);
    }
    return beside;
}

}  // namespace huepress
