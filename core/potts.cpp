#include "potts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "points.hpp"

namespace huepress {
namespace {

constexpr std::size_t kLinesPerTask = 8;
constexpr std::size_t kBlock = 8;  // labels are padded to whole SIMD registers
// Larger data terms are all alike; keeps sums far from the integers' end.
constexpr float kLargestCost = 1 << 26;
constexpr std::int32_t kNever = 1 << 28;

struct Line {
    std::ptrdiff_t first;    // pixel where it starts
    std::ptrdiff_t along;    // to the next pixel
    int length;
    std::ptrdiff_t across[2];  // to the line before and the one after; 0 where there is none
};

// Pixels whose nearest center is so much nearer that no neighbor can talk them into another label. Their
// label is part of every best solution; lines fall into pieces between them.
constexpr std::uint8_t kSure = 1;

struct Scratch {
    std::vector<std::int32_t> cost, path;
    std::vector<std::uint8_t> jumps;     // length x padded k: whether the best path comes from another label
    std::vector<std::int32_t> cheapest;  // the label that it comes from then
};

class Sweeper {
public:
    Sweeper(const PottsModel& model, std::int32_t* labels, int n_threads, const StopRequested& stop_requested)
        : model_(model), labels_(labels), stop_(stop_requested), n_threads_(n_threads) {
        k_ = static_cast<std::size_t>(model.k);
        padded_ = (k_ + kBlock - 1) / kBlock * kBlock;
        diagonal_ = static_cast<std::int32_t>((static_cast<std::int64_t>(model.straight) * 46341 + 32768) / 65536);
        const auto dims = static_cast<std::size_t>(model.dims);
        by_coordinate_.assign(padded_ * dims, 0.0f);
        for (std::size_t l = 0; l < k_; ++l) {
            for (std::size_t d = 0; d < dims; ++d) by_coordinate_[d * padded_ + l] = model.centers[l * dims + d];
        }
        sure_.resize(static_cast<std::size_t>(model.width) * static_cast<std::size_t>(model.height));
        scratch_.resize(static_cast<std::size_t>(std::max(1, n_threads)));
        const auto longest = static_cast<std::size_t>(std::max(model.width, model.height));
        for (Scratch& s : scratch_) {
            s.cost.resize(padded_);
            s.path.resize(padded_);
            s.jumps.resize(longest * padded_);
            s.cheapest.resize(longest);
        }
    }

    // Gives the sure pixels their labels.
    std::size_t find_sure() {
        const std::int64_t most = 4 * (static_cast<std::int64_t>(model_.straight) + diagonal_);
        std::vector<std::size_t> changed(chunk_count(sure_.size()), 0);
        for_each_chunk(sure_.size(), n_threads_, [&](int thread, std::size_t chunk, std::size_t begin, std::size_t end) {
            std::int32_t* cost = scratch_[static_cast<std::size_t>(thread)].cost.data();
            with_dims(model_.dims, [&]<int D>() {
                for (std::size_t i = begin; i < end; ++i) {
                    sure_[i] = 0;
                    if (labels_[i] < 0) continue;
                    data_costs<D>(i, cost);
                    const auto [best, margin] = winner(cost);
                    if (margin <= most) continue;
                    sure_[i] = kSure;
                    changed[chunk] += labels_[i] != best;
                    labels_[i] = best;
                }
            });
        });
        std::size_t sum = 0;
        for (const std::size_t n : changed) sum += n;
        return sum;
    }

    std::size_t rows() {
        return all(model_.height, [this](int y) {
            const std::ptrdiff_t w = model_.width;
            return Line{y * w, 1, model_.width, {y > 0 ? -w : 0, y + 1 < model_.height ? w : 0}};
        });
    }

    std::size_t columns() {
        return all(model_.width, [this](int x) {
            return Line{x, model_.width, model_.height, {x > 0 ? -1 : 0, x + 1 < model_.width ? 1 : 0}};
        });
    }

private:
    template <class LineOf>
    std::size_t all(int n_lines, LineOf&& line_of) {
        std::vector<std::size_t> changed(static_cast<std::size_t>(n_lines), 0);
        for (int parity = 0; parity < 2; ++parity) {
            const auto n = static_cast<std::size_t>((n_lines + 1 - parity) / 2);
            check_stop(stop_);
            run_tasks((n + kLinesPerTask - 1) / kLinesPerTask, n_threads_, [&](int thread, std::size_t task) {
                const std::size_t end = std::min(n, (task + 1) * kLinesPerTask);
                for (std::size_t i = task * kLinesPerTask; i < end; ++i) {
                    const int line = static_cast<int>(2 * i) + parity;
                    changed[static_cast<std::size_t>(line)] = with_dims(model_.dims, [&]<int D>() {
                        return solve_line<D>(line_of(line), scratch_[static_cast<std::size_t>(thread)]);
                    });
                }
            });
        }
        std::size_t sum = 0;
        for (const std::size_t n : changed) sum += n;
        return sum;
    }

    // Excluded and sure pixels cut a line into pieces that do not depend on each other.
    template <int D>
    std::size_t solve_line(const Line& line, Scratch& s) {
        const auto open = [&](int t) {
            const std::ptrdiff_t i = line.first + t * line.along;
            return labels_[i] >= 0 && sure_[i] != kSure;
        };
        std::size_t changed = 0;
        for (int begin = 0; begin < line.length;) {
            if (!open(begin)) {
                ++begin;
                continue;
            }
            int end = begin + 1;
            while (end < line.length && open(end)) ++end;
            changed += solve_piece<D>(line, begin, end, s);
            begin = end;
        }
        return changed;
    }

