// The pixels of a GIF frame's rectangle in the order in which its codes say them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "search/lzw_search.hpp"

namespace huepress {

struct LzwPixel {
    std::uint16_t required, proposed, under;
    // What happens here, since that decides about what it costs: it stays as it is (0), goes on with the color to its
    // left (1) or that above (2), or neither (3).
    std::uint16_t kind;
    float root, stay, hold;
    std::uint32_t color;
    std::uint32_t canvas;
};

inline constexpr int kLzwKinds = 4;

inline std::vector<LzwPixel> lzw_pixels(const LzwFrame& frame) {
    std::vector<LzwPixel> pixels;
    pixels.reserve(static_cast<std::size_t>(frame.width) * static_cast<std::size_t>(frame.rows));
    const auto pitch = static_cast<std::size_t>(frame.canvas_width);
    for (int y = 0; y < frame.rows; ++y) {
        std::size_t at = static_cast<std::size_t>(frame.top + y) * pitch + static_cast<std::size_t>(frame.left);
        for (int x = 0; x < frame.width; ++x, ++at) {
            const std::uint32_t color = frame.color_of[at];
            std::uint16_t kind = 3;
            if (frame.required[at] == frame.canvas_look[at])
                kind = 0;
            else if (x > 0 && color == frame.color_of[at - 1])
                kind = 1;
            else if (y > 0 && color == frame.color_of[at - pitch])
                kind = 2;
            pixels.push_back({frame.required[at], frame.proposed[at], frame.canvas_look[at], kind,
                              frame.visibility_roots[at], frame.stays[at], frame.holds[at], color,
                              static_cast<std::uint32_t>(at)});
        }
    }
    return pixels;
}

}  // namespace huepress
