#include "search/lzw_search.hpp"

#include <algorithm>
#include <limits>

#include "search/candidates.hpp"
#include "search/diffusion.hpp"
#include "search/lzw_costs.hpp"
#include "search/lzw_dictionary.hpp"
#include "search/lzw_pixels.hpp"
#include "search/lzw_strings.hpp"

namespace huepress {
namespace {

constexpr int kReach = Diffusion::kReach;
constexpr float kImpossible = std::numeric_limits<float>::infinity();
// First symbols that are looked at of a string after the one that is to be chosen, the cheapest.
constexpr int kStartsAhead = 4;
class Search {
public:
    Search(const LzwFrame& frame, float lambda)
        : frame_(frame),
          lambda_(lambda),
          n_pixels_(frame.width * frame.rows),
          n_symbols_(std::max(frame.n_entries, frame.transparent + 1)),
          pixels_(lzw_pixels(frame)),
          strings_(bits_for(n_symbols_ - 1), result_.codes),
          pitch_(static_cast<std::size_t>(frame.width + 2 * kReach)),
          errors_(pitch_ * static_cast<std::size_t>(frame.rows + kFilterRows)),
          from_above_(static_cast<std::size_t>(frame.width)),
          entries_(entries_of(frame), std::vector<std::uint8_t>(), 4),
          costs_(lambda, bits_for(n_symbols_ - 1)) {
        result_.min_code_size = bits_for(n_symbols_ - 1);
        result_.indices.resize(static_cast<std::size_t>(n_pixels_));
    }

    LzwResult run(const StopRequested& stop_requested) {
        strings_.begin();
        int row = -1;
        for (int at = 0; at < n_pixels_;) {
            if (at / frame_.width != row) {
                check_stop(stop_requested);
                row = at / frame_.width;
                prepare_row(row);
            }
            at += say(at);
        }
        strings_.finish();
        return std::move(result_);
    }

private:
    // What a symbol at a pixel costs, for one history of errors.
    struct Place {
        std::uint16_t required, proposed, under;
        Float4 point, target;
        float root, weight, least, price;
    };

    Float4* errors(int y) { return errors_.data() + static_cast<std::size_t>(y + kFilterRows) * pitch_ + kReach; }

    // The errors of the pixels to the left, the nearest first.
    void errors_before(int at, Float4* history) {
        const int y = at / frame_.width, x = at - y * frame_.width;
        for (int k = 0; k < kReach; ++k) history[k] = x > k ? errors(y)[x - 1 - k] : Float4{};
    }

    // What the rows above add to v. Rows whose pixels are still being decided count as far as they
    // are known: only a string that goes on into the next row sees that.
    Float4 above(int x, int y) {
        Float4 sum{};
        if (!frame_.diffuse) return sum;
        for (int r = 0; r < kFilterRows; ++r) {
            sum += diffusion_.from_row(r + 1, errors(y - 1 - r) + x - kReach);
        }
        return sum;
    }

    void prepare_row(int y) {
        row_ = y;
        for (int x = 0; x < frame_.width; ++x) from_above_[x] = above(x, y);
    }

    Place place(int at, const Float4* history) {
        const LzwPixel& pixel = pixels_[static_cast<std::size_t>(at)];
        Place result;
        result.required = pixel.required;
        result.proposed = pixel.proposed;
        result.under = pixel.under;
        result.price = costs_.price(pixel.kind);
        result.root = pixel.root;
        if (frame_.diffuse || pixel.required == kFreeLook) result.point = frame_.color_points[pixel.color];
        if (pixel.required != kFreeLook) return result;
        Float4 sum{};
        if (frame_.diffuse) {
            const int y = at / frame_.width, x = at - y * frame_.width;
            sum = y == row_ ? from_above_[x] : above(x, y);
            for (int k = 0; k < std::min(kReach, x); ++k) sum += diffusion_.row[k] * history[k];
        }
        const float scale = diffusion_.own * pixel.root;
        // Two squared errors are one, of their weighted mean, but for what no entry changes.
        result.weight = scale * scale * pixel.stay * (1.0f + pixel.hold);
        result.target = result.point + sum / scale;
        if (pixel.hold > 0.0f)
            result.target = (result.target + pixel.hold * frame_.held[pixel.canvas]) / (1.0f + pixel.hold);
        result.least = least_error(result.target);
        return result;
    }

