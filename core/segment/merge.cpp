#include "segment/merge.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

#include "support/float4.hpp"

namespace huepress {
namespace {

// Neighbors in photographs are rarely farther apart.
constexpr double kCommonHueDistance = 0.12, kCommonContrast = 2.0;
constexpr std::size_t kStepsPerPoll = 256;

// One side of a border.
struct Side {
    std::int32_t other;
    std::uint32_t border;
};

class HierarchyBuilder {
public:
    HierarchyBuilder(BorderEvidence evidence, std::size_t n_regions, const MergeNetwork& network)
        : evidence_(std::move(evidence)),
          network_(network),
          sides_(n_regions),
          version_(n_regions, 0),
          alive_(n_regions, 1),
          features_(evidence_.n_features()),
          inputs_(evidence_.n_features()),
          hidden_((network.n_units + 3) / 4 * features_.size()),
          biases_((network.n_units + 3) / 4),
          outputs_(biases_.size()) {
        for (std::size_t unit = 0; unit < network.n_units; ++unit) {
            const std::size_t block = unit / 4, lane = unit % 4;
            for (std::size_t f = 0; f < features_.size(); ++f) {
                hidden_[block * features_.size() + f][lane] =
                    static_cast<float>(network.hidden[f * network.n_units + unit]);
            }
            biases_[block][lane] = static_cast<float>(network.hidden_biases[unit]);
            outputs_[block][lane] = static_cast<float>(network.output[unit]);
        }
        for (std::size_t i = 0; i < evidence_.borders().size(); ++i) {
            const Border& border = evidence_.borders()[i];
            sides_[static_cast<std::size_t>(border.a)].push_back({border.b, static_cast<std::uint32_t>(i)});
            sides_[static_cast<std::size_t>(border.b)].push_back({border.a, static_cast<std::uint32_t>(i)});
        }
    }

    std::vector<MergeStep> run(const StopRequested& stop_requested) {
        for (std::size_t i = 0; i < evidence_.borders().size(); ++i) {
            push(evidence_.borders()[i].a, evidence_.borders()[i].b, i);
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
            if (steps.size() + 1 == version_.size()) break;  // what waits is out of date
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

    double cost(std::size_t a, std::size_t b, std::size_t border) {
        evidence_.measure(a, b, border, features_.data());
        const double z = network_output();
        const double sure = z > 0.0 ? 1.0 + z : 1.0 / (1.0 - z);
        return sure + network_.vivid * std::max(0.0, evidence_.hue_distance(a, b) - kCommonHueDistance) +
               network_.flat * std::max(0.0, evidence_.contrast(a, b) - kCommonContrast);
    }

    double network_output() {
        for (std::size_t f = 0; f < features_.size(); ++f) inputs_[f] = static_cast<float>(features_[f]);
        Float4 sum = Float4{};
        for (std::size_t block = 0; block < biases_.size(); ++block) {
            const Float4* weights = &hidden_[block * features_.size()];
            Float4 units = biases_[block];
            for (std::size_t f = 0; f < features_.size(); ++f) units += weights[f] * inputs_[f];
            sum += outputs_[block] * select(units > 0.0f, units, Float4{});
        }
        return network_.output_bias + static_cast<double>((sum[0] + sum[1]) + (sum[2] + sum[3]));
    }

    void push(std::int32_t r, std::int32_t other, std::size_t border) {
        const std::int32_t a = std::min(r, other), b = std::max(r, other);
        queue_.push(
            {cost(static_cast<std::size_t>(a), static_cast<std::size_t>(b), border), a, b, version_[a], version_[b]});
    }

    static Side* find(std::vector<Side>& list, std::int32_t other) {
        for (Side& side : list) {
            if (side.other == other) return &side;
        }
        return nullptr;
    }

    static void erase(std::vector<Side>& list, std::int32_t other) {
        std::erase_if(list, [&](const Side& side) { return side.other == other; });
    }

    void join(std::int32_t into, std::int32_t from) {
        std::vector<Side>& sides = sides_[into];
        evidence_.join(static_cast<std::size_t>(into), static_cast<std::size_t>(from), find(sides, from)->border);
        alive_[from] = 0;
        ++version_[into];
        erase(sides, from);
        for (const Side& moved : sides_[from]) {
            if (moved.other == into) continue;
            std::vector<Side>& theirs = sides_[moved.other];
            if (const Side* mine = find(sides, moved.other)) {
                evidence_.join_borders(mine->border, moved.border);
                erase(theirs, from);
            } else {
                find(theirs, from)->other = into;
                sides.push_back(moved);
            }
        }
        sides_[from] = {};
        for (const Side& side : sides) push(into, side.other, side.border);
    }

    BorderEvidence evidence_;
    MergeNetwork network_;
    std::vector<std::vector<Side>> sides_;
    std::vector<std::uint32_t> version_;
    std::vector<std::uint8_t> alive_;
    std::vector<double> features_;
    std::vector<float> inputs_;
    // The network's units by fours, of each block a weight a feature; those that fill the last block are 0.
    std::vector<Float4> hidden_, biases_, outputs_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

}  // namespace

std::vector<MergeStep> merge_by_borders(BorderEvidence evidence, std::size_t n_regions, const MergeNetwork& network,
                                        const StopRequested& stop_requested) {
    return HierarchyBuilder(std::move(evidence), n_regions, network).run(stop_requested);
}

}  // namespace huepress
