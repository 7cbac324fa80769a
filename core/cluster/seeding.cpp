#include "cluster/seeding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include "support/exact_math.hpp"

namespace huepress {
namespace {

constexpr int kBins = 32;

// Mean of the points named by rows, appended to centers.
void append_mean(const Points& points, const std::uint32_t* rows, std::size_t n_rows, std::vector<float>& centers) {
    std::vector<double> sum(static_cast<std::size_t>(points.dims), 0.0);
    double weight = 0.0;
    for (std::size_t r = 0; r < n_rows; ++r) {
        const double w = points.weights[rows[r]];
        weight += w;
        for (int d = 0; d < points.dims; ++d) sum[d] += w * points[rows[r]][d];
    }
    for (double s : sum) centers.push_back(static_cast<float>(s / weight));
}

// The best cut of points with so many coordinates; 0 stands for any number, which is slower.
template <std::size_t kDims>
Cut best_cut_of(const Points& points, const std::uint32_t* rows, std::size_t n_rows) {
    const std::size_t dims = kDims > 0 ? kDims : static_cast<std::size_t>(points.dims);
    // Coordinates of a point that is looked at; sums are taken about the first point, to keep digits.
    using Coordinates = std::conditional_t<(kDims > 0), std::array<float, kDims>, std::vector<float>>;
    using Sums = std::conditional_t<(kDims > 0), std::array<double, kDims + 1>, std::vector<double>>;
    Coordinates low{}, inverse_step{};
    Sums mean{}, total{}, left{};
    if constexpr (kDims == 0) {
        low.resize(dims);
        inverse_step.resize(dims);
        mean.resize(dims + 1);
        total.resize(dims + 1);
        left.resize(dims + 1);
    }
    Coordinates high = low;
    for (std::size_t d = 0; d < dims; ++d) low[d] = high[d] = points[rows[0]][d];
    for (std::size_t d = 0; d < dims; ++d) mean[d] = low[d];
    for (std::size_t r = 0; r < n_rows; ++r) {
        const float* x = points[rows[r]];
        for (std::size_t d = 0; d < dims; ++d) {
            low[d] = std::min(low[d], x[d]);
            high[d] = std::max(high[d], x[d]);
        }
    }
    for (std::size_t d = 0; d < dims; ++d) inverse_step[d] = low[d] < high[d] ? kBins / (high[d] - low[d]) : 0.0f;

    const std::size_t per_bin = dims + 1, per_axis = kBins * per_bin;  // of a bin: sums of coordinates, weight
    std::vector<double> moments(dims * per_axis);
    for (std::size_t r = 0; r < n_rows; ++r) {
        const float* x = points[rows[r]];
        const double w = points.weights[rows[r]];
        Sums weighted = mean;
        for (std::size_t d = 0; d < dims; ++d) weighted[d] = w * (x[d] - mean[d]);
        for (std::size_t axis = 0; axis < dims; ++axis) {
            const int bin = std::clamp(static_cast<int>((x[axis] - low[axis]) * inverse_step[axis]), 0, kBins - 1);
            double* m = &moments[axis * per_axis + static_cast<std::size_t>(bin) * per_bin];
            for (std::size_t d = 0; d < dims; ++d) m[d] += weighted[d];
            m[dims] += w;
        }
    }

    Cut best;
    for (std::size_t axis = 0; axis < dims; ++axis) {
        if (!(low[axis] < high[axis])) continue;
        const float step = (high[axis] - low[axis]) / kBins;
        const double* of_axis = &moments[axis * per_axis];
        for (std::size_t d = 0; d <= dims; ++d) total[d] = left[d] = 0.0;
        for (std::size_t bin = 0; bin < kBins; ++bin) {
            for (std::size_t d = 0; d <= dims; ++d) total[d] += of_axis[bin * per_bin + d];
        }
        for (std::size_t bin = 0; bin < kBins - 1; ++bin) {
            for (std::size_t d = 0; d <= dims; ++d) left[d] += of_axis[bin * per_bin + d];
            const double left_weight = left[dims];
            const double right_weight = total[dims] - left_weight;
            if (left_weight <= 0.0 || right_weight <= 0.0) continue;
            const double per_left = 1.0 / left_weight;
            const double per_right = 1.0 / right_weight;
            double gain = 0.0;
            for (std::size_t d = 0; d < dims; ++d) {
                const double difference = left[d] * per_left - (total[d] - left[d]) * per_right;
                gain += difference * difference;
            }
            gain *= left_weight * right_weight / total[dims];
            if (gain > best.gain) {
                best = {gain, static_cast<int>(axis), low[axis] + step * static_cast<float>(bin + 1)};
            }
        }
    }
    return best;
}

// Index of the first cumulative weight above `target`.
std::size_t draw(const std::vector<double>& cumulative, double target) {
    const auto found = std::upper_bound(cumulative.begin(), cumulative.end(), target);
    return std::min(static_cast<std::size_t>(found - cumulative.begin()), cumulative.size() - 1);
}

}  // namespace

Cut best_cut(const Points& points, const std::uint32_t* rows, std::size_t n_rows) {
    return points.dims == 3   ? best_cut_of<3>(points, rows, n_rows)
           : points.dims == 4 ? best_cut_of<4>(points, rows, n_rows)
                              : best_cut_of<0>(points, rows, n_rows);
}

Seeds seed_wu(const Points& points, int k) {
    struct Box {
        std::size_t begin, end;
        Cut cut;
    };
    std::vector<std::uint32_t> rows(points.n);
    std::iota(rows.begin(), rows.end(), 0u);
    const auto make_box = [&](std::size_t begin, std::size_t end) {
        return Box{begin, end, best_cut(points, rows.data() + begin, end - begin)};
    };
    std::vector<Box> boxes{make_box(0, points.n)};
    while (static_cast<int>(boxes.size()) < k) {
        const auto chosen = std::max_element(boxes.begin(), boxes.end(),
                                             [](const Box& a, const Box& b) { return a.cut.gain < b.cut.gain; });
        if (chosen->cut.axis < 0) break;
        const Cut cut = chosen->cut;
        const auto first = rows.begin() + static_cast<std::ptrdiff_t>(chosen->begin);
        const auto last = rows.begin() + static_cast<std::ptrdiff_t>(chosen->end);
        const auto middle = std::stable_partition(
            first, last, [&](std::uint32_t row) { return points[row][cut.axis] < cut.threshold; });
        if (middle == first || middle == last) {  // rounding put the plane outside
            chosen->cut = Cut{};
            continue;
        }
        const Box right = make_box(static_cast<std::size_t>(middle - rows.begin()), chosen->end);
        *chosen = make_box(chosen->begin, right.begin);
        boxes.push_back(right);
    }
    Seeds seeds;
    seeds.labels.resize(points.n);
    for (std::size_t b = 0; b < boxes.size(); ++b) {
        append_mean(points, rows.data() + boxes[b].begin, boxes[b].end - boxes[b].begin, seeds.centers);
        for (std::size_t r = boxes[b].begin; r < boxes[b].end; ++r)
            seeds.labels[rows[r]] = static_cast<std::int32_t>(b);
    }
    return seeds;
}

Seeds seed_kmeanspp(const Points& points, int k, Random random) {
    const int candidates = 2 + static_cast<int>(std::log(k));
    std::vector<double> cumulative(points.n);
    std::vector<float> distance(points.n, std::numeric_limits<float>::infinity());
    std::vector<float> trial(points.n), best_trial(points.n);
    Seeds seeds;
    seeds.labels.assign(points.n, 0);

    double total = 0.0;
    for (std::size_t i = 0; i < points.n; ++i) cumulative[i] = total += points.weights[i];
    std::size_t chosen = draw(cumulative, random.uniform() * total);
    for (std::size_t i = 0; i < points.n; ++i)
        distance[i] = squared_distance<0>(points[i], points[chosen], points.dims);
    for (int center = 0;;) {
        seeds.centers.insert(seeds.centers.end(), points[chosen], points[chosen] + points.dims);
        if (++center == k) break;
        total = 0.0;
        for (std::size_t i = 0; i < points.n; ++i) {
            cumulative[i] = total += points.weights[i] * static_cast<double>(distance[i]);
        }
        if (!(total > 0.0)) break;
        double best_potential = std::numeric_limits<double>::infinity();
        for (int c = 0; c < candidates; ++c) {
            const std::size_t candidate = draw(cumulative, random.uniform() * total);
            double potential = 0.0;
            with_dims(points.dims, [&]<int D>() {
                for (std::size_t i = 0; i < points.n; ++i) {
                    const float d = squared_distance<D>(points[i], points[candidate], points.dims);
                    trial[i] = d < distance[i] ? d : distance[i];
                    potential += points.weights[i] * static_cast<double>(trial[i]);
                }
            });
            if (potential < best_potential) {
                best_potential = potential;
                chosen = candidate;
                trial.swap(best_trial);
            }
        }
        for (std::size_t i = 0; i < points.n; ++i) {
            if (best_trial[i] < distance[i]) seeds.labels[i] = center;
        }
        distance = best_trial;
    }
    return seeds;
}

Seeds seed_random(const Points& points, int k, Random random) {
    // Weighted sampling without replacement: the k smallest of -log(u) / w
    // (P. Efraimidis, P. Spirakis, "Weighted random sampling with a reservoir", 2006).
    std::vector<std::pair<double, std::size_t>> keys(points.n);
    for (std::size_t i = 0; i < points.n; ++i) {
        const double weight = points.weights[i];
        const double u = 1.0 - random.uniform();
        keys[i] = {weight > 0.0 ? -exact_log2(u) / weight : std::numeric_limits<double>::infinity(), i};
    }
    const std::size_t n = std::min(points.n, static_cast<std::size_t>(k));
    std::partial_sort(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(n), keys.end());
    Seeds seeds;
    seeds.labels.assign(points.n, 0);
    for (std::size_t i = 0; i < n; ++i) {
        const float* x = points[keys[i].second];
        seeds.centers.insert(seeds.centers.end(), x, x + points.dims);
    }
    return seeds;
}

}  // namespace huepress
