/* Policy texts: what they become, what is refused and where, and which one is found. */
#include "base/file.h"
#include "policy/load.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char whole[] = "id: 370000-employee\n"                                      /* 1 */
                            "version: 3\n"                                               /* 2 */
                            "effective: {from: 2025-01-01, until: 2026-12-31}\n"         /* 3 */
                            "applies: {region: \"370000\", schemes: [employee, land]}\n" /* 4 */
                            "legal_basis:\n"                                             /* 5 */
                            "  - {id: SIL-73, cite: 社会保险法 第七十三条}\n"            /* 6 */
                            "  - {id: L-1, cite: made up}\n"                             /* 7 */
                            "cycle: {kind: rolling_months, months: 12}\n"                /* 8 */
                            "remind_days: [60, 30, 7]\n"                                 /* 9 */
                            "grace: {days: 30}\n"                                        /* 10 */
                            "accept:\n"                                                  /* 11 */
                            "  - {kind: face_remote}\n"                                  /* 12 */
                            "  - {kind: data_match, months: 6, strength: B}\n"           /* 13 */
                            "  - {kind: proxy, max_consecutive: 1}\n"                    /* 14 */
                            "documents:\n"                                               /* 15 */
                            "  proxy:\n"                                                 /* 16 */
                            "    - {doc: principal_id, form: copy, basis: SIL-73}\n"     /* 17 */
                            "    - one_of:\n"                                            /* 18 */
                            "      - {doc: life_sign, form: photo, basis: L-1, max_age_days: 3}\n"
                            "      - {doc: village_letter, label: 村委会证明, form: original, "
                            "basis: L-1, when: make_up}\n" /* 20 */
                            "  face_remote: []\n"          /* 21 */
                            "hold: {notices: 3, channels: 2, human_attempt_age: 75, release: "
                            "two_person, max_batch_percent: 2.5}\n" /* 22 */
                            "resume: {when: same_month_if_open}\n"  /* 23 */
                            "face: {fmr: 1.0e-5, tries_before_human: 4, liveness: [blink, nod]}\n"
                            "campaign: {start: 2026-03-01, deadline: 2026-06-30, reason: audit}\n"
                            "special:\n" /* 26 */
                            "  imprisoned: {pay: stop, resume: same_month, rate: old, arrears: "
                            "none, basis: L-1}\n" /* 27 */
                            "  registration_cancelled: {pay: continue, arrears: none, review: "
                            "true, basis: SIL-73}\n"; /* 28 */

