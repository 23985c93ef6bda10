/*
 * Operators: the people who answer for what is recorded. Each change of one is a fact; the latest
 * of a name holds. Any thread.
 */
#pragma once

#include "store/store.h"

#define JZ_OPERATOR_NAME_MAX   64
#define JZ_OPERATOR_OFFICE_MAX 200

enum jz_role {
    JZ_ROLE_CLERK,    /* records evidence, enrols, corrects */
    JZ_ROLE_REVIEWER, /* decides cases as well */
    JZ_ROLE_AUDITOR,  /* reads and verifies, records nothing */
    JZ_ROLE_ADMIN,    /* operators, policies, sources, imports */
    JZ_ROLES
};
const char *jz_role_name(enum jz_role role);
bool jz_role_parse(const char *name, enum jz_role *ret_role);

struct jz_operator {
    int64_t fact; /* the row that holds */
    int64_t of;   /* the operator's first row */
    enum jz_role role;
    bool active;
    char name[JZ_OPERATOR_NAME_MAX + 1];
    char office[JZ_OPERATOR_OFFICE_MAX + 1]; /* "": none */
    char region[16];                         /* area of the operator, "": the country */
};

/* JZ_E_NOT_FOUND. */
int jz_operator_get(struct jz_store *store, const char *name, struct jz_operator *ret_operator,
                    struct jz_error *err) JZ_MUST_CHECK;

/*
 * What every command that records something asks about its --by: JZ_E_USAGE when no name is given,
 * JZ_E_DENIED when the operator is unknown, ended, or an auditor, with what to type.
 */
int jz_operator_check(struct jz_store *store, const char *name, struct jz_error *err) JZ_MUST_CHECK;
/* The same for one role: JZ_ROLE_ADMIN, or JZ_ROLE_REVIEWER (administrators are reviewers too). */
int jz_operator_check_role(struct jz_store *store, const char *name, enum jz_role role,
                           struct jz_error *err) JZ_MUST_CHECK;

/*
 * Adds an operator, or changes one who is there (also brings back one who ended). `by` is an
 * administrator; the first operator of an empty register adds itself and is one. region and office
 * may be NULL.
 */
int jz_operator_add(struct jz_store *store, const char *name, enum jz_role role, const char *office,
                    const char *region, const char *by, struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_DENIED for the last administrator: nobody could add another. */
int jz_operator_end(struct jz_store *store, const char *name, const char *by,
                    struct jz_error *err) JZ_MUST_CHECK;

/* In the order of names; a negative result of on_operator ends it and is returned. */
typedef int (*jz_operator_fn)(void *context, const struct jz_operator *operator,
                              struct jz_error * err);
int jz_operator_each(struct jz_store *store, jz_operator_fn on_operator, void *context,
                     struct jz_error *err) JZ_MUST_CHECK;
