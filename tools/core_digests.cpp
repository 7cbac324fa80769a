// Runs the core on a generated corpus and prints a name of every result's bits, for processors that have no Python
// here: see core_digests.py. The corpus is made of integers only, so that no C library has a say in it.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "cluster/kmeans.hpp"
#include "color/color_space.hpp"
#include "color/histogram.hpp"
#include "png/png.hpp"
#include "score/ssimulacra2.hpp"
#include "search/lzw_search.hpp"
#include "search/spatial.hpp"
#include "search/visibility.hpp"
#include "segment/borders.hpp"
#include "segment/edges.hpp"
#include "segment/evidence.hpp"
#include "segment/merge.hpp"
#include "segment/potts.hpp"
#include "segment/regions.hpp"
#include "segment/watershed.hpp"
#include "still/still.hpp"
#include "support/random.hpp"

using namespace huepress;

namespace {

const StopRequested kNever = [] { return false; };

// FNV-1a over bytes, the low one of every number first.
class Digest {
public:
    template <class T>
    Digest& add(const T* values, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            std::uint64_t bits = 0;
            if constexpr (sizeof(T) == 8) {
                std::memcpy(&bits, values + i, 8);
            } else if constexpr (sizeof(T) == 4) {
                std::uint32_t half;
                std::memcpy(&half, values + i, 4);
                bits = half;
            } else {
                bits = static_cast<std::uint64_t>(values[i]);
            }
            for (std::size_t b = 0; b < sizeof(T); ++b) hash_ = (hash_ ^ (bits >> 8 * b & 255)) * 0x100000001B3ull;
        }
        return *this;
    }
    template <class T>
    Digest& add(const std::vector<T>& values) {
        return add(values.data(), values.size());
    }
    Digest& add(const std::vector<Float4>& values) {
        for (const Float4& value : values) {
            for (int d = 0; d < 4; ++d) {
                const float each = value[d];
                add(&each, 1);
            }
        }
        return *this;
    }
    template <class T>
    Digest& number(T value) {
        return add(&value, 1);
    }
    void print(const std::string& name) const {
        std::printf("%s %016llx\n", name.c_str(), static_cast<unsigned long long>(hash_));
    }

private:
    std::uint64_t hash_ = 0xCBF29CE484222325ull;
};

int triangle(int at, int period) {
    const int phase = (at % period + period) % period * 2 - period;
    return (phase < 0 ? -phase : phase) * 255 / period;
}

struct Picture {
    std::string name;
    int width, height, channels;
    std::vector<std::uint8_t> srgb8;
};

// Soft shapes with noise, as photographs have.
Picture soft(int width, int height, int channels, std::uint64_t seed) {
    Picture picture{channels == 4 ? "alpha" : "photo", width, height, channels, {}};
    Random random(seed, 0);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            for (int c = 0; c < channels; ++c) {
                const int value = (triangle(x + c * y / 3, 61 + 14 * c) + 2 * triangle(y - c * x / 5, 83 - 9 * c) +
                                   triangle(x * y / 40, 97)) /
                                  4;
                const int noisy = value + static_cast<int>(random.next() >> 32 & 15) - 8;
                picture.srgb8.push_back(static_cast<std::uint8_t>(noisy < 0 ? 0 : noisy > 255 ? 255 : noisy));
            }
        }
    }
    return picture;
}

// Flat shapes, as screens have.
Picture drawn(int width, int height) {
    Picture picture{"drawn", width, height, 3,
                    std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), 244)};
    for (int n = 0; n < 24; ++n) {
        const int top = n * 29 % height, left = n * 43 % width;
        for (int y = top; y < height && y < top + 9 + n % 7 * 5; ++y) {
            for (int x = left; x < width && x < left + 11 + n % 5 * 9; ++x) {
                std::uint8_t* pixel = &picture.srgb8[static_cast<std::size_t>(3 * (y * width + x))];
                pixel[0] = static_cast<std::uint8_t>(n * 53 % 256);
                pixel[1] = static_cast<std::uint8_t>(255 - n * 31 % 256);
                pixel[2] = static_cast<std::uint8_t>(n * 97 % 256);
            }
        }
    }
    return picture;
}

struct Prepared {
    ColorCounts table;
    std::vector<std::uint32_t> color_of;
    std::vector<float> points;
    std::size_t n() const { return table.counts.size(); }
};

Prepared prepare(const Picture& picture, ColorSpace space) {
    Prepared p;
    const std::size_t n_pixels = picture.srgb8.size() / static_cast<std::size_t>(picture.channels);
    p.color_of.resize(n_pixels);
    p.table = count_colors(picture.srgb8.data(), n_pixels, picture.channels, p.color_of.data(), 1);
    p.points.resize(p.table.colors.size());
    colors_to_points(space, p.table.colors.data(), p.n(), picture.channels, p.points.data());
    return p;
}

