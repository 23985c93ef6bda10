/* jianzai receipt show: a receipt as text, page or picture, the same however often it is shown. */
#include "cli/claim_text.h"
#include "cli/desk.h"

#include "identity/reference.h"
#include "identity/region.h"
#include "ledger/receipts.h"
#include "receipt/pdf.h"
#include "receipt/words.h"
#include "store/person.h"

#include <string.h>

static int run(int argc, char **argv);

const struct command receipt_show_command = {
    "show", run, "CODE|NUMBER|PERSON [--pdf FILE] [--png FILE] [--language L] [--json]",
    "a receipt by its code or number, or the latest of a person"
};

enum language { ZH_HANS, ZH_HANT, EN, LANGUAGES };

static const char *const language_names[LANGUAGES] = { "zh-Hans", "zh-Hant", "en" };

struct show_options {
    struct desk_options where;
    const char *pdf, *png, *language, *agency, *office;
    bool json;
};

/* All that is shown of one receipt. */
struct view {
    struct jz_receipt_row row;
    struct jz_receipt receipt;
    struct jz_signed_receipt signed_receipt;
    struct jz_person_record person;
    char document[JZ_DOCUMENT_NUMBER_BYTES]; /* masked */
    const char *name;
    enum language language;
};

static const char *in_language(const struct jz_word *w, enum language language)
{
    return language == ZH_HANS ? w->zh_hans : language == ZH_HANT ? w->zh_hant : w->en;
}

/* What is sealed of the person, opened. */
static int read_person(struct desk *desk, struct view *v, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    struct jz_document document = { 0 };
    int r = jz_store_reader(desk->store, &sql, err);
    if (r < 0)
        return r;
    r = jz_person_read(sql, desk->keyring, v->row.person, &v->person, err);
    jz_store_return(desk->store, sql);
    if (r < 0)
        return r;
    document.kind = v->person.data.kind;
    snprintf(document.number, sizeof document.number, "%s", v->person.data.number);
    jz_document_mask(&document, v->document);
    v->name = v->person.data.name;
    return 0;
}

/* A receipt's code or number, else the latest of the person that the word names. */
static int find(struct desk *desk, const char *word, struct view *v, struct jz_error *err)
{
    int64_t person = 0;
    int r = jz_receipts_find(desk->store, word, &v->row, err);
    if (r != JZ_E_NOT_FOUND && r != JZ_E_FORMAT)
        return r;
    struct jz_error other;
    if (jz_person_find(desk->store, word, &person, &other) < 0)
        return r;
    return jz_receipts_latest(desk->store, person, &v->row, err);
}

static int load(struct desk *desk, const char *word, struct view *v, struct jz_error *err)
{
    int r;
    if ((r = find(desk, word, v, err)) < 0 ||
        (r = jz_receipt_decode(v->row.payload, sizeof v->row.payload, &v->receipt, err)) < 0 ||
        (r = jz_receipt_sign_recorded(desk->keyring, v->row.payload, sizeof v->row.payload,
                                      &v->signed_receipt, err)) < 0)
        return r;
    return read_person(desk, v, err);
}

/* ---- The page ---- */

/* What the policy of the receipt says beyond the receipt. */
static void take_policy(const struct view *v, const struct jz_policies *policies,
                        struct jz_receipt_page *page)
{
    const struct jz_policy *p = jz_policies_by_fact(policies, (int64_t)v->receipt.policy);
    if (!p)
        return;
    for (size_t i = 0; i < p->base_count && i < JZ_RECEIPT_PAGE_BASES; i++)
        page->basis[i] = p->bases[i].cite;
    if (p->rule.remind_count > 0)
        page->remind_on = jz_date_add_days(v->receipt.due_on, -(int)p->rule.remind_max);
}

static int write_pages(struct desk *desk, const struct view *v, const struct show_options *o,
                       struct jz_error *err)
{
    char code[8];
    snprintf(code, sizeof code, "%06u", v->receipt.region);
    const struct jz_province *province = v->receipt.region ? jz_province_of(code) : NULL;
    const char *agency = o->agency ? o->agency : getenv("JIANZAI_AGENCY");
    struct jz_receipt_page page = {
        .receipt = v->signed_receipt,
        .traditional = v->language == ZH_HANT,
        .agency = agency && *agency ? agency : "社会保险经办机构",
        .name = v->name,
        .document = v->document,
        .region = !province                ? NULL
                  : v->language == ZH_HANT ? province->zh_hant
                                           : province->zh_hans,
        .office = o->office ? o->office : getenv("JIANZAI_OFFICE"),
    };
    /* The name of a province says less than the six digits of a county. */
    if (v->receipt.region % 10000 != 0)
        page.region = NULL;
    JZ_CLEANUP(jz_policies_unrefp) struct jz_policies *policies = jz_store_policies(desk->store);
    take_policy(v, policies, &page);
    JZ_CLEANUP(jz_receipt_printer_freep) struct jz_receipt_printer *printer = NULL;
    int r = jz_receipt_printer_new(&printer, err);
    if (r == 0 && o->pdf)
        r = jz_receipt_write_pdf(printer, &page, o->pdf, err);
    if (r == 0 && o->png)
        r = jz_receipt_write_png(printer, &page, o->png, err);
    return r;
}

