#include "search/lzw_exact.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "search/lzw_costs.hpp"
#include "search/lzw_dictionary.hpp"
#include "search/lzw_strings.hpp"

namespace huepress {
namespace {

constexpr float kImpossible = std::numeric_limits<float>::infinity();
constexpr std::uint16_t kNoSymbol = 0xFFFF;

class Coder {
public:
    Coder(const LzwLooks& frame, const StopRequested& stop_requested)
        : frame_(frame),
          n_pixels_(frame.width * frame.rows),
          n_symbols_(std::max(frame.n_entries, frame.transparent + 1)),
          strings_(bits_for(n_symbols_ - 1), result_.codes),
          costs_(1.0f, bits_for(n_symbols_ - 1)) {
        check_stop(stop_requested);
        result_.min_code_size = bits_for(n_symbols_ - 1);
        result_.indices.resize(static_cast<std::size_t>(n_pixels_));
        pixels_.reserve(static_cast<std::size_t>(n_pixels_));
        for (int at = 0; at < n_pixels_; ++at) pixels_.push_back(pixel(at));
    }

    LzwResult run(const StopRequested& stop_requested) {
        constexpr int kBetweenStops = 1 << 16;  // pixels
        strings_.begin();
        for (int at = 0, last_stop = 0; at < n_pixels_;) {
            if (at - last_stop >= kBetweenStops) {
                check_stop(stop_requested);
                last_stop = at;
            }
            at += say(at);
        }
        strings_.finish();
        return std::move(result_);
    }

private:
    struct Pixel {
        std::uint16_t entry;  // or kNoSymbol
        bool stays;           // whether the transparent index shows it
        std::uint8_t kind;    // as in lzw_pixels.hpp; looks are decided, so that colors count as one
    };

    Pixel pixel(int at) const {
        const std::uint16_t look = frame_.looks[at];
        Pixel result;
        result.stays = frame_.transparent >= 0 && look == frame_.under[at];
        result.entry = look < frame_.n_entries && look != frame_.transparent ? look : kNoSymbol;
        if (result.entry == kNoSymbol && !result.stays)
            throw std::invalid_argument("a pixel's required look is neither on the canvas nor in the palette");
        result.kind = look == frame_.under[at] ? 0 : at % frame_.width ? 1 : at ? 2 : 3;
        return result;
    }

    float cost_of_entry(const Pixel& here) const { return here.stays ? frame_.again_bits : 0.0f; }

    struct Way {
        float value = kImpossible, cost = 0.0f;
        int node = 0, length = 0;
    };

    // Takes the string of `node`, which says `length` pixels from `start_` on, if it is among the best so far.
    void take(int node, int length, float cost_so_far, float spared) {
        Way* way = ways_.take(cost_so_far - spared + string_bits_, length, string_bits_);
        if (!way) return;
        way->cost = cost_so_far;
        way->node = node;
    }

    // Whether what goes on from `node` may be among the best.
    bool hopeful(int node, float cost_so_far, float spared) const {
        const float most =
            spared + highest_price_ * static_cast<float>(strings_.dictionary().below[LzwDictionary::code_index(node)]);
        return cost_so_far - most + string_bits_ < ways_.limit();
    }

