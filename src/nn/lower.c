/* Every other operator: one function a family, a table at the end. */
#include "nn/build_internal.h"

#include <math.h>
#include <string.h>

/* y = alg(x); a result in place where that is allowed. */
static int emit_eltwise(struct builder *b, struct ref src, dnnl_alg_kind_t alg, float alpha,
                        float beta, struct ref *ret)
{
    dnnl_eltwise_desc_t desc;
    dnnl_status_t s =
        dnnl_eltwise_forward_desc_init(&desc, dnnl_forward_inference, alg, &src.md, alpha, beta);
    const struct operand operands[] = { { DNNL_ARG_SRC, src } };
    return jz_nn_emit_op(b, s, &desc, "this function", operands, 1, &src, &src.md, ret);
}

static int lower_eltwise(struct builder *b, const struct node *n)
{
    struct ref src, dst;
    int r = jz_nn_take(b, n->inputs[0], &src);
    if (r == 0)
        r = emit_eltwise(b, src,
                         n->op == JZ_NN_RELU   ? dnnl_eltwise_relu
                         : n->op == JZ_NN_CLIP ? dnnl_eltwise_clip
                                               : dnnl_eltwise_logistic,
                         n->alpha, n->beta, &dst);
    if (r == 0)
        jz_nn_hold(b, n->output, dst);
    return r;
}

/* full = full (op) small, where small has the axes of full, each of the same size or 1. */
static int emit_binary(struct builder *b, dnnl_alg_kind_t alg, struct ref full, struct ref small,
                       struct ref *ret)
{
    dnnl_binary_desc_t desc;
    dnnl_status_t s = dnnl_binary_desc_init(&desc, alg, &full.md, &small.md, &full.md);
    const struct operand operands[] = { { DNNL_ARG_SRC_0, full }, { DNNL_ARG_SRC_1, small } };
    return jz_nn_emit_op(b, s, &desc, "this pair of shapes", operands, 2, &full, &full.md, ret);
}

/* Gives ref leading axes of size one, so that it has as many as its partner. */
static int widen(struct builder *b, struct ref *ref, struct jz_nn_shape shape, int rank)
{
    if (shape.rank == rank || ref->md.ndims == rank)
        return 0;
    const dnnl_memory_desc_t narrow = jz_nn_plain_md(shape, ref->md.ndims, ref->md.data_type);
    int r = jz_nn_in_layout(b, *ref, &narrow, ref);
    if (r == 0)
        ref->md = jz_nn_plain_md(shape, rank, ref->md.data_type);
    return r;
}

static int lower_binary(struct builder *b, const struct node *n)
{
    const struct jz_nn_shape out = b->graph->values[n->output].shape;
    const struct jz_nn_shape shapes[2] = { b->graph->values[n->inputs[0]].shape,
                                           b->graph->values[n->inputs[1]].shape };
    const size_t count = jz_nn_shape_count(out);
    const int full = jz_nn_shape_count(shapes[0]) == count ? 0 : 1;
    if (jz_nn_shape_count(shapes[full]) != count)
        return jz_error_set(b->err, JZ_E_UNSUPPORTED, "%s: both inputs would have to be stretched",
                            b->label);
    struct ref refs[2], dst;
    for (int i = 0; i < 2; i++) {
        int r = jz_nn_take(b, n->inputs[i], &refs[i]);
        if (r == 0)
            r = widen(b, &refs[i], shapes[i], out.rank);
        if (r < 0)
            return r;
    }
    /* Two operands of one size are brought into one layout: kernels want no other. */
    int r = 0;
    if (jz_nn_shape_count(shapes[!full]) == count)
        r = jz_nn_in_layout(b, refs[!full], &refs[full].md, &refs[!full]);
    dnnl_alg_kind_t alg = n->op == JZ_NN_MUL   ? dnnl_binary_mul
                          : n->op == JZ_NN_SUB ? dnnl_binary_sub
                                               : dnnl_binary_add;
    if (r == 0 && n->op == JZ_NN_SUB && full == 1) {
        r = emit_eltwise(b, refs[1], dnnl_eltwise_linear, -1, 0, &refs[1]);
        alg = dnnl_binary_add;
    }
    if (r == 0)
        r = emit_binary(b, alg, refs[full], refs[!full], &dst);
    if (r == 0)
        jz_nn_hold(b, n->output, dst);
    return r;
}

