/* The store: acts, groups, the chain's head, several writers, clocks. On SQLite or PostgreSQL. */
#include "place.h"

#include "store/fact.h"

#include <string.h>

static int64_t clock_now = 1790000000;

static int64_t made_clock(void)
{
    return clock_now;
}

static const struct jz_store_options options = { .clock = made_clock };

/* A person with one benefit, as an import would add them. */
static int add_person(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                      struct jz_error *err)
{
    (void)state;
    (void)err;
    static const uint8_t sealed[] = "not really sealed";
    const struct jz_sql_value person[JZ_MAX_COLUMNS] = {
        [PERSON_BORN_ON] = jz_int(19500101), [PERSON_SEX] = jz_int(1),
        [PERSON_CARE] = jz_int(0),           [PERSON_SEALED] = jz_blob(sealed, sizeof sealed),
        [PERSON_BY] = jz_text("tester"),
    };
    const int64_t id = jz_entry_add(entry, JZ_T_PERSON, person);
    const struct jz_sql_value benefit[JZ_MAX_COLUMNS] = {
        [BENEFIT_PERSON] = jz_int(id),
        [BENEFIT_SCHEME] = jz_int(JZ_SCHEME_EMPLOYEE),
        [BENEFIT_REGION] = jz_int(370100),
        [BENEFIT_FROM] = jz_int(20150101),
    };
    const int64_t first = jz_entry_add(entry, JZ_T_BENEFIT, benefit);
    const struct jz_sql_value standing[JZ_MAX_COLUMNS] = {
        [STANDING_PERSON] = jz_int(id),
        [STANDING_BENEFIT] = jz_int(first),
        [STANDING_STATE] = jz_int(JZ_STANDING_NONE),
    };
    jz_entry_put(entry, JZ_T_STANDING, standing);
    *(int64_t *)context = id;
    return 0;
}

struct sighting {
    int64_t person;
    int seen_before; /* signs there were when it was decided */
    bool refuse;
};

static int see(void *context, const struct jz_person_state *state, struct jz_entry *entry,
               struct jz_error *err)
{
    struct sighting *s = context;
    s->seen_before = state->sign_count;
    const struct jz_sql_value evidence[JZ_MAX_COLUMNS] = {
        [EVIDENCE_PERSON] = jz_int(s->person),       [EVIDENCE_KIND] = jz_int(JZ_EV_COUNTER),
        [EVIDENCE_OBSERVED_ON] = jz_int(20260101),   [EVIDENCE_OUTCOME] = jz_int(JZ_OUTCOME_PASS),
        [EVIDENCE_STRENGTH] = jz_int(JZ_STRENGTH_A), [EVIDENCE_BY] = jz_text("tester"),
    };
    jz_entry_add(entry, JZ_T_EVIDENCE, evidence);
    return s->refuse ? jz_error_set(err, JZ_E_DENIED, "refused on purpose") : 0;
}

static int consent(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                   struct jz_error *err)
{
    (void)context, (void)err;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CONSENT_PERSON] = jz_int(state->person),
        [CONSENT_KIND] = jz_text("biometrics"),
        [CONSENT_GIVEN] = jz_int(1),
        [CONSENT_VERSION] = jz_text("1"),
        [CONSENT_LANGUAGE] = jz_text("en"),
        [CONSENT_CHANNEL] = jz_text("web"),
    };
    jz_entry_add(entry, JZ_T_CONSENT, values);
    return 0;
}

static int64_t new_person(struct jz_store *store)
{
    struct jz_error err;
    int64_t id = 0;
    struct jz_act act = { .decide = add_person, .context = &id };
    assert_int_equal(jz_store_submit(store, &act, 1, &err), 0);
    assert_int_equal(act.result, 0);
    assert_true(id > 0);
    return id;
}

static struct jz_head read_head(struct jz_store *store)
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    struct jz_head head;
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    assert_int_equal(jz_head_load(sql, false, &head, &err), 0);
    jz_store_return(store, sql);
    return head;
}

