/* The register under other rules. */
#include "cli/desk.h"
#include "cli/progress.h"

#include "identity/reference.h"
#include "identity/region.h"
#include "ledger/lab.h"
#include "policy/load.h"

#include <string.h>

static int run(int argc, char **argv);

const struct command lab_command = {
    "lab", run, "--policy FILE… [--on DATE] [--examples N] [--json]",
    "the whole register under other rules, before and after; writes nothing"
};

static void show_progress(void *context, uint64_t people, double part)
{
    progress_show(context, "people", (int64_t)people,
                  part > 0 ? (int64_t)((double)people / part) : 0);
}

static uint64_t sum(const struct jz_lab_counts *c)
{
    uint64_t n = 0;
    for (int i = 0; i < JZ_STANDING_STATES; i++)
        n += c->before[i];
    return n;
}

/* ---- JSON ---- */

static json_t *json_states(const uint64_t counts[JZ_STANDING_STATES])
{
    json_t *object = json_object();
    for (int i = 0; i < JZ_STANDING_STATES; i++)
        json_object_set_new(object, jz_standing_words[i].name, json_integer((json_int_t)counts[i]));
    return object;
}

static json_t *json_counts(const struct jz_lab_counts *c)
{
    return json_pack("{s:o,s:o,s:I,s:I,s:I,s:I}", "before", json_states(c->before), "after",
                     json_states(c->after), "changed", (json_int_t)c->changed, "due_day_moved",
                     (json_int_t)c->moved, "newly_lapsed", (json_int_t)c->newly_lapsed,
                     "newly_current", (json_int_t)c->newly_current);
}

static void set_counts(json_t *object, const char *key, const struct jz_lab_counts *c)
{
    if (sum(c) > 0)
        json_object_set_new(object, key, json_counts(c));
}

static json_t *json_examples(const struct jz_lab_result *r)
{
    json_t *list = json_array();
    for (int b = 0; b < JZ_STANDING_STATES; b++)
        for (int a = 0; a < JZ_STANDING_STATES; a++) {
            const struct jz_lab_examples *e = &r->examples[b][a];
            json_t *people = e->count > 0 ? json_array() : NULL;
            for (int i = 0; i < e->count; i++) {
                char reference[JZ_REFERENCE_TEXT_BYTES];
                json_array_append_new(people,
                                      json_string(jz_reference_format(e->persons[i], reference)));
            }
            if (people)
                json_array_append_new(list, json_pack("{s:s,s:s,s:o}", "before",
                                                      jz_standing_words[b].name, "after",
                                                      jz_standing_words[a].name, "people", people));
        }
    return list;
}

static json_t *json_result(const struct jz_lab_result *r, struct jz_date on)
{
    char text[16];
    json_t *provinces = json_object(), *regions = json_object(), *schemes = json_object();
    json_t *ages = json_object();
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "%02d", i);
        set_counts(provinces, text, &r->provinces[i]);
    }
    for (size_t i = 0; i < r->region_count; i++) {
        snprintf(text, sizeof text, "%06u", r->regions[i].region);
        set_counts(regions, text, &r->regions[i].counts);
    }
    for (int i = 0; i < JZ_SCHEMES; i++)
        set_counts(schemes, jz_scheme_words[i].name, &r->schemes[i]);
    for (int i = 0; i < JZ_LAB_AGE_BANDS; i++)
        set_counts(ages, jz_lab_age_band(i), &r->ages[i]);
    return json_pack("{s:s,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "on", jz_date_format(on, text),
                     "people", (json_int_t)r->people, "benefits", (json_int_t)r->benefits, "total",
                     json_counts(&r->total), "provinces", provinces, "regions", regions, "schemes",
                     schemes, "ages", ages, "examples", json_examples(r), "seconds",
                     json_number(r->seconds));
}

/* ---- Text ---- */

static void print_head(const char *what)
{
    printf("\n%-16s %21s %21s %21s %21s %11s\n", what, "current", "due soon", "grace", "lapsed",
           "changed");
}

static void print_counts(const char *name, const struct jz_lab_counts *c)
{
    if (sum(c) == 0)
        return;
    printf("%-16s", name);
    for (int i = JZ_STANDING_CURRENT; i < JZ_STANDING_STATES; i++)
        printf(" %9llu > %9llu", (unsigned long long)c->before[i], (unsigned long long)c->after[i]);
    printf(" %11llu\n", (unsigned long long)c->changed);
}

