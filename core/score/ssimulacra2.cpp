#include "score/ssimulacra2.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "score/ssimulacra2_weights.hpp"
#include "support/exact_math.hpp"
#include "support/parallel.hpp"
#include "support/simd.hpp"

namespace huepress {
namespace {

// Encoded sRGB; cloudinary/ssimulacra2, src/ssimulacra2_main.cc and the end of src/ssimulacra2.cc.
constexpr float kDark = 0.1f, kBright = 0.9f, kMiddle = 0.5f;
constexpr double kSigma = 1.5;
constexpr std::size_t kPixelsPerTask = 1 << 15;

int padded(int width) { return (width + kPlaneAlign - 1) / kPlaneAlign * kPlaneAlign; }

Ssimulacra2Kernels kernels() {
#if defined(HUEPRESS_HAVE_AVX2)
    if (simd_level() == Simd::avx2) return avx2::ssimulacra2_kernels();
#endif
    return baseline::ssimulacra2_kernels();
}

// Charalampidis 2016; the numbers in brackets are the paper's equations.
BlurCoefficients blur_coefficients() {
    constexpr int radius = kBlurRadius;  // round(3.2795 sigma + 0.2546)  (57)
    double omega[3], p[3], r[3], rho[3], gain[3], turn[3];
    for (int k = 0; k < 3; ++k) {
        const double sign = k == 1 ? -1.0 : 1.0;
        omega[k] = (2 * k + 1) * std::numbers::pi / (2 * radius);                      // table I
        p[k] = sign / std::tan(omega[k] / 2);                                          // (37)
        r[k] = sign * p[k] * p[k] / std::sin(omega[k]);                                // (44)
        rho[k] = std::exp(-0.5 * (kSigma * omega[k]) * (kSigma * omega[k])) / radius;  // (50)
    }
    // The row that p and r leave free, scaled to end in 1  (52)
    const double cross[3] = {p[1] * r[2] - p[2] * r[1], p[2] * r[0] - p[0] * r[2], p[0] * r[1] - p[1] * r[0]};
    double zeta[3];
    for (int k = 0; k < 3; ++k) zeta[k] = cross[k] / cross[2];
    const double right[3] = {1.0, radius * radius - kSigma * kSigma,
                             zeta[0] * rho[0] + zeta[1] * rho[1] + zeta[2] * rho[2]};
    // [p; r; zeta] beta = right by Cramer's rule  (53) to (56)
    const auto determinant = [](const double* a, const double* b, const double* c) {
        return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) +
               a[2] * (b[0] * c[1] - b[1] * c[0]);
    };
    BlurCoefficients result;
    for (int k = 0; k < 3; ++k) {
        double rows[3][3];
        for (int j = 0; j < 3; ++j) {
            rows[0][j] = j == k ? right[0] : p[j];
            rows[1][j] = j == k ? right[1] : r[j];
            rows[2][j] = j == k ? right[2] : zeta[j];
        }
        const double beta = determinant(rows[0], rows[1], rows[2]) / determinant(p, r, zeta);
        gain[k] = -beta * std::cos(omega[k] * (radius + 1));  // (33)
        turn[k] = 2 * std::cos(omega[k]);
        result.gain[k] = static_cast<float>(gain[k]);
        result.turn[k] = static_cast<float>(turn[k]);
        double response[5] = {1.0, turn[k]};  // to one input, step by step
        for (int n = 2; n < 5; ++n) response[n] = turn[k] * response[n - 1] - response[n - 2];
        for (int lane = 0; lane < 4; ++lane) {
            result.from_input[k][lane] = static_cast<float>(gain[k] * response[lane]);
            result.from_last[k][lane] = static_cast<float>(response[lane + 1]);
            result.from_before[k][lane] = static_cast<float>(-response[lane]);
        }
    }
    return result;
}

double score_of(const double* figures, std::size_t n_figures) {
    double total = 0.0;
    for (std::size_t i = 0; i < n_figures; ++i) total += kWeights[i] * figures[i];
    total *= kSumGain;
    total = kLinear * total + kQuadratic * total * total + kCubic * total * total * total;
    return total > 0.0 ? 100.0 - 10.0 * exact_pow(total, kPower) : 100.0;
}

}  // namespace

