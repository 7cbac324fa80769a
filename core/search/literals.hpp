// The entry that says a pixel best by itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "search/candidates.hpp"
#include "support/float4.hpp"

namespace huepress {

struct Literal {
    float cost;
    int entry;
};

// What was asked last is often asked again, where the picture is flat: one answer is kept for each way to say the row.
class Literals {
public:
    // costs: of each entry's symbol; own: the weight of a pixel's own error.
    Literals(const std::vector<Float4>& palette, std::vector<float> costs, float own, CandidateTrees& trees, int ways)
        : palette_(palette),
          costs_(std::move(costs)),
          least_cost_(*std::min_element(costs_.begin(), costs_.end())),
          own_(own),
          trees_(trees),
          last_(static_cast<std::size_t>(ways)) {}

    // No literal costs less.
    float least_cost() const { return least_cost_; }

    // The cheapest entry of the allowed classes: |own * root * (point - entry) + sum|^2 and its symbol.
    Literal best(int way, std::uint32_t color, Float4 point, float root, Float4 sum, int allowed) {
        Asked& last = last_[static_cast<std::size_t>(way)];
        if (last.color == color && last.root == root && is_same(last.sum, sum)) return last.found;
        const float scale = own_ * root;
        const Float4 target = point + sum / scale;
        CandidateTree& tree = trees_.of(allowed);
        const std::uint8_t* candidates = tree.candidates(target);
        Literal best{std::numeric_limits<float>::infinity(), 0};
        for (int j = 0; j < tree.count(); ++j) {
            const int entry = candidates[j];
            const float cost = scale * scale * squared_norm(target - palette_[entry]) + costs_[entry];
            if (cost < best.cost) best = {cost, entry};
        }
        last = {color, root, sum, best};
        return best;
    }

private:
    struct Asked {
        std::uint32_t color = std::numeric_limits<std::uint32_t>::max();
        float root = 0.0f;
        Float4 sum{};
        Literal found{};
    };
    static bool is_same(Float4 a, Float4 b) { return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]; }

    const std::vector<Float4>& palette_;
    const std::vector<float> costs_;
    const float least_cost_, own_;
    CandidateTrees& trees_;
    std::vector<Asked> last_;
};

}  // namespace huepress
