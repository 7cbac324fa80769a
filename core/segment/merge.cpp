#include "segment/merge.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "support/exact_math.hpp"

namespace huepress {
namespace {

// Oklab; neighbors in photographs are rarely farther apart.
constexpr double kCommonHueDistance = 0.12;
constexpr std::size_t kStepsPerPoll = 256;

struct Border {
    std::int32_t other;
    double strength;  // sum over the pairs of pixels
    double length;    // number of pairs
};

using Borders = std::vector<std::vector<Border>>;

Borders find_borders(const std::int32_t* regions, int width, int height, const float* strengths, std::size_t n) {
    std::unordered_map<std::uint64_t, std::size_t> row_of;
    struct Row {
        std::int32_t a, b;
        double strength, length;
    };
    std::vector<Row> rows;
    std::uint64_t last_key = ~std::uint64_t{0};
    std::size_t last_row = 0;
    const auto note = [&](std::ptrdiff_t p, std::ptrdiff_t q) {
        const std::int32_t a = std::min(regions[p], regions[q]), b = std::max(regions[p], regions[q]);
        if (a == b || a < 0) return;
        const std::uint64_t key = static_cast<std::uint64_t>(a) << 32 | static_cast<std::uint32_t>(b);
        if (key != last_key) {
            const auto [at, is_new] = row_of.try_emplace(key, rows.size());
            if (is_new) rows.push_back({a, b, 0.0, 0.0});
            last_key = key, last_row = at->second;
        }
        rows[last_row].strength += 0.5 * (static_cast<double>(strengths[p]) + static_cast<double>(strengths[q]));
        rows[last_row].length += 1.0;
    };
    for (int y = 0; y < height; ++y) {
        const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(y) * width;
        for (int x = 0; x < width; ++x) {
            if (x > 0) note(row + x - 1, row + x);
            if (y > 0) note(row + x - width, row + x);
        }
    }
    Borders borders(n);
    for (const Row& r : rows) {
        borders[r.a].push_back({r.b, r.strength, r.length});
        borders[r.b].push_back({r.a, r.strength, r.length});
    }
    return borders;
}

class HierarchyBuilder {
public:
    HierarchyBuilder(Borders borders, RegionStatistics statistics, const MergeWeights& weights)
        : borders_(std::move(borders)),
          of_(std::move(statistics)),
          weights_(weights),
          version_(of_.areas.size(), 0),
          alive_(of_.areas.size(), 1) {
        for (const std::int64_t area : of_.areas) n_pixels_ += static_cast<double>(area);
    }

    std::vector<MergeStep> run(const StopRequested& stop_requested) {
        for (std::size_t r = 0; r < borders_.size(); ++r) {
            for (const Border& b : borders_[r]) {
                if (b.other > static_cast<std::int32_t>(r)) push(static_cast<std::int32_t>(r), b);
            }
        }
        std::vector<MergeStep> steps;
        double highest = 0.0;
        while (!queue_.empty()) {
            const Entry entry = queue_.top();
            queue_.pop();
            if (!alive_[entry.a] || !alive_[entry.b] || version_[entry.a] != entry.version_a ||
                version_[entry.b] != entry.version_b)
                continue;
            if (steps.size() % kStepsPerPoll == 0) check_stop(stop_requested);
            highest = std::max(highest, entry.cost);
            steps.push_back({entry.a, entry.b, highest});
            join(entry.a, entry.b);
        }
        return steps;
    }

private:
    struct Entry {
        double cost;
        std::int32_t a, b;
        std::uint32_t version_a, version_b;

        bool operator>(const Entry& other) const {
            return std::tie(cost, a, b) > std::tie(other.cost, other.a, other.b);
        }
    };

