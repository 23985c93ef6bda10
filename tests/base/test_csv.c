/* The CSV reader and writer: every form, every trouble, and that nothing depends on read sizes. */
#include "base/csv.h"
#include "base/csv_write.h"
#include "base/file.h"

#include <iconv.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct memory {
    const char *at;
    size_t left, most; /* so many bytes come at one read */
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

static const struct jz_csv_column columns[] = {
    { "id", (const char *const[]){ "证件号码", "ID number", NULL }, true },
    { "name", (const char *const[]){ "姓名", NULL }, false },
    { "town", NULL, false },
};

enum { COLUMNS = sizeof columns / sizeof columns[0], ANSWER_BYTES = 4096 };

static const struct jz_csv_options options = { .columns = columns, .column_count = COLUMNS };

static void append(char *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(char *answer, const char *format, ...)
{
    const size_t used = strlen(answer);
    va_list ap;
    va_start(ap, format);
    vsnprintf(answer + used, ANSWER_BYTES - used, format, ap);
    va_end(ap);
}

/* A NUL becomes a tilde, so that the answers are texts. */
static void append_raw(char *answer, const struct jz_csv_row *row)
{
    for (size_t i = 0; i < row->raw_size; i++)
        append(answer, "%c", row->raw[i] ? row->raw[i] : '~');
}

/* A line a row: "id|name|town", or "!LINE:COLUMN trouble: raw bytes". */
static void answer_rows(struct jz_csv *c, char *answer)
{
    struct jz_csv_row row;
    struct jz_error err;
    int r;
    while ((r = jz_csv_next(c, &row, &err)) == 1) {
        if (row.trouble) {
            append(answer, "!%" PRIu64 ":%u %s: ", row.line, row.column,
                   jz_csv_trouble_info(row.trouble)->name);
            append_raw(answer, &row);
            append(answer, "\n");
            assert_null(row.fields);
            continue;
        }
        for (int i = 0; i < COLUMNS; i++) {
            assert_int_equal(strlen(row.fields[i].text), row.fields[i].size);
            append(answer, "%s%s", i ? "|" : "", row.fields[i].text);
        }
        append(answer, "\n");
    }
    assert_int_equal(r, 0);
}

static void read_all(const char *text, size_t size, size_t most, enum jz_encoding encoding,
                     char *answer)
{
    struct memory memory = { text, size, most };
    struct jz_csv_options o = options;
    o.encoding = encoding;
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = NULL;
    struct jz_error err;
    *answer = 0;
    const int r = jz_csv_open_source(read_memory, &memory, "made up", &o, &c, &err);
    if (r < 0)
        append(answer, "%s: %s", jz_error_info(r)->name, err.text);
    else
        answer_rows(c, answer);
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *what, *text;
    size_t size;
    const char *answer;
} tables[] = {
    { "plain", BYTES("id,name,town\n1,a,b\n2,c,d\n"), "1|a|b\n2|c|d\n" },
    { "CRLF", BYTES("id,name,town\r\n1,a,b\r\n2,c,d\r\n"), "1|a|b\n2|c|d\n" },
    { "no line end at the end", BYTES("id,name\n1,a\n2,b"), "1|a|\n2|b|\n" },
    { "a carriage return at the end", BYTES("id,name\n1,a\r"), "1|a|\n" },
    { "an empty field at the end", BYTES("id,name\n1,"), "1||\n" },
    { "quotes", BYTES("id,name,town\n\"1\",\"a,b\",\"c\"\"d\"\n"), "1|a,b|c\"d\n" },
    { "only quotes", BYTES("id,name,town\n\"\",\"\"\"\",\"\"\"\"\"\"\n"), "|\"|\"\"\n" },
    { "line ends in quotes", BYTES("id,name\n1,\"a\r\nb\"\n2,\"c\"\n\"x\n\n"),
      "1|a\r\nb|\n2|c|\n!5:1 open_quote: \"x\n" },
    { "a quote inside", BYTES("id,name\n1,5\" pipe\n"), "1|5\" pipe|\n" },
    { "mark", BYTES("\xEF\xBB\xBFid,name\n1,a\n"), "1|a|\n" },
    { "mark and quotes", BYTES("\xEF\xBB\xBF\"id\",\"name\"\n1,a\n"), "1|a|\n" },
    { "UTF-8", BYTES("证件号码,姓名\n1,张𠮷\n"), "1|张𠮷|\n" },
    { "tab", BYTES("id\tname, first\ttown\n1\ta,b;c\td\n"), "1||d\n" },
    { "semicolon", BYTES("id;name;town\n1;a,b;c\n"), "1|a,b|c\n" },
    { "commas in a quoted header", BYTES("id;\"a,b,c\";name\n1;x;y\n"), "1|y|\n" },
    { "one column", BYTES("id\n1\n2\n"), "1||\n2||\n" },
    { "other order, unknown column", BYTES("town,extra,id\nx,y,1\n"), "1||x\n" },
    { "decorated header", BYTES(" *ID-Number , 姓名＊,\u3000Town\n1,a,b\n"), "1|a|b\n" },
    { "blank lines", BYTES("\n\r\nid,name\n\n1,a\n\r\n,\n2,b\n\n"), "1|a|\n2|b|\n" },
    { "columns without name", BYTES("id,name,,\n1,a,,\n"), "1|a|\n" },
    { "too few", BYTES("id,name,town\n1,a\n2,b,c\n"), "!2:2 too_few_fields: 1,a\n2|b|c\n" },
    { "too many", BYTES("id,name\n1,a,b\n2,c\n"), "!2:3 too_many_fields: 1,a,b\n2|c|\n" },
    { "too many over two lines", BYTES("id,name\n1,\"a\nb\",c\n2,d\n"),
      "!2:3 too_many_fields: 1,\"a\nb\",c\n2|d|\n" },
    { "NUL", BYTES("id,name\n1,a\0b\n2,c\n"), "!2:2 nul_byte: 1,a~b\n2|c|\n" },
    { "NUL where nobody looks", BYTES("id,extra\n1,a\0b\n"), "1||\n" },
    { "lone CR", BYTES("id,name\n1,a\rb\n2,c\n"), "!2:2 stray_cr: 1,a\rb\n2|c|\n" },
    { "CR in quotes", BYTES("id,name\n1,\"a\rb\"\n"), "1|a\rb|\n" },
    { "text behind a quote", BYTES("id,name\n\"1\"2,a\n3,b\n"),
      "!2:1 stray_quote: \"1\"2,a\n3|b|\n" },
    { "an open quote costs its line", BYTES("id,name\n1,\"a\n2,b\n3,c\n"),
      "!2:2 open_quote: 1,\"a\n2|b|\n3|c|\n" },
    { "an open quote meets the next", BYTES("id,name\n1,\"a\n2,\"b\"\n3,c\n"),
      "!2:2 stray_quote: 1,\"a\n2|b|\n3|c|\n" },
    { "bad UTF-8", BYTES("id,name\n1,\xE5\xBC\n2,张\n"), "!2:2 bad_bytes: 1,\xE5\xBC\n2|张|\n" },
    { "overlong UTF-8", BYTES("id,name\n1,\xC0\x80\n2,张\n"),
      "!2:2 bad_bytes: 1,\xC0\x80\n2|张|\n" },
    { "bad UTF-8 in quotes", BYTES("id,name\n1,\"\xFF\nx\"\n2,张\n"),
      "!2:2 bad_bytes: 1,\"\xFF\nx\"\n2|张|\n" },
    /* Characters of two bytes and of four, the last between doubled quotes. */
    { "GB18030",
      BYTES("\xD6\xA4\xBC\xFE\xBA\xC5\xC2\xEB,\xD0\xD5\xC3\xFB\n1,\xD5\xC5\xC8\xFD\n"
            "2,\"\"\"\x95\x34\xB0\x31\"\"\"\n"),
      "1|张三|\n2|\"𠮟\"|\n" },
    { "GB18030 with a broken row",
      BYTES("\xD6\xA4\xBC\xFE\xBA\xC5\xC2\xEB,\xD0\xD5\xC3\xFB\n1,\xD5\xC5\xC8\xFD\n2,b\n"),
      "1|张三|\n2|b|\n" },
    { "GB18030 mark", BYTES("\x84\x31\x95\x33id,name\n1,\xD5\xC5\n"), "1|张|\n" },
    { "empty", BYTES(""), "bad_format: made up: no header row" },
    { "blank", BYTES("\n\n\r\n"), "bad_format: made up: no header row" },
    { "mark only", BYTES("\xEF\xBB\xBF"), "bad_format: made up: no header row" },
    { "no required column", BYTES("name,town\n"),
      "bad_format: made up: no column 'id'; accepted names: 'id', '证件号码', 'ID number'" },
    { "a column twice", BYTES("id,name,证件号码\n"),
      "bad_format: made up: columns 1 and 3 are both 'id'" },
    { "UTF-16", BYTES("\xFF\xFEi\0d\0\n\0"),
      "unsupported: made up: is UTF-16; save it as CSV in UTF-8 or GB18030" },
    { "header never closed", BYTES("\"id,name\n1,2\n"),
      "bad_format: made up: header, column 1: a quote that is never closed" },
    { "lines end in CR", BYTES("id,name\r1,a\r2,b\r"),
      "bad_format: made up: header, column 2: a carriage return alone; lines end in LF or CRLF" },
};

enum { TABLES = sizeof tables / sizeof tables[0] };

static void tables_read_as_they_should(void **state)
{
    (void)state;
    static const size_t mosts[] = { 1, 2, 3, 7, 1 << 20 };
    for (int i = 0; i < TABLES; i++)
        for (size_t k = 0; k < sizeof mosts / sizeof mosts[0]; k++) {
            char answer[ANSWER_BYTES];
            read_all(tables[i].text, tables[i].size, mosts[k], JZ_ENCODING_AUTO, answer);
            if (strcmp(answer, tables[i].answer) != 0)
                fail_msg("%s, %zu bytes a read:\n%s\nwanted:\n%s", tables[i].what, mosts[k], answer,
                         tables[i].answer);
        }
}

static void declared_encodings_are_kept(void **state)
{
    (void)state;
    char answer[ANSWER_BYTES];
    /* These four bytes are valid in both encodings: Ã¤Ã¶ is not what a register means. */
    const char both[] = "id,name\n1,\xC3\xA4\xC3\xB6\n";
    read_all(both, sizeof both - 1, 99, JZ_ENCODING_AUTO, answer);
    assert_string_equal(answer, "1|äö|\n");
    read_all(both, sizeof both - 1, 99, JZ_ENCODING_GB18030, answer);
    assert_string_equal(answer, "1|盲枚|\n");
    read_all("id,name\n1,\xD5\xC5\n", 12, 99, JZ_ENCODING_UTF8, answer);
    assert_string_equal(answer, "!2:2 bad_bytes: 1,\xD5\xC5\n");
    /* A lead byte before the separator does not swallow it. */
    read_all("id,name\n1,\xD5\n\xD5,2\n3,4\n", 19, 99, JZ_ENCODING_GB18030, answer);
    assert_string_equal(answer, "!2:2 bad_bytes: 1,\xD5\n!3:1 bad_bytes: \xD5,2\n3|4|\n");
}

static struct jz_csv *open_text(struct memory *memory)
{
    struct jz_csv *c = NULL;
    struct jz_error err;
    assert_int_equal(jz_csv_open_source(read_memory, memory, "made up", &options, &c, &err), 0);
    return c;
}

static void the_header_can_be_asked(void **state)
{
    (void)state;
    const char text[] = "extra\tid\t别的\t\n1\t2\t3\t\n4\t\xE5\xBC\xA0\t5\t\n";
    struct memory memory = { text, sizeof text - 1, 5 };
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = open_text(&memory);
    assert_int_equal(jz_csv_separator(c), '\t');
    assert_int_equal(jz_csv_encoding(c), JZ_ENCODING_UTF8);
    assert_true(jz_csv_has(c, 0));
    assert_false(jz_csv_has(c, 1));
    assert_int_equal(jz_csv_unknown_count(c), 2);
    assert_string_equal(jz_csv_unknown(c, 0), "extra");
    assert_string_equal(jz_csv_unknown(c, 1), "别的");
}

/* The encoding is open until a block has other bytes than ASCII, however late that is. */
static void late_bytes_settle_the_encoding(void **state)
{
    (void)state;
    enum { ROWS = 100000 };
    jz_autofree char *text = malloc(ROWS * 10 + 100);
    size_t size = (size_t)sprintf(text, "id,name\n");
    for (int i = 0; i < ROWS; i++)
        size += (size_t)sprintf(text + size, "%d,aa\n", i);
    size += (size_t)sprintf(text + size, "x,\xD5\xC5\n");
    struct memory memory = { text, size, 4096 };
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = open_text(&memory);
    assert_int_equal(jz_csv_encoding(c), JZ_ENCODING_AUTO);
    struct jz_csv_row row;
    struct jz_error err;
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(jz_csv_next(c, &row, &err), 1);
        assert_int_equal(atoi(row.fields[0].text), i);
        assert_int_equal(row.line, i + 2);
    }
    assert_int_equal(jz_csv_next(c, &row, &err), 1);
    assert_string_equal(row.fields[1].text, "张");
    assert_int_equal(jz_csv_encoding(c), JZ_ENCODING_GB18030);
    assert_int_equal(jz_csv_next(c, &row, &err), 0);
    assert_int_equal(jz_csv_next(c, &row, &err), 0);
}

