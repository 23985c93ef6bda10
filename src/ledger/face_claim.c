#include "ledger/face_claim.h"

#include "ledger/enrol.h"
#include "ledger/standing.h"

#include <jansson.h>

#include <string.h>

enum { USUAL_FMR_INVERSE = 10000 };

/* The strictest false match rate that a policy in force asks for. */
static double wanted_fmr(const struct jz_person_state *state, struct jz_date on)
{
    double fmr = 1;
    for (int i = 0; i < state->benefit_count; i++) {
        const struct jz_policy *p = jz_benefit_policy(state, &state->benefits[i], on, NULL);
        if (p && p->face.fmr > 0 && p->face.fmr < fmr)
            fmr = p->face.fmr;
    }
    return fmr < 1 ? fmr : 1.0 / USUAL_FMR_INVERSE;
}

struct comparison {
    const struct jz_operating_point *point;
    bool compared, match;
    double score;
};

static int compare(struct jz_store *store, const struct jz_face_attempt *a, int64_t enrolment,
                   struct comparison *c, struct jz_error *err)
{
    struct jz_template_list list;
    int r = jz_enrol_templates(store, enrolment, &list, err);
    if (r < 0)
        return r;
    r = jz_templates_compare(&list, &a->probe, &c->score, err);
    jz_wipe(&list, sizeof list);
    if (r < 0)
        return r;
    c->compared = true;
    c->match = c->score >= c->point->threshold;
    return 0;
}

static void add_session_reasons(struct jz_reasons *reasons, unsigned bits)
{
    for (unsigned bit = 1; bit && bit <= bits; bit <<= 1)
        if (bits & bit)
            jz_reasons_add(reasons, jz_session_reason_name((enum jz_session_reason)bit));
}

/* For the record, without any picture or template. */
static int write_judgment(const struct jz_face_attempt *a, const struct comparison *c,
                          int64_t enrolment, char text[JZ_JUDGMENT_BYTES], struct jz_error *err)
{
    json_t *models = json_array();
    for (int i = 0; a->has_probe && i < a->probe.count; i++)
        json_array_append_new(models, json_sprintf("%s@%s", a->probe.embeddings[i].model,
                                                   a->probe.embeddings[i].version));
    json_t *all = json_pack(
        "{s:s,s:b,s:b,s:b,s:f,s:i,s:f,s:i,s:i,s:s,s:f,s:f,s:o,s:s,s:I}", "challenge",
        a->challenge ? a->challenge : "", "challenge_done", a->verdict.challenge_done, "live",
        a->verdict.live, "same_person", a->verdict.same_person, "live_score",
        (double)a->verdict.live_score, "judged", a->verdict.judged, "least_similarity",
        (double)a->verdict.least_similarity, "frames", a->verdict.frames, "faces", a->verdict.faces,
        "matcher", a->matcher->name, "fmr", c->point->fmr, "threshold", c->point->threshold,
        "models", models, "precision", a->precision, "enrolment", (json_int_t)enrolment);
    if (all && c->compared)
        json_object_set_new(all, "score", json_real(c->score));
    const size_t size =
        all ? json_dumpb(all, text, JZ_JUDGMENT_BYTES - 1, JSON_COMPACT | JSON_REAL_PRECISION(6))
            : JZ_JUDGMENT_BYTES;
    json_decref(all);
    if (size >= JZ_JUDGMENT_BYTES)
        return jz_error_set(err, JZ_E_MEMORY, "the judgment of an attempt cannot be written");
    text[size] = 0;
    return 0;
}

int jz_face_judge(struct jz_store *store, const struct jz_face_attempt *a, struct jz_claim *claim,
                  char judgment[JZ_JUDGMENT_BYTES], struct jz_error *err)
{
    struct jz_person_state state;
    int r = jz_person_state_load(store, claim->person, &state, err);
    if (r < 0)
        return r;
    const double fmr = wanted_fmr(&state, claim->observed_on);
    const int64_t enrolment = state.enrolment;
    jz_person_state_done(&state);
    struct comparison c = { .point = jz_matcher_point(a->matcher, fmr) };
    if (!c.point)
        return jz_error_set(err, JZ_E_USAGE,
                            "the policy asks for a false match rate of %g, stricter than anything "
                            "measured for %s; see: jianzai models",
                            fmr, a->matcher->name);
    claim->reasons = (struct jz_reasons){ 0 };
    if (!enrolment)
        jz_reasons_add(&claim->reasons, "no_template");
    if (!a->verdict.passed)
        add_session_reasons(&claim->reasons, a->verdict.reasons);
    if (enrolment && a->has_probe) {
        if ((r = compare(store, a, enrolment, &c, err)) < 0)
            return r;
        if (!c.match)
            jz_reasons_add(&claim->reasons, "does_not_match");
    } else if (enrolment && a->verdict.passed) {
        jz_reasons_add(&claim->reasons, jz_session_reason_name(JZ_S_NOT_SEEN_WHOLE));
    }
    claim->outcome = a->verdict.passed && c.match ? JZ_OUTCOME_PASS : JZ_OUTCOME_FAIL;
    claim->judgment = judgment;
    return write_judgment(a, &c, enrolment, judgment, err);
}
