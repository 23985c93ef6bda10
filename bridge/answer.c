#include "bridge/answer.h"

#include "bridge/json.h"

#include <string.h>

const char *jz_question_name(enum jz_question question)
{
    return question == JZ_QUESTION_PROBE ? "probe" : "read";
}

static json_t *readers_to_json(const struct jz_answer *answer)
{
    JZ_CLEANUP(jz_json_freep) json_t *list = json_array();
    for (size_t i = 0; i < answer->reader_count; i++)
        if (json_array_append_new(list, json_pack("{s:s, s:b}", "name", answer->readers[i].name,
                                                  "card", answer->readers[i].has_card)) != 0)
            return NULL;
    return JZ_TAKE(list);
}

char *jz_answer_format(enum jz_question question, const struct jz_answer *answer)
{
    JZ_CLEANUP(jz_json_freep) json_t *root = NULL;
    if (answer->problem)
        root = json_pack("{s:s}", "error", jz_problem_info(answer->problem)->name);
    else if (question == JZ_QUESTION_PROBE)
        root = json_pack("{s:o}", "readers", readers_to_json(answer));
    else
        root = json_pack("{s:o}", "card", jz_card_to_json(&answer->card));
    return root ? jz_json_text(root) : NULL;
}

static int read_error(json_t *value, enum jz_problem *ret_problem, struct jz_error *err)
{
    const char *name = json_string_value(value);
    if (!name || !jz_problem_parse(name, ret_problem))
        return jz_error_set(err, JZ_E_FORMAT, "the error is none that a helper may answer");
    return 0;
}

static int read_readers(json_t *list, struct jz_answer *answer, struct jz_error *err)
{
    if (!json_is_array(list))
        return jz_error_set(err, JZ_E_FORMAT, "the readers are no list");
    if (json_array_size(list) > JZ_ANSWER_MAX_READERS)
        return jz_error_set(err, JZ_E_LIMIT, "more than %d readers", JZ_ANSWER_MAX_READERS);
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        json_error_t e;
        struct jz_reader *reader = &answer->readers[i];
        const char *name;
        int has_card = 0;
        if (json_unpack_ex(item, &e, JSON_STRICT, "{s:s, s?:b}", "name", &name, "card", &has_card) <
            0)
            return jz_json_complain(&e, "a reader", err);
        const size_t size = strlen(name);
        if (size == 0 || size >= sizeof reader->name)
            return jz_error_set(err, JZ_E_LIMIT, "the name of a reader is not 1 to %d bytes",
                                (int)sizeof reader->name - 1);
        memcpy(reader->name, name, size + 1);
        reader->has_card = has_card;
    }
    answer->reader_count = json_array_size(list);
    return 0;
}

int jz_answer_parse(enum jz_question question, const char *line, size_t size,
                    struct jz_answer *ret_answer, struct jz_error *err)
{
    const char *end = memchr(line, '\n', size);
    if (end)
        size = (size_t)(end - line);
    if (size > JZ_ANSWER_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "the answer is longer than %d bytes",
                            JZ_ANSWER_MAX_BYTES);
    json_error_t e;
    JZ_CLEANUP(jz_json_freep) json_t *root = json_loadb(line, size, JSON_REJECT_DUPLICATES, &e);
    if (!root)
        return jz_json_complain(&e, "the answer", err);
    if (json_object_size(root) != 1)
        return jz_error_set(err, JZ_E_FORMAT, "the answer is no object with one key");

    struct jz_answer answer = { 0 };
    json_t *value;
    int r;
    if ((value = json_object_get(root, "error")))
        r = read_error(value, &answer.problem, err);
    else if (question == JZ_QUESTION_PROBE && (value = json_object_get(root, "readers")))
        r = read_readers(value, &answer, err);
    else if (question == JZ_QUESTION_READ && (value = json_object_get(root, "card")))
        r = jz_card_from_json(value, &answer.card, err);
    else
        r = jz_error_set(err, JZ_E_FORMAT,
                         "the answer has neither what was asked for nor an error");
    if (r == 0)
        *ret_answer = answer;
    return r;
}