static void reading_resumes_behind_every_row(void **state)
{
    (void)state;
    char folder[] = "/tmp/jz-csv-XXXXXX";
    assert_non_null(mkdtemp(folder));
    jz_autofree char *path = jz_path_join(folder, "file");
    for (int i = 0; i < TABLES; i++) {
        struct jz_error err;
        assert_int_equal(jz_file_write(path, tables[i].text, tables[i].size, &err), 0);
        struct jz_csv *whole = NULL;
        if (jz_csv_open(path, &options, &whole, &err) < 0)
            continue;
        char all[ANSWER_BYTES] = "";
        answer_rows(whole, all);
        assert_string_equal(all, tables[i].answer);
        jz_csv_free(whole);

        char pieces[ANSWER_BYTES] = "";
        uint64_t offset = 0, line = 0;
        for (int r = 1; r == 1;) {
            JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = NULL;
            struct jz_csv_row row;
            assert_int_equal(jz_csv_open(path, &options, &c, &err), 0);
            if (offset > 0)
                assert_int_equal(jz_csv_resume(c, offset, line, &err), 0);
            r = jz_csv_next(c, &row, &err);
            assert_true(r >= 0);
            if (r == 0)
                break;
            assert_memory_equal(row.trouble ? row.raw : tables[i].text + row.offset,
                                tables[i].text + row.offset, row.trouble ? row.raw_size : 0);
            if (row.trouble) {
                append(pieces, "!%" PRIu64 ":%u %s: ", row.line, row.column,
                       jz_csv_trouble_info(row.trouble)->name);
                append_raw(pieces, &row);
                append(pieces, "\n");
            } else {
                append(pieces, "%s|%s|%s\n", row.fields[0].text, row.fields[1].text,
                       row.fields[2].text);
            }
            offset = row.next_offset;
            line = row.next_line;
        }
        assert_string_equal(pieces, tables[i].answer);
    }
    unlink(path);
    rmdir(folder);
}

