#include "search/candidates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace huepress {
namespace {

// Top cells an axis, by the number of dimensions, and how far they reach beyond the palette.
constexpr int kCells3 = 16, kCells4 = 7;
constexpr float kBeyond = 0.15f, kLeastBeyond = 0.04f;
// Cells with a shorter diagonal are fine enough: entries of 8 bits lie no closer.
constexpr float kFinest = 0.002f;
// So many diagonals from the nearest entry, which one is the nearest hardly matters.
constexpr float kRemote = 0.5f;

}  // namespace

CandidateTree::CandidateTree(const std::vector<Float4>& palette, const std::vector<std::uint8_t>& entries, int dims)
    : entries_(entries),
      dims_(dims),
      per_axis_(dims == 4 ? kCells4 : kCells3),
      count_(std::min(kCandidates, static_cast<int>(entries.size()))),
      distances_(entries.size()) {
    for (int d = 0; d < 4; ++d) {
        for (const std::uint8_t entry : entries) points_[d].push_back(palette[entry][d]);
    }
    std::size_t n_cells = 1;
    for (int d = 0; d < dims; ++d) {
        const auto [lowest, highest] = std::minmax_element(points_[d].begin(), points_[d].end());
        const float low = *lowest, high = *highest;
        const float beyond = std::max(kLeastBeyond, kBeyond * (high - low));
        const float side = (high - low + 2.0f * beyond) / static_cast<float>(per_axis_);
        low_[d] = low - beyond;
        factor_[d] = 1.0f / side;
        quarter_[d] = side / 4.0f;
        n_cells *= static_cast<std::size_t>(per_axis_);
    }
    cells_.assign(n_cells, kNew);
}

void CandidateTree::make(std::int32_t cell, Float4 center, Float4 quarter) {
    const std::size_t n = distances_.size();
    const float* const planes[] = {points_[0].data(), points_[1].data(), points_[2].data(), points_[3].data()};
    float* __restrict distances = distances_.data();
    for (std::size_t k = 0; k < n; ++k) {
        const float d0 = center[0] - planes[0][k], d1 = center[1] - planes[1][k];
        const float d2 = center[2] - planes[2][k], d3 = center[3] - planes[3][k];
        distances[k] = (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3);
    }
    std::array<std::uint8_t, kCandidates> order;  // the nearest so far
    std::array<float, kCandidates> squares;
    squares.fill(std::numeric_limits<float>::infinity());
    const int last = count_ - 1;
    for (std::size_t k = 0; k < n; ++k) {
        const float square = distances[k];
        if (!(square < squares[last])) continue;
        int place = last;
        for (; place > 0 && squares[place - 1] > square; --place) {
            squares[place] = squares[place - 1];
            order[place] = order[place - 1];
        }
        squares[place] = square;
        order[place] = static_cast<std::uint8_t>(k);
    }
    const float nearest = std::sqrt(squares[0]);
    const float farthest = std::sqrt(squares[last]);
    const float diagonal = 4.0f * std::sqrt(squared_norm(quarter));
    // By the triangle inequality no point of the cell has a nearer entry than the listed ones if the
    // diagonal is no longer than the gap between the first and the last of them.
    const bool fine = static_cast<std::size_t>(count_) == n || diagonal <= farthest - nearest || diagonal < kFinest ||
                      nearest > kRemote * diagonal;
    if (fine) {
        cells_[cell] = static_cast<std::int32_t>(lists_.size());
        for (int place = 0; place <= last; ++place) lists_.push_back(entries_[order[place]]);
    } else {
        cells_[cell] = kFirstChild - static_cast<std::int32_t>(cells_.size());
        cells_.resize(cells_.size() + (std::size_t{1} << dims_), kNew);
    }
}

std::vector<std::uint8_t> CandidateTrees::entries_of(int allowed) const {
    std::vector<std::uint8_t> entries;
    for (std::size_t k = 0; k < palette_.size(); ++k) {
        const int entry_class = entry_class_.empty() ? 0 : entry_class_[k];
        if (allowed >> entry_class & 1) entries.push_back(static_cast<std::uint8_t>(k));
    }
    return entries;
}

}  // namespace huepress
