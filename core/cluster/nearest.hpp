// Exact nearest centers, pruned by the triangle inequality.
//
// For every center the others are kept in order of their distance from it ("sort-means",
// S. Phillips, "Acceleration of k-means and related clustering algorithms", 2002). From a
// point's last label a only centers closer to c_a than twice |x - c_a| can win. A bound on the
// second nearest center carried between calls (G. Hamerly, "Making k-means even faster", 2010)
// spares most points even that. Distances are float32 sums in coordinate order, so the result
// equals brute force in the same arithmetic; the lowest index wins ties. Pruning leaves a
// margin far above the rounding error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cluster/nearest_kernel.hpp"
#include "support/points.hpp"

namespace huepress {

// For every center a list of the others near it, in blocks for SIMD.
//
// Between full sorts the lists keep their members and order while the centers move; only the
// distances are renewed, so a list stays a valid guide: whatever follows a block, listed or
// not, is at least first_distance[block] away.
class NeighborTable {
public:
    static constexpr int kBlock = kNeighborBlock;
    // Lists end here: a point whose search reads further compares with all centers.
    static constexpr int kLongestList = 64;

    NeighborTable(int k, int dims);

    // `moved` bounds how far any center has gone since the last call (infinity at first).
    void update(const float* centers, float moved);

    NeighborView view() const;

private:
    float choose_members(std::int32_t c);  // returns the distance of the nearest one left out
    void renew_list(std::int32_t c);

    const float* center(std::int32_t c) const { return centers_.data() + c * dims_; }
    std::size_t slot(std::int32_t c) const { return static_cast<std::size_t>(c * blocks_ * kBlock); }

    int k_;
    int dims_;
    int blocks_;      // of each center's list
    int all_blocks_;  // of the list of all centers
    float moved_since_sort_ = std::numeric_limits<float>::infinity();
    float typical_distance_ = 0.0f;  // mean distance to the nearest neighbor at the last sort
    std::vector<float> centers_;
    std::vector<std::uint64_t> candidates_;  // scratch
    std::vector<float> unlisted_;            // k, at the last sort
    std::vector<float> first_distance_;      // k x (blocks + 1)
    std::vector<float> coordinates_;
    std::vector<std::int32_t> indices_;
    std::vector<float> all_coordinates_;
    std::vector<std::int32_t> all_indices_;
};

// What the assignment step carries from one call to the next.
struct Assignment {
    explicit Assignment(std::size_t n) : labels(n, 0), bound(n, -1.0f) {}

    std::vector<std::int32_t> labels;
    std::vector<float> bound;  // distance to the second nearest center at least bound - drift
    double drift = 0.0;        // how far centers have moved since, at most
};

// The kernel for this processor, see simd.hpp.
AssignKernel assign_kernel();

// Nearest center of each point; labels holds a first guess and receives the result.
void nearest(const Points& points, const float* centers, int k, std::int32_t* labels, int n_threads);

}  // namespace huepress
