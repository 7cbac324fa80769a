#include "batch/quantize_batch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "batch/color_cells.hpp"
#include "batch/color_table.hpp"
#include "batch/packing.hpp"
#include "cluster/kmeans.hpp"
#include "cluster/nearest.hpp"
#include "color/color_space.hpp"

namespace huepress {
namespace {

constexpr int kGridBits = 6;
constexpr std::size_t kGridCells = std::size_t{1} << (3 * kGridBits);
constexpr std::size_t kCellsPerCenter = 8;
constexpr std::size_t kHistogramBins = 64;
// Weights are 32 bits wide and are summed by cells.
constexpr std::uint64_t kLargestTotal = 0xFFFFFFFFull;

struct Palette {
    std::vector<std::uint8_t> entries_srgb8;  // n x 3, from dark to light
    std::vector<float> points_srgb255;        // the same as numbers
};

// What a thread keeps from picture to picture.
struct Workspace {
    ColorTable table;
    ColorCells cells;
    std::vector<std::int32_t> labels;   // of the table's colors: an entry each
    std::vector<std::uint8_t> entries;  // the same as bytes
};

int luma(const std::uint8_t* rgb) { return 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]; }

// The different ones among the nearest 8-bit colors of the centers; labels that name centers name entries then.
Palette palette_from(const std::vector<float>& centers, std::vector<std::int32_t>& labels) {
    struct Color {
        std::array<std::uint8_t, 3> rgb;
        std::size_t center;
    };
    const std::size_t k = centers.size() / 3;
    std::vector<std::uint8_t> rounded(3 * k);
    points_to_colors(ColorSpace::srgb, centers.data(), k, 3, rounded.data());
    std::vector<Color> colors(k);
    for (std::size_t c = 0; c < k; ++c) colors[c] = {{rounded[3 * c], rounded[3 * c + 1], rounded[3 * c + 2]}, c};
    std::sort(colors.begin(), colors.end(), [](const Color& a, const Color& b) {
        const int la = luma(a.rgb.data());
        const int lb = luma(b.rgb.data());
        return la != lb ? la < lb : a.rgb != b.rgb ? a.rgb < b.rgb : a.center < b.center;
    });
    Palette palette;
    std::vector<std::int32_t> entry_of(k);
    for (std::size_t c = 0; c < k; ++c) {
        const auto& rgb = colors[c].rgb;
        if (c == 0 || rgb != colors[c - 1].rgb) {
            palette.entries_srgb8.insert(palette.entries_srgb8.end(), rgb.begin(), rgb.end());
            palette.points_srgb255.insert(palette.points_srgb255.end(), rgb.begin(), rgb.end());
        }
        entry_of[colors[c].center] = static_cast<std::int32_t>(palette.entries_srgb8.size() / 3 - 1);
    }
    for (std::int32_t& label : labels) label = entry_of[label];
    return palette;
}

// labels receives a good guess of each point's entry.
Palette palette_of_points(const Points& points, const BatchOptions& options, std::vector<std::int32_t>& labels) {
    if (points.n <= static_cast<std::size_t>(options.k)) {
        labels.resize(points.n);
        std::iota(labels.begin(), labels.end(), 0);
        return palette_from({points.coordinates, points.coordinates + 3 * points.n}, labels);
    }
    KMeansOptions kmeans_options{options.k};
    kmeans_options.max_iter = options.max_iter;
    kmeans_options.tol = options.tol;
    Clustering found = kmeans(points, kmeans_options, {});
    labels.swap(found.labels);
    return palette_from(found.centers, labels);
}

Palette palette_of_table(Workspace& work, const BatchOptions& options) {
    const Points colors = work.table.colors();
    // So many cells a center cost no visible error; where there are fewer, the colors themselves are clustered.
    const std::size_t enough = kCellsPerCenter * static_cast<std::size_t>(options.k);
    if (colors.n > enough) work.cells.group(colors);
    if (colors.n <= enough || work.cells.points().n < enough) {
        return palette_of_points(colors, options, work.labels);
    }
    std::vector<std::int32_t> labels;
    Palette palette = palette_of_points(work.cells.points(), options, labels);
    work.labels.resize(colors.n);
    for (std::size_t i = 0; i < colors.n; ++i) work.labels[i] = labels[work.cells.cell_of()[i]];
    return palette;
}

// The colors of several pictures as long as they are no more than a palette may have; then nobody asks any more.
class FewColors {
public:
    void add(const RgbView& picture) {
        std::uint32_t last = kNone;
        for (std::size_t i = 0; i < picture.n_pixels && !too_many_; ++i) {
            const std::uint8_t* p = picture.pixels_srgb8 + 3 * i;
            const std::uint32_t code = std::uint32_t{p[0]} << 16 | std::uint32_t{p[1]} << 8 | p[2];
            if (code != last) insert(code);
            last = code;
        }
    }

