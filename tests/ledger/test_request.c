/* Requests: fields, where each kind goes, what comes of it, and what clerks are told. */
#include "asking.h"

#include "audit/beacon.h"
#include "identity/residence.h"
#include "ledger/review.h"
#include "store/person.h"

#include <string.h>

#define TODAY "2026-11-25"

#define VISIT                                                                                      \
    "{\"address\":\"历下区一号\",\"days\":[\"2026-12-10\"],\"phone\":\"13800138000\","        \
    "\"reason\":\"卧床\"}"
#define CALL  "{\"days\":[\"2026-12-10\",\"2026-12-11\"],\"phone\":\"0531-8888 6666\"}"
#define PROXY "{\"name\":\"李伟\",\"document\":\"34052419800101001X\",\"relation\":\"child\"}"
#define MOVED "{\"what\":\"moved\",\"residence\":\"440308\",\"since\":\"2026-10-01\"}"

static int64_t some_evidence(int64_t person)
{
    struct jz_claim_result result;
    const struct jz_claim claim = {
        .person = person,
        .kind = JZ_EV_COUNTER,
        .observed_on = day("2026-11-20"),
        .outcome = JZ_OUTCOME_PASS,
        .operator= "alice",
        .trusted = true,
    };
    if (jz_claim_submit(store, &claim, &result, &err) < 0)
        fail_msg("%s", err.text);
    return result.decision;
}

/* ---- Fields ---- */

