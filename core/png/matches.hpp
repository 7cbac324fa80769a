// For every byte the earlier places that its neighborhood repeats, each longer than all nearer ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace huepress {

inline constexpr int kWindow = 1 << 15, kShortestMatch = 3, kLongestMatch = 258;

struct Match {
    std::uint16_t length, distance;  // 3 to 258, 1 to 32768
};

class MatchFinder {
public:
    // depth: how many earlier places are looked at, at most, for each byte.
    MatchFinder(const std::uint8_t* data, std::size_t n, int depth);

    // Finds the matches of bytes begin to end, which follow those of the last call.
    void find(std::size_t begin, std::size_t end);

    // Of one of those bytes, ascending in length and in distance.
    std::span<const Match> at(std::size_t position) const {
        const std::size_t i = position - begin_;
        return {matches_.data() + first_[i], matches_.data() + first_[i + 1]};
    }

private:
    void insert(std::size_t position);

    const std::uint8_t* data_;
    std::size_t n_, begin_ = 0;
    int depth_;
    std::vector<std::int64_t> head_;     // of each hash the last place
    std::vector<std::int64_t> earlier_;  // of each place in the window the one before it with the same hash
    std::vector<std::uint32_t> first_;
    std::vector<Match> matches_;
};

}  // namespace huepress
