/* Templates as blobs and back, with made-up numbers. */
#include "face/template.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* One embedding whose numbers follow from its dims and `seed`. */
static struct jz_embedding make(const char *model, const char *version, int dims, unsigned seed)
{
    struct jz_embedding e = { .dims = dims };
    double norm = 0;
    snprintf(e.model, sizeof e.model, "%s", model);
    snprintf(e.version, sizeof e.version, "%s", version);
    for (int i = 0; i < dims; i++) {
        e.values[i] = (float)sin(1 + seed * 100.0 + i * 1.7);
        norm += (double)e.values[i] * (double)e.values[i];
    }
    for (int i = 0; i < dims; i++)
        e.values[i] /= (float)sqrt(norm);
    return e;
}

static struct jz_template_list make_list(int count, int first_dims, int second_dims)
{
    struct jz_template_list list = { .count = count };
    for (int i = 0; i < count && i < JZ_TEMPLATES_MAX; i++) {
        struct jz_template *t = &list.templates[i];
        t->count = second_dims ? 2 : 1;
        t->embeddings[0] = make("first", "2018", first_dims, 2 * (unsigned)i);
        if (second_dims)
            t->embeddings[1] = make("second", "a91b", second_dims, 2 * (unsigned)i + 1);
    }
    return list;
}

static size_t encode(const struct jz_template_list *list, uint8_t blob[JZ_TEMPLATES_MAX_BYTES])
{
    struct jz_error err;
    size_t size = 0;
    if (jz_templates_encode(list, blob, &size, &err) < 0)
        fail_msg("%s", err.text);
    return size;
}

static void every_byte_is_as_documented(void **state)
{
    (void)state;
    struct jz_template_list list = { .count = 2 };
    for (int i = 0; i < 2; i++) {
        struct jz_template *t = &list.templates[i];
        t->count = 1;
        t->embeddings[0] = (struct jz_embedding){
            .model = "m", .version = "v2", .dims = 2, .values = { 0.6f, i ? 0.8f : -0.8f }
        };
    }
    static const uint8_t wanted[] = {
        'J',  'Z',  'T',  1,    2,    1,    1,    'm', 2, 'v', '2', 2, 0, /* 24575, -32767 */ 0xff,
        0x5f, 0x01, 0x80, 0xff, 0x5f, 0xff, 0x7f,
    };
    uint8_t blob[JZ_TEMPLATES_MAX_BYTES];
    assert_int_equal(encode(&list, blob), sizeof wanted);
    assert_memory_equal(blob, wanted, sizeof wanted);
}

