// SSIMULACRA2 2.1 (J. Sneyers, cloudinary/ssimulacra2, April 2023), the reference program's scores
// to its printed digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "score/ssimulacra2_kernels.hpp"

namespace huepress {

struct Pixels {
    const std::uint8_t* srgb8;  // rows x width x channels, straight alpha
    int width, rows, channels;  // 3 or 4 channels
};

inline constexpr int kSmallestSide = 8;

// The planes of an original, computed once; scores any number of trials of the same size. With
// alpha the trial is laid on a dark and on a bright background and the worse score counts;
// the moments of the original are then computed anew for each, to spare memory.
class Ssimulacra2 {
public:
    // Both sides at least kSmallestSide.
    Ssimulacra2(const Pixels& original, int n_threads);

    Ssimulacra2(const Ssimulacra2&) = delete;
    Ssimulacra2& operator=(const Ssimulacra2&) = delete;

    double score(const Pixels& distorted, int n_threads) const;

    int width() const { return width_; }
    int rows() const { return rows_; }

private:
    // Uninitialized memory, so that every page is first touched by the loop that fills it.
    using Plane = std::unique_ptr<float[]>;

    struct Scale {
        int width, rows, stride;
        Plane xyb[3], mean[3], square[3];  // mean and square only where kept and needed

        std::size_t size() const { return static_cast<std::size_t>(stride) * static_cast<std::size_t>(rows); }
    };

    // The linear planes of a picture, halved in place from scale to scale.
    struct Linear {
        int width, rows, stride;
        Plane planes[3];

        std::size_t size() const { return static_cast<std::size_t>(stride) * static_cast<std::size_t>(rows); }
    };

    static Linear linearize(const Pixels& pixels, float background1);
    static void halve(Linear& linear);
    static void to_xyb(const Linear& linear, Plane* xyb);
    void blur(const Scale& size, const float* a, const float* b, float* scratch, float* out, int n_threads) const;
    double score_on(std::size_t background, const Pixels& distorted, int n_threads) const;
    bool needs_structure(int channel, std::size_t scale) const;

    int width_, rows_;
    std::size_t n_scales_;
    BlurCoefficients coefficients_;
    std::vector<float> backgrounds1_;
    std::vector<std::vector<Scale>> original_;  // one pyramid a background
};

}  // namespace huepress
