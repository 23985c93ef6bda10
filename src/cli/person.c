/* jianzai person: what the register knows of a person, for a clerk. */
#include "cli/claim_text.h"
#include "cli/desk.h"

#include "identity/reference.h"
#include "identity/region.h"
#include "identity/register.h"
#include "identity/residence.h"
#include "ledger/person.h"

#include <string.h>

static int run_show(int argc, char **argv);
static int run_find(int argc, char **argv);
static int run_list(int argc, char **argv);
static int run_correct(int argc, char **argv);

static const struct command show_command = { "show", run_show, "PERSON [--json]",
                                             "everything known of a person" };
static const struct command find_command = {
    "find", run_find, "TEXT [--json]",
    "the person with this document number or reference (names are sealed: they find nobody)"
};
static const struct command list_command = {
    "list", run_list, "[--region R] [--scheme S] [--state STATE] [--limit N] [--after P…] [--json]",
    "benefits with their standing, a page at a time"
};
static const struct command correct_command = {
    "correct", run_correct,
    "PERSON [--name …] [--document … [--kind K] [--issuer C]] [--phone …] [--address …] "
    "[--born-on D] [--residence R] [--care A;B] --by OPERATOR --reason TEXT",
    "a new row that says how it really is; the old one stays"
};

static int fail(const char *subject, const struct jz_error *err)
{
    complain(subject, err);
    return EXIT_USAGE;
}

/* ---- show ---- */

/* All that is shown of one person. */
struct view {
    struct jz_person_record record;
    struct jz_person_benefit benefits[JZ_PERSON_BENEFITS];
    int benefit_count;
    struct jz_person_extra extras[JZ_PERSON_EXTRAS];
    int extra_count;
    bool is_enrolled;
    struct jz_date died_on;
};

static int load_view(struct desk *desk, int64_t person, struct view *v, struct jz_error *err)
{
    struct jz_person_state state;
    struct jz_sql *sql = NULL;
    int r = jz_person_state_load(desk->store, person, &state, err);
    if (r < 0)
        return r;
    v->is_enrolled = state.enrolment != 0;
    v->died_on = state.died_on;
    jz_person_state_done(&state);
    if ((r = jz_store_reader(desk->store, &sql, err)) < 0)
        return r;
    if ((r = jz_person_read(sql, desk->keyring, person, &v->record, err)) == 0 &&
        (r = jz_person_benefits(sql, person, v->benefits, &v->benefit_count, err)) == 0)
        r = jz_person_extras(sql, person, v->extras, &v->extra_count, err);
    jz_store_return(desk->store, sql);
    return r;
}

/* The codes of care whose bits are set. */
static json_t *json_care(unsigned care)
{
    json_t *list = json_array();
    size_t count;
    const struct jz_register_code *code = jz_register_codes(&count), *end = code + count;
    while (code < end && code->column != JZ_REGISTER_CARE)
        code++;
    for (; care && code < end && code->column == JZ_REGISTER_CARE; care >>= 1, code++)
        if (care & 1)
            json_array_append_new(list, json_string(code->code));
    return list;
}

static const char *masked(const struct jz_person_data *d, char text[JZ_DOCUMENT_NUMBER_BYTES])
{
    struct jz_document document = { .kind = d->kind };
    snprintf(document.number, sizeof document.number, "%s", d->number);
    return jz_document_mask(&document, text);
}

static json_t *json_fen(int64_t fen)
{
    return fen < 0 ? json_null() : json_integer(fen);
}

static json_t *json_benefit(const struct jz_person_benefit *b)
{
    char region[JZ_RESIDENCE_TEXT_BYTES];
    return json_pack("{s:I,s:s,s:s,s:o,s:o,s:o,s:s,s:s,s:o,s:o}", "benefit", (json_int_t)b->benefit,
                     "scheme", jz_scheme_words[b->scheme].name, "region",
                     jz_residence_format(b->region, region), "from", json_day(b->from), "until",
                     json_day(b->until), "amount_fen", json_fen(b->fen), "unit", b->unit,
                     "standing", jz_standing_words[b->state].name, "due_on", json_day(b->due_on),
                     "grace_until", json_day(b->grace_until));
}

