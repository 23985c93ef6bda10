#include "bridge/ssse.h"

#include "base/encoding.h"

#include <string.h>

enum {
    STATUS_DONE = 0x9000,
    STATUS_NO_RECORD = 0x6a83,
    MORE_TO_COME = 0x61,  /* and how much of it */
    WRONG_LENGTH = 0x6c,  /* and the right one */
    NOT_ALLOWED = 0x69,   /* and why: a key or a PIN is wanted first */
    MAX_EXCHANGES = 4,    /* for one command */
    MAX_DATA_BYTES = 512, /* that one command brings */
    CARD_NUMBER_CHARACTERS = 9,
};

struct response {
    uint8_t data[MAX_DATA_BYTES];
    size_t size;
    unsigned status;
};

/* What the records of a card are gathered in. */
struct reading {
    struct jz_card card;
    char name[2 * UINT8_MAX]; /* GB18030, as far as it has come */
    size_t name_size;
};

/* Sends a command and fetches all of its response, as T=0 has it in several steps. */
static enum jz_problem exchange(const struct jz_card_channel *channel, const uint8_t *command,
                                size_t size, struct response *r)
{
    enum { LE = 4 };
    uint8_t part[JZ_APDU_RESPONSE_BYTES], next[LE + 1];
    r->size = 0;
    for (int i = 0; i < MAX_EXCHANGES; i++) {
        size_t n = 0;
        const enum jz_problem problem =
            channel->transmit(channel->context, command, size, part, &n);
        if (problem)
            return problem;
        if (n < 2 || n - 2 > sizeof r->data - r->size)
            return JZ_PROBLEM_CARD_UNREADABLE;
        memcpy(r->data + r->size, part, n - 2);
        r->size += n - 2;
        r->status = (unsigned)part[n - 2] << 8 | part[n - 1];
        if (part[n - 2] == WRONG_LENGTH && size == LE + 1)
            memcpy(next, command, LE);
        else if (part[n - 2] == MORE_TO_COME)
            memcpy(next, (const uint8_t[]){ 0x00, 0xc0, 0x00, 0x00 }, LE);
        else
            return JZ_PROBLEM_NONE;
        next[LE] = part[n - 1];
        command = next;
        size = sizeof next;
    }
    return JZ_PROBLEM_CARD_UNREADABLE;
}

/* The environment by its name: "sx1.sh.社会保障" in GB 2312. */
static enum jz_problem select_environment(const struct jz_card_channel *channel)
{
    static const uint8_t command[] = { 0x00, 0xa4, 0x04, 0x00, 15,   's',  'x',  '1',  '.',  's',
                                       'h',  '.',  0xc9, 0xe7, 0xbb, 0xe1, 0xb1, 0xa3, 0xd5, 0xcf };
    struct response r;
    const enum jz_problem problem = exchange(channel, command, sizeof command, &r);
    return problem ? problem : r.status == STATUS_DONE ? JZ_PROBLEM_NONE : JZ_PROBLEM_UNKNOWN_CARD;
}

/* A file that is not to be opened without a key counts as withheld. */
static enum jz_problem select_file(const struct jz_card_channel *channel, uint16_t file,
                                   struct reading *reading, bool *ret_is_open)
{
    const uint8_t command[] = { 0x00, 0xa4, 0x02, 0x00, 2, (uint8_t)(file >> 8), (uint8_t)file };
    struct response r;
    const enum jz_problem problem = exchange(channel, command, sizeof command, &r);
    if (problem)
        return problem;
    *ret_is_open = r.status == STATUS_DONE;
    if (r.status >> 8 == NOT_ALLOWED)
        reading->card.is_withheld = true;
    else if (r.status != STATUS_DONE)
        return JZ_PROBLEM_CARD_UNREADABLE;
    return JZ_PROBLEM_NONE;
}

/* Fields are longer than their values and filled up on the right. */
static size_t trimmed(const uint8_t *value, size_t size)
{
    while (size > 0 &&
           (value[size - 1] == 0x00 || value[size - 1] == 0xff || value[size - 1] == ' '))
        size--;
    return size;
}

static enum jz_problem take_card_number(struct reading *reading, const uint8_t *value, size_t size)
{
    size = trimmed(value, size);
    if (size > CARD_NUMBER_CHARACTERS)
        size = CARD_NUMBER_CHARACTERS;
    return jz_card_take_number(&reading->card, (const char *)value, size)
               ? JZ_PROBLEM_NONE
               : JZ_PROBLEM_CARD_UNREADABLE;
}

/* Four bytes with two digits each. A day that is none is left out: no card is lost for it. */
static struct jz_date packed_date(const uint8_t *value, size_t size)
{
    int64_t key = 0;
    for (size_t i = 0; size == 4 && i < size; i++) {
        if (value[i] >> 4 > 9 || (value[i] & 15) > 9)
            return (struct jz_date){ 0 };
        key = key * 100 + (value[i] >> 4) * 10 + (value[i] & 15);
    }
    return jz_date_from_key(key);
}

