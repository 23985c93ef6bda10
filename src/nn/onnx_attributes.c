/* What the attributes of each operator say, and the forms of it that are not handled. */
#include "nn/onnx_internal.h"

#include <math.h>
#include <string.h>

const Onnx__AttributeProto *jz_nn_find_attribute(const Onnx__NodeProto *n, const char *name)
{
    for (size_t i = 0; i < n->n_attribute; i++)
        if (n->attribute[i]->name && strcmp(n->attribute[i]->name, name) == 0)
            return n->attribute[i];
    return NULL;
}

static int64_t attribute_int(const Onnx__NodeProto *n, const char *name, int64_t otherwise)
{
    const Onnx__AttributeProto *a = jz_nn_find_attribute(n, name);
    return a && a->has_i ? a->i : otherwise;
}

static float attribute_float(const Onnx__NodeProto *n, const char *name, float otherwise)
{
    const Onnx__AttributeProto *a = jz_nn_find_attribute(n, name);
    return a && a->has_f ? a->f : otherwise;
}

static bool attribute_is(const Onnx__NodeProto *n, const char *name, const char *wanted,
                         const char *otherwise)
{
    const Onnx__AttributeProto *a = jz_nn_find_attribute(n, name);
    if (!a || !a->has_s)
        return strcmp(wanted, otherwise) == 0;
    return a->s.len == strlen(wanted) && memcmp(a->s.data, wanted, a->s.len) == 0;
}

/* Copies exactly `count` integers when the attribute is there; false when it has another count. */
static bool attribute_ints(const Onnx__NodeProto *n, const char *name, int64_t *values,
                           size_t count)
{
    const Onnx__AttributeProto *a = jz_nn_find_attribute(n, name);
    if (!a)
        return true;
    if (a->n_ints != count)
        return false;
    memcpy(values, a->ints, count * sizeof *values);
    return true;
}

int jz_nn_refuse(const struct node *node, int code, const char *why, struct jz_error *err)
{
    return jz_error_set(err, code, "%s '%s': %s", jz_nn_op_name(node->op), node->name, why);
}

static int read_window(const Onnx__NodeProto *n, struct node *node, struct jz_error *err)
{
    struct window w = { .stride = { 1, 1 }, .dilation = { 1, 1 } };
    int64_t pads[4] = { 0 };
    if (!attribute_ints(n, "kernel_shape", w.kernel, 2) ||
        !attribute_ints(n, "strides", w.stride, 2) ||
        !attribute_ints(n, "dilations", w.dilation, 2) || !attribute_ints(n, "pads", pads, 4))
        return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "only 2-D windows are handled", err);
    memcpy(w.pad_begin, pads, sizeof w.pad_begin);
    memcpy(w.pad_end, pads + 2, sizeof w.pad_end);
    w.same_upper = attribute_is(n, "auto_pad", "SAME_UPPER", "NOTSET");
    w.same_lower = attribute_is(n, "auto_pad", "SAME_LOWER", "NOTSET");
    if (!w.same_upper && !w.same_lower && !attribute_is(n, "auto_pad", "NOTSET", "NOTSET") &&
        !attribute_is(n, "auto_pad", "VALID", "NOTSET"))
        return jz_nn_refuse(node, JZ_E_FORMAT, "unknown auto_pad", err);
    w.ceil_mode = attribute_int(n, "ceil_mode", 0) != 0;
    w.count_include_pad = attribute_int(n, "count_include_pad", 0) != 0;
    enum { MOST = 1024 };
    for (int i = 0; i < 2; i++)
        if (w.kernel[i] < 0 || w.kernel[i] > MOST || w.stride[i] < 1 || w.stride[i] > MOST ||
            w.dilation[i] < 1 || w.dilation[i] > MOST || w.pad_begin[i] < 0 ||
            w.pad_begin[i] > MOST || w.pad_end[i] < 0 || w.pad_end[i] > MOST)
            return jz_nn_refuse(node, JZ_E_FORMAT, "window, stride or padding out of range", err);
    node->window = w;
    return 0;
}

/* The constant behind input i, or NULL. */
static const struct value *constant_input(const struct graph *g, const struct node *node, int i)
{
    if (i >= node->input_count || node->inputs[i] == JZ_NN_NONE)
        return NULL;
    const struct value *v = &g->values[node->inputs[i]];
    return is_constant(v) ? v : NULL;
}

/* Clip's bounds moved from attributes to inputs with opset 11; both forms are still written. */
static int read_clip(const struct graph *g, const Onnx__NodeProto *n, struct node *node,
                     struct jz_error *err)
{
    node->alpha = attribute_float(n, "min", -3.402823466e+38f);
    node->beta = attribute_float(n, "max", 3.402823466e+38f);
    float *const bounds[2] = { &node->alpha, &node->beta };
    for (int i = 1; i <= 2 && i < node->input_count; i++) {
        if (node->inputs[i] == JZ_NN_NONE)
            continue;
        const struct value *v = constant_input(g, node, i);
        if (!v || !v->data || jz_nn_shape_count(v->shape) != 1)
            return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "its bounds must be constant numbers", err);
        *bounds[i - 1] = v->data[0];
    }
    if (node->alpha > node->beta)
        return jz_nn_refuse(node, JZ_E_FORMAT, "its lower bound is above the upper one", err);
    node->input_count = 1;
    return 0;
}

