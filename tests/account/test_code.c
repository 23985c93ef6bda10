/* One-time codes and growing pauses, on a made-up clock. */
#include "account/code.h"
#include "account/pause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1790000000 };

static struct jz_error err;
static const struct jz_asker one = { "one", 3 }, two = { "two", 3 }, three = { "three", 5 },
                             four = { "four", 4 };

static struct jz_codes *open_codes(void)
{
    struct jz_codes *c = NULL;
    assert_int_equal(jz_codes_new(&c, &err), 0);
    return c;
}

static const struct jz_code_binding wang = {
    .person = 7, .purpose = JZ_CODE_SIGN_IN, .phone = "13812341234", .language = JZ_ZH_HANT
};

static const char *other_than(const char *digits)
{
    static char wrong[JZ_CODE_DIGITS + 1];
    snprintf(wrong, sizeof wrong, "%s", digits);
    wrong[0] = digits[0] == '9' ? '0' : (char)(digits[0] + 1);
    return wrong;
}

struct made {
    char id[JZ_CODE_ID_BYTES], digits[JZ_CODE_DIGITS + 1];
};

static struct made make(struct jz_codes *c, const struct jz_code_binding *b, struct jz_asker asker,
                        int64_t now)
{
    struct made m;
    assert_int_equal(jz_codes_make(c, b, asker, now, m.id, m.digits, &err), 0);
    assert_int_equal(strspn(m.digits, "0123456789"), JZ_CODE_DIGITS);
    return m;
}

static void a_code_is_bound_and_used_once(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_codes_freep) struct jz_codes *c = open_codes();
    const struct made m = make(c, &wang, one, NOW);
    struct jz_code_binding b;
    int left = -1;
    assert_int_equal(jz_codes_try(c, m.id, JZ_CODE_CONTACT, m.digits, NOW, &b, &left),
                     JZ_CODE_EXPIRED);
    assert_int_equal(jz_codes_try(c, m.id, JZ_CODE_SIGN_IN, m.digits, NOW, &b, &left),
                     JZ_CODE_RIGHT);
    assert_int_equal(b.person, 7);
    assert_string_equal(b.phone, wang.phone);
    assert_int_equal(b.language, JZ_ZH_HANT);
    jz_codes_end(c, m.id);
    assert_int_equal(jz_codes_try(c, m.id, JZ_CODE_SIGN_IN, m.digits, NOW, &b, &left),
                     JZ_CODE_EXPIRED);
}

static void a_code_has_five_tries_and_five_minutes(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_codes_freep) struct jz_codes *c = open_codes();
    struct made m = make(c, &wang, one, NOW);
    struct jz_code_binding b;
    int left = -1;
    static const char *const odd[] = { "", "12345", "1234567", "abcdef", "１２３" };
    for (int i = 0; i < JZ_CODE_TRIES; i++) {
        assert_int_equal(jz_codes_try(c, m.id, JZ_CODE_SIGN_IN, odd[i], NOW, &b, &left),
                         JZ_CODE_WRONG);
        assert_int_equal(left, JZ_CODE_TRIES - 1 - i);
    }
    assert_int_equal(jz_codes_try(c, m.id, JZ_CODE_SIGN_IN, m.digits, NOW, &b, &left),
                     JZ_CODE_EXPIRED);
    m = make(c, &wang, one, NOW);
    assert_int_equal(jz_codes_try(c, m.id, JZ_CODE_SIGN_IN, m.digits, NOW + 299, &b, &left),
                     JZ_CODE_RIGHT);
    assert_int_equal(jz_codes_try(c, m.id, JZ_CODE_SIGN_IN, m.digits, NOW + 300, &b, &left),
                     JZ_CODE_EXPIRED);
    static const char *const ids[] = {
        "",
        "0",
        "0000000000000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffffffffffff",
        "zz00000000000000000000000000000000000000",
        "00000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_int_equal(jz_codes_try(c, ids[i], JZ_CODE_SIGN_IN, m.digits, NOW, &b, &left),
                         JZ_CODE_EXPIRED);
}

