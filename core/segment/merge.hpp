// Regions merged by what lies on their border: a hierarchy of regions, from small cells to the whole picture.
//
// Pairs of neighbors are merged cheapest first. What a pair costs is
//
//     (A_i A_j / ((A_i + A_j) N))^area_exponent  (|t_i - t_j| + border_weight * g + color_weight * |m_i - m_j|)
//
// with A the areas, N the number of pixels that take part, t the mean texture features, g the mean edge strength along
// the common border, and m the mean colors; times 1 + vivid_weight max(0, h - 0.12) with h the distance of the mean
// colors' a and b in Oklab, so that small vivid things stay. The form is that of region merging by statistics (J. Ward,
// "Hierarchical grouping to optimize an objective function", 1963, for the areas) with evidence from the border, as in
// P. Arbelaez and others, "Contour detection and hierarchical image segmentation", 2011.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/parallel.hpp"

namespace huepress {

struct RegionStatistics {
    std::vector<std::int64_t> areas;  // n
    std::vector<double> textures;     // n x texture_dims, sums over the region
    std::vector<double> colors;       // n x color_dims, at least 3, sums over the region
    int texture_dims;
    int color_dims;
};

struct MergeWeights {
    double border;
    double color;
    double vivid;
    double area_exponent;
};

// One step: region `into` takes `from` in; `into` is the lower number of the two.
struct MergeStep {
    std::int32_t into;
    std::int32_t from;
    double cost;
};

// Merges until no two regions touch; pixels of the region -1 take no part. Of pairs at equal cost the one with
// the lowest numbers comes first. Costs are made monotone: no step is cheaper than one before it, so that a
// threshold and a number of regions cut the same hierarchy.
std::vector<MergeStep> merge_by_borders(const std::int32_t* regions, int width, int height, const float* strengths,
                                        RegionStatistics statistics, const MergeWeights& weights,
                                        const StopRequested& stop_requested);

}  // namespace huepress
