// Swap moves: Lloyd's iterations never carry a center across a gap, this does.
#pragma once

#include "cluster/lloyd.hpp"

namespace huepress {

// Clusterings need not settle further than this to be compared or to be swapped in.
inline constexpr double kTrialTol = 3e-3;

// Makes up to n_swaps trials: each removes centers whose points others can take cheaply (Ward's
// merge cost), puts them where a cut gains most, runs Lloyd's iterations and is kept when the
// inertia fell. The first trials move an eighth of the centers at once, later ones fewer. Pinned
// centers are never removed; in their clusters a cut puts the other center where the pin serves worst.
// `start` need not have settled; the result has, by `options`.
Clustering swap_search(const Points& points, Clustering start, int n_swaps, const LloydOptions& options,
                       const StopRequested& stop_requested);

}  // namespace huepress
