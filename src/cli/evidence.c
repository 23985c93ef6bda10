/* jianzai evidence, jianzai death: what is known of one person, added and listed by hand. */
#include "cli/claim_text.h"
#include "cli/desk.h"

#include "identity/reference.h"
#include "ledger/death.h"
#include "ledger/evidence.h"
#include "ledger/source.h"

#include <string.h>

static int run_add(int argc, char **argv);
static int run_list(int argc, char **argv);
static int run_death_add(int argc, char **argv);
static int run_death_withdraw(int argc, char **argv);

static const struct command add_command = {
    "add", run_add,
    "PERSON --kind KIND --on DATE --outcome pass|fail|pending --by OPERATOR [--source S] "
    "[--place R] [--of ID --reason TEXT] [--document NAME[@DAY]]…",
    "one sign of life that somebody answers for, or the correction of one"
};
static const struct command list_command = {
    "list", run_list, "PERSON [--on DATE] [--json]",
    "every sign of life: whether it counts, why, and until when it carries"
};
static const struct command death_add_command = {
    "add", run_death_add, "PERSON --on DATE --by OPERATOR [--of ID --reason TEXT] [--json]",
    "record a death, or correct the day of one"
};
static const struct command death_withdraw_command = {
    "withdraw", run_death_withdraw, "PERSON --of ID --reason TEXT --by OPERATOR [--json]",
    "a death on record that did not happen"
};

static int usage_error(const char *command, const char *text, const char *value)
{
    fprintf(stderr, "jianzai: %s: %s%s\n", command, text, value);
    return EXIT_USAGE;
}

/* {"reason": TEXT}, or NULL without one. The caller frees. */
static char *reason_detail(const char *reason)
{
    json_t *all = reason ? json_pack("{s:s}", "reason", reason) : NULL;
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    json_decref(all);
    return text;
}

/* ---- evidence add ---- */

struct add_options {
    struct desk_options where;
    struct arg_list documents;
    const char *kind, *outcome, *by, *source, *place, *reason;
    struct jz_date on;
    int64_t of;
    bool json;
};

static int check_words(const struct add_options *o, int *ret_kind, int *ret_outcome)
{
    *ret_kind = o->kind ? JZ_WORD_FIND(jz_evidence_words, o->kind) : -1;
    *ret_outcome = o->outcome ? JZ_WORD_FIND(jz_outcome_words, o->outcome) : -1;
    if (*ret_kind < 0)
        return usage_error("add",
                           "--kind names no kind of evidence: ", o->kind ? o->kind : "(missing)");
    if (*ret_outcome < 0)
        return usage_error(
            "add", "--outcome is pass, fail or pending: ", o->outcome ? o->outcome : "(missing)");
    if (!jz_date_is_set(o->on))
        return usage_error("add", "--on is missing: ", "the day of the sign of life");
    if (!o->by)
        return usage_error("add", "--by is missing: ", "somebody answers for evidence");
    if (!o->of != !o->reason)
        return usage_error("add",
                           "--of and --reason belong together: ", "what is corrected, and why");
    if (!o->of && *ret_outcome == JZ_OUTCOME_PASS &&
        (*ret_kind == JZ_EV_FACE_REMOTE || *ret_kind == JZ_EV_FACE_KIOSK))
        return usage_error(
            "add", "a face passes when it was compared: ", "jianzai certify PERSON --frames CLIP");
    return 0;
}

static int take_place(const char *text, unsigned *ret_place)
{
    char *end = NULL;
    const unsigned long place = text ? strtoul(text, &end, 10) : 0;
    if (text && (*end || strlen(text) != 6 || place < 110000))
        return usage_error("add", "--place is a region of six digits, not ", text);
    *ret_place = (unsigned)place;
    return 0;
}

