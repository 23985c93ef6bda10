#include "cli/paper_text.h"

#include <string.h>

int papers_load(struct jz_store *store, int64_t person, enum jz_evidence_kind kind,
                struct papers *ret_papers, struct jz_error *err)
{
    const int r = jz_person_state_load(store, person, &ret_papers->state, err);
    if (r == 0)
        ret_papers->count =
            jz_papers_asked(&ret_papers->state, kind, jz_store_today(store), ret_papers->asked);
    return r;
}

void papers_done(struct papers *papers)
{
    jz_person_state_done(&papers->state);
    papers->count = 0;
}

static bool is_there(const struct jz_paper_asked *p, const char *const *there, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(jz_paper_name(p->rule), there[i]) == 0)
            return true;
    return false;
}

static const char *label_of(const struct jz_paper_rule *rule)
{
    return rule->label ? rule->label : jz_paper_words[rule->doc].zh_hans;
}

void print_papers(const struct papers *papers, const char *const *there, int there_count)
{
    for (int i = 0; i < papers->count; i++) {
        const struct jz_paper_asked *p = &papers->asked[i];
        const bool follows = i > 0 && p->choice && papers->asked[i - 1].choice == p->choice;
        printf("  %-11s %s%s %s, %s", i ? "" : "asked for", follows ? "or " : "",
               jz_paper_name(p->rule), label_of(p->rule), jz_form_words[p->rule->form].en);
        if (p->rule->max_age_days)
            printf(", at most %u days old", p->rule->max_age_days);
        printf(" [%s]%s\n", p->basis, is_there(p, there, there_count) ? " there" : "");
    }
}

json_t *json_papers(const struct papers *papers, const char *const *there, int there_count)
{
    json_t *list = json_array();
    for (int i = 0; i < papers->count; i++) {
        const struct jz_paper_asked *p = &papers->asked[i];
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:b}", "document", jz_paper_name(p->rule),
                            "label", label_of(p->rule), "form", jz_form_words[p->rule->form].name,
                            "basis", p->basis, "max_age_days", (int)p->rule->max_age_days, "choice",
                            p->choice, "there", is_there(p, there, there_count)));
    }
    return list;
}
