/* The fields of a request: foreign JSON, checked against the table of its kind. */
#include "ledger/request_internal.h"

#include "audit/beacon.h"
#include "identity/residence.h"

#include <string.h>

struct checking {
    const struct jz_request_field *field;
    struct jz_date today;
    struct request_values *values;
};

static int refuse(struct checking *c, struct jz_error *err, const char *how)
{
    return jz_error_set(err, JZ_E_USAGE, "%s: %s (%s)", c->field->name, how, c->field->what);
}

/* ---- One value of each type; *ret_clean is a new reference ---- */

static bool is_clean(const char *text, bool may_have_lines)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && !(may_have_lines && *text == '\n')) || *text == 0x7f)
            return false;
    return true;
}

static int take_text(struct checking *c, const json_t *value, json_t **ret_clean,
                     struct jz_error *err)
{
    const char *text = json_string_value(value);
    const size_t size = text ? strlen(text) : 0;
    if (size == 0 || size != json_string_length(value))
        return refuse(c, err, "a text is wanted");
    if (size > c->field->max)
        return jz_error_set(err, JZ_E_USAGE, "%s: %zu bytes are too long, %d are the most",
                            c->field->name, size, c->field->max);
    if (!is_clean(text, c->field->type == JZ_FIELD_LINES))
        return refuse(c, err, "there are control characters in it");
    *ret_clean = json_string(text);
    return 0;
}

static int take_word(struct checking *c, const json_t *value, json_t **ret_clean,
                     struct jz_error *err)
{
    const char *text = json_string_value(value);
    char list[200] = "";
    size_t used = 0;
    for (const char *const *word = c->field->words; *word; word++) {
        if (text && strcmp(text, *word) == 0) {
            *ret_clean = json_string(text);
            return 0;
        }
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                     word == c->field->words ? "one of " : ", ", *word);
    }
    return refuse(c, err, list);
}

static json_t *json_date(struct jz_date day)
{
    char text[JZ_DATE_TEXT_BYTES];
    return json_string(jz_date_format(day, text));
}

static int take_date(struct checking *c, const json_t *value, json_t **ret_clean,
                     struct jz_error *err)
{
    struct jz_date day;
    const char *text = json_string_value(value);
    if (!text || !jz_date_parse(text, &day))
        return refuse(c, err, "a day like 2026-11-25 is wanted");
    if (day.year < 1850 || jz_date_compare(day, c->today) > 0)
        return refuse(c, err, "the day lies ahead, or too far back");
    *ret_clean = json_date(day);
    return 0;
}

static int take_days(struct checking *c, const json_t *value, json_t **ret_clean,
                     struct jz_error *err)
{
    const struct jz_date last = jz_date_add_days(c->today, JZ_REQUEST_WISH_DAYS);
    const size_t count = json_array_size(value);
    if (count == 0 || count > JZ_REQUEST_WISHES_MAX)
        return jz_error_set(err, JZ_E_USAGE, "%s: a list of 1 to %d days is wanted (%s)",
                            c->field->name, JZ_REQUEST_WISHES_MAX, c->field->what);
    json_t *days = json_array();
    for (size_t i = 0; i < count; i++) {
        struct jz_date day;
        const char *text = json_string_value(json_array_get(value, i));
        if (!text || !jz_date_parse(text, &day) || jz_date_compare(day, c->today) < 0 ||
            jz_date_compare(day, last) > 0) {
            json_decref(days);
            return jz_error_set(err, JZ_E_USAGE,
                                "%s: each is a day like 2026-11-25, from today to %d days on (%s)",
                                c->field->name, JZ_REQUEST_WISH_DAYS, c->field->what);
        }
        json_array_append_new(days, json_date(day));
    }
    *ret_clean = days;
    return 0;
}

static int take_phone(struct checking *c, const json_t *value, json_t **ret_clean,
                      struct jz_error *err)
{
    enum { DIGITS_LEAST = 5, DIGITS_MOST = 20 };
    const char *text = json_string_value(value);
    int digits = 0;
    for (const char *at = text; at && *at; at++)
        digits += *at >= '0' && *at <= '9';
    if (digits < DIGITS_LEAST || digits > DIGITS_MOST || strlen(text) > JZ_PERSON_PHONE_MAX ||
        text[strspn(text, "+- ()0123456789")])
        return refuse(c, err, "5 to 20 digits are wanted");
    *ret_clean = json_string(text);
    return 0;
}

void request_compared(const char *text, enum jz_field_type type, char ret_text[REQUEST_ALIKE_BYTES])
{
    struct jz_document document;
    size_t used = 0;
    if (type == JZ_FIELD_DOCUMENT && request_document_parse(text, &document, NULL) == 0) {
        jz_document_key(&document, ret_text);
        return;
    }
    for (; *text && used < REQUEST_ALIKE_BYTES - 1; text++)
        if (*text >= '0' && *text <= '9')
            ret_text[used++] = *text;
    ret_text[used] = 0;
}

