#include "segment/regions.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include "support/parallel.hpp"

namespace huepress {
namespace {

// So many groups have sums of their own for each chunk of pixels.
constexpr std::int32_t kFewGroups = 256;

// Disjoint sets whose name is their lowest member.
class Sets {
public:
    explicit Sets(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }

    std::int32_t add() {
        parent_.push_back(static_cast<std::int32_t>(parent_.size()));
        return parent_.back();
    }

    std::int32_t find(std::int32_t i) {
        while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
        return i;
    }

    std::int32_t unite(std::int32_t a, std::int32_t b) {
        a = find(a), b = find(b);
        return parent_[std::max(a, b)] = std::min(a, b);
    }

    std::size_t size() const { return parent_.size(); }

private:
    std::vector<std::int32_t> parent_;
};

using Neighbors = std::vector<std::vector<std::int32_t>>;

void sort_unique(std::vector<std::int32_t>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

Neighbors find_neighbors(const std::int32_t* regions, int width, int height, std::size_t n) {
    std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
    const auto note = [&](std::int32_t a, std::int32_t b) {
        if (a == b) return;
        const std::pair<std::int32_t, std::int32_t> pair = std::minmax(a, b);
        if (pairs.empty() || pairs.back() != pair) pairs.push_back(pair);
    };
    for (int y = 0; y < height; ++y) {
        const std::int32_t* row = regions + static_cast<std::ptrdiff_t>(y) * width;
        for (int x = 1; x < width; ++x) note(row[x - 1], row[x]);
        if (y == 0) continue;
        for (int x = 0; x < width; ++x) note(row[x - width], row[x]);
    }
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    Neighbors neighbors(n);
    for (const auto& [a, b] : pairs) {
        neighbors[a].push_back(b);
        neighbors[b].push_back(a);
    }
    return neighbors;
}

class Merger {
public:
    Merger(Neighbors neighbors, std::vector<std::int32_t> label_of, GroupSums sums, int dims, std::int32_t locked)
        : sets_(label_of.size()),
          neighbors_(std::move(neighbors)),
          label_(std::move(label_of)),
          sums_(std::move(sums)),
          dims_(static_cast<std::size_t>(dims)),
          locked_(locked) {}

    void run(std::int64_t min_area) {
        using Entry = std::pair<std::int64_t, std::int32_t>;
        std::priority_queue<Entry, std::vector<Entry>, std::greater<>> small;
        for (std::size_t r = 0; r < label_.size(); ++r) {
            if (sums_.areas[r] < min_area && label_[r] != locked_)
                small.emplace(sums_.areas[r], static_cast<std::int32_t>(r));
        }
        while (!small.empty()) {
            const auto [area, region] = small.top();
            small.pop();
            if (sets_.find(region) != region || sums_.areas[region] != area) continue;  // it has grown since
            const std::int32_t target = most_alike(region);
            if (target < 0) continue;
            // Of one label are the target and whatever else the region kept apart from it.
            const std::int32_t label = label_[target];
            const std::vector<std::int32_t> beside = outline(region);
            std::int32_t merged = join(region, target, label);
            for (const std::int32_t other : beside) {
                if (other != target && label_[other] == label) merged = join(merged, other, label);
            }
            if (sums_.areas[merged] < min_area) small.emplace(sums_.areas[merged], merged);
        }
    }

    std::vector<std::int32_t> labels() {
        std::vector<std::int32_t> result(label_.size());
        for (std::size_t r = 0; r < result.size(); ++r) result[r] = label_[sets_.find(static_cast<std::int32_t>(r))];
        return result;
    }

private:
    // The regions beside it, by their present names.
    const std::vector<std::int32_t>& outline(std::int32_t region) {
        std::vector<std::int32_t>& list = neighbors_[region];
        for (std::int32_t& other : list) other = sets_.find(other);
        sort_unique(list);
        std::erase(list, region);
        return list;
    }

    std::int32_t most_alike(std::int32_t region) {
        std::int32_t best = -1;
        double least = std::numeric_limits<double>::infinity();
        for (const std::int32_t other : outline(region)) {
            if (label_[other] == locked_) continue;
            double squared = 0.0;
            for (std::size_t d = 0; d < dims_; ++d) {
                const double difference = mean(region, d) - mean(other, d);
                squared += difference * difference;
            }
            if (squared < least) least = squared, best = other;
        }
        return best;
    }

    double mean(std::int32_t region, std::size_t d) const {
        return sums_.points[static_cast<std::size_t>(region) * dims_ + d] / static_cast<double>(sums_.areas[region]);
    }

    std::int32_t join(std::int32_t a, std::int32_t b, std::int32_t label) {
        const std::int32_t kept = sets_.unite(a, b), gone = kept == a ? b : a;
        label_[kept] = label;
        sums_.areas[kept] += sums_.areas[gone];
        for (std::size_t d = 0; d < dims_; ++d) {
            sums_.points[static_cast<std::size_t>(kept) * dims_ + d] +=
                sums_.points[static_cast<std::size_t>(gone) * dims_ + d];
        }
        std::vector<std::int32_t>& from = neighbors_[gone];
        std::vector<std::int32_t>& to = neighbors_[kept];
        if (from.size() > to.size()) std::swap(from, to);
        to.insert(to.end(), from.begin(), from.end());
        from = {};
        return kept;
    }

    Sets sets_;
    Neighbors neighbors_;
    std::vector<std::int32_t> label_;
    GroupSums sums_;
    std::size_t dims_;
    std::int32_t locked_;
};

}  // namespace

std::vector<std::int32_t> label_regions(const std::int32_t* labels, int width, int height, std::int32_t* regions) {
    struct Run {
        int begin, end;
        std::int32_t set;
    };
    Sets sets(0);
    std::vector<std::int32_t> label_of_set;
    std::vector<Run> above, here;
    for (int y = 0; y < height; ++y) {
        const std::int32_t* row = labels + static_cast<std::ptrdiff_t>(y) * width;
        std::int32_t* out = regions + static_cast<std::ptrdiff_t>(y) * width;
        here.clear();
        std::size_t first = 0;
        for (int begin = 0; begin < width;) {
            int end = begin + 1;
            while (end < width && row[end] == row[begin]) ++end;
            std::int32_t set = -1;
            while (first < above.size() && above[first].end <= begin) ++first;
            for (std::size_t a = first; a < above.size() && above[a].begin < end; ++a) {
                if (row[above[a].begin - width] != row[begin]) continue;
                set = set < 0 ? sets.find(above[a].set) : sets.unite(set, above[a].set);
            }
            if (set < 0) {
                set = sets.add();
                label_of_set.push_back(row[begin]);
            }
            std::fill(out + begin, out + end, set);
            here.push_back({begin, end, set});
            begin = end;
        }
        std::swap(above, here);
    }
    std::vector<std::int32_t> number(sets.size()), label_of;
    for (std::size_t r = 0; r < number.size(); ++r) {
        const std::int32_t name = sets.find(static_cast<std::int32_t>(r));
        if (name == static_cast<std::int32_t>(r)) {
            number[r] = static_cast<std::int32_t>(label_of.size());
            label_of.push_back(label_of_set[r]);
        } else {
            number[r] = number[name];
        }
    }
    const std::ptrdiff_t n_pixels = static_cast<std::ptrdiff_t>(width) * height;
    for (std::ptrdiff_t i = 0; i < n_pixels; ++i) regions[i] = number[regions[i]];
    return label_of;
}

GroupSums sum_groups(const std::int32_t* groups, const float* points, std::size_t n_pixels, int dims,
                     std::int32_t n_groups, int n_threads) {
    const auto width = static_cast<std::size_t>(dims);
    const auto n = static_cast<std::size_t>(n_groups);
    const auto empty = [&] {
        return GroupSums{std::vector<std::int64_t>(n, 0), std::vector<double>(n * width, 0.0),
                         std::vector<double>(n, 0.0)};
    };
    const auto add = [&](GroupSums& sums, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            if (groups[i] < 0) continue;
            const auto g = static_cast<std::size_t>(groups[i]);
            ++sums.areas[g];
            double squared = 0.0;
            for (std::size_t d = 0; d < width; ++d) {
                const auto x = static_cast<double>(points[i * width + d]);
                sums.points[g * width + d] += x;
                squared += x * x;
            }
            sums.squares[g] += squared;
        }
    };
    GroupSums total = empty();
    if (n_groups > kFewGroups) {
        add(total, 0, n_pixels);
        return total;
    }
    std::vector<GroupSums> parts(chunk_count(n_pixels));
    for_each_chunk(n_pixels, n_threads, [&](int, std::size_t chunk, std::size_t begin, std::size_t end) {
        parts[chunk] = empty();
        add(parts[chunk], begin, end);
    });
    for (const GroupSums& part : parts) {
        for (std::size_t i = 0; i < n; ++i) total.areas[i] += part.areas[i];
        for (std::size_t i = 0; i < n * width; ++i) total.points[i] += part.points[i];
        for (std::size_t i = 0; i < n; ++i) total.squares[i] += part.squares[i];
    }
    return total;
}

std::vector<std::int32_t> merge_small_regions(const std::int32_t* regions, int width, int height,
                                              const std::vector<std::int32_t>& label_of, GroupSums sums, int dims,
                                              std::int64_t min_area, std::int32_t locked) {
    Merger merger(find_neighbors(regions, width, height, label_of.size()), label_of, std::move(sums), dims, locked);
    merger.run(min_area);
    return merger.labels();
}

}  // namespace huepress
