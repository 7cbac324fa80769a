#include "search/error_diffusion.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace huepress {
namespace {

constexpr std::size_t kMostDims = 4;
// Sixteenths of an error that go ahead, and below: behind, straight, ahead.
constexpr int kAhead = 7, kBelowBehind = 3, kBelow = 5, kBelowAhead = 1;

using Point = std::array<std::int32_t, kMostDims>;

Point point_at(const std::int32_t* points, std::size_t number, std::size_t dims) {
    Point point{};
    std::copy_n(points + number * dims, dims, point.begin());
    return point;
}

// A sum of sixteenths, rounded to the nearest, halves up.
std::int32_t sixteenth(std::int32_t sum) { return (sum + 8) >> 4; }

// What is wanted of a pixel, and which entry is nearest to it.
class Nearest {
public:
    explicit Nearest(const DiffusedPicture& picture) : picture_(picture), entries_(picture.n_entries) {
        low_.fill(std::numeric_limits<std::int32_t>::max());
        high_.fill(std::numeric_limits<std::int32_t>::min());
        for (std::size_t e = 0; e < entries_.size(); ++e) {
            entries_[e] = point_at(picture.entries, e, picture.dims);
            widen(entries_[e]);
        }
        const std::size_t n_pixels = picture.width * picture.height;
        for (std::size_t i = 0; i < n_pixels; ++i) widen(point_at(picture.colors, picture.color_of[i], picture.dims));
    }

    // The entry for a color and the errors handed to it; `error` becomes what is to be handed on.
    std::uint8_t choose(std::uint32_t color, const Point& handed, Point& error) const {
        Point wanted = point_at(picture_.colors, color, picture_.dims);
        for (std::size_t d = 0; d < kMostDims; ++d) {
            wanted[d] = std::clamp(wanted[d] + handed[d], low_[d], high_[d]);
        }
        std::size_t best = 0;
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        for (std::size_t e = 0; e < entries_.size(); ++e) {
            if ((picture_.allowed[color] >> picture_.class_of_entry[e] & 1) == 0) continue;
            std::int64_t distance = 0;
            for (std::size_t d = 0; d < kMostDims; ++d) {
                const std::int64_t apart = wanted[d] - entries_[e][d];
                distance += apart * apart;
            }
            if (distance < least) {
                least = distance;
                best = e;
            }
        }
        for (std::size_t d = 0; d < kMostDims; ++d) {
            error[d] = sixteenth(picture_.strength * (wanted[d] - entries_[best][d]));
        }
        return static_cast<std::uint8_t>(best);
    }

private:
    void widen(const Point& point) {
        for (std::size_t d = 0; d < kMostDims; ++d) {
            low_[d] = std::min(low_[d], point[d]);
            high_[d] = std::max(high_[d], point[d]);
        }
    }

    const DiffusedPicture& picture_;
    std::vector<Point> entries_;
    Point low_{}, high_{};
};

}  // namespace

std::vector<std::uint8_t> diffuse_errors(const DiffusedPicture& picture) {
    const Nearest nearest(picture);
    std::vector<std::uint8_t> indices(picture.width * picture.height);
    std::vector<Point> errors(picture.width + 2), below(picture.width + 2);  // with a place beyond either end
    for (std::size_t y = 0; y < picture.height; ++y) {
        std::fill(below.begin(), below.end(), Point{});
        const int step = y % 2 == 0 ? 1 : -1;
        for (std::size_t n = 0; n < picture.width; ++n) {
            const std::size_t x = step > 0 ? n : picture.width - 1 - n, pixel = y * picture.width + x;
            const std::uint32_t color = picture.color_of[pixel];
            if (picture.fixed[color] >= 0) {
                indices[pixel] = static_cast<std::uint8_t>(picture.fixed[color]);
                continue;
            }
            Point handed{}, error{};
            for (std::size_t d = 0; d < kMostDims; ++d) handed[d] = sixteenth(errors[x + 1][d]);
            indices[pixel] = nearest.choose(color, handed, error);
            for (std::size_t d = 0; d < kMostDims; ++d) {
                errors[x + 1 + step][d] += kAhead * error[d];
                below[x + 1 - step][d] += kBelowBehind * error[d];
                below[x + 1][d] += kBelow * error[d];
                below[x + 1 + step][d] += kBelowAhead * error[d];
            }
        }
        errors.swap(below);
    }
    return indices;
}

}  // namespace huepress
