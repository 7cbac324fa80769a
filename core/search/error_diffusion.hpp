// Classical error diffusion, for palettes that were given: along a serpentine (R. W. Floyd and L. Steinberg 1976) and
// along a curve (L. Riemersma, "A balanced dithering technique", 1998).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

struct DiffusedPicture {
    // Colors of the picture and entries of the palette, `dims` coordinates each, in sixteenths of a code.
    const std::int32_t* colors = nullptr;
    const std::int32_t* entries = nullptr;
    std::size_t n_entries = 0;
    std::size_t dims = 0;
    // The color of each pixel, row by row.
    const std::uint32_t* color_of = nullptr;
    std::size_t width = 0;
    std::size_t height = 0;
    // Of each color the entry that it takes whatever the errors, which pass it by; -1 where they decide.
    const std::int16_t* fixed = nullptr;
    // Which classes of entries each color may take, as bits, and the class of each entry.
    const std::uint8_t* allowed = nullptr;
    const std::uint8_t* class_of_entry = nullptr;
    // Sixteenths of an error that are handed on: all of it keeps the means of areas, less leaves fewer dots.
    int strength = 16;
};

// The entry of each pixel: the nearest to its color and the errors handed to it, kept within the range of all colors
// and entries, so that what no entry can repair does not add up. Integers only.
std::vector<std::uint8_t> diffuse_errors(const DiffusedPicture& picture);

// The same along Hilbert's curve: each pixel is handed a mean of the errors before it, each of which counts 6/16 of the
// next. No rows of dots settle.
std::vector<std::uint8_t> diffuse_along_curve(const DiffusedPicture& picture);

}  // namespace huepress
