/* The keys of a policy that the calendar needs; in policy files and in the cases of policy/case.h.
 */
#include "policy/read_internal.h"

#include <string.h>

static const struct jz_word strength_words[] = { { "A" }, { "B" }, { "C" } };

enum cycle_key { KEY_KIND, KEY_MONTHS, KEY_DAYS, KEY_COUNT_FROM, KEY_START, KEY_END, KEY_EARLY };

static const struct field cycle_fields[] = {
    [KEY_KIND] = { "kind", read_word, FIELD(jz_cycle, kind), true,
                   WORDS(jz_cycle_names, "kind of cycle") },
    [KEY_MONTHS] = { "months", read_u16, FIELD(jz_cycle, months), .low = 1,
                     .high = JZ_RULE_MAX_MONTHS },
    [KEY_DAYS] = { "days", read_u16, FIELD(jz_cycle, days), .low = 1, .high = JZ_RULE_MAX_DAYS },
    [KEY_COUNT_FROM] = { "count_from", read_word, FIELD(jz_cycle, count_from),
                         WORDS(jz_count_from_names, "way to count") },
    [KEY_START] = { "start", read_month_day, FIELD(jz_cycle, start) },
    [KEY_END] = { "end", read_month_day, FIELD(jz_cycle, end) },
    [KEY_EARLY] = { "early_days", read_u16, FIELD(jz_cycle, early_days), .low = 0,
                    .high = JZ_RULE_MAX_EARLY_DAYS },
};

/* Which of the other keys each kind of cycle must have, and which it may have. */
static const struct {
    unsigned must, may;
} cycle_keys[JZ_CYCLE_KINDS] = {
    [JZ_CYCLE_ROLLING_MONTHS] = { 1 << KEY_MONTHS, 1 << KEY_COUNT_FROM },
    [JZ_CYCLE_ROLLING_DAYS] = { 1 << KEY_DAYS, 0 },
    [JZ_CYCLE_CALENDAR_AND_ROLLING] = { 1 << KEY_MONTHS, 0 },
    [JZ_CYCLE_WINDOW] = { 1 << KEY_START | 1 << KEY_END, 1 << KEY_EARLY },
};

static void read_cycle(struct reader *r, const struct node *node, const struct field *field,
                       void *target)
{
    (void)field;
    struct jz_cycle *c = target;
    const unsigned before = r->complaints;
    READ_MAP(r, node, cycle_fields, c);
    if (r->complaints != before || node->type != NODE_MAP)
        return;
    for (int key = KEY_MONTHS; key <= KEY_EARLY; key++) {
        const char *name = cycle_fields[key].key;
        const struct node *given = read_find(r, node, name);
        const unsigned bit = 1u << key;
        if (!given && (cycle_keys[c->kind].must & bit))
            read_complain(r, JZ_E_FORMAT, node, "a cycle of kind %s needs the key '%s'",
                          jz_cycle_names[c->kind].name, name);
        else if (given && !((cycle_keys[c->kind].must | cycle_keys[c->kind].may) & bit))
            read_complain(r, JZ_E_FORMAT, given, "a cycle of kind %s has no such key",
                          jz_cycle_names[c->kind].name);
    }
    if (c->kind == JZ_CYCLE_WINDOW &&
        c->end.month * 100 + c->end.day < c->start.month * 100 + c->start.day)
        read_complain(r, JZ_E_FORMAT, node,
                      "the window ends before it starts; both lie in one calendar year");
}

static const struct field grace_fields[] = {
    { "days", read_u16, FIELD(jz_rule, grace_days), .high = 3660 },
    { "months", read_u16, FIELD(jz_rule, grace_months), .high = 120 },
};

static void read_grace(struct reader *r, const struct node *node, const struct field *field,
                       void *target)
{
    (void)field;
    struct jz_rule *rule = target;
    READ_MAP(r, node, grace_fields, rule);
    if (rule->grace_days && rule->grace_months)
        read_complain(r, JZ_E_FORMAT, node, "give the grace in days or in months, not in both");
}

