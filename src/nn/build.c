#include "nn/build_internal.h"

#include "nn/kernels_internal.h"

#include <string.h>

int jz_nn_fail(struct builder *b, dnnl_status_t status, const char *what)
{
    return jz_error_set(b->err, status == dnnl_out_of_memory ? JZ_E_MEMORY : JZ_E_UNSUPPORTED,
                        "%s: oneDNN refuses %s (status %d)", b->label, what, (int)status);
}

int jz_nn_out_of_memory(struct builder *b)
{
    return jz_error_set(b->err, JZ_E_MEMORY, "%s: out of memory", b->label);
}

static int new_slot(struct builder *b, size_t size)
{
    struct jz_nn_model *m = b->model;
    if (m->slot_count == m->slot_room) {
        int room = m->slot_room ? 2 * m->slot_room : 256;
        struct slot *slots = reallocarray(m->slots, (size_t)room, sizeof *slots);
        if (slots)
            m->slots = slots;
        int *pending = reallocarray(b->pending, (size_t)room, sizeof *pending);
        if (pending)
            b->pending = pending;
        if (!slots || !pending)
            return jz_nn_out_of_memory(b);
        m->slot_room = room;
    }
    if (size > JZ_NN_MAX_ARENA_BYTES)
        return jz_error_set(b->err, JZ_E_LIMIT, "%s: needs %zu bytes", b->label, size);
    m->slots[m->slot_count] = (struct slot){ .size = size, .first = -1, .last = -1 };
    b->pending[m->slot_count] = 0;
    return m->slot_count++;
}

int jz_nn_new_arena_ref(struct builder *b, const dnnl_memory_desc_t *md, struct ref *ret)
{
    int slot = new_slot(b, dnnl_memory_desc_get_size(md));
    if (slot < 0)
        return slot;
    *ret = (struct ref){ .place = PLACE_ARENA, .index = slot, .md = *md };
    return 0;
}

/* A blob owned by the model. */
static int new_weight(struct builder *b, const dnnl_memory_desc_t *md, void **ret_data,
                      struct ref *ret)
{
    struct jz_nn_model *m = b->model;
    if (m->weight_count == m->weight_room) {
        int room = m->weight_room ? 2 * m->weight_room : 256;
        void **more = reallocarray(m->weights, (size_t)room, sizeof *more);
        if (!more)
            return jz_nn_out_of_memory(b);
        m->weights = more;
        m->weight_room = room;
    }
    size_t size = dnnl_memory_desc_get_size(md);
    size = (size + JZ_NN_ALIGNMENT) / JZ_NN_ALIGNMENT * JZ_NN_ALIGNMENT;
    void *data = size <= JZ_NN_MAX_ARENA_BYTES ? aligned_alloc(JZ_NN_ALIGNMENT, size) : NULL;
    if (!data)
        return jz_nn_out_of_memory(b);
    memset(data, 0, size);
    *ret = (struct ref){ .place = PLACE_WEIGHT, .index = m->weight_count, .md = *md };
    m->weights[m->weight_count++] = data;
    *ret_data = data;
    return 0;
}

dnnl_data_type_t jz_nn_activation_type(const struct builder *b)
{
    return b->model->precision == JZ_NN_BF16 ? dnnl_bf16 : dnnl_f32;
}

dnnl_memory_desc_t jz_nn_plain_md(struct jz_nn_shape shape, int rank, dnnl_data_type_t type)
{
    dnnl_dims_t dims, strides;
    const int missing = rank - shape.rank;
    for (int i = 0; i < rank; i++)
        dims[i] = i < missing ? 1 : shape.dims[i - missing];
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i];
    }
    dnnl_memory_desc_t md;
    dnnl_memory_desc_init_by_strides(&md, rank, dims, type, strides);
    return md;
}

