#include "store/postgres_internal.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

/* How a tool is told where the database is: the password goes by the environment, which other
   users of the machine cannot see, and the rest as an argument. */
struct target {
    char *conninfo;
    char *password; /* "PGPASSWORD=…", or NULL */
};

static void target_done(struct target *t)
{
    free(t->conninfo);
    if (t->password)
        explicit_bzero(t->password, strlen(t->password));
    free(t->password);
}

static void put_quoted(FILE *f, const char *keyword, const char *value)
{
    fprintf(f, "%s='", keyword);
    for (; *value; value++)
        fprintf(f, *value == '\'' || *value == '\\' ? "\\%c" : "%c", *value);
    fputs("' ", f);
}

static int read_target(const char *text, struct target *t, struct jz_error *err)
{
    PQconninfoOption *options = NULL;
    int r = jz_pg_read_target(text, &options, err);
    if (r < 0)
        return r;
    size_t size = 0;
    bool good = true;
    FILE *f = open_memstream(&t->conninfo, &size);
    for (PQconninfoOption *o = options; f && o->keyword; o++) {
        if (!o->val)
            continue;
        if (strcmp(o->keyword, "password") != 0)
            put_quoted(f, o->keyword, o->val);
        else if (asprintf(&t->password, "PGPASSWORD=%s", o->val) < 0) {
            t->password = NULL;
            good = false;
        }
    }
    PQconninfoFree(options);
    if (!f || fclose(f) != 0 || !good)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    return 0;
}

/* On PATH, or where Debian keeps it (the newest, since a tool must not be older than the server).
   The caller frees it. */
static char *find_tool(const char *name)
{
    jz_autofree char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
    char *rest = path;
    for (char *folder; path && (folder = strsep(&rest, ":")) != NULL;) {
        char *tool = jz_path_join(folder, name);
        if (tool && *folder == '/' && access(tool, X_OK) == 0)
            return tool;
        free(tool);
    }
    jz_autofree char *pattern = NULL;
    glob_t found = { 0 };
    char *newest = NULL;
    if (asprintf(&pattern, "/usr/lib/postgresql/*/bin/%s", name) < 0)
        pattern = NULL;
    else if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0)
        newest = strdup(found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    return newest;
}

/* environ with PGPASSWORD set or absent; the array is the caller's, the strings are not. */
static char **make_environment(char *password)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **made = calloc(count + 2, sizeof *made);
    if (!made)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (!password || strncmp(environ[i], "PGPASSWORD=", 11) != 0)
            made[n++] = environ[i];
    made[n] = password;
    return made;
}

static int spawn_tool(const char *tool, char *const *arguments, char *const *environment,
                      pid_t *ret_pid, int *ret_words)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    const int failed = posix_spawn(ret_pid, tool, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed)
        close(ends[0]);
    else
        *ret_words = ends[0];
    return failed;
}

/* Reads what the tool complains of until it ends; the first line of it goes to words. */
static void listen_to(int fd, char *words, size_t room, const char *growing,
                      jz_sql_progress_fn on_progress, void *context)
{
    size_t used = 0;
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        struct stat st;
        const int ready = poll(&p, 1, 250);
        if (ready == 0 && on_progress && growing && stat(growing, &st) == 0)
            on_progress(context, st.st_size, 0);
        if (ready <= 0 && (ready == 0 || errno == EINTR))
            continue;
        char bytes[512];
        const ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            break;
        for (ssize_t i = 0; i < n; i++)
            if (used + 1 < room)
                words[used++] = bytes[i];
    }
    words[used] = 0;
    words[strcspn(words, "\n")] = 0;
}

static int run_tool(const char *name, char **arguments, const struct target *t, const char *growing,
                    jz_sql_progress_fn on_progress, void *context, struct jz_error *err)
{
    jz_autofree char *tool = find_tool(name);
    if (!tool)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "%s is neither on PATH nor in /usr/lib/postgresql; install the "
                            "package postgresql-client",
                            name);
    jz_autofree char **environment = make_environment(t->password);
    if (!environment)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    pid_t pid;
    jz_autoclose int words_fd = -1;
    char words[384];
    const int failed = spawn_tool(tool, arguments, environment, &pid, &words_fd);
    if (failed)
        return jz_error_set(err, JZ_E_IO, "%s: %s", tool, strerror(failed));
    listen_to(words_fd, words, sizeof words, growing, on_progress, context);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return jz_error_set(err, JZ_E_IO, "%s: %s", tool, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return jz_error_set(err, JZ_E_IO, "%s failed: %s", name, *words ? words : "it says nothing");
}

int jz_pg_backup(const char *target, const char *path, jz_sql_progress_fn on_progress,
                 void *context, struct jz_error *err)
{
    JZ_CLEANUP(target_done) struct target t = { 0 };
    jz_autofree char *database = NULL, *file = NULL;
    int r = read_target(target, &t, err);
    if (r < 0)
        return r;
    if (asprintf(&database, "--dbname=%s", t.conninfo) < 0) {
        database = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    if (asprintf(&file, "--file=%s", path) < 0) {
        file = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    char name[] = "pg_dump", format[] = "--format=custom", no_password[] = "--no-password";
    char *arguments[] = { name, format, no_password, file, database, NULL };
    return run_tool(name, arguments, &t, path, on_progress, context, err);
}

static int refuse_unless_empty(const char *target, struct jz_error *err)
{
    static const char count_tables[] =
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' "
        "AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT EXISTS (SELECT FROM pg_depend d "
        "WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')";
    JZ_CLEANUP(jz_sql_closep) struct jz_sql *sql = NULL;
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    const struct jz_sql_options options = { .read_only = true, .busy_timeout_ms = 10000 };
    int r = jz_postgres_driver.open(target, &options, &sql, err);
    if (r < 0 || (r = jz_sql_query(sql, count_tables, NULL, 0, &rows, err)) < 0 ||
        (r = jz_sql_next(rows, err)) < 0)
        return r;
    if (r == 1 && jz_sql_int(rows, 0) == 0)
        return 0;
    return jz_error_set(err, JZ_E_CONFLICT,
                        "the database has tables already; restore into a new one");
}

static int refuse_unless_dump(const char *path, struct jz_error *err)
{
    jz_autofclose FILE *f = fopen(path, "re");
    char magic[5];
    if (!f)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    if (fread(magic, 1, sizeof magic, f) != sizeof magic || memcmp(magic, "PGDMP", 5) != 0)
        return jz_error_set(err, JZ_E_FORMAT, "%s: is not a backup of a PostgreSQL database", path);
    return 0;
}

int jz_pg_restore(const char *target, const char *path, struct jz_error *err)
{
    JZ_CLEANUP(target_done) struct target t = { 0 };
    jz_autofree char *database = NULL, *file = NULL;
    int r = refuse_unless_dump(path, err);
    if (r < 0 || (r = refuse_unless_empty(target, err)) < 0 ||
        (r = read_target(target, &t, err)) < 0)
        return r;
    if (asprintf(&database, "--dbname=%s", t.conninfo) < 0) {
        database = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    /* "./" where the name could be taken for an option. */
    if (asprintf(&file, "%s%s", *path == '-' ? "./" : "", path) < 0) {
        file = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    char name[] = "pg_restore", stop[] = "--exit-on-error", whole[] = "--single-transaction",
         owner[] = "--no-owner", rights[] = "--no-privileges", no_password[] = "--no-password";
    char *arguments[] = { name, stop, whole, owner, rights, no_password, database, file, NULL };
    return run_tool(name, arguments, &t, NULL, NULL, NULL, err);
}