static struct jz_policy *parse(const char *text)
{
    struct jz_policy *p = NULL;
    struct jz_error err = { 0 };
    if (jz_policy_parse("p.yaml", text, strlen(text), NULL, NULL, &p, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

static void a_whole_policy_is_read(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_policy_freep) struct jz_policy *p = parse(whole);
    assert_string_equal(p->id, "370000-employee");
    assert_int_equal(p->version, 3);
    assert_int_equal(jz_date_key(p->from), 20250101);
    assert_int_equal(jz_date_key(p->until), 20261231);
    assert_int_equal(p->region, 370000);
    assert_int_equal(p->region_digits, 2);
    assert_int_equal(p->schemes, 1u << JZ_SCHEME_EMPLOYEE | 1u << JZ_SCHEME_LAND);
    assert_int_equal(p->base_count, 2);
    assert_string_equal(p->bases[0].cite, "社会保险法 第七十三条");
    const struct jz_rule *r = &p->rule;
    assert_int_equal(r->cycle.kind, JZ_CYCLE_ROLLING_MONTHS);
    assert_int_equal(r->cycle.months, 12);
    assert_int_equal(r->remind_count, 3);
    assert_int_equal(r->remind_days[2], 7);
    assert_int_equal(r->remind_max, 60);
    assert_int_equal(r->grace_days, 30);
    assert_true(r->accept[JZ_EV_PROXY].accepted && !r->accept[JZ_EV_COUNTER].accepted);
    assert_int_equal(r->accept[JZ_EV_PROXY].max_consecutive, 1);
    assert_int_equal(r->accept[JZ_EV_PROXY].strength, JZ_STRENGTH_C);
    assert_int_equal(r->accept[JZ_EV_DATA_MATCH].months, 6);
    assert_int_equal(r->accept[JZ_EV_DATA_MATCH].strength, JZ_STRENGTH_B);
    assert_int_equal(jz_date_key(r->campaign_deadline), 20260630);
    assert_string_equal(p->campaign_reason, "audit");
    size_t count;
    const struct jz_paper_rule *d = jz_policy_documents(p, JZ_EV_PROXY, &count);
    assert_int_equal(count, 3);
    assert_string_equal(jz_paper_name(&d[0]), "principal_id");
    assert_int_equal(d[0].form, JZ_FORM_COPY);
    assert_int_equal(d[0].group, 0);
    assert_int_equal(d[1].group, d[2].group);
    assert_true(d[1].group > 0);
    assert_int_equal(d[1].max_age_days, 3);
    assert_string_equal(p->bases[d[1].basis].id, "L-1");
    assert_string_equal(jz_paper_name(&d[2]), "village_letter");
    assert_string_equal(d[2].label, "村委会证明");
    assert_true(d[2].make_up && !d[1].make_up);
    assert_null(jz_policy_documents(p, JZ_EV_FACE_REMOTE, &count));
    assert_int_equal(count, 0);
    assert_int_equal(p->hold.notices, 3);
    assert_int_equal(p->hold.human_attempt_age, 75);
    assert_int_equal(p->hold.max_batch_basis_points, 250);
    assert_int_equal(p->resume, JZ_RESUME_SAME_MONTH_IF_OPEN);
    assert_true(fabs(p->face.fmr - 1e-5) < 1e-12);
    assert_int_equal(p->face.liveness, JZ_ACT_BLINK | JZ_ACT_NOD);
    assert_true(p->special[JZ_SPECIAL_IMPRISONED].given);
    assert_int_equal(p->special[JZ_SPECIAL_IMPRISONED].rate, JZ_RATE_OLD);
    assert_int_equal(p->special[JZ_SPECIAL_IMPRISONED].basis, 1);
    assert_false(p->special[JZ_SPECIAL_REAPPEARED].given);
    assert_true(p->special[JZ_SPECIAL_REGISTRATION_CANCELLED].review);
    assert_string_equal(p->text, whole);
}

/* The line of `whole` that is replaced, by what, and parts of the complaint. */
static const struct {
    int line;
    const char *text, *place, *says;
} faults[] = {
    { 1, "id: \"a b\"", "p.yaml:1: id:", "is no name" },
    { 1, "", "p.yaml:1: ", "'id' is missing" },
    { 1, "id: a\nid: b", "p.yaml:2: id:", "comes twice" },
    { 1, "id: a\ncycles: 3", "p.yaml:2: cycles:", "there is no such key; there are id, version" },
    { 1, "id: [a]", "p.yaml:1: id:", "a text belongs here, not a list" },
    { 1, "id:", "p.yaml:1: id:", "the value is missing" },
    { 2, "version: 0", "p.yaml:2: version:", "may be 1 to 1000000" },
    { 2, "version: \"3\"", "p.yaml:2: version:", "a plain value belongs here" },
    { 2, "version: 3.5", "p.yaml:2: version:", "no whole number" },
    { 2, "version: -3", "p.yaml:2: version:", "no whole number" },
    { 2, "version: 0x10", "p.yaml:2: version:", "no whole number" },
    { 2, "version: 99999999999999999999", "p.yaml:2: version:", "no whole number" },
    { 3, "effective: {from: 2025-02-29}", "p.yaml:3: effective.from:", "is no day" },
    { 3, "effective: {from: 20250201}", "p.yaml:3: effective.from:", "is no day" },
    { 3, "effective: {from: 2025-02-01, until: 2025-01-31}", "p.yaml:3: effective:", "before" },
    { 3, "effective: {}", "p.yaml:3: effective:", "'from' is missing" },
    { 3, "effective: 2025-01-01", "p.yaml:3: effective:", "a map of keys and values belongs" },
    { 4, "applies: {region: 37a, schemes: [land]}", "p.yaml:4: applies.region:", "is no region" },
    { 4, "applies: {region: 371, schemes: [land]}", "p.yaml:4: applies.region:", "is no region" },
    { 4, "applies: {region: \"000000\", schemes: [land]}",
      "p.yaml:4: applies.region:", "no region" },
    { 4, "applies: {region: 37010203, schemes: [land]}", "p.yaml:4: applies.region:", "no region" },
    { 4, "applies: {region: 37, schemes: []}", "p.yaml:4: applies.schemes:", "the list is empty" },
    { 4, "applies: {region: 37, schemes: [land, land]}", "p.yaml:4: applies.schemes[2]:", "twice" },
    { 4, "applies: {region: 37, schemes: [lund]}",
      "p.yaml:4: applies.schemes[1]:", "'lund' is no scheme; there are employee, institution" },
    { 6, "  - {id: L-1, cite: a}", "p.yaml:7: legal_basis[2]:", "comes twice" },
    { 6, "  - {id: SIL-73, cite: \" \"}", "p.yaml:6: legal_basis[1].cite:", "the text is empty" },
    { 6, "  - {id: SIL-73}", "p.yaml:6: legal_basis[1]:", "'cite' is missing" },
    { 8, "cycle: {kind: monthly}", "p.yaml:8: cycle.kind:", "there are rolling_months" },
    { 8, "cycle: {kind: rolling_months}", "p.yaml:8: cycle:", "needs the key 'months'" },
    { 8, "cycle: {kind: rolling_months, months: 0}", "p.yaml:8: cycle.months:", "1 to 1200" },
    { 8, "cycle: {kind: rolling_months, months: 12, count_from: month}",
      "p.yaml:8: cycle.count_from:", "there are day, next_month" },
    { 8, "cycle: {kind: calendar_year, months: 12}", "p.yaml:8: cycle.months:", "no such key" },
    { 8, "cycle: {kind: window, start: 03-01}", "p.yaml:8: cycle:", "needs the key 'end'" },
    { 8, "cycle: {kind: window, start: 07-01, end: 03-31}",
      "p.yaml:8: cycle:", "one calendar year" },
    { 8, "cycle: {kind: window, start: 13-01, end: 03-31}",
      "p.yaml:8: cycle.start:", "is no day of the year" },
    { 8, "cycle: {kind: window, start: 3-1, end: 03-31}",
      "p.yaml:8: cycle.start:", "is no day of the year" },
    { 8, "cycle: {kind: window, start: 03-01, end: 06-30, early_days: 366}",
      "p.yaml:8: cycle.early_days:", "0 to 365" },
    { 8, "", "p.yaml:1: ", "'cycle' is missing" },
    { 9, "remind_days: [1, 2, 3, 4, 5, 6, 7, 8, 9]", "p.yaml:9: remind_days:", "there may be 8" },
    { 9, "remind_days: 60", "p.yaml:9: remind_days:", "a list belongs here" },
    { 9, "remind_days: [60, x]", "p.yaml:9: remind_days[2]:", "no whole number" },
    { 10, "grace: {days: 30, months: 1}", "p.yaml:10: grace:", "not in both" },
    { 10, "grace: {weeks: 3}", "p.yaml:10: grace.weeks:", "there are days, months" },
    { 12, "  - {kind: weak_signal}", "p.yaml:12: accept[1]:", "never counts alone" },
    { 12, "  - {kind: telepathy}", "p.yaml:12: accept[1].kind:", "there are counter, community" },
    { 12, "  - {kind: proxy}", "p.yaml:14: accept[3]:", "comes twice" },
    { 12, "  - {months: 6}", "p.yaml:12: accept[1]:", "'kind' is missing" },
    { 13, "  - {kind: data_match, strength: D}",
      "p.yaml:13: accept[2].strength:", "there are A, B, C" },
    { 14, "  - {kind: proxy, max_consecutive: 0}",
      "p.yaml:14: accept[3].max_consecutive:", "1 to" },
    { 16, "  prox:", "p.yaml:16: documents.prox:", "there are counter, community" },
    { 16, "  counter:", "p.yaml:16: documents.counter:", "is not accepted by this policy" },
    { 17, "    - {doc: principal_id, form: copy}",
      "p.yaml:17: documents.proxy[1]:", "'basis' is missing" },
    { 17, "    - {doc: principal_id, form: copy, basis: SIL-74}",
      "p.yaml:17: documents.proxy[1].basis:", "is not listed in legal_basis" },
    { 17, "    - {doc: principal_ID, form: copy, basis: SIL-73}",
      "p.yaml:17: documents.proxy[1].doc:", "no document known here" },
    { 17, "    - {doc: other, form: copy, basis: SIL-73}",
      "p.yaml:17: documents.proxy[1].doc:", "no document known here" },
    { 17, "    - {doc: principal_id, label: ID, form: copy, basis: SIL-73}",
      "p.yaml:17: documents.proxy[1].label:", "has its label already" },
    { 17, "    - {doc: principal_id, form: fax, basis: SIL-73}",
      "p.yaml:17: documents.proxy[1].form:", "there are original, copy" },
    { 18,
      "    - doc: principal_id\n      one_of:", "p.yaml:18: documents.proxy[2]:", "stands alone" },
    { 22, "hold: {release: one_person}", "p.yaml:22: hold.release:", "always takes two people" },
    { 22, "hold: {notices: 1, channels: 2}", "p.yaml:22: hold:", "different channels" },
    { 22, "hold: {max_batch_percent: 0}", "p.yaml:22: hold.max_batch_percent:", "0.01 to 100" },
    { 22, "hold: {max_batch_percent: nan}", "p.yaml:22: hold.max_batch_percent:", "no number" },
    { 23, "resume: {when: never}", "p.yaml:23: resume.when:", "off_cycle" },
    { 24, "face: {fmr: 0.5}", "p.yaml:24: face.fmr:", "out of range" },
    { 24, "face: {fmr: 0x1}", "p.yaml:24: face.fmr:", "no number" },
    { 24, "face: {liveness: [wink]}", "p.yaml:24: face.liveness[1]:", "there are blink" },
    { 25, "campaign: {start: 2026-03-01, deadline: 2026-06-30}",
      "p.yaml:25: campaign:", "'reason' is missing" },
    { 25, "campaign: {start: 2026-03-01, deadline: 2026-06-30, reason: \"  \"}",
      "p.yaml:25: campaign.reason:", "needs a reason" },
    { 25, "campaign: {start: 2026-03-01, deadline: 2026-06-30, reason: [a]}",
      "p.yaml:25: campaign.reason:", "a text belongs here" },
    { 25, "campaign: {start: 2026-03-01, deadline: 2026-02-28, reason: a}",
      "p.yaml:25: campaign:", "before its start" },
    { 27, "  imprisoned: {pay: stop, arrears: none, basis: L-1}",
      "p.yaml:27: special.imprisoned:", "'resume' has to say" },
    { 27, "  imprisoned: {pay: stop, resume: never, arrears: none}",
      "p.yaml:27: special.imprisoned:", "'basis' is missing" },
    { 27, "  jailed: {pay: stop}", "p.yaml:27: special.jailed:", "there are imprisoned" },
    { 28, "  registration_cancelled: {pay: continue, arrears: none, review: yes, basis: L-1}",
      "p.yaml:28: special.registration_cancelled.review:", "neither true nor false" },
    { 2, "version: &v 3", "p.yaml:2: ", "anchors, aliases and tags" },
    { 2, "version: !!int 3", "p.yaml:2: ", "anchors, aliases and tags" },
    { 2, "version: *v", "p.yaml:2: ", "anchors, aliases and tags" },
    { 2, "version: 3\n---\nid: b", "p.yaml:3: ", "a second document" },
    { 2, "version: \"3", "p.yaml:", "this is not YAML" },
    { 2, "\tversion: 3", "p.yaml:2: ", "this is not YAML" },
    { 2, "version: [[[[[[[[[[3]]]]]]]]]]", "p.yaml:2: ", "nested deeper than 8" },
    { 2, "[a]: 3", "p.yaml:2: ", "a key must be a word" },
    { 2, "version: \"\\0\"", "p.yaml:2: ", "a NUL inside a text" },
};

/* `whole` with one line replaced; an empty text takes the line out. */
static char *with_fault(int line, const char *text)
{
    const char *start = whole;
    for (int i = 1; i < line; i++)
        start = strchr(start, '\n') + 1;
    char *out = NULL;
    assert_true(asprintf(&out, "%.*s%s%s%s", (int)(start - whole), whole, text, *text ? "\n" : "",
                         strchr(start, '\n') + 1) > 0);
    return out;
}

struct heard {
    unsigned count;
    char all[8192];
};

static void hear(void *context, const struct jz_error *complaint)
{
    struct heard *h = context;
    h->count++;
    assert_true(complaint->code < 0);
    strncat(h->all, complaint->text, sizeof h->all - strlen(h->all) - 2);
    strcat(h->all, "\n");
}

static void faults_are_named_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        jz_autofree char *text = with_fault(faults[i].line, faults[i].text);
        struct heard heard = { 0 };
        struct jz_policy *p = NULL;
        struct jz_error err = { 0 };
        const int r = jz_policy_parse("p.yaml", text, strlen(text), hear, &heard, &p, &err);
        print_message("# row %zu: %s\n", i + 1, err.text);
        assert_true(r < 0 && r == err.code);
        assert_null(p);
        assert_true(heard.count > 0);
        const char *place = strstr(heard.all, faults[i].place);
        assert_non_null(place);
        const char *says = strstr(heard.all, faults[i].says);
        assert_non_null(says);
        assert_memory_equal(heard.all, err.text, strlen(err.text));
    }
}

