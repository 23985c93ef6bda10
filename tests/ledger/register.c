#include "register.h"

#include "base/file.h"
#include "ledger/policies.h"
#include "ledger/standing.h"
#include "store/person.h"

#include <stdio.h>
#include <string.h>

struct jz_store *store;
struct jz_keyring *keyring;
char folder[32];

static char url[512], keys[64];
static int64_t now;

static int64_t made_clock(void)
{
    return now;
}

static const struct jz_store_options options = { .clock = made_clock };

struct jz_date day(const char *text)
{
    struct jz_date d = { 0 };
    if (text && !jz_date_parse(text, &d))
        fail_msg("%s is no day", text);
    return d;
}

void register_set_today(const char *today)
{
    enum { DAY_S = 86400, NOON_IN_SHANGHAI = 4 * 3600 };
    now = (int64_t)jz_date_to_days(day(today)) * DAY_S + NOON_IN_SHANGHAI;
}

/* What another test program left in this database is of no use here. */
static int clear_postgres(struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    const int r = jz_sql_open(url, NULL, &sql, err);
    return r < 0 ? r : jz_sql_script(sql, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", err);
}

bool register_open(int argc, char **argv, const char *today)
{
    struct jz_error err = { 0 };
    const bool on_postgres = argc > 1 && strcmp(argv[1], "postgres") == 0;
    register_set_today(today);
    snprintf(folder, sizeof folder, "/tmp/jz-ledger-XXXXXX");
    if (!mkdtemp(folder))
        return false;
    snprintf(keys, sizeof keys, "%s/keys", folder);
    if (on_postgres)
        snprintf(url, sizeof url, "%s", getenv("JIANZAI_POSTGRES"));
    else
        snprintf(url, sizeof url, "%s/register.db", folder);
    if ((on_postgres && clear_postgres(&err) < 0) ||
        jz_keyring_create(keys, JZ_SUITE_INTERNATIONAL, NULL, &err) < 0 ||
        jz_keyring_open(keys, NULL, &keyring, &err) < 0 ||
        jz_store_create(url, JZ_SUITE_INTERNATIONAL, &err) < 0 ||
        jz_store_open(url, keyring, &options, &store, &err) < 0) {
        print_error("%s\n", err.text);
        return false;
    }
    return true;
}

void register_pause(void)
{
    jz_store_close(store);
    store = NULL;
}

void register_reopen(void)
{
    struct jz_error err;
    register_pause();
    if (jz_store_open(url, keyring, &options, &store, &err) < 0)
        fail_msg("%s", err.text);
}

void register_rotate(enum jz_purpose purpose)
{
    struct jz_error err;
    register_pause();
    jz_keyring_free(keyring);
    keyring = NULL;
    if (jz_keyring_rotate(keys, NULL, purpose, &err) < 0 ||
        jz_keyring_open(keys, NULL, &keyring, &err) < 0)
        fail_msg("%s", err.text);
    register_reopen();
}

void register_close(void)
{
    jz_store_close(store);
    jz_keyring_free(keyring);
    jz_autofree char *command = NULL;
    if (asprintf(&command, "rm -rf %s", folder) < 0 || system(command) != 0)
        print_error("%s stays\n", folder);
}

void register_add_policy(const char *yaml)
{
    struct jz_error err;
    struct jz_policy *policy = NULL;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    size_t added = 0;
    if (jz_policy_parse("made", yaml, strlen(yaml), NULL, NULL, &policy, &err) < 0 ||
        jz_policy_set_new(&policy, 1, &set, &err) < 0 ||
        jz_policies_add(store, set, "tester", &added, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(added, 1);
}

/* ---- People ---- */

struct adding {
    const struct register_person *p;
    uint8_t sealed[JZ_PERSON_SEALED_BYTES];
    size_t sealed_size;
    uint8_t hash[JZ_FIND_BYTES];
    int64_t id;
};

static void add_benefit(const struct adding *a, const struct register_benefit *b,
                        struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [BENEFIT_PERSON] = jz_int(a->id),
        [BENEFIT_SCHEME] = jz_int(b->scheme),
        [BENEFIT_REGION] = jz_int(b->region),
        [BENEFIT_FROM] = jz_int(jz_date_key(day(b->from))),
        [BENEFIT_UNTIL] = b->until ? jz_int(jz_date_key(day(b->until))) : JZ_NULL,
        [BENEFIT_UNIT] = jz_text(b->unit),
        [BENEFIT_BY] = jz_text("tester"),
    };
    const struct jz_standing_cache none = { .state = JZ_STANDING_NONE };
    jz_standing_put(entry, a->id, jz_entry_add(entry, JZ_T_BENEFIT, values), &none);
}

static int add_person(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                      struct jz_error *err)
{
    struct adding *a = context;
    (void)state;
    (void)err;
    const struct jz_sql_value person[JZ_MAX_COLUMNS] = {
        [PERSON_BORN_ON] = jz_int(jz_date_key(day(a->p->born_on))),
        [PERSON_SEX] = jz_int(1),
        [PERSON_CARE] = jz_int(0),
        [PERSON_SEALED] = jz_blob(a->sealed, a->sealed_size),
        [PERSON_BY] = jz_text("tester"),
    };
    a->id = jz_entry_add(entry, JZ_T_PERSON, person);
    if (a->p->document) {
        const struct jz_sql_value found[JZ_MAX_COLUMNS] = {
            [FIND_HASH] = jz_blob(a->hash, sizeof a->hash),
            [FIND_PERSON] = jz_int(a->id),
        };
        jz_entry_put(entry, JZ_T_FIND, found);
    }
    for (size_t i = 0; i < 3 && a->p->benefits[i].region; i++)
        add_benefit(a, &a->p->benefits[i], entry);
    return 0;
}

static int refresh(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                   struct jz_error *err)
{
    (void)context;
    (void)err;
    jz_standing_write_all(entry, state, jz_entry_today(entry));
    return 0;
}

static void submit(int64_t person, jz_decide_fn decide, void *context)
{
    struct jz_error err;
    struct jz_act act = { .person = person, .decide = decide, .context = context };
    if (jz_store_submit(store, &act, 1, &err) < 0)
        fail_msg("%s", err.text);
    if (act.result < 0)
        fail_msg("%s", act.error.text);
}

int64_t register_add_person(const struct register_person *person)
{
    struct jz_error err;
    struct jz_document document;
    struct adding a = { .p = person };
    const char *number = person->document ? person->document : "11010519491231002X";
    if (jz_document_parse(number, JZ_DOCUMENT_UNKNOWN, NULL, &document, &err) < 0)
        fail_msg("%s", err.text);
    const struct jz_person_data data = {
        .name = person->name ? person->name : "无名",
        .kind = document.kind,
        .number = document.number,
        .issuer = document.issuer,
        .phone = "",
        .address = "",
    };
    if (jz_person_seal(keyring, &data, a.sealed, &a.sealed_size, &err) < 0 ||
        jz_person_document_hash(keyring, jz_keyring_versions(keyring, JZ_KEY_LOOKUP), &document,
                                a.hash, &err) < 0)
        fail_msg("%s", err.text);
    submit(0, add_person, &a);
    submit(a.id, refresh, NULL);
    return a.id;
}

static int add_enrolment(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                         struct jz_error *err)
{
    static const uint8_t bytes[32] = "nothing in it";
    (void)context;
    (void)err;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [ENROLMENT_PERSON] = jz_int(state->person),
        [ENROLMENT_MODELS] = jz_text("none"),
        [ENROLMENT_PHOTOS] = jz_int(1),
        [ENROLMENT_SEALED] = jz_blob(bytes, sizeof bytes),
        [ENROLMENT_DIGEST] = jz_blob(bytes, sizeof bytes),
        [ENROLMENT_BY] = jz_text("tester"),
    };
    jz_entry_add(entry, JZ_T_ENROLMENT, values);
    return 0;
}

void register_enrol(int64_t person)
{
    submit(person, add_enrolment, NULL);
}

struct moving {
    unsigned residence;
    uint8_t sealed[JZ_PERSON_SEALED_BYTES];
    size_t size;
};

static int move(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                struct jz_error *err)
{
    const struct moving *m = context;
    (void)err;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [PERSON_OF] = jz_int(state->person),
        [PERSON_BORN_ON] = jz_int(jz_date_key(state->born_on)),
        [PERSON_SEX] = jz_int(state->sex),
        [PERSON_CARE] = jz_int(state->care),
        [PERSON_RESIDENCE] = jz_int(m->residence),
        [PERSON_SEALED] = jz_blob(m->sealed, m->size),
        [PERSON_BY] = jz_text("tester"),
    };
    jz_entry_add(entry, JZ_T_PERSON, values);
    return 0;
}

