#include "still/palette_fit.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cluster/kmeans.hpp"
#include "cluster/nearest.hpp"

namespace huepress {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Few clusters are quick to search and easy to get wrong, so they get more care.
constexpr int kFewColors = 32;
constexpr std::uint8_t kAlmostOpaque = 250;

ColorSpace space_of(const StillOptions& options) { return options.effort > 0 ? ColorSpace::oklab : ColorSpace::srgb; }

Clustering converged(const std::vector<float>& points, const std::vector<std::uint32_t>& weights, int channels, int k,
                     const std::vector<float>& pinned, const StillOptions& options, const StopRequested& stop) {
    const bool few = options.n_colors <= kFewColors;
    KMeansOptions how{k, Init::wu, few ? 2 : 1, few ? 4 : 2};
    how.n_threads = options.n_threads;
    how.pinned = pinned;
    return kmeans({points.data(), weights.data(), weights.size(), channels}, how, stop);
}

// The nearest entry that each color may take, the lowest index on ties.
std::vector<std::int32_t> nearest_entries(const ColorTable& table, const std::vector<float>& points,
                                          const Bytes& palette, const std::vector<std::int32_t>& guess,
                                          const StillOptions& options) {
    const int channels = table.channels;
    const std::vector<float> centers = points_of(space_of(options), palette, channels);
    const int k = static_cast<int>(palette.size()) / channels;
    std::vector<std::int32_t> labels(table.n(), 0);
    if (channels == 3 || options.alpha == Alpha::free) {
        if (!guess.empty()) labels = guess;
        nearest({points.data(), nullptr, table.n(), channels}, centers.data(), k, labels.data(), options.n_threads);
        return labels;
    }
    const Bytes entries = alpha_classes(palette, channels);
    const Bytes allowed = allowed_classes(alpha_classes(table.colors, channels), entries);
    for (int rule = 1; rule < 1 << kAlphaClasses; ++rule) {
        std::vector<std::size_t> colors;
        std::vector<float> part, there;
        std::vector<std::int32_t> entry_of;
        for (std::size_t i = 0; i < table.n(); ++i) {
            if (allowed[i] != rule) continue;
            colors.push_back(i);
            part.insert(part.end(), &points[i * channels], &points[i * channels] + channels);
        }
        if (colors.empty()) continue;
        for (int e = 0; e < k; ++e) {
            if (!(rule >> entries[e] & 1)) continue;
            entry_of.push_back(e);
            there.insert(there.end(), &centers[e * channels], &centers[e * channels] + channels);
        }
        std::vector<std::int32_t> found(colors.size(), 0);
        nearest({part.data(), nullptr, colors.size(), channels}, there.data(), static_cast<int>(entry_of.size()),
                found.data(), options.n_threads);
        for (std::size_t i = 0; i < colors.size(); ++i) labels[colors[i]] = entry_of[found[i]];
    }
    return labels;
}

// The order of the colors that are served worst: those of some error, as many as are asked for.
std::vector<std::size_t> served_worst(const ColorTable& table, const std::vector<float>& points,
                                      const std::vector<float>& centers, const std::vector<std::int32_t>& labels,
                                      std::size_t most) {
    const int channels = table.channels;
    std::vector<double> error(table.n());
    for (std::size_t i = 0; i < table.n(); ++i) {
        double sum = 0.0;
        for (int d = 0; d < channels; ++d) {
            const double difference = points[i * channels + d] - centers[labels[i] * channels + d];
            sum += difference * difference;
        }
        error[i] = table.counts[i] * sum;
    }
    std::vector<std::size_t> order(table.n());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return error[a] > error[b]; });
    order.resize(std::min(most, order.size()));
    std::erase_if(order, [&](std::size_t i) { return !(error[i] > 0.0); });
    return order;
}

// Orders the palette and gives every idle entry the color that is served worst, until none is idle or no error left.
PaletteFit settled(const ColorTable& table, const std::vector<float>& points, Bytes palette,
                   std::vector<std::int32_t> guess, const StillOptions& options) {
    const int channels = table.channels;
    const std::size_t k = palette.size() / channels;
    for (;;) {
        const std::vector<int> order = display_order(palette, channels);
        palette = rows_of(palette, order, channels);
        std::vector<std::int32_t> rank(k);
        for (std::size_t i = 0; i < k; ++i) rank[order[i]] = static_cast<std::int32_t>(i);
        for (std::int32_t& entry : guess) entry = rank[entry];
        std::vector<std::int32_t> labels = nearest_entries(table, points, palette, guess, options);
        std::vector<char> used(k, 0);
        for (const std::int32_t label : labels) used[label] = 1;
        std::vector<int> idle, kept;
        for (std::size_t i = 0; i < k; ++i) (used[i] ? kept : idle).push_back(static_cast<int>(i));
        if (idle.empty()) return {std::move(palette), std::move(labels), false};
        const std::vector<float> centers = points_of(space_of(options), palette, channels);
        const std::vector<std::size_t> worst = served_worst(table, points, centers, labels, idle.size());
        if (worst.empty()) {  // fewer colors can be told apart than were asked for
            for (std::size_t i = 0; i < kept.size(); ++i) rank[kept[i]] = static_cast<std::int32_t>(i);
            for (std::int32_t& label : labels) label = rank[label];
            return {rows_of(palette, kept, channels), std::move(labels), false};
        }
        for (std::size_t i = 0; i < worst.size(); ++i)
            std::copy_n(&table.colors[worst[i] * channels], channels, &palette[idle[i] * channels]);
        guess = std::move(labels);
    }
}

