/* Every kind of damage to a cache is found, named and put right; a sound register has none. */
#include "register.h"

#include "ledger/close.h"
#include "ledger/rebuild.h"

#include <string.h>
#include <time.h>

enum { PEOPLE = 400 };

static unsigned seed;
static struct jz_error err;
static int64_t ids[PEOPLE];
static const struct jz_date today = { 2026, 11, 25 };

static const char policy[] = "id: all\nversion: 1\neffective: {from: 2020-01-01}\n"
                             "applies: {region: \"\", schemes: [employee]}\n"
                             "legal_basis: [{id: B, cite: a basis}]\n"
                             "cycle: {kind: rolling_months, months: 12}\n"
                             "remind_days: [30]\ngrace: {days: 30}\n"
                             "accept:\n  - {kind: community}\n";

/* ---- What was found ---- */

struct seen {
    int count;
    struct jz_rebuild_difference first;
};

static void see(void *context, const struct jz_rebuild_difference *d)
{
    struct seen *s = context;
    if (s->count++ == 0)
        s->first = *d;
}

static struct jz_rebuild_result run(bool check, struct seen *seen)
{
    struct jz_rebuild_result result = { 0 };
    *seen = (struct seen){ 0 };
    const struct jz_rebuild_options options = { .check = check,
                                                .on_difference = see,
                                                .context = seen };
    if (jz_rebuild_run(store, &options, &result, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(result.differences, seen->count);
    return result;
}

static void is_sound(void)
{
    struct seen seen;
    run(true, &seen);
    if (seen.count > 0)
        fail_msg("%s of %lld, %s: %s is %s, not %s", seen.first.table, (long long)seen.first.person,
                 seen.first.key, seen.first.column, seen.first.found, seen.first.wanted);
}

/* ---- A register with a past ---- */

static struct jz_date random_day(struct jz_date first, int days)
{
    return jz_date_add_days(first, (int)(rand_r(&seed) % (unsigned)days));
}

static void close_on(struct jz_date on)
{
    struct jz_close_result result;
    const struct jz_close_options options = { .on = on };
    if (jz_close_run(store, &options, &result, &err) < 0)
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    static struct register_person people[PEOPLE];
    (void)state;
    seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    register_set_today(day("2026-09-01"));
    register_open();
    register_add_policy(policy);
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = (struct register_person){
            .born_on = random_day(day("1930-01-01"), 12000),
            .benefits = { { .region = 370102, .from = random_day(day("2015-01-01"), 4000) } },
            .signs = { { JZ_EV_COMMUNITY, JZ_OUTCOME_PASS, random_day(day("2025-07-01"), 420) } },
        };
        if (rand_r(&seed) % 10 == 0)
            people[i].benefits[0].until = random_day(day("2026-09-01"), 200);
        if (rand_r(&seed) % 8 == 0)
            people[i].benefits[1] = people[i].benefits[0];
    }
    register_add(people, PEOPLE, ids);
    for (struct jz_date d = day("2026-09-01"); jz_date_compare(d, today) <= 0;
         d = jz_date_add_days(d, 1 + (int)(rand_r(&seed) % 6))) {
        register_set_today(d);
        for (int i = 0; i < 5; i++)
            register_certify(ids[rand_r(&seed) % PEOPLE],
                             random_day(jz_date_add_days(d, -300), 301));
        if (rand_r(&seed) % 2)
            close_on(d);
    }
    register_set_today(today);
    return 0;
}

static void a_sound_register_has_no_differences(void **state)
{
    (void)state;
    is_sound(); /* days not closed yet are no differences */
    close_on(today);
    is_sound();
    assert_true(ask_store(store, "SELECT count(*) FROM audit_node") > 5);
    assert_true(ask_store(store, "SELECT count(*) FROM proposal") > 5);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM document_find"), PEOPLE);
}

/* ---- Damage ---- */

/*
 * Everything a person has in the caches. Of who is current there are several right days for
 * next_on (ledger/standing.h), of which the one made anew is the last.
 */
static char *caches(bool with_any_day)
{
    char *all = NULL;
    jz_autofree char *a = register_text("SELECT person, fact, kind FROM person_fact ORDER BY "
                                        "person, fact");
    jz_autofree char *b = register_text("SELECT hash, person FROM document_find ORDER BY hash");
    jz_autofree char *c = register_text(
        with_any_day
            ? "SELECT person, benefit, version, due_on, grace_until, state, next_on, decided_by "
              "FROM standing ORDER BY person, benefit"
            : "SELECT person, benefit, version, due_on, grace_until, state, CASE WHEN state = 1 "
              "THEN 0 ELSE next_on END, decided_by FROM standing ORDER BY person, benefit");
    jz_autofree char *d = register_text("SELECT level, position, hash FROM audit_node ORDER BY "
                                        "level, position");
    jz_autofree char *e = register_text("SELECT size, recorded_at, chain, tree FROM audit_head");
    assert_true(asprintf(&all, "%s\n%s\n%s\n%s\n%s", a, b, c, d, e) > 0);
    return all;
}

#define A_PERSON "(SELECT min(person) FROM standing WHERE state = 1 AND decided_by IS NOT NULL)"
#define A_LAPSED                                                                                   \
    "(SELECT min(person) FROM standing WHERE state = 4 AND decided_by IS NOT NULL "                \
    "AND next_on IS NULL)"

static const struct {
    const char *damage, *table, *column;
    int differences;
} damages[] = {
    { "DELETE FROM person_fact WHERE person = " A_PERSON " AND kind = 10", "person_fact", "row",
      0 },
    { "UPDATE person_fact SET kind = 13 WHERE person = " A_PERSON " AND fact = (SELECT max(fact) "
      "FROM person_fact WHERE kind = 10 AND person = " A_PERSON ")",
      "person_fact", "kind", 0 },
    { "INSERT INTO person_fact (person, fact, kind) VALUES (" A_PERSON ", 1, 10)", "person_fact",
      "row", 1 },
    { "INSERT INTO person_fact (person, fact, kind) VALUES (" A_PERSON ", 99999999, 77)",
      "person_fact", "row", 1 },
    { "DELETE FROM document_find WHERE person = " A_PERSON, "document_find", "row", 1 },
    { "UPDATE document_find SET person = " A_LAPSED " WHERE person = " A_PERSON, "document_find",
      "person", 1 },
    { "INSERT INTO document_find (hash, person) SELECT CAST('abcdefghijkl' AS BLOB_TYPE), "
      "person FROM standing WHERE person = " A_PERSON " LIMIT 1",
      "document_find", "row", 1 },
    { "DELETE FROM standing WHERE person = " A_PERSON, "standing", "row", 0 },
    { "INSERT INTO standing (person, benefit, state) VALUES (" A_PERSON ", 99999999, 1)",
      "standing", "row", 1 },
    { "UPDATE standing SET version = benefit + 1 WHERE person = " A_PERSON, "standing", "version",
      0 },
    { "UPDATE standing SET due_on = 20300101 WHERE person = " A_PERSON, "standing", "due_on", 0 },
    { "UPDATE standing SET grace_until = 20300101 WHERE person = " A_PERSON, "standing",
      "grace_until", 0 },
    { "UPDATE standing SET state = 4 WHERE person = " A_PERSON, "standing", "state", 0 },
    { "UPDATE standing SET next_on = 20300101 WHERE person = " A_PERSON, "standing", "next_on", 0 },
    { "UPDATE standing SET next_on = 20260101 WHERE person = " A_PERSON, "standing", "next_on", 0 },
    { "UPDATE standing SET next_on = NULL WHERE person = " A_PERSON, "standing", "next_on", 0 },
    { "UPDATE standing SET decided_by = 1 WHERE person = " A_PERSON, "standing", "decided_by", 0 },
    { "UPDATE standing SET due_on = 20280101, grace_until = 20280131, state = 1, next_on = "
      "20271202 WHERE person = " A_LAPSED,
      "standing", "due_on", 0 },
    { "UPDATE audit_node SET hash = (SELECT hash FROM audit_node WHERE level = 9 AND position = 0) "
      "WHERE level = 8 AND position = 1",
      "audit_node", "hash", 1 },
    { "DELETE FROM audit_node WHERE level = 8 AND position = 0", "audit_node", "row", 1 },
    { "INSERT INTO audit_node (level, position, hash) SELECT 8, 1000000, hash FROM audit_node "
      "WHERE level = 8 AND position = 0",
      "audit_node", "row", 1 },
    { "UPDATE audit_head SET size = size - 1", "audit_head", "size", 1 },
    { "UPDATE audit_head SET recorded_at = recorded_at + 9", "audit_head", "recorded_at", 1 },
    { "UPDATE audit_head SET chain = (SELECT hash FROM audit_node WHERE level = 8 AND position = "
      "0)",
      "audit_head", "chain", 1 },
    { "UPDATE audit_head SET tree = chain", "audit_head", "tree", 1 },
    { "DELETE FROM audit_head", "audit_head", "row", 1 },
};

/* The one type whose name differs. */
static char *for_dialect(const char *text)
{
    static const char word[] = "BLOB_TYPE";
    const char *at = strstr(text, word);
    char *made = NULL;
    if (!at)
        return strdup(text);
    assert_true(asprintf(&made, "%.*s%s%s", (int)(at - text), text, on_postgres ? "BYTEA" : "BLOB",
                         at + sizeof word - 1) > 0);
    return made;
}

static void damage_is_found_and_put_right(void **state)
{
    (void)state;
    close_on(today);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct seen found, repaired;
        jz_autofree char *before = caches(false), *whole = caches(true),
                         *text = for_dialect(damages[i].damage);
        register_pause(); /* the damage is done behind everybody's back */
        register_damage(text);
        register_reopen();
        jz_autofree char *damaged = caches(true);
        if (strcmp(whole, damaged) == 0)
            fail_msg("nothing was damaged by: %s", text);
        const struct jz_rebuild_result check = run(true, &found);
        jz_autofree char *untouched = caches(true);
        assert_string_equal(damaged, untouched);
        if (check.differences == 0)
            fail_msg("not found: %s", text);
        if (strcmp(found.first.table, damages[i].table) != 0 ||
            strcmp(found.first.column, damages[i].column) != 0)
            fail_msg("%s.%s was found first, not %s.%s: %s", found.first.table, found.first.column,
                     damages[i].table, damages[i].column, text);
        if (damages[i].differences && check.differences != damages[i].differences)
            fail_msg("%d differences, not %d: %s", (int)check.differences, damages[i].differences,
                     text);
        run(false, &repaired);
        is_sound();
        jz_autofree char *after = caches(false);
        if (strcmp(before, after) != 0)
            fail_msg("not put right as it was: %s", text);
    }
}

