// Says looks that are all decided in LZW codes, exactly: the search of lzw_search.hpp without its errors, many times as
// fast. A pixel that looks as the canvas does has two symbols, its entry and the transparent index; others have one.
#pragma once

#include <cstdint>

#include "search/lzw_search.hpp"

namespace huepress {

struct LzwLooks {
    const std::uint16_t* looks;  // of each pixel, an entry or what lies on the canvas
    const std::uint16_t* under;  // what lies there
    int width, rows;
    int n_entries;     // of the palette
    int transparent;   // its index, which hides an entry of that number; or -1
    float again_bits;  // what it costs beside its code to say again what lies on the canvas
    int ahead;         // ways to go on that are judged by the string after them, too; 16 at most
};

LzwResult say_lzw(const LzwLooks& frame, const StopRequested& stop_requested);

}  // namespace huepress
