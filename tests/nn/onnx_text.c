#include "onnx_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Behind the numbers of a constant whose shape is absurd there is no need to stand. */
enum { MOST_NUMBERS = 1 << 20 };

static _Noreturn void bad_text(const char *what, const char *text)
{
    fprintf(stderr, "%s: '%s'\n", what, text);
    abort();
}

static void *checked(void *p)
{
    if (!p)
        abort();
    return p;
}

/* Appends to one of protobuf-c's arrays of pointers. */
#define APPEND(array, count, item)                                                                 \
    do {                                                                                           \
        (array) = checked(reallocarray((array), (count) + 1, sizeof *(array)));                    \
        (array)[(count)++] = (item);                                                               \
    } while (0)

#define NEW(type, init)                                                                            \
    ({                                                                                             \
        type *new_ = checked(malloc(sizeof *new_));                                                \
        init(new_);                                                                                \
        new_;                                                                                      \
    })

float next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / (float)(1 << 23) - 1.0f;
}

/* To nearest, for numbers that are neither too large nor too small for half precision. */
static uint16_t half_of(float f)
{
    if (!isfinite(f))
        return isnan(f) ? 0x7e00 : f < 0 ? 0xfc00 : 0x7c00;
    int exponent;
    const float fraction = frexpf(fabsf(f), &exponent); /* in [0.5, 1) */
    const uint16_t sign = signbit(f) ? 0x8000 : 0;
    if (exponent < -13)
        return (uint16_t)(sign | (uint16_t)lrintf(ldexpf(fabsf(f), 24)));
    return (uint16_t)(sign + ((exponent + 13) << 10) + lrintf(fraction * 2048));
}

/* "1x3x8" into dims. */
static size_t read_dims(const char *text, int64_t **ret_dims)
{
    size_t rank = 0;
    *ret_dims = NULL;
    while (*text && *text != '/') {
        char *end;
        const int64_t size = strtoll(text, &end, 10);
        if (end == text)
            bad_text("no size", text);
        APPEND(*ret_dims, rank, size);
        text = *end == 'x' ? end + 1 : end;
    }
    return rank;
}

static bool has_flag(const char *text, const char *flag)
{
    const size_t length = strlen(flag);
    for (const char *p = strchr(text, '/'); p; p = strchr(p + 1, '/'))
        if (strncmp(p + 1, flag, length) == 0 && (p[1 + length] == '/' || p[1 + length] == 0))
            return true;
    return false;
}

static void store(Onnx__TensorProto *t, const double *numbers, size_t count, const char *text)
{
    const bool list = has_flag(text, "list"), int32 = has_flag(text, "int32");
    t->has_data_type = true;
    t->raw_data.data = list ? NULL : checked(calloc(count + 1, sizeof(int64_t)));
    t->has_raw_data = !list;
    for (size_t i = 0; i < count; i++) {
        const int64_t whole = text[0] == '[' ? (int64_t)numbers[i] : 0;
        const int32_t narrow = (int32_t)whole;
        const float real = (float)numbers[i];
        if (text[0] == '[' && int32) {
            t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
            if (list)
                APPEND(t->int32_data, t->n_int32_data, narrow);
            else
                memcpy(t->raw_data.data + i * sizeof narrow, &narrow, sizeof narrow);
            t->raw_data.len += sizeof narrow;
        } else if (text[0] == '[') {
            t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
            if (list)
                APPEND(t->int64_data, t->n_int64_data, whole);
            else
                memcpy(t->raw_data.data + i * sizeof whole, &whole, sizeof whole);
            t->raw_data.len += sizeof whole;
        } else if (has_flag(text, "half")) {
            const uint16_t half = half_of(real);
            t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16;
            if (list)
                APPEND(t->int32_data, t->n_int32_data, half);
            else
                memcpy(t->raw_data.data + i * sizeof half, &half, sizeof half);
            t->raw_data.len += sizeof half;
        } else {
            t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
            if (list)
                APPEND(t->float_data, t->n_float_data, real);
            else
                memcpy(t->raw_data.data + i * sizeof real, &real, sizeof real);
            t->raw_data.len += sizeof real;
        }
    }
    if (count == 0)
        t->data_type = text[0] == '[' ? ONNX__TENSOR_PROTO__DATA_TYPE__INT64
                                      : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
}

