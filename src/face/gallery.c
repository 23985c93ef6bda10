#include "face/gallery_internal.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

/* What floats may round off a bound; in the unit of bounds, where a score is some hundreds. */
static const float SLACK = 0.01f;

struct chunk {
    uint8_t *high; /* the blocks; the one mapping begins here */
    uint8_t *low;
    int64_t *persons;
};

struct jz_gallery {
    struct jz_template_kind kind;
    const struct gallery_kernel *kernel;
    size_t dims; /* rounded up */
    size_t count;
    struct chunk *chunks;
    size_t chunk_count;
};

const struct gallery_kernel *jz_gallery_kernel(int i)
{
    const struct gallery_kernel *usable[3];
    int count = 0;
#ifdef JZ_HAVE_GALLERY_X86
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"))
        usable[count++] = &gallery_kernel_vnni;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        usable[count++] = &gallery_kernel_avx2;
#endif
    usable[count++] = &gallery_kernel_plain;
    return i < count ? usable[i] : NULL;
}

void jz_gallery_use(struct jz_gallery *g, const struct gallery_kernel *kernel)
{
    g->kernel = kernel;
}

static size_t high_rows(const struct jz_gallery *g)
{
    return g->dims / HIGH_ROW_DIMS;
}

static size_t low_rows(const struct jz_gallery *g)
{
    return g->dims / LOW_ROW_DIMS;
}

static size_t block_bytes(const struct jz_gallery *g)
{
    return high_rows(g) * ROW + sizeof(struct block_tail);
}

static size_t low_bytes(const struct jz_gallery *g)
{
    return low_rows(g) * ROW;
}

static size_t chunk_bytes(const struct jz_gallery *g)
{
    return JZ_GALLERY_CHUNK / BLOCK * block_bytes(g) +
           JZ_GALLERY_CHUNK * (low_bytes(g) + sizeof(int64_t));
}

int jz_gallery_new(const struct jz_template_kind *kind, struct jz_gallery **ret_gallery,
                   struct jz_error *err)
{
    size_t dims = 0;
    if (kind->count < 1 || kind->count > JZ_MANIFEST_MAX_FUSED)
        return jz_error_set(err, JZ_E_USAGE, "a gallery of templates of %d embeddings",
                            kind->count);
    for (int k = 0; k < kind->count; k++) {
        if (kind->parts[k].dims < 1 || kind->parts[k].dims > JZ_MAX_EMBEDDING)
            return jz_error_set(err, JZ_E_USAGE, "a gallery of embeddings of %d dimensions",
                                kind->parts[k].dims);
        dims += (size_t)kind->parts[k].dims;
    }
    struct jz_gallery *g = calloc(1, sizeof *g);
    if (!g)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    g->kind = *kind;
    g->kernel = jz_gallery_kernel(0);
    g->dims = (dims + LOW_ROW_DIMS - 1) / LOW_ROW_DIMS * LOW_ROW_DIMS;
    *ret_gallery = g;
    return 0;
}

void jz_gallery_free(struct jz_gallery *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->chunk_count; i++) {
        explicit_bzero(g->chunks[i].high, chunk_bytes(g));
        munmap(g->chunks[i].high, chunk_bytes(g));
    }
    free(g->chunks);
    free(g);
}

const struct jz_template_kind *jz_gallery_kind(const struct jz_gallery *g)
{
    return &g->kind;
}

size_t jz_gallery_count(const struct jz_gallery *g)
{
    return g->count;
}

static int add_chunk(struct jz_gallery *g, struct jz_error *err)
{
    struct chunk *more = reallocarray(g->chunks, g->chunk_count + 1, sizeof *more);
    if (!more)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    g->chunks = more;
    const size_t size = chunk_bytes(g);
    uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for %zu faces", g->count);
    /* Both are wishes: a kernel that knows neither still serves. */
    madvise(memory, size, MADV_HUGEPAGE);
    madvise(memory, size, MADV_DONTDUMP);
    uint8_t *low = memory + JZ_GALLERY_CHUNK / BLOCK * block_bytes(g);
    g->chunks[g->chunk_count++] =
        (struct chunk){ memory, low, (void *)(low + JZ_GALLERY_CHUNK * low_bytes(g)) };
    return 0;
}

double jz_gallery_quantise(const struct jz_template *t, int8_t ret_values[MAX_DIMS])
{
    float largest = 0;
    int at = 0, norm = 0;
    for (int k = 0; k < t->count; k++)
        for (int i = 0; i < t->embeddings[k].dims; i++)
            largest = fmaxf(largest, fabsf(t->embeddings[k].values[i]));
    memset(ret_values, 0, MAX_DIMS);
    for (int k = 0; k < t->count; k++)
        for (int i = 0; i < t->embeddings[k].dims; i++, at++) {
            const int v = (int)lrintf(t->embeddings[k].values[i] * (127 / largest));
            ret_values[at] = (int8_t)v;
            norm += v * v;
        }
    return sqrt(norm);
}

/* Where an entry lies. */
struct place {
    uint8_t *rows; /* its first four bytes in the first row of its block */
    uint8_t *low;
    float *by, *margin;
    int64_t *person;
};

