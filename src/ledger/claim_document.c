#include "ledger/claim_document.h"

#include "base/encoding.h"

#include <stdio.h>
#include <string.h>

int jz_claim_document_parse(const char *text, struct jz_claim_document *ret_document,
                            struct jz_error *err)
{
    struct jz_claim_document d = { 0 };
    const size_t size =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    if (size == 0 || size >= sizeof d.name || (text[size] && text[size] != '@'))
        return jz_error_set(err, JZ_E_USAGE,
                            "'%.80s' names no document: type resident_id, or with the day that "
                            "stands on it newspaper_photo@2026-11-23",
                            text);
    memcpy(d.name, text, size);
    if (text[size] && !jz_date_parse(text + size + 1, &d.day))
        return jz_error_set(err, JZ_E_USAGE, "%s: '%.20s' is no day such as 2026-11-23", d.name,
                            text + size + 1);
    *ret_document = d;
    return 0;
}

char *jz_claim_document_format(const struct jz_claim_document *d,
                               char ret_text[JZ_CLAIM_DOCUMENT_TEXT_BYTES])
{
    char day[JZ_DATE_TEXT_BYTES] = "";
    if (jz_date_is_set(d->day))
        jz_date_format(d->day, day);
    snprintf(ret_text, JZ_CLAIM_DOCUMENT_TEXT_BYTES, "%s%s%s", d->name, *day ? "@" : "", day);
    return ret_text;
}

/* NULL when its day is as the rule wants it. */
static const char *why_not_of_that_day(const struct jz_paper_rule *rule,
                                       const struct jz_claim_document *d,
                                       struct jz_date observed_on)
{
    if (rule->max_age_days == 0)
        return NULL;
    if (!jz_date_is_set(d->day))
        return "document_undated";
    const int32_t age = jz_date_to_days(observed_on) - jz_date_to_days(d->day);
    if (age < 0)
        return "document_later";
    return age > rule->max_age_days ? "document_too_old" : NULL;
}

/* What was presented, and against what. */
struct presented {
    const struct jz_paper_rule *rules; /* all of the kind */
    size_t rule_count;
    struct jz_date observed_on;
    const struct jz_claim_document *documents;
    int count;
};

static bool stands_for(const struct jz_paper_rule *other, const struct jz_paper_rule *rule)
{
    return other == rule || (rule->group && other->group == rule->group);
}

/*
 * NULL when one of the documents is what the rule asks for, or what stands for it. Otherwise what
 * is wrong with the last that could have been, or that there is none; *lacking is then the rule
 * that it fell short of.
 */
static const char *why_unsatisfied(const struct presented *p, const struct jz_paper_rule *rule,
                                   const struct jz_paper_rule **lacking)
{
    const char *why = "documents_missing";
    *lacking = rule;
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct jz_paper_rule *r = &p->rules[i];
        for (int k = 0; k < p->count && stands_for(r, rule); k++) {
            if (strcmp(p->documents[k].name, jz_paper_name(r)) != 0)
                continue;
            why = why_not_of_that_day(r, &p->documents[k], p->observed_on);
            *lacking = r;
            if (!why)
                return NULL;
        }
    }
    return why;
}

static void add_lack(struct jz_claim_lacks *lacks, const char *reason,
                     const struct jz_paper_rule *rule, const struct jz_policy *policy)
{
    for (int i = 0; i < lacks->count; i++)
        if (strcmp(lacks->of[i].reason, reason) == 0)
            return;
    struct jz_claim_lack *lack = &lacks->of[lacks->count++];
    lack->reason = reason;
    lack->max_age_days = rule->max_age_days;
    snprintf(lack->document, sizeof lack->document, "%s", jz_paper_name(rule));
    snprintf(lack->basis, sizeof lack->basis, "%s", policy->bases[rule->basis].cite);
    lack->basis[jz_utf8_valid(lack->basis, strlen(lack->basis))] = 0; /* no character by halves */
}

void jz_claim_documents_check(const struct jz_policy *policy, enum jz_evidence_kind kind, bool late,
                              struct jz_date observed_on, const struct jz_claim_document *documents,
                              int count, struct jz_claim_lacks *lacks)
{
    struct presented p = { .observed_on = observed_on, .documents = documents, .count = count };
    p.rules = jz_policy_documents(policy, kind, &p.rule_count);
    for (size_t i = 0; i < p.rule_count; i++) {
        const struct jz_paper_rule *lacking = NULL;
        if (p.rules[i].make_up && !late)
            continue;
        const char *why = why_unsatisfied(&p, &p.rules[i], &lacking);
        if (why)
            add_lack(lacks, why, lacking, policy);
    }
}

int jz_claim_lacks_refuse(const struct jz_claim_lacks *lacks, struct jz_error *err)
{
    const struct jz_claim_lack *l = lacks->of;
    if (lacks->count == 0)
        return 0;
    if (l->max_age_days == 0)
        return jz_error_set(err, JZ_E_USAGE,
                            "the policy asks for %s (%s): name it with --document when it was "
                            "presented, or refuse",
                            l->document, l->basis);
    return jz_error_set(err, JZ_E_USAGE,
                        "the policy asks for %s, not older than %u days on the day of the sign of "
                        "life (%s): name it with its day, --document %s@DAY, or refuse",
                        l->document, l->max_age_days, l->basis, l->document);
}
