// Compiled once as namespace `baseline` and, on x86-64, once more as `avx2` (see CMakeLists.txt).
// Both do the same IEEE 754 operations on every number, so their results are equal bit by bit.
#include "cluster/nearest_kernel.hpp"

#include <math.h>

#include <cstring>

#include "support/vectors.hpp"

#ifndef HUEPRESS_ISA
#error "HUEPRESS_ISA names the namespace of this build"
#endif

namespace huepress::HUEPRESS_ISA {
namespace {

#if defined(__AVX2__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif
constexpr int kBlock = kNeighborBlock;
constexpr int kSteps = kBlock / kWidth;

using Floats = Vector<float, kWidth>;
using Ints = Vector<std::int32_t, kWidth>;

inline Floats smaller(Floats a, Floats b) { return select(b < a, b, a); }

template <int D>
inline float squared_distance(const float* a, const float* b, int dims) {
    float sum = 0.0f;
    for (int d = 0; d < (D ? D : dims); ++d) {
        const float difference = a[d] - b[d];
        sum += difference * difference;
    }
    return sum;
}

// Squared distances of x to the candidates whose coordinates stand at coordinates[d * kBlock].
template <int D>
inline Floats squared_distances(const float* x, const float* coordinates, int dims) {
    Floats sum = {};
    for (int d = 0; d < (D ? D : dims); ++d) {
        const Floats difference = x[d] - load<Floats>(coordinates + d * kBlock);
        sum += difference * difference;
    }
    return sum;
}

// A distance and an index in one integer that orders by distance, then index: the bits of
// floats that are not negative order as integers do. Folding such keys needs no branches.
inline std::uint64_t pack(float distance, std::int32_t index) {
    std::uint32_t bits;
    std::memcpy(&bits, &distance, sizeof bits);
    return std::uint64_t{bits} << 32 | static_cast<std::uint32_t>(index);
}

inline float distance_of(std::uint64_t key) {
    const auto bits = static_cast<std::uint32_t>(key >> 32);
    float distance;
    std::memcpy(&distance, &bits, sizeof distance);
    return distance;
}

inline std::int32_t index_of(std::uint64_t key) { return static_cast<std::int32_t>(key); }
inline std::uint64_t min_key(std::uint64_t a, std::uint64_t b) { return b < a ? b : a; }
inline std::uint64_t max_key(std::uint64_t a, std::uint64_t b) { return b < a ? a : b; }

// The best and second best of kWidth interleaved streams of candidates.
struct Lanes {
    Floats best = Floats{} + kInfinity;
    Floats second = Floats{} + kInfinity;
    Ints index = Ints{} + 0x7FFFFFFF;

