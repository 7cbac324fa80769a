// The C interface as a WebAssembly module, without exceptions: what would throw ends in the host's function `fail`,
// which throws there and leaves the module's memory to the garbage collector.
#include <cmath>
#include <cstdlib>
#include <new>

#include "huepress_core.h"
#include "png/png.hpp"
#include "still/still.hpp"

#define HUEPRESS_EXPORT(name) __attribute__((export_name(#name)))
#define HUEPRESS_IMPORT(name) __attribute__((import_module("huepress"), import_name(#name)))

namespace {

enum Failure : std::uint32_t { kOutOfMemory = 1, kInternal = 2 };

extern "C" {
HUEPRESS_IMPORT(progress) void huepress_progress(double part);
HUEPRESS_IMPORT(fail) [[noreturn]] void huepress_fail(std::uint32_t failure);
}

void* allocated(std::size_t size) {
    void* memory = std::malloc(size ? size : 1);
    if (!memory) huepress_fail(kOutOfMemory);
    return memory;
}

struct Result : huepress_result {
    huepress::IndexedPicture picture;
    std::vector<std::uint8_t> file;
};

}  // namespace

// All memory of C++ comes from here, so that its end is told before anything else is.
void* operator new(std::size_t size) { return allocated(size); }
void* operator new[](std::size_t size) { return allocated(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

extern "C" {

// What the compiler makes of `throw`.
void* __cxa_allocate_exception(std::size_t) { huepress_fail(kInternal); }
void __cxa_free_exception(void*) {}
void __cxa_throw(void*, void*, void (*)(void*)) { huepress_fail(kInternal); }

HUEPRESS_EXPORT(allocate) void* huepress_allocate(std::size_t size) { return std::malloc(size ? size : 1); }

HUEPRESS_EXPORT(free) void huepress_free(void* memory) { std::free(memory); }

HUEPRESS_EXPORT(quantize)
const huepress_result* huepress_quantize(const std::uint8_t* rgba, std::uint32_t width, std::uint32_t height,
                                         std::uint32_t colors, std::uint32_t effort, double rate, std::uint32_t dither,
                                         std::uint32_t alpha, std::uint32_t with_png) {
    constexpr std::uint32_t kMostPixels = 1u << 30;  // four bytes each, all of a module's memory
    if (!rgba || !width || !height || width > kMostPixels / height) return nullptr;
    if (colors < 2 || colors > 256 || effort > huepress::kMostEffort) return nullptr;
    if (!(rate >= 0.0) || !(rate <= 1000.0) || dither > HUEPRESS_DITHER_FULL || alpha > HUEPRESS_ALPHA_FREE)
        return nullptr;
    huepress::StillOptions options;
    options.n_colors = static_cast<int>(colors);
    options.effort = static_cast<int>(effort);
    options.rate = rate;
    options.dither = static_cast<huepress::Dither>(dither);
    options.alpha = static_cast<huepress::Alpha>(alpha);
    auto* result = new Result{};
    result->picture = huepress::quantize_still(rgba, static_cast<int>(width), static_cast<int>(height), options, {},
                                               [](double part) { huepress_progress(part); });
    if (with_png) result->file = huepress::write_png(result->picture, options.effort, {});
    result->palette = result->picture.palette.data();
    result->n_colors = static_cast<std::uint32_t>(result->picture.palette.size() / 4);
    result->indices = result->picture.indices.data();
    result->n_pixels = static_cast<std::uint32_t>(result->picture.indices.size());
    result->png = with_png ? result->file.data() : nullptr;
    result->png_size = static_cast<std::uint32_t>(result->file.size());
    return result;
}

HUEPRESS_EXPORT(release) void huepress_release(const huepress_result* result) {
    delete static_cast<const Result*>(result);
}

}  // extern "C"
