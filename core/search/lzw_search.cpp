#include "search/lzw_search.hpp"

#include <algorithm>
#include <limits>

#include "search/candidates.hpp"
#include "search/diffusion.hpp"
#include "search/lzw_dictionary.hpp"

namespace huepress {
namespace {

constexpr int kReach = Diffusion::kReach;
constexpr float kImpossible = std::numeric_limits<float>::infinity();
// First symbols of a string that are looked at, the cheapest.
constexpr int kStarts = 32;
// What a pixel cost lately: a mean over about so many strings.
constexpr float kMemory = 24.0f;
constexpr float kFirstPixelsPerCode = 1.5f;
// A full table is kept as long as codes say no fewer pixels, at the cost they have, than so
// many times the mean since the last clear code.
constexpr float kWornOut = 1.04f;

class Search {
public:
    Search(const LzwFrame& frame, float lambda)
        : frame_(frame),
          lambda_(lambda),
          n_pixels_(frame.width * frame.rows),
          n_symbols_(std::max(frame.n_entries, frame.transparent + 1)),
          dictionary_(bits_for(n_symbols_ - 1)),
          writer_(result_.codes),
          pitch_(static_cast<std::size_t>(frame.width + 2 * kReach)),
          errors_(pitch_ * static_cast<std::size_t>(frame.rows + kFilterRows)),
          from_above_(static_cast<std::size_t>(frame.width)),
          entries_(entries_of(frame), std::vector<std::uint8_t>(), 4) {
        result_.min_code_size = bits_for(n_symbols_ - 1);
        result_.indices.resize(static_cast<std::size_t>(n_pixels_));
        for (float& price : prices_)
            price = lambda * static_cast<float>(result_.min_code_size + 1) / kFirstPixelsPerCode;
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
    struct Pixel {
        std::size_t canvas;
        int x, y;
    };

    // What a symbol at a pixel costs, for one history of errors.
    struct Place {
        std::uint16_t required, proposed, under;
        Float4 point, target;
        float root, weight, least, price;
    };

    Pixel pixel(int at) const {
        const int y = at / frame_.width;
        const int x = at - y * frame_.width;
        return {static_cast<std::size_t>(frame_.top + y) * static_cast<std::size_t>(frame_.canvas_width) +
                    static_cast<std::size_t>(frame_.left + x),
                x, y};
    }

    Float4* errors(int y) { return errors_.data() + static_cast<std::size_t>(y + kFilterRows) * pitch_ + kReach; }

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
        const Pixel p = pixel(at);
        Place result;
        result.required = frame_.required[p.canvas];
        result.proposed = frame_.proposed[p.canvas];
        result.under = frame_.canvas_look[p.canvas];
        result.root = frame_.visibility_roots[p.canvas];
        result.point = frame_.color_points[frame_.color_of[p.canvas]];
        Float4 sum = p.y == row_ ? from_above_[p.x] : above(p.x, p.y);
        if (frame_.diffuse) {
            for (int k = 0; k < std::min(kReach, p.x); ++k) sum += diffusion_.row[k] * history[k];
        }
        const float scale = diffusion_.own * result.root;
        result.weight = scale * scale * frame_.stays[p.canvas];
        result.target = result.point + sum / scale;
        result.price = prices_[kind(at)];
        result.least = result.required == kFreeLook ? least_error(result.target) : 0.0f;
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
        if (shown == kClearLook) return Float4{};
        return (place.point - frame_.looks[shown]) * place.root;
    }

    // What happens at a pixel, since that decides about what it costs: it stays as it is, goes on with the color to its
    // left or that above, or neither.
    int kind(int at) const {
        const Pixel p = pixel(at);
        if (frame_.required[p.canvas] == frame_.canvas_look[p.canvas]) return 0;
        if (p.x > 0 && frame_.color_of[p.canvas] == frame_.color_of[p.canvas - 1]) return 1;
        const bool above = p.y > 0 && frame_.color_of[p.canvas] == frame_.color_of[p.canvas - frame_.canvas_width];
        return above ? 2 : 3;
    }

    // The string of `node` says `length` pixels from `start_` on at `cost`, less what they would cost else: tries it
    // and all that go on.
    void walk(int node, int length, float cost_so_far, float spared, const Float4* history) {
        const float now = cost_so_far - spared + string_bits_cost_;
        if (now < best_value_) {
            best_value_ = now;
            best_node_ = node;
            best_length_ = length;
            best_cost_ = cost_so_far;
        }
        if (start_ + length >= n_pixels_) return;
        const std::size_t n = LzwDictionary::code_index(node);
        const bool pending = node == last_ && reserved_ >= 0;
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
        const float most = spared + *std::max_element(prices_, prices_ + kKinds) * static_cast<float>(below);
        if (!(total - most + string_bits_cost_ < best_value_)) return;
        Float4 next[kReach];
        for (int k = kReach - 1; k > 0; --k) next[k] = history[k - 1];
        next[0] = error(here, symbol);
        if (child != kPendingChild) return walk(child, length + 1, total, spared, next);
        const float now = total - spared + string_bits_cost_;
        if (now < best_value_) {
            best_value_ = now;
            best_node_ = kPendingChild;
            best_length_ = length + 1;
            best_cost_ = total;
        }
    }