void cluster(const Picture& picture) {
    for (const ColorSpace space : {ColorSpace::srgb, ColorSpace::oklab}) {
        const Prepared p = prepare(picture, space);
        const std::string where = picture.name + (space == ColorSpace::srgb ? " srgb " : " oklab ");
        Digest().add(p.table.colors).add(p.table.counts).add(p.color_of).add(p.points).print("points/" + where);
        const Points points{p.points.data(), p.table.counts.data(), p.n(), picture.channels};
        for (const Init init : {Init::wu, Init::kmeanspp, Init::random}) {
            for (const int k : {2, 16, 100}) {
                KMeansOptions options{k, init, 2, 8};
                options.seed = 7;
                const Clustering found = kmeans(points, options, kNever);
                std::vector<std::uint8_t> colors(static_cast<std::size_t>(k * picture.channels));
                points_to_colors(space, found.centers.data(), static_cast<std::size_t>(k), picture.channels,
                                 colors.data());
                Digest()
                    .add(found.centers)
                    .add(found.labels)
                    .number(found.inertia)
                    .add(colors)
                    .print("k-means/" + where + std::to_string(static_cast<int>(init)) + " " + std::to_string(k));
            }
        }
    }
}

void search(const Picture& picture) {
    const Prepared p = prepare(picture, ColorSpace::oklab);
    const Points points{p.points.data(), p.table.counts.data(), p.n(), picture.channels};
    for (const int k : {4, 16, 64}) {
        const Clustering found = kmeans(points, {k}, kNever);
        for (const Coder coder : {Coder::deflate, Coder::webp}) {
            SpatialOptions options;
            options.coder = coder;
            options.unit = k <= 4 ? 4 : k <= 16 ? 2 : 1;
            options.reach = {6, 40, 0};
            SpatialSearch spatial(p.points.data(), p.n(), p.color_of.data(), picture.width, picture.height,
                                  found.centers.data(), k, picture.channels, options);
            Digest digest;
            for (const TrellisSettings& settings :
                 {TrellisSettings{0.001f, 2.0f, false, 1, 0}, TrellisSettings{0.001f, 2.0f, true, 3, 12}}) {
                const SpatialSearch::Sweep sweep = spatial.sweep(settings, 1, kNever);
                digest.number(sweep.distortion).number(sweep.bits).add(spatial.indices());
            }
            const std::vector<std::uint8_t> fixed(static_cast<std::size_t>(k), 0);
            digest.add(spatial.refit(fixed.data(), 1, kNever));
            digest.print("search/" + picture.name + " " + std::to_string(k) +
                         (coder == Coder::webp ? " webp" : " png"));
        }
    }
}

void search_gif(const Picture& picture) {
    const Prepared p = prepare(picture, ColorSpace::oklab);
    const int k = 32, dims = picture.channels;
    const Clustering found = kmeans({p.points.data(), p.table.counts.data(), p.n(), dims}, {k}, kNever);
    std::vector<Float4> colors(p.n(), Float4{}), looks(k, Float4{});
    std::vector<float> lightness;
    for (std::size_t i = 0; i < p.n(); ++i) {
        for (int d = 0; d < dims; ++d) colors[i][d] = p.points[i * dims + d];
        lightness.push_back(colors[i][0]);
    }
    for (int i = 0; i < k; ++i) {
        for (int d = 0; d < dims; ++d) looks[i][d] = found.centers[i * dims + d];
    }
    const SpatialOptions defaults;
    const std::vector<float> roots = visibility_roots(lightness, p.color_of.data(), picture.width, picture.height,
                                                      defaults.strongest_visibility, defaults.texture);
    const std::size_t n = p.color_of.size();
    const std::vector<float> stays(n, 2.0f), holds(n, 0.5f);
    const std::vector<Float4> held(n, Float4{0.5f, 0.1f, 0.0f});
    const std::vector<std::uint16_t> canvas(n, 3), required(n, kFreeLook);
    for (const bool diffuse : {false, true}) {
        const int ahead = diffuse ? 4 : 0;
        const LzwFrame frame{colors.data(),
                             p.color_of.data(),
                             roots.data(),
                             stays.data(),
                             holds.data(),
                             held.data(),
                             canvas.data(),
                             required.data(),
                             required.data(),
                             picture.width,
                             0,
                             0,
                             picture.width,
                             picture.height,
                             looks,
                             k,
                             k,
                             diffuse,
                             0.5f,
                             32,
                             ahead};
        const LzwResult result = search_lzw(frame, 0.0005f, kNever);
        Digest()
            .add(result.codes)
            .add(result.indices)
            .number(result.distortion)
            .print("gif/" + picture.name + (diffuse ? " diffused" : ""));
    }
}

