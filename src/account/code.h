/*
 * One-time codes: six digits, good for five minutes and five tries, bound to a person, a number and
 * a purpose. In the memory of this process, bounded, wiped when they are over. Any thread.
 *
 * A code is entered through a form: an id that only the browser knows which asked. A second browser
 * that asks for the same code joins it with a form of its own (JZ_CODE_FORMS at most, one for each
 * address): so somebody who asks in a person's name neither uses up the person's tries nor keeps
 * the person, to whose telephone the code went, from entering it.
 */
#pragma once

#include "base/language.h"
#include "identity/name.h"
#include "identity/phone.h"

#include <stddef.h>

#define JZ_CODE_DIGITS   6
#define JZ_CODE_TRIES    5
#define JZ_CODE_LIFE_S   300
#define JZ_CODE_FORMS    3
#define JZ_CODES_MAX     20000 /* that live at a time */
#define JZ_CODE_ID_BYTES 41    /* 40 hexadecimal digits and the NUL */

enum jz_code_purpose { JZ_CODE_SIGN_IN, JZ_CODE_HELP, JZ_CODE_CONTACT };

struct jz_code_binding {
    int64_t person;
    enum jz_code_purpose purpose;
    char phone[JZ_PHONE_BYTES];
    bool is_known;                      /* the number was one of the person's before */
    char helper[JZ_NAME_MAX_BYTES + 1]; /* of JZ_CODE_HELP */
    enum jz_language language;
};

/* An address, as far as it tells askers apart. */
struct jz_asker {
    const void *bytes;
    size_t size; /* at most 32 */
};

struct jz_codes;

int jz_codes_new(struct jz_codes **ret_codes, struct jz_error *err) JZ_MUST_CHECK;
void jz_codes_free(struct jz_codes *codes);

/* A new code; earlier ones for the same binding live on. JZ_E_BUSY beyond JZ_CODES_MAX. */
int jz_codes_make(struct jz_codes *codes, const struct jz_code_binding *binding,
                  struct jz_asker asker, int64_t now_s, char ret_id[JZ_CODE_ID_BYTES],
                  char ret_digits[JZ_CODE_DIGITS + 1], struct jz_error *err) JZ_MUST_CHECK;

/*
 * A form for the latest code that lives for this person, number and purpose. False: there is none,
 * or it has all its forms. *ret_left_s is what is left of its life.
 */
bool jz_codes_join(struct jz_codes *codes, const struct jz_code_binding *binding,
                   struct jz_asker asker, int64_t now_s, char ret_id[JZ_CODE_ID_BYTES],
                   int *ret_left_s);

enum jz_code_result {
    JZ_CODE_RIGHT,
    JZ_CODE_WRONG,  /* *ret_left tries are left on this form */
    JZ_CODE_EXPIRED /* unknown, too old, used, of another purpose, or no tries left */
};

/*
 * Compares in constant time. A right code lives on until it is ended or over. *ret_binding is
 * filled unless it is expired.
 */
enum jz_code_result jz_codes_try(struct jz_codes *codes, const char *id,
                                 enum jz_code_purpose purpose, const char *digits, int64_t now_s,
                                 struct jz_code_binding *ret_binding, int *ret_left);

/* It was used, or could not be sent: all its forms are over. */
void jz_codes_end(struct jz_codes *codes, const char *id);

static inline void jz_codes_freep(struct jz_codes **c)
{
    jz_codes_free(*c);
}
