#include "ledger/operator.h"

#include "base/encoding.h"
#include "identity/region.h"

#include <stdio.h>
#include <string.h>

static const char *const role_names[JZ_ROLES] = {
    [JZ_ROLE_CLERK] = "clerk",
    [JZ_ROLE_REVIEWER] = "reviewer",
    [JZ_ROLE_AUDITOR] = "auditor",
    [JZ_ROLE_ADMIN] = "admin",
};

const char *jz_role_name(enum jz_role role)
{
    return role_names[role];
}

bool jz_role_parse(const char *name, enum jz_role *ret_role)
{
    for (int i = 0; i < JZ_ROLES; i++)
        if (strcmp(name, role_names[i]) == 0) {
            *ret_role = (enum jz_role)i;
            return true;
        }
    return false;
}

#define OPERATOR_COLUMNS "SELECT id, COALESCE(of, id), name, role, office, region, active "

static int take_operator(void *context, size_t number, const struct jz_sql_rows *rows,
                         struct jz_error *err)
{
    (void)number, (void)err;
    struct jz_operator *ret = context;
    char role[16];
    *ret = (struct jz_operator){
        .fact = jz_sql_int(rows, 0),
        .of = jz_sql_int(rows, 1),
        .active = jz_sql_int(rows, 6) != 0,
    };
    jz_sql_text(rows, 2, ret->name, sizeof ret->name);
    jz_sql_text(rows, 3, role, sizeof role);
    jz_sql_text(rows, 4, ret->office, sizeof ret->office);
    jz_sql_text(rows, 5, ret->region, sizeof ret->region);
    /* A role that is not known here gives no rights. */
    if (!jz_role_parse(role, &ret->role))
        ret->role = JZ_ROLE_AUDITOR;
    return 0;
}

/* Runs a question with at most one answer; *ret_found tells. */
static int ask(struct jz_store *store, const char *question, const struct jz_sql_value *values,
               size_t count, struct jz_operator *ret, bool *ret_found, struct jz_error *err)
{
    struct jz_operator o;
    size_t rows = 0;
    const int r = jz_store_ask(store, question, values, count, take_operator, &o, &rows, err);
    if (r < 0)
        return r;
    if (rows > 0)
        *ret = o;
    *ret_found = rows > 0;
    return 0;
}

static int find(struct jz_store *store, const char *name, struct jz_operator *ret, bool *ret_found,
                struct jz_error *err)
{
    const struct jz_sql_value value = jz_text(name);
    return ask(store, OPERATOR_COLUMNS "FROM operator WHERE name = $1 ORDER BY id DESC LIMIT 1",
               &value, 1, ret, ret_found, err);
}

int jz_operator_get(struct jz_store *store, const char *name, struct jz_operator *ret_operator,
                    struct jz_error *err)
{
    bool found = false;
    const int r = find(store, name, ret_operator, &found, err);
    if (r < 0 || found)
        return r;
    return jz_error_set(err, JZ_E_NOT_FOUND, "there is no operator '%.64s'", name);
}

static int check(struct jz_store *store, const char *name, struct jz_operator *ret,
                 struct jz_error *err)
{
    struct jz_operator o = { 0 };
    bool found = false;
    if (!name || !*name)
        return jz_error_set(err, JZ_E_USAGE, "who answers for it? --by OPERATOR");
    const int r = find(store, name, &o, &found, err);
    if (r < 0)
        return r;
    if (!found)
        return jz_error_set(err, JZ_E_DENIED,
                            "there is no operator '%.64s'; an administrator types: jianzai "
                            "operator add %.64s --role clerk --by ADMIN",
                            name, name);
    if (!o.active)
        return jz_error_set(err, JZ_E_DENIED,
                            "operator '%.64s' has ended; an administrator types: jianzai operator "
                            "add %.64s --role %s --by ADMIN",
                            name, name, role_names[o.role]);
    *ret = o;
    return 0;
}

int jz_operator_check(struct jz_store *store, const char *name, struct jz_error *err)
{
    struct jz_operator o = { 0 };
    const int r = check(store, name, &o, err);
    if (r < 0)
        return r;
    if (o.role == JZ_ROLE_AUDITOR)
        return jz_error_set(err, JZ_E_DENIED,
                            "operator '%.64s' is an auditor, who reads and records nothing", name);
    return 0;
}

int jz_operator_check_role(struct jz_store *store, const char *name, enum jz_role role,
                           struct jz_error *err)
{
    struct jz_operator o = { 0 };
    const int r = check(store, name, &o, err);
    if (r < 0)
        return r;
    if (o.role != role && o.role != JZ_ROLE_ADMIN)
        return jz_error_set(err, JZ_E_DENIED, "operator '%.64s' is of role %s; this needs %s", name,
                            role_names[o.role], role_names[role]);
    return 0;
}

struct change {
    const struct jz_operator *operator;
    const char *by;
};

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    (void)state, (void)err;
    const struct change *c = context;
    const struct jz_operator *o = c->operator;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [OPERATOR_OF] = o->of ? jz_int(o->of) : JZ_NULL,
        [OPERATOR_NAME] = jz_text(o->name),
        [OPERATOR_ROLE] = jz_text(role_names[o->role]),
        [OPERATOR_OFFICE] = *o->office ? jz_text(o->office) : JZ_NULL,
        [OPERATOR_REGION] = *o->region ? jz_text(o->region) : JZ_NULL,
        [OPERATOR_ACTIVE] = jz_int(o->active),
        [OPERATOR_BY] = jz_text(c->by),
    };
    jz_entry_add(entry, JZ_T_OPERATOR, values);
    return 0;
}

