// How strong an edge each pixel lies on, in several channels at once.
#pragma once

#include <vector>

#include "support/parallel.hpp"

namespace huepress {

// Strength of the edge at each pixel: sigma times the largest rate of change in any direction of the channels together,
// after a Gaussian of width sigma (S. Di Zenzo, "A note on the gradient of a multi-image", 1986). Of channels whose
// distances tell how unlike two textures are, this compares the two halves of a disc. A ramp of slope 1 has the
// strength sigma. Beyond its rim the image is mirrored. `values`: height x width x dims.
std::vector<float> edge_strengths(const float* values, int width, int height, int dims, float sigma, int n_threads,
                                  const StopRequested& stop_requested);

}  // namespace huepress
