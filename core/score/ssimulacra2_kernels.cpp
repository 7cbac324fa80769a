// Compiled as namespace `baseline` and, on x86-64, as `avx2` with FMA (see CMakeLists.txt).
//
// The reference program's scores depend on the rounding of its single precision, above all in
// the recursive blur, whose poles lie on the unit circle. So every operation here rounds where
// the program rounds: fused where it fuses, nowhere else. A fused multiply-add rounds the same
// in hardware and in the C library, which the baseline calls: slow, but the same bits.
#include "score/ssimulacra2_kernels.hpp"

#include <math.h>

#include "support/vectors.hpp"

#if defined(HUEPRESS_PORTABLE)
// Neither has a type for the plain vectors.
#elif defined(__FMA__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#ifndef HUEPRESS_ISA
#error "HUEPRESS_ISA names the namespace of this build"
#endif

namespace huepress::HUEPRESS_ISA {
namespace {

using Float4 = Vector<float, 4>;
using Float8 = Vector<float, 8>;
using Int8 = Vector<std::int32_t, 8>;
using Double4 = Vector<double, 4>;

// a * b + c, rounded once.
inline float fused(float a, float b, float c) { return fmaf(a, b, c); }

inline Float4 fused(Float4 a, Float4 b, Float4 c) {
#if defined(__FMA__) && !defined(HUEPRESS_PORTABLE)
    return reinterpret_cast<Float4>(
        _mm_fmadd_ps(reinterpret_cast<__m128>(a), reinterpret_cast<__m128>(b), reinterpret_cast<__m128>(c)));
#elif defined(__ARM_NEON) && !defined(HUEPRESS_PORTABLE)
    return vfmaq_f32(c, a, b);
#else
    return Float4{fused(a[0], b[0], c[0]), fused(a[1], b[1], c[1]), fused(a[2], b[2], c[2]), fused(a[3], b[3], c[3])};
#endif
}

struct Halves {
    Float4 low, high;
};

inline Float8 fused(Float8 a, Float8 b, Float8 c) {
#if defined(__FMA__) && !defined(HUEPRESS_PORTABLE)
    return reinterpret_cast<Float8>(
        _mm256_fmadd_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b), reinterpret_cast<__m256>(c)));
#else
    const auto x = same_bits<Halves>(a), y = same_bits<Halves>(b), z = same_bits<Halves>(c);
    return same_bits<Float8>(Halves{fused(x.low, y.low, z.low), fused(x.high, y.high, z.high)});
#endif
}

// --- sRGB to linear light: libjxl lib/jxl/transfer_functions-inl.h, TF_SRGB::DisplayFromEncoded ---

constexpr float kDecodeP[5] = {2.200248328e-04f, 1.043637593e-02f, 1.624820318e-01f, 7.961564959e-01f,
                               8.210152774e-01f};
constexpr float kDecodeQ[5] = {2.631846970e-01f, 1.076976492f, 4.987528350e-01f, -5.512498495e-02f, 6.521209011e-03f};

void decode(float* encoded1, std::size_t n) {
    constexpr float slope = 1.0f / 12.92f;
    for (std::size_t i = 0; i < n; ++i) {
        const float x = encoded1[i];
        float p = kDecodeP[4];
        float q = kDecodeQ[4];
        for (int k = 3; k >= 0; --k) {
            p = fused(p, x, kDecodeP[k]);
            q = fused(q, x, kDecodeQ[k]);
        }
        encoded1[i] = x > 0.04045f ? p / q : slope * x;
    }
}

// --- XYB: libjxl lib/jxl/cms/opsin_params.h (matrix, bias), lib/jxl/enc_xyb.cc (cube root);
//     shift: cloudinary/ssimulacra2 src/ssimulacra2.cc, MakePositiveXYB ---

constexpr float kAbsorbance[3][3] = {{0.30f, 0.622f, 0.078f},
                                     {0.23f, 0.692f, 0.078f},
                                     {0.24342268924547819f, 0.20476744424496821f, 0.5518098665095536f}};
constexpr float kBias = 0.0037930732552754493f;
constexpr float kMinusCubeRootOfBias = -0.1559542f;  // -cbrt(kBias) rounded to float32
constexpr float kXGain = 14.0f, kXShift = 0.42f, kYShift = 0.01f, kBShift = 0.55f;

// Cube root of x >= 0 plus an addend, by Newton's iterations for x^(-1/3).
inline Float8 cube_root_plus(Float8 x, float addend) {
    const auto bits = same_bits<Int8>(x);
    const Int8 guess = select(bits == 0, Int8{}, 0x54800000 - (bits >> 23) * 0x002AAAAA);
    auto root = same_bits<Float8>(guess);
    const Float8 minus_x_third = -(splat<Float8>(1.0f / 3) * x);
    for (int i = 0; i < 3; ++i) {
        const Float8 square = root * root;
        root = fused(minus_x_third, square * square, (4.0f / 3) * root);
    }
    const Float8 square = root * root;
    root = fused(splat<Float8>(1.0f / 3), fused(-x, square * square, root), root);
    return fused(root * root, x, splat<Float8>(addend));
}

