// What lies on the borders between regions, and inside of them, in maps of edges at several scales.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

// Maps at one scale, one behind another, each ceil(height / 2^halvings) x ceil(width / 2^halvings): a pixel (x, y) of
// the picture reads (x >> halvings, y >> halvings).
struct EdgeMaps {
    const float* values;
    int n_maps;
    int halvings;
};

// The common border of two regions, a < b.
struct Border {
    std::int32_t a, b;
    double length;  // number of pairs of pixels
};

struct Borders {
    std::vector<Border> list;   // in the order of their first pairs of pixels
    std::vector<double> edges;  // border x map: means over both pixels of a pair, summed over the pairs
    std::vector<double> frame;  // region: how many pixels' sides lie on the picture's frame
    std::size_t n_maps;
};

// Pixels of the region -1 have no borders.
Borders find_borders(const std::int32_t* regions, int width, int height, const std::vector<EdgeMaps>& maps,
                     std::size_t n_regions);

// All maps, summed over each region's pixels, (n_regions).
std::vector<double> sum_inside(const std::int32_t* regions, int width, int height, const std::vector<EdgeMaps>& maps,
                               std::size_t n_regions);

}  // namespace huepress
