/* Signatures of receipts and roots, and proofs that receipts stand in the log, in both suites. */
#include "receipt/proof.h"

#include "base/file.h"
#include "log.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/jz-proof-XXXXXX";

static void a_genuine_receipt_is_read(void **state)
{
    const struct log *log = *state;
    for (int i = 0; i < LOG_LEAVES; i++) {
        struct jz_receipt r;
        struct jz_error err;
        assert_int_equal(jz_receipt_verify(log->keys, 2, &log->receipts[i], &r, &err), 0);
        assert_int_equal(r.number, sample_receipt().number + (uint64_t)i);
        assert_int_equal(r.leaf, i);
        assert_memory_equal(r.installation, log->keys[0].id, sizeof r.installation);
        /* The newer key alone did not sign it. */
        assert_int_equal(jz_receipt_verify(&log->keys[1], 1, &log->receipts[i], &r, &err),
                         JZ_E_INTEGRITY);
        assert_int_equal(jz_receipt_verify(log->keys, 0, &log->receipts[i], &r, &err),
                         JZ_E_INTEGRITY);
    }
}

static void every_changed_byte_is_refused(void **state)
{
    const struct log *log = *state;
    for (size_t i = 0; i < JZ_SIGNED_RECEIPT_BYTES; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct jz_signed_receipt changed = log->receipts[3];
            struct jz_receipt r = { .number = 42 };
            struct jz_error err;
            changed.bytes[i] ^= (uint8_t)(1 << bit);
            if (jz_receipt_verify(log->keys, 2, &changed, &r, &err) == 0)
                fail_msg("byte %zu, bit %d is not covered", i, bit);
            assert_true(r.number == 42);
        }
}

static void every_changed_character_is_refused(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const struct log *log = *state;
    char text[JZ_RECEIPT_TEXT_BYTES];
    jz_receipt_text(&log->receipts[3], text);
    for (size_t i = 0; i < JZ_RECEIPT_TEXT_CHARS; i++) {
        const char good = text[i];
        struct jz_signed_receipt read;
        struct jz_receipt r;
        struct jz_error err;
        for (size_t k = 0; k < strlen(alphabet); k += 5) {
            text[i] = alphabet[k];
            if (text[i] != good && jz_receipt_text_parse(text, &read, &err) == 0)
                assert_true(jz_receipt_verify(log->keys, 2, &read, &r, &err) < 0);
        }
        text[i] = good;
    }
}

static void no_signature_serves_another_purpose(void **state)
{
    const struct log *log = *state;
    struct jz_receipt receipt = sample_receipt(), read;
    struct jz_signed_receipt made;
    struct jz_signed_root root = log->root;
    uint8_t bytes[JZ_ROOT_BYTES];
    struct jz_error err;
    assert_int_equal(jz_receipt_sign(log->keyring, &receipt, &made, &err), 0);
    assert_int_equal(jz_receipt_verify(&log->keys[1], 1, &made, &read, &err), 0);
    assert_int_equal(jz_keyring_sign(log->keyring, 1, JZ_ROOT_DOMAIN, made.bytes, JZ_RECEIPT_BYTES,
                                     made.bytes + JZ_RECEIPT_BYTES, &err),
                     0);
    assert_int_equal(jz_receipt_verify(&log->keys[1], 1, &made, &read, &err), JZ_E_INTEGRITY);
    jz_root_encode(&root, bytes);
    assert_int_equal(jz_keyring_sign(log->keyring, 1, JZ_RECEIPT_DOMAIN, bytes, sizeof bytes,
                                     root.signature, &err),
                     0);
    assert_int_equal(jz_root_verify(&log->keys[1], &root, &err), JZ_E_INTEGRITY);
}

