/*
 * What an ONNX model computes, in plain loops over doubles and in the axes of the ONNX operator
 * reference (opset 7 to 13). It shares nothing with src/nn; slow, and made to be compared with.
 */
#pragma once

#include "onnx/onnx.pb-c.h"

#include <stddef.h>
#include <stdint.h>

enum { REFERENCE_RANK = 6, REFERENCE_TENSORS = 64 };

struct tensor {
    const char *name; /* borrowed from the model */
    int rank;
    int64_t dims[REFERENCE_RANK];
    double *data;
};

struct reference {
    struct tensor tensors[REFERENCE_TENSORS];
    int count;
};

size_t tensor_count(const struct tensor *t);

/* A new tensor of that name and shape, all zero. */
struct tensor *reference_add(struct reference *r, const char *name, int rank, const int64_t *dims);

/* NULL if there is none. */
struct tensor *reference_find(struct reference *r, const char *name);

/*
 * Runs the model; its inputs have been added before. Afterwards every value of the model is there.
 * An operator that is not known here ends the program.
 */
void reference_run(struct reference *r, const Onnx__ModelProto *model);
void reference_done(struct reference *r);
