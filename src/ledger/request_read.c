/* Requests as they stand: one, a page of them, and who else has the same proxy or phone. */
#include "ledger/request_internal.h"

#include <string.h>

/*
 * The first row of each and the one that holds: a later row stands for all that can change, and the
 * first has what was asked for.
 */
#define COLUMNS                                                                                    \
    "SELECT r.id, r.person, r.kind, r.recorded_at, r.operator, r.subject, l.id, l.state, "         \
    "l.recorded_at, l.operator, l.due_on, l.subject, l.detail, r.sealed, r.detail "
#define LATEST                                                                                     \
    "JOIN request l ON l.id = COALESCE((SELECT max(e.id) FROM request e WHERE e.of = r.id), "      \
    "r.id) "

static int take_word(const struct jz_sql_rows *rows, int column, const struct jz_word *words,
                     size_t count)
{
    char name[JZ_REQUEST_OUTCOME_BYTES];
    jz_sql_text(rows, column, name, sizeof name);
    return jz_word_find(words, count, name);
}

static void take_member(const json_t *detail, const char *name, char *ret, size_t size)
{
    const char *text = json_string_value(json_object_get(detail, name));
    snprintf(ret, size, "%s", text ? text : "");
}

static int take(const struct jz_sql_rows *rows, struct jz_request *ret, struct jz_error *err)
{
    const int kind = take_word(rows, 2, jz_request_words, JZ_REQUEST_KINDS);
    const int state = take_word(rows, 7, jz_request_state_words, JZ_REQUEST_STATES);
    if (kind < 0 || state < 0)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "request %lld is of a kind or in a state that is not known here",
                            (long long)jz_sql_int(rows, 0));
    *ret = (struct jz_request){
        .id = jz_sql_int(rows, 0),
        .person = jz_sql_int(rows, 1),
        .kind = (enum jz_request_kind)kind,
        .made_at = jz_sql_int(rows, 3),
        .subject = jz_sql_int(rows, 5),
        .row = jz_sql_int(rows, 6),
        .state = (enum jz_request_state)state,
        .changed_at = jz_sql_int(rows, 8),
        .due_on = jz_date_from_key(jz_sql_int(rows, 10)),
    };
    jz_sql_text(rows, 4, ret->made_by, sizeof ret->made_by);
    jz_sql_text(rows, 9, ret->changed_by, sizeof ret->changed_by);
    if (ret->row == ret->id)
        return 0;
    const struct jz_sql_value text = jz_sql_value(rows, 12);
    json_t *detail = text.data ? json_loadb(text.data, text.size, 0, NULL) : NULL;
    ret->came = jz_sql_int(rows, 11);
    take_member(detail, "assigned_to", ret->assigned_to, sizeof ret->assigned_to);
    take_member(detail, "outcome", ret->outcome, sizeof ret->outcome);
    take_member(detail, "reason", ret->reason, sizeof ret->reason);
    json_decref(detail);
    return 0;
}

static int ask_one(struct jz_sql *sql, int64_t id, struct jz_sql_rows **ret_rows,
                   struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(id);
    const int r = jz_sql_query(sql,
                               COLUMNS "FROM request r " LATEST "WHERE r.id = $1 AND r.of IS "
                                       "NULL",
                               &value, 1, ret_rows, err);
    return r < 0 ? r : jz_sql_next(*ret_rows, err);
}

int request_load(struct jz_sql *sql, int64_t id, struct jz_request *ret_request,
                 struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    const int r = ask_one(sql, id, &rows, err);
    if (r <= 0)
        return r;
    const int e = take(rows, ret_request, err);
    return e < 0 ? e : 1;
}

int request_latest(struct jz_sql *sql, int64_t person, int64_t *ret_latest, struct jz_error *err)
{
    /* The numbers are those of store/table.h: request, file. */
    const struct jz_sql_value value = jz_int(person);
    return jz_sql_number(sql,
                         "SELECT max(fact) FROM person_fact WHERE person = $1 AND kind IN (22, 23)",
                         &value, 1, ret_latest, err);
}

/* ---- Lists ---- */

/* ",visit,proxy," of the bits; all of them for 0. */
static void name_bits(unsigned bits, const struct jz_word *words, int count, char ret_text[256])
{
    size_t used = (size_t)snprintf(ret_text, 256, ",");
    for (int i = 0; i < count; i++)
        if (bits == 0 || bits & 1u << i)
            used += (size_t)snprintf(ret_text + used, 256 - used, "%s,", words[i].name);
}

static int take_listed(void *context, size_t number, const struct jz_sql_rows *rows,
                       struct jz_error *err)
{
    return take(rows, (struct jz_request *)context + number, err);
}

