#include "search/refit.hpp"

#include <algorithm>
#include <cmath>

#include "search/eye_filter.hpp"

namespace huepress {
namespace {

constexpr int kReachX = 2 * kFilterReach, kReachY = kFilterRows;
constexpr int kSide = 2 * kReachX + 1;
constexpr int kBandRows = 256, kMostBands = 64;  // sums are taken over bands, in their order
constexpr double kDamping = 0.01;

// Autocorrelation of the eye's filter: [rows down + kReachY][columns right + kReachX].
struct Autocorrelation {
    float at[2 * kReachY + 1][kSide] = {};
};

Autocorrelation autocorrelation(const EyeFilter& filter, bool diffuse) {
    Autocorrelation a;
    if (!diffuse) {
        a.at[kReachY][kReachX] = filter[0][kFilterReach] * filter[0][kFilterReach];
        return a;
    }
    for (int r = 0; r <= kFilterRows; ++r) {
        for (int c = 0; c <= 2 * kFilterReach; ++c) {
            for (int s = 0; s <= kFilterRows; ++s) {
                for (int d = 0; d <= 2 * kFilterReach; ++d) {
                    a.at[r - s + kReachY][c - d + kReachX] += filter[r][c] * filter[s][d];
                }
            }
        }
    }
    return a;
}

// What a band of rows adds to the normal equations.
struct Sums {
    std::vector<double> matrix;  // k x k; the half of each pair of pixels that is read first
    std::vector<double> right;   // k x 4
};

class Accumulator {
public:
    Accumulator(const TrellisImage& image, const std::uint8_t* indices, const Autocorrelation& a,
                const std::vector<char>& settled)
        : image_(image), indices_(indices), a_(a), settled_(settled), k_(image.palette.size()) {}

    Sums band(int begin, int end) {
        Sums sums{std::vector<double>(k_ * k_), std::vector<double>(4 * k_)};
        for (int y = begin - kReachY; y < begin + kReachY; ++y) read(y);
        for (int y = begin; y < end; ++y) {
            read(y + kReachY);
            const std::uint8_t* index = row(y).index.data() + kReachX;
            for (int x = 0; x < image_.width; ++x) {
                if (!settled_[index[x]]) add(y, x, sums);
            }
        }
        return sums;
    }

private:
    // A row's weighted errors, weights and indices, nothing beyond the image's borders.
    struct Row {
        std::vector<Float4> error;
        std::vector<float> root;
        std::vector<std::uint8_t> index;
    };

    Row& row(int y) { return rows_[static_cast<std::size_t>(y + kReachY + 2 * kRing) % kRing]; }

    void read(int y) {
        Row& into = row(y);
        const auto n = static_cast<std::size_t>(image_.width + 2 * kReachX);
        into.error.assign(n, Float4{});
        into.root.assign(n, 0.0f);
        into.index.assign(n, 0);
        if (y < 0 || y >= image_.rows) return;
        const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(image_.width);
        for (int x = 0; x < image_.width; ++x) {
            const std::size_t p = at + static_cast<std::size_t>(x);
            const auto i = static_cast<std::size_t>(x + kReachX);
            const float root = image_.visibility_roots[p];
            into.root[i] = root;
            into.index[i] = indices_[p];
            into.error[i] = (image_.color_points[image_.color_of[p]] - image_.palette[indices_[p]]) * root;
        }
    }

    void add(int y, int x, Sums& sums) {
        const Row& own = row(y);
        const auto i = static_cast<std::size_t>(x + kReachX);
        const std::size_t entry = own.index[i];
        const float root = own.root[i];
        double* matrix = sums.matrix.data() + entry * k_;
        Float4 sum{};
        for (int dy = -kReachY; dy <= kReachY; ++dy) {
            const Row& other = row(y + dy);
            const float* a = a_.at[dy + kReachY];
            const Float4* error = other.error.data() + x;
            for (int dx = 0; dx < kSide; ++dx) sum += a[dx] * error[dx];
            if (dy < 0) continue;
            const float* roots = other.root.data() + x;
            const std::uint8_t* index = other.index.data() + x;
            for (int dx = dy == 0 ? kReachX + 1 : 0; dx < kSide; ++dx) {
                matrix[index[dx]] += static_cast<double>(a[dx] * root * roots[dx]);
            }
        }
        matrix[entry] += 0.5 * static_cast<double>(a_.at[kReachY][kReachX] * root * root);
        for (int d = 0; d < 4; ++d)
            sums.right[4 * entry + static_cast<std::size_t>(d)] += static_cast<double>(sum[d] * root);
    }

    static constexpr int kRing = 2 * kReachY + 1;