static struct place find_place(const struct jz_gallery *g, size_t i)
{
    const struct chunk *c = &g->chunks[i / JZ_GALLERY_CHUNK];
    const size_t in_chunk = i % JZ_GALLERY_CHUNK, in_block = i % BLOCK;
    uint8_t *block = c->high + in_chunk / BLOCK * block_bytes(g);
    struct block_tail *tail = (void *)(block + high_rows(g) * ROW);
    return (struct place){ block + 4 * in_block, c->low + in_chunk * low_bytes(g),
                           &tail->by[in_block], &tail->margin[in_block], &c->persons[in_chunk] };
}

/* Puts the halves where gallery_internal.h says. */
static void put(struct jz_gallery *g, size_t i, const int8_t *values, int64_t person)
{
    const struct place p = find_place(g, i);
    uint8_t numbers[MAX_DIMS];
    int norm = 0, left_out = 0;
    for (size_t d = 0; d < g->dims; d++) {
        numbers[d] = (uint8_t)(values[d] + 128);
        const int twice = 2 * (numbers[d] & 15) - 15;
        norm += values[d] * values[d];
        left_out += twice * twice;
    }
    for (size_t row = 0; row < high_rows(g); row++) {
        const uint8_t *n = numbers + row * HIGH_ROW_DIMS;
        for (size_t k = 0; k < 4; k++)
            p.rows[row * ROW + k] = (uint8_t)(n[k] >> 4 | (n[k + 4] & 0xf0));
    }
    for (size_t row = 0; row < low_rows(g); row++) {
        const uint8_t *n = numbers + row * LOW_ROW_DIMS;
        for (size_t k = 0; k < ROW; k++)
            p.low[row * ROW + k] = (uint8_t)((n[k] & 15) | n[k + ROW] << 4);
    }
    *p.by = (float)(1 / sqrt(norm));
    *p.margin = (float)(sqrt((double)left_out / norm) / 2);
    *p.person = person;
    explicit_bzero(numbers, sizeof numbers);
}

int64_t jz_gallery_entry(const struct jz_gallery *g, size_t i, int8_t ret_values[MAX_DIMS])
{
    const struct place p = find_place(g, i);
    memset(ret_values, 0, MAX_DIMS);
    for (size_t d = 0; d < g->dims; d++) {
        const uint8_t high = p.rows[d / HIGH_ROW_DIMS * ROW + d % 4];
        const uint8_t low = p.low[d / LOW_ROW_DIMS * ROW + d % ROW];
        ret_values[d] = (int8_t)((d % HIGH_ROW_DIMS < 4 ? high << 4 & 0xf0 : high & 0xf0) +
                                 (d % LOW_ROW_DIMS < ROW ? low & 15 : low >> 4) - 128);
    }
    return *p.person;
}

static void wipe_place(const struct jz_gallery *g, size_t i)
{
    const struct place p = find_place(g, i);
    for (size_t row = 0; row < high_rows(g); row++)
        explicit_bzero(p.rows + row * ROW, 4);
    explicit_bzero(p.low, low_bytes(g));
    *p.by = *p.margin = 0;
    *p.person = 0;
}

int jz_gallery_append(struct jz_gallery *g, const int64_t *persons,
                      const struct jz_template *templates, size_t count, struct jz_error *err)
{
    if (count > JZ_GALLERY_MAX_ENTRIES - g->count)
        return jz_error_set(err, JZ_E_LIMIT, "more than %u faces to search in",
                            JZ_GALLERY_MAX_ENTRIES);
    for (size_t i = 0; i < count; i++) {
        int r = jz_template_check(&templates[i], &g->kind, err);
        if (r < 0)
            return r;
    }
    while (g->chunk_count * JZ_GALLERY_CHUNK < g->count + count) {
        int r = add_chunk(g, err);
        if (r < 0)
            return r;
    }
    int8_t values[MAX_DIMS];
    for (size_t i = 0; i < count; i++) {
        jz_gallery_quantise(&templates[i], values);
        put(g, g->count++, values, persons[i]);
    }
    explicit_bzero(values, sizeof values);
    return 0;
}

size_t jz_gallery_remove(struct jz_gallery *g, int64_t person)
{
    const size_t before = g->count;
    int8_t values[MAX_DIMS];
    for (size_t i = 0; i < g->count;) {
        if (g->chunks[i / JZ_GALLERY_CHUNK].persons[i % JZ_GALLERY_CHUNK] != person) {
            i++;
            continue;
        }
        /* The last one moves here and is looked at next. */
        const size_t last = g->count - 1;
        if (i < last) {
            const int64_t moved = jz_gallery_entry(g, last, values);
            put(g, i, values, moved);
        }
        wipe_place(g, last);
        g->count--;
    }
    explicit_bzero(values, sizeof values);
    return before - g->count;
}

static void make_query(const struct jz_template *probe, struct query *ret)
{
    const double length = jz_gallery_quantise(probe, ret->values);
    int sum = 0;
    for (int d = 0; d < MAX_DIMS; d++)
        sum += ret->values[d];
    ret->by = 1 / length;
    ret->length = (float)length;
    ret->offset = -128 * sum;
    ret->middle = (int32_t)ceil((7.5 - 128) * sum);
}

