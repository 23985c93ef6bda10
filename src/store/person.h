/*
 * A person as the register knows them: what is sealed in a row of person, finding one by document
 * or reference, and reading what belongs to one. Writing is the ledger's.
 *
 * Whoever gets a struct jz_person_record holds a person's data in the clear: it is shown to a
 * clerk, never logged, and wiped with jz_person_record_wipe. Functions that take a jz_sql run on
 * that connection's thread; the others on any.
 */
#pragma once

#include "identity/document.h"
#include "store/store.h"

/* Without the NUL. */
#define JZ_PERSON_NAME_MAX    120
#define JZ_PERSON_PHONE_MAX   40
#define JZ_PERSON_ADDRESS_MAX 480

/* Texts are UTF-8, borrowed, never NULL; "" when not known. */
struct jz_person_data {
    const char *name;
    enum jz_document_kind kind;
    const char *number, *issuer;
    const char *phone, *address;
};

/* Room for the texts of one person. */
#define JZ_PERSON_TEXT_BYTES                                                                       \
    (JZ_PERSON_NAME_MAX + JZ_DOCUMENT_NUMBER_BYTES + JZ_DOCUMENT_ISSUER_BYTES +                    \
     JZ_PERSON_PHONE_MAX + JZ_PERSON_ADDRESS_MAX + 8)
#define JZ_PERSON_SEALED_BYTES (JZ_PERSON_TEXT_BYTES + 32 + JZ_SEAL_MAX_OVERHEAD)

/* JZ_E_LIMIT when a text is longer than its limit. ret_sealed has JZ_PERSON_SEALED_BYTES. */
int jz_person_seal(const struct jz_keyring *keyring, const struct jz_person_data *data,
                   uint8_t *ret_sealed, size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/* ret_data borrows from `text`. JZ_E_INTEGRITY, JZ_E_NOT_FOUND (a key of a newer keyring). */
int jz_person_unseal(const struct jz_keyring *keyring, const void *sealed, size_t size,
                     char text[JZ_PERSON_TEXT_BYTES], struct jz_person_data *ret_data,
                     struct jz_error *err) JZ_MUST_CHECK;

/*
 * The keyed hash under which a document is kept in document_find, by a version of the key. 80 bits:
 * that any two of a billion documents share one has a chance of one in two million.
 */
#define JZ_FIND_BYTES 10
int jz_person_document_hash(const struct jz_keyring *keyring, unsigned version,
                            const struct jz_document *document, uint8_t ret_hash[JZ_FIND_BYTES],
                            struct jz_error *err) JZ_MUST_CHECK;

/* Under each live version of the key, newest first. 0: nobody has it. */
int jz_person_find_document(struct jz_sql *sql, const struct jz_keyring *keyring,
                            const struct jz_document *document, int64_t *ret_person,
                            struct jz_error *err) JZ_MUST_CHECK;

/*
 * By what a clerk types: a reference ("P1234567"), a document number, or a passport with the state
 * that issued it ("USA:C01234567"). JZ_E_NOT_FOUND says so when an import is unfinished, because
 * the person may be in it; JZ_E_FORMAT for what is neither.
 */
int jz_person_find(struct jz_store *store, const char *text, int64_t *ret_person,
                   struct jz_error *err) JZ_MUST_CHECK;

/* The name of an unfinished import of people in ret_name, "" when there is none. */
#define JZ_JOB_NAME_BYTES    96
#define JZ_IMPORT_PEOPLE_JOB "import:"
#define JZ_IMPORT_GIVE_UP                                                                          \
    "jianzai person import --give-up" /* what to type when its file is lost                        \
                                       */
int jz_person_import_running(struct jz_sql *sql, char ret_name[JZ_JOB_NAME_BYTES],
                             struct jz_error *err) JZ_MUST_CHECK;

/* The row of person that holds now. */
struct jz_person_record {
    int64_t person, row;
    int64_t recorded_at; /* of that row */
    int64_t import;      /* the fact of the import that brought the person; 0: none */
    struct jz_date born_on;
    enum jz_sex sex;
    unsigned care, residence; /* bits in the order of the codes of care; identity/residence.h */
    struct jz_person_data data;
    char text[JZ_PERSON_TEXT_BYTES];
};

/* JZ_E_NOT_FOUND. data borrows from the record itself, which must not be moved. */
int jz_person_read(struct jz_sql *sql, const struct jz_keyring *keyring, int64_t person,
                   struct jz_person_record *ret_record, struct jz_error *err) JZ_MUST_CHECK;
void jz_person_record_wipe(struct jz_person_record *record);

/* A benefit as it holds, with what decisions do not need. */
struct jz_person_benefit {
    int64_t person, benefit;
    enum jz_scheme scheme;
    unsigned region;
    struct jz_date from, until;
    int64_t fen;   /* -1: not known */
    char unit[96]; /* "": managed by the community */
    struct jz_date due_on, grace_until;
    enum jz_standing_state state;
};
int jz_person_benefits(struct jz_sql *sql, int64_t person,
                       struct jz_person_benefit ret_benefits[JZ_PERSON_BENEFITS], int *ret_count,
                       struct jz_error *err) JZ_MUST_CHECK;

/* Documents beside the one of the person's own row, and contacts, that were not ended. */
struct jz_person_extra {
    int64_t fact;
    enum jz_table table; /* JZ_T_DOCUMENT or JZ_T_CONTACT */
    char kind[32];
};
#define JZ_PERSON_EXTRAS 64
int jz_person_extras(struct jz_sql *sql, int64_t person,
                     struct jz_person_extra ret_extras[JZ_PERSON_EXTRAS], int *ret_count,
                     struct jz_error *err) JZ_MUST_CHECK;

/* What a list of benefits is narrowed to. */
struct jz_person_filter {
    const char *area; /* region prefix of 0, 2, 4 or 6 digits; NULL: all */
    int scheme;       /* enum jz_scheme, -1: all */
    int state;        /* enum jz_standing_state, -1: all */
};

/*
 * The next page of benefits in the order of (person, benefit), behind the pair given ((0, 0) to
 * begin with). The page is full as long as there is more.
 */
int jz_person_list(struct jz_sql *sql, const struct jz_person_filter *filter, int64_t after_person,
                   int64_t after_benefit, struct jz_person_benefit *ret_benefits, size_t room,
                   size_t *ret_count, struct jz_error *err) JZ_MUST_CHECK;
