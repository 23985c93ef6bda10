/* Convolutions, with what runs inside them, and PReLU. */
#include "nn/build_internal.h"

static int append_activation(struct builder *b, dnnl_post_ops_t ops, const struct node *n)
{
    static const dnnl_alg_kind_t algs[] = { [JZ_NN_ACT_RELU] = dnnl_eltwise_relu,
                                            [JZ_NN_ACT_CLIP] = dnnl_eltwise_clip,
                                            [JZ_NN_ACT_SIGMOID] = dnnl_eltwise_logistic };
    dnnl_status_t s =
        dnnl_post_ops_append_eltwise(ops, 1, algs[n->activation], n->act_alpha, n->act_beta);
    return s == dnnl_success ? 0 : jz_nn_fail(b, s, "an activation");
}

static void drop_post_ops(dnnl_post_ops_t *ops)
{
    if (*ops)
        dnnl_post_ops_destroy(*ops);
}

/* Residual add and activation run inside the convolution, on the numbers still in registers. */
static int conv_attr(struct builder *b, const struct node *n, dnnl_primitive_attr_t *ret)
{
    int r = jz_nn_new_attr(b, ret);
    if (r < 0)
        return r;
    JZ_CLEANUP(drop_post_ops) dnnl_post_ops_t ops = NULL;
    dnnl_status_t s = dnnl_post_ops_create(&ops);
    if (s != dnnl_success)
        return jz_nn_fail(b, s, "attributes");
    const bool act = n->activation != JZ_NN_NO_ACTIVATION;
    if (act && n->activation_first && (r = append_activation(b, ops, n)) < 0)
        return r;
    if (n->residual != JZ_NN_NONE && (s = dnnl_post_ops_append_sum(ops, 1)) != dnnl_success)
        return jz_nn_fail(b, s, "a residual add");
    if (act && !n->activation_first && (r = append_activation(b, ops, n)) < 0)
        return r;
    s = dnnl_primitive_attr_set_post_ops(*ret, ops);
    return s == dnnl_success ? 0 : jz_nn_fail(b, s, "attributes");
}

/*
 * Where a convolution adds onto: the residual itself, or a copy when it is needed again, be it by
 * this very convolution as what it reads.
 */
static int residual_place(struct builder *b, int residual, const struct ref *src, struct ref *ret)
{
    struct ref ref;
    int r = jz_nn_take(b, residual, &ref);
    if (r < 0)
        return r;
    const dnnl_memory_desc_t want =
        jz_nn_dense_md(b->graph->values[residual].shape, ref.md.data_type);
    const bool is_read = src->place == ref.place && src->index == ref.index;
    if (jz_nn_is_free_to_overwrite(b, &ref) && !is_read && dnnl_memory_desc_equal(&ref.md, &want)) {
        *ret = ref;
        return 0;
    }
    struct ref copy;
    if ((r = jz_nn_new_arena_ref(b, &want, &copy)) == 0 &&
        (r = jz_nn_emit_reorder(b, ref, copy, "copy of the residual")) == 0)
        *ret = copy;
    return r;
}

int jz_nn_lower_conv(struct builder *b, const struct node *n)
{
    const struct graph *g = b->graph;
    const struct value *weight = &g->values[n->inputs[1]];
    const struct jz_nn_shape in = g->values[n->inputs[0]].shape, out = g->values[n->output].shape;
    const struct window *w = &n->window;
    const bool has_bias = n->input_count > 2 && n->inputs[2] != JZ_NN_NONE;

    struct ref src, dst;
    int r = jz_nn_take(b, n->inputs[0], &src);
    if (r < 0)
        return r;
    dnnl_memory_desc_t dst_md =
        jz_nn_dense_md(out, b->wants_f32[n->output] ? dnnl_f32 : jz_nn_activation_type(b));
    if (n->residual != JZ_NN_NONE) {
        if ((r = residual_place(b, n->residual, &src, &dst)) < 0)
            return r;
        dst_md = dst.md;
    }

    /* Grouped weights have an axis more: group, out, in, height, width. */
    struct jz_nn_shape ws = weight->shape;
    if (n->group > 1) {
        const struct jz_nn_shape s = weight->shape;
        ws = (struct jz_nn_shape){
            5, { n->group, s.dims[0] / n->group, s.dims[1], s.dims[2], s.dims[3] }
        };
    }
    const dnnl_memory_desc_t src_md = jz_nn_dense_md(in, jz_nn_activation_type(b));
    const dnnl_memory_desc_t weight_md = jz_nn_any_md(ws, jz_nn_activation_type(b));
    const struct jz_nn_shape channels = { .rank = 1, .dims = { out.dims[1] } };
    const dnnl_memory_desc_t bias_md = jz_nn_plain_md(channels, 1, dnnl_f32);
    const struct dnnl_window d = jz_nn_dnnl_window(w, in, out);
    dnnl_convolution_desc_t desc;
    dnnl_status_t s = dnnl_dilated_convolution_forward_desc_init(
        &desc, dnnl_forward_inference, dnnl_convolution_direct, &src_md, &weight_md,
        has_bias ? &bias_md : NULL, &dst_md, d.stride, d.dilation, d.pad_begin, d.pad_end);
    if (s != dnnl_success)
        return jz_nn_fail(b, s, "this convolution");
    AUTO_ATTR attr = NULL;
    AUTO_PD pd = NULL;
    if ((r = conv_attr(b, n, &attr)) < 0 || (r = jz_nn_new_pd(b, &desc, attr, &pd)) < 0)
        return r;

    struct ref wref, bref;
    const dnnl_memory_desc_t plain = jz_nn_plain_md(ws, ws.rank, dnnl_f32);
    const dnnl_memory_desc_t want = jz_nn_pd_md(pd, dnnl_query_weights_md);
    if ((r = jz_nn_convert_weight(b, weight->data, &plain, &want, &wref)) < 0 ||
        (has_bias && (r = jz_nn_convert_weight(b, g->values[n->inputs[2]].data, &bias_md, &bias_md,
                                               &bref)) < 0) ||
        (r = jz_nn_in_layout(b, src, &src_md, &src)) < 0 ||
        (n->residual == JZ_NN_NONE && (r = jz_nn_new_arena_ref(b, &dst_md, &dst)) < 0))
        return r;
    struct step *step;
    if ((r = jz_nn_emit(b, pd, "", &step)) < 0)
        return r;
    jz_nn_add_arg(step, DNNL_ARG_SRC, src);
    jz_nn_add_arg(step, DNNL_ARG_WEIGHTS, wref);
    if (has_bias)
        jz_nn_add_arg(step, DNNL_ARG_BIAS, bref);
    jz_nn_add_arg(step, DNNL_ARG_DST, dst);
    jz_nn_hold(b, n->output, dst);
    b->model->macs +=
        (int64_t)(jz_nn_shape_count(out) * jz_nn_shape_count(weight->shape)) / out.dims[1];
    return 0;
}