static void all_faults_are_heard(void **state)
{
    (void)state;
    static const char text[] = "id: a\n"
                               "version: x\n"
                               "effective: {from: 2025-13-01}\n"
                               "applies: {region: 1, schemes: [a, b]}\n"
                               "legal_basis: []\n"
                               "accept: [{kind: a}, {kind: b, months: 0}]\n";
    struct heard heard = { 0 };
    struct jz_policy *p = NULL;
    struct jz_error err = { 0 };
    assert_int_equal(jz_policy_parse("p.yaml", text, sizeof text - 1, hear, &heard, &p, &err),
                     JZ_E_FORMAT);
    /* version, from, region, two schemes, no basis, two kinds, months, no cycle. */
    assert_int_equal(heard.count, 10);
}

static void sizes_are_limited(void **state)
{
    (void)state;
    struct jz_policy *p = NULL;
    struct jz_error err;
    jz_autofree char *big = malloc(JZ_POLICY_MAX_BYTES + 2);
    memset(big, ' ', JZ_POLICY_MAX_BYTES + 1);
    big[JZ_POLICY_MAX_BYTES + 1] = 0;
    assert_int_equal(jz_policy_parse("p", big, JZ_POLICY_MAX_BYTES + 1, NULL, NULL, &p, &err),
                     JZ_E_LIMIT);
    assert_int_equal(jz_policy_parse("p", big, JZ_POLICY_MAX_BYTES, NULL, NULL, &p, &err),
                     JZ_E_FORMAT);
    assert_int_equal(jz_policy_parse("p", "", 0, NULL, NULL, &p, &err), JZ_E_FORMAT);
    memcpy(big, "remind_days: [", 14);
    for (size_t i = 14; i + 2 < JZ_POLICY_MAX_BYTES; i += 2)
        memcpy(big + i, "1,", 2);
    assert_int_equal(jz_policy_parse("p", big, JZ_POLICY_MAX_BYTES, NULL, NULL, &p, &err),
                     JZ_E_LIMIT);
    assert_non_null(strstr(err.text, "more than 4096 values"));
    memset(big, 'x', 2000);
    memcpy(big, "id: ", 4);
    assert_int_equal(jz_policy_parse("p", big, 2000, NULL, NULL, &p, &err), JZ_E_LIMIT);
    assert_null(p);
}