Ssimulacra2::Ssimulacra2(const Pixels& original, int n_threads)
    : width_(original.width), rows_(original.rows), n_scales_(0), coefficients_(blur_coefficients()) {
    // A scale is visited while the one before it has both sides long enough.
    for (int side = std::min(width_, rows_); n_scales_ < kScales && side >= kSmallestSide; ++n_scales_) {
        if (n_scales_ > 0) side = (side + 1) / 2;
    }
    backgrounds1_ = original.channels == 4 ? std::vector<float>{kDark, kBright} : std::vector<float>{kMiddle};
    const bool keep_moments = backgrounds1_.size() == 1;
    for (const float background1 : backgrounds1_) {
        Linear linear = linearize(original, background1);
        std::vector<Scale>& pyramid = original_.emplace_back();
        for (std::size_t s = 0; s < n_scales_; ++s) {
            if (s > 0) halve(linear);
            Scale scale{linear.width, linear.rows, linear.stride, {}, {}, {}};
            const std::size_t size = scale.size();
            for (Plane& plane : scale.xyb) plane.reset(new float[size]);
            to_xyb(linear, scale.xyb);
            if (keep_moments) {
                const Plane scratch(new float[size]);
                for (int c = 0; c < 3; ++c) {
                    const float* x = scale.xyb[c].get();
                    scale.mean[c].reset(new float[size]);
                    blur(scale, x, nullptr, scratch.get(), scale.mean[c].get(), n_threads);
                    if (!needs_structure(c, s)) continue;
                    scale.square[c].reset(new float[size]);
                    blur(scale, x, x, scratch.get(), scale.square[c].get(), n_threads);
                }
            }
            pyramid.push_back(std::move(scale));
        }
    }
}

double Ssimulacra2::score(const Pixels& distorted, int n_threads) const {
    double worst = std::numeric_limits<double>::infinity();
    for (std::size_t b = 0; b < backgrounds1_.size(); ++b) worst = std::min(worst, score_on(b, distorted, n_threads));
    return worst;
}

// Whether any figure of the structure map carries weight: at full size only Y does, which
// spares four of nine blurs.
bool Ssimulacra2::needs_structure(int channel, std::size_t scale) const {
    const double* w = kWeights + (static_cast<std::size_t>(channel) * n_scales_ + scale) * kFiguresPerScale;
    return w[0] != 0.0 || w[3] != 0.0;
}

double Ssimulacra2::score_on(std::size_t background, const Pixels& distorted, int n_threads) const {
    const Ssimulacra2Kernels kernel = kernels();
    Linear linear = linearize(distorted, backgrounds1_[background]);
    const std::size_t full = linear.size();
    Plane trial[3];
    for (Plane& plane : trial) plane.reset(new float[full]);
    const Plane scratch(new float[full]), mean(new float[full]), square(new float[full]), product(new float[full]);
    Plane own_mean, own_square;  // the original's, where they were not kept
    if (!original_[background][0].mean[0]) {
        own_mean.reset(new float[full]);
        own_square.reset(new float[full]);
    }

    std::vector<double> figures(3 * n_scales_ * kFiguresPerScale, 0.0);
    std::vector<ErrorSums> parts;
    for (std::size_t s = 0; s < n_scales_; ++s) {
        if (s > 0) halve(linear);
        const Scale& scale = original_[background][s];
        to_xyb(linear, trial);
        for (int c = 0; c < 3; ++c) {
            const float* o = scale.xyb[c].get();
            const float* d = trial[c].get();
            Moments m{o, d, scale.mean[c].get(), mean.get(), nullptr, nullptr, nullptr};
            blur(scale, d, nullptr, scratch.get(), mean.get(), n_threads);
            if (!m.original_mean) {
                blur(scale, o, nullptr, scratch.get(), own_mean.get(), n_threads);
                m.original_mean = own_mean.get();
            }
            if (needs_structure(c, s)) {
                blur(scale, d, d, scratch.get(), square.get(), n_threads);
                blur(scale, o, d, scratch.get(), product.get(), n_threads);
                m.original_square = scale.square[c].get();
                if (!m.original_square) {
                    blur(scale, o, o, scratch.get(), own_square.get(), n_threads);
                    m.original_square = own_square.get();
                }
                m.distorted_square = square.get();
                m.product = product.get();
            }
            // Tasks of fixed size, their sums added in order: the same for any number of threads.
            const std::size_t n_tasks = (scale.size() + kPixelsPerTask - 1) / kPixelsPerTask;
            parts.resize(n_tasks);
            for_each_task(n_tasks, n_threads, [&](std::size_t task) {
                const std::size_t begin = task * kPixelsPerTask;
                const std::size_t n = std::min(kPixelsPerTask, scale.size() - begin);
                Moments part = m;
                for (const float** p : {&part.original, &part.distorted, &part.original_mean, &part.distorted_mean,
                                        &part.original_square, &part.distorted_square, &part.product}) {
                    if (*p) *p += begin;
                }
                kernel.error_sums(part, n, &parts[task]);
            });
            ErrorSums sum{};
            for (const ErrorSums& part : parts) {
                sum.structure += part.structure;
                sum.added += part.added;
                sum.lost += part.lost;
                sum.structure4 += part.structure4;
                sum.added4 += part.added4;
                sum.lost4 += part.lost4;
            }
            const double n = static_cast<double>(scale.width) * scale.rows;
            double* f = &figures[(static_cast<std::size_t>(c) * n_scales_ + s) * kFiguresPerScale];
            f[0] = sum.structure / n;
            f[1] = sum.added / n;
            f[2] = sum.lost / n;
            f[3] = std::sqrt(std::sqrt(sum.structure4 / n));
            f[4] = std::sqrt(std::sqrt(sum.added4 / n));
            f[5] = std::sqrt(std::sqrt(sum.lost4 / n));
        }
    }
    return score_of(figures.data(), figures.size());
}

