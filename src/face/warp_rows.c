/*
 * The two inner loops of warp.c. This file is compiled twice, for any processor and for those with
 * AVX2, under the names that JZ_ROWS makes; warp.c picks one when it first runs.
 */
#include "face/warp_internal.h"

#include <string.h>

/* Four lanes a pixel: the fourth is the neighbour's first byte and is thrown away. */
typedef float vec4 __attribute__((vector_size(16)));

#ifdef __AVX2__
#include <immintrin.h>

/* Two neighbours in one register; eight bytes are read, which the third pixel always has. */
static inline __m256 load_two(const uint8_t *p)
{
    const __m128i apart = _mm_setr_epi8(0, 1, 2, 3, 3, 4, 5, 6, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i bytes = _mm_loadl_epi64((const void *)p);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_shuffle_epi8(bytes, apart)));
}

static inline vec4 blend(const uint8_t *p, size_t stride, float fx, float fy)
{
    const __m256 top = load_two(p), bottom = load_two(p + stride);
    const __m256 column = _mm256_fmadd_ps(_mm256_sub_ps(bottom, top), _mm256_set1_ps(fy), top);
    const __m128 left = _mm256_castps256_ps128(column), right = _mm256_extractf128_ps(column, 1);
    return _mm_fmadd_ps(_mm_sub_ps(right, left), _mm_set1_ps(fx), left);
}
#else
static inline vec4 load_pixel(const uint8_t *p)
{
    return (vec4){ (float)p[0], (float)p[1], (float)p[2], 0 };
}

static inline vec4 blend(const uint8_t *p, size_t stride, float fx, float fy)
{
    const vec4 a = load_pixel(p), b = load_pixel(p + 3);
    const vec4 c = load_pixel(p + stride), d = load_pixel(p + stride + 3);
    const vec4 top = a + (b - a) * fx, bottom = c + (d - c) * fx;
    return top + (bottom - top) * fy;
}
#endif

void JZ_ROWS(sample)(const uint8_t *pixels, size_t stride, const float from[2], const float step[2],
                     int count, const struct pixel_format *format, float *out)
{
    const float scale = format->scale, offset = -format->mean * scale;
    /* Pixel on pixel, as when a camera's frame was just halved for the detector: nothing to blend.
     */
    if (step[0] == 1 && step[1] == 0 && from[0] == (float)(int)from[0] &&
        from[1] == (float)(int)from[1]) {
        const uint8_t *p = pixels + (size_t)from[1] * stride + 3 * (size_t)from[0];
        const int red = format->bgr ? 2 : 0;
        for (int i = 0; i < count; i++) {
            out[3 * i] = (float)p[3 * i + red] * scale + offset;
            out[3 * i + 1] = (float)p[3 * i + 1] * scale + offset;
            out[3 * i + 2] = (float)p[3 * i + 2 - red] * scale + offset;
        }
        return;
    }
    for (int i = 0; i < count; i++) {
        const float x = from[0] + step[0] * (float)i, y = from[1] + step[1] * (float)i;
        const int left = (int)x, top = (int)y;
        vec4 v = blend(pixels + (size_t)top * stride + 3 * (size_t)left, stride, x - (float)left,
                       y - (float)top);
        v = v * scale + offset;
        if (format->bgr)
            v = __builtin_shufflevector(v, v, 2, 1, 0, 3);
        /* The fourth lane is overwritten by the next pixel; behind the last one nothing is ours. */
        memcpy(out + 3 * (size_t)i, &v, (i + 1 < count ? 4 : 3) * sizeof(float));
    }
}

void JZ_ROWS(halve)(const uint8_t *from, size_t stride, int width, int height, uint8_t *to)
{
    enum { PART = 256 }; /* output pixels at a time: columns are added first, straight through */
    uint16_t sums[6 * PART];
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x += PART) {
            const int n = width - x < PART ? width - x : PART;
            const uint8_t *a = from + 2 * (size_t)y * stride + 6 * (size_t)x, *b = a + stride;
            uint8_t *out = to + 3 * ((size_t)y * (size_t)width + (size_t)x);
            for (int i = 0; i < 6 * n; i++)
                sums[i] = (uint16_t)(a[i] + b[i]);
            for (int i = 0; i < n; i++)
                for (int c = 0; c < 3; c++)
                    out[3 * i + c] = (uint8_t)((sums[6 * i + c] + sums[6 * i + 3 + c] + 2) >> 2);
        }
}
