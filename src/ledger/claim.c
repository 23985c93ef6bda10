#include "ledger/claim.h"

#include "ledger/receipts.h"
#include "ledger/standing.h"
#include "receipt/words.h"

#include <jansson.h>
#include <string.h>

bool jz_kind_needs_operator(enum jz_evidence_kind kind)
{
    switch (kind) {
    case JZ_EV_COUNTER:
    case JZ_EV_COMMUNITY:
    case JZ_EV_OUTLET:
    case JZ_EV_RETIREMENT_OFFICE:
    case JZ_EV_PARTNER_BODY:
    case JZ_EV_HOME_VISIT:
    case JZ_EV_VIDEO_CALL:
    case JZ_EV_PROXY:
    case JZ_EV_UNIT_LIST:
    case JZ_EV_MATERIALS:
        return true;
    case JZ_EV_FACE_KIOSK:
    case JZ_EV_FACE_REMOTE:
    case JZ_EV_EXTERNAL_IDENTITY:
    case JZ_EV_DATA_MATCH:
    case JZ_EV_WEAK_SIGNAL:
    case JZ_EV_KINDS:
        break;
    }
    return false;
}

/* A person's own attempt, of which too many failures call for a clerk. */
static bool is_own_attempt(unsigned kind)
{
    return kind == JZ_EV_FACE_REMOTE || kind == JZ_EV_FACE_KIOSK;
}

/* Attempts before the enrolment failed for the lack of it, and are not held against the person. */
static int count_failures(const struct jz_person_state *state, int64_t except)
{
    int64_t since = state->enrolment;
    int tries = 0;
    for (int i = 0; i < state->sign_count; i++)
        if (state->signs[i].outcome == JZ_OUTCOME_PASS &&
            state->signs[i].kind != JZ_EV_WEAK_SIGNAL && state->signs[i].id > since)
            since = state->signs[i].id;
    for (int i = 0; i < state->sign_count; i++)
        tries += state->signs[i].outcome == JZ_OUTCOME_FAIL && state->signs[i].id > since &&
                 state->signs[i].id != except && is_own_attempt(state->signs[i].kind);
    return tries;
}

/* ---- What speaks against it ---- */

/* Whether it is a row of evidence of this person that nothing has superseded. */
static bool stands(const struct jz_person_state *state, int64_t evidence)
{
    for (int i = 0; i < state->benefit_count; i++)
        if (state->benefits[i].benefit == evidence)
            return false; /* what the system before this one knew lies in the benefit */
    for (int i = 0; i < state->sign_count; i++)
        if (state->signs[i].id == evidence)
            return true;
    return false;
}

static int check(const struct jz_claim *c, const struct jz_person_state *state,
                 struct jz_date today, struct jz_error *err)
{
    char day[JZ_DATE_TEXT_BYTES];
    if (!jz_date_is_set(c->observed_on))
        return jz_error_set(err, JZ_E_USAGE, "the day of the sign of life is missing");
    if (jz_date_compare(c->observed_on, today) > 0)
        return jz_error_set(err, JZ_E_USAGE, "%s lies in the future: nothing was recorded",
                            jz_date_format(c->observed_on, day));
    if (jz_date_compare(c->observed_on, state->born_on) < 0)
        return jz_error_set(err, JZ_E_USAGE, "%s lies before the person's birth",
                            jz_date_format(c->observed_on, day));
    if (jz_kind_needs_operator(c->kind) && !c->operator)
        return jz_error_set(err, JZ_E_USAGE,
                            "evidence of kind %s needs the operator who answers for it: --by",
                            jz_evidence_words[c->kind].name);
    if (c->document_count > JZ_CLAIM_DOCUMENTS)
        return jz_error_set(err, JZ_E_USAGE, "more than %d documents", JZ_CLAIM_DOCUMENTS);
    if (c->of && !stands(state, c->of))
        return jz_error_set(err, JZ_E_USAGE,
                            "%lld is no evidence of this person, or was corrected before: see "
                            "evidence list",
                            (long long)c->of);
    return 0;
}

/* Kinds for which the person need not have been where it was observed. */
static bool is_from_afar(unsigned kind)
{
    return kind == JZ_EV_PROXY || kind == JZ_EV_MATERIALS || kind == JZ_EV_WEAK_SIGNAL;
}

