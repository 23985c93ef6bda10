#include "ledger/review.h"

#include "base/encoding.h"

#include <jansson.h>
#include <string.h>

/* The row that closed it is the first that names it: what comes later was too late. */
#define COLUMNS                                                                                    \
    "SELECT c.id, c.person, c.subject, c.recorded_at, c.kind, c.operator, d.id, d.recorded_at, "   \
    "d.operator, c.detail, d.detail FROM review_case c LEFT JOIN review_case d "                   \
    "ON d.id = (SELECT MIN(e.id) FROM review_case e WHERE e.of = c.id) "

static int take(void *context, size_t number, const struct jz_sql_rows *rows, struct jz_error *err)
{
    (void)err;
    struct jz_case *ret = (struct jz_case *)context + number;
    *ret = (struct jz_case){
        .id = jz_sql_int(rows, 0),
        .person = jz_sql_int(rows, 1),
        .subject = jz_sql_int(rows, 2),
        .opened_at = jz_sql_int(rows, 3),
        .closed = jz_sql_int(rows, 6),
        .closed_at = jz_sql_int(rows, 7),
    };
    jz_sql_text(rows, 4, ret->kind, sizeof ret->kind);
    jz_sql_text(rows, 5, ret->opened_by, sizeof ret->opened_by);
    jz_sql_text(rows, 8, ret->closed_by, sizeof ret->closed_by);
    return 0;
}

int jz_case_list(struct jz_store *store, const struct jz_case_filter *filter, int64_t after,
                 struct jz_case *ret_cases, size_t room, size_t *ret_count, struct jz_error *err)
{
    const struct jz_sql_value values[] = {
        jz_int(after),
        jz_int(filter->open_only),
        jz_text(filter->kind ? filter->kind : ""),
        jz_int(filter->person),
        jz_int((int64_t)room),
    };
    return jz_store_ask(store,
                        COLUMNS "WHERE c.of IS NULL AND c.id > $1 AND ($2 = 0 OR d.id IS NULL) AND "
                                "($3 = '' OR c.kind = $3) AND ($4 = 0 OR c.person = $4) "
                                "ORDER BY c.id LIMIT $5",
                        values, sizeof values / sizeof values[0], take, ret_cases, ret_count, err);
}

static int take_story(void *context, size_t number, const struct jz_sql_rows *rows,
                      struct jz_error *err)
{
    struct jz_case_story *ret = context;
    ret->detail = jz_sql_dup_text(rows, 9);
    ret->closing = jz_sql_dup_text(rows, 10);
    return take(&ret->c, number, rows, err);
}

int jz_case_read(struct jz_store *store, int64_t id, struct jz_case_story *ret_story,
                 struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(id);
    struct jz_case_story story = { .detail = NULL };
    size_t rows = 0;
    int r = jz_store_ask(store, COLUMNS "WHERE c.id = $1 AND c.of IS NULL", &value, 1, take_story,
                         &story, &rows, err);
    if (r == 0 && rows == 0)
        r = jz_error_set(err, JZ_E_NOT_FOUND, "there is no case %lld", (long long)id);
    if (r < 0) {
        jz_case_story_done(&story);
        return r;
    }
    *ret_story = story;
    return 0;
}

void jz_case_story_done(struct jz_case_story *story)
{
    free(story->detail);
    free(story->closing);
    story->detail = story->closing = NULL;
}

/* ---- Closing ---- */

struct closing {
    const struct jz_case *c;
    const char *detail, *by;
    int64_t fact;
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    struct closing *x = context;
    (void)state;
    (void)err;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CASE_OF] = jz_int(x->c->id),
        [CASE_PERSON] = jz_int(x->c->person),
        [CASE_KIND] = jz_text(x->c->kind),
        [CASE_STATE] = jz_text("closed"),
        [CASE_SUBJECT] = x->c->subject ? jz_int(x->c->subject) : JZ_NULL,
        [CASE_DETAIL] = jz_text(x->detail),
        [CASE_BY] = jz_text(x->by),
    };
    x->fact = jz_entry_add(entry, JZ_T_CASE, values);
    return 0;
}

static int check_text(const char *what, const char *text, size_t most, struct jz_error *err)
{
    const size_t size = text ? strlen(text) : 0;
    if (size == 0)
        return jz_error_set(err, JZ_E_USAGE, "closing a case needs its %s", what);
    if (size > most || jz_utf8_valid(text, size) != size)
        return jz_error_set(err, JZ_E_USAGE, "the %s is longer than %zu bytes or not UTF-8", what,
                            most);
    return 0;
}

int jz_case_close(struct jz_store *store, int64_t id, const char *outcome, const char *reason,
                  const char *by, int64_t *ret_fact, struct jz_error *err)
{
    JZ_CLEANUP(jz_case_story_done) struct jz_case_story story = { 0 };
    int r;
    if ((r = check_text("outcome", outcome, JZ_CASE_OUTCOME_MAX, err)) < 0 ||
        (r = check_text("reason", reason, JZ_CASE_REASON_MAX, err)) < 0 ||
        (r = check_text("operator", by, sizeof story.c.closed_by - 1, err)) < 0 ||
        (r = jz_case_read(store, id, &story, err)) < 0)
        return r;
    if (story.c.closed)
        return jz_error_set(err, JZ_E_CONFLICT, "case %lld was closed before, by %s", (long long)id,
                            story.c.closed_by);
    json_t *detail = json_pack("{s:s,s:s}", "outcome", outcome, "reason", reason);
    jz_autofree char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    json_decref(detail);
    if (!text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    struct closing closing = { .c = &story.c, .detail = text, .by = by };
    struct jz_act act = { .person = story.c.person, .decide = decide, .context = &closing };
    if ((r = jz_store_act(store, &act, err)) < 0)
        return r;
    *ret_fact = closing.fact;
    return 0;
}