int request_document_parse(const char *text, struct jz_document *ret_document, struct jz_error *err)
{
    char issuer[JZ_DOCUMENT_ISSUER_BYTES] = "";
    if (strcspn(text, ":") == sizeof issuer - 1 && text[sizeof issuer - 1]) {
        memcpy(issuer, text, sizeof issuer - 1);
        text += sizeof issuer;
    }
    return jz_document_parse(text, JZ_DOCUMENT_UNKNOWN, *issuer ? issuer : NULL, ret_document, err);
}

static int take_document(struct checking *c, const json_t *value, json_t **ret_clean,
                         struct jz_error *err)
{
    static const unsigned wrong = JZ_DOCUMENT_WRONG_CHECK | JZ_DOCUMENT_WRONG_BIRTH |
                                  JZ_DOCUMENT_UNKNOWN_PROVINCE | JZ_DOCUMENT_WRONG_FORM;
    const char *text = json_string_value(value);
    struct jz_document document;
    size_t count;
    if (!text || request_document_parse(text, &document, NULL) < 0)
        return refuse(c, err, "the number of an identity document is wanted");
    const struct jz_document_finding_info *findings = jz_document_findings(&count);
    for (size_t i = 0; i < count; i++)
        if (document.findings & findings[i].finding & wrong)
            return refuse(c, err, findings[i].en);
    *ret_clean = *document.issuer ? json_sprintf("%s:%s", document.issuer, document.number)
                                  : json_string(document.number);
    return 0;
}

static int take_residence(struct checking *c, const json_t *value, json_t **ret_clean,
                          struct jz_error *err)
{
    const char *text = json_string_value(value);
    char clean[JZ_RESIDENCE_TEXT_BYTES];
    unsigned residence;
    if (!text || !jz_residence_parse(text, &residence))
        return refuse(c, err, "a region code like 370102, or a country like MAC, is wanted");
    *ret_clean = json_string(jz_residence_format(residence, clean));
    return 0;
}

static int take_fact(struct checking *c, const json_t *value, json_t **ret_clean,
                     struct jz_error *err)
{
    const json_int_t number = json_integer_value(value);
    if (number <= 0)
        return refuse(c, err, "a number is wanted");
    c->values->subject = number;
    *ret_clean = json_integer(number);
    return 0;
}

/* Its form only: which day it is of, the register tells. */
static int take_beacon(struct checking *c, const json_t *value, json_t **ret_clean,
                       struct jz_error *err)
{
    const char *text = json_string_value(value);
    struct jz_beacon beacon;
    struct jz_error why;
    if (!text)
        return refuse(c, err, "a text is wanted");
    const bool is_whole = strncmp(text, JZ_BEACON_TEXT_MARK, strlen(JZ_BEACON_TEXT_MARK)) == 0;
    if ((is_whole ? jz_beacon_parse(text, strlen(text), &beacon, &why)
                  : jz_beacon_short_parse(text, &beacon.code, &why)) < 0)
        return refuse(c, err, why.text);
    char clean[JZ_BEACON_SHORT_BYTES];
    snprintf(c->values->beacon, sizeof c->values->beacon, "%s", text);
    *ret_clean = json_string(jz_beacon_short(beacon.code, clean));
    return 0;
}

typedef int (*take_fn)(struct checking *c, const json_t *value, json_t **ret_clean,
                       struct jz_error *err);
static const take_fn take[] = {
    [JZ_FIELD_TEXT] = take_text,         [JZ_FIELD_LINES] = take_text,
    [JZ_FIELD_WORD] = take_word,         [JZ_FIELD_DATE] = take_date,
    [JZ_FIELD_DAYS] = take_days,         [JZ_FIELD_PHONE] = take_phone,
    [JZ_FIELD_DOCUMENT] = take_document, [JZ_FIELD_RESIDENCE] = take_residence,
    [JZ_FIELD_FACT] = take_fact,         [JZ_FIELD_BEACON] = take_beacon,
};

/* ---- All of them ---- */

/* What a value has to be when that field of a person is wrong; "other" is any text. */
static const struct jz_request_field *corrected(const char *field)
{
    static const char *const sexes[] = { "male", "female", NULL };
    static const struct {
        const char *field;
        struct jz_request_field value;
    } rows[] = {
        { "name", { "value", JZ_FIELD_TEXT, .max = JZ_PERSON_NAME_MAX, .what = "the name" } },
        { "document", { "value", JZ_FIELD_DOCUMENT, .what = "the number of the document" } },
        { "phone", { "value", JZ_FIELD_PHONE, .what = "the phone" } },
        { "born_on", { "value", JZ_FIELD_DATE, .what = "the birth date" } },
        { "sex", { "value", JZ_FIELD_WORD, .words = sexes, .what = "the sex" } },
    };
    for (size_t i = 0; field && i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].field, field) == 0)
            return &rows[i].value;
    return NULL;
}

