/* jianzai key renew: the register under the newest keys, while work goes on. */
#include "cli/desk.h"
#include "cli/progress.h"

#include "ledger/renew.h"

static int run(int argc, char **argv);

const struct command key_renew_command = {
    "renew", run, "[--db URL] [--keys FILE] [--json]",
    "after a rotation: document hashes and persons' keys under the newest version, in small steps"
};

static void show_progress(void *context, enum jz_renew_phase phase, int64_t done, int64_t total)
{
    static const char *const words[] = {
        [JZ_RENEW_ADD] = "documents hashed anew, up to fact",
        [JZ_RENEW_REMOVE] = "old hashes removed, up to fact",
        [JZ_RENEW_WRAP] = "keys wrapped anew, up to person",
    };
    progress_show(context, words[phase], done, total);
}

static int run(int argc, char **argv)
{
    struct desk_options where = { 0 };
    bool json = false;
    const struct arg args[] = { { "json", ARG_FLAG, &json, "print JSON" }, DESK_ARGS(&where) };
    int first;
    int r = parse_args(&key_renew_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    struct desk desk;
    struct progress progress = { 0 };
    struct jz_renew_result result;
    const struct jz_renew_options options = { .on_progress = show_progress, .context = &progress };
    if ((r = desk_open(&where, false, &desk)) != 0)
        return r;
    r = jz_renew(desk.store, &options, &result, &err);
    progress_end(&progress);
    desk_close(&desk);
    if (r < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (json) {
        print_json(json_pack("{s:i,s:i,s:I,s:I,s:b}", "lookup", (int)result.lookup, "biometric",
                             (int)result.biometric, "documents", (json_int_t)result.documents,
                             "keys", (json_int_t)result.keys, "scrubbed", result.scrubbed));
        return 0;
    }
    printf("%lld documents are found by version %u of the lookup key now\n"
           "%lld keys of persons are wrapped by version %u of the biometric key now\n",
           (long long)result.documents, result.lookup, (long long)result.keys, result.biometric);
    if (!result.scrubbed)
        printf("but: %s\n", result.why_not.text);
    return 0;
}
