#include "png/huffman.hpp"

#include <algorithm>

namespace huepress {
namespace {

// A symbol (at >= 0), or two neighbors of the round before (at = -1 - the first one's place).
struct Coin {
    std::uint64_t weight;
    int at;
};

}  // namespace

std::vector<std::uint8_t> code_lengths(const std::vector<std::uint32_t>& counts, int longest) {
    std::vector<std::uint8_t> lengths(counts.size(), 0);
    std::vector<Coin> symbols;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i]) symbols.push_back({counts[i], static_cast<int>(i)});
    }
    if (symbols.size() < 2) {
        if (!symbols.empty()) lengths[static_cast<std::size_t>(symbols[0].at)] = 1;
        return lengths;
    }
    std::stable_sort(symbols.begin(), symbols.end(), [](Coin a, Coin b) { return a.weight < b.weight; });
    std::vector<std::vector<Coin>> rounds{symbols};
    for (int round = 1; round < longest; ++round) {
        const std::vector<Coin>& last = rounds.back();
        std::vector<Coin> pairs;
        for (std::size_t i = 0; i + 1 < last.size(); i += 2)
            pairs.push_back({last[i].weight + last[i + 1].weight, -1 - static_cast<int>(i)});
        std::vector<Coin> merged(symbols.size() + pairs.size());
        std::merge(symbols.begin(), symbols.end(), pairs.begin(), pairs.end(), merged.begin(),
                   [](Coin a, Coin b) { return a.weight < b.weight; });
        rounds.push_back(std::move(merged));
    }
    // Of the last round the cheapest 2n - 2 coins are taken; pairs are taken from the round before, from its start on.
    std::size_t n_taken = 2 * symbols.size() - 2;
    for (std::size_t round = rounds.size(); round-- > 0;) {
        std::size_t n_pairs = 0;
        for (std::size_t i = 0; i < n_taken; ++i) {
            const int at = rounds[round][i].at;
            if (at < 0)
                ++n_pairs;
            else
                ++lengths[static_cast<std::size_t>(at)];
        }
        n_taken = 2 * n_pairs;
    }
    return lengths;
}

std::vector<std::uint16_t> codes_of(const std::vector<std::uint8_t>& lengths) {
    constexpr int kLongest = 15;
    int n_of_length[kLongest + 2] = {}, next[kLongest + 2] = {};
    for (const std::uint8_t length : lengths) ++n_of_length[length];
    n_of_length[0] = 0;
    for (int bits = 1; bits <= kLongest; ++bits) next[bits] = (next[bits - 1] + n_of_length[bits - 1]) << 1;
    std::vector<std::uint16_t> codes(lengths.size(), 0);
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        if (!lengths[i]) continue;
        const int code = next[lengths[i]]++;
        int reversed = 0;
        for (int b = 0; b < lengths[i]; ++b) reversed |= (code >> b & 1) << (lengths[i] - 1 - b);
        codes[i] = static_cast<std::uint16_t>(reversed);
    }
    return codes;
}

}  // namespace huepress
