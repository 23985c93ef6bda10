/*
 * The beacon of a day, from the keyring and the signed roots. Nothing is stored: what a day's is
 * made from was fixed when the day began, so every machine with this keyring and this register
 * makes the same.
 */
#include "audit/beacon_internal.h"
#include "audit/root.h"

#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400, SHANGHAI_S = 8 * 3600, CODE_BITS = 45 };

static int64_t midnight(struct jz_date day)
{
    return (int64_t)jz_date_to_days(day) * DAY_S - SHANGHAI_S;
}

/* ---- The roots, latest first ---- */

struct roots {
    struct jz_sql_rows *rows;
    bool is_at_one;
    uint8_t none[JZ_DIGEST_BYTES]; /* the root of no facts */
};

static void roots_done(struct roots *r)
{
    jz_sql_done(r->rows);
}

static int next_root(struct roots *r, struct jz_error *err)
{
    const int e = jz_sql_next(r->rows, err);
    r->is_at_one = e == 1;
    return e < 0 ? e : 0;
}

/* Those that the beacons of `oldest` and later days may rest on. */
static int open_roots(struct jz_sql *sql, enum jz_suite suite, struct jz_date oldest,
                      struct roots *ret_roots, struct jz_error *err)
{
    static const char question[] =
        "SELECT recorded_at, size, hash FROM audit_root WHERE id >= COALESCE((SELECT id FROM "
        "audit_root WHERE recorded_at < $1 ORDER BY id DESC LIMIT 1), 0) ORDER BY id DESC";
    const struct jz_sql_value value = jz_int(midnight(oldest));
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
    int r = jz_hasher_new(suite, &hasher, err);
    if (r < 0 || (r = jz_sql_query(sql, question, &value, 1, &ret_roots->rows, err)) < 0)
        return r;
    jz_hasher_digest(hasher, NULL, 0, ret_roots->none);
    return next_root(ret_roots, err);
}

/* The last root before that day began; days are asked for from the latest to the oldest. */
static int take_root(struct roots *r, struct jz_beacon *b, struct jz_error *err)
{
    while (r->is_at_one && jz_sql_int(r->rows, 0) >= midnight(b->day)) {
        const int e = next_root(r, err);
        if (e < 0)
            return e;
    }
    const struct jz_sql_value hash =
        r->is_at_one ? jz_sql_value(r->rows, 2) : jz_blob(r->none, sizeof r->none);
    if (hash.size != sizeof b->root)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "a signed root is damaged; type: jianzai audit verify");
    b->size = r->is_at_one ? (uint64_t)jz_sql_int(r->rows, 1) : 0;
    memcpy(b->root, hash.data, sizeof b->root);
    return 0;
}

/* ---- The code ---- */

/* The newest version that was there when the day began; the first, before there was any. */
static unsigned version_on(const struct jz_keyring *keyring, struct jz_date day)
{
    char date[JZ_DATE_TEXT_BYTES], began[JZ_DATE_TEXT_BYTES + 16];
    snprintf(began, sizeof began, "%sT%02d:00:00Z", jz_date_format(jz_date_add_days(day, -1), date),
             (DAY_S - SHANGHAI_S) / 3600);
    unsigned version = jz_keyring_versions(keyring, JZ_KEY_LOG);
    while (version > 1 && strcmp(jz_keyring_created(keyring, JZ_KEY_LOG, version), began) >= 0)
        version--;
    return version;
}

/*
 * Day and root under a secret key: the root may be old, when nobody closed the days; the key keeps
 * everybody else from knowing the code even then.
 */
static int make_code(const struct jz_keyring *keyring, struct jz_beacon *b, struct jz_error *err)
{
    struct {
        char domain[16];
        uint8_t day[4], size[8], root[JZ_DIGEST_BYTES];
    } bytes = { .domain = JZ_BEACON_DOMAIN };
    uint8_t hash[JZ_LOOKUP_BYTES];
    const uint32_t day = (uint32_t)jz_date_key(b->day);
    for (int i = 0; i < 4; i++)
        bytes.day[i] = (uint8_t)(day >> (24 - 8 * i));
    for (int i = 0; i < 8; i++)
        bytes.size[i] = (uint8_t)(b->size >> (56 - 8 * i));
    memcpy(bytes.root, b->root, sizeof bytes.root);
    const int r = jz_keyring_lookup(keyring, JZ_KEY_LOG, version_on(keyring, b->day), &bytes,
                                    sizeof bytes, hash, err);
    if (r < 0)
        return r;
    b->code = 0;
    for (int i = 0; i < 8; i++)
        b->code = b->code << 8 | hash[i];
    b->code >>= 64 - CODE_BITS;
    return 0;
}

