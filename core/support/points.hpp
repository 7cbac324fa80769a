// Weighted points, the input of every clustering function.
#pragma once

#include <cstddef>
#include <cstdint>

namespace huepress {

struct Points {
    const float* coordinates;      // n x dims, row-major
    const std::uint32_t* weights;  // n
    std::size_t n;
    int dims;

    const float* operator[](std::size_t i) const { return coordinates + i * static_cast<std::size_t>(dims); }
};

// Calls f with dims as a compile-time constant where that is worth it (0 stands for "any").
template <class F>
auto with_dims(int dims, F&& f) {
    if (dims == 3) return f.template operator()<3>();
    if (dims == 4) return f.template operator()<4>();
    return f.template operator()<0>();
}

// Squared Euclidean distance, summed in the order of the coordinates.
template <int D>
inline float squared_distance(const float* a, const float* b, int dims) {
    float sum = 0.0f;
    const int n = D ? D : dims;
    for (int d = 0; d < n; ++d) {
        const float difference = a[d] - b[d];
        sum += difference * difference;
    }
    return sum;
}

}  // namespace huepress
