/* What the files behind engine.h share. */
#pragma once

#include "face/engine.h"
#include "face/warp_internal.h"

/* The detector's input follows the picture: lying, standing, or large for small faces. */
enum detector_shape { DETECT_WIDE, DETECT_TALL, DETECT_LARGE, DETECT_SHAPES };

struct network {
    const struct jz_model_entry *entry;
    struct jz_nn_model *model;
};

#define MAX_NETWORKS 8

struct jz_engine {
    struct jz_manifest *manifest;
    struct network detector[DETECT_SHAPES];
    struct network mesh;
    struct network embedders[MAX_NETWORKS];
    int embedder_count;
    struct network spoofers[MAX_NETWORKS];
    int spoofer_count;
};

struct jz_worker {
    const struct jz_engine *engine;
    struct jz_nn_context *detector[DETECT_SHAPES];
    struct jz_nn_context *mesh;
    struct jz_nn_context *embedders[MAX_NETWORKS];
    struct jz_nn_context *spoofers[MAX_NETWORKS];
    struct jz_image scratch;
};

static inline struct pixel_format pixel_format(const struct jz_model_entry *e)
{
    return (struct pixel_format){ .bgr = e->input.channels == JZ_CHANNELS_BGR,
                                  .mean = e->input.mean,
                                  .scale = e->input.scale };
}

/* quality.c: judges faces[best], one of observation->face_count: reasons and what was measured. */
int jz_quality_judge(struct jz_worker *worker, const struct jz_image *image,
                     const struct jz_face *faces, int best, struct jz_observation *observation,
                     struct jz_error *err) JZ_MUST_CHECK;
