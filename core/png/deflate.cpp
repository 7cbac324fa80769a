#include "png/deflate.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "png/huffman.hpp"
#include "png/matches.hpp"
#include "search/deflate_tables.hpp"

namespace huepress {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Lengths = std::vector<std::uint8_t>;

// Parsed at once: enough for any code to pay, and memory stays small.
constexpr std::size_t kPiece = 1 << 18;
constexpr int kLiterals = 286, kDistances = 30, kEndOfBlock = 256, kLongestCode = 15;
constexpr std::size_t kMostBlocks = 24, kLeastSymbols = 64;
// The order in which the lengths of the code for lengths are told.
constexpr int kOrder[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

// A literal (distance 0), or a match.
struct Symbol {
    std::uint16_t length, distance;
};
using Symbols = std::vector<Symbol>;

struct Tables {
    std::array<std::uint8_t, kLongestMatch + 1> length_symbol;
    std::array<std::uint8_t, 512> distance_symbol;  // of distance - 1; from 256 on, of every 128th

    Tables() {
        for (int s = 0; s < 29; ++s) {
            const int end = s == 28 ? kLongestMatch + 1 : kDeflateLengthBase[s + 1];
            for (int l = kDeflateLengthBase[s]; l < end; ++l) length_symbol[l] = static_cast<std::uint8_t>(s);
        }
        for (int s = 0; s < kDistances; ++s) {
            const int begin = kDeflateDistanceBase[s] - 1;
            const int end = s == kDistances - 1 ? kWindow : kDeflateDistanceBase[s + 1] - 1;
            for (int d = begin; d < end; d += d < 256 ? 1 : 128)
                distance_symbol[d < 256 ? d : 256 + d / 128] = static_cast<std::uint8_t>(s);
        }
    }
    int of_distance(int distance) const {
        const int d = distance - 1;
        return distance_symbol[d < 256 ? d : 256 + d / 128];
    }
};
const Tables& tables() {
    static const Tables made;
    return made;
}

struct Counts {
    std::vector<std::uint32_t> literals = std::vector<std::uint32_t>(kLiterals, 0);
    std::vector<std::uint32_t> distances = std::vector<std::uint32_t>(kDistances, 0);
};

struct Codes {
    Lengths literals, distances;
};

class BitWriter {
public:
    void put(std::uint32_t bits, int n) {
        waiting_ |= static_cast<std::uint64_t>(bits) << n_waiting_;
        for (n_waiting_ += n; n_waiting_ >= 8; n_waiting_ -= 8, waiting_ >>= 8)
            bytes.push_back(static_cast<std::uint8_t>(waiting_));
    }
    void to_byte() {
        if (n_waiting_) put(0, 8 - n_waiting_);
    }
    int n_waiting() const { return n_waiting_; }

    Bytes bytes;

private:
    std::uint64_t waiting_ = 0;
    int n_waiting_ = 0;
};

Counts count(const Symbols& symbols, const Bytes& data, std::size_t at, std::size_t begin, std::size_t end) {
    Counts counts;
    for (std::size_t i = begin; i < end; ++i) {
        const Symbol& symbol = symbols[i];
        if (symbol.distance) {
            ++counts.literals[257 + tables().length_symbol[symbol.length]];
            ++counts.distances[tables().of_distance(symbol.distance)];
        } else {
            ++counts.literals[data[at]];
        }
        at += symbol.length;
    }
    counts.literals[kEndOfBlock] = 1;
    return counts;
}

Codes codes_for(const Counts& counts) {
    Codes codes{code_lengths(counts.literals, kLongestCode), code_lengths(counts.distances, kLongestCode)};
    // Some decoders want two distances.
    for (int d = 0; std::count(codes.distances.begin(), codes.distances.end(), 0) > kDistances - 2; ++d) {
        if (!codes.distances[d]) codes.distances[d] = 1;
    }
    return codes;
}

// The lengths of both codes, run by run: symbol of the code for lengths, and what its extra bits say.
struct Told {
    int n_literals, n_distances, n_lengths;
    std::vector<std::pair<int, int>> runs;
    Lengths lengths;
    std::size_t bits;
};

Told tell(const Codes& codes) {
    Told told{kLiterals, kDistances, 19, {}, {}, 0};
    while (told.n_literals > 257 && !codes.literals[told.n_literals - 1]) --told.n_literals;
    while (told.n_distances > 1 && !codes.distances[told.n_distances - 1]) --told.n_distances;
    Lengths all(codes.literals.begin(), codes.literals.begin() + told.n_literals);
    all.insert(all.end(), codes.distances.begin(), codes.distances.begin() + told.n_distances);
    for (std::size_t i = 0; i < all.size();) {
        std::size_t run = 1;
        while (i + run < all.size() && all[i + run] == all[i]) ++run;
        if (all[i] == 0 && run >= 3) {
            run = std::min<std::size_t>(run, 138);
            told.runs.push_back(run < 11 ? std::pair<int, int>{17, run - 3} : std::pair<int, int>{18, run - 11});
        } else if (i > 0 && all[i] == all[i - 1] && run >= 3) {
            run = std::min<std::size_t>(run, 6);
            told.runs.push_back({16, static_cast<int>(run) - 3});
        } else {
            run = 1;
            told.runs.push_back({all[i], 0});
        }
        i += run;
    }
    std::vector<std::uint32_t> counts(19, 0);
    for (const auto& [symbol, extra] : told.runs) ++counts[symbol];
    told.lengths = code_lengths(counts, 7);
    while (told.n_lengths > 4 && !told.lengths[kOrder[told.n_lengths - 1]]) --told.n_lengths;
    told.bits = 5 + 5 + 4 + 3 * static_cast<std::size_t>(told.n_lengths);
    constexpr int kExtra[19] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7};
    for (int s = 0; s < 19; ++s) told.bits += counts[s] * static_cast<std::size_t>(told.lengths[s] + kExtra[s]);
    return told;
}

std::size_t bits_of(const Counts& counts, const Codes& codes) {
    std::size_t bits = 0;
    for (int s = 0; s < kLiterals; ++s) {
        const int extra = s > kEndOfBlock ? kDeflateLengthExtra[s - 257] : 0;
        bits += counts.literals[s] * static_cast<std::size_t>(codes.literals[s] + extra);
    }
    for (int s = 0; s < kDistances; ++s)
        bits += counts.distances[s] * static_cast<std::size_t>(codes.distances[s] + kDeflateDistanceExtra[s]);
    return bits;
}

Codes fixed_codes() {
    Codes codes{Lengths(kLiterals, 8), Lengths(kDistances, 5)};
    std::fill(codes.literals.begin() + 144, codes.literals.begin() + 256, 9);
    std::fill(codes.literals.begin() + 256, codes.literals.begin() + 280, 7);
    return codes;
}

// Of a block with codes of its own, its three first bits left out.
std::size_t bits_of_block(const Counts& counts) {
    const Codes codes = codes_for(counts);
    return bits_of(counts, codes) + tell(codes).bits;
}

// What each way costs in bits, or in what is guessed before the first round.
struct Prices {
    std::array<std::uint32_t, 256> literals;
    std::array<std::uint32_t, kLongestMatch + 1> lengths;
    std::array<std::uint32_t, kDistances> distances;
};

Prices prices_of(const Codes& codes) {
    constexpr int kUnused = 13;  // of symbols that have no code yet
    const auto price = [](int bits) { return static_cast<std::uint32_t>(bits ? bits : kUnused); };
    Prices prices;
    for (int s = 0; s < 256; ++s) prices.literals[s] = price(codes.literals[s]);
    for (int l = kShortestMatch; l <= kLongestMatch; ++l) {
        const int symbol = tables().length_symbol[l];
        prices.lengths[l] = price(codes.literals[257 + symbol]) + kDeflateLengthExtra[symbol];
    }
    for (int s = 0; s < kDistances; ++s) prices.distances[s] = price(codes.distances[s]) + kDeflateDistanceExtra[s];
    return prices;
}

// The cheapest way to say bytes begin to end.
Symbols parse(const Bytes& data, const MatchFinder& finder, std::size_t begin, std::size_t end, const Prices& prices) {
    const std::size_t n = end - begin;
    std::vector<std::uint32_t> cost(n + 1, std::numeric_limits<std::uint32_t>::max());
    Symbols last(n + 1);
    cost[0] = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto step = [&](int length, int distance, std::uint32_t price) {
            if (cost[i] + price < cost[i + length]) {
                cost[i + length] = cost[i] + price;
                last[i + length] = {static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(distance)};
            }
        };
        step(1, 0, prices.literals[data[begin + i]]);
        int length = kShortestMatch;
        for (const Match& match : finder.at(begin + i)) {
            const std::uint32_t price = prices.distances[tables().of_distance(match.distance)];
            const int most = static_cast<int>(std::min<std::size_t>(match.length, n - i));
            if (match.length == kLongestMatch && most == kLongestMatch) length = most;  // within long runs, that only
            for (; length <= most; ++length) step(length, match.distance, price + prices.lengths[length]);
        }
    }
    Symbols symbols;
    for (std::size_t i = n; i > 0; i -= last[i].length) symbols.push_back(last[i]);
    std::reverse(symbols.begin(), symbols.end());
    return symbols;
}

