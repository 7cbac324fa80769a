#include "segment/potts.hpp"

#include <algorithm>
#include <vector>

#include "support/float4.hpp"
#include "support/points.hpp"

namespace huepress {
namespace {

constexpr std::size_t kLinesPerTask = 8;
using Int4 = Vector<std::int32_t, 4>;
using Byte4 = Vector<std::uint8_t, 4>;
constexpr std::size_t kBlock = 4;  // labels are padded to whole registers
// Costs are kept as multiples of 256: with the label added, the least of them tells whose it is, and of equal
// ones it is the lowest label's.
constexpr int kLabelBits = 8;
constexpr std::int32_t kLabelMask = (1 << kLabelBits) - 1;
// Larger data terms are all alike; keeps sums within the integers.
constexpr float kLargestCost = 1 << 20;
constexpr std::int32_t kNever = 1 << 29;
constexpr Int4 kLanes = {0, 1, 2, 3};

inline Int4 min(Int4 a, Int4 b) { return select(a < b, a, b); }
inline Int4 max(Int4 a, Int4 b) { return select(a < b, b, a); }
inline std::int32_t lowest(Int4 v) { return std::min(std::min(v[0], v[1]), std::min(v[2], v[3])); }

struct Line {
    std::ptrdiff_t first;  // pixel where it starts
    std::ptrdiff_t along;  // to the next pixel
    int length;
    std::ptrdiff_t across[2];  // to the line before and the one after; 0 where there is none
};

// Pixels that keep their label while lines are solved, which fall into pieces between them.
enum Held : std::uint8_t {
    kFree,
    kSure,    // no neighbor could talk them out of their nearest center: it is part of every best solution
    kSettled  // they have their nearest center, and all eight neighbors have the same
};

struct Scratch {
    std::vector<std::int32_t> path;
    std::vector<std::uint8_t> jumps;     // length x padded k: whether the best path comes from another label
    std::vector<std::int32_t> cheapest;  // the label that it comes from then
};

class Sweeper {
public:
    Sweeper(const PottsModel& model, std::int32_t* labels, int n_threads, const StopRequested& stop_requested)
        : model_(model), labels_(labels), stop_(stop_requested), n_threads_(n_threads) {
        k_ = static_cast<std::size_t>(model.k);
        padded_ = (k_ + kBlock - 1) / kBlock * kBlock;
        straight_ = model.straight << kLabelBits;
        diagonal_ = static_cast<std::int32_t>((static_cast<std::int64_t>(model.straight) * 46341 + 32768) / 65536)
                    << kLabelBits;
        const auto dims = static_cast<std::size_t>(model.dims);
        by_coordinate_.assign(padded_ * dims, 0.0f);
        for (std::size_t l = 0; l < k_; ++l) {
            for (std::size_t d = 0; d < dims; ++d) by_coordinate_[d * padded_ + l] = model.centers[l * dims + d];
        }
        unused_.assign(padded_, 0);
        std::fill(unused_.begin() + static_cast<std::ptrdiff_t>(k_), unused_.end(), kNever);
        beside_.assign(k_ * padded_, 0);
        askew_.assign(k_ * padded_, 0);
        for (std::size_t l = 0; l < k_; ++l) beside_[l * padded_ + l] = straight_, askew_[l * padded_ + l] = diagonal_;
        held_.resize(static_cast<std::size_t>(model.width) * static_cast<std::size_t>(model.height));
        scratch_.resize(static_cast<std::size_t>(std::max(1, n_threads)));
        const auto longest = static_cast<std::size_t>(std::max(model.width, model.height));
        for (Scratch& s : scratch_) {
            s.path.resize(padded_);
            s.jumps.resize(longest * padded_);
            s.cheapest.resize(longest);
        }
    }

