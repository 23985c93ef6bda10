/*
 * Numbers as people write them: the first byte is the kind, the text up to a line feed the issuing
 * state. What was read reads the same again; references and areas never take what they cannot give.
 */
#include "identity/document.h"
#include "identity/reference.h"
#include "identity/region.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES = 256 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_document(const char *text, enum jz_document_kind kind, const char *issuer)
{
    struct jz_document d, again;
    struct jz_error err = { 0 };
    char key[JZ_DOCUMENT_KEY_BYTES], key_again[JZ_DOCUMENT_KEY_BYTES];
    char mask[JZ_DOCUMENT_NUMBER_BYTES];
    const int r = jz_document_parse(text, kind, issuer, &d, &err);
    if (r < 0) {
        require(err.code == r);
        return;
    }
    require(d.number[0] && strlen(d.number) <= JZ_DOCUMENT_MAX_CHARACTERS);
    require(strlen(d.region) == 0 || strlen(d.region) == 6);
    require(!jz_date_is_set(d.born_on) || jz_date_is_set(jz_date_from_key(jz_date_key(d.born_on))));
    require(strlen(jz_document_mask(&d, mask)) == strlen(d.number));
    require(jz_document_parse(d.number, d.kind, d.issuer, &again, &err) == 0);
    require(again.kind == d.kind && strcmp(again.number, d.number) == 0);
    require(strcmp(jz_document_key(&d, key), jz_document_key(&again, key_again)) == 0);
}

static void check_reference(const char *text)
{
    char back[JZ_REFERENCE_TEXT_BYTES];
    int64_t id, id_again;
    if (jz_reference_parse(text, &id, NULL) < 0)
        return;
    require(id > 0);
    require(jz_reference_parse(jz_reference_format(id, back), &id_again, NULL) == 0);
    require(id == id_again);
}

static void check_area(const char *text)
{
    char prefix[JZ_REGION_TEXT_BYTES], again[JZ_REGION_TEXT_BYTES];
    if (!jz_region_prefix(text, prefix))
        return;
    require(jz_region_prefix(prefix, again) && strcmp(prefix, again) == 0);
    require(jz_region_is_in(text, prefix));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > TEXT_BYTES)
        return 0;
    char text[TEXT_BYTES];
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    char *feed = strchr(text, '\n');
    if (feed)
        *feed = 0;
    const char *number = feed ? feed + 1 : text;
    const enum jz_document_kind kind = (enum jz_document_kind)(data[0] % JZ_DOCUMENT_KIND_COUNT);
    check_document(number, kind, feed ? text : NULL);
    check_reference(number);
    check_area(number);
    return 0;
}
