/*
 * A register of people who do not exist, for demonstrations, tests and measuring. The same options
 * give the same people on every machine, and person n does not depend on the others: threads may
 * share a struct jz_fake and divide the numbers. Integers only, no clock, no libm.
 *
 * Documents are valid and, while there are no more than 127,000 people for every county of the
 * area, belong to one person each. County codes are plausible, not those of real counties; phone
 * numbers start with 102, which no subscriber has; units and addresses are made up.
 */
#pragma once

#include "base/csv_write.h"
#include "identity/document.h"
#include "identity/register.h"

#define JZ_FAKE_MAX_ROWS 3 /* of one person: two benefits, and a row twice where there is dirt */

struct jz_fake_options {
    uint64_t seed;
    struct jz_date on;  /* the day the register is of, 2010 to 2100 */
    const char *region; /* area where all are insured, see identity/region.h; NULL: the country */
    bool has_dirt;      /* about one person in a thousand has something wrong */
};

enum jz_fake_dirt {
    JZ_FAKE_CLEAN,
    JZ_FAKE_WRONG_CHECK,
    JZ_FAKE_WRONG_BIRTH,
    JZ_FAKE_ROW_TWICE,
    JZ_FAKE_NO_NAME,
    JZ_FAKE_FIFTEEN_DIGITS,
};

struct jz_fake_row {
    enum jz_document_kind document_kind;
    char document[19], issuer[JZ_DOCUMENT_ISSUER_BYTES];
    char name[64], phone[12], address[96], unit[64];
    char region[7], residence[7];
    enum jz_sex sex;
    struct jz_date born_on, benefit_from, last_certified_on;
    const struct jz_register_code *scheme, *managed_by;
    const struct jz_register_code *last_certified_kind; /* NULL: never certified */
    unsigned care;                                      /* bits in the order of the codes of care */
    int64_t amount_fen;
    enum jz_fake_dirt dirt;
};

struct jz_fake;

/* JZ_E_USAGE for an area that is none of the mainland, or a day out of range; JZ_E_MEMORY. */
int jz_fake_new(const struct jz_fake_options *options, struct jz_fake **ret,
                struct jz_error *err) JZ_MUST_CHECK;
void jz_fake_free(struct jz_fake *f);

/* The rows of person `number`, which starts at 0; gives how many there are, 1 to JZ_FAKE_MAX_ROWS.
 */
unsigned jz_fake_person(const struct jz_fake *f, uint64_t number,
                        struct jz_fake_row ret_rows[JZ_FAKE_MAX_ROWS]);

/* As the import takes them, with English or Chinese headers and codes. */
void jz_fake_write_header(struct jz_csv_writer *w, bool is_chinese);
void jz_fake_write_row(struct jz_csv_writer *w, const struct jz_fake_row *row, bool is_chinese);

static inline void jz_fake_freep(struct jz_fake **f)
{
    jz_fake_free(*f);
}
