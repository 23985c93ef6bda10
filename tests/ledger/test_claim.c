/*
 * Claims, corrections and deaths on made-up people under made-up policies: what is decided, why,
 * what is written, and that the cached standing is always what the facts say.
 */
#include "register.h"

#include "ledger/death.h"
#include "ledger/evidence.h"
#include "ledger/review.h"
#include "receipt/payload.h"

#include <string.h>

#define TODAY "2026-11-25"

static const char *const policies[] = {
    "id: t-main\nversion: 1\neffective: {from: 2010-01-01}\n"
    "applies: {region: \"37\", schemes: [employee]}\n"
    "legal_basis: [{id: L, cite: 社会保险法 第七十三条}, {id: M, cite: 民法典 第一百六十五条}]\n"
    "cycle: {kind: rolling_months, months: 12}\nremind_days: [60]\ngrace: {days: 30}\n"
    "accept:\n"
    "  - {kind: counter}\n  - {kind: home_visit}\n  - {kind: face_remote}\n"
    "  - {kind: data_match, months: 6}\n  - {kind: proxy, max_consecutive: 1}\n"
    "  - {kind: unit_list}\n  - {kind: materials}\n"
    "documents:\n"
    "  proxy:\n"
    "    - {doc: power_of_attorney, form: original, basis: M}\n"
    "    - one_of:\n"
    "        - {doc: life_sign, form: photo, basis: L}\n"
    "        - {doc: newspaper_photo, form: photo, basis: L}\n"
    "  unit_list:\n"
    "    - {doc: handler_id, form: copy, basis: L, when: make_up}\n"
    "  materials:\n"
    "    - {doc: resident_id, form: scan, basis: L}\n"
    "    - one_of:\n"
    "        - {doc: newspaper_photo, form: photo, basis: L, max_age_days: 3}\n"
    "        - {doc: hospital_certificate, form: scan, basis: M, max_age_days: 30}\n"
    "face: {fmr: 1.0e-4, tries_before_human: 3, liveness: [blink]}\n",

    "id: t-resident\nversion: 1\neffective: {from: 2010-01-01}\n"
    "applies: {region: \"37\", schemes: [resident]}\n"
    "legal_basis: [{id: L, cite: 社会保险法 第七十三条}]\n"
    "cycle: {kind: calendar_year}\n"
    "accept:\n  - {kind: counter}\n  - {kind: proxy}\n"
    "documents:\n  proxy:\n    - {doc: proxy_id, form: original, basis: L}\n",

    "id: t-versions\nversion: 1\neffective: {from: 2010-01-01, until: 2026-06-30}\n"
    "applies: {region: \"44\", schemes: [employee]}\n"
    "legal_basis: [{id: L, cite: 社会保险法 第七十三条}]\n"
    "cycle: {kind: rolling_months, months: 12}\naccept:\n  - {kind: counter}\n",

    "id: t-versions\nversion: 2\neffective: {from: 2026-07-01}\n"
    "applies: {region: \"44\", schemes: [employee]}\n"
    "legal_basis: [{id: L, cite: 社会保险法 第七十三条}]\n"
    "cycle: {kind: rolling_months, months: 6}\naccept:\n  - {kind: counter}\n"
    "  - {kind: data_match}\n",
};

/* Who the steps of a case happen to. */
static const struct register_person employee = {
    NULL, NULL, { 1950, 1, 1 }, { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 } } }
};
static const struct register_person both = {
    .born_on = { 1950, 1, 1 },
    .benefits = { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 } },
                  { JZ_SCHEME_RESIDENT, 370102, { 2015, 1, 1 } } },
};
static const struct register_person nobodys = {
    NULL, NULL, { 1950, 1, 1 }, { { JZ_SCHEME_EMPLOYEE, 650102, { 2015, 1, 1 } } }
};
static const struct register_person ended = {
    NULL, NULL, { 1950, 1, 1 }, { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 }, { 2020, 1, 31 } } }
};
/* One benefit ended, whose rule asks for more than the other's. */
static const struct register_person one_ended = {
    .born_on = { 1950, 1, 1 },
    .benefits = { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 }, { 2020, 1, 31 } },
                  { JZ_SCHEME_RESIDENT, 370102, { 2015, 1, 1 } } },
};
static const struct register_person without = { NULL, NULL, { 1950, 1, 1 }, { { 0 } } };

enum what { CLAIM, DEATH, WITHDRAW, ENROL };

struct step {
    enum what what;
    enum jz_evidence_kind kind;
    const char *on;
    enum jz_outcome outcome;
    const char *documents[4];
    const char *reasons; /* given by the channel */
    unsigned place;
    bool nobody, untrusted;
    int of; /* evidence of that step, from 1; -1: what is no evidence at all */
    /* What is expected. */
    int error;
    enum jz_outcome want;
    const char *why;     /* reasons, NULL: none */
    const char *lacking; /* the document of the first reason; NULL: any, or none */
    int certified;       /* benefits */
    const char *due;     /* of the first benefit, NULL: not asked */
    const char *a_case;  /* opened by it; NULL: none */
    int tries;
};

#define LAPSED_DUE   "2016-01-01" /* of somebody who never gave a sign */
#define PASS         .outcome = JZ_OUTCOME_PASS
#define FAIL         .outcome = JZ_OUTCOME_FAIL
#define SEEN(d)      .kind = JZ_EV_COUNTER, .on = (d), PASS
#define MATERIALS(d) .kind = JZ_EV_MATERIALS, .on = (d), PASS
#define FACE(d)      .kind = JZ_EV_FACE_REMOTE, .on = (d)
#define WANT_FAIL    .want = JZ_OUTCOME_FAIL
#define WANT_PENDING .want = JZ_OUTCOME_PENDING

