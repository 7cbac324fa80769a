#include "search/trellis.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "search/diffusion.hpp"
#include "search/flat_places.hpp"
#include "search/history.hpp"
#include "search/literals.hpp"
#include "search/ranking.hpp"

namespace huepress {
namespace {

constexpr int kReach = Diffusion::kReach;
constexpr float kFar = std::numeric_limits<float>::infinity();
// A match is given up when its distortion is worth more bits than this plus this much a pixel:
// literals would be cheaper.
constexpr float kHopelessBits = 60.0f, kHopelessBitsPerPixel = 7.0f;
// A copy of four pixels that costs more bits than this is not listed.
constexpr float kRankedBits = 72.0f;
// A path that goes on for so many pixels, at no more bits than a longer match takes, is enough.
constexpr int kCarriedOn = 16;
constexpr float kCarriedBits = 5.0f;
// About what a short match costs beside its offset.
constexpr float kLengthBits = 3.0f;
// Later survivors try what carried the first one so far.
constexpr int kCarriedFirst = 1;
// A match is given up that reached so many places in vain, each cheaper by another way, with hardly any distortion:
// where the picture is flat, all of them would go on for as long as it is.
constexpr int kInVain = 24;
constexpr float kUnseenBits = 0.03f;
// The longer a match lags behind the cheapest ways, the less it may: after so many pixels not at all.
constexpr float kPatience = 96.0f;

// A way to say a row up to some pixel.
struct Node {
    float cost;
    int from;              // the node before
    int offset;            // of the match from there, or kLiteral
    Float4 error[kReach];  // weighted errors of the last pixels, the latest first
    History history;       // indices of the last pixels
};
constexpr int kLiteral = -1, kRepeat = -2;

// Nodes are numbered pixel * survivors + rank. At each pixel the cheapest ways that end in different indices survive:
// what comes next hangs on the last errors, and the cheapest way so far is often not the best to go on from.
class RowSearch {
public:
    RowSearch(const TrellisImage& image, const OffsetList& offsets, const SymbolModel& model,
              const TrellisSettings& settings, CandidateTrees& trees, int begin, std::uint8_t* indices)
        : image_(image),
          offsets_(offsets.all),
          n_near_(settings.matches ? offsets.n_near : 0),
          model_(model),
          bits_(model.bits()),
          unit_(model.unit()),
          lambda_(settings.lambda),
          slack_(settings.slack),
          matches_(settings.matches),
          survivors_(settings.matches ? settings.survivors : 1),
          // Two survivors are told apart by the last index, more by the last two.
          told_by_(settings.survivors > 2 ? 0xFFFFu : 0xFFu),
          begin_(begin),
          measured_from_(begin + settings.warm_rows),
          indices_(indices),
          diffusion_(image.diffuse, *image.filter),
          literals_(image.palette, literal_costs(), diffusion_.own, trees, survivors_),
          nodes_((static_cast<std::size_t>(image.width) + 1) * survivors_),
          points_(image.width),
          from_above_(image.width),
          decided_(image.width),
          flat_places_(image.width),
          carried_(offsets_.size()),
          trace_(image.width),
          on_trace_(nodes_.size()) {
        for (auto& row : errors_) row.assign(static_cast<std::size_t>(image.width) + 2 * kReach, Float4{});
        for (const Offset& offset : offsets_) offset_bits_.push_back(bits_of(offset));
        for (const float bits : bits_.length) length_costs_.push_back(lambda_ * bits);
        if (settings.matches && settings.n_ranked > 0 && offsets_.size() > n_near_) {
            for (const float bits : offset_bits_) offset_costs_.push_back(lambda_ * bits);
            const float limit = lambda_ > 0.0f ? lambda_ * kRankedBits : kFar;
            ranking_.emplace(diffusion_, offsets_, n_near_, offset_costs_, settings.n_ranked, limit, image.width,
                             image.dims);
        }
    }

    void search(int y) {
        y_ = y;
        prepare();
        for (int i = 0; i < image_.width; ++i) {
            const bool is_quiet = carried_on(i);
            const bool matches = matches_ && i % unit_ == 0 && !is_quiet;
            flat_places_.note(i, is_quiet);
            if (matches) std::fill(carried_.begin(), carried_.end(), 0);
            for (int rank = 0; rank < survivors_; ++rank) {
                const int id = i * survivors_ + rank;
                if (nodes_[id].cost == kFar) break;
                const Node node = nodes_[id];
                const Float4 sum = diffusion_.from_left(from_above_[i], node.error);
                try_literal(i, id, node, sum);
                if (matches) try_matches(i, id, node, sum);
            }
        }
        write_row();
    }