static void others_may_join_but_not_use_up_tries(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_codes_freep) struct jz_codes *c = open_codes();
    const struct made m = make(c, &wang, one, NOW);
    char id[JZ_CODE_ID_BYTES], again[JZ_CODE_ID_BYTES];
    struct jz_code_binding b;
    int left = 0, left_s = 0;
    /* Somebody else asked; the person joins, and the other's wrong tries are the other's own. */
    assert_true(jz_codes_join(c, &wang, two, NOW + 10, id, &left_s));
    assert_int_equal(left_s, 290);
    assert_string_not_equal(id, m.id);
    for (int i = 0; i < JZ_CODE_TRIES + 1; i++)
        (void)jz_codes_try(c, m.id, JZ_CODE_SIGN_IN, other_than(m.digits), NOW, &b, &left);
    assert_true(jz_codes_join(c, &wang, two, NOW + 20, again, &left_s));
    assert_string_equal(again, id); /* one form an address */
    assert_true(jz_codes_join(c, &wang, three, NOW + 20, again, &left_s));
    assert_false(jz_codes_join(c, &wang, four, NOW + 20, again, &left_s));
    /* Not for another number, purpose or person. */
    struct jz_code_binding other = wang;
    other.person = 8;
    assert_false(jz_codes_join(c, &other, two, NOW, again, &left_s));
    other = wang;
    other.purpose = JZ_CODE_HELP;
    assert_false(jz_codes_join(c, &other, two, NOW, again, &left_s));
    other = wang;
    strcpy(other.phone, "13812341235");
    assert_false(jz_codes_join(c, &other, two, NOW, again, &left_s));
    assert_false(jz_codes_join(c, &wang, two, NOW + 300, again, &left_s));
    assert_int_equal(jz_codes_try(c, id, JZ_CODE_SIGN_IN, m.digits, NOW + 30, &b, &left),
                     JZ_CODE_RIGHT);
    /* Used through one form, it is over for all. */
    jz_codes_end(c, id);
    assert_int_equal(jz_codes_try(c, again, JZ_CODE_SIGN_IN, m.digits, NOW + 30, &b, &left),
                     JZ_CODE_EXPIRED);
}

static void an_earlier_code_lives_on(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_codes_freep) struct jz_codes *c = open_codes();
    const struct made first = make(c, &wang, one, NOW), second = make(c, &wang, two, NOW + 60);
    struct jz_code_binding b;
    char id[JZ_CODE_ID_BYTES];
    int left;
    assert_int_equal(jz_codes_try(c, first.id, JZ_CODE_SIGN_IN, first.digits, NOW + 70, &b, &left),
                     JZ_CODE_RIGHT);
    assert_true(jz_codes_join(c, &wang, three, NOW + 70, id, &left)); /* the latest */
    assert_int_equal(jz_codes_try(c, id, JZ_CODE_SIGN_IN, second.digits, NOW + 70, &b, &left),
                     JZ_CODE_RIGHT);
}

static void codes_are_bounded(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_codes_freep) struct jz_codes *c = open_codes();
    struct jz_code_binding b = wang, found;
    struct made first = { "", "" }, m;
    int seen[10] = { 0 }, left;
    for (int i = 0; i < JZ_CODES_MAX; i++) {
        b.person = i + 1;
        m = make(c, &b, one, NOW + i / 1000);
        seen[m.digits[0] - '0']++;
        first = i == 0 ? m : first;
        if (i % 7 == 3)
            jz_codes_end(c, m.id); /* gaps in the middle */
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], JZ_CODES_MAX / 10 - 300, JZ_CODES_MAX / 10 + 300);
    assert_int_equal(jz_codes_make(c, &wang, one, NOW + 20, m.id, m.digits, &err), JZ_E_BUSY);
    assert_int_equal(
        jz_codes_try(c, first.id, JZ_CODE_SIGN_IN, first.digits, NOW + 20, &found, &left),
        JZ_CODE_RIGHT);
    assert_int_equal(found.person, 1);
    /* The oldest are over: their places serve again, and old ids name nothing. */
    for (int i = 0; i < 1000; i++)
        m = make(c, &wang, one, NOW + 300);
    assert_int_equal(jz_codes_make(c, &wang, one, NOW + 300, m.id, m.digits, &err), JZ_E_BUSY);
    assert_int_equal(
        jz_codes_try(c, first.id, JZ_CODE_SIGN_IN, first.digits, NOW + 300, &found, &left),
        JZ_CODE_EXPIRED);
    m = make(c, &wang, one, NOW + 900);
    assert_int_equal(jz_codes_try(c, m.id, JZ_CODE_SIGN_IN, m.digits, NOW + 900, &found, &left),
                     JZ_CODE_RIGHT);
}

