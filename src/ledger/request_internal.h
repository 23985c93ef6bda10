/* What the files of the requests share. */
#pragma once

#include "audit/beacon.h"
#include "ledger/also.h"
#include "ledger/request.h"
#include "store/person.h"

/*
 * A change that met another one of the same person is begun again so many times. Each time somebody
 * else's was recorded, so this is how many may come at once.
 */
enum { REQUEST_ROUNDS = 32 };

/* The fields of a request, checked, written in one way, and parted. */
#define REQUEST_ALIKE_BYTES JZ_DOCUMENT_KEY_BYTES
struct request_values {
    json_t *sealed, *plain; /* objects */
    int64_t subject;
    char alike[REQUEST_ALIKE_BYTES];   /* what is hashed; "": nothing */
    char beacon[JZ_BEACON_TEXT_BYTES]; /* as it was given; "": none */
};
int request_values_take(enum jz_request_kind kind, json_t *fields, struct jz_date today,
                        struct request_values *ret_values, const char **wrong_field,
                        struct jz_error *err) JZ_MUST_CHECK;
void request_values_done(struct request_values *values);

/* Adds the number and, where one is named, the issuer of a document that a person typed. */
int request_document_parse(const char *text, struct jz_document *ret_document,
                           struct jz_error *err) JZ_MUST_CHECK;

/* Of what the personal fields are sealed for. */
#define REQUEST_CONTEXT_BYTES 64
struct jz_bytes request_context(int64_t person, enum jz_request_kind kind,
                                char text[REQUEST_CONTEXT_BYTES]);

/* A phone or a document in the one form in which it is compared with those of others. */
void request_compared(const char *text, enum jz_field_type type,
                      char ret_text[REQUEST_ALIKE_BYTES]);

/* The keyed hash of that, under a version of the key. */
int request_alike_hash(const struct jz_keyring *keyring, unsigned version, const char *compared,
                       uint8_t ret_hash[JZ_FIND_BYTES], struct jz_error *err) JZ_MUST_CHECK;

/* The latest row of the person's requests and files, as the person's state has it. */
int request_latest(struct jz_sql *sql, int64_t person, int64_t *ret_latest,
                   struct jz_error *err) JZ_MUST_CHECK;

/* 1 and the request, 0 when there is none of this number. */
int request_load(struct jz_sql *sql, int64_t id, struct jz_request *ret_request,
                 struct jz_error *err) JZ_MUST_CHECK;

/* ---- A change of state ---- */

struct request_change {
    struct jz_request r; /* as it was */
    struct jz_request_step step;
    char outcome[JZ_REQUEST_OUTCOME_BYTES]; /* "": none */
    int64_t latest;                         /* row of the person's requests when it was read */
    char *detail;
    bool is_stale; /* something changed meanwhile: prepare again */
    int64_t row;   /* that was added */
};

/* Reads the request and asks whether it may go there. Release with request_change_done. */
int request_change_prepare(struct jz_store *store, const struct jz_request_step *step,
                           const char *outcome, struct request_change *ret_change,
                           struct jz_error *err) JZ_MUST_CHECK;
void request_change_done(struct request_change *change);

/* Inside the writer: the row, and a notice when it is news for the person. `run` of a jz_also. */
int request_change_add(void *change, const struct jz_person_state *state, int64_t came,
                       struct jz_entry *entry, struct jz_error *err);
