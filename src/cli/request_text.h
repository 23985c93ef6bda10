/* Requests as a clerk sees them: a line each, or one with all that belongs to it. */
#pragma once

#include "cli/claim_text.h"
#include "ledger/request_answer.h"
#include "ledger/request_file.h"

json_t *json_request(const struct jz_request *r);
void print_request(const struct jz_request *r);
json_t *json_file(const struct jz_request_file *f);

/* Its line as it stands now. */
int print_state(struct jz_store *store, int64_t id, bool json, struct jz_error *err) JZ_MUST_CHECK;

/* One request with its fields in the clear, files, documents asked for, and hints. */
int show_request(struct jz_store *store, int64_t id, bool json, struct jz_error *err) JZ_MUST_CHECK;

/* What came of an answer. */
void print_answer(const struct jz_answer *answer, const struct jz_answer_result *result, bool json);