static void print_view_json(const struct view *v)
{
    char reference[JZ_REFERENCE_TEXT_BYTES], mask[JZ_DOCUMENT_NUMBER_BYTES];
    char residence[JZ_RESIDENCE_TEXT_BYTES];
    static const char *const sexes[] = { "unknown", "male", "female" };
    const struct jz_person_record *p = &v->record;
    json_t *benefits = json_array(), *extras = json_array();
    for (int i = 0; i < v->benefit_count; i++)
        json_array_append_new(benefits, json_benefit(&v->benefits[i]));
    for (int i = 0; i < v->extra_count; i++)
        json_array_append_new(
            extras, json_pack("{s:I,s:s,s:s}", "fact", (json_int_t)v->extras[i].fact, "what",
                              jz_table_info(v->extras[i].table)->name, "kind", v->extras[i].kind));
    print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:o,s:b,s:o,s:o,s:o}", "person",
                         jz_reference_format(p->person, reference), "name", p->data.name,
                         "document_kind", jz_document_kind_info(p->data.kind)->name, "document",
                         masked(&p->data, mask), "sex", sexes[p->sex], "born_on",
                         json_day(p->born_on), "phone", p->data.phone, "address", p->data.address,
                         "residence", jz_residence_format(p->residence, residence), "care",
                         json_care(p->care), "enrolled", v->is_enrolled, "died_on",
                         json_day(v->died_on), "benefits", benefits, "more", extras));
}

static void print_line(const char *label, const char *text)
{
    if (*text)
        printf("  %-12s %s\n", label, text);
}

static void print_benefit(const struct jz_person_benefit *b)
{
    char from[JZ_DATE_TEXT_BYTES], due[JZ_DATE_TEXT_BYTES];
    printf("  %s (%s) in %06u since %s", jz_scheme_words[b->scheme].name,
           jz_scheme_words[b->scheme].zh_hans, b->region, day_text(b->from, from));
    if (b->fen >= 0)
        printf(", %lld.%02lld yuan a month", (long long)(b->fen / 100), (long long)(b->fen % 100));
    if (*b->unit)
        printf(", managed by %s", b->unit);
    printf("\n    %s · %s", jz_standing_words[b->state].en, jz_standing_words[b->state].zh_hans);
    if (jz_date_is_set(b->due_on))
        printf(", next certification by %s", day_text(b->due_on, due));
    if (jz_date_is_set(b->until))
        printf(", drawn until %s", day_text(b->until, due));
    puts("");
}

static void print_view(const struct view *v)
{
    static const char *const sexes[] = { "", "male · 男", "female · 女" };
    char reference[JZ_REFERENCE_TEXT_BYTES], mask[JZ_DOCUMENT_NUMBER_BYTES];
    char day[JZ_DATE_TEXT_BYTES], residence[JZ_RESIDENCE_TEXT_BYTES];
    const struct jz_person_record *p = &v->record;
    printf("%s  %s\n", jz_reference_format(p->person, reference), p->data.name);
    printf("  %-12s %s %s\n", "document", masked(&p->data, mask),
           jz_document_kind_info(p->data.kind)->zh_hans);
    print_line("sex", sexes[p->sex]);
    print_line("born on", day_text(p->born_on, day));
    print_line("phone", p->data.phone);
    print_line("address", p->data.address);
    print_line("lives in", jz_residence_format(p->residence, residence));
    json_t *care = json_care(p->care);
    for (size_t i = 0; i < json_array_size(care); i++)
        print_line(i ? "" : "care", json_string_value(json_array_get(care, i)));
    json_decref(care);
    print_line("face", v->is_enrolled ? "enrolled" : "not enrolled");
    if (jz_date_is_set(v->died_on))
        print_line("died on", day_text(v->died_on, day));
    for (int i = 0; i < v->extra_count; i++)
        print_line(jz_table_info(v->extras[i].table)->name, v->extras[i].kind);
    for (int i = 0; i < v->benefit_count; i++)
        print_benefit(&v->benefits[i]);
}

static int run_show(int argc, char **argv)
{
    struct desk_options where = { 0 };
    bool json = false;
    const struct arg args[] = { { "json", ARG_FLAG, &json, "print JSON" }, DESK_ARGS(&where) };
    int first;
    int r = parse_args(&show_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    struct view v = { .record = { .person = 0 } };
    int64_t person;
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_person(&desk, argv[first], &person)) == 0) {
        if (load_view(&desk, person, &v, &err) < 0)
            r = fail(NULL, &err);
        else if (json)
            print_view_json(&v);
        else
            print_view(&v);
    }
    jz_person_record_wipe(&v.record);
    desk_close(&desk);
    return r;
}

/* ---- find ---- */