    // Chooses the string for the pixels from `at` on, writes it and returns its length.
    int say(int at) {
        const Pixel first = pixel(at);
        Float4 history[kReach];
        for (int k = 0; k < kReach; ++k) history[k] = first.x > k ? errors(first.y)[first.x - 1 - k] : Float4{};
        start_ = at;
        best_value_ = kImpossible;
        string_bits_cost_ = lambda_ * static_cast<float>(dictionary_.width());
        const Place here = place(at, history);
        std::pair<float, int> starts[256];
        int n_starts = 0;
        for (int s = 0; s < n_symbols_; ++s) {
            const float c = cost(here, s);
            if (c < kImpossible) starts[n_starts++] = {c, s};
        }
        if (n_starts == 0)
            throw std::invalid_argument("a pixel's required look is neither on the canvas nor in the palette");
        const int n_tried = std::min(n_starts, kStarts);
        if (n_tried < n_starts) std::nth_element(starts, starts + n_tried - 1, starts + n_starts);
        std::sort(starts, starts + n_tried);
        for (int i = 0; i < n_tried; ++i) {
            const int s = starts[i].second;
            step(s, s, dictionary_.below[LzwDictionary::code_index(s)], 0, 0.0f, 0.0f, history, here);
        }
        // The symbols, from the leaf up.
        std::uint8_t* out = result_.indices.data() + at;
        int node = best_node_;
        int left = best_length_;
        if (node == kPendingChild) {
            out[--left] = static_cast<std::uint8_t>(last_first_);
            node = last_;
        }
        while (left > 0) {
            out[--left] = dictionary_.symbols[LzwDictionary::code_index(node)];
            node = dictionary_.parents[LzwDictionary::code_index(node)];
        }
        const int code = best_node_ == kPendingChild ? reserved_ : best_node_;
        const int width = dictionary_.width();
        writer_.put(code, width);
        if (reserved_ >= 0) dictionary_.define(reserved_, last_, out[0]);
        reserved_ = dictionary_.reserve();
        last_ = code;
        last_first_ = out[0];
        for (int i = 0; i < best_length_; ++i) commit(at + i, out[i]);
        learn(at, best_cost_ + lambda_ * static_cast<float>(width), best_length_);
        return best_length_;
    }

    void commit(int at, int symbol) {
        const Pixel p = pixel(at);
        Float4* row = errors(p.y) + p.x;
        Float4 history[kReach];
        for (int k = 0; k < kReach; ++k) history[k] = p.x > k ? row[-1 - k] : Float4{};
        const Place here = place(at, history);
        result_.distortion += distortion(here, symbol);
        *row = error(here, symbol);
    }

    // Shares what a string has cost among its pixels in proportion to their prices so far.
    void learn(int at, float cost, int length) {
        constexpr float kKept = 1.0f - 1.0f / kMemory;
        float n[kKinds] = {};
        for (int i = 0; i < length; ++i) ++n[kind(at + i)];
        float expected = 0.0f;
        for (int k = 0; k < kKinds; ++k) expected += prices_[k] * n[k];
        for (int k = 0; k < kKinds; ++k) {
            if (n[k] == 0.0f || !(expected > 0.0f)) continue;
            recent_cost_[k] = recent_cost_[k] * kKept + cost * prices_[k] * n[k] / expected;
            recent_pixels_[k] = recent_pixels_[k] * kKept + n[k];
            prices_[k] = recent_cost_[k] / recent_pixels_[k];
        }
        all_cost_ = all_cost_ * kKept + cost;
        all_pixels_ = all_pixels_ * kKept + static_cast<float>(length);
        cycle_cost_ += cost;
        cycle_pixels_ += length;
        if (dictionary_.full() && static_cast<double>(all_cost_ / all_pixels_) * cycle_pixels_ >
                                      static_cast<double>(kWornOut) * cycle_cost_) {
            writer_.put(dictionary_.clear_code(), dictionary_.width());
            dictionary_.clear();
            last_ = reserved_ = -1;
            cycle_cost_ = cycle_pixels_ = 0.0;
        }
    }

    static constexpr int kPendingChild = -2;
    static constexpr int kKinds = 4;

    const LzwFrame& frame_;
    const Diffusion diffusion_{true};
    const float lambda_;
    const float again_ = lambda_ * frame_.again_bits;
    const int n_pixels_, n_symbols_;
    LzwResult result_;
    LzwDictionary dictionary_;
    BitWriter writer_;
    std::size_t pitch_;
    std::vector<Float4> errors_, from_above_;
    CandidateTrees entries_;
    int row_ = 0;
    int last_ = -1, last_first_ = 0;  // the last string and its first symbol
    int reserved_ = -1;               // the code of that string and the next one's first symbol
    float prices_[kKinds];            // of a pixel of each kind, by what they have cost lately
    float recent_cost_[kKinds] = {}, recent_pixels_[kKinds] = {}, all_cost_ = 0.0f, all_pixels_ = 0.0f;
    double cycle_cost_ = 0.0, cycle_pixels_ = 0.0;
    int start_ = 0;
    float string_bits_cost_ = 0.0f, best_value_ = 0.0f, best_cost_ = 0.0f;
    int best_node_ = 0, best_length_ = 0;
};

}  // namespace

LzwResult search_lzw(const LzwFrame& frame, float lambda, const StopRequested& stop_requested) {
    return Search(frame, lambda).run(stop_requested);
}

}  // namespace huepress
