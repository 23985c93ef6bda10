#include "reference.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void give_up(const char *what, const char *name)
{
    fprintf(stderr, "reference: %s '%s'\n", what, name);
    abort();
}

size_t tensor_count(const struct tensor *t)
{
    size_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= (size_t)t->dims[i];
    return count;
}

struct tensor *reference_add(struct reference *r, const char *name, int rank, const int64_t *dims)
{
    if (r->count == REFERENCE_TENSORS || rank > REFERENCE_RANK)
        give_up("too many tensors or axes", name);
    struct tensor *t = &r->tensors[r->count++];
    *t = (struct tensor){ .name = name, .rank = rank };
    for (int i = 0; i < rank; i++)
        t->dims[i] = dims[i];
    t->data = calloc(tensor_count(t) + 1, sizeof *t->data);
    if (!t->data)
        give_up("out of memory", name);
    return t;
}

struct tensor *reference_find(struct reference *r, const char *name)
{
    for (int i = 0; i < r->count; i++)
        if (strcmp(r->tensors[i].name, name) == 0)
            return &r->tensors[i];
    return NULL;
}

void reference_done(struct reference *r)
{
    for (int i = 0; i < r->count; i++)
        free(r->tensors[i].data);
    r->count = 0;
}

static double from_half(uint16_t h)
{
    const int exponent = (h >> 10) & 31, fraction = h & 1023;
    const double size =
        exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp((double)fraction, -24);
    return h & 0x8000 ? -size : size;
}

static double number_at(const Onnx__TensorProto *p, size_t i)
{
    const uint8_t *raw = p->has_raw_data ? p->raw_data.data : NULL;
    float f;
    uint16_t h;
    int32_t n;
    int64_t l;
    switch (p->data_type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
        memcpy(&f, raw ? (const void *)(raw + 4 * i) : &p->float_data[i], sizeof f);
        return (double)f;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
        h = raw ? 0 : (uint16_t)p->int32_data[i];
        if (raw)
            memcpy(&h, raw + 2 * i, sizeof h);
        return from_half(h);
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
        memcpy(&n, raw ? (const void *)(raw + 4 * i) : &p->int32_data[i], sizeof n);
        return n;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
        memcpy(&l, raw ? (const void *)(raw + 8 * i) : &p->int64_data[i], sizeof l);
        return (double)l;
    default:
        give_up("data type of", p->name);
    }
}

static void add_constant(struct reference *r, const char *name, const Onnx__TensorProto *p)
{
    struct tensor *t = reference_add(r, name, (int)p->n_dims, p->dims);
    for (size_t i = 0; i < tensor_count(t); i++)
        t->data[i] = number_at(p, i);
}

static const Onnx__AttributeProto *attribute(const Onnx__NodeProto *n, const char *name)
{
    for (size_t i = 0; i < n->n_attribute; i++)
        if (strcmp(n->attribute[i]->name, name) == 0)
            return n->attribute[i];
    return NULL;
}

static int64_t int_of(const Onnx__NodeProto *n, const char *name, int64_t otherwise)
{
    const Onnx__AttributeProto *a = attribute(n, name);
    return a ? a->i : otherwise;
}

static double float_of(const Onnx__NodeProto *n, const char *name, double otherwise)
{
    const Onnx__AttributeProto *a = attribute(n, name);
    return a ? (double)a->f : otherwise;
}

static int64_t list_of(const Onnx__NodeProto *n, const char *name, size_t i, int64_t otherwise)
{
    const Onnx__AttributeProto *a = attribute(n, name);
    return a ? a->ints[i] : otherwise;
}

static bool text_is(const Onnx__NodeProto *n, const char *name, const char *wanted)
{
    const Onnx__AttributeProto *a = attribute(n, name);
    return a && a->s.len == strlen(wanted) && memcmp(a->s.data, wanted, a->s.len) == 0;
}

/* One axis of a sliding window. */
struct slide {
    int64_t kernel, stride, dilation, begin, end, out;
};