static const struct test_case {
    const char *name;
    const struct register_person *person;
    struct step steps[8];
} cases[] = {
    { "seen today", &employee, { { SEEN(TODAY), .certified = 1, .due = "2027-11-25" } } },
    { "the day of the sign counts, not today",
      &employee,
      { { SEEN("2026-03-01"), .certified = 1, .due = "2027-03-01" } } },
    { "an older sign is certified and moves nothing",
      &employee,
      { { SEEN("2026-10-01"), .certified = 1, .due = "2027-10-01" },
        { SEEN("2026-01-05"), .certified = 1, .why = "already_later", .due = "2027-10-01" } } },
    { "a failure changes nothing",
      &employee,
      { { SEEN("2026-10-01"), .certified = 1, .due = "2027-10-01" },
        { .kind = JZ_EV_COUNTER, .on = TODAY, FAIL, WANT_FAIL, .due = "2027-10-01" } } },
    { "materials wait for a person",
      &employee,
      { { .kind = JZ_EV_MATERIALS,
          .on = TODAY,
          .outcome = JZ_OUTCOME_PENDING,
          .reasons = "pending_review",
          WANT_PENDING,
          .why = "pending_review",
          .due = LAPSED_DUE,
          .a_case = "pending_review" },
        { MATERIALS(TODAY), .of = 1, .documents = { "resident_id", "newspaper_photo@2026-11-25" },
          .certified = 1, .due = "2027-11-25" } } },
    { "kind that the policy does not take",
      &employee,
      { { .kind = JZ_EV_VIDEO_CALL,
          .on = TODAY,
          PASS,
          WANT_FAIL,
          .why = "kind_not_accepted",
          .due = LAPSED_DUE } } },
    { "a weak signal never counts alone",
      &employee,
      { { .kind = JZ_EV_WEAK_SIGNAL,
          .on = TODAY,
          PASS,
          WANT_FAIL,
          .why = "kind_not_accepted",
          .due = LAPSED_DUE } } },
    { "a kind that carries fewer months",
      &employee,
      { { .kind = JZ_EV_DATA_MATCH, .on = "2026-08-31", PASS, .certified = 1, .due = "2027-02-28" },
        { SEEN("2026-08-31"), .certified = 1, .due = "2027-08-31" },
        { .kind = JZ_EV_DATA_MATCH,
          .on = "2026-09-30",
          PASS,
          .certified = 1,
          .why = "already_later",
          .due = "2027-08-31" } } },

    { "documents: one is missing, then one of a group, then all are there",
      &employee,
      { { .kind = JZ_EV_PROXY,
          .on = TODAY,
          PASS,
          .documents = { "life_sign" },
          WANT_FAIL,
          .why = "documents_missing",
          .due = LAPSED_DUE },
        { .kind = JZ_EV_PROXY,
          .on = TODAY,
          PASS,
          .documents = { "power_of_attorney" },
          WANT_FAIL,
          .why = "documents_missing",
          .due = LAPSED_DUE },
        { .kind = JZ_EV_PROXY,
          .on = TODAY,
          PASS,
          .documents = { "newspaper_photo", "power_of_attorney" },
          .certified = 1,
          .due = "2027-11-25" } } },
    { "documents that are asked for only when late: late",
      &employee,
      { { .kind = JZ_EV_UNIT_LIST,
          .on = TODAY,
          PASS,
          WANT_FAIL,
          .why = "documents_missing",
          .due = LAPSED_DUE },
        { .kind = JZ_EV_UNIT_LIST,
          .on = TODAY,
          PASS,
          .documents = { "handler_id" },
          .certified = 1,
          .due = "2027-11-25" } } },
    { "documents that are asked for only when late: on the last day on time",
      &employee,
      { { SEEN("2025-11-25"), .certified = 1, .due = TODAY },
        { .kind = JZ_EV_UNIT_LIST, .on = TODAY, PASS, .certified = 1, .due = "2027-11-25" } } },
    { "documents of two rules: all of them, or it counts for none",
      &both,
      { { .kind = JZ_EV_PROXY,
          .on = TODAY,
          PASS,
          .documents = { "power_of_attorney", "life_sign" },
          WANT_FAIL,
          .why = "documents_missing",
          .due = LAPSED_DUE },
        { .kind = JZ_EV_PROXY,
          .on = TODAY,
          PASS,
          .documents = { "power_of_attorney", "life_sign", "proxy_id" },
          .certified = 2,
          .due = "2027-11-25" } } },
    { "documents that a benefit asked for that ended",
      &one_ended,
      { { .kind = JZ_EV_PROXY, .on = TODAY, PASS, .documents = { "proxy_id" }, .certified = 1 } } },

    { "a newspaper of the last of its days, and one day older",
      &employee,
      { { MATERIALS("2026-11-20"), .documents = { "resident_id", "newspaper_photo@2026-11-16" },
          WANT_FAIL, .why = "document_too_old", .lacking = "newspaper_photo", .due = LAPSED_DUE },
        { MATERIALS("2026-11-20"), .documents = { "resident_id", "newspaper_photo@2026-11-17" },
          .certified = 1, .due = "2027-11-20" } } },
    { "a newspaper of the same day, and of the day after",
      &employee,
      { { MATERIALS("2026-11-20"), .documents = { "resident_id", "newspaper_photo@2026-11-21" },
          WANT_FAIL, .why = "document_later", .lacking = "newspaper_photo", .due = LAPSED_DUE },
        { MATERIALS("2026-11-20"), .documents = { "resident_id", "newspaper_photo@2026-11-20" },
          .certified = 1, .due = "2027-11-20" } } },
    { "a newspaper of no day; a day that nobody asks for is not looked at",
      &employee,
      { { MATERIALS(TODAY), .documents = { "resident_id@1999-01-01", "newspaper_photo" }, WANT_FAIL,
          .why = "document_undated", .lacking = "newspaper_photo", .due = LAPSED_DUE },
        { MATERIALS(TODAY), .documents = { "resident_id@2026-12-31", "newspaper_photo@2026-11-24" },
          .certified = 1, .due = "2027-11-25" } } },
    { "each of a group by its own age; one that will do is enough",
      &employee,
      { { MATERIALS(TODAY),
          .documents = { "resident_id", "newspaper_photo@2026-11-01",
                         "hospital_certificate@2026-10-25" },
          WANT_FAIL, .why = "document_too_old", .lacking = "hospital_certificate",
          .due = LAPSED_DUE },
        { MATERIALS(TODAY),
          .documents = { "resident_id", "newspaper_photo@2026-11-01",
                         "hospital_certificate@2026-10-26" },
          .certified = 1, .due = "2027-11-25" } } },
    { "two photographs of which one is fresh",
      &employee,
      { { MATERIALS(TODAY),
          .documents = { "resident_id", "newspaper_photo@2026-11-23",
                         "newspaper_photo@2026-11-01" },
          .certified = 1, .due = "2027-11-25" } } },
    { "one is missing and another too old",
      &employee,
      { { MATERIALS(TODAY), .documents = { "newspaper_photo@2025-11-25" }, WANT_FAIL,
          .why = "documents_missing,document_too_old", .lacking = "resident_id",
          .due = LAPSED_DUE } } },

    { "not twice in a row without a stronger sign",
      &employee,
      { { .kind = JZ_EV_PROXY,
          .on = "2025-11-20",
          PASS,
          .documents = { "power_of_attorney", "life_sign" },
          .certified = 1,
          .due = "2026-11-20" },
        { .kind = JZ_EV_PROXY,
          .on = "2026-11-20",
          PASS,
          .documents = { "power_of_attorney", "life_sign" },
          WANT_FAIL,
          .why = "not_twice_in_a_row",
          .due = "2026-11-20" },
        { SEEN("2026-11-22"), .certified = 1, .due = "2027-11-22" },
        { .kind = JZ_EV_PROXY,
          .on = "2026-11-23",
          PASS,
          .documents = { "power_of_attorney", "life_sign" },
          .certified = 1,
          .due = "2027-11-23" } } },

    { "one sign serves all benefits",
      &both,
      { { SEEN(TODAY), .certified = 2, .due = "2027-11-25" } } },
    { "one sign serves only the benefit whose rule takes it",
      &both,
      { { FACE(TODAY), PASS, .certified = 1, .due = "2027-11-25" } } },

    { "a day in the future", &employee, { { SEEN("2026-11-26"), .error = JZ_E_USAGE } } },
    { "before birth", &employee, { { SEEN("1949-12-31"), .error = JZ_E_USAGE } } },
    { "no day", &employee, { { SEEN(NULL), .error = JZ_E_USAGE } } },
    { "nobody answers for it",
      &employee,
      { { SEEN(TODAY), .nobody = true, .error = JZ_E_USAGE },
        { .kind = JZ_EV_PROXY, .on = TODAY, PASS, .nobody = true, .error = JZ_E_USAGE },
        { .kind = JZ_EV_DATA_MATCH,
          .on = TODAY,
          PASS,
          .nobody = true,
          .certified = 1,
          .due = "2027-05-25" } } },

    { "a correction takes back what was certified",
      &employee,
      { { SEEN("2025-12-01"), .certified = 1, .due = "2026-12-01" },
        { SEEN("2026-10-01"), .certified = 1, .due = "2027-10-01" },
        { .kind = JZ_EV_COUNTER,
          .on = "2026-10-01",
          FAIL,
          .of = 2,
          WANT_FAIL,
          .due = "2026-12-01" } } },
    { "a correction of the day",
      &employee,
      { { SEEN("2026-10-01"), .certified = 1, .due = "2027-10-01" },
        { SEEN("2026-09-01"), .of = 1, .certified = 1, .due = "2027-09-01" },
        { SEEN("2026-08-01"), .of = 1, .error = JZ_E_USAGE },
        { SEEN("2026-08-01"), .of = 2, .certified = 1, .due = "2027-08-01" },
        { SEEN("2026-08-01"), .of = -1, .error = JZ_E_USAGE } } },

    { "after three failures a person takes over",
      &employee,
      { { .what = ENROL },
        { FACE(TODAY), FAIL, .reasons = "does_not_match", WANT_FAIL, .why = "does_not_match",
          .due = LAPSED_DUE, .tries = 1 },
        { FACE(TODAY), FAIL, .reasons = "does_not_match", WANT_FAIL, .why = "does_not_match",
          .due = LAPSED_DUE, .tries = 2 },
        { FACE(TODAY), FAIL, .reasons = "does_not_match", WANT_FAIL,
          .why = "does_not_match,needs_person", .due = LAPSED_DUE, .tries = 3,
          .a_case = "failed_attempts" },
        { FACE(TODAY), FAIL, .reasons = "does_not_match", WANT_FAIL,
          .why = "does_not_match,needs_person", .due = LAPSED_DUE, .tries = 4 },
        { FACE(TODAY), PASS, .certified = 1, .due = "2027-11-25" },
        { FACE(TODAY), FAIL, .reasons = "does_not_match", WANT_FAIL, .why = "does_not_match",
          .due = "2027-11-25", .tries = 1 } } },
    { "without a template nothing is a try",
      &employee,
      { { FACE(TODAY), FAIL, .reasons = "no_template", WANT_FAIL, .why = "no_template",
          .due = LAPSED_DUE },
        { FACE(TODAY), FAIL, .reasons = "no_template", WANT_FAIL, .why = "no_template",
          .due = LAPSED_DUE },
        { FACE(TODAY), FAIL, .reasons = "no_template", WANT_FAIL, .why = "no_template",
          .due = LAPSED_DUE },
        { .what = ENROL },
        { FACE(TODAY), FAIL, .reasons = "does_not_match", WANT_FAIL, .why = "does_not_match",
          .due = LAPSED_DUE, .tries = 1 } } },
    { "a weak signal and a clerk's failure are no tries and end none",
      &employee,
      { { FACE(TODAY), FAIL, WANT_FAIL, .due = LAPSED_DUE, .tries = 1 },
        { .kind = JZ_EV_WEAK_SIGNAL,
          .on = TODAY,
          PASS,
          WANT_FAIL,
          .why = "kind_not_accepted",
          .due = LAPSED_DUE },
        { .kind = JZ_EV_COUNTER, .on = TODAY, FAIL, WANT_FAIL, .due = LAPSED_DUE },
        { FACE(TODAY), FAIL, WANT_FAIL, .due = LAPSED_DUE, .tries = 2 },
        { SEEN(TODAY), .certified = 1, .due = "2027-11-25" },
        { FACE(TODAY), FAIL, WANT_FAIL, .due = "2027-11-25", .tries = 1 } } },

    { "alive after a recorded death",
      &employee,
      { { SEEN("2026-04-01"), .certified = 1, .due = "2027-04-01" },
        { .what = DEATH, .on = "2026-05-01" },
        { SEEN("2026-06-01"), WANT_PENDING, .why = "alive_after_death",
          .a_case = "alive_after_death" },
        { SEEN("2026-06-01"), .of = 3, WANT_PENDING, .why = "alive_after_death",
          .a_case = "alive_after_death" },
        { .what = WITHDRAW, .of = 2, .due = "2027-04-01" },
        { SEEN("2026-06-01"), .of = 4, .certified = 1, .due = "2027-06-01" } } },
    { "a sign from before a recorded death asks for nothing any more",
      &employee,
      { { .what = DEATH, .on = "2026-05-01" },
        { SEEN("2026-04-01"), WANT_FAIL, .why = "not_asked" },
        { SEEN("2026-05-01"), WANT_FAIL, .why = "not_asked" } } },
    { "a death before a later sign is asked about",
      &employee,
      { { SEEN("2026-06-01"), .certified = 1, .due = "2027-06-01" },
        { .what = DEATH,
          .on = "2026-05-01",
          .why = "signs_after_death",
          .a_case = "alive_after_death",
          .due = "2027-06-01" },
        { .what = DEATH, .on = "2026-06-01" } } },
    { "a card used after the death is no sign of life",
      &employee,
      { { .kind = JZ_EV_WEAK_SIGNAL,
          .on = "2026-06-01",
          PASS,
          WANT_FAIL,
          .why = "kind_not_accepted",
          .due = LAPSED_DUE },
        { .what = DEATH, .on = "2026-05-01" } } },
    { "the same death again, another day, and its correction",
      &employee,
      { { .what = DEATH, .on = "2026-05-01" },
        { .what = DEATH, .on = "2026-05-01", .why = "death_known" },
        { .what = DEATH,
          .on = "2026-05-09",
          .why = "death_dates_differ",
          .a_case = "death_dates_differ" },
        { .what = DEATH, .on = "2026-05-09", .of = 1 },
        { .what = DEATH, .on = "2026-05-09", .why = "death_known" },
        { .what = DEATH, .on = "2026-05-02", .of = 3, .error = JZ_E_USAGE },
        { .what = WITHDRAW, .of = 1, .due = LAPSED_DUE },
        { .what = WITHDRAW, .of = 1, .error = JZ_E_USAGE } } },
    { "a death that only hints stops nothing",
      &employee,
      { { .what = DEATH,
          .on = "2026-05-01",
          .untrusted = true,
          .why = "death_reported",
          .a_case = "death_reported",
          .due = LAPSED_DUE },
        { SEEN("2026-06-01"), .certified = 1, .due = "2027-06-01" } } },
    { "a death of no possible day",
      &employee,
      { { .what = DEATH, .on = "2026-11-26", .error = JZ_E_USAGE },
        { .what = DEATH, .on = "1949-12-31", .error = JZ_E_USAGE },
        { .what = DEATH, .on = "2026-05-01", .nobody = true, .error = JZ_E_USAGE } } },

    { "two provinces on one day",
      &employee,
      { { SEEN("2026-11-01"), .place = 370102, .certified = 1, .due = "2027-11-01" },
        { .kind = JZ_EV_DATA_MATCH,
          .on = "2026-11-01",
          PASS,
          .place = 440300,
          WANT_PENDING,
          .why = "two_places",
          .due = "2027-11-01",
          .a_case = "two_places" },
        { .kind = JZ_EV_DATA_MATCH,
          .on = "2026-11-02",
          PASS,
          .place = 440300,
          .certified = 1,
          .why = "already_later",
          .due = "2027-11-01" },
        { .kind = JZ_EV_DATA_MATCH,
          .on = "2026-11-01",
          PASS,
          .place = 370200,
          .certified = 1,
          .why = "already_later",
          .due = "2027-11-01" },
        { .kind = JZ_EV_DATA_MATCH,
          .on = "2026-11-01",
          PASS,
          .certified = 1,
          .why = "already_later",
          .due = "2027-11-01" },
        { .kind = JZ_EV_DATA_MATCH,
          .on = "2026-11-01",
          PASS,
          .place = 440300,
          .of = 2,
          .certified = 1,
          .why = "already_later",
          .due = "2027-11-01" } } },
    { "a proxy may be elsewhere",
      &employee,
      { { SEEN("2026-11-01"), .place = 370102, .certified = 1, .due = "2027-11-01" },
        { .kind = JZ_EV_PROXY,
          .on = "2026-11-01",
          PASS,
          .place = 440300,
          .documents = { "power_of_attorney", "life_sign" },
          .certified = 1,
          .due = "2027-11-01" } } },
    { "a source that only hints, and what a clerk makes of it",
      &employee,
      { { .kind = JZ_EV_DATA_MATCH,
          .on = "2026-11-01",
          PASS,
          .untrusted = true,
          WANT_PENDING,
          .why = "untrusted_source",
          .due = LAPSED_DUE,
          .a_case = "source_hint" },
        { .kind = JZ_EV_DATA_MATCH,
          .on = "2026-11-01",
          PASS,
          .of = 1,
          .certified = 1,
          .due = "2027-05-01" } } },
    { "what the channel says of a pass does not make it wait",
      &employee,
      { { SEEN(TODAY), .reasons = "already_later", .certified = 1, .why = "already_later",
          .due = "2027-11-25" } } },
    { "not seen by the unit",
      &employee,
      { { .kind = JZ_EV_UNIT_LIST,
          .on = TODAY,
          FAIL,
          .reasons = "not_seen",
          WANT_FAIL,
          .why = "not_seen",
          .due = LAPSED_DUE,
          .a_case = "not_seen" } } },

    { "no policy", &nobodys, { { SEEN(TODAY), WANT_FAIL, .why = "no_policy" } } },
    { "a benefit that ended", &ended, { { SEEN(TODAY), WANT_FAIL, .why = "not_asked" } } },
    { "no benefit", &without, { { SEEN(TODAY), WANT_FAIL, .why = "not_asked" } } },
};

