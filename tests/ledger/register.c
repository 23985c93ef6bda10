#include "register.h"

#include "base/file.h"
#include "ledger/policies.h"
#include "ledger/standing.h"
#include "store/person.h"

#include <stdio.h>
#include <string.h>

struct jz_store *store;

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

void register_set_today(struct jz_date today)
{
    enum { DAY_S = 86400, NOON_IN_SHANGHAI_S = 4 * 3600 };
    now = (int64_t)jz_date_to_days(today) * DAY_S + NOON_IN_SHANGHAI_S;
}

void register_open(void)
{
    place_set_up(NULL);
    store = open_store(&options);
}

void register_close(void)
{
    register_pause();
    place_drop();
}

int register_tear_down(void **state)
{
    (void)state;
    register_close();
    return 0;
}

void register_pause(void)
{
    jz_store_close(store);
    store = NULL;
}

void register_reopen(void)
{
    register_pause();
    store = open_store(&options);
}

void register_rotate(enum jz_purpose purpose)
{
    struct jz_error err;
    register_pause();
    jz_keyring_free(keyring);
    keyring = NULL;
    WORKS(jz_keyring_rotate(keyring_file, NULL, purpose, &err));
    WORKS(jz_keyring_open(keyring_file, NULL, &keyring, &err));
    store = open_store(&options);
}

void register_add_policy(const char *yaml)
{
    struct jz_error err;
    struct jz_policy *policy = NULL;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    size_t added = 0;
    WORKS(jz_policy_parse("made", yaml, strlen(yaml), NULL, NULL, &policy, &err));
    WORKS(jz_policy_set_new(&policy, 1, &set, &err));
    WORKS(jz_policies_add(store, set, "tester", &added, &err));
    assert_int_equal(added, 1);
}

/* ---- People ---- */

static void submit(int64_t person, jz_decide_fn decide, void *context)
{
    struct jz_error err;
    struct jz_act act = { .person = person, .decide = decide, .context = context };
    WORKS(jz_store_submit(store, &act, 1, &err));
    err = act.error;
    WORKS(act.result);
}

struct adding {
    const struct register_person *people;
    size_t count;
    int64_t *ids;
};

static struct jz_sql_value day_or_null(struct jz_date d)
{
    return jz_date_is_set(d) ? jz_int(jz_date_key(d)) : JZ_NULL;
}

