// The dictionary of a GIF's LZW codes (GIF89a, appendix F) as coder and decoder build it, and the bits of its codes.
#pragma once

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
        if (has(parent, symbol)) return;
        parents[code_index(code)] = static_cast<std::uint16_t>(parent);
        next_sibling[code_index(code)] = first_child[above];
        first_child[above] = static_cast<std::uint16_t>(code);
        int height = 1;
        for (int node = parent; height > below[code_index(node)]; node = parents[code_index(node)]) {
            below[code_index(node)] = static_cast<std::uint16_t>(height++);
            if (depth[code_index(node)] == 0) break;
        }
    }

    // Whether there is the string of `node` with one more symbol.
    bool has(int node, int symbol) const {
        for (int c = first_child[code_index(node)]; c; c = next_sibling[code_index(c)]) {
            if (symbols[code_index(c)] == symbol) return true;
        }
        return false;
    }

    static std::size_t code_index(int code) { return static_cast<std::size_t>(code); }

    std::uint8_t symbols[kTableSize];
    std::uint16_t parents[kTableSize], first_child[kTableSize], next_sibling[kTableSize];
    std::uint16_t below[kTableSize];  // symbols of the longest string that goes on from here
    std::uint16_t depth[kTableSize];  // symbols before the last

private:
    void start(int code, int symbol, int length) {
        const std::size_t i = code_index(code);
        symbols[i] = static_cast<std::uint8_t>(symbol);
        parents[i] = first_child[i] = next_sibling[i] = below[i] = 0;
        depth[i] = static_cast<std::uint16_t>(length);
    }

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
