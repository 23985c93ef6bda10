/*
 * What sql.c and the two drivers share. A driver begins its own structure with struct jz_sql, and
 * that of its rows and copies with struct jz_sql_rows and struct jz_sql_copy.
 *
 * sql.c has checked before it calls a driver: the number and sizes of the values, that a
 * transaction is open or not, and the types of a copied row.
 */
#pragma once

#include "store/sql.h"

enum jz_sql_state { JZ_SQL_IDLE, JZ_SQL_READING, JZ_SQL_WRITING };

struct jz_sql {
    const struct jz_sql_driver *driver;
    enum jz_sql_state state;
    int failed; /* the code of the first error in this transaction, which is lost by it */
    bool broken, read_only;
};

struct jz_sql_rows {
    struct jz_sql *sql;
};

struct jz_sql_copy {
    struct jz_sql *sql;
    const struct jz_column *columns;
    size_t count;
};

/* TARGET is what follows the prefix of the URL: a path, or what libpq reads. */
struct jz_sql_driver {
    enum jz_sql_dialect dialect;
    int (*open)(const char *target, const struct jz_sql_options *options, struct jz_sql **ret_sql,
                struct jz_error *err);
    void (*close)(struct jz_sql *sql);
    bool (*is_gone)(struct jz_sql *sql); /* NULL: cannot be lost */
    int (*begin)(struct jz_sql *sql, bool writes, struct jz_error *err);
    int (*commit)(struct jz_sql *sql, struct jz_error *err);
    void (*rollback)(struct jz_sql *sql);
    int (*run)(struct jz_sql *sql, const char *statement, const struct jz_sql_value *values,
               size_t count, struct jz_error *err);
    int (*flush)(struct jz_sql *sql, struct jz_error *err);
    int (*script)(struct jz_sql *sql, const char *statements, struct jz_error *err);
    int (*query)(struct jz_sql *sql, const char *statement, const struct jz_sql_value *values,
                 size_t count, struct jz_sql_rows **ret_rows, struct jz_error *err);
    int (*next)(struct jz_sql_rows *rows, struct jz_error *err);
    void (*done)(struct jz_sql_rows *rows);
    int (*column_count)(const struct jz_sql_rows *rows);
    struct jz_sql_value (*value)(const struct jz_sql_rows *rows, int column);
    int (*each)(struct jz_sql *sql, const char *statement, const int64_t *keys, size_t count,
                jz_sql_row_fn on_row, void *context, struct jz_error *err);
    /* INTO is "table (column, column)". */
    int (*copy_begin)(struct jz_sql *sql, const char *into, const struct jz_column *columns,
                      size_t count, struct jz_sql_copy **ret_copy, struct jz_error *err);
    int (*copy_row)(struct jz_sql_copy *copy, const struct jz_sql_value *values,
                    struct jz_error *err);
    int (*copy_end)(struct jz_sql_copy *copy, struct jz_error *err);
    void (*copy_abort)(struct jz_sql_copy *copy);
    bool (*changed_elsewhere)(struct jz_sql *sql);
    int64_t (*log_pages)(const struct jz_sql *sql);
    int (*checkpoint)(struct jz_sql *sql, bool all, int64_t *ret_pages, struct jz_error *err);
    int (*check)(struct jz_sql *sql, struct jz_error *err);
    int (*size)(struct jz_sql *sql, int64_t *ret_bytes, struct jz_error *err);
    /* Fills PATH, an empty file of mode 0600 that the caller names and keeps or removes. */
    int (*backup)(const char *target, const char *path, jz_sql_progress_fn on_progress,
                  void *context, struct jz_error *err);
    int (*restore)(const char *target, const char *path, struct jz_error *err);
};

extern const struct jz_sql_driver jz_sqlite_driver, jz_postgres_driver;

/* Remembers that the transaction, if there is one, is lost. Returns code. */
int jz_sql_fail(struct jz_sql *sql, int code);

/* Refuses what comes after an error in a transaction, as PostgreSQL does, so that both agree. */
int jz_sql_check_usable(const struct jz_sql *sql, const char *statement,
                        struct jz_error *err) JZ_MUST_CHECK;

/*
 * Prepared statements by the address of their text: open addressing, grown by doubling. The texts
 * are constants of the program, so nothing is ever evicted; a cache that reaches its limit means
 * that somebody makes up texts.
 */
struct jz_sql_cache {
    struct jz_sql_cached {
        const char *text;
        void *statement;
    } * slots;
    size_t room, used;
};

void *jz_sql_cache_get(const struct jz_sql_cache *cache, const char *text);
int jz_sql_cache_put(struct jz_sql_cache *cache, const char *text, void *statement,
                     struct jz_error *err) JZ_MUST_CHECK;
