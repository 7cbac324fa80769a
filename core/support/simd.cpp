#include "support/simd.hpp"

#include <atomic>

namespace huepress {
namespace {

bool has_avx2() {
#if defined(HUEPRESS_HAVE_AVX2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

std::atomic<Simd>& chosen() {
    static std::atomic<Simd> level{has_avx2() ? Simd::avx2 : Simd::baseline};
    return level;
}

}  // namespace

Simd simd_level() { return chosen(); }

bool set_simd_level(const std::string& name) {
    if (name == "baseline") {
        chosen() = Simd::baseline;
        return true;
    }
    if (name != "avx2" || !has_avx2()) return false;
    chosen() = Simd::avx2;
    return true;
}

}  // namespace huepress
