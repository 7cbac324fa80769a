// Arrays in, arrays out, shapes checked: segmentation.
#include "bindings/arrays.hpp"
#include "segment/borders.hpp"
#include "segment/edges.hpp"
#include "segment/evidence.hpp"
#include "segment/merge.hpp"
#include "segment/potts.hpp"
#include "segment/regions.hpp"
#include "segment/watershed.hpp"

namespace huepress {
namespace {

constexpr std::size_t kMostChannels = 64;
constexpr float kLargestSigma = 32.0f;

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

Out<float> bind_edge_strengths(const In<float, 3>& values, float sigma, int n_threads) {
    const int width = as_side(values.shape(1)), height = as_side(values.shape(0));
    require(values.shape(2) >= 1 && values.shape(2) <= kMostChannels, "there must be 1 to 64 channels");
    require(sigma > 0 && sigma <= kLargestSigma, "sigma must be above 0 and 32 at most");
    require_finite(values, "values must be finite");
    std::vector<float> strengths = without_gil([&](const StopRequested& stop) {
        return edge_strengths(values.data(), width, height, static_cast<int>(values.shape(2)), sigma, n_threads, stop);
    });
    return to_numpy(std::move(strengths), {values.shape(0), values.shape(1)});
}

// Labels of at least -2.
std::vector<std::int32_t> checked_markers(const In<std::uint16_t, 2>& heights, const In<std::int32_t, 2>& labels) {
    require(heights.shape(0) == labels.shape(0) && heights.shape(1) == labels.shape(1), "one label a height");
    std::vector<std::int32_t> markers(labels.data(), labels.data() + labels.size());
    for (const std::int32_t label : markers) require(label >= -2, "labels start at -2");
    return markers;
}

Out<std::int32_t> bind_flood(const In<std::uint16_t, 2>& heights, const In<std::int32_t, 2>& labels) {
    std::vector<std::int32_t> flooded = checked_markers(heights, labels);
    const int width = as_side(labels.shape(1)), height = as_side(labels.shape(0));
    without_gil([&](const StopRequested&) {
        flood(heights.data(), width, height, flooded.data());
        return 0;
    });
    return to_numpy(std::move(flooded), {labels.shape(0), labels.shape(1)});
}

nb::tuple bind_mark_minima(const In<std::uint16_t, 2>& heights, const In<std::int32_t, 2>& labels) {
    std::vector<std::int32_t> marked = checked_markers(heights, labels);
    const int width = as_side(labels.shape(1)), height = as_side(labels.shape(0));
    const std::int32_t n =
        without_gil([&](const StopRequested&) { return mark_minima(heights.data(), width, height, marked.data()); });
    return nb::make_tuple(to_numpy(std::move(marked), {labels.shape(0), labels.shape(1)}), n);
}

using Planes = In<float, 3>;  // maps, one behind another

std::vector<EdgeMaps> checked_maps(const Planes& fine, const Planes& half, const Planes& quarter, std::size_t height,
                                   std::size_t width) {
    std::vector<EdgeMaps> maps;
    int halvings = 0;
    for (const Planes* each : {&fine, &half, &quarter}) {
        require(each->shape(1) == ((height - 1) >> halvings) + 1 && each->shape(2) == ((width - 1) >> halvings) + 1,
                "maps must be of the picture's size, its half and its quarter, rounded up");
        require(each->shape(0) <= kMostChannels, "there must be 64 maps of a size at most");
        require_finite(*each, "maps must be finite");
        for (std::size_t i = 0; i < each->size(); ++i) require(each->data()[i] >= 0, "maps must not be negative");
        maps.push_back({each->data(), static_cast<int>(each->shape(0)), halvings++});
    }
    return maps;
}

BorderEvidence checked_evidence(const In<std::int32_t, 2>& regions, const Planes& fine, const Planes& half,
                                const Planes& quarter, const In<float, 3>& textures, const In<float, 3>& details,
                                const In<float, 3>& colors, int n_regions) {
    const std::size_t height = regions.shape(0), width = regions.shape(1);
    const int w = as_side(width), h = as_side(height);
    for (const In<float, 3>* each : {&textures, &details, &colors}) {
        require(each->shape(0) == height && each->shape(1) == width, "one color, texture and detail a pixel");
    }
    require(colors.shape(2) >= 3, "colors must have three coordinates or more");
    const std::vector<EdgeMaps> maps = checked_maps(fine, half, quarter, height, width);
    const In<std::int32_t, 1> groups(regions.data(), {regions.size()});
    const auto sums = [&](const In<float, 3>& values) {
        return checked_sums(groups, In<float, 2>(values.data(), {regions.size(), values.shape(2)}), n_regions, 1);
    };
    GroupSums of_colors = sums(colors), of_textures = sums(textures), of_details = sums(details);
    for (const std::int64_t area : of_colors.areas) require(area > 0, "every region must have pixels");
    const auto n = static_cast<std::size_t>(n_regions);
    return without_gil([&](const StopRequested&) {
        return BorderEvidence(find_borders(regions.data(), w, h, maps, n),
                              {std::move(of_colors.areas),
                               {std::move(of_colors.points), static_cast<int>(colors.shape(2))},
                               std::move(of_colors.squares),
                               {std::move(of_textures.points), static_cast<int>(textures.shape(2))},
                               {std::move(of_details.points), static_cast<int>(details.shape(2))},
                               sum_inside(regions.data(), w, h, maps, n)});
    });
}

nb::tuple bind_border_features(const In<std::int32_t, 2>& regions, const Planes& fine, const Planes& half,
                               const Planes& quarter, const In<float, 3>& textures, const In<float, 3>& details,
                               const In<float, 3>& colors, int n_regions) {
    const BorderEvidence evidence =
        checked_evidence(regions, fine, half, quarter, textures, details, colors, n_regions);
    const std::size_t n = evidence.borders().size();
    std::vector<std::int32_t> pairs;
    std::vector<double> features(n * evidence.n_features());
    for (std::size_t i = 0; i < n; ++i) {
        const Border& border = evidence.borders()[i];
        pairs.push_back(border.a);
        pairs.push_back(border.b);
        evidence.measure(static_cast<std::size_t>(border.a), static_cast<std::size_t>(border.b), i,
                         &features[i * evidence.n_features()]);
    }
    return nb::make_tuple(to_numpy(std::move(pairs), {n, 2}),
                          to_numpy(std::move(features), {n, evidence.n_features()}));
}

nb::tuple bind_merge_by_borders(const In<std::int32_t, 2>& regions, const Planes& fine, const Planes& half,
                                const Planes& quarter, const In<float, 3>& textures, const In<float, 3>& details,
                                const In<float, 3>& colors, int n_regions, const In<double, 2>& hidden,
                                const In<double, 1>& hidden_biases, const In<double, 1>& output, double output_bias,
                                double vivid, double flat) {
    for (std::size_t i = 0; i < hidden.size(); ++i) require_finite(hidden.data()[i], "weights must be finite");
    for (const In<double, 1>* each : {&hidden_biases, &output}) {
        require(each->size() == hidden.shape(1), "weights must be features x units, and one a unit");
        for (std::size_t i = 0; i < each->size(); ++i) require_finite(each->data()[i], "weights must be finite");
    }
    require_finite(output_bias, "weights must be finite");
    require_finite(vivid, "weights must be finite");
    require_finite(flat, "weights must be finite");
    BorderEvidence evidence = checked_evidence(regions, fine, half, quarter, textures, details, colors, n_regions);
    require(hidden.shape(0) == evidence.n_features(), "weights must be features x units, and one a unit");
    const MergeNetwork network{hidden.data(), hidden_biases.data(), output.data(), output_bias, hidden.shape(1), vivid,
                               flat};
    const std::vector<MergeStep> steps = without_gil([&](const StopRequested& stop) {
        return merge_by_borders(std::move(evidence), static_cast<std::size_t>(n_regions), network, stop);
    });
    std::vector<std::int32_t> pairs;
    std::vector<double> costs;
    for (const MergeStep& step : steps) {
        pairs.push_back(step.into);
        pairs.push_back(step.from);
        costs.push_back(step.cost);
    }
    return nb::make_tuple(to_numpy(std::move(pairs), {steps.size(), 2}), to_numpy(std::move(costs), {steps.size()}));
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
    m.def("edge_strengths", &bind_edge_strengths, nb::arg("values"), nb::arg("sigma"), nb::arg("n_threads"));
    m.def("mark_minima", &bind_mark_minima, nb::arg("heights"), nb::arg("labels"));
    m.def("flood", &bind_flood, nb::arg("heights"), nb::arg("labels"));
    m.def("border_features", &bind_border_features, nb::arg("regions"), nb::arg("fine"), nb::arg("half"),
          nb::arg("quarter"), nb::arg("textures"), nb::arg("details"), nb::arg("colors"), nb::arg("n_regions"));
    m.def("merge_by_borders", &bind_merge_by_borders, nb::arg("regions"), nb::arg("fine"), nb::arg("half"),
          nb::arg("quarter"), nb::arg("textures"), nb::arg("details"), nb::arg("colors"), nb::arg("n_regions"),
          nb::arg("hidden"), nb::arg("hidden_biases"), nb::arg("output"), nb::arg("output_bias"), nb::arg("vivid"),
          nb::arg("flat"));
}

}  // namespace huepress
