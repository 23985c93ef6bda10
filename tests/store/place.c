#include "place.h"

#include <glob.h>
#include <string.h>

bool on_postgres;
char folder[32], keyring_file[64], url[512];
struct jz_keyring *keyring;

void check_code(int got, int wanted, const char *what, const struct jz_error *err, const char *file,
                int line)
{
    if (got != wanted)
        fail_msg("%s:%d: %s gave %d, not %d: %s", file, line, what, got, wanted,
                 got < 0 ? err->text : "");
}

/* Returns only when the server does not come to be. */
static int run_below_private_server(char *program)
{
    glob_t found = { 0 };
    const bool installed = glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0;
    globfree(&found);
    if (!installed) {
        puts("1..0 # SKIP PostgreSQL is not installed");
        return 0;
    }
    char where[64];
    snprintf(where, sizeof where, "/tmp/jz-pg-%ld", (long)getpid());
    execl(JZ_SOURCE_ROOT "/tools/private-postgres", "private-postgres", "run", where, program,
          "postgres", (char *)NULL);
    perror("tools/private-postgres");
    return 1;
}

bool place_choose(int argc, char **argv, int *ret_status)
{
    on_postgres = argc == 2 && strcmp(argv[1], "postgres") == 0;
    if (argc != 2 || (!on_postgres && strcmp(argv[1], "sqlite") != 0)) {
        fprintf(stderr, "usage: %s sqlite|postgres\n", argv[0]);
        *ret_status = 2;
        return false;
    }
    if (!on_postgres || getenv("JIANZAI_POSTGRES"))
        return true;
    *ret_status = run_below_private_server(argv[0]);
    return false;
}

void place_make(enum jz_suite suite)
{
    struct jz_error err;
    strcpy(folder, "/tmp/jz-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(keyring_file, sizeof keyring_file, "%s/keys", folder);
    if (on_postgres)
        snprintf(url, sizeof url, "%s", getenv("JIANZAI_POSTGRES"));
    else
        snprintf(url, sizeof url, "%s/register.db", folder);
    place_empty();
    WORKS(jz_keyring_create(keyring_file, suite, NULL, &err));
    WORKS(jz_keyring_open(keyring_file, NULL, &keyring, &err));
}

void place_empty(void)
{
    struct jz_error err;
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    if (!on_postgres) {
        unlink(url);
        return;
    }
    WORKS(jz_sql_open(url, NULL, &sql, &err));
    WORKS(jz_sql_script(sql, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", &err));
}

void place_drop(void)
{
    jz_keyring_free(keyring);
    keyring = NULL;
    jz_autofree char *command = NULL;
    assert_true(asprintf(&command, "rm -rf %s", folder) > 0);
    assert_int_equal(system(command), 0);
}

int place_set_up(void **state)
{
    (void)state;
    struct jz_error err;
    place_make(JZ_SUITE_INTERNATIONAL);
    WORKS(jz_store_create(url, JZ_SUITE_INTERNATIONAL, &err));
    return 0;
}

int place_tear_down(void **state)
{
    (void)state;
    place_drop();
    return 0;
}

struct jz_store *open_store(const struct jz_store_options *options)
{
    struct jz_error err;
    struct jz_store *store = NULL;
    WORKS(jz_store_open(url, keyring, options, &store, &err));
    return store;
}

int64_t ask_store(struct jz_store *store, const char *question)
{
    return ask_store_with(store, question, NULL, 0);
}

int64_t ask_store_with(struct jz_store *store, const char *question,
                       const struct jz_sql_value *values, size_t count)
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    WORKS(jz_store_reader(store, &sql, &err));
    WORKS(jz_sql_query(sql, question, values, count, &rows, &err));
    GIVES(jz_sql_next(rows, &err), 1);
    const int64_t n = jz_sql_int(rows, 0);
    jz_sql_done(rows);
    jz_store_return(store, sql);
    return n;
}
