#include "bridge/card.h"

#include "base/encoding.h"
#include "bridge/json.h"

#include <string.h>

bool jz_card_take_number(struct jz_card *card, const char *text, size_t size)
{
    if (size == 0 || size >= sizeof card->number)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'Z') ||
              (text[i] >= 'a' && text[i] <= 'z')))
            return false;
    memcpy(card->number, text, size);
    card->number[size] = 0;
    return true;
}

bool jz_card_take_name(struct jz_card *card, const char *text, size_t size)
{
    while (size > 0 && *text == ' ')
        text++, size--;
    while (size > 0 && text[size - 1] == ' ')
        size--;
    if (size == 0 || size >= sizeof card->name || jz_utf8_valid(text, size) != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)text[i] < ' ' || text[i] == 0x7f)
            return false;
    memcpy(card->name, text, size);
    card->name[size] = 0;
    return true;
}

static bool set(json_t *object, const char *key, const char *text)
{
    return !*text || json_object_set_new(object, key, json_string(text)) == 0;
}

static bool set_date(json_t *object, const char *key, struct jz_date date)
{
    char text[JZ_DATE_TEXT_BYTES];
    return !jz_date_is_set(date) || set(object, key, jz_date_format(date, text));
}

static json_t *warnings_to_json(unsigned findings)
{
    JZ_CLEANUP(jz_json_freep) json_t *list = json_array();
    size_t count;
    const struct jz_document_finding_info *all = jz_document_findings(&count);
    for (size_t i = 0; i < count; i++)
        if (all[i].is_warning && (findings & all[i].finding) &&
            json_array_append_new(list, json_string(all[i].name)) != 0)
            return NULL;
    return JZ_TAKE(list);
}

static json_t *document_to_json(const struct jz_document *d)
{
    JZ_CLEANUP(jz_json_freep)
    json_t *object = json_pack("{s:s, s:s, s:o}", "kind", jz_document_kind_info(d->kind)->name,
                               "number", d->number, "warnings", warnings_to_json(d->findings));
    return object && set(object, "issuer", d->issuer) ? JZ_TAKE(object) : NULL;
}

json_t *jz_card_to_json(const struct jz_card *card)
{
    JZ_CLEANUP(jz_json_freep)
    json_t *object = json_pack("{s:s}", "kind", jz_document_kind_info(card->kind)->name);
    const bool is_whole =
        object && set(object, "card_number", card->number) && set(object, "name", card->name) &&
        (!*card->document.number ||
         json_object_set_new(object, "document", document_to_json(&card->document)) == 0) &&
        set_date(object, "valid_from", card->valid_from) &&
        set_date(object, "valid_until", card->valid_until) &&
        (!card->is_withheld || json_object_set_new(object, "withheld", json_true()) == 0);
    return is_whole ? JZ_TAKE(object) : NULL;
}

static int warnings_from_json(json_t *list, unsigned *ret_findings, struct jz_error *err)
{
    size_t count;
    const struct jz_document_finding_info *all = jz_document_findings(&count);
    unsigned findings = 0;
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);
        size_t k = 0;
        while (k < count && !(name && all[k].is_warning && strcmp(all[k].name, name) == 0))
            k++;
        if (k == count)
            return jz_error_set(err, JZ_E_FORMAT, "a warning of the document is not known here");
        findings |= all[k].finding;
    }
    *ret_findings = findings;
    return 0;
}

static int document_from_json(json_t *object, struct jz_document *ret_document,
                              struct jz_error *err)
{
    json_error_t e;
    const char *kind_name, *number, *issuer = NULL;
    json_t *warnings = NULL;
    if (json_unpack_ex(object, &e, JSON_STRICT, "{s:s, s:s, s?:s, s?:o}", "kind", &kind_name,
                       "number", &number, "issuer", &issuer, "warnings", &warnings) < 0)
        return jz_json_complain(&e, "the document", err);
    enum jz_document_kind kind;
    if (!jz_document_kind_parse(kind_name, &kind))
        return jz_error_set(err, JZ_E_FORMAT, "the document's kind is not known here");
    if (warnings && !json_is_array(warnings))
        return jz_error_set(err, JZ_E_FORMAT, "the document's warnings are no list");
    struct jz_document d;
    unsigned findings = 0;
    int r = jz_document_parse(number, kind, issuer, &d, err);
    if (r < 0 || (r = warnings_from_json(warnings, &findings, err)) < 0)
        return r;
    d.findings |= findings;
    *ret_document = d;
    return 0;
}

int jz_card_from_json(json_t *object, struct jz_card *ret_card, struct jz_error *err)
{
    json_error_t e;
    struct jz_card card = { 0 };
    const char *kind, *number = NULL, *name = NULL, *from = NULL, *until = NULL;
    json_t *document = NULL;
    int is_withheld = 0;
    if (json_unpack_ex(object, &e, JSON_STRICT, "{s:s, s?:s, s?:s, s?:o, s?:s, s?:s, s?:b}", "kind",
                       &kind, "card_number", &number, "name", &name, "document", &document,
                       "valid_from", &from, "valid_until", &until, "withheld", &is_withheld) < 0)
        return jz_json_complain(&e, "the card", err);
    if (!jz_document_kind_parse(kind, &card.kind) || card.kind == JZ_DOCUMENT_UNKNOWN)
        return jz_error_set(err, JZ_E_FORMAT, "the card's kind is not known here");
    if (number && !jz_card_take_number(&card, number, strlen(number)))
        return jz_error_set(err, JZ_E_FORMAT, "the card_number is not 1 to %d letters and digits",
                            (int)sizeof card.number - 1);
    if (name && !jz_card_take_name(&card, name, strlen(name)))
        return jz_error_set(err, JZ_E_FORMAT, "the name is not 1 to %d bytes of text",
                            (int)sizeof card.name - 1);
    if ((from && !jz_date_parse(from, &card.valid_from)) ||
        (until && !jz_date_parse(until, &card.valid_until)))
        return jz_error_set(err, JZ_E_FORMAT, "valid_from or valid_until is no day");
    const int r = document ? document_from_json(document, &card.document, err) : 0;
    if (r < 0)
        return r;
    card.is_withheld = is_withheld;
    if (!*card.number && !*card.document.number && !card.is_withheld)
        return jz_error_set(err, JZ_E_FORMAT, "the card has neither card_number nor document");
    *ret_card = card;
    return 0;
}
