#include "search/spatial.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "search/refit.hpp"
#include "search/repeats.hpp"
#include "search/visibility.hpp"

namespace huepress {
namespace {

// Rows of a band: fewer would lose too many matches at the seams, more would leave threads idle.
constexpr int kBandRows = 128;
// A sample measures so many rows of every kSampledFrom, after kWarmRows that bring errors from above; a picture with
// fewer than kLeastSampled is measured whole.
constexpr int kSampledRows = 3, kSampledFrom = 24, kWarmRows = 3, kLeastSampled = 256;
// How far copies reach everywhere, by rows up: units to either side.
constexpr int kColumnsAside[] = {0, 6, 4, 3, 2, 0, 0};
constexpr int kNearInRow = 2;

std::vector<Float4> as_vectors(const float* points, std::size_t n, int dims) {
    std::vector<Float4> result(n, Float4{});
    for (std::size_t i = 0; i < n; ++i) {
        for (int d = 0; d < dims; ++d)
            result[i][d] = points[i * static_cast<std::size_t>(dims) + static_cast<std::size_t>(d)];
    }
    return result;
}

bool is_near(Offset offset, int unit) {
    const int left = std::abs(offset.left / unit);
    return offset.up == 0 ? left <= kNearInRow
                          : offset.up < static_cast<int>(std::size(kColumnsAside)) && left <= kColumnsAside[offset.up];
}

OffsetList offset_list(const SymbolModel& model, const RankingReach& reach) {
    OffsetList offsets;
    const int unit = model.unit();
    const auto add = [&](Offset offset) {
        if (model.reaches(offset)) offsets.all.push_back(offset);
    };
    for (int left = 1; left <= kNearInRow; ++left) offsets.all.push_back({left * unit, 0});
    if (reach.rows > 0) offsets.n_near = offsets.all.size();  // all that is above is ranked
    for (int up = 1; up < static_cast<int>(std::size(kColumnsAside)); ++up) {
        for (int left = -kColumnsAside[up]; left <= kColumnsAside[up]; ++left) add({left * unit, up});
    }
    if (reach.rows == 0) offsets.n_near = offsets.all.size();
    for (int up = 1; up <= reach.rows; ++up) {
        for (int left = -reach.aside; left <= reach.aside; ++left) {
            if (!is_near({left * unit, up}, unit)) add({left * unit, up});
        }
    }
    return offsets;
}

}  // namespace

SpatialSearch::SpatialSearch(const float* color_points, std::size_t n_colors, const std::uint32_t* color_of, int width,
                             int rows, const float* palette, int k, int dims, const SpatialOptions& options)
    : color_points_(as_vectors(color_points, n_colors, dims)),
      model_(options.coder, options.unit, (width + options.unit - 1) / options.unit),
      offsets_(offset_list(model_, options.reach)),
      indices_(static_cast<std::size_t>(width) * static_cast<std::size_t>(rows)) {
    std::vector<float> lightness(n_colors);
    for (std::size_t i = 0; i < n_colors; ++i) lightness[i] = color_points_[i][0];
    visibility_roots_ =
        visibility_roots(lightness, color_of, width, rows, options.strongest_visibility, options.texture);
    image_ = {color_points_.data(),
              color_of,
              visibility_roots_.data(),
              width,
              rows,
              as_vectors(palette, static_cast<std::size_t>(k), dims),
              dims,
              nullptr,
              options.diffuse};
}

// Only where matches are searched for: some searches are made for what their literals cost.
void SpatialSearch::find_all_repeats() {
    const auto worth_it = [&](int up, int left) {
        return !is_near({left, up}, model_.unit()) && model_.reaches({left, up});
    };
    repeats_ = find_repeats(image_.color_of, image_.width, image_.rows, model_.unit(), worth_it);
    image_.repeats = repeats_.data();
}

SpatialSearch::Sweep SpatialSearch::sweep(const TrellisSettings& settings, int n_threads,
                                          const StopRequested& stop_requested) {
    const auto n_bands = static_cast<std::size_t>(std::max(1, image_.rows / kBandRows));
    std::vector<Rows> bands(n_bands);
    for (std::size_t band = 0; band < n_bands; ++band) {
        const auto row = [&](std::size_t part) {
            return static_cast<int>(static_cast<std::size_t>(image_.rows) * part / n_bands);
        };
        bands[band] = {row(band), row(band + 1)};
    }
    return sweep(bands, settings, n_threads, stop_requested);
}

double SpatialSearch::sampled_distortion(int n_threads, const StopRequested& stop_requested) {
    TrellisSettings settings{0.0f, 0.0f, false};
    std::vector<Rows> bands;
    int n_measured = image_.rows;
    if (image_.rows < kLeastSampled) {
        bands.push_back({0, image_.rows});
    } else {
        settings.warm_rows = kWarmRows;
        for (int end = kWarmRows + kSampledRows; end <= image_.rows; end += kSampledFrom)
            bands.push_back({end - kWarmRows - kSampledRows, end});
        n_measured = static_cast<int>(bands.size()) * kSampledRows;
    }
    const Sweep found = sweep(bands, settings, n_threads, stop_requested);
    return found.distortion / (static_cast<double>(n_measured) * image_.width);
}

SpatialSearch::Sweep SpatialSearch::sweep(const std::vector<Rows>& bands, const TrellisSettings& settings,
                                          int n_threads, const StopRequested& stop_requested) {
    rows_done_ = 0;
    check_stop(stop_requested);
    if (settings.matches && !image_.repeats) find_all_repeats();
    std::vector<TrellisResult> results(bands.size());
    const int most_threads = std::clamp(n_threads, 1, static_cast<int>(bands.size()));
    for (int thread = static_cast<int>(trees_.size()); thread < most_threads; ++thread)
        trees_.emplace_back(image_.palette, image_.entry_class, image_.dims);
    std::atomic<bool> stopped{false};
    run_tasks(bands.size(), n_threads, [&](int thread, std::size_t band) {
        // Only the calling thread can learn of Ctrl-C.
        const auto stop = [&] {
            ++rows_done_;
            if (thread == 0 && stop_requested && stop_requested()) stopped = true;
            return stopped.load();
        };
        results[band] = search_rows(image_, offsets_, model_, settings, trees_[thread], bands[band].begin,
                                    bands[band].end, indices_.data(), stop);
    });
    if (stopped) throw Interrupted();
    TrellisResult total = std::move(results[0]);
    for (std::size_t band = 1; band < results.size(); ++band) {
        total.distortion += results[band].distortion;
        total.counts.add(results[band].counts);
    }
    return {total.distortion, total.counts.bits(model_.bits())};
}

std::vector<Float4> SpatialSearch::refit(const std::uint8_t* fixed, int n_threads,
                                         const StopRequested& stop_requested) const {
    return refit_palette(image_, indices_.data(), fixed, n_threads, stop_requested);
}

void SpatialSearch::set_palette(const float* palette) {
    image_.palette = as_vectors(palette, image_.palette.size(), image_.dims);
    trees_.clear();
}

void SpatialSearch::set_smooth(const std::uint8_t* smooth, float weight, bool spread) {
    const float root = std::sqrt(weight);
    for (std::size_t i = 0; i < visibility_roots_.size(); ++i) {
        if (smooth[i]) visibility_roots_[i] *= root;
    }
    image_.filter = spread ? &kSmoothEyeFilter : &kEyeFilter;
}

void SpatialSearch::set_classes(std::vector<std::uint8_t> allowed, std::vector<std::uint8_t> entry_class) {
    allowed_ = std::move(allowed);
    image_.allowed = allowed_.data();
    image_.entry_class = std::move(entry_class);
    trees_.clear();
}

}  // namespace huepress