static void a_second_database_is_refused(void **state)
{
    (void)state;
    struct jz_error err;
    assert_int_equal(jz_store_create(url, JZ_SUITE_INTERNATIONAL, &err), JZ_E_CONFLICT);
}

static void states_follow_facts(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    struct sighting s = { .person = new_person(store) };
    struct jz_act act = { .person = s.person, .decide = see, .context = &s };
    struct jz_person_state p;
    assert_int_equal(jz_store_submit(store, &act, 1, &err), 0);
    assert_int_equal(act.result, 0);
    assert_int_equal(jz_person_state_load(store, s.person, &p, &err), 0);
    assert_int_equal(p.person, s.person);
    assert_int_equal(jz_date_key(p.born_on), 19500101);
    assert_int_equal(p.benefit_count, 1);
    assert_int_equal(p.benefits[0].region, 370100);
    assert_int_equal(p.benefits[0].scheme, JZ_SCHEME_EMPLOYEE);
    assert_int_equal(p.sign_count, 1);
    assert_int_equal(p.signs[0].kind, JZ_EV_COUNTER);
    assert_int_equal(jz_date_key(p.signs[0].observed_on), 20260101);
    jz_person_state_done(&p);
    assert_int_equal(jz_person_state_load(store, 1 << 30, &p, &err), JZ_E_NOT_FOUND);
    jz_store_close(store);
}

/* Acts on one person, posted together, are decided one after the other on what came before. */
static void one_person_is_decided_in_order(void **state)
{
    (void)state;
    enum { ACTS = 600 };
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    const int64_t persons[2] = { new_person(store), new_person(store) };
    static struct sighting s[ACTS];
    static struct jz_act acts[ACTS];
    for (int i = 0; i < ACTS; i++) {
        s[i] = (struct sighting){ .person = persons[i % 2] };
        acts[i] = (struct jz_act){ .person = s[i].person, .decide = see, .context = &s[i] };
    }
    assert_int_equal(jz_store_submit(store, acts, ACTS, &err), 0);
    for (int i = 0; i < ACTS; i++) {
        assert_int_equal(acts[i].result, 0);
        assert_int_equal(s[i].seen_before, i / 2);
    }
    jz_store_close(store);
}

static void a_refused_act_leaves_nothing_and_hurts_nobody(void **state)
{
    (void)state;
    enum { ACTS = 9 };
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    struct sighting s[ACTS];
    struct jz_act acts[ACTS];
    for (int i = 0; i < ACTS; i++) {
        s[i] = (struct sighting){ .person = new_person(store), .refuse = i % 3 == 1 };
        acts[i] = (struct jz_act){ .person = s[i].person, .decide = see, .context = &s[i] };
    }
    acts[8].person = s[8].person = 1 << 30; /* nobody */
    const uint64_t before = read_head(store).tree.size;
    assert_int_equal(jz_store_submit(store, acts, ACTS, &err), 0);
    for (int i = 0; i < ACTS - 1; i++)
        assert_int_equal(acts[i].result, i % 3 == 1 ? JZ_E_DENIED : 0);
    assert_int_equal(acts[8].result, JZ_E_NOT_FOUND);
    assert_int_equal(read_head(store).tree.size, before + 5);
    jz_store_close(store);
}

static void facts_are_never_changed(void **state)
{
    (void)state;
    static const char *const attempts[] = {
        "UPDATE person SET sex = 2",
        "DELETE FROM person",
        "UPDATE evidence SET outcome = 1",
        "DELETE FROM benefit",
    };
    struct jz_error err;
    const struct jz_sql_options plain = { 0 };
    struct jz_sql *sql = NULL;
    struct jz_store *store = open_store(&options);
    new_person(store);
    assert_int_equal(jz_sql_open(url, &plain, &sql, &err), 0);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        assert_int_equal(jz_sql_script(sql, attempts[i], &err), JZ_E_DENIED);
        assert_non_null(strstr(err.text, "never changed"));
    }
    jz_sql_close(sql);
    jz_store_close(store);
}

