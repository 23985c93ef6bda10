#include "base/csv_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum {
    BLOCK_BYTES = 1 << 16,
    MAX_ROOM = JZ_CSV_MAX_ROW_BYTES + BLOCK_BYTES,
};

static const struct jz_csv_trouble_info infos[JZ_CSV_TROUBLE_COUNT] = {
    [JZ_CSV_FINE] = { "fine", "正常", "正常", "fine" },
    [JZ_CSV_TOO_FEW_FIELDS] = { "too_few_fields", "列数少于表头", "欄數少於表頭",
                                "fewer fields than the header" },
    [JZ_CSV_TOO_MANY_FIELDS] = { "too_many_fields", "列数多于表头或上限", "欄數多於表頭或上限",
                                 "more fields than the header or the limit" },
    [JZ_CSV_BAD_BYTES] = { "bad_bytes", "字符编码无法识别", "字元編碼無法識別",
                           "bytes that are not of the file's encoding" },
    [JZ_CSV_NUL_BYTE] = { "nul_byte", "含有空字节", "含有空位元組", "a NUL byte" },
    [JZ_CSV_OPEN_QUOTE] = { "open_quote", "引号没有结束", "引號沒有結束",
                            "a quote that is never closed" },
    [JZ_CSV_STRAY_QUOTE] = { "stray_quote", "引号之后还有内容", "引號之後還有內容",
                             "text behind a closing quote" },
    [JZ_CSV_STRAY_CR] = { "stray_cr", "单独的回车符（行尾应为换行或回车加换行）",
                          "單獨的歸位字元（行尾應為換行或歸位加換行）",
                          "a carriage return alone; lines end in LF or CRLF" },
    [JZ_CSV_LONG_ROW] = { "long_row", "整行过长", "整行過長", "a row beyond the limit" },
    [JZ_CSV_LONG_FIELD] = { "long_field", "单元格过长", "儲存格過長", "a field beyond the limit" },
};

const struct jz_csv_trouble_info *jz_csv_trouble_info(enum jz_csv_trouble trouble)
{
    return &infos[trouble];
}

static ssize_t read_file(void *source, void *buffer, size_t size, struct jz_error *err)
{
    const struct jz_csv *c = source;
    ssize_t n;
    do
        n = read(c->fd, buffer, size);
    while (n < 0 && errno == EINTR);
    return n < 0 ? jz_error_set(err, JZ_E_IO, "%s: %s", c->name, strerror(errno)) : n;
}

static int set_encoding(struct jz_csv *c, enum jz_encoding encoding, struct jz_error *err)
{
    c->encoding = encoding;
    if (encoding != JZ_ENCODING_GB18030 || c->transcoder)
        return 0;
    return jz_transcoder_new(JZ_ENCODING_GB18030, JZ_ENCODING_UTF8, &c->transcoder, err);
}

static int make_room(struct jz_csv *c, struct jz_error *err)
{
    if (c->start > 0) {
        c->end -= c->start;
        memmove(c->buffer, c->buffer + c->start, c->end);
        c->offset += c->start;
        c->start = 0;
    }
    if (c->end < c->room)
        return 0;
    const uint32_t room = c->room == 0             ? BLOCK_BYTES
                          : 2 * c->room < MAX_ROOM ? 2 * c->room
                                                   : MAX_ROOM;
    char *more = realloc(c->buffer, room + 1);
    if (!more)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", c->name);
    c->buffer = more;
    c->room = room;
    return 0;
}

/* Reads until the buffer is full or the file ends: short reads cost no extra scans. */
static int fill(struct jz_csv *c, struct jz_error *err)
{
    int r = make_room(c, err);
    if (r < 0)
        return r;
    const uint32_t before = c->end;
    while (c->end < c->room && !c->is_at_end) {
        const ssize_t n = c->read(c->source, c->buffer + c->end, c->room - c->end, err);
        if (n < 0)
            return (int)n;
        c->end += (uint32_t)n;
        c->is_at_end = n == 0;
    }
    c->buffer[c->end] = '\n';
    if (c->encoding != JZ_ENCODING_AUTO)
        return 0;
    return set_encoding(c, jz_encoding_detect(c->buffer + before, c->end - before, !c->is_at_end),
                        err);
}

