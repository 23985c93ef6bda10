/*
 * What joins the commit of another use case: the answer to a request, and what came of it, are one
 * commit. Runs inside the writer behind the rows of that use case, so it does no I/O; when it
 * refuses, nothing of either is kept.
 */
#pragma once

#include "store/store.h"

struct jz_also {
    /* FACT is the main one of those that were added. */
    int (*run)(void *context, const struct jz_person_state *state, int64_t fact,
               struct jz_entry *entry, struct jz_error *err);
    void *context;
};
