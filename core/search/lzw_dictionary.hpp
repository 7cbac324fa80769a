// The dictionary of a GIF's LZW codes (GIF89a, appendix F) as coder and decoder build it, and the bits of its codes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

inline constexpr int kTableSize = 4096;

// The bits that a code for so large a symbol takes, at least two.
inline int bits_for(int largest) {
    int bits = 2;
    while (largest >> bits) ++bits;
    return bits;
}

// The dictionary as a tree: a node is a string, its number the code.
class LzwDictionary {
public:
    explicit LzwDictionary(int min_code_size) : min_code_size_(min_code_size) { clear(); }

    void clear() {
        next_ = clear_code() + 2;
        width_ = min_code_size_ + 1;
        for (int s = 0; s < clear_code(); ++s) start(s, s, 0);
        std::fill(children_, children_ + kSlots, kNoChild);
    }

    int clear_code() const { return 1 << min_code_size_; }
    int width() const { return width_; }
    bool full() const { return next_ >= kTableSize; }

    // Sets the next code aside, as the decoder does, before its string is known; -1 when all are taken.
    int reserve() {
        if (next_ >= kTableSize) return -1;
        if (next_ == 1 << width_ && width_ < 12) ++width_;
        return next_++;
    }

    // Gives the string of `parent` with one more symbol the code. The dictionary may have that string
    // already (a tolerant search need not take the longest match): then the code is wasted.
    void define(int code, int parent, int symbol) {
        const std::size_t above = code_index(parent);
        start(code, symbol, depth[above] + 1);
        firsts[code_index(code)] = firsts[above];
        std::uint32_t& entry = children_[slot(key(parent, symbol))];
        if (entry != kNoChild) return;
        entry = key(parent, symbol) * kTableSize + static_cast<std::uint32_t>(code);
        parents[code_index(code)] = static_cast<std::uint16_t>(parent);
        next_sibling[code_index(code)] = first_child[above];
        first_child[above] = static_cast<std::uint16_t>(code);
        int height = 1;
        for (int node = parent; height > below[code_index(node)]; node = parents[code_index(node)]) {
            below[code_index(node)] = static_cast<std::uint16_t>(height++);
            if (depth[code_index(node)] == 0) break;
        }
    }

    // The string of `node` with one more symbol; 0 where there is none.
    int child(int node, int symbol) const {
        const std::uint32_t entry = children_[slot(key(node, symbol))];
        return entry == kNoChild ? 0 : static_cast<int>(entry % kTableSize);
    }

    bool has(int node, int symbol) const { return child(node, symbol) != 0; }

    static std::size_t code_index(int code) { return static_cast<std::size_t>(code); }

    std::uint8_t symbols[kTableSize], firsts[kTableSize];  // the last symbol of each string, and the first
    std::uint16_t parents[kTableSize], first_child[kTableSize], next_sibling[kTableSize];
    std::uint16_t below[kTableSize];  // symbols of the longest string that goes on from here
    std::uint16_t depth[kTableSize];  // symbols before the last

private:
    // Children by their parent and symbol, with open addressing: a key and a code in each slot. No key and code are all
    // ones: a child's code is above its parent's.
    static constexpr std::size_t kSlots = 4 * kTableSize;
    static constexpr std::uint32_t kNoChild = 0xFFFFFFFF;

    static std::uint32_t key(int node, int symbol) { return static_cast<std::uint32_t>(node << 8 | symbol); }

    // Where a key is, or would be. Multiplicative hashing (D. E. Knuth, The Art of Computer Programming 3, 6.4).
    std::size_t slot(std::uint32_t key) const {
        std::size_t at = key * 2654435769u >> 18;
        while (children_[at] != kNoChild && children_[at] / kTableSize != key) at = (at + 1) % kSlots;
        return at;
    }

    void start(int code, int symbol, int length) {
        const std::size_t i = code_index(code);
        symbols[i] = firsts[i] = static_cast<std::uint8_t>(symbol);
        parents[i] = first_child[i] = next_sibling[i] = below[i] = 0;
        depth[i] = static_cast<std::uint16_t>(length);
    }

    std::uint32_t children_[kSlots];
    int min_code_size_, next_ = 0, width_ = 0;
};

// Packs codes into bytes, low bits first.
class BitWriter {
public:
    explicit BitWriter(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
    void put(int value, int width) {
        held_ |= static_cast<std::uint32_t>(value) << n_held_;
        for (n_held_ += width; n_held_ >= 8; n_held_ -= 8) {
            bytes_.push_back(static_cast<std::uint8_t>(held_));
            held_ >>= 8;
        }
    }
    void finish() {
        if (n_held_ > 0) bytes_.push_back(static_cast<std::uint8_t>(held_));
    }

private:
    std::vector<std::uint8_t>& bytes_;
    std::uint32_t held_ = 0;
    int n_held_ = 0;
};

}  // namespace huepress