const int64_t *jz_nn_as_dims(const int64_t *from, int count, dnnl_dims_t room)
{
    memset(room, 0, sizeof(dnnl_dims_t));
    memcpy(room, from, (size_t)count * sizeof *from);
    return room;
}

dnnl_memory_desc_t jz_nn_any_md(struct jz_nn_shape shape, dnnl_data_type_t type)
{
    dnnl_memory_desc_t md;
    dnnl_dims_t dims;
    dnnl_memory_desc_init_by_tag(&md, shape.rank, jz_nn_as_dims(shape.dims, shape.rank, dims), type,
                                 dnnl_format_tag_any);
    return md;
}

dnnl_memory_desc_t jz_nn_dense_md(struct jz_nn_shape shape, dnnl_data_type_t type)
{
    if (shape.rank != 4)
        return jz_nn_plain_md(shape, shape.rank > 0 ? shape.rank : 1, type);
    dnnl_memory_desc_t md;
    dnnl_dims_t dims;
    dnnl_memory_desc_init_by_tag(&md, 4, jz_nn_as_dims(shape.dims, 4, dims), type, dnnl_nhwc);
    return md;
}

struct step *jz_nn_new_step(struct builder *b, const char *verb)
{
    struct jz_nn_model *m = b->model;
    if (m->step_count == m->step_room) {
        int room = m->step_room ? 2 * m->step_room : 128;
        struct step *more = reallocarray(m->steps, (size_t)room, sizeof *more);
        if (!more)
            return NULL;
        m->steps = more;
        m->step_room = room;
    }
    struct step *s = &m->steps[m->step_count];
    memset(s, 0, sizeof *s);
    if (asprintf(&s->name, "%s%s%s", b->label, *verb ? ": " : "", verb) < 0) {
        s->name = NULL;
        return NULL;
    }
    m->step_count++;
    return s;
}

void jz_nn_add_arg(struct step *s, int id, struct ref ref)
{
    s->arg_ids[s->arg_count] = id;
    s->args[s->arg_count++] = ref;
}

int jz_nn_new_attr(struct builder *b, dnnl_primitive_attr_t *ret)
{
    dnnl_status_t s = dnnl_primitive_attr_create(ret);
    if (s == dnnl_success)
        s = dnnl_primitive_attr_set_scratchpad_mode(*ret, dnnl_scratchpad_mode_user);
    return s == dnnl_success ? 0 : jz_nn_fail(b, s, "attributes");
}

int jz_nn_new_pd(struct builder *b, const void *op_desc, const_dnnl_primitive_attr_t attr,
                 dnnl_primitive_desc_t *ret)
{
    dnnl_status_t s = dnnl_primitive_desc_create(ret, op_desc, attr, b->model->engine, NULL);
    return s == dnnl_success ? 0 : jz_nn_fail(b, s, "this shape");
}

dnnl_memory_desc_t jz_nn_pd_md(const_dnnl_primitive_desc_t pd, dnnl_query_t what)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, what, 0);
    return md ? *md : (dnnl_memory_desc_t){ .ndims = 0 };
}

int jz_nn_emit(struct builder *b, const_dnnl_primitive_desc_t pd, const char *verb,
               struct step **ret)
{
    struct step *s = jz_nn_new_step(b, verb);
    const char *kernel = NULL;
    dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &kernel);
    if (!s || !(s->kernel = strdup(kernel ? kernel : "?")))
        return jz_nn_out_of_memory(b);
    dnnl_status_t status = dnnl_primitive_create(&s->primitive, pd);
    if (status != dnnl_success)
        return jz_nn_fail(b, status, "to make the kernel");
    const dnnl_memory_desc_t scratch = jz_nn_pd_md(pd, dnnl_query_scratchpad_md);
    if (scratch.ndims > 0) {
        struct ref r;
        int e = jz_nn_new_arena_ref(b, &scratch, &r);
        if (e < 0)
            return e;
        jz_nn_add_arg(s, DNNL_ARG_SCRATCHPAD, r);
    }
    *ret = s;
    return 0;
}