    // The string of `node` says `length` pixels from `start_` on at `cost_so_far`, less what they would cost else:
    // tries it and all that go on, the newest first.
    void walk(int node, int length, float cost_so_far, float spared) {
        for (;;) {
            const bool pending = node == pending_parent_;
            if (start_ + length >= n_pixels_ ||
                (!strings_.dictionary().first_child[LzwDictionary::code_index(node)] && !pending))
                return take(node, length, cost_so_far, spared);
            const Pixel& here = pixels_[static_cast<std::size_t>(start_ + length)];
            const float again = cost_so_far + cost_of_entry(here), price = costs_.price(here.kind);
            std::pair<int, float> on[2];
            int n_on = 0;
            if (here.entry != kNoSymbol) on[n_on++] = {strings_.dictionary().child(node, here.entry), again};
            if (here.stays) on[n_on++] = {strings_.dictionary().child(node, frame_.transparent), cost_so_far};
            if (n_on == 2 && on[0].first < on[1].first) std::swap(on[0], on[1]);
            while (n_on && !on[n_on - 1].first) --n_on;
            // Where one way is wanted and the only one that goes on is better, that is taken in place of this.
            const bool single = n_on == 1 && !pending;
            if (!single || !only_best_ || !(on[0].second - (spared + price) < cost_so_far - spared))
                take(node, length, cost_so_far, spared);
            spared += price;
            ++length;
            if (single) {
                if (!hopeful(on[0].first, on[0].second, spared)) return;
                node = on[0].first;
                cost_so_far = on[0].second;
                continue;
            }
            for (int i = 0; i < n_on; ++i) {
                if (hopeful(on[i].first, on[i].second, spared)) walk(on[i].first, length, on[i].second, spared);
            }
            // The code that this string is about to define: the last string and its own first symbol.
            if (pending) {
                if (strings_.last_first() == here.entry)
                    take(kPendingLzwChild, length, again, spared);
                else if (here.stays && strings_.last_first() == frame_.transparent)
                    take(kPendingLzwChild, length, cost_so_far, spared);
            }
            return;
        }
    }

    // Finds the best ways, of different lengths, to go on at a pixel; at most `most`.
    void find(int at, std::size_t most) {
        start_ = at;
        ways_.begin(most);
        only_best_ = most == 1;
        highest_price_ = costs_.highest_price();
        const Pixel& here = pixels_[static_cast<std::size_t>(at)];
        std::pair<float, int> starts[2];
        int n_starts = 0;
        if (here.stays) starts[n_starts++] = {0.0f, frame_.transparent};
        if (here.entry != kNoSymbol) starts[n_starts++] = {cost_of_entry(here), here.entry};
        if (n_starts == 2 && starts[1] < starts[0]) std::swap(starts[0], starts[1]);
        const float price = costs_.price(here.kind);
        for (int i = 0; i < n_starts; ++i) {
            if (hopeful(starts[i].second, starts[i].first, price)) walk(starts[i].second, 1, starts[i].first, price);
        }
    }

    // The best way to go on; with `ahead` ways looked at also by what comes after them.
    Way best_way(int at) {
        string_bits_ = static_cast<float>(strings_.dictionary().width());
        pending_parent_ = strings_.pending_parent();
        const auto most = static_cast<std::size_t>(std::max(frame_.ahead, 1));
        find(at, most);
        if (ways_.size() == 1 || most == 1) return ways_[0];
        const BestLzwWays<Way> ways = ways_;
        pending_parent_ = -1;
        std::size_t best = 0;
        float best_value = kImpossible;
        for (std::size_t i = 0; i < ways.size(); ++i) {
            float value = ways[i].value;
            if (at + ways[i].length < n_pixels_) {
                find(at + ways[i].length, 1);
                value += ways_[0].value;
                if (strings_.wastes(ways[i].node, ways_[0].node)) value += kWastedLzwBits;
            }
            if (value < best_value) {
                best_value = value;
                best = i;
            }
        }
        return ways[best];
    }

    // Chooses the string for the pixels from `at` on, writes it and returns its length.
    int say(int at) {
        const Way best = best_way(at);
        std::uint8_t* out = result_.indices.data() + at;
        const int width = strings_.write(best.node, best.length, out);
        int n[kLzwKinds] = {};
        for (int i = 0; i < best.length; ++i) ++n[pixels_[static_cast<std::size_t>(at + i)].kind];
        strings_.learn(costs_, best.cost + static_cast<float>(width), n);
        return best.length;
    }

    const LzwLooks& frame_;
    const int n_pixels_, n_symbols_;
    std::vector<Pixel> pixels_;
    LzwResult result_;
    LzwStrings strings_;
    LzwCosts costs_;
    int start_ = 0;
    float string_bits_ = 0.0f, highest_price_ = 0.0f;
    bool only_best_ = true;    // of `find`
    int pending_parent_ = -1;  // the string whose code with `last_first` is about to be defined
    BestLzwWays<Way> ways_;    // of `find`
};

}  // namespace

LzwResult say_lzw(const LzwLooks& frame, const StopRequested& stop_requested) {
    return Coder(frame, stop_requested).run(stop_requested);
}

}  // namespace huepress
