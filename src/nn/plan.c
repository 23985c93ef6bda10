/* The whole graph becomes a plan: inputs, nodes in order, outputs, then the arena. */
#include "nn/build_internal.h"

#include "base/file.h"

#include <string.h>

static bool passes_precision_on(enum jz_nn_op op)
{
    return op == JZ_NN_RESHAPE || op == JZ_NN_FLATTEN || op == JZ_NN_TRANSPOSE ||
           op == JZ_NN_SIGMOID || op == JZ_NN_SOFTMAX || op == JZ_NN_RELU || op == JZ_NN_CLIP;
}

/* Counts consumers, and finds the values whose only way on is out: those stay float32. */
static void survey(struct builder *b)
{
    struct graph *g = b->graph;
    for (int v = 0; v < g->value_count; v++)
        b->wants_f32[v] = true;
    for (int i = 0; i < g->output_count; i++)
        b->uses[g->outputs[i]]++;
    for (int i = g->node_count - 1; i >= 0; i--) {
        const struct node *n = &g->nodes[i];
        if (n->dead)
            continue;
        for (int k = 0; k < n->input_count; k++)
            if (n->inputs[k] != JZ_NN_NONE) {
                b->uses[n->inputs[k]]++;
                b->wants_f32[n->inputs[k]] &= passes_precision_on(n->op) && b->wants_f32[n->output];
            }
        if (n->residual != JZ_NN_NONE) {
            b->uses[n->residual]++;
            b->wants_f32[n->residual] = false;
        }
    }
}

static int add_port(struct builder *b, struct port *port, int v)
{
    port->shape = b->graph->values[v].shape;
    port->name = strdup(b->graph->values[v].name);
    return port->name ? 0 : jz_nn_out_of_memory(b);
}

/* Pixels in, normalised and in the type the kernels want, out. */
static int read_image(struct builder *b, int port, struct ref src, const dnnl_memory_desc_t *md,
                      struct ref *ret)
{
    const struct graph *g = b->graph;
    const size_t channels = (size_t)md->dims[1];
    jz_autofree float *one = malloc(channels * sizeof *one);
    jz_autofree float *zero = calloc(channels, sizeof *zero);
    if (!one || !zero)
        return jz_nn_out_of_memory(b);
    for (size_t c = 0; c < channels; c++)
        one[c] = 1;
    const bool given = g->input_scale[port] != NULL;
    const float *const rows[] = { given ? g->input_scale[port] : one,
                                  given ? g->input_shift[port] : zero };
    struct ref dst;
    int r = jz_nn_new_arena_ref(b, md, &dst);
    if (r == 0 &&
        (r = jz_nn_emit_loop(b, STEP_AFFINE,
                             md->data_type == dnnl_bf16 ? "loop:affine_bf16" : "loop:affine_f32",
                             rows, 2, channels, src, dst)) == 0)
        *ret = dst;
    return r;
}

static int take_inputs(struct builder *b)
{
    const struct graph *g = b->graph;
    for (int i = 0; i < g->input_count; i++) {
        const int v = g->inputs[i];
        int r = add_port(b, &b->model->inputs[b->model->input_count++], v);
        if (r < 0)
            return r;
        const struct jz_nn_shape shape = g->values[v].shape;
        struct ref ref = { .place = PLACE_INPUT,
                           .index = i,
                           .md = jz_nn_dense_md(shape, dnnl_f32) };
        const dnnl_memory_desc_t want = jz_nn_dense_md(shape, jz_nn_activation_type(b));
        b->label = "input";
        if (shape.rank == 4 && (g->input_scale[i] || b->model->precision == JZ_NN_BF16)) {
            r = read_image(b, i, ref, &want, &ref);
        } else {
            r = jz_nn_in_layout(b, ref, &want, &ref);
        }
        if (r < 0)
            return r;
        jz_nn_hold(b, v, ref);
    }
    return 0;
}

