/*
 * Rows of data matches and employers' lists: the first byte says which, each line is a field. What
 * was read is in its limits, and a name is always the same as itself.
 */
#include "ledger/match.h"
#include "ledger/unit_list.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES = 1024, FIELDS = 6 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_row(const struct jz_row_format *format, const struct jz_csv_field *fields,
                      bool is_death)
{
    struct jz_row row = { .on = { 0 } };
    unsigned column = format->column_count;
    const enum jz_row_refusal r = format->read(fields, is_death, &row, &column);
    require(r < JZ_ROW_REFUSALS && column < format->column_count);
    require(strlen(row.who) <= JZ_ROW_WHO_MAX && strlen(row.name) <= JZ_ROW_NAME_MAX);
    require(strlen(row.event) <= JZ_ROW_EVENT_MAX && strlen(row.ref) <= JZ_ROW_REF_MAX);
    if (r != JZ_REFUSED_NOT)
        return;
    require(*row.who && jz_date_is_set(row.on));
    require(row.place == 0 || (row.place >= 110000 && row.place <= 999999));
    require(!row.not_passed || jz_reason_info(row.not_passed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > TEXT_BYTES)
        return 0;
    char text[TEXT_BYTES];
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    struct jz_csv_field fields[FIELDS];
    char *at = text, *const end = text + size - 1;
    for (int i = 0; i < FIELDS; i++) {
        char *feed = memchr(at, '\n', (size_t)(end - at));
        char *stop = feed ? feed : end;
        *stop = 0;
        fields[i] = (struct jz_csv_field){ at, strlen(at) }; /* a reader refuses NUL bytes */
        at = feed ? feed + 1 : end;
    }
    check_row(data[0] & 1 ? &jz_unit_list_format : &jz_match_format, fields, data[0] & 2);
    for (int i = 0; i + 1 < FIELDS; i++) {
        require(jz_same_name(fields[i].text, fields[i].text));
        require(jz_same_name(fields[i].text, fields[i + 1].text) ==
                jz_same_name(fields[i + 1].text, fields[i].text));
    }
    return 0;
}
