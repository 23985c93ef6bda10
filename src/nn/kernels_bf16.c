/* Compiled for AVX-512 (see meson.build); called only where bf16 arithmetic was found. */
#include "nn/kernels_internal.h"

#include <string.h>

static inline uint16_t to_bf16(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return (uint16_t)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

static inline float from_bf16(uint16_t h)
{
    const uint32_t u = (uint32_t)h << 16;
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

void jz_nn_affine_bf16(uint16_t *dst, const float *src, const float *scale, const float *shift,
                       size_t period, size_t count)
{
    for (size_t i = 0; i < count; i += period) {
        const size_t n = count - i < period ? count - i : period;
        for (size_t j = 0; j < n; j++)
            dst[i + j] = to_bf16(src[i + j] * scale[j] + shift[j]);
    }
}

void jz_nn_prelu_bf16(uint16_t *dst, const uint16_t *src, const float *slope, size_t period,
                      size_t count)
{
    for (size_t i = 0; i < count; i += period) {
        const size_t n = count - i < period ? count - i : period;
        for (size_t j = 0; j < n; j++) {
            const float x = from_bf16(src[i + j]);
            dst[i + j] = to_bf16(x < 0 ? x * slope[j] : x);
        }
    }
}
