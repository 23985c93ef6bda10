/* Cutting a turned, scaled rectangle out of a picture into a network's input. Any thread. */
#pragma once

#include "face/image.h"

/* x' = a x - b y + tx, y' = b x + a y + ty: turning, scaling and moving, nothing else. */
struct similarity {
    float a, b, tx, ty;
};

/* x' = sx x + kx y + tx, y' = ky x + sy y + ty. */
struct affine {
    float sx, kx, tx;
    float ky, sy, ty;
};

/* What becomes of a pixel on its way into the tensor: (value - mean) * scale. */
struct pixel_format {
    bool bgr;
    float mean, scale;
    bool aliased; /* take single samples, however coarse, because the network learnt from such */
};

/*
 * The similarity that takes `from` nearest to `to` in the least-squares sense (Umeyama 1991, in
 * closed form for the plane). False when the points coincide.
 */
bool jz_similarity_fit(const float (*from)[2], const float (*to)[2], int count,
                       struct similarity *ret);

struct affine jz_similarity_invert(struct similarity s);

/* A square of side × side output pixels about (x, y), turned by angle, `scale` image pixels each.
 */
struct affine jz_affine_square(float x, float y, float angle, float scale, int side);

static inline void jz_affine_apply(const struct affine *t, float x, float y, float ret[2])
{
    ret[0] = t->sx * x + t->kx * y + t->tx;
    ret[1] = t->ky * x + t->sy * y + t->ty;
}

/*
 * Fills width × height pixels (three floats each, rows `row_pixels` apart) with the picture seen
 * through `to_image`, which takes the centre of an output pixel to image coordinates, where (0, 0)
 * is the centre of the first pixel. Bilinear; where the picture is finer than the output it is
 * halved first (unless aliased), in `scratch`, which is kept from call to call. Outside the picture
 * is black.
 */
int jz_warp(const struct jz_image *image, const struct affine *to_image,
            const struct pixel_format *format, int width, int height, int row_pixels, float *out,
            struct jz_image *scratch, struct jz_error *err) JZ_MUST_CHECK;

/* warp_rows.c, once for each kind of processor. */
#ifndef JZ_ROWS
#define JZ_ROWS(name) name##_plain
#endif

/*
 * One row of bilinear samples, all of them inside: `pixels` has rows `stride` bytes apart, the
 * first sample lies at `from`, each next one a `step` further.
 */
void sample_plain(const uint8_t *pixels, size_t stride, const float from[2], const float step[2],
                  int count, const struct pixel_format *format, float *out);
void sample_avx2(const uint8_t *pixels, size_t stride, const float from[2], const float step[2],
                 int count, const struct pixel_format *format, float *out);

/* Each of width × height output pixels is the mean of two by two. In place is fine. */
void halve_plain(const uint8_t *from, size_t stride, int width, int height, uint8_t *to);
void halve_avx2(const uint8_t *from, size_t stride, int width, int height, uint8_t *to);
