/*
 * Every cache compared with what the facts give, and brought in line with them. Nothing here looks
 * at whether the facts are those that were recorded: jianzai audit verify does. When they are not,
 * the caches of the audit are left alone, so that no trace is lost (JZ_E_INTEGRITY).
 *
 * What a row of each cache should be is told in docs/close.md.
 */
#pragma once

#include "store/store.h"

enum jz_rebuild_part {
    JZ_REBUILD_AUDIT, /* audit_head and audit_node; first, because the writer stands on them */
    JZ_REBUILD_PERSON_FACT,
    JZ_REBUILD_DOCUMENT_FIND,
    JZ_REBUILD_STANDING,
    JZ_REBUILD_PARTS
};
extern const char *const jz_rebuild_part_names[JZ_REBUILD_PARTS];

#define JZ_REBUILD_TEXT_BYTES 96

/* One row, or one column of it, that is not what it should be. Never a document number. */
struct jz_rebuild_difference {
    const char *table;
    int64_t person;                  /* 0: none */
    char key[JZ_REBUILD_TEXT_BYTES]; /* within the person or the table: "benefit 12" */
    const char *column;              /* "row": all of it */
    char found[JZ_REBUILD_TEXT_BYTES], wanted[JZ_REBUILD_TEXT_BYTES]; /* "-": nothing */
};

struct jz_rebuild_options {
    bool check; /* only report */
    void (*on_difference)(void *context, const struct jz_rebuild_difference *difference);
    void (*on_progress)(void *context, enum jz_rebuild_part part, int64_t done, int64_t total);
    void *context; /* of both, which may be NULL */
};

struct jz_rebuild_result {
    struct {
        int64_t rows;        /* that were compared */
        int64_t differences; /* rows or columns */
        double seconds;
    } parts[JZ_REBUILD_PARTS];
    int64_t differences; /* of all parts */
    int64_t waiting;     /* standings that wait for the next close: a policy changed */
};

/* JZ_E_INTEGRITY: a fact is missing or is not the one that was recorded, or cannot be opened. */
int jz_rebuild_run(struct jz_store *store, const struct jz_rebuild_options *options,
                   struct jz_rebuild_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;
