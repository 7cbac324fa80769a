#include "still/still.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "color/drawn_colors.hpp"
#include "color/histogram.hpp"
#include "search/spatial.hpp"
#include "still/palette_fit.hpp"

namespace huepress {
namespace {

using Bytes = std::vector<std::uint8_t>;

// What an effort buys; efforts.py says what each number means, engine/spatial.py the others below.
struct Effort {
    int refits, few_refits;
    float slack_bits;
    int survivors;
    RankingReach reach;
    int n_ranked, late_refits;
};
constexpr Effort kEfforts[kMostEffort + 1] = {
    {0, 0, 0.0f, 1, {0, 0, 0}, 0, 0},      {0, 0, 12.0f, 1, {1, 16, 0}, 1, 0},   {0, 0, 12.0f, 1, {2, 32, 0}, 2, 0},
    {0, 1, 12.0f, 2, {4, 48, 0}, 3, 1},    {0, 2, 13.0f, 2, {5, 64, 0}, 5, 1},   {1, 2, 14.0f, 2, {6, 64, 0}, 6, 1},
    {1, 2, 16.0f, 2, {8, 64, 0}, 12, 1},   {1, 2, 18.0f, 3, {8, 128, 0}, 16, 1}, {2, 3, 20.0f, 4, {16, 128, 0}, 24, 1},
    {3, 4, 24.0f, 4, {16, 255, 0}, 32, 1},
};
constexpr double kLambdaAtRate1 = 5e-6, kLeastLambda = 0.05;
constexpr int kFewColors = 32;

Bytes without_alpha(const std::uint8_t* rgba, std::size_t n) {
    Bytes rgb(3 * n);
    for (std::size_t i = 0; i < n; ++i) std::memcpy(&rgb[3 * i], rgba + 4 * i, 3);
    return rgb;
}

Bytes without_hidden_colors(const std::uint8_t* rgba, std::size_t n) {
    Bytes merged(rgba, rgba + 4 * n);
    for (std::size_t i = 0; i < n; ++i) {
        if (merged[4 * i + 3] == 0) std::memset(&merged[4 * i], 0, 4);
    }
    return merged;
}

ColorTable counted(const std::uint8_t* pixels, int channels, int width, int height, int n_threads) {
    ColorTable table{width, height, channels, {}, {}, {}};
    table.color_of.resize(static_cast<std::size_t>(width) * height);
    ColorCounts found = count_colors(pixels, table.color_of.size(), channels, table.color_of.data(), n_threads);
    table.colors = std::move(found.colors);
    table.counts = std::move(found.counts);
    return table;
}

// Hidden colors of transparent pixels stay only where nothing has to go.
ColorTable count_picture(const std::uint8_t* rgba, int width, int height, const StillOptions& options) {
    const std::size_t n = static_cast<std::size_t>(width) * height;
    bool opaque = true;
    for (std::size_t i = 0; i < n; ++i) opaque &= rgba[4 * i + 3] == 255;
    if (opaque) return counted(without_alpha(rgba, n).data(), 3, width, height, options.n_threads);
    ColorTable table = counted(rgba, 4, width, height, options.n_threads);
    if (table.n() <= static_cast<std::size_t>(options.n_colors)) return table;
    return counted(without_hidden_colors(rgba, n).data(), 4, width, height, options.n_threads);
}

IndexedPicture finished(const ColorTable& table, const Bytes& palette, Bytes indices) {
    const int channels = table.channels;
    bool used[256] = {};
    for (const std::uint8_t index : indices) used[index] = true;
    std::uint8_t renumbered[256] = {};
    IndexedPicture picture{table.width, table.height, {}, std::move(indices), false};
    for (const int entry : display_order(palette, channels)) {
        if (!used[entry]) continue;
        renumbered[entry] = static_cast<std::uint8_t>(picture.palette.size() / 4);
        const std::uint8_t* color = &palette[entry * channels];
        picture.palette.insert(picture.palette.end(), color, color + channels);
        if (channels == 3) picture.palette.push_back(255);
    }
    for (std::uint8_t& index : picture.indices) index = renumbered[index];
    return picture;
}

// Entries that are the color of something drawn, or that of most of the pixels nearest to them: these stay what they
// are.
Bytes settled_entries(const ColorTable& table, const PaletteFit& fit, const std::vector<float>& points) {
    const auto channels = static_cast<std::size_t>(table.channels);
    const std::size_t k = fit.palette.size() / channels;
    const Bytes drawn =
        drawn_colors(points.data(), table.n(), table.channels, table.color_of.data(), table.height, table.width);
    std::vector<std::uint64_t> all(k), exact(k);
    Bytes settled(k, 0);
    for (std::size_t i = 0; i < table.n(); ++i) {
        const auto entry = static_cast<std::size_t>(fit.labels[i]);
        all[entry] += table.counts[i];
        if (std::equal(&table.colors[i * channels], &table.colors[i * channels] + channels,
                       &fit.palette[entry * channels])) {
            exact[entry] += table.counts[i];
            settled[entry] |= drawn[i];
        }
    }
    for (std::size_t entry = 0; entry < k; ++entry) settled[entry] |= 2 * exact[entry] > all[entry];
    return settled;
}

// What is opaque or clear stays so, and what is neither stays neither.
Bytes refitted(const SpatialSearch& search, const Bytes& old, const Bytes& fixed, int channels, int n_threads,
               const StopRequested& stop) {
    std::vector<float> points;
    for (const Float4& entry : search.refit(fixed.data(), n_threads, stop)) {
        for (int d = 0; d < channels; ++d) points.push_back(entry[d]);
    }
    Bytes colors(old.size());
    points_to_colors(ColorSpace::oklab, points.data(), fixed.size(), channels, colors.data());
    if (channels == 3) return colors;
    for (std::size_t i = 0; i < colors.size(); i += 4) {
        if (old[i + 3] == 0)
            std::copy_n(&old[i], 4, &colors[i]);
        else
            colors[i + 3] = old[i + 3] == 255 ? 255 : std::clamp<std::uint8_t>(colors[i + 3], 1, 254);
    }
    return colors;
}

IndexedPicture searched(const ColorTable& table, const PaletteFit& fit, const StillOptions& options,
                        const StopRequested& stop, const OnProgress& on_progress) {
    const Effort& effort = kEfforts[options.effort];
    const int channels = table.channels, k = static_cast<int>(fit.palette.size()) / channels;
    const std::vector<float> points = points_of(ColorSpace::oklab, table.colors, channels);
    Bytes palette = fit.palette;
    const Bytes fixed = settled_entries(table, fit, points);
    SpatialOptions how;
    how.diffuse = options.dither != Dither::none;
    how.unit = k <= 2 ? 8 : k <= 4 ? 4 : k <= 16 ? 2 : 1;
    how.reach = effort.reach;
    SpatialSearch search(points.data(), table.n(), table.color_of.data(), table.width, table.height,
                         points_of(ColorSpace::oklab, palette, channels).data(), k, channels, how);
    if (channels == 4 && options.alpha == Alpha::exact) {
        const Bytes entries = alpha_classes(palette, channels);
        search.set_classes(allowed_classes(alpha_classes(table.colors, channels), entries), entries);
    }
    const int refits = k <= kFewColors ? effort.few_refits : effort.refits;
    double distortion = refits ? 0.0 : search.sampled_distortion(options.n_threads, stop);
    for (int i = 0; i < refits; ++i) {
        distortion = search.sweep({0.0f, 0.0f, false, 1, 0}, options.n_threads, stop).distortion /
                     static_cast<double>(table.color_of.size());
        palette = refitted(search, palette, fixed, channels, options.n_threads, stop);
        search.set_palette(points_of(ColorSpace::oklab, palette, channels).data());
    }
    const double asked = options.dither == Dither::full ? 0.0 : options.rate * kLambdaAtRate1;
    const double bit_worth = std::max(asked, how.diffuse ? kLeastLambda * distortion : 0.0);
    const StopRequested told = [&] {
        if (on_progress) on_progress(search.progress());
        return stop && stop();
    };
    search.sweep({static_cast<float>(bit_worth), effort.slack_bits, true, effort.survivors, effort.n_ranked},
                 options.n_threads, told);
    if (effort.late_refits && bit_worth > 0.0)
        palette = refitted(search, palette, fixed, channels, options.n_threads, stop);
    IndexedPicture picture = finished(table, palette, search.indices());
    picture.searched = true;
    return picture;
}

}  // namespace

IndexedPicture quantize_still(const std::uint8_t* rgba, int width, int height, const StillOptions& options,
                              const StopRequested& stop_requested, const OnProgress& on_progress) {
    const ColorTable table = count_picture(rgba, width, height, options);
    const PaletteFit fit = fit_palette(table, options, stop_requested);
    if (options.effort > 0 && !fit.lossless) return searched(table, fit, options, stop_requested, on_progress);
    const Bytes entries(fit.labels.begin(), fit.labels.end());
    Bytes indices(table.color_of.size());
    gather_bytes(entries.data(), table.color_of.data(), indices.size(), indices.data(), options.n_threads);
    return finished(table, fit.palette, std::move(indices));
}

}  // namespace huepress
