/*
 * Mobile numbers: one form for one number, however it was typed, and the mask under which somebody
 * recognises their own. Pure. Numbers are personal data: they never go to logs.
 */
#pragma once

#include "base/error.h"

#define JZ_PHONE_BYTES 17 /* "+", at most 15 digits (ITU-T E.164) and the NUL */

/*
 * "13812341234" for the mainland, "+85291234567" with the country's code for all others. Takes
 * full-width digits, spaces, dashes, dots, brackets, and 86, +86, 0086 or 00 before the number.
 * JZ_E_FORMAT for what is no mobile number, with what to type.
 */
int jz_phone_parse(const char *text, char ret_phone[JZ_PHONE_BYTES],
                   struct jz_error *err) JZ_MUST_CHECK;

/* "138****1234", "+852****4567"; `phone` is in the form above. */
char *jz_phone_mask(const char *phone, char ret_text[JZ_PHONE_BYTES]);
