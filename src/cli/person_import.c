/* jianzai person import: a register of people from a file. */
#include "cli/desk.h"
#include "cli/progress.h"

#include "base/csv_write.h"
#include "ledger/import_people.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int run(int argc, char **argv);

const struct command person_import_command = {
    "import", run,
    "FILE.csv --by OPERATOR [--errors FILE] [--override-reason TEXT] [--encoding NAME] [--json] | "
    "--give-up --by OPERATOR --reason TEXT [--json]",
    "take a register of people in; what is wrong goes to a file, the rest goes on. --give-up ends "
    "an "
    "unfinished import whose file is lost"
};

enum { SHOWN_ERRORS = 10 };

struct import_options {
    struct desk_options where;
    const char *by, *errors, *override_reason, *encoding, *reason;
    bool json, give_up;
};

/* What the import calls back with. */
struct watch {
    struct progress progress;
    struct jz_csv_writer *errors; /* NULL: none wanted */
    int64_t refused;
};

static void on_progress(void *context, enum jz_import_phase phase, int64_t done, int64_t total)
{
    static const char *const names[] = {
        [JZ_IMPORT_CHECKING] = "checking, bytes",
        [JZ_IMPORT_WRITING] = "writing, rows",
        [JZ_IMPORT_INDEXING] = "indexing, people",
        [JZ_IMPORT_ADDING] = "adding, benefits",
    };
    progress_show(&((struct watch *)context)->progress, names[phase], done, total);
}

static void on_unknown(void *context, const char *column)
{
    (void)context;
    fprintf(stderr, "jianzai: column '%.100s' is not known and not read\n", column);
}

static int on_refused(void *context, uint64_t line, const char *column, const char *reason,
                      const char *value, struct jz_error *err)
{
    struct watch *w = context;
    w->refused++;
    if (!w->errors) {
        /* Never the value: it may be a document number, and a terminal is no place for it. */
        if (w->refused <= SHOWN_ERRORS) {
            progress_end(&w->progress);
            fprintf(stderr, "jianzai: line %llu%s%s: %s\n", (unsigned long long)line,
                    *column ? ", " : "", column, reason);
        }
        return 0;
    }
    jz_csv_put_int(w->errors, (int64_t)line);
    jz_csv_put_plain(w->errors, column);
    jz_csv_put_plain(w->errors, reason);
    jz_csv_put_text(w->errors, value);
    jz_csv_end_row(w->errors);
    if (w->errors->error.code && err)
        *err = w->errors->error;
    return w->errors->error.code;
}

