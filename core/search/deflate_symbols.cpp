#include "search/deflate_symbols.hpp"

#include <stdexcept>
#include <vector>

#include "search/deflate_tables.hpp"

namespace huepress {
namespace {

constexpr int kLongestCode = 15, kZlibHeader = 2;

[[noreturn]] void damaged() { throw std::invalid_argument("the deflate stream is damaged"); }

// Bits as deflate packs them: the lowest bit of each byte first.
class BitReader {
public:
    BitReader(const std::uint8_t* bytes, std::size_t n) : bytes_(bytes), n_bits_(8 * n) {}

    unsigned read(int n) {
        unsigned value = 0;
        for (int i = 0; i < n; ++i) value |= bit() << i;
        return value;
    }
    unsigned bit() {
        if (at_ >= n_bits_) damaged();
        const unsigned value = bytes_[at_ >> 3] >> (at_ & 7) & 1u;
        ++at_;
        return value;
    }
    void skip(std::size_t n) { at_ += n; }
    void to_next_byte() { at_ = (at_ + 7) & ~std::size_t{7}; }

private:
    const std::uint8_t* bytes_;
    std::size_t n_bits_, at_ = 8 * kZlibHeader;
};

// A canonical prefix code (RFC 1951, section 3.2.2), read a bit at a time: among the codes of each length the
// first one and the symbols in their order.
class PrefixCode {
public:
    explicit PrefixCode(const std::vector<std::uint8_t>& lengths) {
        for (const std::uint8_t length : lengths) ++counts_[length];
        counts_[0] = 0;
        std::array<std::size_t, kLongestCode + 2> start{};
        for (std::size_t length = 1; length <= kLongestCode; ++length)
            start[length + 1] = start[length] + counts_[length];
        symbols_.resize(start[kLongestCode + 1]);
        for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
            if (lengths[symbol] > 0) symbols_[start[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
        }
    }

    std::size_t read(BitReader& in) const {
        std::size_t code = 0, first = 0, before = 0;
        for (std::size_t length = 1; length <= kLongestCode; ++length) {
            code = code << 1 | in.bit();
            if (code < first + counts_[length]) return symbols_[before + code - first];
            before += counts_[length];
            first = (first + counts_[length]) << 1;
        }
        damaged();
    }

private:
    std::array<std::size_t, kLongestCode + 1> counts_{};
    std::vector<std::uint16_t> symbols_;
};

struct Codes {
    PrefixCode main, distances;
};

Codes fixed_codes() {
    std::vector<std::uint8_t> lengths(288, 8);
    for (std::size_t i = 144; i < 256; ++i) lengths[i] = 9;
    for (std::size_t i = 256; i < 280; ++i) lengths[i] = 7;
    return {PrefixCode(lengths), PrefixCode(std::vector<std::uint8_t>(30, 5))};
}

Codes read_codes(BitReader& in) {
    constexpr std::size_t kOrder[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const std::size_t n_main = in.read(5) + 257, n_distances = in.read(5) + 1, n_lengths = in.read(4) + 4;
    std::vector<std::uint8_t> code_lengths(std::size(kOrder));
    for (std::size_t i = 0; i < n_lengths; ++i) code_lengths[kOrder[i]] = static_cast<std::uint8_t>(in.read(3));
    const PrefixCode code(code_lengths);
    std::vector<std::uint8_t> lengths;
    while (lengths.size() < n_main + n_distances) {
        const std::size_t symbol = code.read(in);
        if (symbol < 16) {
            lengths.push_back(static_cast<std::uint8_t>(symbol));
        } else if (symbol == 16) {
            if (lengths.empty()) damaged();
            lengths.insert(lengths.end(), 3 + in.read(2), std::uint8_t{lengths.back()});
        } else {
            lengths.insert(lengths.end(), symbol == 17 ? 3 + in.read(3) : 11 + in.read(7), 0);
        }
    }
    if (lengths.size() > n_main + n_distances || n_main > 286 || n_distances > 30) damaged();
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(n_main);
    return {PrefixCode({lengths.begin(), middle}), PrefixCode({middle, lengths.end()})};
}

}  // namespace

DeflateSymbols count_deflate_symbols(const std::uint8_t* stream, std::size_t n_bytes) {
    constexpr unsigned kStored = 0, kFixed = 1, kDynamic = 2;
    constexpr std::size_t kBlockEnd = 256;
    BitReader in(stream, n_bytes);
    DeflateSymbols symbols;
    for (bool last = false; !last;) {
        last = in.read(1);
        const unsigned kind = in.read(2);
        if (kind == kStored) {
            in.to_next_byte();
            const unsigned n = in.read(16);
            in.skip(16);
            for (unsigned i = 0; i < n; ++i) ++symbols.main[in.read(8)];
            continue;
        }
        if (kind != kFixed && kind != kDynamic) damaged();
        const Codes codes = kind == kFixed ? fixed_codes() : read_codes(in);
        while (true) {
            const std::size_t symbol = codes.main.read(in);
            if (symbol >= symbols.main.size()) damaged();
            ++symbols.main[symbol];
            if (symbol == kBlockEnd) break;
            if (symbol < kBlockEnd) continue;
            in.skip(static_cast<std::size_t>(kDeflateLengthExtra[symbol - kBlockEnd - 1]));
            const std::size_t distance = codes.distances.read(in);
            if (distance >= symbols.distances.size()) damaged();
            ++symbols.distances[distance];
            in.skip(static_cast<std::size_t>(kDeflateDistanceExtra[distance]));
        }
    }
    return symbols;
}

}  // namespace huepress
