// DEFLATE (RFC 1951) in the zlib format (RFC 1950): the same bytes on every machine, since only integers decide.
//
// The ways to say a piece of data form a graph; the cheapest is found by dynamic programming, priced by the codes that
// the last round's symbols earned (as in optimal parsing: J. Storer, T. Szymanski 1982). Blocks are cut where two codes
// are cheaper than one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/parallel.hpp"

namespace huepress {

struct DeflateEffort {
    int depth;   // earlier places that are looked at for each byte
    int rounds;  // of pricing and parsing
};

std::vector<std::uint8_t> deflate(const std::vector<std::uint8_t>& data, const DeflateEffort& effort,
                                  const StopRequested& stop_requested);

}  // namespace huepress
