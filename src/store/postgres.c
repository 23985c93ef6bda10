#include "store/sql_internal.h"

static int open_connection(const char *target, const struct jz_sql_options *options,
                           struct jz_sql **ret_sql, struct jz_error *err)
{
    (void)target, (void)options, (void)ret_sql;
    return jz_error_set(err, JZ_E_UNSUPPORTED, "PostgreSQL: not yet");
}

const struct jz_sql_driver jz_postgres_driver = { .dialect = JZ_POSTGRES, .open = open_connection };