/* What a case has come to: the evidence or event of each step, the case it opened. */
struct played {
    const char *name;
    int step;
    int64_t person;
    int64_t made[8];
    int64_t facts;
};

#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg(__VA_ARGS__);                                                                 \
    } while (0)

static int64_t size_of_log(void)
{
    return ask_store(store, "SELECT size FROM audit_head");
}

static void check_case(const struct played *p, int64_t opened, const char *kind)
{
    EXPECT(!opened == !kind, "step %d: case %lld, wanted %s", p->step, (long long)opened,
           kind ? kind : "none");
    if (!kind)
        return;
    JZ_CLEANUP(jz_case_story_done) struct jz_case_story story = { 0 };
    struct jz_error err;
    assert_int_equal(jz_case_read(store, opened, &story, &err), 0);
    EXPECT(strcmp(story.c.kind, kind) == 0, "step %d: case %s, wanted %s", p->step, story.c.kind,
           kind);
    assert_int_equal(story.c.person, p->person);
    assert_int_equal(story.c.closed, 0);
    assert_true(story.c.subject > 0);
}

/* The receipt says what was certified, until the first of the benefits is due. */
static void check_receipt(const struct played *p, const struct jz_claim *claim,
                          const struct jz_claim_result *result)
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    struct jz_receipt receipt;
    struct jz_date due = { 0 };
    unsigned schemes = 0;
    for (int i = 0; i < result->benefit_count; i++) {
        const struct jz_claim_benefit *b = &result->benefits[i];
        if (!b->certification)
            continue;
        schemes |= 1u << b->scheme;
        if (!jz_date_is_set(due) || jz_date_compare(b->due_on, due) < 0)
            due = b->due_on;
    }
    const struct jz_sql_value value = jz_int(result->receipt);
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    assert_int_equal(
        jz_sql_query(sql, "SELECT payload FROM receipt WHERE id = $1", &value, 1, &rows, &err), 0);
    assert_int_equal(jz_sql_next(rows, &err), 1);
    const struct jz_sql_value payload = jz_sql_value(rows, 0);
    assert_int_equal(jz_receipt_decode(payload.data, payload.size, &receipt, &err), 0);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    EXPECT(receipt.person == (uint64_t)p->person &&
               jz_date_compare(receipt.observed_on, claim->observed_on) == 0 &&
               jz_date_compare(receipt.due_on, due) == 0 && receipt.schemes == schemes,
           "step %d: the receipt says something else", p->step);
    assert_int_equal(receipt.number, result->receipt);
    assert_int_equal(receipt.leaf, result->receipt - 1);
}

