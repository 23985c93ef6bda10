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

static int64_t add_closing(const struct closing *x, struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CASE_OF] = jz_int(x->c->id),
        [CASE_PERSON] = jz_int(x->c->person),
        [CASE_KIND] = jz_text(x->c->kind),
        [CASE_STATE] = jz_text("closed"),
        [CASE_SUBJECT] = x->c->subject ? jz_int(x->c->subject) : JZ_NULL,
        [CASE_DETAIL] = jz_text(x->detail),
        [CASE_BY] = jz_text(x->by),
    };
    return jz_entry_add(entry, JZ_T_CASE, values);
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    struct closing *x = context;
    (void)state;
    (void)err;
    x->fact = add_closing(x, entry);
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

/* The case, which must be open. */
static int read_open(struct jz_store *store, int64_t id, const char *outcome, const char *reason,
                     const char *by, struct jz_case_story *story, struct jz_error *err)
{
    int r;
    if ((r = check_text("outcome", outcome, JZ_CASE_OUTCOME_MAX, err)) < 0 ||
        (r = check_text("reason", reason, JZ_CASE_REASON_MAX, err)) < 0 ||
        (r = check_text("operator", by, sizeof story->c.closed_by - 1, err)) < 0 ||
        (r = jz_case_read(store, id, story, err)) < 0)
        return r;
    return story->c.closed ? jz_error_set(err, JZ_E_CONFLICT, "case %lld was closed before, by %s",
                                          (long long)id, story->c.closed_by)
                           : 0;
}

/* NULL when memory is out. The caller frees. */
static char *closing_detail(const char *outcome, const char *reason)
{
    json_t *detail = json_pack("{s:s,s:s}", "outcome", outcome, "reason", reason);
    char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    json_decref(detail);
    return text;
}

int jz_case_close(struct jz_store *store, int64_t id, const char *outcome, const char *reason,
                  const char *by, int64_t *ret_fact, struct jz_error *err)
{
    JZ_CLEANUP(jz_case_story_done) struct jz_case_story story = { 0 };
    int r = read_open(store, id, outcome, reason, by, &story, err);
    if (r < 0)
        return r;
    jz_autofree char *text = closing_detail(outcome, reason);
    if (!text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    struct closing closing = { .c = &story.c, .detail = text, .by = by };
    struct jz_act act = { .person = story.c.person, .decide = decide, .context = &closing };
    if ((r = jz_store_act(store, &act, err)) < 0)
        return r;
    *ret_fact = closing.fact;
    return 0;
}

/* ---- Deciding evidence that waits ---- */

static int take_evidence(void *context, size_t number, const struct jz_sql_rows *rows,
                         struct jz_error *err)
{
    struct jz_case_evidence *ret = context;
    const int64_t kind = jz_sql_int(rows, 1);
    (void)number;
    if (kind < 0 || kind >= JZ_EV_KINDS)
        return jz_error_set(err, JZ_E_INTEGRITY, "evidence %lld is of no kind known here",
                            (long long)jz_sql_int(rows, 0));
    *ret = (struct jz_case_evidence){
        .id = jz_sql_int(rows, 0),
        .kind = (enum jz_evidence_kind)kind,
        .observed_on = jz_date_from_key(jz_sql_int(rows, 2)),
        .outcome = (enum jz_outcome)jz_sql_int(rows, 3),
        .place = (unsigned)jz_sql_int(rows, 4),
    };
    jz_sql_text(rows, 5, ret->source, sizeof ret->source);
    return 0;
}

int jz_case_evidence(struct jz_store *store, const struct jz_case *c,
                     struct jz_case_evidence *ret_evidence, struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(c->subject), jz_int(c->person) };
    struct jz_case_evidence found = { .id = 0 };
    size_t count = 0;
    /* A case is about a decision on evidence, or about the evidence itself. */
    const int r = jz_store_ask(
        store,
        "SELECT e.id, e.kind, e.observed_on, e.outcome, e.place, e.source FROM evidence e WHERE "
        "e.person = $2 AND e.id = COALESCE((SELECT d.evidence FROM decision d WHERE d.id = $1), "
        "$1)",
        values, 2, take_evidence, &found, &count, err);
    if (r == 0)
        *ret_evidence = found;
    return r;
}

struct deciding {
    struct closing closing;
    struct jz_claim_act act;
};

static int decide_evidence(void *context, const struct jz_person_state *state,
                           struct jz_entry *entry, struct jz_error *err)
{
    struct deciding *x = context;
    const int r = jz_claim_decide(&x->act, state, entry, err);
    const struct jz_claim_result *result = &x->act.result;
    if (r < 0)
        return r;
    if (jz_claim_lacks_refuse(&result->lacks, err) < 0)
        return JZ_E_USAGE;
    if (result->outcome == JZ_OUTCOME_PENDING)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "what speaks against it still does (%s): settle that first",
                            result->reasons.text);
    x->closing.fact = add_closing(&x->closing, entry);
    return 0;
}

int jz_case_decide(struct jz_store *store, const struct jz_case_verdict *v,
                   struct jz_case_decision *ret_decision, struct jz_error *err)
{
    const char *outcome = v->accept ? "accepted" : "refused";
    JZ_CLEANUP(jz_case_story_done) struct jz_case_story story = { 0 };
    struct jz_case_evidence evidence;
    int r;
    if ((r = read_open(store, v->id, outcome, v->reason, v->by, &story, err)) < 0 ||
        (r = jz_case_evidence(store, &story.c, &evidence, err)) < 0)
        return r;
    if (!evidence.id || evidence.outcome != JZ_OUTCOME_PENDING)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "case %lld is about no evidence that waits: type jianzai review close",
                            (long long)v->id);
    jz_autofree char *text = closing_detail(outcome, v->reason);
    if (!text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    struct jz_claim claim = {
        .person = story.c.person,
        .kind = evidence.kind,
        .observed_on = evidence.observed_on,
        .outcome = v->accept ? JZ_OUTCOME_PASS : JZ_OUTCOME_FAIL,
        .operator= v->by,
        .source = *evidence.source ? evidence.source : NULL,
        .place = evidence.place,
        .of = evidence.id,
        .trusted = true,
        .documents = v->documents,
        .document_count = v->document_count,
        .detail = text,
    };
    struct deciding x = {
        .closing = { .c = &story.c, .detail = text, .by = v->by },
        .act = { .claim = &claim, .store = store },
    };
    struct jz_act act = { .person = claim.person, .decide = decide_evidence, .context = &x };
    if ((r = jz_store_act(store, &act, err)) < 0)
        return r;
    *ret_decision = (struct jz_case_decision){
        .person = claim.person,
        .evidence = evidence,
        .claim = x.act.result,
    };
    return 0;
}