/* Two stores on one database, as two processes have them: one chain all the same. */
static void two_writers_make_one_chain(void **state)
{
    (void)state;
    struct jz_store *a = open_store(&options), *b = open_store(&options);
    const int64_t before = ask_store(a, "SELECT COUNT(*) FROM person");
    const uint64_t size = read_head(a).tree.size;
    for (int i = 0; i < 20; i++)
        new_person(i % 3 ? a : b);
    assert_int_equal(read_head(a).tree.size, size + 40);
    assert_int_equal(ask_store(b, "SELECT COUNT(*) FROM person"), before + 20);
    jz_store_close(a);
    jz_store_close(b);
}

static void a_clock_that_went_back_stops_the_writer(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    int64_t id;
    struct jz_act act = { .decide = add_person, .context = &id };
    new_person(store);
    const int64_t recorded = read_head(store).recorded_at;
    clock_now -= 60; /* a little: time stands still */
    new_person(store);
    assert_int_equal(read_head(store).recorded_at, recorded);
    clock_now -= JZ_STORE_CLOCK_BACK_S;
    assert_int_equal(jz_store_submit(store, &act, 1, &err), 0);
    assert_int_equal(act.result, JZ_E_DENIED);
    assert_non_null(strstr(act.error.text, "clock"));
    clock_now += JZ_STORE_CLOCK_BACK_S + 61; /* set right: work goes on */
    new_person(store);
    assert_int_equal(read_head(store).recorded_at, recorded + 1);
    jz_store_close(store);
}

static void read_only_is_read_only(void **state)
{
    (void)state;
    struct jz_error err;
    const struct jz_store_options reading = { .read_only = true };
    struct jz_store *store = NULL;
    int64_t id;
    struct jz_act act = { .decide = add_person, .context = &id };
    assert_int_equal(jz_store_open(url, keyring, &reading, &store, &err), 0);
    assert_int_equal(jz_store_submit(store, &act, 1, &err), JZ_E_DENIED);
    jz_store_close(store);
}

static void a_newer_database_is_refused(void **state)
{
    (void)state;
    struct jz_error err;
    const struct jz_sql_options plain = { 0 };
    struct jz_sql *sql = NULL;
    struct jz_store *store = NULL;
    int from;
    assert_int_equal(jz_sql_open(url, &plain, &sql, &err), 0);
    assert_int_equal(
        jz_sql_script(sql, "UPDATE meta SET value = '999' WHERE name = 'schema'", &err), 0);
    assert_int_equal(jz_store_open(url, keyring, &options, &store, &err), JZ_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "newer"));
    assert_int_equal(jz_store_migrate(url, &from, &err), JZ_E_UNSUPPORTED);
    char back[80];
    snprintf(back, sizeof back, "UPDATE meta SET value = '%d' WHERE name = 'schema'",
             JZ_SCHEMA_VERSION);
    assert_int_equal(jz_sql_script(sql, back, &err), 0);
    assert_int_equal(jz_store_migrate(url, &from, &err), 0);
    assert_int_equal(from, JZ_SCHEMA_VERSION);
    jz_sql_close(sql);
}

