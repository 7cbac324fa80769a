#include "batch/index_coder.hpp"

#include <algorithm>

namespace huepress {
namespace {

// States of the coder are at least this between symbols, and 16 bits leave or enter at once.
constexpr std::uint32_t kLowest = 1u << 16;
constexpr int kLog2Total = 14;
constexpr std::size_t kStates = 2;
constexpr std::size_t kHeadSize = 4 * kStates;
// What was not seen may come: a symbol seen once is so many times as likely as one that was not.
constexpr std::uint64_t kPerCount = 16;

std::uint32_t level_of(std::size_t index, int k, int levels) {
    return static_cast<std::uint32_t>(index * static_cast<std::size_t>(levels) / static_cast<std::size_t>(k));
}

std::uint32_t word_at(const std::uint8_t* bytes) { return bytes[0] | std::uint32_t{bytes[1]} << 8; }

// Calls visit(state, left, above, at) for every pixel in the order of the code. Two rows are on their way at once, the
// lower one a pixel behind, so that a processor works on two states that do not wait for each other. Where there is no
// neighbor, the other one stands for it.
template <class Visit>
void for_each_pixel(std::uint8_t* indices, std::size_t height, std::size_t width, Visit&& visit) {
    for (std::size_t y = 0; y < height; y += kStates) {
        std::uint8_t* row = indices + y * width;
        const auto upper = [&](std::size_t x) {
            const std::uint8_t above = y > 0 ? *(row + x - width) : x > 0 ? row[x - 1] : std::uint8_t{0};
            visit(0, x > 0 ? row[x - 1] : above, above, row + x);
        };
        const auto lower = [&](std::size_t x) {
            const std::uint8_t above = row[x];
            visit(1, x > 0 ? row[width + x - 1] : above, above, row + width + x);
        };
        const bool both = y + 1 < height;
        upper(0);
        for (std::size_t x = 1; x < width; ++x) {
            upper(x);
            if (both) lower(x - 1);
        }
        if (both) lower(width - 1);
    }
}

}  // namespace

bool IndexModel::valid(int k, int levels, const std::uint16_t* frequencies) {
    if (k < 2 || k > 256 || levels < 1 || levels > kMostLevels) return false;
    for (int context = 0; context < levels * levels; ++context) {
        std::uint32_t total = 0;
        for (int symbol = 0; symbol < k; ++symbol) {
            const std::uint32_t frequency = *frequencies++;
            if (frequency == 0 || frequency > kTotal - kLeftToOthers) return false;
            total += frequency;
        }
        if (total != kTotal) return false;
    }
    return true;
}

IndexModel::IndexModel(int k, int levels, const std::uint16_t* frequencies) : k_(k), levels_(levels) {
    for (std::size_t i = 0; i < level_.size(); ++i) {
        level_[i] = level_of(std::min(i, static_cast<std::size_t>(k - 1)), k, levels);
    }
    for (int context = 0; context < levels * levels; ++context) {
        std::uint32_t sum = 0;
        std::size_t bucket = 0;
        for (int symbol = 0; symbol < k; ++symbol) {
            cumulative_.push_back(static_cast<std::uint16_t>(sum));
            sum += *frequencies++;
            for (; bucket < kBuckets && bucket << kLog2PerBucket < sum; ++bucket) {
                first_.push_back(static_cast<std::uint8_t>(symbol));
            }
        }
        cumulative_.push_back(static_cast<std::uint16_t>(sum));
    }
}

void IndexModel::encode(const std::uint8_t* indices, std::size_t height, std::size_t width,
                        std::vector<std::uint8_t>& bytes) const {
    struct Range {
        std::uint16_t begin, end;
        std::uint8_t state;
    };
    std::vector<Range> ranges;
    ranges.reserve(height * width);
    // Nothing is written through the pointer here.
    for_each_pixel(const_cast<std::uint8_t*>(indices), height, width,
                   [&](std::size_t state, std::uint8_t left, std::uint8_t above, const std::uint8_t* at) {
                       const std::size_t context = level_[left] * static_cast<std::uint32_t>(levels_) + level_[above];
                       const std::uint16_t* row = &cumulative_[context * static_cast<std::size_t>(k_ + 1)];
                       ranges.push_back({row[*at], row[*at + 1], static_cast<std::uint8_t>(state)});
                   });
    // The last symbol goes in first.
    std::array<std::uint32_t, kStates> states;
    states.fill(kLowest);
    std::vector<std::uint16_t> words;
    for (auto range = ranges.rbegin(); range != ranges.rend(); ++range) {
        std::uint32_t& state = states[range->state];
        const std::uint32_t frequency = static_cast<std::uint32_t>(range->end - range->begin);
        if (std::uint64_t{state} >= std::uint64_t{frequency} << (32 - kLog2Total)) {
            words.push_back(static_cast<std::uint16_t>(state));
            state >>= 16;
        }
        state = (state / frequency << kLog2Total) + state % frequency + range->begin;
    }
    for (const std::uint32_t state : states) {
        for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(state >> shift));
    }
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        bytes.push_back(static_cast<std::uint8_t>(*word));
        bytes.push_back(static_cast<std::uint8_t>(*word >> 8));
    }
}

