/*
 * Messages to people, from one table: a kind, a language and values make a text. No message has a
 * link. Each names the official channels, because that is where to go instead of answering, and
 * carries a short check text by which a clerk or the official pages tell whether the message came
 * from here. Any thread.
 */
#pragma once

#include "base/date.h"
#include "base/language.h"
#include "crypto/keyring.h"

#define JZ_MESSAGE_TEXT_BYTES  1024
#define JZ_MESSAGE_VALUE_MAX   200 /* bytes of one value */
#define JZ_MESSAGE_CHECK_BYTES 7   /* 6 characters and the NUL */

enum jz_message_kind {
    JZ_MESSAGE_CODE,          /* a one-time code to sign in */
    JZ_MESSAGE_CONTACT_CODE,  /* the same to bind this number */
    JZ_MESSAGE_CERTIFIED,     /* and until when */
    JZ_MESSAGE_NOT_CERTIFIED, /* and what now */
    JZ_MESSAGE_ANSWERED,      /* a request was */
    JZ_MESSAGE_PHONE_ADDED,   /* told to the numbers that were there before */
    JZ_MESSAGE_KINDS
};
const char *jz_message_kind_name(enum jz_message_kind kind); /* "code" … */

/* NULL where a kind has no use for it. */
struct jz_message_values {
    const char *code;
    const char *minutes; /* the code is good for */
    const char *until;   /* a day */
    const char *added;   /* a masked number */
    const char *phone;   /* where to ask */
    const char *channels;
    const char *check;
};

/*
 * JZ_E_USAGE names a value that the kind needs and that is missing or empty, that is longer than
 * JZ_MESSAGE_VALUE_MAX, or that looks like a link.
 */
int jz_message_compose(enum jz_message_kind kind, enum jz_language language,
                       const struct jz_message_values *values, char ret_text[JZ_MESSAGE_TEXT_BYTES],
                       struct jz_error *err) JZ_MUST_CHECK;

/* For carriers that have one: mail. */
const char *jz_message_subject(enum jz_message_kind kind, enum jz_language language);

/* The names of the values in the text, with commas between, in the order of the table. */
#define JZ_MESSAGE_KEYS_BYTES 128
char *jz_message_keys(enum jz_message_kind kind, enum jz_language language,
                      char ret_keys[JZ_MESSAGE_KEYS_BYTES]);

/*
 * The check text of a message of that kind to that address on that day: six letters and digits
 * from a keyed hash, so that nobody else can make one.
 */
int jz_message_check(const struct jz_keyring *keyring, enum jz_message_kind kind, const char *to,
                     struct jz_date day, char ret_check[JZ_MESSAGE_CHECK_BYTES],
                     struct jz_error *err) JZ_MUST_CHECK;

/*
 * Whether a message with this check text went to the address within the last JZ_MESSAGE_CHECK_DAYS.
 * Takes what people type: either case, O for 0, I and L for 1. JZ_E_NOT_FOUND: no.
 */
#define JZ_MESSAGE_CHECK_DAYS 31
int jz_message_is_genuine(const struct jz_keyring *keyring, const char *to, const char *check,
                          struct jz_date today, enum jz_message_kind *ret_kind,
                          struct jz_date *ret_day, struct jz_error *err) JZ_MUST_CHECK;