static int give_outputs(struct builder *b)
{
    for (int i = 0; i < b->graph->output_count; i++) {
        const int v = b->graph->outputs[i];
        int r = add_port(b, &b->model->outputs[b->model->output_count++], v);
        if (r < 0)
            return r;
        const struct jz_nn_shape shape = b->graph->values[v].shape;
        struct ref from;
        struct ref to = { .place = PLACE_OUTPUT,
                          .index = i,
                          .md = jz_nn_plain_md(shape, shape.rank > 0 ? shape.rank : 1, dnnl_f32) };
        b->label = "output";
        if ((r = jz_nn_take(b, v, &from)) < 0 || (r = jz_nn_emit_reorder(b, from, to, "")) < 0)
            return r;
    }
    return 0;
}

static int lower_all(struct builder *b)
{
    int r = take_inputs(b);
    for (int i = 0; r == 0 && i < b->graph->node_count; i++) {
        const struct node *n = &b->graph->nodes[i];
        if (n->dead)
            continue;
        snprintf(b->label_text, sizeof b->label_text, "%s '%.100s'", jz_nn_op_name(n->op), n->name);
        b->label = b->label_text;
        r = jz_nn_lower_node(b, n);
    }
    return r == 0 ? give_outputs(b) : r;
}

/* Slots that are never alive together share bytes: largest first, each at the lowest free place. */
static int by_size(const void *a, const void *b)
{
    const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;
    return x->size != y->size ? (x->size < y->size) - (x->size > y->size) : (x > y) - (x < y);
}

static int plan_arena(struct builder *b)
{
    struct jz_nn_model *m = b->model;
    for (int i = 0; i < m->step_count; i++)
        for (int k = 0; k < m->steps[i].arg_count; k++) {
            const struct ref *ref = &m->steps[i].args[k];
            if (ref->place != PLACE_ARENA)
                continue;
            struct slot *s = &m->slots[ref->index];
            if (s->first < 0)
                s->first = i;
            s->last = i;
        }
    jz_autofree struct slot **order = calloc((size_t)m->slot_count + 1, sizeof(struct slot *));
    if (!order)
        return jz_nn_out_of_memory(b);
    for (int i = 0; i < m->slot_count; i++)
        order[i] = &m->slots[i];
    qsort(order, (size_t)m->slot_count, sizeof(struct slot *), by_size);
    for (int i = 0; i < m->slot_count; i++) {
        struct slot *s = order[i];
        s->size = (s->size + JZ_NN_ALIGNMENT - 1) / JZ_NN_ALIGNMENT * JZ_NN_ALIGNMENT;
        bool moved = true;
        while (moved) {
            moved = false;
            for (int k = 0; k < i; k++) {
                const struct slot *o = order[k];
                if (s->first <= o->last && o->first <= s->last && s->offset < o->offset + o->size &&
                    o->offset < s->offset + s->size) {
                    s->offset = o->offset + o->size;
                    moved = true;
                }
            }
        }
        if (s->offset + s->size > m->arena_bytes)
            m->arena_bytes = s->offset + s->size;
    }
    return m->arena_bytes <= JZ_NN_MAX_ARENA_BYTES
               ? 0
               : jz_error_set(b->err, JZ_E_LIMIT, "the model needs %zu bytes to run",
                              m->arena_bytes);
}

static void print_plan(const struct jz_nn_model *m)
{
    for (int i = 0; i < m->step_count; i++)
        fprintf(stderr, "nn: %3d %-24s %s\n", i, m->steps[i].kernel, m->steps[i].name);
    fprintf(stderr, "nn: %d steps, %.1f MMAC, arena %zu KiB, %s\n", m->step_count,
            (double)m->macs / 1e6, m->arena_bytes >> 10,
            m->precision == JZ_NN_BF16 ? "bf16" : "fp32");
}

