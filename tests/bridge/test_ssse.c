/* Social security cards, as their responses: what is read of them, and what is wrong with others.
 */
#include "bridge/answer.h"
#include "bridge/json.h"
#include "bridge/ssse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RESPONSES = 9 };

/* A made-up person, 王试用. */
static const char *const good[RESPONSES] = {
    "9000",                                         /* the environment */
    "9000",                                         /* EF05 */
    "07094131323334353637389000",                   /* card number */
    "0504201905019000",                             /* valid from */
    "0604202904309000",                             /* valid until */
    "9000",                                         /* EF06 */
    "08123334303532343139383030313031303031589000", /* social security number */
    "091ecdf5cad4d3c30000000000000000000000000000000000000000000000009000", /* name */
    "6a83",                                                                 /* rest of the name */
};

#define START  "{\"card\":{\"kind\":\"social_card\""
#define NUMBER ",\"card_number\":\"A12345678\""
#define NAME   ",\"name\":\"王试用\""
#define DOCUMENT                                                                                   \
    ",\"document\":{\"kind\":\"citizen_id\",\"number\":\"34052419800101001X\",\"warnings\":[]}"
#define DATES    ",\"valid_from\":\"2019-05-01\",\"valid_until\":\"2029-04-30\""
#define WITHHELD ",\"withheld\":true"
#define END      "}}"

/* The responses of the good card but for some, given as "INDEX=HEX …". */
static const struct {
    const char *what, *changes;
    enum jz_problem problem;
    const char *line; /* NULL when there is a problem */
} cases[] = {
    { "good", "", 0, START NUMBER NAME DOCUMENT DATES END },
    { "no rest of the name", "8=4e1400000000000000000000000000000000000000009000", 0,
      START NUMBER NAME DOCUMENT DATES END },
    { "rest of the name", "8=4e02d3c39000", 0,
      START NUMBER ",\"name\":\"王试用用\"" DOCUMENT DATES END },
    { "a character across both", "7=0904cdf5cad49000 8=4e04d3c3d3c39000", 0,
      START NUMBER ",\"name\":\"王试用用\"" DOCUMENT DATES END },
    { "half a character in each", "7=0903cdf5ca9000 8=4e03d4d3c39000", 0,
      START NUMBER NAME DOCUMENT DATES END },
    { "name withheld", "7=6982 8=6982", 0, START NUMBER DOCUMENT DATES WITHHELD END },
    { "old card, other status for the rest", "8=6985", 0, START NUMBER NAME DOCUMENT DATES END },
    { "no days", "3=6a83 4=0604000000009000", 0, START NUMBER NAME DOCUMENT END },
    { "days that are none", "3=0504209902309000 4=06042a2904309000", 0,
      START NUMBER NAME DOCUMENT END },
    { "days of another length", "3=05032019059000 4=06009000", 0, START NUMBER NAME DOCUMENT END },
    { "card number of eight", "2=070941313233343536373800009000", 0,
      START NUMBER NAME DOCUMENT DATES END },
    { "card number filled up", "2=070b4131323334353637382020ff9000", 0,
      START NUMBER NAME DOCUMENT DATES END },
    { "bytes behind the record", "2=0709413132333435363738ffff9000", 0,
      START NUMBER NAME DOCUMENT DATES END },
    { "empty card number", "2=07090000000000000000009000", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "no card number", "2=6a83", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "bytes in the card number", "2=0703410a319000", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "no environment", "0=6a82", JZ_PROBLEM_UNKNOWN_CARD, NULL },
    { "blocked environment", "0=6283", JZ_PROBLEM_UNKNOWN_CARD, NULL },
    { "no EF05", "1=6a82", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "no EF06", "5=6a82", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "no status", "6=90", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "nothing at all", "6=", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "only a tag", "6=089000", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "cut value", "6=0812333430359000", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "other record", "6=0901419000", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "memory failure", "6=6581", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "NUL in the number", "6=08033300349000", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "no text", "7=0902ff819000", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "escape in the name", "7=0902411b9000", JZ_PROBLEM_CARD_UNREADABLE, NULL },
    { "taken away", "6=-", JZ_PROBLEM_CARD_REMOVED, NULL },
};

