#include "search/candidates.hpp"

#include <algorithm>
#include <bit>
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
constexpr float kRemote = 2.0f;

}  // namespace

CandidateTree::CandidateTree(const std::vector<Float4>& palette, const std::vector<std::uint8_t>& entries, int dims)
    : entries_(entries),
      dims_(dims),
      per_axis_(dims == 4 ? kCells4 : kCells3),
      count_(std::min(kCandidates, static_cast<int>(entries.size()))),
      keys_(entries.size()) {
    for (const std::uint8_t entry : entries) points_.push_back(palette[entry]);
    std::size_t n_cells = 1;
    for (int d = 0; d < dims; ++d) {
        float low = std::numeric_limits<float>::infinity();
        float high = -low;
        for (const Float4& p : points_) {
            low = std::min(low, p[d]);
            high = std::max(high, p[d]);
        }
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
    for (std::size_t k = 0; k < points_.size(); ++k) {  // distance, then index, in one integer
        keys_[k] = std::uint64_t{std::bit_cast<std::uint32_t>(squared_norm(center - points_[k]))} << 32 | k;
    }
    const auto end = keys_.begin() + count_;
    if (end != keys_.end()) std::nth_element(keys_.begin(), end - 1, keys_.end());
    std::sort(keys_.begin(), end);
    const auto distance = [](std::uint64_t key) {
        return std::sqrt(std::bit_cast<float>(static_cast<std::uint32_t>(key >> 32)));
    };
    const float nearest = distance(keys_.front());
    const float farthest = distance(*(end - 1));
    const float diagonal = 4.0f * std::sqrt(squared_norm(quarter));
    // By the triangle inequality no point of the cell has a nearer entry than the listed ones if the
    // diagonal is no longer than the gap between the first and the last of them.
    const bool fine = static_cast<std::size_t>(count_) == points_.size() || diagonal <= farthest - nearest ||
                      diagonal < kFinest || nearest > kRemote * diagonal;
    if (fine) {
        cells_[cell] = static_cast<std::int32_t>(lists_.size());
        for (auto key = keys_.begin(); key != end; ++key) lists_.push_back(entries_[static_cast<std::uint8_t>(*key)]);
    } else {
        cells_[cell] = kFirstChild - static_cast<std::int32_t>(cells_.size());
        cells_.resize(cells_.size() + (std::size_t{1} << dims_), kNew);
    }
}

}  // namespace huepress