/*
 * A day on which the person was seen in another province, in the flesh both times. A correction is
 * made by somebody who looked into that.
 */
static bool is_in_two_places(const struct jz_claim *c, const struct jz_person_state *state)
{
    enum { PROVINCE = 10000 };
    if (!c->place || c->of || is_from_afar(c->kind))
        return false;
    for (int i = 0; i < state->sign_count; i++)
        if (jz_date_compare(state->signs[i].observed_on, c->observed_on) == 0 &&
            state->signs[i].outcome == JZ_OUTCOME_PASS && !is_from_afar(state->signs[i].kind) &&
            state->details[i].place && state->details[i].place / PROVINCE != c->place / PROVINCE)
            return true;
    return false;
}

/* What makes a good claim wait for a person: contradictions, and sources that only hint. */
static void find_contradictions(const struct jz_claim *c, const struct jz_person_state *state,
                                struct jz_claim_result *result)
{
    const int told = result->reasons.count;
    if (result->outcome != JZ_OUTCOME_PASS)
        return;
    if (jz_date_is_set(state->died_on) && jz_date_compare(c->observed_on, state->died_on) > 0)
        jz_reasons_add(&result->reasons, "alive_after_death");
    if (is_in_two_places(c, state))
        jz_reasons_add(&result->reasons, "two_places");
    if (!c->trusted)
        jz_reasons_add(&result->reasons, "untrusted_source");
    if (result->reasons.count > told)
        result->outcome = JZ_OUTCOME_PENDING;
}

static bool is_late(const struct jz_benefit_state *b, struct jz_date on)
{
    return jz_date_is_set(b->due_on) && jz_date_compare(on, b->due_on) > 0;
}

/* ---- The calendar with the new sign ---- */

/* The state with one sign more, which lies in the arrays given. */
static struct jz_person_state with_sign(const struct jz_person_state *state,
                                        const struct jz_claim *c, int64_t id,
                                        enum jz_outcome outcome, struct jz_sign *signs)
{
    struct jz_person_state s = *state;
    int n = 0;
    for (int i = 0; i < state->sign_count; i++)
        if (state->signs[i].id != c->of)
            signs[n++] = state->signs[i];
    int at = n++;
    for (; at > 0 && jz_date_compare(signs[at - 1].observed_on, c->observed_on) > 0; at--)
        signs[at] = signs[at - 1];
    signs[at] = (struct jz_sign){
        .id = id,
        .observed_on = c->observed_on,
        .kind = (uint8_t)c->kind,
        .outcome = (uint8_t)outcome,
    };
    s.signs = signs;
    s.sign_count = n;
    return s;
}

static void add_benefit(struct jz_claim_result *result, const struct jz_benefit_state *b,
                        int64_t policy, const struct jz_standing_cache *cache)
{
    result->benefits[result->benefit_count++] = (struct jz_claim_benefit){
        .benefit = b->benefit,
        .scheme = b->scheme,
        .policy = policy,
        .due_before = b->due_on,
        .due_on = cache->due_on,
        .grace_until = cache->grace_until,
        .before = b->state,
        .state = cache->state,
    };
}

/* Whether the sign is among those that the calendar counted. */
static bool is_counted(const struct jz_policy *policy, const struct jz_person_state *s,
                       const struct jz_benefit_state *b, struct jz_date on, int64_t id)
{
    uint8_t verdicts[JZ_PERSON_SIGNS + 1];
    struct jz_standing standing;
    jz_calendar_standing(&policy->rule, s->born_on, b->from, s->signs, (size_t)s->sign_count, on,
                         verdicts, &standing);
    for (int i = 0; i < s->sign_count; i++)
        if (s->signs[i].id == id)
            return verdicts[i] == JZ_SIGN_COUNTED;
    return false;
}

/* ---- Writing it down ---- */

/* What the channel says of it, and the documents it was claimed with. The caller frees. */
static int write_detail(const struct jz_claim *c, char **ret_text, struct jz_error *err)
{
    json_t *all = c->detail ? json_loads(c->detail, 0, NULL) : json_object();
    json_t *list = json_array();
    char text[JZ_CLAIM_DOCUMENT_TEXT_BYTES];
    for (int i = 0; i < c->document_count; i++)
        json_array_append_new(list, json_string(jz_claim_document_format(&c->documents[i], text)));
    json_object_set_new(all, "documents", list);
    *ret_text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return *ret_text ? 0 : jz_error_set(err, JZ_E_MEMORY, "the evidence cannot be written");
}

