#include "segment/borders.hpp"

#include <algorithm>
#include <utility>

namespace huepress {
namespace {

// All maps as rows of the picture.
class MapReader {
public:
    MapReader(const std::vector<EdgeMaps>& maps, int width, int height) {
        for (const EdgeMaps& each : maps) {
            const auto across = static_cast<std::size_t>(halved(width, each.halvings)),
                       down = static_cast<std::size_t>(halved(height, each.halvings));
            for (int m = 0; m < each.n_maps; ++m) {
                planes_.push_back({each.values + static_cast<std::size_t>(m) * across * down, across, each.halvings});
            }
        }
    }

    std::size_t size() const { return planes_.size(); }

    double at(std::size_t map, int x, int y) const {
        const Plane& plane = planes_[map];
        const auto column = static_cast<std::size_t>(x >> plane.halvings),
                   row = static_cast<std::size_t>(y >> plane.halvings);
        return static_cast<double>(plane.values[row * plane.width + column]);
    }

    void add_row(std::size_t map, int y, std::vector<double>& sums) const {
        const Plane& plane = planes_[map];
        const float* row = plane.values + static_cast<std::size_t>(y >> plane.halvings) * plane.width;
        for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += static_cast<double>(row[x >> plane.halvings]);
    }

private:
    struct Plane {
        const float* values;
        std::size_t width;
        int halvings;
    };

    static int halved(int side, int times) { return static_cast<int>((static_cast<long long>(side) - 1) >> times) + 1; }

    std::vector<Plane> planes_;
};

// The number of each border, looked up by its two regions.
class BorderNumbers {
public:
    explicit BorderNumbers(std::size_t n_regions) : beside_(n_regions) {}

    std::size_t of(std::int32_t a, std::int32_t b, std::vector<Border>& list) {
        auto& known = beside_[static_cast<std::size_t>(a)];
        for (auto at = known.rbegin(); at != known.rend(); ++at) {
            if (at->first == b) return at->second;
        }
        known.emplace_back(b, list.size());
        list.push_back({a, b, 0.0});
        return list.size() - 1;
    }

private:
    std::vector<std::vector<std::pair<std::int32_t, std::size_t>>> beside_;
};

}  // namespace

Borders find_borders(const std::int32_t* regions, int width, int height, const std::vector<EdgeMaps>& maps,
                     std::size_t n_regions) {
    const MapReader reader(maps, width, height);
    const std::size_t n_maps = reader.size();
    Borders found;
    found.n_maps = n_maps;
    found.frame.assign(n_regions, 0.0);
    BorderNumbers numbers(n_regions);
    const auto region = [&](int x, int y) { return regions[static_cast<std::size_t>(y) * width + x]; };
    const auto note = [&](int x, int y, int other_x, int other_y) {
        const std::int32_t p = region(x, y), q = region(other_x, other_y);
        if (p == q || p < 0 || q < 0) return;
        const std::size_t number = numbers.of(std::min(p, q), std::max(p, q), found.list);
        if (found.edges.size() < found.list.size() * n_maps) found.edges.resize(found.list.size() * n_maps, 0.0);
        found.list[number].length += 1.0;
        double* sums = &found.edges[number * n_maps];
        for (std::size_t m = 0; m < n_maps; ++m) sums[m] += 0.5 * (reader.at(m, x, y) + reader.at(m, other_x, other_y));
    };
    const auto touch = [&](int x, int y) {
        if (region(x, y) >= 0) found.frame[static_cast<std::size_t>(region(x, y))] += 1.0;
    };
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            if (x > 0) note(x - 1, y, x, y);
            if (y > 0) note(x, y - 1, x, y);
        }
        touch(0, y), touch(width - 1, y);
    }
    for (int x = 0; x < width; ++x) touch(x, 0), touch(x, height - 1);
    return found;
}

std::vector<double> sum_inside(const std::int32_t* regions, int width, int height, const std::vector<EdgeMaps>& maps,
                               std::size_t n_regions) {
    const MapReader reader(maps, width, height);
    std::vector<double> sums(n_regions, 0.0), row(static_cast<std::size_t>(width));
    for (int y = 0; y < height; ++y) {
        std::fill(row.begin(), row.end(), 0.0);
        for (std::size_t m = 0; m < reader.size(); ++m) reader.add_row(m, y, row);
        const std::int32_t* at = regions + static_cast<std::size_t>(y) * width;
        for (int x = 0; x < width; ++x) {
            if (at[x] >= 0) sums[static_cast<std::size_t>(at[x])] += row[static_cast<std::size_t>(x)];
        }
    }
    return sums;
}

}  // namespace huepress
