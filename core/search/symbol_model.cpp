#include "search/symbol_model.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "search/deflate_tables.hpp"

namespace huepress {
namespace {

constexpr int kDeflateDistances = static_cast<int>(std::size(kDeflateDistanceBase)), kDeflateWindow = 32768,
              kWebpWindow = 1 << 20;
// WebP lossless bitstream specification (RFC 9649), section 4.2.2: the 120 nearest pixels have
// distance codes of their own, in order of their distance.
constexpr int kWebpNearCodes = 120, kWebpNearColumns = 8, kWebpNearRows = 7;

// Fixed prices, chosen on the development photographs.
constexpr float kFirstLiteral = 8.5f, kFirstLength = 3.5f, kFirstDistance = 2.5f;

template <int N>
int code_of(const int (&base)[N], int value) {
    return static_cast<int>(std::upper_bound(base, base + N, value) - base) - 1;
}

// RFC 9649, section 4.2.2: the prefix code of a length or a distance code, and the raw bits behind it.
int webp_prefix(int value) {
    if (value <= 4) return value - 1;
    int highest = 0;
    for (int v = value - 1; v > 1; v >>= 1) ++highest;
    return 2 * highest + (((value - 1) >> (highest - 1)) & 1);
}

int webp_extra(int symbol) { return std::max(0, symbol / 2 - 1); }

// About the distance code of an offset: its rank among the near pixels by distance, above before
// beside, else the distance along the rows plus 120. Which of two equally near pixels comes first
// does not change the prefix code by more than one.
int webp_distance(int left, int up, int width) {
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

SymbolModel::Code SymbolModel::length_code(int length) const {
    const int symbol = coder_ == Coder::deflate ? code_of(kDeflateLengthBase, length) : webp_prefix(length);
    return {symbol, coder_ == Coder::deflate ? kDeflateLengthExtra[symbol] : webp_extra(symbol)};
}

SymbolModel::Code SymbolModel::distance_code(Offset offset) const {
    const int left = offset.left / unit_;
    if (coder_ == Coder::webp) {
        const int symbol = webp_prefix(webp_distance(left, offset.up, row_units_));
        return {symbol, webp_extra(symbol)};
    }
    const int symbol = code_of(kDeflateDistanceBase, offset.up * (row_units_ + 1) + left);
    return {symbol, kDeflateDistanceExtra[symbol]};
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
        bits_.length[length] = kFirstLength + static_cast<float>(length_code(length).extra_bits);
    }
    for (int symbol = 0; symbol < n_distances(); ++symbol) {
        bits_.distance[symbol] = kFirstDistance + static_cast<float>(distance_extra(symbol));
    }
}

int SymbolModel::n_distances() const {
    return coder_ == Coder::deflate ? kDeflateDistances : static_cast<int>(bits_.distance.size());
}

int SymbolModel::distance_extra(int symbol) const {
    return coder_ == Coder::deflate ? kDeflateDistanceExtra[symbol] : webp_extra(symbol);
}

}  // namespace huepress
