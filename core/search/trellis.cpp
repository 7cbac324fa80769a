#include "search/trellis.hpp"

#include <algorithm>
#include <limits>

#include "search/eye_filter.hpp"

namespace huepress {
namespace {

constexpr int kReach = kFilterReach;
constexpr float kFar = std::numeric_limits<float>::infinity();
// A match is given up when its distortion is worth more bits than this plus this much a pixel:
// literals would be cheaper.
constexpr float kHopelessBits = 60.0f, kHopelessBitsPerPixel = 7.0f;
constexpr int kCarriedOn = 16;
// About what a short match costs beside its offset.
constexpr float kLengthBits = 3.0f;

// The indices of the last 16 pixels, the latest in the lowest byte.
__extension__ using History = unsigned __int128;
constexpr int kHistory = 16;

// The best way found to say a row up to some pixel.
struct Node {
    float cost;
    int from;              // the node before
    int offset;            // of the match from there, or kLiteral
    Float4 error[kReach];  // weighted errors of the last pixels, the latest first
    History history;       // indices of the last pixels
};
constexpr int kLiteral = -1, kRepeat = -2;

struct Filter {
    float own;
    Float4 row[kReach];                         // pixels to the left
    Float4 above[kFilterRows][2 * kReach + 1];  // [rows up - 1][columns left + reach]
};

Filter make_filter(bool diffuse) {
    Filter filter{};
    // Without diffusion the errors weigh as much as with it where nothing can be diffused.
    filter.own = kEyeFilter[0][kReach];
    if (!diffuse) return filter;
    for (int i = 0; i < kReach; ++i) filter.row[i] += kEyeFilter[0][kReach + 1 + i];
    for (int r = 0; r < kFilterRows; ++r) {
        for (int i = 0; i <= 2 * kReach; ++i) filter.above[r][i] += kEyeFilter[r + 1][i];
    }
    return filter;
}

class RowSearch {
public:
    RowSearch(const TrellisImage& image, const std::vector<Offset>& offsets, const SymbolModel& model,
              const TrellisSettings& settings, int begin, std::uint8_t* indices)
        : image_(image),
          offsets_(offsets),
          model_(model),
          bits_(model.bits()),
          unit_(model.unit()),
          lambda_(settings.lambda),
          slack_(settings.slack),
          matches_(settings.matches),
          begin_(begin),
          indices_(indices),
          filter_(make_filter(image.diffuse)),
          tree_(image.palette, image.dims),
          nodes_(static_cast<std::size_t>(image.width) + 1),
          points_(static_cast<std::size_t>(image.width)),
          from_above_(static_cast<std::size_t>(image.width)) {
        for (auto& row : errors_) row.assign(static_cast<std::size_t>(image.width + 2 * kReach), Float4{});
        for (const Offset& offset : offsets) offset_bits_.push_back(bits_.distance[model.distance_symbol(offset)]);
        trace_.resize(static_cast<std::size_t>(image.width));
        on_trace_.resize(static_cast<std::size_t>(image.width) + 1);
    }

    void search(int y) {
        y_ = y;
        prepare();
        for (int i = 0; i < image_.width; ++i) {
            const Float4 sum = carried(i, nodes_[i].error);
            try_literal(i, sum);
            if (!matches_ || i % unit_ != 0 || carried_on(i)) continue;
            for (std::size_t o = 0; o < offsets_.size(); ++o) {
                try_match(i, offsets_[o], static_cast<int>(o), offset_bits_[o], sum);
            }
            try_repeat(i, sum);
        }
        write_row();
    }

    TrellisResult result() && { return std::move(result_); }

private:
    std::uint8_t* row(int y) const {
        return indices_ + static_cast<std::size_t>(y) * static_cast<std::size_t>(image_.width);
    }
    // Errors of a row, index kReach for its first pixel; rows live in a ring.
    std::vector<Float4>& errors(int y) { return errors_[(y + kFilterRows + 1) % (kFilterRows + 1)]; }

    void prepare() {
        const auto at = static_cast<std::size_t>(y_) * static_cast<std::size_t>(image_.width);
        roots_ = image_.visibility_roots + at;
        for (int i = 0; i < image_.width; ++i) {
            points_[i] = image_.color_points[image_.color_of[at + static_cast<std::size_t>(i)]];
            Float4 sum{};
            for (int r = 0; r < kFilterRows; ++r) {
                const Float4* above = errors(y_ - 1 - r).data() + i;  // column i - kReach
                for (int d = 0; d <= 2 * kReach; ++d) sum += filter_.above[r][2 * kReach - d] * above[d];
            }
            from_above_[i] = sum;
        }
        for (Node& node : nodes_) node.cost = kFar;
        nodes_[0] = Node{0.0f, 0, kLiteral, {}, 0};
        while (!traced_.empty()) untrace();
        traced_.push_back(0);
        on_trace_[0] = 1;
    }

