/* What the parts of the import share. One import belongs to one thread. */
#pragma once

#include "base/csv.h"
#include "ledger/chunk.h"
#include "ledger/import_people.h"
#include "ledger/import_row.h"

#include <time.h>

/* What becomes of a row of the file. */
enum jz_import_verdict {
    JZ_ROW_REFUSED,
    JZ_ROW_FIRST, /* a new person with this benefit */
    JZ_ROW_NEXT,  /* a further benefit of the person begun right before */
    JZ_ROW_ADD,   /* a further benefit of somebody else: of the register, or far before */
    JZ_ROW_THERE, /* in the register already */
};

/* A row that is sound, by the keyed hash of its document. */
struct jz_import_found {
    uint8_t hash[JZ_FIND_BYTES];
    uint32_t row, line;
    uint32_t benefit; /* region and scheme in one number */
    uint32_t name;    /* a hash of the name */
};

/* One line of document_find to be. */
struct jz_import_pair {
    uint8_t hash[JZ_FIND_BYTES];
    int64_t person;
};

struct jz_importing {
    struct jz_store *store;
    const struct jz_keyring *keyring;
    const struct jz_import_people_options *options;
    char job[JZ_JOB_NAME_BYTES];
    uint8_t digest[JZ_DIGEST_BYTES];

    /* As the job row says, or as they are chosen when it is made. */
    int64_t import;             /* the fact; 0: not yet */
    enum jz_import_phase phase; /* where the job stands on disk: phase and position */
    int64_t position;
    struct jz_date on;    /* when it began: what rows are checked by */
    struct jz_date today; /* what standings are computed for */
    unsigned key;         /* version that hashes documents */
    struct jz_import_counts counts;
    bool job_exists, resumed;
    bool gives_up;  /* this is no import, but the giving up of whichever is unfinished */
    bool is_ending; /* that has begun, as the job row says */
    int64_t longest_hold_ns;

    enum jz_encoding encoding;
    uint8_t *verdicts; /* enum jz_import_verdict by row */
    size_t rows, verdict_room;
    struct jz_import_found *found; /* after the scan sorted by hash and row */
    size_t found_count, found_room;
    struct jz_import_pair *older; /* people found by an older version of the key */
    size_t older_count, older_room;
    int fd;
    int64_t file_at, file_bytes;
    struct timespec file_time;
    int64_t *persons; /* by row: the person that a FIRST row became, written in this run */
};

/* import_sort.c: by hash, those of the same hash by row. */
int jz_import_sort(struct jz_import_found **found, size_t count,
                   struct jz_error *err) JZ_MUST_CHECK;
int jz_import_sort_pairs(struct jz_import_pair **pairs, size_t count,
                         struct jz_error *err) JZ_MUST_CHECK;

/*
 * import_hash.c: the hashes of documents, on a thread of their own. Rows come in the order in which
 * they are found; all have their hash after end.
 */
struct jz_import_hashing;
int jz_import_hashing_new(struct jz_importing *m, struct jz_import_hashing **ret,
                          struct jz_error *err) JZ_MUST_CHECK;
void jz_import_hashing_free(struct jz_import_hashing *hashing);
int jz_import_hashing_add(struct jz_import_hashing *hashing, size_t found,
                          const struct jz_document *document, struct jz_error *err) JZ_MUST_CHECK;
int jz_import_hashing_end(struct jz_import_hashing *hashing, struct jz_error *err) JZ_MUST_CHECK;

/*
 * import_job.c: where the job stands, and whether another import, or the end of this one, stands in
 * its way (JZ_E_BUSY). With gives_up: whichever is unfinished, or JZ_E_NOT_FOUND.
 */
int jz_import_find_job(struct jz_importing *m, struct jz_error *err) JZ_MUST_CHECK;
/* Writes the fact of the import and its job. */
int jz_import_begin(struct jz_importing *m, struct jz_error *err) JZ_MUST_CHECK;
/*
 * Inside decide: leaves the place where the job stands for the next one, or begins the end of an
 * import that is given up.
 */
void jz_import_mark(const struct jz_importing *m, struct jz_entry *entry,
                    enum jz_import_phase phase, int64_t position);
void jz_import_mark_ending(const struct jz_importing *m, struct jz_entry *entry, int64_t indexed);
/* What became of an act of the import; JZ_E_CONFLICT: another process left the same place. */
int jz_import_settle(struct jz_importing *m, const struct jz_act *act,
                     struct jz_error *err) JZ_MUST_CHECK;
/* The end of the job. */
int jz_import_end(struct jz_importing *m, struct jz_error *err) JZ_MUST_CHECK;

/* import_scan.c: checks all rows and gives each its verdict. */
int jz_import_scan(struct jz_importing *m, struct jz_error *err) JZ_MUST_CHECK;

/* import_write.c: the facts of new people, from row `position` on. */
int jz_import_write(struct jz_importing *m, struct jz_error *err) JZ_MUST_CHECK;

/* import_index.c: document_find for the people of this import. */
int jz_import_index(struct jz_importing *m, struct jz_error *err) JZ_MUST_CHECK;

/* import_add.c: further benefits of people who were there, and the end of the job. */
int jz_import_add(struct jz_importing *m, struct jz_error *err) JZ_MUST_CHECK;

/* Opens the file as the scan found it. */
int jz_import_open(struct jz_importing *m, struct jz_csv **ret_csv,
                   struct jz_error *err) JZ_MUST_CHECK;

/* Reads a row that the scan found sound; JZ_E_CONFLICT when it is not so any more. */
int jz_import_reread(struct jz_importing *m, const struct jz_csv_row *csv,
                     struct jz_import_row *ret_row, struct jz_error *err) JZ_MUST_CHECK;

void jz_import_tell(struct jz_importing *m, enum jz_import_phase phase, int64_t done,
                    int64_t total);
