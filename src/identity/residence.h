/*
 * Where a person lives, as one number: a region of six digits as it is, or a country (ISO 3166-1
 * alpha-3) beyond all of them. Pure.
 */
#pragma once

#include <stdbool.h>

#define JZ_RESIDENCE_TEXT_BYTES 7 /* six digits or three letters, and the NUL */

/* A region code of 2 to 12 digits, of which six are kept, or three letters. */
bool jz_residence_parse(const char *text, unsigned *ret_residence);

/* "" for 0. */
char *jz_residence_format(unsigned residence, char ret_text[JZ_RESIDENCE_TEXT_BYTES]);

/* A region code of 2 to 12 digits as a number of six: "3701" is 370100. */
bool jz_region_number(const char *text, unsigned *ret_region);