/* A batch norm that found nothing to be folded into: x * scale + shift per channel. */
static int lower_batch_norm(struct builder *b, const struct node *n)
{
    const struct value *p[5];
    for (int i = 1; i < 5; i++)
        p[i] = &b->graph->values[n->inputs[i]];
    const struct jz_nn_shape in = b->graph->values[n->inputs[0]].shape;
    const size_t channels = (size_t)in.dims[1];
    jz_autofree float *scale = malloc(channels * sizeof *scale);
    jz_autofree float *shift = malloc(channels * sizeof *shift);
    if (!scale || !shift)
        return jz_nn_out_of_memory(b);
    for (size_t c = 0; c < channels; c++) {
        scale[c] = p[1]->data[c] / sqrtf(p[4]->data[c] + n->epsilon);
        shift[c] = p[2]->data[c] - p[3]->data[c] * scale[c];
    }
    struct jz_nn_shape shape = { .rank = in.rank };
    for (int i = 0; i < in.rank; i++)
        shape.dims[i] = i == 1 ? in.dims[1] : 1;
    const dnnl_memory_desc_t plain = jz_nn_plain_md(shape, shape.rank, dnnl_f32);
    const dnnl_memory_desc_t md = jz_nn_dense_md(shape, jz_nn_activation_type(b));
    struct ref src, mul, add;
    int r;
    if ((r = jz_nn_take(b, n->inputs[0], &src)) < 0 ||
        (r = jz_nn_convert_weight(b, scale, &plain, &md, &mul)) < 0 ||
        (r = jz_nn_convert_weight(b, shift, &plain, &md, &add)) < 0 ||
        (r = emit_binary(b, dnnl_binary_mul, src, mul, &src)) < 0 ||
        (r = emit_binary(b, dnnl_binary_add, src, add, &src)) < 0)
        return r;
    jz_nn_hold(b, n->output, src);
    return 0;
}

static int lower_pool(struct builder *b, const struct node *n)
{
    const struct jz_nn_shape in = b->graph->values[n->inputs[0]].shape;
    const struct jz_nn_shape out = b->graph->values[n->output].shape;
    struct window w = n->window;
    if (n->op == JZ_NN_GLOBAL_AVERAGE_POOL)
        w = (struct window){ .kernel = { in.dims[2], in.dims[3] },
                             .stride = { 1, 1 },
                             .dilation = { 1, 1 } };
    if (n->op == JZ_NN_AVERAGE_POOL && w.count_include_pad && w.ceil_mode)
        return jz_error_set(b->err, JZ_E_UNSUPPORTED,
                            "%s: ceil_mode together with count_include_pad is not handled",
                            b->label);
    struct ref src, dst;
    int r = jz_nn_take(b, n->inputs[0], &src);
    if (r < 0)
        return r;
    const dnnl_memory_desc_t src_md = jz_nn_dense_md(in, src.md.data_type);
    const dnnl_memory_desc_t dst_md = jz_nn_dense_md(out, src.md.data_type);
    const struct dnnl_window d = jz_nn_dnnl_window(&w, in, out);
    dnnl_pooling_v2_desc_t desc;
    dnnl_status_t s = dnnl_pooling_v2_forward_desc_init(
        &desc, dnnl_forward_inference,
        n->op == JZ_NN_MAX_POOL ? dnnl_pooling_max
        : w.count_include_pad   ? dnnl_pooling_avg_include_padding
                                : dnnl_pooling_avg_exclude_padding,
        &src_md, &dst_md, d.stride, d.kernel, d.dilation, d.pad_begin, d.pad_end);
    if ((r = jz_nn_in_layout(b, src, &src_md, &src)) < 0)
        return r;
    const struct operand operands[] = { { DNNL_ARG_SRC, src } };
    r = jz_nn_emit_op(b, s, &desc, "this pool", operands, 1, NULL, &dst_md, &dst);
    if (r == 0)
        jz_nn_hold(b, n->output, dst);
    return r;
}

