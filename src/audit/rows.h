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

/* All columns of the current row, borrowed from it. */
void jz_audit_row(const struct jz_sql_rows *rows, enum jz_table table,
                  struct jz_sql_value ret_values[JZ_MAX_COLUMNS]);

/* The person whom the fact is about, as the row says; 0 for none. */
int64_t jz_audit_row_person(enum jz_table table, const struct jz_sql_value values[JZ_MAX_COLUMNS]);
