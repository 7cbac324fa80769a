// The only file that knows nanobind: arrays in, arrays out, shapes checked.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "color_space.hpp"
#include "histogram.hpp"
#include "kmeans.hpp"
#include "lzw_search.hpp"
#include "nearest.hpp"
#include "spatial.hpp"
#include "ssimulacra2.hpp"
#include "visibility.hpp"

namespace nb = nanobind;
using namespace huepress;

namespace {

template <class T, int N>
using In = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<nb::numpy, T>;

// Hands a vector's memory to NumPy without a copy.
template <class T>
Out<T> to_numpy(std::vector<T>&& values, std::vector<std::size_t> shape) {
    auto* owner = new std::vector<T>(std::move(values));
    nb::capsule capsule(owner, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return Out<T>(owner->data(), shape.size(), shape.data(), capsule);
}

// Uninitialized memory for kernels that fill all of it.
template <class T>
Out<T> allocate(std::size_t n, T** data) {
    auto* owner = new T[n];
    *data = owner;
    nb::capsule capsule(owner, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return Out<T>(owner, {n}, capsule);
}

void require(bool condition, const char* message) {
    if (!condition) throw nb::value_error(message);
}

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

// Runs work without the GIL, polling for Ctrl-C at most every 50 ms; `on_poll` may run Python then.
template <class Work>
auto without_gil(Work&& work, const std::function<void()>& on_poll = {}) {
    auto last = std::chrono::steady_clock::now();
    const StopRequested stop_requested = [&last, &on_poll] {
        const auto now = std::chrono::steady_clock::now();
        if (now - last < std::chrono::milliseconds(50)) return false;
        last = now;
        nb::gil_scoped_acquire gil;
        if (PyErr_CheckSignals() != 0) return true;
        try {
            if (on_poll) on_poll();
        } catch (nb::python_error& error) {
            error.restore();
            return true;
        }
        return false;
    };
    try {
        nb::gil_scoped_release release;
        return work(stop_requested);
    } catch (const Interrupted&) {
        throw nb::python_error();  // the exception that the signal handler set
    }
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

double bind_squared_error(const In<float, 2>& color_points, const In<std::uint32_t, 1>& color_of, const In<float, 2>& palette,
                          const In<std::uint8_t, 1>& indices, int n_threads) {
    require(color_of.shape(0) == indices.shape(0), "one index a pixel");
    require(color_points.shape(1) == palette.shape(1), "palette must have the points' coordinates");
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
    std::vector<std::uint8_t> colors(n * channels);
    points_to_colors(parse_space(space), points.data(), n, static_cast<int>(channels), colors.data());
    return to_numpy(std::move(colors), {n, channels});
}

Points as_points(const In<float, 2>& points, const In<std::uint32_t, 1>& weights) {
    require(points.shape(0) == weights.shape(0), "points and weights must have the same length");
    require(points.shape(0) > 0 && points.shape(1) > 0, "points must not be empty");
    return {points.data(), weights.data(), points.shape(0), static_cast<int>(points.shape(1))};
}

nb::tuple bind_kmeans(const In<float, 2>& points, const In<std::uint32_t, 1>& weights, int k, const std::string& init,
                      const std::optional<In<float, 2>>& centers, int n_init, int n_swaps, int max_iter, double tol,
                      std::uint64_t seed, int n_threads, const std::optional<In<float, 2>>& pinned) {
    const Points p = as_points(points, weights);
    require(k >= 1, "k must be at least 1");
    KMeansOptions options{k, centers ? Init::wu : parse_init(init), n_init, n_swaps, max_iter, tol, seed, n_threads};
    if (pinned) {
        require(pinned->shape(0) <= static_cast<std::size_t>(k) && pinned->shape(1) == points.shape(1),
                "pinned must be at most k rows of as many coordinates as the points");
        options.pinned.assign(pinned->data(), pinned->data() + pinned->size());
    }
    std::vector<float> user_centers;
    if (centers) {
        const std::size_t n_free = static_cast<std::size_t>(k) - (pinned ? pinned->shape(0) : 0);
        require(centers->shape(0) == n_free && centers->shape(1) == points.shape(1),
                "centers must be k rows, less the pinned ones, of as many coordinates as the points");
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
    require(array.shape(0) >= kSmallestSide && array.shape(1) >= kSmallestSide, "both sides must have at least 8 pixels");
    require(array.shape(0) < (1u << 30) && array.shape(1) < (1u << 30), "the image is too large");
    return {array.data(), static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0)), static_cast<int>(array.shape(2))};
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

void construct_spatial(SpatialSearch* self, const In<float, 2>& color_points, const In<std::uint32_t, 2>& color_of,
                       const In<float, 2>& palette, bool diffuse, int unit, const std::string& coder) {
    require(color_points.shape(1) == 3 || color_points.shape(1) == 4, "points must have 3 or 4 coordinates");
    require(palette.shape(1) == color_points.shape(1), "palette must have the points' coordinates");
    require(palette.shape(0) >= 1 && palette.shape(0) <= 256, "a palette has 1 to 256 colors");
    require(color_of.shape(0) > 0 && color_of.shape(0) < (1u << 30) && color_of.shape(1) > 0 && color_of.shape(1) < (1u << 30),
            "the image must have pixels");
    for (std::size_t i = 0; i < color_of.size(); ++i) {
        require(color_of.data()[i] < color_points.shape(0), "color_of names a color that does not exist");
    }
    SpatialOptions options;
    options.diffuse = diffuse;
    require(unit == 1 || unit == 2 || unit == 4 || unit == 8, "1, 2, 4 or 8 pixels share a byte");
    options.unit = unit;
    require(coder == "png" || coder == "webp", "coder must be 'png' or 'webp'");
    options.coder = coder == "webp" ? Coder::webp : Coder::deflate;
    nb::gil_scoped_release release;
    new (self) SpatialSearch(color_points.data(), color_points.shape(0), color_of.data(),
                             static_cast<int>(color_of.shape(1)), static_cast<int>(color_of.shape(0)), palette.data(),
                             static_cast<int>(palette.shape(0)), static_cast<int>(palette.shape(1)), options);
}

nb::tuple bind_sweep(SpatialSearch& self, float lambda, float slack, bool matches, int n_threads, const std::optional<nb::callable>& on_progress) {
    const SpatialSearch::Sweep sweep = without_gil(
        [&](const StopRequested& stop) { return self.sweep({lambda, slack, matches}, n_threads, stop); },
        [&] {
            if (on_progress) (*on_progress)(self.progress());
        });
    return nb::make_tuple(sweep.distortion, sweep.bits);
}

// Looks are colors by number, the palette's entries first; see lzw_search.hpp.
nb::tuple bind_search_lzw(const In<float, 2>& color_points, const In<std::uint32_t, 2>& color_of, const In<float, 2>& looks,
                          int n_entries, int transparent, const In<std::uint16_t, 2>& canvas, const In<std::uint16_t, 2>& required,
                          const std::tuple<int, int, int, int>& box, bool diffuse, float rate, float again_bits) {
    const std::size_t dims = color_points.shape(1);
    require(dims == 3 || dims == 4, "points must have 3 or 4 coordinates");
    require(looks.shape(1) == dims && looks.shape(0) < kFreeLook, "looks must have the points' coordinates");
    require(n_entries >= 0 && n_entries <= 256 && static_cast<std::size_t>(n_entries) <= looks.shape(0), "entries are looks");
    require(transparent >= -1 && transparent <= 255, "transparent is an index, or -1");
    require(color_of.shape(0) > 0 && color_of.shape(0) < (1u << 16) && color_of.shape(1) > 0 && color_of.shape(1) < (1u << 16),
            "a GIF has 1 to 65535 pixels a side");
    const auto [left, top, width, rows] = box;
    require(left >= 0 && top >= 0 && width > 0 && rows > 0 && static_cast<std::size_t>(left) + width <= color_of.shape(1) &&
                static_cast<std::size_t>(top) + rows <= color_of.shape(0),
            "the box must lie on the canvas");
    for (const auto& other : {canvas, required}) {
        require(other.shape(0) == color_of.shape(0) && other.shape(1) == color_of.shape(1), "one look a pixel");
        for (std::size_t i = 0; i < other.size(); ++i) {
            require(other.data()[i] < looks.shape(0) || other.data()[i] >= kFreeLook, "a pixel names a look that does not exist");
        }
    }
    for (std::size_t i = 0; i < color_of.size(); ++i) {
        require(color_of.data()[i] < color_points.shape(0), "color_of names a color that does not exist");
    }
    require(rate > 0.0f, "rate must be above 0");
    LzwResult result = without_gil([&](const StopRequested& stop) {
        const SpatialOptions defaults;
        const auto as_vectors = [dims](const In<float, 2>& points) {
            std::vector<Float4> vectors(points.shape(0), Float4{});
            for (std::size_t i = 0; i < points.size(); ++i) vectors[i / dims][i % dims] = points.data()[i];
            return vectors;
        };
        const std::vector<Float4> points = as_vectors(color_points);
        std::vector<float> lightness;
        for (const Float4& point : points) lightness.push_back(point[0]);
        const std::vector<float> roots =
            visibility_roots(lightness, color_of.data(), static_cast<int>(color_of.shape(1)), static_cast<int>(color_of.shape(0)),
                             defaults.strongest_visibility, defaults.texture);
        return search_lzw({points.data(), color_of.data(), roots.data(), canvas.data(), required.data(),
                           static_cast<int>(color_of.shape(1)), left, top, width, rows, as_vectors(looks), n_entries, transparent, diffuse,
                           again_bits},
                          rate, stop);
    });
    return nb::make_tuple(result.min_code_size, nb::bytes(reinterpret_cast<const char*>(result.codes.data()), result.codes.size()),
                          to_numpy(std::move(result.indices), {static_cast<std::size_t>(rows), static_cast<std::size_t>(width)}),
                          result.distortion);
}

Out<float> bind_refit(const SpatialSearch& self, const In<bool, 1>& fixed, int n_threads) {
    const auto k = static_cast<std::size_t>(self.n_palette());
    const auto dims = static_cast<std::size_t>(self.dims());
    require(fixed.size() == k, "one flag for each entry");
    std::vector<std::uint8_t> flags(fixed.data(), fixed.data() + k);
    const std::vector<Float4> palette = without_gil([&](const StopRequested& stop) { return self.refit(flags.data(), n_threads, stop); });
    std::vector<float> values;
    for (const Float4& entry : palette) {
        for (std::size_t d = 0; d < dims; ++d) values.push_back(entry[static_cast<int>(d)]);
    }
    return to_numpy(std::move(values), {k, dims});
}

void bind_set_palette(SpatialSearch& self, const In<float, 2>& palette) {
    require(static_cast<int>(palette.shape(0)) == self.n_palette() && static_cast<int>(palette.shape(1)) == self.dims(),
            "the palette must keep its shape");
    self.set_palette(palette.data());
}

void bind_learn(SpatialSearch& self, const nb::bytes& stream) {
    self.learn(count_deflate_symbols(reinterpret_cast<const std::uint8_t*>(stream.c_str()), stream.size()));
}

nb::tuple bind_count_deflate_symbols(const nb::bytes& stream) {
    const DeflateSymbols symbols = count_deflate_symbols(reinterpret_cast<const std::uint8_t*>(stream.c_str()), stream.size());
    return nb::make_tuple(to_numpy(std::vector<std::int64_t>(symbols.main.begin(), symbols.main.end()), {symbols.main.size()}),
                          to_numpy(std::vector<std::int64_t>(symbols.distances.begin(), symbols.distances.end()), {symbols.distances.size()}));
}

bool bind_set_simd_level(const std::string& level) {
    const bool nearest_has_it = set_simd_level(level);
    return set_ssimulacra2_simd_level(level) && nearest_has_it;
}

}  // namespace

NB_MODULE(_core, m) {
#if defined(HUEPRESS_X86_64_V2) && defined(__GNUC__)
    if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) {
        throw nb::import_error("huepress needs an x86-64-v2 processor (2009 or later)");
    }
#endif
    m.doc() = "Compiled core of huepress: arrays and numbers, nothing else.";
    m.def("count_colors", &bind_count_colors, nb::arg("pixels"), nb::arg("n_threads"));
    m.def("count_deflate_symbols", &bind_count_deflate_symbols, nb::arg("stream"));
    m.def("gather", &bind_gather, nb::arg("table"), nb::arg("inverse"), nb::arg("n_threads"));
    m.def("squared_error", &bind_squared_error, nb::arg("color_points"), nb::arg("color_of"), nb::arg("palette"),
          nb::arg("indices"), nb::arg("n_threads"));
    m.def("colors_to_points", &bind_colors_to_points, nb::arg("colors"), nb::arg("space"));
    m.def("points_to_colors", &bind_points_to_colors, nb::arg("points"), nb::arg("space"));
    m.def("kmeans", &bind_kmeans, nb::arg("points"), nb::arg("weights"), nb::arg("k"), nb::arg("init"),
          nb::arg("centers").none(), nb::arg("n_init"), nb::arg("n_swaps"), nb::arg("max_iter"), nb::arg("tol"),
          nb::arg("seed"), nb::arg("n_threads"), nb::arg("pinned").none() = nb::none());
    m.def("search_lzw", &bind_search_lzw, nb::arg("color_points"), nb::arg("color_of"), nb::arg("looks"), nb::arg("n_entries"),
          nb::arg("transparent"), nb::arg("canvas"), nb::arg("required"), nb::arg("box"), nb::arg("diffuse"), nb::arg("rate"),
          nb::arg("again_bits"));
    m.def("set_simd_level", &bind_set_simd_level, nb::arg("level"));
    nb::class_<Ssimulacra2>(m, "Ssimulacra2")
        .def("__init__", &construct_ssimulacra2, nb::arg("original"), nb::arg("n_threads"))
        .def("score", &bind_score, nb::arg("distorted"), nb::arg("n_threads"));
    nb::class_<SpatialSearch>(m, "SpatialSearch")
        .def("__init__", &construct_spatial, nb::arg("color_points"), nb::arg("color_of"), nb::arg("palette"),
             nb::arg("diffuse"), nb::arg("unit"), nb::arg("coder"), nb::keep_alive<1, 3>())
        .def("refit", &bind_refit, nb::arg("fixed"), nb::arg("n_threads"))
        .def("set_palette", &bind_set_palette, nb::arg("palette"))
        .def("learn", &bind_learn, nb::arg("stream"))
        .def("sweep", &bind_sweep, nb::arg("rate"), nb::arg("slack"), nb::arg("matches"), nb::arg("n_threads"),
             nb::arg("on_progress") = nb::none())

        .def("indices", [](const SpatialSearch& self) {
            std::vector<std::uint8_t> copy(self.indices());
            const std::size_t n = copy.size();
            return to_numpy(std::move(copy), {n});
        });
    m.def("nearest", &bind_nearest, nb::arg("points"), nb::arg("centers"), nb::arg("guess").none(), nb::arg("n_threads"));
}
