// The loop of ranking.hpp, compiled once per instruction set. As with nearest_kernel.hpp, only plain data crosses
// this border.
#pragma once

#include <cstdint>

namespace huepress {

// Pixels beyond either end of a plane that may be read and written.
inline constexpr int kRankingPad = 16;
// Pixels that are copied to see whether an offset serves.
inline constexpr int kRankedPixels = 4;

// Offsets are listed as integers that sort by cost: the bits of a positive float, the lowest of which give way to the
// number of the offset. Lists are planes, one a place in the list, so that eight pixels insert at once.
struct RankingTask {
    // Planes of one row, one a coordinate: what the eye sees of it where nothing is copied, and of the row to copy
    // from, shifted so that source[d][x] is what pixel x would copy.
    const float* target[4];
    const float* source[4];
    const float* roots;  // of the visibility
    float* costs;        // scratch
    std::int32_t* lists;
    int plane_stride;  // of the lists
    int dims, n_listed;
    int begin, end;  // the pixels that may begin a copy
    float price;     // of the offset's bits
    std::int32_t number, number_mask;
};

namespace baseline {
void rank_offset(const RankingTask& task);
}
#if defined(HUEPRESS_HAVE_AVX2)
namespace avx2 {
void rank_offset(const RankingTask& task);
}
#endif

}  // namespace huepress
