/*
 * Rows of facts, whatever their table, as the columns are listed in store/table.h.
 *
 * The SQL texts are made once and live as long as the program, as store/sql.h wants it. Any thread;
 * a connection belongs to one at a time.
 */
#pragma once

#include "store/fact.h"

/* "SELECT every column FROM table WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT $3". */
const char *jz_audit_select(enum jz_table table);

/* How many rows of a table to ask for at a time, where `usual` would do for small ones. */
int jz_audit_page_rows(enum jz_table table, int usual);

/*
 * Every row with a number from `first` to `last`, in that order, in pages. The values are borrowed
 * during the call; a negative result of on_row ends it and is returned.
 */
typedef int (*jz_audit_row_fn)(void *context, enum jz_table table,
                               const struct jz_sql_value values[JZ_MAX_COLUMNS],
                               struct jz_error *err);
int jz_audit_each(struct jz_sql *sql, enum jz_table table, int64_t first, int64_t last,
                  jz_audit_row_fn on_row, void *context, struct jz_error *err) JZ_MUST_CHECK;

/* All columns of the current row, borrowed from it. */
void jz_audit_row(const struct jz_sql_rows *rows, enum jz_table table,
                  struct jz_sql_value ret_values[JZ_MAX_COLUMNS]);

/* The person whom the fact is about, as the row says; 0 for none. */
int64_t jz_audit_row_person(enum jz_table table, const struct jz_sql_value values[JZ_MAX_COLUMNS]);