/* A byte order mark settles the encoding. */
static int take_mark(struct jz_csv *c, struct jz_error *err)
{
    static const struct {
        const char *bytes;
        uint32_t size;
        enum jz_encoding encoding; /* AUTO: none we read */
    } marks[] = {
        { "\xEF\xBB\xBF", 3, JZ_ENCODING_UTF8 },
        { "\x84\x31\x95\x33", 4, JZ_ENCODING_GB18030 },
        { "\xFF\xFE", 2, JZ_ENCODING_AUTO },
        { "\xFE\xFF", 2, JZ_ENCODING_AUTO },
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (c->end < marks[i].size || memcmp(c->buffer, marks[i].bytes, marks[i].size) != 0)
            continue;
        if (marks[i].encoding == JZ_ENCODING_AUTO)
            return jz_error_set(err, JZ_E_UNSUPPORTED,
                                "%s: is UTF-16; save it as CSV in UTF-8 or GB18030", c->name);
        c->start = marks[i].size;
        return set_encoding(c, marks[i].encoding, err);
    }
    return 0;
}

/*
 * Passes over the rest of a line that is longer than the buffer may be. The first bytes of the row
 * stay where they are, for whoever reports it; what is read goes behind them.
 */
static int skip_line(struct jz_csv *c, uint32_t keep, struct jz_csv_scan *s, struct jz_error *err)
{
    uint64_t behind = c->offset + c->end; /* the offset of what is read next */
    for (;;) {
        if (c->is_at_end) {
            c->offset = behind - c->end;
            s->next = c->end;
            return 0;
        }
        const ssize_t n = c->read(c->source, c->buffer + keep, c->room - keep, err);
        if (n < 0)
            return (int)n;
        c->is_at_end = n == 0;
        behind += (uint64_t)n;
        c->end = keep + (uint32_t)n;
        c->buffer[c->end] = '\n';
        const char *feed = memchr(c->buffer + keep, '\n', (size_t)n);
        if (feed) {
            c->offset = behind - c->end;
            s->next = (uint32_t)(feed + 1 - c->buffer);
            s->line_breaks = 1;
            return 0;
        }
    }
}

/* Gives up the row at its first line end. */
static int end_line(struct jz_csv *c, struct jz_csv_scan *s, struct jz_error *err)
{
    s->line_breaks = 0;
    for (;;) {
        const char *from = c->buffer + c->start;
        const char *feed = memchr(from, '\n', c->end - c->start);
        if (feed) {
            s->next = (uint32_t)(feed + 1 - c->buffer);
            s->line_breaks = 1;
            return 0;
        }
        if (c->is_at_end) {
            s->next = c->end;
            return 0;
        }
        if (c->end - c->start > JZ_CSV_MAX_ROW_BYTES)
            return skip_line(c, c->start + JZ_CSV_MAX_ROW_BYTES, s, err);
        const int r = fill(c, err);
        if (r < 0)
            return r;
    }
}

/* Nothing, or separators only, as spreadsheets leave them behind the table. */
static bool is_blank(const struct jz_csv *c, const struct jz_csv_scan *s)
{
    const struct jz_csv_cut *last = &c->cuts[s->field_count - 1];
    return !s->trouble && last->end - c->start == s->field_count - 1 && last->start == last->end;
}

int jz_csv_find_row(struct jz_csv *c, struct jz_csv_scan *ret, struct jz_error *err)
{
    for (;;) {
        struct jz_csv_scan s;
        int r;
        if (c->start < c->end && jz_csv_scan_row(c, &s)) {
            if (!is_blank(c, &s)) {
                s.offset = c->offset + c->start;
                if (s.is_line && (r = end_line(c, &s, err)) < 0)
                    return r;
                *ret = s;
                return 1;
            }
            c->start = s.next;
            c->line += s.line_breaks;
            continue;
        }
        if (c->is_at_end)
            return 0;
        if ((r = fill(c, err)) < 0)
            return r;
    }
}

/* Which bytes a field has: bit 7 for any beyond ASCII, bit 0 for a NUL. */
static uint8_t survey(const char *text, size_t size)
{
    uint8_t high = 0, nul = 0;
    for (size_t i = 0; i < size; i++) {
        high |= (uint8_t)text[i];
        nul |= text[i] == 0;
    }
    return (uint8_t)((high & 0x80) | nul);
}

static int make_converted_room(struct jz_csv *c, size_t wanted, struct jz_error *err)
{
    if (c->converted_room >= wanted)
        return 0;
    char *more = realloc(c->converted, wanted);
    if (!more)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", c->name);
    c->converted = more;
    c->converted_room = wanted;
    return 0;
}

