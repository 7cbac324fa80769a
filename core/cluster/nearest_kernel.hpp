// The assignment kernel behind nearest.hpp, compiled once per instruction set.
//
// Only plain data crosses this border, and the kernel's file uses no inline function of any
// other header: a function compiled for a newer instruction set must never be the one
// copy that the linker keeps.
#pragma once

#include <cstddef>
#include <cstdint>

namespace huepress {

inline constexpr int kNeighborBlock = 8;
inline constexpr std::size_t kSmallBlock = 16;  // points of SmallTask
// Relative slack of the pruning tests; float32 distances err by less than 1e-6.
inline constexpr float kPruningMargin = 1.00001f;

struct NeighborView {
    const float* centers;          // k x dims
    const float* first_distance;   // k x (blocks + 1)
    const float* coordinates;      // k x blocks x dims x kNeighborBlock
    const std::int32_t* indices;   // k x blocks x kNeighborBlock
    const float* all_coordinates;  // all_blocks x dims x kNeighborBlock
    const std::int32_t* all_indices;
    int dims;
    int blocks;
    int all_blocks;
};

struct AssignTask {
    const float* points;           // n x dims
    const std::uint32_t* weights;  // n, or null where neither sums nor inertia are asked for
    std::int32_t* labels;          // n, in and out
    float* bounds;                 // n, or null: see Assignment
    double drift;
    std::size_t begin, end;  // the points to label
    std::int64_t* sums;      // k x (dims + 1), or null: receives what the moves change
    double scale;            // fixed-point scale of the sums
    double inertia;          // out: sum of weight * squared distance, in order
    bool moved;              // out: whether any label changed
};

// See small_search.hpp.
struct SmallTask {
    const float* blocks;   // n / kSmallBlock x 3 x kSmallBlock
    std::size_t n;         // a multiple of kSmallBlock
    const float* centers;  // k x 3
    int k;
    std::int32_t* labels;  // n, out
    float* distances;      // n, out: squared
};

using AssignKernel = void (*)(const NeighborView&, AssignTask&);

namespace baseline {
void assign(const NeighborView& table, AssignTask& task);
void assign_small(const SmallTask& task);
}  // namespace baseline
#if defined(HUEPRESS_HAVE_AVX2)
namespace avx2 {
void assign(const NeighborView& table, AssignTask& task);
void assign_small(const SmallTask& task);
}  // namespace avx2
#endif

}  // namespace huepress
