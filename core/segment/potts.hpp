// Segmentation that is smooth: labels that fit their pixels and agree with their neighbors.
//
// Minimized is the energy of a Potts model (R. Potts, "Some generalized order-disorder transformations",
// 1952) on eight neighbors:
//
//     sum over pixels  data_scale |x - c_label|^2   +   sum over neighbors with different labels  weight
//
// with `straight` as the weight of a neighbor beside or above and straight / sqrt(2) of a diagonal one.
// Lines are taken as a whole: given the lines next to it, the best labels of a row (or column) are found
// exactly by a shortest path (A. Viterbi 1967), in steps that cost one minimum for all labels. No
// line raises the energy, so sweeps come to rest. Costs are integers, data terms at most 2^20; even and odd lines take
// turns, so that lines solved at once do not see each other, and threads change nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "support/parallel.hpp"

namespace huepress {

struct PottsModel {
    const float* points;   // height x width x dims
    const float* centers;  // k x dims
    int width;
    int height;
    int dims;
    int k;
    float data_scale;
    std::int32_t straight;  // 0 to kLargestPottsWeight
};

inline constexpr std::int32_t kLargestPottsWeight = 1 << 16;

// One sweep over all rows, then all columns. Labels are 0 to k - 1; pixels labelled -1 take no part.
// Returns how many labels changed.
std::size_t potts_sweep(const PottsModel& model, std::int32_t* labels, int n_threads,
                        const StopRequested& stop_requested);

}  // namespace huepress