    static double distance(const std::vector<double>& sums, int dims, std::size_t a, double area_a, std::size_t b,
                           double area_b) {
        double squared = 0.0;
        for (int d = 0; d < dims; ++d) {
            const auto at = static_cast<std::size_t>(d);
            const double difference = sums[a * static_cast<std::size_t>(dims) + at] / area_a -
                                      sums[b * static_cast<std::size_t>(dims) + at] / area_b;
            squared += difference * difference;
        }
        return std::sqrt(squared);
    }

    // Between the mean colors, lightness aside.
    double hue_distance(std::size_t a, double area_a, std::size_t b, double area_b) const {
        const auto dims = static_cast<std::size_t>(of_.color_dims);
        double squared = 0.0;
        for (std::size_t d = 1; d <= 2; ++d) {
            const double difference = of_.colors[a * dims + d] / area_a - of_.colors[b * dims + d] / area_b;
            squared += difference * difference;
        }
        return std::sqrt(squared);
    }

    double cost(std::size_t a, std::size_t b, const Border& border) const {
        const double area_a = static_cast<double>(of_.areas[a]), area_b = static_cast<double>(of_.areas[b]);
        const double size = exact_pow(area_a * area_b / ((area_a + area_b) * n_pixels_), weights_.area_exponent);
        return size * (1.0 + weights_.vivid * std::max(0.0, hue_distance(a, area_a, b, area_b) - kCommonHueDistance)) *
               (distance(of_.textures, of_.texture_dims, a, area_a, b, area_b) +
                weights_.border * border.strength / border.length +
                weights_.color * distance(of_.colors, of_.color_dims, a, area_a, b, area_b));
    }

    void push(std::int32_t r, const Border& border) {
        const std::int32_t a = std::min(r, border.other), b = std::max(r, border.other);
        queue_.push(
            {cost(static_cast<std::size_t>(a), static_cast<std::size_t>(b), border), a, b, version_[a], version_[b]});
    }

    static Border* find(std::vector<Border>& list, std::int32_t other) {
        for (Border& b : list) {
            if (b.other == other) return &b;
        }
        return nullptr;
    }

    void join(std::int32_t into, std::int32_t from) {
        const auto a = static_cast<std::size_t>(into), b = static_cast<std::size_t>(from);
        of_.areas[a] += of_.areas[b];
        add(of_.textures, of_.texture_dims, a, b);
        add(of_.colors, of_.color_dims, a, b);
        alive_[b] = 0;
        ++version_[a];
        std::erase_if(borders_[a], [&](const Border& border) { return border.other == from; });
        for (const Border& moved : borders_[b]) {
            if (moved.other == into) continue;
            std::vector<Border>& theirs = borders_[moved.other];
            std::erase_if(theirs, [&](const Border& border) { return border.other == from; });
            if (Border* mine = find(borders_[a], moved.other)) {
                mine->strength += moved.strength, mine->length += moved.length;
                *find(theirs, into) = {into, mine->strength, mine->length};
            } else {
                borders_[a].push_back(moved);
                theirs.push_back({into, moved.strength, moved.length});
            }
        }
        borders_[b] = {};
        for (const Border& border : borders_[a]) push(into, border);
    }

    static void add(std::vector<double>& sums, int dims, std::size_t into, std::size_t from) {
        const auto n = static_cast<std::size_t>(dims);
        for (std::size_t d = 0; d < n; ++d) sums[into * n + d] += sums[from * n + d];
    }

    Borders borders_;
    RegionStatistics of_;
    MergeWeights weights_;
    std::vector<std::uint32_t> version_;
    std::vector<std::uint8_t> alive_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
    double n_pixels_ = 0.0;
};

}  // namespace

std::vector<MergeStep> merge_by_borders(const std::int32_t* regions, int width, int height, const float* strengths,
                                        RegionStatistics statistics, const MergeWeights& weights,
                                        const StopRequested& stop_requested) {
    Borders borders = find_borders(regions, width, height, strengths, statistics.areas.size());
    return HierarchyBuilder(std::move(borders), std::move(statistics), weights).run(stop_requested);
}

}  // namespace huepress