static struct slide slide_along(const Onnx__NodeProto *n, int axis, int64_t in, int64_t kernel)
{
    struct slide s = { .kernel = kernel,
                       .stride = list_of(n, "strides", (size_t)axis, 1),
                       .dilation = list_of(n, "dilations", (size_t)axis, 1),
                       .begin = list_of(n, "pads", (size_t)axis, 0),
                       .end = list_of(n, "pads", (size_t)axis + 2, 0) };
    const int64_t extent = s.dilation * (kernel - 1) + 1;
    const bool upper = text_is(n, "auto_pad", "SAME_UPPER");
    if (upper || text_is(n, "auto_pad", "SAME_LOWER")) {
        s.out = (in + s.stride - 1) / s.stride;
        const int64_t pad = (s.out - 1) * s.stride + extent - in;
        const int64_t less = pad > 0 ? pad / 2 : 0, more = pad > 0 ? pad - less : 0;
        s.begin = upper ? less : more;
        s.end = upper ? more : less;
        return s;
    }
    const int64_t room = in + s.begin + s.end - extent;
    s.out = room / s.stride + 1;
    /* One more that hangs over the end, unless it would start behind the input. */
    if (int_of(n, "ceil_mode", 0) && room % s.stride && s.out * s.stride < in + s.begin)
        s.out++;
    return s;
}

static double at(const struct tensor *t, int64_t b, int64_t c, int64_t y, int64_t x)
{
    return t->data[((b * t->dims[1] + c) * t->dims[2] + y) * t->dims[3] + x];
}

static void run_conv(struct reference *r, const Onnx__NodeProto *n, const struct tensor *const *in)
{
    const struct tensor *x = in[0], *w = in[1], *bias = in[2];
    const int64_t group = int_of(n, "group", 1);
    const struct slide v = slide_along(n, 0, x->dims[2], w->dims[2]),
                       h = slide_along(n, 1, x->dims[3], w->dims[3]);
    const int64_t dims[] = { x->dims[0], w->dims[0], v.out, h.out };
    double *out = reference_add(r, n->output[0], 4, dims)->data;
    for (int64_t b = 0; b < dims[0]; b++)
        for (int64_t o = 0; o < dims[1]; o++)
            for (int64_t i = 0; i < v.out; i++)
                for (int64_t j = 0; j < h.out; j++) {
                    double sum = bias ? bias->data[o] : 0;
                    for (int64_t c = 0; c < w->dims[1]; c++)
                        for (int64_t ky = 0; ky < v.kernel; ky++)
                            for (int64_t kx = 0; kx < h.kernel; kx++) {
                                const int64_t y = i * v.stride - v.begin + ky * v.dilation;
                                const int64_t z = j * h.stride - h.begin + kx * h.dilation;
                                if (y >= 0 && y < x->dims[2] && z >= 0 && z < x->dims[3])
                                    sum += at(w, o, c, ky, kx) *
                                           at(x, b, o / (dims[1] / group) * w->dims[1] + c, y, z);
                            }
                    *out++ = sum;
                }
}

static void run_pool(struct reference *r, const Onnx__NodeProto *n, const struct tensor *const *in)
{
    const struct tensor *x = in[0];
    const bool max = strcmp(n->op_type, "MaxPool") == 0;
    const bool all = strcmp(n->op_type, "GlobalAveragePool") == 0;
    const bool include = int_of(n, "count_include_pad", 0) != 0;
    const struct slide v = slide_along(n, 0, x->dims[2],
                                       all ? x->dims[2] : list_of(n, "kernel_shape", 0, 0)),
                       h = slide_along(n, 1, x->dims[3],
                                       all ? x->dims[3] : list_of(n, "kernel_shape", 1, 0));
    const int64_t dims[] = { x->dims[0], x->dims[1], v.out, h.out };
    double *out = reference_add(r, n->output[0], 4, dims)->data;
    for (int64_t b = 0; b < dims[0]; b++)
        for (int64_t c = 0; c < dims[1]; c++)
            for (int64_t i = 0; i < v.out; i++)
                for (int64_t j = 0; j < h.out; j++) {
                    double sum = 0, most = -INFINITY, count = 0;
                    for (int64_t ky = 0; ky < v.kernel; ky++)
                        for (int64_t kx = 0; kx < h.kernel; kx++) {
                            const int64_t y = i * v.stride - v.begin + ky * v.dilation;
                            const int64_t z = j * h.stride - h.begin + kx * h.dilation;
                            const bool inside =
                                y >= 0 && y < x->dims[2] && z >= 0 && z < x->dims[3];
                            count += inside || include;
                            sum += inside ? at(x, b, c, y, z) : 0;
                            most = inside ? fmax(most, at(x, b, c, y, z)) : most;
                        }
                    *out++ = max ? most : sum / count;
                }
}

