// The engine: sweeps of the trellis search over an image, each with the prices that the last
// one's symbols earned.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "search/ranking.hpp"
#include "search/symbol_model.hpp"
#include "search/trellis.hpp"
#include "support/parallel.hpp"
#include "support/points.hpp"

namespace huepress {

struct SpatialOptions {
    bool diffuse = true;
    Coder coder = Coder::deflate;
    int unit = 1;                                        // pixels that share a byte or a coded pixel
    RankingReach reach = {};                             // of the copies that are ranked
    float strongest_visibility = 8.0f, texture = 0.11f;  // see visibility.hpp
};

class SpatialSearch {
public:
    // color_points, palette: n x dims and k x dims, dims 3 or 4, the first coordinate a lightness.
    SpatialSearch(const float* color_points, std::size_t n_colors, const std::uint32_t* color_of, int width, int rows,
                  const float* palette, int k, int dims, const SpatialOptions& options);

    struct Sweep {
        double distortion, bits;
    };

    // A rule that every sweep keeps from now on: see TrellisImage. allowed: of each color; entry_class: of each entry.
    void set_classes(std::vector<std::uint8_t> allowed, std::vector<std::uint8_t> entry_class);

    // Errors weigh `weight` times more from now on where `smooth` (rows x width) is set, so that no bands are seen
    // there; `spread`: they are also diffused over more pixels, everywhere.
    void set_smooth(const std::uint8_t* smooth, float weight, bool spread);

    // Chooses all indices anew. Bands of rows of fixed size are searched by themselves, on up to
    // n_threads threads: the result is the same for any number of them.
    Sweep sweep(const TrellisSettings& settings, int n_threads, const StopRequested& stop_requested);
    // About the distortion of a pixel where all are literals and bits are worth nothing, by a sample of the rows;
    // some indices are chosen anew.
    double sampled_distortion(int n_threads, const StopRequested& stop_requested);

    // The palette that suits the indices of the last sweep best, see refit.hpp: k x 4.
    std::vector<Float4> refit(const std::uint8_t* fixed, int n_threads, const StopRequested& stop_requested) const;
    // Replaces the palette by as many other colors: k x dims.
    void set_palette(const float* palette);

    int n_palette() const { return static_cast<int>(image_.palette.size()); }
    std::size_t n_colors() const { return color_points_.size(); }
    int dims() const { return image_.dims; }
    // The part of the running sweep that is done, 0 to 1.
    double progress() const { return static_cast<double>(rows_done_) / image_.rows; }
    const std::vector<std::uint8_t>& indices() const { return indices_; }

private:
    struct Rows {
        int begin, end;
    };
    void find_all_repeats();
    Sweep sweep(const std::vector<Rows>& bands, const TrellisSettings& settings, int n_threads,
                const StopRequested& stop_requested);

    std::vector<Float4> color_points_;
    std::vector<float> visibility_roots_;
    std::vector<std::int32_t> repeats_;
    TrellisImage image_;
    SymbolModel model_;
    OffsetList offsets_;
    std::vector<CandidateTrees> trees_;  // of the palette, a set of them for each thread that worked so far
    std::vector<std::uint8_t> allowed_;
    std::vector<std::uint8_t> indices_;
    std::atomic<int> rows_done_{0};
};

}  // namespace huepress