    TrellisResult result() && { return std::move(result_); }

private:
    std::uint8_t* row(int y) const { return indices_ + static_cast<std::size_t>(y) * image_.width; }
    std::size_t place(int i) const { return static_cast<std::size_t>(y_) * image_.width + i; }
    // Errors of a row, index kReach for its first pixel; rows live in a ring.
    std::vector<Float4>& errors(int y) { return errors_[(y + kFilterRows + 1) % (kFilterRows + 1)]; }
    float bits_of(Offset offset) const { return bits_.distance[model_.distance_symbol(offset)]; }
    int pixel_of(int id) const { return id / survivors_; }
    std::vector<float> literal_costs() const {
        std::vector<float> costs;
        for (std::size_t entry = 0; entry < image_.palette.size(); ++entry)
            costs.push_back(lambda_ * bits_.literal[entry]);
        return costs;
    }

    // The classes of entries that a pixel may take, as bits; all where there are none of them.
    int allowed(std::uint32_t color) const { return image_.allowed ? image_.allowed[color] : 1; }
    bool may_take(int x, int entry) const {
        return !image_.allowed || allowed(image_.color_of[place(x)]) >> image_.entry_class[entry] & 1;
    }

    void prepare() {
        roots_ = image_.visibility_roots + place(0);
        const std::uint32_t* color_of = image_.color_of + place(0);
        for (int i = 0; i < image_.width; ++i) {
            points_[i] = image_.color_points[color_of[i]];
            Float4 sum{};
            for (int r = 1; r <= kFilterRows; ++r) sum += diffusion_.from_row(r, errors(y_ - r).data() + i);
            from_above_[i] = sum;
        }
        for (Node& node : nodes_) node.cost = kFar;
        nodes_[0] = Node{0.0f, 0, kLiteral, {}, {}};
        while (!traced_.empty()) untrace();
        traced_.push_back(0);
        on_trace_[0] = 1;
        if (!ranking_) return;
        if (y_ > begin_) {
            for (int i = 0; i < image_.width; ++i) decided_[i] = image_.palette[row(y_ - 1)[i]];
            ranking_->add_row(y_ - 1, decided_);
        }
        const auto is_flat = flat_places_.find(color_of, y_ > begin_ ? color_of - image_.width : nullptr);
        ranking_->rank(y_, begin_, points_, from_above_, roots_, is_flat);
    }

    // Whether some path goes on from about here for nothing: in flat places one long match says it
    // all, and to try every other one from each of its pixels would take forever.
    bool carried_on(int i) const {
        const int ahead = std::min(i + kCarriedOn, image_.width);
        return ahead > i + 2 && nodes_[ahead * survivors_].cost <= nodes_[i * survivors_].cost + kCarriedBits * lambda_;
    }

    // Keeps a way to say the row up to a pixel if it is among the cheapest that end in different indices; tells if.
    bool keep(int pixel, const Node& node) {
        Node* list = nodes_.data() + static_cast<std::size_t>(pixel) * survivors_;
        const std::uint32_t key = node.history.latest_four() & told_by_;
        int rank = survivors_ - 1;
        for (int r = 0; r < survivors_ && list[r].cost < kFar; ++r) {
            if ((list[r].history.latest_four() & told_by_) == key) {
                rank = r;
                break;
            }
        }
        if (list[rank].cost <= node.cost) return false;
        for (; rank > 0 && list[rank - 1].cost > node.cost; --rank) list[rank] = list[rank - 1];
        list[rank] = node;
        return true;
    }

    void try_literal(int i, int id, const Node& node, Float4 sum) {
        const float dearest = nodes_[(i + 2) * survivors_ - 1].cost;
        if (node.cost + literals_.least_cost() >= dearest) return;
        const std::uint32_t color = image_.color_of[place(i)];
        const auto [cost, entry] = literals_.best(id % survivors_, color, points_[i], roots_[i], sum, allowed(color));
        if (node.cost + cost >= dearest) return;
        const Float4 error = (points_[i] - image_.palette[entry]) * roots_[i];
        keep(i + 1, Node{node.cost + cost,
                         id,
                         kLiteral,
                         {error, node.error[0], node.error[1]},
                         node.history.followed_by(static_cast<std::uint8_t>(entry))});
    }