// Most votes, the more visible class on ties.
AlphaClass most_votes(const double (&votes)[kAlphaClasses]) {
    int best = kOpaque;
    for (const int kind : {kSoft, kClear}) best = votes[kind] > votes[best] ? kind : best;
    return static_cast<AlphaClass>(best);
}

// A class that is there has at least one entry, and no other class loses its only one to it where that can be helped.
void seat_every_class(const std::vector<double> (&votes)[kAlphaClasses], Bytes& kind_of) {
    for (const int kind : {kSoft, kClear, kOpaque}) {
        int n_of_kind[kAlphaClasses] = {};
        for (const std::uint8_t each : kind_of) ++n_of_kind[each];
        const bool is_there = std::any_of(votes[kind].begin(), votes[kind].end(), [](double v) { return v != 0.0; });
        if (!is_there || n_of_kind[kind]) continue;
        const bool some_spare =
            std::any_of(kind_of.begin(), kind_of.end(), [&](std::uint8_t each) { return n_of_kind[each] > 1; });
        std::size_t best = 0;
        double most = -2.0;
        for (std::size_t c = 0; c < kind_of.size(); ++c) {
            const double vote = !some_spare || n_of_kind[kind_of[c]] > 1 ? votes[kind][c] : -1.0;
            if (vote > most) best = c, most = vote;
        }
        kind_of[best] = static_cast<std::uint8_t>(kind);
    }
}

// Visible colors are clustered together; each cluster then belongs to the class that most of its pixels have, and its
// mean is taken over those. Clear pixels have an entry of their own.
Bytes colors_in_classes(const ColorTable& table, const std::vector<float>& points, const StillOptions& options,
                        const StopRequested& stop) {
    constexpr int kChannels = 4;
    const Bytes all_kinds = alpha_classes(table.colors, kChannels);
    std::vector<float> part;
    std::vector<double> counts;
    Bytes kinds;
    for (std::size_t i = 0; i < table.n(); ++i) {
        if (all_kinds[i] == kClear) continue;
        kinds.push_back(all_kinds[i]);
        counts.push_back(table.counts[i]);
        part.insert(part.end(), &points[i * kChannels], &points[i * kChannels] + kChannels);
    }
    const bool has_clear = counts.size() < table.n();
    const int k = options.n_colors - has_clear;
    Bytes found(has_clear ? kChannels : 0, 0);
    // Of a part of the picture the counts are scaled as those of many pictures are.
    const double scale = static_cast<double>(1u << 31) / std::accumulate(counts.begin(), counts.end(), 0.0);
    std::vector<std::uint32_t> weights;
    for (const double count : counts)
        weights.push_back(static_cast<std::uint32_t>(std::max(std::nearbyint(count * scale), 1.0)));
    const Clustering clusters = converged(part, weights, kChannels, k, {}, options, stop);

    std::vector<double> votes[kAlphaClasses];
    for (std::vector<double>& each : votes) each.assign(k, 0.0);
    for (std::size_t i = 0; i < kinds.size(); ++i) votes[kinds[i]][clusters.labels[i]] += counts[i];
    Bytes kind_of;
    for (int c = 0; c < k; ++c) kind_of.push_back(most_votes({votes[kClear][c], votes[kSoft][c], votes[kOpaque][c]}));
    seat_every_class(votes, kind_of);
    std::vector<double> moved(static_cast<std::size_t>(k) * kChannels, 0.0), total(k, 0.0);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const int c = clusters.labels[i];
        if (kinds[i] != kind_of[c]) continue;
        for (int d = 0; d < kChannels; ++d) moved[c * kChannels + d] += part[i * kChannels + d] * counts[i];
        total[c] += counts[i];
    }
    std::vector<float> means(clusters.centers);
    for (std::size_t i = 0; i < means.size(); ++i) {
        const double pixels = total[i / kChannels];
        if (pixels > 0.0) means[i] = static_cast<float>(moved[i] / std::max(pixels, 1.0));
    }
    Bytes colors(means.size());
    points_to_colors(space_of(options), means.data(), static_cast<std::size_t>(k), kChannels, colors.data());
    for (int c = 0; c < k; ++c) {
        std::uint8_t& alpha = colors[c * kChannels + 3];
        alpha = kind_of[c] == kOpaque ? 255 : std::clamp<std::uint8_t>(alpha, 1, 254);
    }
    found.insert(found.end(), colors.begin(), colors.end());
    return found;
}

