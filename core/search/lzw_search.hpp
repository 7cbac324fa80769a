// Says the pixels of a GIF frame in LZW codes (GIF89a, appendix F), choosing indices and codes
// together: distortion as the eye weighs it, plus lambda times the bits of the codes.
//
// At each step the tree of the dictionary is walked from its root; every string in it is a way to say
// the next pixels, at the price of the errors that it makes. The string taken is the one with the
// least D + lambda * R - c * n, where n pixels said spare c each, what a pixel has cost lately: the
// parametric form of the least cost per pixel (W. Dinkelbach 1967). Errors are diffused as in
// trellis.hpp. A pixel may be said by the transparent index where what lies on the canvas will do.
//
// An error counts for as long as the pixel stays, since its bits are paid once; and only as far as it is above the
// least that any entry could give: what no symbol can avoid would let strings run on over flat ground and end early on
// detail.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "support/float4.hpp"
#include "support/parallel.hpp"

namespace huepress {

// A look is a color by its number in `looks`, the palette's entries first, or one of these.
inline constexpr std::uint16_t kClearLook = 0xFFFF;  // nothing: the canvas shows through
inline constexpr std::uint16_t kFreeLook = 0xFFFE;   // not required: whatever is near the source

struct LzwFrame {
    const Float4* color_points;        // of each color of the source
    const std::uint32_t* color_of;     // canvas: the color of each pixel
    const float* visibility_roots;     // canvas
    const float* stays;                // canvas: for how many frames each pixel stays as the source has it
    const float* holds;                // canvas: what the color in `held` weighs, against 1 for the source's
    const Float4* held;                // canvas: the source's color with the error of the frame before
    const std::uint16_t* canvas_look;  // canvas: what lies there before the frame is drawn
    const std::uint16_t* required;     // canvas: the look a pixel must get, or kFreeLook
    const std::uint16_t* proposed;     // canvas: the same, for pixels whose errors count; or kFreeLook
    int canvas_width;
    int left, top, width, rows;  // the rectangle that the frame covers
    std::vector<Float4> looks;
    int n_entries;    // of the palette
    int transparent;  // its index, which hides an entry of that number; or -1
    bool diffuse;
    // What it costs beside its code to say again what lies on the canvas, instead of leaving it there: one symbol
    // for all that stays keeps the dictionary clean.
    float again_bits;
    int starts;  // first symbols of a string that are looked at, the cheapest; at least 1
    int ahead;   // ways to go on that are judged by the string after them, too; 16 at most
};

struct LzwResult {
    int min_code_size = 0;
    std::vector<std::uint8_t> codes;    // packed, not yet cut into sub-blocks
    std::vector<std::uint8_t> indices;  // rows x width
    double distortion = 0.0;
};

// lambda: distortion that a bit is worth. Where all looks are required any lambda above 0 gives the
// same greedy code.
LzwResult search_lzw(const LzwFrame& frame, float lambda, const StopRequested& stop_requested);

}  // namespace huepress