/* The first version is this one without what came later. */
static void an_older_database_goes_forward(void **state)
{
    (void)state;
    struct jz_error err;
    const struct jz_sql_options plain = { 0 };
    struct jz_sql *sql = NULL;
    struct jz_store *store = NULL;
    int from = 0;
    assert_int_equal(jz_sql_open(url, &plain, &sql, &err), 0);
    for (int t = 1; t < JZ_TABLES; t++) {
        const struct jz_table_info *info = jz_table_info((enum jz_table)t);
        char script[96];
        if (!info || !info->since)
            continue;
        snprintf(script, sizeof script, "DROP TABLE %s", info->name);
        assert_int_equal(jz_sql_script(sql, script, &err), 0);
    }
    assert_int_equal(jz_sql_script(sql, "UPDATE meta SET value = '1' WHERE name = 'schema'", &err),
                     0);
    jz_sql_close(sql);
    assert_int_equal(jz_store_open(url, keyring, &options, &store, &err), JZ_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "migrate"));
    assert_int_equal(jz_store_migrate(url, &from, &err), 0);
    assert_int_equal(from, 1);
    store = open_store(&options);
    const int64_t person = new_person(store);
    struct jz_act act = { .person = person, .decide = consent };
    assert_int_equal(jz_store_act(store, &act, &err), 0);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM consent"), 1);
    jz_store_close(store);
    assert_int_equal(jz_sql_open(url, &plain, &sql, &err), 0);
    assert_int_equal(jz_sql_script(sql, "DELETE FROM consent", &err), JZ_E_DENIED);
    jz_sql_close(sql);
}

/* A batch larger than the queue: post waits for room, nothing is lost. */
static void the_queue_is_bounded(void **state)
{
    (void)state;
    enum { ACTS = JZ_STORE_QUEUE_ACTS + 500 };
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    struct sighting s = { .person = new_person(store), .refuse = true };
    struct jz_act *acts = calloc(ACTS, sizeof *acts);
    for (int i = 0; i < ACTS; i++)
        acts[i] = (struct jz_act){ .decide = see, .context = &s };
    struct jz_batch impatient = { .acts = acts, .count = ACTS, .impatient = true };
    assert_int_equal(jz_store_post(store, &impatient, &err), JZ_E_BUSY);
    assert_int_equal(jz_store_submit(store, acts, ACTS, &err), 0);
    for (int i = 0; i < ACTS; i++)
        assert_int_equal(acts[i].result, JZ_E_DENIED);
    free(acts);
    jz_store_close(store);
}

/* ---- Acts that name a list ---- */

struct crowd {
    const int64_t *persons;
    size_t count;
    int seen, missing;
};

static int see_all(void *context, const struct jz_person_state *states, struct jz_entry *entry,
                   struct jz_error *err)
{
    struct crowd *c = context;
    c->seen = c->missing = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct sighting s = { .person = c->persons[i] };
        if (!states[i].person) {
            c->missing++;
            continue;
        }
        if (states[i].person != c->persons[i] || states[i].benefit_count != 1)
            return jz_error_set(err, JZ_E_INTERNAL, "the states are not those of the list");
        see(&s, &states[i], entry, err);
        c->seen += s.seen_before;
    }
    return 0;
}

/* Between acts on the same persons, in the order in which they were posted. */
static void a_list_is_decided_in_its_turn(void **state)
{
    (void)state;
    enum { PERSONS = 700 };
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    static int64_t persons[PERSONS + 1];
    static struct sighting before[PERSONS], after[PERSONS];
    static struct jz_act acts[2 * PERSONS + 1];
    for (int i = 0; i < PERSONS; i++)
        persons[i] = new_person(store);
    persons[PERSONS] = 1 << 30; /* nobody */
    struct crowd crowd = { persons, PERSONS + 1, 0, 0 };
    for (int i = 0; i < PERSONS; i++) {
        before[i] = after[i] = (struct sighting){ .person = persons[i] };
        acts[i] = (struct jz_act){ .person = persons[i], .decide = see, .context = &before[i] };
        acts[PERSONS + 1 + i] =
            (struct jz_act){ .person = persons[i], .decide = see, .context = &after[i] };
    }
    acts[PERSONS] = (struct jz_act){
        .decide = see_all, .context = &crowd, .persons = persons, .person_count = PERSONS + 1
    };
    assert_int_equal(jz_store_submit(store, acts, 2 * PERSONS + 1, &err), 0);
    assert_int_equal(acts[PERSONS].result, 0);
    assert_true(acts[PERSONS].hold_ns > 0);
    assert_int_equal(crowd.seen, PERSONS);
    assert_int_equal(crowd.missing, 1);
    for (int i = 0; i < PERSONS; i++)
        assert_int_equal(after[i].seen_before, 2);

    const int64_t unsorted[] = { persons[1], persons[0] };
    struct jz_act bad = { .decide = see_all, .persons = unsorted, .person_count = 2 };
    assert_int_equal(jz_store_submit(store, &bad, 1, &err), JZ_E_USAGE);
    bad.person_count = JZ_STORE_LIST_PERSONS + 1;
    assert_int_equal(jz_store_submit(store, &bad, 1, &err), JZ_E_LIMIT);
    jz_store_close(store);
}

