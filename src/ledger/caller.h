/*
 * Calling apps: other systems in which people are signed in already and which hand them over with a
 * launch token (docs/serve-launch.md). Each has a name, the agreement it rests on, and a key of its
 * own that seals its tokens; each change is a fact, the latest of a name holds. Any thread.
 */
#pragma once

#include "store/store.h"

#define JZ_CALLER_NAME_MAX  48 /* bytes, without the NUL: letters, digits, dots, dashes */
#define JZ_CALLER_BASIS_MAX 300
#define JZ_CALLER_KEY_BYTES 32

struct jz_caller {
    int64_t fact, of; /* the row that holds, and the first */
    int64_t recorded_at;
    bool active;
    char name[JZ_CALLER_NAME_MAX + 1];
    char basis[JZ_CALLER_BASIS_MAX + 1];
    char by[65];
};

/* JZ_E_NOT_FOUND. One that ended is found too. */
int jz_caller_get(struct jz_store *store, const char *name, struct jz_caller *ret_caller,
                  struct jz_error *err) JZ_MUST_CHECK;

/* The key of one that is active: wipe it. JZ_E_NOT_FOUND; JZ_E_DENIED when it ended. */
int jz_caller_key(struct jz_store *store, const char *name, uint8_t ret_key[JZ_CALLER_KEY_BYTES],
                  struct jz_error *err) JZ_MUST_CHECK;

/*
 * Adds one with a new key, or gives a new key to one that is there: then the old one opens nothing
 * any more. The key is told once, here. JZ_E_USAGE.
 */
int jz_caller_add(struct jz_store *store, const char *name, const char *basis, const char *by,
                  uint8_t ret_key[JZ_CALLER_KEY_BYTES], bool *ret_changed,
                  struct jz_error *err) JZ_MUST_CHECK;

/* Its tokens are refused from now on. JZ_E_NOT_FOUND; JZ_E_CONFLICT when it ended already. */
int jz_caller_end(struct jz_store *store, const char *name, const char *by,
                  struct jz_error *err) JZ_MUST_CHECK;

/* In the order of names; a negative result of on_caller ends it and is returned. */
typedef int (*jz_caller_fn)(void *context, const struct jz_caller *caller, struct jz_error *err);
int jz_caller_each(struct jz_store *store, jz_caller_fn on_caller, void *context,
                   struct jz_error *err) JZ_MUST_CHECK;
