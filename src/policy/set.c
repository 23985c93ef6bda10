#include "policy/policy.h"

#include <string.h>

/* Digits of a region that count at each level, and what is cut off behind them. */
enum { LEVELS = 4 };
static const unsigned cut[LEVELS] = { 1000000, 10000, 100, 1 };

/* One policy under one region and scheme. */
struct entry {
    uint32_t key;
    int32_t from, until; /* keys of days */
    const struct jz_policy *policy;
};

/* A slot of the hash table: the entries of one key, latest first. */
struct slot {
    uint32_t key; /* 0: free */
    uint32_t first, count;
};

struct jz_policy_set {
    struct jz_policy **policies; /* by id and version */
    size_t count;
    struct entry *entries;
    size_t entry_count;
    struct slot *slots;
    size_t slot_mask;
    uint8_t levels[JZ_SCHEMES]; /* bits of the levels that have entries */
};

/* Never 0. */
static uint32_t key_of(unsigned region, unsigned level, unsigned scheme)
{
    const uint32_t prefix = region - region % cut[level];
    return (prefix * LEVELS + level) * 8 + scheme + 1;
}

static size_t place_of(const struct jz_policy_set *set, uint32_t key)
{
    return (key * UINT32_C(2654435769) >> 7) & set->slot_mask;
}

static int by_id(const void *a, const void *b)
{
    const struct jz_policy *x = *(struct jz_policy *const *)a, *y = *(struct jz_policy *const *)b;
    const int order = strcmp(x->id, y->id);
    return order ? order : (x->version > y->version) - (x->version < y->version);
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->from != y->from)
        return x->from > y->from ? -1 : 1;
    return (x->policy->version < y->policy->version) - (x->policy->version > y->policy->version);
}

static int conflict(const struct jz_policy *a, const struct jz_policy *b, const char *what,
                    struct jz_error *err)
{
    return jz_error_set(err, JZ_E_CONFLICT, "%.120s: %s version %u %s %.120s; raise the version",
                        b->name, b->id, b->version, what, a->name);
}

static int check(const struct jz_policy_set *s, struct jz_error *err)
{
    for (size_t i = 1; i < s->count; i++)
        if (by_id(&s->policies[i - 1], &s->policies[i]) == 0)
            return conflict(s->policies[i - 1], s->policies[i], "is already there in", err);
    for (size_t i = 1; i < s->entry_count; i++)
        if (by_key(&s->entries[i - 1], &s->entries[i]) == 0)
            return conflict(s->entries[i - 1].policy, s->entries[i].policy,
                            "covers the same region and scheme from the same day as", err);
    return 0;
}

static bool fill(struct jz_policy_set *s)
{
    size_t total = 0;
    for (size_t i = 0; i < s->count; i++)
        total += (size_t)__builtin_popcount(s->policies[i]->schemes);
    size_t room = 16;
    while (room < 2 * total)
        room *= 2;
    s->entries = calloc(total + 1, sizeof *s->entries);
    s->slots = calloc(room, sizeof *s->slots);
    s->slot_mask = room - 1;
    if (!s->entries || !s->slots)
        return false;
    for (size_t i = 0; i < s->count; i++) {
        const struct jz_policy *p = s->policies[i];
        const unsigned level = p->region_digits / 2;
        for (unsigned scheme = 0; scheme < JZ_SCHEMES; scheme++) {
            if (!(p->schemes & 1u << scheme))
                continue;
            s->levels[scheme] |= (uint8_t)(1u << level);
            s->entries[s->entry_count++] = (struct entry){
                .key = key_of(p->region, level, scheme),
                .from = jz_date_key(p->from),
                .until = jz_date_is_set(p->until) ? jz_date_key(p->until) : INT32_MAX,
                .policy = p,
            };
        }
    }
    qsort(s->entries, s->entry_count, sizeof *s->entries, by_key);
    for (size_t i = 0; i < s->entry_count; i++) {
        const uint32_t key = s->entries[i].key;
        size_t at = place_of(s, key);
        while (s->slots[at].key && s->slots[at].key != key)
            at = (at + 1) & s->slot_mask;
        if (!s->slots[at].key)
            s->slots[at] = (struct slot){ .key = key, .first = (uint32_t)i };
        s->slots[at].count++;
    }
    return true;
}

