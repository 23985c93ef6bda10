/*
 * What people say about themselves: consents, prompt profiles, contacts; and the apps that hand
 * people over.
 */
#include "register.h"

#include "ledger/caller.h"
#include "ledger/consent.h"
#include "ledger/contact.h"
#include "ledger/profile.h"
#include "ledger/review.h"

#include <stdio.h>
#include <string.h>

#define TODAY "2026-11-25"

static int64_t count_of(const char *question, int64_t person)
{
    return ask_store_with(store, question, (const struct jz_sql_value[]){ jz_int(person) }, 1);
}

static struct jz_error err;

static int64_t add_somebody(void)
{
    const struct register_person somebody = {
        .name = "王秀英",
        .born_on = day("1950-01-01"),
        .benefits = { { JZ_SCHEME_EMPLOYEE, 370102, .from = day("2015-01-01") } },
    };
    return register_add_person(&somebody);
}

/* ---- Consents ---- */

static struct jz_consent_result answer(int64_t person, bool given, const char *version)
{
    struct jz_consent_result result;
    const struct jz_consent_request q = { .person = person,
                                          .kind = JZ_CONSENT_BIOMETRICS,
                                          .given = given,
                                          .version = version,
                                          .language = JZ_ZH_HANT,
                                          .channel = "web" };
    WORKS(jz_consent_record(store, &q, &result, &err));
    return result;
}

