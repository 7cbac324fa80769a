// Arrays in, arrays out, shapes checked: colors, clustering, scores.
#include "bindings/arrays.hpp"

#include "cluster/kmeans.hpp"
#include "cluster/nearest.hpp"
#include "color/color_space.hpp"
#include "color/drawn_colors.hpp"
#include "color/histogram.hpp"
#include "score/blurred_slope.hpp"
#include "score/ssimulacra2.hpp"
#include "support/simd.hpp"

using namespace huepress;

namespace {

ColorSpace parse_space(const std::string& name) {
    if (name == "srgb") return ColorSpace::srgb;
    if (name == "oklab") return ColorSpace::oklab;
    throw nb::value_error("space must be 'srgb' or 'oklab'");
}

Init parse_init(const std::string& name) {
    if (name == "wu") return Init::wu;
    if (name == "k-means++") return Init::kmeanspp;
    if (name == "random") return Init::random;
    throw nb::value_error("init must be 'wu', 'k-means++' or 'random'");
}

nb::tuple bind_count_colors(const In<std::uint8_t, 2>& pixels, int n_threads) {
    const std::size_t n = pixels.shape(0);
    const int channels = static_cast<int>(pixels.shape(1));
    require(channels == 3 || channels == 4, "pixels must have 3 or 4 channels");
    require(n > 0 && n < 0xFFFFFFFFull, "pixels must number 1 to 2**32 - 2");
    std::uint32_t* inverse_data = nullptr;
    auto inverse = allocate<std::uint32_t>(n, &inverse_data);
    ColorCounts result = without_gil(
        [&](const StopRequested&) { return count_colors(pixels.data(), n, channels, inverse_data, n_threads); });
    const std::size_t n_colors = result.counts.size();
    return nb::make_tuple(to_numpy(std::move(result.colors), {n_colors, static_cast<std::size_t>(channels)}),
                          to_numpy(std::move(result.counts), {n_colors}), inverse);
}

Out<std::uint8_t> bind_drawn_colors(const In<float, 2>& points, const In<std::uint32_t, 2>& color_of) {
    const std::size_t n = points.shape(0), n_pixels = color_of.shape(0) * color_of.shape(1);
    require(std::all_of(color_of.data(), color_of.data() + n_pixels, [n](std::uint32_t i) { return i < n; }),
            "color_of names a row that points do not have");
    std::vector<std::uint8_t> drawn = without_gil([&](const StopRequested&) {
        return drawn_colors(points.data(), n, static_cast<int>(points.shape(1)), color_of.data(), color_of.shape(0),
                            color_of.shape(1));
    });
    return to_numpy(std::move(drawn), {n});
}

Out<std::uint8_t> bind_gather(const In<std::uint8_t, 1>& table, const In<std::uint32_t, 1>& inverse, int n_threads) {
    std::uint8_t* data = nullptr;
    const std::size_t n_table = table.shape(0);
    auto out = allocate<std::uint8_t>(inverse.shape(0), &data);
    bool inside = true;
    without_gil([&](const StopRequested&) {
        std::uint32_t largest = 0;
        for (std::size_t i = 0; i < inverse.shape(0); ++i) largest = std::max(largest, inverse.data()[i]);
        inside = inverse.shape(0) == 0 || largest < n_table;
        if (inside) gather_bytes(table.data(), inverse.data(), inverse.shape(0), data, n_threads);
        return 0;
    });
    require(inside, "inverse names a row that the table does not have");
    return out;
}

double bind_squared_error(const In<float, 2>& color_points, const In<std::uint32_t, 1>& color_of,
                          const In<float, 2>& palette, const In<std::uint8_t, 1>& indices, int n_threads) {
    require(color_of.shape(0) == indices.shape(0), "one index a pixel");
    require(color_points.shape(1) == palette.shape(1), "palette must have the points' coordinates");
    require_finite(color_points, "color_points must be finite");
    require_finite(palette, "palette must be finite");
    bool inside = true;
    for (std::size_t i = 0; i < color_of.shape(0); ++i) {
        inside &= color_of.data()[i] < color_points.shape(0) && indices.data()[i] < palette.shape(0);
    }
    require(inside, "a pixel names a color that does not exist");
    return without_gil([&](const StopRequested&) {
        return squared_error(color_points.data(), color_of.data(), color_of.shape(0), palette.data(), indices.data(),
                             static_cast<int>(palette.shape(1)), n_threads);
    });
}

Out<float> bind_colors_to_points(const In<std::uint8_t, 2>& colors, const std::string& space) {
    const std::size_t n = colors.shape(0);
    const std::size_t channels = colors.shape(1);
    require(channels == 3 || channels == 4, "colors must have 3 or 4 channels");
    const ColorSpace parsed = parse_space(space);
    std::vector<float> points(n * channels);
    without_gil([&](const StopRequested&) {
        colors_to_points(parsed, colors.data(), n, static_cast<int>(channels), points.data());
        return 0;
    });
    return to_numpy(std::move(points), {n, channels});
}

Out<std::uint8_t> bind_points_to_colors(const In<float, 2>& points, const std::string& space) {
    const std::size_t n = points.shape(0);
    const std::size_t channels = points.shape(1);
    require(channels == 3 || channels == 4, "points must have 3 or 4 coordinates");
    require_finite(points, "points must be finite");
    std::vector<std::uint8_t> colors(n * channels);
    points_to_colors(parse_space(space), points.data(), n, static_cast<int>(channels), colors.data());
    return to_numpy(std::move(colors), {n, channels});
}

Points as_points(const In<float, 2>& points, const In<std::uint32_t, 1>& weights) {
    require(points.shape(0) == weights.shape(0), "points and weights must have the same length");
    require(points.shape(0) > 0 && points.shape(1) > 0, "points must not be empty");
    require_finite(points, "points must be finite");
    return {points.data(), weights.data(), points.shape(0), static_cast<int>(points.shape(1))};
}

nb::tuple bind_kmeans(const In<float, 2>& points, const In<std::uint32_t, 1>& weights, int k, const std::string& init,
                      const std::optional<In<float, 2>>& centers, int n_init, int n_swaps, int max_iter, double tol,
                      std::uint64_t seed, int n_threads, const std::optional<In<float, 2>>& pinned) {
    const Points p = as_points(points, weights);
    require(k >= 1, "k must be at least 1");
    require_finite(tol, "tol must be finite");
    KMeansOptions options{k, centers ? Init::wu : parse_init(init), n_init, n_swaps, max_iter, tol, seed, n_threads};
    if (pinned) {
        require(pinned->shape(0) <= static_cast<std::size_t>(k) && pinned->shape(1) == points.shape(1),
                "pinned must be at most k rows of as many coordinates as the points");
        require_finite(*pinned, "pinned must be finite");
        options.pinned.assign(pinned->data(), pinned->data() + pinned->size());
    }
    std::vector<float> user_centers;
    if (centers) {
        const std::size_t n_free = static_cast<std::size_t>(k) - (pinned ? pinned->shape(0) : 0);
        require(centers->shape(0) == n_free && centers->shape(1) == points.shape(1),
                "centers must be k rows, less the pinned ones, of as many coordinates as the points");
        require_finite(*centers, "centers must be finite");
        user_centers.assign(centers->data(), centers->data() + centers->size());
    }
    Clustering result = without_gil([&](const StopRequested& stop) {
        return centers ? kmeans_from(p, user_centers, options, stop) : kmeans(p, options, stop);
    });
    return nb::make_tuple(to_numpy(std::move(result.centers), {static_cast<std::size_t>(k), points.shape(1)}),
                          to_numpy(std::move(result.labels), {points.shape(0)}), result.inertia, result.n_iter);
}

Out<std::int32_t> bind_nearest(const In<float, 2>& points, const In<float, 2>& centers,
                               const std::optional<In<std::int32_t, 1>>& guess, int n_threads) {
    const std::size_t n = points.shape(0);
    require(centers.shape(0) > 0 && centers.shape(1) == points.shape(1), "centers must have the points' coordinates");
    require_finite(points, "points must be finite");
    require_finite(centers, "centers must be finite");
    const auto k = static_cast<std::int32_t>(centers.shape(0));
    std::vector<std::int32_t> labels(n, 0);
    if (guess) {
        require(guess->shape(0) == n, "guess must have one label a point");
        for (std::size_t i = 0; i < n; ++i) {
            labels[i] = guess->data()[i];
            require(labels[i] >= 0 && labels[i] < k, "guess names a center that does not exist");
        }
    }
    const Points p{points.data(), nullptr, n, static_cast<int>(points.shape(1))};
    without_gil([&](const StopRequested&) {
        nearest(p, centers.data(), k, labels.data(), n_threads);
        return 0;
    });
    return to_numpy(std::move(labels), {n});
}

Pixels as_pixels(const In<std::uint8_t, 3>& array) {
    require(array.shape(2) == 3 || array.shape(2) == 4, "pixels must have 3 or 4 channels");
    require(array.shape(0) >= kSmallestSide && array.shape(1) >= kSmallestSide,
            "both sides must have at least 8 pixels");
    require(array.shape(0) < (1u << 30) && array.shape(1) < (1u << 30), "the image is too large");
    return {array.data(), static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0)),
            static_cast<int>(array.shape(2))};
}

