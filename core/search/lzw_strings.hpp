// What every search for LZW codes does with the strings it finds: keeps the best ways to go on, and writes the one
// chosen.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "search/lzw_costs.hpp"
#include "search/lzw_dictionary.hpp"

namespace huepress {

// The string that the next code will be given, not yet in the dictionary: the last one and its own first symbol.
inline constexpr int kPendingLzwChild = -2;

// Writes strings one after the other and has the dictionary grow, as the decoder's does.
class LzwStrings {
public:
    LzwStrings(int min_code_size, std::vector<std::uint8_t>& codes) : dictionary_(min_code_size), writer_(codes) {}

    void begin() { writer_.put(dictionary_.clear_code(), dictionary_.width()); }

    void finish() {
        writer_.put(dictionary_.clear_code() + 1, dictionary_.width());
        writer_.finish();
    }

    const LzwDictionary& dictionary() const { return dictionary_; }

    // The string whose code with `last_first` is about to be defined; -1 where none is.
    int pending_parent() const { return reserved_ >= 0 ? last_ : -1; }
    int last_first() const { return last_first_; }

    int first_symbol(int node) const {
        return node == kPendingLzwChild ? last_first_ : dictionary_.firsts[LzwDictionary::code_index(node)];
    }

    // Whether the code that is defined after `node` and before `next` stands for a string that is there already.
    bool wastes(int node, int next) const {
        return node >= 0 && !dictionary_.full() && dictionary_.has(node, first_symbol(next));
    }

    // Writes the string of `node`, puts its `length` symbols into `out` and returns the bits of its code.
    int write(int node, int length, std::uint8_t* out) {
        const int code = node == kPendingLzwChild ? reserved_ : node;
        if (node == kPendingLzwChild) {
            out[--length] = static_cast<std::uint8_t>(last_first_);
            node = last_;
        }
        while (length > 0) {  // from the leaf up
            out[--length] = dictionary_.symbols[LzwDictionary::code_index(node)];
            node = dictionary_.parents[LzwDictionary::code_index(node)];
        }
        const int width = dictionary_.width();
        writer_.put(code, width);
        if (reserved_ >= 0) dictionary_.define(reserved_, last_, out[0]);
        reserved_ = dictionary_.reserve();
        last_ = code;
        last_first_ = out[0];
        return width;
    }

    // Has prices learn what the last string has cost with so many pixels of each kind; clears a table that is worn out.
    void learn(LzwCosts& costs, float cost, const int* n_pixels) {
        if (!costs.learn(cost, n_pixels) || !dictionary_.full()) return;
        writer_.put(dictionary_.clear_code(), dictionary_.width());
        dictionary_.clear();
        last_ = reserved_ = -1;
        costs.begin_table();
    }

private:
    LzwDictionary dictionary_;
    BitWriter writer_;
    int last_ = -1, last_first_ = 0;  // the last string and its first symbol
    int reserved_ = -1;               // the code of that string and the next one's first symbol
};

// The best ways to go on, of different lengths, sorted by their value.
template <class Way>
class BestLzwWays {
public:
    BestLzwWays() = default;
    BestLzwWays(const BestLzwWays& other) : n_ways_(other.n_ways_), most_(other.most_), limit_(other.limit_) {
        std::copy(other.ways_, other.ways_ + n_ways_, ways_);  // the rest is large and says nothing
    }
    BestLzwWays& operator=(const BestLzwWays&) = delete;

    void begin(std::size_t most) {
        n_ways_ = 0;
        most_ = most;
        limit_ = std::numeric_limits<float>::infinity();
    }

    std::size_t size() const { return n_ways_; }
    const Way& operator[](std::size_t i) const { return ways_[i]; }

    // What a way must not cost.
    float limit() const { return limit_; }

    // Makes room for a way, whose value and length are set, if it is among the best; others may be worse by a string.
    Way* take(float value, int length, float string_cost) {
        if (!(value < limit_)) return nullptr;
        std::size_t place = 0;
        while (place < n_ways_ && ways_[place].length != length) ++place;
        if (place == n_ways_) {
            if (n_ways_ == most_)
                --place;
            else
                ++n_ways_;
        } else if (!(value < ways_[place].value)) {
            return nullptr;
        }
        for (; place > 0 && value < ways_[place - 1].value; --place) ways_[place] = ways_[place - 1];
        ways_[place].value = value;
        ways_[place].length = length;
        limit_ = most_ == 1 ? ways_[0].value : ways_[0].value + string_cost;
        if (n_ways_ == most_) limit_ = std::min(limit_, ways_[n_ways_ - 1].value);
        return &ways_[place];
    }

private:
    Way ways_[kMostLzwWays];
    std::size_t n_ways_ = 0, most_ = 1;
    float limit_ = std::numeric_limits<float>::infinity();
};

}  // namespace huepress
