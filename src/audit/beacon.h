/*
 * The daily beacon: ten characters that nobody outside knew before their day. Copied onto a sheet
 * that is held into a photograph, they prove that the photograph is not older; docs/beacon.md.
 *
 * The short form is what people copy; the text around it carries the signature, by which anybody
 * with the public key can check it without the register. Plain values; the functions that take a
 * store may be called from any thread.
 */
#pragma once

#include "store/store.h"

#define JZ_BEACON_DOMAIN "beacon-v1"
#define JZ_BEACON_DAYS   400 /* so far back beacons are given and recognised */

#define JZ_BEACON_SHORT_BYTES 13 /* "K7M-29QX-R4W" and the NUL */
#define JZ_BEACON_TEXT_MARK   "JZB1:"
#define JZ_BEACON_TEXT_BYTES  288

struct jz_beacon {
    struct jz_date day;
    uint64_t code; /* of 45 bits: the short form without its check character */
    /* The last root that had been signed when the day began; of a log of no facts when none had. */
    uint64_t size;
    uint8_t root[JZ_DIGEST_BYTES];
    uint8_t key[8]; /* id of the public key that signs */
    uint8_t signature[JZ_SIGNATURE_BYTES];
};

char *jz_beacon_short(uint64_t code, char ret_text[JZ_BEACON_SHORT_BYTES]);

/*
 * Takes what people copy: either case, spaces and dashes anywhere. JZ_E_FORMAT when it is not of
 * the form, JZ_E_INTEGRITY when the check character says that one is wrong or two are swapped.
 */
int jz_beacon_short_parse(const char *text, uint64_t *ret_code, struct jz_error *err) JZ_MUST_CHECK;

/* The text; there is one way to write it. JZ_E_FORMAT. */
void jz_beacon_format(const struct jz_beacon *beacon, char ret_text[JZ_BEACON_TEXT_BYTES]);
int jz_beacon_parse(const char *text, size_t size, struct jz_beacon *ret_beacon,
                    struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_INTEGRITY: changed, or signed by none of these keys. */
int jz_beacon_verify(const struct jz_public_key *keys, size_t count, const struct jz_beacon *beacon,
                     struct jz_error *err) JZ_MUST_CHECK;

/*
 * The beacon of a day (unset: today); its code is the same however often it is asked for.
 * JZ_E_USAGE: a day that lies ahead; JZ_E_LIMIT: one too long ago.
 */
int jz_beacon_of(struct jz_store *store, struct jz_date day, struct jz_beacon *ret_beacon,
                 struct jz_error *err) JZ_MUST_CHECK;

/*
 * A short form or a text, by the register itself. JZ_E_FORMAT, JZ_E_INTEGRITY: neither, mistyped,
 * changed, or of a day that lies ahead; JZ_E_NOT_FOUND: of no day of this installation;
 * JZ_E_LIMIT: too long ago.
 */
int jz_beacon_check(struct jz_store *store, const char *text, struct jz_beacon *ret_beacon,
                    struct jz_error *err) JZ_MUST_CHECK;
