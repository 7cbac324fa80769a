#include "segment/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "support/exact_math.hpp"

namespace huepress {
namespace {

constexpr double kHardlyNoticeable = 0.01;  // in Oklab

}  // namespace

BorderEvidence::BorderEvidence(Borders borders, RegionStatistics statistics)
    : borders_(std::move(borders)),
      of_(std::move(statistics)),
      n_maps_(borders_.n_maps),
      n_colors_(static_cast<std::size_t>(of_.colors.n_channels)),
      n_textures_(static_cast<std::size_t>(of_.textures.n_channels)),
      n_channels_(n_colors_ + n_textures_ + static_cast<std::size_t>(of_.details.n_channels)),
      means_(of_.areas.size() * n_channels_),
      kept_(of_.areas.size()),
      outlines_(borders_.frame) {
    double edges = 0.0;
    for (std::size_t r = 0; r < of_.areas.size(); ++r) {
        n_pixels_ += area(r);
        edges += of_.edges_inside[r];
    }
    edges_everywhere_ = std::sqrt(edges / std::max(1.0, n_pixels_));
    for (std::size_t r = 0; r < of_.areas.size(); ++r) keep(r);
    for (const Border& border : borders_.list) {
        outlines_[static_cast<std::size_t>(border.a)] += border.length;
        outlines_[static_cast<std::size_t>(border.b)] += border.length;
    }
}

void BorderEvidence::keep(std::size_t r) {
    double* means = &means_[r * n_channels_];
    for (const ChannelSums* each : {&of_.colors, &of_.textures, &of_.details}) {
        const auto n = static_cast<std::size_t>(each->n_channels);
        for (std::size_t c = 0; c < n; ++c) *means++ = each->sums[r * n + c] / area(r);
    }
    double squared = 0.0;
    for (std::size_t c = 0; c < n_colors_; ++c) squared += means_[r * n_channels_ + c] * means_[r * n_channels_ + c];
    const double variance = std::max(0.0, of_.color_squares[r] / area(r) - squared);
    kept_[r] = {std::sqrt(area(r)), std::sqrt(of_.edges_inside[r] / area(r)), std::sqrt(std::sqrt(variance)),
                exact_log2(area(r) / n_pixels_)};
}

double BorderEvidence::squared_distance(std::size_t a, std::size_t b, std::size_t first, std::size_t end) const {
    double squared = 0.0;
    for (std::size_t c = first; c < end; ++c) {
        const double difference = means_[a * n_channels_ + c] - means_[b * n_channels_ + c];
        squared += difference * difference;
    }
    return squared;
}

double BorderEvidence::hue_distance(std::size_t a, std::size_t b) const {
    return std::sqrt(squared_distance(a, b, 1, 3));
}

double BorderEvidence::contrast(std::size_t a, std::size_t b) const {
    const double spread_a = kept_[a].root_spread * kept_[a].root_spread,
                 spread_b = kept_[b].root_spread * kept_[b].root_spread;
    return std::sqrt(squared_distance(a, b, 0, n_colors_)) / (spread_a + spread_b + kHardlyNoticeable);
}

void BorderEvidence::measure(std::size_t a, std::size_t b, std::size_t border, double* features) const {
    if (of_.areas[a] > of_.areas[b] || (of_.areas[a] == of_.areas[b] && a > b)) std::swap(a, b);
    const double length = borders_.list[border].length;
    const double* edges = &borders_.edges[border * n_maps_];
    for (std::size_t m = 0; m < n_maps_; ++m) *features++ = std::sqrt(edges[m] / length);
    const std::size_t details = n_colors_ + n_textures_;
    *features++ = std::sqrt(std::sqrt(squared_distance(a, b, 0, 1) + squared_distance(a, b, 3, n_colors_)));
    *features++ = std::sqrt(hue_distance(a, b));
    *features++ = std::sqrt(squared_distance(a, b, n_colors_, details));
    *features++ = std::sqrt(std::sqrt(squared_distance(a, b, details, n_channels_)));
    *features++ = kept_[a].root_edges;
    *features++ = kept_[b].root_edges;
    *features++ = kept_[a].root_spread;
    *features++ = kept_[b].root_spread;
    *features++ = kept_[a].log_part;
    *features++ = kept_[b].log_part;
    *features++ = std::sqrt(length / kept_[a].root_area);
    *features++ = length / outlines_[a];
    *features++ = edges_everywhere_;
}

void BorderEvidence::join(std::size_t into, std::size_t from, std::size_t border) {
    outlines_[into] += outlines_[from] - 2.0 * borders_.list[border].length;
    of_.areas[into] += of_.areas[from];
    of_.color_squares[into] += of_.color_squares[from];
    of_.edges_inside[into] += of_.edges_inside[from];
    for (ChannelSums* each : {&of_.colors, &of_.textures, &of_.details}) {
        const auto n = static_cast<std::size_t>(each->n_channels);
        for (std::size_t c = 0; c < n; ++c) each->sums[into * n + c] += each->sums[from * n + c];
    }
    keep(into);
}

void BorderEvidence::join_borders(std::size_t into, std::size_t from) {
    borders_.list[into].length += borders_.list[from].length;
    for (std::size_t m = 0; m < n_maps_; ++m) {
        borders_.edges[into * n_maps_ + m] += borders_.edges[from * n_maps_ + m];
    }
}

}  // namespace huepress