static void check_due(const struct played *p, const char *wanted)
{
    struct jz_error err;
    struct jz_person_state state;
    assert_int_equal(jz_person_state_load(store, p->person, &state, &err), 0);
    if (state.benefit_count > 0)
        EXPECT(jz_date_key(state.benefits[0].due_on) == jz_date_key(day(wanted)),
               "step %d: due %d, wanted %s", p->step, jz_date_key(state.benefits[0].due_on),
               wanted ? wanted : "none");
    jz_person_state_done(&state);
}

/* Each reason that lies with a document names it, and on which basis it is asked for. */
static void check_lacks(const struct played *p, const struct step *s,
                        const struct jz_claim_result *result)
{
    static const char *const reasons[] = { "documents_missing", "document_undated",
                                           "document_too_old", "document_later" };
    int wanted = 0;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        wanted += jz_reasons_has(&result->reasons, reasons[i]);
    EXPECT(result->lacks.count == wanted, "step %d: %d lacks, wanted %d", p->step,
           result->lacks.count, wanted);
    for (int i = 0; i < result->lacks.count; i++) {
        const struct jz_claim_lack *l = &result->lacks.of[i];
        assert_true(jz_reasons_has(&result->reasons, l->reason));
        assert_non_null(jz_reason_info(l->reason));
        EXPECT(*l->document && *l->basis, "step %d: %s names nothing", p->step, l->reason);
    }
    EXPECT(!s->lacking || strcmp(result->lacks.of[0].document, s->lacking) == 0,
           "step %d: lacks %s, wanted %s", p->step, result->lacks.of[0].document, s->lacking);
}