void to_xyb(const float* const* linear1, float* const* xyb, std::size_t n) {
    for (std::size_t i = 0; i < n; i += 8) {
        const Float8 r = load<Float8>(linear1[0] + i);
        const Float8 g = load<Float8>(linear1[1] + i);
        const Float8 b = load<Float8>(linear1[2] + i);
        Float8 cone[3];
        for (int c = 0; c < 3; ++c) {
            const Float8 blue = fused(splat<Float8>(kAbsorbance[c][2]), b, splat<Float8>(kBias));
            const Float8 mixed =
                fused(splat<Float8>(kAbsorbance[c][0]), r, fused(splat<Float8>(kAbsorbance[c][1]), g, blue));
            cone[c] = cube_root_plus(select(mixed > 0.0f, mixed, Float8{}), kMinusCubeRootOfBias);
        }
        const Float8 x = (cone[0] - cone[1]) * 0.5f;
        const Float8 y = (cone[0] + cone[1]) * 0.5f;
        store(xyb[0] + i, x * kXGain + kXShift);
        store(xyb[1] + i, y + kYShift);
        store(xyb[2] + i, (cone[2] - y) + kBShift);
    }
}

// --- Recursive Gaussian: libjxl lib/jxl/gauss_blur.cc, after D. Charalampidis, "Recursive
//     implementation of the Gaussian filter using truncated cosine functions", 2016 ---

constexpr int kLead = 2 * kBlurRadius;   // zeros before a row
constexpr int kTrail = kBlurRadius + 3;  // and behind it
constexpr int kFirstStep = 1 - kBlurRadius;
constexpr int kFirstBlock = 8;  // single steps before, four pixels at once from here

struct RowState {
    float last[3] = {}, before[3] = {};
};

inline float single_step(const BlurCoefficients& c, RowState& state, float pair) {
    float y[3];
    for (int k = 0; k < 3; ++k) {
        y[k] = fused(c.turn[k], state.last[k], fused(-1.0f, state.before[k], c.gain[k] * pair));
        state.before[k] = state.last[k];
        state.last[k] = y[k];
    }
    return y[0] + (y[1] + y[2]);
}

// Four single steps expanded, as the program does on a row; they round differently from four.
void blur_row(const BlurCoefficients& c, const float* padded, float* out, int width) {
    // padded[i] is x[i - kLead]; the pair of step n is x[n - 6] + x[n + 4].
    const auto pair = [&](int n) { return padded[n + kLead - kBlurRadius - 1] + padded[n + kLead + kBlurRadius - 1]; };
    RowState state;
    int n = kFirstStep;
    for (; n < 0; ++n) single_step(c, state, pair(n));
    for (; n < kFirstBlock && n < width; ++n) out[n] = single_step(c, state, pair(n));

    Float4 input[3][4];  // coefficient of the k-th pair of a block in each of its pixels
    Float4 last[3], before[3];
    for (int k = 0; k < 3; ++k) {
        for (int first = 0; first < 4; ++first) {
            for (int lane = 0; lane < 4; ++lane) {
                input[k][first][lane] = lane < first ? 0.0f : c.from_input[k][lane - first];
            }
        }
        last[k] = splat<Float4>(state.last[k]);
        before[k] = splat<Float4>(state.before[k]);
    }
    for (; n < width - kBlurRadius - 2; n += 4) {
        const Float4 pairs =
            load<Float4>(padded + n + kLead - kBlurRadius - 1) + load<Float4>(padded + n + kLead + kBlurRadius - 1);
        Float4 y[3];
        for (int k = 0; k < 3; ++k) {
            y[k] = input[k][0] * pairs[0];
            for (int first = 1; first < 4; ++first) y[k] = fused(input[k][first], splat<Float4>(pairs[first]), y[k]);
            y[k] = fused(load<Float4>(c.from_last[k]), last[k], fused(load<Float4>(c.from_before[k]), before[k], y[k]));
            before[k] = splat<Float4>(y[k][2]);
            last[k] = splat<Float4>(y[k][3]);
        }
        store(out + n, y[0] + (y[1] + y[2]));
    }
    for (int k = 0; k < 3; ++k) {
        state.last[k] = last[k][0];
        state.before[k] = before[k][0];
    }
    for (; n < width; ++n) out[n] = single_step(c, state, pair(n));
}