static void resuming_has_bounds(void **state)
{
    (void)state;
    const char text[] = "id,name\n1,a\n2,b\n3,c\n";
    struct memory memory = { text, sizeof text - 1, 3 };
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = open_text(&memory);
    struct jz_csv_row row;
    struct jz_error err;
    assert_int_equal(jz_csv_resume(c, 3, 1, &err), JZ_E_USAGE);
    assert_int_equal(jz_csv_resume(c, 16, 4, &err), 0);
    assert_int_equal(jz_csv_next(c, &row, &err), 1);
    assert_string_equal(row.fields[0].text, "3");
    assert_int_equal(row.line, 4);
    assert_int_equal(jz_csv_resume(c, 20, 5, &err), 0);
    assert_int_equal(jz_csv_next(c, &row, &err), 0);
    assert_int_equal(jz_csv_resume(c, 21, 5, &err), JZ_E_FORMAT);
}

/* A file of one long row between short ones; what is long is put together by the case. */
static const struct {
    const char *what, *before, *after;
    size_t filling;
    enum jz_csv_trouble trouble;
    size_t raw_size;
} longs[] = {
    { "longest field", "1,", "\n", JZ_CSV_MAX_FIELD_BYTES, JZ_CSV_FINE, 0 },
    { "longer field", "1,", "\n", JZ_CSV_MAX_FIELD_BYTES + 1, JZ_CSV_LONG_FIELD,
      JZ_CSV_MAX_FIELD_BYTES + 3 },
    { "quoted longer field", "1,\"", "\"\n", JZ_CSV_MAX_FIELD_BYTES + 1, JZ_CSV_LONG_FIELD,
      JZ_CSV_MAX_FIELD_BYTES + 5 },
    { "long row", "1,", "\n", JZ_CSV_MAX_ROW_BYTES + 10, JZ_CSV_LONG_ROW, JZ_CSV_MAX_ROW_BYTES },
    { "very long row", "1,", "\n", 5 * JZ_CSV_MAX_ROW_BYTES, JZ_CSV_LONG_ROW,
      JZ_CSV_MAX_ROW_BYTES },
    { "very long open quote", "1,\"", "\n", 3 * JZ_CSV_MAX_ROW_BYTES, JZ_CSV_OPEN_QUOTE,
      JZ_CSV_MAX_ROW_BYTES },
    { "stray quote in a long line", "\"1\"", "\n", 3 * JZ_CSV_MAX_ROW_BYTES, JZ_CSV_STRAY_QUOTE,
      JZ_CSV_MAX_ROW_BYTES },
};

