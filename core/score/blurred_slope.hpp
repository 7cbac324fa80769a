// How steep a plane is once fine detail is averaged away.
#pragma once

#include <vector>

#include "support/parallel.hpp"

namespace huepress {

// |grad(G * plane)| a pixel: G given by its 2 reach + 1 taps along both axes, the gradient by central differences.
// Beyond its rim the plane goes on as it ends.
std::vector<float> blurred_slope(const float* plane, int width, int rows, const std::vector<float>& taps, int n_threads,
                                 const StopRequested& stop_requested);

}  // namespace huepress
