#include "segment/watershed.hpp"

#include <algorithm>
#include <array>

namespace huepress {
namespace {

constexpr std::size_t kHeights = 65536;

// Calls visit(neighbor) for the pixels beside, above and below.
template <class Visit>
void for_neighbors(std::size_t i, std::size_t x, std::size_t width, std::size_t n, Visit&& visit) {
    if (i >= width) visit(i - width);
    if (x > 0) visit(i - 1);
    if (x + 1 < width) visit(i + 1);
    if (i + width < n) visit(i + width);
}

}  // namespace

void flood(const std::uint16_t* heights, int width, int height, std::int32_t* labels) {
    const auto w = static_cast<std::size_t>(width);
    const std::size_t n = w * static_cast<std::size_t>(height);
    constexpr std::uint32_t kNone = 0xFFFFFFFFu;
    // One queue a height, as lists through the pixels: each pixel waits at most once.
    std::vector<std::uint32_t> next(n, kNone), first(kHeights, kNone), last(kHeights, kNone);
    std::vector<std::uint8_t> waits(n, 0);
    std::size_t level = kHeights;
    const auto push = [&](std::size_t i, std::size_t at) {
        waits[i] = 1;
        const auto pixel = static_cast<std::uint32_t>(i);
        if (first[at] == kNone)
            first[at] = pixel;
        else
            next[last[at]] = pixel;
        last[at] = pixel;
        level = std::min(level, at);
    };
    const auto spread = [&](std::size_t i, std::size_t from) {
        for_neighbors(i, i % w, w, n, [&](std::size_t j) {
            if (labels[j] != -1 || waits[j]) return;
            labels[j] = labels[i];
            push(j, std::max<std::size_t>(from, heights[j]));
        });
    };
    for (std::size_t i = 0; i < n; ++i) {
        if (labels[i] >= 0 && !waits[i]) spread(i, 0);
    }
    for (; level < kHeights; ++level) {
        while (first[level] != kNone) {
            const std::uint32_t i = first[level];
            first[level] = next[i];
            spread(i, level);
        }
    }
}

std::int32_t mark_minima(const std::uint16_t* heights, int width, int height, std::int32_t* labels) {
    const auto w = static_cast<std::size_t>(width);
    const std::size_t n = w * static_cast<std::size_t>(height);
    constexpr std::int32_t kUnseen = -3;
    for (std::size_t i = 0; i < n; ++i) {
        if (labels[i] != -2) labels[i] = kUnseen;
    }
    std::vector<std::uint32_t> plateau;
    std::int32_t n_minima = 0;
    for (std::size_t start = 0; start < n; ++start) {
        if (labels[start] != kUnseen) continue;
        plateau.assign(1, static_cast<std::uint32_t>(start));
        labels[start] = -1;
        bool lowest = true;
        for (std::size_t k = 0; k < plateau.size(); ++k) {
            const std::size_t i = plateau[k];
            for_neighbors(i, i % w, w, n, [&](std::size_t j) {
                if (labels[j] == -2) return;
                if (heights[j] < heights[i]) lowest = false;
                if (heights[j] == heights[i] && labels[j] == kUnseen) {
                    labels[j] = -1;
                    plateau.push_back(static_cast<std::uint32_t>(j));
                }
            });
        }
        if (!lowest) continue;
        for (const std::uint32_t i : plateau) labels[i] = n_minima;
        ++n_minima;
    }
    return n_minima;
}

}  // namespace huepress
