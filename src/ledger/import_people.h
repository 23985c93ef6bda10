/*
 * A register of people from a file into the store: one row is one benefit, the same document on
 * several rows is one person. docs/import.md tells it to people.
 *
 * The file is read twice. First all rows are checked and their documents hashed, which finds what
 * is wrong, who stands in the file twice and who is in the register already. Then facts are written
 * in chunks, then the index of documents in the order of the hashes, then benefits of people who
 * were there before. A job row says how far it is, in the same commit: whatever stops it, the same
 * file goes on where it stopped. Until then the job is "running" and no other import begins.
 */
#pragma once

#include "base/encoding.h"
#include "store/store.h"

#define JZ_IMPORT_MAX_ROWS     50000000
#define JZ_IMPORT_OVERRIDE_MAX 200
#define JZ_IMPORT_REASON_MAX   1000
#define JZ_IMPORT_FILE_BYTES   256 /* of a file's name, with the NUL */

enum jz_import_phase {
    JZ_IMPORT_CHECKING,
    JZ_IMPORT_WRITING,
    JZ_IMPORT_INDEXING,
    JZ_IMPORT_ADDING,
};

/* Called often; `total` 0: not known. */
typedef void (*jz_import_progress_fn)(void *context, enum jz_import_phase phase, int64_t done,
                                      int64_t total);

/* A column of the file that nobody knows; it is not read. Once for each. */
typedef void (*jz_import_unknown_fn)(void *context, const char *column);

/* One row that was refused; texts are borrowed. A negative result ends the import. */
typedef int (*jz_import_refused_fn)(void *context, uint64_t line, const char *column,
                                    const char *reason, const char *value, struct jz_error *err);

struct jz_import_people_options {
    const char *path;
    const char *operator;
    const char *override_reason; /* NULL: warnings refuse a row */
    enum jz_encoding encoding;
    jz_import_progress_fn on_progress; /* may be NULL */
    jz_import_refused_fn on_refused;   /* may be NULL */
    jz_import_unknown_fn on_unknown;   /* may be NULL */
    void *context;                     /* of the three */
};

/* What became of the rows of the file: they add up to `rows`. */
struct jz_import_counts {
    int64_t rows;
    int64_t people;   /* new people, one row each */
    int64_t benefits; /* rows that are a further benefit of somebody */
    int64_t there;    /* the register has the same benefit already */
    int64_t refused;
    int64_t warned; /* taken because of the override; counted above as well */
};

struct jz_import_result {
    struct jz_import_counts counts;
    int64_t import; /* the fact; 0: there was nothing to write */
    bool resumed;
    double seconds[4];       /* by phase, of this run */
    int64_t longest_hold_ns; /* the longest that others waited for the writer, in this run */
};

/*
 * JZ_E_BUSY while another import is unfinished, or when the file is being imported by another
 * process; JZ_E_CONFLICT when the file changed meanwhile, or when an unfinished import of it was
 * begun with another override; JZ_E_DENIED for an operator who may not; and what reading the file
 * (base/csv.h) and writing (store/store.h) can answer.
 */
int jz_import_people(struct jz_store *store, const struct jz_import_people_options *options,
                     struct jz_import_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;

/*
 * For an unfinished import whose file is lost, which would bar every other one: the people who are
 * written stay and are found by their documents; rows that were not reached are not taken. A fact
 * says who gave it up and why. Stopped in the middle, the same call goes on.
 */
struct jz_import_give_up_options {
    const char *operator;
    const char *reason;
    jz_import_progress_fn on_progress; /* may be NULL */
    void *context;                     /* of on_progress */
};

struct jz_import_give_up_result {
    int64_t import; /* the fact of the import */
    int64_t people; /* it brought */
    char file[JZ_IMPORT_FILE_BYTES];
};

/*
 * JZ_E_NOT_FOUND when no import is unfinished; JZ_E_CONFLICT when another process goes on with it;
 * JZ_E_USAGE without a reason; JZ_E_DENIED for anybody but an administrator.
 */
int jz_import_give_up(struct jz_store *store, const struct jz_import_give_up_options *options,
                      struct jz_import_give_up_result *ret_result,
                      struct jz_error *err) JZ_MUST_CHECK;