/* Without the policies, which stay the caller's until all is well. */
static void drop(struct jz_policy_set *s)
{
    free(s->policies);
    free(s->entries);
    free(s->slots);
    free(s);
}

int jz_policy_set_new(struct jz_policy **policies, size_t count, struct jz_policy_set **ret_set,
                      struct jz_error *err)
{
    if (count > JZ_POLICY_MAX_SET)
        return jz_error_set(err, JZ_E_LIMIT, "%zu policies, more than the limit of %d", count,
                            JZ_POLICY_MAX_SET);
    struct jz_policy_set *s = calloc(1, sizeof *s);
    if (!s)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    s->policies = calloc(count + 1, sizeof(struct jz_policy *));
    s->count = s->policies ? count : 0;
    if (count > 0 && s->policies) {
        memcpy(s->policies, policies, count * sizeof *policies);
        qsort(s->policies, count, sizeof *s->policies, by_id);
    }
    const int r =
        s->policies && fill(s) ? check(s, err) : jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if (r < 0) {
        drop(s);
        return r;
    }
    for (size_t i = 0; i < count; i++)
        policies[i] = NULL;
    *ret_set = s;
    return 0;
}

void jz_policy_set_free(struct jz_policy_set *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        jz_policy_free(s->policies[i]);
    drop(s);
}

static bool has(const struct jz_policy_set *s, const struct jz_policy *like,
                bool (*is_same)(const struct jz_policy *a, const struct jz_policy *b))
{
    for (size_t i = 0; i < s->count; i++)
        if (is_same(s->policies[i], like))
            return true;
    return false;
}

int jz_policy_set_join(const struct jz_policy_set *first, const struct jz_policy_set *second,
                       bool (*is_same)(const struct jz_policy *a, const struct jz_policy *b),
                       struct jz_policy_set **ret_set, struct jz_error *err)
{
    const size_t room = first->count + second->count;
    jz_autofree struct jz_policy **all = calloc(room + 1, sizeof(struct jz_policy *));
    if (!all)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    size_t count = 0;
    int r = 0;
    for (size_t i = 0; i < room && r == 0; i++) {
        const struct jz_policy *p =
            i < first->count ? first->policies[i] : second->policies[i - first->count];
        if (i >= first->count && has(first, p, is_same))
            continue;
        r = jz_policy_parse(p->name, p->text, p->text_bytes, NULL, NULL, &all[count], err);
        count += r == 0;
    }
    if (r == 0)
        r = jz_policy_set_new(all, count, ret_set, err);
    for (size_t i = 0; i < count; i++)
        jz_policy_free(all[i]); /* the set has left NULL */
    return r;
}

size_t jz_policy_set_count(const struct jz_policy_set *s)
{
    return s->count;
}

const struct jz_policy *jz_policy_set_at(const struct jz_policy_set *s, size_t index)
{
    return s->policies[index];
}

static const struct jz_policy *find_at(const struct jz_policy_set *s, uint32_t key, int32_t on)
{
    size_t at = place_of(s, key);
    while (s->slots[at].key && s->slots[at].key != key)
        at = (at + 1) & s->slot_mask;
    const struct slot *slot = &s->slots[at];
    for (const struct entry *e = &s->entries[slot->first];
         e < &s->entries[slot->first] + slot->count; e++)
        if (e->from <= on && on <= e->until)
            return e->policy;
    return NULL;
}

const struct jz_policy *jz_policy_set_find(const struct jz_policy_set *s, unsigned region,
                                           enum jz_scheme scheme, struct jz_date on)
{
    if ((unsigned)scheme >= JZ_SCHEMES)
        return NULL;
    const int32_t day = jz_date_key(on);
    if (region >= cut[0])
        region = 0;
    for (unsigned level = region > 0 ? LEVELS : 1; level-- > 0;) {
        if (!(s->levels[scheme] & 1u << level))
            continue;
        const struct jz_policy *p = find_at(s, key_of(region, level, scheme), day);
        if (p)
            return p;
    }
    return NULL;
}