/* A lapse whose row says that all is told, without any notice: the close has to tell it. */
static void a_lapse_that_was_not_told_is_left_to_the_close(void **state)
{
    (void)state;
    struct seen seen;
    const struct register_person late = {
        .born_on = day("1950-01-01"),
        .benefits = { { .region = 370102, .from = day("2015-01-01") } },
    };
    close_on(today);
    const int64_t before = ask_store(store, "SELECT count(*) FROM proposal");
    register_add(&late, 1, NULL);
    register_damage("UPDATE standing SET next_on = NULL WHERE next_on = 20261125");
    run(false, &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.first.column, "next_on");
    is_sound();
    close_on(today);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM proposal"), before + 1);
    is_sound();
}

/* Facts that were changed are for the audit; what was kept beside them stays as it is. */
static void changed_facts_are_not_covered_up(void **state)
{
    (void)state;
    struct jz_rebuild_result result;
    const struct jz_rebuild_options options = { 0 };
    jz_autofree char *before = caches(true);
    register_damage(on_postgres ? "ALTER TABLE evidence DISABLE TRIGGER USER; UPDATE evidence "
                                  "SET observed_on = observed_on + 1 WHERE id = (SELECT min(id) "
                                  "FROM evidence)"
                                : "DROP TRIGGER evidence_no_UPDATE; UPDATE evidence SET "
                                  "observed_on = observed_on + 1 WHERE id = (SELECT min(id) FROM "
                                  "evidence)");
    assert_int_equal(jz_rebuild_run(store, &options, &result, &err), JZ_E_INTEGRITY);
    assert_non_null(strstr(err.text, "audit verify"));
    jz_autofree char *after = caches(true);
    assert_string_equal(before, after);
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_register_has_no_differences),
        cmocka_unit_test(damage_is_found_and_put_right),
        cmocka_unit_test(a_lapse_that_was_not_told_is_left_to_the_close),
        cmocka_unit_test(changed_facts_are_not_covered_up),
    };
    return cmocka_run_group_tests(tests, set_up, register_tear_down);
}
