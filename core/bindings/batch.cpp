// Many pictures in one call: palettes and packed indices, and back.
#include <nanobind/stl/vector.h>

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
    require(palette_of.shape(0) == offsets.shape(0), "one palette a picture");
    require(palettes.shape(2) == 3, "palettes must have 3 channels");
    for (std::size_t i = 0; i < palette_of.shape(0); ++i) {
        require(palette_of.data()[i] >= 0 && static_cast<std::size_t>(palette_of.data()[i]) < palettes.shape(0),
                "a picture names a palette that does not exist");
    }
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

}  // namespace

void bind_batch(nb::module_& m) {
    m.def("quantize_batch", &bind_quantize_batch, nb::arg("pictures"), nb::arg("group_of"), nb::arg("n_groups"),
          nb::arg("k"), nb::arg("max_iter"), nb::arg("tol"), nb::arg("n_threads"));
    m.def("color_histograms", &bind_color_histograms, nb::arg("pictures"), nb::arg("n_threads"));
    m.def("expand_batch", &bind_expand_batch, nb::arg("packed"), nb::arg("bits"), nb::arg("offsets"),
          nb::arg("n_pixels"), nb::arg("palettes"), nb::arg("palette_of"), nb::arg("out"), nb::arg("n_threads"));
    m.def("unpack_batch", &bind_unpack_batch, nb::arg("packed"), nb::arg("bits"), nb::arg("offsets"),
          nb::arg("n_pixels"), nb::arg("out"), nb::arg("n_threads"));
}

}  // namespace huepress
