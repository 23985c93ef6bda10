#include "ledger/import_row.h"

#include "base/csv_write.h"
#include "identity/residence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What one row is read with. */
struct reading {
    const struct jz_csv_row *csv;
    struct jz_date on;
    bool override;
    struct jz_import_row *row;
    struct jz_import_problem *problem;
};

__attribute__((format(printf, 3, 4))) static bool refuse(struct reading *g, int column,
                                                         const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    g->problem->column = column;
    vsnprintf(g->problem->reason, sizeof g->problem->reason, format, ap);
    va_end(ap);
    return false;
}

/* Something to look at: taken when somebody answers for it. */
static bool warn(struct reading *g, int column, const char *text)
{
    if (!g->override)
        return refuse(g, column, "%s; if it stands so in the papers: --override-reason", text);
    g->row->has_warning = true;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The field without spaces around it and without a spreadsheet's guard; too long stays as it is. */
static const char *text_of(struct reading *g, enum jz_register_column column, size_t *ret_size)
{
    const struct jz_csv_field *f = &g->csv->fields[column];
    const char *text = jz_csv_unguard(f->text);
    size_t size = f->size - (size_t)(text - f->text);
    while (size > 0 && is_space(*text)) {
        text++;
        size--;
    }
    size_t kept = size;
    while (kept > 0 && is_space(text[kept - 1]))
        kept--;
    if (kept < size && kept < sizeof g->row->room[column]) {
        memcpy(g->row->room[column], text, kept);
        g->row->room[column][kept] = 0;
        text = g->row->room[column];
    }
    if (ret_size)
        *ret_size = kept;
    return text;
}

static bool take_text(struct reading *g, enum jz_register_column column, size_t max,
                      const char **ret)
{
    size_t size;
    *ret = text_of(g, column, &size);
    return size <= max ? true : refuse(g, column, "longer than %zu bytes", max);
}

static bool take_date(struct reading *g, enum jz_register_column column, struct jz_date *ret)
{
    const char *text = text_of(g, column, NULL);
    struct jz_month month;
    *ret = (struct jz_date){ 0 };
    if (!*text || jz_date_parse(text, ret))
        return true;
    /* Registers often know the month only: it stands for its first day. */
    if (column == JZ_REGISTER_BENEFIT_FROM && jz_month_parse(text, &month)) {
        *ret = (struct jz_date){ month.year, month.month, 1 };
        return true;
    }
    return refuse(g, column, "no day; it is YYYY-MM-DD");
}

static bool take_code(struct reading *g, enum jz_register_column column, const char **ret)
{
    const char *text = text_of(g, column, NULL);
    const struct jz_register_code *code = *text ? jz_register_code(column, text) : NULL;
    *ret = code ? code->code : NULL;
    if (code || !*text)
        return true;
    size_t count, used = 0;
    char known[120] = "";
    const struct jz_register_code *codes = jz_register_codes(&count);
    for (size_t i = 0; i < count && used < sizeof known; i++)
        if (codes[i].column == column)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "",
                                     codes[i].code);
    return refuse(g, column, "not a code of this column: %s", known);
}

/* ---- The person ---- */

static bool take_document(struct reading *g)
{
    const char *kind_text = text_of(g, JZ_REGISTER_DOCUMENT_KIND, NULL);
    const char *issuer = text_of(g, JZ_REGISTER_ISSUING_STATE, NULL);
    enum jz_document_kind kind = JZ_DOCUMENT_UNKNOWN;
    struct jz_document *d = &g->row->document;
    struct jz_error err;
    size_t size;
    const char *number = text_of(g, JZ_REGISTER_DOCUMENT, &size);
    if (size == 0)
        return refuse(g, JZ_REGISTER_DOCUMENT, "the document number is missing");
    if (*kind_text && !jz_document_kind_parse(kind_text, &kind))
        return refuse(g, JZ_REGISTER_DOCUMENT_KIND, "no kind of document that is known");
    if (jz_document_parse(number, kind, issuer, d, &err) < 0)
        return refuse(g, JZ_REGISTER_DOCUMENT, "%.150s", err.text);
    size_t count;
    const struct jz_document_finding_info *findings = jz_document_findings(&count);
    for (size_t i = 0; d->findings && i < count; i++)
        if ((d->findings & findings[i].finding) && findings[i].is_warning &&
            !warn(g, JZ_REGISTER_DOCUMENT, findings[i].en))
            return false;
    return true;
}

static bool take_sex(struct reading *g)
{
    const char *code;
    if (!take_code(g, JZ_REGISTER_SEX, &code))
        return false;
    const enum jz_sex of_number = g->row->document.sex;
    g->row->sex = !code ? of_number : *code == 'm' ? JZ_SEX_MALE : JZ_SEX_FEMALE;
    if (of_number != JZ_SEX_UNKNOWN && g->row->sex != of_number)
        return warn(g, JZ_REGISTER_SEX, "the document number says the other sex");
    return true;
}

