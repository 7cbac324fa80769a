#include "search/lzw_search.hpp"

#include <algorithm>
#include <limits>

#include "search/candidates.hpp"
#include "search/diffusion.hpp"
#include "search/lzw_costs.hpp"
#include "search/lzw_dictionary.hpp"
#include "search/lzw_pixels.hpp"

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
          dictionary_(bits_for(n_symbols_ - 1)),
          writer_(result_.codes),
          pitch_(static_cast<std::size_t>(frame.width + 2 * kReach)),
          errors_(pitch_ * static_cast<std::size_t>(frame.rows + kFilterRows)),
          from_above_(static_cast<std::size_t>(frame.width)),
          entries_(entries_of(frame), std::vector<std::uint8_t>(), 4),
          costs_(lambda, bits_for(n_symbols_ - 1)) {
        result_.min_code_size = bits_for(n_symbols_ - 1);
        result_.indices.resize(static_cast<std::size_t>(n_pixels_));
    }

    LzwResult run(const StopRequested& stop_requested) {
        writer_.put(dictionary_.clear_code(), dictionary_.width());
        int row = -1;
        for (int at = 0; at < n_pixels_;) {
            if (at / frame_.width != row) {
                check_stop(stop_requested);
                row = at / frame_.width;
                prepare_row(row);
            }
            at += say(at);
        }
        writer_.put(dictionary_.clear_code() + 1, dictionary_.width());
        writer_.finish();
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
        const float value = cost_so_far - spared + string_bits_cost_;
        if (!(value < limit_)) return;
        std::size_t place = 0;
        for (; place < n_ways_ && ways_[place].length != length; ++place) {
        }
        if (place == n_ways_) {
            if (n_ways_ == most_ways_)
                --place;
            else
                ++n_ways_;
        } else if (!(value < ways_[place].value)) {
            return;
        }
        for (; place > 0 && value < ways_[place - 1].value; --place) ways_[place] = ways_[place - 1];
        Way& way = ways_[place];
        way.value = value;
        way.cost = cost_so_far;
        way.node = node;
        way.length = length;
        std::copy(history, history + kReach, way.history);
        limit_ = most_ways_ == 1 ? ways_[0].value : ways_[0].value + lag_;
        if (n_ways_ == most_ways_) limit_ = std::min(limit_, ways_[n_ways_ - 1].value);
    }

    // The string of `node` says `length` pixels from `start_` on at `cost`, less what they would cost else: tries it
    // and all that go on.
    void walk(int node, int length, float cost_so_far, float spared, const Float4* history) {
        take(node, length, cost_so_far, spared, history);
        if (start_ + length >= n_pixels_) return;
        const std::size_t n = LzwDictionary::code_index(node);
        const bool pending = node == pending_parent_;
        if (!dictionary_.first_child[n] && !pending) return;
        const Place here = place(start_ + length, history);
        for (int child = dictionary_.first_child[n]; child;
             child = dictionary_.next_sibling[LzwDictionary::code_index(child)]) {
            step(child, dictionary_.symbols[LzwDictionary::code_index(child)],
                 dictionary_.below[LzwDictionary::code_index(child)], length, cost_so_far, spared, history, here);
        }
        // The code that this string is about to define: the last string and its own first symbol.
        if (pending) step(kPendingChild, last_first_, 0, length, cost_so_far, spared, history, here);
    }

    void step(int child, int symbol, int below, int length, float cost_so_far, float spared, const Float4* history,
              const Place& here) {
        const float total = cost_so_far + cost(here, symbol);
        spared += here.price;
        const float most = spared + costs_.highest_price() * static_cast<float>(below);
        if (!(total - most + string_bits_cost_ < limit_)) return;
        Float4 next[kReach];
        for (int k = kReach - 1; k > 0; --k) next[k] = history[k - 1];
        next[0] = error(here, symbol);
        if (child != kPendingChild) return walk(child, length + 1, total, spared, next);
        take(kPendingChild, length + 1, total, spared, next);
    }

    // Finds the best ways, of different lengths, to go on at a pixel; at most `most`.
    void find(int at, const Float4* history, std::size_t most, int n_starts_tried) {
        start_ = at;
        n_ways_ = 0;
        most_ways_ = most;
        limit_ = kImpossible;
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
            step(s, s, dictionary_.below[LzwDictionary::code_index(s)], 0, 0.0f, 0.0f, history, here);
        }
    }

    int first_symbol(int node) const {
        return node == kPendingChild ? last_first_ : dictionary_.firsts[LzwDictionary::code_index(node)];
    }

    // The best way to go on; with `ahead` ways looked at also by what comes after them.
    Way best_way(int at, const Float4* history) {
        string_bits_cost_ = lambda_ * static_cast<float>(dictionary_.width());
        lag_ = string_bits_cost_;
        pending_parent_ = reserved_ >= 0 ? last_ : -1;
        const std::size_t most = static_cast<std::size_t>(std::max(frame_.ahead, 1));
        find(at, history, most, frame_.starts);
        if (n_ways_ == 1 || most == 1) return ways_[0];
        Way ways[kMostLzwWays];
        const std::size_t n_ways = n_ways_;
        std::copy(ways_, ways_ + n_ways, ways);
        pending_parent_ = -1;
        std::size_t best = 0;
        float best_value = kImpossible;
        for (std::size_t i = 0; i < n_ways; ++i) {
            float value = ways[i].value;
            if (at + ways[i].length < n_pixels_) {
                find(at + ways[i].length, ways[i].history, 1, kStartsAhead);
                value += ways_[0].value;
                if (ways[i].node >= 0 && !dictionary_.full() &&
                    dictionary_.has(ways[i].node, first_symbol(ways_[0].node)))
                    value += lambda_ * kWastedLzwBits;
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
        // The symbols, from the leaf up.
        std::uint8_t* out = result_.indices.data() + at;
        int node = best.node;
        int left = best.length;
        if (node == kPendingChild) {
            out[--left] = static_cast<std::uint8_t>(last_first_);
            node = last_;
        }
        while (left > 0) {
            out[--left] = dictionary_.symbols[LzwDictionary::code_index(node)];
            node = dictionary_.parents[LzwDictionary::code_index(node)];
        }
        const int code = best.node == kPendingChild ? reserved_ : best.node;
        const int width = dictionary_.width();
        writer_.put(code, width);
        if (reserved_ >= 0) dictionary_.define(reserved_, last_, out[0]);
        reserved_ = dictionary_.reserve();
        last_ = code;
        last_first_ = out[0];
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

    // Learns what a string has cost, and clears a table that is worn out.
    void learn(int at, float cost, int length) {
        int n[kLzwKinds] = {};
        for (int i = 0; i < length; ++i) ++n[pixels_[static_cast<std::size_t>(at + i)].kind];
        if (!costs_.learn(cost, n) || !dictionary_.full()) return;
        writer_.put(dictionary_.clear_code(), dictionary_.width());
        dictionary_.clear();
        last_ = reserved_ = -1;
        costs_.begin_table();
    }

    static constexpr int kPendingChild = -2;

    const LzwFrame& frame_;
    const Diffusion diffusion_{true};
    const float lambda_;
    const float again_ = lambda_ * frame_.again_bits;
    const int n_pixels_, n_symbols_;
    const std::vector<LzwPixel> pixels_;
    LzwResult result_;
    LzwDictionary dictionary_;
    BitWriter writer_;
    std::size_t pitch_;
    std::vector<Float4> errors_, from_above_;
    CandidateTrees entries_;
    LzwCosts costs_;
    int row_ = 0;
    int last_ = -1, last_first_ = 0;  // the last string and its first symbol
    int reserved_ = -1;               // the code of that string and the next one's first symbol
    int start_ = 0;
    float string_bits_cost_ = 0.0f;
    int pending_parent_ = -1;  // the string whose code with `last_first_` is about to be defined
    Way ways_[kMostLzwWays];   // the best of `find`, sorted
    std::size_t n_ways_ = 0, most_ways_ = 1;
    float limit_ = kImpossible, lag_ = 0.0f;  // what a way must not cost, and how far the others may lag behind
};

}  // namespace

LzwResult search_lzw(const LzwFrame& frame, float lambda, const StopRequested& stop_requested) {
    return Search(frame, lambda).run(stop_requested);
}

}  // namespace huepress