static struct jz_policy *small(const char *id, unsigned version, const char *from,
                               const char *region, const char *schemes)
{
    char text[512];
    snprintf(text, sizeof text,
             "{id: %s, version: %u, effective: {from: %.10s%s%.10s}, applies: {region: \"%s\", "
             "schemes: [%s]}, legal_basis: [{id: A, cite: made up}], cycle: {kind: calendar_year}, "
             "accept: [{kind: counter}]}",
             id, version, from, from[10] ? ", until: " : "", from[10] ? from + 11 : "", region,
             schemes);
    return parse(text);
}

static void the_nearest_policy_is_found(void **state)
{
    (void)state;
    struct jz_policy *policies[] = {
        small("country", 1, "2020-01-01", "", "employee, resident"),
        small("country", 2, "2025-01-01", "", "employee, resident"),
        small("province", 1, "2022-01-01", "370000", "employee"),
        small("province", 2, "2022-01-01", "370000", "employee"),
        small("province", 3, "2024-01-01 2024-12-31", "37", "employee"),
        small("city", 1, "2023-01-01", "3701", "employee"),
        small("county", 1, "2023-01-01", "370102", "employee"),
        small("other", 1, "2019-01-01", "44", "employee, institution"),
    };
    static const struct {
        unsigned region;
        enum jz_scheme scheme;
        const char *on, *id; /* NULL: none */
        unsigned version;
    } cases[] = {
        { 110101, JZ_SCHEME_EMPLOYEE, "2019-12-31", NULL, 0 },
        { 110101, JZ_SCHEME_EMPLOYEE, "2020-01-01", "country", 1 },
        { 110101, JZ_SCHEME_EMPLOYEE, "2024-12-31", "country", 1 },
        { 110101, JZ_SCHEME_EMPLOYEE, "2025-01-01", "country", 2 },
        { 110101, JZ_SCHEME_INSTITUTION, "2025-01-01", NULL, 0 },
        { 440101, JZ_SCHEME_INSTITUTION, "2025-01-01", "other", 1 },
        { 370202, JZ_SCHEME_EMPLOYEE, "2021-12-31", "country", 1 },
        { 370202, JZ_SCHEME_EMPLOYEE, "2023-06-01", "province", 2 },
        { 370202, JZ_SCHEME_EMPLOYEE, "2024-06-01", "province", 3 },
        { 370202, JZ_SCHEME_EMPLOYEE, "2024-12-31", "province", 3 },
        { 370202, JZ_SCHEME_EMPLOYEE, "2025-01-01", "province", 2 },
        { 370202, JZ_SCHEME_RESIDENT, "2025-01-01", "country", 2 },
        { 370103, JZ_SCHEME_EMPLOYEE, "2022-12-31", "province", 2 },
        { 370103, JZ_SCHEME_EMPLOYEE, "2024-06-01", "city", 1 },
        { 370102, JZ_SCHEME_EMPLOYEE, "2024-06-01", "county", 1 },
        { 370000, JZ_SCHEME_EMPLOYEE, "2024-06-01", "province", 3 },
        { 370100, JZ_SCHEME_EMPLOYEE, "2024-06-01", "city", 1 },
        { 0, JZ_SCHEME_EMPLOYEE, "2025-06-01", "country", 2 },
        { 4294967295u, JZ_SCHEME_EMPLOYEE, "2025-06-01", "country", 2 },
        { 370102, JZ_SCHEMES, "2024-06-01", NULL, 0 },
    };
    struct jz_error err;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    const size_t count = sizeof policies / sizeof policies[0];
    assert_int_equal(jz_policy_set_new(policies, count, &set, &err), 0);
    assert_null(policies[0]);
    assert_int_equal(jz_policy_set_count(set), count);
    assert_string_equal(jz_policy_set_at(set, 0)->id, "city");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_date on;
        assert_true(jz_date_parse(cases[i].on, &on));
        const struct jz_policy *p = jz_policy_set_find(set, cases[i].region, cases[i].scheme, on);
        print_message("# row %zu: %s\n", i + 1, p ? p->id : "none");
        assert_int_equal(p != NULL, cases[i].id != NULL);
        if (p) {
            assert_string_equal(p->id, cases[i].id);
            assert_int_equal(p->version, cases[i].version);
        }
    }
}

