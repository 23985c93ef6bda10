#include "nn/onnx_internal.h"

#include <math.h>
#include <string.h>

/* How deep messages may nest and how many there may be: protobuf-c itself knows no limit. */
enum { MAX_DEPTH = 12, MAX_MESSAGES = 60000 };

/* Whose meaning of the operators is implemented. */
enum { OLDEST_OPSET = 7, NEWEST_OPSET = 13 };

static const char *const op_names[JZ_NN_OPS] = {
    [JZ_NN_CONV] = "Conv",
    [JZ_NN_PRELU] = "PRelu",
    [JZ_NN_RELU] = "Relu",
    [JZ_NN_CLIP] = "Clip",
    [JZ_NN_SIGMOID] = "Sigmoid",
    [JZ_NN_ADD] = "Add",
    [JZ_NN_MUL] = "Mul",
    [JZ_NN_SUB] = "Sub",
    [JZ_NN_MAX_POOL] = "MaxPool",
    [JZ_NN_AVERAGE_POOL] = "AveragePool",
    [JZ_NN_GLOBAL_AVERAGE_POOL] = "GlobalAveragePool",
    [JZ_NN_PAD] = "Pad",
    [JZ_NN_RESIZE] = "Resize",
    [JZ_NN_BATCH_NORM] = "BatchNormalization",
    [JZ_NN_GEMM] = "Gemm",
    [JZ_NN_MATMUL] = "MatMul",
    [JZ_NN_RESHAPE] = "Reshape",
    [JZ_NN_FLATTEN] = "Flatten",
    [JZ_NN_TRANSPOSE] = "Transpose",
    [JZ_NN_CONCAT] = "Concat",
    [JZ_NN_SOFTMAX] = "Softmax",
    [JZ_NN_CONSTANT] = "Constant",
};

const char *jz_nn_op_name(enum jz_nn_op op)
{
    return op_names[op];
}

static bool read_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = value;
            return true;
        }
    }
    return false;
}

/*
 * protobuf-c unpacks recursively and allocates a struct for every message, be it two bytes long.
 * This walk over the same descriptors bounds both before it is let loose.
 */
static bool wire_is_bounded(const ProtobufCMessageDescriptor *type, const uint8_t *p,
                            const uint8_t *end, int depth, int *messages)
{
    if (depth > MAX_DEPTH || ++*messages > MAX_MESSAGES)
        return false;
    while (p < end) {
        uint64_t key, size;
        if (!read_varint(&p, end, &key))
            return false;
        switch (key & 7) {
        case 0:
            if (!read_varint(&p, end, &size))
                return false;
            continue;
        case 1:
            size = 8;
            break;
        case 2:
            if (!read_varint(&p, end, &size))
                return false;
            break;
        case 5:
            size = 4;
            break;
        default:
            return false;
        }
        if (size > (uint64_t)(end - p))
            return false;
        const ProtobufCFieldDescriptor *field =
            key >> 3 <= UINT32_MAX
                ? protobuf_c_message_descriptor_get_field(type, (unsigned)(key >> 3))
                : NULL;
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE && (key & 7) == 2 &&
            !wire_is_bounded(field->descriptor, p, p + size, depth + 1, messages))
            return false;
        p += size;
    }
    return true;
}

int jz_nn_graph_add_value(struct graph *graph, const char *name)
{
    if (graph->value_count == graph->value_room) {
        int room = graph->value_room ? 2 * graph->value_room : 256;
        struct value *more = reallocarray(graph->values, (size_t)room, sizeof *more);
        if (!more)
            return JZ_E_MEMORY;
        graph->values = more;
        graph->value_room = room;
    }
    char *copy = strdup(name);
    if (!copy)
        return JZ_E_MEMORY;
    graph->values[graph->value_count] = (struct value){ .name = copy };
    return graph->value_count++;
}

/* Names are looked up once, while reading; shipped models have a few hundred. */
static int find_value(const struct graph *graph, const char *name)
{
    for (int i = graph->value_count - 1; i >= 0; i--)
        if (strcmp(graph->values[i].name, name) == 0)
            return i;
    return JZ_NN_NONE;
}

static float half_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    const uint32_t exponent = (h >> 10) & 31, fraction = h & 1023;
    if (exponent == 0)
        return (sign ? -1.0f : 1.0f) * ldexpf((float)fraction, -24);
    uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static int shape_from_dims(const int64_t *dims, size_t rank, struct jz_nn_shape *ret_shape)
{
    if (rank > JZ_NN_MAX_RANK)
        return JZ_E_LIMIT;
    struct jz_nn_shape shape = { .rank = (int)rank };
    int64_t count = 1;
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return JZ_E_FORMAT;
        if (dims[i] > JZ_NN_MAX_ELEMENTS || (count *= dims[i]) > JZ_NN_MAX_ELEMENTS)
            return JZ_E_LIMIT;
        shape.dims[i] = dims[i];
    }
    *ret_shape = shape;
    return 0;
}

