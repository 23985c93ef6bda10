/*
 * What leaves the register: signed roots, witnesses, proofs of receipts, statements of shredding.
 * "test_audit_proofs sqlite" and "… postgres" run the same cases.
 */
#include "book.h"

#include "audit/prove.h"
#include "audit/shred.h"
#include "audit/witness.h"
#include "base/file.h"
#include "ledger/forget.h"
#include "receipt/proof.h"

#include <stdio.h>
#include <time.h>

static struct book b;

static struct jz_audit_root sign_root(void)
{
    struct jz_audit_root root;
    WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &root, &err));
    return root;
}

/* ---- Roots ---- */

static void roots_are_facts(void **state)
{
    (void)state;
    struct jz_audit_root root, read;
    struct jz_sql *sql = NULL;
    struct jz_public_key key;
    WORKS(jz_store_reader(b.store, &sql, &err));
    GIVES(jz_audit_root_latest(sql, JZ_SUITE_INTERNATIONAL, &read, &err), JZ_E_NOT_FOUND);
    root = sign_root(); /* of a log without facts */
    assert_int_equal(root.signed_root.size, 0);
    assert_int_equal(root.fact, 1);
    book_fill(&b, 300);
    WORKS(jz_audit_root_sign(b.store, (struct jz_date){ 2026, 10, 31 }, &root, &err));
    WORKS(jz_audit_root_latest(sql, JZ_SUITE_INTERNATIONAL, &read, &err));
    assert_int_equal(read.fact, root.fact);
    assert_memory_equal(&read.signed_root, &root.signed_root, sizeof read.signed_root);
    assert_int_equal(jz_date_key(read.signed_root.day), 20261031);
    assert_int_equal(read.signed_root.size, root.fact - 1);
    WORKS(jz_audit_key(keyring, read.signed_root.key, &key, &err));
    WORKS(jz_root_verify(&key, &read.signed_root, &err));
    GIVES(jz_audit_root_next(sql, JZ_SUITE_INTERNATIONAL, 1, &read, &err), 1);
    assert_int_equal(read.fact, 1);
    GIVES(jz_audit_root_next(sql, JZ_SUITE_INTERNATIONAL, root.fact + 1, &read, &err), 0);
    jz_store_return(b.store, sql);
    GIVES(jz_audit_root_sign(b.store, (struct jz_date){ 2999, 1, 1 }, &root, &err), JZ_E_USAGE);
    assert_int_equal(book_verify(&b, NULL).finding, JZ_AUDIT_SOUND);
}

static void a_day_is_signed_once(void **state)
{
    (void)state;
    static const struct {
        struct jz_date day;
        bool is_signed;
    } days[] = {
        { { 2026, 1, 30 }, true }, { { 2026, 1, 30 }, false }, { { 2026, 1, 29 }, false },
        { { 2026, 1, 31 }, true }, { { 2026, 1, 31 }, false },
    };
    book_fill(&b, 20);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        bool is_signed = !days[i].is_signed;
        WORKS(jz_audit_root_daily(b.store, days[i].day, &is_signed, &err));
        assert_int_equal(is_signed, days[i].is_signed);
    }
}

static void nothing_damaged_is_signed(void **state)
{
    (void)state;
    struct jz_audit_root root;
    struct jz_sql *sql = book_raw();
    book_fill(&b, 800);
    char text[120];
    const int64_t last = ask(sql, "SELECT size FROM audit_head"), id = last - last % 256 + 1;
    for (int t = JZ_T_POLICY; t < JZ_T_FACTS; t++) {
        if (!jz_table_is_fact((enum jz_table)t))
            continue;
        snprintf(text, sizeof text, "UPDATE %s SET recorded_at = recorded_at + 1 WHERE id = %lld",
                 jz_table_info((enum jz_table)t)->name, (long long)id);
        run_text(sql, text, NULL, 0);
    }
    GIVES(jz_audit_root_sign(b.store, (struct jz_date){ 0 }, &root, &err), JZ_E_INTEGRITY);
    assert_int_equal(ask(sql, "SELECT count(*) FROM audit_root"), 0);
    jz_sql_close(sql);
}

