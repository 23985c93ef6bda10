/* The file of verdicts an import wrote, row by row. */
#pragma once

#include "base/csv.h"

/* What a row came to: "VERDICT", or "VERDICT COLUMN REASON" with - for what is empty. */
#define VERDICT_BYTES 256

/* How many rows there were; texts beyond `room` are only counted. Fails the test on trouble. */
size_t read_verdicts(const char *path, char (*ret_texts)[VERDICT_BYTES], size_t room);

/* Each row of the file came to what is wanted; `wanted` ends with NULL. */
void check_verdicts(const char *path, const char *const *wanted);
