#include "search/error_diffusion.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <limits>

namespace huepress {
namespace {

constexpr std::size_t kMostDims = 4;
// Sixteenths of an error that go ahead, and below: behind, straight, ahead.
constexpr int kAhead = 7, kBelowBehind = 3, kBelow = 5, kBelowAhead = 1;
// Sixteenths of what a pixel along a curve was handed that its successor is handed too.
constexpr int kRemembered = 6;

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

    // The entry for a color and the errors handed to it; `error` becomes what is left.
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
            error[d] = wanted[d] - entries_[best][d];
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

// Hilbert's curve over the smallest square of a power of two that holds a picture; only what lies within it is visited.
class Curve {
public:
    template <class Visit>
    static void walk(std::size_t width, std::size_t height, Visit&& visit) {
        std::ptrdiff_t side = 1;
        while (side < static_cast<std::ptrdiff_t>(std::max(width, height))) side *= 2;
        const Curve curve{static_cast<std::ptrdiff_t>(width), static_cast<std::ptrdiff_t>(height)};
        curve.square({0, 0}, {side, 0}, {0, side}, visit);
    }

private:
    struct Vector {
        std::ptrdiff_t x, y;
        Vector operator+(Vector other) const { return {x + other.x, y + other.y}; }
        Vector operator-() const { return {-x, -y}; }
        Vector half() const { return {x / 2, y / 2}; }
    };

    Curve(std::ptrdiff_t width, std::ptrdiff_t height) : width_(width), height_(height) {}

    // From one corner along `across` to the corner at its other end; corners are those of pixels.
    template <class Visit>
    void square(Vector corner, Vector across, Vector up, Visit& visit) const {
        const Vector far = corner + across + up;
        const Vector low{std::min(corner.x, far.x), std::min(corner.y, far.y)};
        if (low.x >= width_ || low.y >= height_) return;
        if (std::max(std::abs(across.x), std::abs(across.y)) == 1) {
            visit(static_cast<std::size_t>(low.x), static_cast<std::size_t>(low.y));
            return;
        }
        const Vector a = across.half(), u = up.half();
        square(corner, u, a, visit);
        square(corner + u, a, u, visit);
        square(corner + u + a, a, u, visit);
        square(corner + across + u, -u, -a, visit);
    }

    std::ptrdiff_t width_, height_;
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
            for (std::size_t d = 0; d < kMostDims; ++d) error[d] = sixteenth(picture.strength * error[d]);
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

std::vector<std::uint8_t> diffuse_along_curve(const DiffusedPicture& picture) {
    const Nearest nearest(picture);
    std::vector<std::uint8_t> indices(picture.width * picture.height);
    Point handed{}, error{};
    Curve::walk(picture.width, picture.height, [&](std::size_t x, std::size_t y) {
        const std::size_t pixel = y * picture.width + x;
        const std::uint32_t color = picture.color_of[pixel];
        if (picture.fixed[color] >= 0) {
            indices[pixel] = static_cast<std::uint8_t>(picture.fixed[color]);
            return;
        }
        indices[pixel] = nearest.choose(color, handed, error);
        for (std::size_t d = 0; d < kMostDims; ++d) {
            handed[d] =
                sixteenth(kRemembered * handed[d] + (16 - kRemembered) * sixteenth(picture.strength * error[d]));
        }
    });
    return indices;
}

}  // namespace huepress
