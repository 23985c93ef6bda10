/*
 * The search against the loop anybody would write, over vectors that are random, alike, or exactly
 * at the threshold, with every kernel this processor has.
 */
#include "naive.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint64_t seed, state_of_random;

static uint64_t next_random(void)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    state_of_random ^= state_of_random << 17;
    return state_of_random;
}

static float normal(void)
{
    return (float)(__builtin_popcountll(next_random()) - 32);
}

/* Sizes of the embeddings; 0: there is no second. */
struct sizes {
    int first, second;
};

/* `spread` 1: like nothing else; towards 0: like all others. */
static struct jz_template random_template(struct sizes sizes, float spread)
{
    struct jz_template t = { .count = sizes.second ? 2 : 1 };
    for (int k = 0; k < t.count; k++) {
        struct jz_embedding *e = &t.embeddings[k];
        double norm = 0;
        e->dims = k ? sizes.second : sizes.first;
        snprintf(e->model, sizeof e->model, "model%d", k);
        snprintf(e->version, sizeof e->version, "1");
        for (int i = 0; i < e->dims; i++) {
            e->values[i] = (i % 3 ? 2.f : -5.f) + spread * normal();
            norm += (double)e->values[i] * (double)e->values[i];
        }
        if (norm == 0)
            norm = e->values[0] = 1;
        for (int i = 0; i < e->dims; i++)
            e->values[i] /= (float)sqrt(norm);
    }
    return t;
}

static struct jz_gallery *new_gallery(struct sizes sizes)
{
    const struct jz_template like = random_template(sizes, 1);
    struct jz_template_kind kind;
    struct jz_gallery *g = NULL;
    struct jz_error err;
    if (jz_template_kind_of(&like, &kind, &err) < 0 || jz_gallery_new(&kind, &g, &err) < 0)
        fail_msg("%s", err.text);
    return g;
}

static void append(struct jz_gallery *g, int64_t person, const struct jz_template *t)
{
    struct jz_error err;
    if (jz_gallery_append(g, &person, t, 1, &err) < 0)
        fail_msg("%s", err.text);
}

/* The register: every third person has two entries, every seventh entry is another's twin. */
static struct jz_gallery *fill(struct sizes sizes, size_t count, float spread)
{
    struct jz_gallery *g = new_gallery(sizes);
    struct jz_template t = random_template(sizes, spread);
    for (size_t i = 0; i < count; i++) {
        if (i % 7)
            t = random_template(sizes, spread);
        append(g, (int64_t)(next_random() % 3 ? count - i : i / 2) - 5, &t);
    }
    assert_int_equal(jz_gallery_count(g), count);
    return g;
}

static void check(struct jz_gallery *g, const struct jz_template *probe,
                  const struct jz_gallery_hit *all, double threshold, int most, int threads)
{
    struct jz_gallery_hit wanted[JZ_GALLERY_MAX_HITS], got[JZ_GALLERY_MAX_HITS];
    const int wanted_count = naive_choose(all, jz_gallery_count(g), threshold, most, wanted);
    const struct gallery_kernel *kernel;
    for (int i = 0; (kernel = jz_gallery_kernel(i)); i++) {
        struct jz_error err;
        int count = -1;
        jz_gallery_use(g, kernel);
        if (jz_gallery_search(g, probe, threshold, most, threads, got, &count, &err) < 0)
            fail_msg("%s", err.text);
        bool same = count == wanted_count;
        for (int k = 0; same && k < count; k++)
            same = got[k].person == wanted[k].person && got[k].score == wanted[k].score;
        if (!same)
            fail_msg("%s, %zu entries, from %.17g, %d persons, %d threads: %d of %d found",
                     kernel->name, jz_gallery_count(g), threshold, most, threads, count,
                     wanted_count);
    }
    jz_gallery_use(g, jz_gallery_kernel(0));
}