static int lower_resize(struct builder *b, const struct node *n)
{
    struct ref src, dst;
    int r = jz_nn_take(b, n->inputs[0], &src);
    if (r < 0)
        return r;
    const dnnl_memory_desc_t src_md =
        jz_nn_dense_md(b->graph->values[n->inputs[0]].shape, src.md.data_type);
    const dnnl_memory_desc_t dst_md =
        jz_nn_dense_md(b->graph->values[n->output].shape, src.md.data_type);
    dnnl_resampling_desc_t desc;
    dnnl_status_t s = dnnl_resampling_forward_desc_init(
        &desc, dnnl_forward_inference, dnnl_resampling_nearest, n->scales, &src_md, &dst_md);
    if ((r = jz_nn_in_layout(b, src, &src_md, &src)) < 0)
        return r;
    const struct operand operands[] = { { DNNL_ARG_SRC, src } };
    r = jz_nn_emit_op(b, s, &desc, "this resize", operands, 1, NULL, &dst_md, &dst);
    if (r == 0)
        jz_nn_hold(b, n->output, dst);
    return r;
}

/* Fills the whole result, then copies the source into its middle. */
static int lower_pad(struct builder *b, const struct node *n)
{
    const struct jz_nn_shape in = b->graph->values[n->inputs[0]].shape;
    struct ref src, dst;
    int r = jz_nn_take(b, n->inputs[0], &src);
    if (r < 0)
        return r;
    const dnnl_memory_desc_t md =
        jz_nn_dense_md(b->graph->values[n->output].shape, src.md.data_type);
    if ((r = jz_nn_new_arena_ref(b, &md, &dst)) < 0)
        return r;
    struct step *fill = jz_nn_new_step(b, "fill");
    if (!fill || !(fill->kernel = strdup("fill")))
        return jz_nn_out_of_memory(b);
    fill->kind = STEP_FILL;
    fill->fill_value = n->alpha;
    jz_nn_add_arg(fill, DNNL_ARG_DST, dst);
    struct ref middle = dst;
    dnnl_dims_t dims, offsets;
    dnnl_status_t s =
        dnnl_memory_desc_init_submemory(&middle.md, &md, jz_nn_as_dims(in.dims, in.rank, dims),
                                        jz_nn_as_dims(n->pads, in.rank, offsets));
    if (s != dnnl_success)
        return jz_nn_fail(b, s, "this padding");
    if ((r = jz_nn_emit_reorder(b, src, middle, "copy")) < 0)
        return r;
    jz_nn_hold(b, n->output, dst);
    return 0;
}

/* One matrix of a product, as a view of size rows × cols. */
static int take_matrix(struct builder *b, int v, bool transposed, struct ref *ret)
{
    int r = jz_nn_take(b, v, ret);
    if (r == 0 && transposed) {
        static const int swap[2] = { 1, 0 };
        const dnnl_memory_desc_t md = ret->md;
        dnnl_memory_desc_permute_axes(&ret->md, &md, swap);
    }
    return r;
}

