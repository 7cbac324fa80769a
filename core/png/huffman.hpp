// Huffman codes of limited length, as DEFLATE has them (RFC 1951, section 3.2.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

// Lengths in bits of the best code in which none is longer than `longest`, 0 for symbols that never occur; a symbol
// that is alone gets one bit. By coins of each length (L. Larmore, D. Hirschberg 1990).
std::vector<std::uint8_t> code_lengths(const std::vector<std::uint32_t>& counts, int longest);

// The codes of those lengths, the first bit lowest.
std::vector<std::uint16_t> codes_of(const std::vector<std::uint8_t>& lengths);

}  // namespace huepress
