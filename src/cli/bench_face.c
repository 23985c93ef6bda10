/*
 * jianzai bench face: how long each network, a frame and a decision take on one core, and what two
 * threads give. Medians of many runs; nothing here judges.
 */
#include "cli/tools.h"

#include "base/clock.h"
#include "base/file.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

static int run(int argc, char **argv);

const struct command bench_face_command = {
    "face", run, "[--runs N] [--precision P] [--json] FRAME.jpg",
    "speed of each network, of a frame and of a whole decision on this picture"
};

struct bench {
    struct face_tools tools;
    const struct jz_matcher *matcher;
    uint8_t *jpeg;
    size_t jpeg_bytes;
    int runs;
    double *times; /* one slot a run */
};

/* One worker's own copies, so that two threads share nothing but the engine. */
struct seat {
    struct jz_worker *worker;
    struct jz_decoder *decoder;
    struct jz_image image;
    struct jz_observation seen;
    int rounds;
    const struct bench *bench;
    struct jz_error err;
    int status;
};

static int decode(struct seat *s, struct jz_error *err)
{
    return jz_image_decode(s->decoder, s->bench->jpeg, s->bench->jpeg_bytes, 0, &s->image, err);
}

static int detect(struct seat *s, struct jz_error *err)
{
    struct jz_face faces[JZ_MAX_FACES];
    int count;
    return jz_detect(s->worker, &s->image, faces, &count, err);
}

static int landmarks(struct seat *s, struct jz_error *err)
{
    struct jz_landmarks l;
    return jz_landmarks(s->worker, &s->image, &s->seen.face, &l, err);
}

static int embed(struct seat *s, struct jz_error *err)
{
    struct jz_template t;
    return jz_embed(s->worker, &s->image, &s->seen.landmarks, s->bench->matcher, &t, err);
}

static int spoof(struct seat *s, struct jz_error *err)
{
    float live;
    return jz_spoof_score(s->worker, &s->image, &s->seen.face, &live, err);
}

static int frame(struct seat *s, struct jz_error *err)
{
    int r = decode(s, err);
    return r < 0 ? r : jz_observe(s->worker, &s->image, &s->seen, err);
}

static int decision(struct seat *s, struct jz_error *err)
{
    int r = frame(s, err);
    if (r == 0)
        r = embed(s, err);
    return r < 0 ? r : spoof(s, err);
}

static const struct {
    const char *name;
    int (*run)(struct seat *s, struct jz_error *err);
} stages[] = {
    { "decode", decode }, { "detect", detect }, { "landmarks", landmarks }, { "embed", embed },
    { "spoof", spoof },   { "frame", frame },   { "decision", decision },
};

enum { STAGES = sizeof stages / sizeof stages[0], MAX_ROWS = 8 };

static int sit(const struct bench *b, struct seat *s, struct jz_error *err)
{
    *s = (struct seat){ .bench = b, .rounds = b->runs };
    int r;
    if ((r = jz_worker_new(b->tools.engine, &s->worker, err)) < 0 ||
        (r = jz_decoder_new(&s->decoder, err)) < 0 || (r = decision(s, err)) < 0)
        return r;
    return s->seen.face_count > 0 ? 0 : jz_error_set(err, JZ_E_USAGE, "the picture has no face");
}

static void stand(struct seat *s)
{
    jz_worker_free(s->worker);
    jz_decoder_free(s->decoder);
    jz_image_done(&s->image);
}

static void *decide_many(void *argument)
{
    struct seat *s = argument;
    for (int i = 0; i < s->rounds && s->status == 0; i++)
        s->status = decision(s, &s->err);
    return NULL;
}

/* Decisions a second of `count` threads, each in a seat of its own. */
static double throughput(struct seat *seats, int count)
{
    pthread_t ids[2];
    const int64_t start = jz_clock_ns();
    for (int i = 0; i < count; i++)
        if (pthread_create(&ids[i], NULL, decide_many, &seats[i]) != 0)
            return 0;
    for (int i = 0; i < count; i++)
        pthread_join(ids[i], NULL);
    return (double)count * seats[0].rounds * 1e9 / (double)(jz_clock_ns() - start);
}

struct row {
    const char *name;
    double ms, gflops;
};

static int time_network(struct bench *b, const struct jz_nn_model *model, const char *name,
                        struct row *ret, struct jz_error *err)
{
    JZ_CLEANUP(jz_nn_context_freep) struct jz_nn_context *c = NULL;
    int r = jz_nn_context_new(model, &c, err);
    for (int i = 0; r == 0 && i < b->runs; i++) {
        const int64_t start = jz_clock_ns();
        r = jz_nn_run(c, err);
        b->times[i] = (double)(jz_clock_ns() - start) / 1e6;
    }
    if (r < 0)
        return r;
    const double ms = median(b->times, b->runs);
    *ret = (struct row){ name, ms, 2 * (double)jz_nn_model_macs(model) / (ms * 1e6) };
    return 0;
}

static int time_networks(struct bench *b, struct row rows[MAX_ROWS], int *ret_count,
                         struct jz_error *err)
{
    int count = 0;
    const char *name;
    const struct jz_nn_model *model;
    for (int i = 0; (model = jz_engine_network(b->tools.engine, i, &name)) && count < MAX_ROWS;
         i++) {
        int r = time_network(b, model, name, &rows[count++], err);
        if (r < 0)
            return r;
    }
    *ret_count = count;
    return 0;
}

