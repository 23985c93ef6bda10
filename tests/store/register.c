#include "register.h"

#include "ledger/claim.h"
#include "ledger/policies.h"
#include "ledger/standing.h"
#include "store/person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct jz_error err;
static int64_t now;

#define WORKS(call)                                                                                \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("line %d: %s: %s", __LINE__, #call, err.text);                                \
    } while (0)

static int64_t clock_of_tests(void)
{
    return now;
}

static const struct jz_store_options options = { .clock = clock_of_tests };

void reg_set_day(struct jz_date day)
{
    enum { DAY_S = 86400, NOON_IN_SHANGHAI_S = 4 * 3600 };
    now = (int64_t)jz_date_to_days(day) * DAY_S + NOON_IN_SHANGHAI_S;
}

struct jz_date reg_day(int year, int month, int day)
{
    return (struct jz_date){ (int16_t)year, (uint8_t)month, (uint8_t)day };
}

static void empty_postgres(const char *url)
{
    const struct jz_sql_options plain = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    WORKS(jz_sql_open(url, &plain, &sql, &err));
    WORKS(jz_sql_script(sql, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", &err));
}

void reg_open(struct reg *reg, bool postgres)
{
    *reg = (struct reg){ .folder = "/tmp/jz-register-XXXXXX" };
    assert_non_null(mkdtemp(reg->folder));
    snprintf(reg->keys, sizeof reg->keys, "%s/keys", reg->folder);
    if (postgres)
        snprintf(reg->url, sizeof reg->url, "%s", getenv("JIANZAI_POSTGRES"));
    else
        snprintf(reg->url, sizeof reg->url, "%s/register.db", reg->folder);
    if (postgres)
        empty_postgres(reg->url);
    WORKS(jz_keyring_create(reg->keys, JZ_SUITE_INTERNATIONAL, NULL, &err));
    WORKS(jz_keyring_open(reg->keys, NULL, &reg->keyring, &err));
    WORKS(jz_store_create(reg->url, JZ_SUITE_INTERNATIONAL, &err));
    WORKS(jz_store_open(reg->url, reg->keyring, &options, &reg->store, &err));
}

void reg_reopen(struct reg *reg)
{
    jz_store_close(reg->store);
    reg->store = NULL;
    WORKS(jz_store_open(reg->url, reg->keyring, &options, &reg->store, &err));
}

void reg_close(struct reg *reg)
{
    jz_store_close(reg->store);
    jz_keyring_free(reg->keyring);
    jz_autofree char *command = NULL;
    assert_true(asprintf(&command, "rm -rf %s", reg->folder) > 0);
    assert_int_equal(system(command), 0);
}

void reg_policy(struct reg *reg, const char *text)
{
    struct jz_policy *policy = NULL;
    size_t added;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    WORKS(jz_policy_parse("test", text, strlen(text), NULL, NULL, &policy, &err));
    WORKS(jz_policy_set_new(&policy, 1, &set, &err));
    WORKS(jz_policies_add(reg->store, set, "tester", &added, &err));
    assert_int_equal(added, 1);
}

/* ---- People ---- */

struct adding {
    const struct jz_keyring *keyring;
    const struct reg_person *people;
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

static void add_signs(const struct reg_person *p, struct jz_person_state *s, struct jz_entry *entry)
{
    for (int i = 0; i < p->sign_count; i++) {
        const struct jz_sql_value evidence[JZ_MAX_COLUMNS] = {
            [EVIDENCE_PERSON] = jz_int(s->person),
            [EVIDENCE_KIND] = jz_int(p->signs[i].kind),
            [EVIDENCE_OBSERVED_ON] = jz_int(jz_date_key(p->signs[i].observed_on)),
            [EVIDENCE_OUTCOME] = jz_int(p->signs[i].outcome),
            [EVIDENCE_STRENGTH] = jz_int(jz_evidence_strength[p->signs[i].kind]),
            [EVIDENCE_BY] = jz_text("tester"),
        };
        s->signs[s->sign_count++] = (struct jz_sign){
            .id = jz_entry_add(entry, JZ_T_EVIDENCE, evidence),
            .observed_on = p->signs[i].observed_on,
            .kind = (uint8_t)p->signs[i].kind,
            .outcome = (uint8_t)p->signs[i].outcome,
        };
    }
    qsort(s->signs, (size_t)s->sign_count, sizeof *s->signs, by_day);
}

static void add_benefit(const struct reg_person *p, const struct jz_person_state *s,
                        struct jz_entry *entry)
{
    const struct jz_sql_value row[JZ_MAX_COLUMNS] = {
        [BENEFIT_PERSON] = jz_int(s->person),    [BENEFIT_SCHEME] = jz_int(p->scheme),
        [BENEFIT_REGION] = jz_int(p->region),    [BENEFIT_FROM] = jz_int(jz_date_key(p->from)),
        [BENEFIT_UNTIL] = day_or_null(p->until),
    };
    const struct jz_benefit_state benefit = {
        .benefit = jz_entry_add(entry, JZ_T_BENEFIT, row),
        .scheme = p->scheme,
        .region = p->region,
        .from = p->from,
        .until = p->until,
    };
    const struct jz_standing_cache c = jz_standing_cache(s, &benefit, jz_entry_today(entry));
    const struct jz_sql_value standing[JZ_MAX_COLUMNS] = {
        [STANDING_PERSON] = jz_int(s->person),
        [STANDING_BENEFIT] = jz_int(benefit.benefit),
        [STANDING_DUE_ON] = day_or_null(c.due_on),
        [STANDING_GRACE_UNTIL] = day_or_null(c.grace_until),
        [STANDING_STATE] = jz_int(c.state),
        [STANDING_NEXT_ON] = day_or_null(c.next_on),
        [STANDING_DECIDED_BY] = c.decided_by ? jz_int(c.decided_by) : JZ_NULL,
    };
    jz_entry_put(entry, JZ_T_STANDING, standing);
}

/* Sealed as an import does it, with a passport that follows from the number, and found by it. */
static size_t seal(const struct adding *a, int64_t person, uint8_t sealed[JZ_PERSON_SEALED_BYTES],
                   struct jz_entry *entry)
{
    char number[16];
    struct jz_document document;
    uint8_t hash[JZ_FIND_BYTES];
    size_t size = 0;
    snprintf(number, sizeof number, "T%08lld", (long long)person);
    WORKS(jz_document_parse(number, JZ_DOCUMENT_PASSPORT, "USA", &document, &err));
    WORKS(jz_person_document_hash(a->keyring, jz_keyring_versions(a->keyring, JZ_KEY_LOOKUP),
                                  &document, hash, &err));
    const struct jz_person_data data = {
        .name = "Somebody",
        .kind = document.kind,
        .number = document.number,
        .issuer = document.issuer,
        .phone = "",
        .address = "",
    };
    WORKS(jz_person_seal(a->keyring, &data, sealed, &size, &err));
    const struct jz_sql_value row[JZ_MAX_COLUMNS] = {
        [FIND_HASH] = jz_blob(hash, sizeof hash),
        [FIND_PERSON] = jz_int(person),
    };
    jz_entry_put(entry, JZ_T_FIND, row);
    return size;
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *error)
{
    const struct adding *a = context;
    (void)error;
    for (size_t i = 0; i < a->count; i++) {
        const struct reg_person *p = &a->people[i];
        struct jz_sign signs[8];
        uint8_t sealed[JZ_PERSON_SEALED_BYTES];
        const size_t size = seal(a, jz_entry_next_id(entry), sealed, entry);
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
        for (int k = 0; k < (p->benefits ? p->benefits : 1); k++)
            add_benefit(p, &s, entry);
    }
    return 0;
}

void reg_add(struct reg *reg, const struct reg_person *people, size_t count, int64_t *ret_ids)
{
    struct adding adding = { reg->keyring, people, count, ret_ids };
    struct jz_act act = { .decide = decide, .context = &adding };
    WORKS(jz_store_submit(reg->store, &act, 1, &err));
    err = act.error;
    WORKS(act.result);
}

bool reg_certify(struct reg *reg, int64_t person, struct jz_date observed_on)
{
    const struct jz_claim claim = { .person = person,
                                    .kind = JZ_EV_COMMUNITY,
                                    .observed_on = observed_on,
                                    .outcome = JZ_OUTCOME_PASS,
                                    .operator= "tester",
                                    .trusted = true };
    struct jz_claim_result result;
    WORKS(jz_claim_submit(reg->store, &claim, &result, &err));
    return result.outcome == JZ_OUTCOME_PASS;
}

/* ---- Looking ---- */

char *reg_text(struct reg *reg, const char *question)
{
    char *text = NULL;
    size_t size;
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    WORKS(jz_store_reader(reg->store, &sql, &err));
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
    jz_store_return(reg->store, sql);
    fclose(f);
    return text;
}

int64_t reg_count(struct reg *reg, const char *question)
{
    jz_autofree char *text = reg_text(reg, question);
    return strtoll(text, NULL, 10);
}

void reg_damage(struct reg *reg, const char *statements)
{
    const struct jz_sql_options plain = { 0 };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    WORKS(jz_sql_open(reg->url, &plain, &sql, &err));
    WORKS(jz_sql_script(sql, statements, &err));
}
