/*
 * The graph between the ONNX file and the plan: plain arrays, indices instead of pointers.
 *
 * Nodes stand in execution order; a node may only use values that are constants, graph inputs or
 * outputs of earlier nodes, so there can be no cycle. Owned by its creator, one thread.
 */
#pragma once

#include "nn/nn.h"

enum jz_nn_op {
    JZ_NN_CONV,
    JZ_NN_PRELU,
    JZ_NN_RELU, /* with slope: alpha below zero */
    JZ_NN_CLIP, /* alpha to beta */
    JZ_NN_SIGMOID,
    JZ_NN_ADD,
    JZ_NN_MUL,
    JZ_NN_SUB,
    JZ_NN_MAX_POOL,
    JZ_NN_AVERAGE_POOL,
    JZ_NN_GLOBAL_AVERAGE_POOL,
    JZ_NN_PAD,
    JZ_NN_RESIZE,
    JZ_NN_BATCH_NORM,
    JZ_NN_GEMM,
    JZ_NN_MATMUL,
    JZ_NN_RESHAPE,
    JZ_NN_FLATTEN,
    JZ_NN_TRANSPOSE,
    JZ_NN_CONCAT,
    JZ_NN_SOFTMAX,
    JZ_NN_CONSTANT,
    JZ_NN_OPS
};

enum jz_nn_activation { JZ_NN_NO_ACTIVATION, JZ_NN_ACT_RELU, JZ_NN_ACT_CLIP, JZ_NN_ACT_SIGMOID };

#define JZ_NN_MAX_NODE_INPUTS 8
#define JZ_NN_NONE            (-1)

struct value {
    char *name;
    struct jz_nn_shape shape;
    bool known;    /* shape is set: constant, graph input, or inferred */
    float *data;   /* constants of a float type, else NULL */
    int64_t *ints; /* constants of an integer type, else NULL */
};

/* A 2-D window, as in Conv and the pools. */
struct window {
    int64_t kernel[2], stride[2], dilation[2];
    int64_t pad_begin[2], pad_end[2];
    bool same_upper, same_lower; /* auto_pad: pads follow from the input's size */
    bool ceil_mode, count_include_pad;
};

struct node {
    enum jz_nn_op op;
    char *name;
    int inputs[JZ_NN_MAX_NODE_INPUTS]; /* values; JZ_NN_NONE for an omitted one */
    int input_count;
    int output;
    bool dead; /* folded away */

    struct window window;
    int64_t group;
    int64_t axis;
    int64_t perm[JZ_NN_MAX_RANK];
    int perm_count;
    int64_t pads[2 * JZ_NN_MAX_RANK]; /* Pad: begins, then ends */
    float alpha, beta;                /* Relu slope; Clip bounds; Gemm factors; Pad value */
    float epsilon;
    bool trans_a, trans_b;
    float scales[2]; /* Resize, of height and width */

    /* What fold.c attached to a Conv. */
    int residual;          /* value added to the result, or JZ_NN_NONE */
    bool activation_first; /* activation before the residual is added */
    enum jz_nn_activation activation;
    float act_alpha, act_beta;
};

struct graph {
    struct value *values;
    int value_count, value_room;
    struct node *nodes;
    int node_count;
    int inputs[JZ_NN_MAX_PORTS], input_count;
    float *input_scale[JZ_NN_MAX_PORTS]; /* per channel, what fold.c found at the input; or NULL */
    float *input_shift[JZ_NN_MAX_PORTS];
    int outputs[JZ_NN_MAX_PORTS], output_count;
    int64_t opset;
};

const char *jz_nn_op_name(enum jz_nn_op op);

/* onnx_read.c: bytes → graph, every name resolved, attributes checked. */
int jz_nn_graph_read(const void *data, size_t size, struct graph **ret_graph,
                     struct jz_error *err) JZ_MUST_CHECK;
void jz_nn_graph_free(struct graph *graph);

/* A new value; its name is copied. Returns its index or JZ_E_MEMORY. */
int jz_nn_graph_add_value(struct graph *graph, const char *name) JZ_MUST_CHECK;

/* shape.c: gives every value its shape, refuses what does not fit together. */
int jz_nn_graph_infer(struct graph *graph, struct jz_error *err) JZ_MUST_CHECK;

/* fold.c: constants, batch norms, activations and residual adds into their neighbours. */
int jz_nn_graph_fold(struct graph *graph, struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_nn_graph_freep(struct graph **g)
{
    jz_nn_graph_free(*g);
}

static inline bool is_constant(const struct value *v)
{
    return v->data || v->ints;
}

/* A constant that adds one number to each of that many columns; a column has as many, but down. */
static inline bool is_row(const struct value *v, int64_t columns)
{
    return v->data && v->shape.rank > 0 && v->shape.dims[v->shape.rank - 1] == columns &&
           jz_nn_shape_count(v->shape) == (size_t)columns;
}