/* What stands behind the '=', '~' or '+' of a constant. */
static Onnx__TensorProto *read_constant(const char *name, char kind, const char *text,
                                        uint32_t *seed)
{
    Onnx__TensorProto *t = NEW(Onnx__TensorProto, onnx__tensor_proto__init);
    t->name = checked(strdup(name));
    double *numbers = NULL;
    size_t count = 0;
    if (kind == '=') {
        for (const char *p = text + 1; *p && *p != ']' && *p != '}';) {
            char *end;
            const double number = strtod(p, &end);
            if (end == p)
                bad_text("no number", text);
            APPEND(numbers, count, number);
            p = *end == ',' ? end + 1 : end;
        }
        if (!has_flag(text, "scalar"))
            APPEND(t->dims, t->n_dims, (int64_t)count);
    } else {
        t->n_dims = read_dims(text, &t->dims);
        double wanted = 1;
        for (size_t i = 0; i < t->n_dims; i++)
            wanted *= (double)t->dims[i];
        const size_t room = wanted >= 0 && wanted <= MOST_NUMBERS ? (size_t)wanted : 1;
        for (size_t i = 0; i < room; i++) {
            const float number = next_number(seed);
            APPEND(numbers, count, kind == '+' ? 1 + number / 2 : number);
        }
    }
    if (has_flag(text, "nan"))
        numbers[count / 2] = NAN;
    if (has_flag(text, "inf"))
        numbers[count / 2] = -INFINITY;
    store(t, numbers, count - has_flag(text, "short"), text);
    free(numbers);
    return t;
}

static Onnx__ValueInfoProto *read_port(const char *name, const char *text)
{
    Onnx__ValueInfoProto *info = NEW(Onnx__ValueInfoProto, onnx__value_info_proto__init);
    info->name = checked(strdup(name));
    if (!text)
        return info;
    info->type = NEW(Onnx__TypeProto, onnx__type_proto__init);
    info->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    Onnx__TypeProto__Tensor *tensor = NEW(Onnx__TypeProto__Tensor, onnx__type_proto__tensor__init);
    info->type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = NEW(Onnx__TensorShapeProto, onnx__tensor_shape_proto__init);
    while (*text) {
        Onnx__TensorShapeProto__Dimension *d =
            NEW(Onnx__TensorShapeProto__Dimension, onnx__tensor_shape_proto__dimension__init);
        char *end;
        const int64_t size = strtoll(text, &end, 10);
        if (*text == '?') {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            d->dim_param = checked(strdup("n"));
            text++;
        } else if (end != text) {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            d->dim_value = size;
            text = end;
        } else {
            bad_text("no size", text);
        }
        APPEND(tensor->shape->dim, tensor->shape->n_dim, d);
        text += *text == 'x';
    }
    return info;
}

static bool is_list(const char *name)
{
    static const char *const lists[] = { "kernel_shape", "strides", "dilations", "pads", "perm" };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(name, lists[i]) == 0)
            return true;
    return false;
}

static Onnx__AttributeProto *read_attribute(char *text, uint32_t *seed)
{
    Onnx__AttributeProto *a = NEW(Onnx__AttributeProto, onnx__attribute_proto__init);
    char *value = strpbrk(text, "=~");
    if (!value)
        bad_text("no attribute", text);
    const char kind = *value;
    *value++ = 0;
    a->name = checked(strdup(text));
    a->has_type = true;
    if (kind == '~' || *value == '[' || *value == '{') {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
        a->t = read_constant("", kind, value, seed);
    } else if (is_list(text)) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        while (*value) {
            APPEND(a->ints, a->n_ints, strtoll(value, &value, 10));
            if (*value && *value++ != ',')
                bad_text("no list", text);
        }
    } else if (strchr("+-0123456789", *value) && strchr(value, '.')) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        a->has_f = true;
        a->f = strtof(value, NULL);
    } else if (strchr("+-0123456789", *value)) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        a->has_i = true;
        a->i = strtoll(value, NULL, 10);
    } else {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
        a->has_s = true;
        a->s.len = strlen(value);
        a->s.data = checked(strdup(value));
    }
    return a;
}

