// One picture from pixels to palette and indices in one call, for programs without Python: what `huepress compress -k`
// does with the options below and all others at their defaults. The stages themselves stand in the other folders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "support/parallel.hpp"

namespace huepress {

enum class Dither { automatic, none, full };
enum class Alpha { exact, free };

inline constexpr int kMostEffort = 9;

struct StillOptions {
    int n_colors = 256;  // at most, 2 to 256
    int effort = 5;      // 0: plain k-means; 1 to 9: the search
    double rate = 1.0;
    Dither dither = Dither::automatic;
    Alpha alpha = Alpha::exact;
    int n_threads = 1;
};

struct IndexedPicture {
    int width, height;
    std::vector<std::uint8_t> palette;  // k x 4, straight alpha
    std::vector<std::uint8_t> indices;  // height x width
    bool searched = false;              // indices were chosen for rows without filters
};

using OnProgress = std::function<void(double)>;

// rgba: height x width x 4, straight alpha; width and height at least 1, fewer than 2**32 - 1 pixels.
IndexedPicture quantize_still(const std::uint8_t* rgba, int width, int height, const StillOptions& options,
                              const StopRequested& stop_requested, const OnProgress& on_progress);

}  // namespace huepress