static enum jz_problem take_valid_from(struct reading *reading, const uint8_t *value, size_t size)
{
    reading->card.valid_from = packed_date(value, size);
    return JZ_PROBLEM_NONE;
}

static enum jz_problem take_valid_until(struct reading *reading, const uint8_t *value, size_t size)
{
    reading->card.valid_until = packed_date(value, size);
    return JZ_PROBLEM_NONE;
}

static enum jz_problem take_document(struct reading *reading, const uint8_t *value, size_t size)
{
    char text[UINT8_MAX + 1];
    size = trimmed(value, size);
    memcpy(text, value, size);
    text[size] = 0;
    if (size == 0)
        return JZ_PROBLEM_NONE;
    if (strlen(text) != size ||
        jz_document_parse(text, JZ_DOCUMENT_UNKNOWN, NULL, &reading->card.document, NULL) < 0)
        return JZ_PROBLEM_CARD_UNREADABLE;
    return JZ_PROBLEM_NONE;
}

/* Twice: a long name goes on in another record, and a character may lie across both. */
static enum jz_problem take_name(struct reading *reading, const uint8_t *value, size_t size)
{
    size = trimmed(value, size);
    memcpy(reading->name + reading->name_size, value, size);
    reading->name_size += size;
    return JZ_PROBLEM_NONE;
}

static const struct {
    uint16_t file;
    uint8_t tag;
    bool is_optional; /* older cards do not have it */
    enum jz_problem (*take)(struct reading *reading, const uint8_t *value, size_t size);
} records[] = {
    { 0xef05, 0x07, false, take_card_number }, { 0xef05, 0x05, false, take_valid_from },
    { 0xef05, 0x06, false, take_valid_until }, { 0xef06, 0x08, false, take_document },
    { 0xef06, 0x09, false, take_name },        { 0xef06, 0x4e, true, take_name },
};

/* A record is its tag, its length and its value; it is asked for by its tag. */
static enum jz_problem read_record(const struct jz_card_channel *channel, size_t row,
                                   struct reading *reading)
{
    const uint8_t command[] = { 0x00, 0xb2, records[row].tag, 0x00, 0x00 };
    struct response r;
    const enum jz_problem problem = exchange(channel, command, sizeof command, &r);
    if (problem)
        return problem;
    if (r.status == STATUS_DONE) {
        if (r.size < 2 || r.data[0] != records[row].tag || r.data[1] > r.size - 2)
            return JZ_PROBLEM_CARD_UNREADABLE;
        return records[row].take(reading, r.data + 2, r.data[1]);
    }
    if (records[row].is_optional || r.status == STATUS_NO_RECORD)
        return JZ_PROBLEM_NONE;
    if (r.status >> 8 != NOT_ALLOWED)
        return JZ_PROBLEM_CARD_UNREADABLE;
    reading->card.is_withheld = true;
    return JZ_PROBLEM_NONE;
}

static enum jz_problem finish_name(struct reading *reading)
{
    JZ_CLEANUP(jz_transcoder_freep) struct jz_transcoder *t = NULL;
    char text[JZ_ENCODING_GROWTH * sizeof reading->name];
    size_t used;
    if (reading->name_size == 0)
        return JZ_PROBLEM_NONE;
    if (jz_transcoder_new(JZ_ENCODING_GB18030, JZ_ENCODING_UTF8, &t, NULL) < 0)
        return JZ_PROBLEM_INTERNAL;
    const ssize_t n =
        jz_transcoder_run(t, reading->name, reading->name_size, text, sizeof text, &used);
    if (n < 0 || !jz_card_take_name(&reading->card, text, (size_t)n))
        return JZ_PROBLEM_CARD_UNREADABLE;
    return JZ_PROBLEM_NONE;
}

enum jz_problem jz_ssse_read(const struct jz_card_channel *channel, struct jz_card *ret_card)
{
    struct reading reading = { .card.kind = JZ_DOCUMENT_SOCIAL_CARD };
    enum jz_problem problem = select_environment(channel);
    bool is_open = false;
    for (size_t i = 0; !problem && i < sizeof records / sizeof records[0]; i++) {
        if (i == 0 || records[i].file != records[i - 1].file)
            problem = select_file(channel, records[i].file, &reading, &is_open);
        if (!problem && is_open)
            problem = read_record(channel, i, &reading);
    }
    if (!problem)
        problem = finish_name(&reading);
    if (!problem && !*reading.card.number && !reading.card.is_withheld)
        problem = JZ_PROBLEM_CARD_UNREADABLE;
    if (!problem)
        *ret_card = reading.card;
    return problem;
}
