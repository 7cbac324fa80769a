#include "cluster/small_search.hpp"

#include "cluster/nearest_kernel.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace huepress {
namespace {

constexpr std::size_t kMostPoints = kChunkSize;           // what one thread takes anyway
constexpr std::size_t kMostPairs = std::size_t{1} << 21;  // from where on bounds spare more than they cost

}  // namespace

bool SmallSearch::suits(const Points& points, int k) {
    return points.dims == 3 && points.n <= kMostPoints && points.n * static_cast<std::size_t>(k) <= kMostPairs;
}

SmallSearch::SmallSearch(const Points& points) {
    const std::size_t padded = (points.n + kSmallBlock - 1) / kSmallBlock * kSmallBlock;
    blocks_.assign(3 * padded, 0.0f);
    labels_.resize(padded);
    distances_.resize(padded);
    for (std::size_t i = 0; i < points.n; ++i) {
        float* block = &blocks_[3 * (i - i % kSmallBlock) + i % kSmallBlock];
        for (std::size_t d = 0; d < 3; ++d) block[d * kSmallBlock] = points[i][d];
    }
}

void SmallSearch::run(const float* centers, int k) {
    SmallTask task{blocks_.data(), labels_.size(), centers, k, labels_.data(), distances_.data()};
#if defined(HUEPRESS_HAVE_AVX2)
    if (simd_level() == Simd::avx2) return avx2::assign_small(task);
#endif
    baseline::assign_small(task);
}

}  // namespace huepress