static double resident_mib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024;
}

struct results {
    struct row networks[MAX_ROWS];
    int network_count;
    double stage_ms[STAGES];
    double speedup, startup_ms, resident_mib, peak_f32, peak_used;
};

static int measure(struct bench *b, struct results *ret, struct jz_error *err)
{
    struct seat seats[2] = { 0 };
    int r = 0;
    for (int i = 0; r == 0 && i < 2; i++)
        r = sit(b, &seats[i], err);
    ret->resident_mib = resident_mib();
    if (r == 0)
        r = time_networks(b, ret->networks, &ret->network_count, err);
    for (int k = 0; r == 0 && k < STAGES; k++) {
        for (int i = 0; r == 0 && i < b->runs; i++) {
            const int64_t start = jz_clock_ns();
            r = stages[k].run(&seats[0], err);
            b->times[i] = (double)(jz_clock_ns() - start) / 1e6;
        }
        ret->stage_ms[k] = median(b->times, b->runs);
    }
    if (r == 0) {
        /* Alternating, so that a noisy neighbour meets both. */
        double one[5], two[5];
        for (int i = 0; i < 5; i++) {
            one[i] = throughput(seats, 1);
            two[i] = throughput(seats, 2);
        }
        ret->speedup = median(two, 5) / median(one, 5);
        const enum jz_nn_precision used = jz_engine_precision(b->tools.engine);
        if ((r = jz_nn_measure_peak(JZ_NN_F32, &ret->peak_f32, err)) == 0)
            r = jz_nn_measure_peak(used, &ret->peak_used, err);
    }
    for (int i = 0; i < 2; i++)
        stand(&seats[i]);
    return r;
}

static void show(bool json, const struct results *m, const char *precision)
{
    json_t *networks = json_array(), *stage_list = json_object();
    if (!json)
        printf("%s, %s; one core's peak %.0f GFLOP/s (fp32 %.0f)\n", jz_nn_isa(), precision,
               m->peak_used, m->peak_f32);
    for (int i = 0; i < m->network_count; i++) {
        const struct row *n = &m->networks[i];
        if (!json)
            printf("  %-16s %7.3f ms  %6.1f GFLOP/s  %3.0f %% of peak\n", n->name, n->ms, n->gflops,
                   100 * n->gflops / m->peak_used);
        json_array_append_new(networks,
                              json_pack("{s:s,s:o,s:o}", "name", n->name, "ms", json_number(n->ms),
                                        "gflops", json_number(n->gflops)));
    }
    for (int k = 0; k < STAGES; k++) {
        if (!json)
            printf("  %-16s %7.3f ms\n", stages[k].name, m->stage_ms[k]);
        json_object_set_new(stage_list, stages[k].name, json_number(m->stage_ms[k]));
    }
    if (!json) {
        printf("  two threads give %.2f times one; start-up %.0f ms; resident %.0f MiB with two "
               "workers\n",
               m->speedup, m->startup_ms, m->resident_mib);
        json_decref(networks);
        json_decref(stage_list);
        return;
    }
    print_json(json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "isa", jz_nn_isa(), "precision",
                         precision, "networks", networks, "stages_ms", stage_list, "speedup_2",
                         json_number(m->speedup), "startup_ms", json_number(m->startup_ms),
                         "resident_mib", json_number(m->resident_mib), "peak_gflops_fp32",
                         json_number(m->peak_f32), "peak_gflops", json_number(m->peak_used)));
}

static int run(int argc, char **argv)
{
    struct face_options face = { 0 };
    int64_t runs = 51;
    bool json = false;
    const struct arg args[] = {
        { "runs", ARG_NUMBER, &runs, "N: repetitions, default 51", 1, BENCH_RUNS_MAX },
        { "json", ARG_FLAG, &json, "print JSON" },
        MODELS_ARG(&face),
        PRECISION_ARG(&face),
    };
    int first;
    int r = parse_args(&bench_face_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct bench b = { .runs = (int)runs };
    struct results m = { .network_count = 0 };
    const int64_t start = jz_clock_ns();
    if (face_tools_open(&face, &b.tools) != 0)
        return EXIT_USAGE;
    m.startup_ms = (double)(jz_clock_ns() - start) / 1e6;
    const struct jz_manifest *manifest = jz_engine_manifest(b.tools.engine);
    /* The decision is timed with both embeddings, whatever the product's default is. */
    b.matcher = jz_manifest_matcher(manifest, "fused");
    if (!b.matcher)
        b.matcher = b.tools.matcher;
    b.times = calloc((size_t)b.runs, sizeof *b.times);
    struct jz_error err;
    r = b.times ? jz_file_read(argv[first], JZ_IMAGE_MAX_BYTES, &b.jpeg, &b.jpeg_bytes, &err)
                : jz_error_set(&err, JZ_E_MEMORY, "out of memory");
    if (r == 0)
        r = measure(&b, &m, &err);
    if (r == 0)
        show(json, &m, jz_engine_precision(b.tools.engine) == JZ_NN_BF16 ? "bf16" : "fp32");
    else
        complain(argv[first], &err);
    free(b.jpeg);
    free(b.times);
    face_tools_close(&b.tools);
    return r < 0 ? EXIT_USAGE : 0;
}
