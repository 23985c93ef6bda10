/* jianzai consent: what a person agreed to, and a clerk who records it at a counter. */
#include "cli/desk.h"

#include "identity/reference.h"
#include "ledger/consent.h"

#include <string.h>

static int run_show(int argc, char **argv);
static int run_record(int argc, char **argv);

static const struct command show_command = { "show", run_show, "PERSON [--json]",
                                             "what the person agreed to, newest first" };
static const struct command give_command = {
    "give", run_record, "PERSON --version TEXT --by OPERATOR [--language L] [--kind biometrics]",
    "record at a counter that the person agrees"
};
static const struct command withdraw_command = {
    "withdraw", run_record,
    "PERSON --version TEXT --by OPERATOR [--language L] [--kind biometrics]",
    "record that the person agrees no longer: faces are not looked at from now on"
};

enum { MOST = 200 };

static void show(const struct jz_consent *c, bool json)
{
    char day[JZ_DATE_TEXT_BYTES];
    jz_date_format(jz_date_at(c->recorded_at), day);
    if (json)
        print_json(json_pack("{s:s,s:b,s:s,s:s,s:s,s:s,s:s,s:I}", "kind",
                             jz_consent_kind_name(c->kind), "given", c->given, "on", day,
                             "text_version", c->version, "language", jz_language_tag(c->language),
                             "channel", c->channel, "by", c->by, "fact", (json_int_t)c->fact));
    else
        printf("%s  %-12s %-9s text %s (%s), %s%s%s\n", day, jz_consent_kind_name(c->kind),
               c->given ? "given" : "withdrawn", c->version, jz_language_tag(c->language),
               c->channel, *c->by ? ", recorded by " : "", c->by);
}

static int show_all(struct desk *desk, int64_t person, bool json, struct jz_error *err)
{
    jz_autofree struct jz_consent *consents = calloc(MOST, sizeof *consents);
    size_t count = 0;
    if (!consents)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const int r = jz_consent_list(desk->store, person, consents, MOST, &count, err);
    for (size_t i = 0; i < count; i++)
        show(&consents[i], json);
    if (r == 0 && count == 0 && !json)
        puts("the person was never asked; without a consent no face is looked at");
    return r;
}

static int run_show(int argc, char **argv)
{
    struct desk_options where = { 0 };
    bool json = false;
    const struct arg args[] = { { "json", ARG_FLAG, &json, "print JSON, a line an answer" },
                                DESK_ARGS(&where) };
    int first;
    int r = parse_args(&show_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    int64_t person = 0;
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_person(&desk, argv[first], &person)) == 0 &&
        (r = show_all(&desk, person, json, &err)) < 0) {
        complain(NULL, &err);
        r = EXIT_USAGE;
    }
    desk_close(&desk);
    return r;
}

struct record_options {
    struct desk_options where;
    const char *version, *language, *kind, *by;
};

static int take_request(const struct record_options *o, struct jz_consent_request *q,
                        struct jz_error *err)
{
    if (o->kind && !jz_consent_kind_parse(o->kind, &q->kind))
        return jz_error_set(err, JZ_E_USAGE, "--kind is biometrics, not '%.40s'", o->kind);
    if (o->language && !jz_language_parse(o->language, &q->language))
        return jz_error_set(err, JZ_E_USAGE, "--language is zh-Hans, zh-Hant or en");
    q->version = o->version;
    q->by = o->by;
    return 0;
}

static int record(struct desk *desk, const struct jz_consent_request *q, struct jz_error *err)
{
    struct jz_consent_result result;
    char reference[JZ_REFERENCE_TEXT_BYTES];
    const int r = jz_consent_record(desk->store, q, &result, err);
    if (r < 0)
        return r;
    jz_reference_format(q->person, reference);
    printf("%s: %s\n", reference,
           !result.changed ? "that was the answer already"
           : q->given      ? "the consent is recorded"
                           : "the withdrawal is recorded; no face is looked at from now on");
    if (result.opened_case)
        printf("case %lld is open: offer to shred the templates that are kept: jianzai person "
               "forget %s\n",
               (long long)result.opened_case, reference);
    return 0;
}

static int run_record(int argc, char **argv)
{
    const bool given = strcmp(argv[0], give_command.name) == 0;
    struct record_options o = { 0 };
    struct jz_consent_request q = { .given = given, .channel = "counter" };
    const struct arg args[] = {
        { "version", ARG_TEXT, &o.version, "TEXT: version of the text that was shown" },
        { "language", ARG_TEXT, &o.language, "L: it was shown in zh-Hans (default), zh-Hant, en" },
        { "kind", ARG_TEXT, &o.kind, "KIND: biometrics (default)" },
        { "by", ARG_TEXT, &o.by, "OPERATOR: who answers for it" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(given ? &give_command : &withdraw_command, args,
                       sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (take_request(&o, &q, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, o.by)) == 0 &&
        (r = desk_person(&desk, argv[first], &q.person)) == 0 &&
        (r = record(&desk, &q, &err)) < 0) {
        complain(NULL, &err);
        r = EXIT_USAGE;
    }
    desk_close(&desk);
    return r;
}

const struct command *const consent_commands[] = { &show_command, &give_command, &withdraw_command,
                                                   NULL };