const struct jz_request_field *jz_request_field(enum jz_request_kind kind, const char *name)
{
    for (const struct jz_request_field *f = jz_request_kinds[kind].fields; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    for (const struct jz_request_field *f = jz_request_common; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static int take_one(enum jz_request_kind kind, const struct jz_request_field *field, json_t *fields,
                    struct checking *c, struct jz_error *err)
{
    const json_t *value = json_object_get(fields, field->name);
    json_t *clean = NULL;
    if (!value || json_is_null(value))
        return field->required
                   ? jz_error_set(err, JZ_E_USAGE, "%s is missing: %s", field->name, field->what)
                   : 0;
    const struct jz_request_field *narrower = NULL;
    if (kind == JZ_REQUEST_CORRECTION && strcmp(field->name, "value") == 0)
        narrower = corrected(json_string_value(json_object_get(fields, "field")));
    c->field = narrower ? narrower : field;
    const int r = take[c->field->type](c, value, &clean, err);
    if (r < 0)
        return r;
    if (json_object_set_new(field->sealed ? c->values->sealed : c->values->plain, field->name,
                            clean) < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const char *alike = jz_request_kinds[kind].alike;
    if (alike && strcmp(alike, field->name) == 0)
        request_compared(json_string_value(clean), (enum jz_field_type)field->type,
                         c->values->alike);
    return 0;
}

static int take_fields(enum jz_request_kind kind, const struct jz_request_field *field,
                       json_t *fields, struct checking *c, const char **wrong_field,
                       struct jz_error *err)
{
    for (; field->name; field++) {
        const int r = take_one(kind, field, fields, c, err);
        if (r < 0) {
            *wrong_field = field->name;
            return r;
        }
    }
    return 0;
}

/* Names what cannot be asked with this kind, so that nothing is dropped in silence. */
static int check_names(enum jz_request_kind kind, json_t *fields, const char **wrong_field,
                       struct jz_error *err)
{
    char list[200] = "";
    size_t used = 0;
    for (const struct jz_request_field *f = jz_request_kinds[kind].fields; f->name; f++)
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s, ", f->name);
    const char *name;
    json_t *value;
    json_object_foreach(fields, name, value)
    {
        if (jz_request_field(kind, name))
            continue;
        *wrong_field = name;
        return jz_error_set(err, JZ_E_USAGE,
                            "a request of kind %s has no field '%.40s'; it has %snote and helper",
                            jz_request_words[kind].name, name, list);
    }
    return 0;
}

static int check_size(json_t *fields, struct jz_error *err)
{
    const size_t size = json_dumpb(fields, NULL, 0, JSON_COMPACT);
    if (size > JZ_REQUEST_FIELDS_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "the fields of a request take more than %d bytes",
                            JZ_REQUEST_FIELDS_BYTES);
    return 0;
}

static int take_all(enum jz_request_kind kind, json_t *fields, struct checking *c,
                    const char **wrong_field, struct jz_error *err)
{
    int r;
    if (fields && !json_is_object(fields))
        return jz_error_set(err, JZ_E_USAGE, "the fields of a request are a JSON object");
    if ((r = check_size(fields, err)) < 0 ||
        (r = check_names(kind, fields, wrong_field, err)) < 0 ||
        (r = take_fields(kind, jz_request_kinds[kind].fields, fields, c, wrong_field, err)) < 0)
        return r;
    return take_fields(kind, jz_request_common, fields, c, wrong_field, err);
}

int request_values_take(enum jz_request_kind kind, json_t *fields, struct jz_date today,
                        struct request_values *ret_values, const char **wrong_field,
                        struct jz_error *err)
{
    struct request_values v = { .sealed = json_object(), .plain = json_object() };
    struct checking c = { .today = today, .values = &v };
    *wrong_field = NULL;
    const int r = v.sealed && v.plain ? take_all(kind, fields, &c, wrong_field, err)
                                      : jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if (r < 0) {
        request_values_done(&v);
        return r;
    }
    *ret_values = v;
    return 0;
}

void request_values_done(struct request_values *v)
{
    json_decref(v->sealed);
    json_decref(v->plain);
    jz_wipe(v->alike, sizeof v->alike);
    v->sealed = v->plain = NULL;
}

int jz_request_check(enum jz_request_kind kind, json_t *fields, struct jz_date today,
                     const char **wrong_field, struct jz_error *err)
{
    struct request_values values;
    const char *field;
    const int r = request_values_take(kind, fields, today, &values, &field, err);
    if (r == 0)
        request_values_done(&values);
    else if (wrong_field)
        *wrong_field = field;
    return r;
}