static void long_rows_cost_only_themselves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++) {
        jz_autofree char *text = malloc(longs[i].filling + 100);
        size_t size = (size_t)sprintf(text, "id,name\n0,x\n%s", longs[i].before);
        memset(text + size, 'y', longs[i].filling);
        size += longs[i].filling;
        size += (size_t)sprintf(text + size, "%s2,z\n", longs[i].after);
        struct memory memory = { text, size, 50000 };
        JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = open_text(&memory);
        struct jz_csv_row row;
        struct jz_error err;
        assert_int_equal(jz_csv_next(c, &row, &err), 1);
        assert_int_equal(jz_csv_next(c, &row, &err), 1);
        if (row.trouble != longs[i].trouble)
            fail_msg("%s: %s", longs[i].what, jz_csv_trouble_info(row.trouble)->name);
        assert_int_equal(row.line, 3);
        assert_int_equal(row.offset, 12);
        assert_int_equal(row.next_offset, size - 4);
        if (row.trouble) {
            assert_int_equal(row.raw_size, longs[i].raw_size);
            assert_memory_equal(row.raw, text + 12, row.raw_size);
        } else {
            assert_int_equal(row.fields[1].size, longs[i].filling);
        }
        assert_int_equal(jz_csv_next(c, &row, &err), 1);
        assert_string_equal(row.fields[1].text, "z");
        assert_int_equal(row.line, 4);
        assert_int_equal(row.offset, size - 4);
        assert_int_equal(jz_csv_next(c, &row, &err), 0);
    }
}

