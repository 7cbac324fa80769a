// Arrays in, arrays out, shapes checked: the searches for indices.
#include <cmath>
#include <limits>

#include "bindings/arrays.hpp"
#include "search/direct_search.hpp"
#include "search/error_diffusion.hpp"
#include "search/lzw_exact.hpp"
#include "search/lzw_search.hpp"
#include "search/spatial.hpp"
#include "search/visibility.hpp"

namespace huepress {
namespace {

// Which classes of entries each color may take, as bits; some entry is always left.
void require_classes(const In<std::uint8_t, 1>& allowed, const In<std::uint8_t, 1>& entry_class, std::size_t k) {
    require(entry_class.size() == k, "one class for each entry");
    int there = 0;
    for (std::size_t i = 0; i < entry_class.size(); ++i) {
        require(entry_class.data()[i] < kEntryClasses, "a class is 0 to 2");
        there |= 1 << entry_class.data()[i];
    }
    for (std::size_t i = 0; i < allowed.size(); ++i) {
        require(allowed.data()[i] < 1 << kEntryClasses && (allowed.data()[i] & there), "a color may take no entry");
    }
}

void construct_spatial(SpatialSearch* self, const In<float, 2>& color_points, const In<std::uint32_t, 2>& color_of,
                       const In<float, 2>& palette, bool diffuse, int unit, const std::string& coder,
                       const std::tuple<int, int>& reach) {
    require(color_points.shape(1) == 3 || color_points.shape(1) == 4, "points must have 3 or 4 coordinates");
    require(palette.shape(1) == color_points.shape(1), "palette must have the points' coordinates");
    require(palette.shape(0) >= 1 && palette.shape(0) <= 256, "a palette has 1 to 256 colors");
    require_finite(color_points, "color_points must be finite");
    require_finite(palette, "palette must be finite");
    require(color_of.shape(0) > 0 && color_of.shape(0) < (1u << 30) && color_of.shape(1) > 0 &&
                color_of.shape(1) < (1u << 30),
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
    const auto [reach_rows, reach_aside] = reach;
    require(reach_rows >= 0 && reach_rows <= 64 && reach_aside >= 0 && reach_aside <= 4096,
            "copies reach 0 to 64 rows");
    options.reach = {reach_rows, reach_aside, 0};
    nb::gil_scoped_release release;
    new (self) SpatialSearch(color_points.data(), color_points.shape(0), color_of.data(),
                             static_cast<int>(color_of.shape(1)), static_cast<int>(color_of.shape(0)), palette.data(),
                             static_cast<int>(palette.shape(0)), static_cast<int>(palette.shape(1)), options);
}

nb::tuple bind_sweep(SpatialSearch& self, float bit_worth, float slack, bool matches, int n_threads,
                     const std::optional<nb::callable>& on_progress, int survivors, int n_ranked) {
    require_finite(bit_worth, "bit_worth must be finite");
    require_finite(slack, "slack must be finite");
    require(bit_worth >= 0.0f && slack >= 0.0f, "bit_worth and slack must not be negative");
    require(survivors >= 1 && survivors <= 16, "1 to 16 ways survive");
    require(n_ranked >= 0 && n_ranked <= 256, "0 to 256 offsets are ranked");
    const SpatialSearch::Sweep sweep = without_gil(
        [&](const StopRequested& stop) {
            return self.sweep({bit_worth, slack, matches, survivors, n_ranked}, n_threads, stop);
        },
        [&] {
            if (on_progress) (*on_progress)(self.progress());
        });
    return nb::make_tuple(sweep.distortion, sweep.bits);
}

// What a picture in a palette that was given is made of.
void require_given(std::size_t n_colors, std::size_t k, const In<std::uint32_t, 2>& color_of,
                   const In<std::int16_t, 1>& fixed, const In<std::uint8_t, 1>& allowed,
                   const In<std::uint8_t, 1>& entry_class) {
    require(k >= 1 && k <= 256, "a palette has 1 to 256 colors");
    require(fixed.size() == n_colors && allowed.size() == n_colors, "one rule for each color");
    require_classes(allowed, entry_class, k);
    for (std::size_t i = 0; i < n_colors; ++i) {
        require(fixed.data()[i] < static_cast<int>(k), "a color is fixed to an entry that does not exist");
    }
    for (std::size_t i = 0; i < color_of.size(); ++i) {
        require(color_of.data()[i] < n_colors, "color_of names a color that does not exist");
    }
}

Out<std::uint8_t> bind_diffuse_errors(const In<std::int32_t, 2>& colors, const In<std::uint32_t, 2>& color_of,
                                      const In<std::int32_t, 2>& entries, const In<std::int16_t, 1>& fixed,
                                      const In<std::uint8_t, 1>& allowed, const In<std::uint8_t, 1>& entry_class,
                                      int strength, bool along_curve) {
    require(strength >= 0 && strength <= 16, "an error is handed on in 0 to 16 sixteenths");
    const std::size_t k = entries.shape(0);
    require(colors.shape(1) == 3 || colors.shape(1) == 4, "colors must have 3 or 4 coordinates");
    require(entries.shape(1) == colors.shape(1), "entries must have the colors' coordinates");
    require_given(colors.shape(0), k, color_of, fixed, allowed, entry_class);
    for (const auto& points : {colors, entries}) {
        for (std::size_t i = 0; i < points.size(); ++i) {
            require(points.data()[i] >= -(1 << 14) && points.data()[i] <= 1 << 14, "a coordinate is out of range");
        }
    }
    std::vector<std::uint8_t> indices = without_gil([&](const StopRequested&) {
        const DiffusedPicture picture{colors.data(),      entries.data(),  k,
                                      colors.shape(1),    color_of.data(), color_of.shape(1),
                                      color_of.shape(0),  fixed.data(),    allowed.data(),
                                      entry_class.data(), strength};
        return along_curve ? diffuse_along_curve(picture) : diffuse_errors(picture);
    });
    return to_numpy(std::move(indices), {color_of.shape(0), color_of.shape(1)});
}

Out<std::uint8_t> bind_direct_search(const In<float, 3>& colors, const In<std::uint32_t, 2>& color_of,
                                     const In<float, 3>& entries, const In<std::int16_t, 1>& fixed,
                                     const In<std::uint8_t, 1>& allowed, const In<std::uint8_t, 1>& entry_class,
                                     const In<std::uint8_t, 2>& indices, const In<float, 2>& far_weights,
                                     const In<float, 2>& near_weights, int n_passes, int n_threads) {
    const std::size_t n_colors = colors.shape(1), k = entries.shape(1);
    for (const auto& points : {colors, entries}) {
        require(points.shape(0) == 2 && points.shape(2) == 4,
                "points are seen from afar and from near, as 4 coordinates");
        require_finite(points, "points must be finite");
    }
    require_given(n_colors, k, color_of, fixed, allowed, entry_class);
    require(indices.shape(0) == color_of.shape(0) && indices.shape(1) == color_of.shape(1), "one index for each pixel");
    require(color_of.shape(0) < (1u << 30) && color_of.shape(1) < (1u << 30), "the picture is too large");
    for (std::size_t i = 0; i < indices.size(); ++i) {
        require(indices.data()[i] < k, "an index names an entry that does not exist");
    }
    for (const auto& [weights, reach] : {std::pair{far_weights, kFarReach}, std::pair{near_weights, kNearReach}}) {
        const std::size_t side = 2 * static_cast<std::size_t>(reach) + 1;
        require(weights.shape(0) == side && weights.shape(1) == side, "weights have the filters' sides");
        require_finite(weights, "weights must be finite");
    }
    require(n_passes >= 0, "a search has 0 or more passes");
    std::vector<std::uint8_t> found(indices.data(), indices.data() + indices.size());
    without_gil([&](const StopRequested& stop) {
        direct_search({{colors.data(), colors.data() + 4 * n_colors},
                       {entries.data(), entries.data() + 4 * k},
                       k,
                       color_of.data(),
                       color_of.shape(1),
                       color_of.shape(0),
                       fixed.data(),
                       allowed.data(),
                       entry_class.data(),
                       far_weights.data(),
                       near_weights.data()},
                      n_passes, n_threads, found, stop);
    });
    return to_numpy(std::move(found), {color_of.shape(0), color_of.shape(1)});
}

// Square roots of the weights of a picture's pixels; see visibility.hpp.
Out<float> bind_visibility_roots(const In<float, 2>& color_points, const In<std::uint32_t, 2>& color_of) {
    require_finite(color_points, "color_points must be finite");
    const std::size_t rows = color_of.shape(0), width = color_of.shape(1);
    require(rows > 0 && rows < (1u << 30) && width > 0 && width < (1u << 30), "the image must have pixels");
    for (std::size_t i = 0; i < color_of.size(); ++i) {
        require(color_of.data()[i] < color_points.shape(0), "color_of names a color that does not exist");
    }
    std::vector<float> lightness;
    for (std::size_t i = 0; i < color_points.size(); i += color_points.shape(1)) {
        lightness.push_back(color_points.data()[i]);
    }
    std::vector<float> roots = without_gil([&](const StopRequested&) {
        const SpatialOptions defaults;
        return visibility_roots(lightness, color_of.data(), static_cast<int>(width), static_cast<int>(rows),
                                defaults.strongest_visibility, defaults.texture);
    });
    return to_numpy(std::move(roots), {rows, width});
}

// Looks are colors by number, the palette's entries first; see lzw_search.hpp.
nb::tuple bind_search_lzw(const In<float, 2>& color_points, const In<std::uint32_t, 2>& color_of,
                          const In<float, 2>& looks, int n_entries, int transparent, const In<std::uint16_t, 2>& canvas,
                          const In<std::uint16_t, 2>& required, const std::tuple<int, int, int, int>& box, bool diffuse,
                          float bit_worth, float again_bits, const In<float, 2>& stays,
                          const In<std::uint16_t, 2>& proposed, const In<float, 2>& visibility, int starts, int ahead,
                          const In<float, 2>& holds, const In<float, 3>& held) {
    const std::size_t dims = color_points.shape(1);
    require(dims == 3 || dims == 4, "points must have 3 or 4 coordinates");
    require(looks.shape(1) == dims && looks.shape(0) < kFreeLook, "looks must have the points' coordinates");
    require(n_entries >= 0 && n_entries <= 256 && static_cast<std::size_t>(n_entries) <= looks.shape(0),
            "entries are looks");
    require(transparent >= -1 && transparent <= 255, "transparent is an index, or -1");
    require(color_of.shape(0) > 0 && color_of.shape(0) < (1u << 16) && color_of.shape(1) > 0 &&
                color_of.shape(1) < (1u << 16),
            "a GIF has 1 to 65535 pixels a side");
    const auto [left, top, width, rows] = box;
    require(left >= 0 && top >= 0 && width > 0 && rows > 0 &&
                static_cast<std::size_t>(left) + width <= color_of.shape(1) &&
                static_cast<std::size_t>(top) + rows <= color_of.shape(0),
            "the box must lie on the canvas");
    for (const auto& other : {canvas, required, proposed}) {
        require(other.shape(0) == color_of.shape(0) && other.shape(1) == color_of.shape(1), "one look a pixel");
        for (std::size_t i = 0; i < other.size(); ++i) {
            require(other.data()[i] < looks.shape(0) || other.data()[i] >= kFreeLook,
                    "a pixel names a look that does not exist");
        }
    }
    for (std::size_t i = 0; i < color_of.size(); ++i) {
        require(color_of.data()[i] < color_points.shape(0), "color_of names a color that does not exist");
    }
    require(stays.shape(0) == color_of.shape(0) && stays.shape(1) == color_of.shape(1), "one stay a pixel");
    require_finite(stays, "stays must be finite");
    require(visibility.shape(0) == color_of.shape(0) && visibility.shape(1) == color_of.shape(1),
            "one visibility a pixel");
    require_finite(visibility, "visibility must be finite");
    require_finite(color_points, "color_points must be finite");
    require_finite(looks, "looks must be finite");
    require_finite(bit_worth, "bit_worth must be finite");
    require_finite(again_bits, "again_bits must be finite");
    require(bit_worth > 0.0f, "bit_worth must be above 0");
    require(holds.shape(0) == color_of.shape(0) && holds.shape(1) == color_of.shape(1), "one hold a pixel");
    require_finite(holds, "holds must be finite");
    require(held.shape(0) == color_of.shape(0) && held.shape(1) == color_of.shape(1) && held.shape(2) == dims,
            "one held color a pixel");
    require_finite(held, "held must be finite");
    require(starts >= 1 && starts <= 256, "1 to 256 first symbols are looked at");
    require(ahead >= 0 && ahead <= 16, "0 to 16 ways are looked at ahead");
    LzwResult result = without_gil([&](const StopRequested& stop) {
        const auto as_vectors = [dims](const auto& points) {
            std::vector<Float4> vectors(points.size() / dims, Float4{});
            for (std::size_t i = 0; i < points.size(); ++i) vectors[i / dims][i % dims] = points.data()[i];
            return vectors;
        };
        const std::vector<Float4> points = as_vectors(color_points);
        const std::vector<Float4> held_points = as_vectors(held);
        return search_lzw({points.data(),
                           color_of.data(),
                           visibility.data(),
                           stays.data(),
                           holds.data(),
                           held_points.data(),
                           canvas.data(),
                           required.data(),
                           proposed.data(),
                           static_cast<int>(color_of.shape(1)),
                           left,
                           top,
                           width,
                           rows,
                           as_vectors(looks),
                           n_entries,
                           transparent,
                           diffuse,
                           again_bits,
                           starts,
                           ahead},
                          bit_worth, stop);
    });
    return nb::make_tuple(
        result.min_code_size, nb::bytes(reinterpret_cast<const char*>(result.codes.data()), result.codes.size()),
        to_numpy(std::move(result.indices), {static_cast<std::size_t>(rows), static_cast<std::size_t>(width)}),
        result.distortion);
}

// Says looks exactly; see lzw_exact.hpp.
nb::tuple bind_say_lzw(const In<std::uint16_t, 2>& looks, const In<std::uint16_t, 2>& under, int n_entries,
                       int transparent, float again_bits, int ahead) {
    const std::size_t rows = looks.shape(0), width = looks.shape(1);
    require(rows > 0 && rows < (1u << 16) && width > 0 && width < (1u << 16), "a GIF has 1 to 65535 pixels a side");
    require(rows <= std::numeric_limits<std::int32_t>::max() / width, "too many pixels");
    require(under.shape(0) == rows && under.shape(1) == width, "one look under each pixel");
    require(n_entries >= 0 && n_entries <= 256, "a palette has up to 256 entries");
    require(transparent >= -1 && transparent <= 255, "transparent is an index, or -1");
    require(n_entries > 0 || transparent >= 0, "a frame needs an index to be said with");
    require_finite(again_bits, "again_bits must be finite");
    require(std::abs(again_bits) <= 1e6f, "again_bits is a number of bits");
    require(ahead >= 0 && ahead <= 16, "0 to 16 ways are looked at ahead");
    LzwResult result = without_gil([&](const StopRequested& stop) {
        return say_lzw({looks.data(), under.data(), static_cast<int>(width), static_cast<int>(rows), n_entries,
                        transparent, again_bits, ahead},
                       stop);
    });
    return nb::make_tuple(result.min_code_size,
                          nb::bytes(reinterpret_cast<const char*>(result.codes.data()), result.codes.size()),
                          to_numpy(std::move(result.indices), {rows, width}));
}

Out<float> bind_refit(const SpatialSearch& self, const In<bool, 1>& fixed, int n_threads) {
    const auto k = static_cast<std::size_t>(self.n_palette());
    const auto dims = static_cast<std::size_t>(self.dims());
    require(fixed.size() == k, "one flag for each entry");
    std::vector<std::uint8_t> flags(fixed.data(), fixed.data() + k);
    const std::vector<Float4> palette =
        without_gil([&](const StopRequested& stop) { return self.refit(flags.data(), n_threads, stop); });
    std::vector<float> values;
    for (const Float4& entry : palette) {
        for (std::size_t d = 0; d < dims; ++d) values.push_back(entry[static_cast<int>(d)]);
    }
    return to_numpy(std::move(values), {k, dims});
}

void bind_set_palette(SpatialSearch& self, const In<float, 2>& palette) {
    require(static_cast<int>(palette.shape(0)) == self.n_palette() && static_cast<int>(palette.shape(1)) == self.dims(),
            "the palette must keep its shape");
    require_finite(palette, "palette must be finite");
    self.set_palette(palette.data());
}

void bind_set_smooth(SpatialSearch& self, const In<std::uint8_t, 2>& smooth, float weight, bool spread) {
    require(smooth.size() == self.indices().size(), "one flag for each pixel");
    require_finite(weight, "weight must be finite");
    require(weight >= 1.0f, "weight must be at least 1");
    self.set_smooth(smooth.data(), weight, spread);
}

void bind_set_classes(SpatialSearch& self, const In<std::uint8_t, 1>& allowed, const In<std::uint8_t, 1>& entry_class) {
    require(allowed.size() == self.n_colors(), "one rule for each color");
    require_classes(allowed, entry_class, static_cast<std::size_t>(self.n_palette()));
    self.set_classes({allowed.data(), allowed.data() + allowed.size()},
                     {entry_class.data(), entry_class.data() + entry_class.size()});
}

// Ranks copies for one row below some decided ones, for tests: costs and offsets, the best first, -1 for none.
nb::tuple bind_rank_offsets(const In<float, 3>& decided, const In<float, 2>& points, const In<float, 2>& from_above,
                            const In<float, 1>& roots, const In<std::int32_t, 2>& offsets, const In<float, 1>& costs,
                            int n_listed, float limit) {
    const std::size_t rows = decided.shape(0), width = decided.shape(1), dims = decided.shape(2);
    require(dims == 3 || dims == 4, "points must have 3 or 4 coordinates");
    require(points.shape(0) == width && points.shape(1) == dims && from_above.shape(0) == width &&
                from_above.shape(1) == dims && roots.size() == width,
            "all rows must have the same width");
    require(offsets.shape(1) == 2 && costs.size() == offsets.shape(0), "an offset is left and up, and has a cost");
    require(offsets.shape(0) >= 1, "no offsets");
    require(n_listed >= 1 && n_listed <= 256, "1 to 256 offsets are listed");
    const auto as_row = [&](const float* from) {
        std::vector<Float4> row(width, Float4{});
        for (std::size_t i = 0; i < width * dims; ++i) row[i / dims][i % dims] = from[i];
        return row;
    };
    std::vector<Offset> list;
    for (std::size_t i = 0; i < offsets.shape(0); ++i)
        list.push_back({offsets.data()[2 * i], offsets.data()[2 * i + 1]});
    for (const Offset& offset : list) require(offset.up >= 1 && offset.up <= 64, "copies come from 1 to 64 rows above");
    const Diffusion diffusion(true);
    Ranking ranking(diffusion, list, 0, {costs.data(), costs.size()}, n_listed, limit, static_cast<int>(width),
                    static_cast<int>(dims));
    for (std::size_t y = 0; y < rows; ++y) {
        ranking.add_row(static_cast<int>(y), as_row(decided.data() + y * width * dims));
    }
    const std::vector<char> none(width, 0);
    ranking.rank(static_cast<int>(rows), 0, as_row(points.data()), as_row(from_above.data()), roots.data(), none);
    std::vector<float> found_costs;
    std::vector<std::int32_t> found;
    for (std::size_t x = 0; x < width; ++x) {
        for (int place = 0; place < n_listed; ++place) {
            found_costs.push_back(ranking.cost_at(static_cast<int>(x), place));
            found.push_back(ranking.offset_at(static_cast<int>(x), place));
        }
    }
    const auto n = static_cast<std::size_t>(n_listed);
    return nb::make_tuple(to_numpy(std::move(found_costs), {width, n}), to_numpy(std::move(found), {width, n}));
}

}  // namespace

void bind_search(nb::module_& m) {
    m.def("rank_offsets", &bind_rank_offsets, nb::arg("decided"), nb::arg("points"), nb::arg("from_above"),
          nb::arg("roots"), nb::arg("offsets"), nb::arg("costs"), nb::arg("n_listed"),
          nb::arg("limit") = std::numeric_limits<float>::infinity());
    m.def("diffuse_errors", &bind_diffuse_errors, nb::arg("colors"), nb::arg("color_of"), nb::arg("entries"),
          nb::arg("fixed"), nb::arg("allowed"), nb::arg("entry_class"), nb::arg("strength") = 16,
          nb::arg("along_curve") = false);
    m.def("direct_search", &bind_direct_search, nb::arg("colors"), nb::arg("color_of"), nb::arg("entries"),
          nb::arg("fixed"), nb::arg("allowed"), nb::arg("entry_class"), nb::arg("indices"), nb::arg("far_weights"),
          nb::arg("near_weights"), nb::arg("n_passes"), nb::arg("n_threads"));
    m.def("search_lzw", &bind_search_lzw, nb::arg("color_points"), nb::arg("color_of"), nb::arg("looks"),
          nb::arg("n_entries"), nb::arg("transparent"), nb::arg("canvas"), nb::arg("required"), nb::arg("box"),
          nb::arg("diffuse"), nb::arg("bit_worth"), nb::arg("again_bits"), nb::arg("stays"), nb::arg("proposed"),
          nb::arg("visibility"), nb::arg("starts"), nb::arg("ahead"), nb::arg("holds"), nb::arg("held"));
    m.def("say_lzw", &bind_say_lzw, nb::arg("looks"), nb::arg("under"), nb::arg("n_entries"), nb::arg("transparent"),
          nb::arg("again_bits"), nb::arg("ahead"));
    m.def("visibility_roots", &bind_visibility_roots, nb::arg("color_points"), nb::arg("color_of"));
    nb::class_<SpatialSearch>(m, "SpatialSearch")
        .def("__init__", &construct_spatial, nb::arg("color_points"), nb::arg("color_of"), nb::arg("palette"),
             nb::arg("diffuse"), nb::arg("unit"), nb::arg("coder"), nb::arg("reach") = std::make_tuple(0, 0),
             nb::keep_alive<1, 3>())
        .def("set_classes", &bind_set_classes, nb::arg("allowed"), nb::arg("entry_class"))
        .def("set_smooth", &bind_set_smooth, nb::arg("smooth"), nb::arg("weight"), nb::arg("spread"))
        .def("refit", &bind_refit, nb::arg("fixed"), nb::arg("n_threads"))
        .def("set_palette", &bind_set_palette, nb::arg("palette"))
        .def("sweep", &bind_sweep, nb::arg("bit_worth"), nb::arg("slack"), nb::arg("matches"), nb::arg("n_threads"),
             nb::arg("on_progress") = nb::none(), nb::arg("survivors") = 1, nb::arg("n_ranked") = 0)
        .def(
            "sampled_distortion",
            [](SpatialSearch& self, int n_threads) {
                return without_gil([&](const StopRequested& stop) { return self.sampled_distortion(n_threads, stop); });
            },
            nb::arg("n_threads"))
        .def("indices", [](const SpatialSearch& self) {
            return to_numpy(std::vector<std::uint8_t>(self.indices()), {self.indices().size()});
        });
}

}  // namespace huepress