static void twins_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *id, *from, *region, *schemes;
        unsigned version;
        bool good;
    } cases[] = {
        { "a", "2021-01-01", "44", "resident", 1, false }, /* the same id and version */
        { "b", "2020-01-01", "370000", "land, employee", 1, false },
        { "b", "2020-01-01", "370000", "land, employee", 2, true },
        { "b", "2020-01-02", "370000", "land, employee", 1, true },
        { "b", "2020-01-01", "3701", "land, employee", 1, true },
        { "b", "2020-01-01", "370000", "land", 1, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_policy *two[] = { small("a", 1, "2020-01-01", "37", "employee"),
                                    small(cases[i].id, cases[i].version, cases[i].from,
                                          cases[i].region, cases[i].schemes) };
        struct jz_error err;
        JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
        assert_int_equal(jz_policy_set_new(two, 2, &set, &err), cases[i].good ? 0 : JZ_E_CONFLICT);
        assert_int_equal(two[0] == NULL, cases[i].good);
        jz_policy_free(two[0]);
        jz_policy_free(two[1]);
    }
    struct jz_error err;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *none = NULL;
    assert_int_equal(jz_policy_set_new(NULL, 0, &none, &err), 0);
    assert_null(
        jz_policy_set_find(none, 370102, JZ_SCHEME_EMPLOYEE, (struct jz_date){ 2025, 1, 1 }));
}