    template <int D>
    std::size_t solve_piece(const Line& line, int begin, int end, Scratch& s) {
        std::int32_t* path = s.path.data();
        std::fill_n(path, padded_, 0);
        std::int32_t best = 0;
        for (int t = begin; t < end; ++t) {
            price<D>(line, t, s.cost.data());
            if (t == begin && t > 0) reward(s.cost.data(), line.first + (t - 1) * line.along, model_.straight);
            if (t + 1 == end && end < line.length) reward(s.cost.data(), line.first + end * line.along, model_.straight);
            std::uint8_t* jumps = &s.jumps[static_cast<std::size_t>(t) * padded_];
            std::int32_t least = extend(s.cost.data(), path, jumps);
            best = 0;
            while (path[best] != least) ++best;  // the lowest label on ties
            s.cheapest[static_cast<std::size_t>(t)] = best;
            for (std::size_t l = 0; l < padded_; ++l) path[l] -= least;
        }
        std::size_t changed = 0;
        for (int t = end - 1; t >= begin; --t) {
            std::int32_t& label = labels_[line.first + t * line.along];
            changed += label != best;
            label = best;
            if (t > begin && s.jumps[static_cast<std::size_t>(t) * padded_ + static_cast<std::size_t>(best)]) {
                best = s.cheapest[static_cast<std::size_t>(t - 1)];
            }
        }
        return changed;
    }

    // The cheapest label, the lowest on ties, and how much dearer the next one is.
    std::pair<std::int32_t, std::int64_t> winner(const std::int32_t* cost) const {
        std::int32_t first[kBlock], second[kBlock];
        std::copy_n(cost, kBlock, first);
        std::fill_n(second, kBlock, kNever);
        for (std::size_t block = kBlock; block < padded_; block += kBlock) {
            for (std::size_t l = 0; l < kBlock; ++l) {
                const std::int32_t c = cost[block + l];
                second[l] = std::min(second[l], std::max(first[l], c));
                first[l] = std::min(first[l], c);
            }
        }
        const std::size_t lane = static_cast<std::size_t>(std::min_element(first, first + kBlock) - first);
        std::int32_t next = second[lane];
        for (std::size_t l = 0; l < kBlock; ++l) {
            if (l != lane) next = std::min(next, first[l]);
        }
        const std::int32_t least = first[lane];
        const std::int64_t margin = static_cast<std::int64_t>(next) - least;
        std::int32_t best = 0;
        while (cost[best] != least) ++best;
        return {best, margin};
    }

    template <int D>
    void data_costs(std::size_t i, std::int32_t* cost) const {
        const std::size_t dims = D ? static_cast<std::size_t>(D) : static_cast<std::size_t>(model_.dims);
        const float* x = model_.points + i * dims;
        for (std::size_t block = 0; block < padded_; block += kBlock) {
            float squared[kBlock] = {};
            for (std::size_t d = 0; d < dims; ++d) {
                const float* c = &by_coordinate_[d * padded_ + block];
                for (std::size_t l = 0; l < kBlock; ++l) {
                    const float difference = x[d] - c[l];
                    squared[l] += difference * difference;
                }
            }
            for (std::size_t l = 0; l < kBlock; ++l) {
                cost[block + l] = static_cast<std::int32_t>(std::min(squared[l] * model_.data_scale + 0.5f, kLargestCost));
            }
        }
        for (std::size_t l = k_; l < padded_; ++l) cost[l] = kNever;
    }

    // What each label costs this pixel, the neighbors in other lines being as they are.
    template <int D>
    void price(const Line& line, int t, std::int32_t* cost) const {
        const std::ptrdiff_t i = line.first + t * line.along;
        data_costs<D>(static_cast<std::size_t>(i), cost);
        for (const std::ptrdiff_t across : line.across) {
            if (across == 0) continue;
            reward(cost, i + across, model_.straight);
            if (t > 0) reward(cost, i + across - line.along, diagonal_);
            if (t + 1 < line.length) reward(cost, i + across + line.along, diagonal_);
        }
    }

    void reward(std::int32_t* cost, std::ptrdiff_t neighbor, std::int32_t weight) const {
        if (labels_[neighbor] >= 0) cost[labels_[neighbor]] -= weight;
    }

    // Lengthens the best paths by a pixel and returns the cheapest one's cost. Paths come in with minimum 0.
    std::int32_t extend(const std::int32_t* cost, std::int32_t* path, std::uint8_t* jumps) const {
        const std::int32_t weight = model_.straight;
        std::int32_t least[kBlock];
        std::fill_n(least, kBlock, kNever);
        for (std::size_t block = 0; block < padded_; block += kBlock) {
            for (std::size_t l = 0; l < kBlock; ++l) {
                const std::int32_t stay = path[block + l];
                jumps[block + l] = stay > weight;
                path[block + l] = cost[block + l] + std::min(stay, weight);
                least[l] = std::min(least[l], path[block + l]);
            }
        }
        return *std::min_element(least, least + kBlock);
    }

    const PottsModel model_;
    std::int32_t* labels_;
    const StopRequested& stop_;
    int n_threads_;
    std::size_t k_, padded_;
    std::int32_t diagonal_;
    std::vector<float> by_coordinate_;
    std::vector<std::uint8_t> sure_;
    std::vector<Scratch> scratch_;
};

}  // namespace

std::size_t potts_sweep(const PottsModel& model, std::int32_t* labels, int n_threads, const StopRequested& stop_requested) {
    Sweeper sweeper(model, labels, n_threads, stop_requested);
    std::size_t changed = sweeper.find_sure();
    changed += sweeper.rows();
    changed += sweeper.columns();
    return changed;
}

}  // namespace huepress