static int write_evidence(const struct jz_claim *c, const struct jz_policy *policy,
                          struct jz_claim_result *result, struct jz_entry *entry,
                          struct jz_error *err)
{
    jz_autofree char *detail = NULL;
    const int r = c->document_count > 0 ? write_detail(c, &detail, err) : 0;
    if (r < 0)
        return r;
    const int strength =
        policy ? policy->rule.accept[c->kind].strength : jz_evidence_strength[c->kind];
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [EVIDENCE_PERSON] = jz_int(c->person),
        [EVIDENCE_OF] = c->of ? jz_int(c->of) : JZ_NULL,
        [EVIDENCE_KIND] = jz_int(c->kind),
        [EVIDENCE_OBSERVED_ON] = jz_int(jz_date_key(c->observed_on)),
        [EVIDENCE_OUTCOME] = jz_int(result->outcome),
        [EVIDENCE_STRENGTH] = jz_int(strength),
        [EVIDENCE_SOURCE] = jz_text(c->source),
        [EVIDENCE_SOURCE_KEY] = c->source_key ? jz_blob(c->source_key, 16) : JZ_NULL,
        [EVIDENCE_PLACE] = c->place ? jz_int(c->place) : JZ_NULL,
        [EVIDENCE_BY] = jz_text(c->operator),
        [EVIDENCE_DETAIL] = jz_text(detail ? detail : c->detail),
    };
    result->evidence = jz_entry_add(entry, JZ_T_EVIDENCE, values);
    return 0;
}

static int64_t write_decision(const struct jz_claim *c, const struct jz_claim_result *result,
                              int64_t policy, struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [DECISION_PERSON] = jz_int(c->person),
        [DECISION_EVIDENCE] = jz_int(result->evidence),
        [DECISION_OUTCOME] = jz_int(result->outcome),
        [DECISION_REASONS] = jz_text(result->reasons.text),
        [DECISION_POLICY] = policy ? jz_int(policy) : JZ_NULL,
        [DECISION_DETAIL] = jz_text(c->judgment),
    };
    return jz_entry_add(entry, JZ_T_DECISION, values);
}

static void write_notice(struct jz_entry *entry, int64_t person, const char *kind, int64_t subject)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [NOTICE_PERSON] = jz_int(person),
        [NOTICE_KIND] = jz_text(kind),
        [NOTICE_SUBJECT] = subject ? jz_int(subject) : JZ_NULL,
    };
    jz_entry_add(entry, JZ_T_NOTICE, values);
}

static int64_t open_case(const struct jz_claim *c, const char *kind, int64_t subject,
                         const char *detail, struct jz_entry *entry)
{
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CASE_PERSON] = jz_int(c->person), [CASE_KIND] = jz_text(kind),
        [CASE_STATE] = jz_text("open"),    [CASE_SUBJECT] = jz_int(subject),
        [CASE_DETAIL] = jz_text(detail),   [CASE_BY] = jz_text(c->operator),
    };
    const int64_t id = jz_entry_add(entry, JZ_T_CASE, values);
    write_notice(entry, c->person, "case_opened", id);
    return id;
}