// Parses anew with the prices that the symbols earned, for as long as that pays.
Symbols improved(const Bytes& data, const MatchFinder& finder, std::size_t begin, std::size_t end, Symbols best,
                 int rounds) {
    Counts counts = count(best, data, begin, 0, best.size());
    std::size_t least = bits_of_block(counts);
    for (int round = 0; round < rounds; ++round) {
        Symbols symbols = parse(data, finder, begin, end, prices_of(codes_for(counts)));
        counts = count(symbols, data, begin, 0, symbols.size());
        const std::size_t bits = bits_of_block(counts);
        if (bits >= least) break;
        least = bits;
        best = std::move(symbols);
    }
    return best;
}

// Where symbols are cut into blocks, their end included: always where two codes save the most over one.
std::vector<std::size_t> cuts_of(const Symbols& symbols, const Bytes& data, std::size_t begin) {
    std::vector<std::size_t> position(symbols.size() + 1, begin);
    for (std::size_t i = 0; i < symbols.size(); ++i) position[i + 1] = position[i] + symbols[i].length;
    const auto bits = [&](std::size_t from, std::size_t to) {
        return bits_of_block(count(symbols, data, position[from], from, to));
    };
    std::vector<std::size_t> cuts{symbols.size()};
    std::vector<std::pair<std::size_t, std::size_t>> open{{0, symbols.size()}};
    while (!open.empty() && cuts.size() < kMostBlocks) {
        const auto [from, to] = open.back();
        open.pop_back();
        if (to - from < 2 * kLeastSymbols) continue;
        std::size_t low = from + kLeastSymbols, high = to - kLeastSymbols, best = 0;
        std::size_t least = bits(from, to);
        while (low <= high) {  // nine places, then nine between the neighbors of the best, and so on
            constexpr std::size_t kPlaces = 9;
            const std::size_t step = std::max<std::size_t>(1, (high - low) / (kPlaces - 1));
            std::size_t best_here = 0, least_here = std::numeric_limits<std::size_t>::max();
            for (std::size_t at = low; at <= high; at += step) {
                const std::size_t cost = bits(from, at) + bits(at, to) + 3;
                if (cost < least_here) least_here = cost, best_here = at;
            }
            if (least_here >= least && best) break;
            if (least_here < least) least = least_here, best = best_here;
            if (step == 1) break;
            low = std::max(low, best_here - std::min(best_here, step - 1));
            high = std::min(high, best_here + step - 1);
        }
        if (!best) continue;
        cuts.push_back(best);
        open.push_back({from, best});
        open.push_back({best, to});
    }
    std::sort(cuts.begin(), cuts.end());
    return cuts;
}

