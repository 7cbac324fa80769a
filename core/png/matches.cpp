#include "png/matches.hpp"

#include <algorithm>

namespace huepress {
namespace {

constexpr int kHashBits = 16;
constexpr std::size_t kMostMatches = 128;  // of a byte, so that no picture fills the memory

std::size_t hash_of(const std::uint8_t* at) {
    const std::uint32_t three = at[0] | at[1] << 8 | static_cast<std::uint32_t>(at[2]) << 16;
    return three * 0x9E3779B1u >> (32 - kHashBits);
}

}  // namespace

MatchFinder::MatchFinder(const std::uint8_t* data, std::size_t n, int depth)
    : data_(data), n_(n), depth_(depth), head_(std::size_t{1} << kHashBits, -1), earlier_(kWindow, -1) {}

void MatchFinder::insert(std::size_t position) {
    std::int64_t& head = head_[hash_of(data_ + position)];
    earlier_[position % kWindow] = head;
    head = static_cast<std::int64_t>(position);
}

void MatchFinder::find(std::size_t begin, std::size_t end) {
    begin_ = begin;
    first_.assign(1, 0);
    matches_.clear();
    for (std::size_t i = begin; i < end; ++i) {
        const int longest = static_cast<int>(std::min<std::size_t>(kLongestMatch, end - i));
        if (n_ - i >= kShortestMatch) {
            std::int64_t candidate = head_[hash_of(data_ + i)];
            int best = kShortestMatch - 1;
            for (int tried = 0; candidate >= 0 && tried < depth_ && best < longest; ++tried) {
                const std::size_t distance = i - static_cast<std::size_t>(candidate);
                if (distance > kWindow) break;
                const std::uint8_t* there = data_ + candidate;
                if (there[best] == data_[i + best]) {
                    int length = 0;
                    while (length < longest && there[length] == data_[i + length]) ++length;
                    if (length > best) {
                        best = length;
                        // Of very many the last one takes the place of the one before: the longest is always there.
                        if (matches_.size() - first_.back() == kMostMatches) matches_.pop_back();
                        matches_.push_back({static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(distance)});
                    }
                }
                const std::int64_t next = earlier_[static_cast<std::size_t>(candidate) % kWindow];
                if (next >= candidate) break;
                candidate = next;
            }
            insert(i);
        }
        first_.push_back(static_cast<std::uint32_t>(matches_.size()));
    }
}

}  // namespace huepress