static void print_examples(const struct jz_lab_result *r)
{
    for (int b = 0; b < JZ_STANDING_STATES; b++)
        for (int a = 0; a < JZ_STANDING_STATES; a++) {
            const struct jz_lab_examples *e = &r->examples[b][a];
            if (e->count == 0)
                continue;
            printf("%s > %s:", jz_standing_words[b].name, jz_standing_words[a].name);
            for (int i = 0; i < e->count; i++) {
                char reference[JZ_REFERENCE_TEXT_BYTES];
                printf(" %s", jz_reference_format(e->persons[i], reference));
            }
            putchar('\n');
        }
}

static void print_result(const struct jz_lab_result *r, struct jz_date on)
{
    char day[JZ_DATE_TEXT_BYTES], text[32];
    printf("%llu people, %llu benefits on %s, before > after\n", (unsigned long long)r->people,
           (unsigned long long)r->benefits, jz_date_format(on, day));
    print_head("all");
    print_counts("", &r->total);
    printf(
        "newly lapsed %llu, newly current %llu, due day moved %llu, under no policy %llu > %llu\n",
        (unsigned long long)r->total.newly_lapsed, (unsigned long long)r->total.newly_current,
        (unsigned long long)r->total.moved, (unsigned long long)r->total.before[JZ_STANDING_NONE],
        (unsigned long long)r->total.after[JZ_STANDING_NONE]);
    print_head("scheme");
    for (int i = 0; i < JZ_SCHEMES; i++)
        print_counts(jz_scheme_words[i].name, &r->schemes[i]);
    print_head("age");
    for (int i = 0; i < JZ_LAB_AGE_BANDS; i++)
        print_counts(jz_lab_age_band(i), &r->ages[i]);
    print_head("province");
    for (int i = 0; i < 100; i++) {
        char code[8];
        snprintf(code, sizeof code, "%02d", i);
        const struct jz_province *province = jz_province_of(code);
        snprintf(text, sizeof text, "%s %s", code, province ? province->en : "");
        print_counts(text, &r->provinces[i]);
    }
    print_head("region");
    for (size_t i = 0; i < r->region_count; i++) {
        snprintf(text, sizeof text, "%06u", r->regions[i].region);
        print_counts(text, &r->regions[i].counts);
    }
    puts("\nexamples");
    print_examples(r);
    printf("%.1f s\n", r->seconds);
}

static void complain_of_policy(void *context, const struct jz_error *complaint)
{
    (void)context;
    complain(NULL, complaint);
}

static int try_out(const struct desk_options *where, const struct arg_list *files,
                   struct jz_lab_options *options, bool json)
{
    JZ_CLEANUP(jz_policy_set_freep) struct jz_policy_set *set = NULL;
    struct desk desk;
    struct jz_error err;
    if (jz_policy_load(files->texts, files->count, complain_of_policy, NULL, &set, &err) < 0)
        return EXIT_USAGE;
    if (desk_open(where, true, &desk) != 0)
        return EXIT_USAGE;
    struct progress progress = { 0 };
    struct jz_lab_result result;
    options->policies = set;
    options->on_progress = show_progress;
    options->context = &progress;
    const int r = jz_lab_run(desk.store, options, &result, &err);
    progress_end(&progress);
    desk_close(&desk);
    if (r < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (json)
        print_json(json_result(&result, options->on));
    else
        print_result(&result, options->on);
    jz_lab_result_done(&result);
    return 0;
}

static int run(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_lab_options options = { .on = jz_date_today() };
    struct arg_list files = { 0 };
    int64_t examples = 3;
    bool json = false;
    const struct arg args[] = {
        { "policy", ARG_LIST, &files, "FILE or folder: the rules to try; may be repeated" },
        { "on", ARG_DATE, &options.on, "DATE: the day, default today" },
        { "examples", ARG_NUMBER, &examples, "N: people shown for each change, default 3", 0,
          JZ_LAB_EXAMPLES_MAX },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    const int r =
        parse_args(&lab_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (files.count == 0) {
        fputs("jianzai: lab: which rules? --policy FILE\n", stderr);
        return EXIT_USAGE;
    }
    options.examples = (int)examples;
    return try_out(&where, &files, &options, json);
}
