// Colors that somebody drew: patches of exactly one color with an edge, as badges, map symbols and status lights are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

// Tells for each color whether it is drawn: at least 64 pixels have it, most of them with another one of it beside and
// one above or below them, and most neighbors that have other colors are plainly different, so that no smooth ground
// or burnt-out light is meant. points: n x channels in Oklab; color_of: the row of each pixel's color.
std::vector<std::uint8_t> drawn_colors(const float* points, std::size_t n, int channels, const std::uint32_t* color_of,
                                       std::size_t height, std::size_t width);

}  // namespace huepress
