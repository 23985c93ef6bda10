/*
 * jianzai bench gallery: how long one search through so many faces takes, beside what a plain loop
 * over the same vectors in float32 takes. Made faces; medians of many runs; nothing here judges.
 */
#include "cli/args.h"

#include "base/clock.h"
#include "face/gallery.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

static int run(int argc, char **argv);

const struct command bench_gallery_command = {
    "gallery", run, "[--count N] [--threads T] [--runs N] [--json]",
    "speed of the search for one face among N, beside a plain float32 loop"
};

enum {
    DIMS = 256 + 128,
    FREE_DIMS = 58,
    BATCH = 1024,
    MOST = 10,
    MOST_ENTRIES = 4000000,
};

/* The fusion's threshold for FMR 1e-3: the loosest, so that most entries are looked at twice. */
static const double THRESHOLD = 0.333;

/* A fixed sequence (xorshift64*), so that every run searches the same faces. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

/* Walsh and Hadamard's turn of 2^n numbers. */
static void turn(float *v, int n)
{
    for (int step = 1; step < n; step *= 2)
        for (int i = 0; i < n; i += 2 * step)
            for (int k = i; k < i + step; k++) {
                const float a = v[k], b = v[k + step];
                v[k] = a + b;
                v[k + step] = a - b;
            }
}

/*
 * A unit vector. Real embeddings are not spread evenly: over LFW two strangers' scores have a
 * deviation of 0.093 where even vectors would have 0.054, and those make any search with bounds
 * look good. Normal numbers in 58 dimensions, turned into all, have the deviation of faces.
 */
static void make_embedding(uint64_t *state, int dims, struct jz_embedding *ret)
{
    double norm = 0;
    *ret = (struct jz_embedding){ .model = "made", .version = "1", .dims = dims };
    for (int i = 0; i < FREE_DIMS; i++) {
        ret->values[i] = (float)(__builtin_popcountll(next_random(state)) - 32); /* near normal */
        norm += (double)ret->values[i] * (double)ret->values[i];
    }
    turn(ret->values, dims);
    const float by = (float)(1 / sqrt(norm * dims));
    for (int i = 0; i < dims; i++)
        ret->values[i] *= by;
}

static void make_template(uint64_t *state, struct jz_template *ret)
{
    ret->count = 2;
    make_embedding(state, 256, &ret->embeddings[0]);
    make_embedding(state, 128, &ret->embeddings[1]);
}

struct bench {
    struct jz_gallery *gallery;
    float *plain; /* the same vectors for the plain loop */
    size_t count;
    int runs;
    double *times; /* one slot a run */
};

static void flatten(const struct jz_template *t, float ret[DIMS])
{
    const float half = sqrtf(0.5f); /* so that the product is the mean of the two */
    for (int i = 0; i < DIMS; i++)
        ret[i] = half * (i < 256 ? t->embeddings[0].values[i] : t->embeddings[1].values[i - 256]);
}