    void compare(Floats distance, Ints ids) {
        const Ints less = distance < best;
        const Ints lower = (distance == best) & (ids < index);
        const Floats loser = select(less, best, distance);
        second = smaller(second, loser);
        index = select(less | lower, ids, index);
        best = smaller(best, distance);
    }
};

struct Found {
    std::uint64_t winner;  // distance and label
    float bound;           // distance: every other center is at least this far
};

struct Scan {
    std::uint64_t winner;
    float runner_up;  // squared distance
    int blocks;       // read
};

// Compares x with the candidates of the blocks before the first one at which a block's
// first_distance (if given) exceeds reach. `winner` competes too.
template <int D>
inline Scan scan(const float* x, const float* coordinates, const std::int32_t* indices, int blocks, int dims,
                 const float* first_distance, float reach, std::uint64_t winner) {
    const int stride = (D ? D : dims) * kBlock;
    Lanes lanes;
    int block = 0;
    do {
        for (int step = 0; step < kSteps; ++step) {
            const int at = step * kWidth;
            lanes.compare(squared_distances<D>(x, coordinates + block * stride + at, dims),
                          load<Ints>(indices + block * kBlock + at));
        }
        ++block;
    } while (block < blocks && (!first_distance || first_distance[block] <= reach));
    std::uint64_t runner_up = pack(kInfinity, 0);
    for (int j = 0; j < kWidth; ++j) {
        const std::uint64_t key = pack(lanes.best[j], lanes.index[j]);
        runner_up = min_key(runner_up, min_key(max_key(key, winner), pack(lanes.second[j], 0)));
        winner = min_key(key, winner);
    }
    return {winner, distance_of(runner_up), block};
}

template <int D>
Found search_all(const float* x, const NeighborView& table) {
    const Scan found = scan<D>(x, table.all_coordinates, table.all_indices, table.all_blocks, table.dims, nullptr, 0.0f,
                               pack(kInfinity, 0x7FFFFFFF));
    return {found.winner, sqrtf(found.runner_up)};
}

// Searches the neighbor list of center `label`, at squared distance `own` from x.
template <int D>
inline Found search_list(const float* x, const NeighborView& table, std::int32_t label, float own) {
    const int dims = D ? D : table.dims;
    const float* first_distance = table.first_distance + label * (table.blocks + 1);
    if (table.blocks == 0) return {pack(own, label), kInfinity};  // a single center
    const float own_distance = sqrtf(own);
    const float reach = 2.0f * own_distance * kPruningMargin;
    if (first_distance[0] > reach) return {pack(own, label), first_distance[0] - own_distance};
    const std::ptrdiff_t slot = static_cast<std::ptrdiff_t>(label) * table.blocks * kBlock;
    const Scan found = scan<D>(x, table.coordinates + slot * dims, table.indices + slot, table.blocks, dims,
                               first_distance, reach, pack(own, label));
    const float beyond = first_distance[found.blocks];
    if (beyond <= reach) return search_all<D>(x, table);  // the list was too short
    const float runner_up = sqrtf(found.runner_up);
    const float unseen = beyond - own_distance;
    return {found.winner, unseen < runner_up ? unseen : runner_up};
}

inline void add(std::int64_t* sums, std::int32_t cluster, const float* x, int dims, std::int64_t weight, double scale) {
    std::int64_t* row = sums + static_cast<std::ptrdiff_t>(cluster) * (dims + 1);
    for (int d = 0; d < dims; ++d) row[d] += weight * llrint(static_cast<double>(x[d]) * scale);
    row[dims] += weight;
}

template <int D>
void assign_dims(const NeighborView& table, AssignTask& task) {
    const int dims = D ? D : table.dims;
    const auto drift = static_cast<float>(task.drift);
    double inertia = 0.0;
    for (std::size_t i = task.begin; i < task.end; ++i) {
        const float* x = task.points + i * static_cast<std::size_t>(dims);
        const std::int32_t label = task.labels[i];
        float distance = squared_distance<D>(x, table.centers + static_cast<std::ptrdiff_t>(label) * dims, dims);
        const float bound = task.bounds ? task.bounds[i] - drift * kPruningMargin : 0.0f;
        if (!(bound > 0.0f && distance * (kPruningMargin * kPruningMargin) < bound * bound)) {
            const Found found = search_list<D>(x, table, label, distance);
            if (task.bounds) task.bounds[i] = found.bound / kPruningMargin + drift;
            const std::int32_t nearest = index_of(found.winner);
            if (nearest != label) {
                task.labels[i] = nearest;
                task.moved = true;
                if (task.sums) {
                    const auto weight = static_cast<std::int64_t>(task.weights[i]);
                    add(task.sums, label, x, dims, -weight, task.scale);
                    add(task.sums, nearest, x, dims, weight, task.scale);
                }
            }
            distance = distance_of(found.winner);
        }
        if (task.weights) inertia += static_cast<double>(task.weights[i]) * static_cast<double>(distance);
    }
    task.inertia = inertia;
}

}  // namespace

void assign(const NeighborView& table, AssignTask& task) {
    if (table.dims == 3) return assign_dims<3>(table, task);
    if (table.dims == 4) return assign_dims<4>(table, task);
    return assign_dims<0>(table, task);
}

void assign_small(const SmallTask& task) {
    // As many registers of points as there are places for: each of them waits for its own last center.
    constexpr int kGroups = 2;
    constexpr std::size_t kAtOnce = static_cast<std::size_t>(kGroups * kWidth);
    static_assert(kSmallBlock % kAtOnce == 0);
    for (std::size_t begin = 0; begin < task.n; begin += kAtOnce) {
        const float* coordinates = task.blocks + begin / kSmallBlock * 3 * kSmallBlock + begin % kSmallBlock;
        Floats x[3][kGroups];
        Floats best[kGroups];
        Ints index[kGroups];
        for (int g = 0; g < kGroups; ++g) {
            for (int d = 0; d < 3; ++d) x[d][g] = load<Floats>(coordinates + d * kSmallBlock + g * kWidth);
            best[g] = Floats{} + kInfinity;
            index[g] = Ints{};
        }
        const float* center = task.centers;
        for (int c = 0; c < task.k; ++c, center += 3) {
            for (int g = 0; g < kGroups; ++g) {
                Floats distance = {};
                for (int d = 0; d < 3; ++d) {
                    const Floats difference = x[d][g] - center[d];
                    distance += difference * difference;
                }
                const Ints less = distance < best[g];  // the lowest index wins ties
                index[g] = select(less, Ints{} + c, index[g]);
                best[g] = select(less, distance, best[g]);
            }
        }
        for (int g = 0; g < kGroups; ++g) {
            store(task.labels + begin + g * kWidth, index[g]);
            store(task.distances + begin + g * kWidth, best[g]);
        }
    }
}

}  // namespace huepress::HUEPRESS_ISA
