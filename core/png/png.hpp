// Indexed PNG files (PNG Specification, third edition).
#pragma once

#include <cstdint>
#include <vector>

#include "still/still.hpp"

namespace huepress {

// At the smallest bit depth that holds the palette, whose order stays, with its alpha in a tRNS chunk. effort: 0 to 9,
// as for the picture; it decides how hard is deflated. The same bytes on every machine.
std::vector<std::uint8_t> write_png(const IndexedPicture& picture, int effort, const StopRequested& stop_requested);

}  // namespace huepress
