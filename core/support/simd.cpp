#include "support/simd.hpp"

#include <atomic>

#if defined(HUEPRESS_HAVE_AVX2) && defined(_MSC_VER)
#include <intrin.h>
#include <windows.h>
#endif

namespace huepress {
namespace {

bool has_avx2() {
#if defined(HUEPRESS_HAVE_AVX2) && defined(_MSC_VER)
    // Clang with Microsoft's libraries lacks what __builtin_cpu_supports calls.
    constexpr int kFmaBit = 12, kEcx = 2;
    int features[4];
    __cpuid(features, 1);
    return IsProcessorFeaturePresent(PF_AVX2_INSTRUCTIONS_AVAILABLE) && features[kEcx] >> kFmaBit & 1;
#elif defined(HUEPRESS_HAVE_AVX2)
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

bool processor_suffices() {
#if defined(HUEPRESS_X86_64_V2) && defined(_MSC_VER)
    return IsProcessorFeaturePresent(PF_SSE4_2_INSTRUCTIONS_AVAILABLE);
#elif defined(HUEPRESS_X86_64_V2)
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
#else
    return true;
#endif
}

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
