#include "search/direct_search.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "support/float4.hpp"
#include "support/parallel.hpp"

namespace huepress {
namespace {

// Every other tile in each direction is searched at once; what is changed may lie one pixel beyond its tile.
constexpr std::size_t kTile = 32;
static_assert(kTile >= 2 * (kFarReach + 1) && kTile >= 2 * (kNearReach + 1));
// Entries that are tried instead of one: those nearest to it.
constexpr std::size_t kMostTried = 32;
// Neighbors with which a pixel may swap entries: dots move, which single changes hardly do where entries lie far apart.
struct Step {
    int dx, dy;
};
constexpr std::array<Step, 8> kNeighbors{{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}};
// Less than a step of one code in one channel is worth.
constexpr float kLeastGain = 1e-8f;
// A pass that changes a smaller part of the pixels is the last.
constexpr std::size_t kSettled = 256;

Float4 load(const float* points, std::size_t number) {
    Float4 point;
    std::memcpy(&point, points + 4 * number, sizeof point);
    return point;
}

float sum(Float4 v) { return (v[0] + v[1]) + (v[2] + v[3]); }

// One filter's view: for each pixel the errors around it, weighted by how they are felt there.
template <int kReach>
class View {
public:
    static constexpr int kSide = 2 * kReach + 1;

    View(const float* weights, const float* entries, std::size_t n_entries, std::size_t width, std::size_t height)
        : width_(static_cast<int>(width)), height_(static_cast<int>(height)), felt_(width * height, Float4{}) {
        for (int t = 0; t < kSide * kSide; ++t) weights_[t] = Float4{} + weights[t];
        for (std::size_t e = 0; e < n_entries; ++e) entries_.push_back(load(entries, e));
    }

    const Float4& entry(std::size_t number) const { return entries_[number]; }

    // How much less an error becomes with another entry.
    Float4 change(std::size_t from, std::size_t to) const { return entries_[to] - entries_[from]; }

    // What the sum of squares becomes more where a pixel's error becomes less by `change`, lane by lane.
    Float4 loss(std::size_t pixel, Float4 change) const {
        return change * (weights_[kSide * kReach + kReach] * change - (felt_[pixel] + felt_[pixel]));
    }

    // What it becomes more beyond both losses where a pixel's error becomes less by `change`, and its neighbor's, so
    // far right of it and below, more by as much.
    Float4 bond(int dx, int dy, Float4 change) const {
        const Float4 weight = weights_[(dy + kReach) * kSide + kReach + dx];
        return (Float4{} - (weight + weight)) * (change * change);
    }

    // Tells the neighbors that a pixel's error became less by `change`.
    void apply(int x, int y, Float4 change) {
        for (int dy = std::max(-kReach, -y); dy <= std::min(kReach, height_ - 1 - y); ++dy) {
            Float4* row = felt_.data() + static_cast<std::size_t>(y + dy) * width_ + x;
            const Float4* weights = weights_ + (dy + kReach) * kSide + kReach;
            const int last = std::min(kReach, width_ - 1 - x);
            for (int dx = std::max(-kReach, -x); dx <= last; ++dx) row[dx] = row[dx] - weights[dx] * change;
        }
    }

    // Gathers what is felt in a row; `error(pixel)` is the error there.
    template <class Error>
    void gather(int y, Error&& error) {
        for (int dy = std::max(-kReach, -y); dy <= std::min(kReach, height_ - 1 - y); ++dy) {
            const std::size_t from = static_cast<std::size_t>(y + dy) * width_;
            for (int x = 0; x < width_; ++x) {
                const Float4 there = error(from + x);
                Float4* row = felt_.data() + static_cast<std::size_t>(y) * width_ + x;
                const Float4* weights = weights_ + (dy + kReach) * kSide + kReach;
                const int last = std::min(kReach, width_ - 1 - x);
                for (int dx = std::max(-kReach, -x); dx <= last; ++dx) row[dx] = row[dx] + weights[dx] * there;
            }
        }
    }

private:
    int width_, height_;
    Float4 weights_[kSide * kSide];
    std::vector<Float4> entries_, felt_;
};

class DirectSearch {
public:
    DirectSearch(const DirectSearchPicture& picture, std::vector<std::uint8_t>& indices)
        : picture_(picture),
          indices_(indices),
          far_(picture.far_weights, picture.entries.far, picture.n_entries, picture.width, picture.height),
          near_(picture.near_weights, picture.entries.near, picture.n_entries, picture.width, picture.height) {
        list_tried();
    }

