/* jianzai db: the database from the outside. */
#include "cli/desk.h"

#include "base/clock.h"

#include <string.h>

static int init(int argc, char **argv);
static int migrate(int argc, char **argv);
static int check(int argc, char **argv);
static int backup(int argc, char **argv);
static int restore(int argc, char **argv);

static const struct command init_command = {
    "init", init, "[--suite international|guomi] [--db URL] [--keys FILE]",
    "make an empty database, and a keyring where there is none"
};
static const struct command migrate_command = {
    "migrate", migrate, "[--db URL]", "bring an older database to this program's version"
};
static const struct command check_command = {
    "check", check, "[--db URL] [--json]",
    "version, size, and the database's own check of its pages and indexes"
};
static const struct command backup_command = { "backup", backup, "[--db URL] FILE",
                                               "a consistent copy while work goes on" };
static const struct command restore_command = { "restore", restore, "[--db URL] FILE",
                                                "make an empty database from a copy" };

static int complain_and_fail(const struct jz_error *err)
{
    complain(NULL, err);
    return EXIT_USAGE;
}

static int init(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const char *suite_name = "international";
    const struct arg args[] = {
        { "suite", ARG_TEXT, &suite_name, "NAME: international (default) or guomi (国密)" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&init_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    enum jz_suite suite;
    if (jz_suite_parse(suite_name, &suite, &err) < 0)
        return complain_and_fail(&err);
    const char *keys = desk_keys(&where), *db = desk_db(&where);
    const struct jz_pkcs11 module = desk_module();
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *keyring = NULL;
    r = jz_keyring_create(keys, suite, module.module ? &module : NULL, &err);
    const bool made = r == 0;
    if ((r < 0 && r != JZ_E_CONFLICT) ||
        jz_keyring_open(keys, module.module ? &module : NULL, &keyring, &err) < 0)
        return complain_and_fail(&err);
    /* Opened once, it belongs to this keyring. */
    JZ_CLEANUP(jz_store_closep) struct jz_store *store = NULL;
    if (jz_store_create(db, suite, &err) < 0 || jz_store_open(db, keyring, NULL, &store, &err) < 0)
        return complain_and_fail(&err);
    char name[256];
    jz_sql_describe(db, name, sizeof name);
    printf("database %s is ready, suite %s\n", name, suite_name);
    printf("keyring %s %s\n", keys,
           made ? "made: keep a copy in a safe place, nothing can be read without it"
                : "was there already and is used");
    return 0;
}

static int migrate(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const struct arg args[] = { DESK_ARGS(&where) };
    int first;
    int r =
        parse_args(&migrate_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    int from;
    if (jz_store_migrate(desk_db(&where), &from, &err) < 0)
        return complain_and_fail(&err);
    if (from == JZ_SCHEMA_VERSION)
        printf("the database is of version %d already\n", from);
    else
        printf("the database went from version %d to %d\n", from, JZ_SCHEMA_VERSION);
    return 0;
}

static int check(int argc, char **argv)
{
    struct desk_options where = { 0 };
    bool json = false;
    const struct arg args[] = { { "json", ARG_FLAG, &json, "print JSON" }, DESK_ARGS(&where) };
    int first;
    int r =
        parse_args(&check_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    const struct jz_sql_options options = { .read_only = true };
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    int version = 0;
    int64_t bytes = 0;
    if (jz_store_version(desk_db(&where), &version, &err) < 0 ||
        jz_sql_open(desk_db(&where), &options, &sql, &err) < 0 ||
        jz_sql_size(sql, &bytes, &err) < 0)
        return complain_and_fail(&err);
    r = jz_sql_check(sql, &err);
    if (json)
        print_json(json_pack("{s:b,s:i,s:i,s:I,s:s}", "sound", r == 0, "version", version,
                             "program", JZ_SCHEMA_VERSION, "bytes", (json_int_t)bytes, "problem",
                             r == 0 ? "" : err.text));
    else if (r == 0)
        printf("sound: version %d (this program: %d), %.1f MB\n"
               "whether any fact was changed, audit verify tells\n",
               version, JZ_SCHEMA_VERSION, (double)bytes / 1e6);
    else
        complain(NULL, &err);
    return r == 0 ? 0 : EXIT_REJECTED;
}

/* Half a second between lines, on a terminal or not. */
static void show_progress(void *context, int64_t done, int64_t total)
{
    int64_t *last = context;
    const int64_t now = jz_clock_ns();
    if (now - *last < 500000000 && done < total)
        return;
    *last = now;
    fprintf(stderr, "backup: %.0f %%\n", total > 0 ? 100.0 * (double)done / (double)total : 100.0);
}

static int backup(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const struct arg args[] = { DESK_ARGS(&where) };
    int first;
    int r =
        parse_args(&backup_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    int64_t last = jz_clock_ns();
    if (jz_sql_backup(desk_db(&where), argv[first], show_progress, &last, &err) < 0)
        return complain_and_fail(&err);
    printf("copied to %s; the keyring is not in it\n", argv[first]);
    return 0;
}

static int restore(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const struct arg args[] = { DESK_ARGS(&where) };
    int first;
    int r =
        parse_args(&restore_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    if (jz_sql_restore(desk_db(&where), argv[first], &err) < 0)
        return complain_and_fail(&err);
    puts("restored; type: jianzai audit verify");
    return 0;
}

const struct command *const db_commands[] = { &init_command,   &migrate_command, &check_command,
                                              &backup_command, &restore_command, NULL };