/* The numbers of a tensor, from the raw bytes or from the typed list, into value's constant. */
static int read_tensor(const Onnx__TensorProto *t, struct value *value, struct jz_error *err)
{
    struct jz_nn_shape shape;
    int r = shape_from_dims(t->dims, t->n_dims, &shape);
    if (r < 0)
        return jz_error_set(err, r, "constant '%s' has a negative or too large shape", value->name);
    if (t->n_external_data > 0)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "constant '%s' lies in another file",
                            value->name);
    const size_t count = jz_nn_shape_count(shape);
    const size_t raw = t->has_raw_data ? t->raw_data.len : 0;
    const bool is_int = t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 ||
                        t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    /* One element more than asked for, so that an empty constant is still not NULL. */
    jz_autofree float *floats = is_int ? NULL : calloc(count + 1, sizeof *floats);
    jz_autofree int64_t *ints = is_int ? calloc(count + 1, sizeof *ints) : NULL;
    if (!floats && !ints)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");

    size_t got = 0;
    switch (t->data_type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
        got = raw ? raw / sizeof(float) : t->n_float_data;
        if (got == count && raw % sizeof(float) == 0 && count)
            memcpy(floats, raw ? (const void *)t->raw_data.data : t->float_data,
                   count * sizeof(float));
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
        got = raw ? raw / 2 : t->n_int32_data;
        for (size_t i = 0; got == count && i < count; i++) {
            uint16_t half = raw ? 0 : (uint16_t)t->int32_data[i];
            if (raw)
                memcpy(&half, t->raw_data.data + 2 * i, sizeof half);
            floats[i] = half_to_float(half);
        }
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
        got = raw ? raw / sizeof(int64_t) : t->n_int64_data;
        if (got == count && raw % sizeof(int64_t) == 0 && count)
            memcpy(ints, raw ? (const void *)t->raw_data.data : t->int64_data,
                   count * sizeof(int64_t));
        break;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
        got = raw ? raw / sizeof(int32_t) : t->n_int32_data;
        for (size_t i = 0; got == count && i < count; i++) {
            int32_t x = raw ? 0 : t->int32_data[i];
            if (raw)
                memcpy(&x, t->raw_data.data + 4 * i, sizeof x);
            ints[i] = x;
        }
        break;
    default:
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "constant '%s' has data type %d; float, float16, int32, int64 are read",
                            value->name, t->data_type);
    }
    if (got != count)
        return jz_error_set(err, JZ_E_FORMAT, "constant '%s' has %zu numbers, its shape says %zu",
                            value->name, got, count);
    for (size_t i = 0; floats && i < count; i++)
        if (!isfinite(floats[i]))
            return jz_error_set(err, JZ_E_FORMAT, "constant '%s' holds a number that is not finite",
                                value->name);
    value->shape = shape;
    value->known = true;
    value->data = JZ_TAKE(floats);
    value->ints = JZ_TAKE(ints);
    return 0;
}

static int read_constant(struct graph *g, const Onnx__NodeProto *n, struct jz_error *err)
{
    const Onnx__AttributeProto *a = jz_nn_find_attribute(n, "value");
    if (!a || !a->t)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "Constant '%s' has no tensor", n->output[0]);
    int v = jz_nn_graph_add_value(g, n->output[0]);
    if (v < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    return read_tensor(a->t, &g->values[v], err);
}

/* Least and most inputs of each operator. */
static const struct {
    int8_t least, most;
} arity[JZ_NN_OPS] = {
    [JZ_NN_CONV] = { 2, 3 },
    [JZ_NN_PRELU] = { 2, 2 },
    [JZ_NN_RELU] = { 1, 1 },
    [JZ_NN_CLIP] = { 1, 3 },
    [JZ_NN_SIGMOID] = { 1, 1 },
    [JZ_NN_ADD] = { 2, 2 },
    [JZ_NN_MUL] = { 2, 2 },
    [JZ_NN_SUB] = { 2, 2 },
    [JZ_NN_MAX_POOL] = { 1, 1 },
    [JZ_NN_AVERAGE_POOL] = { 1, 1 },
    [JZ_NN_GLOBAL_AVERAGE_POOL] = { 1, 1 },
    [JZ_NN_PAD] = { 1, 3 },
    [JZ_NN_RESIZE] = { 2, 4 },
    [JZ_NN_BATCH_NORM] = { 5, 5 },
    [JZ_NN_GEMM] = { 2, 3 },
    [JZ_NN_MATMUL] = { 2, 2 },
    [JZ_NN_RESHAPE] = { 2, 2 },
    [JZ_NN_FLATTEN] = { 1, 1 },
    [JZ_NN_TRANSPOSE] = { 1, 1 },
    [JZ_NN_CONCAT] = { 1, JZ_NN_MAX_NODE_INPUTS },
    [JZ_NN_SOFTMAX] = { 1, 1 },
};

