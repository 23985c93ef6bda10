#include "nn/graph_internal.h"

#include <string.h>

static int refuse(const struct node *n, const char *why, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_FORMAT, "%s '%.80s': %s", jz_nn_op_name(n->op), n->name, why);
}

/* Output size of a window along one axis; also settles auto_pad. 0 when it does not fit. */
static int64_t window_size(struct window *w, int axis, int64_t in)
{
    const int64_t extent = w->dilation[axis] * (w->kernel[axis] - 1) + 1;
    if (w->same_upper || w->same_lower) {
        int64_t out = (in + w->stride[axis] - 1) / w->stride[axis];
        int64_t pad = (out - 1) * w->stride[axis] + extent - in;
        pad = pad > 0 ? pad : 0;
        w->pad_begin[axis] = w->same_lower ? (pad + 1) / 2 : pad / 2;
        w->pad_end[axis] = pad - w->pad_begin[axis];
        return out;
    }
    int64_t room = in + w->pad_begin[axis] + w->pad_end[axis] - extent;
    if (room < 0)
        return 0;
    int64_t out = room / w->stride[axis] + 1;
    /* One more that hangs over the end, unless it would start behind the input. */
    if (w->ceil_mode && room % w->stride[axis] && out * w->stride[axis] < in + w->pad_begin[axis])
        out++;
    return out;
}

static int infer_window(struct graph *g, struct node *n, struct jz_nn_shape *out,
                        struct jz_error *err)
{
    const struct jz_nn_shape in = g->values[n->inputs[0]].shape;
    struct window *w = &n->window;
    if (in.rank != 4)
        return refuse(n, "its input is not of rank 4", err);
    *out = in;
    if (n->op == JZ_NN_CONV) {
        const struct value *weight = &g->values[n->inputs[1]];
        const struct jz_nn_shape ws = weight->shape;
        if (!weight->data || ws.rank != 4 || ws.dims[0] < 1)
            return refuse(n, "its weights are not a constant of rank 4", err);
        for (int i = 0; i < 2; i++) {
            if (w->kernel[i] && w->kernel[i] != ws.dims[2 + i])
                return refuse(n, "kernel_shape differs from its weights", err);
            w->kernel[i] = ws.dims[2 + i];
        }
        if (ws.dims[1] * n->group != in.dims[1] || ws.dims[0] % n->group)
            return refuse(n, "its weights do not fit the channels of its input", err);
        if (n->input_count > 2 && n->inputs[2] != JZ_NN_NONE) {
            const struct value *bias = &g->values[n->inputs[2]];
            if (!bias->data || jz_nn_shape_count(bias->shape) != (size_t)ws.dims[0])
                return refuse(n, "its bias is not a constant with one number a channel", err);
        }
        out->dims[1] = ws.dims[0];
    }
    for (int i = 0; i < 2; i++) {
        if (w->kernel[i] < 1)
            return refuse(n, "it has no kernel size", err);
        if (n->op != JZ_NN_CONV &&
            (w->pad_begin[i] >= w->kernel[i] || w->pad_end[i] >= w->kernel[i]))
            return refuse(n, "its padding is as large as its kernel", err);
        out->dims[2 + i] = window_size(w, i, in.dims[2 + i]);
    }
    return 0;
}

static int infer_broadcast(struct graph *g, struct node *n, struct jz_nn_shape *out,
                           struct jz_error *err)
{
    const struct jz_nn_shape a = g->values[n->inputs[0]].shape, b = g->values[n->inputs[1]].shape;
    out->rank = a.rank > b.rank ? a.rank : b.rank;
    for (int i = 1; i <= out->rank; i++) {
        int64_t x = i <= a.rank ? a.dims[a.rank - i] : 1, y = i <= b.rank ? b.dims[b.rank - i] : 1;
        if (x != y && x != 1 && y != 1)
            return refuse(n, "the shapes of its inputs do not broadcast", err);
        out->dims[out->rank - i] = x == 1 ? y : x; /* 1 and 0 give 0 */
    }
    if (n->op == JZ_NN_PRELU &&
        (out->rank != a.rank || memcmp(out->dims, a.dims, sizeof a.dims[0] * (size_t)a.rank)))
        return refuse(n, "its slope is larger than its input", err);
    return 0;
}