/* ---- Witnesses ---- */

static void witnesses_bind_what_was_before(void **state)
{
    (void)state;
    char text[JZ_WITNESS_TEXT_BYTES];
    struct jz_signed_root read;
    struct jz_public_key key;
    book_fill(&b, 700);
    const struct jz_audit_root root = sign_root();
    book_fill(&b, 500);
    jz_witness_format(&root.signed_root, text);
    WORKS(jz_witness_parse(text, strlen(text), &read, &err));
    assert_memory_equal(&read, &root.signed_root, sizeof read);
    WORKS(jz_witness_check(b.store, &read, &err));
    WORKS(jz_audit_key(keyring, read.key, &key, &err));

    /* Every byte of the text counts. */
    const size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            struct jz_signed_root changed;
            if (jz_witness_parse(text, size, &changed, &err) == 0 &&
                jz_root_verify(&key, &changed, &err) == 0)
                fail_msg("byte %zu changed and nobody saw it", i);
            text[i] ^= (char)(1 << bit);
        }
    for (size_t i = 0; i < size; i++)
        assert_true(jz_witness_parse(text, i, &read, &err) < 0);

    struct jz_sql *sql = book_raw();
    WORKS(jz_witness_parse(text, size, &read, &err));
    read.size += 10000;
    GIVES(jz_witness_check(b.store, &read, &err), JZ_E_INTEGRITY);
    int64_t id;
    while ((id = book_any(&b, sql, JZ_T_NOTICE)) >= root.fact)
        ;
    char change[96];
    snprintf(change, sizeof change, "UPDATE notice SET kind = 'rewritten' WHERE id = %lld",
             (long long)id);
    run_text(sql, change, NULL, 0);
    book_forge(&b, sql, true);
    GIVES(jz_witness_check(b.store, &root.signed_root, &err), JZ_E_INTEGRITY);
    jz_sql_close(sql);
}

/* ---- Proofs ---- */

static char *prove_receipt(int64_t fact)
{
    struct jz_audit_proof proof = { 0 };
    struct jz_proof file = { 0 };
    char *text = NULL;
    WORKS(jz_audit_prove(b.store, JZ_T_RECEIPT, fact, &proof, &err));
    file.leaf_size = proof.leaf.size;
    assert_true(proof.leaf.size <= sizeof file.leaf);
    memcpy(file.leaf, proof.leaf.bytes, proof.leaf.size);
    file.offset = proof.leaf.size - JZ_RECEIPT_BYTES;
    file.index = proof.index;
    memcpy(file.path, proof.path, sizeof file.path);
    file.path_count = proof.path_count;
    file.root = proof.root.signed_root;
    WORKS(jz_receipt_sign_recorded(keyring, file.leaf + file.offset, JZ_RECEIPT_BYTES,
                                   &file.receipt, &err));
    WORKS(jz_proof_format(&file, &text, &err));
    jz_audit_proof_done(&proof);
    return text;
}

static int check(const char *text, size_t size)
{
    static struct jz_proof proof;
    struct jz_receipt receipt;
    struct jz_public_key keys[4];
    const unsigned count = jz_keyring_versions(keyring, JZ_KEY_SIGN);
    for (unsigned v = 1; v <= count; v++)
        WORKS(jz_keyring_public(keyring, v, &keys[v - 1], &err));
    return jz_proof_verify(text, size, keys, count, &proof, &receipt, &err);
}

