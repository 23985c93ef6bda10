/* The caches compared with the facts, and made anew where they differ. */
#include "cli/desk.h"
#include "cli/progress.h"

#include "identity/reference.h"
#include "ledger/rebuild.h"

static int run(int argc, char **argv);

const struct command rebuild_command = {
    "rebuild", run, "[--check] [--json]",
    "compares every cache table with the facts and puts right what differs"
};

struct shown {
    struct progress progress;
    json_t *list; /* NULL: printed as they come */
};

static void show_difference(void *context, const struct jz_rebuild_difference *d)
{
    struct shown *s = context;
    char reference[JZ_REFERENCE_TEXT_BYTES] = "";
    if (d->person > 0)
        jz_reference_format(d->person, reference);
    if (s->list) {
        json_array_append_new(s->list,
                              json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "table", d->table, "person",
                                        reference, "key", d->key, "column", d->column, "found",
                                        d->found, "wanted", d->wanted));
        return;
    }
    progress_end(&s->progress);
    printf("%s %s%s%s: %s is %s, should be %s\n", d->table, reference, *reference ? " " : "",
           d->key, d->column, d->found, d->wanted);
}

static void show_progress(void *context, enum jz_rebuild_part part, int64_t done, int64_t total)
{
    struct shown *s = context;
    progress_show(&s->progress, jz_rebuild_part_names[part], done, total);
}

static void print_result(const struct jz_rebuild_result *r, bool check)
{
    for (int i = 0; i < JZ_REBUILD_PARTS; i++)
        printf("%-14s %10lld rows, %lld differences, %.1f s\n", jz_rebuild_part_names[i],
               (long long)r->parts[i].rows, (long long)r->parts[i].differences,
               r->parts[i].seconds);
    if (r->waiting > 0)
        printf("%lld benefits wait for the next close: a policy that covers them changed\n",
               (long long)r->waiting);
    if (r->differences == 0)
        puts("every cache is what the facts give");
    else
        puts(check ? "nothing was changed: jianzai rebuild, without --check, puts it right"
                   : "put right");
}

static json_t *json_result(const struct jz_rebuild_result *r, json_t *list, bool check)
{
    json_t *parts = json_object();
    for (int i = 0; i < JZ_REBUILD_PARTS; i++)
        json_object_set_new(parts, jz_rebuild_part_names[i],
                            json_pack("{s:I,s:I,s:o}", "rows", (json_int_t)r->parts[i].rows,
                                      "differences", (json_int_t)r->parts[i].differences, "seconds",
                                      json_number(r->parts[i].seconds)));
    return json_pack("{s:b,s:I,s:I,s:o,s:o}", "repaired", !check && r->differences > 0,
                     "differences", (json_int_t)r->differences, "waiting", (json_int_t)r->waiting,
                     "parts", parts, "list", list);
}

static int run(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_rebuild_options options = { .on_difference = show_difference,
                                          .on_progress = show_progress };
    bool json = false;
    const struct arg args[] = {
        { "check", ARG_FLAG, &options.check, "only report; exit status 1 when something differs" },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    int r =
        parse_args(&rebuild_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    if (desk_open(&where, options.check, &desk) != 0)
        return EXIT_USAGE;
    struct shown shown = { .list = json ? json_array() : NULL };
    struct jz_rebuild_result result;
    struct jz_error err;
    options.context = &shown;
    r = jz_rebuild_run(desk.store, &options, &result, &err);
    progress_end(&shown.progress);
    desk_close(&desk);
    if (r < 0) {
        json_decref(shown.list);
        complain(NULL, &err);
        return r == JZ_E_INTEGRITY ? EXIT_REJECTED : EXIT_USAGE;
    }
    if (json)
        print_json(json_result(&result, shown.list, options.check));
    else
        print_result(&result, options.check);
    return options.check && result.differences > 0 ? EXIT_REJECTED : 0;
}