void put_symbols(BitWriter& out, const Symbols& symbols, const Bytes& data, std::size_t at, const Codes& codes) {
    Lengths whole = codes.literals;
    if (codes.literals[kLiterals - 1] == 8 && codes.literals[0] == 8) whole.resize(288, 8);  // fixed ones name two more
    const std::vector<std::uint16_t> literals = codes_of(whole), distances = codes_of(codes.distances);
    for (const Symbol& symbol : symbols) {
        if (!symbol.distance) {
            out.put(literals[data[at]], codes.literals[data[at]]);
        } else {
            const int l = tables().length_symbol[symbol.length], d = tables().of_distance(symbol.distance);
            out.put(literals[257 + l], codes.literals[257 + l]);
            out.put(static_cast<std::uint32_t>(symbol.length - kDeflateLengthBase[l]), kDeflateLengthExtra[l]);
            out.put(distances[d], codes.distances[d]);
            out.put(static_cast<std::uint32_t>(symbol.distance - kDeflateDistanceBase[d]), kDeflateDistanceExtra[d]);
        }
        at += symbol.length;
    }
    out.put(literals[kEndOfBlock], codes.literals[kEndOfBlock]);
}

void put_stored(BitWriter& out, const Bytes& data, std::size_t begin, std::size_t end, bool is_last) {
    constexpr std::size_t kMost = 65535;
    for (std::size_t at = begin; at < end;) {
        const std::size_t n = std::min(kMost, end - at);
        out.put(is_last && at + n == end, 1);
        out.put(0, 2);
        out.to_byte();
        out.put(static_cast<std::uint32_t>(n), 16);
        out.put(static_cast<std::uint32_t>(n ^ 0xFFFF), 16);
        out.bytes.insert(out.bytes.end(), data.begin() + at, data.begin() + at + n);
        at += n;
    }
}

