#include "color/color_space.hpp"

#include <algorithm>
#include <cmath>

#include "color/color_constants.hpp"
#include "support/vectors.hpp"

namespace huepress {
namespace {

// Cube root by Halley's method from an exponent/3 guess. std::cbrt differs in the last bit
// between C libraries; these operations are exact IEEE 754 everywhere.
double cube_root(double x) {
    if (x == 0.0) return 0.0;
    const double magnitude = std::fabs(x);
    double y = same_bits<double>(same_bits<std::uint64_t>(magnitude) / 3 + 0x2A9F7893782DA1CEull);
    for (int i = 0; i < 3; ++i) {  // 3 % error, then 2e-5, 6e-15, exact
        const double cube = y * y * y;
        y = y * (cube + 2.0 * magnitude) / (2.0 * cube + magnitude);
    }
    return x < 0.0 ? -y : y;
}

void multiply(const double (&m)[3][3], const double* v, double* out) {
    for (int r = 0; r < 3; ++r) out[r] = m[r][0] * v[0] + m[r][1] * v[1] + m[r][2] * v[2];
}

void rgb8_to_oklab(const std::uint8_t* rgb, double* lab) {
    const double linear[3] = {kSrgb8ToLinear1[rgb[0]], kSrgb8ToLinear1[rgb[1]], kSrgb8ToLinear1[rgb[2]]};
    double lms[3];
    multiply(kLinearSrgbToLms, linear, lms);
    for (double& v : lms) v = cube_root(v);
    multiply(kLmsToOklab, lms, lab);
}

void oklab_to_rgb8(const double* lab, std::uint8_t* rgb) {
    double lms[3];
    double linear[3];
    multiply(kOklabToLms, lab, lms);
    for (double& v : lms) v = v * v * v;
    multiply(kLmsToLinearSrgb, lms, linear);
    for (int c = 0; c < 3; ++c) {
        const float* end = kSrgb8Thresholds_linear1 + 255;
        rgb[c] = static_cast<std::uint8_t>(
            std::upper_bound(kSrgb8Thresholds_linear1, end, static_cast<float>(linear[c])) - kSrgb8Thresholds_linear1);
    }
}

std::uint8_t to_byte(double v) { return static_cast<std::uint8_t>(std::floor(std::clamp(v, 0.0, 255.0) + 0.5)); }

// What white is in a space: coordinate c of white, in the space's own scale.
struct White {
    double value[3];
    double norm;   // sqrt(sum of squares) / full alpha
    double alpha;  // full alpha in the space's scale
};

White white_of(ColorSpace space) {
    if (space == ColorSpace::srgb) return {{255.0, 255.0, 255.0}, std::sqrt(3.0), 255.0};
    return {{1.0, 0.0, 0.0}, 1.0, 1.0};
}

void rgb8_to_space(ColorSpace space, const std::uint8_t* rgb, double* v) {
    if (space == ColorSpace::oklab) return rgb8_to_oklab(rgb, v);
    for (int c = 0; c < 3; ++c) v[c] = rgb[c];
}

void space_to_rgb8(ColorSpace space, const double* v, std::uint8_t* rgb) {
    if (space == ColorSpace::oklab) return oklab_to_rgb8(v, rgb);
    for (int c = 0; c < 3; ++c) rgb[c] = to_byte(v[c]);
}

}  // namespace

void colors_to_points(ColorSpace space, const std::uint8_t* colors_srgb8, std::size_t n, int channels, float* points) {
    const White white = white_of(space);
    double v[3];
    for (std::size_t i = 0; i < n; ++i, colors_srgb8 += channels, points += channels) {
        rgb8_to_space(space, colors_srgb8, v);
        if (channels == 3) {
            for (int c = 0; c < 3; ++c) points[c] = static_cast<float>(v[c]);
            continue;
        }
        const double alpha1 = colors_srgb8[3] / 255.0;
        for (int c = 0; c < 3; ++c) {
            points[c] = static_cast<float>(alpha1 * (v[c] - 0.5 * white.value[c]));
        }
        points[3] = static_cast<float>(0.5 * white.norm * white.alpha * alpha1);
    }
}

void points_to_colors(ColorSpace space, const float* points, std::size_t n, int channels, std::uint8_t* colors_srgb8) {
    const White white = white_of(space);
    double v[3];
    for (std::size_t i = 0; i < n; ++i, colors_srgb8 += channels, points += channels) {
        if (channels == 3) {
            for (int c = 0; c < 3; ++c) v[c] = points[c];
            space_to_rgb8(space, v, colors_srgb8);
            continue;
        }
        const double alpha1 = points[3] / (0.5 * white.norm * white.alpha);
        colors_srgb8[3] = to_byte(255.0 * alpha1);
        if (colors_srgb8[3] == 0) {
            std::fill(colors_srgb8, colors_srgb8 + 3, std::uint8_t{0});
            continue;
        }
        for (int c = 0; c < 3; ++c) v[c] = points[c] / alpha1 + 0.5 * white.value[c];
        space_to_rgb8(space, v, colors_srgb8);
    }
}

}  // namespace huepress
