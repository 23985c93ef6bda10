/* The file of verdicts: for each row what became of it, and never a document number or a name. */
#include "ledger/claim_import_internal.h"

#include "identity/reference.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Writing over the file that is being read would lose both. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int jz_rows_verdicts_open(struct import_verdicts *v, const char *path, const char *input,
                          struct jz_error *err)
{
    static const char *const header[] = { "row",    "reference", "verdict",    "column",
                                          "reason", "说明",      "explanation" };
    if (!path)
        return 0;
    if (is_same_file(path, input))
        return jz_error_set(err, JZ_E_USAGE, "%s: is the file to be imported", path);
    v->path = strdup(path);
    v->writer = malloc(sizeof *v->writer);
    if (asprintf(&v->part, "%s.part", path) < 0)
        v->part = NULL;
    if (!v->path || !v->part || !v->writer)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    v->file = fopen(v->part, "wxe");
    if (!v->file && errno == EEXIST && unlink(v->part) == 0)
        v->file = fopen(v->part, "wxe"); /* of a run that was killed */
    if (!v->file)
        return jz_error_set(err, JZ_E_IO, "%s: %s", v->part, strerror(errno));
    jz_csv_writer_init(v->writer, jz_csv_write_file, v->file);
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++)
        jz_csv_put_plain(v->writer, header[i]);
    jz_csv_end_row(v->writer);
    return 0;
}

struct words {
    char zh[1024], en[1024];
};

static void say(struct words *w, const char *zh, const char *en)
{
    const size_t z = strlen(w->zh), e = strlen(w->en);
    snprintf(w->zh + z, sizeof w->zh - z, "%s", zh);
    snprintf(w->en + e, sizeof w->en - e, "%s%s", e && *en != ':' ? " " : "", en);
}

/* The sentences of each name in a list of reasons. */
static void say_reasons(struct words *w, const char *reasons)
{
    char name[64];
    while (*reasons) {
        const size_t n = strcspn(reasons, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, reasons);
        reasons += n + (reasons[n] == ',');
        const struct jz_reason_info *info = jz_reason_info(name);
        if (info)
            say(w, info->zh_hans, info->en);
    }
}

void jz_rows_verdicts_put(struct import_verdicts *v, const struct jz_row_format *format,
                          const struct import_row *row)
{
    if (!v->writer)
        return;
    char reference[JZ_REFERENCE_TEXT_BYTES] = "";
    struct words w = { "", "" };
    const struct jz_word *refusal = &jz_row_refusal_words[row->refusal];
    const char *column = "", *reason = refusal->name;
    if (row->person)
        jz_reference_format(row->person, reference);
    if (row->verdict != JZ_ROW_REFUSED) {
        reason = row->reasons;
        say(&w, jz_row_verdict_words[row->verdict].zh_hans, jz_row_verdict_words[row->verdict].en);
        if (*row->reasons)
            say(&w, "：", ":");
        say_reasons(&w, row->reasons);
    } else if (row->trouble != JZ_CSV_FINE) {
        const struct jz_csv_trouble_info *info = jz_csv_trouble_info(row->trouble);
        reason = info->name;
        say(&w, info->zh_hans, info->en);
    } else {
        column = row->column < format->column_count ? format->columns[row->column].name : "";
        say(&w, refusal->zh_hans, refusal->en);
    }
    jz_csv_put_int(v->writer, (int64_t)row->line);
    jz_csv_put_plain(v->writer, reference);
    jz_csv_put_plain(v->writer, jz_row_verdict_words[row->verdict].name);
    jz_csv_put_plain(v->writer, column);
    jz_csv_put_plain(v->writer, reason);
    jz_csv_put_plain(v->writer, w.zh);
    jz_csv_put_plain(v->writer, w.en);
    jz_csv_end_row(v->writer);
}

int jz_rows_verdicts_finish(struct import_verdicts *v, struct jz_error *err)
{
    if (!v->writer)
        return 0;
    const int r = jz_csv_writer_flush(v->writer, err);
    if (r < 0)
        return r;
    FILE *file = JZ_TAKE(v->file);
    if (fclose(file) != 0 || rename(v->part, v->path) != 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", v->path, strerror(errno));
    free(v->part);
    v->part = NULL;
    return 0;
}

void jz_rows_verdicts_done(struct import_verdicts *v)
{
    if (v->file)
        fclose(v->file);
    if (v->part)
        unlink(v->part);
    free(v->path);
    free(v->part);
    free(v->writer);
    *v = (struct import_verdicts){ 0 };
}
