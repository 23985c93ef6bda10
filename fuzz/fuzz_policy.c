/* Any bytes as a policy: either complaints and nothing else, or a policy that can be worked with.
 */
#include "policy/calendar.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *context, const struct jz_error *complaint)
{
    unsigned *complaints = context;
    ++*complaints;
    if (complaint->code >= 0 || !strstr(complaint->text, "fuzz:"))
        abort();
}

static void work_with(const struct jz_policy *p)
{
    size_t documents = 0;
    for (int kind = 0; kind < JZ_EV_KINDS; kind++) {
        size_t n;
        const struct jz_paper_rule *d = jz_policy_documents(p, (enum jz_evidence_kind)kind, &n);
        for (size_t i = 0; i < n; i++)
            if (d[i].basis >= p->base_count || !*jz_paper_name(&d[i]))
                abort();
        documents += n;
    }
    if (documents != p->document_count || p->base_count == 0 || p->schemes == 0 ||
        (jz_date_is_set(p->rule.campaign_start) && !p->campaign_reason))
        abort();
    const struct jz_sign signs[] = { { 1, { 2024, 2, 29 }, JZ_EV_PROXY, JZ_OUTCOME_PASS },
                                     { 2, { 2025, 8, 31 }, JZ_EV_COUNTER, JZ_OUTCOME_PASS } };
    struct jz_date on = { 2025, 9, 1 };
    struct jz_standing s;
    for (int i = 0; i < 20 && jz_date_is_set(on); i++) {
        jz_calendar_standing(&p->rule, (struct jz_date){ 1950, 5, 31 },
                             (struct jz_date){ 2020, 1, 31 }, signs, 2, on, NULL, &s);
        if (!jz_date_is_set(jz_date_from_key(jz_date_key(s.due_on))) ||
            jz_date_compare(s.grace_until, s.due_on) < 0)
            abort();
        const struct jz_date next = jz_calendar_next_change(&p->rule, &s, on);
        if (jz_date_is_set(next) && jz_date_compare(next, on) <= 0)
            abort();
        on = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned complaints = 0;
    struct jz_error err = { 0 };
    struct jz_policy *policy = NULL;
    const int r = jz_policy_parse("fuzz", data, size, count, &complaints, &policy, &err);
    if (r < 0 ? complaints == 0 || err.code != r || policy : complaints > 0 || !policy)
        abort();
    if (r < 0)
        return 0;
    work_with(policy);
    const struct jz_date from = policy->from;
    const unsigned region = policy->region;
    const enum jz_scheme scheme = (enum jz_scheme)__builtin_ctz(policy->schemes);
    struct jz_policy_set *set = NULL;
    if (jz_policy_set_new(&policy, 1, &set, &err) < 0 ||
        jz_policy_set_find(set, region, scheme, from) != jz_policy_set_at(set, 0))
        abort();
    jz_policy_set_free(set);
    return 0;
}
