/*
 * Small rewrites that save work at run time. Each looks at one node and its producer; the loop at
 * the end repeats them in order until nothing changes, which happens after two or three rounds.
 */
#include "nn/graph_internal.h"

#include <math.h>
#include <string.h>

struct fold {
    struct graph *g;
    int *producer; /* node that makes a value, or JZ_NN_NONE */
    int *uses;     /* consumers of a value, a graph output counting as one */
};

static void count_uses(struct fold *f)
{
    struct graph *g = f->g;
    for (int v = 0; v < g->value_count; v++) {
        f->producer[v] = JZ_NN_NONE;
        f->uses[v] = 0;
    }
    for (int i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (n->dead)
            continue;
        f->producer[n->output] = i;
        for (int k = 0; k < n->input_count; k++)
            if (n->inputs[k] != JZ_NN_NONE)
                f->uses[n->inputs[k]]++;
        if (n->residual != JZ_NN_NONE)
            f->uses[n->residual]++;
    }
    for (int i = 0; i < g->output_count; i++)
        f->uses[g->outputs[i]]++;
}

/* The live node that makes v, if n is its only consumer. */
static struct node *only_producer(const struct fold *f, int v)
{
    return f->producer[v] != JZ_NN_NONE && f->uses[v] == 1 ? &f->g->nodes[f->producer[v]] : NULL;
}

/* The node before takes over the output of n. */
static void absorb(struct fold *f, struct node *before, struct node *n)
{
    before->output = n->output;
    n->dead = true;
    count_uses(f);
}

/*
 * The per-channel vector behind input k of a binary node with respect to its other input:
 * a constant of [C], [1,C,1,1], [C,1,1] or one number. Writes one number a channel.
 */
static bool channel_vector(const struct fold *f, const struct node *n, int k, int64_t channels,
                           float *ret)
{
    const struct value *v = &f->g->values[n->inputs[k]];
    const struct jz_nn_shape other = f->g->values[n->inputs[!k]].shape;
    /* A constant of a higher rank, even of a single number, gives the result that rank. */
    if (!v->data || other.rank < 2 || v->shape.rank > other.rank)
        return false;
    const size_t count = jz_nn_shape_count(v->shape);
    const int axis = v->shape.rank - (other.rank - 1); /* where channels stand in v's own shape */
    if (count != 1 && (count != (size_t)channels || axis < 0 || v->shape.dims[axis] != channels))
        return false;
    for (int64_t c = 0; c < channels; c++)
        ret[c] = v->data[count == 1 ? 0 : c];
    return true;
}

static int add_constant(struct fold *f, const float *data, struct jz_nn_shape shape)
{
    struct graph *g = f->g;
    const size_t count = jz_nn_shape_count(shape);
    float *copy = malloc((count + 1) * sizeof *copy);
    int v = copy ? jz_nn_graph_add_value(g, "folded") : JZ_E_MEMORY;
    if (v < 0) {
        free(copy);
        return v;
    }
    memcpy(copy, data, count * sizeof *copy);
    g->values[v].data = copy;
    g->values[v].shape = shape;
    g->values[v].known = true;
    return v;
}

/* Whether before computes channels that a following scale and shift can be folded into. */
static bool is_linear(const struct fold *f, const struct node *before, int64_t *ret_channels)
{
    if (before->op == JZ_NN_CONV && before->activation == JZ_NN_NO_ACTIVATION &&
        before->residual == JZ_NN_NONE) {
        *ret_channels = f->g->values[before->inputs[1]].shape.dims[0];
        return true;
    }
    const bool gemm = before->op == JZ_NN_GEMM && before->alpha == 1 && before->beta == 1;
    if ((gemm || before->op == JZ_NN_MATMUL) && f->g->values[before->inputs[1]].data) {
        const struct value *bias = before->input_count > 2 && before->inputs[2] != JZ_NN_NONE
                                       ? &f->g->values[before->inputs[2]]
                                       : NULL;
        *ret_channels = f->g->values[before->output].shape.dims[1];
        return !bias || is_row(bias, *ret_channels);
    }
    return false;
}