    void run(int n_passes, int n_threads, const StopRequested& stop_requested) {
        const std::size_t width = picture_.width, height = picture_.height;
        for_each_task(height, n_threads, [&](std::size_t y) {
            const int row = static_cast<int>(y);
            far_.gather(row, [&](std::size_t i) {
                return load(picture_.colors.far, picture_.color_of[i]) - far_.entry(indices_[i]);
            });
            near_.gather(row, [&](std::size_t i) {
                return load(picture_.colors.near, picture_.color_of[i]) - near_.entry(indices_[i]);
            });
        });
        const std::size_t across = (width + kTile - 1) / kTile, down = (height + kTile - 1) / kTile;
        for (int pass = 0; pass < n_passes; ++pass) {
            std::size_t n_changed = 0;
            for (std::size_t phase = 0; phase < 4; ++phase) {
                check_stop(stop_requested);
                const std::size_t left = phase % 2, top = phase / 2;
                if (left >= across || top >= down) continue;
                const std::size_t n_across = (across - left + 1) / 2, n_down = (down - top + 1) / 2;
                std::vector<std::size_t> changed(n_across * n_down);
                for_each_task(changed.size(), n_threads, [&](std::size_t task) {
                    changed[task] = search_tile(left + 2 * (task % n_across), top + 2 * (task / n_across));
                });
                n_changed = std::accumulate(changed.begin(), changed.end(), n_changed);
            }
            if (n_changed * kSettled < width * height) break;
        }
    }

private:
    // For each entry those that are nearest to it from afar, itself left out.
    void list_tried() {
        const std::size_t n = picture_.n_entries;
        tried_.resize(n);
        for (std::size_t e = 0; e < n; ++e) {
            std::vector<float> apart(n);
            for (std::size_t o = 0; o < n; ++o) apart[o] = squared_norm(far_.entry(o) - far_.entry(e));
            std::vector<std::uint8_t> order(n);
            std::iota(order.begin(), order.end(), std::uint8_t{0});
            order.erase(order.begin() + static_cast<std::ptrdiff_t>(e));
            std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return apart[a] < apart[b]; });
            order.resize(std::min(order.size(), kMostTried));
            tried_[e] = std::move(order);
        }
    }

    std::size_t search_tile(std::size_t across, std::size_t down) {
        std::size_t n_changed = 0;
        for (std::size_t y = down * kTile; y < std::min(picture_.height, (down + 1) * kTile); ++y) {
            for (std::size_t x = across * kTile; x < std::min(picture_.width, (across + 1) * kTile); ++x) {
                n_changed += search_pixel(x, y);
            }
        }
        return n_changed;
    }

    bool may_take(std::uint32_t color, std::uint8_t entry) const {
        return picture_.fixed[color] < 0 && (picture_.allowed[color] >> picture_.class_of_entry[entry] & 1) != 0;
    }

    bool search_pixel(std::size_t column, std::size_t row) {
        const int x = static_cast<int>(column), y = static_cast<int>(row);
        const std::size_t pixel = row * picture_.width + column;
        const std::uint32_t color = picture_.color_of[pixel];
        if (picture_.fixed[color] >= 0) return false;
        const std::uint8_t current = indices_[pixel];
        std::uint8_t best = current;
        int partner = -1;
        float least = -kLeastGain;
        for (const std::uint8_t e : tried_[current]) {
            if (!may_take(color, e)) continue;
            const float loss =
                sum(far_.loss(pixel, far_.change(current, e)) + near_.loss(pixel, near_.change(current, e)));
            if (loss < least) {
                least = loss;
                best = e;
            }
        }
        for (int n = 0; n < static_cast<int>(kNeighbors.size()); ++n) {
            const auto [dx, dy] = kNeighbors[n];
            if (x + dx < 0 || x + dx >= width() || y + dy < 0 || y + dy >= height()) continue;
            const std::size_t there = neighbor(pixel, n);
            const std::uint8_t other = indices_[there];
            if (other == current || !may_take(color, other) || !may_take(picture_.color_of[there], current)) continue;
            const float loss =
                sum(swap_loss(far_, pixel, n, current, other) + swap_loss(near_, pixel, n, current, other));
            if (loss < least) {
                least = loss;
                best = other;
                partner = n;
            }
        }
        if (best == current) return false;
        change_to(x, y, best);
        if (partner >= 0) change_to(x + kNeighbors[partner].dx, y + kNeighbors[partner].dy, current);
        return true;
    }

    template <class OneView>
    Float4 swap_loss(const OneView& view, std::size_t pixel, int n, std::uint8_t current, std::uint8_t other) const {
        const Float4 change = view.change(current, other);
        return view.loss(pixel, change) + view.loss(neighbor(pixel, n), Float4{} - change) +
               view.bond(kNeighbors[n].dx, kNeighbors[n].dy, change);
    }

    void change_to(int x, int y, std::uint8_t entry) {
        std::uint8_t& index = indices_[static_cast<std::size_t>(y) * picture_.width + static_cast<std::size_t>(x)];
        far_.apply(x, y, far_.change(index, entry));
        near_.apply(x, y, near_.change(index, entry));
        index = entry;
    }

    int width() const { return static_cast<int>(picture_.width); }
    int height() const { return static_cast<int>(picture_.height); }

    std::size_t neighbor(std::size_t pixel, int n) const {
        return pixel + static_cast<std::size_t>(kNeighbors[n].dy * width() + kNeighbors[n].dx);
    }

    const DirectSearchPicture& picture_;
    std::vector<std::uint8_t>& indices_;
    View<kFarReach> far_;
    View<kNearReach> near_;
    std::vector<std::vector<std::uint8_t>> tried_;
};

}  // namespace

void direct_search(const DirectSearchPicture& picture, int n_passes, int n_threads, std::vector<std::uint8_t>& indices,
                   const StopRequested& stop_requested) {
    DirectSearch(picture, indices).run(n_passes, n_threads, stop_requested);
}

}  // namespace huepress
