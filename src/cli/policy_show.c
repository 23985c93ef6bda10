#include "cli/policy_internal.h"

#include <stdio.h>

static void show_scope(const struct jz_policy *p)
{
    char from[JZ_DATE_TEXT_BYTES], until[JZ_DATE_TEXT_BYTES];
    printf("%s, version %u: in force from %s", p->id, p->version, jz_date_format(p->from, from));
    if (jz_date_is_set(p->until))
        printf(" to %s", jz_date_format(p->until, until));
    if (p->region_digits)
        printf("\n  region: %.*s…\n", (int)p->region_digits,
               (char[8]){ (char)('0' + p->region / 100000), (char)('0' + p->region / 10000 % 10),
                          (char)('0' + p->region / 1000 % 10), (char)('0' + p->region / 100 % 10),
                          (char)('0' + p->region / 10 % 10), (char)('0' + p->region % 10) });
    else
        puts("\n  region: the whole country 全国");
    for (unsigned s = 0; s < JZ_SCHEMES; s++)
        if (p->schemes & 1u << s)
            printf("  scheme: %s %s\n", jz_scheme_words[s].en, jz_scheme_words[s].zh_hans);
}

static void show_cycle(const struct jz_cycle *c)
{
    fputs("  due: ", stdout);
    switch ((enum jz_cycle_kind)c->kind) {
    case JZ_CYCLE_ROLLING_MONTHS:
        printf("%u months after the last certification%s\n", c->months,
               c->count_from == JZ_COUNT_FROM_NEXT_MONTH ? ", counted from the month after it"
                                                         : "");
        break;
    case JZ_CYCLE_ROLLING_DAYS:
        printf("%u days after the last certification\n", c->days);
        break;
    case JZ_CYCLE_CALENDAR_YEAR:
        puts("once in every calendar year");
        break;
    case JZ_CYCLE_CALENDAR_AND_ROLLING:
        printf("once in every calendar year, and within %u months of the last certification\n",
               c->months);
        break;
    case JZ_CYCLE_HALF_YEAR:
        puts("once in every half of the year");
        break;
    case JZ_CYCLE_BIRTH_MONTH:
        puts("once in every year that begins with the month of birth");
        break;
    case JZ_CYCLE_WINDOW:
        printf("every year from %02u-%02u to %02u-%02u", c->start.month, c->start.day, c->end.month,
               c->end.day);
        if (c->early_days)
            printf("; up to %u days earlier count for it too", c->early_days);
        puts("");
        break;
    case JZ_CYCLE_KINDS:
        break;
    }
}

static void show_rule(const struct jz_policy *p)
{
    const struct jz_rule *rule = &p->rule;
    show_cycle(&rule->cycle);
    if (rule->remind_count) {
        fputs("  reminders:", stdout);
        for (size_t i = 0; i < rule->remind_count; i++)
            printf("%s %u", i ? "," : "", rule->remind_days[i]);
        puts(" days before");
    }
    if (rule->grace_days || rule->grace_months)
        printf("  grace 宽限期: %u %s\n", rule->grace_days + rule->grace_months,
               rule->grace_days ? "days" : "months");
    if (jz_date_is_set(rule->campaign_start)) {
        char start[JZ_DATE_TEXT_BYTES], deadline[JZ_DATE_TEXT_BYTES];
        printf("  campaign 专项核查: whoever has not certified since %s is due by %s\n"
               "    because: %s\n",
               jz_date_format(rule->campaign_start, start),
               jz_date_format(rule->campaign_deadline, deadline), p->campaign_reason);
    }
    puts("  what counts:");
    for (int k = 0; k < JZ_EV_KINDS; k++) {
        const struct jz_accept *a = &rule->accept[k];
        if (!a->accepted)
            continue;
        printf("    %s %s (strength %c)", jz_evidence_words[k].en, jz_evidence_words[k].zh_hans,
               jz_strength_letter((enum jz_strength)a->strength));
        if (a->months)
            printf("; carries %u months", a->months);
        if (a->max_consecutive)
            printf("; not more than %u in a row", a->max_consecutive);
        puts("");
    }
}

