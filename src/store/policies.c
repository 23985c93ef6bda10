/* The policies as facts, and the set that is made of them. */
#include "store/store_internal.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct version_fact {
    const struct jz_policy *policy;
    int64_t fact;
};

struct jz_policies {
    atomic_int references;
    struct jz_policy_set *set;
    struct version_fact *facts; /* by address of the policy */
    size_t count;
};

struct jz_policies *jz_policies_ref(struct jz_policies *p)
{
    atomic_fetch_add(&p->references, 1);
    return p;
}

void jz_policies_unref(struct jz_policies *p)
{
    if (!p || atomic_fetch_sub(&p->references, 1) > 1)
        return;
    jz_policy_set_free(p->set);
    free(p->facts);
    free(p);
}

const struct jz_policy_set *jz_policies_set(const struct jz_policies *policies)
{
    return policies->set;
}

static int by_address(const void *a, const void *b)
{
    const struct version_fact *x = a, *y = b;
    return (x->policy > y->policy) - (x->policy < y->policy);
}

int64_t jz_policies_fact(const struct jz_policies *p, const struct jz_policy *policy)
{
    const struct version_fact key = { .policy = policy };
    const struct version_fact *found =
        policy ? bsearch(&key, p->facts, p->count, sizeof key, by_address) : NULL;
    return found ? found->fact : 0;
}

const struct jz_policy *jz_policies_find(const struct jz_policies *p, unsigned region,
                                         enum jz_scheme scheme, struct jz_date on,
                                         int64_t *ret_fact)
{
    const struct jz_policy *policy = jz_policy_set_find(p->set, region, scheme, on);
    *ret_fact = jz_policies_fact(p, policy);
    return policy;
}

const struct jz_policy *jz_policies_by_fact(const struct jz_policies *p, int64_t fact)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->facts[i].fact == fact)
            return p->facts[i].policy;
    return NULL;
}

/* Policies as they are read, until a set takes them. */
struct reading {
    struct jz_policy **policies;
    struct version_fact *facts;
    size_t count, room;
};

static void reading_done(struct reading *r)
{
    for (size_t i = 0; i < r->count; i++)
        jz_policy_free(r->policies[i]);
    free(r->policies);
    free(r->facts);
}

static int grow(struct reading *r, struct jz_error *err)
{
    if (r->count < r->room)
        return 0;
    const size_t room = r->room ? r->room * 2 : 32;
    if (room > JZ_POLICY_MAX_SET)
        return jz_error_set(err, JZ_E_LIMIT, "more than %d policy versions", JZ_POLICY_MAX_SET);
    struct jz_policy **policies = realloc(r->policies, room * sizeof(struct jz_policy *));
    if (policies)
        r->policies = policies;
    struct version_fact *facts = policies ? realloc(r->facts, room * sizeof *facts) : NULL;
    if (!facts)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    r->facts = facts;
    r->room = room;
    return 0;
}

static int read_all(struct jz_sql *sql, struct reading *reading, struct jz_error *err)
{
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, "SELECT id, name, version, text FROM policy ORDER BY id", NULL, 0,
                         &rows, err);
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        const struct jz_sql_value name = jz_sql_value(rows, 1), text = jz_sql_value(rows, 3);
        char label[JZ_POLICY_ID_BYTES + 16];
        snprintf(label, sizeof label, "%.*s version %lld", (int)name.size, (const char *)name.data,
                 (long long)jz_sql_int(rows, 2));
        struct jz_policy *policy = NULL;
        if ((r = grow(reading, err)) < 0 ||
            (r = jz_policy_parse(label, text.data, text.size, NULL, NULL, &policy, err)) < 0)
            return r;
        reading->facts[reading->count] = (struct version_fact){ policy, jz_sql_int(rows, 0) };
        reading->policies[reading->count++] = policy;
    }
    return r;
}

static int make(struct reading *reading, struct jz_policies **ret_policies, struct jz_error *err)
{
    jz_autofree struct jz_policies *p = calloc(1, sizeof *p);
    if (!p)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const int r = jz_policy_set_new(reading->policies, reading->count, &p->set, err);
    if (r < 0)
        return r;
    p->facts = JZ_TAKE(reading->facts);
    p->count = reading->count;
    reading->count = 0;
    if (p->count > 0)
        qsort(p->facts, p->count, sizeof *p->facts, by_address);
    atomic_init(&p->references, 1);
    *ret_policies = JZ_TAKE(p);
    return 0;
}

int jz_policies_load(struct jz_sql *sql, struct jz_policies **ret_policies, struct jz_error *err)
{
    JZ_CLEANUP(reading_done) struct reading reading = { 0 };
    const int r = read_all(sql, &reading, err);
    return r < 0 ? r : make(&reading, ret_policies, err);
}

int jz_policies_none(struct jz_policies **ret_policies, struct jz_error *err)
{
    struct reading nothing = { 0 };
    return make(&nothing, ret_policies, err);
}
