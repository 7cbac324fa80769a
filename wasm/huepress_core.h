/* The core for programs in any language, and for WebAssembly: one picture in, palette, indices and a PNG out. */
#ifndef HUEPRESS_CORE_H
#define HUEPRESS_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum huepress_dither { HUEPRESS_DITHER_AUTO, HUEPRESS_DITHER_NONE, HUEPRESS_DITHER_FULL };
enum huepress_alpha { HUEPRESS_ALPHA_EXACT, HUEPRESS_ALPHA_FREE };

struct huepress_result {
    const uint8_t* palette; /* n_colors x 4: red, green, blue, straight alpha */
    uint32_t n_colors;
    const uint8_t* indices; /* height x width */
    uint32_t n_pixels;
    const uint8_t* png; /* null where none was asked for */
    uint32_t png_size;
};

/* Memory for the pixels; null where there is none left. */
void* huepress_allocate(size_t size);
void huepress_free(void* memory);

/* rgba: height x width x 4, straight alpha. colors: 2 to 256, at most. effort: 0 to 9. rate: 0 to 1000, what a bit is
   worth. Null where an argument makes no sense. To be given to huepress_release. */
const struct huepress_result* huepress_quantize(const uint8_t* rgba, uint32_t width, uint32_t height, uint32_t colors,
                                                uint32_t effort, double rate, uint32_t dither, uint32_t alpha,
                                                uint32_t with_png);
void huepress_release(const struct huepress_result* result);

#ifdef __cplusplus
}
#endif

#endif