/* Folds y = x * scale + shift into the conv or matrix product before it. */
static int fold_affine(struct fold *f, struct node *before, struct node *n, int64_t channels,
                       const float *scale, const float *shift)
{
    struct graph *g = f->g;
    const struct value *weight = &g->values[before->inputs[1]];
    const size_t count = jz_nn_shape_count(weight->shape);
    jz_autofree float *w = malloc((count + 1) * sizeof *w);
    jz_autofree float *b = calloc((size_t)channels, sizeof *b);
    if (!w || !b)
        return JZ_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        size_t c = before->op == JZ_NN_CONV ? i / (count / (size_t)channels)
                   : before->trans_b        ? i / (size_t)weight->shape.dims[1]
                                            : i % (size_t)channels;
        w[i] = weight->data[i] * scale[c];
    }
    const bool has_bias = before->input_count > 2 && before->inputs[2] != JZ_NN_NONE;
    for (int64_t c = 0; c < channels; c++)
        b[c] = (has_bias ? g->values[before->inputs[2]].data[c] : 0) * scale[c] + shift[c];
    int wv = add_constant(f, w, weight->shape);
    int bv = add_constant(f, b, (struct jz_nn_shape){ .rank = 1, .dims = { channels } });
    if (wv < 0 || bv < 0)
        return JZ_E_MEMORY;
    int *producer = reallocarray(f->producer, (size_t)g->value_count, sizeof *producer);
    if (producer)
        f->producer = producer;
    int *uses = reallocarray(f->uses, (size_t)g->value_count, sizeof *uses);
    if (uses)
        f->uses = uses;
    if (!producer || !uses)
        return JZ_E_MEMORY;
    if (before->op == JZ_NN_MATMUL) {
        before->op = JZ_NN_GEMM;
        before->alpha = before->beta = 1;
    }
    before->inputs[1] = wv;
    before->inputs[2] = bv;
    before->input_count = 3;
    absorb(f, before, n);
    return 1;
}

/* Mul, Add, Sub by a constant per channel, and BatchNormalization, after something linear. */
static int fold_scale_shift(struct fold *f, struct node *n)
{
    struct graph *g = f->g;
    int x = 0, k = 1; /* which input is the data, which the constant */
    if (n->op == JZ_NN_ADD || n->op == JZ_NN_MUL || n->op == JZ_NN_SUB) {
        if (g->values[n->inputs[0]].data)
            x = 1, k = 0;
        if (n->op == JZ_NN_SUB && x == 1)
            return 0;
    } else if (n->op != JZ_NN_BATCH_NORM) {
        return 0;
    }
    struct node *before = only_producer(f, n->inputs[x]);
    int64_t channels;
    if (!before || !is_linear(f, before, &channels))
        return 0;
    jz_autofree float *scale = malloc((size_t)channels * sizeof *scale);
    jz_autofree float *shift = malloc((size_t)channels * sizeof *shift);
    if (!scale || !shift)
        return JZ_E_MEMORY;
    if (n->op == JZ_NN_BATCH_NORM) {
        const float *gamma = g->values[n->inputs[1]].data, *beta = g->values[n->inputs[2]].data;
        const float *mean = g->values[n->inputs[3]].data, *var = g->values[n->inputs[4]].data;
        for (int64_t c = 0; c < channels; c++) {
            scale[c] = gamma[c] / sqrtf(var[c] + n->epsilon);
            shift[c] = beta[c] - mean[c] * scale[c];
        }
    } else {
        if (!channel_vector(f, n, k, channels, n->op == JZ_NN_MUL ? scale : shift))
            return 0;
        for (int64_t c = 0; c < channels; c++) {
            if (n->op == JZ_NN_MUL)
                shift[c] = 0;
            else
                scale[c] = 1;
            if (n->op == JZ_NN_SUB)
                shift[c] = -shift[c];
        }
    }
    return fold_affine(f, before, n, channels, scale, shift);
}

/*
 * Mul, Add, Sub by constants right at a graph input (the normalisation of pixels) become part of
 * reading that input. They cannot go into the first conv, whose padding is zero after them.
 */
static int fold_input_affine(struct fold *f, struct node *n)
{
    struct graph *g = f->g;
    if (n->op != JZ_NN_ADD && n->op != JZ_NN_MUL && n->op != JZ_NN_SUB)
        return 0;
    const int k = g->values[n->inputs[0]].data ? 0 : 1, x = n->inputs[!k];
    int port = 0;
    while (port < g->input_count && g->inputs[port] != x)
        port++;
    const struct jz_nn_shape shape = g->values[x].shape;
    if (port == g->input_count || f->uses[x] != 1 || shape.rank != 4 ||
        (n->op == JZ_NN_SUB && k == 0))
        return 0;
    for (int i = 0; i < g->output_count; i++)
        if (g->outputs[i] == n->output)
            return 0;
    const int64_t channels = shape.dims[1];
    jz_autofree float *by = malloc((size_t)channels * sizeof *by);
    if (!by)
        return JZ_E_MEMORY;
    if (!channel_vector(f, n, k, channels, by))
        return 0;
    if (!g->input_scale[port]) {
        g->input_scale[port] = malloc((size_t)channels * sizeof(float));
        g->input_shift[port] = calloc((size_t)channels, sizeof(float));
        if (!g->input_scale[port] || !g->input_shift[port])
            return JZ_E_MEMORY;
        for (int64_t c = 0; c < channels; c++)
            g->input_scale[port][c] = 1;
    }
    for (int64_t c = 0; c < channels; c++) {
        if (n->op == JZ_NN_MUL) {
            g->input_scale[port][c] *= by[c];
            g->input_shift[port][c] *= by[c];
        } else {
            g->input_shift[port][c] += n->op == JZ_NN_SUB ? -by[c] : by[c];
        }
    }
    /* The input's value takes the place of the node's result everywhere. */
    for (int i = 0; i < g->node_count; i++)
        for (int j = 0; j < g->nodes[i].input_count; j++)
            if (g->nodes[i].inputs[j] == n->output)
                g->nodes[i].inputs[j] = x;
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].residual == n->output)
            g->nodes[i].residual = x;
    n->dead = true;
    count_uses(f);
    return 1;
}