static void fields_and_their_limits(void **state)
{
    static const struct {
        enum jz_request_kind kind;
        const char *fields, *field; /* wrong: "" with none at fault */
        int result;
    } cases[] = {
        { JZ_REQUEST_CORRECTION, "{\"field\":\"name\",\"value\":\"王秀芳\"}", "", 0 },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"sex\",\"value\":\"female\"}", "", 0 },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"born_on\",\"value\":\"1949-12-30\"}", "", 0 },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"other\",\"value\":\"待遇算错\"}", "", 0 },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"sex\",\"value\":\"女\"}", "value", JZ_E_USAGE },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"born_on\",\"value\":\"2026-11-26\"}", "value",
          JZ_E_USAGE },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"document\",\"value\":\"110105194912310021\"}",
          "value", JZ_E_USAGE },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"salary\",\"value\":\"1\"}", "field", JZ_E_USAGE },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"name\"}", "value", JZ_E_USAGE },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"name\",\"value\":\"\"}", "value", JZ_E_USAGE },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"name\",\"value\":7}", "value", JZ_E_USAGE },
        { JZ_REQUEST_CORRECTION, "{\"field\":\"name\",\"value\":\"a\\nb\"}", "value", JZ_E_USAGE },
        { JZ_REQUEST_CORRECTION, NULL, "field", JZ_E_USAGE },
        { JZ_REQUEST_OBJECTION, "{\"subject\":0,\"reason\":\"x\"}", "subject", JZ_E_USAGE },
        { JZ_REQUEST_OBJECTION, "{\"subject\":\"7\",\"reason\":\"x\"}", "subject", JZ_E_USAGE },
        { JZ_REQUEST_OBJECTION, "{\"subject\":1,\"reason\":\"x\"}", "", JZ_E_NOT_FOUND },
        { JZ_REQUEST_VISIT, VISIT, "", 0 },
        { JZ_REQUEST_VISIT,
          "{\"address\":\"x\",\"days\":[],\"phone\":\"13800138000\",\"reason\":\"x\"}", "days",
          JZ_E_USAGE },
        { JZ_REQUEST_VISIT,
          "{\"address\":\"x\",\"days\":[\"2026-11-24\"],\"phone\":\"13800138000\","
          "\"reason\":\"x\"}",
          "days", JZ_E_USAGE },
        { JZ_REQUEST_VISIT,
          "{\"address\":\"x\",\"days\":[\"2027-11-24\"],\"phone\":\"13800138000\","
          "\"reason\":\"x\"}",
          "days", JZ_E_USAGE },
        { JZ_REQUEST_VISIT,
          "{\"address\":\"x\",\"days\":[\"2026-11-26\"],\"phone\":\"none\",\"reason\":\"x\"}",
          "phone", JZ_E_USAGE },
        { JZ_REQUEST_VISIT,
          "{\"address\":\"x\",\"days\":[\"2026-11-26\"],\"phone\":\"13800138000\","
          "\"reason\":\"x\",\"place\":\"moon\"}",
          "place", JZ_E_USAGE },
        { JZ_REQUEST_VIDEO_CALL, CALL, "", 0 },
        { JZ_REQUEST_VIDEO_CALL, "{\"days\":\"2026-11-26\",\"phone\":\"88886666\"}", "days",
          JZ_E_USAGE },
        { JZ_REQUEST_PROXY, PROXY, "", 0 },
        { JZ_REQUEST_PROXY,
          "{\"name\":\"李伟\",\"document\":\"USA:C01234567\",\"relation\":\"friend\"}", "",
          JZ_E_CONFLICT },
        { JZ_REQUEST_PROXY, "{\"name\":\"李伟\",\"document\":\"?\",\"relation\":\"child\"}",
          "document", JZ_E_USAGE },
        { JZ_REQUEST_PROXY,
          "{\"name\":\"李伟\",\"document\":\"34052419800101001X\",\"relation\":\"child\","
          "\"beacon\":\"K7M-29QX\"}",
          "beacon", JZ_E_USAGE },
        { JZ_REQUEST_MATERIALS, "{\"beacon\":\"K7M-29QX-R4W\"}", "", JZ_E_NOT_FOUND },
        { JZ_REQUEST_MATERIALS, "{}", "", 0 },
        { JZ_REQUEST_RESIDENCE, MOVED, "", 0 },
        { JZ_REQUEST_RESIDENCE,
          "{\"what\":\"moved\",\"residence\":\"Mars\",\"since\":\"2026-10-01\"}", "residence",
          JZ_E_USAGE },
        { JZ_REQUEST_DELETE_BIOMETRICS, NULL, "", 0 },
        { JZ_REQUEST_DELETE_BIOMETRICS, "{\"note\":\"a\\nb\",\"helper\":\"李伟\"}", "",
          JZ_E_CONFLICT },
        { JZ_REQUEST_DELETE_BIOMETRICS, "{\"reason\":\"x\"}", "reason", JZ_E_USAGE },
        { JZ_REQUEST_DELETE_BIOMETRICS, "[]", "", JZ_E_USAGE },
    };
    (void)state;
    const int64_t person = asking_person();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *field;
        const int r = try_to_ask(person, cases[i].kind, cases[i].fields, &field);
        if (r != cases[i].result || strcmp(field, cases[i].field) != 0)
            fail_msg("case %zu, %s: %d at '%s': %s", i, cases[i].fields, r, field,
                     r < 0 ? err.text : "taken");
    }

    /* The longest that is taken, and one byte more; many small things. */
    static char json[16384];
    const char *field;
    for (int more = 0; more < 2; more++) {
        const int n = snprintf(json, sizeof json, "{\"field\":\"address\",\"value\":\"");
        memset(json + n, 'x', JZ_PERSON_ADDRESS_MAX + (size_t)more);
        strcpy(json + n + JZ_PERSON_ADDRESS_MAX + more, "\"}");
        assert_int_equal(try_to_ask(person, JZ_REQUEST_CORRECTION, json, &field),
                         more ? JZ_E_USAGE : 0);
    }
    const int n = snprintf(json, sizeof json, "{\"junk\":\"");
    memset(json + n, 'x', JZ_REQUEST_FIELDS_BYTES);
    strcpy(json + n + JZ_REQUEST_FIELDS_BYTES, "\"}");
    assert_int_equal(try_to_ask(person, JZ_REQUEST_MATERIALS, json, &field), JZ_E_LIMIT);
}