/* Pages of every size give everybody once, with what is known of each. */
static void pages_give_everybody_once(void **state)
{
    (void)state;
    static const size_t rooms[] = { JZ_STATES_PAGE_MIN, 50, 333, 4096 };
    static struct jz_person_state states[4096];
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    struct jz_sql *sql = NULL;
    for (int i = 0; i < 40; i++)
        new_person(store);
    const int64_t people = ask_store(store, "SELECT count(*) FROM person WHERE of IS NULL");
    const int64_t signs = ask_store(store, "SELECT count(*) FROM evidence");
    assert_true(signs > 100);
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++) {
        int64_t after = 0, seen = 0, seen_signs = 0;
        for (size_t got = 1; got > 0;) {
            assert_int_equal(jz_sql_begin_read(sql, &err), 0);
            assert_int_equal(
                jz_states_page(sql, NULL, after, INT64_MAX, states, rooms[k], &got, &err), 0);
            jz_sql_rollback(sql);
            for (size_t i = 0; i < got; i++) {
                assert_true(states[i].person > after);
                after = states[i].person;
                assert_int_equal(states[i].benefit_count, 1);
                assert_int_equal(jz_date_key(states[i].born_on), 19500101);
                seen++;
                seen_signs += states[i].sign_count;
                jz_person_state_done(&states[i]);
            }
        }
        assert_int_equal(seen, people);
        assert_int_equal(seen_signs, signs);
    }
    size_t got;
    assert_int_equal(jz_states_page(sql, NULL, 0, 1, states, 3, &got, &err), JZ_E_USAGE);
    jz_store_return(store, sql);
    jz_store_close(store);
}

/* Somebody with thousands of acts keeps nobody else waiting: the others' turn comes at once. */
static void many_acts_of_one_person_starve_nobody(void **state)
{
    (void)state;
    enum { ACTS = 3000 };
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    static struct sighting s[ACTS];
    struct sighting other = { .person = new_person(store) };
    struct jz_act *acts = calloc(ACTS, sizeof *acts);
    struct jz_act act = { .person = other.person, .decide = see, .context = &other };
    struct jz_batch batch = { .acts = acts, .count = ACTS };
    const int64_t busy = new_person(store);
    for (int i = 0; i < ACTS; i++) {
        s[i] = (struct sighting){ .person = busy, .seen_before = -1, .refuse = true };
        acts[i] = (struct jz_act){ .person = busy, .decide = see, .context = &s[i] };
    }
    assert_int_equal(jz_store_post(store, &batch, &err), 0);
    struct jz_store_stats before, after;
    jz_store_stats(store, &before);
    assert_int_equal(jz_store_submit(store, &act, 1, &err), 0);
    jz_store_stats(store, &after);
    assert_int_equal(act.result, 0);
    /* The group under way, its own, and what was begun before this thread looked again. */
    assert_true(after.groups - before.groups < ACTS / 10);
    jz_store_wait(store, &batch);
    for (int i = 0; i < ACTS; i++)
        assert_int_equal(acts[i].result, JZ_E_DENIED);
    free(acts);
    jz_store_close(store);
}

static int add_many_rows(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                         struct jz_error *err)
{
    (void)state, (void)err;
    static int64_t next_position;
    for (int i = 0; i < *(const int *)context; i++) {
        const struct jz_sql_value key[JZ_MAX_COLUMNS] = {
            [NODE_LEVEL] = jz_int(1000),
            [NODE_POSITION] = jz_int(next_position++),
            [NODE_HASH] = jz_blob("x", 1),
        };
        jz_entry_put(entry, JZ_T_AUDIT_NODE, key);
    }
    return 0;
}