/* The element of t that position i of a tensor of shape `of` broadcasts from. */
static double spread(const struct tensor *t, const struct tensor *of, size_t i)
{
    size_t index = 0, step = 1;
    for (int a = of->rank - 1, k = t->rank - 1; a >= 0; a--, k--) {
        const size_t place = i % (size_t)of->dims[a];
        i /= (size_t)of->dims[a];
        if (k < 0)
            continue;
        index += t->dims[k] == 1 ? 0 : place * step;
        step *= (size_t)t->dims[k];
    }
    return t->data[index];
}

static void run_binary(struct reference *r, const Onnx__NodeProto *n,
                       const struct tensor *const *in)
{
    const struct tensor *a = in[0], *b = in[1];
    const int rank = a->rank > b->rank ? a->rank : b->rank;
    int64_t dims[REFERENCE_RANK];
    for (int i = 0; i < rank; i++) {
        const int p = i - (rank - a->rank), q = i - (rank - b->rank);
        const int64_t s = p < 0 ? 1 : a->dims[p], t = q < 0 ? 1 : b->dims[q];
        dims[i] = s > t ? s : t;
    }
    struct tensor *out = reference_add(r, n->output[0], rank, dims);
    for (size_t i = 0; i < tensor_count(out); i++) {
        const double s = spread(a, out, i), t = spread(b, out, i);
        switch (n->op_type[0]) {
        case 'A':
            out->data[i] = s + t;
            break;
        case 'S':
            out->data[i] = s - t;
            break;
        case 'M':
            out->data[i] = s * t;
            break;
        default: /* PRelu */
            out->data[i] = s < 0 ? s * t : s;
        }
    }
}

static void run_unary(struct reference *r, const Onnx__NodeProto *n, const struct tensor *const *in)
{
    struct tensor *out = reference_add(r, n->output[0], in[0]->rank, in[0]->dims);
    const double least = in[1] ? in[1]->data[0] : float_of(n, "min", -INFINITY);
    const double most = in[2] ? in[2]->data[0] : float_of(n, "max", INFINITY);
    for (size_t i = 0; i < tensor_count(out); i++) {
        const double x = in[0]->data[i];
        out->data[i] = n->op_type[0] == 'R'   ? fmax(x, 0)
                       : n->op_type[0] == 'C' ? fmin(fmax(x, least), most)
                                              : 1 / (1 + exp(-x));
    }
}

static void run_batch_norm(struct reference *r, const Onnx__NodeProto *n,
                           const struct tensor *const *in)
{
    struct tensor *out = reference_add(r, n->output[0], in[0]->rank, in[0]->dims);
    const double epsilon = float_of(n, "epsilon", 1e-5);
    size_t inner = 1;
    for (int i = 2; i < out->rank; i++)
        inner *= (size_t)out->dims[i];
    for (size_t i = 0; i < tensor_count(out); i++) {
        const size_t c = i / inner % (size_t)out->dims[1];
        out->data[i] =
            (in[0]->data[i] - in[3]->data[c]) / sqrt(in[4]->data[c] + epsilon) * in[1]->data[c] +
            in[2]->data[c];
    }
}

static void run_product(struct reference *r, const Onnx__NodeProto *n,
                        const struct tensor *const *in)
{
    const struct tensor *a = in[0], *b = in[1], *c = in[2];
    const bool ta = int_of(n, "transA", 0) != 0, tb = int_of(n, "transB", 0) != 0;
    const int64_t inner = a->dims[!ta], dims[] = { a->dims[ta], b->dims[!tb] };
    struct tensor *out = reference_add(r, n->output[0], 2, dims);
    for (int64_t i = 0; i < dims[0]; i++)
        for (int64_t j = 0; j < dims[1]; j++) {
            double sum = 0;
            for (int64_t k = 0; k < inner; k++)
                sum += a->data[ta ? k * dims[0] + i : i * inner + k] *
                       b->data[tb ? j * inner + k : k * dims[1] + j];
            const size_t place = (size_t)(i * dims[1] + j);
            out->data[place] = float_of(n, "alpha", 1) * sum +
                               (c ? float_of(n, "beta", 1) * spread(c, out, place) : 0);
        }
}