static void the_latest_consent_holds(void **state)
{
    (void)state;
    const int64_t person = add_somebody();
    struct jz_consent consent, all[4];
    size_t count = 0;
    WORKS(jz_consent_get(store, person, JZ_CONSENT_BIOMETRICS, &consent, &err));
    assert_true(consent.fact == 0 && !consent.given);
    assert_int_equal(jz_consent_check_face(store, person, &err), JZ_E_DENIED);
    assert_non_null(strstr(err.text, "has not agreed"));
    assert_true(answer(person, true, "2026-01").changed);
    WORKS(jz_consent_check_face(store, person, &err));
    assert_false(answer(person, true, "2026-01").changed);
    assert_true(answer(person, true, "2026-02").changed); /* another text, another answer */
    const struct jz_consent_result withdrawn = answer(person, false, "2026-02");
    assert_true(withdrawn.changed);
    assert_int_equal(withdrawn.opened_case, 0); /* nothing is kept, so nothing to offer */
    assert_int_equal(jz_consent_check_face(store, person, &err), JZ_E_DENIED);
    assert_non_null(strstr(err.text, "withdrew"));
    WORKS(jz_consent_get(store, person, JZ_CONSENT_BIOMETRICS, &consent, &err));
    assert_int_equal(consent.fact, withdrawn.fact);
    assert_string_equal(consent.version, "2026-02");
    assert_string_equal(consent.channel, "web");
    assert_string_equal(consent.by, "");
    assert_int_equal(consent.language, JZ_ZH_HANT);
    WORKS(jz_consent_list(store, person, all, 4, &count, &err));
    assert_int_equal(count, 3);
    assert_true(all[0].fact == withdrawn.fact && all[2].given);
    assert_string_equal(all[2].version, "2026-01");
    WORKS(jz_consent_list(store, person, all, 2, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(register_facts(person, JZ_T_CONSENT), 3);
}

static void a_withdrawal_offers_deletion(void **state)
{
    (void)state;
    const int64_t person = add_somebody();
    const struct jz_case_filter filter = { .open_only = true, .person = person };
    struct jz_case found[2];
    size_t count;
    register_enrol(person);
    answer(person, true, "1");
    const struct jz_consent_result withdrawn = answer(person, false, "1");
    assert_true(withdrawn.opened_case > 0);
    WORKS(jz_case_list(store, &filter, 0, found, 2, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(found[0].id, withdrawn.opened_case);
    assert_int_equal(found[0].subject, withdrawn.fact);
    assert_string_equal(found[0].kind, "consent_withdrawn");
    assert_false(answer(person, false, "1").changed); /* and no second case */
}

static void consents_are_checked(void **state)
{
    (void)state;
    const int64_t person = add_somebody();
    const struct {
        struct jz_consent_request q;
        int want;
    } cases[] = {
        { { person, JZ_CONSENT_BIOMETRICS, true, NULL, JZ_EN, "web", NULL }, JZ_E_USAGE },
        { { person, JZ_CONSENT_BIOMETRICS, true, "", JZ_EN, "web", NULL }, JZ_E_USAGE },
        { { person, JZ_CONSENT_BIOMETRICS, true, "1", JZ_EN, NULL, NULL }, JZ_E_USAGE },
        { { person, JZ_CONSENT_BIOMETRICS, true, "1", JZ_EN, "w\xff", NULL }, JZ_E_USAGE },
        { { person, JZ_CONSENT_BIOMETRICS, true, "a version of more than 32 bytes, too long", JZ_EN,
            "web", NULL },
          JZ_E_USAGE },
        { { 999999, JZ_CONSENT_BIOMETRICS, true, "1", JZ_EN, "web", NULL }, JZ_E_NOT_FOUND },
        { { person, JZ_CONSENT_BIOMETRICS, true, "1", JZ_EN, "counter", "tester" }, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_consent_result result;
        assert_int_equal(jz_consent_record(store, &cases[i].q, &result, &err), cases[i].want);
    }
    struct jz_consent consent;
    WORKS(jz_consent_get(store, person, JZ_CONSENT_BIOMETRICS, &consent, &err));
    assert_string_equal(consent.by, "tester");
}

/* ---- Profiles ---- */

static void the_latest_profile_holds(void **state)
{
    (void)state;
    const int64_t person = add_somebody();
    struct jz_profile p;
    WORKS(jz_profile_get(store, person, &p, &err));
    assert_int_equal(p.fact, 0);
    assert_int_equal(p.steps, JZ_PROFILE_ALL_STEPS);
    assert_true(p.hearing && !p.bedridden && p.dialect == JZ_DIALECT_MANDARIN);
    assert_true(p.language == JZ_ZH_HANS && p.text_scale == JZ_TEXT_SCALE_USUAL);
    p.steps = 1u << JZ_TURN_LEFT | 1u << JZ_NOD;
    p.hearing = false;
    p.dialect = JZ_DIALECT_CANTONESE;
    p.language = JZ_EN;
    p.text_scale = 200;
    WORKS(jz_profile_set(store, person, &p, NULL, &err));
    WORKS(jz_profile_set(store, person, &p, NULL, &err)); /* the same: no second row */
    p.bedridden = true;
    WORKS(jz_profile_set(store, person, &p, "tester", &err));
    memset(&p, 0, sizeof p);
    WORKS(jz_profile_get(store, person, &p, &err));
    assert_int_equal(p.steps, 1u << JZ_TURN_LEFT | 1u << JZ_NOD);
    assert_true(!p.hearing && p.bedridden && p.dialect == JZ_DIALECT_CANTONESE);
    assert_true(p.language == JZ_EN && p.text_scale == 200);
    assert_int_equal(register_facts(person, JZ_T_PROFILE), 2);
    assert_int_equal(count_of("SELECT COUNT(*) FROM profile WHERE person = $1 AND of = "
                              "(SELECT MIN(id) FROM profile q WHERE q.person = $1)",
                              person),
                     1);
    p.steps = 1u << JZ_ACTIONS;
    assert_int_equal(jz_profile_set(store, person, &p, NULL, &err), JZ_E_USAGE);
    p.steps = 0; /* somebody who can do none of them: a person helps */
    WORKS(jz_profile_set(store, person, &p, NULL, &err));
    p.text_scale = JZ_TEXT_SCALE_MAX + 1;
    assert_int_equal(jz_profile_set(store, person, &p, NULL, &err), JZ_E_USAGE);
    p.text_scale = JZ_TEXT_SCALE_MIN;
    assert_int_equal(jz_profile_set(store, 999999, &p, NULL, &err), JZ_E_NOT_FOUND);
}

/* ---- Contacts ---- */

static struct jz_contact contacts[JZ_CONTACTS_MAX];

static int list(int64_t person)
{
    int count = 0;
    WORKS(jz_contact_list(store, person, contacts, &count, &err));
    return count;
}

static void contacts_come_and_go(void **state)
{
    (void)state;
    const struct register_person with_phone = { .name = "王秀英",
                                                .born_on = day("1950-01-01"),
                                                .phone = "+86 138 0000 1111" };
    const int64_t person = register_add_person(&with_phone);
    register_set_today(day("2026-01-10"));
    assert_int_equal(list(person), 1); /* what the register brought */
    assert_string_equal(contacts[0].phone, "13800001111");
    assert_true(contacts[0].id == 0 && contacts[0].recorded_at == 0);
    assert_true(jz_contact_is_due(contacts, 1, day("2026-01-10"), 12));
    WORKS(jz_contact_confirm(store, person, "13900002222", JZ_BY_PERSON, &err));
    assert_int_equal(list(person), 2);
    assert_string_equal(contacts[0].phone, "13900002222");
    assert_string_equal(contacts[1].phone, "13800001111");
    WORKS(jz_contact_confirm(store, person, "13800001111", JZ_BY_PERSON, &err));
    assert_int_equal(list(person), 2); /* bound now, not there twice */
    assert_true(contacts[1].id > 0);
    assert_false(jz_contact_is_due(contacts, 2, day("2027-01-09"), 12));
    assert_true(jz_contact_is_due(contacts, 2, day("2027-01-10"), 12));
    const int64_t first = contacts[0].id, second = contacts[1].id;
    register_set_today(day("2026-06-10"));
    WORKS(jz_contact_still_right(store, person, JZ_BY_PERSON, &err));
    WORKS(jz_contact_still_right(store, person, JZ_BY_PERSON, &err)); /* said today already */
    assert_int_equal(register_facts(person, JZ_T_CONTACT), 4);
    assert_int_equal(list(person), 2);
    assert_true(contacts[0].id == first && contacts[1].id == second);
    assert_int_equal(jz_date_key(jz_date_at(contacts[1].recorded_at)), 20260610);
    WORKS(jz_contact_end(store, person, second, "tester", &err));
    assert_int_equal(list(person), 1); /* and the register does not bring it back */
    assert_string_equal(contacts[0].phone, "13900002222");
    assert_int_equal(jz_contact_end(store, person, second, "tester", &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_contact_end(store, person, 0, "tester", &err), JZ_E_NOT_FOUND);
    WORKS(jz_contact_end(store, person, first, JZ_BY_PERSON, &err));
    assert_int_equal(list(person), 0);
    assert_true(jz_contact_is_due(contacts, 0, day("2026-06-10"), 12));
    register_set_today(day(TODAY));
}

static void contacts_are_bounded_and_bound(void **state)
{
    (void)state;
    const int64_t person = add_somebody(), other = add_somebody();
    char phone[JZ_PHONE_BYTES];
    for (int i = 0; i < JZ_CONTACTS_MAX; i++) {
        snprintf(phone, sizeof phone, "1390000%04d", i);
        WORKS(jz_contact_confirm(store, person, phone, JZ_BY_PERSON, &err));
    }
    assert_int_equal(jz_contact_confirm(store, person, "13911111111", JZ_BY_PERSON, &err),
                     JZ_E_LIMIT);
    assert_int_equal(list(person), JZ_CONTACTS_MAX);
    const int64_t theirs = contacts[0].id;
    assert_int_equal(jz_contact_end(store, other, theirs, "tester", &err), JZ_E_NOT_FOUND);
    assert_int_equal(list(other), 0);
}

/* ---- Calling apps ---- */

static int count_caller(void *context, const struct jz_caller *caller, struct jz_error *e)
{
    (void)e;
    assert_true(caller->fact > 0 && *caller->basis);
    ++*(int *)context;
    return 0;
}

static void calling_apps_have_keys(void **state)
{
    (void)state;
    uint8_t key[JZ_CALLER_KEY_BYTES], again[JZ_CALLER_KEY_BYTES], found[JZ_CALLER_KEY_BYTES];
    struct jz_caller caller;
    bool changed = true;
    int count = 0;
    assert_int_equal(jz_caller_key(store, "app.sd", found, &err), JZ_E_NOT_FOUND);
    WORKS(jz_caller_add(store, "app.sd", "鲁人社协议 2026-1", "tester", key, &changed, &err));
    assert_false(changed);
    WORKS(jz_caller_key(store, "app.sd", found, &err));
    assert_memory_equal(found, key, sizeof key);
    WORKS(jz_caller_add(store, "app.sd", "鲁人社协议 2026-2", "tester", again, &changed, &err));
    assert_true(changed);
    assert_memory_not_equal(again, key, sizeof key);
    WORKS(jz_caller_key(store, "app.sd", found, &err));
    assert_memory_equal(found, again, sizeof again);
    WORKS(jz_caller_add(store, "platform", "x", "tester", key, &changed, &err));
    WORKS(jz_caller_each(store, count_caller, &count, &err));
    assert_int_equal(count, 2);
    WORKS(jz_caller_end(store, "app.sd", "tester", &err));
    assert_int_equal(jz_caller_end(store, "app.sd", "tester", &err), JZ_E_CONFLICT);
    assert_int_equal(jz_caller_key(store, "app.sd", found, &err), JZ_E_DENIED);
    WORKS(jz_caller_get(store, "app.sd", &caller, &err));
    assert_true(!caller.active && caller.of < caller.fact);
    assert_string_equal(caller.basis, "鲁人社协议 2026-2");
    WORKS(jz_caller_add(store, "app.sd", "x", "tester", key, &changed, &err)); /* comes back */
    WORKS(jz_caller_key(store, "app.sd", found, &err));
    static const char *const bad[] = { "", "a b", "国家平台", "a:b",
                                       "a-name-of-more-than-forty-eight-letters-is-too-long" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(jz_caller_add(store, bad[i], "x", "tester", key, &changed, &err),
                         JZ_E_USAGE);
    assert_int_equal(jz_caller_add(store, "ok", NULL, "tester", key, &changed, &err), JZ_E_USAGE);
    assert_int_equal(jz_caller_end(store, "nobody", "tester", &err), JZ_E_NOT_FOUND);
}

static int set_up(void **state)
{
    (void)state;
    register_set_today(day("2026-01-10"));
    register_open();
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contacts_come_and_go), /* first: days go forward only */
        cmocka_unit_test(the_latest_consent_holds),
        cmocka_unit_test(a_withdrawal_offers_deletion),
        cmocka_unit_test(consents_are_checked),
        cmocka_unit_test(the_latest_profile_holds),
        cmocka_unit_test(contacts_are_bounded_and_bound),
        cmocka_unit_test(calling_apps_have_keys),
    };
    return cmocka_run_group_tests_name("self", tests, set_up, register_tear_down);
}
