#include "account/account_internal.h"

#include "crypto/password.h"
#include "store/person.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { USUAL_PASSWORDS = 2, USUAL_MONTHS = 12 };

static int64_t system_clock(void)
{
    return time(NULL);
}

int64_t account_now(const struct jz_account *account)
{
    return account->options.clock();
}

/* So that an unknown card takes as long as a wrong password. */
static int make_decoy(struct jz_account *a, struct jz_error *err)
{
    uint8_t bytes[16];
    char password[2 * sizeof bytes + 1];
    jz_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(password + 2 * i, 3, "%02x", bytes[i]);
    return jz_password_hash(password, a->decoy_hash, err);
}

int jz_account_new(const struct jz_account_options *options, struct jz_account **ret_account,
                   struct jz_error *err)
{
    int r;
    if (options->outbox && (!options->channels || !*options->channels || !options->agency_phone ||
                            !*options->agency_phone))
        return jz_error_set(err, JZ_E_USAGE,
                            "messages name the official channels and the agency's telephone: set "
                            "both");
    struct jz_account *a = calloc(1, sizeof *a);
    if (!a)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    a->options = *options;
    if (!a->options.clock)
        a->options.clock = system_clock;
    if (!a->options.passwords_at_a_time)
        a->options.passwords_at_a_time = USUAL_PASSWORDS;
    if (!a->options.contact_months)
        a->options.contact_months = USUAL_MONTHS;
    sem_init(&a->passwords, 0, (unsigned)a->options.passwords_at_a_time);
    JZ_CLEANUP(jz_account_freep) struct jz_account *account = a;
    if ((r = jz_codes_new(&a->codes, err)) < 0 || (r = jz_pauses_new(&a->pauses, err)) < 0 ||
        (r = make_decoy(a, err)) < 0)
        return r;
    *ret_account = JZ_TAKE(account);
    return 0;
}

void jz_account_free(struct jz_account *a)
{
    if (!a)
        return;
    jz_codes_free(a->codes);
    jz_pauses_free(a->pauses);
    sem_destroy(&a->passwords);
    free(a);
}

bool jz_right_given(bool by_helper, enum jz_right right)
{
    static const bool of_helpers[JZ_RIGHTS] = {
        [JZ_RIGHT_CERTIFY] = true,
        [JZ_RIGHT_SEE_STANDING] = true,
        [JZ_RIGHT_ASK_VISIT] = true,
    };
    return !by_helper || of_helpers[right];
}

/* ---- Pauses ---- */

struct pair_key account_pair(struct jz_asker asker, const char *key)
{
    struct pair_key pair = { .size = 32 };
    const size_t length = strlen(key);
    memcpy(pair.bytes, asker.bytes, asker.size < 32 ? asker.size : 32);
    const size_t taken = length < PAIR_BYTES - 32 ? length : PAIR_BYTES - 32;
    memcpy(pair.bytes + 32, key, taken);
    pair.size += taken;
    return pair;
}

int account_asker_wait(struct jz_account *a, struct jz_asker asker, const char *key, int64_t now_s)
{
    const struct pair_key pair = account_pair(asker, key);
    const int by_pair = jz_pause_left(a->pauses, JZ_PAUSE_PAIR, pair.bytes, pair.size, now_s);
    const int by_address =
        jz_pause_left(a->pauses, JZ_PAUSE_ADDRESS, asker.bytes, asker.size, now_s);
    return by_pair > by_address ? by_pair : by_address;
}

void account_count_failure(struct jz_account *a, struct jz_asker asker, const char *key,
                           int64_t now_s)
{
    const struct pair_key pair = account_pair(asker, key);
    (void)jz_pause_count(a->pauses, JZ_PAUSE_PAIR, pair.bytes, pair.size, now_s);
    (void)jz_pause_count(a->pauses, JZ_PAUSE_ADDRESS, asker.bytes, asker.size, now_s);
}

