#include "search/ranking.hpp"

#include <algorithm>
#include <bit>

#include "support/simd.hpp"

namespace huepress {
namespace {

auto rank_kernel() {
#if defined(HUEPRESS_HAVE_AVX2)
    if (simd_level() == Simd::avx2) return &avx2::rank_offset;
#endif
    return &baseline::rank_offset;
}

}  // namespace

Ranking::Ranking(const Diffusion& diffusion, std::span<const Offset> offsets, std::size_t first,
                 std::span<const float> offset_costs, int n_listed, float limit, int width, int dims)
    : diffusion_(diffusion),
      offsets_(offsets),
      first_(first),
      offset_costs_(offset_costs),
      n_listed_(n_listed),
      width_(width),
      dims_(dims),
      rows_kept_(1),
      stride_(width + 2 * kRankingPad),
      number_mask_(static_cast<std::int32_t>(std::bit_ceil(offsets.size() - first)) - 1),
      nothing_(same_bits<std::int32_t>(limit) & ~number_mask_) {
    for (const Offset& offset : offsets.subspan(first)) rows_kept_ = std::max(rows_kept_, offset.up + 1);
    const Plane empty(stride_, 0.0f);
    rows_.assign(rows_kept_, std::vector<Plane>(dims, empty));
    targets_.assign(dims, empty);
    roots_ = costs_ = empty;
    lists_.resize(static_cast<std::size_t>(stride_) * n_listed);
}

void Ranking::add_row(int y, std::span<const Float4> decided) {
    std::vector<Plane>& planes = rows_[y % rows_kept_];
    for (int x = 0; x < width_; ++x) {
        const Float4 seen = diffusion_.own * decided[x] + from_left(decided, x);
        for (int d = 0; d < dims_; ++d) plane(planes, d)[x] = seen[d];
    }
}

// What the pixels to the left of x add to what is seen there.
Float4 Ranking::from_left(std::span<const Float4> points, int x) const {
    Float4 sum{};
    for (int k = 0; k < std::min(x, Diffusion::kReach); ++k) sum += diffusion_.row[k] * points[x - 1 - k];
    return sum;
}

void Ranking::rank(int y, int begin, std::span<const Float4> points, std::span<const Float4> from_above,
                   const float* roots, std::span<const char> is_flat) {
    std::fill(lists_.begin(), lists_.end(), nothing_);
    float* root = roots_.data() + kRankingPad;
    std::copy(roots, roots + width_, root);
    RankingTask task{};
    task.dims = dims_;
    task.n_listed = n_listed_;
    task.roots = root;
    task.costs = costs_.data() + kRankingPad;
    task.lists = lists_.data() + kRankingPad;
    task.plane_stride = stride_;
    task.number_mask = number_mask_;
    for (int x = 0; x < width_; ++x) {
        const Float4 seen = root[x] * (diffusion_.own * points[x] + from_left(points, x)) + from_above[x];
        for (int d = 0; d < dims_; ++d) plane(targets_, d)[x] = seen[d];
    }
    for (int d = 0; d < dims_; ++d) task.target[d] = plane(targets_, d);
    const auto kernel = rank_kernel();
    for (int left = 0; left < width_;) {  // from one flat stretch to the next
        while (left < width_ && is_flat[left]) ++left;
        int right = left;
        while (right < width_ && !is_flat[right]) ++right;
        for (std::size_t o = first_; o < offsets_.size() && left < right; ++o) {
            const Offset offset = offsets_[o];
            if (y - offset.up < begin) continue;
            // Four pixels have to fit into both rows.
            task.begin = std::max(left, offset.left);
            task.end = std::min(right, width_ + std::min(offset.left, 0) - (kRankedPixels - 1));
            if (task.begin >= task.end) continue;
            std::vector<Plane>& source = rows_[(y - offset.up) % rows_kept_];
            for (int d = 0; d < dims_; ++d) task.source[d] = plane(source, d) - offset.left;
            task.price = offset_costs_[o];
            task.number = static_cast<std::int32_t>(o - first_);
            kernel(task);
        }
        left = right;
    }
}

}  // namespace huepress
