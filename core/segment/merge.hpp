// Regions merged by what lies on their border: a hierarchy of regions, from small cells to the whole picture.
//
// Pairs of neighbors are merged cheapest first. What a pair costs follows from how sure a small network of one hidden
// layer is that people would draw a line between the two:
//
//     z = b + sum_h v_h max(0, b_h + sum_f w_fh x_f)
//     cost = (1 + z if z > 0, else 1 / (1 - z)) + vivid max(0, h - 0.12) + flat max(0, c - 2)
//
// with x the features of BorderEvidence, h the distance of the mean colors' a and b in Oklab, so that small vivid
// things stay, and c the contrast, so that flat areas of graphics do. That what decides about merging is learned from
// pairs met while merging is from J. Nunez-Iglesias and others, "Machine learning of hierarchical clustering to segment
// 2D and 3D images", 2013; the features are of the kinds in P. Arbelaez and others, "Contour detection and hierarchical
// image segmentation", 2011.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "segment/evidence.hpp"
#include "support/parallel.hpp"

namespace huepress {

struct MergeNetwork {
    const double* hidden;  // feature x unit
    const double* hidden_biases;
    const double* output;
    double output_bias;
    std::size_t n_units;
    double vivid;
    double flat;
};

// One step: region `into` takes `from` in; `into` is the lower number of the two.
struct MergeStep {
    std::int32_t into;
    std::int32_t from;
    double cost;
};

// Merges until no two regions touch. Of pairs at equal cost the one with the lowest numbers comes first. Costs are made
// monotone: no step is cheaper than one before it, so that a threshold and a number of regions cut the same hierarchy.
std::vector<MergeStep> merge_by_borders(BorderEvidence evidence, std::size_t n_regions, const MergeNetwork& network,
                                        const StopRequested& stop_requested);

}  // namespace huepress
