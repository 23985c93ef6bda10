#include "receipt/words.h"

_Static_assert(JZ_EV_COUNTER == 0 && JZ_EV_MATERIALS == 13 && JZ_EV_KINDS == 15,
               "the kinds of evidence of docs/receipt.md");
_Static_assert(JZ_SCHEME_EMPLOYEE == 0 && JZ_SCHEME_OTHER == 6 && JZ_SCHEMES == 7,
               "the benefits of docs/receipt.md");

const struct jz_word *jz_receipt_kind(unsigned kind)
{
    return kind >= 1 && kind <= JZ_EV_MATERIALS + 1 ? &jz_evidence_words[kind - 1] : NULL;
}

const struct jz_word *jz_receipt_scheme(unsigned bit)
{
    return bit < JZ_SCHEMES ? &jz_scheme_words[bit] : NULL;
}

uint8_t jz_receipt_kind_number(enum jz_evidence_kind kind)
{
    return kind == JZ_EV_WEAK_SIGNAL ? 0 : (uint8_t)(kind + 1);
}