static int read_pad(const struct graph *g, const Onnx__NodeProto *n, struct node *node,
                    struct jz_error *err)
{
    if (!attribute_is(n, "mode", "constant", "constant"))
        return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "only constant padding is handled", err);
    const Onnx__AttributeProto *a = jz_nn_find_attribute(n, "pads");
    const struct value *v = constant_input(g, node, 1);
    const int64_t *pads = a ? a->ints : v ? v->ints : NULL;
    const size_t count = a ? a->n_ints : v && v->ints ? jz_nn_shape_count(v->shape) : 0;
    if (!pads || count == 0 || count > 2 * JZ_NN_MAX_RANK || count % 2)
        return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "its pads must be constant integers", err);
    for (size_t i = 0; i < count; i++) {
        if (pads[i] < 0 || pads[i] > JZ_NN_MAX_ELEMENTS)
            return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "negative or huge pads are not handled",
                                err);
        node->pads[i] = pads[i];
    }
    node->perm_count = (int)count / 2;
    node->alpha = attribute_float(n, "value", 0);
    if (node->input_count > 2 && node->inputs[2] != JZ_NN_NONE) {
        const struct value *fill = constant_input(g, node, 2);
        if (!fill || !fill->data || jz_nn_shape_count(fill->shape) != 1)
            return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "its fill must be one constant number",
                                err);
        node->alpha = fill->data[0];
    }
    node->input_count = 1;
    return 0;
}

/* Nearest neighbour by a whole factor, sampled from the left: what a feature pyramid needs. */
static int read_resize(const struct graph *g, const Onnx__NodeProto *n, struct node *node,
                       struct jz_error *err)
{
    const struct value *scales = constant_input(g, node, node->input_count == 2 ? 1 : 2);
    if (!attribute_is(n, "mode", "nearest", "nearest") || !scales || !scales->data ||
        jz_nn_shape_count(scales->shape) != 4 || scales->data[0] != 1 || scales->data[1] != 1)
        return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "only nearest with constant scales is handled",
                            err);
    for (int i = 0; i < 2; i++) {
        node->scales[i] = scales->data[2 + i];
        if (node->scales[i] < 1 || node->scales[i] > 64 ||
            node->scales[i] != floorf(node->scales[i]))
            return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "only whole enlargements are handled", err);
    }
    /* For a whole factor these two ways to place the samples pick the same pixels. */
    const bool asymmetric =
        attribute_is(n, "coordinate_transformation_mode", "asymmetric", "half_pixel") &&
        attribute_is(n, "nearest_mode", "floor", "round_prefer_floor");
    const bool half_pixel =
        attribute_is(n, "coordinate_transformation_mode", "half_pixel", "half_pixel") &&
        (attribute_is(n, "nearest_mode", "round_prefer_floor", "round_prefer_floor") ||
         attribute_is(n, "nearest_mode", "round_prefer_ceil", "round_prefer_floor"));
    if (g->opset >= 11 && !asymmetric && !half_pixel)
        return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "this placement of samples is not handled",
                            err);
    node->input_count = 1;
    return 0;
}

int jz_nn_read_attributes(struct graph *g, const Onnx__NodeProto *n, struct node *node,
                          struct jz_error *err)
{
    switch (node->op) {
    case JZ_NN_CONV:
    case JZ_NN_MAX_POOL:
    case JZ_NN_AVERAGE_POOL:
        node->group = attribute_int(n, "group", 1);
        if (node->group < 1 || node->group > JZ_NN_MAX_ELEMENTS)
            return jz_nn_refuse(node, JZ_E_FORMAT, "group out of range", err);
        if (node->op == JZ_NN_MAX_POOL && n->n_output > 1)
            return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "its indices are not computed", err);
        return read_window(n, node, err);
    case JZ_NN_CLIP:
        return read_clip(g, n, node, err);
    case JZ_NN_PAD:
        return read_pad(g, n, node, err);
    case JZ_NN_RESIZE:
        return read_resize(g, n, node, err);
    case JZ_NN_BATCH_NORM:
        node->epsilon = attribute_float(n, "epsilon", 1e-5f);
        return 0;
    case JZ_NN_GEMM:
        node->alpha = attribute_float(n, "alpha", 1);
        node->beta = attribute_float(n, "beta", 1);
        node->trans_a = attribute_int(n, "transA", 0) != 0;
        node->trans_b = attribute_int(n, "transB", 0) != 0;
        return 0;
    case JZ_NN_FLATTEN:
        node->axis = attribute_int(n, "axis", 1);
        return 0;
    case JZ_NN_CONCAT:
        node->axis = attribute_int(n, "axis", 0);
        return 0;
    case JZ_NN_SOFTMAX:
        node->axis = attribute_int(n, "axis", g->opset >= 13 ? -1 : 1);
        return 0;
    case JZ_NN_TRANSPOSE: {
        const Onnx__AttributeProto *a = jz_nn_find_attribute(n, "perm");
        if (a && a->n_ints > JZ_NN_MAX_RANK)
            return jz_nn_refuse(node, JZ_E_LIMIT, "too many axes", err);
        node->perm_count = a ? (int)a->n_ints : 0;
        for (int i = 0; i < node->perm_count; i++)
            node->perm[i] = a->ints[i];
        return 0;
    }
    case JZ_NN_RESHAPE:
        if (attribute_int(n, "allowzero", 0))
            return jz_nn_refuse(node, JZ_E_UNSUPPORTED, "allowzero is not handled", err);
        return 0;
    case JZ_NN_PRELU:
    case JZ_NN_RELU:
    case JZ_NN_SIGMOID:
    case JZ_NN_ADD:
    case JZ_NN_MUL:
    case JZ_NN_SUB:
    case JZ_NN_GLOBAL_AVERAGE_POOL:
    case JZ_NN_MATMUL:
    case JZ_NN_CONSTANT:
    case JZ_NN_OPS:
        return 0;
    }
    return 0;
}
