// Unique colors of an image, with their counts and the map from pixels to colors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

struct ColorCounts {
    std::vector<std::uint8_t> colors;   // n x channels, rows ascending lexicographically
    std::vector<std::uint32_t> counts;  // n, every one at least 1
};

// pixels: n_pixels x channels bytes, channels 3 (RGB) or 4 (RGBA).
// inverse: n_pixels entries, filled with the row of `colors` of each pixel.
ColorCounts count_colors(const std::uint8_t* pixels, std::size_t n_pixels, int channels, std::uint32_t* inverse,
                         int n_threads);

// out[i] = table[inverse[i]]: carries one byte per unique color to every pixel.
void gather_bytes(const std::uint8_t* table, const std::uint32_t* inverse, std::size_t n_pixels, std::uint8_t* out,
                  int n_threads);

// Sum over the pixels of |color_points[color_of[p]] - palette[indices[p]]|^2, in a fixed order.
// color_points and palette: rows of dims floats.
double squared_error(const float* color_points, const std::uint32_t* color_of, std::size_t n_pixels,
                     const float* palette, const std::uint8_t* indices, int dims, int n_threads);

}  // namespace huepress