static int lower_matmul(struct builder *b, const struct node *n)
{
    const struct graph *g = b->graph;
    const struct jz_nn_shape out = g->values[n->output].shape;
    const struct value *c =
        n->input_count > 2 && n->inputs[2] != JZ_NN_NONE ? &g->values[n->inputs[2]] : NULL;
    if (n->op == JZ_NN_GEMM && (n->alpha != 1 || n->beta != 1))
        return jz_error_set(b->err, JZ_E_UNSUPPORTED, "%s: alpha and beta other than 1", b->label);
    const bool is_bias = c && is_row(c, out.dims[1]);
    struct ref left, right, bias, dst;
    int r;
    if ((r = take_matrix(b, n->inputs[0], n->trans_a, &left)) < 0 ||
        (r = take_matrix(b, n->inputs[1], n->trans_b, &right)) < 0)
        return r;
    const struct jz_nn_shape row = { .rank = 2, .dims = { 1, out.dims[1] } };
    const dnnl_memory_desc_t bias_md = jz_nn_plain_md(row, 2, dnnl_f32);
    if (is_bias && (r = jz_nn_convert_weight(b, c->data, &bias_md, &bias_md, &bias)) < 0)
        return r;
    /* Both factors have to be of one type. */
    if (left.md.data_type != right.md.data_type) {
        dnnl_memory_desc_t md = right.md;
        md.data_type = left.md.data_type;
        if ((r = jz_nn_in_layout(b, right, &md, &right)) < 0)
            return r;
    }
    const dnnl_memory_desc_t dst_md =
        jz_nn_dense_md(out, b->wants_f32[n->output] ? dnnl_f32 : jz_nn_activation_type(b));
    dnnl_matmul_desc_t desc;
    dnnl_status_t s =
        dnnl_matmul_desc_init(&desc, &left.md, &right.md, is_bias ? &bias_md : NULL, &dst_md);
    struct operand operands[3] = { { DNNL_ARG_SRC, left }, { DNNL_ARG_WEIGHTS, right } };
    if (is_bias)
        operands[2] = (struct operand){ DNNL_ARG_BIAS, bias };
    if ((r = jz_nn_emit_op(b, s, &desc, "this product", operands, is_bias ? 3 : 2, NULL, &dst_md,
                           &dst)) < 0)
        return r;
    b->model->macs += out.dims[0] * out.dims[1] * left.md.dims[1];
    if (c && !is_bias) {
        struct ref addend;
        if ((r = jz_nn_take(b, n->inputs[2], &addend)) < 0 ||
            (r = widen(b, &addend, c->shape, 2)) < 0 ||
            (r = emit_binary(b, dnnl_binary_add, dst, addend, &dst)) < 0)
            return r;
    }
    jz_nn_hold(b, n->output, dst);
    return 0;
}

/* Another shape for the same row-major bytes. */
static int lower_reshape(struct builder *b, const struct node *n)
{
    const struct jz_nn_shape in = b->graph->values[n->inputs[0]].shape;
    const struct jz_nn_shape out = b->graph->values[n->output].shape;
    struct ref ref;
    int r = jz_nn_take(b, n->inputs[0], &ref);
    if (r < 0)
        return r;
    const dnnl_memory_desc_t plain =
        jz_nn_plain_md(in, in.rank > 0 ? in.rank : 1, ref.md.data_type);
    if ((r = jz_nn_in_layout(b, ref, &plain, &ref)) < 0)
        return r;
    ref.md = jz_nn_plain_md(out, out.rank > 0 ? out.rank : 1, ref.md.data_type);
    jz_nn_hold(b, n->output, ref);
    return 0;
}

/* Another order of the axes for the same bytes. */
static int lower_transpose(struct builder *b, const struct node *n)
{
    struct ref ref;
    int r = jz_nn_take(b, n->inputs[0], &ref);
    if (r < 0)
        return r;
    int order[JZ_NN_MAX_RANK];
    for (int i = 0; i < n->perm_count; i++)
        order[n->perm[i]] = i; /* oneDNN says where an axis goes, ONNX where it comes from */
    const dnnl_memory_desc_t md = ref.md;
    dnnl_status_t s =
        n->perm_count > 1 ? dnnl_memory_desc_permute_axes(&ref.md, &md, order) : dnnl_success;
    if (s != dnnl_success)
        return jz_nn_fail(b, s, "this order of axes");
    jz_nn_hold(b, n->output, ref);
    return 0;
}