    const TrellisImage& image_;
    const std::uint8_t* indices_;
    const Autocorrelation& a_;
    const std::vector<char>& settled_;
    std::size_t k_;
    Row rows_[kRing];
};

// Which entries stay as they are: the fixed ones, those that most of their pixels want as they are, and idle ones.
std::vector<char> settled_entries(const TrellisImage& image, const std::uint8_t* indices, const std::uint8_t* fixed) {
    const std::size_t k = image.palette.size();
    const std::size_t n = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.rows);
    std::vector<std::int64_t> pixels(k), exact(k);
    for (std::size_t p = 0; p < n; ++p) {
        const std::size_t entry = indices[p];
        const Float4 error = (image.color_points[image.color_of[p]] - image.palette[entry]) * image.visibility_roots[p];
        ++pixels[entry];
        exact[entry] += squared_norm(error) == 0.0f;
    }
    std::vector<char> settled(k);
    for (std::size_t i = 0; i < k; ++i) settled[i] = fixed[i] || pixels[i] == 0 || 2 * exact[i] > pixels[i];
    return settled;
}

// Solves a positive definite system for four right sides, in place (Cholesky).
void solve(std::vector<double>& matrix, std::vector<double>& right, std::size_t k) {
    for (std::size_t j = 0; j < k; ++j) {
        for (std::size_t i = j; i < k; ++i) {
            double sum = matrix[i * k + j];
            for (std::size_t m = 0; m < j; ++m) sum -= matrix[i * k + m] * matrix[j * k + m];
            matrix[i * k + j] = i == j ? std::sqrt(sum) : sum / matrix[j * k + j];
        }
    }
    for (std::size_t d = 0; d < 4; ++d) {
        for (std::size_t i = 0; i < k; ++i) {
            double sum = right[4 * i + d];
            for (std::size_t m = 0; m < i; ++m) sum -= matrix[i * k + m] * right[4 * m + d];
            right[4 * i + d] = sum / matrix[i * k + i];
        }
        for (std::size_t i = k; i-- > 0;) {
            double sum = right[4 * i + d];
            for (std::size_t m = i + 1; m < k; ++m) sum -= matrix[m * k + i] * right[4 * m + d];
            right[4 * i + d] = sum / matrix[i * k + i];
        }
    }
}

}  // namespace

std::vector<Float4> refit_palette(const TrellisImage& image, const std::uint8_t* indices, const std::uint8_t* fixed,
                                  int n_threads, const StopRequested& stop_requested) {
    check_stop(stop_requested);
    const Autocorrelation a = autocorrelation(*image.filter, image.diffuse);
    const std::size_t k = image.palette.size();
    const std::vector<char> settled = settled_entries(image, indices, fixed);
    const int band_rows = std::max(kBandRows, image.rows / kMostBands + 1);
    const int n_bands = (image.rows + band_rows - 1) / band_rows;
    std::vector<Sums> bands(static_cast<std::size_t>(n_bands));
    run_tasks(static_cast<std::size_t>(n_bands), n_threads, [&](int, std::size_t band) {
        const int begin = static_cast<int>(band) * band_rows;
        bands[band] = Accumulator(image, indices, a, settled).band(begin, std::min(begin + band_rows, image.rows));
    });
    check_stop(stop_requested);
    Sums total = std::move(bands[0]);
    for (std::size_t band = 1; band < bands.size(); ++band) {
        for (std::size_t i = 0; i < k * k; ++i) total.matrix[i] += bands[band].matrix[i];
        for (std::size_t i = 0; i < 4 * k; ++i) total.right[i] += bands[band].right[i];
    }
    std::vector<double> matrix(k * k);
    for (std::size_t i = 0; i < k; ++i) {
        for (std::size_t j = 0; j < k; ++j) matrix[i * k + j] = total.matrix[i * k + j] + total.matrix[j * k + i];
        matrix[i * k + i] *= 1.0 + kDamping;
    }
    for (std::size_t i = 0; i < k; ++i) {
        if (!settled[i]) continue;
        for (std::size_t j = 0; j < k; ++j) matrix[i * k + j] = matrix[j * k + i] = 0.0;
        matrix[i * k + i] = 1.0;
        std::fill_n(total.right.begin() + static_cast<std::ptrdiff_t>(4 * i), 4, 0.0);
    }
    solve(matrix, total.right, k);
    std::vector<Float4> palette = image.palette;
    for (std::size_t i = 0; i < k; ++i) {
        for (int d = 0; d < 4; ++d)
            palette[i][d] += static_cast<float>(total.right[4 * i + static_cast<std::size_t>(d)]);
    }
    return palette;
}

}  // namespace huepress
