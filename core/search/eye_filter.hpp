// Printed by tools/derive_eye_filter.py, which says what it is; do not edit.
// clang-format off
#pragma once

namespace huepress {

inline constexpr int kFilterReach = 3;
inline constexpr int kFilterRows = 2;

// [rows up][columns left + kFilterReach]
inline constexpr float kEyeFilter[kFilterRows + 1][2 * kFilterReach + 1] = {
    {0.000000f, 0.000000f, 0.000000f, 0.283269f, 0.080668f, 0.028430f, 0.007533f},
    {0.001678f, 0.010084f, 0.050570f, 0.095254f, 0.075702f, 0.032629f, 0.011549f},
    {0.003873f, 0.010450f, 0.027870f, 0.044901f, 0.038085f, 0.020850f, 0.009866f}};

}  // namespace huepress
