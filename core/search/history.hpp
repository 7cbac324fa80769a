// The indices of the last pixels of a path, the latest in the lowest byte of a number of 128 bits.
#pragma once

#include <cstdint>

namespace huepress {

class History {
public:
    static constexpr int kLength = 16;

    History followed_by(std::uint8_t index) const {
        History next;
        next.older_ = older_ << 8 | latest_ >> 56;
        next.latest_ = latest_ << 8 | index;
        return next;
    }
    std::uint8_t latest() const { return static_cast<std::uint8_t>(latest_); }
    std::uint32_t latest_four() const { return static_cast<std::uint32_t>(latest_); }
    // The index so many bits, a multiple of 8 below 128, behind the latest.
    std::uint8_t behind(int bits) const {
        return static_cast<std::uint8_t>((bits < 64 ? latest_ : older_) >> (bits & 63));
    }

private:
    std::uint64_t latest_ = 0, older_ = 0;
};

}  // namespace huepress
