/*
 * Identity documents: what a number says about itself. Registers hold dirt, so what is wrong with
 * a number is a finding, a value beside the number, and never a reason to lose the record: whoever
 * imports decides, and a person may override with a reason. Pure.
 *
 * Numbers and masks of people's documents are personal data: they never go to logs; for those see
 * identity/reference.h.
 */
#pragma once

#include "base/date.h"
#include "base/error.h"

#define JZ_DOCUMENT_MAX_CHARACTERS 32 /* of a number */
#define JZ_DOCUMENT_NUMBER_BYTES   (JZ_DOCUMENT_MAX_CHARACTERS + 1)
#define JZ_DOCUMENT_KEY_BYTES      (JZ_DOCUMENT_NUMBER_BYTES + 8)
#define JZ_DOCUMENT_ISSUER_BYTES   4 /* ISO 3166-1 alpha-3 and the NUL */

enum jz_document_kind {
    JZ_DOCUMENT_UNKNOWN, /* asked for: find out from the form; answered: no known form */
    JZ_DOCUMENT_CITIZEN_ID,
    JZ_DOCUMENT_HMT_RESIDENCE, /* residence permit for people of Hong Kong, Macau and Taiwan */
    JZ_DOCUMENT_HMT_PERMIT,    /* travel permit for people of Hong Kong and Macau */
    JZ_DOCUMENT_TAIWAN_PERMIT,
    JZ_DOCUMENT_FOREIGN_PERMANENT,
    JZ_DOCUMENT_PASSPORT,
    JZ_DOCUMENT_SOCIAL_CARD, /* social security card: opaque, changes on reissue */
    JZ_DOCUMENT_KIND_COUNT
};

struct jz_document_kind_info {
    const char *name; /* stable, also in files: "citizen_id" */
    const char *zh_hans, *zh_hant, *en;
};

enum jz_document_finding {
    JZ_DOCUMENT_WRONG_CHECK = 1 << 0,      /* the check digit does not fit the others */
    JZ_DOCUMENT_WRONG_BIRTH = 1 << 1,      /* the birth date is no day, or not of 1850 to 2100 */
    JZ_DOCUMENT_UNKNOWN_PROVINCE = 1 << 2, /* it starts with no province of GB/T 2260 */
    JZ_DOCUMENT_FIFTEEN_DIGITS = 1 << 3,   /* the old form, made into 18 characters */
    JZ_DOCUMENT_REISSUE_DROPPED = 1 << 4,  /* the digits that count reissues were left off */
    JZ_DOCUMENT_WRONG_FORM = 1 << 5,       /* not of the form its kind has, or of no form */
    JZ_DOCUMENT_KIND_CORRECTED = 1 << 6,   /* the number is of another kind than was said */
    JZ_DOCUMENT_KIND_GUESSED = 1 << 7,     /* no kind was said, and the form fits several */
    JZ_DOCUMENT_NO_ISSUER = 1 << 8,        /* a passport without the state that issued it */
};

struct jz_document_finding_info {
    enum jz_document_finding finding;
    bool is_warning; /* somebody should look; false: only what was done */
    const char *name;
    const char *zh_hans, *zh_hant, *en;
};

enum jz_sex { JZ_SEX_UNKNOWN, JZ_SEX_MALE, JZ_SEX_FEMALE };

struct jz_document {
    enum jz_document_kind kind;
    unsigned findings; /* enum jz_document_finding bits */
    char number[JZ_DOCUMENT_NUMBER_BYTES];
    char issuer[JZ_DOCUMENT_ISSUER_BYTES]; /* "" when not known */
    char region[7];                        /* six digits when the number tells, else "" */
    struct jz_date born_on;                /* { 0 } when the number does not tell */
    enum jz_sex sex;
};

/*
 * Reads a number as people and spreadsheets write it: full-width letters and digits, either case,
 * spaces, dashes, dots, a leading apostrophe, ="..." around it. `kind` UNKNOWN goes by the form;
 * `issuer` (may be NULL) is the state of a passport and makes one of what could be several kinds.
 *
 * JZ_E_FORMAT only when there is no number at all: nothing left, or characters that no number has;
 * JZ_E_LIMIT when it is longer than JZ_DOCUMENT_MAX_CHARACTERS. All else is in the findings.
 */
int jz_document_parse(const char *text, enum jz_document_kind kind, const char *issuer,
                      struct jz_document *ret_document, struct jz_error *err) JZ_MUST_CHECK;

/*
 * What two records of the same document share: "id:11010519491231002X", "hm:H01234567",
 * "tw:01234567", "fp:CAN110000000001", "pp:USA:C01234567", "sc:…", "xx:…". Numbers of 18
 * characters are one space whatever their kind. The input of the keyed hash that finds people.
 */
char *jz_document_key(const struct jz_document *d, char ret_key[JZ_DOCUMENT_KEY_BYTES]);

/* For people to recognise their own: "110***********002X", "H0*****67". */
char *jz_document_mask(const struct jz_document *d, char ret_text[JZ_DOCUMENT_NUMBER_BYTES]);

const struct jz_document_kind_info *jz_document_kind_info(enum jz_document_kind kind);
bool jz_document_kind_parse(const char *name, enum jz_document_kind *ret_kind);

/* The rows of all findings, in the order of their bits. */
const struct jz_document_finding_info *jz_document_findings(size_t *ret_count);