static size_t undouble_quotes(char *text, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        text[kept++] = text[i];
        i += text[i] == '"';
    }
    return kept;
}

/*
 * Checks a field and puts its text, converted where it must be, in *ret; *used counts the bytes
 * taken of c->converted.
 */
static enum jz_csv_trouble look_at(struct jz_csv *c, const struct jz_csv_cut *cut, size_t *used,
                                   char **ret_text, size_t *ret_size)
{
    char *const text = c->buffer + cut->start;
    const size_t size = cut->end - cut->start;
    *ret_text = text;
    *ret_size = size;
    if (size > JZ_CSV_MAX_FIELD_BYTES)
        return JZ_CSV_LONG_FIELD;
    const uint8_t seen = survey(text, size);
    if (seen & 1)
        return JZ_CSV_NUL_BYTE;
    if (!(seen & 0x80))
        return JZ_CSV_FINE;
    if (c->encoding != JZ_ENCODING_GB18030)
        return jz_utf8_valid(text, size) == size ? JZ_CSV_FINE : JZ_CSV_BAD_BYTES;
    size_t at;
    char *out = c->converted + *used;
    const ssize_t n =
        jz_transcoder_run(c->transcoder, text, size, out, c->converted_room - *used - 1, &at);
    if (n < 0)
        return JZ_CSV_BAD_BYTES;
    *ret_text = out;
    *ret_size = (size_t)n;
    *used += (size_t)n + 1;
    return JZ_CSV_FINE;
}

int jz_csv_take_fields(struct jz_csv *c, const int *place, unsigned count,
                       struct jz_csv_field *fields, struct jz_csv_scan *scan, struct jz_error *err)
{
    char *texts[JZ_CSV_MAX_FIELDS];
    size_t used = 0, bytes = 0;
    if (c->encoding == JZ_ENCODING_GB18030) {
        for (unsigned i = 0; i < count; i++)
            if (place[i] >= 0)
                bytes += c->cuts[place[i]].end - c->cuts[place[i]].start + 1;
        int r = make_converted_room(c, JZ_ENCODING_GROWTH * bytes, err);
        if (r < 0)
            return r;
    }
    for (unsigned i = 0; i < count; i++) {
        texts[i] = NULL;
        if (place[i] < 0)
            continue;
        scan->trouble = look_at(c, &c->cuts[place[i]], &used, &texts[i], &fields[i].size);
        if (scan->trouble) {
            scan->column = (unsigned)place[i] + 1;
            return 0;
        }
    }
    /* All is well: from here on the buffer is changed. */
    for (unsigned i = 0; i < count; i++) {
        if (!texts[i]) {
            fields[i] = (struct jz_csv_field){ "", 0 };
            continue;
        }
        if (c->cuts[place[i]].has_quotes)
            fields[i].size = undouble_quotes(texts[i], fields[i].size);
        texts[i][fields[i].size] = 0;
        fields[i].text = texts[i];
    }
    return 0;
}

/* The bytes of a broken row, without its line end. */
static size_t raw_size(const struct jz_csv *c, const struct jz_csv_scan *s)
{
    const char *raw = c->buffer + c->start;
    size_t size = s->next - c->start;
    if (size > JZ_CSV_MAX_ROW_BYTES)
        return JZ_CSV_MAX_ROW_BYTES;
    size -= size > 0 && raw[size - 1] == '\n';
    size -= size > 0 && raw[size - 1] == '\r';
    return size;
}

int jz_csv_next(struct jz_csv *c, struct jz_csv_row *ret_row, struct jz_error *err)
{
    struct jz_csv_scan scan;
    int r = jz_csv_find_row(c, &scan, err);
    if (r <= 0)
        return r;
    if (!scan.trouble && scan.field_count != c->width) {
        const bool is_short = scan.field_count < c->width;
        scan.trouble = is_short ? JZ_CSV_TOO_FEW_FIELDS : JZ_CSV_TOO_MANY_FIELDS;
        scan.column = is_short ? scan.field_count : c->width + 1;
    }
    if (!scan.trouble &&
        (r = jz_csv_take_fields(c, c->place, c->column_count, c->fields, &scan, err)) < 0)
        return r;
    *ret_row = (struct jz_csv_row){
        .trouble = scan.trouble,
        .column = scan.column,
        .line = c->line,
        .offset = scan.offset,
        .next_line = c->line + scan.line_breaks,
        .next_offset = c->offset + scan.next,
    };
    if (scan.trouble) {
        ret_row->raw = c->buffer + c->start;
        ret_row->raw_size = raw_size(c, &scan);
    } else {
        ret_row->fields = c->fields;
    }
    c->start = scan.next;
    c->line = ret_row->next_line;
    return 1;
}

