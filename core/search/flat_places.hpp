#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace huepress {

// Places of a row for which there is nothing to look for far off: the picture is there as it is one row up, stays the
// same along the row, or was said for nothing in the rows above.
class FlatPlaces {
public:
    explicit FlatPlaces(int width) : is_flat_(width), quiet_rows_(width) {}

    // The places of a row of colors; `above` is the row above, or null.
    std::span<const char> find(const std::uint32_t* colors, const std::uint32_t* above) {
        int same_above = 0, same_left = 0, quiet = 0;
        for (int i = 0; i < static_cast<int>(is_flat_.size()); ++i) {
            same_above = above && colors[i] == above[i] ? same_above + 1 : 0;
            same_left = i > 0 && colors[i] == colors[i - 1] ? same_left + 1 : 0;
            quiet = quiet_rows_[i] >= kQuietRows ? quiet + 1 : 0;
            is_flat_[i] = 0;
            if (std::max({same_above, same_left, quiet}) >= kRun)
                std::fill_n(is_flat_.begin() + (i - kRun + 1), kRun, static_cast<char>(1));
        }
        return is_flat_;
    }

    // Takes down whether a place of the row needed no match to be tried.
    void note(int i, bool is_quiet) { quiet_rows_[i] = is_quiet ? quiet_rows_[i] + 1 : 0; }

private:
    static constexpr int kRun = 8, kQuietRows = 4;
    std::vector<char> is_flat_;
    std::vector<int> quiet_rows_;  // for how many rows in a row no match was tried
};

}  // namespace huepress