static void run_reshape(struct reference *r, const Onnx__NodeProto *n,
                        const struct tensor *const *in)
{
    const struct tensor *x = in[0];
    int64_t dims[REFERENCE_RANK] = { 1, 1 };
    int rank = 2;
    if (in[1]) {
        int64_t known = 1, open = -1;
        rank = (int)in[1]->dims[0];
        for (int i = 0; i < rank; i++) {
            dims[i] = (int64_t)in[1]->data[i];
            if (dims[i] == 0)
                dims[i] = x->dims[i];
            if (dims[i] < 0)
                open = i;
            else
                known *= dims[i];
        }
        if (open >= 0)
            dims[open] = (int64_t)tensor_count(x) / known;
    } else { /* Flatten */
        const int64_t axis = int_of(n, "axis", 1);
        for (int i = 0; i < x->rank; i++)
            dims[i >= (axis < 0 ? axis + x->rank : axis)] *= x->dims[i];
    }
    struct tensor *out = reference_add(r, n->output[0], rank, dims);
    memcpy(out->data, x->data, tensor_count(x) * sizeof *x->data);
}

/* Splits position i of a tensor into one place an axis. */
static void places_of(const struct tensor *t, size_t i, int64_t places[REFERENCE_RANK])
{
    for (int a = t->rank - 1; a >= 0; a--) {
        places[a] = (int64_t)(i % (size_t)t->dims[a]);
        i /= (size_t)t->dims[a];
    }
}

static double at_places(const struct tensor *t, const int64_t places[REFERENCE_RANK])
{
    size_t index = 0;
    for (int a = 0; a < t->rank; a++)
        index = index * (size_t)t->dims[a] + (size_t)places[a];
    return t->data[index];
}

static void run_transpose(struct reference *r, const Onnx__NodeProto *n,
                          const struct tensor *const *in)
{
    int64_t dims[REFERENCE_RANK], to[REFERENCE_RANK], from[REFERENCE_RANK];
    for (int i = 0; i < in[0]->rank; i++)
        dims[i] = in[0]->dims[list_of(n, "perm", (size_t)i, in[0]->rank - 1 - i)];
    struct tensor *out = reference_add(r, n->output[0], in[0]->rank, dims);
    for (size_t i = 0; i < tensor_count(out); i++) {
        places_of(out, i, to);
        for (int a = 0; a < out->rank; a++)
            from[list_of(n, "perm", (size_t)a, out->rank - 1 - a)] = to[a];
        out->data[i] = at_places(in[0], from);
    }
}

static void run_concat(struct reference *r, const Onnx__NodeProto *n,
                       const struct tensor *const *in)
{
    int64_t dims[REFERENCE_RANK], places[REFERENCE_RANK];
    memcpy(dims, in[0]->dims, sizeof dims);
    const int64_t axis = int_of(n, "axis", 0) + (int_of(n, "axis", 0) < 0 ? in[0]->rank : 0);
    for (size_t k = 1; k < n->n_input; k++)
        dims[axis] += in[k]->dims[axis];
    struct tensor *out = reference_add(r, n->output[0], in[0]->rank, dims);
    for (size_t i = 0; i < tensor_count(out); i++) {
        places_of(out, i, places);
        size_t k = 0;
        while (places[axis] >= in[k]->dims[axis])
            places[axis] -= in[k++]->dims[axis];
        out->data[i] = at_places(in[k], places);
    }
}

static void run_pad(struct reference *r, const Onnx__NodeProto *n, const struct tensor *const *in)
{
    const int rank = in[0]->rank;
    int64_t dims[REFERENCE_RANK], begin[REFERENCE_RANK], places[REFERENCE_RANK];
    for (int i = 0; i < rank; i++) {
        begin[i] = in[1] ? (int64_t)in[1]->data[i] : list_of(n, "pads", (size_t)i, 0);
        dims[i] =
            in[0]->dims[i] + begin[i] +
            (in[1] ? (int64_t)in[1]->data[rank + i] : list_of(n, "pads", (size_t)(rank + i), 0));
    }
    const double value = in[2] ? in[2]->data[0] : float_of(n, "value", 0);
    struct tensor *out = reference_add(r, n->output[0], rank, dims);
    for (size_t i = 0; i < tensor_count(out); i++) {
        places_of(out, i, places);
        bool inside = true;
        for (int a = 0; a < rank; a++) {
            places[a] -= begin[a];
            inside &= places[a] >= 0 && places[a] < in[0]->dims[a];
        }
        out->data[i] = inside ? at_places(in[0], places) : value;
    }
}