    // Whether some path goes on from about here for nothing: in flat places one long match says it
    // all, and to try every other one from each of its pixels would take forever.
    bool carried_on(int i) const {
        const int ahead = std::min(i + kCarriedOn, image_.width);
        return ahead > i + 2 && nodes_[ahead].cost <= nodes_[i].cost + lambda_;
    }

    // What earlier errors add to v at pixel i.
    Float4 carried(int i, const Float4* error) const {
        Float4 sum = from_above_[i];
        for (int k = 0; k < kReach; ++k) sum += filter_.row[k] * error[k];
        return sum;
    }

    void try_literal(int i, Float4 sum) {
        const Node& node = nodes_[i];
        const float root = roots_[i];
        const float scale = filter_.own * root;
        // |own * root * (x - c) + sum|^2 = scale^2 |target - c|^2
        const Float4 target = points_[i] + sum / scale;
        const std::uint8_t* candidates = tree_.candidates(target);
        float best = kFar;
        int chosen = 0;
        for (int j = 0; j < tree_.count(); ++j) {
            const int entry = candidates[j];
            const float cost =
                scale * scale * squared_norm(target - image_.palette[entry]) + lambda_ * bits_.literal[entry];
            if (cost < best) {
                best = cost;
                chosen = entry;
            }
        }
        Node& next = nodes_[static_cast<std::size_t>(i) + 1];
        if (node.cost + best < next.cost) {
            next.cost = node.cost + best;
            next.from = i;
            next.offset = kLiteral;
            next.error[0] = (points_[i] - image_.palette[chosen]) * root;
            for (int k = 1; k < kReach; ++k) next.error[k] = node.error[k - 1];
            next.history = node.history << 8 | static_cast<std::uint8_t>(chosen);
        }
    }

    // A match from where the same colors stood before, if such a place is known.
    void try_repeat(int i, Float4 sum) {
        const auto place =
            static_cast<std::size_t>(y_) * static_cast<std::size_t>(image_.width) + static_cast<std::size_t>(i);
        if (image_.repeats[place] < 0) return;
        const Offset offset = repeat_offset(i);
        if (y_ - offset.up < begin_) return;
        if (offset.up == 0) trace(i);
        try_match(i, offset, kRepeat, bits_.distance[model_.distance_symbol(offset)], sum);
    }

    Offset repeat_offset(int i) const {
        const int from = image_.repeats[static_cast<std::size_t>(y_) * static_cast<std::size_t>(image_.width) +
                                        static_cast<std::size_t>(i)];
        return {i - from % image_.width, y_ - from / image_.width};
    }

    // Copies pixel after pixel from the offset for as long as that may pay; `sum` is what earlier
    // errors add to v at pixel i. Offsets within the row reach into what the path has chosen: a few
    // pixels back through its history, farther through its trace.
    void try_match(int i, Offset offset, int code, float offset_bits, Float4 sum) {
        const int first = i - offset.left;
        if (first < 0 || y_ - offset.up < begin_) return;
        const Node& node = nodes_[i];
        const bool from_history = offset.up == 0 && offset.left <= kHistory;
        const std::uint8_t* source = (offset.up > 0 ? row(y_ - offset.up) : trace_.data()) + first;
        const int back = from_history ? 8 * (offset.left - 1) : 0;
        // In the row a copy may run into itself: it then goes on periodically.
        const int period = offset.up == 0 ? offset.left : image_.width;
        int longest = std::min(bits_.longest * unit_, image_.width - i);
        if (offset.up > 0) longest = std::min(longest, image_.width - first);
        const float offset_cost = lambda_ * offset_bits;
        const float expected = offset_cost + lambda_ * (kLengthBits - slack_);
        const float hopeless_step = lambda_ * kHopelessBitsPerPixel;
        float hopeless = node.cost + lambda_ * kHopelessBits;
        Float4 error[kReach];
        std::copy(node.error, node.error + kReach, error);
        History history = node.history;
        float cost = node.cost;
        for (int j = 0, from = 0; j < longest; ++j, ++from) {
            if (from == period) from = 0;
            const auto at = static_cast<std::size_t>(i + j);
            const auto entry = from_history ? static_cast<std::uint8_t>(history >> back) : source[from];
            if (j > 0) sum = carried(i + j, error);
            const Float4 newest = (points_[at] - image_.palette[entry]) * roots_[at];
            cost += squared_norm(filter_.own * newest + sum);
            Node& arrival = nodes_[at + 1];
            hopeless += hopeless_step;
            if (cost + expected > arrival.cost || cost > hopeless) return;
            for (int k = kReach - 1; k > 0; --k) error[k] = error[k - 1];
            error[0] = newest;
            history = history << 8 | entry;
            const int units = units_of(j + 1, i + j + 1);
            if (units < bits_.shortest) continue;
            const float total = cost + lambda_ * bits_.length[units] + offset_cost;
            if (total < arrival.cost) {
                arrival.cost = total;
                arrival.from = i;
                arrival.offset = code;
                std::copy(error, error + kReach, arrival.error);
                arrival.history = history;
            }
        }
    }

