// What a coder charges for the symbols of an index map: its side of the rate-distortion search,
// which knows bits and nothing of pixels. Both coders write literals and match lengths in one
// alphabet of prefix codes and distances in another, each with raw extra bits. Several pixels may share
// a byte (PNG up to 16 colors) or a coded pixel (WebP): both are called a unit here.
#pragma once

#include <array>
#include <cstdint>

namespace huepress {

enum class Coder { deflate, webp };

struct Offset {
    int left, up;  // the copied pixel lies so far to the left (negative: right) and above
};

// The bits of everything the search may write.
struct SymbolBits {
    int shortest = 3, longest = 258;   // of a match, in units
    std::array<float, 256> literal{};  // of a pixel of this color
    std::array<float, 259> length{};   // of a match, extra bits included
    std::array<float, 40> distance{};  // by symbol, likewise
};

// What a search wrote.
struct SymbolCounts {
    std::array<std::int64_t, 256> literals{};
    std::array<std::int64_t, 259> lengths{};
    std::array<std::int64_t, 40> distances{};

    void add(const SymbolCounts& other);
    double bits(const SymbolBits& prices) const;
};

class SymbolModel {
public:
    // unit: pixels; row_units: units of a row.
    SymbolModel(Coder coder, int unit, int row_units);

    const SymbolBits& bits() const { return bits_; }
    int unit() const { return unit_; }
    // Whether a match can reach so far.
    bool reaches(Offset offset) const;
    // The symbol that the distance of an offset takes.
    int distance_symbol(Offset offset) const;

private:
    // A symbol and the number of raw bits that follow it.
    struct Code {
        int symbol, extra_bits;
    };

    Code length_code(int length) const;
    Code distance_code(Offset offset) const;
    int n_distances() const;
    int distance_extra(int symbol) const;

    Coder coder_;
    int unit_, row_units_;
    SymbolBits bits_;
};

}  // namespace huepress
