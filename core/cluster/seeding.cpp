#include "cluster/seeding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "support/exact_math.hpp"
#include "support/float4.hpp"

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

// Index of the first cumulative weight above `target`.
std::size_t draw(const std::vector<double>& cumulative, double target) {
    const auto found = std::upper_bound(cumulative.begin(), cumulative.end(), target);
    return std::min(static_cast<std::size_t>(found - cumulative.begin()), cumulative.size() - 1);
}

}  // namespace

namespace {

// Sums of coordinates, about an origin, and of weights.
template <int D>
using Moments = std::array<double, D + 1>;

// Takes the best of an axis' cuts between bins, if it is better than the best so far. All are computed, without
// branches: a cut behind an empty bin gains what the one before gains, and one with nothing on a side is no number.
template <int D>
void best_between_bins(const Moments<D>* moments, int axis, float low, float high, Cut& best) {
    double left[D + 1][kBins];
    Moments<D> total{};
    for (int bin = 0; bin < kBins; ++bin) {
        for (std::size_t i = 0; i < total.size(); ++i) left[i][bin] = total[i] += moments[bin][i];
    }
    double gains[kBins];
    for (int bin = 0; bin < kBins; ++bin) {
        const double left_weight = left[D][bin];
        const double right_weight = total[D] - left_weight;
        const double per_left = 1.0 / left_weight;
        const double per_right = 1.0 / right_weight;
        double gain = 0.0;
        for (int d = 0; d < D; ++d) {
            const double difference = left[d][bin] * per_left - (total[d] - left[d][bin]) * per_right;
            gain += difference * difference;
        }
        gains[bin] = gain * (left_weight * right_weight / total[D]);
    }
    const float step = (high - low) / kBins;
    for (int bin = 0; bin < kBins - 1; ++bin) {
        if (gains[bin] > best.gain) best = {gains[bin], axis, low + step * static_cast<float>(bin + 1)};
    }
}

// From places in a range to bins. A range may be so small that this is no number: then all is in the first.
float bins_in(float low, float high) {
    const float inverse_step = kBins / (high - low);
    return low < high && std::isfinite(inverse_step) ? inverse_step : 0.0f;
}

// best_cut of few coordinates: small boxes are cut by the thousand, so all axes are seen to in the same passes.
template <int D>
Cut best_cut_of_few(const Points& points, const std::uint32_t* rows, std::size_t n_rows) {
    std::array<float, D> low, high, inverse_step;
    low.fill(std::numeric_limits<float>::infinity());
    high.fill(-std::numeric_limits<float>::infinity());
    for (std::size_t r = 0; r < n_rows; ++r) {
        const float* x = points.coordinates + std::size_t{D} * rows[r];
        for (std::size_t d = 0; d < D; ++d) {
            low[d] = std::min(low[d], x[d]);
            high[d] = std::max(high[d], x[d]);
        }
    }
    for (std::size_t d = 0; d < D; ++d) inverse_step[d] = bins_in(low[d], high[d]);
    std::array<std::array<Moments<D>, kBins>, D> moments{};
    const float* origin = points[rows[0]];  // sums are taken about the first point, to keep digits
    for (std::size_t r = 0; r < n_rows; ++r) {
        const float* x = points.coordinates + std::size_t{D} * rows[r];
        const double w = points.weights[rows[r]];
        Moments<D> added;
        for (std::size_t d = 0; d < D; ++d) added[d] = w * (x[d] - static_cast<double>(origin[d]));
        added[D] = w;
        for (std::size_t axis = 0; axis < D; ++axis) {
            const int bin = std::min(static_cast<int>((x[axis] - low[axis]) * inverse_step[axis]), kBins - 1);
            Moments<D>& m = moments[axis][static_cast<std::size_t>(bin)];
            for (std::size_t i = 0; i < m.size(); ++i) m[i] += added[i];
        }
    }
    Cut best;
    for (std::size_t axis = 0; axis < D; ++axis) {
        if (!(low[axis] < high[axis])) continue;
        best_between_bins<D>(moments[axis].data(), static_cast<int>(axis), low[axis], high[axis], best);
    }
    return best;
}

// best_cut of any number of coordinates.
Cut best_cut_of_many(const Points& points, const std::uint32_t* rows, std::size_t n_rows) {
    const auto dims = static_cast<std::size_t>(points.dims);
    const std::size_t stride = dims + 1;
    std::vector<double> moments(kBins * stride);  // per bin: coordinate sums, weight
    std::vector<double> total(stride), left(stride);
    const float* origin = points[rows[0]];
    Cut best;
    for (std::size_t axis = 0; axis < dims; ++axis) {
        float low = std::numeric_limits<float>::infinity();
        float high = -low;
        for (std::size_t r = 0; r < n_rows; ++r) {
            const float v = points.coordinates[rows[r] * dims + axis];
            low = std::min(low, v);
            high = std::max(high, v);
        }
        if (!(low < high)) continue;
        const float step = (high - low) / kBins;
        const float inverse_step = bins_in(low, high);
        std::fill(moments.begin(), moments.end(), 0.0);
        for (std::size_t r = 0; r < n_rows; ++r) {
            const float* x = points.coordinates + rows[r] * dims;
            const int bin = std::clamp(static_cast<int>((x[axis] - low) * inverse_step), 0, kBins - 1);
            double* m = moments.data() + static_cast<std::size_t>(bin) * stride;
            const double w = points.weights[rows[r]];
            for (std::size_t d = 0; d < dims; ++d) m[d] += w * (x[d] - static_cast<double>(origin[d]));
            m[dims] += w;
        }
        std::fill(total.begin(), total.end(), 0.0);
        for (std::size_t bin = 0; bin < kBins; ++bin) {
            for (std::size_t i = 0; i < stride; ++i) total[i] += moments[bin * stride + i];
        }
        std::fill(left.begin(), left.end(), 0.0);
        for (std::size_t bin = 0; bin < kBins - 1; ++bin) {
            if (moments[bin * stride + dims] == 0.0) continue;  // the same cut as before
            for (std::size_t i = 0; i < stride; ++i) left[i] += moments[bin * stride + i];
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
                best = {gain, static_cast<int>(axis), low + step * static_cast<float>(bin + 1)};
            }
        }
    }
    return best;
}

}  // namespace

