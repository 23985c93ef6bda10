#include "ledger/request_answer.h"

#include "identity/register.h"
#include "identity/residence.h"
#include "ledger/person.h"
#include "ledger/request_file.h"
#include "ledger/request_internal.h"
#include "ledger/review.h"

#include <string.h>

/* One try to answer. */
struct answering {
    struct jz_store *store;
    const struct jz_answer *a;
    struct jz_request_story story;
    struct request_change change;
    struct jz_answer_result result;
};

static void answering_done(struct answering *x)
{
    jz_request_story_done(&x->story);
    request_change_done(&x->change);
}

static const char *field_of(const struct answering *x, const char *name)
{
    return json_string_value(json_object_get(x->story.fields, name));
}

/* ---- A claim ---- */

struct claiming {
    struct answering *x;
    struct jz_claim_act act;
};

static int decide_claim(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                        struct jz_error *err)
{
    struct claiming *c = context;
    struct request_change *change = &c->x->change;
    int r;
    /* What is missing is the clerk's to mend: better told now than recorded as a failure. */
    if ((r = jz_claim_decide(&c->act, state, entry, err)) < 0 ||
        (r = jz_claim_lacks_refuse(&c->act.result.lacks, err)) < 0)
        return r;
    return request_change_add(change, state, c->act.result.evidence, entry, err);
}

static struct jz_date observed_on(const struct answering *x)
{
    const char *beacon_day = field_of(x, "beacon_day");
    struct jz_date day;
    if (jz_date_is_set(x->a->on))
        return x->a->on;
    if (jz_request_kinds[x->story.r.kind].by_appointment)
        return jz_store_today(x->store);
    return beacon_day && jz_date_parse(beacon_day, &day) ? day : jz_date_at(x->story.r.made_at);
}

/* The files stand beside what was presented; the beacon on the paper in them says of which day. */
static int gather_documents(const struct answering *x, const struct jz_request_file *files,
                            int count, struct jz_claim_document documents[JZ_CLAIM_DOCUMENTS])
{
    const char *beacon_day = field_of(x, "beacon_day");
    struct jz_date day = { 0 };
    int n = x->a->document_count;
    if (beacon_day && !jz_date_parse(beacon_day, &day))
        day = (struct jz_date){ 0 };
    memcpy(documents, x->a->documents, (size_t)n * sizeof *documents);
    for (int i = 0; i < count && n < JZ_CLAIM_DOCUMENTS; i++) {
        bool is_there = false;
        for (int k = 0; k < n; k++)
            is_there |= strcmp(documents[k].name, files[i].document) == 0;
        if (is_there)
            continue;
        documents[n] = (struct jz_claim_document){ .day = day };
        snprintf(documents[n].name, sizeof documents[n].name, "%s", files[i].document);
        n++;
    }
    return n;
}

static int accept_claim(struct answering *x, struct jz_error *err)
{
    const struct jz_request *r = &x->story.r;
    struct jz_request_file files[JZ_REQUEST_FILES_MAX];
    struct jz_claim_document documents[JZ_CLAIM_DOCUMENTS];
    char detail[64];
    int count = 0;
    int e = jz_request_files(x->store, r->id, files, &count, err);
    if (e < 0)
        return e;
    snprintf(detail, sizeof detail, "{\"request\":%lld}", (long long)r->id);
    struct jz_claim claim = {
        .person = r->person,
        .kind = (enum jz_evidence_kind)jz_request_kinds[r->kind].evidence,
        .observed_on = observed_on(x),
        .outcome = JZ_OUTCOME_PASS,
        .operator= x->a->by,
        .place = x->a->place,
        .trusted = true,
        .documents = documents,
        .document_count = gather_documents(x, files, count, documents),
        .detail = detail,
    };
    struct claiming c = { .x = x, .act = { .claim = &claim, .store = x->store } };
    struct jz_act act = { .person = r->person, .decide = decide_claim, .context = &c };
    if ((e = jz_store_act(x->store, &act, err)) < 0)
        return e;
    x->result.is_claimed = true;
    x->result.kind = claim.kind;
    x->result.observed_on = claim.observed_on;
    x->result.claim = c.act.result;
    return 0;
}

/* ---- Corrections ---- */

static int correct(struct answering *x, struct jz_person_change *change, struct jz_error *err)
{
    const struct jz_also with = { request_change_add, &x->change };
    char reason[JZ_CORRECTION_REASON_MAX];
    snprintf(reason, sizeof reason, "request %lld", (long long)x->story.r.id);
    change->operator= x->a->by;
    change->reason = reason;
    change->also = &with;
    return jz_person_correct(x->store, x->story.r.person, change, err);
}

