#include "symbol_model.hpp"

#include <algorithm>
#include <cstdlib>

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
constexpr int kDeflateDistances = 30, kDeflateWindow = 32768, kWebpWindow = 1 << 20;
// WebP lossless bitstream specification (RFC 9649), section 4.2.2: the 120 nearest pixels have
// distance codes of their own, in order of their distance.
constexpr int kWebpNearCodes = 120, kWebpNearColumns = 8, kWebpNearRows = 7;

// First prices, chosen on the development photographs.
constexpr float kFirstLiteral = 8.5f, kFirstLength = 3.5f, kFirstDistance = 2.5f;

template <int N>
int code_of(const int (&base)[N], int value) {
    return static_cast<int>(std::upper_bound(base, base + N, value) - base) - 1;
}

}  // namespace

void SymbolCounts::add(const SymbolCounts& other) {
    for (std::size_t i = 0; i < literals.size(); ++i) literals[i] += other.literals[i];
    for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] += other.lengths[i];
    for (std::size_t i = 0; i < distances.size(); ++i) distances[i] += other.distances[i];
}

double SymbolCounts::bits(const SymbolBits& prices) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < literals.size(); ++i) sum += static_cast<double>(literals[i]) * prices.literal[i];
    for (std::size_t i = 0; i < lengths.size(); ++i) sum += static_cast<double>(lengths[i]) * prices.length[i];
    for (std::size_t i = 0; i < distances.size(); ++i) sum += static_cast<double>(distances[i]) * prices.distance[i];
    return sum;
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
int SymbolModel::webp_distance(int left, int up, int width) {
    if (up <= kWebpNearRows && std::abs(left) <= kWebpNearColumns) {
        const int reach = left * left + up * up;
        int rank = 1;
        for (int y = 0; y <= kWebpNearRows; ++y) {
            for (int x = y == 0 ? 1 : -kWebpNearColumns; x <= kWebpNearColumns; ++x) {
                const int other = x * x + y * y;
                rank += other < reach || (other == reach && y > up);
            }
        }
        if (rank <= kWebpNearCodes) return rank;
    }
    return up * width + left + kWebpNearCodes;
}

SymbolModel::Code SymbolModel::distance_code(Offset offset) const {
    const int left = offset.left / unit_;
    return coder_ == Coder::deflate ? deflate_distance(offset.up * (row_units_ + 1) + left)
                                    : webp_prefix(webp_distance(left, offset.up, row_units_));
}

int SymbolModel::distance_symbol(Offset offset) const { return distance_code(offset).symbol; }

bool SymbolModel::reaches(Offset offset) const {
    const std::int64_t window = coder_ == Coder::deflate ? kDeflateWindow : kWebpWindow;
    const std::int64_t distance = std::int64_t{offset.up} * (row_units_ + 1) + offset.left / unit_;
    return distance > 0 && distance <= window;
}

SymbolModel::SymbolModel(Coder coder, int unit, int row_units) : coder_(coder), unit_(unit), row_units_(row_units) {
    bits_.literal.fill(kFirstLiteral / static_cast<float>(unit));
    for (int length = bits_.shortest; length <= bits_.longest; ++length) {
        const Code code = coder == Coder::deflate ? deflate_length(length) : webp_prefix(length);
        bits_.length[static_cast<std::size_t>(length)] = kFirstLength + static_cast<float>(code.extra_bits);
    }
    for (int symbol = 0; symbol < static_cast<int>(bits_.distance.size()); ++symbol) {
        const int extra = coder == Coder::deflate ? kDistanceExtra[std::min(symbol, kDeflateDistances - 1)] : std::max(0, symbol / 2 - 1);
        bits_.distance[static_cast<std::size_t>(symbol)] = kFirstDistance + static_cast<float>(extra);
    }
}

void SymbolModel::set_prices(const float* literals, const float* length_symbols, const float* distance_symbols) {
    for (int i = 0; i < 256; ++i) bits_.literal[i] = literals[i];
    for (int length = bits_.shortest; length <= bits_.longest; ++length) {
        const Code code = coder_ == Coder::deflate ? deflate_length(length) : webp_prefix(length);
        bits_.length[static_cast<std::size_t>(length)] = length_symbols[code.symbol] + static_cast<float>(code.extra_bits);
    }
    for (int symbol = 0; symbol < 40; ++symbol) {
        const int extra = coder_ == Coder::deflate ? kDistanceExtra[std::min(symbol, kDeflateDistances - 1)] : std::max(0, symbol / 2 - 1);
        bits_.distance[static_cast<std::size_t>(symbol)] = distance_symbols[symbol] + static_cast<float>(extra);
    }
}

}  // namespace huepress