static int lower_concat(struct builder *b, const struct node *n)
{
    struct ref refs[JZ_NN_MAX_NODE_INPUTS], dst;
    dnnl_memory_desc_t mds[JZ_NN_MAX_NODE_INPUTS];
    int r;
    for (int i = 0; i < n->input_count; i++) {
        if ((r = jz_nn_take(b, n->inputs[i], &refs[i])) < 0)
            return r;
        mds[i] = jz_nn_dense_md(b->graph->values[n->inputs[i]].shape, jz_nn_activation_type(b));
        if ((r = jz_nn_in_layout(b, refs[i], &mds[i], &refs[i])) < 0)
            return r;
    }
    const dnnl_memory_desc_t md =
        jz_nn_dense_md(b->graph->values[n->output].shape, jz_nn_activation_type(b));
    AUTO_ATTR attr = NULL;
    AUTO_PD pd = NULL;
    struct step *step;
    if ((r = jz_nn_new_attr(b, &attr)) < 0)
        return r;
    dnnl_status_t s = dnnl_concat_primitive_desc_create(&pd, &md, n->input_count, (int)n->axis, mds,
                                                        attr, b->model->engine);
    if (s != dnnl_success)
        return jz_nn_fail(b, s, "this concatenation");
    if ((r = jz_nn_new_arena_ref(b, &md, &dst)) < 0 || (r = jz_nn_emit(b, pd, "", &step)) < 0)
        return r;
    for (int i = 0; i < n->input_count; i++)
        jz_nn_add_arg(step, DNNL_ARG_MULTIPLE_SRC + i, refs[i]);
    jz_nn_add_arg(step, DNNL_ARG_DST, dst);
    jz_nn_hold(b, n->output, dst);
    return 0;
}

static int lower_softmax(struct builder *b, const struct node *n)
{
    struct ref src, dst;
    int r = jz_nn_take(b, n->inputs[0], &src);
    if (r < 0)
        return r;
    dnnl_softmax_desc_t desc;
    dnnl_status_t s =
        dnnl_softmax_forward_desc_init(&desc, dnnl_forward_inference, &src.md, (int)n->axis);
    const struct operand operands[] = { { DNNL_ARG_SRC, src } };
    r = jz_nn_emit_op(b, s, &desc, "this softmax", operands, 1, &src, &src.md, &dst);
    if (r == 0)
        jz_nn_hold(b, n->output, dst);
    return r;
}

static int (*const lowerings[JZ_NN_OPS])(struct builder *b, const struct node *n) = {
    [JZ_NN_CONV] = jz_nn_lower_conv,
    [JZ_NN_PRELU] = jz_nn_lower_prelu,
    [JZ_NN_RELU] = lower_eltwise,
    [JZ_NN_CLIP] = lower_eltwise,
    [JZ_NN_SIGMOID] = lower_eltwise,
    [JZ_NN_ADD] = lower_binary,
    [JZ_NN_MUL] = lower_binary,
    [JZ_NN_SUB] = lower_binary,
    [JZ_NN_MAX_POOL] = lower_pool,
    [JZ_NN_AVERAGE_POOL] = lower_pool,
    [JZ_NN_GLOBAL_AVERAGE_POOL] = lower_pool,
    [JZ_NN_PAD] = lower_pad,
    [JZ_NN_RESIZE] = lower_resize,
    [JZ_NN_BATCH_NORM] = lower_batch_norm,
    [JZ_NN_GEMM] = lower_matmul,
    [JZ_NN_MATMUL] = lower_matmul,
    [JZ_NN_RESHAPE] = lower_reshape,
    [JZ_NN_FLATTEN] = lower_reshape,
    [JZ_NN_TRANSPOSE] = lower_transpose,
    [JZ_NN_CONCAT] = lower_concat,
    [JZ_NN_SOFTMAX] = lower_softmax,
};

int jz_nn_lower_node(struct builder *b, const struct node *n)
{
    return lowerings[n->op](b, n);
}