/* The policies that ship are in order, and a fresh installation covers everybody. */
static void what_ships_covers_everybody(void **state)
{
    (void)state;
    static const char *const paths[] = { JZ_SOURCE_ROOT "/policy/country",
                                         JZ_SOURCE_ROOT "/policy/presets" };
    struct heard heard = { 0 };
    struct jz_error err = { 0 };
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    if (jz_policy_load(paths, 2, hear, &heard, &set, &err) < 0)
        fail_msg("%s", heard.all);
    unsigned docs = 0, cycles = 0;
    bool campaign = false;
    for (size_t i = 0; i < jz_policy_set_count(set); i++) {
        const struct jz_policy *p = jz_policy_set_at(set, i);
        cycles |= 1u << p->rule.cycle.kind;
        campaign |= p->campaign_reason != NULL;
        for (size_t k = 0; k < p->document_count; k++)
            docs |= 1u << p->documents[k].doc;
    }
    assert_int_equal(cycles, (1u << JZ_CYCLE_KINDS) - 1);
    assert_int_equal(docs | 1u << JZ_PAPER_OTHER, (1u << JZ_PAPER_KINDS) - 1);
    assert_true(campaign);
    for (int scheme = 0; scheme < JZ_SCHEMES; scheme++) {
        const struct jz_policy *p = jz_policy_set_find(set, 650102, (enum jz_scheme)scheme,
                                                       (struct jz_date){ 2026, 11, 25 });
        assert_non_null(p);
        assert_true(p->rule.accept[JZ_EV_FACE_REMOTE].accepted);
        assert_true(p->rule.accept[JZ_EV_COMMUNITY].accepted);
        for (int i = 0; i < JZ_SPECIAL_STATUSES; i++)
            assert_true(p->special[i].given);
        assert_int_equal(p->special[JZ_SPECIAL_REGISTRATION_CANCELLED].pay, JZ_PAY_CONTINUES);
        assert_int_equal(p->special[JZ_SPECIAL_REAPPEARED].arrears, JZ_ARREARS_WITH_INCREASES);
        assert_true(p->special[JZ_SPECIAL_DECLARED_DEAD].grant);
    }
}