static void what_was_asked_is_given_back(void **state)
{
    struct jz_request_story story;
    (void)state;
    const int64_t id = ask(asking_person(), JZ_REQUEST_PROXY,
                           "{\"name\":\"李伟\",\"document\":\"34052419800101001x\","
                           "\"relation\":\"child\",\"note\":\"上午\\n来\"}");
    assert_int_equal(jz_request_read(store, id, &story, &err), 0);
    assert_int_equal(story.r.kind, JZ_REQUEST_PROXY);
    assert_int_equal(story.r.state, JZ_REQUEST_OPEN);
    assert_string_equal(story.r.made_by, "");
    json_t *wanted = json_pack("{s:s,s:s,s:s,s:s}", "name", "李伟", "document",
                               "34052419800101001X", "relation", "child", "note", "上午\n来");
    assert_true(json_equal(story.fields, wanted));
    json_decref(wanted);
    jz_request_story_done(&story);
    assert_int_equal(jz_request_read(store, id - 1, &story, &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_request_read(store, id + 1000, &story, &err), JZ_E_NOT_FOUND);
    check_register();
}

/* ---- Where each kind goes ---- */

static const char *fields_of(enum jz_request_kind kind, int64_t person, char *room, size_t size)
{
    static const char *const fixed[JZ_REQUEST_KINDS] = {
        [JZ_REQUEST_CORRECTION] = "{\"field\":\"other\",\"value\":\"x\"}",
        [JZ_REQUEST_VISIT] = VISIT,
        [JZ_REQUEST_VIDEO_CALL] = CALL,
        [JZ_REQUEST_PROXY] = PROXY,
        [JZ_REQUEST_MATERIALS] = "{}",
        [JZ_REQUEST_RESIDENCE] = MOVED,
        [JZ_REQUEST_DELETE_BIOMETRICS] = "{}",
    };
    if (kind != JZ_REQUEST_OBJECTION)
        return fixed[kind];
    snprintf(room, size, "{\"subject\":%lld,\"reason\":\"x\"}", (long long)some_evidence(person));
    return room;
}

/* Brings a new request of the kind into that state. */
static int64_t bring_to(enum jz_request_kind kind, enum jz_request_state state)
{
    char room[128];
    const int64_t person = asking_person();
    const int64_t id = ask(person, kind, fields_of(kind, person, room, sizeof room));
    if (state == JZ_REQUEST_OPEN)
        return id;
    if (state != JZ_REQUEST_WITHDRAWN && take_step(id, JZ_REQUEST_ASSIGNED, NULL) < 0)
        fail_msg("%s", err.text);
    if (state != JZ_REQUEST_ASSIGNED && take_step(id, state, "x") < 0)
        fail_msg("%s", err.text);
    return id;
}

static void every_step_from_every_state(void **state)
{
    /* By state what may follow: a(ssigned), d(one), r(efused), w(ithdrawn). */
    static const char *const answered[JZ_REQUEST_STATES] = { "adrw", "adrw", "", "", "" };
    static const char *const appointed[JZ_REQUEST_STATES] = { "arw", "adrw", "", "", "" };
    static const char letters[] = "oadrw";
    (void)state;
    for (int k = 0; k < JZ_REQUEST_KINDS; k++) {
        const bool by_appointment = k == JZ_REQUEST_VISIT || k == JZ_REQUEST_VIDEO_CALL;
        for (int from = 0; from < JZ_REQUEST_STATES; from++)
            for (int to = 0; to < JZ_REQUEST_STATES; to++) {
                const char *may = (by_appointment ? appointed : answered)[from];
                const int64_t id = bring_to((enum jz_request_kind)k, (enum jz_request_state)from);
                const int r = take_step(id, (enum jz_request_state)to, "理由");
                if (r != (strchr(may, letters[to]) ? 0 : JZ_E_CONFLICT))
                    fail_msg("%s from %s to %s gave %d: %s", jz_request_words[k].name,
                             jz_request_state_words[from].name, jz_request_state_words[to].name, r,
                             r < 0 ? err.text : "");
                assert_int_equal(look_at(id).state, r == 0 ? to : from);
            }
    }
    check_register();
}

static void steps_need_what_they_need(void **state)
{
    (void)state;
    const int64_t person = asking_person(), id = ask(person, JZ_REQUEST_VISIT, VISIT);
    const struct {
        struct jz_request_step step;
        int result;
    } cases[] = {
        { { id, 0, JZ_REQUEST_ASSIGNED, .by = "alice" }, JZ_E_USAGE },
        { { id, 0, JZ_REQUEST_ASSIGNED, .by = "alice", .assigned_to = "bob" }, JZ_E_USAGE },
        { { id, 0, JZ_REQUEST_ASSIGNED, .assigned_to = "bob", .due_on = day(TODAY) }, JZ_E_USAGE },
        { { id, 0, JZ_REQUEST_REFUSED, .by = "alice" }, JZ_E_USAGE },
        { { id, 0, JZ_REQUEST_REFUSED, .by = "alice", .reason = "" }, JZ_E_USAGE },
        { { id, 0, JZ_REQUEST_REFUSED, .by = "alice", .reason = "a\nb" }, JZ_E_USAGE },
        { { id, 0, JZ_REQUEST_REFUSED, .by = "alice", .reason = "\xFF" }, JZ_E_USAGE },
        { { id, person + 1, JZ_REQUEST_WITHDRAWN }, JZ_E_NOT_FOUND },
        { { id + 1, 0, JZ_REQUEST_WITHDRAWN }, JZ_E_NOT_FOUND },
        { { id, person, JZ_REQUEST_ASSIGNED, .by = "alice", .assigned_to = "bob",
            .due_on = day("2026-11-26") },
          0 },
        { { id, person, JZ_REQUEST_ASSIGNED, .by = "alice", .assigned_to = "carol",
            .due_on = day("2026-11-27") },
          0 },
        { { id, person, JZ_REQUEST_WITHDRAWN }, 0 },
        { { id, person, JZ_REQUEST_WITHDRAWN }, JZ_E_CONFLICT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int r = jz_request_step(store, &cases[i].step, &err);
        if (r != cases[i].result)
            fail_msg("case %zu: %d, %s", i, r, r < 0 ? err.text : "");
    }
    const struct jz_request r = look_at(id);
    assert_int_equal(r.state, JZ_REQUEST_WITHDRAWN);
    assert_string_equal(r.changed_by, "");
    assert_string_equal(r.assigned_to, "carol");
    assert_int_equal(jz_date_key(r.due_on), 20261127);
    /* The clerk's two steps are news for the person, their own is not. */
    assert_int_equal(register_facts(person, JZ_T_NOTICE), 2);
}

static void so_many_and_no_more(void **state)
{
    static const char other[] = "{\"field\":\"other\",\"value\":\"x\"}";
    const char *field;
    (void)state;
    const int64_t person = asking_person();
    const int64_t visit = ask(person, JZ_REQUEST_VISIT, VISIT);
    assert_int_equal(try_to_ask(person, JZ_REQUEST_VISIT, VISIT, &field), JZ_E_CONFLICT);
    assert_int_equal(take_step(visit, JZ_REQUEST_WITHDRAWN, NULL), 0);
    ask(person, JZ_REQUEST_VISIT, VISIT);
    int64_t last = 0;
    for (int i = 1; i < JZ_REQUEST_OPEN_MAX; i++)
        last = ask(person, JZ_REQUEST_CORRECTION, other);
    assert_int_equal(try_to_ask(person, JZ_REQUEST_CORRECTION, other, &field), JZ_E_LIMIT);
    for (int made = JZ_REQUEST_OPEN_MAX + 1; made < JZ_REQUEST_DAY_MAX; made++) {
        assert_int_equal(take_step(last, JZ_REQUEST_WITHDRAWN, NULL), 0);
        last = ask(person, JZ_REQUEST_CORRECTION, other);
    }
    assert_int_equal(take_step(last, JZ_REQUEST_WITHDRAWN, NULL), 0);
    assert_int_equal(try_to_ask(person, JZ_REQUEST_CORRECTION, other, &field), JZ_E_LIMIT);
    register_set_today(day("2026-11-28"));
    ask(person, JZ_REQUEST_CORRECTION, other);
    assert_int_equal(try_to_ask(person + 100000, JZ_REQUEST_CORRECTION, other, &field),
                     JZ_E_NOT_FOUND);
}

/* ---- What comes of each kind ---- */

static int reply(struct jz_answer answer, struct jz_answer_result *ret_result)
{
    answer.by = "alice";
    return jz_request_answer(store, &answer, ret_result, &err);
}

/* What cannot be wrong here. */
static struct jz_answer_result reply_well(struct jz_answer answer)
{
    struct jz_answer_result result;
    if (reply(answer, &result) < 0)
        fail_msg("%s", err.text);
    const struct jz_request now = look_at(answer.request);
    assert_int_equal(now.row, result.row);
    assert_int_equal(now.state,
                     answer.word == JZ_ANSWER_REFUSE ? JZ_REQUEST_REFUSED : JZ_REQUEST_DONE);
    assert_string_equal(now.changed_by, "alice");
    return result;
}

static void a_visit(void **state)
{
    struct jz_answer_result result;
    (void)state;
    const int64_t person = asking_person(), id = ask(person, JZ_REQUEST_VISIT, VISIT);
    struct jz_answer a = { .request = id, .word = JZ_ANSWER_ACCEPT };
    assert_int_equal(reply(a, &result), JZ_E_CONFLICT); /* no appointment */
    assert_int_equal(take_step(id, JZ_REQUEST_ASSIGNED, NULL), 0);
    assert_int_equal(reply(a, &result), JZ_E_USAGE); /* no document */
    assert_non_null(strstr(err.text, "resident_id"));
    assert_non_null(strstr(err.text, "身份证法 第十三条"));
    assert_int_equal(register_facts(person, JZ_T_EVIDENCE), 0);
    a.documents[a.document_count++] = (struct jz_claim_document){ .name = "resident_id" };
    a.on = day("2026-11-26");
    assert_int_equal(reply(a, &result), JZ_E_USAGE); /* tomorrow */
    register_set_today(day("2026-11-26"));
    result = reply_well(a);
    assert_true(result.is_claimed);
    assert_int_equal(result.claim.outcome, JZ_OUTCOME_PASS);
    assert_int_equal(result.kind, JZ_EV_HOME_VISIT);
    assert_int_equal(look_at(id).came, result.claim.evidence);
    assert_int_equal(jz_date_key(result.claim.benefits[0].due_on), 20271126);
    assert_int_equal(reply(a, &result), JZ_E_CONFLICT); /* twice */
    register_check_caches(person);
}

static void a_visit_that_met_nobody(void **state)
{
    struct jz_answer_result result;
    (void)state;
    const int64_t person = asking_person(),
                  id = bring_to(JZ_REQUEST_VIDEO_CALL, JZ_REQUEST_ASSIGNED);
    struct jz_answer a = { .request = id, .word = JZ_ANSWER_NOT_MET };
    assert_int_equal(reply(a, &result), JZ_E_USAGE); /* without a reason */
    a.reason = "无人应答";
    result = reply_well(a);
    assert_false(result.is_claimed);
    const struct jz_request r = look_at(id);
    assert_string_equal(r.outcome, "not_met");
    assert_string_equal(r.reason, "无人应答");
    assert_int_equal(r.came, 0);
    a.request = ask(person, JZ_REQUEST_MATERIALS, "{}");
    assert_int_equal(reply(a, &result), JZ_E_USAGE);
}

static void a_proxy(void **state)
{
    char fields[256], code[JZ_BEACON_SHORT_BYTES];
    struct jz_beacon beacon;
    struct jz_answer_result result;
    (void)state;
    assert_int_equal(jz_beacon_of(store, day("2026-11-23"), &beacon, &err), 0);
    snprintf(fields, sizeof fields,
             "{\"name\":\"李伟\",\"document\":\"34052419800101001X\",\"relation\":\"child\","
             "\"beacon\":\"%s\"}",
             jz_beacon_short(beacon.code, code));
    const int64_t person = asking_person(), id = ask(person, JZ_REQUEST_PROXY, fields);
    struct jz_request_story story;
    assert_int_equal(jz_request_read(store, id, &story, &err), 0);
    assert_string_equal(json_string_value(json_object_get(story.fields, "beacon_day")),
                        "2026-11-23");
    jz_request_story_done(&story);
    attach_picture(id, "proxy_id");
    struct jz_answer a = { .request = id, .word = JZ_ANSWER_ACCEPT };
    assert_int_equal(reply(a, &result), JZ_E_USAGE);
    assert_non_null(strstr(err.text, "power_of_attorney (民法典 第一百六十五条)"));
    a.documents[a.document_count++] =
        (struct jz_claim_document){ .name =
                                        "power_of_attorney" }; /* the original, at the counter */
    result = reply_well(a);
    assert_int_equal(result.claim.outcome, JZ_OUTCOME_PASS);
    assert_int_equal(jz_date_key(result.observed_on), 20261123);

    /* Once more in a row: recorded, and it certifies nothing. */
    register_set_today(day("2026-11-27"));
    a.request = ask(person, JZ_REQUEST_PROXY, PROXY);
    attach_picture(a.request, "proxy_id");
    result = reply_well(a);
    assert_int_equal(result.claim.outcome, JZ_OUTCOME_FAIL);
    assert_true(jz_reasons_has(&result.claim.reasons, "not_twice_in_a_row"));
    assert_int_equal(jz_date_key(result.observed_on), 20261127);

    a.request = ask(person, JZ_REQUEST_PROXY, PROXY);
    a.word = JZ_ANSWER_REFUSE;
    assert_int_equal(reply(a, &result), JZ_E_USAGE); /* without a reason */
    a.reason = "委托书没有签名";
    reply_well(a);
}

static void materials(void **state)
{
    struct jz_answer_result result;
    (void)state;
    const int64_t person = asking_person(), id = ask(person, JZ_REQUEST_MATERIALS, "{}");
    struct jz_answer a = { .request = id, .word = JZ_ANSWER_ACCEPT };
    assert_int_equal(reply(a, &result), JZ_E_USAGE);
    assert_non_null(strstr(err.text, "village_letter"));
    attach_picture(id, "village_letter"); /* a document that only the policy knows */
    result = reply_well(a);
    assert_int_equal(result.claim.outcome, JZ_OUTCOME_PASS);
    register_check_caches(person);
}

static void a_video_call(void **state)
{
    (void)state;
    const int64_t id = bring_to(JZ_REQUEST_VIDEO_CALL, JZ_REQUEST_ASSIGNED);
    const struct jz_answer a = { .request = id, .word = JZ_ANSWER_ACCEPT };
    const struct jz_answer_result result = reply_well(a);
    assert_int_equal(result.kind, JZ_EV_VIDEO_CALL);
    assert_int_equal(result.claim.outcome, JZ_OUTCOME_PASS);
}

static void read_person(int64_t person, struct jz_person_record *ret_record)
{
    struct jz_sql *sql = NULL;
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    assert_int_equal(jz_person_read(sql, keyring, person, ret_record, &err), 0);
    jz_store_return(store, sql);
}

static void corrections(void **state)
{
    struct jz_answer_result result;
    (void)state;
    const int64_t person = asking_person();
    struct jz_answer a = { .word = JZ_ANSWER_ACCEPT };
    a.request = ask(person, JZ_REQUEST_CORRECTION, "{\"field\":\"sex\",\"value\":\"female\"}");
    reply_well(a);
    a.request =
        ask(person, JZ_REQUEST_CORRECTION, "{\"field\":\"born_on\",\"value\":\"1949-12-30\"}");
    a.on = day("2026-11-20");
    assert_int_equal(reply(a, &result), JZ_E_USAGE); /* no sign of life */
    a.on = (struct jz_date){ 0 };
    reply_well(a);
    a.request = ask(person, JZ_REQUEST_CORRECTION,
                    "{\"field\":\"document\",\"value\":\"513101198201130014\"}");
    reply_well(a);
    const int64_t row = look_at(a.request).came;
    a.request = ask(person, JZ_REQUEST_CORRECTION, "{\"field\":\"other\",\"value\":\"算错\"}");
    reply_well(a);
    assert_int_equal(look_at(a.request).came, 0);

    struct jz_person_record now;
    read_person(person, &now);
    assert_int_equal(now.row, row);
    assert_int_equal(now.sex, JZ_SEX_FEMALE);
    assert_int_equal(jz_date_key(now.born_on), 19491230);

    /* What the register says already: nothing changes, and the request still waits. */
    a.request = ask(person, JZ_REQUEST_CORRECTION, "{\"field\":\"sex\",\"value\":\"female\"}");
    assert_int_equal(reply(a, &result), JZ_E_CONFLICT);
    assert_int_equal(look_at(a.request).state, JZ_REQUEST_OPEN);
    check_register();
}

static void a_change_of_residence(void **state)
{
    (void)state;
    const int64_t person = asking_person();
    struct jz_answer a = { .word = JZ_ANSWER_ACCEPT };
    a.request = ask(person, JZ_REQUEST_RESIDENCE,
                    "{\"what\":\"long_term\",\"residence\":\"MAC\",\"since\":\"2026-01-01\","
                    "\"address\":\"澳门南湾大马路一号\"}");
    reply_well(a);
    struct jz_person_record now;
    char code[JZ_RESIDENCE_TEXT_BYTES];
    read_person(person, &now);
    assert_string_equal(jz_residence_format(now.residence, code), "MAC");
    assert_string_equal(now.data.address, "澳门南湾大马路一号");
    check_register();
}

static int64_t open_cases(int64_t person)
{
    struct jz_case cases[8];
    const struct jz_case_filter filter = { .open_only = true, .person = person };
    size_t count = 0;
    assert_int_equal(jz_case_list(store, &filter, 0, cases, 8, &count, &err), 0);
    return (int64_t)count;
}

static void an_objection(void **state)
{
    char fields[128];
    struct jz_answer_result result;
    (void)state;
    const int64_t person = asking_person(), other = asking_person();
    const int64_t decision = some_evidence(person), foreign = some_evidence(other);
    const char *field;
    snprintf(fields, sizeof fields, "{\"subject\":%lld,\"reason\":\"x\"}", (long long)foreign);
    assert_int_equal(try_to_ask(person, JZ_REQUEST_OBJECTION, fields, &field), JZ_E_NOT_FOUND);
    snprintf(fields, sizeof fields, "{\"subject\":%lld,\"reason\":\"不是我\"}",
             (long long)decision);
    struct jz_answer a = { .word = JZ_ANSWER_ACCEPT, .reason = "须核实" };
    a.request = ask(person, JZ_REQUEST_OBJECTION, fields);
    assert_int_equal(look_at(a.request).subject, decision);
    result = reply_well(a);
    assert_true(result.opened_case > 0);
    assert_int_equal(open_cases(person), 1);
    assert_int_equal(look_at(a.request).came, result.opened_case);

    struct jz_case_story story = { 0 };
    assert_int_equal(jz_case_read(store, result.opened_case, &story, &err), 0);
    assert_string_equal(story.c.kind, "objection");
    assert_int_equal(story.c.subject, decision);
    jz_case_story_done(&story);

    /* The next ends that case. */
    a.closes = result.opened_case;
    a.request = ask(other, JZ_REQUEST_MATERIALS, "{}");
    assert_int_equal(reply(a, &result), JZ_E_USAGE);
    snprintf(fields, sizeof fields, "{\"subject\":%lld,\"reason\":\"x\"}", (long long)foreign);
    a.request = ask(other, JZ_REQUEST_OBJECTION, fields);
    assert_int_equal(reply(a, &result), JZ_E_USAGE); /* another's case */
    snprintf(fields, sizeof fields, "{\"subject\":%lld,\"reason\":\"是我\"}", (long long)decision);
    a.request = ask(person, JZ_REQUEST_OBJECTION, fields);
    result = reply_well(a);
    assert_int_equal(result.closed_case, a.closes);
    assert_int_equal(open_cases(person), 0);
    a.request = ask(person, JZ_REQUEST_OBJECTION, fields);
    assert_int_equal(reply(a, &result), JZ_E_CONFLICT); /* closed before */
    check_register();
}

/* ---- Cases with evidence that waits ---- */

static int64_t wait_for_review(int64_t person, const char *on, int64_t *ret_case)
{
    struct jz_claim_result result;
    struct jz_claim claim = {
        .person = person,
        .kind = JZ_EV_HOME_VISIT,
        .observed_on = day(on),
        .outcome = JZ_OUTCOME_PENDING,
        .operator= "alice",
        .trusted = true,
    };
    jz_reasons_add(&claim.reasons, "pending_review");
    if (jz_claim_submit(store, &claim, &result, &err) < 0)
        fail_msg("%s", err.text);
    *ret_case = result.opened_case;
    return result.evidence;
}

static void deciding_a_case(void **state)
{
    struct jz_case_decision result;
    struct jz_case_evidence evidence;
    struct jz_case_story story = { 0 };
    (void)state;
    const int64_t person = asking_person();
    struct jz_case_verdict v = { .accept = true, .by = "alice", .reason = "已核实" };
    const int64_t waits = wait_for_review(person, "2026-11-24", &v.id);
    assert_int_equal(jz_case_read(store, v.id, &story, &err), 0);
    assert_int_equal(jz_case_evidence(store, &story.c, &evidence, &err), 0);
    assert_int_equal(evidence.id, waits);
    assert_int_equal(evidence.kind, JZ_EV_HOME_VISIT);
    jz_case_story_done(&story);

    assert_int_equal(jz_case_decide(store, &v, &result, &err), JZ_E_USAGE);
    assert_non_null(strstr(err.text, "resident_id (身份证法 第十三条)"));
    assert_int_equal(open_cases(person), 1);
    v.documents[v.document_count++] = (struct jz_claim_document){ .name = "resident_id" };
    v.reason = NULL;
    assert_int_equal(jz_case_decide(store, &v, &result, &err), JZ_E_USAGE);
    v.reason = "已核实";
    assert_int_equal(jz_case_decide(store, &v, &result, &err), 0);
    assert_int_equal(result.claim.outcome, JZ_OUTCOME_PASS);
    assert_int_equal(open_cases(person), 0);
    assert_int_equal(jz_case_decide(store, &v, &result, &err), JZ_E_CONFLICT);

    /* Refused; and a case of its own for what cannot be decided so. */
    v.accept = false;
    wait_for_review(person, "2026-11-25", &v.id);
    assert_int_equal(jz_case_decide(store, &v, &result, &err), 0);
    assert_int_equal(result.claim.outcome, JZ_OUTCOME_FAIL);
    register_check_caches(person);
    char fields[128];
    snprintf(fields, sizeof fields, "{\"subject\":%lld,\"reason\":\"x\"}",
             (long long)result.claim.decision);
    struct jz_answer a = { .word = JZ_ANSWER_ACCEPT };
    a.request = ask(person, JZ_REQUEST_OBJECTION, fields);
    v.id = reply_well(a).opened_case;
    assert_int_equal(jz_case_decide(store, &v, &result, &err), JZ_E_CONFLICT);
    check_register();
}

/* ---- Lists and hints ---- */

static void lists_in_pages(void **state)
{
    enum { PAGE = 3 };
    (void)state;
    register_set_today(day("2026-12-01"));
    const int64_t person = asking_person(), after = ask(person, JZ_REQUEST_MATERIALS, "{}");
    int64_t made[7];
    for (int i = 0; i < 7; i++)
        made[i] = ask(person, JZ_REQUEST_CORRECTION, "{\"field\":\"other\",\"value\":\"x\"}");
    assert_int_equal(take_step(made[3], JZ_REQUEST_REFUSED, "x"), 0);
    const struct {
        struct jz_request_filter filter;
        size_t count;
    } cases[] = {
        { { .person = person }, 7 },
        { { .kinds = 1u << JZ_REQUEST_CORRECTION }, 7 },
        { { .kinds = 1u << JZ_REQUEST_VIDEO_CALL }, 0 },
        { { .states = 1u << JZ_REQUEST_OPEN, .person = person }, 6 },
        { { .states = 1u << JZ_REQUEST_REFUSED | 1u << JZ_REQUEST_DONE }, 1 },
        { { .person = person - 1 }, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_request page[PAGE];
        size_t count = PAGE, all = 0;
        int64_t at = after;
        while (count == PAGE) {
            assert_int_equal(jz_request_list(store, &cases[i].filter, at, page, PAGE, &count, &err),
                             0);
            for (size_t k = 0; k < count; k++) {
                assert_true(page[k].id > at);
                at = page[k].id;
            }
            all += count;
        }
        if (all != cases[i].count)
            fail_msg("case %zu: %zu", i, all);
    }
}

static int64_t alike(int64_t request)
{
    const struct jz_request r = look_at(request);
    int64_t people = -1;
    assert_int_equal(jz_request_alike(store, &r, &people, &err), 0);
    return people;
}

static void one_helper_of_many(void **state)
{
    (void)state;
    int64_t ids[4];
    for (int i = 0; i < 4; i++)
        ids[i] = ask(asking_person(), JZ_REQUEST_PROXY,
                     i < 3 ? "{\"name\":\"甲\",\"document\":\"440308199901101512\","
                             "\"relation\":\"friend\"}"
                           : "{\"name\":\"乙\",\"document\":\"810000199408230021\","
                             "\"relation\":\"friend\"}");
    assert_int_equal(alike(ids[0]), 2);
    assert_int_equal(alike(ids[3]), 0);
    const int64_t person = asking_person();
    assert_int_equal(alike(ask(person, JZ_REQUEST_MATERIALS, "{}")), 0);
    const int64_t first = ask(person, JZ_REQUEST_VIDEO_CALL,
                              "{\"days\":[\"2026-12-02\"],\"phone\":\"138-1111 2222\"}");
    assert_int_equal(alike(first), 0);
    ask(asking_person(), JZ_REQUEST_VIDEO_CALL,
        "{\"days\":[\"2026-12-02\"],\"phone\":\"13811112222\"}");
    assert_int_equal(alike(first), 1);
    /* Under a new version of the key as well. */
    register_rotate(JZ_KEY_LOOKUP);
    ask(asking_person(), JZ_REQUEST_VIDEO_CALL,
        "{\"days\":[\"2026-12-02\"],\"phone\":\"138 1111 2222\"}");
    assert_int_equal(alike(first), 2);
    check_register();
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    /* The clock only goes forward. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_their_limits),
        cmocka_unit_test(what_was_asked_is_given_back),
        cmocka_unit_test(every_step_from_every_state),
        cmocka_unit_test(steps_need_what_they_need),
        cmocka_unit_test(a_visit_that_met_nobody),
        cmocka_unit_test(materials),
        cmocka_unit_test(a_video_call),
        cmocka_unit_test(corrections),
        cmocka_unit_test(a_change_of_residence),
        cmocka_unit_test(an_objection),
        cmocka_unit_test(deciding_a_case),
        cmocka_unit_test(a_visit),
        cmocka_unit_test(a_proxy),
        cmocka_unit_test(so_many_and_no_more),
        cmocka_unit_test(lists_in_pages),
        cmocka_unit_test(one_helper_of_many),
    };
    return cmocka_run_group_tests_name("requests", tests, asking_set_up, register_tear_down);
}
