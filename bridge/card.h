/*
 * What is read from a card: no more than certification needs. Photographs, addresses, ethnic group
 * and the like stay on the card.
 *
 * The JSON is the same in a helper's answer and in the bridge's:
 *
 *   { "kind": "social_card", "card_number": "A12345678", "name": "…",
 *     "document": { "kind": "citizen_id", "number": "…", "warnings": ["wrong_check"] },
 *     "valid_from": "2019-05-01", "valid_until": "2029-05-01", "withheld": true }
 *
 * Kinds and warnings are those of identity/document.h; a passport has its "issuer" too. All but the
 * kind may be missing. Pure.
 */
#pragma once

#include "base/date.h"
#include "identity/document.h"

#include <jansson.h>

#define JZ_CARD_NAME_BYTES 129 /* UTF-8 and the NUL */

struct jz_card {
    enum jz_document_kind kind;
    char number[JZ_DOCUMENT_NUMBER_BYTES]; /* of the card itself; "" when not read */
    char name[JZ_CARD_NAME_BYTES];         /* "" when not read */
    struct jz_document document;           /* its number is "" when not read */
    struct jz_date valid_from, valid_until;
    bool is_withheld; /* it keeps something behind a key that only the authority has */
};

/* Letters and digits only, as numbers of cards are; false when it is empty, too long or others. */
bool jz_card_take_number(struct jz_card *card, const char *text, size_t size);

/* UTF-8 without control characters, blanks around it dropped; false for others or too long. */
bool jz_card_take_name(struct jz_card *card, const char *text, size_t size);

/* NULL when memory is out. */
json_t *jz_card_to_json(const struct jz_card *card);

/* JZ_E_FORMAT, JZ_E_LIMIT, JZ_E_MEMORY; the sentence never repeats a value or a foreign key. */
int jz_card_from_json(json_t *object, struct jz_card *ret_card, struct jz_error *err) JZ_MUST_CHECK;
