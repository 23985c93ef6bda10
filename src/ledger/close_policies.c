/* Which benefits may have another standing because a policy changed since the last close. */
#include "ledger/close.h"

static int ask(struct jz_sql *sql, const char *question, int64_t *ret_first, int64_t *ret_second,
               struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, question, NULL, 0, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) <= 0)
        return r;
    *ret_first = jz_sql_int(rows, 0);
    *ret_second = jz_sql_int(rows, 1);
    return 1;
}

int jz_close_mark_read(struct jz_sql *sql, struct jz_close_mark *ret_mark, struct jz_error *err)
{
    int64_t first, second;
    struct jz_close_mark mark = { 0 };
    int r = ask(sql,
                "SELECT d.position, p.position FROM job d, job p "
                "WHERE d.name = 'close' AND p.name = 'close-policies'",
                &first, &second, err);
    if (r == 1) {
        mark = (struct jz_close_mark){ jz_date_from_key(first), second, true };
    } else if (r == 0) {
        r = ask(sql, "SELECT id, recorded_at FROM person ORDER BY id LIMIT 1", &first, &second,
                err);
        if (r == 1)
            mark = (struct jz_close_mark){ jz_date_at(second), first, false };
    }
    if (r < 0)
        return r;
    *ret_mark = mark;
    return 0;
}

/* Whether `day` lies behind the mark and not behind `on`. */
static bool is_between(struct jz_date day, struct jz_date mark, struct jz_date on)
{
    return jz_date_compare(day, mark) > 0 && jz_date_compare(day, on) <= 0;
}

int jz_close_policies_find(const struct jz_policies *policies, const struct jz_close_mark *mark,
                           struct jz_date on, struct jz_close_policies *ret_changed,
                           struct jz_error *err)
{
    const struct jz_policy_set *set = jz_policies_set(policies);
    const size_t count = jz_policy_set_count(set);
    struct jz_close_policies changed = { calloc(count + 1, sizeof(struct jz_policy *)), 0 };
    if (!changed.list)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct jz_policy *p = jz_policy_set_at(set, i);
        const bool has_begun = jz_date_compare(p->from, on) <= 0;
        if ((has_begun && jz_policies_fact(policies, p) > mark->policy) ||
            is_between(p->from, mark->on, on) ||
            (jz_date_is_set(p->until) && is_between(jz_date_add_days(p->until, 1), mark->on, on)))
            changed.list[changed.count++] = p;
    }
    *ret_changed = changed;
    return 0;
}

bool jz_close_policies_cover(const struct jz_close_policies *changed,
                             const struct jz_benefit_state *benefit)
{
    static const unsigned cut[] = { 1000000, 10000, 100, 1 };
    for (size_t i = 0; i < changed->count; i++) {
        const struct jz_policy *p = changed->list[i];
        const unsigned unit = cut[p->region_digits / 2];
        if ((p->schemes & 1u << benefit->scheme) && benefit->region / unit == p->region / unit)
            return true;
    }
    return false;
}
