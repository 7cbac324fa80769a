// A logarithm with the same bits everywhere.
#pragma once

#include <cmath>

namespace huepress {

// Logarithm to base 2 by a series of exact operations: C libraries differ in the last bit.
inline double log2_exact(double x) {
    int exponent;
    const double m = std::frexp(x, &exponent) * 2.0;  // 1 <= m < 2
    const double y = (m - 1.0) / (m + 1.0);
    double term = y;
    double sum = 0.0;
    for (int k = 1; k <= 31; k += 2) {
        sum += term / k;
        term *= y * y;
    }
    return (exponent - 1) + 2.0 * 1.4426950408889634 * sum;
}

}  // namespace huepress
