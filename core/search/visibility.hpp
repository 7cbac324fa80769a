// Where the eye sees errors: in smooth places more than in texture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace huepress {

// Square roots of the pixels' weights, of mean weight 1. With s the standard deviation of the
// lightness in the 5 x 5 pixels around, w is proportional to
//     1 / (1/strongest + (1 - 1/strongest) * min(1, s / texture)),
// between 1 in texture and `strongest` where it is flat (contrast masking).
// lightness: of each color; row_of: the color of each pixel (rows x width).
std::vector<float> visibility_roots(const std::vector<float>& lightness, const std::uint32_t* row_of, int width,
                                    int rows, float strongest, float texture);

}  // namespace huepress