static void too_many_fields_are_refused(void **state)
{
    (void)state;
    char text[3 * JZ_CSV_MAX_FIELDS + 100], answer[ANSWER_BYTES];
    size_t size = (size_t)sprintf(text, "id");
    for (int i = 1; i < JZ_CSV_MAX_FIELDS; i++)
        text[size++] = ',';
    const size_t header = size;
    size += (size_t)sprintf(text + size, "\n1");
    memset(text + size, ',', JZ_CSV_MAX_FIELDS);
    read_all(text, size + JZ_CSV_MAX_FIELDS - 1, 999, JZ_ENCODING_AUTO, answer);
    assert_string_equal(answer, "1||\n");
    read_all(text, size + JZ_CSV_MAX_FIELDS, 999, JZ_ENCODING_AUTO, answer);
    assert_ptr_equal(strstr(answer, "!2:512 too_many_fields: 1,,"), answer);
    text[header] = ',';
    text[header + 1] = '\n';
    read_all(text, header + 2, 999, JZ_ENCODING_AUTO, answer);
    assert_ptr_equal(strstr(answer, "too_large: made up: header, column 512: "), answer);
}

static void files_that_are_not_there_are_named(void **state)
{
    (void)state;
    struct jz_csv *c = NULL;
    struct jz_error err;
    assert_int_equal(jz_csv_open("/nowhere/x.csv", &options, &c, &err), JZ_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nowhere/x.csv"));
    assert_int_equal(jz_csv_open("/tmp", &options, &c, &err), JZ_E_IO);
    assert_null(c);
}

struct sink {
    char text[1 << 18];
    size_t size, calls;
};

static int write_sink(void *sink, const void *data, size_t size, struct jz_error *err)
{
    struct sink *s = sink;
    if (s->size + size > sizeof s->text - 1)
        return jz_error_set(err, JZ_E_IO, "full");
    memcpy(s->text + s->size, data, size);
    s->size += size;
    s->text[s->size] = 0;
    s->calls++;
    return 0;
}

static const struct {
    const char *text, *written;
} written[] = {
    { "plain", "plain" },
    { "", "" },
    { "张三", "张三" },
    { "a,b", "\"a,b\"" },
    { "a\"b\"", "\"a\"\"b\"\"\"" },
    { "a\nb", "\"a\nb\"" },
    { " a", "\" a\"" },
    { "a ", "\"a \"" },
    { "=1+1", "'=1+1" },
    { "+86 10", "'+86 10" },
    { "-1", "'-1" },
    { "@x", "'@x" },
    { "\tx", "\"'\tx\"" },
    { "＝1", "'＝1" },
    { "=a,\"b\"", "\"'=a,\"\"b\"\"\"" },
    { "'=x", "''=x" },
    { "'s-Gravenhage", "'s-Gravenhage" },
    { "a=b", "a=b" },
};

static void text_is_quoted_and_guarded(void **state)
{
    (void)state;
    static struct jz_csv_writer w;
    static struct sink sink;
    struct jz_error err;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        sink.size = 0;
        jz_csv_writer_init(&w, write_sink, &sink);
        jz_csv_put_plain(&w, "id");
        jz_csv_put_plain(&w, "name");
        jz_csv_end_row(&w);
        jz_csv_put_int(&w, -5);
        jz_csv_put_text(&w, written[i].text);
        jz_csv_end_row(&w);
        assert_int_equal(jz_csv_writer_flush(&w, &err), 0);
        char wanted[200];
        snprintf(wanted, sizeof wanted, "id,name\r\n-5,%s\r\n", written[i].written);
        assert_string_equal(sink.text, wanted);

        struct memory memory = { sink.text, sink.size, 1 };
        JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = open_text(&memory);
        struct jz_csv_row row;
        assert_int_equal(jz_csv_next(c, &row, &err), 1);
        assert_string_equal(row.fields[0].text, "-5");
        assert_string_equal(jz_csv_unguard(row.fields[1].text), written[i].text);
    }
}