static void read_reminders(struct reader *r, const struct node *node, const struct field *field,
                           void *target)
{
    (void)field;
    struct jz_rule *rule = target;
    if (!read_is(r, node, NODE_LIST))
        return;
    if (node->count > JZ_RULE_MAX_REMINDERS) {
        read_complain(r, JZ_E_LIMIT, node, "%u reminders; there may be %d", node->count,
                      JZ_RULE_MAX_REMINDERS);
        return;
    }
    for (const struct node *n = node_first(r->tree, node); n; n = node_next(r->tree, n)) {
        int64_t days;
        if (!read_number(r, n, 0, 3660, &days))
            continue;
        rule->remind_days[rule->remind_count++] = (uint16_t)days;
        if (days > rule->remind_max)
            rule->remind_max = (uint16_t)days;
    }
}

struct accept_entry {
    uint8_t kind, strength;
    uint16_t months, max_consecutive;
};

static const struct field accept_fields[] = {
    { "kind", read_word, FIELD(accept_entry, kind), true,
      WORDS(jz_evidence_words, "kind of evidence") },
    { "months", read_u16, FIELD(accept_entry, months), .low = 1, .high = JZ_RULE_MAX_MONTHS },
    { "max_consecutive", read_u16, FIELD(accept_entry, max_consecutive), .low = 1, .high = 1000 },
    { "strength", read_word, FIELD(accept_entry, strength),
      WORDS(strength_words, "strength that counts") },
};

static void read_accept_entry(struct reader *r, const struct node *node, struct jz_rule *rule)
{
    enum { NOT_GIVEN = UINT8_MAX };
    struct accept_entry e = { .kind = JZ_EV_KINDS, .strength = NOT_GIVEN };
    READ_MAP(r, node, accept_fields, &e);
    if (e.kind == JZ_EV_KINDS)
        return;
    const char *name = jz_evidence_words[e.kind].name;
    if (e.kind == JZ_EV_WEAK_SIGNAL)
        read_complain(r, JZ_E_FORMAT, node, "%s never counts alone and cannot be accepted", name);
    else if (rule->accept[e.kind].accepted)
        read_complain(r, JZ_E_FORMAT, node, "%s comes twice; leave one out", name);
    rule->accept[e.kind] = (struct jz_accept){
        .accepted = true,
        .strength = e.strength == NOT_GIVEN ? jz_evidence_strength[e.kind]
                                            : (uint8_t)(JZ_STRENGTH_A + e.strength),
        .months = e.months,
        .max_consecutive = e.max_consecutive,
    };
}

static void read_accept(struct reader *r, const struct node *node, const struct field *field,
                        void *target)
{
    (void)field;
    if (!read_is(r, node, NODE_LIST))
        return;
    for (const struct node *n = node_first(r->tree, node); n; n = node_next(r->tree, n))
        read_accept_entry(r, n, target);
}

struct campaign {
    struct jz_date start, deadline;
};

static const struct field campaign_fields[] = {
    { "start", read_date, FIELD(campaign, start), true },
    { "deadline", read_date, FIELD(campaign, deadline), true },
    { "reason", NULL, 0, true }, /* read again as a text by whoever keeps it */
};

static void read_campaign(struct reader *r, const struct node *node, const struct field *field,
                          void *target)
{
    (void)field;
    struct jz_rule *rule = target;
    struct campaign c = { { 0 }, { 0 } };
    READ_MAP(r, node, campaign_fields, &c);
    const struct node *reason = node->type == NODE_MAP ? read_find(r, node, "reason") : NULL;
    const char *words = reason ? read_string(r, reason) : NULL;
    if (words && words[strspn(words, " \t\r\n")] == 0)
        read_complain(r, JZ_E_FORMAT, reason, "a campaign needs a reason in words");
    if (!jz_date_is_set(c.start) || !jz_date_is_set(c.deadline))
        return;
    if (jz_date_compare(c.deadline, c.start) < 0)
        read_complain(r, JZ_E_FORMAT, node, "the campaign's deadline lies before its start");
    rule->campaign_start = c.start;
    rule->campaign_deadline = c.deadline;
}

const struct field rule_fields[RULE_FIELDS] = {
    { "cycle", read_cycle, FIELD(jz_rule, cycle), true },
    { "remind_days", read_reminders, 0 },
    { "grace", read_grace, 0 },
    { "accept", read_accept, 0, true },
    { "campaign", read_campaign, 0 },
};