static int open_reader(struct jz_csv *c, const struct jz_csv_options *options, struct jz_error *err)
{
    if (options->column_count > JZ_CSV_MAX_COLUMNS)
        return jz_error_set(err, JZ_E_USAGE, "%s: %u columns wanted, at most %d", c->name,
                            options->column_count, JZ_CSV_MAX_COLUMNS);
    c->columns = options->columns;
    c->column_count = options->column_count;
    c->separator = options->separator;
    c->line = 1;
    for (unsigned i = 0; i < c->column_count; i++)
        c->place[i] = -1;
    int r;
    if ((r = set_encoding(c, options->encoding, err)) < 0 || (r = fill(c, err)) < 0 ||
        (r = take_mark(c, err)) < 0)
        return r;
    return jz_csv_take_header(c, err);
}

static struct jz_csv *new_reader(const char *name)
{
    struct jz_csv *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->fd = -1;
    c->name = strdup(name);
    if (!c->name) {
        free(c);
        return NULL;
    }
    return c;
}

int jz_csv_open_source(jz_csv_read *read, void *source, const char *name,
                       const struct jz_csv_options *options, struct jz_csv **ret,
                       struct jz_error *err)
{
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = new_reader(name);
    if (!c)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", name);
    c->read = read;
    c->source = source;
    const int r = open_reader(c, options, err);
    if (r < 0)
        return r;
    *ret = JZ_TAKE(c);
    return 0;
}

int jz_csv_open(const char *path, const struct jz_csv_options *options, struct jz_csv **ret,
                struct jz_error *err)
{
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = new_reader(path);
    if (!c)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    c->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (c->fd < 0)
        return jz_error_set(err, errno == ENOENT ? JZ_E_NOT_FOUND : JZ_E_IO, "%s: %s", path,
                            strerror(errno));
    c->read = read_file;
    c->source = c;
    const int r = open_reader(c, options, err);
    if (r < 0)
        return r;
    *ret = JZ_TAKE(c);
    return 0;
}

void jz_csv_free(struct jz_csv *c)
{
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    for (unsigned i = 0; i < c->unknown_count; i++)
        free(c->unknown[i]);
    free(c->unknown);
    jz_transcoder_free(c->transcoder);
    free(c->converted);
    free(c->buffer);
    free(c->name);
    free(c);
}

/* Drops what is in the buffer and starts at `offset`, by seeking where the source is a file. */
static int jump(struct jz_csv *c, uint64_t offset, struct jz_error *err)
{
    struct stat st;
    if (c->fd < 0 || fstat(c->fd, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    if (offset > (uint64_t)st.st_size || lseek(c->fd, (off_t)offset, SEEK_SET) < 0)
        return jz_error_set(err, JZ_E_FORMAT, "%s: ends before byte %" PRIu64, c->name, offset);
    c->start = c->end = 0;
    c->offset = offset;
    c->is_at_end = false;
    return 0;
}

int jz_csv_resume(struct jz_csv *c, uint64_t offset, uint64_t line, struct jz_error *err)
{
    if (offset < c->offset + c->start)
        return jz_error_set(err, JZ_E_USAGE, "%s: byte %" PRIu64 " is behind already", c->name,
                            offset);
    int r;
    if (offset > c->offset + c->end && (r = jump(c, offset, err)) < 0)
        return r;
    while (offset > c->offset + c->end) {
        if (c->is_at_end)
            return jz_error_set(err, JZ_E_FORMAT, "%s: ends before byte %" PRIu64, c->name, offset);
        c->start = c->end;
        if ((r = fill(c, err)) < 0)
            return r;
    }
    c->start = (uint32_t)(offset - c->offset);
    c->line = line;
    return 0;
}

enum jz_encoding jz_csv_encoding(const struct jz_csv *c)
{
    return c->encoding;
}

char jz_csv_separator(const struct jz_csv *c)
{
    return c->separator;
}

bool jz_csv_has(const struct jz_csv *c, unsigned column)
{
    return c->place[column] >= 0;
}

unsigned jz_csv_unknown_count(const struct jz_csv *c)
{
    return c->unknown_count;
}

const char *jz_csv_unknown(const struct jz_csv *c, unsigned index)
{
    return c->unknown[index];
}
