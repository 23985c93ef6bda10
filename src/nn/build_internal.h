/*
 * The builder of a plan: what the lowering of each operator is written with. One thread, while a
 * model is being loaded.
 */
#pragma once

#include "nn/graph_internal.h"
#include "nn/plan_internal.h"

/* Where the result of a node is while the plan is being made. */
struct holding {
    bool set;
    struct ref ref;
};

struct builder {
    struct jz_nn_model *model;
    struct graph *graph;
    struct jz_error *err;
    struct holding *held; /* per value */
    int *uses;            /* per value: consumers still to come */
    int *pending;         /* per slot: the sum of uses of the values that live in it */
    int pending_room;
    bool *wants_f32;   /* per value: keeps full precision on the way out */
    const char *label; /* operator and name of the node being lowered, for messages */
    char label_text[160];
};

struct operand {
    int id; /* DNNL_ARG_… */
    struct ref ref;
};

static inline void drop_pd(dnnl_primitive_desc_t *pd)
{
    if (*pd)
        dnnl_primitive_desc_destroy(*pd);
}

static inline void drop_attr(dnnl_primitive_attr_t *attr)
{
    if (*attr)
        dnnl_primitive_attr_destroy(*attr);
}

#define AUTO_PD   JZ_CLEANUP(drop_pd) dnnl_primitive_desc_t
#define AUTO_ATTR JZ_CLEANUP(drop_attr) dnnl_primitive_attr_t

/* What oneDNN refused, as an error that names the node. Returns its code. */
int jz_nn_fail(struct builder *b, dnnl_status_t status, const char *what);

int jz_nn_out_of_memory(struct builder *b);

/* bf16 or float32, as the model was loaded. */
dnnl_data_type_t jz_nn_activation_type(const struct builder *b);

/* Row-major, with `rank` axes: leading ones are put before a shape of fewer. */
dnnl_memory_desc_t jz_nn_plain_md(struct jz_nn_shape shape, int rank, dnnl_data_type_t type);

/* Channels last for images, row-major for the rest: the layout the fast kernels read and write. */
dnnl_memory_desc_t jz_nn_dense_md(struct jz_nn_shape shape, dnnl_data_type_t type);

dnnl_memory_desc_t jz_nn_any_md(struct jz_nn_shape shape, dnnl_data_type_t type);

/* oneDNN's prototypes promise to read twelve numbers, whatever the rank. */
const int64_t *jz_nn_as_dims(const int64_t *from, int count, dnnl_dims_t room);

int jz_nn_new_arena_ref(struct builder *b, const dnnl_memory_desc_t *md,
                        struct ref *ret) JZ_MUST_CHECK;

/* Converts a constant now, at load: row-major float32 in, `md` out. */
int jz_nn_convert_weight(struct builder *b, const float *data, const dnnl_memory_desc_t *from,
                         const dnnl_memory_desc_t *md, struct ref *ret) JZ_MUST_CHECK;

/* NULL when memory is out. */
struct step *jz_nn_new_step(struct builder *b, const char *verb);

/* Names one more place the step reads or writes. */
void jz_nn_add_arg(struct step *s, int id, struct ref ref);

/* Attributes every primitive of ours has: scratch memory comes from the arena. */
int jz_nn_new_attr(struct builder *b, dnnl_primitive_attr_t *ret) JZ_MUST_CHECK;

int jz_nn_new_pd(struct builder *b, const void *op_desc, const_dnnl_primitive_attr_t attr,
                 dnnl_primitive_desc_t *ret) JZ_MUST_CHECK;

/* The memory that the chosen kernel wants; no axes when it wants none. */
dnnl_memory_desc_t jz_nn_pd_md(const_dnnl_primitive_desc_t pd, dnnl_query_t what);

/* Appends the step for pd; its arguments are added by the caller. */
int jz_nn_emit(struct builder *b, const_dnnl_primitive_desc_t pd, const char *verb,
               struct step **ret) JZ_MUST_CHECK;

int jz_nn_emit_reorder(struct builder *b, struct ref from, struct ref to,
                       const char *verb) JZ_MUST_CHECK;

/* A step that is one of our own loops, with a table of `rows` numbers a channel. */
int jz_nn_emit_loop(struct builder *b, enum step_kind kind, const char *kernel,
                    const float *const rows[], int row_count, size_t channels, struct ref src,
                    struct ref dst) JZ_MUST_CHECK;

/*
 * Appends the step of an operation with these operands and one result, over `over` (may be NULL)
 * where nobody needs that any more. `described` is what making op_desc gave; `what` names it.
 */
int jz_nn_emit_op(struct builder *b, dnnl_status_t described, const void *op_desc, const char *what,
                  const struct operand *operands, int count, const struct ref *over,
                  const dnnl_memory_desc_t *dst_md, struct ref *ret) JZ_MUST_CHECK;

/* Takes one use of value v: after the last one its slot may be written in place. */
int jz_nn_take(struct builder *b, int v, struct ref *ret) JZ_MUST_CHECK;

/* Says where the result v of the node being lowered lives. */
void jz_nn_hold(struct builder *b, int v, struct ref ref);

bool jz_nn_is_free_to_overwrite(const struct builder *b, const struct ref *ref);

/* The same content in layout md: ref itself, or a reordered copy. */
int jz_nn_in_layout(struct builder *b, struct ref ref, const dnnl_memory_desc_t *md,
                    struct ref *ret) JZ_MUST_CHECK;

/* The place for a result: over `over` when nobody needs it any more, else a new slot. */
int jz_nn_place_result(struct builder *b, const struct ref *over, const dnnl_memory_desc_t *md,
                       struct ref *ret) JZ_MUST_CHECK;

/* A window in oneDNN's terms: no dilation is 0, and the padding behind follows from the sizes. */
struct dnnl_window {
    dnnl_dims_t kernel, stride, dilation, pad_begin, pad_end;
};

struct dnnl_window jz_nn_dnnl_window(const struct window *w, struct jz_nn_shape in,
                                     struct jz_nn_shape out);

/* lower_conv.c and lower.c: appends the steps of one node. */
int jz_nn_lower_conv(struct builder *b, const struct node *n) JZ_MUST_CHECK;
int jz_nn_lower_prelu(struct builder *b, const struct node *n) JZ_MUST_CHECK;
int jz_nn_lower_node(struct builder *b, const struct node *n) JZ_MUST_CHECK;
