// Functions with the same bits everywhere, made of operations that IEEE 754 defines exactly: C libraries differ in the
// last bit. Good to about 1e-15 of the result.
#pragma once

#include <cmath>

namespace huepress {

inline constexpr double kLog2OfE = 1.4426950408889634, kLogOf2 = 0.6931471805599453;

// Logarithm to base 2 of a positive number, by the series of the inverse hyperbolic tangent.
inline double exact_log2(double x) {
    int exponent;
    const double m = std::frexp(x, &exponent) * 2.0;  // 1 <= m < 2
    const double y = (m - 1.0) / (m + 1.0);
    double term = y;
    double sum = 0.0;
    for (int k = 1; k <= 31; k += 2) {
        sum += term / k;
        term *= y * y;
    }
    return (exponent - 1) + 2.0 * kLog2OfE * sum;
}

// 2 to the power of x, by Taylor's series within half of 0.
inline double exact_exp2(double x) {
    constexpr double kLargest = 2000.0;  // beyond it all is 0 or infinite
    x = x < -kLargest ? -kLargest : x > kLargest ? kLargest : x;
    const double whole = std::floor(x + 0.5);
    const double y = (x - whole) * kLogOf2;
    double sum = 1.0;
    for (int k = 16; k >= 1; --k) sum = 1.0 + sum * y / k;
    return std::ldexp(sum, static_cast<int>(whole));
}

inline double exact_exp(double x) { return exact_exp2(x * kLog2OfE); }

// x to the power of y; x > 0.
inline double exact_pow(double x, double y) { return exact_exp2(y * exact_log2(x)); }

}  // namespace huepress
