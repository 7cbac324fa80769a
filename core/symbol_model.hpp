// What a coder charges for the symbols of an index map: its side of the rate-distortion search,
// which knows bits and nothing of pixels. Both coders write literals and match lengths in one
// alphabet of prefix codes and distances in another, each with raw extra bits.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace huepress {

enum class Coder { deflate, webp };

struct Offset {
    int left, up;  // the copied pixel lies so far to the left (negative: right) and above
};

// The bits of everything the search may write.
struct SymbolBits {
    int shortest = 3, longest = 258;  // of a match
    std::array<float, 256> literal{};
    std::array<float, 259> length{};  // of a match, extra bits included
    std::vector<float> offset;        // of each offset offered to the search, likewise
};

// What a search wrote.
struct SymbolCounts {
    std::array<std::int64_t, 256> literals{};
    std::array<std::int64_t, 259> lengths{};
    std::vector<std::int64_t> offsets;  // of each offset offered

    void add(const SymbolCounts& other);
};

class SymbolModel {
public:
    // row_bytes: of a stored row, its filter byte left out. rows: of the image.
    SymbolModel(Coder coder, const std::vector<Offset>& offsets, int n_literals, int row_bytes, int rows);

    const SymbolBits& bits() const { return bits_; }

    // Moves the bits towards the ideal code lengths of what was written; the step is damped, or the
    // search and its prices would chase each other.
    void learn(const SymbolCounts& counts);

    // Forgets all offsets but these, given by their places in the list.
    void keep_offsets(const std::vector<std::size_t>& kept);

private:
    struct Code {
        int symbol, extra_bits;
    };

    static Code deflate_length(int length);
    static Code deflate_distance(int distance);
    static Code webp_prefix(int value);
    static int webp_distance(Offset offset, int width);

    int n_literals_;
    std::int64_t row_starts_;  // filter bytes, coded as literal 0 beside the indices
    std::array<Code, 259> lengths_{};
    std::vector<Code> offsets_;
    SymbolBits bits_;
    bool fresh_ = true;
};

}  // namespace huepress
