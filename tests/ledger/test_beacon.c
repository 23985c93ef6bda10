/* Beacons: of which day they are, what binds them, and what is no beacon. */
#include "register.h"

#include "audit/beacon_internal.h"
#include "audit/root.h"

#include <string.h>

static struct jz_error err;

static struct jz_beacon beacon_of(struct jz_date on)
{
    struct jz_beacon b;
    WORKS(jz_beacon_of(store, on, &b, &err));
    return b;
}

static int check_short(uint64_t code, struct jz_beacon *ret_beacon)
{
    char text[JZ_BEACON_SHORT_BYTES];
    return jz_beacon_check(store, jz_beacon_short(code, text), ret_beacon, &err);
}

static struct jz_date days_from(struct jz_date from, int days)
{
    return jz_date_add_days(from, days);
}

static void slips_of_the_pen_are_seen(void **state)
{
    static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    static const uint64_t codes[] = { 0, 1, (1ull << 45) - 1, 0x123456789ABull, 0x1F00F00F00Full };
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char text[JZ_BEACON_SHORT_BYTES];
        uint64_t code = 0;
        jz_beacon_short(codes[i], text);
        assert_int_equal(jz_beacon_short_parse(text, &code, &err), 0);
        assert_true(code == codes[i]);
        for (size_t at = 0; at < strlen(text); at++) {
            const char was = text[at];
            for (size_t c = 0; was != '-' && c < sizeof alphabet - 1; c++) {
                text[at] = alphabet[c];
                assert_int_equal(jz_beacon_short_parse(text, &code, &err),
                                 alphabet[c] == was ? 0 : JZ_E_INTEGRITY);
            }
            text[at] = was;
            for (size_t to = at + 1; to < strlen(text); to++) {
                if (text[to] == '-' || was == '-' || text[to] == was)
                    continue;
                text[at] = text[to];
                text[to] = was;
                assert_int_equal(jz_beacon_short_parse(text, &code, &err), JZ_E_INTEGRITY);
                text[to] = text[at];
                text[at] = was;
            }
        }
    }
}

static void as_people_copy_it(void **state)
{
    static const struct {
        const char *text;
        int result;
    } cases[] = {
        { "K7M-29QX-R4W", JZ_OK },        { "k7m29qxr4w", JZ_OK },
        { " K7 M29 QXR 4W ", JZ_OK },     { "K7M-29QX-R4", JZ_E_FORMAT },
        { "K7M-29QX-R4WW", JZ_E_FORMAT }, { "K7M-29OX-R4W", JZ_E_FORMAT },
        { "K7M_29QX_R4W", JZ_E_FORMAT },  { "", JZ_E_FORMAT },
        { "七七七七", JZ_E_FORMAT },      { "K7M-29QX-R4D", JZ_E_INTEGRITY },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t code;
        const int r = jz_beacon_short_parse(cases[i].text, &code, &err);
        if (r != cases[i].result)
            fail_msg("%s: %d, %s", cases[i].text, r, r < 0 ? err.text : "");
    }
}

static void every_day_has_its_own(void **state)
{
    (void)state;
    register_set_today(day("2026-11-25"));
    const struct jz_beacon today = beacon_of(day("2026-11-25")), again = beacon_of(day(NULL));
    assert_memory_equal(&today, &again, sizeof today);
    assert_int_equal(today.size, 0);
    assert_true(today.code != beacon_of(day("2026-11-24")).code);

    struct jz_beacon found;
    assert_int_equal(check_short(today.code, &found), 0);
    assert_int_equal(jz_date_key(found.day), 20261125);
    const struct jz_date oldest = days_from(day("2026-11-25"), -JZ_BEACON_DAYS);
    struct jz_beacon old;
    assert_int_equal(jz_beacon_of(store, oldest, &old, &err), 0);
    assert_int_equal(check_short(old.code, &found), 0);
    assert_int_equal(jz_date_compare(found.day, oldest), 0);

    assert_int_equal(jz_beacon_of(store, days_from(oldest, -1), &old, &err), JZ_E_LIMIT);
    assert_int_equal(jz_beacon_of(store, day("2026-11-26"), &old, &err), JZ_E_USAGE);
    assert_int_equal(check_short(today.code ^ 1, &found), JZ_E_NOT_FOUND);
    register_set_today(day("2027-12-31"));
    assert_int_equal(check_short(today.code, &found), JZ_E_NOT_FOUND);
}