    // Moves the colors of another set into this one.
    void take(FewColors& other) {
        too_many_ |= other.too_many_;
        for (const std::uint32_t code : other.codes_) insert(code);
        other = {};
    }

    bool fit(int k) const { return !too_many_ && codes_.size() <= static_cast<std::size_t>(k); }

    std::vector<float> points_srgb255() const {
        std::vector<float> points;
        for (const std::uint32_t code : codes_) {
            for (const int shift : {16, 8, 0}) points.push_back(static_cast<float>(code >> shift & 0xFF));
        }
        return points;
    }

private:
    void insert(std::uint32_t code) {
        if (too_many_) return;
        const auto at = std::lower_bound(codes_.begin(), codes_.end(), code);
        if (at != codes_.end() && *at == code) return;
        too_many_ = codes_.size() == kMost;
        if (!too_many_) codes_.insert(at, code);
    }

    static constexpr std::size_t kMost = 256;
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    std::vector<std::uint32_t> codes_;  // sorted
    bool too_many_ = false;
};

// Pixels of several pictures by cells: sums are integers, so that threads may take pictures in any order.
class ColorGrid {
public:
    ColorGrid() : cells_(kGridCells) {}

    void add(const RgbView& picture) {
        few_.add(picture);
        for (std::size_t i = 0; i < picture.n_pixels; ++i) {
            const std::uint8_t* p = picture.pixels_srgb8 + 3 * i;
            std::size_t key = 0;
            for (int d = 0; d < 3; ++d) key = key << kGridBits | p[d] >> (8 - kGridBits);
            Cell& cell = cells_[key];
            if (cell[3] == 0) used_.push_back(static_cast<std::uint32_t>(key));
            for (int d = 0; d < 3; ++d) cell[d] += p[d];
            ++cell[3];
        }
    }

    // Moves the pixels of another grid into this one.
    void take(ColorGrid& other) {
        few_.take(other.few_);
        for (const std::uint32_t key : other.used_) {
            if (cells_[key][3] == 0) used_.push_back(key);
            for (int d = 0; d < 4; ++d) cells_[key][d] += other.cells_[key][d];
            other.cells_[key] = {};
        }
        other.used_.clear();
    }

    // The palette of all pixels; the grid is empty afterwards.
    Palette palette(const BatchOptions& options) {
        std::sort(used_.begin(), used_.end());
        std::uint64_t total = 0;
        for (const std::uint32_t key : used_) total += cells_[key][3];
        const std::uint64_t unit = total / kLargestTotal + 1;  // of the weights
        std::vector<float> points;
        std::vector<std::uint32_t> weights;
        for (const std::uint32_t key : used_) {
            const Cell& cell = cells_[key];
            for (int d = 0; d < 3; ++d) {
                points.push_back(static_cast<float>(static_cast<double>(cell[d]) / static_cast<double>(cell[3])));
            }
            weights.push_back(static_cast<std::uint32_t>(std::max<std::uint64_t>(1, cell[3] / unit)));
            cells_[key] = {};
        }
        used_.clear();
        std::vector<std::int32_t> labels;
        FewColors few;
        few.take(few_);
        if (few.fit(options.k)) {  // colors that fit stay as they are, however close to each other
            points = few.points_srgb255();
            weights.assign(points.size() / 3, 1);
        }
        return palette_of_points({points.data(), weights.data(), weights.size(), 3}, options, labels);
    }

private:
    using Cell = std::array<std::uint64_t, 4>;  // sums of red, green, blue; number of pixels
    std::vector<Cell> cells_;
    std::vector<std::uint32_t> used_;
    FewColors few_;
};

// Maps the counted picture to the palette, from the guess in work.labels, and packs it.
void write_indices(Workspace& work, const Palette& palette, int bits, std::uint8_t* packed) {
    nearest(work.table.colors(), palette.points_srgb255.data(), static_cast<int>(palette.points_srgb255.size() / 3),
            work.labels.data(), 1);
    work.entries.assign(work.labels.begin(), work.labels.end());
    const std::vector<std::uint32_t>& rows = work.table.row_of_pixel();
    pack_indices(work.entries.data(), rows.data(), rows.size(), bits, packed);
}

// The pictures of each group, one group after the other, and where each begins.
struct Members {
    std::vector<std::size_t> pictures;
    std::vector<std::size_t> begins;

    Members(const std::vector<std::int32_t>& group_of, std::size_t n_groups)
        : pictures(group_of.size()), begins(n_groups + 1, 0) {
        for (const std::int32_t group : group_of) ++begins[static_cast<std::size_t>(group) + 1];
        std::partial_sum(begins.begin(), begins.end(), begins.begin());
        std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
        for (std::size_t i = 0; i < group_of.size(); ++i) pictures[next[static_cast<std::size_t>(group_of[i])]++] = i;
    }