/* Where the value of a request goes in a change of the person; "other" goes nowhere. */
static int fill_change(const char *field, const char *value, struct jz_document *document,
                       struct jz_person_change *change, struct jz_error *err)
{
    const char **const texts[] = { &change->name, &change->phone, &change->address };
    static const char *const names[] = { "name", "phone", "address" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(field, names[i]) == 0)
            *texts[i] = value;
    if (strcmp(field, "born_on") == 0 && !jz_date_parse(value, &change->born_on))
        return jz_error_set(err, JZ_E_INTEGRITY, "the birth date in the request is none");
    if (strcmp(field, "sex") == 0)
        change->sex = strcmp(value, "male") == 0 ? JZ_SEX_MALE : JZ_SEX_FEMALE;
    if (strcmp(field, "document") == 0) {
        const int r = request_document_parse(value, document, err);
        if (r < 0)
            return r;
        change->document = document;
    }
    return 0;
}

static int decide_plain(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                        struct jz_error *err)
{
    return request_change_add(context, state, 0, entry, err);
}

/* The answer alone. */
static int answer_plain(struct answering *x, struct jz_error *err)
{
    struct jz_act act = {
        .person = x->story.r.person,
        .decide = decide_plain,
        .context = &x->change,
    };
    return jz_store_act(x->store, &act, err);
}

static int accept_correction(struct answering *x, struct jz_error *err)
{
    const char *field = field_of(x, "field"), *value = field_of(x, "value");
    struct jz_person_change change = { .sex = -1, .care = -1, .residence = -1 };
    struct jz_document document;
    if (!field || !value)
        return jz_error_set(err, JZ_E_INTEGRITY, "the request does not say what is wrong");
    if (strcmp(field, "other") == 0)
        return answer_plain(x, err);
    const int r = fill_change(field, value, &document, &change, err);
    return r < 0 ? r : correct(x, &change, err);
}

static int accept_residence(struct answering *x, struct jz_error *err)
{
    const char *where = field_of(x, "residence");
    struct jz_person_change change = { .sex = -1, .care = -1, .residence = -1 };
    unsigned residence;
    if (!where || !jz_residence_parse(where, &residence))
        return jz_error_set(err, JZ_E_INTEGRITY, "the request does not say where");
    change.residence = residence;
    change.address = field_of(x, "address");
    return correct(x, &change, err);
}

/* ---- An objection ---- */

struct objecting {
    struct answering *x;
    struct jz_case_story ended; /* the case that it closes */
    char *detail;
};

static void objecting_done(struct objecting *o)
{
    jz_case_story_done(&o->ended);
    free(o->detail);
}

static int decide_objection(void *context, const struct jz_person_state *state,
                            struct jz_entry *entry, struct jz_error *err)
{
    struct objecting *o = context;
    struct answering *x = o->x;
    const struct jz_request *r = &x->story.r;
    const bool closes = x->a->closes != 0;
    const int64_t subject = closes ? o->ended.c.subject : r->subject;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CASE_OF] = closes ? jz_int(x->a->closes) : JZ_NULL,
        [CASE_PERSON] = jz_int(r->person),
        [CASE_KIND] = jz_text(closes ? o->ended.c.kind : "objection"),
        [CASE_STATE] = jz_text(closes ? "closed" : "open"),
        [CASE_SUBJECT] = subject ? jz_int(subject) : JZ_NULL,
        [CASE_DETAIL] = jz_text(o->detail),
        [CASE_BY] = jz_text(x->a->by),
    };
    const int64_t id = jz_entry_add(entry, JZ_T_CASE, values);
    x->result.opened_case = closes ? 0 : id;
    x->result.closed_case = x->a->closes;
    return request_change_add(&x->change, state, closes ? x->a->closes : id, entry, err);
}

static int check_case(struct answering *x, struct jz_case_story *ret_case, struct jz_error *err)
{
    const int r = jz_case_read(x->store, x->a->closes, ret_case, err);
    if (r < 0)
        return r;
    if (ret_case->c.person != x->story.r.person)
        return jz_error_set(err, JZ_E_USAGE, "case %lld is about another person",
                            (long long)x->a->closes);
    return ret_case->c.closed ? jz_error_set(err, JZ_E_CONFLICT, "case %lld is closed already",
                                             (long long)x->a->closes)
                              : 0;
}