/* By whole factors only, where all ways to place the samples that are allowed pick the same. */
static void run_resize(struct reference *r, const Onnx__NodeProto *n,
                       const struct tensor *const *in)
{
    const struct tensor *scales = in[n->n_input == 2 ? 1 : 2];
    int64_t dims[REFERENCE_RANK], places[REFERENCE_RANK];
    for (int i = 0; i < in[0]->rank; i++)
        dims[i] = in[0]->dims[i] * (int64_t)scales->data[i];
    struct tensor *out = reference_add(r, n->output[0], in[0]->rank, dims);
    for (size_t i = 0; i < tensor_count(out); i++) {
        places_of(out, i, places);
        for (int a = 0; a < out->rank; a++)
            places[a] /= (int64_t)scales->data[a];
        out->data[i] = at_places(in[0], places);
    }
}

/* Along one axis: the older form over several is not handled, and refused by the runtime. */
static void run_softmax(struct reference *r, const Onnx__NodeProto *n, int64_t opset,
                        const struct tensor *const *in)
{
    struct tensor *out = reference_add(r, n->output[0], in[0]->rank, in[0]->dims);
    int64_t axis = int_of(n, "axis", opset >= 13 ? -1 : 1);
    axis += axis < 0 ? out->rank : 0;
    size_t step = 1;
    for (int i = (int)axis + 1; i < out->rank; i++)
        step *= (size_t)out->dims[i];
    for (size_t i = 0; i < tensor_count(out); i++) {
        const size_t length = (size_t)out->dims[axis];
        const size_t first = i - i / step % length * step;
        double sum = 0;
        for (size_t k = 0; k < length; k++)
            sum += exp(in[0]->data[first + k * step]);
        out->data[i] = exp(in[0]->data[i]) / sum;
    }
}

static void run_node(struct reference *r, const Onnx__NodeProto *n, int64_t opset)
{
    typedef void runner(struct reference * r, const Onnx__NodeProto *n,
                        const struct tensor *const *in);
    static const struct {
        const char *op;
        runner *run;
    } runners[] = {
        { "Conv", run_conv },       { "PRelu", run_binary },
        { "Relu", run_unary },      { "Clip", run_unary },
        { "Sigmoid", run_unary },   { "Add", run_binary },
        { "Mul", run_binary },      { "Sub", run_binary },
        { "MaxPool", run_pool },    { "AveragePool", run_pool },
        { "Pad", run_pad },         { "GlobalAveragePool", run_pool },
        { "Resize", run_resize },   { "BatchNormalization", run_batch_norm },
        { "Gemm", run_product },    { "MatMul", run_product },
        { "Reshape", run_reshape }, { "Flatten", run_reshape },
        { "Concat", run_concat },   { "Transpose", run_transpose },
    };
    enum { MOST_INPUTS = 8 };
    const struct tensor *in[MOST_INPUTS] = { NULL };
    for (size_t i = 0; i < n->n_input && i < MOST_INPUTS; i++)
        if (*n->input[i] && !(in[i] = reference_find(r, n->input[i])))
            give_up("there is no", n->input[i]);
    if (strcmp(n->op_type, "Constant") == 0) {
        const Onnx__AttributeProto *value = attribute(n, "value");
        if (!value)
            give_up("no value in", n->output[0]);
        add_constant(r, n->output[0], value->t);
        return;
    }
    if (strcmp(n->op_type, "Softmax") == 0) {
        run_softmax(r, n, opset, in);
        return;
    }
    for (size_t i = 0; i < sizeof runners / sizeof runners[0]; i++)
        if (strcmp(n->op_type, runners[i].op) == 0) {
            runners[i].run(r, n, in);
            return;
        }
    give_up("unknown operator", n->op_type);
}

void reference_run(struct reference *r, const Onnx__ModelProto *model)
{
    for (size_t i = 0; i < model->graph->n_initializer; i++)
        add_constant(r, model->graph->initializer[i]->name, model->graph->initializer[i]);
    for (size_t i = 0; i < model->graph->n_node; i++)
        run_node(r, model->graph->node[i], model->opset_import[0]->version);
}
