/* The permutation against one written down in another language, and what it promises. */
#include "crypto/permute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct jz_bytes key = { "0123456789abcdef", 16 }, other = { "0123456789abcdeg", 16 };

static uint64_t permuted(enum jz_suite suite, struct jz_bytes with, uint64_t number)
{
    struct jz_error err;
    uint64_t there = 0, back = 0;
    assert_int_equal(jz_permute(suite, with, number, &there, &err), 0);
    assert_true(there < JZ_PERMUTE_LIMIT);
    assert_int_equal(jz_permute_back(suite, with, there, &back, &err), 0);
    assert_true(back == number);
    return there;
}

/* Python: hmac.new(key, bytes([round]) + right.to_bytes(4, 'big'), 'sha256'), ten rounds. */
static void known_answers(void **state)
{
    (void)state;
    static const uint64_t pairs[][2] = {
        { 0, 753405747398218 },
        { 1, 914971149488546 },
        { 2, 296596988426784 },
        { 5000000, 186934839857184 },
        { JZ_PERMUTE_LIMIT - 1, 503851219556316 },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_true(permuted(JZ_SUITE_INTERNATIONAL, key, pairs[i][0]) == pairs[i][1]);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void neighbours_lie_far_apart(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    static uint64_t codes[COUNT];
    for (int suite = JZ_SUITE_INTERNATIONAL; suite <= JZ_SUITE_GUOMI; suite++) {
        uint64_t ones = 0;
        for (int i = 0; i < COUNT; i++) {
            codes[i] = permuted((enum jz_suite)suite, key, 1000000 + (uint64_t)i);
            ones += (uint64_t)__builtin_popcountll(codes[i]);
            assert_true(codes[i] != permuted((enum jz_suite)suite, other, 1000000 + (uint64_t)i));
        }
        /* Half of the bits, within six standard deviations. */
        assert_in_range(ones, COUNT * 25 - 950, COUNT * 25 + 950);
        qsort(codes, COUNT, sizeof codes[0], by_number);
        for (int i = 1; i < COUNT; i++)
            assert_true(codes[i] != codes[i - 1]);
    }
}

static void too_large_is_refused(void **state)
{
    (void)state;
    struct jz_error err;
    uint64_t there = 7;
    assert_int_equal(jz_permute(JZ_SUITE_INTERNATIONAL, key, JZ_PERMUTE_LIMIT, &there, &err),
                     JZ_E_USAGE);
    assert_int_equal(jz_permute_back(JZ_SUITE_INTERNATIONAL, key, JZ_PERMUTE_LIMIT, &there, &err),
                     JZ_E_USAGE);
    assert_int_equal(there, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(neighbours_lie_far_apart),
        cmocka_unit_test(too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
