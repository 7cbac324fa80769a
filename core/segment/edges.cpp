#include "segment/edges.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "support/exact_math.hpp"

namespace huepress {
namespace {

constexpr float kReach = 3.0f;  // in sigmas
constexpr std::size_t kRowsPerTask = 8;

// Both halves of the filter, for offsets -reach to reach.
struct Filter {
    std::ptrdiff_t reach;
    std::vector<float> smooth;  // sums to 1
    std::vector<float> change;  // of a ramp of slope 1 it makes 1
};

Filter make_filter(float sigma) {
    const std::ptrdiff_t reach = std::max<std::ptrdiff_t>(1, std::lround(kReach * sigma));
    std::vector<double> gaussian;
    double sum = 0.0, moment = 0.0;
    for (std::ptrdiff_t x = -reach; x <= reach; ++x) {
        const auto at = static_cast<double>(x);
        gaussian.push_back(exact_exp(-at * at / (2.0 * static_cast<double>(sigma) * static_cast<double>(sigma))));
        sum += gaussian.back();
        moment += at * at * gaussian.back();
    }
    Filter filter{reach, {}, {}};
    for (std::ptrdiff_t x = -reach; x <= reach; ++x) {
        const double value = gaussian[static_cast<std::size_t>(x + reach)];
        filter.smooth.push_back(static_cast<float>(value / sum));
        filter.change.push_back(static_cast<float>(static_cast<double>(x) * value / moment));
    }
    return filter;
}

// The place in [0, n) whose value stands at i, the image being mirrored over and over.
std::ptrdiff_t mirrored(std::ptrdiff_t i, std::ptrdiff_t n) {
    const std::ptrdiff_t period = 2 * n;
    i = ((i % period) + period) % period;
    return i < n ? i : period - 1 - i;
}

// Each adds one term to a row of sums; the loops are what the compiler turns into vectors.
void add_scaled(float* sums, const float* values, float factor, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) sums[i] += factor * values[i];
}

// One row's place to work, with `reach` mirrored pixels on both sides.
struct Scratch {
    std::vector<float> smooth, change;  // down the columns, padded
    std::vector<float> across, down;    // the two rates of change, width x dims
};

class RowFilter {
public:
    RowFilter(const float* values, int width, int height, int dims, float sigma)
        : values_(values),
          width_(width),
          height_(height),
          dims_(static_cast<std::size_t>(dims)),
          sigma_(sigma),
          filter_(make_filter(sigma)) {}

    void run(std::ptrdiff_t y, Scratch& s, float* strengths) const {
        const auto width = static_cast<std::size_t>(width_), reach = static_cast<std::size_t>(filter_.reach);
        const std::size_t n = width * dims_, margin = reach * dims_;
        s.smooth.assign(n + 2 * margin, 0.0f);
        s.change.assign(n + 2 * margin, 0.0f);
        s.across.assign(n, 0.0f);
        s.down.assign(n, 0.0f);
        for (std::ptrdiff_t k = -filter_.reach; k <= filter_.reach; ++k) {
            const float* row = values_ + static_cast<std::size_t>(mirrored(y + k, height_)) * n;
            const auto tap = static_cast<std::size_t>(k + filter_.reach);
            add_scaled(s.smooth.data() + margin, row, filter_.smooth[tap], n);
            add_scaled(s.change.data() + margin, row, filter_.change[tap], n);
        }
        mirror_sides(s.smooth);
        mirror_sides(s.change);
        for (std::size_t tap = 0; tap <= 2 * reach; ++tap) {
            add_scaled(s.across.data(), s.smooth.data() + tap * dims_, filter_.change[tap], n);
            add_scaled(s.down.data(), s.change.data() + tap * dims_, filter_.smooth[tap], n);
        }
        for (std::size_t x = 0; x < width; ++x) {
            strengths[x] = strength(s.across.data() + x * dims_, s.down.data() + x * dims_);
        }
    }

private:
    void mirror_sides(std::vector<float>& padded) const {
        for (std::ptrdiff_t x = -filter_.reach; x < width_ + filter_.reach; ++x) {
            if (x == 0) x = width_;
            const float* from = padded.data() + static_cast<std::size_t>(mirrored(x, width_) + filter_.reach) * dims_;
            std::copy_n(from, dims_, padded.data() + static_cast<std::size_t>(x + filter_.reach) * dims_);
        }
    }

    // The root of the larger eigenvalue of the structure tensor.
    float strength(const float* across, const float* down) const {
        float xx = 0.0f, xy = 0.0f, yy = 0.0f;
        for (std::size_t d = 0; d < dims_; ++d) {
            xx += across[d] * across[d];
            xy += across[d] * down[d];
            yy += down[d] * down[d];
        }
        const float half = 0.5f * (xx - yy);
        return sigma_ * std::sqrt(0.5f * (xx + yy) + std::sqrt(half * half + xy * xy));
    }

    const float* values_;
    std::ptrdiff_t width_, height_;
    std::size_t dims_;
    float sigma_;
    Filter filter_;
};

}  // namespace

std::vector<float> edge_strengths(const float* values, int width, int height, int dims, float sigma, int n_threads,
                                  const StopRequested& stop_requested) {
    const auto w = static_cast<std::size_t>(width), h = static_cast<std::size_t>(height);
    std::vector<float> strengths(w * h);
    const RowFilter filter(values, width, height, dims, sigma);
    std::vector<Scratch> scratch(static_cast<std::size_t>(std::max(1, n_threads)));
    check_stop(stop_requested);
    run_tasks((h + kRowsPerTask - 1) / kRowsPerTask, n_threads, [&](int thread, std::size_t task) {
        const std::size_t end = std::min(h, (task + 1) * kRowsPerTask);
        for (std::size_t y = task * kRowsPerTask; y < end; ++y) {
            filter.run(static_cast<std::ptrdiff_t>(y), scratch[static_cast<std::size_t>(thread)], &strengths[y * w]);
        }
    });
    return strengths;
}

}  // namespace huepress
