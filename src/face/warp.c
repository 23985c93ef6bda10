#include "face/warp_internal.h"

#include <math.h>
#include <string.h>

bool jz_similarity_fit(const float (*from)[2], const float (*to)[2], int count,
                       struct similarity *ret)
{
    double fx = 0, fy = 0, tx = 0, ty = 0;
    for (int i = 0; i < count; i++) {
        fx += from[i][0];
        fy += from[i][1];
        tx += to[i][0];
        ty += to[i][1];
    }
    fx /= count;
    fy /= count;
    tx /= count;
    ty /= count;
    double dot = 0, cross = 0, norm = 0;
    for (int i = 0; i < count; i++) {
        const double x = from[i][0] - fx, y = from[i][1] - fy;
        const double u = to[i][0] - tx, v = to[i][1] - ty;
        dot += x * u + y * v;
        cross += x * v - y * u;
        norm += x * x + y * y;
    }
    if (!(norm > 1e-6) || !(dot * dot + cross * cross > 1e-12))
        return false;
    ret->a = (float)(dot / norm);
    ret->b = (float)(cross / norm);
    ret->tx = (float)(tx - (dot / norm * fx - cross / norm * fy));
    ret->ty = (float)(ty - (cross / norm * fx + dot / norm * fy));
    return true;
}

struct affine jz_similarity_invert(struct similarity s)
{
    const float d = s.a * s.a + s.b * s.b;
    const float a = s.a / d, b = s.b / d;
    return (struct affine){
        .sx = a,
        .kx = b,
        .tx = -(a * s.tx + b * s.ty),
        .ky = -b,
        .sy = a,
        .ty = -(-b * s.tx + a * s.ty),
    };
}

struct affine jz_affine_square(float x, float y, float angle, float scale, int side)
{
    const float c = cosf(angle) * scale, s = sinf(angle) * scale, half = (float)(side - 1) / 2;
    return (struct affine){ .sx = c,
                            .kx = -s,
                            .tx = x - c * half + s * half,
                            .ky = s,
                            .sy = c,
                            .ty = y - s * half - c * half };
}

struct rows {
    void (*sample)(const uint8_t *pixels, size_t stride, const float from[2], const float step[2],
                   int count, const struct pixel_format *format, float *out);
    void (*halve)(const uint8_t *from, size_t stride, int width, int height, uint8_t *to);
};

static const struct rows *rows(void)
{
    static const struct rows plain = { sample_plain, halve_plain };
#ifdef JZ_HAVE_AVX2_ROWS
    static const struct rows avx2 = { sample_avx2, halve_avx2 };
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &avx2;
#endif
    return &plain;
}

/* A sample anywhere: neighbours outside the picture count as black. */
static void sample_at_edge(const struct jz_image *image, const float p[2],
                           const struct pixel_format *format, float *out)
{
    float sum[3] = { 0 };
    const float left = floorf(p[0]), top = floorf(p[1]);
    for (int k = 0; k < 4; k++) {
        const float u = left + (float)(k & 1), v = top + (float)(k >> 1);
        if (!(u >= 0 && v >= 0 && u < (float)image->width && v < (float)image->height))
            continue;
        const uint8_t *q = image->pixels + 3 * ((size_t)v * (size_t)image->width + (size_t)u);
        const float w = (1 - fabsf(p[0] - u)) * (1 - fabsf(p[1] - v));
        for (int c = 0; c < 3; c++)
            sum[c] += (float)q[c] * w;
    }
    for (int c = 0; c < 3; c++)
        out[format->bgr ? 2 - c : c] = (sum[c] - format->mean) * format->scale;
}

/* The part of the picture that the corners of the output enclose, with a pixel to spare. */
static void find_window(const struct jz_image *image, const struct affine *t, int width, int height,
                        int ret[4])
{
    float low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
    for (int i = 0; i < 4; i++) {
        float p[2];
        jz_affine_apply(t, i & 1 ? (float)width - 0.5f : -0.5f,
                        i & 2 ? (float)height - 0.5f : -0.5f, p);
        for (int k = 0; k < 2; k++) {
            low[k] = fminf(low[k], p[k]);
            high[k] = fmaxf(high[k], p[k]);
        }
    }
    const float size[2] = { (float)image->width, (float)image->height };
    for (int k = 0; k < 2; k++) {
        ret[k] = (int)fminf(fmaxf(floorf(low[k]) - 2, 0), size[k]);
        ret[2 + k] = (int)fminf(fmaxf(ceilf(high[k]) + 3, 0), size[k]);
    }
}

