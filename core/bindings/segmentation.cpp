// Arrays in, arrays out, shapes checked: segmentation.
#include "bindings/arrays.hpp"
#include "segment/potts.hpp"
#include "segment/regions.hpp"

namespace huepress {
namespace {

int as_side(std::size_t n) {
    require(n > 0 && n < (1u << 30), "the image must have pixels");
    return static_cast<int>(n);
}

nb::tuple bind_potts_sweep(const In<float, 3>& points, const In<float, 2>& centers, const In<std::int32_t, 2>& labels,
                           float data_scale, int straight, int n_threads) {
    require(points.shape(0) == labels.shape(0) && points.shape(1) == labels.shape(1), "one label a point");
    require(centers.shape(0) >= 1 && centers.shape(0) <= 256 && centers.shape(1) == points.shape(2),
            "centers must be 1 to 256 rows of the points' coordinates");
    require_finite(points, "points must be finite");
    require_finite(centers, "centers must be finite");
    require_finite(data_scale, "data_scale must be finite");
    require(data_scale >= 0 && straight >= 0 && straight <= kLargestPottsWeight, "scale and weight must be in range");
    const PottsModel model{points.data(),
                           centers.data(),
                           as_side(labels.shape(1)),
                           as_side(labels.shape(0)),
                           static_cast<int>(points.shape(2)),
                           static_cast<int>(centers.shape(0)),
                           data_scale,
                           straight};
    std::vector<std::int32_t> swept(labels.data(), labels.data() + labels.size());
    for (const std::int32_t label : swept) require(label >= -1 && label < model.k, "a label names no center");
    const std::size_t changed =
        without_gil([&](const StopRequested& stop) { return potts_sweep(model, swept.data(), n_threads, stop); });
    return nb::make_tuple(to_numpy(std::move(swept), {labels.shape(0), labels.shape(1)}), changed);
}

nb::tuple bind_label_regions(const In<std::int32_t, 2>& labels) {
    std::vector<std::int32_t> regions(labels.size());
    const int width = as_side(labels.shape(1)), height = as_side(labels.shape(0));
    std::vector<std::int32_t> label_of =
        without_gil([&](const StopRequested&) { return label_regions(labels.data(), width, height, regions.data()); });
    const std::size_t n = label_of.size();
    return nb::make_tuple(to_numpy(std::move(regions), {labels.shape(0), labels.shape(1)}),
                          to_numpy(std::move(label_of), {n}));
}

GroupSums checked_sums(const In<std::int32_t, 1>& groups, const In<float, 2>& points, int n_groups, int n_threads) {
    require(groups.shape(0) == points.shape(0), "one group a point");
    require(n_groups >= 0, "n_groups must not be negative");
    require_finite(points, "points must be finite");
    for (std::size_t i = 0; i < groups.size(); ++i) {
        require(groups.data()[i] >= -1 && groups.data()[i] < n_groups, "a pixel names a group that does not exist");
    }
    return without_gil([&](const StopRequested&) {
        return sum_groups(groups.data(), points.data(), groups.size(), static_cast<int>(points.shape(1)), n_groups,
                          n_threads);
    });
}

nb::tuple bind_sum_groups(const In<std::int32_t, 1>& groups, const In<float, 2>& points, int n_groups, int n_threads) {
    GroupSums sums = checked_sums(groups, points, n_groups, n_threads);
    const auto n = static_cast<std::size_t>(n_groups);
    return nb::make_tuple(to_numpy(std::move(sums.areas), {n}), to_numpy(std::move(sums.points), {n, points.shape(1)}),
                          to_numpy(std::move(sums.squares), {n}));
}

Out<std::int32_t> bind_merge_small_regions(const In<std::int32_t, 2>& regions, const In<std::int32_t, 1>& label_of,
                                           const In<float, 2>& points, std::int64_t min_area, int locked) {
    const std::vector<std::int32_t> labels(label_of.data(), label_of.data() + label_of.size());
    GroupSums sums =
        checked_sums(In<std::int32_t, 1>(regions.data(), {regions.size()}), points, static_cast<int>(labels.size()), 1);
    for (const std::int64_t area : sums.areas) require(area > 0, "every region must have pixels");
    for (std::size_t i = 0; i < regions.size(); ++i) require(regions.data()[i] >= 0, "every pixel must have a region");
    const int width = as_side(regions.shape(1)), height = as_side(regions.shape(0));
    std::vector<std::int32_t> merged = without_gil([&](const StopRequested&) {
        return merge_small_regions(regions.data(), width, height, labels, std::move(sums),
                                   static_cast<int>(points.shape(1)), min_area, locked);
    });
    return to_numpy(std::move(merged), {label_of.shape(0)});
}

}  // namespace

void bind_segmentation(nb::module_& m) {
    m.def("potts_sweep", &bind_potts_sweep, nb::arg("points"), nb::arg("centers"), nb::arg("labels"),
          nb::arg("data_scale"), nb::arg("straight"), nb::arg("n_threads"));
    m.def("label_regions", &bind_label_regions, nb::arg("labels"));
    m.def("sum_groups", &bind_sum_groups, nb::arg("groups"), nb::arg("points"), nb::arg("n_groups"),
          nb::arg("n_threads"));
    m.def("merge_small_regions", &bind_merge_small_regions, nb::arg("regions"), nb::arg("label_of"), nb::arg("points"),
          nb::arg("min_area"), nb::arg("locked"));
}

}  // namespace huepress