static void a_root_is_covered_whole(void **state)
{
    const struct log *log = *state;
    struct jz_error err;
    struct jz_signed_root roots[8];
    assert_int_equal(jz_root_verify(&log->keys[1], &log->root, &err), 0);
    assert_int_equal(jz_root_verify(&log->keys[0], &log->root, &err), JZ_E_INTEGRITY);
    for (size_t i = 0; i < 8; i++)
        roots[i] = log->root;
    roots[0].size++;
    roots[1].root[31] ^= 1;
    roots[2].recorded_at++;
    roots[3].day.day--;
    roots[4].key[7] ^= 1;
    roots[5].signature[0] ^= 1;
    roots[6].signature[63] ^= 1;
    roots[7].suite = roots[7].suite == JZ_SUITE_GUOMI ? JZ_SUITE_INTERNATIONAL : JZ_SUITE_GUOMI;
    for (size_t i = 0; i < 8; i++)
        if (jz_root_verify(&log->keys[1], &roots[i], &err) != JZ_E_INTEGRITY)
            fail_msg("case %zu", i);
}

static void every_receipt_can_be_proven(void **state)
{
    const struct log *log = *state;
    static struct jz_proof proof, read;
    for (uint64_t i = 0; i < LOG_LEAVES; i++) {
        struct jz_receipt r;
        struct jz_error err;
        jz_autofree char *text = NULL;
        jz_autofree char *again = NULL;
        if (log_prove(log, i, &proof, &err) < 0 || jz_proof_format(&proof, &text, &err) < 0 ||
            jz_proof_verify(text, strlen(text), log->keys, 2, &read, &r, &err) < 0)
            fail_msg("leaf %llu: %s", (unsigned long long)i, err.text);
        assert_int_equal(r.number, sample_receipt().number + i);
        assert_int_equal(jz_proof_format(&read, &again, &err), 0);
        assert_string_equal(again, text);
        /* Either key alone is not enough. */
        assert_int_equal(jz_proof_check(&proof, &log->keys[0], 1, &r, &err), JZ_E_INTEGRITY);
        assert_int_equal(jz_proof_check(&proof, &log->keys[1], 1, &r, &err), JZ_E_INTEGRITY);
    }
}

static void a_proof_of_something_else_is_refused(void **state)
{
    const struct log *log = *state;
    static struct jz_proof good, p, other;
    struct jz_receipt r;
    struct jz_error err;
    assert_int_equal(log_prove(log, 5, &good, &err), 0);
    assert_int_equal(log_prove(log, 6, &other, &err), 0);
    assert_true(good.path_count > 2);
    assert_int_equal(jz_proof_check(&good, log->keys, 2, &r, &err), 0);
    enum { CASES = 14 };
    for (int i = 0; i < CASES; i++) {
        p = good;
        switch (i) {
        case 0: /* a genuine receipt that is not in this leaf */
            p.receipt = other.receipt;
            break;
        case 1:
            p.receipt = other.receipt;
            memcpy(p.leaf, other.leaf, sizeof p.leaf);
            break;
        case 2:
            p.receipt = other.receipt;
            memcpy(p.leaf, other.leaf, sizeof p.leaf);
            p.index = other.index;
            break;
        case 3:
            p.offset++;
            break;
        case 4:
            p.index++;
            break;
        case 5:
            p.leaf[0] ^= 1;
            break;
        case 6:
            p.leaf[p.leaf_size - 1] ^= 1;
            break;
        case 7:
            p.leaf_size--;
            break;
        case 8:
            p.path[0][0] ^= 1;
            break;
        case 9:
            p.path_count--;
            break;
        case 10:
            p.path_count++;
            break;
        case 11:
            p.root.size--;
            break;
        case 12:
            p.root.root[0] ^= 1;
            break;
        default:
            p.receipt.bytes[JZ_SIGNED_RECEIPT_BYTES - 1] ^= 1;
        }
        r.number = 42;
        const int got = jz_proof_check(&p, log->keys, 2, &r, &err);
        if (got != JZ_E_INTEGRITY)
            fail_msg("case %d: %d", i, got);
        assert_true(r.number == 42);
    }
    p = good;
    p.offset = sizeof p.leaf;
    assert_int_equal(jz_proof_check(&p, log->keys, 2, &r, &err), JZ_E_FORMAT);
    p = good;
    p.root.size = 0;
    assert_int_equal(jz_proof_check(&p, log->keys, 2, &r, &err), JZ_E_FORMAT);
}