static void play_claim(struct played *p, const struct step *s)
{
    struct jz_error err;
    struct jz_claim_result result;
    struct jz_claim_document documents[4];
    struct jz_claim claim = {
        .person = p->person,
        .kind = s->kind,
        .documents = documents,
        .observed_on = day(s->on),
        .outcome = s->outcome,
        .operator= s->nobody ? NULL : "tester",
        .place = s->place,
        .of = s->of > 0   ? p->made[s->of - 1]
              : s->of < 0 ? p->person
                          : 0,
        .trusted = !s->untrusted,
    };
    if (s->reasons)
        jz_reasons_add(&claim.reasons, s->reasons);
    for (int i = 0; i < 4 && s->documents[i]; i++, claim.document_count++)
        if (jz_claim_document_parse(s->documents[i], &documents[i], &err) < 0)
            fail_msg("%s", err.text);
    const int64_t evidence = register_facts(p->person, JZ_T_EVIDENCE),
                  decisions = register_facts(p->person, JZ_T_DECISION),
                  certifications = register_facts(p->person, JZ_T_CERTIFICATION),
                  receipts = register_facts(p->person, JZ_T_RECEIPT);
    const int r = jz_claim_submit(store, &claim, &result, &err);
    EXPECT(r == s->error, "step %d: gave %d, wanted %d (%s)", p->step, r, s->error,
           r < 0 ? err.text : "");
    if (r < 0) {
        assert_int_equal(size_of_log(), p->facts);
        return;
    }
    p->made[p->step - 1] = result.evidence;
    EXPECT(result.outcome == s->want, "step %d: %s, wanted %s (%s)", p->step,
           jz_outcome_words[result.outcome].name, jz_outcome_words[s->want].name,
           result.reasons.text);
    EXPECT(strcmp(result.reasons.text, s->why ? s->why : "") == 0,
           "step %d: reasons '%s', wanted '%s'", p->step, result.reasons.text,
           s->why ? s->why : "");
    int certified = 0;
    for (int i = 0; i < result.benefit_count; i++)
        certified += result.benefits[i].certification != 0;
    EXPECT(certified == s->certified, "step %d: %d benefits certified, wanted %d", p->step,
           certified, s->certified);
    EXPECT(result.tries == s->tries, "step %d: %d tries, wanted %d", p->step, result.tries,
           s->tries);
    EXPECT(!result.receipt == !certified, "step %d: receipt %lld", p->step,
           (long long)result.receipt);
    check_lacks(p, s, &result);
    if (result.receipt)
        check_receipt(p, &claim, &result);
    check_case(p, result.opened_case, s->a_case);
    check_due(p, s->due);
    assert_int_equal(register_facts(p->person, JZ_T_EVIDENCE), evidence + 1);
    assert_int_equal(register_facts(p->person, JZ_T_DECISION), decisions + 1);
    assert_int_equal(register_facts(p->person, JZ_T_CERTIFICATION), certifications + certified);
    assert_int_equal(register_facts(p->person, JZ_T_RECEIPT), receipts + (certified > 0));
}

