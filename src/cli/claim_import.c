/* jianzai data-match, jianzai unit-list: files whose rows are signs of life. */
#include "cli/claim_text.h"
#include "cli/desk.h"
#include "cli/progress.h"

#include "ledger/match.h"
#include "ledger/unit_list.h"

static int run_match(int argc, char **argv);
static int run_unit_list(int argc, char **argv);

static const struct command match_command = {
    "import", run_match, "FILE.csv --source NAME --by OPERATOR [--verdicts FILE.csv] [--json]",
    "rows of another authority: hospital, border, bank, register of deaths"
};
static const struct command unit_list_command = {
    "import", run_unit_list,
    "FILE.csv --unit NAME|--area REGION --by OPERATOR [--document NAME[@DAY]]… [--verdicts "
    "FILE.csv] "
    "[--json]",
    "a list of people seen: by an employer, or by a village or community of its own people"
};

struct import_options {
    struct desk_options where;
    const char *by, *verdicts;
    bool json;
};

/* Bytes tell how much is left, rows how much was done: the line counts rows. */
static void show_progress(void *context, uint64_t rows, uint64_t bytes, uint64_t total)
{
    const uint64_t all =
        bytes > 0 && bytes <= total ? (uint64_t)((double)rows * (double)total / (double)bytes) : 0;
    progress_show(context, "rows", (int64_t)rows, (int64_t)all);
}

/* ---- What came of it ---- */

static void print_result(const struct jz_claim_import_result *result, bool json)
{
    if (json) {
        json_t *counts = json_object();
        for (int i = 0; i < JZ_ROW_VERDICTS; i++)
            json_object_set_new(counts, jz_row_verdict_words[i].name,
                                json_integer((json_int_t)result->verdicts[i]));
        print_json(json_pack("{s:I,s:b,s:I,s:o}", "import", (json_int_t)result->import, "again",
                             result->again, "rows", (json_int_t)result->rows, "verdicts", counts));
        return;
    }
    printf("%llu rows\n", (unsigned long long)result->rows);
    for (int i = 0; i < JZ_ROW_VERDICTS; i++)
        if (result->verdicts[i] > 0)
            printf("%10llu  %s · %s\n", (unsigned long long)result->verdicts[i],
                   jz_row_verdict_words[i].en, jz_row_verdict_words[i].zh_hans);
    printf("import %lld%s\n", (long long)result->import,
           result->again ? ": this file was imported to its end before" : "");
    if (result->unknown_columns > 0)
        printf("%u columns are of no known name and were passed over\n", result->unknown_columns);
}

static int end(const struct import_options *o, struct progress *progress, int r,
               const struct jz_claim_import_result *result, const struct jz_error *err)
{
    progress_end(progress);
    if (r < 0) {
        complain(NULL, err);
        return EXIT_USAGE;
    }
    print_result(result, o->json);
    return result->verdicts[JZ_ROW_REFUSED] + result->verdicts[JZ_ROW_NOT_FOUND] > 0 ? EXIT_REJECTED
                                                                                     : 0;
}

static int complain_missing(const char *what)
{
    fprintf(stderr, "jianzai: import: %s\n", what);
    return EXIT_USAGE;
}

#define IMPORT_ARGS(o)                                                                             \
    { "by", ARG_TEXT, &(o)->by, "OPERATOR: who answers for the import" },                          \
        { "verdicts", ARG_TEXT, &(o)->verdicts, "FILE.csv: write what became of each row" },       \
    {                                                                                              \
        "json", ARG_FLAG, &(o)->json, "print JSON"                                                 \
    }

static int run_match(int argc, char **argv)
{
    struct import_options o = { 0 };
    const char *source = NULL;
    const struct arg args[] = {
        { "source", ARG_TEXT, &source, "NAME: who handed it over; see: jianzai source list" },
        IMPORT_ARGS(&o),
        DESK_ARGS(&o.where),
    };
    int first;
    int r =
        parse_args(&match_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!source)
        return complain_missing("--source is missing: who handed the file over");
    if (!o.by)
        return complain_missing("--by is missing: somebody answers for an import");
    struct desk desk;
    struct jz_error err;
    struct jz_claim_import_result result;
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, o.by)) == 0) {
        struct progress progress = { 0 };
        const struct jz_match_request request = {
            .path = argv[first],
            .verdicts = o.verdicts,
            .source = source,
            .operator= o.by,
            .on_progress = show_progress,
            .context = &progress,
        };
        r = jz_match_import(desk.store, &request, &result, &err);
        r = end(&o, &progress, r, &result, &err);
    }
    desk_close(&desk);
    return r;
}

static int run_unit_list(int argc, char **argv)
{
    struct import_options o = { 0 };
    struct arg_list presented = { .count = 0 };
    const char *unit = NULL, *area = NULL;
    const struct arg args[] = {
        { "unit", ARG_TEXT, &unit, "NAME: the employer, as the register writes it" },
        { "area", ARG_TEXT, &area, "REGION: of the village or community, 2 to 12 digits" },
        { "document", ARG_LIST, &presented,
          "NAME[@DAY]: handed in with the list (unit_list, handler_id …); may be repeated" },
        IMPORT_ARGS(&o),
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&unit_list_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!unit == !area)
        return complain_missing("--unit or --area, one of the two: whose list it is");
    if (!o.by)
        return complain_missing("--by is missing: somebody answers for an import");
    struct jz_claim_document documents[JZ_CLAIM_DOCUMENTS];
    const int document_count = take_documents("import", &presented, documents);
    struct desk desk;
    struct jz_error err;
    struct jz_claim_import_result result;
    if (document_count < 0 || desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, o.by)) == 0) {
        struct progress progress = { 0 };
        const struct jz_unit_list_request request = {
            .path = argv[first],
            .verdicts = o.verdicts,
            .unit = unit,
            .area = area,
            .operator= o.by,
            .documents = documents,
            .document_count = document_count,
            .on_progress = show_progress,
            .context = &progress,
        };
        r = jz_unit_list_import(desk.store, &request, &result, &err);
        r = end(&o, &progress, r, &result, &err);
    }
    desk_close(&desk);
    return r;
}

const struct command *const data_match_commands[] = { &match_command, NULL };
const struct command *const unit_list_commands[] = { &unit_list_command, NULL };