static int write_receipt(const struct jz_claim_act *act, const struct jz_person_state *state,
                         struct jz_claim_result *result, struct jz_entry *entry,
                         struct jz_error *err)
{
    const struct jz_claim *c = act->claim;
    const struct jz_claim_benefit *first = NULL;
    const struct jz_keyring *keyring = jz_store_keyring(act->store);
    struct jz_public_key key;
    struct jz_receipt receipt = {
        .number = (uint64_t)jz_entry_next_id(entry),
        .person = (uint64_t)c->person,
        .observed_on = c->observed_on,
        .recorded_at = jz_entry_now(entry),
        .kind = jz_receipt_kind_number(c->kind),
    };
    receipt.leaf = receipt.number - 1;
    /* Several benefits: the receipt holds until the first of them is due. */
    for (int i = 0; i < result->benefit_count; i++) {
        const struct jz_claim_benefit *b = &result->benefits[i];
        if (!b->certification)
            continue;
        receipt.schemes |= (uint16_t)(1u << b->scheme);
        if (first && jz_date_compare(b->due_on, first->due_on) >= 0)
            continue;
        first = b;
        receipt.due_on = b->due_on;
        receipt.policy = (uint64_t)b->policy;
        receipt.region = state->benefits[i].region;
    }
    int r = jz_receipts_code(act->store, (int64_t)receipt.number, &receipt.code, err);
    if (r < 0 ||
        (r = jz_keyring_public(keyring, jz_keyring_versions(keyring, JZ_KEY_SIGN), &key, err)) < 0)
        return r;
    memcpy(receipt.installation, key.id, sizeof receipt.installation);
    uint8_t payload[JZ_RECEIPT_BYTES];
    if ((r = jz_receipt_encode(&receipt, payload, err)) < 0)
        return r;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [RECEIPT_PERSON] = jz_int(c->person),
        [RECEIPT_CERTIFICATION] = jz_int(first->certification),
        [RECEIPT_CODE] = jz_int((int64_t)receipt.code),
        [RECEIPT_PAYLOAD] = jz_blob(payload, sizeof payload),
    };
    result->receipt = jz_entry_add(entry, JZ_T_RECEIPT, values);
    jz_receipt_code_format(receipt.code, result->receipt_code);
    return 0;
}

static void write_certifications(const struct jz_claim *c, struct jz_claim_result *result,
                                 const bool counted[], struct jz_entry *entry)
{
    for (int i = 0; i < result->benefit_count; i++) {
        struct jz_claim_benefit *b = &result->benefits[i];
        if (!counted[i])
            continue;
        const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
            [CERTIFICATION_PERSON] = jz_int(c->person),
            [CERTIFICATION_BENEFIT] = jz_int(b->benefit),
            [CERTIFICATION_EVIDENCE] = jz_int(result->evidence),
            [CERTIFICATION_DECISION] = jz_int(result->decision),
            [CERTIFICATION_POLICY] = jz_int(b->policy),
            [CERTIFICATION_DUE_ON] = jz_int(jz_date_key(b->due_on)),
        };
        b->certification = jz_entry_add(entry, JZ_T_CERTIFICATION, values);
    }
}

/* ---- The decision ---- */

/* Why a claim that is good in itself certifies nothing. */
static const char *why_not_counted(const struct jz_person_state *s, const struct jz_claim *c,
                                   struct jz_date today)
{
    const char *why = "not_asked";
    for (int i = 0; i < s->benefit_count; i++) {
        if (!jz_benefit_is_asked(s, &s->benefits[i], today))
            continue;
        const struct jz_policy *p = jz_benefit_policy(s, &s->benefits[i], today, NULL);
        if (p && p->rule.accept[c->kind].accepted)
            return "not_twice_in_a_row";
        if (p || strcmp(why, "not_asked") == 0)
            why = p ? "kind_not_accepted" : "no_policy";
    }
    return why;
}

/* Failures of the person's own attempts: after so many a clerk takes over. Never a lock-out. */
enum { TRIES_WITHOUT_POLICY = 3 };

static void count_tries(const struct jz_claim *c, const struct jz_person_state *state,
                        struct jz_date today, struct jz_claim_result *result)
{
    result->tries_allowed = TRIES_WITHOUT_POLICY;
    for (int i = 0; i < state->benefit_count; i++) {
        const struct jz_policy *p = jz_benefit_policy(state, &state->benefits[i], today, NULL);
        if (p && p->face.tries_before_human > 0) {
            result->tries_allowed = (int)p->face.tries_before_human;
            break;
        }
    }
    if (!is_own_attempt(c->kind) || result->outcome != JZ_OUTCOME_FAIL ||
        jz_reasons_has(&result->reasons, "no_template"))
        return;
    result->tries = count_failures(state, c->of) + 1;
    if (result->tries >= result->tries_allowed)
        jz_reasons_add(&result->reasons, "needs_person");
}

/* The case a claim calls for, if any. */
static const char *case_kind(const struct jz_claim_result *result)
{
    static const char *const by_reason[][2] = {
        { "alive_after_death", "alive_after_death" },
        { "two_places", "two_places" },
        { "untrusted_source", "source_hint" },
        { "face_known", "face_known" },
        { "needs_person", "failed_attempts" },
        { "pending_review", "pending_review" },
        { "not_seen", "not_seen" },
    };
    for (size_t i = 0; i < sizeof by_reason / sizeof by_reason[0]; i++)
        if (jz_reasons_has(&result->reasons, by_reason[i][0]))
            return by_reason[i][1];
    return NULL;
}