/* What is signed on a day is in the beacon of the next, and changes no day that has begun. */
static void rests_on_the_root_before_the_day(void **state)
{
    struct jz_audit_root root;
    (void)state;
    register_set_today(day("2028-03-01"));
    const struct jz_beacon before = beacon_of(day(NULL));
    assert_int_equal(jz_audit_root_sign(store, (struct jz_date){ 0 }, &root, &err), 0);
    const struct jz_beacon after = beacon_of(day(NULL));
    assert_memory_equal(&before, &after, sizeof before);

    register_set_today(day("2028-03-02"));
    const struct jz_beacon next = beacon_of(day(NULL));
    assert_memory_equal(next.root, root.signed_root.root, sizeof next.root);
    assert_true(next.size == root.signed_root.size);
    assert_true(beacon_of(day("2028-03-01")).code == before.code);
    struct jz_beacon found;
    assert_int_equal(check_short(before.code, &found), 0);
    assert_int_equal(jz_date_key(found.day), 20280301);
    assert_int_equal(check_short(next.code, &found), 0);
    assert_int_equal(jz_date_key(found.day), 20280302);
}

static void every_character_of_the_text_is_bound(void **state)
{
    char text[JZ_BEACON_TEXT_BYTES];
    struct jz_beacon b, found;
    struct jz_public_key key;
    (void)state;
    register_set_today(day("2028-03-02"));
    b = beacon_of(day(NULL));
    jz_beacon_format(&b, text);
    assert_int_equal(jz_keyring_public(keyring, 1, &key, &err), 0);
    assert_int_equal(jz_beacon_verify(&key, 1, &b, &err), 0);
    assert_int_equal(jz_beacon_check(store, text, &found, &err), 0);
    assert_memory_equal(&found, &b, sizeof b);
    for (size_t i = 0; i < strlen(text); i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            if (text[i] && jz_beacon_parse(text, strlen(text), &found, &err) == 0 &&
                jz_beacon_verify(&key, 1, &found, &err) == 0)
                fail_msg("byte %zu changed and nobody saw it", i);
            text[i] ^= (char)(1 << bit);
        }

    /* What the installation itself signs for another day, or with another code, is none. */
    b.day = day("2028-03-03");
    assert_int_equal(beacon_sign(keyring, &b, &err), 0);
    jz_beacon_format(&b, text);
    assert_int_equal(jz_beacon_check(store, text, &found, &err), JZ_E_INTEGRITY);
    b.day = day("2028-02-29");
    assert_int_equal(beacon_sign(keyring, &b, &err), 0);
    jz_beacon_format(&b, text);
    assert_int_equal(jz_beacon_check(store, text, &found, &err), JZ_E_INTEGRITY);
    b.day = day("2020-02-29");
    assert_int_equal(beacon_sign(keyring, &b, &err), 0);
    jz_beacon_format(&b, text);
    assert_int_equal(jz_beacon_check(store, text, &found, &err), JZ_E_LIMIT);
}

static void another_installation_is_refused(void **state)
{
    char text[JZ_BEACON_TEXT_BYTES];
    struct jz_beacon b, found;
    struct jz_public_key key;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *other = NULL;
    jz_autofree char *path = register_file("other-keys", NULL);
    (void)state;
    register_set_today(day("2028-03-02"));
    b = beacon_of(day(NULL));
    assert_int_equal(jz_keyring_create(path, JZ_SUITE_GUOMI, NULL, &err), 0);
    assert_int_equal(jz_keyring_open(path, NULL, &other, &err), 0);
    assert_int_equal(beacon_sign(other, &b, &err), 0);
    jz_beacon_format(&b, text);
    assert_int_equal(jz_beacon_check(store, text, &found, &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_keyring_public(keyring, 1, &key, &err), 0);
    assert_int_equal(jz_beacon_verify(&key, 1, &b, &err), JZ_E_INTEGRITY);
    assert_int_equal(jz_keyring_public(other, 1, &key, &err), 0);
    assert_int_equal(jz_beacon_verify(&key, 1, &b, &err), 0);
}

/* A key made today makes the beacons from tomorrow on; those of the days before stay. */
static void a_rotation_leaves_past_days_alone(void **state)
{
    const struct jz_date now = jz_date_today(), tomorrow = days_from(now, 1);
    (void)state;
    register_set_today(tomorrow);
    const struct jz_beacon today = beacon_of(now), next = beacon_of(tomorrow);
    register_rotate(JZ_KEY_LOG);
    assert_true(beacon_of(now).code == today.code);
    assert_true(beacon_of(tomorrow).code != next.code);
    struct jz_beacon found;
    assert_int_equal(check_short(today.code, &found), 0);
    assert_int_equal(check_short(next.code, &found), JZ_E_NOT_FOUND);
}

static int set_up(void **state)
{
    (void)state;
    register_set_today(day("2026-11-25"));
    register_open();
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_of_the_pen_are_seen),
        cmocka_unit_test(as_people_copy_it),
        cmocka_unit_test(every_day_has_its_own),
        cmocka_unit_test(rests_on_the_root_before_the_day),
        cmocka_unit_test(every_character_of_the_text_is_bound),
        cmocka_unit_test(another_installation_is_refused),
        cmocka_unit_test(a_rotation_leaves_past_days_alone),
    };
    return cmocka_run_group_tests_name("beacons", tests, set_up, register_tear_down);
}