static void receipts_are_proved(void **state)
{
    (void)state;
    enum { RECEIPTS = 60 };
    int64_t facts[RECEIPTS];
    struct jz_audit_proof none = { 0 };
    for (int i = 0; i < RECEIPTS; i++) {
        book_fill(&b, 1 + (int)rnd(&b, 60));
        facts[i] = book_receipt(&b);
        if (i % 20 == 7)
            sign_root();
    }
    GIVES(jz_audit_prove(b.store, JZ_T_RECEIPT, facts[RECEIPTS - 1], &none, &err), JZ_E_CONFLICT);
    GIVES(jz_audit_prove(b.store, JZ_T_NOTICE, facts[0], &none, &err), JZ_E_NOT_FOUND);
    const struct jz_audit_root root = sign_root();
    /* A proof outlives a rotation of the signing key: the receipt is signed by the one it names. */
    WORKS(jz_keyring_rotate(keyring_file, NULL, JZ_KEY_SIGN, &err));
    book_reopen(&b);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < RECEIPTS; i++) {
            jz_autofree char *text = prove_receipt(facts[i]);
            WORKS(check(text, strlen(text)));
        }
        book_fill(&b, 300);
        const struct jz_audit_root later = sign_root();
        assert_int_not_equal(memcmp(later.signed_root.key, root.signed_root.key, 8), 0);
    }
    assert_int_equal(book_verify(&b, NULL).finding, JZ_AUDIT_SOUND);
}

static void a_proof_fails_for_every_changed_byte(void **state)
{
    (void)state;
    book_fill(&b, 400);
    const int64_t fact = book_receipt(&b);
    book_fill(&b, 200);
    sign_root();
    jz_autofree char *text = prove_receipt(fact);
    const size_t size = strlen(text);
    WORKS(check(text, size));
    for (size_t i = 0; i < size; i++) {
        text[i] ^= 1;
        if (check(text, size) == 0)
            fail_msg("byte %zu ('%c') changed and the proof still holds", i, text[i]);
        text[i] ^= 1;
    }
}

static void nothing_damaged_is_proved(void **state)
{
    (void)state;
    struct jz_audit_proof proof = { 0 };
    book_fill(&b, 400);
    const int64_t fact = book_receipt(&b);
    book_fill(&b, 200);
    sign_root();
    struct jz_sql *sql = book_raw();
    const int64_t last = ask(sql, "SELECT size FROM audit_head");
    char text[120];
    snprintf(text, sizeof text, "UPDATE receipt SET person = person + 1 WHERE id = %lld",
             (long long)fact);
    run_text(sql, text, NULL, 0);
    GIVES(jz_audit_prove(b.store, JZ_T_RECEIPT, fact, &proof, &err), JZ_E_INTEGRITY);
    snprintf(text, sizeof text, "UPDATE receipt SET id = %lld WHERE id = %lld",
             (long long)last + 100, (long long)fact);
    run_text(sql, text, NULL, 0);
    GIVES(jz_audit_prove(b.store, JZ_T_RECEIPT, fact, &proof, &err), JZ_E_NOT_FOUND);
    jz_sql_close(sql);
}

/* ---- Forgetting ---- */

/* Whether the bytes stand anywhere in the database's files. */
static bool is_in_files(const struct wrapped *key)
{
    static const char *const tails[] = { "", "-wal" };
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        char path[560];
        jz_autofree uint8_t *bytes = NULL;
        size_t size = 0;
        snprintf(path, sizeof path, "%s%s", url, tails[i]);
        if (jz_file_read(path, 256u << 20, &bytes, &size, &err) == 0)
            found |= memmem(bytes, size, key->bytes, key->size) != NULL;
    }
    return found;
}

