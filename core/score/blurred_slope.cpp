#include "score/blurred_slope.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace huepress {
namespace {

constexpr int kBandRows = 64;

class Band {
public:
    Band(const float* plane, int width, int rows, const std::vector<float>& taps)
        : plane_(plane),
          width_(static_cast<std::size_t>(width)),
          rows_(rows),
          taps_(taps),
          reach_(taps.size() / 2),
          padded_(width_ + 2 * reach_) {
        for (auto& row : blurred_) row.resize(width_);
    }

    void slope(int begin, int end, float* out) {
        blur(begin - 1);
        blur(begin);
        for (int y = begin; y < end; ++y) {
            blur(y + 1);
            const float *above = row(y - 1).data(), *own = row(y).data(), *below = row(y + 1).data();
            float* to = out + static_cast<std::size_t>(y) * width_;
            for (std::size_t x = 0; x < width_; ++x) {
                const float across = own[std::min(x + 1, width_ - 1)] - own[x > 0 ? x - 1 : 0];
                const float down = below[x] - above[x];
                to[x] = 0.5f * std::sqrt(across * across + down * down);
            }
        }
    }

private:
    std::vector<float>& row(int y) { return blurred_[(y + 3) % 3]; }

    // Down first, then across.
    void blur(int y) {
        float* down = padded_.data() + reach_;
        std::fill(padded_.begin(), padded_.end(), 0.0f);
        const int reach = static_cast<int>(reach_), within = std::clamp(y, 0, rows_ - 1);
        for (int k = -reach; k <= reach; ++k) {
            const float tap = taps_[static_cast<std::size_t>(k + reach)];
            const float* from = plane_ + static_cast<std::size_t>(std::clamp(within + k, 0, rows_ - 1)) * width_;
            for (std::size_t x = 0; x < width_; ++x) down[x] += tap * from[x];
        }
        std::fill_n(padded_.begin(), reach_, down[0]);
        std::fill_n(padded_.end() - static_cast<std::ptrdiff_t>(reach_), reach_, down[width_ - 1]);
        float* to = row(y).data();
        std::fill_n(to, width_, 0.0f);
        for (std::size_t k = 0; k < taps_.size(); ++k) {
            const float* from = padded_.data() + k;
            for (std::size_t x = 0; x < width_; ++x) to[x] += taps_[k] * from[x];
        }
    }

    const float* plane_;
    const std::size_t width_;
    const int rows_;
    const std::vector<float>& taps_;
    const std::size_t reach_;
    std::vector<float> padded_;
    std::vector<float> blurred_[3];
};

}  // namespace

std::vector<float> blurred_slope(const float* plane, int width, int rows, const std::vector<float>& taps, int n_threads,
                                 const StopRequested& stop_requested) {
    std::vector<float> slope(static_cast<std::size_t>(width) * static_cast<std::size_t>(rows));
    check_stop(stop_requested);
    const int n_bands = (rows + kBandRows - 1) / kBandRows;
    for_each_task(static_cast<std::size_t>(n_bands), n_threads, [&](std::size_t band) {
        const int begin = static_cast<int>(band) * kBandRows;
        Band(plane, width, rows, taps).slope(begin, std::min(begin + kBandRows, rows), slope.data());
    });
    check_stop(stop_requested);
    return slope;
}

}  // namespace huepress
