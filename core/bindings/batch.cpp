// Many pictures in one call: palettes and packed indices, and back.
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <atomic>

#include "batch/index_coder.hpp"
#include "batch/packing.hpp"
#include "batch/quantize_batch.hpp"
#include "bindings/arrays.hpp"

namespace huepress {
namespace {

using Pictures = std::vector<In<std::uint8_t, 3>>;

std::vector<RgbView> as_views(const Pictures& pictures) {
    std::vector<RgbView> views;
    views.reserve(pictures.size());
    for (const auto& picture : pictures) {
        const std::size_t n_pixels = picture.shape(0) * picture.shape(1);
        require(picture.shape(2) == 3, "pictures must have 3 channels");
        require(n_pixels > 0 && n_pixels < 0xFFFFFFFFull, "pictures must have 1 to 2**32 - 2 pixels");
        views.push_back({picture.data(), n_pixels});
    }
    return views;
}

nb::tuple bind_quantize_batch(const Pictures& pictures, const In<std::int32_t, 1>& group_of, std::size_t n_groups,
                              int k, int max_iter, double tol, int n_threads) {
    const std::vector<RgbView> views = as_views(pictures);
    require(k >= 1 && k <= 256, "k must be 1 to 256");
    require_finite(tol, "tol must be finite");
    require(group_of.shape(0) == views.size(), "one group a picture");
    require(n_groups <= views.size(), "more groups than pictures");
    const std::vector<std::int32_t> groups(group_of.data(), group_of.data() + group_of.size());
    for (const std::int32_t group : groups) {
        require(group >= 0 && static_cast<std::size_t>(group) < n_groups,
                "a picture names a group that does not exist");
    }
    QuantizedBatch batch = without_gil([&](const StopRequested& stop) {
        return quantize_batch(views, groups, n_groups, {k, max_iter, tol, n_threads}, stop);
    });
    const std::size_t n_bytes = batch.packed.size();
    return nb::make_tuple(to_numpy(std::move(batch.packed), {n_bytes}),
                          to_numpy(std::move(batch.offsets), {views.size() + 1}),
                          to_numpy(std::move(batch.palettes), {n_groups, static_cast<std::size_t>(k), 3}),
                          to_numpy(std::move(batch.palette_sizes), {n_groups}));
}

Out<float> bind_color_histograms(const Pictures& pictures, int n_threads) {
    const std::vector<RgbView> views = as_views(pictures);
    std::vector<float> histograms =
        without_gil([&](const StopRequested& stop) { return color_histograms(views, n_threads, stop); });
    return to_numpy(std::move(histograms), {views.size(), histograms.size() / std::max<std::size_t>(1, views.size())});
}

// Refuses whatever would read or write past an array's end; sums are taken so that nothing can overflow.
void check_places(const In<std::int64_t, 1>& offsets, const In<std::int64_t, 1>& n_pixels, std::size_t n_packed,
                  int bits, std::size_t n_out) {
    require(bits == 1 || bits == 2 || bits == 4 || bits == 8, "bits must be 1, 2, 4 or 8");
    require(offsets.shape(0) == n_pixels.shape(0), "one offset a picture");
    std::size_t left = n_out;
    for (std::size_t i = 0; i < offsets.shape(0); ++i) {
        require(n_pixels.data()[i] >= 0 && static_cast<std::size_t>(n_pixels.data()[i]) <= left,
                "pictures have more pixels than the output");
        left -= static_cast<std::size_t>(n_pixels.data()[i]);
        const std::size_t size = packed_size(static_cast<std::size_t>(n_pixels.data()[i]), bits);
        const std::int64_t offset = offsets.data()[i];
        require(offset >= 0 && size <= n_packed && static_cast<std::size_t>(offset) <= n_packed - size,
                "a picture lies outside of the packed indices");
    }
    require(left == 0, "the output has more pixels than the pictures");
}

void check_palettes(const In<std::uint8_t, 3>& palettes, const In<std::int32_t, 1>& palette_of,
                    std::size_t n_pictures) {
    require(palette_of.shape(0) == n_pictures, "one palette a picture");
    require(palettes.shape(2) == 3, "palettes must have 3 channels");
    for (std::size_t i = 0; i < palette_of.shape(0); ++i) {
        require(palette_of.data()[i] >= 0 && static_cast<std::size_t>(palette_of.data()[i]) < palettes.shape(0),
                "a picture names a palette that does not exist");
    }
}

// Where each picture begins in the output, in pixels.
std::vector<std::size_t> begins_of(const In<std::int64_t, 1>& n_pixels) {
    std::vector<std::size_t> begins(1, 0);
    for (std::size_t i = 0; i < n_pixels.shape(0); ++i) {
        begins.push_back(begins.back() + static_cast<std::size_t>(n_pixels.data()[i]));
    }
    return begins;
}

void bind_expand_batch(const In<std::uint8_t, 1>& packed, int bits, const In<std::int64_t, 1>& offsets,
                       const In<std::int64_t, 1>& n_pixels, const In<std::uint8_t, 3>& palettes,
                       const In<std::int32_t, 1>& palette_of,
                       const nb::ndarray<std::uint8_t, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu>& out,
                       int n_threads) {
    check_places(offsets, n_pixels, packed.shape(0), bits, out.shape(0));
    check_palettes(palettes, palette_of, offsets.shape(0));
    const std::vector<std::size_t> begins = begins_of(n_pixels);
    without_gil([&](const StopRequested&) {
        for_each_task(offsets.shape(0), n_threads, [&](std::size_t i) {
            const auto palette = static_cast<std::size_t>(palette_of.data()[i]);
            expand_indices(packed.data() + offsets.data()[i], begins[i + 1] - begins[i], bits,
                           palettes.data() + palette * palettes.shape(1) * 3, palettes.shape(1),
                           out.data() + 3 * begins[i]);
        });
        return 0;
    });
}

void bind_unpack_batch(const In<std::uint8_t, 1>& packed, int bits, const In<std::int64_t, 1>& offsets,
                       const In<std::int64_t, 1>& n_pixels,
                       const nb::ndarray<std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>& out,
                       int n_threads) {
    check_places(offsets, n_pixels, packed.shape(0), bits, out.shape(0));
    const std::vector<std::size_t> begins = begins_of(n_pixels);
    without_gil([&](const StopRequested&) {
        for_each_task(offsets.shape(0), n_threads, [&](std::size_t i) {
            unpack_indices(packed.data() + offsets.data()[i], begins[i + 1] - begins[i], bits, out.data() + begins[i]);
        });
        return 0;
    });
}

// Calls work(thread, picture, indices, height, width) for each picture of packed indices that are below k.
template <class Work>
void for_each_unpacked(const In<std::uint8_t, 1>& packed, int bits, const In<std::int64_t, 1>& offsets,
                       const In<std::int32_t, 2>& sizes, int k, int n_threads, Work&& work) {
    require(bits == 1 || bits == 2 || bits == 4 || bits == 8, "bits must be 1, 2, 4 or 8");
    require(sizes.shape(0) == offsets.shape(0) && sizes.shape(1) == 2, "one offset and two sides a picture");
    for (std::size_t i = 0; i < sizes.shape(0); ++i) {
        const std::int64_t height = sizes(i, 0), width = sizes(i, 1);
        require(height > 0 && width > 0, "pictures must have pixels");
        const std::size_t size = packed_size(static_cast<std::size_t>(height * width), bits);
        const std::int64_t offset = offsets.data()[i];
        require(offset >= 0 && size <= packed.shape(0) && static_cast<std::size_t>(offset) <= packed.shape(0) - size,
                "a picture lies outside of the packed indices");
    }
    std::atomic<bool> fitting{true};
    without_gil([&](const StopRequested&) {
        run_tasks(sizes.shape(0), n_threads, [&](int thread, std::size_t i) {
            const auto height = static_cast<std::size_t>(sizes(i, 0)), width = static_cast<std::size_t>(sizes(i, 1));
            std::vector<std::uint8_t> indices(height * width);
            unpack_indices(packed.data() + offsets.data()[i], indices.size(), bits, indices.data());
            if (*std::max_element(indices.begin(), indices.end()) >= k) {
                fitting = false;
                return;
            }
            work(thread, i, indices.data(), height, width);
        });
        return 0;
    });
    require(fitting, "an index is past its palette");
}

void require_model(int k, int levels) {
    require(k >= 2 && k <= 256 && levels >= 1 && levels <= IndexModel::kMostLevels, "k or levels makes no sense");
}

Out<std::uint16_t> bind_fit_index_model(const In<std::uint8_t, 1>& packed, int bits, const In<std::int64_t, 1>& offsets,
                                        const In<std::int32_t, 2>& sizes, int k, int levels, int n_threads) {
    require_model(k, levels);
    constexpr int kMostThreads = 64;  // each has counts of its own
    n_threads = std::clamp(n_threads, 1, kMostThreads);
    std::vector<IndexCounts> counts(static_cast<std::size_t>(n_threads), IndexCounts(k, levels));
    for_each_unpacked(packed, bits, offsets, sizes, k, n_threads,
                      [&](int thread, std::size_t, const std::uint8_t* indices, std::size_t height, std::size_t width) {
                          counts[static_cast<std::size_t>(thread)].add(indices, height, width);
                      });
    for (std::size_t i = 1; i < counts.size(); ++i) counts[0].take(counts[i]);
    return to_numpy(counts[0].frequencies(), {static_cast<std::size_t>(levels * levels), static_cast<std::size_t>(k)});
}

void construct_index_model(IndexModel* self, const In<std::uint16_t, 2>& frequencies) {
    int levels = 1;
    while (levels < IndexModel::kMostLevels && static_cast<std::size_t>(levels * levels) < frequencies.shape(0)) {
        ++levels;
    }
    require(static_cast<std::size_t>(levels * levels) == frequencies.shape(0) && frequencies.shape(1) <= 256 &&
                IndexModel::valid(static_cast<int>(frequencies.shape(1)), levels, frequencies.data()),
            "these are no frequencies of indices");
    new (self) IndexModel(static_cast<int>(frequencies.shape(1)), levels, frequencies.data());
}

nb::tuple bind_encode_batch(const IndexModel& model, const In<std::uint8_t, 1>& packed, int bits,
                            const In<std::int64_t, 1>& offsets, const In<std::int32_t, 2>& sizes, int n_threads) {
    std::vector<std::vector<std::uint8_t>> coded(sizes.shape(0));
    for_each_unpacked(packed, bits, offsets, sizes, model.k(), n_threads,
                      [&](int, std::size_t i, const std::uint8_t* indices, std::size_t height, std::size_t width) {
                          model.encode(indices, height, width, coded[i]);
                      });
    std::vector<std::uint8_t> bytes;
    std::vector<std::int64_t> begins(1, 0);
    for (const std::vector<std::uint8_t>& each : coded) {
        bytes.insert(bytes.end(), each.begin(), each.end());
        begins.push_back(static_cast<std::int64_t>(bytes.size()));
    }
    const std::size_t n_bytes = bytes.size(), n_begins = begins.size();
    return nb::make_tuple(to_numpy(std::move(bytes), {n_bytes}), to_numpy(std::move(begins), {n_begins}));
}

// Decodes pictures of one size and hands each to done(picture, indices); returns the first that is damaged, or -1.
template <class Done>
std::int64_t decode_each(const IndexModel& model, const In<std::uint8_t, 1>& coded, const In<std::int64_t, 1>& begins,
                         const In<std::int64_t, 1>& ends, std::size_t height, std::size_t width, std::size_t n_out,
                         int n_threads, Done&& done) {
    const std::size_t n = begins.shape(0);
    require(ends.shape(0) == n, "one end a picture");
    require(n == 0 || (height > 0 && width > 0 && height <= n_out / width),
            "pictures have more pixels than the output");
    require(n == 0 ? n_out == 0 : n_out % n == 0 && n_out / n == height * width, "the output has another size");
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t begin = begins.data()[i], end = ends.data()[i];
        require(begin >= 0 && begin <= end && static_cast<std::size_t>(end) <= coded.shape(0),
                "a picture lies outside of the coded indices");
    }
    std::vector<char> whole(n);
    without_gil([&](const StopRequested&) {
        for_each_task(n, n_threads, [&](std::size_t i) {
            whole[i] = done(i, [&](std::uint8_t* indices) {
                return model.decode(coded.data() + begins.data()[i],
                                    static_cast<std::size_t>(ends.data()[i] - begins.data()[i]), height, width,
                                    indices);
            });
        });
        return 0;
    });
    const auto damaged = std::find(whole.begin(), whole.end(), char{0});
    return damaged == whole.end() ? -1 : damaged - whole.begin();
}

std::int64_t bind_decode_batch(const IndexModel& model, const In<std::uint8_t, 1>& coded,
                               const In<std::int64_t, 1>& begins, const In<std::int64_t, 1>& ends,
                               const nb::ndarray<std::uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>& out,
                               int n_threads) {
    const std::size_t n_pixels = out.shape(1) * out.shape(2);
    return decode_each(model, coded, begins, ends, out.shape(1), out.shape(2), out.size(), n_threads,
                       [&](std::size_t i, auto&& decode) { return decode(out.data() + i * n_pixels); });
}

std::int64_t bind_expand_coded_batch(
    const IndexModel& model, const In<std::uint8_t, 1>& coded, const In<std::int64_t, 1>& begins,
    const In<std::int64_t, 1>& ends, const In<std::uint8_t, 3>& palettes, const In<std::int32_t, 1>& palette_of,
    const nb::ndarray<std::uint8_t, nb::shape<-1, -1, -1, 3>, nb::c_contig, nb::device::cpu>& out, int n_threads) {
    check_palettes(palettes, palette_of, begins.shape(0));
    const std::size_t n_pixels = out.shape(1) * out.shape(2);
    return decode_each(model, coded, begins, ends, out.shape(1), out.shape(2), out.size() / 3, n_threads,
                       [&](std::size_t i, auto&& decode) {
                           std::vector<std::uint8_t> indices(n_pixels);
                           const bool whole = decode(indices.data());
                           const auto palette = static_cast<std::size_t>(palette_of.data()[i]);
                           expand_indices(indices.data(), n_pixels, 8,
                                          palettes.data() + palette * palettes.shape(1) * 3, palettes.shape(1),
                                          out.data() + 3 * i * n_pixels);
                           return whole;
                       });
}

}  // namespace