static void numbers_and_days_are_plain(void **state)
{
    (void)state;
    static struct jz_csv_writer w;
    static struct sink sink;
    struct jz_error err;
    jz_csv_writer_init(&w, write_sink, &sink);
    jz_csv_put_int(&w, INT64_MIN);
    jz_csv_put_int(&w, 0);
    jz_csv_put_int(&w, INT64_MAX);
    jz_csv_put_date(&w, (struct jz_date){ 2026, 1, 5 });
    jz_csv_put_date(&w, (struct jz_date){ 0 });
    jz_csv_put_plain(&w, "-x");
    jz_csv_put_text(&w, NULL);
    jz_csv_end_row(&w);
    assert_int_equal(jz_csv_writer_flush(&w, &err), 0);
    assert_string_equal(sink.text,
                        "-9223372036854775808,0,9223372036854775807,2026-01-05,,-x,\r\n");
}

static void rows_come_whole_and_failures_stick(void **state)
{
    (void)state;
    static struct jz_csv_writer w;
    static struct sink sink;
    struct jz_error err;
    sink.size = sink.calls = 0;
    jz_csv_writer_init(&w, write_sink, &sink);
    size_t calls = 0;
    for (int i = 0; i < 9000; i++) {
        jz_csv_put_text(&w, "张三张三");
        jz_csv_put_int(&w, i);
        jz_csv_end_row(&w);
        if (sink.calls > calls)
            assert_int_equal(sink.text[sink.size - 1], '\n');
        calls = sink.calls;
    }
    assert_true(calls > 2);
    for (int i = 0; i < 9000; i++) {
        jz_csv_put_text(&w, "a longer text, so that the sink is full soon");
        jz_csv_end_row(&w);
    }
    assert_int_equal(jz_csv_writer_flush(&w, &err), JZ_E_IO);
    assert_string_equal(err.text, "full");
    assert_int_equal(jz_csv_writer_flush(&w, NULL), JZ_E_IO);
}

