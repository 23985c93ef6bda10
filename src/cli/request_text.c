#include "cli/request_text.h"

#include "cli/paper_text.h"

#include "base/hex.h"
#include "identity/reference.h"

#include <string.h>

static json_t *json_text(const char *text)
{
    return *text ? json_string(text) : json_null();
}

static json_t *json_fact(int64_t fact)
{
    return fact ? json_integer(fact) : json_null();
}

json_t *json_request(const struct jz_request *r)
{
    char reference[JZ_REFERENCE_TEXT_BYTES];
    return json_pack(
        "{s:I,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "request", (json_int_t)r->id,
        "person", jz_reference_format(r->person, reference), "kind", jz_request_words[r->kind].name,
        "state", jz_request_state_words[r->state].name, "made_on", json_day(jz_date_at(r->made_at)),
        "made_by", json_text(r->made_by), "changed_on", json_day(jz_date_at(r->changed_at)),
        "changed_by", json_text(r->changed_by), "appointment", json_day(r->due_on), "assigned_to",
        json_text(r->assigned_to), "outcome", json_text(r->outcome), "reason", json_text(r->reason),
        "subject", json_fact(r->subject), "came_of_it", json_fact(r->came));
}

void print_request(const struct jz_request *r)
{
    char reference[JZ_REFERENCE_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES];
    printf("%8lld  %s  %-17s %-12s %s", (long long)r->id, day_text(jz_date_at(r->made_at), day),
           jz_request_words[r->kind].name, jz_reference_format(r->person, reference),
           jz_request_state_words[r->state].name);
    if (*r->assigned_to)
        printf(", %s has it", r->assigned_to);
    if (jz_date_is_set(r->due_on))
        printf(", on %s", day_text(r->due_on, day));
    puts("");
}

int print_state(struct jz_store *store, int64_t id, bool json, struct jz_error *err)
{
    JZ_CLEANUP(jz_request_story_done) struct jz_request_story story = { .fields = NULL };
    const int r = jz_request_read(store, id, &story, err);
    if (r == 0 && json)
        print_json(json_request(&story.r));
    else if (r == 0)
        print_request(&story.r);
    return r;
}

/* ---- One with all that belongs to it ---- */

struct view {
    struct jz_request_story story;
    struct jz_request_file files[JZ_REQUEST_FILES_MAX];
    int file_count;
    const char *there[JZ_REQUEST_FILES_MAX]; /* the documents of the files that can be read */
    int there_count;
    struct papers papers;
    int64_t alike;
};

static void view_done(struct view *v)
{
    jz_request_story_done(&v->story);
    papers_done(&v->papers);
}

static int load_view(struct jz_store *store, int64_t id, struct view *v, struct jz_error *err)
{
    int r;
    if ((r = jz_request_read(store, id, &v->story, err)) < 0 ||
        (r = jz_request_files(store, id, v->files, &v->file_count, err)) < 0 ||
        (r = jz_request_alike(store, &v->story.r, &v->alike, err)) < 0)
        return r;
    for (int i = 0; i < v->file_count; i++)
        if (!v->files[i].is_shredded)
            v->there[v->there_count++] = v->files[i].document;
    const int evidence = jz_request_kinds[v->story.r.kind].evidence;
    return evidence < 0 ? 0
                        : papers_load(store, v->story.r.person, (enum jz_evidence_kind)evidence,
                                      &v->papers, err);
}

json_t *json_file(const struct jz_request_file *f)
{
    char digest[2 * JZ_DIGEST_BYTES + 1];
    return json_pack("{s:I,s:s,s:s,s:I,s:s,s:o,s:b}", "file", (json_int_t)f->id, "document",
                     f->document, "media", f->media, "bytes", (json_int_t)f->size, "digest",
                     jz_hex_write(f->digest, sizeof f->digest, digest), "added_on",
                     json_day(jz_date_at(f->added_at)), "shredded", f->is_shredded);
}

static void print_view_json(const struct view *v)
{
    json_t *all = json_request(&v->story.r), *files = json_array();
    for (int i = 0; i < v->file_count; i++)
        json_array_append_new(files, json_file(&v->files[i]));
    json_object_set(all, "fields", v->story.fields);
    json_object_set_new(all, "files", files);
    json_object_set_new(all, "documents", json_papers(&v->papers, v->there, v->there_count));
    json_object_set_new(all, "alike", json_integer(v->alike));
    print_json(all);
}

