/* How a claim's result is told: to a person in sentences, to a program as JSON. */
#pragma once

#include "cli/cli.h"
#include "ledger/claim.h"

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
