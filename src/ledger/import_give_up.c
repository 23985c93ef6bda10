/*
 * Giving up an import whose file is lost. Facts stay, so the people who are written stay: they are
 * made to be found by their documents, from what the facts say, as the import would have done at
 * its end. Stopped in the middle, it goes on when it is asked for again.
 */
#include "ledger/import_people_internal.h"

#include "base/encoding.h"
#include "ledger/operator.h"

#include <jansson.h>
#include <string.h>

static int check_reason(const char *reason, struct jz_error *err)
{
    const size_t size = reason ? strlen(reason) : 0;
    if (size == 0 || size > JZ_IMPORT_REASON_MAX || jz_utf8_valid(reason, size) < size)
        return jz_error_set(err, JZ_E_USAGE,
                            "giving up an import needs a reason, of %d bytes of UTF-8 at most",
                            JZ_IMPORT_REASON_MAX);
    return 0;
}

/* ---- What is given up ---- */

struct giving_up {
    struct jz_importing *m;
    const struct jz_import_give_up_options *options;
    struct jz_import_give_up_result result;
    uint8_t digest[JZ_DIGEST_BYTES];
    int64_t indexed; /* people who can be found by their documents already */
};

static int count_people(struct giving_up *g, struct jz_sql *sql, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value import = jz_int(g->m->import);
    int r = jz_sql_query(sql,
                         "SELECT count(*) FROM person WHERE id > $1 AND import = $1 "
                         "AND of IS NULL",
                         &import, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    g->result.people = jz_sql_int(rows, 0);
    return 0;
}

static int read_import(struct giving_up *g, struct jz_sql *sql, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value import = jz_int(g->m->import);
    int r =
        jz_sql_query(sql, "SELECT file, digest FROM import WHERE id = $1", &import, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    const struct jz_sql_value file = jz_sql_value(rows, 0), digest = jz_sql_value(rows, 1);
    if (r == 0 || digest.size != sizeof g->digest)
        return jz_error_set(err, JZ_E_INTEGRITY, "the job '%s' names no import", g->m->job);
    snprintf(g->result.file, sizeof g->result.file, "%.*s", (int)file.size,
             (const char *)file.data);
    memcpy(g->digest, digest.data, sizeof g->digest);
    return 0;
}

static int look(struct giving_up *g, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(g->m->store, &sql, err);
    if (r < 0)
        return r;
    if ((r = read_import(g, sql, err)) == 0)
        r = count_people(g, sql, err);
    jz_store_return(g->m->store, sql);
    return r;
}

/* ---- The fact that says so ---- */

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state;
    const struct giving_up *g = context;
    json_t *detail = json_pack("{s:I,s:I,s:s}", "import", (json_int_t)g->m->import, "people",
                               (json_int_t)g->result.people, "reason", g->options->reason);
    jz_autofree char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    json_decref(detail);
    if (!text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [IMPORT_KIND] = jz_text("people_given_up"),
        [IMPORT_FILE] = jz_text(g->result.file),
        [IMPORT_DIGEST] = jz_blob(g->digest, sizeof g->digest),
        [IMPORT_BY] = jz_text(g->options->operator),
        [IMPORT_DETAIL] = jz_text(text),
    };
    jz_entry_add(entry, JZ_T_IMPORT, values);
    jz_import_mark_ending(g->m, entry, g->indexed);
    return 0;
}

/* From here on only this goes on with the job: whoever still imports is refused the next step. */
static int begin(struct giving_up *g, struct jz_error *err)
{
    struct jz_act act = { .decide = decide, .context = g, .alone = true };
    g->indexed = g->m->phase == JZ_IMPORT_INDEXING ? g->m->position : 0;
    int r = jz_store_submit(g->m->store, &act, 1, err);
    if (r < 0 || (r = jz_import_settle(g->m, &act, err)) < 0)
        return r;
    g->m->is_ending = true;
    g->m->phase = JZ_IMPORT_INDEXING;
    g->m->position = g->indexed;
    return 0;
}

static int give_up(struct giving_up *g, struct jz_error *err)
{
    int r;
    if ((r = jz_import_find_job(g->m, err)) < 0 || (r = look(g, err)) < 0 ||
        (!g->m->is_ending && (r = begin(g, err)) < 0))
        return r;
    g->m->counts.people = g->result.people;
    if ((r = jz_import_index(g->m, err)) < 0 || (r = jz_import_end(g->m, err)) < 0)
        return r;
    g->result.import = g->m->import;
    return 0;
}

int jz_import_give_up(struct jz_store *store, const struct jz_import_give_up_options *options,
                      struct jz_import_give_up_result *ret_result, struct jz_error *err)
{
    const struct jz_import_people_options import = {
        .operator= options->operator,
        .on_progress = options->on_progress,
        .context = options->context,
    };
    struct jz_importing m = {
        .store = store,
        .keyring = jz_store_keyring(store),
        .options = &import,
        .gives_up = true,
    };
    struct giving_up g = { .m = &m, .options = options };
    int r;
    if ((r = check_reason(options->reason, err)) < 0 ||
        (r = jz_operator_check_role(store, options->operator, JZ_ROLE_ADMIN, err)) < 0 ||
        (r = give_up(&g, err)) < 0)
        return r;
    *ret_result = g.result;
    return 0;
}