    static std::vector<Float4> entries_of(const LzwFrame& frame) {
        return {frame.looks.begin(), frame.looks.begin() + std::max(frame.n_entries, 1)};
    }

    float least_error(Float4 target) {
        CandidateTree& tree = entries_.of(1);
        const std::uint8_t* candidates = tree.candidates(target);
        float least = kImpossible;
        for (int j = 0; j < tree.count(); ++j)
            least = std::min(least, squared_norm(target - frame_.looks[candidates[j]]));
        return least;
    }

    std::uint16_t look(const Place& place, int symbol) const {
        return symbol == frame_.transparent ? place.under : static_cast<std::uint16_t>(symbol);
    }

    // What it costs beside the error: to say again what lies on the canvas.
    float extra(const Place& place, int symbol) const {
        return frame_.transparent >= 0 && symbol != frame_.transparent && symbol == place.under ? again_ : 0.0f;
    }

    float distortion(const Place& place, int symbol) const {
        const std::uint16_t shown = look(place, symbol);
        if (place.required != kFreeLook) return shown == place.required ? 0.0f : kImpossible;
        if (shown == kClearLook || symbol >= n_symbols_ || (symbol >= frame_.n_entries && symbol != frame_.transparent))
            return kImpossible;
        if (place.proposed != kFreeLook && shown != place.proposed) return kImpossible;
        return place.weight * std::max(squared_norm(place.target - frame_.looks[shown]) - place.least, 0.0f);
    }

    float cost(const Place& place, int symbol) const { return distortion(place, symbol) + extra(place, symbol); }

    Float4 error(const Place& place, int symbol) const {
        const std::uint16_t shown = look(place, symbol);
        if (shown == kClearLook || !frame_.diffuse) return Float4{};
        return (place.point - frame_.looks[shown]) * place.root;
    }

    // A way to say pixels: the string of a node, what it costs, also less what its pixels would cost else, and the
    // errors that it ends with.
    struct Way {
        float value = kImpossible, cost = 0.0f;
        int node = 0, length = 0;
        Float4 history[kReach];
    };

    // Takes the string of `node`, which says `length` pixels from `start_` on, if it is among the best so far.
    void take(int node, int length, float cost_so_far, float spared, const Float4* history) {
        Way* way = ways_.take(cost_so_far - spared + string_bits_cost_, length, string_bits_cost_);
        if (!way) return;
        way->cost = cost_so_far;
        way->node = node;
        std::copy(history, history + kReach, way->history);
    }

    // The string of `node` says `length` pixels from `start_` on at `cost`, less what they would cost else: tries it
    // and all that go on.
    void walk(int node, int length, float cost_so_far, float spared, const Float4* history) {
        take(node, length, cost_so_far, spared, history);
        if (start_ + length >= n_pixels_) return;
        const std::size_t n = LzwDictionary::code_index(node);
        const bool pending = node == pending_parent_;
        if (!strings_.dictionary().first_child[n] && !pending) return;
        const Place here = place(start_ + length, history);
        for (int child = strings_.dictionary().first_child[n]; child;
             child = strings_.dictionary().next_sibling[LzwDictionary::code_index(child)]) {
            step(child, strings_.dictionary().symbols[LzwDictionary::code_index(child)],
                 strings_.dictionary().below[LzwDictionary::code_index(child)], length, cost_so_far, spared, history,
                 here);
        }
        // The code that this string is about to define: the last string and its own first symbol.
        if (pending) step(kPendingLzwChild, strings_.last_first(), 0, length, cost_so_far, spared, history, here);
    }

    void step(int child, int symbol, int below, int length, float cost_so_far, float spared, const Float4* history,
              const Place& here) {
        const float total = cost_so_far + cost(here, symbol);
        spared += here.price;
        const float most = spared + costs_.highest_price() * static_cast<float>(below);
        if (!(total - most + string_bits_cost_ < ways_.limit())) return;
        Float4 next[kReach];
        for (int k = kReach - 1; k > 0; --k) next[k] = history[k - 1];
        next[0] = error(here, symbol);
        if (child != kPendingLzwChild) return walk(child, length + 1, total, spared, next);
        take(kPendingLzwChild, length + 1, total, spared, next);
    }

