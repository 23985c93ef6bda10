/*
 * How a claim's documents are typed, and how its result is told: to a person in sentences, to a
 * program as JSON.
 */
#pragma once

#include "cli/args.h"
#include "ledger/claim.h"

#define DOCUMENT_HELP                                                                              \
    "NAME[@DAY]: a document presented, with the day on it if it may not be old; may be repeated"

/* The documents of an option of that list; how many, or negative after it was said what is wrong.
 */
int take_documents(const char *command, const struct arg_list *list,
                   struct jz_claim_document documents[JZ_CLAIM_DOCUMENTS]);

/* Days as "2026-11-25", "-" when unset. */
const char *day_text(struct jz_date day, char buffer[JZ_DATE_TEXT_BYTES]);
json_t *json_day(struct jz_date day);

/* The names of a reason list as a JSON array, and each with what to do next, a line each. */
json_t *json_reason_names(const struct jz_reasons *reasons);
void print_reasons(const char *indent, const struct jz_reasons *reasons);

json_t *json_claim_result(int64_t person, const struct jz_claim *claim,
                          const struct jz_claim_result *result);
void print_claim_result(int64_t person, const struct jz_claim *claim,
                        const struct jz_claim_result *result);
