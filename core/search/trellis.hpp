// Chooses the indices of an image row by row: distortion as the eye weighs it, plus lambda times
// the coder's bits.
//
// The distortion is a sum of squares of v_p = sum_r B(r) sqrt(w) e(p - r) with the causal filter of
// eye_filter.hpp, so that each decision knows what it costs given the decisions before it:
// errors are diffused wherever that serves the eye. Along a row a shortest path over literals and
// matches (runs, and copies from the rows above) finds the cheapest way to say the row; a match
// need not be exact, it pays for the errors it makes. This joins entropy-constrained
// vector quantization (P. Chou, T. Lookabaugh, R. Gray 1989) with error diffusion and with the
// optimal parsing of Lempel-Ziv coders (J. Storer, T. Szymanski 1982).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "search/candidates.hpp"
#include "search/eye_filter.hpp"
#include "search/symbol_model.hpp"
#include "support/float4.hpp"

namespace huepress {

// What does not change while an image is searched.
struct TrellisImage {
    const Float4* color_points;     // of each color of the table
    const std::uint32_t* color_of;  // rows x width: the color of each pixel
    const float* visibility_roots;  // rows x width
    int width, rows;
    std::vector<Float4> palette;  // points of the entries
    int dims;                     // coordinates that count, 3 or 4
    const std::int32_t* repeats;  // rows x width, see repeats.hpp; needed where matches are searched for
    bool diffuse;                 // false: B is the identity, nothing is dithered
    const EyeFilter* filter = &kEyeFilter;
    // A hard rule, where there is one: the class of each entry, and of each color the classes that it may take, as
    // bits; some entry of them exists. Transparent and opaque pixels stay what they are by it.
    const std::uint8_t* allowed = nullptr;
    std::vector<std::uint8_t> entry_class = {};
};
inline constexpr int kEntryClasses = CandidateTrees::kClasses;

// Where copies may come from: near offsets, which are all tried, then those that are ranked first.
struct OffsetList {
    std::vector<Offset> all;
    std::size_t n_near = 0;
};

struct TrellisSettings {
    float lambda;       // distortion that one bit is worth
    float slack;        // bits by which a match may lag behind before it is given up
    bool matches;       // false: literals only, in a fraction of the time
    int survivors = 1;  // ways to say a row that are kept at each pixel
    int n_ranked = 0;   // far offsets that are tried at each pixel
    int warm_rows = 0;  // first rows of a band whose distortion does not count: no errors come to them from above
};

struct TrellisResult {
    double distortion = 0.0;
    SymbolCounts counts;
};

// Searches rows [begin, end) as if nothing stood above them, writing `indices` (rows x width).
// `trees` are of the image's palette and classes. Asks before each row whether to stop, and then leaves the rest
// undone.
TrellisResult search_rows(const TrellisImage& image, const OffsetList& offsets, const SymbolModel& model,
                          const TrellisSettings& settings, CandidateTrees& trees, int begin, int end,
                          std::uint8_t* indices, const std::function<bool()>& stop);

}  // namespace huepress