static int write_operator(struct jz_store *store, const struct jz_operator *o, const char *by,
                          struct jz_error *err)
{
    struct change change = { o, by };
    struct jz_act act = { .decide = decide, .context = &change };
    return jz_store_act(store, &act, err);
}

static int check_name(const char *name, struct jz_error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_";
    const size_t size = strlen(name);
    if (size == 0 || size > JZ_OPERATOR_NAME_MAX || strspn(name, allowed) < size || *name == '-')
        return jz_error_set(err, JZ_E_USAGE,
                            "an operator's name is of letters, digits, dots and dashes, %d at most",
                            JZ_OPERATOR_NAME_MAX);
    return 0;
}

static int count_operators(struct jz_store *store, bool *ret_any, struct jz_error *err)
{
    struct jz_operator o;
    return ask(store, OPERATOR_COLUMNS "FROM operator ORDER BY id LIMIT 1", NULL, 0, &o, ret_any,
               err);
}

int jz_operator_add(struct jz_store *store, const char *name, enum jz_role role, const char *office,
                    const char *region, const char *by, struct jz_error *err)
{
    struct jz_operator before = { 0 }, o = { .role = role, .active = true };
    char area[JZ_REGION_TEXT_BYTES] = "";
    bool found = false, any = false;
    int r;
    if ((r = check_name(name, err)) < 0)
        return r;
    if (region && !jz_region_prefix(region, area))
        return jz_error_set(err, JZ_E_USAGE, "'%.32s' is no region: 2, 4, 6, 9 or 12 digits",
                            region);
    if (office && (strlen(office) > JZ_OPERATOR_OFFICE_MAX ||
                   jz_utf8_valid(office, strlen(office)) < strlen(office)))
        return jz_error_set(err, JZ_E_USAGE, "the office is a text of %d bytes of UTF-8 at most",
                            JZ_OPERATOR_OFFICE_MAX);
    if ((r = count_operators(store, &any, err)) < 0)
        return r;
    const bool is_first = !any && by && strcmp(by, name) == 0;
    if (!any && !is_first)
        return jz_error_set(err, JZ_E_DENIED,
                            "there is no operator yet; the first adds itself: jianzai operator add "
                            "%.64s --role admin --by %.64s",
                            name, name);
    if (is_first && role != JZ_ROLE_ADMIN)
        return jz_error_set(err, JZ_E_DENIED,
                            "the first operator is an administrator: "
                            "--role admin");
    if (!is_first && (r = jz_operator_check_role(store, by, JZ_ROLE_ADMIN, err)) < 0)
        return r;
    if ((r = find(store, name, &before, &found, err)) < 0)
        return r;
    snprintf(o.name, sizeof o.name, "%s", name);
    snprintf(o.office, sizeof o.office, "%s", office ? office : before.office);
    snprintf(o.region, sizeof o.region, "%s", region ? area : before.region);
    o.of = before.of;
    if (found && before.active && before.role == role && strcmp(before.office, o.office) == 0 &&
        strcmp(before.region, o.region) == 0)
        return jz_error_set(err, JZ_E_CONFLICT, "operator '%.64s' is there already, just so", name);
    return write_operator(store, &o, by, err);
}

struct search {
    const char *except;
    bool found;
};

static int look_for_admin(void *context, const struct jz_operator *o, struct jz_error *err)
{
    (void)err;
    struct search *s = context;
    s->found |= o->active && o->role == JZ_ROLE_ADMIN && strcmp(o->name, s->except) != 0;
    return 0;
}

int jz_operator_end(struct jz_store *store, const char *name, const char *by, struct jz_error *err)
{
    struct jz_operator o = { 0 };
    struct search others = { .except = name };
    int r;
    if ((r = jz_operator_check_role(store, by, JZ_ROLE_ADMIN, err)) < 0 ||
        (r = jz_operator_get(store, name, &o, err)) < 0 ||
        (r = jz_operator_each(store, look_for_admin, &others, err)) < 0)
        return r;
    if (!o.active)
        return jz_error_set(err, JZ_E_CONFLICT, "operator '%.64s' has ended already", name);
    if (o.role == JZ_ROLE_ADMIN && !others.found)
        return jz_error_set(err, JZ_E_DENIED,
                            "'%.64s' is the last administrator: add another first", name);
    o.active = false;
    return write_operator(store, &o, by, err);
}

struct visit {
    jz_operator_fn on_operator;
    void *context;
};

static int visit(void *context, size_t number, const struct jz_sql_rows *rows, struct jz_error *err)
{
    const struct visit *v = context;
    struct jz_operator o;
    take_operator(&o, number, rows, err);
    return v->on_operator(v->context, &o, err);
}

int jz_operator_each(struct jz_store *store, jz_operator_fn on_operator, void *context,
                     struct jz_error *err)
{
    struct visit v = { on_operator, context };
    size_t rows;
    return jz_store_ask(store,
                        OPERATOR_COLUMNS "FROM operator o WHERE NOT EXISTS (SELECT 1 FROM operator "
                                         "n WHERE n.name = o.name AND n.id > o.id) ORDER BY name",
                        NULL, 0, visit, &v, &rows, err);
}
