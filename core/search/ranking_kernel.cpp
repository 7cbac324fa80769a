#include "search/ranking_kernel.hpp"

#include <cstddef>

#include "support/vectors.hpp"

namespace huepress::HUEPRESS_ISA {
namespace {

constexpr int kLanes = 8;
using Floats = Vector<float, kLanes>;
using Ints = Vector<std::int32_t, kLanes>;
using Halves = Vector<std::int64_t, kLanes / 2>;

bool any(Ints mask) {
    const auto halves = same_bits<Halves>(mask);
    return ((halves[0] | halves[1]) | (halves[2] | halves[3])) != 0;
}

}  // namespace

void rank_offset(const RankingTask& task) {
    const int begin = task.begin, end = task.end + kRankedPixels - 1;
    float* __restrict costs = task.costs;
    const float* roots = task.roots;
    const float* const* target = task.target;
    const float* const* source = task.source;
    for (int x = begin; x < end; ++x) {
        const float v0 = target[0][x] - roots[x] * source[0][x];
        const float v1 = target[1][x] - roots[x] * source[1][x];
        const float v2 = target[2][x] - roots[x] * source[2][x];
        costs[x] = v0 * v0 + v1 * v1 + v2 * v2;
    }
    if (task.dims == 4) {
        for (int x = begin; x < end; ++x) {
            const float v3 = target[3][x] - roots[x] * source[3][x];
            costs[x] += v3 * v3;
        }
    }
    // Copies that would begin in the last lanes, beyond the end, cost too much for any list.
    for (int x = end; x < end + kLanes; ++x) costs[x] = kInfinity;
    const int n_listed = task.n_listed;
    const std::ptrdiff_t stride = task.plane_stride;
    const std::int32_t number = task.number, cost_mask = ~task.number_mask;
    const float price = task.price;
    const std::int32_t* worst = task.lists + (n_listed - 1) * stride;
    for (int x = begin; x < task.end; x += kLanes) {
        const Floats sum = load<Floats>(costs + x) + load<Floats>(costs + x + 1) + load<Floats>(costs + x + 2) +
                           load<Floats>(costs + x + 3) + price;
        Ints key = (same_bits<Ints>(sum) & cost_mask) | number;
        if (!any(key < load<Ints>(worst + x))) continue;
        std::int32_t* list = task.lists + x;
        for (int place = 0; place < n_listed; ++place, list += stride) {
            const Ints listed = load<Ints>(list);
            const Ints before = key < listed;
            store(list, select(before, key, listed));
            key = select(before, listed, key);
        }
    }
}

}  // namespace huepress::HUEPRESS_ISA
