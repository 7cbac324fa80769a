// The palette entries near a point, from a tree of cells that is as fine as the palette is there.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "support/float4.hpp"

namespace huepress {

// A cell lists the entries nearest to its center. Where they lie so close together that the nearest to some
// point of the cell could be missing, the cell is halved along each axis instead. Cells are made when first asked for.
class CandidateTree {
public:
    static constexpr int kCandidates = 16;

    // entries: those of the palette that may be listed.
    CandidateTree(const std::vector<Float4>& palette, const std::vector<std::uint8_t>& entries, int dims);

    // `count()` entries; valid until the next call.
    const std::uint8_t* candidates(Float4 point) {
        Float4 center;
        std::int32_t cell = top_cell(point, center);
        Float4 quarter = quarter_;
        while (true) {
            if (cells_[cell] == kNew) make(cell, center, quarter);
            const std::int32_t content = cells_[cell];
            if (content >= 0) return lists_.data() + static_cast<std::size_t>(content);
            cell = kFirstChild - content;
            for (int d = 0; d < dims_; ++d) {
                const bool beyond = point[d] > center[d];
                cell += static_cast<std::int32_t>(beyond) << d;
                center[d] += beyond ? quarter[d] : -quarter[d];
            }
            quarter *= 0.5f;
        }
    }
    int count() const { return count_; }

private:
    static constexpr std::int32_t kNew = -1;         // content of a cell that nobody has asked for
    static constexpr std::int32_t kFirstChild = -2;  // minus the content of a halved cell: its first child

    std::int32_t top_cell(Float4 point, Float4& center) const {
        std::int32_t cell = 0;
        const Float4 at = (point - low_) * factor_;
        center = low_;
        for (int d = 0; d < dims_; ++d) {
            const float last = static_cast<float>(per_axis_ - 1);
            const float clamped = at[d] > 0.0f ? (at[d] < last ? at[d] : last) : 0.0f;
            const auto i = static_cast<std::int32_t>(clamped);
            cell = cell * per_axis_ + i;
            center[d] += quarter_[d] * static_cast<float>(4 * i + 2);
        }
        return cell;
    }
    void make(std::int32_t cell, Float4 center, Float4 quarter);

    std::vector<std::uint8_t> entries_;
    int dims_, per_axis_, count_;
    Float4 low_{}, factor_{}, quarter_{};  // a quarter of a top cell's side
    std::vector<std::int32_t> cells_;
    std::vector<std::uint8_t> lists_;
    std::vector<float> points_[4], distances_;  // of the entries, a plane a coordinate; of them all to a center
};

// The trees of a palette whose entries have classes: one for each set of classes that a pixel may take, made when it is
// first asked for. What they hold hangs on the palette alone, so that each thread may keep its own.
class CandidateTrees {
public:
    static constexpr int kClasses = 3;

    // entry_class: of each entry; none: all are of class 0.
    CandidateTrees(std::vector<Float4> palette, std::vector<std::uint8_t> entry_class, int dims)
        : palette_(std::move(palette)), entry_class_(std::move(entry_class)), dims_(dims) {}

    // allowed: classes as bits; the palette has entries of some of them.
    CandidateTree& of(int allowed) {
        std::optional<CandidateTree>& tree = trees_[allowed];
        if (!tree) tree.emplace(palette_, entries_of(allowed), dims_);
        return *tree;
    }

private:
    std::vector<std::uint8_t> entries_of(int allowed) const;

    std::vector<Float4> palette_;
    std::vector<std::uint8_t> entry_class_;
    int dims_;
    std::optional<CandidateTree> trees_[1 << kClasses];
};

}  // namespace huepress