static void forgetting_leaves_no_key(void **state)
{
    (void)state;
    struct jz_forget_result result;
    struct jz_person_state person;
    book_fill(&b, 300);
    /* Those of the fill cannot be opened and are counted all the same. */
    struct jz_sql *sql = book_raw();
    const int64_t who = book_person(2);
    struct wrapped keys[BOOK_PERSONS];
    for (int i = 0; i < BOOK_PERSONS; i++)
        keys[i] = book_enrol(&b, book_person(i));
    char question[96];
    snprintf(question, sizeof question, "SELECT count(*) FROM enrolment WHERE person = %lld",
             (long long)who);
    const int64_t enrolments = ask(sql, question);
    assert_true(on_postgres || is_in_files(&keys[2]));

    WORKS(jz_person_state_load(b.store, who, &person, &err));
    assert_true(person.enrolment > 0);
    jz_person_state_done(&person);
    GIVES(jz_forget(b.store, who, "", "operator-7", &result, &err), JZ_E_USAGE);
    GIVES(jz_forget(b.store, who, "two\nlines", "operator-7", &result, &err), JZ_E_USAGE);
    GIVES(jz_forget(b.store, 99999, "asked for", "operator-7", &result, &err), JZ_E_NOT_FOUND);
    WORKS(jz_forget(b.store, who, "asked for 本人申请", "operator-7", &result, &err));
    if (!result.scrubbed)
        fail_msg("not scrubbed: %s", result.why_not.text);
    assert_int_equal(result.statement.enrolments, enrolments);
    assert_int_equal(ask(sql, "SELECT count(*) FROM subject_key"), BOOK_PERSONS - 1);
    WORKS(jz_person_state_load(b.store, who, &person, &err));
    assert_int_equal(person.enrolment, 0);
    jz_person_state_done(&person);
    assert_false(!on_postgres && is_in_files(&keys[2]));
    assert_true(on_postgres || is_in_files(&keys[3]));
    GIVES(jz_forget(b.store, who, "asked for", "operator-7", &result, &err), JZ_E_NOT_FOUND);
    assert_int_equal(book_verify(&b, NULL).finding, JZ_AUDIT_SOUND);

    /* Enrolled again, forgotten again: only what is new is counted. */
    book_enrol(&b, who);
    WORKS(jz_forget(b.store, who, "again", "operator-7", &result, &err));
    assert_int_equal(result.statement.enrolments, 1);
    struct jz_shred recorded;
    WORKS(jz_forget_recorded(b.store, who, &recorded, &err));
    assert_memory_equal(&recorded, &result.statement, sizeof recorded);
    assert_int_equal(book_verify(&b, NULL).finding, JZ_AUDIT_SOUND);
    jz_sql_close(sql);
}

static void statements_bind_every_word(void **state)
{
    (void)state;
    struct jz_forget_result result;
    struct jz_public_key key;
    struct jz_shred read;
    char text[JZ_SHRED_TEXT_BYTES];
    book_fill(&b, 20);
    book_enrol(&b, 1);
    WORKS(jz_forget(b.store, 1, "asked for", "operator-7", &result, &err));
    jz_shred_format(&result.statement, text);
    const size_t size = strlen(text);
    WORKS(jz_keyring_public(keyring, 1, &key, &err));
    WORKS(jz_shred_parse(text, size, &read, &err));
    WORKS(jz_shred_verify(&key, &read, &err));
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            if (jz_shred_parse(text, size, &read, &err) == 0 &&
                jz_shred_verify(&key, &read, &err) == 0)
                fail_msg("byte %zu changed and nobody saw it", i);
            text[i] ^= (char)(1 << bit);
        }
    for (size_t i = 0; i < size; i++)
        assert_true(jz_shred_parse(text, i, &read, &err) < 0);

    /* The row made to fit with another reason: the signature tells. */
    struct jz_sql *sql = book_raw();
    run_text(sql, "UPDATE shred SET reason = 'another'", NULL, 0);
    book_forge(&b, sql, true);
    struct jz_audit_result r = book_verify(&b, NULL);
    assert_int_equal(r.finding, JZ_AUDIT_SHRED);
    assert_int_equal(r.id, result.statement.fact);
    assert_int_equal(r.person, 1);
    jz_sql_close(sql);
}

#define CASE(name) BOOK_TEST(name, &b)

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const char *seed = getenv("JIANZAI_TEST_SEED");
    b.seed = seed ? strtoull(seed, NULL, 10) : (unsigned long long)time(NULL);
    printf("# seed %llu\n", b.seed);
    const struct CMUnitTest tests[] = {
        CASE(roots_are_facts),
        CASE(a_day_is_signed_once),
        CASE(nothing_damaged_is_signed),
        CASE(witnesses_bind_what_was_before),
        CASE(receipts_are_proved),
        CASE(a_proof_fails_for_every_changed_byte),
        CASE(nothing_damaged_is_proved),
        CASE(forgetting_leaves_no_key),
        CASE(statements_bind_every_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