void segment(const Picture& picture) {
    const Prepared p = prepare(picture, ColorSpace::oklab);
    const int dims = picture.channels, k = 6;
    const Clustering found = kmeans({p.points.data(), p.table.counts.data(), p.n(), dims}, {k}, kNever);
    const std::size_t n = p.color_of.size();
    std::vector<float> of_pixels(n * dims);
    std::vector<std::int32_t> labels(n);
    for (std::size_t i = 0; i < n; ++i) {
        for (int d = 0; d < dims; ++d) of_pixels[i * dims + d] = p.points[p.color_of[i] * dims + d];
        labels[i] = found.labels[p.color_of[i]];
    }
    const PottsModel model{
        of_pixels.data(), found.centers.data(), picture.width, picture.height, dims, k, 30000.0f, 700};
    for (int i = 0; i < 3; ++i) potts_sweep(model, labels.data(), 1, kNever);
    std::vector<std::int32_t> regions(n);
    const std::vector<std::int32_t> label_of =
        label_regions(labels.data(), picture.width, picture.height, regions.data());
    Digest().add(labels).add(regions).add(label_of).print("segments/" + picture.name);
    const std::vector<float> edges =
        edge_strengths(of_pixels.data(), picture.width, picture.height, dims, 1.5f, 1, kNever);
    std::vector<std::uint16_t> heights(n);
    for (std::size_t i = 0; i < n; ++i)
        heights[i] = static_cast<std::uint16_t>(edges[i] < 1.0f ? edges[i] * 65535.0f : 65535.0f);
    std::vector<std::int32_t> cells(n);
    const std::int32_t n_cells = mark_minima(heights.data(), picture.width, picture.height, cells.data());
    flood(heights.data(), picture.width, picture.height, cells.data());
    GroupSums sums = sum_groups(cells.data(), of_pixels.data(), n, dims, n_cells, 1);
    const auto n_regions = static_cast<std::size_t>(n_cells);
    const std::vector<EdgeMaps> maps{{edges.data(), 1, 0}};
    const RegionStatistics statistics{
        sums.areas,          {sums.points, dims},
        sums.squares,        {sums.points, dims},
        {sums.points, dims}, sum_inside(cells.data(), picture.width, picture.height, maps, n_regions)};
    const BorderEvidence evidence(find_borders(cells.data(), picture.width, picture.height, maps, n_regions),
                                  statistics);
    // Weights of no meaning, two units.
    std::vector<double> hidden(2 * evidence.n_features());
    for (std::size_t i = 0; i < hidden.size(); ++i) hidden[i] = 0.25 * static_cast<double>(i % 7) - 0.5;
    const double biases[] = {9.5, 6.25}, output[] = {0.5, -0.375};
    const std::vector<MergeStep> steps =
        merge_by_borders(evidence, n_regions, {hidden.data(), biases, output, -1.0, 2, 3.0, 0.5}, kNever);
    Digest digest;
    digest.add(edges).add(cells);
    for (const MergeStep& step : steps) digest.number(step.into).number(step.from).number(step.cost);
    digest.print("regions/" + picture.name);
}

void score(const Picture& picture) {
    Picture worse = picture;
    for (std::uint8_t& value : worse.srgb8) value = static_cast<std::uint8_t>(value / 24 * 24 + 12);
    const Ssimulacra2 original({picture.srgb8.data(), picture.width, picture.height, picture.channels}, 1);
    const double found = original.score({worse.srgb8.data(), worse.width, worse.height, worse.channels}, 1);
    Digest().number(found).print("score/" + picture.name);
}

void compress(const Picture& picture) {
    std::vector<std::uint8_t> rgba;
    for (std::size_t i = 0; i < picture.srgb8.size(); i += picture.channels) {
        for (int c = 0; c < 4; ++c) rgba.push_back(c < picture.channels ? picture.srgb8[i + c] : 255);
    }
    for (const int effort : {0, 5}) {
        for (const int k : {16, 256}) {
            StillOptions options;
            options.n_colors = k;
            options.effort = effort;
            const IndexedPicture found =
                quantize_still(rgba.data(), picture.width, picture.height, options, kNever, {});
            Digest()
                .add(found.palette)
                .add(found.indices)
                .add(write_png(found, effort, kNever))
                .print("still/" + picture.name + " " + std::to_string(k) + " " + std::to_string(effort));
        }
    }
}

}  // namespace

int main() {
    const Picture corpus[] = {soft(150, 110, 3, 1), drawn(120, 90), soft(70, 60, 4, 2)};
    for (const Picture& picture : corpus) {
        cluster(picture);
        search(picture);
        if (picture.channels == 3) search_gif(picture);
        if (picture.channels == 3) segment(picture);
        score(picture);
        compress(picture);
    }
    return 0;
}