    // Gives the sure pixels their labels.
    std::size_t hold() {
        const std::int64_t most = 4 * (static_cast<std::int64_t>(straight_) + diagonal_);
        std::vector<std::size_t> changed(chunk_count(held_.size()), 0);
        for_each_chunk(held_.size(), n_threads_, [&](int, std::size_t chunk, std::size_t begin, std::size_t end) {
            with_dims(model_.dims, [&]<int D>() {
                for (std::size_t i = begin; i < end; ++i) {
                    held_[i] = kFree;
                    if (labels_[i] < 0) continue;
                    const Winner winner = find_winner<D>(model_.points + i * coordinates<D>());
                    if (winner.margin > most) {
                        held_[i] = kSure;
                        changed[chunk] += labels_[i] != winner.label;
                        labels_[i] = winner.label;
                    } else if (labels_[i] == winner.label) {
                        held_[i] = kSettled;  // if its neighbors agree
                    }
                }
            });
        });
        for_each_task(static_cast<std::size_t>(model_.height), n_threads_, [&](std::size_t row) {
            for (int x = 0; x < model_.width; ++x) {
                std::uint8_t& held = held_[row * static_cast<std::size_t>(model_.width) + static_cast<std::size_t>(x)];
                if (held == kSettled && !neighbors_agree(x, static_cast<int>(row))) held = kFree;
            }
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
                    changed[line] =
                        with_dims(model_.dims, [&]<int D>() { return solve_line<D>(line_of(line), scratch_[thread]); });
                }
            });
        }
        std::size_t sum = 0;
        for (const std::size_t n : changed) sum += n;
        return sum;
    }

    bool neighbors_agree(int x, int y) const {
        if (x == 0 || y == 0 || x + 1 == model_.width || y + 1 == model_.height) return false;
        const std::ptrdiff_t w = model_.width;
        const std::int32_t* at = labels_ + y * w + x;
        for (const std::int32_t* row : {at - w, at, at + w}) {
            if (row[-1] != *at || row[0] != *at || row[1] != *at) return false;
        }
        return true;
    }

