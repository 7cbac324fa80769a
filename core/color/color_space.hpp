// Colors as points in which Euclidean distance means visible difference, and back.
//
// A translucent color looks different on every background. Its point holds the mean over
// a black and a white background: with premultiplied p = alpha * v, the squared difference
// is dp^2 on black and (dp - da)^2 on white, whose mean is (dp - da/2)^2 + (da/2)^2 for each
// coordinate v in which white is 1. So the points are (p - a/2) and one more coordinate,
// sqrt(number of such coordinates)/2 * a, and plain k-means over four coordinates applies.
#pragma once

#include <cstddef>
#include <cstdint>

namespace huepress {

enum class ColorSpace { srgb, oklab };

// colors_srgb8: n x channels (3 RGB, 4 RGBA straight alpha). points: n x channels.
// srgb: scale 0..255. oklab: L in 0..1, a and b about -0.4..0.4.
void colors_to_points(ColorSpace space, const std::uint8_t* colors_srgb8, std::size_t n, int channels, float* points);

// Nearest 8-bit colors of the points, clipped to the gamut.
void points_to_colors(ColorSpace space, const float* points, std::size_t n, int channels, std::uint8_t* colors_srgb8);

}  // namespace huepress
