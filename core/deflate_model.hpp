// What DEFLATE (RFC 1951) charges for the symbols of an index map: the coder's side of the
// rate-distortion search, which knows bits and nothing of pixels.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace huepress {

// The bits of everything the search may write. Another coder is another maker of this.
struct SymbolBits {
    int shortest = 3, longest = 258;           // of a match
    std::array<float, 256> literal{};
    std::array<float, 259> length{};           // of a match, extra bits included
    std::vector<float> offset;                 // of each offset offered to the search
};

// What a search wrote.
struct SymbolCounts {
    std::array<std::int64_t, 256> literals{};
    std::array<std::int64_t, 259> lengths{};
    std::vector<std::int64_t> offsets;         // of each offset offered

    void add(const SymbolCounts& other);
};

class DeflateModel {
public:
    // distances: of the offsets offered to the search, in bytes. n_literals: index values.
    // row_starts: filter bytes, which are coded as literal 0 beside the indices.
    DeflateModel(std::vector<int> distances, int n_literals, std::int64_t row_starts);

    const SymbolBits& bits() const { return bits_; }

    // Moves the bits towards the ideal code lengths of what was written; the step is damped, or the
    // search and its prices would chase each other.
    void learn(const SymbolCounts& counts);

private:
    std::vector<int> distances_;
    int n_literals_;
    std::int64_t row_starts_;
    SymbolBits bits_;
    bool fresh_ = true;
};

}  // namespace huepress
