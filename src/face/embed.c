/* A face as numbers: five points moved onto fixed places, then a network. */
#include "face/engine_internal.h"

#include <math.h>
#include <string.h>

/*
 * Where the five points go, as parts of a 112 × 112 picture: the places of ArcFace's training
 * pictures. The Open Model Zoo's demo states those of 0095 for a crop of 96 × 112, stretched to
 * the square input.
 */
static const float arcface[5][2] = {
    { 38.2946f, 51.6963f }, { 73.5318f, 51.5014f }, { 56.0252f, 71.7366f },
    { 41.5493f, 92.3655f }, { 70.7299f, 92.2041f },
};
static const float sphereface[5][2] = {
    { 30.2946f, 51.6963f }, { 65.5318f, 51.5014f }, { 48.0252f, 71.7366f },
    { 33.5493f, 92.3655f }, { 62.7299f, 92.2041f },
};

static void places(const struct jz_model_entry *e, float ret[5][2])
{
    const bool square = e->input.width == 112;
    for (int i = 0; i < 5; i++) {
        ret[i][0] = square ? arcface[i][0] : sphereface[i][0] / 96 * (float)e->input.width;
        ret[i][1] = square ? arcface[i][1] : sphereface[i][1] / 112 * (float)e->input.height;
    }
}

static int embed_with(struct jz_worker *w, int index, const struct jz_image *image,
                      const float (*from)[2], struct jz_embedding *ret, struct jz_error *err)
{
    const struct network *n = &w->engine->embedders[index];
    struct jz_nn_context *context = w->embedders[index];
    float to[5][2];
    places(n->entry, to);
    struct similarity s;
    if (!jz_similarity_fit(from, (const float(*)[2])to, 5, &s))
        return jz_error_set(err, JZ_E_USAGE, "the five points of a face coincide");
    const struct affine to_image = jz_similarity_invert(s);
    const struct pixel_format format = pixel_format(n->entry);
    const struct jz_model_input *in = &n->entry->input;
    int r;
    if ((r = jz_warp(image, &to_image, &format, in->width, in->height, in->width,
                     jz_nn_context_input(context, 0), &w->scratch, err)) < 0 ||
        (r = jz_nn_run(context, err)) < 0)
        return r;
    const int dims = (int)jz_nn_shape_count(jz_nn_model_output_shape(n->model, 0));
    const float *out = jz_nn_context_output(context, 0);
    double norm = 0;
    for (int i = 0; i < dims; i++)
        norm += (double)out[i] * out[i];
    const float by = norm > 0 ? (float)(1 / sqrt(norm)) : 0;
    memset(ret, 0, sizeof *ret);
    ret->dims = dims;
    for (int i = 0; i < dims; i++)
        ret->values[i] = out[i] * by;
    snprintf(ret->model, sizeof ret->model, "%s", n->entry->name);
    snprintf(ret->version, sizeof ret->version, "%s", n->entry->version);
    return 0;
}

/*
 * The five points: each eye as the middle of its corners and lids, so that it does not wander with
 * the gaze, the tip of the nose, and the corners of the mouth. Right before left.
 */
static void five_points(const struct jz_landmarks *l, float ret[5][2])
{
    static const int sources[5][4] = {
        { 33, 133, 159, 145 }, { 263, 362, 386, 374 }, { 1, 1, 1, 1 },
        { 61, 61, 61, 61 },    { 291, 291, 291, 291 },
    };
    for (int i = 0; i < 5; i++)
        for (int c = 0; c < 2; c++) {
            ret[i][c] = 0;
            for (int k = 0; k < 4; k++)
                ret[i][c] += l->points[sources[i][k]][c] / 4;
        }
}

int jz_embed(struct jz_worker *w, const struct jz_image *image, const struct jz_landmarks *l,
             const struct jz_matcher *matcher, struct jz_template *ret, struct jz_error *err)
{
    float from[5][2];
    five_points(l, from);
    struct jz_template t = { .count = 0 };
    for (unsigned k = 0; k < matcher->model_count; k++) {
        int i = 0;
        while (i < w->engine->embedder_count &&
               strcmp(w->engine->embedders[i].entry->name, matcher->models[k]))
            i++;
        if (i == w->engine->embedder_count)
            return jz_error_set(err, JZ_E_USAGE,
                                "matcher '%s' wants a model '%s' that is no "
                                "embedding",
                                matcher->name, matcher->models[k]);
        int r = embed_with(w, i, image, (const float(*)[2])from, &t.embeddings[t.count++], err);
        if (r < 0)
            return r;
    }
    *ret = t;
    return 0;
}

int jz_template_compare(const struct jz_template *a, const struct jz_template *b, double *ret_score,
                        struct jz_error *err)
{
    double sum = 0;
    if (a->count != b->count || a->count == 0)
        return jz_error_set(err, JZ_E_USAGE, "templates of %d and %d embeddings do not compare",
                            a->count, b->count);
    for (int k = 0; k < a->count; k++) {
        const struct jz_embedding *x = &a->embeddings[k], *y = &b->embeddings[k];
        if (strcmp(x->model, y->model) || strcmp(x->version, y->version) || x->dims != y->dims)
            return jz_error_set(err, JZ_E_USAGE,
                                "a template of %s %s does not compare with one of "
                                "%s %s: enrol again",
                                x->model, x->version, y->model, y->version);
        /* Lanes of their own, so that the compiler may use vectors without reordering sums. */
        float lanes[16] = { 0 };
        for (int i = 0; i < x->dims; i++)
            lanes[i % 16] += x->values[i] * y->values[i];
        for (int i = 0; i < 16; i++)
            sum += (double)lanes[i];
    }
    *ret_score = sum / a->count;
    return 0;
}