    void try_matches(int i, int id, const Node& node, Float4 sum) {
        const bool first = id % survivors_ == 0;
        went_free_ = false;
        const auto attempt = [&](std::size_t o) {
            if (!first && carried_[o] < kCarriedFirst) return;
            const int reached = try_match(i, id, node, offsets_[o], static_cast<int>(o), offset_bits_[o], sum);
            if (first) carried_[o] = reached;
        };
        for (std::size_t o = 0; o < n_near_; ++o) {
            attempt(o);
            if (went_free_) return;
        }
        if (ranking_) {
            for (int place = 0; place < ranking_->n_listed(); ++place) {
                const int offset = ranking_->offset_at(i, place);
                if (offset < 0) break;
                attempt(offset);
            }
        }
        try_repeat(i, id, node, sum);
    }

    // A match from where the same colors stood before, if such a place is known.
    void try_repeat(int i, int id, const Node& node, Float4 sum) {
        if (image_.repeats[place(i)] < 0) return;
        const Offset offset = repeat_offset(i);
        if (y_ - offset.up < begin_) return;
        if (offset.up == 0) trace(id);
        try_match(i, id, node, offset, kRepeat, bits_of(offset), sum);
    }

    Offset repeat_offset(int i) const {
        const int from = image_.repeats[place(i)];
        return {i - from % image_.width, y_ - from / image_.width};
    }
    Offset offset_of(const Node& node, int start) const {
        return node.offset == kRepeat ? repeat_offset(start) : offsets_[node.offset];
    }

    // Copies pixel after pixel from the offset for as long as that may pay; `sum` is what earlier
    // errors add to v at pixel i. Offsets within the row reach into what the path has chosen: a few
    // pixels back through its history, farther through its trace. Returns how many pixels it copied.
    int try_match(int i, int id, const Node& node, Offset offset, int code, float offset_bits, Float4 sum) {
        const int first = i - offset.left;
        if (first < 0 || y_ - offset.up < begin_) return 0;
        const bool from_history = offset.up == 0 && offset.left <= History::kLength;
        const std::uint8_t* source = (offset.up > 0 ? row(y_ - offset.up) : trace_.data()) + first;
        const int back = from_history ? 8 * (offset.left - 1) : 0;
        // In the row a copy may run into itself: it then goes on periodically.
        const int period = offset.up == 0 ? offset.left : image_.width;
        int longest = std::min(bits_.longest * unit_, image_.width - i);
        if (offset.up > 0) longest = std::min(longest, image_.width - first);
        const float offset_cost = lambda_ * offset_bits;
        const float expected = offset_cost + lambda_ * (kLengthBits - slack_);
        const float hopeless_step = lambda_ * kHopelessBitsPerPixel;
        const float impatience = lambda_ * slack_ / kPatience;
        const float unseen = lambda_ * kUnseenBits;
        float hopeless = node.cost + lambda_ * kHopelessBits;
        Float4 error[kReach];
        std::copy(node.error, node.error + kReach, error);
        History history = node.history;
        float cost = node.cost;
        const Node* arrivals = nodes_.data() + static_cast<std::size_t>(i + 1) * survivors_;
        int units = 0, in_unit = 0, in_vain = 0, unseen_in_vain = 0;
        for (int j = 0, from = 0; j < longest; ++j, ++from, arrivals += survivors_) {
            if (from == period) from = 0;
            const int at = i + j;
            const auto entry = from_history ? history.behind(back) : source[from];
            if (!may_take(at, entry)) return j;
            if (j > 0) sum = diffusion_.from_left(from_above_[at], error);
            const Float4 newest = (points_[at] - image_.palette[entry]) * roots_[at];
            const float distortion = squared_norm(diffusion_.own * newest + sum);
            cost += distortion;
            hopeless += hopeless_step;
            if (cost + expected + impatience * static_cast<float>(in_vain) > arrivals->cost || cost > hopeless)
                return j;
            for (int k = kReach - 1; k > 0; --k) error[k] = error[k - 1];
            error[0] = newest;
            history = history.followed_by(entry);
            if (++in_unit == unit_) {
                in_unit = 0;
                ++units;
            } else if (at + 1 < image_.width) {
                continue;  // a match ends with a whole unit or with the row
            }
            const int whole = units + (in_unit > 0);
            if (whole < bits_.shortest) continue;
            const float total = cost + length_costs_[whole] + offset_cost;
            if (total < arrivals[survivors_ - 1].cost &&
                keep(at + 1, Node{total, id, code, {error[0], error[1], error[2]}, history})) {
                in_vain = unseen_in_vain = 0;
            } else if (++in_vain; distortion <= unseen && ++unseen_in_vain == kInVain) {
                return j;
            }
        }
        went_free_ = cost <= node.cost;
        return longest;
    }