void register_move(int64_t person, unsigned residence)
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    struct jz_person_record record;
    struct moving m = { .residence = residence };
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    assert_int_equal(jz_person_read(sql, keyring, person, &record, &err), 0);
    jz_store_return(store, sql);
    assert_int_equal(jz_person_seal(keyring, &record.data, m.sealed, &m.size, &err), 0);
    submit(person, move, &m);
}

/* ---- Questions ---- */

int64_t register_count(const char *question, int64_t parameter)
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value value = jz_int(parameter);
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    if (jz_sql_query(sql, question, &value, 1, &rows, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(jz_sql_next(rows, &err), 1);
    const int64_t n = jz_sql_int(rows, 0);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    return n;
}

int64_t register_facts(int64_t person, enum jz_table table)
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value values[] = { jz_int(person), jz_int(table) };
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    assert_int_equal(jz_sql_query(sql,
                                  "SELECT COUNT(*) FROM person_fact WHERE person = $1 AND "
                                  "kind = $2",
                                  values, 2, &rows, &err),
                     0);
    assert_int_equal(jz_sql_next(rows, &err), 1);
    const int64_t n = jz_sql_int(rows, 0);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    return n;
}

void register_check_caches(int64_t person)
{
    struct jz_error err;
    struct jz_person_state state;
    if (jz_person_state_load(store, person, &state, &err) < 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < state.benefit_count; i++) {
        const struct jz_standing_cache cache =
            jz_standing_cache(&state, &state.benefits[i], jz_date_at(now));
        if (!jz_standing_cache_holds(&cache, &state.benefits[i], jz_date_at(now)))
            fail_msg("benefit %d: cached due %d, state %d, by %lld; of the facts %d, %d, %lld", i,
                     jz_date_key(state.benefits[i].due_on), state.benefits[i].state,
                     (long long)state.benefits[i].decided_by, jz_date_key(cache.due_on),
                     cache.state, (long long)cache.decided_by);
    }
    jz_person_state_done(&state);
}

char *register_file(const char *name, const char *text)
{
    struct jz_error err;
    char *path = jz_path_join(folder, name);
    assert_non_null(path);
    if (text && jz_file_write(path, text, strlen(text), &err) < 0)
        fail_msg("%s", err.text);
    return path;
}
