// Palette indices of 1, 2, 4 or 8 bits, the first pixel in a byte's highest bits, as in PNG; rows follow each
// other without gaps, every picture begins at a byte.
#pragma once

#include <cstddef>
#include <cstdint>

namespace huepress {

inline constexpr std::size_t packed_size(std::size_t n_pixels, int bits) {
    const std::size_t per_byte = 8 / static_cast<std::size_t>(bits);
    return n_pixels / per_byte + (n_pixels % per_byte != 0);
}

// packed[...] = the entries named by row_of_pixel; what is left of the last byte is zero.
void pack_indices(const std::uint8_t* entry_of_row, const std::uint32_t* row_of_pixel, std::size_t n_pixels, int bits,
                  std::uint8_t* packed);

// indices: one byte a pixel.
void unpack_indices(const std::uint8_t* packed, std::size_t n_pixels, int bits, std::uint8_t* indices);

// pixels_srgb8: n_pixels x 3. Indices past the palette's n_entries are black, whatever stands in `packed`.
void expand_indices(const std::uint8_t* packed, std::size_t n_pixels, int bits, const std::uint8_t* palette_srgb8,
                    std::size_t n_entries, std::uint8_t* pixels_srgb8);

}  // namespace huepress
