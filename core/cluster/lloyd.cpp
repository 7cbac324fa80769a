#include "cluster/lloyd.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "cluster/nearest.hpp"
#include "cluster/small_search.hpp"

namespace huepress {
namespace {

// Weighted coordinate sums of every cluster, exact in 64-bit fixed point.
class ClusterSums {
public:
    ClusterSums(int k, int dims, double scale)
        : dims_(dims), scale_(scale), sums_(static_cast<std::size_t>(k) * static_cast<std::size_t>(dims + 1), 0) {}

    void add(std::int32_t cluster, const float* x, std::int64_t weight) {
        std::int64_t* row = &sums_[static_cast<std::size_t>(cluster) * static_cast<std::size_t>(dims_ + 1)];
        for (int d = 0; d < dims_; ++d) row[d] += weight * std::llrint(static_cast<double>(x[d]) * scale_);
        row[dims_] += weight;
    }

    void take(ClusterSums& other) {
        for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += std::exchange(other.sums_[i], 0);
    }

    std::int64_t* data() { return sums_.data(); }
    bool any_empty(int first) const {
        const int k = static_cast<int>(sums_.size()) / (dims_ + 1);
        for (int cluster = first; cluster < k; ++cluster) {
            if (empty(cluster)) return true;
        }
        return false;
    }
    bool empty(int cluster) const { return weight(cluster) == 0; }

    float mean(int cluster, int d) const {
        const std::int64_t* row = &sums_[static_cast<std::size_t>(cluster) * static_cast<std::size_t>(dims_ + 1)];
        return static_cast<float>(static_cast<double>(row[d]) / (static_cast<double>(weight(cluster)) * scale_));
    }

    // The largest power of two for which no sum can overflow.
    static double scale_for(const Points& points) {
        std::uint64_t total = 1;
        for (std::size_t i = 0; i < points.n; ++i) total += points.weights[i];
        const std::size_t n_coordinates = points.n * static_cast<std::size_t>(points.dims);
        std::array<float, 8> lanes;  // so that one maximum does not wait for the last
        lanes.fill(1e-30f);
        std::size_t i = 0;
        for (; i + lanes.size() <= n_coordinates; i += lanes.size()) {
            for (std::size_t j = 0; j < lanes.size(); ++j) {
                lanes[j] = std::max(lanes[j], std::fabs(points.coordinates[i + j]));
            }
        }
        float largest = *std::max_element(lanes.begin(), lanes.end());
        for (; i < n_coordinates; ++i) largest = std::max(largest, std::fabs(points.coordinates[i]));
        // total < 2^a and largest < 2^b: sums stay below 2^(a + b + scale's exponent) = 2^61.
        int a = 0;
        int b = 0;
        std::frexp(static_cast<double>(total), &a);
        std::frexp(static_cast<double>(largest), &b);
        return std::ldexp(1.0, 61 - a - b);
    }

private:
    std::int64_t weight(int cluster) const {
        return sums_[static_cast<std::size_t>(cluster) * static_cast<std::size_t>(dims_ + 1) +
                     static_cast<std::size_t>(dims_)];
    }

