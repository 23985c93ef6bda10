/* What somebody who signs in is told: a table of codes with sentences. Any thread. */
#pragma once

#include "base/language.h"

#include <stdbool.h>

enum jz_answer_code {
    JZ_ANSWER_DONE,
    JZ_ANSWER_MISTYPED,
    JZ_ANSWER_NOT_FOUND,
    JZ_ANSWER_SLOW_DOWN,
    JZ_ANSWER_WRONG_CODE,
    JZ_ANSWER_CODE_EXPIRED,
    JZ_ANSWER_WRONG_PASSWORD,
    JZ_ANSWER_WEAK_PASSWORD,
    JZ_ANSWER_CARD_TAKEN,
    JZ_ANSWER_TOO_MANY_CONTACTS,
    JZ_ANSWER_TOKEN_REFUSED,
    JZ_ANSWERS
};

struct jz_answer {
    enum jz_answer_code code;
    int retry_after_s; /* of SLOW_DOWN */
    int left;          /* tries, of WRONG_CODE */
    const char *field; /* of MISTYPED: "name", "document", "phone", "helper_name", "card"; NULL */
};

struct jz_answer_info {
    const char *name; /* stable API string */
    int http_status;
    const char *zh_hans, *zh_hant, *en; /* what to do */
};
const struct jz_answer_info *jz_answer_info(enum jz_answer_code code);
const char *jz_answer_text(enum jz_answer_code code, enum jz_language language);
