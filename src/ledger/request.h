/*
 * Requests: what a person, or somebody who helps, asks for, and what clerks do with it. Each change
 * is a new row that names the first; the latest holds. docs/requests.md.
 *
 * What is personal in a request is sealed under the identity key; the rest is JSON that may be read
 * by whoever reads the register. Any thread.
 */
#pragma once

#include "policy/words.h"
#include "store/store.h"

#include <jansson.h>

enum jz_request_kind {
    JZ_REQUEST_CORRECTION,
    JZ_REQUEST_OBJECTION,
    JZ_REQUEST_VISIT,
    JZ_REQUEST_VIDEO_CALL,
    JZ_REQUEST_PROXY,
    JZ_REQUEST_MATERIALS,
    JZ_REQUEST_RESIDENCE,
    JZ_REQUEST_DELETE_BIOMETRICS,
    JZ_REQUEST_KINDS
};

enum jz_request_state {
    JZ_REQUEST_OPEN,
    JZ_REQUEST_ASSIGNED,
    JZ_REQUEST_DONE,
    JZ_REQUEST_REFUSED,
    JZ_REQUEST_WITHDRAWN, /* by the person */
    JZ_REQUEST_STATES
};

#define JZ_REQUEST_OPEN_MAX      12   /* of one person, open or assigned */
#define JZ_REQUEST_DAY_MAX       20   /* made for one person on one day */
#define JZ_REQUEST_FILES_MAX     12   /* of one request; fewer for some kinds */
#define JZ_REQUEST_WISHES_MAX    5    /* days to choose from */
#define JZ_REQUEST_WISH_DAYS     92   /* so far ahead a day may lie */
#define JZ_REQUEST_FIELDS_BYTES  8192 /* all fields as JSON */
#define JZ_REQUEST_REASON_MAX    600  /* of a clerk, in bytes */
#define JZ_REQUEST_OPERATOR_MAX  64
#define JZ_REQUEST_OUTCOME_BYTES 32

/* ---- Kinds as data ---- */

enum jz_field_type {
    JZ_FIELD_TEXT, /* one line */
    JZ_FIELD_LINES,
    JZ_FIELD_WORD,
    JZ_FIELD_DATE,
    JZ_FIELD_DAYS, /* a list of wished days */
    JZ_FIELD_PHONE,
    JZ_FIELD_DOCUMENT,  /* the number of an identity document, a passport as "USA:C01234567" */
    JZ_FIELD_RESIDENCE, /* a region code, or a country of three letters */
    JZ_FIELD_FACT,      /* a number that the register gave */
    JZ_FIELD_BEACON,    /* docs/beacon.md */
};

struct jz_request_field {
    const char *name;
    uint8_t type;  /* enum jz_field_type */
    bool required; /* may not be left out */
    bool sealed;   /* personal */
    uint16_t max;  /* bytes of a text */
    const char *const *words;
    const char *what; /* for messages */
};

struct jz_request_kind_info {
    struct jz_request_field fields[8]; /* name NULL behind the last; and jz_request_common */
    int evidence;        /* enum jz_evidence_kind that an accepted one becomes; -1: none */
    bool by_appointment; /* assigned to a clerk and a day before it can be done */
    bool is_single;      /* one at a time */
    uint8_t files;       /* how many may be attached */
    const char *alike;   /* the field that many requests of one helper share, or NULL */
    uint8_t next[JZ_REQUEST_STATES]; /* bits 1 << state */
};

extern const struct jz_request_kind_info jz_request_kinds[JZ_REQUEST_KINDS];
extern const struct jz_request_field jz_request_common[]; /* of every kind */

/* Of that kind or of every kind; NULL when there is none of this name. */
const struct jz_request_field *jz_request_field(enum jz_request_kind kind, const char *name);

extern const struct jz_word jz_request_words[JZ_REQUEST_KINDS];
extern const struct jz_word jz_request_state_words[JZ_REQUEST_STATES];

