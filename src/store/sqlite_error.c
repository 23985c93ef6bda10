#include "store/sqlite_internal.h"

#include <errno.h>
#include <string.h>

#define NO_LOG                                                                                     \
    "its folder cannot be written: even reading needs the -wal and -shm files there while nobody " \
    "else has the database open; give this user the right to, or read a backup"

/* By extended code first, then by the primary one. NULL: the words are SQLite's. */
static const struct {
    int rc, code;
    const char *sentence;
} sentences[] = {
    { SQLITE_CONSTRAINT_TRIGGER, JZ_E_DENIED, NULL },
    { SQLITE_CONSTRAINT_UNIQUE, JZ_E_CONFLICT, NULL },
    { SQLITE_CONSTRAINT_PRIMARYKEY, JZ_E_CONFLICT, NULL },
    { SQLITE_CONSTRAINT_ROWID, JZ_E_CONFLICT, NULL },
    { SQLITE_BUSY_SNAPSHOT, JZ_E_BUSY,
      "another connection wrote while a query was open here; begin again" },
    { SQLITE_READONLY_DIRECTORY, JZ_E_DENIED, NO_LOG },
    { SQLITE_READONLY_CANTINIT, JZ_E_DENIED, NO_LOG },
    { SQLITE_READONLY_RECOVERY, JZ_E_DENIED, NO_LOG },
    { SQLITE_READONLY_DBMOVED, JZ_E_IO, "the file was moved or removed while it was open" },
    { SQLITE_FULL, JZ_E_IO,
      "the disk is full; make room and try again (what was committed is safe)" },
    { SQLITE_BUSY, JZ_E_BUSY,
      "another process holds the lock for longer than the time-out; try again" },
    { SQLITE_LOCKED, JZ_E_BUSY, "a query that is still open holds the lock" },
    { SQLITE_READONLY, JZ_E_DENIED, "the database is open for reading only" },
    { SQLITE_PERM, JZ_E_DENIED, "this user has no right to do that" },
    { SQLITE_CORRUPT, JZ_E_INTEGRITY,
      "the file is damaged; stop the program, keep a copy of it and restore the newest backup" },
    { SQLITE_NOTADB, JZ_E_FORMAT, "is not an SQLite database" },
    { SQLITE_NOMEM, JZ_E_MEMORY, "out of memory" },
    { SQLITE_TOOBIG, JZ_E_LIMIT, "a text or blob is larger than SQLite allows" },
    { SQLITE_NOLFS, JZ_E_LIMIT, "the file is larger than this system allows" },
    { SQLITE_CONSTRAINT, JZ_E_INTERNAL, NULL },
    { SQLITE_ERROR, JZ_E_INTERNAL, NULL },
};

/* Errors of the system that deserve better than its words. */
static const struct {
    int number;
    const char *sentence;
} system_errors[] = {
    { ENOSPC, "the disk is full; make room and try again (what was committed is safe)" },
    { EDQUOT, "the disk quota is used up; make room and try again (what was committed is safe)" },
    { EFBIG, "the file has reached the size that this process may write (ulimit -f)" },
    { EROFS, "the file system can only be read" },
    { EACCES, "this user has no right to open it or to write in its folder" },
    { EMFILE, "this process has too many files open (ulimit -n)" },
    { EIO, "the disk reports an error; look at the system's log and replace the disk" },
};

/* What the system said last of the database or of its log: a commit that fails does not always
   leave it with the connection. */
static int system_errno(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int number = sqlite3_system_errno(db);
    if (number == 0)
        sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    if (number == 0 &&
        sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log &&
        log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

static int system_error(sqlite3 *db, const char *path, struct jz_error *err)
{
    const int number = system_errno(db);
    for (size_t i = 0; i < sizeof system_errors / sizeof system_errors[0]; i++)
        if (system_errors[i].number == number)
            return jz_error_set(err, JZ_E_IO, "%s: %s", path, system_errors[i].sentence);
    return jz_error_set(err, JZ_E_IO, "%s: %s%s%s", path, sqlite3_errmsg(db), number ? ": " : "",
                        number ? strerror(number) : "");
}

int jz_sqlite_error(sqlite3 *db, int rc, const char *path, const char *statement,
                    struct jz_error *err)
{
    const int primary = rc & 0xff;
    const char *words = sqlite3_errmsg(db);
    if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)
        return system_error(db, path, err);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
            if (sentences[i].rc != (pass == 0 ? rc : primary))
                continue;
            const int code = sentences[i].code;
            if (code == JZ_E_DENIED && !sentences[i].sentence)
                return jz_error_set(err, code, "%s", words); /* a guard speaks for itself */
            if (code == JZ_E_CONFLICT) {
                const char *what = strstr(words, "failed: ");
                return jz_error_set(err, code, "a row with the same key is there already: %s",
                                    what ? what + strlen("failed: ") : words);
            }
            if (!sentences[i].sentence)
                return jz_error_set(err, code, "%s: %s%s%.300s", path, words, statement ? ": " : "",
                                    statement ? statement : "");
            return jz_error_set(err, code, "%s: %s", path, sentences[i].sentence);
        }
    return jz_error_set(err, JZ_E_INTERNAL, "%s: %s (%d)%s%.300s", path, words, rc,
                        statement ? ": " : "", statement ? statement : "");
}