static int accept_objection(struct answering *x, struct jz_error *err)
{
    JZ_CLEANUP(objecting_done) struct objecting o = { .x = x };
    const int r = x->a->closes ? check_case(x, &o.ended, err) : 0;
    if (r < 0)
        return r;
    json_t *detail =
        json_pack("{s:s*,s:I,s:s*}", "outcome", x->a->closes ? "objection accepted" : NULL,
                  "request", (json_int_t)x->story.r.id, "reason", x->a->reason);
    o.detail = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
    json_decref(detail);
    if (!o.detail)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    struct jz_act act = {
        .person = x->story.r.person,
        .decide = decide_objection,
        .context = &o,
    };
    return jz_store_act(x->store, &act, err);
}

/* ---- Deletion ---- */

static int accept_deletion(struct answering *x, struct jz_error *err)
{
    char reason[64];
    const struct jz_also with = { request_change_add, &x->change };
    snprintf(reason, sizeof reason, "request %lld", (long long)x->story.r.id);
    const int r = jz_forget_also(x->store, x->story.r.person, reason, x->a->by, &with,
                                 &x->result.forgotten, err);
    if (r == JZ_E_NOT_FOUND)
        return answer_plain(x, err);
    x->result.is_forgotten = r == 0;
    return r;
}

/* ---- All kinds ---- */

static int (*const accept[JZ_REQUEST_KINDS])(struct answering *x, struct jz_error *err) = {
    [JZ_REQUEST_CORRECTION] = accept_correction, [JZ_REQUEST_OBJECTION] = accept_objection,
    [JZ_REQUEST_VISIT] = accept_claim,           [JZ_REQUEST_VIDEO_CALL] = accept_claim,
    [JZ_REQUEST_PROXY] = accept_claim,           [JZ_REQUEST_MATERIALS] = accept_claim,
    [JZ_REQUEST_RESIDENCE] = accept_residence,   [JZ_REQUEST_DELETE_BIOMETRICS] = accept_deletion,
};

static const char *const outcomes[] = {
    [JZ_ANSWER_ACCEPT] = "accepted",
    [JZ_ANSWER_REFUSE] = "refused",
    [JZ_ANSWER_NOT_MET] = "not_met",
};

static int check_answer(const struct answering *x, struct jz_error *err)
{
    const struct jz_answer *a = x->a;
    const struct jz_request_kind_info *info = &jz_request_kinds[x->story.r.kind];
    const char *kind = jz_request_words[x->story.r.kind].name;
    if (a->word == JZ_ANSWER_NOT_MET && !info->by_appointment)
        return jz_error_set(err, JZ_E_USAGE, "nobody is met for a request of kind %s", kind);
    if (a->word == JZ_ANSWER_NOT_MET && (!a->reason || !*a->reason))
        return jz_error_set(err, JZ_E_USAGE, "--reason is missing: the person is told why");
    if (a->closes && (x->story.r.kind != JZ_REQUEST_OBJECTION || a->word != JZ_ANSWER_ACCEPT))
        return jz_error_set(err, JZ_E_USAGE, "only an objection that is accepted closes a case");
    if (info->evidence < 0 && (jz_date_is_set(a->on) || a->place || a->document_count > 0))
        return jz_error_set(err, JZ_E_USAGE,
                            "a request of kind %s leads to no sign of life: it takes no day, place "
                            "or document",
                            kind);
    return 0;
}

static int answer_once(struct answering *x, struct jz_error *err)
{
    const struct jz_request_step step = {
        .request = x->a->request,
        .to = x->a->word == JZ_ANSWER_REFUSE ? JZ_REQUEST_REFUSED : JZ_REQUEST_DONE,
        .by = x->a->by,
        .reason = x->a->reason,
    };
    int r;
    if ((r = jz_request_read(x->store, x->a->request, &x->story, err)) < 0 ||
        (r = check_answer(x, err)) < 0 ||
        (r = request_change_prepare(x->store, &step, outcomes[x->a->word], &x->change, err)) < 0)
        return r;
    return x->a->word == JZ_ANSWER_ACCEPT ? accept[x->story.r.kind](x, err) : answer_plain(x, err);
}

int jz_request_answer(struct jz_store *store, const struct jz_answer *answer,
                      struct jz_answer_result *ret_result, struct jz_error *err)
{
    bool again = true;
    int r = JZ_E_CONFLICT;
    for (int i = 0; i < REQUEST_ROUNDS && again; i++) {
        JZ_CLEANUP(answering_done) struct answering x = { .store = store, .a = answer };
        r = answer_once(&x, err);
        again = r < 0 && x.change.is_stale;
        if (r < 0)
            continue;
        x.result.person = x.story.r.person;
        x.result.request_kind = x.story.r.kind;
        x.result.row = x.change.row;
        *ret_result = x.result;
    }
    return r;
}