static void folders_are_loaded_whole(void **state)
{
    (void)state;
    char folder[] = "/tmp/jz-policy-XXXXXX";
    assert_non_null(mkdtemp(folder));
    jz_autofree char *good = jz_path_join(folder, "a.yaml");
    jz_autofree char *bad = jz_path_join(folder, "b.yaml");
    jz_autofree char *twin = jz_path_join(folder, "c.yaml");
    jz_autofree char *text = with_fault(2, "version: x");
    const char *const path = folder;
    struct jz_error err;
    struct heard heard = { 0 };
    struct jz_policy_set *set = NULL;
    assert_int_equal(jz_policy_load(&path, 1, hear, &heard, &set, &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_file_write(good, whole, strlen(whole), &err), 0);
    assert_int_equal(jz_file_write(bad, text, strlen(text), &err), 0);
    assert_int_equal(jz_file_write(twin, whole, strlen(whole), &err), 0);
    heard = (struct heard){ 0 };
    assert_int_equal(jz_policy_load(&path, 1, hear, &heard, &set, &err), JZ_E_FORMAT);
    assert_int_equal(heard.count, 2);
    assert_non_null(strstr(heard.all, "b.yaml:2: version:"));
    assert_non_null(strstr(heard.all, "c.yaml: 370000-employee version 3 is already there in"));
    unlink(bad);
    assert_int_equal(jz_policy_load(&path, 1, hear, &heard, &set, &err), JZ_E_CONFLICT);
    unlink(twin);
    assert_int_equal(jz_policy_load(&path, 1, hear, &heard, &set, &err), 0);
    assert_int_equal(jz_policy_set_count(set), 1);
    jz_policy_set_free(set);
    unlink(good);
    rmdir(folder);
    assert_int_equal(jz_policy_load(&path, 1, hear, &heard, &set, &err), JZ_E_NOT_FOUND);
}

static void check_words(const struct jz_word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(*words[i].name && *words[i].zh_hans && *words[i].zh_hant && *words[i].en);
        assert_int_equal(jz_word_find(words, count, words[i].name), i);
    }
}