static void the_search_is_exact(void **state)
{
    (void)state;
    static const struct {
        struct sizes sizes;
        size_t count;
        float spread;
    } cases[] = {
        { { 256, 128 }, 3000, 1 },
        { { 256, 128 }, 1, 1 },
        { { 256, 128 }, 15, 1 },
        { { 256, 128 }, 16, 1 },
        { { 256, 128 }, 17, 1 },
        { { 256, 128 }, 2000, 0.1f },
        { { 256, 0 }, 1500, 1 },
        { { 128, 0 }, 1500, 0.5f },
        { { 256, 256 }, 1500, 0.5f },
        { { 1, 0 }, 40, 3 },
        { { 5, 2 }, 1000, 2 },
        { { 129, 0 }, 500, 1 },
        { { 64, 0 }, 2 * JZ_GALLERY_CHUNK + 77, 0.3f },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jz_gallery *g = fill(cases[i].sizes, cases[i].count, cases[i].spread);
        for (int p = 0; p < 3; p++) {
            struct jz_template probe = random_template(cases[i].sizes, cases[i].spread);
            /* The last one is unlike everybody, so that nothing may come before low scores. */
            for (int d = 0; p == 2 && d < probe.embeddings[0].dims; d++)
                probe.embeddings[0].values[d] *= -1;
            jz_autofree struct jz_gallery_hit *all = naive_score(g, &probe);
            static const double thresholds[] = { -1, 0, 0.333, 0.9 };
            for (size_t t = 0; t < COUNT(thresholds); t++) {
                check(g, &probe, all, thresholds[t], 10, 1);
                check(g, &probe, all, thresholds[t], JZ_GALLERY_MAX_HITS, 3);
                check(g, &probe, all, thresholds[t], 1, 2);
            }
            /* Somebody's very score is enough, and the next number above it is too much. */
            for (size_t rank = 0; rank < cases[i].count; rank += 1 + cases[i].count / 5) {
                const double score = all[rank].score;
                check(g, &probe, all, fmin(score, 1), JZ_GALLERY_MAX_HITS, 2);
                check(g, &probe, all, fmin(nextafter(score, 2), 1), JZ_GALLERY_MAX_HITS, 2);
            }
        }
        jz_gallery_free(g);
    }
}

/* The template that is kept as these numbers, of which the largest has to be 127. */
static struct jz_template template_of(const int *numbers, int dims)
{
    struct jz_template t = random_template((struct sizes){ dims, 0 }, 1);
    double norm = 0;
    for (int d = 0; d < dims; d++)
        norm += numbers[d] * numbers[d];
    for (int d = 0; d < dims; d++)
        t.embeddings[0].values[d] = (float)(numbers[d] / sqrt(norm));
    return t;
}

/*
 * Lower halves that all pull the way of the probe, or all the other way, by as much as they can:
 * there the bound is the score, and anything less would lose somebody.
 */
static void the_bound_is_no_lower_than_it_must(void **state)
{
    (void)state;
    enum { DIMS = 256, ENTRIES = 200 };
    struct jz_gallery *g = new_gallery((struct sizes){ DIMS, 0 });
    int signs[DIMS], numbers[DIMS];
    for (int d = 0; d < DIMS; d++)
        signs[d] = d == 0 || next_random() % 3 ? 127 : -127;
    const struct jz_template probe = template_of(signs, DIMS);
    for (int64_t i = 0; i < ENTRIES; i++) {
        const int pull = i % 3 ? 1 : -1, highest = 1 + (int)(next_random() % 14);
        for (int d = 0; d < DIMS; d++) {
            const int high = 1 + (int)(next_random() % (unsigned)highest);
            numbers[d] = 16 * high + (pull * signs[d] > 0 ? 15 : 0) - 128;
        }
        numbers[0] = 127;
        const struct jz_template t = template_of(numbers, DIMS);
        append(g, i, &t);
        int8_t kept[MAX_DIMS];
        jz_gallery_entry(g, (size_t)i, kept);
        for (int d = 0; d < DIMS; d++)
            assert_int_equal(kept[d], numbers[d]);
    }
    jz_autofree struct jz_gallery_hit *all = naive_score(g, &probe);
    for (size_t rank = 0; rank < ENTRIES; rank++) {
        check(g, &probe, all, all[rank].score, JZ_GALLERY_MAX_HITS, 1);
        check(g, &probe, all, nextafter(all[rank].score, 2), JZ_GALLERY_MAX_HITS, 1);
    }
    /* Every entry by itself, where no better one hides that it was lost. */
    for (int64_t i = ENTRIES - 1; i > 0; i--) {
        jz_gallery_remove(g, i);
        jz_autofree struct jz_gallery_hit *left = naive_score(g, &probe);
        check(g, &probe, left, left[i - 1].score, JZ_GALLERY_MAX_HITS, 1);
    }
    jz_gallery_free(g);
}

static void equals_come_by_number(void **state)
{
    (void)state;
    static const int64_t persons[] = { 9, 3, 9, INT64_MAX, INT64_MIN, 0, -4 };
    static const int64_t wanted[] = { INT64_MIN, -4, 0, 3, 9, INT64_MAX };
    static const struct sizes sizes = { 256, 128 };
    struct jz_gallery *g = new_gallery(sizes);
    const struct jz_template face = random_template(sizes, 1);
    for (size_t i = 0; i < COUNT(persons); i++)
        append(g, persons[i], &face);
    for (int most = 1; most <= 8; most++) {
        struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS];
        struct jz_error err;
        int count = 0;
        assert_int_equal(jz_gallery_search(g, &face, 0.999, most, 1, hits, &count, &err), 0);
        assert_int_equal(count, most < 6 ? most : 6);
        for (int k = 0; k < count; k++) {
            assert_true(hits[k].person == wanted[k]);
            assert_true(fabs(hits[k].score - 1) < 1e-6);
        }
    }
    jz_gallery_free(g);
}

