#include "verdicts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *or_dash(const struct jz_csv_field *field)
{
    return *field->text ? field->text : "-";
}

size_t read_verdicts(const char *path, char (*ret_texts)[VERDICT_BYTES], size_t room)
{
    static const struct jz_csv_column columns[] = {
        { "verdict", NULL, true }, { "column", NULL, true },      { "reason", NULL, true },
        { "row", NULL, true },     { "explanation", NULL, true }, { "reference", NULL, true },
    };
    const struct jz_csv_options options = { .columns = columns, .column_count = 6 };
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *csv = NULL;
    struct jz_csv_row row;
    struct jz_error err;
    size_t count = 0;
    if (jz_csv_open(path, &options, &csv, &err) < 0)
        fail_msg("%s", err.text);
    while (jz_csv_next(csv, &row, &err) == 1) {
        assert_int_equal(row.trouble, JZ_CSV_FINE);
        assert_true(row.fields[4].size > 0);
        if (count < room) {
            const bool plain = !*row.fields[1].text && !*row.fields[2].text;
            if (plain)
                snprintf(ret_texts[count], VERDICT_BYTES, "%s", row.fields[0].text);
            else
                snprintf(ret_texts[count], VERDICT_BYTES, "%s %s %s", row.fields[0].text,
                         or_dash(&row.fields[1]), or_dash(&row.fields[2]));
        }
        count++;
    }
    return count;
}

void check_verdicts(const char *path, const char *const *wanted)
{
    enum { MOST = 64 };
    char texts[MOST][VERDICT_BYTES];
    const size_t count = read_verdicts(path, texts, MOST);
    size_t i = 0;
    for (; wanted[i] && i < count; i++)
        if (strcmp(texts[i], wanted[i]) != 0)
            fail_msg("row %zu: '%s', wanted '%s'", i + 1, texts[i], wanted[i]);
    assert_int_equal(count, i);
    assert_null(wanted[i]);
}
