// The palette that suits given indices best.
#pragma once

#include <cstdint>
#include <vector>

#include "search/trellis.hpp"
#include "support/parallel.hpp"

namespace huepress {

// The entries that make the distortion of trellis.hpp least while the indices stay: the distortion is quadratic in
// the palette, so they solve one linear system (J. Puzicha, M. Held, J. Ketterer, J. Buhmann, D. Fellner 1998, "On
// Spatial Quantization of Color Images"), damped a little towards the old ones. Entries marked in `fixed` stay, and so
// do those that are the very color of most of their pixels: flat areas stay exact. The same for any number of threads.
std::vector<Float4> refit_palette(const TrellisImage& image, const std::uint8_t* indices, const std::uint8_t* fixed,
                                  int n_threads, const StopRequested& stop_requested);

}  // namespace huepress