static void encodings_have_names(void **state)
{
    (void)state;
    enum jz_encoding e;
    assert_true(jz_encoding_parse("GBK", &e) && e == JZ_ENCODING_GB18030);
    assert_true(jz_encoding_parse("UTF-8", &e) && e == JZ_ENCODING_UTF8);
    assert_true(jz_encoding_parse("utf8", &e) && e == JZ_ENCODING_UTF8);
    assert_false(jz_encoding_parse("latin1", &e));
    assert_string_equal(jz_encoding_name(JZ_ENCODING_GB18030), "gb18030");
}

/* Three bytes at a time, against what the C library converts. */
static void validity_is_the_c_librarys(void **state)
{
    (void)state;
    const iconv_t handle = iconv_open("UTF-32LE", "UTF-8");
    assert_true(handle != (iconv_t)-1);
    for (unsigned b = 0; b < 1u << 24; b += 1 + (b & 3)) {
        char text[] = { (char)(b >> 16), (char)(b >> 8), (char)b }, out[16];
        char *in = text, *at = out;
        size_t left = sizeof text, room = sizeof out;
        iconv(handle, &in, &left, &at, &room);
        iconv(handle, NULL, NULL, NULL, NULL);
        if (jz_utf8_valid(text, sizeof text) != sizeof text - left)
            fail_msg("%06x: valid %zu, converted all but %zu", b, jz_utf8_valid(text, 3), left);
    }
    iconv_close(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_read_as_they_should),
        cmocka_unit_test(declared_encodings_are_kept),
        cmocka_unit_test(the_header_can_be_asked),
        cmocka_unit_test(late_bytes_settle_the_encoding),
        cmocka_unit_test(reading_resumes_behind_every_row),
        cmocka_unit_test(resuming_has_bounds),
        cmocka_unit_test(long_rows_cost_only_themselves),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(files_that_are_not_there_are_named),
        cmocka_unit_test(text_is_quoted_and_guarded),
        cmocka_unit_test(numbers_and_days_are_plain),
        cmocka_unit_test(rows_come_whole_and_failures_stick),
        cmocka_unit_test(encodings_have_names),
        cmocka_unit_test(validity_is_the_c_librarys),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
