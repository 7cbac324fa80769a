// Palette indices coded by range asymmetric numeral systems (J. Duda, "Asymmetric numeral systems", arXiv 1311.2540):
// what an index is depends on its neighbors to the left and above, by frequencies that all pictures of a file share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

// Frequencies of k symbols after each of levels x levels pairs of neighbors, whose indices are put into so many levels.
class IndexModel {
public:
    static constexpr int kMostLevels = 32;
    // Frequencies of a row sum up to this.
    static constexpr std::uint32_t kTotal = 1u << 14;
    // A symbol leaves this to the others, so that a byte holds no more than 2,836 pixels: files of strangers
    // cannot ask for much memory in a few bytes.
    static constexpr std::uint32_t kLeftToOthers = 32;

    // frequencies are levels * levels rows of k, at least 2, that `valid` accepts.
    IndexModel(int k, int levels, const std::uint16_t* frequencies);

    static bool valid(int k, int levels, const std::uint16_t* frequencies);

    int k() const { return k_; }
    int levels() const { return levels_; }

    // Appends a picture to bytes; its indices are below k.
    void encode(const std::uint8_t* indices, std::size_t height, std::size_t width,
                std::vector<std::uint8_t>& bytes) const;

    // False where the bytes are not those of such a picture; all indices are below k in any case.
    bool decode(const std::uint8_t* bytes, std::size_t n_bytes, std::size_t height, std::size_t width,
                std::uint8_t* indices) const;

private:
    static constexpr int kLog2PerBucket = 7;
    static constexpr std::size_t kBuckets = kTotal >> kLog2PerBucket;

    int k_;
    int levels_;
    std::vector<std::uint16_t> cumulative_;  // rows of k + 1
    std::vector<std::uint8_t> first_;        // rows of kBuckets: the symbol at which the bucket begins
    std::array<std::uint32_t, 256> level_{};
};

// How often each symbol comes after each pair of neighbors.
class IndexCounts {
public:
    IndexCounts(int k, int levels);

    // The indices of a picture, below k.
    void add(const std::uint8_t* indices, std::size_t height, std::size_t width);
    void take(const IndexCounts& other);

    // For IndexModel: symbols that never came are possible, too.
    std::vector<std::uint16_t> frequencies() const;

private:
    int k_;
    int levels_;
    std::vector<std::uint64_t> counts_;
};

}  // namespace huepress