    // The units of a match of this many pixels that ends before pixel `end`, 0 if it ends within one.
    int units_of(int length, int end) const {
        if (length % unit_ == 0) return length / unit_;
        return end == image_.width ? length / unit_ + 1 : 0;
    }

    // Spells out the indices of the best path to pixel i in trace_, as far as they are not there already.
    void trace(int i) {
        path_.clear();
        int at = i;
        for (; !on_trace_[at]; at = nodes_[at].from) path_.push_back(at);
        while (traced_.back() != at) untrace();
        for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
            const Node& node = nodes_[*step];
            if (node.offset == kLiteral) {
                trace_[at] = static_cast<std::uint8_t>(node.history);
            } else {
                const Offset offset = node.offset == kRepeat ? repeat_offset(at) : offsets_[node.offset];
                const std::uint8_t* source = (offset.up > 0 ? row(y_ - offset.up) : trace_.data()) - offset.left;
                for (int x = at; x < *step; ++x) trace_[x] = source[x];
            }
            at = *step;
            traced_.push_back(at);
            on_trace_[at] = 1;
        }
    }

    void untrace() {
        on_trace_[traced_.back()] = 0;
        traced_.pop_back();
    }

    void write_row() {
        trace(image_.width);
        std::uint8_t* out = row(y_);
        std::copy(trace_.begin(), trace_.end(), out);
        for (std::size_t step = 1; step < traced_.size(); ++step) {
            const int i = traced_[step - 1];
            const int end = traced_[step];
            const Node& node = nodes_[end];
            if (node.offset == kLiteral) {
                ++result_.counts.literals[out[i]];
            } else {
                const Offset offset = node.offset == kRepeat ? repeat_offset(i) : offsets_[node.offset];
                ++result_.counts.lengths[units_of(end - i, end)];
                ++result_.counts.distances[model_.distance_symbol(offset)];
            }
        }
        std::vector<Float4>& own = errors(y_);
        for (int x = 0; x < image_.width; ++x) {
            Float4 before[kReach];
            for (int k = 0; k < kReach; ++k) before[k] = own[x + kReach - 1 - k];
            if (x < kReach) std::fill(before + x, before + kReach, Float4{});
            const Float4 error = (points_[x] - image_.palette[out[x]]) * roots_[x];
            result_.distortion += squared_norm(filter_.own * error + carried(x, before));
            own[x + kReach] = error;
        }
    }

    const TrellisImage& image_;
    const std::vector<Offset>& offsets_;
    const SymbolModel& model_;
    const SymbolBits& bits_;
    const int unit_;
    const float lambda_, slack_;
    const bool matches_;
    const int begin_;
    std::uint8_t* indices_;
    const Filter filter_;
    CandidateTree tree_;
    int y_ = 0;
    const float* roots_ = nullptr;
    std::vector<Node> nodes_;
    std::vector<Float4> points_, from_above_;
    std::vector<Float4> errors_[kFilterRows + 1];
    std::vector<float> offset_bits_;
    std::vector<int> path_;
    // The indices of a path, the pixels its steps end at, and whether a step ends at a pixel.
    std::vector<std::uint8_t> trace_;
    std::vector<int> traced_;
    std::vector<char> on_trace_;
    TrellisResult result_;
};

}  // namespace

TrellisResult search_rows(const TrellisImage& image, const std::vector<Offset>& offsets, const SymbolModel& model,
                          const TrellisSettings& settings, int begin, int end, std::uint8_t* indices,
                          const std::function<bool()>& stop) {
    RowSearch search(image, offsets, model, settings, begin, indices);
    for (int y = begin; y < end && !stop(); ++y) search.search(y);
    return std::move(search).result();
}

}  // namespace huepress
