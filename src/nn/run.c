#include "nn/plan_internal.h"

#include "base/clock.h"
#include "nn/kernels_internal.h"

#include <string.h>

/* From OpenMP's runtime, which oneDNN brings; its header does not come with every compiler. */
void omp_set_num_threads(int n);

void jz_nn_single_thread(void)
{
    omp_set_num_threads(1);
}

struct jz_nn_context {
    const struct jz_nn_model *model;
    dnnl_stream_t stream;
    char *arena;
    float *inputs[JZ_NN_MAX_PORTS], *outputs[JZ_NN_MAX_PORTS];
    dnnl_exec_arg_t *args; /* of all steps, one after the other */
    int arg_count;
};

static void *address(const struct jz_nn_context *c, const struct ref *ref)
{
    switch (ref->place) {
    case PLACE_ARENA:
        return c->arena + c->model->slots[ref->index].offset;
    case PLACE_WEIGHT:
        return c->model->weights[ref->index];
    case PLACE_INPUT:
        return c->inputs[ref->index];
    case PLACE_OUTPUT:
        return c->outputs[ref->index];
    }
    return NULL;
}

static float *new_port(struct jz_nn_shape shape)
{
    size_t bytes = (jz_nn_shape_count(shape) * sizeof(float) + 64) / 64 * 64;
    float *p = aligned_alloc(64, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

int jz_nn_context_new(const struct jz_nn_model *model, struct jz_nn_context **ret_context,
                      struct jz_error *err)
{
    JZ_CLEANUP(jz_nn_context_freep) struct jz_nn_context *c = calloc(1, sizeof *c);
    if (!c)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    c->model = model;
    int total = 0;
    for (int i = 0; i < model->step_count; i++)
        total += model->steps[i].arg_count;
    c->args = calloc((size_t)total + 1, sizeof *c->args);
    c->arena = aligned_alloc(64, model->arena_bytes + 64);
    bool ok =
        c->args && c->arena &&
        dnnl_stream_create(&c->stream, model->engine, dnnl_stream_default_flags) == dnnl_success;
    for (int i = 0; ok && i < model->input_count; i++)
        ok = (c->inputs[i] = new_port(model->inputs[i].shape)) != NULL;
    for (int i = 0; ok && i < model->output_count; i++)
        ok = (c->outputs[i] = new_port(model->outputs[i].shape)) != NULL;
    for (int i = 0; ok && i < model->step_count; i++) {
        const struct step *s = &model->steps[i];
        for (int k = 0; ok && k < s->arg_count; k++) {
            dnnl_exec_arg_t *a = &c->args[c->arg_count];
            a->arg = s->arg_ids[k];
            ok = dnnl_memory_create(&a->memory, &s->args[k].md, model->engine,
                                    address(c, &s->args[k])) == dnnl_success;
            c->arg_count += ok;
        }
    }
    if (!ok)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a network's context");
    *ret_context = JZ_TAKE(c);
    return 0;
}

void jz_nn_context_free(struct jz_nn_context *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->arg_count; i++)
        dnnl_memory_destroy(c->args[i].memory);
    for (int i = 0; i < JZ_NN_MAX_PORTS; i++) {
        free(c->inputs[i]);
        free(c->outputs[i]);
    }
    if (c->stream)
        dnnl_stream_destroy(c->stream);
    free(c->args);
    free(c->arena);
    free(c);
}

static void fill(const struct jz_nn_context *c, const struct step *s)
{
    const dnnl_memory_desc_t *md = &s->args[0].md;
    const size_t bytes = dnnl_memory_desc_get_size(md);
    char *out = address(c, &s->args[0]);
    if (s->fill_value == 0) {
        memset(out, 0, bytes);
        return;
    }
    uint32_t bits;
    memcpy(&bits, &s->fill_value, sizeof bits);
    const uint16_t upper = (uint16_t)((bits + 0x8000) >> 16); /* float32 → bf16 */
    const size_t width = md->data_type == dnnl_bf16 ? 2 : 4;
    for (size_t i = 0; i + width <= bytes; i += width)
        memcpy(out + i, width == 2 ? (const void *)&upper : &bits, width);
}

static void prelu(const struct jz_nn_context *c, const struct step *s)
{
    const size_t count = dnnl_memory_desc_get_size(&s->args[1].md) / sizeof(uint16_t);
    jz_nn_prelu_bf16(address(c, &s->args[1]), address(c, &s->args[0]), s->table, s->period, count);
}

static void affine(const struct jz_nn_context *c, const struct step *s)
{
    const float *src = address(c, &s->args[0]), *scale = s->table, *shift = s->table + s->period;
    void *dst = address(c, &s->args[1]);
    const size_t count = dnnl_memory_desc_get_size(&s->args[0].md) / sizeof(float);
    if (s->args[1].md.data_type == dnnl_bf16)
        jz_nn_affine_bf16(dst, src, scale, shift, s->period, count);
    else
        jz_nn_affine_f32(dst, src, scale, shift, s->period, count);
}

static int run(struct jz_nn_context *c, int64_t *step_ns, struct jz_error *err)
{
    jz_nn_single_thread();
    const dnnl_exec_arg_t *args = c->args;
    for (int i = 0; i < c->model->step_count; i++) {
        const struct step *s = &c->model->steps[i];
        const int64_t start = step_ns ? jz_clock_ns() : 0;
        dnnl_status_t status = dnnl_success;
        switch (s->kind) {
        case STEP_PRIMITIVE:
            status = dnnl_primitive_execute(s->primitive, c->stream, s->arg_count, args);
            break;
        case STEP_FILL:
            fill(c, s);
            break;
        case STEP_PRELU:
            prelu(c, s);
            break;
        case STEP_AFFINE:
            affine(c, s);
            break;
        }
        if (status != dnnl_success)
            return jz_error_set(err, JZ_E_INTERNAL, "%s: oneDNN failed (status %d)", s->name,
                                (int)status);
        args += s->arg_count;
        if (step_ns)
            step_ns[i] += jz_clock_ns() - start;
    }
    return 0;
}

int jz_nn_run(struct jz_nn_context *context, struct jz_error *err)
{
    return run(context, NULL, err);
}

int jz_nn_run_timed(struct jz_nn_context *context, int64_t *step_ns, struct jz_error *err)
{
    return run(context, step_ns, err);
}

float *jz_nn_context_input(struct jz_nn_context *context, size_t i)
{
    return context->inputs[i];
}

const float *jz_nn_context_output(const struct jz_nn_context *context, size_t i)
{
    return context->outputs[i];
}

enum jz_nn_precision jz_nn_model_precision(const struct jz_nn_model *model)
{
    return model->precision;
}

size_t jz_nn_model_inputs(const struct jz_nn_model *model)
{
    return (size_t)model->input_count;
}

size_t jz_nn_model_outputs(const struct jz_nn_model *model)
{
    return (size_t)model->output_count;
}

const char *jz_nn_model_input_name(const struct jz_nn_model *model, size_t i)
{
    return model->inputs[i].name;
}

const char *jz_nn_model_output_name(const struct jz_nn_model *model, size_t i)
{
    return model->outputs[i].name;
}

struct jz_nn_shape jz_nn_model_input_shape(const struct jz_nn_model *model, size_t i)
{
    return model->inputs[i].shape;
}

struct jz_nn_shape jz_nn_model_output_shape(const struct jz_nn_model *model, size_t i)
{
    return model->outputs[i].shape;
}

int64_t jz_nn_model_macs(const struct jz_nn_model *model)
{
    return model->macs;
}

size_t jz_nn_model_arena_bytes(const struct jz_nn_model *model)
{
    return model->arena_bytes;
}

int jz_nn_model_find_output(const struct jz_nn_model *model, const char *name)
{
    for (int i = 0; i < model->output_count; i++)
        if (strcmp(model->outputs[i].name, name) == 0)
            return i;
    return -1;
}

size_t jz_nn_model_steps(const struct jz_nn_model *model)
{
    return (size_t)model->step_count;
}

const char *jz_nn_model_step_name(const struct jz_nn_model *model, size_t i)
{
    return model->steps[i].name;
}

const char *jz_nn_model_step_kernel(const struct jz_nn_model *model, size_t i)
{
    return model->steps[i].kernel;
}

const char *jz_nn_isa(void)
{
    switch ((int)dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41:
        return "sse4.1";
    case dnnl_cpu_isa_avx:
        return "avx";
    case dnnl_cpu_isa_avx2:
        return "avx2";
    case dnnl_cpu_isa_avx2_vnni:
        return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core:
        return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni:
        return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16:
        return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx:
        return "avx512_core_amx";
    default:
        return "generic";
    }
}

bool jz_nn_has_bf16(void)
{
    const int isa = (int)dnnl_get_effective_cpu_isa();
    return (isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}
