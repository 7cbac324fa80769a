// The one place that chooses an instruction set. Every kernel gives the same bits on each of them.
#pragma once

#include <string>

namespace huepress {

enum class Simd { baseline, avx2 };

// Whether the processor has what the whole build was made for.
bool processor_suffices();

// The best that the processor has, unless another was set.
Simd simd_level();

// "baseline" or "avx2"; false, and nothing is changed, where the processor or the build lacks it.
bool set_simd_level(const std::string& name);

}  // namespace huepress
