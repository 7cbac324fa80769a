// What speaks for a line between two neighboring regions: 13 numbers, and what the maps of edges have along the border.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "segment/borders.hpp"

namespace huepress {

// Means over n channels of each region's pixels are compared by their distance.
struct ChannelSums {
    std::vector<double> sums;  // region x channel
    int n_channels;
};

struct RegionStatistics {
    std::vector<std::int64_t> areas;    // n
    ChannelSums colors;                 // L, a, b, perhaps alpha
    std::vector<double> color_squares;  // n, of squared lengths
    ChannelSums textures;
    ChannelSums details;
    std::vector<double> edges_inside;  // n, all maps together
};

// Regions that grow by taking others in.
class BorderEvidence {
public:
    // Features beside one a map.
    static constexpr std::size_t kOfRegions = 13;

    BorderEvidence(Borders borders, RegionStatistics statistics);

    const std::vector<Border>& borders() const { return borders_.list; }
    std::size_t n_features() const { return n_maps_ + kOfRegions; }

    // The features of a border between two regions: for each map the root of its mean along the border; the roots of
    // the distances of the mean lightness (with alpha) and of the mean a and b, the distance of the mean textures, the
    // root of that of the mean details; of the smaller and the larger region the roots of the mean over all inside of
    // the maps' sum, the roots of the standard deviations of colors, and the logarithms (to base 2) of the parts of the
    // picture; the root of the border's length by that of the smaller area, its part of the smaller one's outline, and
    // the root of the mean of the maps' sum over the picture. Roots make what is long-tailed nearly normal.
    void measure(std::size_t a, std::size_t b, std::size_t border, double* features) const;

    // The distance of two regions' mean a and b in Oklab.
    double hue_distance(std::size_t a, std::size_t b) const;

    // The distance of two regions' mean colors by the sum of their standard deviations and of a hardly
    // noticeable difference: of neighbors in photographs it is hardly above 2.
    double contrast(std::size_t a, std::size_t b) const;

    // Region `into` takes `from` in, whose common border is given; other borders of `from` are not touched.
    void join(std::size_t into, std::size_t from, std::size_t border);
    // One border of a joined region takes in another one, which has come to lie between the same two.
    void join_borders(std::size_t into, std::size_t from);

private:
    // What is asked again and again of a region, kept up to date.
    struct Kept {
        double root_area, root_edges, root_spread, log_part;
    };

    double area(std::size_t r) const { return static_cast<double>(of_.areas[r]); }
    void keep(std::size_t r);
    double squared_distance(std::size_t a, std::size_t b, std::size_t first, std::size_t end) const;

    Borders borders_;
    RegionStatistics of_;
    std::size_t n_maps_, n_colors_, n_textures_, n_channels_;
    std::vector<double> means_;  // region x channel: colors, textures, details
    std::vector<Kept> kept_;
    std::vector<double> outlines_;
    double n_pixels_ = 0.0, edges_everywhere_ = 0.0;
};

}  // namespace huepress
