#include "search/visibility.hpp"

#include <algorithm>
#include <cmath>

namespace huepress {
namespace {

constexpr int kReach = 2;
constexpr int kSide = 2 * kReach + 1;

}  // namespace

std::vector<float> visibility_roots(const std::vector<float>& lightness, const std::uint32_t* row_of, int width,
                                    int rows, float strongest, float texture) {
    const auto at = [&](int y, int x) {
        y = std::clamp(y, 0, rows - 1);
        x = std::clamp(x, 0, width - 1);
        return static_cast<double>(lightness[row_of[static_cast<std::size_t>(y) * width + x]]);
    };
    const auto n_columns = static_cast<std::size_t>(width + 2 * kReach);
    std::vector<double> sum(n_columns), squares(n_columns);  // of the five rows around, by column
    std::vector<float> roots(static_cast<std::size_t>(width) * rows);
    double total = 0.0;
    for (int y = 0; y < rows; ++y) {
        std::fill(sum.begin(), sum.end(), 0.0);
        std::fill(squares.begin(), squares.end(), 0.0);
        for (int dy = -kReach; dy <= kReach; ++dy) {
            for (int x = -kReach; x < width + kReach; ++x) {
                const double v = at(y + dy, x);
                sum[x + kReach] += v;
                squares[x + kReach] += v * v;
            }
        }
        for (int x = 0; x < width; ++x) {
            double s = 0.0;
            double q = 0.0;
            for (int dx = 0; dx < kSide; ++dx) {
                s += sum[x + dx];
                q += squares[x + dx];
            }
            const double mean = s / (kSide * kSide);
            const double deviation = std::sqrt(std::max(0.0, q / (kSide * kSide) - mean * mean));
            const double weight =
                1.0 / (1.0 / strongest + (1.0 - 1.0 / strongest) * std::min(1.0, deviation / texture));
            roots[static_cast<std::size_t>(y) * width + x] = static_cast<float>(weight);
            total += weight;
        }
    }
    const double mean = total / static_cast<double>(roots.size());
    for (float& r : roots) r = static_cast<float>(std::sqrt(r / mean));
    return roots;
}

}  // namespace huepress
