/*
 * What the numbers in a receipt mean, in words. The numbers are part of the wire format: a kind of
 * evidence is its place among policy's words, counted from 1, a scheme is the bit at its place.
 * Policy never renumbers them; a new one has to go into docs/receipt.md. Pure, any thread.
 */
#pragma once

#include "policy/words.h"

/* NULL for a number that means nothing. */
const struct jz_word *jz_receipt_kind(unsigned kind);
const struct jz_word *jz_receipt_scheme(unsigned bit);

/* 0 for a weak signal: no receipt rests on one. */
uint8_t jz_receipt_kind_number(enum jz_evidence_kind kind);
