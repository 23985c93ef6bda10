#include "nn/kernels_internal.h"

void jz_nn_affine_f32(float *dst, const float *src, const float *scale, const float *shift,
                      size_t period, size_t count)
{
    for (size_t i = 0; i < count; i += period) {
        const size_t n = count - i < period ? count - i : period;
        for (size_t j = 0; j < n; j++)
            dst[i + j] = src[i + j] * scale[j] + shift[j];
    }
}