    std::size_t size(std::size_t group) const { return begins[group + 1] - begins[group]; }
};

std::vector<Palette> shared_palettes(const std::vector<RgbView>& pictures, const Members& members,
                                     const BatchOptions& options, const StopRequested& stop_requested) {
    const std::size_t n_groups = members.begins.size() - 1;
    std::vector<Palette> palettes(n_groups);
    // Many groups: a thread takes one after the other. Few: all threads count for each of them.
    const bool many = n_groups >= static_cast<std::size_t>(options.n_threads);
    const std::size_t n_grids = std::min(static_cast<std::size_t>(std::max(1, options.n_threads)), pictures.size());
    std::vector<ColorGrid> grids(n_grids);
    const auto count = [&](std::size_t group, std::size_t i, ColorGrid& grid) {
        grid.add(pictures[members.pictures[members.begins[group] + i]]);
    };
    if (many) {
        run_tasks(n_groups, static_cast<int>(n_grids), [&](int thread, std::size_t group) {
            if (thread == 0) check_stop(stop_requested);
            if (members.size(group) < 2) return;
            for (std::size_t i = 0; i < members.size(group); ++i) count(group, i, grids[thread]);
            palettes[group] = grids[thread].palette(options);
        });
        return palettes;
    }
    for (std::size_t group = 0; group < n_groups; ++group) {
        if (members.size(group) < 2) continue;
        run_tasks(members.size(group), static_cast<int>(n_grids), [&](int thread, std::size_t i) {
            if (thread == 0) check_stop(stop_requested);
            count(group, i, grids[thread]);
        });
        for (std::size_t g = 1; g < n_grids; ++g) grids[0].take(grids[g]);
        palettes[group] = grids[0].palette(options);
    }
    return palettes;
}

}  // namespace

int bits_for(int k) { return k <= 2 ? 1 : k <= 4 ? 2 : k <= 16 ? 4 : 8; }

QuantizedBatch quantize_batch(const std::vector<RgbView>& pictures, const std::vector<std::int32_t>& group_of,
                              std::size_t n_groups, const BatchOptions& options, const StopRequested& stop_requested) {
    const int bits = bits_for(options.k);
    QuantizedBatch batch;
    batch.offsets.assign(1, 0);
    for (const RgbView& picture : pictures) {
        batch.offsets.push_back(batch.offsets.back() + static_cast<std::int64_t>(packed_size(picture.n_pixels, bits)));
    }
    batch.packed.resize(static_cast<std::size_t>(batch.offsets.back()));

    const Members members(group_of, n_groups);
    std::vector<Palette> palettes(n_groups);
    if (n_groups < pictures.size()) palettes = shared_palettes(pictures, members, options, stop_requested);

    std::vector<Workspace> workspaces(
        std::min(static_cast<std::size_t>(std::max(1, options.n_threads)), std::max<std::size_t>(1, pictures.size())));
    run_tasks(pictures.size(), static_cast<int>(workspaces.size()), [&](int thread, std::size_t i) {
        if (thread == 0) check_stop(stop_requested);
        Workspace& work = workspaces[thread];
        work.table.count(pictures[i].pixels_srgb8, pictures[i].n_pixels);
        const auto group = static_cast<std::size_t>(group_of[i]);
        if (members.size(group) == 1) {
            palettes[group] = palette_of_table(work, options);
        } else {
            work.labels.assign(work.table.colors().n, 0);
        }
        write_indices(work, palettes[group], bits, batch.packed.data() + batch.offsets[i]);
    });

    const std::size_t stride = 3 * static_cast<std::size_t>(options.k);
    batch.palettes.assign(n_groups * stride, 0);
    for (std::size_t group = 0; group < n_groups; ++group) {
        const std::vector<std::uint8_t>& entries = palettes[group].entries_srgb8;
        std::copy(entries.begin(), entries.end(), batch.palettes.begin() + static_cast<std::ptrdiff_t>(group * stride));
        batch.palette_sizes.push_back(static_cast<std::int32_t>(entries.size() / 3));
    }
    return batch;
}

std::vector<float> color_histograms(const std::vector<RgbView>& pictures, int n_threads,
                                    const StopRequested& stop_requested) {
    std::vector<float> histograms(pictures.size() * kHistogramBins);
    run_tasks(pictures.size(), n_threads, [&](int thread, std::size_t i) {
        if (thread == 0) check_stop(stop_requested);
        std::array<std::uint64_t, kHistogramBins> counts{};
        for (std::size_t p = 0; p < pictures[i].n_pixels; ++p) {
            const std::uint8_t* rgb = pictures[i].pixels_srgb8 + 3 * p;
            ++counts[static_cast<std::size_t>(rgb[0] >> 6 << 4 | rgb[1] >> 6 << 2 | rgb[2] >> 6)];
        }
        for (std::size_t bin = 0; bin < kHistogramBins; ++bin) {
            const double share = static_cast<double>(counts[bin]) / static_cast<double>(pictures[i].n_pixels);
            histograms[i * kHistogramBins + bin] = static_cast<float>(std::sqrt(share));
        }
    });
    return histograms;
}

}  // namespace huepress
