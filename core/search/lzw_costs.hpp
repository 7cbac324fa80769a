// What the pixels of a GIF's frame have cost lately in LZW codes, and when a dictionary is worn out.
#pragma once

#include <algorithm>
#include <cstddef>

#include "search/lzw_pixels.hpp"

namespace huepress {

// What a code costs that is spent on a string that the dictionary has, beside its bits: a better one is missing later.
inline constexpr float kWastedLzwBits = 3.0f;
// Ways that are looked at by what comes after them.
inline constexpr std::size_t kMostLzwWays = 16;

class LzwCosts {
public:
    // bit_worth: the cost of a bit.
    LzwCosts(float bit_worth, int min_code_size) {
        for (float& price : prices_) price = bit_worth * static_cast<float>(min_code_size + 1) / kFirstPixelsPerCode;
    }

    float price(std::size_t kind) const { return prices_[kind]; }
    float highest_price() const { return *std::max_element(prices_, prices_ + kLzwKinds); }

    // Shares what a string has cost among its pixels, so many of each kind, in proportion to their prices so far.
    // Returns whether a full table is worn out.
    bool learn(float cost, const int* n_of_kinds) {
        constexpr float kKept = 1.0f - 1.0f / kMemory;
        float n[kLzwKinds];
        for (int k = 0; k < kLzwKinds; ++k) n[k] = static_cast<float>(n_of_kinds[k]);
        float expected = 0.0f;
        int length = 0;
        for (int k = 0; k < kLzwKinds; ++k) {
            expected += prices_[k] * n[k];
            length += n_of_kinds[k];
        }
        for (int k = 0; k < kLzwKinds; ++k) {
            if (n[k] == 0.0f || !(expected > 0.0f)) continue;
            recent_cost_[k] = recent_cost_[k] * kKept + cost * prices_[k] * n[k] / expected;
            recent_pixels_[k] = recent_pixels_[k] * kKept + n[k];
            prices_[k] = recent_cost_[k] / recent_pixels_[k];
        }
        all_cost_ = all_cost_ * kKept + cost;
        all_pixels_ = all_pixels_ * kKept + static_cast<float>(length);
        table_cost_ += cost;
        table_pixels_ += length;
        return static_cast<double>(all_cost_ / all_pixels_) * table_pixels_ >
               static_cast<double>(kWornOut) * table_cost_;
    }

    // A new table has said nothing yet.
    void begin_table() { table_cost_ = table_pixels_ = 0.0; }

private:
    // A mean over about so many strings.
    static constexpr float kMemory = 24.0f;
    static constexpr float kFirstPixelsPerCode = 1.5f;
    // A full table is kept as long as codes say no fewer pixels, at the cost they have, than so
    // many times the mean since the last clear code.
    static constexpr float kWornOut = 1.04f;

    float prices_[kLzwKinds];  // of a pixel of each kind
    float recent_cost_[kLzwKinds] = {}, recent_pixels_[kLzwKinds] = {}, all_cost_ = 0.0f, all_pixels_ = 0.0f;
    double table_cost_ = 0.0, table_pixels_ = 0.0;
};

}  // namespace huepress