/* An act has room for itself alone, whoever else is in its group. */
static void the_room_of_an_act_is_its_own(void **state)
{
    (void)state;
    enum { ACTS = 4 };
    static const int rows[ACTS] = { JZ_STORE_ENTRY_ROWS / 2, 10, JZ_STORE_ENTRY_ROWS - 10,
                                    JZ_STORE_ENTRY_ROWS + 1 };
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    struct jz_act acts[ACTS];
    for (int i = 0; i < ACTS; i++)
        acts[i] =
            (struct jz_act){ .decide = add_many_rows, .context = (void *)(uintptr_t)&rows[i] };
    const int64_t before = ask_store(store, "SELECT COUNT(*) FROM audit_node WHERE level = 1000");
    assert_int_equal(jz_store_submit(store, acts, ACTS, &err), 0);
    for (int i = 0; i < ACTS; i++)
        assert_int_equal(acts[i].result, i == 3 ? JZ_E_LIMIT : 0);
    assert_int_equal(ask_store(store, "SELECT COUNT(*) FROM audit_node WHERE level = 1000"),
                     before + rows[0] + rows[1] + rows[2]);
    jz_store_close(store);
}

static int add_bad_policy(void *context, const struct jz_person_state *state,
                          struct jz_entry *entry, struct jz_error *err)
{
    (void)context, (void)state, (void)err;
    const struct jz_sql_value row[JZ_MAX_COLUMNS] = {
        [POLICY_NAME] = jz_text("bad"),
        [POLICY_VERSION] = jz_int(1),
        [POLICY_TEXT] = jz_text("this is no policy"),
        [POLICY_OPERATOR] = jz_text("tester"),
    };
    jz_entry_add(entry, JZ_T_POLICY, row);
    jz_entry_policies_changed(entry);
    return 0;
}

/* What is on disk was done, even when the policies it changed cannot be read behind it. The last
   test: nothing can be written to this database any more. */
static void a_commit_is_never_taken_back(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_store *store = open_store(&options);
    struct sighting s = { .person = new_person(store) };
    struct jz_act acts[] = {
        { .decide = add_bad_policy },
        { .person = s.person, .decide = see, .context = &s },
    };
    const uint64_t before = read_head(store).tree.size;
    assert_int_equal(jz_store_submit(store, acts, 2, &err), 0);
    assert_int_equal(acts[0].result, 0);
    assert_int_equal(acts[1].result, 0);
    assert_int_equal(read_head(store).tree.size, before + 2);
    assert_int_equal(jz_store_submit(store, &acts[1], 1, &err), 0);
    assert_true(acts[1].result < 0);
    assert_int_equal(read_head(store).tree.size, before + 2);
    jz_store_close(store);
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_database_is_refused),
        cmocka_unit_test(states_follow_facts),
        cmocka_unit_test(one_person_is_decided_in_order),
        cmocka_unit_test(a_refused_act_leaves_nothing_and_hurts_nobody),
        cmocka_unit_test(facts_are_never_changed),
        cmocka_unit_test(two_writers_make_one_chain),
        cmocka_unit_test(a_clock_that_went_back_stops_the_writer),
        cmocka_unit_test(read_only_is_read_only),
        cmocka_unit_test(a_newer_database_is_refused),
        cmocka_unit_test(an_older_database_goes_forward),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(many_acts_of_one_person_starve_nobody),
        cmocka_unit_test(the_room_of_an_act_is_its_own),
        cmocka_unit_test(a_list_is_decided_in_its_turn),
        cmocka_unit_test(pages_give_everybody_once),
        cmocka_unit_test(a_commit_is_never_taken_back),
    };
    return cmocka_run_group_tests(tests, place_set_up, place_tear_down);
}
