// A point of up to four coordinates, in one register.
#pragma once

#include "support/vectors.hpp"

namespace huepress {

using Float4 = Vector<float, 4>;

static inline float squared_norm(Float4 v) {
    const Float4 squares = v * v;
    return (squares[0] + squares[1]) + (squares[2] + squares[3]);
}

}  // namespace huepress
