#include "ledger/policies.h"

#include <string.h>

struct adding {
    const struct jz_policy_set *set;
    const char *operator;
    size_t added;
};

static bool is_same_version(const struct jz_policy *a, const struct jz_policy *b)
{
    return a->version == b->version && strcmp(a->id, b->id) == 0;
}

static const struct jz_policy *find(const struct jz_policy_set *set, const struct jz_policy *like)
{
    for (size_t i = 0; i < jz_policy_set_count(set); i++)
        if (is_same_version(jz_policy_set_at(set, i), like))
            return jz_policy_set_at(set, i);
    return NULL;
}

static bool is_same_text(const struct jz_policy *a, const struct jz_policy *b)
{
    return a->text_bytes == b->text_bytes && memcmp(a->text, b->text, a->text_bytes) == 0;
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    struct adding *a = context;
    const struct jz_policy_set *old = jz_policies_set(state->policies);
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *together = NULL;
    /* The policies there will be must make a set: two that nothing chooses between do not. */
    const int r = jz_policy_set_join(old, a->set, is_same_version, &together, err);
    if (r < 0)
        return r;
    a->added = 0;
    for (size_t i = 0; i < jz_policy_set_count(a->set); i++) {
        const struct jz_policy *p = jz_policy_set_at(a->set, i), *there = find(old, p);
        if (there && !is_same_text(p, there))
            return jz_error_set(err, JZ_E_CONFLICT,
                                "%s: %s version %u is in the register with another text: a version "
                                "never changes, give this one the next number",
                                p->name, p->id, p->version);
        if (there)
            continue;
        const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
            [POLICY_NAME] = jz_text(p->id),
            [POLICY_VERSION] = jz_int(p->version),
            [POLICY_TEXT] = { .type = JZ_SQL_TEXT, .data = p->text, .size = p->text_bytes },
            [POLICY_OPERATOR] = jz_text(a->operator),
        };
        jz_entry_add(entry, JZ_T_POLICY, values);
        a->added++;
    }
    if (a->added > 0)
        jz_entry_policies_changed(entry);
    return 0;
}

int jz_policies_add(struct jz_store *store, const struct jz_policy_set *set, const char *operator,
                    size_t * ret_added, struct jz_error *err)
{
    struct adding adding = { .set = set, .operator= operator};
    struct jz_act act = { .decide = decide, .context = &adding };
    const int r = jz_store_act(store, &act, err);
    if (r < 0)
        return r;
    *ret_added = adding.added;
    return 0;
}
