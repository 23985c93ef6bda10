/*
 * Models: bytes to a graph, its shapes, and the folded graph. oneDNN is not reached. What the plan
 * relies on is checked here: order, shapes and owners of values.
 */
#include "nn/graph_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool same_shape(const struct jz_nn_shape *a, const struct jz_nn_shape *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; same && i < a->rank; i++)
        same = a->dims[i] == b->dims[i];
    return same;
}

/* Which values exist before any node has run: graph inputs and constants. */
static bool *values_at_start(const struct graph *g)
{
    bool *made = calloc((size_t)g->value_count + 1, sizeof *made);
    check(made);
    for (int i = 0; i < g->value_count; i++)
        made[i] = is_constant(&g->values[i]);
    for (int i = 0; i < g->input_count; i++) {
        check(g->inputs[i] >= 0 && g->inputs[i] < g->value_count);
        made[g->inputs[i]] = true;
    }
    return made;
}

static void check_used(const struct graph *g, const bool *made, int v)
{
    check(v >= 0 && v < g->value_count && made[v] && g->values[v].known);
}

static void check_node(const struct graph *g, const struct node *n, bool *made)
{
    check(n->input_count >= 1 && n->input_count <= JZ_NN_MAX_NODE_INPUTS);
    for (int k = 0; k < n->input_count; k++)
        if (n->inputs[k] != JZ_NN_NONE || k == 0)
            check_used(g, made, n->inputs[k]);
    if (n->residual != JZ_NN_NONE) {
        check_used(g, made, n->residual);
        check(same_shape(&g->values[n->residual].shape, &g->values[n->output].shape));
    }
    check(n->output >= 0 && n->output < g->value_count && !made[n->output]);
    made[n->output] = true;
}

static void check_graph(const struct graph *g)
{
    jz_autofree bool *made = values_at_start(g);
    for (int i = 0; i < g->node_count; i++)
        if (!g->nodes[i].dead)
            check_node(g, &g->nodes[i], made);
    for (int i = 0; i < g->output_count; i++)
        check_used(g, made, g->outputs[i]);
}

/* The folded graph, seen as a graph of its own, has the shapes that were found before. */
static void check_shapes(struct graph *g)
{
    const int count = g->value_count;
    struct jz_nn_shape *before = calloc((size_t)count + 1, sizeof *before);
    check(before);
    for (int i = 0; i < count; i++)
        before[i] = g->values[i].shape;
    int live = 0;
    for (int i = 0; i < g->node_count; i++)
        if (!g->nodes[i].dead) {
            struct node n = g->nodes[i];
            g->nodes[i] = g->nodes[live];
            g->nodes[live++] = n;
        }
    const int all = g->node_count;
    g->node_count = live;
    struct jz_error err = { 0 };
    check(jz_nn_graph_infer(g, &err) == 0);
    g->node_count = all;
    for (int i = 0; i < count; i++)
        check(same_shape(&before[i], &g->values[i].shape));
    free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jz_error err = { 0 };
    JZ_CLEANUP(jz_nn_graph_freep) struct graph *g = NULL;
    int r = jz_nn_graph_read(data, size, &g, &err);
    if (r == 0)
        r = jz_nn_graph_infer(g, &err);
    if (r == 0) {
        check_graph(g);
        r = jz_nn_graph_fold(g, &err);
    }
    if (r == 0) {
        check_graph(g);
        check_shapes(g);
    }
    check(r == 0 || (r < 0 && err.code == r && err.text[0]));
    return 0;
}
