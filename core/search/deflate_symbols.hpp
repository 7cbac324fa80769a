// What a finished deflate stream consists of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace huepress {

// How often each symbol occurs: literals 0 to 255, the ends of blocks 256 and match lengths 257 to 285
// in one alphabet, distances in the other (RFC 1951, section 3.2.5).
struct DeflateSymbols {
    std::array<std::int64_t, 286> main{};
    std::array<std::int64_t, 30> distances{};
};

// Counts the symbols of a zlib stream (RFC 1950). Throws std::invalid_argument if it is damaged.
DeflateSymbols count_deflate_symbols(const std::uint8_t* stream, std::size_t n_bytes);

}  // namespace huepress