/* ---- Pauses ---- */

static void pauses_grow_to_a_bound_and_end(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_pauses_freep) struct jz_pauses *p = NULL;
    assert_int_equal(jz_pauses_new(&p, &err), 0);
    for (int kind = 0; kind < JZ_PAUSE_KINDS; kind++) {
        const struct jz_pause_rule *rule = &jz_pause_rules[kind];
        int64_t now = NOW;
        int wanted = rule->first_s;
        for (int i = 0; i < rule->free; i++)
            assert_int_equal(jz_pause_count(p, (enum jz_pause_kind)kind, "x", 1, now), 0);
        for (int i = 0; i < 12; i++) {
            assert_int_equal(jz_pause_left(p, (enum jz_pause_kind)kind, "x", 1, now), 0);
            assert_int_equal(jz_pause_count(p, (enum jz_pause_kind)kind, "x", 1, now), wanted);
            assert_int_equal(jz_pause_left(p, (enum jz_pause_kind)kind, "x", 1, now), wanted);
            assert_int_equal(jz_pause_left(p, (enum jz_pause_kind)kind, "x", 1, now + wanted - 1),
                             1);
            now += wanted;
            wanted = 2 * wanted < rule->most_s ? 2 * wanted : rule->most_s;
        }
        /* Others are not slowed down, nor is another kind of the same key. */
        assert_int_equal(jz_pause_left(p, (enum jz_pause_kind)kind, "y", 1, now - 1), 0);
        /* Forgotten after a while, or when it ended well. */
        (void)jz_pause_count(p, (enum jz_pause_kind)kind, "x", 1, now);
        assert_true(jz_pause_left(p, (enum jz_pause_kind)kind, "x", 1, now) > 0);
        jz_pause_forget(p, (enum jz_pause_kind)kind, "x", 1);
        assert_int_equal(jz_pause_left(p, (enum jz_pause_kind)kind, "x", 1, now), 0);
        for (int i = 0; i < 30; i++)
            (void)jz_pause_count(p, (enum jz_pause_kind)kind, "x", 1, now);
        now += rule->forget_s + 1;
        assert_int_equal(jz_pause_count(p, (enum jz_pause_kind)kind, "x", 1, now),
                         rule->free ? 0 : rule->first_s);
    }
}

/* A flood of other things pushes out what was counted least, not what has a pause. */
static void a_flood_does_not_end_pauses(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_pauses_freep) struct jz_pauses *p = NULL;
    assert_int_equal(jz_pauses_new(&p, &err), 0);
    for (int i = 0; i < 8; i++)
        (void)jz_pause_count(p, JZ_PAUSE_PAIR, "x", 1, NOW);
    for (int i = 0; i < 300000; i++)
        (void)jz_pause_count(p, JZ_PAUSE_PHONE, &i, sizeof i, NOW);
    assert_int_equal(jz_pause_left(p, JZ_PAUSE_PAIR, "x", 1, NOW), 240);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_bound_and_used_once),
        cmocka_unit_test(a_code_has_five_tries_and_five_minutes),
        cmocka_unit_test(others_may_join_but_not_use_up_tries),
        cmocka_unit_test(an_earlier_code_lives_on),
        cmocka_unit_test(codes_are_bounded),
        cmocka_unit_test(pauses_grow_to_a_bound_and_end),
        cmocka_unit_test(a_flood_does_not_end_pauses),
    };
    return cmocka_run_group_tests_name("codes", tests, NULL, NULL);
}
