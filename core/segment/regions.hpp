// Connected regions of a label map, and the merging of small ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

// Numbers the regions of equal labels, connected beside and above, in the order of their first pixels.
// Returns the label of each.
std::vector<std::int32_t> label_regions(const std::int32_t* labels, int width, int height, std::int32_t* regions);

// What is known of every group of pixels; sums are taken in a fixed order, whatever the threads.
struct GroupSums {
    std::vector<std::int64_t> areas;  // n
    std::vector<double> points;       // n x dims
    std::vector<double> squares;      // n, of squared lengths
};

// Pixels of the group -1 do not count.
GroupSums sum_groups(const std::int32_t* groups, const float* points, std::size_t n_pixels, int dims,
                     std::int32_t n_groups, int n_threads);

// Merges every region smaller than min_area, the smallest first (of equal ones the first), into the region
// beside it whose mean point is nearest; regions of one label that come to touch become one. Regions
// labelled `locked` neither go nor receive. Returns the label that each region has in the end; a small
// region without a neighbor keeps its own.
std::vector<std::int32_t> merge_small_regions(const std::int32_t* regions, int width, int height,
                                              const std::vector<std::int32_t>& label_of, GroupSums sums, int dims,
                                              std::int64_t min_area, std::int32_t locked);

}  // namespace huepress