/* A source that only hints stays a hint, unless somebody has looked into it (--of). */
static int take_source(struct desk *desk, const struct add_options *o, struct jz_claim *claim)
{
    struct jz_source source;
    struct jz_error err;
    claim->trusted = true;
    claim->source = o->source;
    if (!o->source)
        return 0;
    if (jz_source_get(desk->store, o->source, &source, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (source.trust == JZ_TRUST_ENDED || source.is_death || source.kind != claim->kind)
        return usage_error("add", "the source gives no such evidence: ", o->source);
    claim->trusted = source.trust == JZ_TRUST_DECIDE || o->of;
    return 0;
}

static int add(struct desk *desk, const struct add_options *o, const char *word)
{
    int kind, outcome;
    struct jz_claim_document documents[JZ_CLAIM_DOCUMENTS];
    struct jz_claim claim = {
        .observed_on = o->on, .of = o->of, .operator= o->by, .documents = documents
    };
    int r;
    if ((claim.document_count = take_documents("add", &o->documents, documents)) < 0)
        return EXIT_USAGE;
    if ((r = check_words(o, &kind, &outcome)) != 0 ||
        (r = take_place(o->place, &claim.place)) != 0 ||
        (r = desk_person(desk, word, &claim.person)) != 0 || (r = desk_operator(desk, o->by)) != 0)
        return r;
    claim.kind = (enum jz_evidence_kind)kind;
    claim.outcome = (enum jz_outcome)outcome;
    if ((r = take_source(desk, o, &claim)) != 0)
        return r;
    if (claim.outcome == JZ_OUTCOME_PENDING)
        jz_reasons_add(&claim.reasons, "pending_review");
    jz_autofree char *detail = reason_detail(o->reason);
    struct jz_claim_result result;
    struct jz_error err;
    claim.detail = detail;
    if (jz_claim_submit(desk->store, &claim, &result, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (o->json)
        print_json(json_claim_result(claim.person, &claim, &result));
    else
        print_claim_result(claim.person, &claim, &result);
    return result.outcome == claim.outcome ? 0 : EXIT_REJECTED;
}

static int run_add(int argc, char **argv)
{
    struct add_options o = { 0 };
    const struct arg args[] = {
        { "kind", ARG_TEXT, &o.kind, "KIND: counter, home_visit, materials, data_match, …" },
        { "on", ARG_DATE, &o.on, "DATE: day of the sign of life" },
        { "outcome", ARG_TEXT, &o.outcome, "pass, fail or pending" },
        { "by", ARG_TEXT, &o.by, "OPERATOR: who answers for it" },
        { "source", ARG_TEXT, &o.source, "NAME: the source it came from" },
        { "place", ARG_TEXT, &o.place, "REGION: where, six digits" },
        { "of", ARG_NUMBER, &o.of, "ID: the evidence that this corrects" },
        { "reason", ARG_TEXT, &o.reason, "TEXT: why it is corrected" },
        { "document", ARG_LIST, &o.documents, DOCUMENT_HELP },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&add_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    r = add(&desk, &o, argv[first]);
    desk_close(&desk);
    return r;
}

/* ---- evidence list ---- */

static json_t *json_reason_list(const char *names)
{
    struct jz_reasons reasons = { .count = 0 };
    snprintf(reasons.text, sizeof reasons.text, "%s", names);
    return json_reason_names(&reasons);
}

static json_t *json_use(const struct jz_evidence_use *u)
{
    if (!u->is_judged)
        return json_pack("{s:s,s:b,s:n}", "scheme", jz_scheme_words[u->scheme].name, "counts",
                         false, "verdict");
    return json_pack("{s:s,s:b,s:s,s:o,s:b}", "scheme", jz_scheme_words[u->scheme].name, "counts",
                     u->verdict == JZ_SIGN_COUNTED, "verdict", jz_verdict_words[u->verdict].name,
                     "expires_on", json_day(u->expires_on), "decides", u->decides);
}

static void print_row_json(const struct jz_evidence_row *e)
{
    const char strength[2] = { jz_strength_letter(e->strength), 0 };
    json_t *uses = json_array();
    for (int i = 0; i < e->use_count; i++)
        json_array_append_new(uses, json_use(&e->uses[i]));
    print_json(json_pack("{s:I,s:s,s:o,s:s,s:s,s:s?,s:s?,s:o,s:o,s:o,s:o,s:o}", "id",
                         (json_int_t)e->id, "kind", jz_evidence_words[e->kind].name, "observed_on",
                         json_day(e->observed_on), "outcome", jz_outcome_words[e->outcome].name,
                         "strength", strength, "source", e->source, "by", e->by, "place",
                         e->place ? json_sprintf("%06u", e->place) : json_null(), "of",
                         e->of ? json_integer(e->of) : json_null(), "superseded_by",
                         e->superseded_by ? json_integer(e->superseded_by) : json_null(), "reasons",
                         json_reason_list(e->reasons), "benefits", uses));
}

static void print_use(const struct jz_evidence_use *u)
{
    char day[JZ_DATE_TEXT_BYTES];
    const char *scheme = jz_scheme_words[u->scheme].name;
    if (!u->is_judged)
        printf("      %s: asks for nothing\n", scheme);
    else if (u->verdict == JZ_SIGN_COUNTED)
        printf("      %s: counts, carries until %s%s\n", scheme, day_text(u->expires_on, day),
               u->decides ? ", decides" : "");
    else
        printf("      %s: %s\n", scheme, jz_verdict_words[u->verdict].en);
}

static void print_row(const struct jz_evidence_row *e)
{
    char day[JZ_DATE_TEXT_BYTES];
    printf("%8lld  %s  %-17s strength %c  %s", (long long)e->id, day_text(e->observed_on, day),
           jz_evidence_words[e->kind].name, jz_strength_letter(e->strength),
           jz_outcome_words[e->outcome].en);
    if (e->inherited)
        printf(", from the system before this one");
    if (e->source)
        printf(", source %s", e->source);
    if (e->place)
        printf(", in %06u", e->place);
    if (e->by)
        printf(", by %s", e->by);
    if (e->of)
        printf(", corrects %lld", (long long)e->of);
    puts("");
    if (e->superseded_by)
        printf("      corrected by %lld, counts for nothing\n", (long long)e->superseded_by);
    if (*e->reasons)
        printf("      %s\n", e->reasons);
    for (int i = 0; i < e->use_count; i++)
        print_use(&e->uses[i]);
}

static int list(struct desk *desk, const char *word, struct jz_date on, bool json)
{
    JZ_CLEANUP(jz_evidence_list_done) struct jz_evidence_list all = { 0 };
    struct jz_error err;
    int64_t person;
    const int r = desk_person(desk, word, &person);
    if (r != 0)
        return r;
    if (jz_evidence_list_load(desk->store, person, on, &all, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    char reference[JZ_REFERENCE_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES];
    if (!json)
        printf("%s on %s: %zu rows of evidence\n", jz_reference_format(person, reference),
               day_text(on, day), all.count);
    for (size_t i = 0; i < all.count; i++)
        if (json)
            print_row_json(&all.rows[i]);
        else
            print_row(&all.rows[i]);
    return 0;
}

static int run_list(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_date on = { 0 };
    bool json = false;
    const struct arg args[] = {
        { "on", ARG_DATE, &on, "DATE: as of that day, default today" },
        { "json", ARG_FLAG, &json, "print JSON, a line a row" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&list_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    r = list(&desk, argv[first], jz_date_is_set(on) ? on : jz_date_today(), json);
    desk_close(&desk);
    return r;
}

const struct command *const evidence_commands[] = { &add_command, &list_command, NULL };

/* ---- death ---- */

struct death_options {
    struct desk_options where;
    const char *by, *reason;
    struct jz_date on;
    int64_t of;
    bool json;
};

static int report(const struct death_options *o, const char *command, const char *word,
                  bool withdrawn)
{
    struct desk desk;
    struct jz_error err;
    struct jz_death_result result;
    char reference[JZ_REFERENCE_TEXT_BYTES];
    if (!o->of != !o->reason)
        return usage_error(command,
                           "--of and --reason belong together: ", "what is corrected, and why");
    if (withdrawn && !o->of)
        return usage_error(command, "--of is missing: ", "the death on record");
    if (!o->by)
        return usage_error(command, "--by is missing: ", "somebody answers for it");
    jz_autofree char *detail = reason_detail(o->reason);
    struct jz_death death = {
        .on = o->on,
        .operator= o->by,
        .trusted = true,
        .of = o->of,
        .withdrawn = withdrawn,
        .detail = detail,
    };
    if (desk_open(&o->where, false, &desk) != 0)
        return EXIT_USAGE;
    int r = desk_person(&desk, word, &death.person);
    if (r == 0 && (r = desk_operator(&desk, o->by)) == 0 &&
        jz_death_submit(desk.store, &death, &result, &err) < 0) {
        complain(NULL, &err);
        r = EXIT_USAGE;
    }
    desk_close(&desk);
    if (r != 0)
        return r;
    jz_reference_format(death.person, reference);
    if (o->json)
        print_json(json_pack("{s:s,s:I,s:b,s:s?,s:o}", "person", reference, "event",
                             (json_int_t)result.event, "decided", result.is_decided, "reason",
                             result.reason, "case",
                             result.opened_case ? json_integer(result.opened_case) : json_null()));
    else if (result.is_decided)
        printf("%s: %s, event %lld\n", reference,
               withdrawn ? "the death on record is withdrawn" : "the death is on record",
               (long long)result.event);
    else
        printf("%s: not decided: %s\n", reference, jz_reason_info(result.reason)->en);
    if (!o->json && result.opened_case)
        printf("  case %lld opened\n", (long long)result.opened_case);
    return result.is_decided ? 0 : EXIT_REJECTED;
}

static int run_death(const struct command *command, bool withdrawn, int argc, char **argv)
{
    struct death_options o = { 0 };
    const struct arg args[] = {
        { "by", ARG_TEXT, &o.by, "OPERATOR: who answers for it" },
        { "of", ARG_NUMBER, &o.of, "ID: the death on record that this corrects" },
        { "reason", ARG_TEXT, &o.reason, "TEXT: why it is corrected" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
        { "on", ARG_DATE, &o.on, "DATE: day of the death" }, /* last: not of withdraw */
    };
    int first;
    const int r = parse_args(command, args, sizeof args / sizeof args[0] - withdrawn, argc, argv, 1,
                             1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    return report(&o, command->name, argv[first], withdrawn);
}

static int run_death_add(int argc, char **argv)
{
    return run_death(&death_add_command, false, argc, argv);
}

static int run_death_withdraw(int argc, char **argv)
{
    return run_death(&death_withdraw_command, true, argc, argv);
}

const struct command *const death_commands[] = { &death_add_command, &death_withdraw_command,
                                                 NULL };