/* The same integers from all, even where every sum is as large as it can be. */
static void kernels_agree(void **state)
{
    (void)state;
    enum { LOW_ROWS = MAX_DIMS / LOW_ROW_DIMS, HIGH_ROWS = MAX_DIMS / HIGH_ROW_DIMS };
    static _Alignas(64) uint8_t block[HIGH_ROWS * ROW + sizeof(struct block_tail)];
    static _Alignas(64) uint8_t low[LOW_ROWS * ROW];
    static struct query q = { .length = 1 };
    for (int round = 0; round < 40; round++) {
        for (size_t i = 0; i < HIGH_ROWS * ROW; i++)
            block[i] = round < 4 ? 0xff : (uint8_t)next_random();
        for (size_t i = 0; i < sizeof low; i++)
            low[i] = round < 4 ? 0xff : (uint8_t)next_random();
        for (int i = 0; i < MAX_DIMS; i++)
            q.values[i] = (int8_t)(round == 0   ? 127
                                   : round == 1 ? -127
                                                : (int)(next_random() % 255) - 127);
        for (size_t rows = LOW_ROWS; rows > 0; rows--) {
            const size_t high = rows * LOW_ROW_DIMS / HIGH_ROW_DIMS;
            int32_t sums[BLOCK], low_sum = 0;
            for (int e = 0; e < BLOCK; e++) {
                sums[e] = 0;
                for (size_t i = 0; i < high; i++)
                    for (int k = 0; k < 8; k++)
                        sums[e] +=
                            (block[i * ROW + (size_t)(4 * e + k % 4)] >> (k < 4 ? 0 : 4) & 15) *
                            q.values[8 * i + (size_t)k];
            }
            for (size_t d = 0; d < rows * LOW_ROW_DIMS; d++)
                low_sum +=
                    (low[d / 128 * ROW + d % ROW] >> (d % 128 < ROW ? 0 : 4) & 15) * q.values[d];
            /* Entry by entry the bound is the sum itself, and the middle one has to be reached. */
            struct block_tail *tail = (void *)(block + high * ROW);
            const struct block_tail before = *tail;
            for (int e = 0; e < BLOCK; e++) {
                tail->by[e] = 1.0f / 16;
                tail->margin[e] = 0;
            }
            unsigned reached = 0;
            for (int e = 0; e < BLOCK; e++)
                reached |= (unsigned)(sums[e] >= sums[BLOCK / 2]) << e;
            const struct gallery_kernel *kernel;
            for (int i = 0; (kernel = jz_gallery_kernel(i)); i++) {
                int32_t got[BLOCK];
                assert_int_equal(kernel->scan(block, high, &q, (float)sums[BLOCK / 2], got),
                                 reached);
                assert_memory_equal(got, sums, sizeof sums);
                assert_int_equal(kernel->low(low, rows, q.values), low_sum);
            }
            *tail = before;
        }
    }
}

static void nobody_is_in_an_empty_gallery(void **state)
{
    (void)state;
    static const struct sizes sizes = { 256, 128 };
    const struct jz_template probe = random_template(sizes, 1);
    struct jz_gallery *g = new_gallery(sizes);
    struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS];
    struct jz_error err;
    for (int round = 0; round < 2; round++) {
        int count = -1;
        assert_int_equal(jz_gallery_search(g, &probe, -1, 5, 4, hits, &count, &err), 0);
        assert_int_equal(count, 0);
        assert_int_equal(jz_gallery_remove(g, 1), 0);
        /* And again when the last one is gone. */
        append(g, 1, &probe);
        assert_int_equal(jz_gallery_remove(g, 1), 1);
    }
    jz_gallery_free(g);
    jz_gallery_free(NULL);
}

static void who_is_removed_is_gone(void **state)
{
    (void)state;
    static const struct sizes sizes = { 256, 128 };
    const size_t start = JZ_GALLERY_CHUNK + 300;
    struct jz_gallery *g = fill(sizes, start, 1);
    size_t left = start;
    for (int round = 0; round < 40; round++) {
        int8_t values[MAX_DIMS];
        /* The last, one in the middle, and whoever is first. */
        const size_t at = round % 3 == 0 ? left - 1 : round % 3 == 1 ? left / 2 : 0;
        const int64_t person = jz_gallery_entry(g, at, values);
        size_t entries = 0;
        for (size_t i = 0; i < left; i++)
            entries += jz_gallery_entry(g, i, values) == person;
        assert_int_equal(jz_gallery_remove(g, person), entries);
        assert_int_equal(jz_gallery_remove(g, person), 0);
        left -= entries;
        assert_int_equal(jz_gallery_count(g), left);
        for (size_t i = 0; i < left; i++)
            assert_true(jz_gallery_entry(g, i, values) != person);
        /* No bit stays behind the last one. */
        for (size_t i = left; i < left + entries; i++) {
            assert_true(jz_gallery_entry(g, i, values) == 0);
            for (int d = 0; d < 384; d++)
                assert_int_equal(values[d], -128);
        }
    }
    const struct jz_template probe = random_template(sizes, 1);
    jz_autofree struct jz_gallery_hit *all = naive_score(g, &probe);
    check(g, &probe, all, 0, 20, 2);
    jz_gallery_free(g);
}

