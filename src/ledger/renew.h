/*
 * Renewing what keys protect after a rotation, while work goes on: the keyed hashes by which
 * documents are found, and the wrapped keys of persons. What facts sealed stays as it is and opens
 * with the old version.
 *
 * Lookups work all the time, because all versions are tried. Everything is done in small commits
 * and begun again where it stopped; doing it twice changes nothing.
 */
#pragma once

#include "store/store.h"

/* Most facts or keys of one commit, so that no other writer waits long. */
#define JZ_RENEW_CHUNK 128

enum jz_renew_phase {
    JZ_RENEW_ADD,    /* hashes under the newest version */
    JZ_RENEW_REMOVE, /* hashes under older ones */
    JZ_RENEW_WRAP,   /* keys of persons */
    JZ_RENEW_PHASES
};

struct jz_renew_options {
    void (*on_progress)(void *context, enum jz_renew_phase phase, int64_t done, int64_t total);
    void *context; /* of on_progress, which may be NULL */
};

struct jz_renew_result {
    unsigned lookup, biometric; /* versions that everything is of now */
    int64_t documents;          /* of which hashes were renewed in this run */
    int64_t keys;               /* of persons, wrapped anew in this run */
    bool scrubbed; /* the old wrapped keys are gone from the live files; else why not */
    struct jz_error why_not;
};

/*
 * Under the newest versions of the keyring's file. JZ_E_BUSY while an import of people is
 * unfinished: what it adds at its end would be of the old version.
 */
int jz_renew(struct jz_store *store, const struct jz_renew_options *options,
             struct jz_renew_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;
