#include "asking.h"

#include "audit/verify.h"
#include "face/image.h"
#include "ledger/rebuild.h"

#include <string.h>

struct jz_error err;

static const char policy[] =
    "id: t-main\nversion: 1\neffective: {from: 2010-01-01}\n"
    "applies: {region: \"\", schemes: [employee]}\n"
    "legal_basis:\n  - {id: A, cite: 身份证法 第十三条}\n  - {id: B, cite: 民法典 第一百六十五条}\n"
    "cycle: {kind: rolling_months, months: 12}\n"
    "accept:\n  - {kind: counter}\n  - {kind: home_visit}\n  - {kind: video_call}\n"
    "  - {kind: proxy, max_consecutive: 1}\n  - {kind: materials}\n  - {kind: data_match}\n"
    "documents:\n"
    "  home_visit:\n    - {doc: resident_id, form: original, basis: A}\n"
    "  proxy:\n    - {doc: proxy_id, form: copy, basis: A}\n"
    "    - {doc: power_of_attorney, form: original, basis: B}\n"
    "  materials:\n    - {doc: village_letter, label: 村委会证明, form: original, basis: B}\n";

int asking_set_up(void **state)
{
    (void)state;
    register_set_today(day("2026-11-25"));
    register_open();
    register_add_policy(policy);
    return 0;
}

int64_t asking_person(void)
{
    const struct register_person somebody = {
        .name = "王秀英",
        .born_on = day("1949-12-31"),
        .benefits = { { JZ_SCHEME_EMPLOYEE, 370102, .from = day("2015-01-01") } },
    };
    return register_add_person(&somebody);
}

int try_to_ask(int64_t person, enum jz_request_kind kind, const char *fields, const char **field)
{
    json_error_t why;
    json_t *json = fields ? json_loads(fields, 0, &why) : NULL;
    if (fields && !json)
        fail_msg("%s: %s", fields, why.text);
    static char kept[64];
    const char *wrong = NULL;
    int64_t id;
    int r = jz_request_check(kind, json, jz_store_today(store), &wrong, &err);
    snprintf(kept, sizeof kept, "%s", wrong ? wrong : "");
    *field = kept;
    const struct jz_request_new new = { .person = person, .kind = kind, .fields = json };
    if (r == 0)
        r = jz_request_make(store, &new, &id, &err);
    json_decref(json);
    return r;
}

int64_t ask(int64_t person, enum jz_request_kind kind, const char *fields)
{
    int64_t id = 0;
    json_t *json = fields ? json_loads(fields, 0, NULL) : NULL;
    const struct jz_request_new new = { .person = person, .kind = kind, .fields = json };
    if (jz_request_make(store, &new, &id, &err) < 0)
        fail_msg("%s: %s", fields ? fields : "(no fields)", err.text);
    json_decref(json);
    return id;
}

int take_step(int64_t request, enum jz_request_state to, const char *reason)
{
    const bool is_assigned = to == JZ_REQUEST_ASSIGNED;
    const struct jz_request_step step = {
        .request = request,
        .to = to,
        .by = "alice",
        .reason = reason,
        .assigned_to = is_assigned ? "alice" : NULL,
        .due_on = is_assigned ? day("2026-11-26") : (struct jz_date){ 0 },
    };
    return jz_request_step(store, &step, &err);
}

struct jz_request look_at(int64_t request)
{
    struct jz_request_story story;
    if (jz_request_read(store, request, &story, &err) < 0)
        fail_msg("%s", err.text);
    const struct jz_request r = story.r;
    jz_request_story_done(&story);
    return r;
}

/* Noise, which no codec makes small. */
uint8_t *make_picture(int side, unsigned seed, size_t *ret_size)
{
    enum { QUALITY = 95 };
    JZ_CLEANUP(jz_image_done) struct jz_image image = { 0 };
    uint8_t *data = NULL;
    uint32_t noise = seed * 2654435761u + 1;
    assert_int_equal(jz_image_resize(&image, side, side, &err), 0);
    for (size_t i = 0; i < (size_t)side * (size_t)side * 3; i++) {
        noise = noise * 1664525u + 1013904223u;
        image.pixels[i] = (uint8_t)(noise >> 24);
    }
    assert_int_equal(jz_image_encode_jpeg(&image, QUALITY, &data, ret_size, &err), 0);
    return data;
}

int attach(int64_t request, const char *document, const void *data, size_t size,
           struct jz_request_file *ret_file)
{
    const struct jz_request_file_new new = {
        .request = request,
        .document = document,
        .data = data,
        .size = size,
    };
    return jz_request_file_add(store, &new, ret_file, &err);
}

void attach_picture(int64_t request, const char *document)
{
    struct jz_request_file file;
    size_t size;
    jz_autofree uint8_t *data = make_picture(32, (unsigned)request, &size);
    if (attach(request, document, data, size, &file) < 0)
        fail_msg("%s: %s", document, err.text);
}

static void tell(void *context, const struct jz_rebuild_difference *d)
{
    (void)context;
    print_error("%s of P%lld, %s: %s, not %s\n", d->table, (long long)d->person, d->key, d->found,
                d->wanted);
}

void check_register(void)
{
    const struct jz_rebuild_options options = { .check = true, .on_difference = tell };
    struct jz_rebuild_result rebuilt;
    struct jz_audit_result audited;
    if (jz_rebuild_run(store, &options, &rebuilt, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(rebuilt.differences, 0);
    if (jz_audit_verify(store, NULL, &audited, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(audited.finding, JZ_AUDIT_SOUND);
}
