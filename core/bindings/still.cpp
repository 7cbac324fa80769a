// One picture in one call, as programs without Python have it: it is held to what the stages in Python make.
#include "still/still.hpp"
#include "bindings/arrays.hpp"
#include "png/png.hpp"

namespace huepress {
namespace {

nb::tuple bind_quantize_still(const In<std::uint8_t, 3>& rgba, int n_colors, int effort, double rate,
                              const std::string& dither, const std::string& alpha, int n_threads) {
    require(rgba.shape(2) == 4, "pixels must have 4 channels");
    require(rgba.shape(0) > 0 && rgba.shape(0) < (1u << 30) && rgba.shape(1) > 0 && rgba.shape(1) < (1u << 30),
            "the image must have pixels");
    require(rgba.shape(0) * rgba.shape(1) < 0xFFFFFFFFull, "pixels must number 1 to 2**32 - 2");
    require(n_colors >= 2 && n_colors <= 256, "n_colors must be 2 to 256");
    require(effort >= 0 && effort <= kMostEffort, "effort must be 0 to 9");
    require_finite(rate, "rate must be finite");
    require(rate >= 0.0, "rate must not be negative");
    require(dither == "auto" || dither == "none" || dither == "full", "dither must be 'auto', 'none' or 'full'");
    require(alpha == "exact" || alpha == "free", "alpha must be 'exact' or 'free'");
    StillOptions options;
    options.n_colors = n_colors;
    options.effort = effort;
    options.rate = rate;
    options.dither = dither == "none" ? Dither::none : dither == "full" ? Dither::full : Dither::automatic;
    options.alpha = alpha == "free" ? Alpha::free : Alpha::exact;
    options.n_threads = n_threads;
    IndexedPicture picture = without_gil([&](const StopRequested& stop) {
        return quantize_still(rgba.data(), static_cast<int>(rgba.shape(1)), static_cast<int>(rgba.shape(0)), options,
                              stop, {});
    });
    const std::size_t k = picture.palette.size() / 4;
    return nb::make_tuple(to_numpy(std::move(picture.palette), {k, 4}),
                          to_numpy(std::move(picture.indices), {rgba.shape(0), rgba.shape(1)}));
}

nb::bytes bind_write_png(const In<std::uint8_t, 2>& palette, const In<std::uint8_t, 2>& indices, int effort,
                         bool searched) {
    require(palette.shape(1) == 4 && palette.shape(0) >= 1 && palette.shape(0) <= 256,
            "a palette has 1 to 256 colors of 4 channels");
    require(
        indices.shape(0) > 0 && indices.shape(0) < (1u << 30) && indices.shape(1) > 0 && indices.shape(1) < (1u << 30),
        "the image must have pixels");
    require(effort >= 0 && effort <= kMostEffort, "effort must be 0 to 9");
    bool inside = true;
    for (std::size_t i = 0; i < indices.size(); ++i) inside &= indices.data()[i] < palette.shape(0);
    require(inside, "a pixel names an entry that does not exist");
    const IndexedPicture picture{static_cast<int>(indices.shape(1)),
                                 static_cast<int>(indices.shape(0)),
                                 {palette.data(), palette.data() + palette.size()},
                                 {indices.data(), indices.data() + indices.size()},
                                 searched};
    const std::vector<std::uint8_t> png =
        without_gil([&](const StopRequested& stop) { return write_png(picture, effort, stop); });
    return nb::bytes(reinterpret_cast<const char*>(png.data()), png.size());
}

}  // namespace

void bind_still(nb::module_& m) {
    m.def("quantize_still", &bind_quantize_still, nb::arg("rgba"), nb::arg("n_colors"), nb::arg("effort"),
          nb::arg("rate"), nb::arg("dither"), nb::arg("alpha"), nb::arg("n_threads"));
    m.def("write_png", &bind_write_png, nb::arg("palette"), nb::arg("indices"), nb::arg("effort"), nb::arg("searched"));
}

}  // namespace huepress