static void print_field(const char *name, const json_t *value)
{
    printf("  %-11s ", name);
    if (json_is_array(value))
        for (size_t i = 0; i < json_array_size(value); i++)
            printf("%s%s", i ? ", " : "", json_string_value(json_array_get(value, i)));
    else if (json_is_integer(value))
        printf("%lld", (long long)json_integer_value(value));
    else
        fputs(json_string_value(value), stdout);
    puts("");
}

static void print_view(const struct view *v)
{
    const struct jz_request *r = &v->story.r;
    const char *name;
    json_t *value;
    char day[JZ_DATE_TEXT_BYTES];
    print_request(r);
    json_object_foreach(v->story.fields, name, value)
    {
        print_field(name, value);
    }
    for (int i = 0; i < v->file_count; i++) {
        const struct jz_request_file *f = &v->files[i];
        printf("  %-11s %lld  %s  %s, %zu bytes, %s%s\n", i ? "" : "files", (long long)f->id,
               f->document, f->media, f->size, day_text(jz_date_at(f->added_at), day),
               f->is_shredded ? ", shredded" : "");
    }
    print_papers(&v->papers, v->there, v->there_count);
    if (v->alike > 0)
        printf("  %-11s other people with the same %s: %lld\n", "hint",
               r->kind == JZ_REQUEST_PROXY ? "proxy" : jz_request_kinds[r->kind].alike,
               (long long)v->alike);
    if (r->row != r->id)
        printf("  %-11s %s by %s\n", jz_request_state_words[r->state].name,
               day_text(jz_date_at(r->changed_at), day), *r->changed_by ? r->changed_by : "them");
    if (*r->outcome)
        printf("  %-11s %s\n", "outcome", r->outcome);
    if (*r->reason)
        printf("  %-11s %s\n", "reason", r->reason);
}

int show_request(struct jz_store *store, int64_t id, bool json, struct jz_error *err)
{
    JZ_CLEANUP(view_done) struct view v = { .file_count = 0 };
    const int r = load_view(store, id, &v, err);
    if (r == 0 && json)
        print_view_json(&v);
    else if (r == 0)
        print_view(&v);
    return r;
}

/* ---- An answer ---- */

void print_answer(const struct jz_answer *answer, const struct jz_answer_result *result, bool json)
{
    static const char *const headlines[] = {
        [JZ_ANSWER_ACCEPT] = "accepted · 准予办理",
        [JZ_ANSWER_REFUSE] = "refused · 不予办理",
        [JZ_ANSWER_NOT_MET] = "not met · 未见到本人",
    };
    static const char *const words[] = {
        [JZ_ANSWER_ACCEPT] = "accepted",
        [JZ_ANSWER_REFUSE] = "refused",
        [JZ_ANSWER_NOT_MET] = "not_met",
    };
    const struct jz_claim claim = { .kind = result->kind, .observed_on = result->observed_on };
    if (json) {
        char reference[JZ_REFERENCE_TEXT_BYTES];
        json_t *all = json_pack(
            "{s:I,s:s,s:s,s:s,s:I,s:o,s:o,s:b}", "request", (json_int_t)answer->request, "person",
            jz_reference_format(result->person, reference), "kind",
            jz_request_words[result->request_kind].name, "answer", words[answer->word], "row",
            (json_int_t)result->row, "opened_case", json_fact(result->opened_case), "closed_case",
            json_fact(result->closed_case), "forgotten", result->is_forgotten);
        if (result->is_claimed)
            json_object_set_new(all, "claim",
                                json_claim_result(result->person, &claim, &result->claim));
        print_json(all);
        return;
    }
    printf("request %lld: %s\n", (long long)answer->request, headlines[answer->word]);
    if (result->is_claimed)
        print_claim_result(result->person, &claim, &result->claim);
    if (result->opened_case)
        printf("  case %lld is opened\n", (long long)result->opened_case);
    if (result->closed_case)
        printf("  case %lld is closed\n", (long long)result->closed_case);
    char reference[JZ_REFERENCE_TEXT_BYTES];
    if (result->is_forgotten)
        printf("  no face template and no file of this person opens any more; the signed statement "
               "of it: jianzai person forget %s\n",
               jz_reference_format(result->person, reference));
}