static int infer_reshape(struct graph *g, struct node *n, struct jz_nn_shape *out,
                         struct jz_error *err)
{
    const struct jz_nn_shape in = g->values[n->inputs[0]].shape;
    const struct value *want = &g->values[n->inputs[1]];
    if (!want->ints || want->shape.rank != 1 || want->shape.dims[0] > JZ_NN_MAX_RANK)
        return refuse(n, "its new shape is not a short constant", err);
    const int64_t count = (int64_t)jz_nn_shape_count(in);
    int64_t known = 1;
    int open = -1;
    out->rank = (int)want->shape.dims[0];
    for (int i = 0; i < out->rank; i++) {
        int64_t d = want->ints[i];
        if (d == 0 && i < in.rank)
            d = in.dims[i];
        if ((d == -1 && open >= 0) || d < -1 || d == 0 || d > JZ_NN_MAX_ELEMENTS)
            return refuse(n, "its new shape makes no sense", err);
        out->dims[i] = d;
        if (d == -1)
            open = i;
        else if ((known *= d) > JZ_NN_MAX_ELEMENTS)
            return refuse(n, "its new shape is too large", err);
    }
    if (open >= 0)
        out->dims[open] = count / known;
    if ((int64_t)jz_nn_shape_count(*out) != count)
        return refuse(n, "its new shape has another number of elements", err);
    return 0;
}

static int infer_matmul(struct graph *g, struct node *n, struct jz_nn_shape *out,
                        struct jz_error *err)
{
    const struct jz_nn_shape a = g->values[n->inputs[0]].shape, b = g->values[n->inputs[1]].shape;
    if (a.rank != 2 || b.rank != 2)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "%s '%.80s': only matrices are multiplied",
                            jz_nn_op_name(n->op), n->name);
    const int64_t rows = a.dims[n->trans_a], inner = a.dims[!n->trans_a];
    if (inner != b.dims[n->trans_b])
        return refuse(n, "the sizes of its matrices do not match", err);
    *out = (struct jz_nn_shape){ .rank = 2, .dims = { rows, b.dims[!n->trans_b] } };
    if (n->op == JZ_NN_GEMM && n->input_count == 3 && n->inputs[2] != JZ_NN_NONE) {
        const struct jz_nn_shape c = g->values[n->inputs[2]].shape;
        if (c.rank > 2 ||
            (c.rank > 0 && c.dims[c.rank - 1] != out->dims[1] && c.dims[c.rank - 1] != 1) ||
            (c.rank == 2 && c.dims[0] != rows && c.dims[0] != 1))
            return refuse(n, "its third input does not broadcast", err);
    }
    return 0;
}

static int infer_transpose(struct graph *g, struct node *n, struct jz_nn_shape *out,
                           struct jz_error *err)
{
    const struct jz_nn_shape in = g->values[n->inputs[0]].shape;
    if (n->perm_count == 0)
        for (n->perm_count = 0; n->perm_count < in.rank; n->perm_count++)
            n->perm[n->perm_count] = in.rank - 1 - n->perm_count;
    unsigned seen = 0;
    out->rank = in.rank;
    for (int i = 0; i < n->perm_count && n->perm_count == in.rank; i++) {
        if (n->perm[i] < 0 || n->perm[i] >= in.rank)
            break;
        seen |= 1u << n->perm[i];
        out->dims[i] = in.dims[n->perm[i]];
    }
    return seen == (1u << in.rank) - 1 ? 0 : refuse(n, "perm is not an order of the axes", err);
}

static int infer_concat(struct graph *g, struct node *n, struct jz_nn_shape *out,
                        struct jz_error *err)
{
    *out = g->values[n->inputs[0]].shape;
    if (n->axis < 0)
        n->axis += out->rank;
    if (n->axis < 0 || n->axis >= out->rank)
        return refuse(n, "axis out of range", err);
    for (int i = 1; i < n->input_count; i++) {
        const struct jz_nn_shape s = g->values[n->inputs[i]].shape;
        for (int d = 0; d < out->rank; d++)
            if (s.rank != out->rank || (d != n->axis && s.dims[d] != out->dims[d]))
                return refuse(n, "the shapes of its inputs do not fit", err);
        out->dims[n->axis] += s.dims[n->axis];
    }
    return 0;
}

