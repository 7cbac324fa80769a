// Many pictures to palettes and packed indices in one call: threads over pictures, no memory a picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/parallel.hpp"

namespace huepress {

struct RgbView {
    const std::uint8_t* pixels_srgb8;
    std::size_t n_pixels;
};

struct BatchOptions {
    int k;
    int max_iter;
    double tol;
    int n_threads;
};

struct QuantizedBatch {
    std::vector<std::uint8_t> packed;         // see packing.hpp
    std::vector<std::int64_t> offsets;        // n + 1, in bytes
    std::vector<std::uint8_t> palettes;       // n_palettes x k x 3, entries that are not used are zero
    std::vector<std::int32_t> palette_sizes;  // n_palettes
};

// 1, 2, 4 or 8 bits, enough for k entries.
int bits_for(int k);

// One palette for all pictures of a group: pictures[i] is in group_of[i], groups are 0 to n_groups - 1.
// A picture alone in its group is clustered by its exact colors, several by a grid of 64 levels an axis whose
// cells stand for the mean of their pixels; colors that fit into the palette stay as they are. Entries are sorted from
// dark to light; every pixel gets its nearest.
QuantizedBatch quantize_batch(const std::vector<RgbView>& pictures, const std::vector<std::int32_t>& group_of,
                              std::size_t n_groups, const BatchOptions& options, const StopRequested& stop_requested);

// n x 64: the share of the pixels in each of 4 x 4 x 4 boxes of colors, under a square root, so that Euclidean
// distance is Hellinger's.
std::vector<float> color_histograms(const std::vector<RgbView>& pictures, int n_threads,
                                    const StopRequested& stop_requested);

}  // namespace huepress