static void other_models_are_refused(void **state)
{
    (void)state;
    static const struct sizes sizes = { 256, 128 };
    struct jz_gallery *g = new_gallery(sizes);
    struct jz_template batch[3];
    static const int64_t persons[3] = { 1, 2, 3 };
    static const struct {
        const char *what;
        struct sizes sizes;
        char version;
        float factor;
    } cases[] = {
        { "one model", { 256, 0 }, '1', 1 },         { "another size", { 256, 127 }, '1', 1 },
        { "another version", { 256, 128 }, '2', 1 }, { "no unit vector", { 256, 128 }, '1', 100 },
        { "no number", { 256, 128 }, '1', NAN },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS] = { { 77, 7 } };
        struct jz_error err = { 0 };
        int count = 77;
        for (int k = 0; k < 3; k++)
            batch[k] = random_template(sizes, 1);
        batch[2] = random_template(cases[i].sizes, 1);
        batch[2].embeddings[0].version[0] = cases[i].version;
        batch[2].embeddings[0].values[3] *= cases[i].factor;
        if (jz_gallery_append(g, persons, batch, 3, &err) != JZ_E_USAGE ||
            jz_gallery_search(g, &batch[2], 0.3, 5, 1, hits, &count, &err) != JZ_E_USAGE)
            fail_msg("%s was taken", cases[i].what);
        assert_true(*err.text && count == 77 && hits[0].person == 77);
        assert_int_equal(jz_gallery_count(g), 0);
    }
    jz_gallery_free(g);
}

static void limits_hold(void **state)
{
    (void)state;
    static const struct sizes sizes = { 256, 128 };
    static const struct {
        double threshold;
        int most, threads;
    } cases[] = { { 0.3, 0, 1 }, { 0.3, 65, 1 }, { 0.3, 5, 0 },  { 0.3, 5, 65 },
                  { NAN, 5, 1 }, { 1.01, 5, 1 }, { -1.01, 5, 1 } };
    struct jz_gallery *g = new_gallery(sizes);
    const struct jz_template probe = random_template(sizes, 1);
    struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS];
    struct jz_error err;
    int count = 77;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(jz_gallery_search(g, &probe, cases[i].threshold, cases[i].most,
                                           cases[i].threads, hits, &count, &err),
                         JZ_E_USAGE);
    assert_int_equal(count, 77);
    assert_int_equal(jz_gallery_append(g, NULL, NULL, JZ_GALLERY_MAX_ENTRIES + 1, &err),
                     JZ_E_LIMIT);
    assert_int_equal(jz_gallery_append(g, NULL, NULL, SIZE_MAX, &err), JZ_E_LIMIT);
    append(g, 1, &probe);
    assert_int_equal(jz_gallery_append(g, NULL, NULL, JZ_GALLERY_MAX_ENTRIES, &err), JZ_E_LIMIT);
    jz_gallery_free(g);

    static const struct jz_template_kind kinds[] = {
        { .count = 0 },
        { .count = 3 },
        { .count = 1, .parts = { { "m", "1", 0 } } },
        { .count = 1, .parts = { { "m", "1", 257 } } },
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct jz_gallery *none = NULL;
        assert_int_equal(jz_gallery_new(&kinds[i], &none, &err), JZ_E_USAGE);
        assert_null(none);
    }
}

int main(int argc, char **argv)
{
    seed = argc == 2 ? strtoull(argv[1], NULL, 10) : 20261125;
    state_of_random = seed | 1;
    printf("# seed %llu\n", (unsigned long long)seed);
    for (int i = 0; jz_gallery_kernel(i); i++)
        printf("# kernel %s\n", jz_gallery_kernel(i)->name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_agree),
        cmocka_unit_test(the_search_is_exact),
        cmocka_unit_test(the_bound_is_no_lower_than_it_must),
        cmocka_unit_test(equals_come_by_number),
        cmocka_unit_test(nobody_is_in_an_empty_gallery),
        cmocka_unit_test(who_is_removed_is_gone),
        cmocka_unit_test(other_models_are_refused),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests_name("gallery", tests, NULL, NULL);
}