/* The best persons so far, best first. */
struct best {
    struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS];
    int count, most;
    double threshold;
};

static bool is_better(const struct jz_gallery_hit *a, const struct jz_gallery_hit *b)
{
    return a->score > b->score || (a->score == b->score && a->person < b->person);
}

/* Below this nobody gets in any more. */
static double floor_of(const struct best *b)
{
    return b->count == b->most ? b->hits[b->most - 1].score : b->threshold;
}

static void offer(struct best *b, struct jz_gallery_hit hit)
{
    if (hit.score < b->threshold)
        return;
    int at = 0;
    while (at < b->count && b->hits[at].person != hit.person)
        at++;
    if (at == b->most)
        at--; /* the last one goes, if this is better */
    if (at < b->count && !is_better(&hit, &b->hits[at]))
        return;
    if (at == b->count)
        b->count++;
    for (; at > 0 && is_better(&hit, &b->hits[at - 1]); at--)
        b->hits[at] = b->hits[at - 1];
    b->hits[at] = hit;
}

/* What the threads of one search share, and what each has of its own. */
struct search {
    const struct jz_gallery *gallery;
    struct query query;
    atomic_size_t next; /* chunk that nobody has taken */
};

struct seat {
    struct search *search;
    struct best best;
    pthread_t thread;
};

static void search_chunk(const struct search *s, size_t index, struct best *best)
{
    const struct jz_gallery *g = s->gallery;
    const struct query *q = &s->query;
    const struct chunk *c = &g->chunks[index];
    const size_t here = g->count - index * JZ_GALLERY_CHUNK;
    const size_t count = here < JZ_GALLERY_CHUNK ? here : JZ_GALLERY_CHUNK;
    const size_t rows = high_rows(g), stride = block_bytes(g), low_stride = low_bytes(g);
    for (size_t first = 0; first < count; first += BLOCK) {
        const uint8_t *block = c->high + first / BLOCK * stride;
        const struct block_tail *tail = (const void *)(block + rows * ROW);
        const float least = (float)(floor_of(best) * (double)q->length) - SLACK;
        int32_t sums[BLOCK];
        unsigned reached = g->kernel->scan(block, rows, q, least, sums);
        if (count - first < BLOCK)
            reached &= (1u << (count - first)) - 1;
        for (; reached; reached &= reached - 1) {
            const size_t e = (size_t)__builtin_ctz(reached);
            const uint8_t *low = c->low + (first + e) * low_stride;
            const int32_t product =
                16 * sums[e] + g->kernel->low(low, low_stride / ROW, q->values) + q->offset;
            offer(best, (struct jz_gallery_hit){ c->persons[first + e],
                                                 product * (double)tail->by[e] * q->by });
        }
    }
}

static void *search_chunks(void *argument)
{
    struct seat *seat = argument;
    struct search *s = seat->search;
    const size_t chunks = (s->gallery->count + JZ_GALLERY_CHUNK - 1) / JZ_GALLERY_CHUNK;
    size_t index;
    while ((index = atomic_fetch_add(&s->next, 1)) < chunks)
        search_chunk(s, index, &seat->best);
    return NULL;
}

int jz_gallery_search(const struct jz_gallery *g, const struct jz_template *probe, double threshold,
                      int most, int threads, struct jz_gallery_hit ret_hits[JZ_GALLERY_MAX_HITS],
                      int *ret_count, struct jz_error *err)
{
    if (most < 1 || most > JZ_GALLERY_MAX_HITS || threads < 1 || threads > JZ_GALLERY_MAX_THREADS ||
        !(threshold >= -1 && threshold <= 1))
        return jz_error_set(err, JZ_E_USAGE,
                            "search for %d persons with %d threads from %g on: out of range", most,
                            threads, threshold);
    int r = jz_template_check(probe, &g->kind, err);
    if (r < 0)
        return r;
    struct search search = { .gallery = g };
    struct seat seats[JZ_GALLERY_MAX_THREADS];
    make_query(probe, &search.query);
    /* A thread that has not a chunk to search is not worth starting. */
    int running = 1;
    for (int i = 0; i < threads && (i == 0 || (size_t)i * JZ_GALLERY_CHUNK < g->count); i++) {
        seats[i].search = &search;
        seats[i].best = (struct best){ .most = most, .threshold = threshold };
        if (i == 0)
            continue;
        if (pthread_create(&seats[i].thread, NULL, search_chunks, &seats[i]) != 0)
            break; /* those there are do it all */
        running = i + 1;
    }
    search_chunks(&seats[0]);
    for (int i = 1; i < running; i++) {
        pthread_join(seats[i].thread, NULL);
        for (int k = 0; k < seats[i].best.count; k++)
            offer(&seats[0].best, seats[i].best.hits[k]);
    }
    explicit_bzero(&search.query, sizeof search.query);
    *ret_count = seats[0].best.count;
    memcpy(ret_hits, seats[0].best.hits, (size_t)*ret_count * sizeof *ret_hits);
    return 0;
}