/* A PRelu whose slopes are all the same is a leaky Relu, which oneDNN fuses at no cost. */
static int simplify_prelu(struct fold *f, struct node *n)
{
    if (n->op != JZ_NN_PRELU)
        return 0;
    const struct value *slope = &f->g->values[n->inputs[1]];
    const size_t count = jz_nn_shape_count(slope->shape);
    for (size_t i = 1; i < count; i++)
        if (slope->data[i] != slope->data[0])
            return 0;
    n->op = JZ_NN_RELU;
    n->alpha = slope->data[0];
    n->input_count = 1;
    count_uses(f);
    return 1;
}

static int fuse_activation(struct fold *f, struct node *n)
{
    if (n->op != JZ_NN_RELU && n->op != JZ_NN_CLIP && n->op != JZ_NN_SIGMOID)
        return 0;
    struct node *before = only_producer(f, n->inputs[0]);
    if (!before || before->op != JZ_NN_CONV || before->activation != JZ_NN_NO_ACTIVATION)
        return 0;
    before->activation = n->op == JZ_NN_RELU   ? JZ_NN_ACT_RELU
                         : n->op == JZ_NN_CLIP ? JZ_NN_ACT_CLIP
                                               : JZ_NN_ACT_SIGMOID;
    before->act_alpha = n->alpha;
    before->act_beta = n->beta;
    before->activation_first = false;
    absorb(f, before, n);
    return 1;
}

/*
 * Add(conv(x), y): the conv adds onto y in place. Only when y lives nowhere else afterwards and
 * was made before the conv runs; the conv moves to the place of the Add, so y may come later.
 */
static int fuse_residual(struct fold *f, struct node *n)
{
    struct graph *g = f->g;
    if (n->op != JZ_NN_ADD)
        return 0;
    for (int k = 1; k >= 0; k--) {
        const int other = n->inputs[!k];
        struct node *before = only_producer(f, n->inputs[k]);
        const struct jz_nn_shape a = g->values[n->inputs[k]].shape, b = g->values[other].shape;
        if (!before || before->op != JZ_NN_CONV || before->residual != JZ_NN_NONE ||
            f->producer[other] == JZ_NN_NONE || a.rank != b.rank ||
            memcmp(a.dims, b.dims, sizeof a.dims[0] * (size_t)a.rank) || other == n->inputs[k])
            continue;
        struct node moved = *before;
        char *name = n->name;
        moved.residual = other;
        moved.activation_first = moved.activation != JZ_NN_NO_ACTIVATION;
        moved.output = n->output;
        moved.name = before->name;
        before->name = name;
        before->dead = true;
        *n = moved;
        count_uses(f);
        return 1;
    }
    return 0;
}

static void drop_unused(struct fold *f)
{
    for (int i = f->g->node_count - 1; i >= 0; i--)
        if (!f->g->nodes[i].dead && f->uses[f->g->nodes[i].output] == 0) {
            f->g->nodes[i].dead = true;
            count_uses(f);
        }
}

static int fold_all(struct fold *f)
{
    typedef int rewrite(struct fold * f, struct node * n);
    static rewrite *const rewrites[] = { simplify_prelu, fold_input_affine, fold_scale_shift,
                                         fuse_activation, fuse_residual };
    bool changed = true;
    while (changed) {
        changed = false;
        for (int i = 0; i < f->g->node_count; i++)
            for (size_t k = 0; k < sizeof rewrites / sizeof rewrites[0]; k++) {
                if (f->g->nodes[i].dead)
                    break;
                int r = rewrites[k](f, &f->g->nodes[i]);
                if (r < 0)
                    return r;
                changed |= r > 0;
            }
    }
    drop_unused(f);
    return 0;
}

int jz_nn_graph_fold(struct graph *g, struct jz_error *err)
{
    struct fold f = {
        .g = g,
        .producer = calloc((size_t)g->value_count + 1, sizeof *f.producer),
        .uses = calloc((size_t)g->value_count + 1, sizeof *f.uses),
    };
    int r = f.producer && f.uses ? 0 : JZ_E_MEMORY;
    if (r == 0) {
        count_uses(&f);
        r = fold_all(&f);
    }
    free(f.producer);
    free(f.uses);
    return r < 0 ? jz_error_set(err, r, "out of memory while folding the graph") : 0;
}
