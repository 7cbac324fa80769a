// The loops of ssimulacra2.hpp, compiled once per instruction set.
//
// Planes are float32 of `rows` rows with a row stride that is a multiple of kPlaneAlign; the
// columns from width to stride are zero, so that no loop needs a tail. As with
// nearest_kernel.hpp, only plain data crosses this border.
#pragma once

#include <cstddef>
#include <cstdint>

namespace huepress {

inline constexpr int kPlaneAlign = 8;
inline constexpr int kBlurRadius = 5;
// Columns that blur_columns takes at once; strips begin at multiples of it.
inline constexpr int kBlurStrip = 1024;

// y[n] = gain * (x[n - 6] + x[n + 4]) + turn * y[n - 1] - y[n - 2] for each of three cosines.
// The lanes advance four pixels of a row at once: [cosine][pixel].
struct BlurCoefficients {
    float gain[3], turn[3];
    float from_input[3][4], from_last[3][4], from_before[3][4];
};

struct ErrorSums {
    double structure, added, lost;     // sums of the errors
    double structure4, added4, lost4;  // sums of their fourth powers
};

struct Moments {
    const float* original;
    const float* distorted;
    const float* original_mean;
    const float* distorted_mean;
    // Blurred squares and product; null where the structure error is not asked for.
    const float* original_square;
    const float* distorted_square;
    const float* product;
};

struct Ssimulacra2Kernels {
    // sRGB of 0..1 to linear light, as libjxl approximates it. In place.
    void (*decode)(float* encoded1, std::size_t n);
    // Linear RGB planes to shifted XYB planes; n is a multiple of kPlaneAlign.
    void (*to_xyb)(const float* const* linear1, float* const* xyb, std::size_t n);
    // Blurs the rows [begin, end) of a, or of a * b.
    void (*blur_rows)(const BlurCoefficients& c, const float* a, const float* b, float* out, int width, int stride,
                      int begin, int end);
    // Blurs the columns [begin, min(begin + kBlurStrip, stride)).
    void (*blur_columns)(const BlurCoefficients& c, const float* in, float* out, int stride, int rows, int begin);
    // Sums over `n` consecutive values; n is a multiple of kPlaneAlign.
    void (*error_sums)(const Moments& m, std::size_t n, ErrorSums* sums);
};

namespace baseline {
Ssimulacra2Kernels ssimulacra2_kernels();
}
#if defined(HUEPRESS_HAVE_AVX2)
namespace avx2 {
Ssimulacra2Kernels ssimulacra2_kernels();
}
#endif

}  // namespace huepress
