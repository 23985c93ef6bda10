/* What the commands of the ledger share: finding database and keyring, naming a person. */
#pragma once

#include "cli/args.h"
#include "store/store.h"

/* Where things are: the options --db and --keys, or JIANZAI_DB and JIANZAI_KEYS. */
struct desk_options {
    const char *db, *keys;
    bool without_policies; /* the register may be damaged: none are read */
};
#define DESK_ARGS(o)                                                                               \
    { "db", ARG_TEXT, &(o)->db, "URL: the database, default $JIANZAI_DB or jianzai.db" },          \
    {                                                                                              \
        "keys", ARG_TEXT, &(o)->keys, "FILE: the keyring, default $JIANZAI_KEYS or jianzai.keys"   \
    }

struct desk {
    struct jz_keyring *keyring;
    struct jz_store *store;
};

const char *desk_db(const struct desk_options *options);
const char *desk_keys(const struct desk_options *options);
/* The security module of JIANZAI_PKCS11_MODULE, _TOKEN, _PIN and _KEY; all NULL: none. */
struct jz_pkcs11 desk_module(void);

/* Prints the error and gives EXIT_USAGE on failure. */
int desk_open(const struct desk_options *options, bool read_only, struct desk *ret_desk);
void desk_close(struct desk *desk);

/*
 * The person a word of the command line names: a reference (P…) or a document number. Prints the
 * error and gives EXIT_USAGE when there is none.
 */
int desk_person(struct desk *desk, const char *text, int64_t *ret_person);
/* And what is known of that person, for jz_person_state_done. */
int desk_person_state(struct desk *desk, const char *text, struct jz_person_state *ret_state);

/* Prints the error and gives EXIT_USAGE unless the operator is known and active. */
int desk_operator(struct desk *desk, const char *name);
