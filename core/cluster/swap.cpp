#include "cluster/swap.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "cluster/pinned.hpp"
#include "cluster/seeding.hpp"

namespace huepress {
namespace {

constexpr std::size_t kClustersPerMove = 8;  // of the first, boldest trial
constexpr std::size_t kMovesPerCluster = 4;  // candidates kept

struct Move {
    double promise;  // predicted fall of the inertia
    std::size_t remove;
    std::size_t split;
    std::size_t into;  // who will take most of the removed cluster's points
    bool operator<(const Move& other) const {
        if (promise != other.promise) return promise > other.promise;
        return std::pair(remove, split) < std::pair(other.remove, other.split);
    }
};

class SwapState {
public:
    SwapState(const Points& points, const Clustering& c, int n_pinned)
        : points_(points),
          c_(c),
          k_(c.centers.size() / static_cast<std::size_t>(points.dims)),
          n_pinned_(static_cast<std::size_t>(n_pinned)),
          rows_(k_),
          weights_(k_, 0.0) {
        for (std::size_t i = 0; i < points.n; ++i) {
            const auto label = static_cast<std::size_t>(c.labels[i]);
            rows_[label].push_back(static_cast<std::uint32_t>(i));
            weights_[label] += points.weights[i];
        }
        for (std::size_t k = 0; k < n_pinned_; ++k) {
            beside_.push_back(best_beside(points, rows_[k], &c.centers[k * static_cast<std::size_t>(points.dims)]));
            cuts_.push_back({beside_[k].gain, beside_[k].gain > 0.0 ? 0 : -1, 0.0f});
        }
        for (std::size_t k = n_pinned_; k < k_; ++k) {
            cuts_.push_back(rows_[k].empty() ? Cut{} : best_cut(points, rows_[k].data(), rows_[k].size()));
        }
    }

    // The most promising moves, best first.
    std::vector<Move> moves(std::size_t at_most) const {
        const std::vector<MergeCost> costs = merge_costs();
        std::vector<Move> result;
        for (std::size_t remove = n_pinned_; remove < k_; ++remove) {
            for (std::size_t split = 0; split < k_; ++split) {
                if (split == remove || cuts_[split].axis < 0) continue;
                // The center about to be split takes nobody in.
                const MergeCost& cost = costs[remove];
                const double merge = cost.into == split ? cost.second : cost.first;
                result.push_back(
                    {cuts_[split].gain - merge, remove, split, cost.into == split ? cost.second_into : cost.into});
            }
        }
        const std::size_t n = std::min(at_most, result.size());
        std::partial_sort(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(n), result.end());
        result.resize(n);
        return result;
    }

    // The start for Lloyd's iterations after the moves.
    Clustering apply(const std::vector<Move>& moves) const {
        Clustering trial = c_;
        trial.bound.clear();
        for (const Move& move : moves) split(move, trial.centers);
        return trial;
    }

private:
    struct MergeCost {
        double first = std::numeric_limits<double>::infinity();
        double second = std::numeric_limits<double>::infinity();
        std::size_t into = 0;
        std::size_t second_into = 0;
    };

    // Ward's cost of giving each center's points to the cheapest and second cheapest other. A pinned
    // one stays where it is when it takes them.
    std::vector<MergeCost> merge_costs() const {
        const auto dims = static_cast<std::size_t>(points_.dims);
        std::vector<MergeCost> costs(k_);
        for (std::size_t a = 0; a < k_; ++a) {
            for (std::size_t b = 0; b < k_; ++b) {
                const bool pinned = b < n_pinned_;
                if (a == b || (weights_[b] == 0.0 && !pinned)) continue;
                const double d2 = squared_distance<0>(&c_.centers[a * dims], &c_.centers[b * dims], points_.dims);
                const double cost = d2 * weights_[a] * (pinned ? 1.0 : weights_[b] / (weights_[a] + weights_[b]));
                MergeCost& best = costs[a];
                if (cost < best.first) {
                    best = {cost, best.first, b, best.into};
                } else if (cost < best.second) {
                    best.second = cost;
                    best.second_into = b;
                }
            }
        }
        return costs;
    }

    void split(const Move& move, std::vector<float>& centers) const {
        const auto dims = static_cast<std::size_t>(points_.dims);
        if (move.split < n_pinned_) {
            std::copy_n(beside_[move.split].center.data(), dims, &centers[move.remove * dims]);
            return;
        }
        std::vector<double> sums[2] = {std::vector<double>(dims, 0.0), std::vector<double>(dims, 0.0)};
        double weights[2] = {0.0, 0.0};
        const Cut& cut = cuts_[move.split];
        for (const std::uint32_t row : rows_[move.split]) {
            const std::size_t side = points_[row][cut.axis] < cut.threshold ? 0 : 1;
            weights[side] += points_.weights[row];
            for (std::size_t d = 0; d < dims; ++d) {
                sums[side][d] += points_.weights[row] * static_cast<double>(points_[row][d]);
            }
        }
        if (weights[0] == 0.0 || weights[1] == 0.0) return;
        for (std::size_t d = 0; d < dims; ++d) {
            centers[move.split * dims + d] = static_cast<float>(sums[0][d] / weights[0]);
            centers[move.remove * dims + d] = static_cast<float>(sums[1][d] / weights[1]);
        }
    }

    const Points& points_;
    const Clustering& c_;
    std::size_t k_;
    std::size_t n_pinned_;
    std::vector<std::vector<std::uint32_t>> rows_;
    std::vector<double> weights_;
    std::vector<Beside> beside_;  // of the pinned clusters
    std::vector<Cut> cuts_;
};

// Up to `at_most` of the moves that do not touch each other's clusters.
std::vector<Move> disjoint(const std::vector<Move>& moves, std::size_t k, std::size_t at_most) {
    std::vector<Move> chosen;
    std::vector<bool> touched(k, false);
    for (const Move& move : moves) {
        if (chosen.size() == at_most) break;
        if (touched[move.remove] || touched[move.split] || touched[move.into]) continue;
        touched[move.remove] = touched[move.split] = touched[move.into] = true;
        chosen.push_back(move);
    }
    return chosen;
}

}  // namespace

Clustering swap_search(const Points& points, Clustering start, int n_swaps, const LloydOptions& options,
                       const StopRequested& stop_requested) {
    const std::size_t k = start.centers.size() / static_cast<std::size_t>(points.dims);
    Clustering best = std::move(start);
    if (k < 3) n_swaps = 0;
    LloydOptions trial_options = options;
    trial_options.tol = std::max(options.tol, kTrialTol);
    std::size_t batch = std::max<std::size_t>(1, k / kClustersPerMove);
    while (n_swaps > 0) {
        bool improved = false;
        const SwapState state(points, best, options.n_pinned);
        const std::vector<Move> moves = state.moves(k * kMovesPerCluster);
        for (std::size_t first = 0; first < moves.size() && n_swaps > 0 && !improved;) {
            const std::vector<Move> rest(moves.begin() + static_cast<std::ptrdiff_t>(first), moves.end());
            --n_swaps;
            Clustering trial = lloyd(points, state.apply(disjoint(rest, k, batch)), trial_options, stop_requested);
            improved = trial.inertia < best.inertia;
            if (improved) {
                best = std::move(trial);
            } else if (batch > 1) {
                batch /= 2;
            } else {
                ++first;
            }
        }
        if (!improved) break;
    }
    return lloyd(points, std::move(best), options, stop_requested);
}

}  // namespace huepress