/* One slope a channel, and channels last in memory: our own loop reads it straight through. */
static bool suits_our_prelu(const struct ref *src, struct jz_nn_shape in, const struct value *slope)
{
    const dnnl_memory_desc_t dense = jz_nn_dense_md(in, dnnl_bf16);
    const int axis = slope->shape.rank - (in.rank - 1);
    return dnnl_memory_desc_equal(&src->md, &dense) && in.rank == 4 && axis >= 0 &&
           slope->shape.dims[axis] == in.dims[1] &&
           jz_nn_shape_count(slope->shape) == (size_t)in.dims[1];
}

int jz_nn_lower_prelu(struct builder *b, const struct node *n)
{
    const struct value *slope = &b->graph->values[n->inputs[1]];
    struct ref src, dst, weights;
    int r = jz_nn_take(b, n->inputs[0], &src);
    if (r < 0)
        return r;
    const struct jz_nn_shape in = b->graph->values[n->inputs[0]].shape;
    /* oneDNN 2.6 computes nonsense from a transposed view. */
    const dnnl_memory_desc_t dense = jz_nn_dense_md(in, src.md.data_type);
    if ((r = jz_nn_in_layout(b, src, &dense, &src)) < 0)
        return r;
    if (suits_our_prelu(&src, in, slope)) {
        const float *const rows[] = { slope->data };
        if ((r = jz_nn_place_result(b, &src, &src.md, &dst)) == 0 &&
            (r = jz_nn_emit_loop(b, STEP_PRELU, "loop:prelu_bf16", rows, 1, (size_t)in.dims[1], src,
                                 dst)) == 0)
            jz_nn_hold(b, n->output, dst);
        return r;
    }
    struct jz_nn_shape ws = { .rank = in.rank };
    for (int i = 0; i < in.rank; i++) {
        int k = i - (in.rank - slope->shape.rank);
        ws.dims[i] = k < 0 ? 1 : slope->shape.dims[k];
    }
    const dnnl_memory_desc_t weight_md = jz_nn_any_md(ws, dnnl_f32);
    dnnl_prelu_desc_t desc;
    dnnl_status_t s =
        dnnl_prelu_forward_desc_init(&desc, dnnl_forward_inference, &src.md, &weight_md);
    AUTO_ATTR attr = NULL;
    AUTO_PD pd = NULL;
    if (s != dnnl_success)
        return jz_nn_fail(b, s, "this PRelu");
    if ((r = jz_nn_new_attr(b, &attr)) < 0 || (r = jz_nn_new_pd(b, &desc, attr, &pd)) < 0)
        return r;
    const dnnl_memory_desc_t plain = jz_nn_plain_md(ws, ws.rank, dnnl_f32);
    const dnnl_memory_desc_t want = jz_nn_pd_md(pd, dnnl_query_weights_md);
    struct step *step;
    if ((r = jz_nn_convert_weight(b, slope->data, &plain, &want, &weights)) < 0 ||
        (r = jz_nn_place_result(b, &src, &src.md, &dst)) < 0 ||
        (r = jz_nn_emit(b, pd, "", &step)) < 0)
        return r;
    jz_nn_add_arg(step, DNNL_ARG_SRC, src);
    jz_nn_add_arg(step, DNNL_ARG_WEIGHTS, weights);
    jz_nn_add_arg(step, DNNL_ARG_DST, dst);
    jz_nn_hold(b, n->output, dst);
    return 0;
}