int jz_request_list(struct jz_store *store, const struct jz_request_filter *filter, int64_t after,
                    struct jz_request *ret_requests, size_t room, size_t *ret_count,
                    struct jz_error *err)
{
#define NARROWED                                                                                   \
    "AND r.of IS NULL AND $2 LIKE '%,' || r.kind || ',%' AND $3 LIKE '%,' || l.state || ',%' "     \
    "AND ($5 = 0 OR r.person = $5) ORDER BY r.id LIMIT $4"
    static const char of_all[] = COLUMNS "FROM request r " LATEST "WHERE r.id > $1 " NARROWED;
    static const char of_one[] =
        COLUMNS "FROM person_fact f JOIN request r ON r.id = f.fact " LATEST
                "WHERE f.person = $5 AND f.kind = 22 AND f.fact > $1 " NARROWED;
    char kinds[256], states[256];
    name_bits(filter->kinds, jz_request_words, JZ_REQUEST_KINDS, kinds);
    name_bits(filter->states, jz_request_state_words, JZ_REQUEST_STATES, states);
    const struct jz_sql_value values[] = { jz_int(after), jz_text(kinds), jz_text(states),
                                           jz_int((int64_t)room), jz_int(filter->person) };
    return jz_store_ask(store, filter->person ? of_one : of_all, values,
                        sizeof values / sizeof values[0], take_listed, ret_requests, ret_count,
                        err);
}

/* ---- One ---- */

/* The plain fields and the sealed ones together, as they were given. */
static int open_fields(const struct jz_keyring *keyring, const struct jz_sql_rows *rows,
                       const struct jz_request *r, json_t **ret_fields, struct jz_error *err)
{
    const struct jz_sql_value sealed = jz_sql_value(rows, 13), plain = jz_sql_value(rows, 14);
    char context[REQUEST_CONTEXT_BYTES];
    jz_autofree uint8_t *text = malloc(sealed.size + 1);
    size_t size = 0;
    if (!text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const int e =
        jz_keyring_unseal(keyring, JZ_KEY_IDENTITY, request_context(r->person, r->kind, context),
                          sealed.data, sealed.size, text, &size, err);
    if (e < 0)
        return e;
    json_t *fields = json_loadb((const char *)text, size, 0, NULL);
    json_t *others = json_loadb(plain.data, plain.size, 0, NULL);
    jz_wipe(text, size);
    const bool both = fields && others && json_object_update(fields, others) == 0;
    json_decref(others);
    if (!both) {
        json_decref(fields);
        return jz_error_set(err, JZ_E_INTEGRITY, "the fields of request %lld are damaged",
                            (long long)r->id);
    }
    *ret_fields = fields;
    return 0;
}

int jz_request_read(struct jz_store *store, int64_t id, struct jz_request_story *ret_story,
                    struct jz_error *err)
{
    struct jz_request_story story = { .fields = NULL };
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = ask_one(sql, id, &rows, err)) == 1 && (r = take(rows, &story.r, err)) == 0)
        r = open_fields(jz_store_keyring(store), rows, &story.r, &story.fields, err);
    else if (r == 0)
        r = jz_error_set(err, JZ_E_NOT_FOUND, "there is no request %lld", (long long)id);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    if (r == 0)
        *ret_story = story;
    return r;
}

void jz_request_story_done(struct jz_request_story *story)
{
    json_decref(story->fields);
    story->fields = NULL;
}

/* ---- The same helper ---- */

/* False when the kind has nothing that is compared, or this one lacks it. */
static bool compared_text(const struct jz_request_story *story, char ret_text[REQUEST_ALIKE_BYTES])
{
    const struct jz_request_kind_info *info = &jz_request_kinds[story->r.kind];
    const struct jz_request_field *field = info->fields;
    while (info->alike && strcmp(field->name, info->alike) != 0)
        field++;
    const char *text =
        info->alike ? json_string_value(json_object_get(story->fields, info->alike)) : NULL;
    if (text)
        request_compared(text, (enum jz_field_type)field->type, ret_text);
    return text != NULL;
}

int jz_request_alike(struct jz_store *store, const struct jz_request *request, int64_t *ret_people,
                     struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    JZ_CLEANUP(jz_request_story_done) struct jz_request_story story = { .fields = NULL };
    struct jz_sql *sql = NULL;
    int64_t people = 0;
    int r = jz_request_read(store, request->id, &story, err);
    if (r < 0)
        return r;
    char text[REQUEST_ALIKE_BYTES];
    if (!compared_text(&story, text)) {
        *ret_people = 0;
        return 0;
    }
    if ((r = jz_store_reader(store, &sql, err)) < 0)
        return r;
    for (unsigned v = jz_keyring_versions(keyring, JZ_KEY_LOOKUP); v > 0 && r == 0; v--) {
        uint8_t hash[JZ_FIND_BYTES];
        int64_t others = 0;
        const struct jz_sql_value values[] = { jz_blob(hash, sizeof hash),
                                               jz_int(request->person) };
        if ((r = request_alike_hash(keyring, v, text, hash, err)) == 0)
            r = jz_sql_number(sql,
                              "SELECT count(DISTINCT person) FROM request WHERE alike = $1 AND "
                              "person <> $2",
                              values, 2, &others, err);
        people += others;
    }
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    *ret_people = people;
    return 0;
}
