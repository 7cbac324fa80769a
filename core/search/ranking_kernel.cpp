#include "search/ranking_kernel.hpp"

namespace huepress::HUEPRESS_ISA {

void rank_offset(const RankingTask& task) {
    constexpr int kLanes = 8;
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
    for (int x = end; x < end + kLanes; ++x) costs[x] = 0.0f;
    for (int x = begin; x < task.end; x += kLanes) {
        float sums[kLanes];
        int better = 0;
        for (int k = 0; k < kLanes; ++k) {
            sums[k] = costs[x + k] + costs[x + k + 1] + costs[x + k + 2] + costs[x + k + 3] + task.price;
            better |= sums[k] < task.worst[x + k];
        }
        if (!better) continue;
        for (int k = 0; k < kLanes && x + k < task.end; ++k) {
            if (!(sums[k] < task.worst[x + k])) continue;
            RankedOffset* list = task.lists + (x + k) * task.n_listed;
            int place = task.n_listed - 1;
            for (; place > 0 && list[place - 1].cost > sums[k]; --place) list[place] = list[place - 1];
            list[place] = {sums[k], task.offset};
            task.worst[x + k] = list[task.n_listed - 1].cost;
        }
    }
}

}  // namespace huepress::HUEPRESS_ISA