void bind_batch(nb::module_& m) {
    m.def("quantize_batch", &bind_quantize_batch, nb::arg("pictures"), nb::arg("group_of"), nb::arg("n_groups"),
          nb::arg("k"), nb::arg("max_iter"), nb::arg("tol"), nb::arg("n_threads"));
    m.def("color_histograms", &bind_color_histograms, nb::arg("pictures"), nb::arg("n_threads"));
    m.def("expand_batch", &bind_expand_batch, nb::arg("packed"), nb::arg("bits"), nb::arg("offsets"),
          nb::arg("n_pixels"), nb::arg("palettes"), nb::arg("palette_of"), nb::arg("out"), nb::arg("n_threads"));
    m.def("unpack_batch", &bind_unpack_batch, nb::arg("packed"), nb::arg("bits"), nb::arg("offsets"),
          nb::arg("n_pixels"), nb::arg("out"), nb::arg("n_threads"));
    m.def("fit_index_model", &bind_fit_index_model, nb::arg("packed"), nb::arg("bits"), nb::arg("offsets"),
          nb::arg("sizes"), nb::arg("k"), nb::arg("levels"), nb::arg("n_threads"));
    nb::class_<IndexModel>(m, "IndexModel")
        .def("__init__", &construct_index_model, nb::arg("frequencies"))
        .def("encode", &bind_encode_batch, nb::arg("packed"), nb::arg("bits"), nb::arg("offsets"), nb::arg("sizes"),
             nb::arg("n_threads"))
        .def("decode", &bind_decode_batch, nb::arg("coded"), nb::arg("begins"), nb::arg("ends"), nb::arg("out"),
             nb::arg("n_threads"))
        .def("expand", &bind_expand_coded_batch, nb::arg("coded"), nb::arg("begins"), nb::arg("ends"),
             nb::arg("palettes"), nb::arg("palette_of"), nb::arg("out"), nb::arg("n_threads"));
}

}  // namespace huepress