/* For the owner's eyes only: it repeats what stood in the file. */
static FILE *open_errors(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *f = fd >= 0 && fchmod(fd, 0600) == 0 ? fdopen(fd, "w") : NULL;
    if (!f) {
        fprintf(stderr, "jianzai: %s: %s\n", path, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return f;
}

static void print_result(const struct import_options *o, const struct jz_import_result *r)
{
    const struct jz_import_counts *c = &r->counts;
    if (o->json) {
        print_json(json_pack(
            "{s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:b,s:o,s:{s:o,s:o,s:o,s:o}}", "rows",
            (json_int_t)c->rows, "people", (json_int_t)c->people, "benefits",
            (json_int_t)c->benefits, "there", (json_int_t)c->there, "refused",
            (json_int_t)c->refused, "warned", (json_int_t)c->warned, "import",
            r->import ? json_integer(r->import) : json_null(), "resumed", r->resumed,
            "longest_hold_ms", json_number((double)r->longest_hold_ns / 1e6), "seconds", "checking",
            json_number(r->seconds[0]), "writing", json_number(r->seconds[1]), "indexing",
            json_number(r->seconds[2]), "adding", json_number(r->seconds[3])));
        return;
    }
    const double seconds = r->seconds[0] + r->seconds[1] + r->seconds[2] + r->seconds[3];
    if (r->resumed)
        puts("went on with the import that was begun before");
    printf("%lld rows: %lld new people, %lld further benefits, %lld there already, %lld refused\n",
           (long long)c->rows, (long long)c->people, (long long)c->benefits, (long long)c->there,
           (long long)c->refused);
    if (c->warned > 0)
        printf("%lld taken with a warning because of the reason given\n", (long long)c->warned);
    printf("%.1f s: checking %.1f, writing %.1f, indexing %.1f, adding %.1f; %.0f rows/s, the "
           "longest hold of the writer %.0f ms\n",
           seconds, r->seconds[0], r->seconds[1], r->seconds[2], r->seconds[3],
           seconds > 0 ? (double)c->rows / seconds : 0.0, (double)r->longest_hold_ns / 1e6);
    if (c->refused > 0 && o->errors)
        printf("what was refused, and why, stands in %s\n", o->errors);
    else if (c->refused > SHOWN_ERRORS)
        puts("all that was refused, and why: --errors FILE");
}

static int import(struct desk *desk, const char *path, enum jz_encoding encoding,
                  const struct import_options *o)
{
    struct watch w = { .refused = 0 };
    struct jz_error err;
    jz_autofree struct jz_csv_writer *writer = malloc(sizeof *writer);
    jz_autofclose FILE *f = o->errors ? open_errors(o->errors) : NULL;
    if (!writer || (o->errors && !f))
        return EXIT_USAGE;
    if (f) {
        static const char *const header[] = { "line", "column", "reason", "value" };
        jz_csv_writer_init(writer, jz_csv_write_file, f);
        for (size_t i = 0; i < sizeof header / sizeof header[0]; i++)
            jz_csv_put_plain(writer, header[i]);
        jz_csv_end_row(writer);
        w.errors = writer;
    }
    const struct jz_import_people_options options = {
        .path = path,
        .operator= o->by,
        .override_reason = o->override_reason,
        .encoding = encoding,
        .on_progress = on_progress,
        .on_refused = on_refused,
        .on_unknown = on_unknown,
        .context = &w,
    };
    struct jz_import_result result;
    int r = jz_import_people(desk->store, &options, &result, &err);
    progress_end(&w.progress);
    if (r == 0 && f && (r = jz_csv_writer_flush(writer, &err)) == 0 && fflush(f) != 0)
        r = jz_error_set(&err, JZ_E_IO, "%s: %s", o->errors, strerror(errno));
    if (r < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    print_result(o, &result);
    return result.counts.refused > 0 ? EXIT_REJECTED : 0;
}

static int give_up(struct desk *desk, const struct import_options *o)
{
    struct watch w = { .refused = 0 };
    struct jz_error err;
    const struct jz_import_give_up_options options = {
        .operator= o->by,
        .reason = o->reason,
        .on_progress = on_progress,
        .context = &w,
    };
    struct jz_import_give_up_result result;
    const int r = jz_import_give_up(desk->store, &options, &result, &err);
    progress_end(&w.progress);
    if (r < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (o->json)
        print_json(json_pack("{s:I,s:s,s:I}", "import", (json_int_t)result.import, "file",
                             result.file, "people", (json_int_t)result.people));
    else
        printf("the import of %s is given up; the %lld people it brought stay and are found by "
               "their documents\n",
               result.file, (long long)result.people);
    return 0;
}

static int run(int argc, char **argv)
{
    struct import_options o = { .encoding = "auto" };
    const struct arg args[] = {
        { "by", ARG_TEXT, &o.by, "OPERATOR: who answers for it" },
        { "errors", ARG_TEXT, &o.errors, "FILE: where rows that are refused go, with the reason" },
        { "override-reason", ARG_TEXT, &o.override_reason,
          "TEXT: take rows with a wrong check digit and the like, and say why" },
        { "encoding", ARG_TEXT, &o.encoding, "NAME: auto (default), utf-8 or gb18030" },
        { "give-up", ARG_FLAG, &o.give_up,
          "end the unfinished import; whom it brought stays in the register" },
        { "reason", ARG_TEXT, &o.reason, "TEXT: why it is given up" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&person_import_command, args, sizeof args / sizeof args[0], argc, argv, 0, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (o.give_up != (first == argc) || (o.reason && !o.give_up)) {
        fputs("jianzai: import: either a file, or --give-up with --reason\n", stderr);
        return EXIT_USAGE;
    }
    enum jz_encoding encoding;
    struct desk desk;
    if (!jz_encoding_parse(o.encoding, &encoding)) {
        fprintf(stderr, "jianzai: import: --encoding %s: it is auto, utf-8 or gb18030\n",
                o.encoding);
        return EXIT_USAGE;
    }
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    r = o.give_up ? give_up(&desk, &o) : import(&desk, argv[first], encoding, &o);
    desk_close(&desk);
    return r;
}
