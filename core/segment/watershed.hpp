// Catchment basins of an edge map: small cells whose outlines lie on the edges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

// Floods a map of heights from markers (F. Meyer, "Topographic distance and watershed lines", 1994): each pixel gets
// the label that reaches it first, the lowest height first, of equal ones the one that was seen first. Labels: 0 and up
// mark, -1 is to be flooded, -2 takes no part. A pixel that no marker reaches keeps -1. Heights count as 16 bits.
void flood(const std::uint16_t* heights, int width, int height, std::int32_t* labels);

// Labels the plateaus of the heights that nothing beside lies below with 0, 1, ... in the order of their first pixels,
// and all other pixels with -1. Those labelled -2 take no part. Returns the number of plateaus.
std::int32_t mark_minima(const std::uint16_t* heights, int width, int height, std::int32_t* labels);

}  // namespace huepress