static int run_find(int argc, char **argv)
{
    struct desk_options where = { 0 };
    bool json = false;
    const struct arg args[] = { { "json", ARG_FLAG, &json, "print JSON" }, DESK_ARGS(&where) };
    int first;
    int r = parse_args(&find_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    int64_t person = 0;
    char reference[JZ_REFERENCE_TEXT_BYTES];
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    const int found = jz_person_find(desk.store, argv[first], &person, &err);
    desk_close(&desk);
    if (found == JZ_E_FORMAT)
        fputs("jianzai: find: neither a reference (P…) nor a document number; names are sealed and "
              "find nobody\n",
              stderr);
    else if (found < 0)
        complain(NULL, &err);
    if (found < 0)
        return found == JZ_E_NOT_FOUND ? EXIT_REJECTED : EXIT_USAGE;
    jz_reference_format(person, reference);
    if (json)
        print_json(json_pack("{s:s}", "person", reference));
    else
        puts(reference);
    return 0;
}

/* ---- list ---- */

enum { PAGE = 500, USUAL_LIMIT = 100 };

static void print_listed(const struct jz_person_benefit *b, bool json)
{
    char reference[JZ_REFERENCE_TEXT_BYTES], due[JZ_DATE_TEXT_BYTES];
    jz_reference_format(b->person, reference);
    if (json) {
        json_t *object = json_benefit(b);
        json_object_set_new(object, "person", json_string(reference));
        print_json(object);
        return;
    }
    printf("%-12s %-12s %06u  %-9s due %s\n", reference, jz_scheme_words[b->scheme].name, b->region,
           jz_standing_words[b->state].name, day_text(b->due_on, due));
}

static int list_pages(struct jz_sql *sql, const struct jz_person_filter *filter, int64_t after,
                      int64_t limit, bool json, struct jz_error *err)
{
    jz_autofree struct jz_person_benefit *page = calloc(PAGE, sizeof *page);
    int64_t benefit = INT64_MAX; /* behind all of the person named */
    if (!page)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    while (limit > 0) {
        const size_t room = limit < PAGE ? (size_t)limit : PAGE;
        size_t count = 0;
        const int r = jz_person_list(sql, filter, after, benefit, page, room, &count, err);
        if (r < 0)
            return r;
        for (size_t i = 0; i < count; i++)
            print_listed(&page[i], json);
        if (count < room)
            break;
        limit -= (int64_t)count;
        after = page[count - 1].person;
        benefit = page[count - 1].benefit;
    }
    return 0;
}

struct list_options {
    struct desk_options where;
    const char *region, *scheme, *state, *after;
    int64_t limit;
    bool json;
};

static int read_filter(const struct list_options *o, char area[JZ_REGION_TEXT_BYTES],
                       struct jz_person_filter *ret, int64_t *ret_after, struct jz_error *err)
{
    *ret = (struct jz_person_filter){ .area = area, .scheme = -1, .state = -1 };
    *area = 0;
    *ret_after = 0;
    if (o->region && (!jz_region_prefix(o->region, area) || strlen(area) > 6))
        return jz_error_set(err, JZ_E_USAGE, "--region is a code of 2, 4 or 6 digits");
    if (o->scheme && (ret->scheme = JZ_WORD_FIND(jz_scheme_words, o->scheme)) < 0)
        return jz_error_set(err, JZ_E_USAGE, "--scheme: there is no scheme '%.40s'", o->scheme);
    if (o->state && (ret->state = JZ_WORD_FIND(jz_standing_words, o->state)) < 0)
        return jz_error_set(err, JZ_E_USAGE, "--state is none, current, due_soon, grace or lapsed");
    return o->after ? jz_reference_parse(o->after, ret_after, err) : 0;
}

static int run_list(int argc, char **argv)
{
    struct list_options o = { .limit = USUAL_LIMIT };
    const struct arg args[] = {
        { "region", ARG_TEXT, &o.region, "CODE: only those insured in the area" },
        { "scheme", ARG_TEXT, &o.scheme, "NAME: only this scheme" },
        { "state", ARG_TEXT, &o.state, "STATE: current, due_soon, grace, lapsed or none" },
        { "limit", ARG_NUMBER, &o.limit, "N: so many lines, default 100" },
        { "after", ARG_TEXT, &o.after, "P…: go on behind this person" },
        { "json", ARG_FLAG, &o.json, "print a line of JSON for each" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&list_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    char area[JZ_REGION_TEXT_BYTES];
    struct jz_person_filter filter;
    struct jz_error err;
    struct desk desk;
    struct jz_sql *sql = NULL;
    int64_t after;
    if (read_filter(&o, area, &filter, &after, &err) < 0)
        return fail("list", &err);
    if (desk_open(&o.where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = jz_store_reader(desk.store, &sql, &err)) == 0) {
        r = list_pages(sql, &filter, after, o.limit, o.json, &err);
        jz_store_return(desk.store, sql);
    }
    desk_close(&desk);
    return r < 0 ? fail(NULL, &err) : 0;
}

/* ---- correct ---- */

struct correct_options {
    struct desk_options where;
    const char *name, *document, *kind, *issuer, *phone, *address, *residence, *care, *sex;
    const char *by, *reason;
    struct jz_date born_on;
    bool as_it_stands;
};

static int read_document(const struct correct_options *o, struct jz_document *ret,
                         struct jz_error *err)
{
    enum jz_document_kind kind = JZ_DOCUMENT_UNKNOWN;
    if (o->kind && !jz_document_kind_parse(o->kind, &kind))
        return jz_error_set(err, JZ_E_USAGE, "--kind: there is no kind of document '%.40s'",
                            o->kind);
    const int r = jz_document_parse(o->document, kind, o->issuer, ret, err);
    if (r < 0 || o->as_it_stands)
        return r;
    size_t count;
    const struct jz_document_finding_info *findings = jz_document_findings(&count);
    for (size_t i = 0; i < count; i++)
        if ((ret->findings & findings[i].finding) && findings[i].is_warning)
            return jz_error_set(err, JZ_E_USAGE,
                                "--document: %s; if it stands so in the papers: --as-it-stands",
                                findings[i].en);
    return 0;
}

static int read_care(const char *text, int64_t *ret, struct jz_error *err)
{
    char words[256];
    size_t count;
    const struct jz_register_code *first = jz_register_codes(&count);
    while (first->column != JZ_REGISTER_CARE)
        first++;
    *ret = 0;
    snprintf(words, sizeof words, "%s", text);
    char *rest = words;
    for (char *word; (word = strsep(&rest, ";,")) != NULL;) {
        const struct jz_register_code *code =
            *word ? jz_register_code(JZ_REGISTER_CARE, word) : NULL;
        if (code)
            *ret |= 1 << (code - first);
        else if (*word)
            return jz_error_set(err, JZ_E_USAGE, "--care: '%.40s' is not known", word);
    }
    return 0;
}

static int read_change(const struct correct_options *o, struct jz_document *document,
                       struct jz_person_change *ret, struct jz_error *err)
{
    *ret = (struct jz_person_change){
        .name = o->name,
        .phone = o->phone,
        .address = o->address,
        .born_on = o->born_on,
        .sex = -1,
        .care = -1,
        .residence = -1,
        .operator= o->by,
        .reason = o->reason,
    };
    int r = 0;
    unsigned residence = 0;
    if (o->document && (r = read_document(o, document, err)) == 0)
        ret->document = document;
    if (r == 0 && o->care)
        r = read_care(o->care, &ret->care, err);
    if (r == 0 && o->sex) {
        const struct jz_register_code *code = jz_register_code(JZ_REGISTER_SEX, o->sex);
        if (!code)
            return jz_error_set(err, JZ_E_USAGE, "--sex is male or female");
        ret->sex = *code->code == 'm' ? JZ_SEX_MALE : JZ_SEX_FEMALE;
    }
    if (r == 0 && o->residence) {
        if (*o->residence && !jz_residence_parse(o->residence, &residence))
            return jz_error_set(err, JZ_E_USAGE,
                                "--residence is a region code, a country of three letters, or "
                                "empty");
        ret->residence = residence;
    }
    return r;
}

static int run_correct(int argc, char **argv)
{
    struct correct_options o = { 0 };
    const struct arg args[] = {
        { "name", ARG_TEXT, &o.name, "TEXT: the name" },
        { "document", ARG_TEXT, &o.document, "NUMBER: the identity document" },
        { "kind", ARG_TEXT, &o.kind, "KIND: of the document, where its form does not tell" },
        { "issuer", ARG_TEXT, &o.issuer, "CODE: state that issued a passport" },
        { "as-it-stands", ARG_FLAG, &o.as_it_stands, "take the number with what is wrong in it" },
        { "phone", ARG_TEXT, &o.phone, "TEXT: the phone" },
        { "address", ARG_TEXT, &o.address, "TEXT: the address" },
        { "born-on", ARG_DATE, &o.born_on, "DATE: the birth date" },
        { "sex", ARG_TEXT, &o.sex, "SEX: male or female" },
        { "residence", ARG_TEXT, &o.residence, "CODE: where the person lives; '' where insured" },
        { "care", ARG_TEXT, &o.care, "A;B: special care, '' for none" },
        { "by", ARG_TEXT, &o.by, "OPERATOR: who answers for it" },
        { "reason", ARG_TEXT, &o.reason, "TEXT: why" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r =
        parse_args(&correct_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_document document;
    struct jz_person_change change;
    struct jz_error err;
    struct desk desk;
    int64_t person;
    char reference[JZ_REFERENCE_TEXT_BYTES];
    if (read_change(&o, &document, &change, &err) < 0)
        return fail("correct", &err);
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, o.by)) == 0 &&
        (r = desk_person(&desk, argv[first], &person)) == 0) {
        if (jz_person_correct(desk.store, person, &change, &err) < 0)
            r = fail(NULL, &err);
        else
            printf("%s is corrected\n", jz_reference_format(person, reference));
    }
    desk_close(&desk);
    return r;
}

const struct command *const person_commands[] = {
    &person_import_command, &show_command,          &find_command, &list_command,
    &correct_command,       &person_forget_command, NULL
};