    int dims_;
    double scale_;
    std::vector<std::int64_t> sums_;
};

// The points with the largest weighted error, worst first, the lower index on ties.
std::vector<std::size_t> worst_points(const Points& points, const Clustering& c, std::size_t how_many) {
    std::vector<std::pair<double, std::size_t>> heap;  // smallest of the kept on top
    const auto better = [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    };
    for (std::size_t i = 0; i < points.n; ++i) {
        const float* center = &c.centers[static_cast<std::size_t>(c.labels[i]) * static_cast<std::size_t>(points.dims)];
        const double error =
            points.weights[i] * static_cast<double>(squared_distance<0>(points[i], center, points.dims));
        if (error <= 0.0) continue;
        const std::pair<double, std::size_t> item{error, i};
        if (heap.size() == how_many && !better(item, heap.front())) continue;
        if (heap.size() == how_many) {
            std::pop_heap(heap.begin(), heap.end(), better);
            heap.pop_back();
        }
        heap.push_back(item);
        std::push_heap(heap.begin(), heap.end(), better);
    }
    std::sort_heap(heap.begin(), heap.end(), better);
    std::vector<std::size_t> result;
    for (const auto& item : heap) result.push_back(item.second);
    return result;
}

// Moves every center that is not pinned to its mean, empty ones to the worst points; returns the
// largest movement.
double move_centers(const Points& points, const ClusterSums& sums, int n_pinned, Clustering& c) {
    const int k = static_cast<int>(c.centers.size()) / points.dims;
    std::vector<float> moved(c.centers);
    std::vector<int> empty;
    for (int cluster = n_pinned; cluster < k; ++cluster) {
        if (sums.empty(cluster)) {
            empty.push_back(cluster);
            continue;
        }
        for (int d = 0; d < points.dims; ++d) moved[cluster * points.dims + d] = sums.mean(cluster, d);
    }
    if (!empty.empty()) {
        const std::vector<std::size_t> worst = worst_points(points, c, empty.size());
        for (std::size_t e = 0; e < worst.size(); ++e) {
            std::copy_n(points[worst[e]], points.dims, &moved[empty[e] * points.dims]);
        }
    }
    double largest = 0.0;
    for (int cluster = 0; cluster < k; ++cluster) {
        double squared = 0.0;
        for (int d = 0; d < points.dims; ++d) {
            const auto at = static_cast<std::size_t>(cluster * points.dims + d);
            const double step = static_cast<double>(moved[at]) - static_cast<double>(c.centers[at]);
            squared += step * step;
        }
        largest = std::max(largest, std::sqrt(squared));
    }
    c.centers = std::move(moved);
    return largest;
}

// The assignment step of few points; returns the inertia.
double assign_small(const Points& points, const Clustering& c, SmallSearch& search, std::vector<std::int32_t>& labels,
                    ClusterSums& sums, std::atomic<bool>& any_moved) {
    search.run(c.centers.data(), static_cast<int>(c.centers.size()) / points.dims);
    bool moved = false;
    double inertia = 0.0;
    for (std::size_t i = 0; i < points.n; ++i) {
        const std::int32_t nearest = search.label(i);
        if (nearest != labels[i]) {
            const auto weight = static_cast<std::int64_t>(points.weights[i]);
            sums.add(labels[i], points[i], -weight);
            sums.add(nearest, points[i], weight);
            labels[i] = nearest;
            moved = true;
        }
        inertia += static_cast<double>(points.weights[i]) * static_cast<double>(search.distance(i));
    }
    any_moved = moved;
    return inertia;
}

}  // namespace

Clustering lloyd(const Points& points, Clustering c, const LloydOptions& options, const StopRequested& stop_requested) {
    const int k = static_cast<int>(c.centers.size()) / points.dims;
    const double scale = ClusterSums::scale_for(points);
    const int threads = useful_threads(points.n, options.n_threads);

    ClusterSums sums(k, points.dims, scale);
    std::vector<ClusterSums> changes(static_cast<std::size_t>(threads), sums);
    Assignment state(points.n);
    state.labels = std::move(c.labels);
    if (c.bound.size() == points.n) state.bound = std::move(c.bound);
    for (std::size_t i = 0; i < points.n; ++i) sums.add(state.labels[i], points[i], points.weights[i]);

    std::optional<SmallSearch> small;
    std::optional<NeighborTable> table;
    if (SmallSearch::suits(points, k)) {
        small.emplace(points);
    } else {
        table.emplace(k, points.dims);
    }
    const AssignKernel kernel = assign_kernel();
    std::vector<double> chunk_inertia(chunk_count(points.n));
    std::atomic<bool> any_moved{false};
    double largest_move = 0.0;
    const auto assign = [&] {
        if (small) {
            c.inertia = assign_small(points, c, *small, state.labels, sums, any_moved);
            return;
        }
        table->update(c.centers.data(), static_cast<float>(largest_move));
        any_moved = false;
        const NeighborView view = table->view();
        for_each_chunk(points.n, threads, [&](int thread, std::size_t chunk, std::size_t begin, std::size_t end) {
            ClusterSums& change = changes[thread];
            AssignTask task{points.coordinates,
                            points.weights,
                            state.labels.data(),
                            state.bound.data(),
                            state.drift,
                            begin,
                            end,
                            change.data(),
                            scale,
                            0.0,
                            false};
            kernel(view, task);
            chunk_inertia[chunk] = task.inertia;
            if (task.moved) any_moved = true;
        });
        for (ClusterSums& change : changes) sums.take(change);
        c.inertia = 0.0;
        for (double part : chunk_inertia) c.inertia += part;
    };

    assign();
    for (c.n_iter = 0; c.n_iter < options.max_iter;) {
        check_stop(stop_requested);
        ++c.n_iter;
        c.labels.swap(state.labels);
        largest_move = move_centers(points, sums, options.n_pinned, c);
        c.labels.swap(state.labels);
        if (largest_move == 0.0) break;
        state.drift += largest_move;
        const double before = c.inertia;
        assign();
        const bool settled = !any_moved || before - c.inertia <= options.tol * c.inertia;
        // A center that lost its points is placed anew by the next iteration, if there is error left.
        if (settled && !(sums.any_empty(options.n_pinned) && c.inertia > 0.0)) break;
    }
    c.labels = std::move(state.labels);
    c.bound = std::move(state.bound);
    for (float& b : c.bound) b -= static_cast<float>(state.drift) * kPruningMargin;
    return c;
}

}  // namespace huepress
