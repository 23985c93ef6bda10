/* Policies in the register: loaded from files, and explained for one person. */
#include "cli/claim_text.h"
#include "cli/desk.h"

#include "identity/reference.h"
#include "ledger/policies.h"
#include "ledger/standing.h"
#include "policy/load.h"

#include <string.h>

static int run_load(int argc, char **argv);
static int run_explain(int argc, char **argv);

const struct command policy_load_command = {
    "load", run_load, "FILE|DIR… --by OPERATOR",
    "put policy versions into the register; what is there already is passed over"
};
const struct command policy_explain_command = {
    "explain", run_explain, "PERSON [--on DATE] [--documents]",
    "which policy holds for each benefit of a person, why, and what it asks for"
};

static void say_complaint(void *context, const struct jz_error *complaint)
{
    (void)context;
    fprintf(stderr, "jianzai: %s\n", complaint->text);
}

static int run_load(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const char *by = NULL;
    const struct arg args[] = {
        { "by", ARG_TEXT, &by, "OPERATOR: who puts them in force" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&policy_load_command, args, sizeof args / sizeof args[0], argc, argv, 1, 64,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!by) {
        fputs("jianzai: load: --by is missing: somebody answers for a policy\n", stderr);
        return EXIT_USAGE;
    }
    struct jz_error err;
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    if (jz_policy_load((const char *const *)(argv + first), (size_t)(argc - first), say_complaint,
                       NULL, &set, &err) < 0)
        return EXIT_USAGE;
    struct desk desk;
    if (desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    size_t added = 0;
    if ((r = desk_operator(&desk, by)) == 0) {
        if (jz_policies_add(desk.store, set, by, &added, &err) < 0) {
            complain(NULL, &err);
            r = EXIT_USAGE;
        } else {
            printf("%zu policy versions added, %zu there already\n", added,
                   jz_policy_set_count(set) - added);
        }
    }
    desk_close(&desk);
    return r;
}

static void explain_kind(const struct jz_policy *p, enum jz_evidence_kind kind, bool documents)
{
    const struct jz_accept *accept = &p->rule.accept[kind];
    size_t count = 0;
    const struct jz_paper_rule *d = jz_policy_documents(p, kind, &count);
    printf("      %s (%s), strength %c", jz_evidence_words[kind].name,
           jz_evidence_words[kind].zh_hans, jz_strength_letter((enum jz_strength)accept->strength));
    if (accept->months)
        printf(", carries %u months", accept->months);
    if (accept->max_consecutive)
        printf(", at most %u in a row", accept->max_consecutive);
    puts("");
    for (size_t i = 0; documents && i < count; i++) {
        char age[40] = "";
        if (d[i].max_age_days)
            snprintf(age, sizeof age, ", at most %u days old", d[i].max_age_days);
        printf("        %s, %s%s%s%s: %s\n", jz_paper_name(&d[i]), jz_form_words[d[i].form].en, age,
               d[i].make_up ? ", only when late" : "",
               d[i].group ? ", or another of its group" : "", p->bases[d[i].basis].cite);
    }
}

/* The whole list is long: the documents' own bases come with the documents. */
static void explain_rules(const struct jz_policy *p, bool documents)
{
    for (size_t k = 0; documents && k < p->base_count; k++)
        printf("    legal basis: %s\n", p->bases[k].cite);
    if (!documents && p->base_count > 0)
        printf("    legal basis: %s, and %zu more\n", p->bases[0].cite, p->base_count - 1);
    puts("    signs of life that count:");
    for (int kind = 0; kind < JZ_EV_KINDS; kind++)
        if (p->rule.accept[kind].accepted)
            explain_kind(p, (enum jz_evidence_kind)kind, documents);
    if (!documents)
        puts("    --documents says which documents each may ask for, and on what basis");
}

static void explain(const struct jz_person_state *state, struct jz_date on, bool documents)
{
    char reference[JZ_REFERENCE_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES], from[JZ_DATE_TEXT_BYTES];
    printf("%s on %s\n", jz_reference_format(state->person, reference), jz_date_format(on, day));
    for (int i = 0; i < state->benefit_count; i++) {
        const struct jz_benefit_state *b = &state->benefits[i];
        int64_t fact = 0;
        const struct jz_policy *p = jz_benefit_policy(state, b, on, &fact);
        printf("  %s in %06u:", jz_scheme_words[b->scheme].name, b->region);
        if (!p) {
            puts(" no policy covers it; load one");
            continue;
        }
        printf(" policy %s version %u (fact %lld), in force from %s\n", p->id, p->version,
               (long long)fact, day_text(p->from, from));
        if (p->region_digits)
            printf("    because of all in force %06u, %u digits of it, is nearest to the region\n",
                   p->region, p->region_digits);
        else
            puts("    because no policy of a nearer region is in force: it is the country's");
        if (p->campaign_reason)
            printf("    campaign until %s: %s\n", day_text(p->rule.campaign_deadline, day),
                   p->campaign_reason);
        explain_rules(p, documents);
    }
}

static int run_explain(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_date on = { 0 };
    bool documents = false;
    const struct arg args[] = {
        { "on", ARG_DATE, &on, "DATE: default today" },
        { "documents", ARG_FLAG, &documents, "each document with its legal basis" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&policy_explain_command, args, sizeof args / sizeof args[0], argc, argv, 1,
                       1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_person_state state;
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_person_state(&desk, argv[first], &state)) == 0) {
        explain(&state, jz_date_is_set(on) ? on : jz_date_today(), documents);
        jz_person_state_done(&state);
    }
    desk_close(&desk);
    return r;
}
