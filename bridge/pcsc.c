/*
 * The helper of PC/SC readers: reads a social security card and prints what docs/bridge.md asks of
 * every helper. A process of its own, because a call to a reader that hangs cannot be called back,
 * because a card's foreign bytes can break only this process, and because what was read is gone
 * when it ends.
 */
#include "base/clock.h"
#include "base/encoding.h"
#include "bridge/answer.h"
#include "bridge/json.h"
#include "bridge/ssse.h"

#include <string.h>
#include <winscard.h>

enum {
    EXIT_USAGE = 2,
    LIST_BYTES = JZ_ANSWER_MAX_READERS * MAX_READERNAME,
    NOTICED_AFTER_MS = 1000, /* that a card came or went; pcscd looks every 400 */
};

/* The readers that there are, with the names that PC/SC knows them by. */
struct desk {
    SCARDCONTEXT context;
    bool has_context;
    char names[LIST_BYTES];
    SCARD_READERSTATE states[JZ_ANSWER_MAX_READERS];
    DWORD count;
};

static const struct {
    LONG code;
    enum jz_problem problem;
} codes[] = {
    { SCARD_S_SUCCESS, JZ_PROBLEM_NONE },
    { SCARD_E_NO_SERVICE, JZ_PROBLEM_SERVICE_MISSING },
    { SCARD_E_SERVICE_STOPPED, JZ_PROBLEM_SERVICE_MISSING },
    { SCARD_W_SECURITY_VIOLATION, JZ_PROBLEM_SERVICE_MISSING },
    { SCARD_E_NO_READERS_AVAILABLE, JZ_PROBLEM_NO_READER },
    { SCARD_E_UNKNOWN_READER, JZ_PROBLEM_NO_READER },
    { SCARD_E_READER_UNAVAILABLE, JZ_PROBLEM_NO_READER },
    { SCARD_E_SHARING_VIOLATION, JZ_PROBLEM_READER_IN_USE },
    { SCARD_E_TIMEOUT, JZ_PROBLEM_NO_CARD },
    { SCARD_E_NO_SMARTCARD, JZ_PROBLEM_CARD_REMOVED },
    { SCARD_W_REMOVED_CARD, JZ_PROBLEM_CARD_REMOVED },
    { SCARD_W_UNPOWERED_CARD, JZ_PROBLEM_CARD_REMOVED },
    { SCARD_W_UNRESPONSIVE_CARD, JZ_PROBLEM_UNKNOWN_CARD },
    { SCARD_W_UNSUPPORTED_CARD, JZ_PROBLEM_UNKNOWN_CARD },
    { SCARD_E_PROTO_MISMATCH, JZ_PROBLEM_UNKNOWN_CARD },
};

static enum jz_problem problem_of(LONG code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == code)
            return codes[i].problem;
    return JZ_PROBLEM_CARD_UNREADABLE;
}

static void desk_close(struct desk *desk)
{
    if (desk->has_context)
        SCardReleaseContext(desk->context);
}

static enum jz_problem desk_open(struct desk *desk)
{
    LONG code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &desk->context);
    if (code != SCARD_S_SUCCESS)
        return problem_of(code);
    desk->has_context = true;
    DWORD size = sizeof desk->names;
    code = SCardListReaders(desk->context, NULL, desk->names, &size);
    if (code != SCARD_S_SUCCESS)
        return problem_of(code);
    for (const char *name = desk->names; *name && desk->count < JZ_ANSWER_MAX_READERS;
         name += strlen(name) + 1)
        desk->states[desk->count++] = (SCARD_READERSTATE){ .szReader = name };
    return desk->count > 0 ? JZ_PROBLEM_NONE : JZ_PROBLEM_NO_READER;
}

/* As the bridge and the pages know it: UTF-8, whatever a reader calls itself. */
static void clean_name(const char *name, char ret_name[JZ_READER_NAME_BYTES])
{
    snprintf(ret_name, JZ_READER_NAME_BYTES, "%s", name);
    for (char *at = ret_name; *(at += jz_utf8_valid(at, strlen(at)));)
        *at = '?';
}

static enum jz_problem probe(struct desk *desk, struct jz_answer *answer)
{
    const enum jz_problem problem =
        problem_of(SCardGetStatusChange(desk->context, 0, desk->states, desk->count));
    if (problem && problem != JZ_PROBLEM_NO_CARD)
        return problem;
    for (DWORD i = 0; i < desk->count; i++) {
        clean_name(desk->states[i].szReader, answer->readers[i].name);
        answer->readers[i].has_card = desk->states[i].dwEventState & SCARD_STATE_PRESENT;
    }
    answer->reader_count = desk->count;
    return JZ_PROBLEM_NONE;
}

/* Leaves only the reader of that name. */
static enum jz_problem choose(struct desk *desk, const char *wanted)
{
    for (DWORD i = 0; i < desk->count; i++) {
        char name[JZ_READER_NAME_BYTES];
        clean_name(desk->states[i].szReader, name);
        if (strcmp(name, wanted) == 0) {
            desk->states[0] = desk->states[i];
            desk->count = 1;
            return JZ_PROBLEM_NONE;
        }
    }
    return JZ_PROBLEM_NO_READER;
}

