#include "store/postgres_internal.h"

#include <string.h>

/* By the beginning of the SQLSTATE. NULL: the words are the server's. */
static const struct {
    const char *state;
    int code;
    bool lost;
    const char *sentence;
} sentences[] = {
    { "JZ001", JZ_E_DENIED, false, NULL },
    { "23505", JZ_E_CONFLICT, false, NULL },
    { "55P03", JZ_E_BUSY, false, "another process holds the lock for longer than the time-out" },
    { "57014", JZ_E_BUSY, false, "the server stopped the statement, which took too long" },
    { "40", JZ_E_BUSY, false, "two transactions got in each other's way; begin again" },
    { "25006", JZ_E_DENIED, false, "this transaction can only read" },
    { "42501", JZ_E_DENIED, false, NULL },
    { "53100", JZ_E_IO, false,
      "the disk of the server is full; make room there and try again (what was committed is "
      "safe)" },
    { "53200", JZ_E_IO, false, "the server is out of memory; look at its log" },
    { "53300", JZ_E_IO, true, "the server has no connection left; raise its max_connections" },
    { "58", JZ_E_IO, false, "the server cannot read or write its files; look at its log" },
    { "08P01", JZ_E_INTERNAL, false, NULL },
    { "08", JZ_E_IO, true, "the connection is lost" },
    { "57P0", JZ_E_IO, true, "the connection was ended by the server, which stops or restarts" },
    { "57P05", JZ_E_IO, true, "the server ended the connection, which was idle for too long" },
    { "25P03", JZ_E_IO, true, "the server ended the connection, whose transaction was idle" },
    { "XX00", JZ_E_INTEGRITY, false,
      "the database is damaged; stop the program, keep a copy and restore the newest backup" },
    { "54", JZ_E_LIMIT, false, NULL },
    { "22001", JZ_E_LIMIT, false, NULL },
    { "22003", JZ_E_LIMIT, false, NULL },
    { "22021", JZ_E_FORMAT, false, "a text is not valid UTF-8" },
    { "", JZ_E_INTERNAL, false, NULL },
};

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static int lost(struct jz_pg *s, struct jz_error *err)
{
    s->sql.broken = true;
    const char *words = PQerrorMessage(s->conn);
    const int first_line = (int)strcspn(words, "\n");
    return jz_error_set(err, JZ_E_IO, "PostgreSQL: the connection is lost%s%.*s",
                        first_line ? ": " : "", first_line, words);
}

int jz_pg_error(struct jz_pg *s, const PGresult *result, const char *statement,
                struct jz_error *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (!state)
        return jz_sql_fail(&s->sql, lost(s, err));
    size_t i = 0;
    while (strncmp(state, sentences[i].state, strlen(sentences[i].state)) != 0)
        i++;
    /* XX000 is a bug of somebody, not damage. */
    int code = strcmp(state, "XX000") == 0 ? JZ_E_INTERNAL : sentences[i].code;
    /* Not the detail, which shows what is in the row. */
    const char *words = text_of(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    if (sentences[i].lost)
        s->sql.broken = true;
    if (strcmp(state, "JZ001") == 0)
        jz_error_set(err, code, "%s", words); /* a guard speaks for itself */
    else if (code == JZ_E_CONFLICT)
        jz_error_set(err, code, "a row with the same key is there already: %s (%s)",
                     text_of(PQresultErrorField(result, PG_DIAG_TABLE_NAME)),
                     text_of(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)));
    else if (sentences[i].sentence && code != JZ_E_INTERNAL)
        jz_error_set(err, code, "PostgreSQL: %s%s%.200s", sentences[i].sentence,
                     code == JZ_E_INTEGRITY ? ": " : "", code == JZ_E_INTEGRITY ? words : "");
    else
        jz_error_set(err, code, "PostgreSQL: %.200s (%s)%s%.240s", words, state,
                     statement ? ": " : "", text_of(statement));
    return jz_sql_fail(&s->sql, code);
}