void blur_rows(const BlurCoefficients& c, const float* a, const float* b, float* out, int width, int stride, int begin,
               int end) {
    float* padded = new float[kLead + stride + kTrail]();
    for (int row = begin; row < end; ++row) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * stride;
        float* x = padded + kLead;
        for (int i = 0; i < stride; ++i) x[i] = b ? a[at + i] * b[at + i] : a[at + i];
        blur_row(c, padded, out + at, width);
        for (int i = width; i < stride; ++i) out[at + i] = 0.0f;
    }
    delete[] padded;
}

template <class V>
inline void column_step(const BlurCoefficients& c, float (*last)[kBlurStrip], float (*before)[kBlurStrip], int i,
                        V pair, float* out) {
    V y[3];
    for (int k = 0; k < 3; ++k) {
        const V newest = load<V>(last[k] + i);
        y[k] = fused(splat<V>(c.gain[k]), pair, fused(splat<V>(c.turn[k]), newest, -load<V>(before[k] + i)));
        store(before[k] + i, y[k]);  // the caller swaps the two
    }
    if (out) store(out, y[0] + (y[1] + y[2]));
}

void blur_columns(const BlurCoefficients& c, const float* in, float* out, int stride, int rows, int begin) {
    const int columns = stride - begin < kBlurStrip ? stride - begin : kBlurStrip;
    float state[2][3][kBlurStrip] = {};
    const float zeros[kBlurStrip] = {};
    int newest = 0;
    for (int n = kFirstStep; n < rows; ++n) {
        const int above = n - kBlurRadius - 1;
        const int below = n + kBlurRadius - 1;
        const float* x = above >= 0 ? in + static_cast<std::ptrdiff_t>(above) * stride + begin : zeros;
        const float* z = below < rows ? in + static_cast<std::ptrdiff_t>(below) * stride + begin : zeros;
        float* y = n >= 0 ? out + static_cast<std::ptrdiff_t>(n) * stride + begin : nullptr;
        for (int i = 0; i < columns; i += 8) {
            column_step<Float8>(c, state[newest], state[1 - newest], i, load<Float8>(x + i) + load<Float8>(z + i),
                                y ? y + i : nullptr);
        }
        newest = 1 - newest;
    }
}

// --- Error maps: cloudinary/ssimulacra2 src/ssimulacra2.cc, SSIMMap and EdgeDiffMap ---

constexpr float kC2 = 0.0009f;

inline Double4 widen(Float4 v) { return convert<Double4>(v); }
inline Double4 positive(Double4 v) { return select(v > 0.0, v, Double4{}); }
inline Float4 magnitude(Float4 v) { return select(v < 0.0f, -v, v); }

struct Sum {
    Double4 first[2] = {}, fourth[2] = {};

    void add(int half, Double4 error) {
        const Double4 square = error * error;
        first[half] += error;
        fourth[half] += square * square;
    }
    static double total(const Double4* v) {
        const Double4 t = v[0] + v[1];
        return (t[0] + t[1]) + (t[2] + t[3]);
    }
};

void error_sums(const Moments& m, std::size_t n, ErrorSums* sums) {
    Sum structure, added, lost;
    for (std::size_t i = 0; i < n; i += 8) {
        for (int half = 0; half < 2; ++half) {
            const std::size_t at = i + static_cast<std::size_t>(4 * half);
            const Float4 mean1 = load<Float4>(m.original_mean + at);
            const Float4 mean2 = load<Float4>(m.distorted_mean + at);
            if (m.product) {
                const Float4 difference = mean1 - mean2;
                const Float4 luma = 1.0f - difference * difference;
                const Float4 covariance = load<Float4>(m.product + at) - mean1 * mean2;
                const Float4 variances = (load<Float4>(m.original_square + at) - mean1 * mean1) +
                                         (load<Float4>(m.distorted_square + at) - mean2 * mean2);
                const Float4 contrast = luma * (2.0f * covariance + kC2) / (variances + kC2);
                structure.add(half, positive(1.0 - widen(contrast)));
            }
            const Double4 detail1 = widen(magnitude(load<Float4>(m.original + at) - mean1));
            const Double4 detail2 = widen(magnitude(load<Float4>(m.distorted + at) - mean2));
            const Double4 edges = (1.0 + detail2) / (1.0 + detail1) - 1.0;
            added.add(half, positive(edges));
            lost.add(half, positive(-edges));
        }
    }
    *sums = {Sum::total(structure.first),  Sum::total(added.first),  Sum::total(lost.first),
             Sum::total(structure.fourth), Sum::total(added.fourth), Sum::total(lost.fourth)};
}

}  // namespace

Ssimulacra2Kernels ssimulacra2_kernels() { return {decode, to_xyb, blur_rows, blur_columns, error_sums}; }

}  // namespace huepress::HUEPRESS_ISA