static void play_death(struct played *p, const struct step *s)
{
    struct jz_error err;
    struct jz_death_result result;
    const struct jz_death death = {
        .person = p->person,
        .on = day(s->on),
        .operator= s->nobody ? NULL : "tester",
        .trusted = !s->untrusted,
        .of = s->of ? p->made[s->of - 1] : 0,
        .withdrawn = s->what == WITHDRAW,
    };
    const int r = jz_death_submit(store, &death, &result, &err);
    EXPECT(r == s->error, "step %d: gave %d, wanted %d (%s)", p->step, r, s->error,
           r < 0 ? err.text : "");
    if (r < 0) {
        assert_int_equal(size_of_log(), p->facts);
        return;
    }
    p->made[p->step - 1] = result.event;
    EXPECT(result.is_decided == !s->why, "step %d: decided %d", p->step, result.is_decided);
    EXPECT(!s->why || strcmp(result.reason, s->why) == 0, "step %d: %s, wanted %s", p->step,
           result.reason, s->why);
    check_case(p, result.opened_case, s->a_case);
    check_due(p, s->due);
}

static void play(void **state)
{
    const struct test_case *c = *state;
    struct played p = { .name = c->name, .person = register_add_person(c->person) };
    for (p.step = 1; p.step <= 8; p.step++) {
        const struct step *s = &c->steps[p.step - 1];
        static const struct step none;
        if (memcmp(s, &none, sizeof none) == 0)
            break;
        p.facts = size_of_log();
        if (s->what == ENROL)
            register_enrol(p.person);
        else if (s->what == CLAIM)
            play_claim(&p, s);
        else
            play_death(&p, s);
        register_check_caches(p.person);
    }
}