void construct_ssimulacra2(Ssimulacra2* self, const In<std::uint8_t, 3>& original, int n_threads) {
    const Pixels pixels = as_pixels(original);
    nb::gil_scoped_release release;
    new (self) Ssimulacra2(pixels, n_threads);
}

double bind_score(const Ssimulacra2& self, const In<std::uint8_t, 3>& distorted, int n_threads) {
    const Pixels pixels = as_pixels(distorted);
    require(pixels.width == self.width() && pixels.rows == self.rows(), "images must have the same size");
    nb::gil_scoped_release release;
    return self.score(pixels, n_threads);
}

constexpr std::size_t kMostTaps = 255;

Out<float> bind_blurred_slope(const In<float, 2>& plane, const In<float, 1>& taps, int n_threads) {
    require(plane.shape(0) > 0 && plane.shape(1) > 0, "the plane must not be empty");
    require(plane.shape(0) < (1u << 30) && plane.shape(1) < (1u << 30), "the plane is too large");
    require(taps.shape(0) % 2 == 1 && taps.shape(0) <= kMostTaps, "the number of taps must be odd and 255 at most");
    const std::vector<float> kernel(taps.data(), taps.data() + taps.shape(0));
    std::vector<float> slope = without_gil([&](const StopRequested& stop) {
        return blurred_slope(plane.data(), static_cast<int>(plane.shape(1)), static_cast<int>(plane.shape(0)), kernel,
                             n_threads, stop);
    });
    return to_numpy(std::move(slope), {plane.shape(0), plane.shape(1)});
}

}  // namespace