    // The units of a match of this many pixels that ends before pixel `end`, 0 if it ends within one.
    int units_of(int length, int end) const {
        if (length % unit_ == 0) return length / unit_;
        return end == image_.width ? length / unit_ + 1 : 0;
    }

    // Spells out the indices of the way to a node in trace_, as far as they are not there already.
    void trace(int id) {
        path_.clear();
        for (; !on_trace_[id]; id = nodes_[id].from) path_.push_back(id);
        while (traced_.back() != id) untrace();
        for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
            const Node& node = nodes_[*step];
            const int start = pixel_of(traced_.back()), end = pixel_of(*step);
            if (node.offset == kLiteral) {
                trace_[start] = node.history.latest();
            } else {
                const Offset offset = offset_of(node, start);
                const std::uint8_t* source = (offset.up > 0 ? row(y_ - offset.up) : trace_.data()) - offset.left;
                for (int x = start; x < end; ++x) trace_[x] = source[x];
            }
            traced_.push_back(*step);
            on_trace_[*step] = 1;
        }
    }

    void untrace() {
        on_trace_[traced_.back()] = 0;
        traced_.pop_back();
    }

    void write_row() {
        trace(image_.width * survivors_);
        std::uint8_t* out = row(y_);
        std::copy(trace_.begin(), trace_.end(), out);
        for (std::size_t step = 1; step < traced_.size(); ++step) {
            const int start = pixel_of(traced_[step - 1]), end = pixel_of(traced_[step]);
            const Node& node = nodes_[traced_[step]];
            if (node.offset == kLiteral) {
                ++result_.counts.literals[out[start]];
            } else {
                ++result_.counts.lengths[units_of(end - start, end)];
                ++result_.counts.distances[model_.distance_symbol(offset_of(node, start))];
            }
        }
        std::vector<Float4>& own = errors(y_);
        for (int x = 0; x < image_.width; ++x) {
            Float4 before[kReach];
            for (int k = 0; k < kReach; ++k) before[k] = x > k ? own[x + kReach - 1 - k] : Float4{};
            const Float4 error = (points_[x] - image_.palette[out[x]]) * roots_[x];
            if (y_ >= measured_from_)
                result_.distortion +=
                    squared_norm(diffusion_.own * error + diffusion_.from_left(from_above_[x], before));
            own[x + kReach] = error;
        }
    }

    const TrellisImage& image_;
    const std::vector<Offset>& offsets_;
    const std::size_t n_near_;
    const SymbolModel& model_;
    const SymbolBits& bits_;
    const int unit_;
    const float lambda_, slack_;
    const bool matches_;
    const int survivors_;
    const std::uint32_t told_by_;
    const int begin_, measured_from_;
    std::uint8_t* indices_;
    const Diffusion diffusion_;
    Literals literals_;
    std::optional<Ranking> ranking_;
    int y_ = 0;
    const float* roots_ = nullptr;
    std::vector<Node> nodes_;
    std::vector<Float4> points_, from_above_, decided_;
    std::vector<Float4> errors_[kFilterRows + 1];
    std::vector<float> offset_bits_, offset_costs_, length_costs_;
    FlatPlaces flat_places_;
    bool went_free_ = false;    // the last match was as long as can be, and without any error: no other does better
    std::vector<int> carried_;  // pixels that each offset carried the first survivor
    std::vector<int> path_;
    // The indices of a way, the nodes on it, and whether a node is.
    std::vector<std::uint8_t> trace_;
    std::vector<int> traced_;
    std::vector<char> on_trace_;
    TrellisResult result_;
};

}  // namespace

TrellisResult search_rows(const TrellisImage& image, const OffsetList& offsets, const SymbolModel& model,
                          const TrellisSettings& settings, CandidateTrees& trees, int begin, int end,
                          std::uint8_t* indices, const std::function<bool()>& stop) {
    RowSearch search(image, offsets, model, settings, trees, begin, indices);
    for (int y = begin; y < end && !stop(); ++y) search.search(y);
    return std::move(search).result();
}

}  // namespace huepress
