/* The line of a helper, behind a byte that says what was asked: what is taken reads so again. */
#include "bridge/answer.h"
#include "bridge/json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const enum jz_question question = data[0] % 2 ? JZ_QUESTION_READ : JZ_QUESTION_PROBE;
    struct jz_answer answer, again;
    struct jz_error err = { 0 };
    const int r = jz_answer_parse(question, (const char *)data + 1, size - 1, &answer, &err);
    if (r < 0) {
        require(err.code == r && *err.text);
        return 0;
    }
    char *line = jz_answer_format(question, &answer);
    require(line && jz_answer_parse(question, line, strlen(line), &again, &err) == 0);
    char *line_again = jz_answer_format(question, &again);
    require(line_again && strcmp(line, line_again) == 0);
    jz_json_text_free(line);
    jz_json_text_free(line_again);
    return 0;
}