NB_MODULE(_core, m) {
    if (!processor_suffices()) throw nb::import_error("huepress needs an x86-64-v2 processor (2009 or later)");
    m.doc() = "Compiled core of huepress: arrays and numbers, nothing else.";
    m.def("count_colors", &bind_count_colors, nb::arg("pixels"), nb::arg("n_threads"));
    m.def("drawn_colors", &bind_drawn_colors, nb::arg("points"), nb::arg("color_of"));
    m.def("gather", &bind_gather, nb::arg("table"), nb::arg("inverse"), nb::arg("n_threads"));
    m.def("squared_error", &bind_squared_error, nb::arg("color_points"), nb::arg("color_of"), nb::arg("palette"),
          nb::arg("indices"), nb::arg("n_threads"));
    m.def("colors_to_points", &bind_colors_to_points, nb::arg("colors"), nb::arg("space"));
    m.def("points_to_colors", &bind_points_to_colors, nb::arg("points"), nb::arg("space"));
    m.def("kmeans", &bind_kmeans, nb::arg("points"), nb::arg("weights"), nb::arg("k"), nb::arg("init"),
          nb::arg("centers").none(), nb::arg("n_init"), nb::arg("n_swaps"), nb::arg("max_iter"), nb::arg("tol"),
          nb::arg("seed"), nb::arg("n_threads"), nb::arg("pinned").none() = nb::none());
    m.def("blurred_slope", &bind_blurred_slope, nb::arg("plane"), nb::arg("taps"), nb::arg("n_threads"));
    m.def("set_simd_level", &set_simd_level, nb::arg("level"));
    nb::class_<Ssimulacra2>(m, "Ssimulacra2")
        .def("__init__", &construct_ssimulacra2, nb::arg("original"), nb::arg("n_threads"))
        .def("score", &bind_score, nb::arg("distorted"), nb::arg("n_threads"));
    m.def("nearest", &bind_nearest, nb::arg("points"), nb::arg("centers"), nb::arg("guess").none(),
          nb::arg("n_threads"));
    bind_batch(m);
    bind_search(m);
    bind_segmentation(m);
    bind_still(m);
}
