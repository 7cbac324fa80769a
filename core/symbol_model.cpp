#include "symbol_model.hpp"

#include <algorithm>
#include <cstdlib>

#include "exact_log.hpp"

namespace huepress {
namespace {

// RFC 1951, section 3.2.5.
constexpr int kLengthBase[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr int kLengthExtra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr int kDistanceBase[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                   193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr int kDistanceExtra[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                    6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
constexpr int kLengthSymbols = 29, kDistanceSymbols = 40;
// WebP lossless bitstream specification (RFC 9649), section 4.2.2: the 120 nearest pixels have
// distance codes of their own, in order of their distance.
constexpr int kWebpNearCodes = 120, kWebpNearColumns = 8, kWebpNearRows = 7;

constexpr double kDamping = 0.7;
// A symbol that did not occur is priced as if it had occurred this often.
constexpr double kUnseen = 0.3;
// First prices, chosen on the development photographs.
constexpr float kFirstLiteral = 8.5f, kFirstLength = 3.5f, kFirstDistance = 2.5f;

template <int N>
int code_of(const int (&base)[N], int value) {
    return static_cast<int>(std::upper_bound(base, base + N, value) - base) - 1;
}

// Ideal code lengths of symbols with these counts.
std::vector<double> ideal_bits(const std::vector<double>& counts) {
    double total = 0.0;
    for (double c : counts) total += c + kUnseen;
    std::vector<double> bits;
    for (double c : counts) bits.push_back(log2_exact(total) - log2_exact(c + kUnseen));
    return bits;
}

}  // namespace

void SymbolCounts::add(const SymbolCounts& other) {
    for (std::size_t i = 0; i < literals.size(); ++i) literals[i] += other.literals[i];
    for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] += other.lengths[i];
    for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] += other.offsets[i];
}

SymbolModel::Code SymbolModel::deflate_length(int length) {
    const int symbol = code_of(kLengthBase, length);
    return {symbol, kLengthExtra[symbol]};
}

SymbolModel::Code SymbolModel::deflate_distance(int distance) {
    const int symbol = code_of(kDistanceBase, distance);
    return {symbol, kDistanceExtra[symbol]};
}

// RFC 9649, section 4.2.2: the prefix code of a length or a distance code.
SymbolModel::Code SymbolModel::webp_prefix(int value) {
    if (value <= 4) return {value - 1, 0};
    int highest = 0;
    for (int v = value - 1; v > 1; v >>= 1) ++highest;
    const int second = ((value - 1) >> (highest - 1)) & 1;
    return {2 * highest + second, highest - 1};
}

// About the distance code of an offset: its rank among the near pixels by distance, above before
// beside, else the distance along the rows plus 120. Which of two equally near pixels comes first
// does not change the prefix code by more than one.
int SymbolModel::webp_distance(Offset offset, int width) {
    if (offset.up <= kWebpNearRows && std::abs(offset.left) <= kWebpNearColumns) {
        const int reach = offset.left * offset.left + offset.up * offset.up;
        int rank = 1;
        for (int up = 0; up <= kWebpNearRows; ++up) {
            for (int left = up == 0 ? 1 : -kWebpNearColumns; left <= kWebpNearColumns; ++left) {
                const int other = left * left + up * up;
                rank += other < reach || (other == reach && up > offset.up);
            }
        }
        if (rank <= kWebpNearCodes) return rank;
    }
    return offset.up * width + offset.left + kWebpNearCodes;
}

SymbolModel::SymbolModel(Coder coder, const std::vector<Offset>& offsets, int n_literals, int row_bytes, int rows)
    : n_literals_(n_literals), row_starts_(coder == Coder::deflate ? rows : 0) {
    bits_.literal.fill(kFirstLiteral);
    for (int length = bits_.shortest; length <= bits_.longest; ++length) {
        const auto l = static_cast<std::size_t>(length);
        lengths_[l] = coder == Coder::deflate ? deflate_length(length) : webp_prefix(length);
        bits_.length[l] = kFirstLength + static_cast<float>(lengths_[l].extra_bits);
    }
    for (const Offset& o : offsets) {
        offsets_.push_back(coder == Coder::deflate ? deflate_distance(o.up * (row_bytes + 1) + o.left)
                                                   : webp_prefix(webp_distance(o, row_bytes)));
        bits_.offset.push_back(kFirstDistance + static_cast<float>(offsets_.back().extra_bits));
    }
}

void SymbolModel::learn(const SymbolCounts& counts) {
    const auto n_literals = static_cast<std::size_t>(n_literals_);
    std::vector<double> main(n_literals + kLengthSymbols, 0.0);
    for (std::size_t i = 0; i < n_literals; ++i) main[i] = static_cast<double>(counts.literals[i]);
    main[0] += static_cast<double>(row_starts_);
    for (std::size_t l = 0; l < lengths_.size(); ++l) {
        main[n_literals + static_cast<std::size_t>(lengths_[l].symbol)] += static_cast<double>(counts.lengths[l]);
    }
    std::vector<double> distances(kDistanceSymbols, 0.0);
    for (std::size_t o = 0; o < offsets_.size(); ++o) {
        distances[static_cast<std::size_t>(offsets_[o].symbol)] += static_cast<double>(counts.offsets[o]);
    }
    const std::vector<double> main_bits = ideal_bits(main);
    const std::vector<double> distance_bits = ideal_bits(distances);

    const double step = fresh_ ? 1.0 : kDamping;
    const auto towards = [step](float& old, double ideal) {
        old = static_cast<float>(static_cast<double>(old) + step * (ideal - static_cast<double>(old)));
    };
    for (std::size_t i = 0; i < n_literals; ++i) towards(bits_.literal[i], main_bits[i]);
    for (auto l = static_cast<std::size_t>(bits_.shortest); l < lengths_.size(); ++l) {
        towards(bits_.length[l], main_bits[n_literals + static_cast<std::size_t>(lengths_[l].symbol)] + lengths_[l].extra_bits);
    }
    for (std::size_t o = 0; o < offsets_.size(); ++o) {
        towards(bits_.offset[o], distance_bits[static_cast<std::size_t>(offsets_[o].symbol)] + offsets_[o].extra_bits);
    }
    fresh_ = false;
}

void SymbolModel::keep_offsets(const std::vector<std::size_t>& kept) {
    std::vector<Code> codes;
    std::vector<float> bits;
    for (const std::size_t o : kept) {
        codes.push_back(offsets_[o]);
        bits.push_back(bits_.offset[o]);
    }
    offsets_ = std::move(codes);
    bits_.offset = std::move(bits);
}

}  // namespace huepress