void put_block(BitWriter& out, const Symbols& symbols, const Bytes& data, std::size_t begin, std::size_t end,
               bool is_last) {
    static const Codes fixed = fixed_codes();
    const Counts counts = count(symbols, data, begin, 0, symbols.size());
    const Codes codes = codes_for(counts);
    const Told told = tell(codes);
    const std::size_t of_fixed = bits_of(counts, fixed), of_own = bits_of(counts, codes) + told.bits;
    if (8 * (end - begin) + 40 * ((end - begin) / 65535 + 1) < std::min(of_fixed, of_own)) {
        put_stored(out, data, begin, end, is_last);
        return;
    }
    out.put(is_last, 1);
    out.put(of_fixed <= of_own ? 1 : 2, 2);
    if (of_fixed <= of_own) {
        put_symbols(out, symbols, data, begin, fixed);
        return;
    }
    out.put(static_cast<std::uint32_t>(told.n_literals - 257), 5);
    out.put(static_cast<std::uint32_t>(told.n_distances - 1), 5);
    out.put(static_cast<std::uint32_t>(told.n_lengths - 4), 4);
    for (int i = 0; i < told.n_lengths; ++i) out.put(told.lengths[kOrder[i]], 3);
    const std::vector<std::uint16_t> names = codes_of(told.lengths);
    for (const auto& [symbol, extra] : told.runs) {
        out.put(names[symbol], told.lengths[symbol]);
        if (symbol >= 16) out.put(static_cast<std::uint32_t>(extra), symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
    }
    put_symbols(out, symbols, data, begin, codes);
}

std::uint32_t adler32(const Bytes& data) {
    std::uint32_t a = 1, b = 0;
    for (const std::uint8_t byte : data) {
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

}  // namespace

Bytes deflate(const Bytes& data, const DeflateEffort& effort, const StopRequested& stop_requested) {
    BitWriter out;
    out.bytes = {0x78, 0xDA};
    MatchFinder finder(data.data(), data.size(), effort.depth);
    Prices prices = prices_of(fixed_codes());
    for (std::size_t begin = 0; begin < data.size(); begin += kPiece) {
        const std::size_t end = std::min(data.size(), begin + kPiece);
        check_stop(stop_requested);
        finder.find(begin, end);
        const Symbols whole = improved(data, finder, begin, end, parse(data, finder, begin, end, prices), 1);
        std::size_t at = begin, first = 0;
        for (const std::size_t cut : cuts_of(whole, data, begin)) {
            check_stop(stop_requested);
            Symbols block(whole.begin() + first, whole.begin() + cut);
            std::size_t stop = at;
            for (const Symbol& symbol : block) stop += symbol.length;
            block = improved(data, finder, at, stop, std::move(block), effort.rounds);
            prices = prices_of(codes_for(count(block, data, at, 0, block.size())));
            put_block(out, block, data, at, stop, stop == data.size());
            at = stop;
            first = cut;
        }
    }
    if (data.empty()) out.put(3, 10);  // a fixed block of nothing
    out.to_byte();
    const std::uint32_t check = adler32(data);
    for (const int shift : {24, 16, 8, 0}) out.bytes.push_back(static_cast<std::uint8_t>(check >> shift));
    return std::move(out.bytes);
}

}  // namespace huepress
