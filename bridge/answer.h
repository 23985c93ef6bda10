/*
 * What a helper answers: one line of JSON on its standard output, the last thing that it does.
 *
 *   HELPER probe                   { "readers": [ { "name": "…", "card": true }, … ] }
 *   HELPER read SECONDS [READER]   { "card": { … } }         see bridge/card.h
 *   either                         { "error": "no_card" }    see bridge/problem.h
 *
 * The helper of PC/SC readers writes such a line with jz_answer_format, the bridge reads all of
 * them with jz_answer_parse. Pure.
 */
#pragma once

#include "bridge/card.h"
#include "bridge/problem.h"

#define JZ_ANSWER_MAX_BYTES   8192 /* of the line */
#define JZ_ANSWER_MAX_READERS 16
#define JZ_READER_NAME_BYTES  129 /* PC/SC allows 128, the NUL among them */
#define JZ_READ_MAX_S         60

enum jz_question { JZ_QUESTION_PROBE, JZ_QUESTION_READ };

/* "probe", "read". */
const char *jz_question_name(enum jz_question question);

struct jz_reader {
    char name[JZ_READER_NAME_BYTES];
    bool has_card;
};

struct jz_answer {
    enum jz_problem problem; /* else what was asked for: */
    size_t reader_count;
    struct jz_reader readers[JZ_ANSWER_MAX_READERS];
    struct jz_card card;
};

/* NULL when memory is out; given back by jz_json_text_free. Without the line feed. */
char *jz_answer_format(enum jz_question question, const struct jz_answer *answer);

/*
 * JZ_E_FORMAT, JZ_E_LIMIT, JZ_E_MEMORY; the sentence says what is wrong, not what was read. What
 * stands behind the line, and the carriage return of some systems, is ignored.
 */
int jz_answer_parse(enum jz_question question, const char *line, size_t size,
                    struct jz_answer *ret_answer, struct jz_error *err) JZ_MUST_CHECK;