static int build(struct builder *b)
{
    struct graph *g = b->graph;
    b->held = calloc((size_t)g->value_count + 1, sizeof *b->held);
    b->uses = calloc((size_t)g->value_count + 1, sizeof *b->uses);
    b->wants_f32 = calloc((size_t)g->value_count + 1, sizeof *b->wants_f32);
    b->label = "model";
    if (!b->held || !b->uses || !b->wants_f32)
        return jz_nn_out_of_memory(b);
    jz_nn_single_thread();
    dnnl_status_t s = dnnl_engine_create(&b->model->engine, dnnl_cpu, 0);
    if (s != dnnl_success)
        return jz_nn_fail(b, s, "to start");
    survey(b);
    int r = lower_all(b);
    return r == 0 ? plan_arena(b) : r;
}

static int override_size(struct graph *g, const struct jz_nn_options *o, struct jz_error *err)
{
    if (!o || (!o->height && !o->width))
        return 0;
    struct jz_nn_shape *s = &g->values[g->inputs[0]].shape;
    if (s->rank != 4 || o->height < 1 || o->width < 1 || o->height > 4096 || o->width > 4096)
        return jz_error_set(err, JZ_E_USAGE, "the input cannot be %lld × %lld", (long long)o->width,
                            (long long)o->height);
    s->dims[2] = o->height;
    s->dims[3] = o->width;
    return 0;
}

int jz_nn_model_load(const void *data, size_t size, const struct jz_nn_options *options,
                     struct jz_nn_model **ret_model, struct jz_error *err)
{
    enum jz_nn_precision precision = options ? options->precision : JZ_NN_AUTO;
    if (precision == JZ_NN_AUTO)
        precision = jz_nn_has_bf16() ? JZ_NN_BF16 : JZ_NN_F32;
    if (precision == JZ_NN_BF16 && !jz_nn_has_bf16())
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "this processor has no bf16 arithmetic; ask for fp32");
    JZ_CLEANUP(jz_nn_graph_freep) struct graph *graph = NULL;
    int r;
    if ((r = jz_nn_graph_read(data, size, &graph, err)) < 0 ||
        (r = override_size(graph, options, err)) < 0 || (r = jz_nn_graph_infer(graph, err)) < 0 ||
        (r = jz_nn_graph_fold(graph, err)) < 0)
        return r;
    JZ_CLEANUP(jz_nn_model_freep) struct jz_nn_model *model = calloc(1, sizeof *model);
    if (!model)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    model->precision = precision;
    struct builder b = { .model = model, .graph = graph, .err = err };
    r = build(&b);
    free(b.held);
    free(b.uses);
    free(b.pending);
    free(b.wants_f32);
    if (r < 0)
        return r;
    const char *verbose = getenv("JIANZAI_NN_VERBOSE");
    if (verbose && strcmp(verbose, "1") == 0)
        print_plan(model);
    *ret_model = JZ_TAKE(model);
    return 0;
}

int jz_nn_model_open(const char *path, const struct jz_nn_options *options,
                     struct jz_nn_model **ret_model, struct jz_error *err)
{
    jz_autofree uint8_t *data = NULL;
    size_t size;
    int r = jz_file_read(path, JZ_NN_MAX_FILE_BYTES, &data, &size, err);
    if (r < 0)
        return r;
    r = jz_nn_model_load(data, size, options, ret_model, err);
    if (r < 0)
        jz_error_prefix(err, "%s", path);
    return r;
}

void jz_nn_model_free(struct jz_nn_model *m)
{
    if (!m)
        return;
    for (int i = 0; i < m->step_count; i++) {
        if (m->steps[i].primitive)
            dnnl_primitive_destroy(m->steps[i].primitive);
        free(m->steps[i].name);
        free(m->steps[i].kernel);
        free(m->steps[i].table);
    }
    for (int i = 0; i < m->weight_count; i++)
        free(m->weights[i]);
    for (int i = 0; i < m->input_count; i++)
        free(m->inputs[i].name);
    for (int i = 0; i < m->output_count; i++)
        free(m->outputs[i].name);
    free(m->steps);
    free(m->slots);
    free(m->weights);
    if (m->engine)
        dnnl_engine_destroy(m->engine);
    free(m);
}
