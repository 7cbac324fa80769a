// Direct binary search (M. Analoui, J. P. Allebach 1992) with any number of colors, for palettes that were given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/parallel.hpp"

namespace huepress {

// How far an error is felt: autocorrelations of the two filters that see errors, squares with an odd side.
inline constexpr int kFarReach = 8, kNearReach = 1;

// Every color and entry is a point in two spaces, four coordinates each: as it is seen from afar, and from near.
struct SeenPoints {
    const float* far = nullptr;
    const float* near = nullptr;
};

struct DirectSearchPicture {
    SeenPoints colors, entries;
    std::size_t n_entries = 0;
    // The color of each pixel, row by row.
    const std::uint32_t* color_of = nullptr;
    std::size_t width = 0, height = 0;
    // Of each color the entry that it keeps; -1 where the search decides.
    const std::int16_t* fixed = nullptr;
    // Which classes of entries each color may take, as bits, and the class of each entry.
    const std::uint8_t* allowed = nullptr;
    const std::uint8_t* class_of_entry = nullptr;
    // (2 kFarReach + 1)^2 and (2 kNearReach + 1)^2 weights, row by row.
    const float* far_weights = nullptr;
    const float* near_weights = nullptr;
};

// Changes one pixel at a time to the entry that lowers the sum of squares of the filtered errors most, for some passes
// or until hardly any changes. Tiles that do not feel each other are searched at once; the result is the same for any
// number of threads.
void direct_search(const DirectSearchPicture& picture, int n_passes, int n_threads, std::vector<std::uint8_t>& indices,
                   const StopRequested& stop_requested);

}  // namespace huepress