/*
 * One bilinear sample sees two by two pixels. Where the output is coarser than that the picture's
 * part is halved until it is not; the result lies in scratch, and `t` is changed to match.
 */
static int reduce(const struct jz_image *image, struct affine *t, int width, int height,
                  struct jz_image *scratch, struct jz_image *ret, struct jz_error *err)
{
    for (bool first = true; fmaxf(hypotf(t->sx, t->ky), hypotf(t->kx, t->sy)) >= 2; first = false) {
        int w[4] = { 0, 0, ret->width, ret->height };
        if (first)
            find_window(image, t, width, height, w);
        const int half_w = (w[2] - w[0]) / 2, half_h = (w[3] - w[1]) / 2;
        if (half_w < 4 || half_h < 4)
            break;
        const size_t stride = 3 * (size_t)ret->width;
        const uint8_t *from = ret->pixels + (size_t)w[1] * stride + 3 * (size_t)w[0];
        if (first) {
            int r = jz_image_resize(scratch, half_w, half_h, err);
            if (r < 0)
                return r;
        }
        rows()->halve(from, stride, half_w, half_h,
                      scratch->pixels); /* in place from the second on */
        ret->pixels = scratch->pixels;
        ret->width = half_w;
        ret->height = half_h;
        /* A halved pixel's centre lies between two: x' = (x - w) / 2 - 1/4. */
        t->sx /= 2;
        t->kx /= 2;
        t->ky /= 2;
        t->sy /= 2;
        t->tx = (t->tx - (float)w[0]) / 2 - 0.25f;
        t->ty = (t->ty - (float)w[1]) / 2 - 0.25f;
    }
    return 0;
}

/*
 * The columns [from, to) of a row whose samples have all their neighbours inside, the last row and
 * column of the picture left out because four bytes are read of every three.
 */
static void find_inside(const struct jz_image *image, const float start[2], const float step[2],
                        int width, int *ret_from, int *ret_to)
{
    const float limit[2] = { (float)(image->width - 2), (float)(image->height - 2) };
    float from = 0, to = (float)width;
    for (int k = 0; k < 2; k++) {
        if (fabsf(step[k]) < 1e-6f) {
            if (!(start[k] >= 0 && start[k] < limit[k]))
                to = 0;
            continue;
        }
        const float a = -start[k] / step[k], b = (limit[k] - start[k]) / step[k];
        from = fmaxf(from, fminf(a, b) + 0.01f); /* a little inside, whatever rounding does */
        to = fminf(to, fmaxf(a, b) - 0.01f);
    }
    *ret_from = (int)ceilf(fminf(from, (float)width));
    *ret_to = (int)fmaxf(floorf(to), (float)*ret_from);
}

int jz_warp(const struct jz_image *image, const struct affine *to_image,
            const struct pixel_format *format, int width, int height, int row_pixels, float *out,
            struct jz_image *scratch, struct jz_error *err)
{
    struct affine t = *to_image;
    struct jz_image from = *image;
    int r = format->aliased ? 0 : reduce(image, &t, width, height, scratch, &from, err);
    if (r < 0)
        return r;
    const size_t stride = 3 * (size_t)from.width;
    const float step[2] = { t.sx, t.ky };
    for (int row = 0; row < height; row++) {
        float *line = out + 3 * (size_t)row * (size_t)row_pixels;
        float start[2], p[2];
        int inside, outside;
        jz_affine_apply(&t, 0, (float)row, start);
        find_inside(&from, start, step, width, &inside, &outside);
        for (int i = 0; i < width; i++) {
            if (i == inside && inside < outside) {
                jz_affine_apply(&t, (float)inside, (float)row, p);
                rows()->sample(from.pixels, stride, p, step, outside - inside, format,
                               line + 3 * (size_t)inside);
                i = outside - 1;
                continue;
            }
            jz_affine_apply(&t, (float)i, (float)row, p);
            sample_at_edge(&from, p, format, line + 3 * (size_t)i);
        }
    }
    return 0;
}