static bool take_birth(struct reading *g)
{
    enum { FIRST_YEAR = 1850 };
    struct jz_date born;
    if (!take_date(g, JZ_REGISTER_BORN_ON, &born))
        return false;
    const struct jz_date of_number = g->row->document.born_on;
    const bool is_given = jz_date_is_set(born);
    if (!is_given)
        born = of_number;
    if (!jz_date_is_set(born))
        return refuse(g, JZ_REGISTER_BORN_ON,
                      "the birth date is missing, and the document number does not tell it");
    if (born.year < FIRST_YEAR || jz_date_compare(born, g->on) > 0)
        return refuse(g, JZ_REGISTER_BORN_ON, "no birth date of anybody alive");
    if (is_given && jz_date_is_set(of_number) && jz_date_compare(born, of_number) != 0 &&
        !warn(g, JZ_REGISTER_BORN_ON, "the document number says another birth date"))
        return false;
    g->row->born_on = born;
    return true;
}

static bool is_separator(const char *text, size_t *ret_size)
{
    static const char *const separators[] = { ";", "；", "、", "|" };
    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++)
        if (strncmp(text, separators[i], strlen(separators[i])) == 0) {
            *ret_size = strlen(separators[i]);
            return true;
        }
    return false;
}

/* The bit of a care word, -1 when there is none. */
static int care_bit(const char *word)
{
    const struct jz_register_code *code = jz_register_code(JZ_REGISTER_CARE, word);
    size_t count;
    const struct jz_register_code *first = jz_register_codes(&count);
    while (first->column != JZ_REGISTER_CARE)
        first++;
    return code ? (int)(code - first) : -1;
}

static bool take_care(struct reading *g)
{
    const char *at = text_of(g, JZ_REGISTER_CARE, NULL);
    while (*at) {
        char word[64];
        size_t used = 0, size = 0;
        while (*at && !is_separator(at, &size)) {
            if (used < sizeof word - 1 && *at != ' ')
                word[used++] = *at;
            at++;
        }
        word[used] = 0;
        at += *at ? size : 0;
        if (used == 0)
            continue;
        const int bit = care_bit(word);
        if (bit < 0)
            return refuse(g, JZ_REGISTER_CARE,
                          "a code that is not known; they are ill, disabled, "
                          "alone, bedridden, hospital, dependent, very_old");
        g->row->care |= 1u << bit;
    }
    return true;
}

static bool take_person(struct reading *g)
{
    struct jz_import_row *row = g->row;
    if (!take_document(g) || !take_sex(g) || !take_birth(g) || !take_care(g) ||
        !take_text(g, JZ_REGISTER_NAME, JZ_PERSON_NAME_MAX, &row->data.name) ||
        !take_text(g, JZ_REGISTER_PHONE, JZ_PERSON_PHONE_MAX, &row->data.phone) ||
        !take_text(g, JZ_REGISTER_ADDRESS, JZ_PERSON_ADDRESS_MAX, &row->data.address))
        return false;
    if (!*row->data.name)
        return refuse(g, JZ_REGISTER_NAME, "the name is missing");
    row->data.kind = row->document.kind;
    row->data.number = row->document.number;
    row->data.issuer = row->document.issuer;
    return true;
}

/* ---- The benefit ---- */

static bool take_places(struct reading *g)
{
    const char *region = text_of(g, JZ_REGISTER_REGION, NULL);
    const char *residence = text_of(g, JZ_REGISTER_RESIDENCE, NULL);
    struct jz_import_row *row = g->row;
    if (!*region)
        return refuse(g, JZ_REGISTER_REGION, "the region where insured is missing");
    if (!jz_region_number(region, &row->region))
        return refuse(g, JZ_REGISTER_REGION, "no region code; it is of 2, 4, 6, 9 or 12 digits");
    if (*residence && !jz_residence_parse(residence, &row->residence))
        return refuse(g, JZ_REGISTER_RESIDENCE,
                      "neither a region code nor a country of three letters");
    if (row->residence == row->region)
        row->residence = 0;
    return true;
}

/* Yuan with at most two places behind the point, as fen. */
static bool parse_yuan(const char *text, int64_t *ret)
{
    int64_t fen = 0;
    int places = -1;
    size_t digits = 0;
    for (; *text; text++) {
        if (*text == ',' && places < 0)
            continue;
        if (*text == '.' && places < 0) {
            places = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || ++digits > 12 || places == 2)
            return false;
        fen = fen * 10 + *text - '0';
        places += places >= 0;
    }
    for (int i = places < 0 ? 0 : places; i < 2; i++)
        fen *= 10;
    *ret = fen;
    return digits > 0;
}

