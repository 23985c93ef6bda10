#include "policy/calendar.h"

enum { LAST_YEAR = 9999 };

const struct jz_word jz_verdict_words[JZ_SIGN_VERDICTS] = {
    [JZ_SIGN_COUNTED] = { "counted", "计入", "計入", "counts" },
    [JZ_SIGN_FAILED] = { "failed", "未通过，不计入", "未通過，不計入", "did not pass" },
    [JZ_SIGN_PENDING] = { "pending", "待复核，暂不计入", "待複核，暫不計入",
                          "waits for review, does not count yet" },
    [JZ_SIGN_LATER] = { "later", "晚于所查日期", "晚於所查日期",
                        "is later than the day asked for" },
    [JZ_SIGN_NOT_ACCEPTED] = { "not_accepted", "政策不接受这种方式", "政策不接受這種方式",
                               "is of a kind the policy does not take" },
    [JZ_SIGN_TOO_MANY] = { "too_many", "同一方式连续次数已满", "同一方式連續次數已滿",
                           "is one too many of its kind in a row" },
};

/* Shifts instead of jz_date_key's products: days are compared a dozen times for one standing. */
static int32_t rank_of(struct jz_date d)
{
    return (int32_t)d.year << 16 | d.month << 8 | d.day;
}

static bool is_before(struct jz_date a, struct jz_date b)
{
    return rank_of(a) < rank_of(b);
}

static struct jz_date capped(struct jz_date d)
{
    return d.year > LAST_YEAR ? (struct jz_date){ LAST_YEAR, 12, 31 } : d;
}

/* Month 13 and more would be of a later year; day 0 does not occur. */
static struct jz_date month_end(int year, int month)
{
    return (struct jz_date){ (int16_t)year, (uint8_t)month, (uint8_t)jz_month_days(year, month) };
}

static struct jz_date day_of_year(int year, struct jz_month_day md)
{
    const struct jz_date last = month_end(year, md.month);
    return (struct jz_date){ last.year, last.month, md.day < last.day ? md.day : last.day };
}

static struct jz_date calendar_year_due(struct jz_date anchor)
{
    return (struct jz_date){ (int16_t)(anchor.year + 1), 12, 31 };
}

/* The birth month begins years; the anchor's ends with the month before the birth month. */
static struct jz_date birth_month_due(struct jz_date born_on, struct jz_date anchor)
{
    const int month = jz_date_is_set(born_on) ? born_on.month : 1;
    const int begun = anchor.month >= month ? anchor.year : anchor.year - 1;
    return month == 1 ? month_end(begun + 1, 12) : month_end(begun + 2, month - 1);
}

/*
 * A window opens early_days before its start, at most a year, so that the last one opened by the
 * anchor is that of the next, the same or the previous year.
 */
static struct jz_date window_due(const struct jz_cycle *c, struct jz_date anchor)
{
    const int32_t day = jz_date_to_days(anchor);
    int year = anchor.year + (c->early_days > 0);
    while (jz_date_to_days(day_of_year(year, c->start)) - c->early_days > day)
        year--;
    return day_of_year(year + 1, c->end);
}

struct jz_date jz_calendar_due(const struct jz_cycle *cycle, struct jz_date born_on,
                               struct jz_date anchor)
{
    struct jz_date due = anchor;
    switch ((enum jz_cycle_kind)cycle->kind) {
    case JZ_CYCLE_ROLLING_MONTHS:
        due = cycle->count_from == JZ_COUNT_FROM_NEXT_MONTH
                  ? jz_date_month_end(anchor, cycle->months)
                  : jz_date_add_months(anchor, cycle->months);
        break;
    case JZ_CYCLE_ROLLING_DAYS:
        due = jz_date_add_days(anchor, cycle->days);
        break;
    case JZ_CYCLE_CALENDAR_YEAR:
        due = calendar_year_due(anchor);
        break;
    case JZ_CYCLE_CALENDAR_AND_ROLLING: {
        const struct jz_date rolling = jz_date_add_months(anchor, cycle->months);
        due = calendar_year_due(anchor);
        if (is_before(rolling, due))
            due = rolling;
        break;
    }
    case JZ_CYCLE_HALF_YEAR:
        due = anchor.month <= 6 ? month_end(anchor.year, 12) : month_end(anchor.year + 1, 6);
        break;
    case JZ_CYCLE_BIRTH_MONTH:
        due = birth_month_due(born_on, anchor);
        break;
    case JZ_CYCLE_WINDOW:
        due = window_due(cycle, anchor);
        break;
    case JZ_CYCLE_KINDS:
        break;
    }
    return capped(due);
}

struct jz_date jz_calendar_due_after(const struct jz_rule *rule, struct jz_date born_on,
                                     enum jz_evidence_kind kind, struct jz_date observed_on)
{
    const unsigned months = rule->accept[kind].months;
    return months ? capped(jz_date_add_months(observed_on, (int)months))
                  : jz_calendar_due(&rule->cycle, born_on, observed_on);
}

/* The last counted rows, as far as max_consecutive asks. */
struct run {
    int kind;
    unsigned length;
};

static enum jz_sign_verdict judge(const struct jz_rule *rule, const struct jz_sign *sign,
                                  struct run *run)
{
    if (sign->outcome != JZ_OUTCOME_PASS)
        return sign->outcome == JZ_OUTCOME_FAIL ? JZ_SIGN_FAILED : JZ_SIGN_PENDING;
    if (sign->kind >= JZ_EV_KINDS || !rule->accept[sign->kind].accepted)
        return JZ_SIGN_NOT_ACCEPTED;
    const unsigned limit = rule->accept[sign->kind].max_consecutive;
    if (run->kind != sign->kind)
        *run = (struct run){ sign->kind, 0 };
    else if (limit > 0 && run->length >= limit)
        return JZ_SIGN_TOO_MANY;
    run->length++;
    return JZ_SIGN_COUNTED;
}