static enum jz_problem wait_for_card(struct desk *desk, int64_t deadline_ns,
                                     const char **ret_reader)
{
    for (;;) {
        for (DWORD i = 0; i < desk->count; i++) {
            if (desk->states[i].dwEventState & SCARD_STATE_PRESENT) {
                *ret_reader = desk->states[i].szReader;
                return desk->states[i].dwEventState & SCARD_STATE_MUTE ? JZ_PROBLEM_UNKNOWN_CARD
                                                                       : JZ_PROBLEM_NONE;
            }
            desk->states[i].dwCurrentState = desk->states[i].dwEventState;
        }
        const int64_t left_ms = (deadline_ns - jz_clock_ns()) / 1000000;
        const LONG code = SCardGetStatusChange(desk->context, left_ms > 0 ? (DWORD)left_ms : 0,
                                               desk->states, desk->count);
        if (code != SCARD_S_SUCCESS)
            return problem_of(code);
    }
}

struct connection {
    struct desk *desk;
    const char *reader;
    SCARDHANDLE card;
    const SCARD_IO_REQUEST *protocol;
};

/*
 * What a reader says when a card is pulled out differs, so it is asked whether one is there; pcscd
 * takes a moment to see it.
 */
static bool is_gone(const struct connection *c)
{
    SCARD_READERSTATE state = { .szReader = c->reader };
    LONG code;
    while ((code = SCardGetStatusChange(c->desk->context, NOTICED_AFTER_MS, &state, 1)) ==
           SCARD_S_SUCCESS) {
        if (!(state.dwEventState & SCARD_STATE_PRESENT))
            return true;
        state.dwCurrentState = state.dwEventState;
    }
    return code != SCARD_E_TIMEOUT;
}

static enum jz_problem transmit(void *context, const uint8_t *command, size_t size,
                                uint8_t ret_response[JZ_APDU_RESPONSE_BYTES], size_t *ret_size)
{
    const struct connection *c = context;
    DWORD got = JZ_APDU_RESPONSE_BYTES;
    const LONG code = SCardTransmit(c->card, c->protocol, command, size, NULL, ret_response, &got);
    if ((code != SCARD_S_SUCCESS || got == 0) && is_gone(c))
        return JZ_PROBLEM_CARD_REMOVED;
    *ret_size = got;
    return problem_of(code);
}

static enum jz_problem try_card(struct desk *desk, const char *reader, struct jz_card *ret_card)
{
    struct connection c = { .desk = desk, .reader = reader };
    DWORD protocol;
    const LONG code = SCardConnect(desk->context, reader, SCARD_SHARE_EXCLUSIVE,
                                   SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &c.card, &protocol);
    if (code != SCARD_S_SUCCESS)
        return problem_of(code);
    c.protocol = protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
    const struct jz_card_channel channel = { .transmit = transmit, .context = &c };
    const enum jz_problem problem = jz_ssse_read(&channel, ret_card);
    SCardDisconnect(c.card, SCARD_UNPOWER_CARD);
    return problem;
}

/* Contacts bounce while a card goes in: one that cannot be read is tried again, from the start. */
static enum jz_problem read_card(struct desk *desk, long seconds, const char *wanted,
                                 struct jz_card *ret_card)
{
    const char *reader = NULL;
    enum jz_problem problem = wanted ? choose(desk, wanted) : JZ_PROBLEM_NONE;
    if (!problem)
        problem = wait_for_card(desk, jz_clock_ns() + seconds * INT64_C(1000000000), &reader);
    if (!problem)
        problem = try_card(desk, reader, ret_card);
    if (problem == JZ_PROBLEM_CARD_UNREADABLE)
        problem = try_card(desk, reader, ret_card);
    return problem;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: jianzai-bridge-pcsc probe\n"
            "       jianzai-bridge-pcsc read SECONDS [READER]      1 to %d seconds\n"
            "Prints one line of JSON; jianzai-bridge calls it.\n",
            JZ_READ_MAX_S);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    enum jz_question question = JZ_QUESTION_PROBE;
    long seconds = 0;
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "read") == 0) {
        char *end;
        question = JZ_QUESTION_READ;
        seconds = strtol(argv[2], &end, 10);
        if (*end || seconds < 1 || seconds > JZ_READ_MAX_S)
            return usage();
    } else if (argc != 2 || strcmp(argv[1], "probe") != 0)
        return usage();

    struct desk desk = { 0 };
    struct jz_answer answer = { 0 };
    answer.problem = desk_open(&desk);
    if (!answer.problem)
        answer.problem = question == JZ_QUESTION_PROBE
                             ? probe(&desk, &answer)
                             : read_card(&desk, seconds, argc == 4 ? argv[3] : NULL, &answer.card);
    desk_close(&desk);
    jz_autofree char *line = jz_answer_format(question, &answer);
    return line && puts(line) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