static int by_day(const void *a, const void *b)
{
    const struct jz_sign *x = a, *y = b;
    const int order = jz_date_compare(x->observed_on, y->observed_on);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

static void add_signs(const struct register_person *p, struct jz_person_state *s,
                      struct jz_entry *entry)
{
    for (int i = 0; i < REGISTER_SIGNS && jz_date_is_set(p->signs[i].observed_on); i++) {
        const struct register_sign *sign = &p->signs[i];
        const struct jz_sql_value evidence[JZ_MAX_COLUMNS] = {
            [EVIDENCE_PERSON] = jz_int(s->person),
            [EVIDENCE_KIND] = jz_int(sign->kind),
            [EVIDENCE_OBSERVED_ON] = jz_int(jz_date_key(sign->observed_on)),
            [EVIDENCE_OUTCOME] = jz_int(sign->outcome),
            [EVIDENCE_STRENGTH] = jz_int(jz_evidence_strength[sign->kind]),
            [EVIDENCE_BY] = jz_text("tester"),
        };
        s->signs[s->sign_count++] = (struct jz_sign){
            .id = jz_entry_add(entry, JZ_T_EVIDENCE, evidence),
            .observed_on = sign->observed_on,
            .kind = (uint8_t)sign->kind,
            .outcome = (uint8_t)sign->outcome,
        };
    }
    qsort(s->signs, (size_t)s->sign_count, sizeof *s->signs, by_day);
}

static void add_benefit(const struct register_benefit *b, const struct jz_person_state *s,
                        struct jz_entry *entry)
{
    const struct jz_sql_value row[JZ_MAX_COLUMNS] = {
        [BENEFIT_PERSON] = jz_int(s->person),    [BENEFIT_SCHEME] = jz_int(b->scheme),
        [BENEFIT_REGION] = jz_int(b->region),    [BENEFIT_FROM] = jz_int(jz_date_key(b->from)),
        [BENEFIT_UNTIL] = day_or_null(b->until), [BENEFIT_UNIT] = jz_text(b->unit),
        [BENEFIT_BY] = jz_text("tester"),
    };
    const struct jz_benefit_state benefit = {
        .benefit = jz_entry_add(entry, JZ_T_BENEFIT, row),
        .scheme = b->scheme,
        .region = b->region,
        .from = b->from,
        .until = b->until,
    };
    const struct jz_standing_cache cache = jz_standing_cache(s, &benefit, jz_entry_today(entry));
    jz_standing_put(entry, s->person, benefit.benefit, &cache);
}

/* Sealed and found as an import does it. */
static size_t seal(const struct register_person *p, int64_t person,
                   uint8_t sealed[JZ_PERSON_SEALED_BYTES], struct jz_entry *entry)
{
    struct jz_error err;
    char passport[16];
    struct jz_document document;
    uint8_t hash[JZ_FIND_BYTES];
    size_t size = 0;
    snprintf(passport, sizeof passport, "T%08lld", (long long)person);
    if (p->document)
        WORKS(jz_document_parse(p->document, JZ_DOCUMENT_UNKNOWN, NULL, &document, &err));
    else
        WORKS(jz_document_parse(passport, JZ_DOCUMENT_PASSPORT, "USA", &document, &err));
    WORKS(jz_person_document_hash(keyring, jz_keyring_versions(keyring, JZ_KEY_LOOKUP), &document,
                                  hash, &err));
    const struct jz_person_data data = {
        .name = p->name ? p->name : "无名",
        .kind = document.kind,
        .number = document.number,
        .issuer = document.issuer,
        .phone = p->phone ? p->phone : "",
        .address = "",
    };
    WORKS(jz_person_seal(keyring, &data, sealed, &size, &err));
    const struct jz_sql_value row[JZ_MAX_COLUMNS] = {
        [FIND_HASH] = jz_blob(hash, sizeof hash),
        [FIND_PERSON] = jz_int(person),
    };
    jz_entry_put(entry, JZ_T_FIND, row);
    return size;
}

static int add_people(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                      struct jz_error *err)
{
    const struct adding *a = context;
    (void)err;
    for (size_t i = 0; i < a->count; i++) {
        const struct register_person *p = &a->people[i];
        struct jz_sign signs[REGISTER_SIGNS];
        uint8_t sealed[JZ_PERSON_SEALED_BYTES];
        const size_t size = seal(p, jz_entry_next_id(entry), sealed, entry);
        const struct jz_sql_value row[JZ_MAX_COLUMNS] = {
            [PERSON_BORN_ON] = jz_int(jz_date_key(p->born_on)),
            [PERSON_SEX] = jz_int(1),
            [PERSON_CARE] = jz_int(0),
            [PERSON_SEALED] = jz_blob(sealed, size),
            [PERSON_BY] = jz_text("tester"),
        };
        struct jz_person_state s = {
            .person = jz_entry_add(entry, JZ_T_PERSON, row),
            .born_on = p->born_on,
            .signs = signs,
            .policies = state->policies,
        };
        if (a->ids)
            a->ids[i] = s.person;
        add_signs(p, &s, entry);
        for (int k = 0; k < REGISTER_BENEFITS && p->benefits[k].region; k++)
            add_benefit(&p->benefits[k], &s, entry);
    }
    return 0;
}

void register_add(const struct register_person *people, size_t count, int64_t *ret_ids)
{
    struct adding adding = { people, count, ret_ids };
    submit(0, add_people, &adding);
}

int64_t register_add_person(const struct register_person *person)
{
    int64_t id;
    register_add(person, 1, &id);
    return id;
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
    WORKS(jz_store_reader(store, &sql, &err));
    WORKS(jz_person_read(sql, keyring, person, &record, &err));
    jz_store_return(store, sql);
    WORKS(jz_person_seal(keyring, &record.data, m.sealed, &m.size, &err));
    submit(person, move, &m);
}

bool register_certify(int64_t person, struct jz_date observed_on)
{
    struct jz_error err;
    const struct jz_claim claim = { .person = person,
                                    .kind = JZ_EV_COMMUNITY,
                                    .observed_on = observed_on,
                                    .outcome = JZ_OUTCOME_PASS,
                                    .operator= "tester",
                                    .trusted = true };
    struct jz_claim_result result;
    WORKS(jz_claim_submit(store, &claim, &result, &err));
    return result.outcome == JZ_OUTCOME_PASS;
}

/* ---- Questions ---- */

int64_t register_facts(int64_t person, enum jz_table table)
{
    const struct jz_sql_value values[] = { jz_int(person), jz_int(table) };
    return ask_store_with(store, "SELECT COUNT(*) FROM person_fact WHERE person = $1 AND kind = $2",
                          values, 2);
}

char *register_text(const char *question)
{
    struct jz_error err;
    char *text = NULL;
    size_t size;
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    WORKS(jz_store_reader(store, &sql, &err));
    WORKS(jz_sql_query(sql, question, NULL, 0, &rows, &err));
    int r;
    while ((r = jz_sql_next(rows, &err)) == 1) {
        for (int i = 0; i < jz_sql_column_count(rows); i++) {
            const struct jz_sql_value v = jz_sql_value(rows, i);
            if (v.type == JZ_SQL_INT)
                fprintf(f, "%lld|", (long long)v.integer);
            else
                fprintf(f, "%.*s|", (int)v.size, v.size ? (const char *)v.data : "");
        }
        fputc('\n', f);
    }
    WORKS(r);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    fclose(f);
    return text;
}

void register_check_caches(int64_t person)
{
    struct jz_error err;
    struct jz_person_state state;
    WORKS(jz_person_state_load(store, person, &state, &err));
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

void register_damage(const char *statements)
{
    struct jz_error err;
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    WORKS(jz_sql_open(url, NULL, &sql, &err));
    WORKS(jz_sql_script(sql, statements, &err));
}

char *register_file(const char *name, const char *text)
{
    struct jz_error err;
    char *path = jz_path_join(folder, name);
    assert_non_null(path);
    if (text)
        WORKS(jz_file_write(path, text, strlen(text), &err));
    return path;
}
