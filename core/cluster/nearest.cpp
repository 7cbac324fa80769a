#include "cluster/nearest.hpp"

#include <algorithm>
#include <cmath>

#include "cluster/small_search.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"
#include "support/vectors.hpp"

namespace huepress {

namespace {

constexpr float kFar = std::numeric_limits<float>::infinity();
constexpr std::int32_t kNobody = std::numeric_limits<std::int32_t>::max();
// Squared distances of x to the kBlock centers whose coordinates stand at xs[d * kBlock].
void distances_to_block(const float* x, const float* xs, int dims, float* distance) {
    constexpr int kBlock = NeighborTable::kBlock;
    for (int j = 0; j < kBlock; ++j) distance[j] = 0.0f;
    for (int d = 0; d < dims; ++d) {
        for (int j = 0; j < kBlock; ++j) {
            const float difference = x[d] - xs[d * kBlock + j];
            distance[j] += difference * difference;
        }
    }
}

// Full sort when centers have gone this part of the distance between neighbors.
constexpr float kStale = 1.0f;

}  // namespace

NeighborTable::NeighborTable(int k, int dims)
    : k_(k),
      dims_(dims),
      blocks_((std::min(k - 1, kLongestList) + kBlock - 1) / kBlock),
      all_blocks_((k + kBlock - 1) / kBlock) {
    const auto n = static_cast<std::size_t>(k);
    const auto d = static_cast<std::size_t>(dims);
    const std::size_t slots = n * static_cast<std::size_t>(blocks_ * kBlock);
    candidates_.reserve(n);
    unlisted_.assign(n, kFar);
    first_distance_.assign(n * static_cast<std::size_t>(blocks_ + 1), kFar);
    // Padding behind the last center is never nearer than anything.
    coordinates_.assign(slots * d, kFar);
    indices_.assign(slots, kNobody);
    const auto all = static_cast<std::size_t>(all_blocks_ * kBlock);
    all_coordinates_.assign(all * d, kFar);
    all_indices_.assign(all, kNobody);
    for (std::int32_t c = 0; c < k; ++c) all_indices_[c] = c;
}

NeighborView NeighborTable::view() const {
    return {centers_.data(),
            first_distance_.data(),
            coordinates_.data(),
            indices_.data(),
            all_coordinates_.data(),
            all_indices_.data(),
            dims_,
            blocks_,
            all_blocks_};
}

void NeighborTable::update(const float* centers, float moved) {
    centers_.assign(centers, centers + k_ * dims_);
    for (int c = 0; c < k_; ++c) {
        for (int d = 0; d < dims_; ++d) {
            all_coordinates_[(c / kBlock * dims_ + d) * kBlock + c % kBlock] = centers[c * dims_ + d];
        }
    }
    moved_since_sort_ += moved;
    if (!(moved_since_sort_ < kStale * typical_distance_)) {
        moved_since_sort_ = 0.0f;
        for (std::int32_t c = 0; c < k_; ++c) unlisted_[c] = choose_members(c);
        float sum = 0.0f;
        for (std::int32_t c = 0; c < k_; ++c) {
            renew_list(c);
            sum += first_distance_[c * (blocks_ + 1)];
        }
        typical_distance_ = sum / static_cast<float>(k_);
        return;
    }
    for (std::int32_t c = 0; c < k_; ++c) renew_list(c);
}

float NeighborTable::choose_members(std::int32_t c) {
    candidates_.clear();
    for (int block = 0; block < all_blocks_; ++block) {
        const float* xs = all_coordinates_.data() + block * dims_ * kBlock;
        float distance[kBlock];
        distances_to_block(center(c), xs, dims_, distance);
        for (int j = 0; j < std::min(kBlock, k_ - block * kBlock); ++j) {
            // Distance, then index, in one integer: floats that are not negative order as their bits.
            const auto key = std::uint64_t{same_bits<std::uint32_t>(distance[j])} << 32;
            if (block * kBlock + j != c) candidates_.push_back(key | static_cast<std::uint32_t>(block * kBlock + j));
        }
    }
    const std::size_t n = std::min(candidates_.size(), static_cast<std::size_t>(kLongestList));
    const auto middle = candidates_.begin() + static_cast<std::ptrdiff_t>(n);
    float unlisted = kFar;
    if (middle != candidates_.end()) {
        std::nth_element(candidates_.begin(), middle, candidates_.end());
        unlisted = std::sqrt(same_bits<float>(static_cast<std::uint32_t>(*middle >> 32)));
    }
    std::sort(candidates_.begin(), middle);
    for (std::size_t i = 0; i < n; ++i) indices_[slot(c) + i] = static_cast<std::int32_t>(candidates_[i]);
    return unlisted;
}

void NeighborTable::renew_list(std::int32_t c) {
    float* coordinates = coordinates_.data() + slot(c) * static_cast<std::size_t>(dims_);
    const std::int32_t* indices = indices_.data() + slot(c);
    float* first_distance = first_distance_.data() + c * (blocks_ + 1);
    const float* own = center(c);
    const int listed = std::min(k_ - 1, kLongestList);
    // Both ends of a distance may have moved.
    float at_least = unlisted_[c] - 2.0f * moved_since_sort_ * kPruningMargin;
    first_distance[blocks_] = at_least;
    for (int block = blocks_ - 1; block >= 0; --block) {
        float* xs = coordinates + block * dims_ * kBlock;
        const int members = std::min(kBlock, listed - block * kBlock);
        for (int j = 0; j < members; ++j) {
            const float* other = center(indices[block * kBlock + j]);
            for (int d = 0; d < dims_; ++d) xs[d * kBlock + j] = other[d];
        }
        float distance[kBlock];
        distances_to_block(own, xs, dims_, distance);
        float nearest = distance[0];
        for (int j = 1; j < members; ++j) nearest = std::min(nearest, distance[j]);
        at_least = std::min(at_least, std::sqrt(nearest));
        first_distance[block] = at_least;
    }
}

AssignKernel assign_kernel() {
#if defined(HUEPRESS_HAVE_AVX2)
    if (simd_level() == Simd::avx2) return &avx2::assign;
#endif
    return &baseline::assign;
}

void nearest(const Points& points, const float* centers, int k, std::int32_t* labels, int n_threads) {
    if (SmallSearch::suits(points, k)) {
        SmallSearch search(points);
        search.run(centers, k);
        for (std::size_t i = 0; i < points.n; ++i) labels[i] = search.label(i);
        return;
    }
    NeighborTable table(k, points.dims);
    table.update(centers, 0.0f);
    const NeighborView view = table.view();
    const AssignKernel assign = assign_kernel();
    for_each_chunk(points.n, n_threads, [&](int, std::size_t, std::size_t begin, std::size_t end) {
        AssignTask task{points.coordinates, points.weights, labels, nullptr, 0.0, begin, end, nullptr, 0.0, 0.0, false};
        assign(view, task);
    });
}

}  // namespace huepress
