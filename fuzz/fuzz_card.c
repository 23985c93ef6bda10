/*
 * A social security card that answers what it likes: every response is a length in one byte and so
 * many bytes, whatever was asked. What is read survives the way to the bridge as it is.
 */
#include "bridge/answer.h"
#include "bridge/json.h"
#include "bridge/ssse.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tape {
    const uint8_t *data;
    size_t size;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static enum jz_problem transmit(void *context, const uint8_t *command, size_t size,
                                uint8_t ret_response[JZ_APDU_RESPONSE_BYTES], size_t *ret_size)
{
    struct tape *tape = context;
    require(size >= 5 && command[0] == 0x00);
    if (tape->size == 0)
        return JZ_PROBLEM_CARD_REMOVED;
    const size_t n = tape->data[0] < tape->size ? tape->data[0] : tape->size - 1;
    memcpy(ret_response, tape->data + 1, n);
    *ret_size = n;
    tape->data += 1 + n;
    tape->size -= 1 + n;
    return JZ_PROBLEM_NONE;
}

static void check_way(const struct jz_card *card)
{
    struct jz_answer answer = { .card = *card }, again;
    char *line = jz_answer_format(JZ_QUESTION_READ, &answer);
    require(line && strlen(line) <= JZ_ANSWER_MAX_BYTES);
    require(jz_answer_parse(JZ_QUESTION_READ, line, strlen(line), &again, NULL) == 0);
    char *line_again = jz_answer_format(JZ_QUESTION_READ, &again);
    require(line_again && strcmp(line, line_again) == 0);
    jz_json_text_free(line);
    jz_json_text_free(line_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tape tape = { data, size };
    const struct jz_card_channel channel = { .transmit = transmit, .context = &tape };
    struct jz_card card;
    const enum jz_problem problem = jz_ssse_read(&channel, &card);
    if (!problem)
        check_way(&card);
    else
        require(jz_problem_info(problem)->is_helpers);
    return 0;
}
