// Which of many far offsets are worth trying at each pixel of a row: those from which four pixels copy most cheaply.
//
// At width 768 every offset from 513 to 1024 costs the same bits: hundreds of copies are as cheap as the one straight
// above. To try them all would take forever; this looks at each for a moment, all pixels of a row at once. Errors that
// the path to a pixel brings along are not known yet and left out, and the visibility is taken to be the same over the
// filter's reach: what the eye sees of a row that may be copied is then made once, for all offsets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/diffusion.hpp"
#include "search/ranking_kernel.hpp"
#include "search/symbol_model.hpp"
#include "support/float4.hpp"
#include "support/vectors.hpp"

namespace huepress {

// A rectangle of offsets above, and how many of them each pixel tries.
struct RankingReach {
    int rows = 0, aside = 0;  // units to either side
    int n_listed = 0;         // 0: nothing is ranked
};

class Ranking {
public:
    // offsets: all of them; the ranked ones are those from `first` on. Copies that cost `limit` or more are not listed.
    Ranking(const Diffusion& diffusion, std::span<const Offset> offsets, std::size_t first,
            std::span<const float> offset_costs, int n_listed, float limit, int width, int dims);

    // Takes a row that was decided as what later rows may copy.
    void add_row(int y, std::span<const Float4> decided);
    // Ranks the offsets for row y; no copy reaches above row `begin`. Pixels whose `is_flat` is set are passed over.
    void rank(int y, int begin, std::span<const Float4> points, std::span<const Float4> from_above, const float* roots,
              std::span<const char> is_flat);
    int n_listed() const { return n_listed_; }
    // An offset that is worth trying at a pixel, the best at place 0; -1 where there are no more.
    int offset_at(int x, int place) const {
        const std::int32_t key = key_at(x, place);
        return key >= nothing_ ? -1 : static_cast<int>(first_) + (key & number_mask_);
    }
    // About what it costs; the limit where there is none.
    float cost_at(int x, int place) const { return same_bits<float>(key_at(x, place) & ~number_mask_); }

private:
    using Plane = std::vector<float>;
    Float4 from_left(std::span<const Float4> points, int x) const;
    std::int32_t key_at(int x, int place) const {
        return lists_[static_cast<std::size_t>(place) * stride_ + kRankingPad + x];
    }
    float* plane(std::vector<Plane>& planes, int d) { return planes[d].data() + kRankingPad; }

    const Diffusion& diffusion_;
    std::span<const Offset> offsets_;
    std::size_t first_;
    std::span<const float> offset_costs_;
    int n_listed_, width_, dims_, rows_kept_;
    std::vector<std::vector<Plane>> rows_;  // a ring of decided rows
    std::vector<Plane> targets_;
    Plane roots_, costs_;
    int stride_;                // of planes
    std::int32_t number_mask_;  // the bits of a key that number an offset
    std::int32_t nothing_;      // the key of no offset
    std::vector<std::int32_t> lists_;
};

}  // namespace huepress
