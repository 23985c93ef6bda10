/* One fact as a line: its columns that say something to a reader. */
#pragma once

#include "cli/cli.h"
#include "store/store.h"

/* Prints nothing when the table has no such fact. */
int print_fact(struct jz_sql *sql, enum jz_table table, int64_t fact, bool json,
               struct jz_error *err) JZ_MUST_CHECK;
