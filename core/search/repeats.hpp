// Where the same run of colors stood before: tiles, glyphs and other repeated art.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace huepress {

// For each pixel the place of the latest earlier pixel from which the same colors follow along its row, or -1. Runs of
// one color only are left out, and so are places that `reachable(up, left)` refuses. color_of: rows x width. unit:
// pixels of a byte; runs begin at the start of one, and so do the places.
std::vector<std::int32_t> find_repeats(const std::uint32_t* color_of, int width, int rows, int unit,
                                       const std::function<bool(int up, int left)>& reachable);

}  // namespace huepress