static int read_node(struct graph *g, const Onnx__NodeProto *n, struct jz_error *err)
{
    enum jz_nn_op op = JZ_NN_CONV;
    while (op < JZ_NN_OPS && (!n->op_type || strcmp(n->op_type, op_names[op])))
        op++;
    if (op == JZ_NN_OPS || (n->domain && *n->domain))
        return jz_error_set(err, JZ_E_UNSUPPORTED, "operator %s%s%.60s is not supported",
                            n->domain && *n->domain ? n->domain : "",
                            n->domain && *n->domain ? "." : "", n->op_type ? n->op_type : "?");
    if (n->n_output < 1 || !*n->output[0] || find_value(g, n->output[0]) != JZ_NN_NONE)
        return jz_error_set(err, JZ_E_FORMAT, "%s makes no value, or one that is there already",
                            op_names[op]);
    if (op == JZ_NN_CONSTANT)
        return read_constant(g, n, err);

    struct node node = { .op = op, .residual = JZ_NN_NONE };
    node.name = n->output[0];
    if (n->n_input < (size_t)arity[op].least || n->n_input > (size_t)arity[op].most)
        return jz_nn_refuse(&node, JZ_E_FORMAT, "wrong number of inputs", err);
    node.input_count = (int)n->n_input;
    for (int i = 0; i < node.input_count; i++) {
        node.inputs[i] = *n->input[i] ? find_value(g, n->input[i]) : JZ_NN_NONE;
        /* Concat takes any number of inputs, but none of them may be left out. */
        const bool optional =
            (i >= arity[op].least && op != JZ_NN_CONCAT) || (op == JZ_NN_RESIZE && i == 1);
        if (node.inputs[i] == JZ_NN_NONE && (*n->input[i] || !optional))
            return jz_error_set(err, JZ_E_FORMAT,
                                "%s '%.80s' uses '%.80s' before anything makes it (a cycle, or "
                                "missing)",
                                op_names[op], node.name, n->input[i]);
    }
    int r = jz_nn_read_attributes(g, n, &node, err);
    if (r < 0)
        return r;
    int output = jz_nn_graph_add_value(g, n->output[0]);
    if (output < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    node.output = output;
    node.name = strdup(n->output[0]);
    if (!node.name)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    g->nodes[g->node_count++] = node;
    return 0;
}

static int read_input(struct graph *g, const Onnx__ValueInfoProto *info, struct jz_error *err)
{
    if (!info->name || !*info->name)
        return jz_error_set(err, JZ_E_FORMAT, "an input has no name");
    if (find_value(g, info->name) != JZ_NN_NONE)
        return 0; /* old writers list the constants among the inputs */
    /* The type is a union of tensors, sequences, maps and more. */
    const bool is_tensor = info->type &&
                           info->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE &&
                           info->type->tensor_type;
    const Onnx__TensorShapeProto *s = is_tensor ? info->type->tensor_type->shape : NULL;
    int32_t type = s ? info->type->tensor_type->elem_type : 0;
    if (!s || (type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT &&
               type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16))
        return jz_error_set(err, JZ_E_UNSUPPORTED, "input '%s' is not a float tensor", info->name);
    if (g->input_count == JZ_NN_MAX_PORTS || s->n_dim > JZ_NN_MAX_RANK)
        return jz_error_set(err, JZ_E_LIMIT, "too many inputs or axes");
    int64_t dims[JZ_NN_MAX_RANK];
    for (size_t i = 0; i < s->n_dim; i++) /* a symbolic size is 1 (the batch) until overridden */
        dims[i] = s->dim[i]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
                      ? s->dim[i]->dim_value
                      : 1;
    int v = jz_nn_graph_add_value(g, info->name);
    if (v < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int r = shape_from_dims(dims, s->n_dim, &g->values[v].shape);
    if (r == 0 && jz_nn_shape_count(g->values[v].shape) == 0)
        r = JZ_E_FORMAT;
    if (r < 0)
        return jz_error_set(err, r, "input '%s' has an empty, negative or too large shape",
                            info->name);
    g->values[v].known = true;
    g->inputs[g->input_count++] = v;
    return 0;
}

static int read_graph(struct graph *g, const Onnx__GraphProto *p, struct jz_error *err)
{
    if (p->n_node > JZ_NN_MAX_NODES || p->n_initializer > 2 * JZ_NN_MAX_NODES)
        return jz_error_set(err, JZ_E_LIMIT, "more than %d nodes", JZ_NN_MAX_NODES);
    g->nodes = calloc(p->n_node + 1, sizeof *g->nodes);
    if (!g->nodes)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int r;
    for (size_t i = 0; i < p->n_initializer; i++) {
        const Onnx__TensorProto *t = p->initializer[i];
        int v = jz_nn_graph_add_value(g, t->name ? t->name : "");
        if (v < 0)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        if ((r = read_tensor(t, &g->values[v], err)) < 0)
            return r;
    }
    for (size_t i = 0; i < p->n_input; i++)
        if ((r = read_input(g, p->input[i], err)) < 0)
            return r;
    for (size_t i = 0; i < p->n_node; i++)
        if ((r = read_node(g, p->node[i], err)) < 0)
            return r;
    for (size_t i = 0; i < p->n_output; i++) {
        int v = p->output[i]->name ? find_value(g, p->output[i]->name) : JZ_NN_NONE;
        if (v == JZ_NN_NONE)
            return jz_error_set(err, JZ_E_FORMAT, "nothing makes the output '%.80s'",
                                p->output[i]->name ? p->output[i]->name : "");
        if (g->output_count == JZ_NN_MAX_PORTS)
            return jz_error_set(err, JZ_E_LIMIT, "too many outputs");
        if (is_constant(&g->values[v]) &&
            (!g->values[v].data || jz_nn_shape_count(g->values[v].shape) == 0))
            return jz_error_set(err, JZ_E_UNSUPPORTED,
                                "the output '%.80s' is a constant that is empty or of integers",
                                g->values[v].name);
        g->outputs[g->output_count++] = v;
    }
    if (!g->input_count || !g->output_count)
        return jz_error_set(err, JZ_E_FORMAT, "no input or no output");
    return 0;
}

static void free_model(Onnx__ModelProto **m)
{
    if (*m)
        onnx__model_proto__free_unpacked(*m, NULL);
}

int jz_nn_graph_read(const void *data, size_t size, struct graph **ret_graph, struct jz_error *err)
{
    if (size > JZ_NN_MAX_FILE_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "the model has %zu bytes, more than the limit of %u",
                            size, JZ_NN_MAX_FILE_BYTES);
    int messages = 0;
    const uint8_t *bytes = data;
    if (size == 0 ||
        !wire_is_bounded(&onnx__model_proto__descriptor, bytes, bytes + size, 0, &messages))
        return jz_error_set(err, JZ_E_FORMAT, "not a whole ONNX model (broken or cut short)");
    JZ_CLEANUP(free_model) Onnx__ModelProto *m = onnx__model_proto__unpack(NULL, size, bytes);
    if (!m || !m->graph)
        return jz_error_set(err, JZ_E_FORMAT, "not a whole ONNX model (broken or cut short)");

    JZ_CLEANUP(jz_nn_graph_freep) struct graph *g = calloc(1, sizeof *g);
    if (!g)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (size_t i = 0; i < m->n_opset_import; i++)
        if (!m->opset_import[i]->domain || !*m->opset_import[i]->domain)
            g->opset = m->opset_import[i]->version;
    /* Before, operators meant something else; and a file cut short loses its opset first. */
    if (g->opset < OLDEST_OPSET || g->opset > NEWEST_OPSET)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "the model is of opset %lld; %d to %d are read",
                            (long long)g->opset, OLDEST_OPSET, NEWEST_OPSET);
    int r = read_graph(g, m->graph, err);
    if (r < 0)
        return r;
    *ret_graph = JZ_TAKE(g);
    return 0;
}

void jz_nn_graph_free(struct graph *graph)
{
    if (!graph)
        return;
    for (int i = 0; i < graph->value_count; i++) {
        free(graph->values[i].name);
        free(graph->values[i].data);
        free(graph->values[i].ints);
    }
    for (int i = 0; i < graph->node_count; i++)
        free(graph->nodes[i].name);
    for (int i = 0; i < graph->input_count; i++) {
        free(graph->input_scale[i]);
        free(graph->input_shift[i]);
    }
    free(graph->values);
    free(graph->nodes);
    free(graph);
}