int jz_nn_emit_reorder(struct builder *b, struct ref from, struct ref to, const char *verb)
{
    AUTO_ATTR attr = NULL;
    AUTO_PD pd = NULL;
    int r = jz_nn_new_attr(b, &attr);
    if (r < 0)
        return r;
    dnnl_status_t s = dnnl_reorder_primitive_desc_create(&pd, &from.md, b->model->engine, &to.md,
                                                         b->model->engine, attr);
    if (s != dnnl_success)
        return jz_nn_fail(b, s, "a reorder");
    struct step *step;
    if ((r = jz_nn_emit(b, pd, verb, &step)) < 0)
        return r;
    jz_nn_add_arg(step, DNNL_ARG_FROM, from);
    jz_nn_add_arg(step, DNNL_ARG_TO, to);
    return 0;
}

static void drop_memory(dnnl_memory_t *memory)
{
    if (*memory)
        dnnl_memory_destroy(*memory);
}

static void drop_stream(dnnl_stream_t *stream)
{
    if (*stream)
        dnnl_stream_destroy(*stream);
}

static void drop_primitive(dnnl_primitive_t *primitive)
{
    if (*primitive)
        dnnl_primitive_destroy(*primitive);
}

int jz_nn_convert_weight(struct builder *b, const float *data, const dnnl_memory_desc_t *from,
                         const dnnl_memory_desc_t *md, struct ref *ret)
{
    void *blob = NULL;
    int r = new_weight(b, md, &blob, ret);
    if (r < 0)
        return r;
    union {
        const float *in;
        void *out;
    } source = { .in = data }; /* oneDNN's handles are not const; it only reads this one */
    JZ_CLEANUP(drop_memory) dnnl_memory_t src = NULL;
    JZ_CLEANUP(drop_memory) dnnl_memory_t dst = NULL;
    JZ_CLEANUP(drop_stream) dnnl_stream_t stream = NULL;
    JZ_CLEANUP(drop_primitive) dnnl_primitive_t p = NULL;
    AUTO_PD pd = NULL;
    dnnl_engine_t engine = b->model->engine;
    dnnl_status_t s = dnnl_memory_create(&src, from, engine, source.out);
    if (s == dnnl_success)
        s = dnnl_memory_create(&dst, md, engine, blob);
    if (s == dnnl_success)
        s = dnnl_reorder_primitive_desc_create(&pd, from, engine, md, engine, NULL);
    if (s == dnnl_success)
        s = dnnl_primitive_create(&p, pd);
    if (s == dnnl_success)
        s = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    const dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, src }, { DNNL_ARG_TO, dst } };
    if (s == dnnl_success)
        s = dnnl_primitive_execute(p, stream, 2, args);
    if (s == dnnl_success)
        s = dnnl_stream_wait(stream);
    return s == dnnl_success ? 0 : jz_nn_fail(b, s, "to convert a constant");
}

int jz_nn_take(struct builder *b, int v, struct ref *ret)
{
    const struct value *value = &b->graph->values[v];
    struct holding *h = &b->held[v];
    if (!h->set) {
        /* A constant that no fold consumed. */
        const dnnl_memory_desc_t from =
            jz_nn_plain_md(value->shape, value->shape.rank > 0 ? value->shape.rank : 1, dnnl_f32);
        const dnnl_memory_desc_t to = jz_nn_dense_md(value->shape, jz_nn_activation_type(b));
        int r = jz_nn_convert_weight(b, value->data, &from, &to, &h->ref);
        if (r < 0)
            return r;
        h->set = true;
    }
    *ret = h->ref;
    if (ret->place == PLACE_ARENA)
        b->pending[ret->index]--;
    return 0;
}