Ssimulacra2::Linear Ssimulacra2::linearize(const Pixels& pixels, float background1) {
    const Ssimulacra2Kernels kernel = kernels();
    Linear linear{pixels.width, pixels.rows, padded(pixels.width), {}};
    for (Plane& plane : linear.planes) plane.reset(new float[linear.size()]);
    float code1[256], linear1[256];
    for (int i = 0; i < 256; ++i) linear1[i] = code1[i] = static_cast<float>(i) * (1.0f / 255);
    kernel.decode(linear1, 256);
    for (int y = 0; y < pixels.rows; ++y) {
        const std::uint8_t* p = pixels.srgb8 + static_cast<std::size_t>(y) * pixels.width * pixels.channels;
        for (int c = 0; c < 3; ++c) {
            float* row = linear.planes[c].get() + static_cast<std::size_t>(y) * linear.stride;
            if (pixels.channels == 3) {
                for (int x = 0; x < pixels.width; ++x) row[x] = linear1[p[3 * x + c]];
            } else {
                for (int x = 0; x < pixels.width; ++x) {
                    const float alpha = code1[p[4 * x + 3]];
                    row[x] = alpha * code1[p[4 * x + c]] + (1.0f - alpha) * background1;
                }
                kernel.decode(row, static_cast<std::size_t>(pixels.width));
            }
            std::fill(row + pixels.width, row + linear.stride, 0.0f);
        }
    }
    return linear;
}

// Means of 2 x 2 pixels; where a side is odd its last row or column counts twice.
void Ssimulacra2::halve(Linear& linear) {
    const int width = (linear.width + 1) / 2;
    const int rows = (linear.rows + 1) / 2;
    const int stride = padded(width);
    for (Plane& plane : linear.planes) {
        for (int y = 0; y < rows; ++y) {  // in place: what is written has been read
            const float* top = plane.get() + static_cast<std::size_t>(2 * y) * linear.stride;
            const float* bottom = 2 * y + 1 < linear.rows ? top + linear.stride : top;
            float* out = plane.get() + static_cast<std::size_t>(y) * stride;
            for (int x = 0; x < width; ++x) {
                const int right = 2 * x + 1 < linear.width ? 2 * x + 1 : 2 * x;
                out[x] = (((top[2 * x] + top[right]) + bottom[2 * x]) + bottom[right]) * 0.25f;
            }
            std::fill(out + width, out + stride, 0.0f);
        }
    }
    linear.width = width;
    linear.rows = rows;
    linear.stride = stride;
}

void Ssimulacra2::to_xyb(const Linear& linear, Plane* xyb) {
    const float* in[3] = {linear.planes[0].get(), linear.planes[1].get(), linear.planes[2].get()};
    float* out[3] = {xyb[0].get(), xyb[1].get(), xyb[2].get()};
    kernels().to_xyb(in, out, linear.size());
    for (float* plane : out) {
        for (int y = 0; y < linear.rows; ++y) {
            float* row = plane + static_cast<std::size_t>(y) * linear.stride;
            std::fill(row + linear.width, row + linear.stride, 0.0f);
        }
    }
}

void Ssimulacra2::blur(const Scale& size, const float* a, const float* b, float* scratch, float* out,
                       int n_threads) const {
    const Ssimulacra2Kernels kernel = kernels();
    const int rows_per_task = std::max(1, static_cast<int>(kPixelsPerTask) / size.stride);
    const auto row_tasks = static_cast<std::size_t>((size.rows + rows_per_task - 1) / rows_per_task);
    for_each_task(row_tasks, n_threads, [&](std::size_t task) {
        const int begin = static_cast<int>(task) * rows_per_task;
        kernel.blur_rows(coefficients_, a, b, scratch, size.width, size.stride, begin,
                         std::min(size.rows, begin + rows_per_task));
    });
    const auto strips = static_cast<std::size_t>((size.stride + kBlurStrip - 1) / kBlurStrip);
    const int useful = size.size() < kPixelsPerTask ? 1 : n_threads;
    for_each_task(strips, useful, [&](std::size_t strip) {
        kernel.blur_columns(coefficients_, scratch, out, size.stride, size.rows, static_cast<int>(strip) * kBlurStrip);
    });
}

}  // namespace huepress
