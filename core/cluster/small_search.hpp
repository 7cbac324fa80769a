// Nearest centers of few points in three dimensions by brute force, the same result as that of nearest.hpp: a
// processor compares many points at once with a center, and lists of neighbors would take longer to make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/points.hpp"

namespace huepress {

class SmallSearch {
public:
    static bool suits(const Points& points, int k);

    explicit SmallSearch(const Points& points);

    // Finds the nearest of k centers for every point.
    void run(const float* centers, int k);

    std::int32_t label(std::size_t i) const { return labels_[i]; }
    float distance(std::size_t i) const { return distances_[i]; }  // squared

private:
    std::vector<float> blocks_;  // sixteen x, as many y and z, and so on
    std::vector<std::int32_t> labels_;
    std::vector<float> distances_;
};

}  // namespace huepress
