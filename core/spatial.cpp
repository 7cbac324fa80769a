#include "spatial.hpp"

#include <algorithm>

#include "visibility.hpp"

namespace huepress {
namespace {

// Rows of a band: fewer would lose too many matches at the seams, more would leave threads idle.
constexpr int kBandRows = 512;
// An offset that fewer than one match in so many took is rare.
constexpr std::int64_t kRareOffset = 40;
constexpr int kWindow = 32768;  // DEFLATE's
// How far copies reach, by rows up: columns to either side.
constexpr int kColumnsAside[] = {0, 6, 4, 3, 2, 0, 0};

std::vector<Float4> as_vectors(const float* points, std::size_t n, int dims) {
    std::vector<Float4> result(n, Float4{});
    for (std::size_t i = 0; i < n; ++i) {
        for (int d = 0; d < dims; ++d) result[i][d] = points[i * static_cast<std::size_t>(dims) + static_cast<std::size_t>(d)];
    }
    return result;
}

// Where several pixels share a byte, copies of pixels are not copies of bytes: literals only.
std::vector<Offset> make_offsets(int row_bytes, int width) {
    if (row_bytes != width) return {};
    std::vector<Offset> offsets{{1, 0}, {2, 0}};
    for (int up = 1; up < static_cast<int>(std::size(kColumnsAside)); ++up) {
        for (int left = -kColumnsAside[up]; left <= kColumnsAside[up]; ++left) {
            const int distance = up * (row_bytes + 1) + left;
            if (distance > 2 && distance <= kWindow) offsets.push_back({left, up});
        }
    }
    return offsets;
}

}  // namespace

SpatialSearch::SpatialSearch(const float* color_points, std::size_t n_colors, const std::uint32_t* color_of, int width,
                             int rows, const float* palette, int k, int dims, const SpatialOptions& options)
    : color_points_(as_vectors(color_points, n_colors, dims)),
      offsets_(make_offsets(options.row_bytes, width)),
      indices_(static_cast<std::size_t>(width) * static_cast<std::size_t>(rows)) {
    std::vector<float> lightness(n_colors);
    for (std::size_t i = 0; i < n_colors; ++i) lightness[i] = color_points_[i][0];
    visibility_roots_ = visibility_roots(lightness, color_of, width, rows, options.strongest_visibility, options.texture);
    image_ = {color_points_.data(), color_of, visibility_roots_.data(), width, rows,
              as_vectors(palette, static_cast<std::size_t>(k), dims), dims, options.diffuse};
    model_ = std::make_unique<SymbolModel>(options.coder, offsets_, k, options.row_bytes, rows);
}

SpatialSearch::Sweep SpatialSearch::sweep(const TrellisSettings& settings, int n_threads, const StopRequested& stop_requested) {
    check_stop(stop_requested);
    const int n_bands = std::max(1, image_.rows / kBandRows);
    std::vector<TrellisResult> results(static_cast<std::size_t>(n_bands));
    std::atomic<bool> stopped{false};
    run_tasks(static_cast<std::size_t>(n_bands), n_threads, [&](int thread, std::size_t band) {
        // Only the calling thread can learn of Ctrl-C.
        const auto stop = [&] {
            if (thread == 0 && stop_requested && stop_requested()) stopped = true;
            return stopped.load();
        };
        const int begin = static_cast<int>(static_cast<std::int64_t>(image_.rows) * static_cast<int>(band) / n_bands);
        const int end = static_cast<int>(static_cast<std::int64_t>(image_.rows) * (static_cast<int>(band) + 1) / n_bands);
        results[band] = search_rows(image_, offsets_, model_->bits(), settings, begin, end, indices_.data(), stop);
    });
    if (stopped) throw Interrupted();
    TrellisResult total = std::move(results[0]);
    for (std::size_t band = 1; band < results.size(); ++band) {
        total.distortion += results[band].distortion;
        total.counts.add(results[band].counts);
    }
    model_->learn(total.counts);
    const SymbolBits& bits = model_->bits();
    double n_bits = 0.0;
    for (std::size_t i = 0; i < 256; ++i) n_bits += static_cast<double>(total.counts.literals[i]) * bits.literal[i];
    for (std::size_t l = 0; l < bits.length.size(); ++l) n_bits += static_cast<double>(total.counts.lengths[l]) * bits.length[l];
    for (std::size_t o = 0; o < offsets_.size(); ++o) n_bits += static_cast<double>(total.counts.offsets[o]) * bits.offset[o];
    drop_rare_offsets(total.counts.offsets);
    return {total.distortion, n_bits};
}

// Offsets that hardly any match took cost the later sweeps more time than they save bytes.
void SpatialSearch::drop_rare_offsets(const std::vector<std::int64_t>& counts) {
    std::int64_t total = 0;
    for (const std::int64_t c : counts) total += c;
    std::vector<std::size_t> kept;
    std::vector<Offset> offsets;
    for (std::size_t o = 0; o < counts.size(); ++o) {
        if (counts[o] * kRareOffset < total) continue;
        kept.push_back(o);
        offsets.push_back(offsets_[o]);
    }
    offsets_ = std::move(offsets);
    model_->keep_offsets(kept);
}

}  // namespace huepress