/* ---- Days ---- */

/*
 * Of the days from the latest to the oldest the first whose code is WANTED, or the latest when
 * that is NULL; JZ_E_NOT_FOUND.
 */
static int look_for(struct jz_store *store, struct jz_sql *sql, struct jz_date latest,
                    struct jz_date oldest, const uint64_t *wanted, struct jz_beacon *ret_beacon,
                    struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    JZ_CLEANUP(roots_done) struct roots roots = { .rows = NULL };
    struct jz_beacon b = { .day = latest };
    int r = open_roots(sql, jz_store_suite(store), oldest, &roots, err);
    for (; r == 0 && jz_date_compare(b.day, oldest) >= 0; b.day = jz_date_add_days(b.day, -1)) {
        if ((r = take_root(&roots, &b, err)) < 0 || (r = make_code(keyring, &b, err)) < 0)
            return r;
        if (wanted && *wanted != b.code)
            continue;
        if ((r = beacon_sign(keyring, &b, err)) == 0)
            *ret_beacon = b;
        return r;
    }
    return r < 0 ? r
                 : jz_error_set(err, JZ_E_NOT_FOUND,
                                "no beacon that this installation gave in the last %d days",
                                JZ_BEACON_DAYS);
}

static int with_reader(struct jz_store *store, struct jz_date latest, struct jz_date oldest,
                       const uint64_t *wanted, struct jz_beacon *ret_beacon, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = look_for(store, sql, latest, oldest, wanted, ret_beacon, err);
    jz_store_return(store, sql);
    return r;
}

int jz_beacon_of(struct jz_store *store, struct jz_date day, struct jz_beacon *ret_beacon,
                 struct jz_error *err)
{
    const struct jz_date today = jz_store_today(store);
    char text[JZ_DATE_TEXT_BYTES];
    if (!jz_date_is_set(day))
        day = today;
    if (jz_date_compare(day, today) > 0)
        return jz_error_set(err, JZ_E_USAGE, "nobody knows the beacon of %s before that day",
                            jz_date_format(day, text));
    if (jz_date_compare(day, jz_date_add_days(today, -JZ_BEACON_DAYS)) < 0)
        return jz_error_set(err, JZ_E_LIMIT, "%s: beacons go back %d days, no further",
                            jz_date_format(day, text), JZ_BEACON_DAYS);
    return with_reader(store, day, day, NULL, ret_beacon, err);
}

/* The signature says that this installation made it, the day's own code that nobody chose it. */
static int check_text(struct jz_store *store, const char *text, struct jz_beacon *ret_beacon,
                      struct jz_error *err)
{
    struct jz_beacon b, of_day;
    struct jz_public_key key;
    int r;
    if ((r = jz_beacon_parse(text, strlen(text), &b, err)) < 0)
        return r;
    if (jz_audit_key(jz_store_keyring(store), b.key, &key, err) < 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "a beacon of another installation");
    if ((r = jz_beacon_verify(&key, 1, &b, err)) < 0)
        return r;
    if (jz_date_compare(b.day, jz_store_today(store)) > 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "signed for a day that lies ahead");
    if ((r = jz_beacon_of(store, b.day, &of_day, err)) < 0)
        return r;
    if (b.code != of_day.code)
        return jz_error_set(err, JZ_E_INTEGRITY, "signed here, but not the beacon of its day");
    *ret_beacon = b;
    return 0;
}

int jz_beacon_check(struct jz_store *store, const char *text, struct jz_beacon *ret_beacon,
                    struct jz_error *err)
{
    const struct jz_date today = jz_store_today(store);
    uint64_t code;
    if (strncmp(text, JZ_BEACON_TEXT_MARK, strlen(JZ_BEACON_TEXT_MARK)) == 0)
        return check_text(store, text, ret_beacon, err);
    const int r = jz_beacon_short_parse(text, &code, err);
    return r < 0 ? r
                 : with_reader(store, today, jz_date_add_days(today, -JZ_BEACON_DAYS), &code,
                               ret_beacon, err);
}