static bool take_amount(struct reading *g)
{
    const char *fen_text = text_of(g, JZ_REGISTER_AMOUNT_FEN, NULL);
    const char *yuan_text = text_of(g, JZ_REGISTER_AMOUNT_YUAN, NULL);
    int64_t fen = -1, yuan = -1;
    if (*fen_text && (strchr(fen_text, '.') || !parse_yuan(fen_text, &fen)))
        return refuse(g, JZ_REGISTER_AMOUNT_FEN, "no amount: a whole number of fen");
    fen = fen < 0 ? fen : fen / 100;
    if (*yuan_text && !parse_yuan(yuan_text, &yuan))
        return refuse(g, JZ_REGISTER_AMOUNT_YUAN, "no amount: yuan, as 3210.50");
    if (fen >= 0 && yuan >= 0 && fen != yuan)
        return refuse(g, JZ_REGISTER_AMOUNT_YUAN, "not the same amount as the column in fen");
    g->row->fen = fen >= 0 ? fen : yuan;
    if (g->row->fen > JZ_IMPORT_MAX_FEN)
        return refuse(g, *fen_text ? JZ_REGISTER_AMOUNT_FEN : JZ_REGISTER_AMOUNT_YUAN,
                      "more than %d yuan a month", JZ_IMPORT_MAX_FEN / 100);
    return true;
}

static bool take_benefit(struct reading *g)
{
    struct jz_import_row *row = g->row;
    const char *code, *managed, *unit;
    if (!take_code(g, JZ_REGISTER_SCHEME, &code))
        return false;
    if (!code)
        return refuse(g, JZ_REGISTER_SCHEME, "the scheme is missing");
    row->scheme = (enum jz_scheme)JZ_WORD_FIND(jz_scheme_words, code);
    if (!take_places(g) || !take_date(g, JZ_REGISTER_BENEFIT_FROM, &row->from))
        return false;
    if (!jz_date_is_set(row->from))
        return refuse(g, JZ_REGISTER_BENEFIT_FROM, "the day the benefit began is missing");
    if (jz_date_compare(row->from, row->born_on) < 0)
        return refuse(g, JZ_REGISTER_BENEFIT_FROM, "before the person's birth");
    if (jz_date_compare(row->from, jz_date_add_days(g->on, JZ_IMPORT_AHEAD_DAYS)) > 0)
        return refuse(g, JZ_REGISTER_BENEFIT_FROM, "more than a year ahead");
    if (!take_amount(g) || !take_code(g, JZ_REGISTER_MANAGED_BY, &managed) ||
        !take_text(g, JZ_REGISTER_UNIT, JZ_IMPORT_UNIT_MAX, &unit))
        return false;
    if (managed && strcmp(managed, "unit") == 0) {
        if (!*unit)
            return refuse(g, JZ_REGISTER_UNIT, "managed by a unit that is not named");
        row->unit = unit;
    }
    return true;
}

static bool take_last_certification(struct reading *g)
{
    struct jz_import_row *row = g->row;
    const char *code;
    if (!take_date(g, JZ_REGISTER_LAST_CERTIFIED_ON, &row->last_on) ||
        !take_code(g, JZ_REGISTER_LAST_CERTIFIED_KIND, &code))
        return false;
    if (!jz_date_is_set(row->last_on))
        return code ? refuse(g, JZ_REGISTER_LAST_CERTIFIED_ON,
                             "a kind of certification without its day")
                    : true;
    if (!code)
        return refuse(g, JZ_REGISTER_LAST_CERTIFIED_KIND, "a certification without its kind");
    if (jz_date_compare(row->last_on, g->on) > 0)
        return refuse(g, JZ_REGISTER_LAST_CERTIFIED_ON, "lies in the future");
    if (jz_date_compare(row->last_on, row->born_on) < 0)
        return refuse(g, JZ_REGISTER_LAST_CERTIFIED_ON, "before the person's birth");
    row->last_kind = (enum jz_evidence_kind)JZ_WORD_FIND(jz_evidence_words, code);
    return true;
}

bool jz_import_read_row(const struct jz_csv_row *csv, struct jz_date on, bool override,
                        struct jz_import_row *ret_row, struct jz_import_problem *ret_problem)
{
    struct reading g = { csv, on, override, ret_row, ret_problem };
    if (csv->trouble)
        return refuse(&g, -1, "%s (field %u)", jz_csv_trouble_info(csv->trouble)->en, csv->column);
    /* All but the room for texts, which is filled only where a field has spaces around it. */
    memset(ret_row, 0, offsetof(struct jz_import_row, room));
    return take_person(&g) && take_benefit(&g) && take_last_certification(&g);
}