Cut best_cut(const Points& points, const std::uint32_t* rows, std::size_t n_rows) {
    return with_dims(points.dims, [&]<int D>() {
        if constexpr (D == 0) {
            return best_cut_of_many(points, rows, n_rows);
        } else {
            return best_cut_of_few<D>(points, rows, n_rows);
        }
    });
}

Seeds seed_wu(const Points& points, int k) {
    struct Box {
        std::size_t begin, end;
        Cut cut;
    };
    std::vector<std::uint32_t> rows(points.n), right_rows(points.n);
    std::iota(rows.begin(), rows.end(), 0u);
    std::vector<Box> boxes;
    const auto make_box = [&](std::size_t begin, std::size_t end) {
        const bool is_last = static_cast<int>(boxes.size()) + 1 >= k;  // nobody asks where to cut it
        return Box{begin, end, is_last ? Cut{} : best_cut(points, rows.data() + begin, end - begin)};
    };
    boxes.push_back(make_box(0, points.n));
    while (static_cast<int>(boxes.size()) < k) {
        const auto chosen = std::max_element(boxes.begin(), boxes.end(),
                                             [](const Box& a, const Box& b) { return a.cut.gain < b.cut.gain; });
        if (chosen->cut.axis < 0) break;
        const Cut cut = chosen->cut;
        // Both sides are written, and one of them counts: processors do not guess well on which side a point lies.
        std::size_t middle = chosen->begin;
        std::size_t n_right = 0;
        for (std::size_t r = chosen->begin; r < chosen->end; ++r) {
            const std::uint32_t row = rows[r];
            const bool is_left = points[row][cut.axis] < cut.threshold;
            rows[middle] = row;
            right_rows[n_right] = row;
            middle += is_left;
            n_right += !is_left;
        }
        std::copy_n(right_rows.begin(), n_right, rows.begin() + static_cast<std::ptrdiff_t>(middle));
        if (middle == chosen->begin || n_right == 0) {  // rounding put the plane outside
            chosen->cut = Cut{};
            continue;
        }
        const Box right = make_box(middle, chosen->end);
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

namespace {

// Trials of k-means++ side by side: the sums of one alone would wait for each other.
class CenterTrials {
public:
    static constexpr int kAtOnce = 4;

    explicit CenterTrials(const Points& points)
        : points_(points), distances_(kAtOnce * points.n), centers_(kAtOnce * static_cast<std::size_t>(points.dims)) {}

    // What is left of the squared distances with each of n points as a further center.
    std::array<double, kAtOnce> run(const std::array<std::size_t, kAtOnce>& chosen, int n, const float* distance) {
        for (int c = 0; c < kAtOnce; ++c) {
            const float* center = points_[chosen[c < n ? c : 0]];
            for (int d = 0; d < points_.dims; ++d) centers_[d * kAtOnce + c] = center[d];
        }
        return with_dims(points_.dims, [&]<int D>() { return run_dims<D>(distance); });
    }

    // The distances of a trial.
    void copy(int trial, std::vector<float>& distance) const {
        for (std::size_t i = 0; i < points_.n; ++i) distance[i] = distances_[i * kAtOnce + trial];
    }

private:
    template <int D>
    std::array<double, kAtOnce> run_dims(const float* distance) {
        using Doubles = Vector<double, 2>;
        const int dims = D ? D : points_.dims;
        Doubles low{}, high{};
        for (std::size_t i = 0; i < points_.n; ++i) {
            const float* x = points_[i];
            Float4 sum{};
            for (int d = 0; d < dims; ++d) {
                const Float4 difference = x[d] - load<Float4>(&centers_[d * kAtOnce]);
                sum += difference * difference;
            }
            const auto own = splat<Float4>(distance[i]);
            const Float4 nearest = select(sum < own, sum, own);
            store(&distances_[i * kAtOnce], nearest);
            const auto weight = splat<Doubles>(static_cast<double>(points_.weights[i]));
            low += weight * Doubles{static_cast<double>(nearest[0]), static_cast<double>(nearest[1])};
            high += weight * Doubles{static_cast<double>(nearest[2]), static_cast<double>(nearest[3])};
        }
        return {low[0], low[1], high[0], high[1]};
    }

    const Points& points_;
    std::vector<float> distances_;  // n x kAtOnce
    std::vector<float> centers_;    // dims x kAtOnce
};

}  // namespace

Seeds seed_kmeanspp(const Points& points, int k, Random random) {
    const int candidates = 2 + static_cast<int>(std::log(k));
    std::vector<double> cumulative(points.n);
    std::vector<float> distance(points.n, std::numeric_limits<float>::infinity());
    CenterTrials trials(points);
    std::vector<float> best_trial(points.n);
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
        for (int tried = 0; tried < candidates; tried += CenterTrials::kAtOnce) {
            const int n = std::min(CenterTrials::kAtOnce, candidates - tried);
            std::array<std::size_t, CenterTrials::kAtOnce> candidate{};
            for (int c = 0; c < n; ++c) candidate[c] = draw(cumulative, random.uniform() * total);
            const auto potential = trials.run(candidate, n, distance.data());
            int best = -1;
            for (int c = 0; c < n; ++c) {
                if (!(potential[c] < best_potential)) continue;
                best_potential = potential[c];
                chosen = candidate[c];
                best = c;
            }
            if (best >= 0) trials.copy(best, best_trial);
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
