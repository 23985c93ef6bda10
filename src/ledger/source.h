/*
 * Data sources: who hands over rows about people, what they are evidence of, on which legal basis,
 * and whether a row decides or only hints. Each change of one is a fact; the latest of a name
 * holds. Any thread.
 */
#pragma once

#include "store/store.h"

#define JZ_SOURCE_NAME_MAX  64 /* bytes, without the NUL */
#define JZ_SOURCE_BASIS_MAX 300

enum jz_trust {
    JZ_TRUST_DECIDE, /* its rows count as policy says */
    JZ_TRUST_REVIEW, /* its rows open cases */
    JZ_TRUST_ENDED,  /* nothing is taken from it any more */
    JZ_TRUSTS
};
const char *jz_trust_name(enum jz_trust trust);

struct jz_source {
    int64_t fact; /* the row that holds */
    int64_t of;   /* the source's first row */
    int64_t recorded_at;
    bool is_death; /* its rows report deaths; otherwise they are evidence of `kind` */
    enum jz_evidence_kind kind;
    enum jz_trust trust;
    char name[JZ_SOURCE_NAME_MAX + 1];
    char basis[JZ_SOURCE_BASIS_MAX + 1];
    char by[JZ_SOURCE_NAME_MAX + 1];
};

/* "death" or the name of the kind of evidence. */
const char *jz_source_kind_name(const struct jz_source *source);

/* JZ_E_NOT_FOUND. One that ended is found too. */
int jz_source_get(struct jz_store *store, const char *name, struct jz_source *ret_source,
                  struct jz_error *err) JZ_MUST_CHECK;

struct jz_source_request {
    const char *name;  /* letters of any script, digits, spaces, - _ .; no colon */
    const char *kind;  /* "death", or a kind of evidence that is not this program's own face */
    const char *trust; /* "decide" or "review" */
    const char *basis; /* the law or agreement the exchange rests on */
    const char *by;
};

/*
 * Adds a source, or changes trust and basis of one that is there (also brings back one that ended).
 * JZ_E_USAGE for what is missing or wrong; JZ_E_CONFLICT when it is there with another kind: its
 * rows would mean something else then, so it needs another name.
 */
int jz_source_add(struct jz_store *store, const struct jz_source_request *request,
                  bool *ret_changed, struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_NOT_FOUND; JZ_E_CONFLICT when it ended already. */
int jz_source_end(struct jz_store *store, const char *name, const char *by,
                  struct jz_error *err) JZ_MUST_CHECK;

/* In the order of names; a negative result of on_source ends it and is returned. */
typedef int (*jz_source_fn)(void *context, const struct jz_source *source, struct jz_error *err);
int jz_source_each(struct jz_store *store, jz_source_fn on_source, void *context,
                   struct jz_error *err) JZ_MUST_CHECK;