// Makes entries opaque that almost are and stand for opaque pixels mostly: nothing solid becomes glassy.
void keep_opaque(Bytes& palette, const ColorTable& table, const std::vector<std::int32_t>& labels) {
    std::vector<double> votes(palette.size() / 4, 0.0);
    for (std::size_t i = 0; i < table.n(); ++i)
        votes[labels[i]] += table.colors[4 * i + 3] == 255 ? 1.0 * table.counts[i] : -1.0 * table.counts[i];
    for (std::size_t c = 0; c < votes.size(); ++c) {
        std::uint8_t& alpha = palette[4 * c + 3];
        if (alpha >= kAlmostOpaque && votes[c] > 0.0) alpha = 255;
    }
}

}  // namespace

Bytes alpha_classes(const Bytes& colors, int channels) {
    Bytes classes(colors.size() / channels, kOpaque);
    if (channels == 3) return classes;
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const std::uint8_t alpha = colors[4 * i + 3];
        classes[i] = alpha == 0 ? kClear : alpha == 255 ? kOpaque : kSoft;
    }
    return classes;
}

Bytes allowed_classes(const Bytes& color_class, const Bytes& entry_class) {
    int there = 0;
    for (const std::uint8_t each : entry_class) there |= 1 << each;
    constexpr int kWanted[kAlphaClasses] = {1 << kClear, 1 << kSoft | 1 << kOpaque, 1 << kOpaque};
    Bytes allowed;
    for (const std::uint8_t each : color_class) {
        const int wanted = kWanted[each] & there;
        allowed.push_back(static_cast<std::uint8_t>(wanted ? wanted : there));
    }
    return allowed;
}

std::vector<int> display_order(const Bytes& colors, int channels) {
    // ITU-R BT.601 luma weights in thousandths: only an order for the eye and for PNG filters.
    const auto key = [&](int i) {
        const std::uint8_t* color = &colors[static_cast<std::size_t>(i) * channels];
        const std::int64_t alpha = channels == 4 ? color[3] : 255;
        const std::int64_t luma = 299 * color[0] + 587 * color[1] + 114 * color[2];
        return ((alpha << 18 | luma) << 24) | color[0] << 16 | color[1] << 8 | color[2];
    };
    std::vector<int> order(colors.size() / channels);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
    return order;
}

Bytes rows_of(const Bytes& colors, const std::vector<int>& order, int channels) {
    Bytes rows;
    for (const int i : order) rows.insert(rows.end(), &colors[i * channels], &colors[i * channels] + channels);
    return rows;
}

std::vector<float> points_of(ColorSpace space, const Bytes& colors, int channels) {
    std::vector<float> points(colors.size());
    colors_to_points(space, colors.data(), colors.size() / channels, channels, points.data());
    return points;
}

PaletteFit fit_palette(const ColorTable& table, const StillOptions& options, const StopRequested& stop) {
    const int channels = table.channels;
    if (table.n() <= static_cast<std::size_t>(options.n_colors)) {
        const std::vector<int> order = display_order(table.colors, channels);
        std::vector<std::int32_t> labels(table.n());
        for (std::size_t i = 0; i < order.size(); ++i) labels[order[i]] = static_cast<std::int32_t>(i);
        return {rows_of(table.colors, order, channels), std::move(labels), true};
    }
    const ColorSpace space = space_of(options);
    const std::vector<float> points = points_of(space, table.colors, channels);
    if (channels == 4 && options.alpha == Alpha::exact)
        return settled(table, points, colors_in_classes(table, points, options, stop), {}, options);
    Clustering found = converged(points, table.counts, channels, options.n_colors, {}, options, stop);
    if (space == ColorSpace::oklab) {
        const std::vector<float> accents = find_accents(table, points, found.centers, found.labels);
        if (!accents.empty())
            found = converged(points, table.counts, channels, options.n_colors, accents, options, stop);
    }
    Bytes palette(found.centers.size());
    points_to_colors(space, found.centers.data(), palette.size() / channels, channels, palette.data());
    if (channels == 4) keep_opaque(palette, table, found.labels);
    return settled(table, points, std::move(palette), std::move(found.labels), options);
}

}  // namespace huepress