static int fill(struct bench *b, struct jz_error *err)
{
    jz_autofree struct jz_template *batch = calloc(BATCH, sizeof *batch);
    jz_autofree int64_t *persons = calloc(BATCH, sizeof *persons);
    b->plain = malloc(b->count * DIMS * sizeof *b->plain);
    b->times = calloc((size_t)b->runs, sizeof *b->times);
    if (!batch || !persons || !b->plain || !b->times)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for %zu faces", b->count);
    uint64_t state = 1;
    for (size_t at = 0; at < b->count; at += BATCH) {
        const size_t n = b->count - at < BATCH ? b->count - at : BATCH;
        for (size_t i = 0; i < n; i++) {
            make_template(&state, &batch[i]);
            persons[i] = (int64_t)(at + i);
            flatten(&batch[i], b->plain + (at + i) * DIMS);
        }
        struct jz_template_kind kind;
        int r = b->gallery ? 0 : jz_template_kind_of(&batch[0], &kind, err);
        if (r == 0 && !b->gallery)
            r = jz_gallery_new(&kind, &b->gallery, err);
        if (r == 0)
            r = jz_gallery_append(b->gallery, persons, batch, n, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* What one would write without a gallery: a thread's share of the loop over all vectors. */
struct share {
    const float *vectors, *probe;
    size_t count, best;
    float score;
    pthread_t thread;
};

static void *plain_loop(void *argument)
{
    struct share *s = argument;
    s->score = -2;
    for (size_t i = 0; i < s->count; i++) {
        const float *v = s->vectors + i * DIMS;
        /* Lanes of their own, so that the compiler may use vectors without reordering sums. */
        float lanes[16] = { 0 }, sum = 0;
        for (int d = 0; d < DIMS; d += 16)
            for (int k = 0; k < 16; k++)
                lanes[k] += v[d + k] * s->probe[d + k];
        for (int k = 0; k < 16; k++)
            sum += lanes[k];
        if (sum > s->score) {
            s->score = sum;
            s->best = i;
        }
    }
    return NULL;
}

static int search_plain(const struct bench *b, const float *probe, int threads,
                        struct jz_error *err)
{
    struct share shares[JZ_GALLERY_MAX_THREADS];
    int started = 1;
    for (int i = 0; i < threads; i++) {
        const size_t from = b->count * (size_t)i / (size_t)threads;
        const size_t to = b->count * (size_t)(i + 1) / (size_t)threads;
        shares[i] = (struct share){ b->plain + from * DIMS, probe, to - from };
        if (i > 0 && pthread_create(&shares[i].thread, NULL, plain_loop, &shares[i]) != 0)
            break;
        started = i + 1;
    }
    plain_loop(&shares[0]);
    for (int i = 1; i < started; i++)
        pthread_join(shares[i].thread, NULL);
    return started == threads ? 0 : jz_error_set(err, JZ_E_INTERNAL, "no thread can be started");
}

struct row {
    int threads;
    double ms, plain_ms;
};

static int measure(struct bench *b, int threads, struct row *ret, struct jz_error *err)
{
    struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS];
    uint64_t state = 0x9e3779b97f4a7c15ULL;
    struct jz_template probe;
    float flat[DIMS];
    int count, r = 0;
    ret->threads = threads;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; r == 0 && i < b->runs; i++) {
            make_template(&state, &probe);
            flatten(&probe, flat);
            const int64_t start = jz_clock_ns();
            r = pass == 0 ? jz_gallery_search(b->gallery, &probe, THRESHOLD, MOST, threads, hits,
                                              &count, err)
                          : search_plain(b, flat, threads, err);
            b->times[i] = (double)(jz_clock_ns() - start) / 1e6;
        }
        *(pass == 0 ? &ret->ms : &ret->plain_ms) = median(b->times, b->runs);
    }
    return r;
}

static void show(bool json, const struct bench *b, const struct row *rows, int count)
{
    json_t *list = json_array();
    /* What has to be read: the upper halves and two floats a face; all of every number. */
    const double mb = (double)b->count * (DIMS / 2 + 8) / 1e6;
    const double plain_mb = (double)b->count * DIMS * sizeof(float) / 1e6;
    if (!json)
        printf("%zu faces of %d numbers\n", b->count, DIMS);
    for (int i = 0; i < count; i++) {
        const struct row *w = &rows[i];
        if (!json)
            printf("  %d thread%s %8.2f ms  %5.1f GB/s;  plain float32 %8.2f ms  %5.1f GB/s: "
                   "%.1f times\n",
                   w->threads, w->threads == 1 ? ": " : "s:", w->ms, mb / w->ms, w->plain_ms,
                   plain_mb / w->plain_ms, w->plain_ms / w->ms);
        json_array_append_new(list,
                              json_pack("{s:i,s:o,s:o,s:o,s:o,s:o}", "threads", w->threads, "ms",
                                        json_number(w->ms), "gb_per_s", json_number(mb / w->ms),
                                        "float32_ms", json_number(w->plain_ms), "float32_gb_per_s",
                                        json_number(plain_mb / w->plain_ms), "ratio",
                                        json_number(w->plain_ms / w->ms)));
    }
    if (json)
        print_json(json_pack("{s:I,s:i,s:O}", "entries", (json_int_t)b->count, "dims", DIMS, "rows",
                             list));
    json_decref(list);
}

static int run(int argc, char **argv)
{
    int64_t entries = 1000000, threads = 2, runs = 51;
    bool json = false;
    const struct arg args[] = {
        { "count", ARG_NUMBER, &entries, "N: faces to search among, default 1000000", 1,
          MOST_ENTRIES },
        { "threads", ARG_NUMBER, &threads, "N: 1 to 64, default 2", 1, JZ_GALLERY_MAX_THREADS },
        { "runs", ARG_NUMBER, &runs, "N: repetitions, default 51", 1, BENCH_RUNS_MAX },
        { "json", ARG_FLAG, &json, "print JSON" },
    };
    int first;
    int r = parse_args(&bench_gallery_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct bench b = { .count = (size_t)entries, .runs = (int)runs };
    struct row rows[2];
    const int each[2] = { 1, (int)threads }, count = threads > 1 ? 2 : 1;
    struct jz_error err;
    r = fill(&b, &err);
    for (int i = 0; r == 0 && i < count; i++)
        r = measure(&b, each[i], &rows[i], &err);
    if (r == 0)
        show(json, &b, rows, count);
    else
        complain(NULL, &err);
    jz_gallery_free(b.gallery);
    free(b.plain);
    free(b.times);
    return r < 0 ? EXIT_USAGE : 0;
}