/* ---- Finding ---- */

/* Under every version of the key, so that how long it takes says nothing about the newest. */
static int ask_document(struct jz_sql *sql, const struct jz_keyring *keyring,
                        const struct jz_document *document, int64_t *ret_person,
                        struct jz_error *err)
{
    int64_t person = 0;
    for (unsigned v = jz_keyring_versions(keyring, JZ_KEY_LOOKUP); v > 0; v--) {
        uint8_t hash[JZ_FIND_BYTES];
        int r = jz_person_document_hash(keyring, v, document, hash, err);
        if (r < 0)
            return r;
        const struct jz_sql_value value = jz_blob(hash, sizeof hash);
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        if ((r = jz_sql_query(sql, "SELECT person FROM document_find WHERE hash = $1", &value, 1,
                              &rows, err)) < 0 ||
            (r = jz_sql_next(rows, err)) < 0)
            return r;
        if (r == 1 && person == 0)
            person = jz_sql_int(rows, 0);
    }
    *ret_person = person;
    return 0;
}

/* Anybody, from anywhere in the register: who is read when nobody was found. */
static int ask_anybody(struct jz_sql *sql, int64_t *ret_person, struct jz_error *err)
{
    uint64_t random;
    int64_t last = 0;
    {
        JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
        int r = jz_sql_query(sql, "SELECT MAX(id) FROM person", NULL, 0, &rows, err);
        if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
            return r;
        last = r == 1 ? jz_sql_int(rows, 0) : 0;
    }
    jz_random(&random, sizeof random);
    const struct jz_sql_value from = jz_int((int64_t)(random % (uint64_t)(last + 1)));
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r =
        jz_sql_query(sql, "SELECT COALESCE(of, id) FROM person WHERE id >= $1 ORDER BY id LIMIT 1",
                     &from, 1, &rows, err);
    if (r < 0 || (r = jz_sql_next(rows, err)) < 0)
        return r;
    *ret_person = r == 1 ? jz_sql_int(rows, 0) : 0;
    return 0;
}

/*
 * Found or not, the same questions are asked and somebody's record is opened and compared: how
 * long it takes does not tell whether a document is in the register.
 */
static int find(struct jz_sql *sql, const struct jz_keyring *keyring,
                const struct jz_document *document, const char name[JZ_NAME_KEY_BYTES],
                int64_t *ret_person, struct jz_error *err)
{
    int64_t found = 0, anybody = 0;
    struct jz_person_record record;
    char key[JZ_NAME_KEY_BYTES] = { 0 };
    int r;
    if ((r = ask_document(sql, keyring, document, &found, err)) < 0 ||
        (r = ask_anybody(sql, &anybody, err)) < 0)
        return r;
    *ret_person = 0;
    if (!found && !anybody)
        return 0; /* an empty register */
    if ((r = jz_person_read(sql, keyring, found ? found : anybody, &record, err)) < 0)
        return r;
    /* A registered name that cannot be compared matches none. */
    const bool has_key = jz_name_key(record.data.name, key, NULL) == 0;
    jz_person_record_wipe(&record);
    const bool is_same = !name || (jz_secret_equal(key, name, sizeof key) && has_key);
    jz_wipe(key, sizeof key);
    *ret_person = is_same ? found : 0;
    return 0;
}

int jz_account_find(struct jz_account *a, const struct jz_document *document, const char *name,
                    int64_t *ret_person, struct jz_error *err)
{
    char key[JZ_NAME_KEY_BYTES];
    struct jz_sql *sql = NULL;
    int r;
    if ((name && (r = jz_name_key(name, key, err)) < 0) ||
        (r = jz_store_reader(a->options.store, &sql, err)) < 0)
        return r;
    r = find(sql, jz_store_keyring(a->options.store), document, name ? key : NULL, ret_person, err);
    jz_store_return(a->options.store, sql);
    return r;
}
