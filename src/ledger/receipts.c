#include "ledger/receipts.h"

#include "crypto/permute.h"

#include <ctype.h>
#include <string.h>

static struct jz_bytes secret_of(const struct jz_store *store)
{
    const char *secret = jz_store_receipt_secret(store);
    return (struct jz_bytes){ secret, strlen(secret) };
}

int jz_receipts_code(const struct jz_store *store, int64_t number, uint64_t *ret_code,
                     struct jz_error *err)
{
    return jz_permute(jz_store_suite(store), secret_of(store), (uint64_t)number, ret_code, err);
}

/* The number whose code it would be. */
static int number_of(const struct jz_store *store, uint64_t code, int64_t *ret_number,
                     struct jz_error *err)
{
    uint64_t number = 0;
    const int r = jz_permute_back(jz_store_suite(store), secret_of(store), code, &number, err);
    *ret_number = (int64_t)number;
    return r;
}

/* 1 and the row, or 0. */
static int ask(struct jz_sql *sql, const char *question, int64_t key,
               struct jz_receipt_row *ret_row, struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(key);
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql, question, &value, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) != 1)
        return r;
    const struct jz_sql_value payload = jz_sql_value(rows, 3);
    if (payload.size != sizeof ret_row->payload)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "receipt %lld is damaged; type: jianzai audit "
                            "verify",
                            (long long)jz_sql_int(rows, 0));
    ret_row->fact = jz_sql_int(rows, 0);
    ret_row->person = jz_sql_int(rows, 1);
    ret_row->certification = jz_sql_int(rows, 2);
    memcpy(ret_row->payload, payload.data, payload.size);
    return 1;
}

static bool take_number(const char *text, int64_t *ret_number)
{
    int64_t n = 0;
    for (const char *at = text; *at; at++)
        if (!isdigit((unsigned char)*at) || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, *at - '0', &n))
            return false;
    *ret_number = n;
    return *text != 0;
}

static int find(const struct jz_store *store, struct jz_sql *sql, const char *text,
                struct jz_receipt_row *ret_row, struct jz_error *err)
{
    static const char question[] =
        "SELECT id, person, certification, payload FROM receipt WHERE id = $1";
    uint64_t code;
    int64_t number, coded = 0;
    int r = 0;
    const bool is_code = jz_receipt_code_parse(text, &code);
    const bool is_number = take_number(text, &number);
    if (!is_code && !is_number)
        return jz_error_set(err, JZ_E_FORMAT,
                            "'%.40s' is neither the code of a receipt (ten characters) nor its "
                            "number",
                            text);
    /* Ten digits may be either. */
    if (is_code && (r = number_of(store, code, &coded, err)) == 0)
        r = ask(sql, question, coded, ret_row, err);
    if (r == 0 && is_number)
        r = ask(sql, question, number, ret_row, err);
    return r == 0 ? jz_error_set(err, JZ_E_NOT_FOUND, "there is no receipt %.40s", text) : r;
}

int jz_receipts_find(struct jz_store *store, const char *text, struct jz_receipt_row *ret_row,
                     struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = find(store, sql, text, ret_row, err);
    jz_store_return(store, sql);
    return r < 0 ? r : 0;
}

int jz_receipts_latest(struct jz_store *store, int64_t person, struct jz_receipt_row *ret_row,
                       struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = ask(sql,
            "SELECT r.id, r.person, r.certification, r.payload FROM person_fact f "
            "JOIN receipt r ON r.id = f.fact WHERE f.person = $1 ORDER BY f.fact DESC LIMIT 1",
            person, ret_row, err);
    jz_store_return(store, sql);
    if (r == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "the person has no receipt yet");
    return r < 0 ? r : 0;
}