/* The version in force on the day of the decision decides; what it decided stays as it was. */
static void versions_of_a_policy(void **state)
{
    (void)state;
    static const struct register_person person = {
        NULL, NULL, { 1950, 1, 1 }, { { JZ_SCHEME_EMPLOYEE, 440304, { 2015, 1, 1 } } }
    };
    struct jz_error err;
    struct jz_claim_result before, after;
    struct jz_claim claim = { .person = register_add_person(&person),
                              .kind = JZ_EV_DATA_MATCH,
                              .observed_on = day("2026-05-20"),
                              .trusted = true };
    assert_int_equal(jz_claim_submit(store, &claim, &before, &err), 0);
    assert_string_equal(before.reasons.text, "kind_not_accepted");
    claim.kind = JZ_EV_COUNTER;
    claim.operator= "tester";
    assert_int_equal(jz_claim_submit(store, &claim, &before, &err), 0);
    assert_int_equal(before.outcome, JZ_OUTCOME_PASS);
    assert_int_equal(jz_date_key(before.benefits[0].due_on), 20270520);
    register_set_today(day(TODAY));
    claim.observed_on = day("2026-06-20"); /* before the new version, decided under it */
    assert_int_equal(jz_claim_submit(store, &claim, &after, &err), 0);
    assert_int_equal(after.outcome, JZ_OUTCOME_PASS);
    assert_int_equal(jz_date_key(after.benefits[0].due_on), 20261220);
    assert_true(after.benefits[0].policy > before.benefits[0].policy);
    const struct jz_sql_value first = jz_int(before.benefits[0].certification);
    assert_int_equal(
        ask_store_with(store, "SELECT due_on FROM certification WHERE id = $1", &first, 1),
        20270520);
    register_check_caches(claim.person);
}

