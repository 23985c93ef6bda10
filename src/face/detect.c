/* YuNet: one box, five points and a score at every cell of three grids. */
#include "face/engine_internal.h"

#include <math.h>
#include <string.h>

enum { STRIDES = 3, MAX_CANDIDATES = 1024 };

struct grids {
    const float *cls[STRIDES], *obj[STRIDES], *bbox[STRIDES], *kps[STRIDES];
};

static bool find_grids(const struct jz_nn_model *model, const struct jz_nn_context *context,
                       struct grids *ret)
{
    static const char *const names[] = { "cls", "obj", "bbox", "kps" };
    for (int s = 0; s < STRIDES; s++)
        for (int k = 0; k < 4; k++) {
            char name[16];
            snprintf(name, sizeof name, "%s_%d", names[k], 8 << s);
            int i = jz_nn_model_find_output(model, name);
            if (i < 0)
                return false;
            const float *out = jz_nn_context_output(context, (size_t)i);
            (k == 0 ? ret->cls : k == 1 ? ret->obj : k == 2 ? ret->bbox : ret->kps)[s] = out;
        }
    return true;
}

static int by_score(const void *a, const void *b)
{
    const struct jz_face *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return (x->box.x > y->box.x) - (x->box.x < y->box.x); /* ties in a fixed order */
}

static float overlap(const struct jz_box *a, const struct jz_box *b)
{
    const float w = fminf(a->x + a->w, b->x + b->w) - fmaxf(a->x, b->x);
    const float h = fminf(a->y + a->h, b->y + b->h) - fmaxf(a->y, b->y);
    if (w <= 0 || h <= 0)
        return 0;
    return w * h / (a->w * a->h + b->w * b->h - w * h);
}

/* Candidates in picture coordinates; `scale` is picture pixels per network pixel. */
static int decode(const struct grids *g, int width, int height, float scale, float threshold,
                  struct jz_face *faces)
{
    int count = 0;
    for (int s = 0; s < STRIDES; s++) {
        const int stride = 8 << s, columns = width / stride, rows = height / stride;
        for (int i = 0; i < rows * columns && count < MAX_CANDIDATES; i++) {
            const float score = sqrtf(fmaxf(g->cls[s][i], 0) * fmaxf(g->obj[s][i], 0));
            if (!(score >= threshold))
                continue;
            const float column = (float)(i % columns), row = (float)(i / columns);
            const float *b = g->bbox[s] + 4 * (size_t)i, *k = g->kps[s] + 10 * (size_t)i;
            const float unit = (float)stride * scale;
            struct jz_face *f = &faces[count];
            f->score = fminf(score, 1);
            /* exp is bounded: a hostile picture must not make an infinite box. */
            f->box.w = expf(fminf(b[2], 8)) * unit;
            f->box.h = expf(fminf(b[3], 8)) * unit;
            f->box.x = (column + b[0]) * unit - f->box.w / 2;
            f->box.y = (row + b[1]) * unit - f->box.h / 2;
            for (int p = 0; p < 5; p++) {
                f->points[p][0] = (column + k[2 * p]) * unit;
                f->points[p][1] = (row + k[2 * p + 1]) * unit;
            }
            count += isfinite(f->box.x + f->box.y + f->box.w + f->box.h) != 0;
        }
    }
    return count;
}

static int suppress(struct jz_face *faces, int count, float limit)
{
    qsort(faces, (size_t)count, sizeof *faces, by_score);
    int kept = 0;
    for (int i = 0; i < count && kept < JZ_MAX_FACES; i++) {
        bool fresh = true;
        for (int k = 0; k < kept && fresh; k++)
            fresh = overlap(&faces[i].box, &faces[k].box) <= limit;
        if (fresh)
            faces[kept++] = faces[i];
    }
    return kept;
}

static int run(struct jz_worker *w, const struct jz_image *image, enum detector_shape shape,
               struct jz_face *faces, int *ret_count, struct jz_error *err)
{
    const struct network *n = &w->engine->detector[shape];
    struct jz_nn_context *context = w->detector[shape];
    const struct jz_nn_shape in = jz_nn_model_input_shape(n->model, 0);
    const int height = (int)in.dims[2], width = (int)in.dims[3];
    /* A picture that fits is not enlarged: that would only blur what there is. */
    const float fit =
        fmaxf((float)image->width / (float)width, (float)image->height / (float)height);
    const float scale = fmaxf(1, fit);
    /* Cell (0, 0) starts at the picture's corner, half a pixel before the first centre. */
    const float shift = 0.5f * scale - 0.5f;
    const struct affine t = { .sx = scale, .sy = scale, .tx = shift, .ty = shift };
    const struct pixel_format format = pixel_format(n->entry);
    float *input = jz_nn_context_input(context, 0);
    const int used_w = (int)fminf((float)width, ceilf((float)image->width / scale));
    const int used_h = (int)fminf((float)height, ceilf((float)image->height / scale));
    if (used_w < width || used_h < height)
        memset(input, 0, 3 * sizeof *input * (size_t)width * (size_t)height);
    int r;
    if ((r = jz_warp(image, &t, &format, used_w, used_h, width, input, &w->scratch, err)) < 0 ||
        (r = jz_nn_run(context, err)) < 0)
        return r;
    struct grids grids;
    if (!find_grids(n->model, context, &grids))
        return jz_error_set(err, JZ_E_FORMAT, "%s has not the outputs of YuNet", n->entry->file);
    struct jz_face candidates[MAX_CANDIDATES];
    const struct jz_detector_thresholds *limits = &w->engine->manifest->detector;
    int count = decode(&grids, width, height, scale, limits->score, candidates);
    count = suppress(candidates, count, limits->overlap);
    memcpy(faces, candidates, (size_t)count * sizeof *faces);
    *ret_count = count;
    return 0;
}

int jz_detect(struct jz_worker *w, const struct jz_image *image,
              struct jz_face ret_faces[JZ_MAX_FACES], int *ret_count, struct jz_error *err)
{
    if (image->width < 16 || image->height < 16)
        return jz_error_set(err, JZ_E_USAGE, "a picture of %d × %d pixels is too small",
                            image->width, image->height);
    int count = 0;
    int r = run(w, image, image->width >= image->height ? DETECT_WIDE : DETECT_TALL, ret_faces,
                &count, err);
    /* Nothing at the small size: a far-away face may show at the large one. */
    if (r == 0 && count == 0)
        r = run(w, image, DETECT_LARGE, ret_faces, &count, err);
    if (r == 0)
        *ret_count = count;
    return r;
}
