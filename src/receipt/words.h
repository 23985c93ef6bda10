/*
 * What the numbers in a receipt mean, in words. The numbers of kinds of evidence and of schemes
 * are part of the wire format: they are never given to anything else, and new ones come at the
 * end. Pure, any thread.
 */
#pragma once

#include <stdint.h>

/* One thing: its name in policies and interfaces, and what people call it. */
struct jz_receipt_word {
    const char *name; /* "face_remote" */
    const char *zh_hans, *zh_hant, *en;
};

/*
 * Kinds of evidence run from 1; there is none for weak signals, on which no receipt rests.
 * NULL for a number that means nothing.
 */
const struct jz_receipt_word *jz_receipt_kind(unsigned kind);

/* The number of a kind by its name; 0 when a receipt cannot rest on it. */
unsigned jz_receipt_kind_number(const char *name);

/* Schemes are bits, from 0 to JZ_RECEIPT_SCHEMES - 1. NULL beyond. */
#define JZ_RECEIPT_SCHEMES 7
const struct jz_receipt_word *jz_receipt_scheme(unsigned bit);

/* The mask of a scheme by its name; 0 when there is none of that name. */
uint16_t jz_receipt_scheme_mask(const char *name);
