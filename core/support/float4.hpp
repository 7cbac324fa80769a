// A point of up to four coordinates, in one register.
#pragma once

namespace huepress {

using Float4 = float __attribute__((vector_size(16)));

inline float squared_norm(Float4 v) {
    const Float4 squares = v * v;
    return (squares[0] + squares[1]) + (squares[2] + squares[3]);
}

}  // namespace huepress
