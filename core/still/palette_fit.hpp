// The palette of one picture by k-means, and the entry of each of its colors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "color/color_space.hpp"
#include "still/still.hpp"
#include "support/points.hpp"

namespace huepress {

// The colors of a picture, and the color of each pixel.
struct ColorTable {
    int width, height, channels;          // 3, or 4 where some pixel is not opaque
    std::vector<std::uint8_t> colors;     // n x channels, rows ascending
    std::vector<std::uint32_t> counts;    // n
    std::vector<std::uint32_t> color_of;  // height x width
    std::size_t n() const { return counts.size(); }
};

struct PaletteFit {
    std::vector<std::uint8_t> palette;  // k x channels
    std::vector<std::int32_t> labels;   // of each color
    bool lossless;
};

// By the alpha of a color or an entry.
enum AlphaClass : std::uint8_t { kClear, kSoft, kOpaque };
inline constexpr int kAlphaClasses = 3;

std::vector<std::uint8_t> alpha_classes(const std::vector<std::uint8_t>& colors, int channels);

// Which classes of entries each color may take, as bits: clear stays clear, opaque opaque, and what is soft never
// vanishes, as far as the palette has such entries.
std::vector<std::uint8_t> allowed_classes(const std::vector<std::uint8_t>& color_class,
                                          const std::vector<std::uint8_t>& entry_class);

// Translucent entries first, then dark to light.
std::vector<int> display_order(const std::vector<std::uint8_t>& colors, int channels);

std::vector<std::uint8_t> rows_of(const std::vector<std::uint8_t>& colors, const std::vector<int>& order, int channels);

std::vector<float> points_of(ColorSpace space, const std::vector<std::uint8_t>& colors, int channels);

PaletteFit fit_palette(const ColorTable& table, const StillOptions& options, const StopRequested& stop_requested);

// Colors that deserve an entry of their own though few pixels have them, the strongest first: m x channels. See
// huepress/engine/accents.py. centers: k x channels, as k-means left them; labels: the center of each color.
std::vector<float> find_accents(const ColorTable& table, const std::vector<float>& points,
                                const std::vector<float>& centers, const std::vector<std::int32_t>& labels);

}  // namespace huepress