static void show_document(const struct jz_policy *p, const struct jz_paper_rule *d,
                          const char *lead)
{
    const struct jz_word *w = &jz_paper_words[d->doc];
    const struct jz_word *form = &jz_form_words[d->form];
    printf("      %s%s %s, %s %s", lead, d->label ? d->name : w->en,
           d->label ? d->label : w->zh_hans, form->en, form->zh_hans);
    if (d->max_age_days)
        printf(", at most %u days old", d->max_age_days);
    if (d->make_up)
        fputs(", when late 补认证", stdout);
    printf(" [%s]\n", p->bases[d->basis].id);
}

static void show_documents(const struct jz_policy *p)
{
    if (p->document_count)
        puts("  what may be asked for, and on which basis:");
    for (int k = 0; k < JZ_EV_KINDS; k++) {
        size_t count;
        const struct jz_paper_rule *d = jz_policy_documents(p, (enum jz_evidence_kind)k, &count);
        if (count)
            printf("    %s %s:\n", jz_evidence_words[k].en, jz_evidence_words[k].zh_hans);
        for (size_t i = 0; i < count; i++) {
            const bool again = i > 0 && d[i].group && d[i].group == d[i - 1].group;
            show_document(p, &d[i], again ? "or " : d[i].group ? "either " : "");
        }
    }
}

static void show_specials(const struct jz_policy *p)
{
    for (int i = 0; i < JZ_SPECIAL_STATUSES; i++) {
        const struct jz_special_rule *s = &p->special[i];
        if (!s->given)
            continue;
        printf("  %s %s: payment %s", jz_special_words[i].en, jz_special_words[i].zh_hans,
               s->pay == JZ_PAY_STOPS ? "stops" : "goes on");
        if (s->pay == JZ_PAY_STOPS)
            fputs(s->resume == JZ_SPECIAL_RESUME_NEVER        ? " for good"
                  : s->resume == JZ_SPECIAL_RESUME_NEXT_MONTH ? " and resumes the month after"
                                                              : " and resumes when it ends",
                  stdout);
        if (s->rate == JZ_RATE_OLD)
            fputs(" at the old rate", stdout);
        fputs(s->arrears == JZ_ARREARS_NONE       ? "; no arrears"
              : s->arrears == JZ_ARREARS_OLD_RATE ? "; arrears at the old rate"
                                                  : "; arrears with increases",
              stdout);
        printf("%s%s [%s]\n", s->grant ? "; the grants are due" : "",
               s->review ? "; somebody looks at the case" : "", p->bases[s->basis].id);
    }
}

void show_policy(const struct jz_policy *p)
{
    static const char *const resumes[] = {
        [JZ_RESUME_NEXT_MONTH] = "with the roll of the month after",
        [JZ_RESUME_SAME_MONTH_IF_OPEN] = "with the roll of the same month if it is still open",
        [JZ_RESUME_OFF_CYCLE] = "at once",
    };
    show_scope(p);
    show_rule(p);
    show_documents(p);
    printf(
        "  a hold 暂停发放 needs: %u notices through %u channels; a person's attempt from the age "
        "of %u on; two people; at most %g %% in a batch\n",
        p->hold.notices, p->hold.channels, p->hold.human_attempt_age,
        p->hold.max_batch_basis_points / 100.0);
    printf("  after a make-up certification 补认证 payment resumes %s\n", resumes[p->resume]);
    printf("  face 人脸: false match rate %g, a person takes over after %u tries, actions:",
           p->face.fmr, p->face.tries_before_human);
    for (unsigned i = 0; i < JZ_FACE_ACTIONS; i++)
        if (p->face.liveness & 1u << i)
            printf(" %s", jz_action_names[i].name);
    puts("");
    show_specials(p);
    puts("  legal basis 依据:");
    for (size_t i = 0; i < p->base_count; i++)
        printf("    %s  %s\n", p->bases[i].id, p->bases[i].cite);
}
