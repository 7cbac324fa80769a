#include "deflate_model.hpp"

#include <algorithm>

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
constexpr double kDamping = 0.7;
// A symbol that did not occur is priced as if it had occurred this often.
constexpr double kUnseen = 0.3;
constexpr float kFirstLiteral = 7.0f, kFirstLength = 5.0f, kFirstDistance = 5.0f;

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

DeflateModel::DeflateModel(std::vector<int> distances, int n_literals, std::int64_t row_starts)
    : distances_(std::move(distances)), n_literals_(n_literals), row_starts_(row_starts) {
    bits_.literal.fill(kFirstLiteral);
    for (int length = bits_.shortest; length <= bits_.longest; ++length) {
        bits_.length[static_cast<std::size_t>(length)] =
            kFirstLength + static_cast<float>(kLengthExtra[code_of(kLengthBase, length)]);
    }
    for (int distance : distances_) {
        bits_.offset.push_back(kFirstDistance + static_cast<float>(kDistanceExtra[code_of(kDistanceBase, distance)]));
    }
}

void DeflateModel::learn(const SymbolCounts& counts) {
    // Literals and lengths share one alphabet; the end-of-block symbol does not matter.
    std::vector<double> main(static_cast<std::size_t>(n_literals_) + 29, 0.0);
    for (int i = 0; i < n_literals_; ++i) main[static_cast<std::size_t>(i)] = static_cast<double>(counts.literals[static_cast<std::size_t>(i)]);
    main[0] += static_cast<double>(row_starts_);
    for (int length = bits_.shortest; length <= bits_.longest; ++length) {
        main[static_cast<std::size_t>(n_literals_ + code_of(kLengthBase, length))] +=
            static_cast<double>(counts.lengths[static_cast<std::size_t>(length)]);
    }
    std::vector<double> distances(30, 0.0);
    for (std::size_t o = 0; o < distances_.size(); ++o) {
        distances[static_cast<std::size_t>(code_of(kDistanceBase, distances_[o]))] += static_cast<double>(counts.offsets[o]);
    }
    const std::vector<double> main_bits = ideal_bits(main);
    const std::vector<double> distance_bits = ideal_bits(distances);

    const double step = fresh_ ? 1.0 : kDamping;
    const auto towards = [step](float& old, double ideal) {
        old = static_cast<float>(static_cast<double>(old) + step * (ideal - static_cast<double>(old)));
    };
    for (int i = 0; i < n_literals_; ++i) towards(bits_.literal[static_cast<std::size_t>(i)], main_bits[static_cast<std::size_t>(i)]);
    for (int length = bits_.shortest; length <= bits_.longest; ++length) {
        const int code = code_of(kLengthBase, length);
        towards(bits_.length[static_cast<std::size_t>(length)], main_bits[static_cast<std::size_t>(n_literals_ + code)] + kLengthExtra[code]);
    }
    for (std::size_t o = 0; o < distances_.size(); ++o) {
        const int code = code_of(kDistanceBase, distances_[o]);
        towards(bits_.offset[o], distance_bits[static_cast<std::size_t>(code)] + kDistanceExtra[code]);
    }
    fresh_ = false;
}

}  // namespace huepress
