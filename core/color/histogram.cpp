#include "color/histogram.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "support/parallel.hpp"

namespace huepress {
namespace {

constexpr std::size_t kWords = (std::size_t{1} << 24) / 64;
constexpr std::size_t kSmall = 1 << 15;  // pixels
constexpr std::size_t kFew = 512;        // colors, that a table of 4 KiB holds

std::uint32_t key_rgb(const std::uint8_t* p) { return std::uint32_t{p[0]} << 16 | std::uint32_t{p[1]} << 8 | p[2]; }

std::uint32_t key_rgba(const std::uint8_t* p) {
    return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

// 24-bit keys: a bitmap of the colors that occur (2 MiB) and the number of set bits before
// each word. The rank of a color's bit is its row in ascending order, so nothing is sorted.
ColorCounts count_rgb(const std::uint8_t* pixels, std::size_t n_pixels, std::uint32_t* inverse, int n_threads) {
    // Every thread has its own bitmap and counts: as many as cost less than two bytes a pixel.
    int threads = std::min(useful_threads(n_pixels, n_threads), static_cast<int>(1 + n_pixels / (kWords * 8)));
    std::vector<std::vector<std::uint64_t>> bitmaps(static_cast<std::size_t>(threads));
    for (auto& bitmap : bitmaps) bitmap.assign(kWords, 0);
    for_each_chunk(n_pixels, threads, [&](int thread, std::size_t, std::size_t begin, std::size_t end) {
        std::uint64_t* seen = bitmaps[thread].data();
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint32_t key = key_rgb(pixels + 3 * i);
            seen[key >> 6] |= std::uint64_t{1} << (key & 63);
        }
    });

    struct Word {
        std::uint64_t bits;
        std::uint32_t rank;
    };
    std::vector<Word> words(kWords);
    std::uint32_t n_colors = 0;
    for (std::size_t w = 0; w < kWords; ++w) {
        std::uint64_t bits = 0;
        for (const auto& bitmap : bitmaps) bits |= bitmap[w];
        words[w] = {bits, n_colors};
        n_colors += static_cast<std::uint32_t>(std::popcount(bits));
    }
    bitmaps.clear();

    ColorCounts result;
    result.colors.resize(std::size_t{n_colors} * 3);
    std::uint8_t* out = result.colors.data();
    for (std::size_t w = 0; w < kWords; ++w) {
        for (std::uint64_t bits = words[w].bits; bits != 0; bits &= bits - 1) {
            const auto key = static_cast<std::uint32_t>(w * 64) + static_cast<std::uint32_t>(std::countr_zero(bits));
            *out++ = static_cast<std::uint8_t>(key >> 16);
            *out++ = static_cast<std::uint8_t>(key >> 8);
            *out++ = static_cast<std::uint8_t>(key);
        }
    }

    threads = std::min(threads, static_cast<int>(1 + n_pixels / (4 * std::size_t{n_colors})));
    std::vector<std::vector<std::uint32_t>> counts(static_cast<std::size_t>(threads));
    for (auto& c : counts) c.assign(n_colors, 0);
    for_each_chunk(n_pixels, threads, [&](int thread, std::size_t, std::size_t begin, std::size_t end) {
        std::uint32_t* count = counts[thread].data();
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint32_t key = key_rgb(pixels + 3 * i);
            const Word& word = words[key >> 6];
            const std::uint64_t below = word.bits & ((std::uint64_t{1} << (key & 63)) - 1);
            const std::uint32_t row = word.rank + static_cast<std::uint32_t>(std::popcount(below));
            ++count[row];
            inverse[i] = row;
        }
    });
    for (std::size_t t = 1; t < counts.size(); ++t) {
        for (std::size_t c = 0; c < n_colors; ++c) counts[0][c] += counts[t][c];
        counts[t] = {};
    }
    result.counts = std::move(counts[0]);
    return result;
}

// Keys of 32 bits are too many for a bitmap, and a bitmap costs more than a small picture: an open-addressing table in
// order of first appearance, sorted afterwards.
class KeyTable {
public:
    KeyTable() : slots_(1024, kEmpty) {}

    std::uint32_t row_of(std::uint32_t key) {
        std::size_t slot = hash(key);
        for (; slots_[slot] != kEmpty; slot = (slot + 1) & (slots_.size() - 1)) {
            if (keys_[slots_[slot]] == key) return slots_[slot];
        }
        const auto row = static_cast<std::uint32_t>(keys_.size());
        keys_.push_back(key);
        slots_[slot] = row;
        if (keys_.size() * 10 > slots_.size() * 7) grow();
        return row;
    }