/* One of several cases is closed: the others stay open. */
static void closing_cases(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_claim_result result[2];
    struct jz_person_state p;
    int64_t fact = 0;
    struct jz_claim claim = { .person = register_add_person(&employee),
                              .kind = JZ_EV_DATA_MATCH,
                              .observed_on = day("2026-11-01") };
    for (int i = 0; i < 2; i++)
        assert_int_equal(jz_claim_submit(store, &claim, &result[i], &err), 0);
    assert_true(result[0].opened_case > 0 && result[1].opened_case > result[0].opened_case);
    assert_int_equal(jz_case_close(store, result[1].opened_case, "", "why", "tester", &fact, &err),
                     JZ_E_USAGE);
    assert_int_equal(jz_case_close(store, result[1].opened_case, "x", NULL, "tester", &fact, &err),
                     JZ_E_USAGE);
    assert_int_equal(jz_case_close(store, result[1].opened_case, "x", "y", NULL, &fact, &err),
                     JZ_E_USAGE);
    assert_int_equal(jz_case_close(store, claim.person, "x", "y", "tester", &fact, &err),
                     JZ_E_NOT_FOUND);
    assert_int_equal(
        jz_case_close(store, result[1].opened_case, "来电核实", "本人接听", "tester", &fact, &err),
        0);
    assert_int_equal(
        jz_case_close(store, result[1].opened_case, "again", "y", "tester", &fact, &err),
        JZ_E_CONFLICT);
    assert_int_equal(jz_case_close(store, fact, "x", "y", "tester", &fact, &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_person_state_load(store, claim.person, &p, &err), 0);
    assert_int_equal(p.open_case, result[0].opened_case);
    assert_int_equal(p.signs[0].outcome, JZ_OUTCOME_PENDING); /* closing decides nothing */
    jz_person_state_done(&p);

    const struct jz_case_filter open = { .open_only = true, .person = claim.person },
                                all = { .kind = "source_hint", .person = claim.person },
                                none = { .kind = "two_places", .person = claim.person };
    struct jz_case found[8];
    size_t count = 0;
    assert_int_equal(jz_case_list(store, &open, 0, found, 8, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].id, result[0].opened_case);
    assert_int_equal(jz_case_list(store, &all, 0, found, 8, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_string_equal(found[1].closed_by, "tester");
    assert_int_equal(jz_case_list(store, &all, found[0].id, found, 8, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(jz_case_list(store, &none, 0, found, 8, &count, &err), 0);
    assert_int_equal(count, 0);
}

static const struct {
    const char *text, *name, *day; /* name NULL: no document */
} documents[] = {
    { "resident_id", "resident_id", NULL },
    { "newspaper_photo@2026-11-23", "newspaper_photo", "2026-11-23" },
    { "newspaper_photo@20261123", "newspaper_photo", "2026-11-23" },
    { "village.letter-2", "village.letter-2", NULL },
    { "", NULL, NULL },
    { "@2026-11-23", NULL, NULL },
    { "newspaper_photo@", NULL, NULL },
    { "newspaper_photo@2026-02-30", NULL, NULL },
    { "newspaper_photo@2026-11-23@", NULL, NULL },
    { "newspaper photo", NULL, NULL },
    { "报纸", NULL, NULL },
    { "a23456789012345678901234567890123456789012345678901234567890123",
      "a23456789012345678901234567890123456789012345678901234567890123", NULL },
    { "a234567890123456789012345678901234567890123456789012345678901234", NULL, NULL },
};

static void how_documents_are_written(void **state)
{
    (void)state;
    struct jz_error err;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct jz_claim_document d;
        char text[JZ_CLAIM_DOCUMENT_TEXT_BYTES], wanted[JZ_CLAIM_DOCUMENT_TEXT_BYTES];
        const int r = jz_claim_document_parse(documents[i].text, &d, &err);
        if (!documents[i].name) {
            EXPECT(r == JZ_E_USAGE, "'%s' was taken", documents[i].text);
            continue;
        }
        EXPECT(r == 0, "'%s': %s", documents[i].text, err.text);
        assert_string_equal(d.name, documents[i].name);
        assert_int_equal(jz_date_key(d.day), jz_date_key(day(documents[i].day)));
        snprintf(wanted, sizeof wanted, "%s%s%s", documents[i].name, documents[i].day ? "@" : "",
                 documents[i].day ? documents[i].day : "");
        assert_string_equal(jz_claim_document_format(&d, text), wanted);
    }
}

/* What was presented stands in the evidence, beside what the channel says of it. */
static void documents_are_kept(void **state)
{
    (void)state;
    static const struct jz_claim_document presented[JZ_CLAIM_DOCUMENTS + 1] = {
        { "resident_id" }, { "newspaper_photo", { 2026, 11, 24 } }
    };
    struct jz_error err;
    struct jz_claim_result result;
    struct jz_claim claim = { .person = register_add_person(&employee),
                              .kind = JZ_EV_MATERIALS,
                              .observed_on = day(TODAY),
                              .operator= "tester",
                              .trusted = true,
                              .documents = presented,
                              .document_count = JZ_CLAIM_DOCUMENTS + 1,
                              .detail = "{\"reason\":\"why\"}" };
    assert_int_equal(jz_claim_submit(store, &claim, &result, &err), JZ_E_USAGE);
    claim.document_count = 2;
    assert_int_equal(jz_claim_submit(store, &claim, &result, &err), 0);
    assert_int_equal(result.outcome, JZ_OUTCOME_PASS);
    assert_int_equal(ask_store_with(store,
                                    "SELECT COUNT(*) FROM evidence WHERE id = $1 AND detail = "
                                    "'{\"reason\":\"why\",\"documents\":[\"resident_id\","
                                    "\"newspaper_photo@2026-11-24\"]}'",
                                    (const struct jz_sql_value[]){ jz_int(result.evidence) }, 1),
                     1);
}

static void evidence_says_whether_it_counts(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_claim_result result;
    JZ_CLEANUP(jz_evidence_list_done) struct jz_evidence_list list = { 0 };
    struct jz_claim claim = { .person = register_add_person(&both),
                              .kind = JZ_EV_COUNTER,
                              .observed_on = day("2026-10-01"),
                              .operator= "tester",
                              .source = "窗口",
                              .trusted = true };
    assert_int_equal(jz_claim_submit(store, &claim, &result, &err), 0);
    const int64_t first = result.evidence;
    claim.kind = JZ_EV_FACE_REMOTE;
    claim.observed_on = day("2026-11-01");
    assert_int_equal(jz_claim_submit(store, &claim, &result, &err), 0);
    claim.kind = JZ_EV_COUNTER;
    claim.of = first;
    claim.observed_on = day("2026-09-01");
    assert_int_equal(jz_claim_submit(store, &claim, &result, &err), 0);
    assert_int_equal(jz_evidence_list_load(store, claim.person, day(TODAY), &list, &err), 0);
    assert_int_equal(list.count, 3);
    const struct jz_evidence_row *old = &list.rows[0], *face = &list.rows[1], *new = &list.rows[2];
    assert_int_equal(old->superseded_by, new->id);
    assert_int_equal(old->use_count, 0);
    assert_int_equal(new->of, first);
    assert_string_equal(new->source, "窗口");
    assert_int_equal(new->strength, JZ_STRENGTH_A);
    assert_int_equal(face->use_count, 2);
    assert_true(face->uses[0].is_judged && face->uses[0].decides);
    assert_int_equal(face->uses[0].verdict, JZ_SIGN_COUNTED);
    assert_int_equal(jz_date_key(face->uses[0].expires_on), 20271101);
    assert_int_equal(face->uses[1].verdict, JZ_SIGN_NOT_ACCEPTED);
    assert_false(jz_date_is_set(face->uses[1].expires_on));
    assert_false(new->uses[0].decides);
    assert_int_equal(jz_date_key(new->uses[0].expires_on), 20270901);
    assert_true(new->uses[1].decides);
    assert_int_equal(jz_date_key(new->uses[1].expires_on), 20271231);
}

static int set_up(void **state)
{
    (void)state;
    register_set_today(day("2026-05-25"));
    register_open();
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        register_add_policy(policies[i]);
    return 0;
}

int main(int argc, char **argv)
{
    enum { CASES = sizeof cases / sizeof cases[0] };
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    struct CMUnitTest tests[CASES + 5] = { cmocka_unit_test(versions_of_a_policy) };
    for (size_t i = 0; i < CASES; i++)
        tests[i + 1] =
            (struct CMUnitTest){ .name = cases[i].name,
                                 .test_func = play,
                                 .initial_state = (void *)(uintptr_t)(const void *)&cases[i] };
    tests[CASES + 1] = (struct CMUnitTest)cmocka_unit_test(closing_cases);
    tests[CASES + 2] = (struct CMUnitTest)cmocka_unit_test(evidence_says_whether_it_counts);
    tests[CASES + 3] = (struct CMUnitTest)cmocka_unit_test(how_documents_are_written);
    tests[CASES + 4] = (struct CMUnitTest)cmocka_unit_test(documents_are_kept);
    return cmocka_run_group_tests_name("claims", tests, set_up, register_tear_down);
}
