#include "nn/plan_internal.h"

#include "base/clock.h"

#include <string.h>

enum { SIDE = 768, ROUNDS = 12 };

struct product {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    dnnl_memory_t memories[3];
};

static void drop_product(struct product *p)
{
    for (int i = 0; i < 3; i++)
        if (p->memories[i])
            dnnl_memory_destroy(p->memories[i]);
    if (p->primitive)
        dnnl_primitive_destroy(p->primitive);
    if (p->pd)
        dnnl_primitive_desc_destroy(p->pd);
    if (p->stream)
        dnnl_stream_destroy(p->stream);
    if (p->engine)
        dnnl_engine_destroy(p->engine);
}

static dnnl_status_t make(struct product *p, dnnl_data_type_t type)
{
    const dnnl_dims_t dims = { SIDE, SIDE };
    dnnl_memory_desc_t any;
    dnnl_matmul_desc_t desc;
    dnnl_status_t s = dnnl_engine_create(&p->engine, dnnl_cpu, 0);
    if (s == dnnl_success)
        s = dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags);
    if (s == dnnl_success)
        s = dnnl_memory_desc_init_by_tag(&any, 2, dims, type, dnnl_format_tag_any);
    if (s == dnnl_success)
        s = dnnl_matmul_desc_init(&desc, &any, &any, NULL, &any);
    if (s == dnnl_success)
        s = dnnl_primitive_desc_create(&p->pd, &desc, NULL, p->engine, NULL);
    if (s == dnnl_success)
        s = dnnl_primitive_create(&p->primitive, p->pd);
    return s;
}

int jz_nn_measure_peak(enum jz_nn_precision precision, double *ret_gflops, struct jz_error *err)
{
    static const dnnl_query_t roles[] = { dnnl_query_src_md, dnnl_query_weights_md,
                                          dnnl_query_dst_md };
    static const int ids[] = { DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST };
    jz_nn_single_thread();
    JZ_CLEANUP(drop_product) struct product p = { .engine = NULL };
    dnnl_status_t s = make(&p, precision == JZ_NN_BF16 ? dnnl_bf16 : dnnl_f32);
    dnnl_exec_arg_t args[3];
    for (int i = 0; s == dnnl_success && i < 3; i++) {
        s = dnnl_memory_create(&p.memories[i], dnnl_primitive_desc_query_md(p.pd, roles[i], 0),
                               p.engine, DNNL_MEMORY_ALLOCATE);
        args[i] = (dnnl_exec_arg_t){ ids[i], p.memories[i] };
        void *data = NULL;
        if (s == dnnl_success && dnnl_memory_get_data_handle(p.memories[i], &data) == dnnl_success)
            memset(data, 0,
                   dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(p.pd, roles[i], 0)));
    }
    double best = 0;
    for (int i = 0; s == dnnl_success && i < ROUNDS; i++) {
        const int64_t start = jz_clock_ns();
        s = dnnl_primitive_execute(p.primitive, p.stream, 3, args);
        const double ns = (double)(jz_clock_ns() - start);
        const double rate = 2.0 * SIDE * SIDE * SIDE / ns;
        best = rate > best ? rate : best;
    }
    if (s != dnnl_success)
        return jz_error_set(err, JZ_E_INTERNAL, "oneDNN refuses a matrix product (status %d)",
                            (int)s);
    *ret_gflops = best;
    return 0;
}
