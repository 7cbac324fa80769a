// Printed by tools/derive_eye_filter.py, which says what it is; do not edit.
// clang-format off
#pragma once

namespace huepress {

inline constexpr int kFilterReach = 3;
inline constexpr int kFilterRows = 2;

using EyeFilter = float[kFilterRows + 1][2 * kFilterReach + 1];  // [rows up][columns left + kFilterReach]

inline constexpr EyeFilter kEyeFilter = {
    {0.000000f, 0.000000f, 0.000000f, 0.283269f, 0.080668f, 0.028430f, 0.007533f},
    {0.001678f, 0.010084f, 0.050570f, 0.095254f, 0.075702f, 0.032629f, 0.011549f},
    {0.003873f, 0.010450f, 0.027870f, 0.044901f, 0.038085f, 0.020850f, 0.009866f}};

// Spreads errors over more pixels: where smooth places would show bands.
inline constexpr EyeFilter kSmoothEyeFilter = {
    {0.000000f, 0.000000f, 0.000000f, 0.190084f, 0.068361f, 0.028103f, 0.009547f},
    {0.002237f, 0.010474f, 0.044960f, 0.084704f, 0.072355f, 0.036823f, 0.015815f},
    {0.004786f, 0.013312f, 0.031522f, 0.049068f, 0.044764f, 0.028282f, 0.014914f}};

}  // namespace huepress
