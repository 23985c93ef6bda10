/*
 * Neural networks: an ONNX file in, oneDNN primitives out.
 *
 * A model is immutable once loaded and may be shared by any number of threads; it is the owner of
 * weights, kernels and the memory plan. Each thread that runs it has a context of its own: one
 * arena of activations and the input and output buffers. Running allocates nothing of ours
 * (oneDNN itself builds a small argument list for every primitive).
 *
 * Tensors are float32 at the door. An input of rank 4 is laid out N,H,W,C ("channels last"), the
 * order in which pixels come and the one the kernels want; every output is row-major in the ONNX
 * order (N,C,H,W for rank 4). Only batch 1 has been measured; any fixed batch is accepted.
 *
 * Source of the semantics: the ONNX operator reference, opset 7 to 13.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdio.h>

/* Limits on a foreign file. */
#define JZ_NN_MAX_FILE_BYTES  (16u << 20)
#define JZ_NN_MAX_NODES       2048
#define JZ_NN_MAX_RANK        6
#define JZ_NN_MAX_ELEMENTS    (1 << 25) /* in one tensor */
#define JZ_NN_MAX_ARENA_BYTES (512u << 20)
#define JZ_NN_MAX_PORTS       32 /* inputs or outputs of a model */

enum jz_nn_precision {
    JZ_NN_AUTO, /* bf16 where the processor multiplies it, else float32 */
    JZ_NN_F32,
    JZ_NN_BF16, /* refused with JZ_E_UNSUPPORTED where the processor cannot */
};

struct jz_nn_shape {
    int rank;
    int64_t dims[JZ_NN_MAX_RANK];
};

struct jz_nn_options {
    enum jz_nn_precision precision;
    int64_t height, width; /* of a rank-4 input, instead of what the file says; 0: as in the file */
};

struct jz_nn_model;
struct jz_nn_context;

/*
 * Reads a model from memory or from a file. The environment variable JIANZAI_NN_VERBOSE=1 prints
 * each step with the kernel chosen for it on standard error.
 * JZ_E_FORMAT (not ONNX, inconsistent, cyclic), JZ_E_UNSUPPORTED (an operator or a form of it that
 * is not handled, by name), JZ_E_LIMIT, JZ_E_MEMORY, JZ_E_INTERNAL (oneDNN refused).
 */
int jz_nn_model_load(const void *data, size_t size, const struct jz_nn_options *options,
                     struct jz_nn_model **ret_model, struct jz_error *err) JZ_MUST_CHECK;
int jz_nn_model_open(const char *path, const struct jz_nn_options *options,
                     struct jz_nn_model **ret_model, struct jz_error *err) JZ_MUST_CHECK;
void jz_nn_model_free(struct jz_nn_model *model);

/* What was loaded; all of it borrowed from the model. */
enum jz_nn_precision jz_nn_model_precision(const struct jz_nn_model *model);
size_t jz_nn_model_inputs(const struct jz_nn_model *model);
size_t jz_nn_model_outputs(const struct jz_nn_model *model);
const char *jz_nn_model_input_name(const struct jz_nn_model *model, size_t i);
const char *jz_nn_model_output_name(const struct jz_nn_model *model, size_t i);
struct jz_nn_shape jz_nn_model_input_shape(const struct jz_nn_model *model, size_t i);
struct jz_nn_shape jz_nn_model_output_shape(const struct jz_nn_model *model, size_t i);
int64_t jz_nn_model_macs(const struct jz_nn_model *model); /* multiply-adds of one run */
size_t jz_nn_model_arena_bytes(const struct jz_nn_model *model);

/* Index of the output of that name, or -1. */
int jz_nn_model_find_output(const struct jz_nn_model *model, const char *name);

/* The steps, in order: what each does and the kernel that does it. */
size_t jz_nn_model_steps(const struct jz_nn_model *model);
const char *jz_nn_model_step_name(const struct jz_nn_model *model, size_t i);
const char *jz_nn_model_step_kernel(const struct jz_nn_model *model, size_t i);

/* The model must outlive its contexts. A context belongs to one thread at a time. */
int jz_nn_context_new(const struct jz_nn_model *model, struct jz_nn_context **ret_context,
                      struct jz_error *err) JZ_MUST_CHECK;
void jz_nn_context_free(struct jz_nn_context *context);

/* The buffer to fill before a run; its content is the caller's and survives the run. */
float *jz_nn_context_input(struct jz_nn_context *context, size_t i);

/* The result of the last run, borrowed until the next one. */
const float *jz_nn_context_output(const struct jz_nn_context *context, size_t i);

int jz_nn_run(struct jz_nn_context *context, struct jz_error *err) JZ_MUST_CHECK;

/* Like jz_nn_run, and adds the nanoseconds of each step to step_ns[jz_nn_model_steps]. */
int jz_nn_run_timed(struct jz_nn_context *context, int64_t *step_ns,
                    struct jz_error *err) JZ_MUST_CHECK;

/* "avx512_core_bf16" and the like: what oneDNN found. */
const char *jz_nn_isa(void);
bool jz_nn_has_bf16(void);

/*
 * What one core can do: the fastest of several large matrix products, in GFLOP/s (a multiply-add
 * counts as two). For benchmarks.
 */
int jz_nn_measure_peak(enum jz_nn_precision precision, double *ret_gflops,
                       struct jz_error *err) JZ_MUST_CHECK;

static inline size_t jz_nn_shape_count(struct jz_nn_shape s)
{
    size_t n = 1;
    for (int i = 0; i < s.rank; i++)
        n *= (size_t)s.dims[i];
    return n;
}

static inline void jz_nn_model_freep(struct jz_nn_model **m)
{
    jz_nn_model_free(*m);
}

static inline void jz_nn_context_freep(struct jz_nn_context **c)
{
    jz_nn_context_free(*c);
}
