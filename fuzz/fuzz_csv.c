/*
 * A table as it comes: the first byte says how much one read gives and which encoding was declared.
 * Rows must tile the file, broken ones must be shown as they stand in it, and what is read must
 * read the same when resumed.
 */
#include "base/csv.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
    const uint8_t *at;
    size_t left, most;
};

static ssize_t read_memory(void *source, void *buffer, size_t size, struct jz_error *err)
{
    (void)err;
    struct memory *m = source;
    size_t n = m->left < size ? m->left : size;
    n = n < m->most ? n : m->most;
    memcpy(buffer, m->at, n);
    m->at += n;
    m->left -= n;
    return (ssize_t)n;
}

enum { COLUMNS = 3, MAX_TWINS = 3 };

static const struct jz_csv_column columns[COLUMNS] = {
    { "id", NULL, true },
    { "name", (const char *const[]){ "姓名", NULL }, false },
    { "town", NULL, false },
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_row(const struct jz_csv_row *row, const uint8_t *text, size_t size)
{
    require(row->offset < row->next_offset && row->next_offset <= size);
    require(row->next_line >= row->line);
    if (row->trouble) {
        require(!row->fields && row->raw_size <= row->next_offset - row->offset);
        require(memcmp(row->raw, text + row->offset, row->raw_size) == 0);
        return;
    }
    for (int i = 0; i < COLUMNS; i++) {
        const struct jz_csv_field *f = &row->fields[i];
        require(strlen(f->text) == f->size);
        require(jz_utf8_valid(f->text, f->size) == f->size);
    }
}

/* A second reader that resumes at the row must see it as the first did. */
static void check_twin(const struct jz_csv_options *o, const struct jz_csv_row *row,
                       const uint8_t *text, size_t size)
{
    struct memory memory = { text, size, size };
    struct jz_error err;
    struct jz_csv *c;
    struct jz_csv_row twin;
    require(jz_csv_open_source(read_memory, &memory, "fuzz", o, &c, &err) == 0);
    require(jz_csv_resume(c, row->offset, row->line, &err) == 0);
    require(jz_csv_next(c, &twin, &err) == 1);
    require(twin.trouble == row->trouble && twin.column == row->column);
    require(twin.next_offset == row->next_offset && twin.next_line == row->next_line);
    for (int i = 0; !row->trouble && i < COLUMNS; i++)
        require(strcmp(twin.fields[i].text, row->fields[i].text) == 0);
    jz_csv_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Held, so that the C library does not load its tables anew for every input. */
    static struct jz_transcoder *held;
    if (size == 0 ||
        (!held && jz_transcoder_new(JZ_ENCODING_GB18030, JZ_ENCODING_UTF8, &held, NULL) < 0))
        return 0;
    struct memory memory = { data + 1, size - 1, (size_t)(data[0] / 3) + 1 };
    struct jz_csv_options o = { .columns = columns,
                                .column_count = COLUMNS,
                                .encoding = (enum jz_encoding)(data[0] % 3) };
    struct jz_error err = { 0 };
    struct jz_csv *c;
    const int opened = jz_csv_open_source(read_memory, &memory, "fuzz", &o, &c, &err);
    if (opened < 0) {
        require(err.code == opened);
        return 0;
    }
    struct jz_csv_row row;
    uint64_t behind = 0;
    int r, twins = 0;
    while ((r = jz_csv_next(c, &row, &err)) == 1) {
        check_row(&row, data + 1, size - 1);
        require(row.offset >= behind);
        behind = row.next_offset;
        o.encoding = jz_csv_encoding(c);
        if (twins++ < MAX_TWINS)
            check_twin(&o, &row, data + 1, size - 1);
    }
    require(r == 0);
    jz_csv_free(c);
    return 0;
}
