#include "cli/policy_internal.h"

#include <stdio.h>

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static void set_number(json_t *object, const char *key, unsigned value)
{
    if (value)
        set(object, key, json_integer(value));
}

static void set_date(json_t *object, const char *key, struct jz_date date)
{
    char text[JZ_DATE_TEXT_BYTES];
    if (jz_date_is_set(date))
        set(object, key, json_string(jz_date_format(date, text)));
}

static json_t *names_of(unsigned bits, const struct jz_word *words, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (bits & 1u << i)
            json_array_append_new(list, json_string(words[i].name));
    return list;
}

static json_t *cycle_to_json(const struct jz_cycle *c)
{
    json_t *o = json_pack("{s:s}", "kind", jz_cycle_names[c->kind].name);
    char text[8];
    set_number(o, "months", c->months);
    set_number(o, "days", c->days);
    if (c->kind == JZ_CYCLE_ROLLING_MONTHS)
        set(o, "count_from", json_string(jz_count_from_names[c->count_from].name));
    if (c->kind == JZ_CYCLE_WINDOW) {
        snprintf(text, sizeof text, "%02u-%02u", c->start.month % 100u, c->start.day % 100u);
        set(o, "start", json_string(text));
        snprintf(text, sizeof text, "%02u-%02u", c->end.month % 100u, c->end.day % 100u);
        set(o, "end", json_string(text));
        set(o, "early_days", json_integer(c->early_days));
    }
    return o;
}

static json_t *accept_to_json(const struct jz_rule *rule)
{
    json_t *list = json_array();
    for (int k = 0; k < JZ_EV_KINDS; k++) {
        const struct jz_accept *a = &rule->accept[k];
        if (!a->accepted)
            continue;
        const char letter[] = { jz_strength_letter((enum jz_strength)a->strength), 0 };
        json_t *o = json_pack("{s:s,s:s}", "kind", jz_evidence_words[k].name, "strength", letter);
        set_number(o, "months", a->months);
        set_number(o, "max_consecutive", a->max_consecutive);
        json_array_append_new(list, o);
    }
    return list;
}

static void set_rule(json_t *o, const struct jz_policy *p)
{
    const struct jz_rule *rule = &p->rule;
    json_t *reminders = json_array(), *grace = json_object();
    for (size_t i = 0; i < rule->remind_count; i++)
        json_array_append_new(reminders, json_integer(rule->remind_days[i]));
    set_number(grace, "days", rule->grace_days);
    set_number(grace, "months", rule->grace_months);
    set(o, "cycle", cycle_to_json(&rule->cycle));
    set(o, "remind_days", reminders);
    set(o, "grace", grace);
    set(o, "accept", accept_to_json(rule));
    if (jz_date_is_set(rule->campaign_start)) {
        json_t *campaign = json_pack("{s:s}", "reason", p->campaign_reason);
        set_date(campaign, "start", rule->campaign_start);
        set_date(campaign, "deadline", rule->campaign_deadline);
        set(o, "campaign", campaign);
    }
}

static json_t *documents_to_json(const struct jz_policy *p)
{
    json_t *all = json_object();
    for (size_t i = 0; i < p->document_count; i++) {
        const struct jz_paper_rule *d = &p->documents[i];
        const char *kind = jz_evidence_words[d->kind].name;
        json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "doc", jz_paper_name(d), "label",
                              d->label ? d->label : jz_paper_words[d->doc].zh_hans, "form",
                              jz_form_words[d->form].name, "basis", p->bases[d->basis].id);
        set_number(o, "one_of", d->group);
        set_number(o, "max_age_days", d->max_age_days);
        if (d->make_up)
            set(o, "when", json_string("make_up"));
        if (!json_object_get(all, kind))
            set(all, kind, json_array());
        json_array_append_new(json_object_get(all, kind), o);
    }
    return all;
}

static json_t *specials_to_json(const struct jz_policy *p)
{
    json_t *all = json_object();
    for (int i = 0; i < JZ_SPECIAL_STATUSES; i++) {
        const struct jz_special_rule *s = &p->special[i];
        if (s->given)
            set(all, jz_special_words[i].name,
                json_pack("{s:s,s:s,s:s,s:s,s:b,s:b,s:s}", "pay", jz_pay_names[s->pay].name,
                          "resume", jz_special_resume_names[s->resume].name, "rate",
                          jz_rate_names[s->rate].name, "arrears", jz_arrears_names[s->arrears].name,
                          "grant", (int)s->grant, "review", (int)s->review, "basis",
                          p->bases[s->basis].id));
    }
    return all;
}

json_t *policy_to_json(const struct jz_policy *p)
{
    char region[8];
    json_t *o = json_pack("{s:s,s:i}", "id", p->id, "version", (int)p->version);
    json_t *effective = json_object(), *bases = json_array();
    snprintf(region, sizeof region, "%06u", p->region % 1000000u);
    region[p->region_digits] = 0;
    set_date(effective, "from", p->from);
    set_date(effective, "until", p->until);
    set(o, "effective", effective);
    set(o, "applies",
        json_pack("{s:s,s:o}", "region", region, "schemes",
                  names_of(p->schemes, jz_scheme_words, JZ_SCHEMES)));
    for (size_t i = 0; i < p->base_count; i++)
        json_array_append_new(
            bases, json_pack("{s:s,s:s}", "id", p->bases[i].id, "cite", p->bases[i].cite));
    set(o, "legal_basis", bases);
    set_rule(o, p);
    set(o, "documents", documents_to_json(p));
    set(o, "hold",
        json_pack("{s:i,s:i,s:i,s:s,s:f}", "notices", (int)p->hold.notices, "channels",
                  (int)p->hold.channels, "human_attempt_age", (int)p->hold.human_attempt_age,
                  "release", "two_person", "max_batch_percent",
                  p->hold.max_batch_basis_points / 100.0));
    set(o, "resume", json_pack("{s:s}", "when", jz_resume_names[p->resume].name));
    set(o, "face",
        json_pack("{s:f,s:i,s:o}", "fmr", p->face.fmr, "tries_before_human",
                  (int)p->face.tries_before_human, "liveness",
                  names_of(p->face.liveness, jz_action_names, JZ_FACE_ACTIONS)));
    set(o, "special", specials_to_json(p));
    return o;
}