/* ---- Text ---- */

static json_t *json_schemes(const struct view *v)
{
    json_t *list = json_array();
    for (unsigned bit = 0; bit < JZ_SCHEMES; bit++)
        if (v->receipt.schemes & 1u << bit)
            json_array_append_new(list, json_string(jz_receipt_scheme(bit)->name));
    return list;
}

static void print_view_json(const struct view *v)
{
    char person[JZ_REFERENCE_TEXT_BYTES], code[JZ_RECEIPT_CODE_TEXT_BYTES],
        text[JZ_RECEIPT_TEXT_BYTES];
    const struct jz_receipt *r = &v->receipt;
    jz_receipt_code_format(r->code, code);
    jz_receipt_text(&v->signed_receipt, text);
    print_json(json_pack(
        "{s:I,s:s,s:s,s:s,s:s,s:o,s:o,s:s,s:o,s:i,s:I,s:s}", "number", (json_int_t)r->number,
        "code", code, "person", jz_reference_format((int64_t)r->person, person), "name", v->name,
        "document", v->document, "observed_on", json_day(r->observed_on), "due_on",
        json_day(r->due_on), "kind", jz_receipt_kind(r->kind)->name, "schemes", json_schemes(v),
        "region", (int)r->region, "policy", (json_int_t)r->policy, "text", text));
}

static void print_view(const struct view *v)
{
    static const char *const labels[LANGUAGES][7] = {
        { "回执", "姓名", "证件", "认证", "有效至", "险种", "二维码文字" },
        { "回執", "姓名", "證件", "認證", "有效至", "險種", "二維碼文字" },
        { "receipt", "name", "document", "certified", "until", "for", "text of the code" },
    };
    const char *const *l = labels[v->language];
    const struct jz_receipt *r = &v->receipt;
    char person[JZ_REFERENCE_TEXT_BYTES], code[JZ_RECEIPT_CODE_TEXT_BYTES],
        text[JZ_RECEIPT_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES];
    jz_receipt_code_format(r->code, code);
    jz_receipt_text(&v->signed_receipt, text);
    printf("%s: %s (%llu)\n", l[0], code, (unsigned long long)r->number);
    printf("%s: %s, %s\n", l[1], v->name, jz_reference_format((int64_t)r->person, person));
    printf("%s: %s\n", l[2], v->document);
    printf("%s: %s, %s\n", l[3], day_text(r->observed_on, day),
           in_language(jz_receipt_kind(r->kind), v->language));
    printf("%s: %s\n", l[4], day_text(r->due_on, day));
    printf("%s:", l[5]);
    for (unsigned bit = 0; bit < JZ_SCHEMES; bit++)
        if (r->schemes & 1u << bit)
            printf(" %s", in_language(jz_receipt_scheme(bit), v->language));
    printf("\n%s: %s\n", l[6], text);
}

static int run(int argc, char **argv)
{
    struct show_options o = { 0 };
    const struct arg args[] = {
        { "pdf", ARG_TEXT, &o.pdf, "FILE: the page to print" },
        { "png", ARG_TEXT, &o.png, "FILE: the page as a picture" },
        { "language", ARG_TEXT, &o.language, "L: zh-Hans (default), zh-Hant or en" },
        { "agency", ARG_TEXT, &o.agency, "NAME: head of the page, default $JIANZAI_AGENCY" },
        { "office", ARG_TEXT, &o.office, "TEXT: where to ask, default $JIANZAI_OFFICE" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&receipt_show_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct view v = { .language = ZH_HANS };
    if (o.language) {
        int i = 0;
        while (i < LANGUAGES && strcmp(language_names[i], o.language) != 0)
            i++;
        if (i == LANGUAGES) {
            fprintf(stderr, "jianzai: receipt show: --language: zh-Hans, zh-Hant or en\n");
            return EXIT_USAGE;
        }
        v.language = (enum language)i;
    }
    struct jz_error err;
    struct desk desk;
    if ((r = desk_open(&o.where, true, &desk)) != 0)
        return r;
    if ((r = load(&desk, argv[first], &v, &err)) == 0 && (o.pdf || o.png))
        r = write_pages(&desk, &v, &o, &err);
    desk_close(&desk);
    if (r < 0)
        complain(NULL, &err);
    else if (o.json)
        print_view_json(&v);
    else
        print_view(&v);
    jz_person_record_wipe(&v.person);
    return r < 0 ? EXIT_USAGE : 0;
}