static void every_word_has_its_labels(void **state)
{
    (void)state;
    check_words(jz_scheme_words, JZ_SCHEMES);
    check_words(jz_evidence_words, JZ_EV_KINDS);
    check_words(jz_outcome_words, JZ_OUTCOMES);
    check_words(jz_standing_words, JZ_STANDING_STATES);
    check_words(jz_paper_words, JZ_PAPER_KINDS);
    check_words(jz_form_words, JZ_PAPER_FORMS);
    check_words(jz_special_words, JZ_SPECIAL_STATUSES);
    for (int k = 0; k < JZ_EV_KINDS; k++)
        assert_in_range(jz_evidence_strength[k], JZ_STRENGTH_A, JZ_STRENGTH_D);
    assert_int_equal(jz_strength_letter(jz_evidence_strength[JZ_EV_WEAK_SIGNAL]), 'D');
    assert_int_equal(JZ_WORD_FIND(jz_scheme_words, "nothing"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_policy_is_read),
        cmocka_unit_test(faults_are_named_with_their_place),
        cmocka_unit_test(all_faults_are_heard),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(the_nearest_policy_is_found),
        cmocka_unit_test(twins_are_refused),
        cmocka_unit_test(what_ships_covers_everybody),
        cmocka_unit_test(folders_are_loaded_whole),
        cmocka_unit_test(every_word_has_its_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
