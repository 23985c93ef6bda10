/* The daily close. */
#include "cli/claim_text.h"
#include "cli/desk.h"
#include "cli/progress.h"

#include "audit/root.h"
#include "ledger/close.h"

static int run(int argc, char **argv);

const struct command close_command = {
    "close", run, "[--on DATE] [--json]",
    "brings every standing up to a day, tells people what changed, proposes holds, signs the log"
};

static void show_progress(void *context, const struct jz_close_progress *p)
{
    progress_show(context, p->of_policies ? "benefits under changed policies" : "benefits", p->done,
                  p->expected);
}

static void print_result(struct jz_date on, const struct jz_close_result *r, bool signed_root)
{
    char day[JZ_DATE_TEXT_BYTES], before[JZ_DATE_TEXT_BYTES];
    printf("%s is closed; the day closed before is %s\n", jz_date_format(on, day),
           jz_date_is_set(r->before) ? jz_date_format(r->before, before) : "none");
    if (r->changed_policies > 0)
        printf("%zu versions of policies changed: all that they cover was looked at\n",
               r->changed_policies);
    printf("touched %llu benefits: reminded %llu, in grace %llu, lapsed %llu\n"
           "proposed for a hold: %llu; nothing is held until people release it\n"
           "%.1f s, %llu chunks, the longest hold of the writer %.0f ms\n",
           (unsigned long long)r->counts.touched, (unsigned long long)r->counts.reminded,
           (unsigned long long)r->counts.grace, (unsigned long long)r->counts.lapsed,
           (unsigned long long)r->counts.proposals, r->seconds, (unsigned long long)r->chunks,
           (double)r->longest_hold_ns / 1e6);
    puts(signed_root ? "the root of the log as it stands is signed for that day"
                     : "the log has a signed root of that day already");
}

static int run(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_close_options options = { .on = jz_date_today() };
    bool json = false;
    const struct arg args[] = {
        { "on", ARG_DATE, &options.on, "DATE: the day to close, default today" },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    int r =
        parse_args(&close_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    if (desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    struct progress progress = { 0 };
    struct jz_close_result result;
    struct jz_error err;
    options.on_progress = show_progress;
    options.context = &progress;
    r = jz_close_run(desk.store, &options, &result, &err);
    progress_end(&progress);
    bool signed_root = false;
    if (r >= 0)
        r = jz_audit_root_daily(desk.store, options.on, &signed_root, &err);
    desk_close(&desk);
    if (r < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (json)
        print_json(json_pack(
            "{s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:b}", "on", json_day(options.on),
            "before", json_day(result.before), "changed_policies",
            (json_int_t)result.changed_policies, "touched", (json_int_t)result.counts.touched,
            "reminded", (json_int_t)result.counts.reminded, "grace",
            (json_int_t)result.counts.grace, "lapsed", (json_int_t)result.counts.lapsed,
            "proposals", (json_int_t)result.counts.proposals, "chunks", (json_int_t)result.chunks,
            "longest_hold_ms", json_number((double)result.longest_hold_ns / 1e6), "seconds",
            json_number(result.seconds), "root_signed", signed_root));
    else
        print_result(options.on, &result, signed_root);
    return 0;
}