static void what_goes_in_comes_back(void **state)
{
    (void)state;
    static const struct {
        int photographs, first, second;
    } cases[] = { { 1, 256, 128 }, { 8, 256, 128 }, { 1, 1, 0 },  { 3, 128, 0 },
                  { 8, 256, 256 }, { 2, 5, 7 },     { 5, 256, 1 } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct jz_template_list list =
            make_list(cases[i].photographs, cases[i].first, cases[i].second);
        struct jz_template_list back;
        struct jz_error err;
        uint8_t blob[JZ_TEMPLATES_MAX_BYTES], again[JZ_TEMPLATES_MAX_BYTES];
        const size_t size = encode(&list, blob);
        const int values = 2 * cases[i].photographs * (cases[i].first + cases[i].second);
        assert_int_equal(size, 6 + 13 + (cases[i].second ? 14 : 0) + values);
        if (jz_templates_decode(blob, size, &back, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(back.count, list.count);
        for (int p = 0; p < list.count; p++) {
            const struct jz_template *a = &list.templates[p], *b = &back.templates[p];
            assert_int_equal(a->count, b->count);
            for (int k = 0; k < a->count; k++) {
                const struct jz_embedding *x = &a->embeddings[k], *y = &b->embeddings[k];
                assert_string_equal(x->model, y->model);
                assert_string_equal(x->version, y->version);
                assert_int_equal(x->dims, y->dims);
                for (int d = 0; d < x->dims; d++)
                    assert_float_equal(x->values[d], y->values[d], 3e-5);
            }
        }
        assert_int_equal(encode(&back, again), size);
        assert_memory_equal(blob, again, size);
    }
}

static void the_largest_blob_fits(void **state)
{
    (void)state;
    struct jz_template_list list = make_list(JZ_TEMPLATES_MAX, JZ_MAX_EMBEDDING, JZ_MAX_EMBEDDING);
    for (int i = 0; i < list.count; i++)
        for (int k = 0; k < 2; k++) {
            struct jz_embedding *e = &list.templates[i].embeddings[k];
            snprintf(e->model, sizeof e->model, "%0*d", JZ_MANIFEST_NAME_BYTES - 1, k);
            snprintf(e->version, sizeof e->version, "%0*d", JZ_MANIFEST_NAME_BYTES - 1, 7);
        }
    uint8_t blob[JZ_TEMPLATES_MAX_BYTES];
    assert_int_equal(encode(&list, blob), JZ_TEMPLATES_MAX_BYTES);
}

static void assert_broken(const uint8_t *blob, size_t size, const char *what)
{
    static struct jz_template_list untouched, back;
    struct jz_error err = { 0 };
    memset(&untouched, 0x5a, sizeof untouched);
    back = untouched;
    /* Memory of exactly that size, for the sanitizers. */
    jz_autofree uint8_t *copy = malloc(size + (size == 0));
    memcpy(copy, blob, size);
    const int r = jz_templates_decode(copy, size, &back, &err);
    if (r != JZ_E_FORMAT || err.code != r || memcmp(&back, &untouched, sizeof back) != 0)
        fail_msg("%s: %d, '%s'", what, r, err.text);
}

static void broken_blobs_are_refused(void **state)
{
    (void)state;
    /* Offsets into the blob of one photograph by "first" "2018", 4 dims, and "second" "a91b", 2. */
    static const struct {
        size_t at;
        uint8_t value;
        const char *what;
    } cases[] = {
        { 0, 'j', "magic" },
        { 3, 2, "a later version" },
        { 4, 0, "no photograph" },
        { 4, 2, "a photograph that is not there" },
        { 4, 9, "too many photographs" },
        { 5, 0, "no embedding" },
        { 5, 3, "too many embeddings" },
        { 6, 0, "no name" },
        { 6, 32, "a long name" },
        { 6, 255, "a very long name" },
        { 7, 0, "a NUL in a name" },
        { 7, 0x1f, "a control character in a name" },
        { 11, 0x7f, "DEL in a name" },
        { 12, 0, "no version" },
        { 17, 0, "no dims" },
        { 17, 3, "one number less" },
        { 18, 1, "260 dims" },
        { 18, 255, "many dims" },
    };
    struct jz_template_list list = make_list(1, 4, 2);
    uint8_t blob[JZ_TEMPLATES_MAX_BYTES];
    const size_t size = encode(&list, blob);
    assert_int_equal(blob[17], 4); /* the offsets are what they are taken for */
    for (size_t i = 0; i < COUNT(cases); i++) {
        const uint8_t was = blob[cases[i].at];
        blob[cases[i].at] = cases[i].value;
        assert_broken(blob, size, cases[i].what);
        blob[cases[i].at] = was;
    }
    for (size_t n = 0; n < size; n++)
        assert_broken(blob, n, "cut short");
    blob[size] = 0;
    assert_broken(blob, size + 1, "a byte too many");

    static const struct {
        uint8_t values[4]; /* of the second embedding */
        const char *what;
    } scales[] = {
        { { 0, 0, 0, 0 }, "nothing but zeros" },
        { { 0xfe, 0x7f, 0, 0 }, "largest 32766" },
        { { 0, 0x80, 0, 0 }, "largest -32768" },
        { { 0xff, 0x7f, 0, 0x80 }, "-32768 beside 32767" },
    };
    for (size_t i = 0; i < COUNT(scales); i++) {
        memcpy(blob + size - 4, scales[i].values, 4);
        assert_broken(blob, size, scales[i].what);
    }
}

static void no_one(struct jz_template_list *l)
{
    l->count = 0;
}

static void too_many(struct jz_template_list *l)
{
    l->count = JZ_TEMPLATES_MAX + 1;
}

static void two_kinds(struct jz_template_list *l)
{
    l->templates[1].embeddings[1].version[0] = 'b';
}

static void two_sizes(struct jz_template_list *l)
{
    l->templates[1].embeddings[0] = make("first", "2018", 5, 1);
}

static void one_less(struct jz_template_list *l)
{
    l->templates[1].count = 1;
}

static void no_model(struct jz_template_list *l)
{
    l->templates[0].embeddings[0].model[0] = 0;
}

static void nameless_end(struct jz_template_list *l)
{
    memset(l->templates[0].embeddings[0].model, 'x', JZ_MANIFEST_NAME_BYTES);
}

static void too_long(struct jz_template_list *l)
{
    l->templates[1].embeddings[0].values[0] += 1;
}

static void no_number(struct jz_template_list *l)
{
    l->templates[0].embeddings[1].values[1] = NAN;
}

static void all_zero(struct jz_template_list *l)
{
    memset(l->templates[0].embeddings[1].values, 0, sizeof l->templates[0].embeddings[1].values);
}

static void no_templates_are_not_stored(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        void (*spoil)(struct jz_template_list *l);
        int wanted;
    } cases[] = {
        { "none", no_one, JZ_E_USAGE },
        { "nine", too_many, JZ_E_LIMIT },
        { "two versions", two_kinds, JZ_E_USAGE },
        { "two sizes", two_sizes, JZ_E_USAGE },
        { "one embedding less", one_less, JZ_E_USAGE },
        { "no model", no_model, JZ_E_USAGE },
        { "a name without end", nameless_end, JZ_E_USAGE },
        { "too long", too_long, JZ_E_USAGE },
        { "not a number", no_number, JZ_E_USAGE },
        { "zeros", all_zero, JZ_E_USAGE },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jz_template_list list = make_list(2, 4, 2);
        struct jz_error err = { 0 };
        uint8_t blob[JZ_TEMPLATES_MAX_BYTES];
        size_t size = 77;
        cases[i].spoil(&list);
        const int r = jz_templates_encode(&list, blob, &size, &err);
        if (r != cases[i].wanted || size != 77 || !*err.text)
            fail_msg("%s: %d, '%s'", cases[i].what, r, err.text);
    }
}

static void several_photographs_compare_by_their_mean(void **state)
{
    (void)state;
    struct jz_template_list list = make_list(3, 32, 16);
    const struct jz_template probe = list.templates[1];
    struct jz_error err;
    double sum = 0, score = 7;
    for (int i = 0; i < 3; i++) {
        double one;
        assert_int_equal(jz_template_compare(&list.templates[i], &probe, &one, &err), 0);
        sum += one;
    }
    assert_int_equal(jz_templates_compare(&list, &probe, &score, &err), 0);
    assert_true(fabs(score - sum / 3) < 1e-12);

    score = 7;
    struct jz_template other = probe;
    other.embeddings[1].version[0] = 'b';
    assert_int_equal(jz_templates_compare(&list, &other, &score, &err), JZ_E_USAGE);
    list.count = 0;
    assert_int_equal(jz_templates_compare(&list, &probe, &score, &err), JZ_E_USAGE);
    assert_true(score == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_as_documented),
        cmocka_unit_test(what_goes_in_comes_back),
        cmocka_unit_test(the_largest_blob_fits),
        cmocka_unit_test(broken_blobs_are_refused),
        cmocka_unit_test(no_templates_are_not_stored),
        cmocka_unit_test(several_photographs_compare_by_their_mean),
    };
    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