/* "Conv(x w _) pads=1,1,1,1" */
static Onnx__NodeProto *read_node(const char *name, char *text, uint32_t *seed)
{
    Onnx__NodeProto *n = NEW(Onnx__NodeProto, onnx__node_proto__init);
    APPEND(n->output, n->n_output, checked(strdup(name)));
    char *inputs = strchr(text, '('), *end = inputs ? strchr(inputs, ')') : NULL, *rest;
    if (!end)
        bad_text("no node", text);
    *inputs++ = *end++ = 0;
    n->op_type = checked(strdup(text));
    for (char *p = strtok_r(inputs, " ", &rest); p; p = strtok_r(NULL, " ", &rest))
        APPEND(n->input, n->n_input, checked(strdup(strcmp(p, "_") ? p : "")));
    for (char *p = strtok_r(end, " ", &rest); p; p = strtok_r(NULL, " ", &rest))
        APPEND(n->attribute, n->n_attribute, read_attribute(p, seed));
    return n;
}

static void read_statement(Onnx__ModelProto *m, char *text, uint32_t *seed)
{
    Onnx__GraphProto *g = m->graph;
    if (*text == '@') {
        m->opset_import[0]->version = strtoll(text + 1, NULL, 10);
        return;
    }
    if (*text == '>') {
        char *rest;
        for (char *p = strtok_r(text + 1, " ", &rest); p; p = strtok_r(NULL, " ", &rest))
            APPEND(g->output, g->n_output, read_port(p, NULL));
        return;
    }
    char *value = strpbrk(text, ":~+=");
    if (!value)
        bad_text("no statement", text);
    const char kind = *value;
    *value++ = 0;
    if (kind == ':')
        APPEND(g->input, g->n_input, read_port(text, value));
    else if (kind == '=' && *value != '[' && *value != '{')
        APPEND(g->node, g->n_node, read_node(text, value, seed));
    else
        APPEND(g->initializer, g->n_initializer, read_constant(text, kind, value, seed));
}

Onnx__ModelProto *model_from_text(const char *text)
{
    Onnx__ModelProto *m = NEW(Onnx__ModelProto, onnx__model_proto__init);
    m->has_ir_version = true;
    m->ir_version = 6;
    m->graph = NEW(Onnx__GraphProto, onnx__graph_proto__init);
    Onnx__OperatorSetIdProto *opset =
        NEW(Onnx__OperatorSetIdProto, onnx__operator_set_id_proto__init);
    opset->has_version = true;
    opset->version = 11;
    APPEND(m->opset_import, m->n_opset_import, opset);
    uint32_t seed = 1;
    char *copy = checked(strdup(text)), *rest;
    for (char *p = strtok_r(copy, ";", &rest); p; p = strtok_r(NULL, ";", &rest))
        read_statement(m, p + strspn(p, " "), &seed);
    free(copy);
    Onnx__GraphProto *g = m->graph;
    if (!g->n_output && g->n_node)
        APPEND(g->output, g->n_output, read_port(g->node[g->n_node - 1]->output[0], NULL));
    return m;
}

uint8_t *model_pack(const Onnx__ModelProto *model, size_t *ret_size)
{
    const size_t size = onnx__model_proto__get_packed_size(model);
    uint8_t *data = checked(malloc(size + 1));
    *ret_size = onnx__model_proto__pack(model, data);
    return data;
}
