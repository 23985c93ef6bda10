#include "ledger/papers.h"

#include "ledger/standing.h"

#include <string.h>

static bool is_there(const struct jz_paper_asked *papers, int count,
                     const struct jz_paper_rule *rule, const char *basis)
{
    for (int i = 0; i < count; i++)
        if (strcmp(jz_paper_name(papers[i].rule), jz_paper_name(rule)) == 0 &&
            papers[i].rule->form == rule->form && strcmp(papers[i].basis, basis) == 0)
            return true;
    return false;
}

int jz_papers_asked(const struct jz_person_state *state, enum jz_evidence_kind kind,
                    struct jz_date on, struct jz_paper_asked ret_papers[JZ_PAPERS_MAX])
{
    int count = 0, choices = 0;
    for (int i = 0; i < state->benefit_count; i++) {
        const struct jz_benefit_state *b = &state->benefits[i];
        const struct jz_policy *p = jz_benefit_policy(state, b, on, NULL);
        if (!p || !jz_benefit_is_asked(state, b, on) || !p->rule.accept[kind].accepted)
            continue;
        const bool is_late = jz_date_is_set(b->due_on) && jz_date_compare(on, b->due_on) > 0;
        size_t rules = 0;
        int most = 0;
        const struct jz_paper_rule *rule = jz_policy_documents(p, kind, &rules);
        for (size_t k = 0; k < rules; k++, rule++) {
            const char *basis = p->bases[rule->basis].cite;
            most = rule->group > most ? rule->group : most;
            if ((rule->make_up && !is_late) || is_there(ret_papers, count, rule, basis) ||
                count == JZ_PAPERS_MAX)
                continue;
            ret_papers[count++] = (struct jz_paper_asked){
                .rule = rule,
                .basis = basis,
                .scheme = b->scheme,
                .choice = rule->group ? choices + rule->group : 0,
            };
        }
        choices += most;
    }
    return count;
}