/* Output shape of one node from the shapes of its inputs. */
static int infer_node(struct graph *g, struct node *n, struct jz_nn_shape *out,
                      struct jz_error *err)
{
    const struct jz_nn_shape in = g->values[n->inputs[0]].shape;
    *out = in;
    switch (n->op) {
    case JZ_NN_CONV:
    case JZ_NN_MAX_POOL:
    case JZ_NN_AVERAGE_POOL:
        return infer_window(g, n, out, err);
    case JZ_NN_PRELU:
        if (!g->values[n->inputs[1]].data)
            return refuse(n, "its slope is not a constant", err);
        return infer_broadcast(g, n, out, err);
    case JZ_NN_ADD:
    case JZ_NN_MUL:
    case JZ_NN_SUB:
        return infer_broadcast(g, n, out, err);
    case JZ_NN_GLOBAL_AVERAGE_POOL:
        if (in.rank != 4)
            return refuse(n, "its input is not of rank 4", err);
        out->dims[2] = out->dims[3] = 1;
        return 0;
    case JZ_NN_PAD:
        if (n->perm_count != in.rank)
            return refuse(n, "it pads another number of axes", err);
        for (int i = 0; i < in.rank; i++)
            out->dims[i] += n->pads[i] + n->pads[in.rank + i];
        return 0;
    case JZ_NN_RESIZE:
        if (in.rank != 4)
            return refuse(n, "its input is not of rank 4", err);
        out->dims[2] *= (int64_t)n->scales[0];
        out->dims[3] *= (int64_t)n->scales[1];
        return 0;
    case JZ_NN_BATCH_NORM:
        for (int i = 1; i < 5; i++) {
            const struct value *v = &g->values[n->inputs[i]];
            if (!v->data || in.rank < 2 || jz_nn_shape_count(v->shape) != (size_t)in.dims[1])
                return refuse(n, "its parameters are not constants with one number a channel", err);
        }
        for (int64_t c = 0; c < in.dims[1]; c++)
            if (!(g->values[n->inputs[4]].data[c] + n->epsilon > 0))
                return refuse(n, "its variance is negative", err);
        return 0;
    case JZ_NN_GEMM:
    case JZ_NN_MATMUL:
        return infer_matmul(g, n, out, err);
    case JZ_NN_RESHAPE:
        return infer_reshape(g, n, out, err);
    case JZ_NN_FLATTEN: {
        int64_t axis = n->axis < 0 ? n->axis + in.rank : n->axis;
        if (axis < 0 || axis > in.rank)
            return refuse(n, "axis out of range", err);
        *out = (struct jz_nn_shape){ .rank = 2, .dims = { 1, 1 } };
        for (int i = 0; i < in.rank; i++)
            out->dims[i >= axis] *= in.dims[i];
        return 0;
    }
    case JZ_NN_TRANSPOSE:
        return infer_transpose(g, n, out, err);
    case JZ_NN_CONCAT:
        return infer_concat(g, n, out, err);
    case JZ_NN_SOFTMAX:
        if (n->axis < 0)
            n->axis += in.rank;
        if (n->axis < 0 || n->axis >= in.rank)
            return refuse(n, "axis out of range", err);
        /* Before opset 13 the axes from `axis` on are taken as one. */
        for (int i = (int)n->axis + 1; i < in.rank && g->opset < 13; i++)
            if (in.dims[i] != 1)
                return refuse(n, "a softmax over several axes is not handled", err);
        return 0;
    case JZ_NN_RELU:
    case JZ_NN_CLIP:
    case JZ_NN_SIGMOID:
    case JZ_NN_CONSTANT:
    case JZ_NN_OPS:
        return 0;
    }
    return 0;
}

int jz_nn_graph_infer(struct graph *g, struct jz_error *err)
{
    for (int i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        for (int k = 0; k < n->input_count; k++) {
            if (n->inputs[k] == JZ_NN_NONE)
                continue;
            const struct value *v = &g->values[n->inputs[k]];
            if (v->ints && !(n->op == JZ_NN_RESHAPE && k == 1))
                return refuse(n, "integers are handled only as shapes", err);
            if (v->data && jz_nn_shape_count(v->shape) == 0)
                return refuse(n, "one of its constants is empty", err);
        }
        struct jz_nn_shape out = { 0 };
        int r = infer_node(g, n, &out, err);
        if (r < 0)
            return r;
        int64_t count = 1;
        for (int d = 0; d < out.rank; d++) {
            if (out.dims[d] < 1)
                return refuse(n, "its result is empty", err);
            if (out.dims[d] > JZ_NN_MAX_ELEMENTS || (count *= out.dims[d]) > JZ_NN_MAX_ELEMENTS)
                return jz_error_set(err, JZ_E_LIMIT, "%s '%.80s': its result is too large",
                                    jz_nn_op_name(n->op), n->name);
        }
        g->values[n->output].shape = out;
        g->values[n->output].known = true;
    }
    return 0;
}
