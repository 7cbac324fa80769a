// How errors are weighed and handed on: the eye's filter of eye_filter.hpp as both searches use it.
#pragma once

#include <algorithm>
#include <array>

#include "search/eye_filter.hpp"
#include "support/float4.hpp"

namespace huepress {

struct Diffusion {
    static constexpr int kReach = kFilterReach;

    float own = 0.0f;                                                    // of a pixel's own error
    std::array<float, kReach> row{};                                     // of errors to its left, the nearest first
    std::array<std::array<float, 2 * kReach + 1>, kFilterRows> above{};  // [rows up - 1][column from the left]

    // Without diffusion errors weigh as much as with it where nothing can be diffused.
    explicit Diffusion(bool diffuse, const EyeFilter& filter = kEyeFilter) : own(filter[0][kReach]) {
        if (!diffuse) return;
        for (int i = 0; i < kReach; ++i) row[i] = filter[0][kReach + 1 + i];
        for (int r = 0; r < kFilterRows; ++r) {
            for (int d = 0; d <= 2 * kReach; ++d) above[r][d] = filter[r + 1][2 * kReach - d];
        }
    }

    // What the errors of a row add to v below: `errors` begins kReach columns to the left of the pixel.
    Float4 from_row(int rows_up, const Float4* errors) const {
        Float4 sum{};
        for (int d = 0; d <= 2 * kReach; ++d) sum += above[rows_up - 1][d] * errors[d];
        return sum;
    }
    // What the last errors in the row add to v, the latest first.
    Float4 from_left(Float4 sum, const Float4* errors) const {
        for (int k = 0; k < kReach; ++k) sum += row[k] * errors[k];
        return sum;
    }
};

}  // namespace huepress