bool IndexModel::decode(const std::uint8_t* bytes, std::size_t n_bytes, std::size_t height, std::size_t width,
                        std::uint8_t* indices) const {
    if (n_bytes < kHeadSize) {
        std::fill_n(indices, height * width, std::uint8_t{0});
        return false;
    }
    const std::uint8_t* next = bytes + kHeadSize;
    const std::uint8_t* end = bytes + n_bytes;
    bool enough = true;
    std::array<std::uint32_t, kStates> states;
    for (std::size_t s = 0; s < kStates; ++s) states[s] = word_at(bytes + 4 * s) | word_at(bytes + 4 * s + 2) << 16;
    const auto stride = static_cast<std::uint32_t>(k_ + 1);
    const auto levels = static_cast<std::uint32_t>(levels_);
    const std::uint16_t* cumulative = cumulative_.data();
    const std::uint8_t* first = first_.data();
    for_each_pixel(indices, height, width, [&](std::size_t s, std::uint8_t left, std::uint8_t above, std::uint8_t* at) {
        const std::uint32_t context = level_[left] * levels + level_[above];
        const std::uint16_t* row = cumulative + context * stride;
        std::uint32_t state = states[s];
        const std::uint32_t slot = state & (kTotal - 1);
        std::uint32_t symbol = first[context * kBuckets + (slot >> kLog2PerBucket)];
        while (row[symbol + 1] <= slot) ++symbol;
        state = (row[symbol + 1] - row[symbol]) * (state >> kLog2Total) + slot - row[symbol];
        if (state < kLowest) {
            if (end - next >= 2) {
                state = state << 16 | word_at(next);
                next += 2;
            } else {
                enough = false;
            }
        }
        states[s] = state;
        *at = static_cast<std::uint8_t>(symbol);
    });
    return enough && next == end && std::all_of(states.begin(), states.end(), [](auto s) { return s == kLowest; });
}

IndexCounts::IndexCounts(int k, int levels)
    : k_(k), levels_(levels), counts_(static_cast<std::size_t>(k * levels * levels)) {}

void IndexCounts::add(const std::uint8_t* indices, std::size_t height, std::size_t width) {
    for_each_pixel(const_cast<std::uint8_t*>(indices), height, width,
                   [&](std::size_t, std::uint8_t left, std::uint8_t above, const std::uint8_t* at) {
                       const std::size_t context = level_of(left, k_, levels_) * static_cast<std::size_t>(levels_) +
                                                   level_of(above, k_, levels_);
                       ++counts_[context * static_cast<std::size_t>(k_) + *at];
                   });
}

void IndexCounts::take(const IndexCounts& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

std::vector<std::uint16_t> IndexCounts::frequencies() const {
    std::vector<std::uint16_t> result;
    result.reserve(counts_.size());
    const auto k = static_cast<std::size_t>(k_);
    const std::uint64_t shared = IndexModel::kTotal - k;  // each symbol has one
    const std::uint32_t largest = IndexModel::kTotal - IndexModel::kLeftToOthers;
    for (std::size_t begin = 0; begin < counts_.size(); begin += k) {
        const std::uint64_t* counts = &counts_[begin];
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < k; ++i) total += counts[i];
        const std::uint64_t unit = total / (std::uint64_t{1} << 40) + 1;  // so that products fit into 64 bits
        const auto weight = [&](std::size_t i) { return kPerCount * (counts[i] / unit) + 1; };
        std::uint64_t weights = 0;
        for (std::size_t i = 0; i < k; ++i) weights += weight(i);
        std::uint32_t left = static_cast<std::uint32_t>(shared);
        for (std::size_t i = 0; i < k; ++i) {
            const auto part = static_cast<std::uint32_t>(weight(i) * shared / weights);
            result.push_back(static_cast<std::uint16_t>(1 + part));
            left -= part;
        }
        const auto most = static_cast<std::size_t>(std::max_element(counts, counts + k) - counts);
        const std::uint32_t wanted = result[begin + most] + left;
        const std::uint32_t given = std::min(wanted, largest);
        result[begin + most] = static_cast<std::uint16_t>(given);
        std::uint16_t& other = result[begin + (most + 1) % k];
        other = static_cast<std::uint16_t>(other + (wanted - given));
    }
    return result;
}

}  // namespace huepress