    // Excluded and held pixels cut a line into pieces that do not depend on each other.
    template <int D>
    std::size_t solve_line(const Line& line, Scratch& s) {
        const auto open = [&](int t) {
            const std::ptrdiff_t i = line.first + t * line.along;
            return labels_[i] >= 0 && held_[i] == kFree;
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
        std::int32_t least = 0;
        for (int t = begin; t < end; ++t) {
            const Rewards rewards = gather_rewards(line, t, t == begin, t + 1 == end);
            const std::int32_t key = extend<D>(line.first + t * line.along, rewards, least, path,
                                               &s.jumps[static_cast<std::size_t>(t) * padded_]);
            least = key & ~kLabelMask;
            s.cheapest[t] = key & kLabelMask;
        }
        std::size_t changed = 0;
        std::int32_t best = s.cheapest[end - 1];
        for (int t = end - 1; t >= begin; --t) {
            std::int32_t& label = labels_[line.first + t * line.along];
            changed += label != best;
            label = best;
            if (t > begin && s.jumps[static_cast<std::size_t>(t) * padded_ + static_cast<std::size_t>(best)]) {
                best = s.cheapest[t - 1];
            }
        }
        return changed;
    }

    // Rows of the tables of rewards, one for each neighbor whose label is given: what its label gets cheaper by.
    // Added up they never leave the registers, unlike single entries.
    struct Rewards {
        const std::int32_t* rows[8];
        std::size_t n = 0;
    };

    Rewards gather_rewards(const Line& line, int t, bool first, bool last) const {
        Rewards rewards;
        const std::ptrdiff_t i = line.first + t * line.along;
        const auto add = [&](std::ptrdiff_t neighbor, const std::vector<std::int32_t>& table) {
            const std::int32_t label = labels_[neighbor];
            if (label >= 0) rewards.rows[rewards.n++] = &table[static_cast<std::size_t>(label) * padded_];
        };
        for (const std::ptrdiff_t across : line.across) {
            if (across == 0) continue;
            add(i + across, beside_);
            if (t > 0) add(i + across - line.along, askew_);
            if (t + 1 < line.length) add(i + across + line.along, askew_);
        }
        if (first && t > 0) add(i - line.along, beside_);
        if (last && t + 1 < line.length) add(i + line.along, beside_);
        return rewards;
    }

    // Lengthens the best path to every label by pixel i. Returns the cheapest one's cost and label. Costs count
    // from `least`, the cheapest so far.
    template <int D>
    std::int32_t extend(std::ptrdiff_t i, const Rewards& rewards, std::int32_t least, std::int32_t* path,
                        std::uint8_t* jumps) const {
        const float* x = model_.points + i * static_cast<std::ptrdiff_t>(coordinates<D>());
        const std::size_t padded = padded_;
        const Int4 weight = splat<Int4>(straight_), before = splat<Int4>(least);
        Int4 cheapest = splat<Int4>(2 * (kNever - 1));
        for (std::size_t block = 0; block < padded; block += kBlock) {
            Int4 cost = data_costs<D>(x, block);
            for (std::size_t r = 0; r < rewards.n; ++r) cost -= load<Int4>(rewards.rows[r] + block);
            const Int4 stay = load<Int4>(path + block) - before;
            store(jumps + block, convert<Byte4>(stay > weight));
            cost += min(stay, weight);
            store(path + block, cost);
            cheapest = min(cheapest, cost + kLanes + static_cast<std::int32_t>(block));
        }
        return lowest(cheapest);
    }

    struct Winner {
        std::int32_t label;
        std::int64_t margin;  // how much dearer the second cheapest label is
    };

    template <int D>
    Winner find_winner(const float* x) const {
        Int4 first = splat<Int4>(2 * (kNever - 1)), second = first;
        for (std::size_t block = 0; block < padded_; block += kBlock) {
            const Int4 key = data_costs<D>(x, block) + kLanes + static_cast<std::int32_t>(block);
            second = min(second, max(first, key));
            first = min(first, key);
        }
        const std::int32_t best = lowest(first);
        const Int4 others = select(first == best, second, first);
        const std::int32_t next = std::min(lowest(others), lowest(second));
        return {best & kLabelMask, static_cast<std::int64_t>(next & ~kLabelMask) - (best & ~kLabelMask)};
    }

    template <int D>
    std::size_t coordinates() const {
        return D ? static_cast<std::size_t>(D) : static_cast<std::size_t>(model_.dims);
    }

    // What the labels of a block cost.
    template <int D>
    Int4 data_costs(const float* x, std::size_t block) const {
        Float4 squared = {};
        for (std::size_t d = 0; d < coordinates<D>(); ++d) {
            const Float4 difference = splat<Float4>(x[d]) - load<Float4>(&by_coordinate_[d * padded_ + block]);
            squared += difference * difference;
        }
        const Float4 scaled = squared * model_.data_scale + 0.5f;
        const Float4 capped = select(scaled < kLargestCost, scaled, splat<Float4>(kLargestCost));
        return (convert<Int4>(capped) << kLabelBits) + load<Int4>(&unused_[block]);
    }

    const PottsModel model_;
    std::int32_t* labels_;
    const StopRequested& stop_;
    int n_threads_;
    std::size_t k_, padded_;
    std::int32_t straight_, diagonal_;
    std::vector<float> by_coordinate_;
    std::vector<std::int32_t> unused_;          // kNever for labels that only fill a block
    std::vector<std::int32_t> beside_, askew_;  // rewards for one equal neighbor: k x padded k
    std::vector<std::uint8_t> held_;
    std::vector<Scratch> scratch_;
};

}  // namespace

std::size_t potts_sweep(const PottsModel& model, std::int32_t* labels, int n_threads,
                        const StopRequested& stop_requested) {
    Sweeper sweeper(model, labels, n_threads, stop_requested);
    std::size_t changed = sweeper.hold();
    changed += sweeper.rows();
    changed += sweeper.columns();
    return changed;
}

}  // namespace huepress