struct tape {
    const char *responses[RESPONSES];
    int at;
};

static enum jz_problem transmit(void *context, const uint8_t *command, size_t size,
                                uint8_t ret_response[JZ_APDU_RESPONSE_BYTES], size_t *ret_size)
{
    struct tape *tape = context;
    assert_in_range(tape->at, 0, RESPONSES - 1);
    assert_true(size >= 5 && command[0] == 0x00);
    const char *hex = tape->responses[tape->at++];
    size_t n = 0;
    if (*hex == '-')
        return JZ_PROBLEM_CARD_REMOVED;
    for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        ret_response[n++] = (uint8_t)byte;
    *ret_size = n;
    return JZ_PROBLEM_NONE;
}

static void read_case(size_t i)
{
    struct tape tape = { .at = 0 };
    const struct jz_card_channel channel = { .transmit = transmit, .context = &tape };
    struct jz_answer answer = { 0 };
    char changes[256];
    memcpy(tape.responses, good, sizeof good);
    snprintf(changes, sizeof changes, "%s", cases[i].changes);
    for (char *rest, *word = strtok_r(changes, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        tape.responses[*word - '0'] = word + 2;
    const enum jz_problem problem = jz_ssse_read(&channel, &answer.card);
    char *line = problem ? NULL : jz_answer_format(JZ_QUESTION_READ, &answer);
    if (problem != cases[i].problem || (line && strcmp(line, cases[i].line) != 0))
        fail_msg("%s: problem %s, %s", cases[i].what, jz_problem_info(problem)->name,
                 line ? line : "no card");
    jz_json_text_free(line);
}

static void test_cards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        read_case(i);
}

/* One that has the whole of every response fetched in steps, and one that never ends. */
static enum jz_problem transmit_in_steps(void *context, const uint8_t *command, size_t size,
                                         uint8_t ret_response[JZ_APDU_RESPONSE_BYTES],
                                         size_t *ret_size)
{
    struct tape *tape = context;
    const bool is_fetch = command[1] == 0xc0, is_read = command[1] == 0xb2;
    const uint8_t length = (uint8_t)(strlen(good[tape->at % RESPONSES]) / 2 - 2);
    if (is_read && command[4] != length) {
        memcpy(ret_response, (const uint8_t[]){ 0x6c, length }, *ret_size = 2);
        return JZ_PROBLEM_NONE;
    }
    if (tape->at == 0 && !is_fetch) {
        memcpy(ret_response, (const uint8_t[]){ 0x61, 0x01 }, *ret_size = 2);
        return JZ_PROBLEM_NONE;
    }
    return transmit(context, command, size, ret_response, ret_size);
}

static enum jz_problem transmit_for_ever(void *context, const uint8_t *command, size_t size,
                                         uint8_t ret_response[JZ_APDU_RESPONSE_BYTES],
                                         size_t *ret_size)
{
    int *count = context;
    assert_true(size >= 5 && command[0] == 0x00 && ++*count < 100);
    memset(ret_response, 0x61, JZ_APDU_RESPONSE_BYTES);
    *ret_size = JZ_APDU_RESPONSE_BYTES;
    return JZ_PROBLEM_NONE;
}

static void test_steps(void **state)
{
    struct tape tape = { .at = 0 };
    struct jz_card card;
    int count = 0;
    (void)state;
    memcpy(tape.responses, good, sizeof good);
    assert_int_equal(jz_ssse_read(&(struct jz_card_channel){ transmit_in_steps, &tape }, &card), 0);
    assert_string_equal(card.number, "A12345678");
    assert_string_equal(card.name, "王试用");
    assert_int_equal(jz_ssse_read(&(struct jz_card_channel){ transmit_for_ever, &count }, &card),
                     JZ_PROBLEM_CARD_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cards),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