static struct jz_month month_after(struct jz_date d)
{
    return d.year == LAST_YEAR && d.month == 12 ? jz_date_month(d)
                                                : jz_month_add(jz_date_month(d), 1);
}

/* Turns due_on into all that follows from it; days are counted only where the rule counts days. */
static void finish(const struct jz_rule *rule, struct jz_date on, struct jz_standing *s)
{
    const int32_t due = jz_date_to_days(s->due_on);
    s->grace_until = s->due_on;
    if (rule->grace_months)
        s->grace_until = capped(jz_date_add_months(s->due_on, rule->grace_months));
    else if (rule->grace_days)
        s->grace_until = capped(jz_date_from_days(due + rule->grace_days));
    s->hold_from = month_after(s->grace_until);
    if (is_before(s->grace_until, on))
        s->state = JZ_STANDING_LAPSED;
    else if (is_before(s->due_on, on))
        s->state = JZ_STANDING_GRACE;
    else if (due - rule->remind_max <= jz_date_to_days(on))
        s->state = JZ_STANDING_DUE_SOON;
    else
        s->state = JZ_STANDING_CURRENT;
}

/* The latest due day offered so far, and the row it came from. */
struct latest {
    struct jz_date due;
    int decided_by;
};

/* On a tie the later row decides, and any row before benefit_from. */
static void offer(struct latest *l, struct jz_date due, int row)
{
    if (is_before(l->due, due) || (!is_before(due, l->due) && row > l->decided_by))
        *l = (struct latest){ due, row };
}

/* From its start on a campaign wants everybody who was not seen, or began to draw, since. */
static bool campaign_decides(const struct jz_rule *rule, struct jz_date benefit_from,
                             const struct jz_sign *last, struct jz_date on, struct jz_date due)
{
    const struct jz_date start = rule->campaign_start;
    return jz_date_is_set(start) && !is_before(on, start) && is_before(benefit_from, start) &&
           (!last || is_before(last->observed_on, start)) &&
           is_before(rule->campaign_deadline, due);
}

void jz_calendar_standing(const struct jz_rule *rule, struct jz_date born_on,
                          struct jz_date benefit_from, const struct jz_sign *signs, size_t count,
                          struct jz_date on, uint8_t *ret_verdicts,
                          struct jz_standing *ret_standing)
{
    struct jz_standing s = { .counted = 0 };
    struct latest latest = { .decided_by = -1 };
    struct run run = { .kind = -1 };
    int last = -1, last_by_cycle = -1;
    for (size_t i = 0; i < count; i++) {
        enum jz_sign_verdict verdict = JZ_SIGN_LATER;
        if (!is_before(on, signs[i].observed_on))
            verdict = judge(rule, &signs[i], &run);
        else if (!ret_verdicts)
            break;
        if (ret_verdicts)
            ret_verdicts[i] = (uint8_t)verdict;
        if (verdict != JZ_SIGN_COUNTED)
            continue;
        s.counted++;
        last = (int)i;
        if (rule->accept[signs[i].kind].months == 0)
            last_by_cycle = (int)i;
        else
            offer(&latest,
                  jz_calendar_due_after(rule, born_on, signs[i].kind, signs[i].observed_on),
                  (int)i);
    }
    /*
     * A cycle never makes a later day due earlier, so of the days that go by the cycle,
     * benefit_from among them, only the last has to be looked at.
     */
    if (last_by_cycle >= 0)
        offer(&latest, jz_calendar_due(&rule->cycle, born_on, signs[last_by_cycle].observed_on),
              last_by_cycle);
    if (last_by_cycle < 0 || is_before(signs[last_by_cycle].observed_on, benefit_from))
        offer(&latest, jz_calendar_due(&rule->cycle, born_on, benefit_from), -1);
    s.decided_by = latest.decided_by;
    s.due_on = latest.due;
    if (campaign_decides(rule, benefit_from, last >= 0 ? &signs[last] : NULL, on, s.due_on)) {
        s.due_on = rule->campaign_deadline;
        s.by_campaign = true;
    }
    finish(rule, on, &s);
    *ret_standing = s;
}

struct jz_date jz_calendar_next_change(const struct jz_rule *rule,
                                       const struct jz_standing *standing, struct jz_date on)
{
    const int32_t due = jz_date_to_days(standing->due_on);
    const int32_t today = jz_date_to_days(on);
    int32_t days[JZ_RULE_MAX_REMINDERS + 4];
    size_t count = 0;
    if (standing->state == JZ_STANDING_LAPSED || standing->state == JZ_STANDING_NONE)
        return (struct jz_date){ 0 };
    for (size_t i = 0; i < rule->remind_count; i++)
        days[count++] = due - rule->remind_days[i];
    days[count++] = due - rule->remind_max; /* becomes due_soon even without reminders */
    days[count++] = due + 1;
    days[count++] = jz_date_to_days(standing->grace_until) + 1;
    if (jz_date_is_set(rule->campaign_start))
        days[count++] = jz_date_to_days(rule->campaign_start);
    int32_t next = INT32_MAX;
    for (size_t i = 0; i < count; i++)
        if (days[i] > today && days[i] < next)
            next = days[i];
    const struct jz_date last = { LAST_YEAR, 12, 31 };
    if (next > jz_date_to_days(last))
        return (struct jz_date){ 0 };
    return jz_date_from_days(next);
}
