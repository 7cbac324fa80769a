#include "cluster/seeding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

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

// Index of the first cumulative weight above `target`.
std::size_t draw(const std::vector<double>& cumulative, double target) {
    const auto found = std::upper_bound(cumulative.begin(), cumulative.end(), target);
    return std::min(static_cast<std::size_t>(found - cumulative.begin()), cumulative.size() - 1);
}

}  // namespace

namespace {

// best_cut with the number of coordinates known to the compiler where D is not 0.
template <int D>
Cut best_cut_dims(const Points& points, const std::uint32_t* rows, std::size_t n_rows) {
    const std::size_t dims = D ? D : static_cast<std::size_t>(points.dims);
    const std::size_t stride = dims + 1;
    // Small boxes are cut by the thousand: what they need lies on the stack.
    std::array<double, D ? kBins * (D + 1) : 1> moments_of_few;
    std::array<double, D ? 3 * (D + 1) : 1> rows_of_few;
    std::vector<double> moments_of_many, rows_of_many;
    if (D == 0) {
        moments_of_many.resize(kBins * stride);
        rows_of_many.resize(3 * stride);
    }
    double* moments = D ? moments_of_few.data() : moments_of_many.data();  // per bin: coordinate sums, weight
    double* total = D ? rows_of_few.data() : rows_of_many.data();
    double* left = total + stride;
    double* origin = left + stride;  // sums are taken about the first point, to keep digits
    for (std::size_t d = 0; d < dims; ++d) origin[d] = points[rows[0]][d];
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
        const float inverse_step = kBins / (high - low);
        std::fill(moments, moments + kBins * stride, 0.0);
        for (std::size_t r = 0; r < n_rows; ++r) {
            const float* x = points.coordinates + rows[r] * dims;
            const int bin = std::clamp(static_cast<int>((x[axis] - low) * inverse_step), 0, kBins - 1);
            double* m = moments + static_cast<std::size_t>(bin) * stride;
            const double w = points.weights[rows[r]];
            for (std::size_t d = 0; d < dims; ++d) m[d] += w * (x[d] - origin[d]);
            m[dims] += w;
        }
        std::fill(total, total + stride, 0.0);
        for (std::size_t bin = 0; bin < kBins; ++bin) {
            for (std::size_t i = 0; i < stride; ++i) total[i] += moments[bin * stride + i];
        }
        std::fill(left, left + stride, 0.0);
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
    return with_dims(points.dims, [&]<int D>() { return best_cut_dims<D>(points, rows, n_rows); });
}

Seeds seed_wu(const Points& points, int k) {
    struct Box {
        std::size_t begin, end;
        Cut cut;
    };
    std::vector<std::uint32_t> rows(points.n);
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