void jz_nn_hold(struct builder *b, int v, struct ref ref)
{
    b->held[v] = (struct holding){ .set = true, .ref = ref };
    if (ref.place == PLACE_ARENA)
        b->pending[ref.index] += b->uses[v];
}

bool jz_nn_is_free_to_overwrite(const struct builder *b, const struct ref *ref)
{
    return ref->place == PLACE_ARENA && b->pending[ref->index] == 0;
}

int jz_nn_in_layout(struct builder *b, struct ref ref, const dnnl_memory_desc_t *md,
                    struct ref *ret)
{
    if (dnnl_memory_desc_equal(&ref.md, md)) {
        *ret = ref;
        return 0;
    }
    struct ref to;
    int r = jz_nn_new_arena_ref(b, md, &to);
    if (r == 0 && (r = jz_nn_emit_reorder(b, ref, to, "reorder")) == 0)
        *ret = to;
    return r;
}

int jz_nn_place_result(struct builder *b, const struct ref *over, const dnnl_memory_desc_t *md,
                       struct ref *ret)
{
    if (over && jz_nn_is_free_to_overwrite(b, over) && dnnl_memory_desc_equal(&over->md, md)) {
        *ret = *over;
        return 0;
    }
    return jz_nn_new_arena_ref(b, md, ret);
}

int jz_nn_emit_loop(struct builder *b, enum step_kind kind, const char *kernel,
                    const float *const rows[], int row_count, size_t channels, struct ref src,
                    struct ref dst)
{
    struct step *s = jz_nn_new_step(b, "");
    if (!s || !(s->kernel = strdup(kernel)))
        return jz_nn_out_of_memory(b);
    s->kind = kind;
    s->period = jz_nn_kernel_period(channels);
    s->table = malloc((size_t)row_count * s->period * sizeof *s->table);
    if (!s->table)
        return jz_nn_out_of_memory(b);
    for (int i = 0; i < row_count; i++)
        for (size_t j = 0; j < s->period; j++)
            s->table[(size_t)i * s->period + j] = rows[i][j % channels];
    jz_nn_add_arg(s, DNNL_ARG_SRC, src);
    jz_nn_add_arg(s, DNNL_ARG_DST, dst);
    return 0;
}

int jz_nn_emit_op(struct builder *b, dnnl_status_t described, const void *op_desc, const char *what,
                  const struct operand *operands, int count, const struct ref *over,
                  const dnnl_memory_desc_t *dst_md, struct ref *ret)
{
    if (described != dnnl_success)
        return jz_nn_fail(b, described, what);
    AUTO_ATTR attr = NULL;
    AUTO_PD pd = NULL;
    struct ref dst;
    struct step *step;
    int r;
    if ((r = jz_nn_new_attr(b, &attr)) < 0 || (r = jz_nn_new_pd(b, op_desc, attr, &pd)) < 0 ||
        (r = jz_nn_place_result(b, over, dst_md, &dst)) < 0 ||
        (r = jz_nn_emit(b, pd, "", &step)) < 0)
        return r;
    for (int i = 0; i < count; i++)
        jz_nn_add_arg(step, operands[i].id, operands[i].ref);
    jz_nn_add_arg(step, DNNL_ARG_DST, dst);
    *ret = dst;
    return 0;
}

struct dnnl_window jz_nn_dnnl_window(const struct window *w, struct jz_nn_shape in,
                                     struct jz_nn_shape out)
{
    struct dnnl_window d = { .kernel = { 0 } };
    for (int i = 0; i < 2; i++) {
        d.kernel[i] = w->kernel[i];
        d.stride[i] = w->stride[i];
        d.dilation[i] = w->dilation[i] - 1;
        d.pad_begin[i] = w->pad_begin[i];
        d.pad_end[i] = (out.dims[2 + i] - 1) * w->stride[i] + w->dilation[i] * (w->kernel[i] - 1) +
                       1 - in.dims[2 + i] - w->pad_begin[i];
    }
    return d;
}