    const std::vector<std::uint32_t>& keys() const { return keys_; }

private:
    static constexpr std::uint32_t kEmpty = 0xFFFFFFFFu;

    std::size_t hash(std::uint32_t key) const {
        return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ull) >> 32) & (slots_.size() - 1);
    }

    void grow() {
        std::vector<std::uint32_t>(slots_.size() * 2, kEmpty).swap(slots_);
        for (std::uint32_t row = 0; row < keys_.size(); ++row) {
            std::size_t slot = hash(keys_[row]);
            while (slots_[slot] != kEmpty) slot = (slot + 1) & (slots_.size() - 1);
            slots_[slot] = row;
        }
    }

    std::vector<std::uint32_t> slots_;
    std::vector<std::uint32_t> keys_;
};

// Gives up where there are more than `most` colors, and returns none.
template <int channels>
ColorCounts count_by_table(const std::uint8_t* pixels, std::size_t n_pixels, std::uint32_t* inverse, int n_threads,
                           std::size_t most) {
    std::vector<std::uint64_t> sorted;
    {
        KeyTable table;
        std::uint32_t previous_key = 0;
        std::uint32_t row = 0;
        for (std::size_t i = 0; i < n_pixels; ++i) {
            const std::uint8_t* pixel = pixels + channels * i;
            const std::uint32_t key = channels == 4 ? key_rgba(pixel) : key_rgb(pixel);
            if (i == 0 || key != previous_key) {
                row = table.row_of(key);
                if (row >= most) return {};
            }
            previous_key = key;
            inverse[i] = row;
        }
        sorted.resize(table.keys().size());
        for (std::size_t r = 0; r < sorted.size(); ++r) {
            sorted[r] = std::uint64_t{table.keys()[r]} << 32 | r;
        }
    }
    std::sort(sorted.begin(), sorted.end());

    ColorCounts result;
    result.colors.reserve(sorted.size() * channels);
    std::vector<std::uint32_t> final_row(sorted.size());
    for (std::size_t row = 0; row < sorted.size(); ++row) {
        for (int shift = 24 + 8 * channels; shift >= 32; shift -= 8) {
            result.colors.push_back(static_cast<std::uint8_t>(sorted[row] >> shift));
        }
        final_row[sorted[row] & 0xFFFFFFFFu] = static_cast<std::uint32_t>(row);
    }
    sorted = {};
    for_each_chunk(n_pixels, n_threads, [&](int, std::size_t, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) inverse[i] = final_row[inverse[i]];
    });
    result.counts.assign(final_row.size(), 0);
    for (std::size_t i = 0; i < n_pixels; ++i) ++result.counts[inverse[i]];
    return result;
}

}  // namespace

ColorCounts count_colors(const std::uint8_t* pixels, std::size_t n_pixels, int channels, std::uint32_t* inverse,
                         int n_threads) {
    constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
    if (channels == 4) return count_by_table<4>(pixels, n_pixels, inverse, n_threads, kAny);
    if (n_pixels < kSmall) return count_by_table<3>(pixels, n_pixels, inverse, n_threads, kAny);
    ColorCounts few = count_by_table<3>(pixels, n_pixels, inverse, n_threads, kFew);
    if (!few.counts.empty()) return few;
    return count_rgb(pixels, n_pixels, inverse, n_threads);
}

double squared_error(const float* color_points, const std::uint32_t* color_of, std::size_t n_pixels,
                     const float* palette, const std::uint8_t* indices, int dims, int n_threads) {
    std::vector<double> parts(chunk_count(n_pixels));
    for_each_chunk(n_pixels, n_threads, [&](int, std::size_t chunk, std::size_t begin, std::size_t end) {
        double sum = 0.0;
        for (std::size_t i = begin; i < end; ++i) {
            const float* a = color_points + static_cast<std::size_t>(color_of[i]) * static_cast<std::size_t>(dims);
            const float* b = palette + static_cast<std::size_t>(indices[i]) * static_cast<std::size_t>(dims);
            for (int d = 0; d < dims; ++d) {
                const double difference = static_cast<double>(a[d]) - static_cast<double>(b[d]);
                sum += difference * difference;
            }
        }
        parts[chunk] = sum;
    });
    double total = 0.0;
    for (double part : parts) total += part;
    return total;
}

void gather_bytes(const std::uint8_t* table, const std::uint32_t* inverse, std::size_t n_pixels, std::uint8_t* out,
                  int n_threads) {
    for_each_chunk(n_pixels, n_threads, [&](int, std::size_t, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) out[i] = table[inverse[i]];
    });
}

}  // namespace huepress