/* The first OLD in the text becomes NEW, in fresh memory. */
static char *replace(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);
    char *out = NULL;
    assert_non_null(at);
    assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) > 0);
    return out;
}

static void other_files_are_refused(void **state)
{
    const struct log *log = *state;
    static struct jz_proof proof;
    static const struct {
        const char *old, *new;
        int wanted;
    } cases[] = {
        { "{", "[", JZ_E_FORMAT },
        { "jianzai-proof-1", "jianzai-proof-2", JZ_E_UNSUPPORTED },
        { "\"format\"", "\"formal\"", JZ_E_FORMAT },
        { "JZ1:", "JZ1:A", JZ_E_FORMAT },
        { "\"index\": 5", "\"index\": -5", JZ_E_FORMAT },
        { "\"index\": 5", "\"index\": 5.0", JZ_E_FORMAT },
        { "\"index\": 5", "\"index\": \"5\"", JZ_E_FORMAT },
        { "\"index\": 5", "\"index\": 21", JZ_E_FORMAT },
        { "\"index\": 5", "\"index\": 5, \"index\": 5", JZ_E_FORMAT },
        { "\"index\": 5", "\"index\": 5, \"extra\": 5", JZ_E_FORMAT },
        { "\"index\": 5", "\"index\": 99999999999999999999", JZ_E_FORMAT },
        { "\"receipt_at\": 12", "\"receipt_at\": 20", JZ_E_FORMAT },
        { "\"receipt_at\": 12", "\"receipt_at\": -1", JZ_E_FORMAT },
        { "\"data\": \"7", "\"data\": \"", JZ_E_FORMAT },
        { "\"data\": \"7", "\"data\": \"G", JZ_E_FORMAT },
        { "\"data\": \"", "\"data\": \"00\", \"x\": \"", JZ_E_FORMAT },
        { "\"path\": [", "\"path\": [\"00\",", JZ_E_FORMAT },
        { "\"path\": [", "\"path\": [7,", JZ_E_FORMAT },
        { "\"path\": [", "\"path\": 7, \"p\": [", JZ_E_FORMAT },
        { "\"suite\": \"", "\"suite\": \"x", JZ_E_FORMAT },
        { "\"size\": 21", "\"size\": 0", JZ_E_FORMAT },
        { "\"size\": 21", "\"size\": 281474976710656", JZ_E_FORMAT },
        { "2026-11-25", "2026-11-31", JZ_E_FORMAT },
        { "2026-11-25", "20261125", JZ_E_FORMAT },
        { "\"recorded_at\": ", "\"recorded_at\": -", JZ_E_FORMAT },
        { "\"key\": \"", "\"key\": \"00", JZ_E_FORMAT },
        { "\"signature\": \"", "\"signature\": \"00", JZ_E_FORMAT },
    };
    struct jz_error err;
    jz_autofree char *text = NULL;
    assert_int_equal(log_prove(log, 5, &proof, &err), 0);
    assert_int_equal(jz_proof_format(&proof, &text, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jz_autofree char *bad = replace(text, cases[i].old, cases[i].new);
        proof.index = 42;
        const int got = jz_proof_parse(bad, strlen(bad), &proof, &err);
        if (got != cases[i].wanted || !*err.text)
            fail_msg("case %zu, %s: %d", i, cases[i].new, got);
        assert_true(proof.index == 42);
    }
    for (size_t size = 0; size + 2 < strlen(text); size++)
        assert_int_equal(jz_proof_parse(text, size, &proof, &err), JZ_E_FORMAT);
    jz_autofree char *large = calloc(1, JZ_PROOF_MAX_BYTES + 1);
    assert_int_equal(jz_proof_parse(large, JZ_PROOF_MAX_BYTES + 1, &proof, &err), JZ_E_LIMIT);
}

/* The largest proof there can be must fit its own limit. */
static void the_largest_proof_fits(void **state)
{
    const struct log *log = *state;
    static struct jz_proof p;
    struct jz_error err;
    jz_autofree char *text = NULL;
    assert_int_equal(log_prove(log, 5, &p, &err), 0);
    p.leaf_size = JZ_PROOF_MAX_LEAF_BYTES;
    p.path_count = JZ_TREE_LEVELS;
    p.index = JZ_RECEIPT_MAX_LEAF - 1;
    p.root.size = JZ_RECEIPT_MAX_LEAF;
    p.root.recorded_at = INT64_MAX;
    assert_int_equal(jz_proof_format(&p, &text, &err), 0);
    assert_int_equal(jz_proof_parse(text, strlen(text), &p, &err), 0);
    assert_true(p.leaf_size == JZ_PROOF_MAX_LEAF_BYTES && p.root.recorded_at == INT64_MAX);
}

/* Receipts of an earlier program stay genuine. */
static void the_kept_vectors_verify(void **state)
{
    const struct log *log = *state;
    const char *suite = jz_suite_name(log->keys[0].suite);
    static const char *const names[] = { "keys.txt", "receipt.txt", "proof.json" };
    uint8_t *files[3];
    static struct jz_proof proof;
    struct jz_public_key keys[2];
    struct jz_signed_receipt receipt;
    struct jz_receipt r;
    struct jz_error err;
    size_t size = 0;
    for (int i = 0; i < 3; i++) {
        jz_autofree char *path = NULL;
        assert_true(
            asprintf(&path, "%s/tests/receipt/vectors/%s-%s", JZ_SOURCE_ROOT, suite, names[i]) > 0);
        if (jz_file_read(path, 65536, &files[i], &size, &err) < 0)
            fail_msg("%s", err.text);
    }
    char *rest = (char *)files[0];
    strsep(&rest, "\n"); /* the remark */
    for (int i = 0; i < 2; i++)
        assert_int_equal(jz_public_key_parse(strsep(&rest, "\n"), &keys[i], &err), 0);
    assert_int_equal(jz_receipt_text_parse((char *)files[1], &receipt, &err), 0);
    assert_int_equal(jz_receipt_verify(keys, 2, &receipt, &r, &err), 0);
    assert_int_equal(r.number, sample_receipt().number + 13);
    assert_int_equal(jz_proof_verify((char *)files[2], size, keys, 2, &proof, &r, &err), 0);
    assert_int_equal(r.leaf, 13);
    /* And not under the keys of another installation. */
    assert_int_equal(jz_receipt_verify(log->keys, 2, &receipt, &r, &err), JZ_E_INTEGRITY);
    for (int i = 0; i < 3; i++)
        free(files[i]);
}

static const char *suite_name;

static int open_log(void **state)
{
    static struct log log;
    struct jz_error err;
    enum jz_suite suite;
    jz_autofree char *path = jz_path_join(folder, "keyring");
    int r = jz_suite_parse(suite_name, &suite, &err);
    if (r == 0)
        r = log_make(&log, suite, path, &err);
    if (r < 0)
        print_message("# %s\n", err.text);
    *state = &log;
    return r;
}

static int close_log(void **state)
{
    jz_autofree char *path = jz_path_join(folder, "keyring");
    log_done(*state);
    return unlink(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_genuine_receipt_is_read),
        cmocka_unit_test(every_changed_byte_is_refused),
        cmocka_unit_test(every_changed_character_is_refused),
        cmocka_unit_test(no_signature_serves_another_purpose),
        cmocka_unit_test(a_root_is_covered_whole),
        cmocka_unit_test(every_receipt_can_be_proven),
        cmocka_unit_test(a_proof_of_something_else_is_refused),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(the_largest_proof_fits),
        cmocka_unit_test(the_kept_vectors_verify),
    };
    if (argc != 2 || !mkdtemp(folder))
        return 1;
    suite_name = argv[1];
    const int failed = cmocka_run_group_tests(tests, open_log, close_log);
    return rmdir(folder) == 0 ? failed : 1;
}