    // Finds the best ways, of different lengths, to go on at a pixel; at most `most`.
    void find(int at, const Float4* history, std::size_t most, int n_starts_tried) {
        start_ = at;
        ways_.begin(most);
        const Place here = place(at, history);
        std::pair<float, int> starts[256];
        int n_starts = 0;
        const auto offer = [&](int symbol) {
            const float c = cost(here, symbol);
            if (c < kImpossible) starts[n_starts++] = {c, symbol};
        };
        if (here.required == kFreeLook) {
            for (int s = 0; s < n_symbols_; ++s) offer(s);
        } else {
            if (here.required < n_symbols_ && here.required != frame_.transparent) offer(here.required);
            if (frame_.transparent >= 0) offer(frame_.transparent);
        }
        if (n_starts == 0)
            throw std::invalid_argument("a pixel's required look is neither on the canvas nor in the palette");
        const int n_tried = std::min(n_starts, n_starts_tried);
        if (n_tried < n_starts) std::nth_element(starts, starts + n_tried - 1, starts + n_starts);
        std::sort(starts, starts + n_tried);
        for (int i = 0; i < n_tried; ++i) {
            const int s = starts[i].second;
            step(s, s, strings_.dictionary().below[LzwDictionary::code_index(s)], 0, 0.0f, 0.0f, history, here);
        }
    }

    // The best way to go on; with `ahead` ways looked at also by what comes after them.
    Way best_way(int at, const Float4* history) {
        string_bits_cost_ = lambda_ * static_cast<float>(strings_.dictionary().width());
        pending_parent_ = strings_.pending_parent();
        const std::size_t most = static_cast<std::size_t>(std::max(frame_.ahead, 1));
        find(at, history, most, frame_.starts);
        if (ways_.size() == 1 || most == 1) return ways_[0];
        const BestLzwWays<Way> ways = ways_;
        pending_parent_ = -1;
        std::size_t best = 0;
        float best_value = kImpossible;
        for (std::size_t i = 0; i < ways.size(); ++i) {
            float value = ways[i].value;
            if (at + ways[i].length < n_pixels_) {
                find(at + ways[i].length, ways[i].history, 1, kStartsAhead);
                value += ways_[0].value;
                if (strings_.wastes(ways[i].node, ways_[0].node)) value += lambda_ * kWastedLzwBits;
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
        Float4 history[kReach];
        errors_before(at, history);
        const Way best = best_way(at, history);
        std::uint8_t* out = result_.indices.data() + at;
        const int width = strings_.write(best.node, best.length, out);
        for (int i = 0; i < best.length; ++i) commit(at + i, out[i]);
        learn(at, best.cost + lambda_ * static_cast<float>(width), best.length);
        return best.length;
    }

    void commit(int at, int symbol) {
        if (!frame_.diffuse && pixels_[static_cast<std::size_t>(at)].required != kFreeLook) return;
        Float4 history[kReach];
        errors_before(at, history);
        const Place here = place(at, history);
        result_.distortion += distortion(here, symbol);
        const int y = at / frame_.width;
        errors(y)[at - y * frame_.width] = error(here, symbol);
    }

    void learn(int at, float cost, int length) {
        int n[kLzwKinds] = {};
        for (int i = 0; i < length; ++i) ++n[pixels_[static_cast<std::size_t>(at + i)].kind];
        strings_.learn(costs_, cost, n);
    }

    const LzwFrame& frame_;
    const Diffusion diffusion_{true};
    const float lambda_;
    const float again_ = lambda_ * frame_.again_bits;
    const int n_pixels_, n_symbols_;
    const std::vector<LzwPixel> pixels_;
    LzwResult result_;
    LzwStrings strings_;
    std::size_t pitch_;
    std::vector<Float4> errors_, from_above_;
    CandidateTrees entries_;
    LzwCosts costs_;
    int row_ = 0;
    int start_ = 0;
    float string_bits_cost_ = 0.0f;
    int pending_parent_ = -1;  // the string whose code with `last_first` is about to be defined
    BestLzwWays<Way> ways_;    // of `find`
};

}  // namespace

LzwResult search_lzw(const LzwFrame& frame, float lambda, const StopRequested& stop_requested) {
    return Search(frame, lambda).run(stop_requested);
}

}  // namespace huepress
