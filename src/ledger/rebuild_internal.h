/* What the files of the rebuilding share: a part each, and the repairs they ask for. */
#pragma once

#include "ledger/rebuild.h"

enum { REPAIR_VALUES = 8, REPAIRS = 512 };

/* Statements on caches that wait to be written together; their texts are constants. */
struct repair {
    const char *statement;
    struct jz_sql_value values[REPAIR_VALUES];
    size_t count;
    uint8_t bytes[32]; /* of the one blob there may be */
};

struct rebuilding {
    struct jz_store *store;
    const struct jz_rebuild_options *options;
    struct jz_rebuild_result *result;
    enum jz_rebuild_part part;
    struct jz_sql *sql; /* inside one reading transaction for a whole part */
    struct repair repairs[REPAIRS];
    size_t repair_count;
};

/* Counts and tells it. */
void rebuild_report(struct rebuilding *b, const struct jz_rebuild_difference *difference);
void rebuild_progress(struct rebuilding *b, int64_t done, int64_t total);

/* The latest fact of the transaction that is open. */
int rebuild_last_fact(struct jz_sql *sql, int64_t *ret_fact, struct jz_error *err) JZ_MUST_CHECK;

/* Nothing with --check. A blob is copied. Written when many wait, and by flush. */
int rebuild_repair(struct rebuilding *b, const char *statement, const struct jz_sql_value *values,
                   size_t count, struct jz_error *err) JZ_MUST_CHECK;
int rebuild_flush(struct rebuilding *b, struct jz_error *err) JZ_MUST_CHECK;

int rebuild_audit(struct rebuilding *b, struct jz_error *err) JZ_MUST_CHECK;
int rebuild_person_fact(struct rebuilding *b, struct jz_error *err) JZ_MUST_CHECK;
int rebuild_document_find(struct rebuilding *b, struct jz_error *err) JZ_MUST_CHECK;
int rebuild_standing(struct rebuilding *b, struct jz_error *err) JZ_MUST_CHECK;
