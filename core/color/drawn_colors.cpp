#include "color/drawn_colors.hpp"

#include <algorithm>

#include "support/points.hpp"

namespace huepress {
namespace {

constexpr std::size_t kFewestPixels = 64;
constexpr double kConnected = 0.8;
constexpr float kPlainlyDifferentSquared = 0.1f * 0.1f;  // in Oklab, about five just noticeable differences

struct Patch {
    std::size_t n_pixels = 0, n_connected = 0, n_neighbors = 0, n_different = 0;
};

}  // namespace

std::vector<std::uint8_t> drawn_colors(const float* points, std::size_t n, int channels, const std::uint32_t* color_of,
                                       std::size_t height, std::size_t width) {
    std::vector<Patch> patches(n);
    for (std::size_t i = 0; i < height * width; ++i) ++patches[color_of[i]].n_pixels;
    std::vector<std::uint8_t> drawn(n, 0);
    if (std::none_of(patches.begin(), patches.end(), [](const Patch& p) { return p.n_pixels >= kFewestPixels; }))
        return drawn;
    for (std::size_t y = 0; y < height; ++y) {
        for (std::size_t x = 0; x < width; ++x) {
            const std::uint32_t* here = &color_of[y * width + x];
            Patch& patch = patches[*here];
            if (patch.n_pixels < kFewestPixels) continue;
            const auto is_same = [&](bool is_there, const std::uint32_t* neighbor) {
                if (!is_there) return false;
                if (*neighbor == *here) return true;
                ++patch.n_neighbors;
                const std::size_t row = static_cast<std::size_t>(channels);
                patch.n_different += squared_distance<0>(points + *here * row, points + *neighbor * row, channels) >
                                     kPlainlyDifferentSquared;
                return false;
            };
            const bool left = is_same(x > 0, here - 1), right = is_same(x + 1 < width, here + 1);
            const bool above = is_same(y > 0, here - width), below = is_same(y + 1 < height, here + width);
            patch.n_connected += (left || right) && (above || below);
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        const Patch& patch = patches[i];
        drawn[i] = patch.n_pixels >= kFewestPixels && patch.n_neighbors > 0 &&
                   static_cast<double>(patch.n_connected) >= kConnected * static_cast<double>(patch.n_pixels) &&
                   2 * patch.n_different >= patch.n_neighbors;
    }
    return drawn;
}

}  // namespace huepress
