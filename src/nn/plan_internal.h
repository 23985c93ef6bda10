/*
 * The plan: what a loaded model is. Steps in order, each a oneDNN primitive or one of our loops,
 * and for every argument the place its bytes live in. Built by plan.c, executed by run.c, never
 * changed.
 */
#pragma once

#include "nn/nn.h"

#include <dnnl.h>

enum place {
    PLACE_ARENA,  /* index: a slot */
    PLACE_WEIGHT, /* index: a blob of the model */
    PLACE_INPUT,  /* index: a port */
    PLACE_OUTPUT, /* index: a port */
};

struct ref {
    enum place place;
    int index;
    dnnl_memory_desc_t md;
};

/* A stretch of the arena, in use from the first to the last step that names it. */
struct slot {
    size_t size, offset;
    int first, last;
};

#define MAX_STEP_ARGS 12

#define JZ_NN_ALIGNMENT 64 /* of every slot and blob: a cache line */

enum step_kind {
    STEP_PRIMITIVE, /* oneDNN's; the arguments in its own terms */
    STEP_FILL,      /* args: destination; with fill_value */
    STEP_PRELU,     /* args: source, destination; table: slopes. bf16 only */
    STEP_AFFINE,    /* args: source (float32), destination; table: scales, then shifts */
};

struct step {
    enum step_kind kind;
    char *name;   /* operator and value */
    char *kernel; /* what oneDNN calls its implementation, or our own loop's name */
    dnnl_primitive_t primitive;
    float fill_value;
    float *table; /* per-channel numbers repeated to `period` */
    size_t period;
    int arg_count;
    int arg_ids[MAX_STEP_ARGS];
    struct ref args[MAX_STEP_ARGS];
};

struct port {
    char *name;
    struct jz_nn_shape shape;
};

struct jz_nn_model {
    dnnl_engine_t engine;
    enum jz_nn_precision precision; /* F32 or BF16 */
    struct step *steps;
    int step_count, step_room;
    struct slot *slots;
    int slot_count, slot_room;
    void **weights; /* 64-byte aligned blobs */
    int weight_count, weight_room;
    struct port inputs[JZ_NN_MAX_PORTS], outputs[JZ_NN_MAX_PORTS];
    int input_count, output_count;
    size_t arena_bytes;
    int64_t macs;
};

/* oneDNN's threads are OpenMP's; ours are one per context, so each primitive gets just one. */
void jz_nn_single_thread(void);