/*
 * Whether these fields (a JSON object, or NULL for none) make such a request. JZ_E_USAGE, and in
 * *wrong_field (may be NULL) the name of the field that is wrong, missing or unknown, from the
 * table or the object; JZ_E_LIMIT. Pure.
 */
int jz_request_check(enum jz_request_kind kind, json_t *fields, struct jz_date today,
                     const char **wrong_field, struct jz_error *err) JZ_MUST_CHECK;

/* ---- Making and changing ---- */

struct jz_request_new {
    int64_t person;
    enum jz_request_kind kind;
    json_t *fields; /* borrowed, only read; NULL: none */
    const char *by; /* the clerk who wrote it down; NULL: the person or a helper */
};

/*
 * As jz_request_check; also JZ_E_CONFLICT: there is one of the kind that waits, or JZ_E_LIMIT: too
 * many; JZ_E_NOT_FOUND: the person, what an objection is about, or a beacon nobody gave.
 */
int jz_request_make(struct jz_store *store, const struct jz_request_new *request, int64_t *ret_id,
                    struct jz_error *err) JZ_MUST_CHECK;

/*
 * A step that leads to no other fact: assigned to a clerk, refused, withdrawn. What accepting leads
 * to is in ledger/request_answer.h.
 */
struct jz_request_step {
    int64_t request;
    int64_t person; /* whose it must be; 0: anybody's */
    enum jz_request_state to;
    const char *by;          /* NULL: the person, who may only withdraw */
    const char *reason;      /* without personal data; needed when refused */
    const char *assigned_to; /* when assigned */
    struct jz_date due_on;   /* when assigned: the day of the appointment */
};

/*
 * JZ_E_NOT_FOUND; JZ_E_CONFLICT: from its state it does not go there; JZ_E_USAGE: what is missing.
 */
int jz_request_step(struct jz_store *store, const struct jz_request_step *step,
                    struct jz_error *err) JZ_MUST_CHECK;

/* ---- Reading ---- */

/* As it stands now. */
struct jz_request {
    int64_t id, row, person;
    enum jz_request_kind kind;
    enum jz_request_state state;
    int64_t subject; /* the fact it is about; 0: none */
    int64_t came;    /* the fact that came of it; 0: none */
    int64_t made_at, changed_at;
    struct jz_date due_on;                     /* the appointment; unset: none */
    char made_by[JZ_REQUEST_OPERATOR_MAX + 1]; /* "": the person or a helper */
    char changed_by[JZ_REQUEST_OPERATOR_MAX + 1];
    char assigned_to[JZ_REQUEST_OPERATOR_MAX + 1];
    char outcome[JZ_REQUEST_OUTCOME_BYTES]; /* a word for what came of it, "" before */
    char reason[JZ_REQUEST_REASON_MAX + 1];
};

/* In the order in which they were made, behind `after` (0 to begin with). */
struct jz_request_filter {
    unsigned kinds, states; /* bits; 0: all */
    int64_t person;         /* 0: anybody's */
};
int jz_request_list(struct jz_store *store, const struct jz_request_filter *filter, int64_t after,
                    struct jz_request *ret_requests, size_t room, size_t *ret_count,
                    struct jz_error *err) JZ_MUST_CHECK;

/* With the fields, opened: a person's data in the clear. JZ_E_NOT_FOUND. */
struct jz_request_story {
    struct jz_request r;
    json_t *fields; /* as they were given; with "beacon_day" where a beacon is */
};
int jz_request_read(struct jz_store *store, int64_t id, struct jz_request_story *ret_story,
                    struct jz_error *err) JZ_MUST_CHECK;
void jz_request_story_done(struct jz_request_story *story);

/*
 * A hint and no verdict: how many other people have a request of the kind with the same proxy or
 * the same phone. 0 for kinds that share nothing. After a rotation of the lookup key a person may
 * be counted once for each version.
 */
int jz_request_alike(struct jz_store *store, const struct jz_request *request, int64_t *ret_people,
                     struct jz_error *err) JZ_MUST_CHECK;