int jz_claim_decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                    struct jz_error *err)
{
    struct jz_claim_act *act = context;
    const struct jz_claim *c = act->claim;
    const struct jz_date today = jz_entry_today(entry);
    struct jz_claim_result result = { .outcome = c->outcome, .reasons = c->reasons };
    int r = check(c, state, today, err);
    if (r < 0)
        return r;
    if (state->sign_count >= JZ_PERSON_SIGNS)
        return jz_error_set(err, JZ_E_LIMIT, "there is no room for more evidence of this person");
    find_contradictions(c, state, &result);

    int64_t policy_fact = 0;
    const struct jz_policy *policy = NULL;
    for (int i = 0; i < state->benefit_count; i++) {
        int64_t fact = 0;
        const struct jz_policy *p = jz_benefit_policy(state, &state->benefits[i], today, &fact);
        if (p && !policy) {
            policy = p;
            policy_fact = fact;
        }
        if (p && jz_benefit_is_asked(state, &state->benefits[i], today) &&
            p->rule.accept[c->kind].accepted && result.outcome == JZ_OUTCOME_PASS)
            jz_claim_documents_check(p, c->kind, is_late(&state->benefits[i], c->observed_on),
                                     c->observed_on, c->documents, c->document_count,
                                     &result.lacks);
    }
    for (int i = 0; i < result.lacks.count; i++) {
        jz_reasons_add(&result.reasons, result.lacks.of[i].reason);
        result.outcome = JZ_OUTCOME_FAIL;
    }

    /* The outcome may still turn out to certify nothing; the evidence stays a sign of life. */
    struct jz_sign signs[JZ_PERSON_SIGNS + 1];
    const int64_t id = jz_entry_next_id(entry);
    const struct jz_person_state after = with_sign(state, c, id, result.outcome, signs);
    bool counted[JZ_PERSON_BENEFITS] = { false };
    bool any = false, any_decides = false;
    for (int i = 0; i < state->benefit_count; i++) {
        const struct jz_benefit_state *b = &state->benefits[i];
        int64_t fact = 0;
        const struct jz_policy *p = jz_benefit_policy(state, b, today, &fact);
        const struct jz_standing_cache cache = jz_standing_cache(&after, b, today);
        add_benefit(&result, b, fact, &cache);
        counted[i] = p && result.outcome == JZ_OUTCOME_PASS &&
                     jz_benefit_is_asked(state, b, today) && is_counted(p, &after, b, today, id);
        any |= counted[i];
        any_decides |= counted[i] && (cache.decided_by == id || cache.decided_by == 0);
    }
    if ((r = write_evidence(c, policy, &result, entry, err)) < 0)
        return r;
    if (result.outcome == JZ_OUTCOME_PASS && !any) {
        jz_reasons_add(&result.reasons, why_not_counted(state, c, today));
        result.outcome = JZ_OUTCOME_FAIL;
    }
    if (any && !any_decides)
        jz_reasons_add(&result.reasons, "already_later");
    count_tries(c, state, today, &result);

    result.decision = write_decision(c, &result, policy_fact, entry);
    write_certifications(c, &result, counted, entry);
    jz_standing_write_all(entry, &after, today);
    if (any) {
        if ((r = write_receipt(act, state, &result, entry, err)) < 0)
            return r;
        write_notice(entry, c->person, "certified", result.receipt);
    } else if (result.outcome == JZ_OUTCOME_FAIL) {
        write_notice(entry, c->person, "not_certified", result.decision);
    }
    const char *kind = case_kind(&result);
    if (kind && !(state->open_attempts_case && strcmp(kind, "failed_attempts") == 0))
        result.opened_case = open_case(c, kind, result.decision, c->judgment, entry);
    act->result = result;
    return 0;
}

int jz_claim_submit(struct jz_store *store, const struct jz_claim *claim,
                    struct jz_claim_result *ret_result, struct jz_error *err)
{
    struct jz_claim_act context = { .claim = claim, .store = store };
    struct jz_act act = { .person = claim->person, .decide = jz_claim_decide, .context = &context };
    const int r = jz_store_act(store, &act, err);
    if (r < 0)
        return r;
    *ret_result = context.result;
    return 0;
}
