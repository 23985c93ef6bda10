/* Keyrings in use: what they seal, find and sign, their files, their rotation. */
#include "base/file.h"
#include "crypto/keyring_internal.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char folder[] = "/tmp/jz-keyring-XXXXXX";

static const enum jz_suite suites[] = { JZ_SUITE_INTERNATIONAL, JZ_SUITE_GUOMI };

/* A fresh file; the caller frees the name. */
static char *fresh_path(void)
{
    static int number;
    char name[16];
    snprintf(name, sizeof name, "ring%d", number++);
    char *path = jz_path_join(folder, name);
    assert_non_null(path);
    return path;
}

static struct jz_keyring *open_ring(const char *path)
{
    struct jz_error err = { 0 };
    struct jz_keyring *k = NULL;
    if (jz_keyring_open(path, NULL, &k, &err) < 0)
        fail_msg("%s", err.text);
    return k;
}

static char *make_ring(enum jz_suite suite, struct jz_keyring **ret_keyring)
{
    struct jz_error err;
    char *path = fresh_path();
    assert_int_equal(jz_keyring_create(path, suite, NULL, &err), 0);
    if (ret_keyring)
        *ret_keyring = open_ring(path);
    return path;
}

/* For those who do not need the file again. */
static struct jz_keyring *new_ring(enum jz_suite suite)
{
    struct jz_keyring *k;
    free(make_ring(suite, &k));
    return k;
}

static struct jz_bytes text(const char *t)
{
    return (struct jz_bytes){ t, strlen(t) };
}

static void what_is_sealed_opens(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 64, 1000, 70000 };
    static const enum jz_purpose purposes[] = { JZ_KEY_IDENTITY, JZ_KEY_BIOMETRIC };
    for (size_t s = 0; s < COUNT(suites); s++) {
        JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = new_ring(suites[s]);
        assert_int_equal(jz_keyring_suite(k), suites[s]);
        assert_true(jz_seal_overhead(k) <= JZ_SEAL_MAX_OVERHEAD);
        for (size_t i = 0; i < COUNT(sizes) * COUNT(purposes); i++) {
            const size_t size = sizes[i / 2];
            const enum jz_purpose purpose = purposes[i % 2];
            struct jz_error err;
            jz_autofree uint8_t *data = malloc(size + 1), *back = malloc(size + 64),
                                *sealed = malloc(size + JZ_SEAL_MAX_OVERHEAD),
                                *again = malloc(size + JZ_SEAL_MAX_OVERHEAD);
            size_t sealed_size = 0, back_size = 77;
            for (size_t n = 0; n < size; n++)
                data[n] = (uint8_t)(n * 7 + i);
            assert_int_equal(jz_keyring_seal(k, purpose, text("person/7"), data, size, sealed,
                                             &sealed_size, &err),
                             0);
            assert_int_equal(sealed_size, size + jz_seal_overhead(k));
            assert_int_equal(sealed[0], suites[s]);
            assert_int_equal(jz_sealed_version(sealed, sealed_size), 1);
            if (size >= 15)
                for (size_t n = 0; n + size <= sealed_size; n++)
                    assert_memory_not_equal(sealed + n, data, size);
            assert_int_equal(jz_keyring_unseal(k, purpose, text("person/7"), sealed, sealed_size,
                                               back, &back_size, &err),
                             0);
            assert_int_equal(back_size, size);
            assert_memory_equal(back, data, size);
            /* Sealed twice, nothing tells that it is the same. */
            assert_int_equal(jz_keyring_seal(k, purpose, text("person/7"), data, size, again,
                                             &sealed_size, &err),
                             0);
            assert_memory_not_equal(sealed + 3, again + 3, 12);
            assert_memory_not_equal(sealed + sealed_size - 16, again + sealed_size - 16, 16);
        }
    }
}

static int unseal(const struct jz_keyring *k, enum jz_purpose purpose, const char *context,
                  const void *sealed, size_t size)
{
    struct jz_error err = { 0 };
    uint8_t back[256] = { 0 };
    size_t back_size = 77;
    const int r =
        jz_keyring_unseal(k, purpose, text(context), sealed, size, back, &back_size, &err);
    assert_int_equal(err.code, r);
    if (r < 0) {
        assert_int_equal(back_size, 77);
        for (size_t i = 0; i + 4 <= sizeof back; i++)
            assert_memory_not_equal(back + i, "Name", 4);
    }
    return r;
}

static void what_was_changed_does_not(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(suites); s++) {
        JZ_CLEANUP(jz_keyring_freep)
        struct jz_keyring *k = new_ring(suites[s]), *other = new_ring(suites[s]);
        struct jz_error err;
        uint8_t sealed[128];
        size_t n;
        assert_int_equal(
            jz_keyring_seal(k, JZ_KEY_IDENTITY, text("person/7"), "Name Name", 9, sealed, &n, &err),
            0);
        assert_int_equal(unseal(k, JZ_KEY_IDENTITY, "person/7", sealed, n), 0);
        for (size_t i = 0; i < n; i++)
            for (int bit = 0; bit < 8; bit++) {
                sealed[i] ^= (uint8_t)(1 << bit);
                const int r = unseal(k, JZ_KEY_IDENTITY, "person/7", sealed, n);
                /* The first three bytes say how to read the rest. */
                assert_true(i < 3 ? r < 0 : r == JZ_E_INTEGRITY);
                sealed[i] ^= (uint8_t)(1 << bit);
            }
        for (size_t cut = 0; cut < n; cut++) {
            const int r = unseal(k, JZ_KEY_IDENTITY, "person/7", sealed, cut);
            assert_true(r == JZ_E_FORMAT || r == JZ_E_INTEGRITY);
        }
        assert_int_equal(unseal(k, JZ_KEY_IDENTITY, "person/7", sealed, n + 1), JZ_E_INTEGRITY);
        static const char *const contexts[] = { "person/8", "person/", "person/77", "",
                                                "Person/7" };
        for (size_t i = 0; i < COUNT(contexts); i++)
            assert_int_equal(unseal(k, JZ_KEY_IDENTITY, contexts[i], sealed, n), JZ_E_INTEGRITY);
        assert_int_equal(unseal(k, JZ_KEY_BIOMETRIC, "person/7", sealed, n), JZ_E_INTEGRITY);
        assert_int_equal(unseal(other, JZ_KEY_IDENTITY, "person/7", sealed, n), JZ_E_INTEGRITY);
        sealed[2] = 2;
        assert_int_equal(unseal(k, JZ_KEY_IDENTITY, "person/7", sealed, n), JZ_E_NOT_FOUND);
        assert_int_equal(jz_sealed_version(sealed, n), 2);
        assert_int_equal(jz_sealed_version(sealed, 5), 0);
        sealed[0] = 9;
        assert_int_equal(jz_sealed_version(sealed, n), 0);
        assert_int_equal(unseal(k, JZ_KEY_IDENTITY, "person/7", sealed, n), JZ_E_FORMAT);
    }
}

static void keys_serve_their_purpose_only(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = new_ring(JZ_SUITE_INTERNATIONAL);
    struct jz_error err;
    uint8_t out[2048];
    size_t n;
    for (int p = 0; p < JZ_PURPOSES; p++) {
        const enum jz_purpose purpose = (enum jz_purpose)p;
        const bool seals = purpose == JZ_KEY_IDENTITY || purpose == JZ_KEY_BIOMETRIC;
        const bool hashes = purpose == JZ_KEY_LOOKUP || purpose == JZ_KEY_LOG;
        enum jz_purpose back;
        assert_int_equal(jz_purpose_parse(jz_purpose_name(purpose), &back, &err), 0);
        assert_int_equal(back, purpose);
        assert_int_equal(jz_keyring_seal(k, purpose, text(""), "x", 1, out, &n, &err),
                         seals ? 0 : JZ_E_USAGE);
        assert_int_equal(jz_keyring_lookup(k, purpose, 1, "x", 1, out, &err),
                         hashes ? 0 : JZ_E_USAGE);
    }
    enum jz_purpose none;
    assert_int_equal(jz_purpose_parse("names", &none, &err), JZ_E_USAGE);
    assert_null(jz_purpose_name(JZ_PURPOSES));
    static uint8_t large[JZ_SEAL_MAX_CONTEXT_BYTES + 1];
    assert_int_equal(jz_keyring_seal(k, JZ_KEY_IDENTITY, (struct jz_bytes){ large, sizeof large },
                                     "x", 1, out, &n, &err),
                     JZ_E_LIMIT);
    assert_int_equal(jz_keyring_seal(k, JZ_KEY_IDENTITY,
                                     (struct jz_bytes){ large, sizeof large - 1 }, "x", 1, out, &n,
                                     &err),
                     0);
    assert_int_equal(jz_keyring_seal(k, JZ_KEY_IDENTITY, text(""), large, JZ_SEAL_MAX_BYTES + 1ul,
                                     out, &n, &err),
                     JZ_E_LIMIT);
}

static void lookups_find_the_same(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(suites); s++) {
        JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL, *newer = NULL;
        jz_autofree char *path = make_ring(suites[s], &k);
        struct jz_error err;
        uint8_t a[JZ_LOOKUP_BYTES], b[JZ_LOOKUP_BYTES];
        static const char number[] = "11010519491231002X";
        assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_LOOKUP, &err), 0);
        newer = open_ring(path);
        assert_int_equal(jz_keyring_lookup(k, JZ_KEY_LOOKUP, 1, number, 18, a, &err), 0);
        assert_int_equal(jz_keyring_lookup(newer, JZ_KEY_LOOKUP, 1, number, 18, b, &err), 0);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(jz_keyring_lookup(newer, JZ_KEY_LOOKUP, 2, number, 18, b, &err), 0);
        assert_memory_not_equal(a, b, sizeof a);
        assert_int_equal(jz_keyring_lookup(k, JZ_KEY_LOOKUP, 1, number, 17, b, &err), 0);
        assert_memory_not_equal(a, b, sizeof a);
        assert_int_equal(jz_keyring_lookup(k, JZ_KEY_LOG, 1, number, 18, b, &err), 0);
        assert_memory_not_equal(a, b, sizeof a);
        assert_int_equal(jz_keyring_lookup(k, JZ_KEY_LOOKUP, 3, number, 18, b, &err),
                         JZ_E_NOT_FOUND);
        assert_int_equal(jz_keyring_lookup(k, JZ_KEY_LOOKUP, 0, number, 18, b, &err),
                         JZ_E_NOT_FOUND);
    }
}

static void subjects_have_keys_of_their_own(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(suites); s++) {
        JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL, *newer = NULL, *other = NULL;
        jz_autofree char *path = make_ring(suites[s], &k);
        struct jz_error err;
        uint8_t key[2][JZ_SUBJECT_KEY_MAX_BYTES], wrapped[JZ_SUBJECT_KEY_MAX_BYTES], sealed[128],
            back[128];
        size_t key_size[2], wrapped_size, n, m = 77;
        for (int i = 0; i < 2; i++)
            assert_int_equal(jz_subject_key_new(k, text("person/7"), key[i], &key_size[i], &err),
                             0);
        assert_int_equal(
            jz_subject_seal(k, text("template/1"), key[0], key_size[0], "x", 1, sealed, &n, &err),
            JZ_E_INTEGRITY);
        assert_int_equal(jz_subject_seal(k, text("person/7"), key[0], key_size[0], "template", 8,
                                         sealed, &n, &err),
                         0);
        assert_int_equal(n, 8 + jz_seal_overhead(k));
        assert_int_equal(
            jz_subject_unseal(k, text("person/7"), key[0], key_size[0], sealed, n, back, &m, &err),
            0);
        assert_int_equal(m, 8);
        assert_memory_equal(back, "template", 8);
        /* The key of another, a key that is none, and the installation's own key do not do. */
        assert_int_equal(
            jz_subject_unseal(k, text("person/7"), key[1], key_size[1], sealed, n, back, &m, &err),
            JZ_E_INTEGRITY);
        assert_int_equal(
            jz_subject_unseal(k, text("person/7"), sealed, n, sealed, n, back, &m, &err),
            JZ_E_INTEGRITY);
        assert_int_equal(unseal(k, JZ_KEY_BIOMETRIC, "person/7", sealed, n), JZ_E_INTEGRITY);
        assert_int_equal(unseal(k, JZ_KEY_BIOMETRIC, "person/7", key[0], key_size[0]),
                         JZ_E_INTEGRITY);

        /* After a rotation the old wrapping opens; the new one is of the new version. */
        assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_BIOMETRIC, &err), 0);
        newer = open_ring(path);
        assert_int_equal(jz_subject_key_rewrap(newer, text("person/7"), key[0], key_size[0],
                                               wrapped, &wrapped_size, &err),
                         0);
        assert_int_equal(jz_sealed_version(key[0], key_size[0]), 1);
        assert_int_equal(jz_sealed_version(wrapped, wrapped_size), 2);
        assert_int_equal(jz_subject_unseal(newer, text("person/7"), wrapped, wrapped_size, sealed,
                                           n, back, &m, &err),
                         0);
        assert_memory_equal(back, "template", 8);
        assert_int_equal(jz_subject_unseal(k, text("person/7"), wrapped, wrapped_size, sealed, n,
                                           back, &m, &err),
                         0);
        assert_int_equal(jz_subject_key_rewrap(newer, text("person/8"), key[0], key_size[0],
                                               wrapped, &wrapped_size, &err),
                         JZ_E_INTEGRITY);

        /* And after a change of suite, what is sealed anew is of the new one. */
        const enum jz_suite changed = suites[!s];
        assert_int_equal(jz_keyring_change_suite(path, NULL, changed, &err), 0);
        other = open_ring(path);
        assert_int_equal(jz_subject_unseal(other, text("person/7"), key[0], key_size[0], sealed, n,
                                           back, &m, &err),
                         0);
        assert_int_equal(jz_subject_seal(other, text("person/7"), key[0], key_size[0], "newer", 5,
                                         sealed, &n, &err),
                         0);
        assert_int_equal(sealed[0], changed);
        assert_int_equal(jz_subject_unseal(other, text("person/7"), key[0], key_size[0], sealed, n,
                                           back, &m, &err),
                         0);
        assert_memory_equal(back, "newer", 5);
    }
}

static void signatures_verify_outside(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(suites); s++) {
        JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL, *newer = NULL;
        jz_autofree char *path = make_ring(suites[s], &k);
        struct jz_error err;
        struct jz_public_key key, second, parsed;
        uint8_t signature[JZ_SIGNATURE_BYTES];
        char line[JZ_PUBLIC_KEY_TEXT_BYTES];
        assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_SIGN, &err), 0);
        newer = open_ring(path);
        assert_int_equal(jz_keyring_public(k, 1, &key, &err), 0);
        assert_int_equal(jz_keyring_public(newer, 2, &second, &err), 0);
        assert_int_equal(jz_keyring_public(newer, 3, &second, &err), JZ_E_NOT_FOUND);
        assert_int_equal(jz_keyring_sign(k, 1, "receipt", "data", 4, signature, &err), 0);
        jz_public_key_format(&key, line);
        assert_int_equal(jz_public_key_parse(line, &parsed, &err), 0);
        assert_int_equal(jz_verify(&parsed, "receipt", "data", 4, signature, &err), 0);
        assert_int_equal(jz_verify(&parsed, "root", "data", 4, signature, &err), JZ_E_INTEGRITY);
        assert_int_equal(jz_verify(&second, "receipt", "data", 4, signature, &err), JZ_E_INTEGRITY);
        assert_int_equal(jz_keyring_sign(newer, 2, "receipt", "data", 4, signature, &err), 0);
        assert_int_equal(jz_verify(&second, "receipt", "data", 4, signature, &err), 0);
        assert_memory_not_equal(key.id, second.id, sizeof key.id);
    }
}

static void old_versions_open_after_rotation(void **state)
{
    (void)state;
    enum { VERSIONS = 300 };
    static uint8_t sealed[VERSIONS][64];
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL;
    jz_autofree char *path = make_ring(JZ_SUITE_INTERNATIONAL, &k);
    struct jz_error err;
    size_t n[VERSIONS];
    for (unsigned v = 1; v <= VERSIONS; v++) {
        assert_int_equal(jz_keyring_versions(k, JZ_KEY_IDENTITY), v);
        assert_int_equal(jz_keyring_versions(k, JZ_KEY_LOOKUP), 1);
        const char *created = jz_keyring_created(k, JZ_KEY_IDENTITY, v);
        assert_int_equal(strlen(created), JZ_CREATED_BYTES - 1);
        assert_true(created[0] == '2' && created[10] == 'T' && created[19] == 'Z');
        assert_null(jz_keyring_created(k, JZ_KEY_IDENTITY, v + 1));
        assert_null(jz_keyring_created(k, JZ_KEY_IDENTITY, 0));
        assert_int_equal(jz_keyring_seal(k, JZ_KEY_IDENTITY, text("c"), &v, sizeof v, sealed[v - 1],
                                         &n[v - 1], &err),
                         0);
        assert_int_equal(jz_sealed_version(sealed[v - 1], n[v - 1]), v);
        if (v < VERSIONS) {
            assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_IDENTITY, &err), 0);
            jz_keyring_free(k);
            k = open_ring(path);
        }
    }
    for (unsigned v = 1; v <= VERSIONS; v++) {
        uint8_t back[64];
        size_t size;
        assert_int_equal(jz_keyring_unseal(k, JZ_KEY_IDENTITY, text("c"), sealed[v - 1], n[v - 1],
                                           back, &size, &err),
                         0);
        assert_memory_equal(back, &v, sizeof v);
    }
}

static void suites_change_by_rotation(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL, *newer = NULL;
    jz_autofree char *path = make_ring(JZ_SUITE_INTERNATIONAL, &k);
    struct jz_error err;
    struct jz_public_key key;
    uint8_t sealed[64], signature[JZ_SIGNATURE_BYTES];
    size_t n;
    assert_int_equal(jz_keyring_seal(k, JZ_KEY_IDENTITY, text("c"), "old", 3, sealed, &n, &err), 0);
    assert_int_equal(jz_keyring_change_suite(path, NULL, JZ_SUITE_INTERNATIONAL, &err), 0);
    assert_int_equal(jz_keyring_change_suite(path, NULL, JZ_SUITE_GUOMI, &err), 0);
    newer = open_ring(path);
    assert_int_equal(jz_keyring_suite(newer), JZ_SUITE_GUOMI);
    for (int p = 0; p < JZ_PURPOSES; p++)
        assert_int_equal(jz_keyring_versions(newer, (enum jz_purpose)p), 2);
    assert_int_equal(unseal(newer, JZ_KEY_IDENTITY, "c", sealed, n), 0);
    assert_int_equal(jz_keyring_seal(newer, JZ_KEY_IDENTITY, text("c"), "new", 3, sealed, &n, &err),
                     0);
    assert_int_equal(sealed[0], JZ_SUITE_GUOMI);
    assert_int_equal(unseal(newer, JZ_KEY_IDENTITY, "c", sealed, n), 0);
    assert_int_equal(unseal(k, JZ_KEY_IDENTITY, "c", sealed, n), 0);
    assert_int_equal(jz_keyring_suite(k), JZ_SUITE_GUOMI);
    assert_int_equal(jz_keyring_public(newer, 1, &key, &err), 0);
    assert_int_equal(key.suite, JZ_SUITE_INTERNATIONAL);
    assert_int_equal(jz_keyring_public(newer, 2, &key, &err), 0);
    assert_int_equal(key.suite, JZ_SUITE_GUOMI);
    assert_int_equal(jz_keyring_sign(newer, 2, "d", "x", 1, signature, &err), 0);
    assert_int_equal(jz_verify(&key, "d", "x", 1, signature, &err), 0);
    /* Another version's suite in the header: the key of that version does not fit. */
    sealed[2] = 1;
    assert_int_equal(unseal(newer, JZ_KEY_IDENTITY, "c", sealed, n), JZ_E_INTEGRITY);
}

enum { THREADS = 6, ROTATIONS = 40 };

static struct {
    const char *path;
    struct jz_keyring *server; /* opened before the first rotation */
    _Atomic int going;
    _Atomic unsigned long sealed;
} race;

static bool passes(const struct jz_keyring *from, const struct jz_keyring *to, struct jz_error *err)
{
    uint8_t sealed[128], back[128];
    size_t n, m;
    return jz_keyring_seal(from, JZ_KEY_IDENTITY, text("c"), "Name", 4, sealed, &n, err) == 0 &&
           jz_keyring_unseal(to, JZ_KEY_IDENTITY, text("c"), sealed, n, back, &m, err) == 0 &&
           m == 4 && memcmp(back, "Name", 4) == 0;
}

/* A long-running server and commands that come and go open what the others sealed. */
static void *seal_and_open(void *argument)
{
    unsigned *failures = argument;
    struct jz_error err;
    while (atomic_load(&race.going)) {
        JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *command = NULL;
        uint8_t hash[JZ_LOOKUP_BYTES];
        bool good = jz_keyring_open(race.path, NULL, &command, &err) == 0;
        for (int i = 0; i < 50 && good; i++) {
            good = passes(race.server, command, &err) && passes(command, race.server, &err) &&
                   jz_keyring_lookup(race.server, JZ_KEY_LOOKUP, 1, "x", 1, hash, &err) == 0;
            atomic_fetch_add(&race.sealed, 1);
        }
        if (!good) {
            print_error("%s\n", err.text);
            ++*failures;
        }
    }
    return NULL;
}

static void *rotate_often(void *argument)
{
    unsigned *failures = argument;
    struct jz_error err;
    for (int i = 0; i < ROTATIONS; i++)
        if (jz_keyring_rotate(race.path, NULL, JZ_KEY_IDENTITY, &err) < 0) {
            print_error("%s\n", err.text);
            ++*failures;
        }
    return NULL;
}

/* Two rotate at once and lose none; the others never see half a file or a version that is gone. */
static void rotation_meets_threads(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL;
    jz_autofree char *path = make_ring(JZ_SUITE_INTERNATIONAL, &race.server);
    pthread_t threads[THREADS], rotators[2];
    unsigned failures[THREADS + 2] = { 0 };
    race.path = path;
    atomic_store(&race.going, 1);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, seal_and_open, &failures[i]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&rotators[i], NULL, rotate_often, &failures[THREADS + i]),
                         0);
    for (int i = 0; i < 2; i++)
        pthread_join(rotators[i], NULL);
    atomic_store(&race.going, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < COUNT(failures); i++)
        assert_int_equal(failures[i], 0);
    assert_true(race.sealed > 0);
    k = open_ring(path);
    assert_int_equal(jz_keyring_versions(k, JZ_KEY_IDENTITY), 1 + 2 * ROTATIONS);
    jz_keyring_refresh(race.server);
    assert_int_equal(jz_keyring_versions(race.server, JZ_KEY_IDENTITY), 1 + 2 * ROTATIONS);
    jz_keyring_free(race.server);
}

/* ---- Following the file ---- */

static void a_keyring_follows_its_file(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(suites); s++) {
        JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL, *newer = NULL;
        jz_autofree char *path = make_ring(suites[s], &k);
        struct jz_error err;
        struct jz_public_key key, same;
        uint8_t old[64], sealed[64];
        size_t n, old_size;
        unsigned version = 0;
        assert_int_equal(
            jz_keyring_seal(k, JZ_KEY_IDENTITY, text("c"), "old", 3, old, &old_size, &err), 0);
        for (int p = 0; p < JZ_PURPOSES; p++)
            assert_int_equal(jz_keyring_rotate(path, NULL, (enum jz_purpose)p, &err), 0);
        newer = open_ring(path);

        /* What names the new version is opened at once, and found at once. */
        assert_int_equal(
            jz_keyring_seal(newer, JZ_KEY_IDENTITY, text("c"), "new", 3, sealed, &n, &err), 0);
        assert_int_equal(unseal(k, JZ_KEY_IDENTITY, "c", sealed, n), 0);
        for (int p = 0; p < JZ_PURPOSES; p++)
            assert_int_equal(jz_keyring_versions(k, (enum jz_purpose)p), 2);
        assert_int_equal(jz_keyring_seal(k, JZ_KEY_IDENTITY, text("c"), "x", 1, sealed, &n, &err),
                         0);
        assert_int_equal(jz_sealed_version(sealed, n), 2);
        assert_int_equal(unseal(k, JZ_KEY_IDENTITY, "c", old, old_size), 0);
        assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_SIGN, &err), 0);
        jz_keyring_refresh(newer);
        assert_int_equal(jz_keyring_public(newer, 3, &key, &err), 0);
        assert_int_equal(jz_keyring_sign_version(k, key.id, &version, &err), 0);
        assert_int_equal(version, 3);
        assert_int_equal(jz_keyring_public(k, 3, &same, &err), 0);
        assert_memory_equal(&key, &same, sizeof key);

        /* And without being asked, by whoever only seals. */
        assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_IDENTITY, &err), 0);
        for (int i = 0; i < 500 && jz_sealed_version(sealed, n) < 3; i++) {
            nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
            assert_int_equal(
                jz_keyring_seal(k, JZ_KEY_IDENTITY, text("c"), "x", 1, sealed, &n, &err), 0);
        }
        assert_int_equal(jz_sealed_version(sealed, n), 3);
    }
}

/* The error of opening what names version 9. */
static void check_why(const struct jz_keyring *k, const char *says)
{
    struct jz_error err = { 0 };
    uint8_t sealed[64], back[64];
    size_t n, m;
    assert_int_equal(jz_keyring_seal(k, JZ_KEY_IDENTITY, text("c"), "x", 1, sealed, &n, &err), 0);
    assert_int_equal(jz_sealed_version(sealed, n), 2);
    sealed[2] = 9;
    assert_int_equal(jz_keyring_unseal(k, JZ_KEY_IDENTITY, text("c"), sealed, n, back, &m, &err),
                     JZ_E_NOT_FOUND);
    if (!strstr(err.text, says))
        fail_msg("'%s' is not in: %s", says, err.text);
}

static void replace(const char *path, const char *with)
{
    jz_autofree uint8_t *data = NULL;
    struct jz_error err;
    size_t size;
    assert_int_equal(jz_file_read(with, JZ_KEYRING_MAX_BYTES, &data, &size, &err), 0);
    assert_int_equal(jz_file_write_private(path, data, size, &err), 0);
}

static void what_is_not_taken_over(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL;
    jz_autofree char *path = make_ring(JZ_SUITE_INTERNATIONAL, NULL), *kept = fresh_path(),
                     *older = fresh_path(), *other = make_ring(JZ_SUITE_INTERNATIONAL, NULL),
                     *fork = fresh_path();
    struct jz_error err;
    replace(older, path);
    assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_IDENTITY, &err), 0);
    replace(kept, path);
    k = open_ring(path);
    check_why(k, "the newest is 2");

    replace(path, other);
    check_why(k, "another keyring, or an older copy");
    replace(path, older);
    check_why(k, "another keyring, or an older copy");
    /* The older copy rotated on its own has as many versions, and other keys. */
    replace(fork, older);
    assert_int_equal(jz_keyring_rotate(fork, NULL, JZ_KEY_IDENTITY, &err), 0);
    assert_int_equal(jz_keyring_rotate(fork, NULL, JZ_KEY_IDENTITY, &err), 0);
    replace(path, fork);
    check_why(k, "another keyring, or an older copy");
    assert_int_equal(jz_file_write_private(path, "{", 1, &err), 0);
    check_why(k, "not JSON");
    assert_int_equal(chmod(path, 0644), 0);
    check_why(k, "chmod 600");
    assert_int_equal(unlink(path), 0);
    check_why(k, "No such file");

    replace(path, kept);
    check_why(k, "the newest is 2");
    assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_IDENTITY, &err), 0);
    jz_keyring_refresh(k);
    assert_int_equal(jz_keyring_versions(k, JZ_KEY_IDENTITY), 3);
}

static void a_process_may_change_its_folder(void **state)
{
    (void)state;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL;
    jz_autofree char *path = make_ring(JZ_SUITE_INTERNATIONAL, NULL), *here = getcwd(NULL, 0);
    struct jz_error err;
    assert_int_equal(chdir(folder), 0);
    k = open_ring(strrchr(path, '/') + 1);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_LOG, &err), 0);
    jz_keyring_refresh(k);
    assert_int_equal(jz_keyring_versions(k, JZ_KEY_LOG), 2);
    assert_int_equal(chdir(here), 0);
}

static struct jz_keyring *shared;

static void *use_shared(void *argument)
{
    unsigned *failures = argument;
    for (unsigned i = 0; i < 400; i++) {
        struct jz_error err;
        uint8_t sealed[128], back[128], a[JZ_LOOKUP_BYTES], b[JZ_LOOKUP_BYTES],
            signature[JZ_SIGNATURE_BYTES];
        size_t n, m;
        struct jz_public_key key;
        if (jz_keyring_seal(shared, JZ_KEY_IDENTITY, text("c"), &i, sizeof i, sealed, &n, &err) ||
            jz_keyring_unseal(shared, JZ_KEY_IDENTITY, text("c"), sealed, n, back, &m, &err) ||
            memcmp(back, &i, sizeof i) != 0 ||
            jz_keyring_lookup(shared, JZ_KEY_LOOKUP, 1, &i, sizeof i, a, &err) ||
            jz_keyring_lookup(shared, JZ_KEY_LOOKUP, 1, &i, sizeof i, b, &err) ||
            memcmp(a, b, sizeof a) != 0 ||
            (i % 40 == 0 && (jz_keyring_sign(shared, 1, "d", &i, sizeof i, signature, &err) ||
                             jz_keyring_public(shared, 1, &key, &err) ||
                             jz_verify(&key, "d", &i, sizeof i, signature, &err))))
            ++*failures;
    }
    return NULL;
}

/* More threads than there are places for contexts. */
static void many_threads_share_one(void **state)
{
    (void)state;
    enum { MANY = 3 * JZ_SHELF_PLACES };
    for (size_t s = 0; s < COUNT(suites); s++) {
        shared = new_ring(suites[s]);
        pthread_t threads[MANY];
        unsigned failures[MANY] = { 0 };
        for (int i = 0; i < MANY; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, use_shared, &failures[i]), 0);
        for (int i = 0; i < MANY; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(failures[i], 0);
        }
        jz_keyring_free(shared);
    }
}

static void files_are_for_their_owner(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        int wanted;
    } cases[] = { { 0600, 0 },           { 0400, 0 },           { 0700, 0 },
                  { 0640, JZ_E_DENIED }, { 0604, JZ_E_DENIED }, { 0620, JZ_E_DENIED },
                  { 0644, JZ_E_DENIED }, { 0777, JZ_E_DENIED } };
    const mode_t mask = umask(0);
    jz_autofree char *path = make_ring(JZ_SUITE_INTERNATIONAL, NULL);
    struct jz_error err;
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_LOG, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    umask(mask);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jz_keyring *k = NULL;
        assert_int_equal(chmod(path, cases[i].mode), 0);
        assert_int_equal(jz_keyring_open(path, NULL, &k, &err), cases[i].wanted);
        jz_keyring_free(k);
        if (cases[i].wanted == 0)
            continue;
        assert_non_null(strstr(err.text, "chmod 600"));
        assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_LOG, &err), JZ_E_DENIED);
    }
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(jz_keyring_create(path, JZ_SUITE_GUOMI, NULL, &err), JZ_E_CONFLICT);
    assert_int_equal(jz_keyring_create(path, 7, NULL, &err), JZ_E_USAGE);
    struct jz_keyring *k = open_ring(path);
    assert_int_equal(jz_keyring_suite(k), JZ_SUITE_INTERNATIONAL);
    jz_keyring_free(k);

    jz_autofree char *nowhere = jz_path_join(folder, "nowhere");
    jz_autofree char *below = jz_path_join(folder, "no/such");
    k = NULL;
    assert_int_equal(jz_keyring_open(nowhere, NULL, &k, &err), JZ_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "jianzai key init"));
    assert_int_equal(jz_keyring_rotate(nowhere, NULL, JZ_KEY_LOG, &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_keyring_rotate(path, NULL, JZ_PURPOSES, &err), JZ_E_USAGE);
    assert_int_equal(jz_keyring_create(below, JZ_SUITE_GUOMI, NULL, &err), JZ_E_IO);
    assert_int_equal(jz_keyring_open(folder, NULL, &k, &err), JZ_E_USAGE);
    const struct jz_pkcs11 module = { .module = "/nowhere.so", .token = "t", .pin = "1234" };
    assert_int_equal(jz_keyring_open(path, &module, &k, &err), JZ_E_USAGE);
    assert_null(k);

    /* A link to a keyring stays a link. */
    jz_autofree char *link = jz_path_join(folder, "link");
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(jz_keyring_rotate(link, NULL, JZ_KEY_LOG, &err), 0);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

/* A file of secrets never replaces another, and leaves nothing else behind. */
static void private_files_replace_nothing(void **state)
{
    (void)state;
    jz_autofree char *path = jz_path_join(folder, "private");
    jz_autofree char *list = NULL;
    jz_autofree uint8_t *data = NULL;
    struct jz_error err;
    struct stat st;
    size_t size;
    assert_int_equal(jz_file_create_private(path, "first", 5, &err), 0);
    assert_int_equal(jz_file_create_private(path, "second", 6, &err), JZ_E_CONFLICT);
    assert_int_equal(jz_file_read(path, 10, &data, &size, &err), 0);
    assert_int_equal(size, 5);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);
    assert_true(asprintf(&list, "test $(ls '%s' | grep -c private) = 1", folder) > 0);
    assert_int_equal(system(list), 0);
}

#define ENTRY(version, suite)                                                                      \
    "{\"version\":" version ",\"suite\":\"" suite "\",\"created\":\"2026-11-25T08:00:00Z\","       \
    "\"key\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}"
#define GOOD "[" ENTRY("1", "guomi") "]"
#define KEYS(identity)                                                                             \
    "{\"identity\":" identity ",\"lookup\":" GOOD ",\"biometric\":" GOOD ",\"log\":" GOOD          \
    ",\"sign\":" GOOD "}"
#define FILE_OF(identity) "{\"jianzai_keyring\":1,\"suite\":\"guomi\",\"keys\":" KEYS(identity) "}"
#define ENTRY_OF(version, suite, created, key)                                                     \
    "[{\"version\":" version ",\"suite\":" suite ",\"created\":" created ",\"key\":" key "}]"
#define DAY "\"2026-11-25T08:00:00Z\""
#define KEY "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\""

static void bad_files_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int wanted;
        const char *says;
    } cases[] = {
        { FILE_OF(GOOD), 0, "" },
        { FILE_OF("[" ENTRY("1", "international") "," ENTRY("2", "guomi") "]"), 0, "" },
        { "", JZ_E_FORMAT, "line 1 is not JSON" },
        { "{", JZ_E_FORMAT, "not JSON" },
        { "{\n\n\n]", JZ_E_FORMAT, "line 4" },
        { "[]", JZ_E_FORMAT, "no keyring" },
        { "{}", JZ_E_FORMAT, "no keyring" },
        { "{\"jianzai_keyring\":\"1\"}", JZ_E_FORMAT, "no keyring" },
        { "{\"jianzai_keyring\":2}", JZ_E_UNSUPPORTED, "version 2" },
        { "{\"jianzai_keyring\":1}", JZ_E_FORMAT, "'suite' is missing" },
        { "{\"jianzai_keyring\":1,\"suite\":\"guomi\",\"keys\":[]}", JZ_E_FORMAT, "an object" },
        { "{\"jianzai_keyring\":1,\"suite\":\"roman\",\"keys\":" KEYS(GOOD) "}", JZ_E_FORMAT,
          "'roman'" },
        { "{\"jianzai_keyring\":1,\"suite\":1,\"keys\":" KEYS(GOOD) "}", JZ_E_FORMAT,
          "'suite' is not a text" },
        { "{\"jianzai_keyring\":1,\"suite\":\"guomi\",\"keys\":" KEYS(GOOD) ",\"extra\":0}",
          JZ_E_FORMAT, "'extra' does not belong" },
        { "{\"jianzai_keyring\":1,\"suite\":\"guomi\",\"suite\":\"guomi\",\"keys\":" KEYS(GOOD) "}",
          JZ_E_FORMAT, "not JSON" },
        { FILE_OF("[]"), JZ_E_FORMAT, "identity: a list of 1 to" },
        { FILE_OF("7"), JZ_E_FORMAT, "identity: a list of 1 to" },
        { FILE_OF("[7]"), JZ_E_FORMAT, "identity, entry 1: an object" },
        { FILE_OF("[" ENTRY("2", "guomi") "]"), JZ_E_FORMAT, "version is not 1" },
        { FILE_OF("[" ENTRY("1", "guomi") "," ENTRY("1", "guomi") "]"), JZ_E_FORMAT,
          "entry 2: version is not 2" },
        { FILE_OF("[" ENTRY("1", "international") "]"), JZ_E_FORMAT, "newest version" },
        { FILE_OF(ENTRY_OF("1", "\"guomi\"", DAY, "7")), JZ_E_FORMAT, "'key' is not a text" },
        { FILE_OF(ENTRY_OF("1", "\"guomi\"", DAY, "\"AAAA\"")), JZ_E_FORMAT, "32 bytes" },
        { FILE_OF(ENTRY_OF("1", "\"guomi\"", DAY, "\"\"")), JZ_E_FORMAT, "32 bytes" },
        { FILE_OF(ENTRY_OF("1", "\"guomi\"", DAY, KEY ",\"more\":1")), JZ_E_FORMAT, "'more'" },
        { FILE_OF(ENTRY_OF("1", "\"guomi\"", "\"yesterday\"", KEY)), JZ_E_FORMAT, "a moment" },
        { FILE_OF(ENTRY_OF("1", "\"guomi\"", "\"2026-02-29T08:00:00Z\"", KEY)), JZ_E_FORMAT,
          "a moment" },
        { FILE_OF(ENTRY_OF("1", "\"guomi\"", "\"2026-11-25T24:00:00Z\"", KEY)), JZ_E_FORMAT,
          "a moment" },
        { FILE_OF(ENTRY_OF("1", "\"guomi\"", "\"2026-11-25T08:00:00ZZ\"", KEY)), JZ_E_FORMAT,
          "a moment" },
        { FILE_OF(ENTRY_OF("1.0", "\"guomi\"", DAY, KEY)), JZ_E_FORMAT, "version is not 1" },
        { FILE_OF(
              ENTRY_OF("1", "\"guomi\"", DAY, "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"")),
          JZ_E_FORMAT, "32 bytes" },
        /* A signing key that is none: zero. */
        { "{\"jianzai_keyring\":1,\"suite\":\"guomi\",\"keys\":{\"identity\":" GOOD
          ",\"lookup\":" GOOD ",\"biometric\":" GOOD ",\"log\":" GOOD ",\"sign\":" ENTRY_OF(
              "1", "\"guomi\"", DAY, "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"") "}}",
          JZ_E_FORMAT, "sign, version 1" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        jz_autofree char *path = fresh_path();
        struct jz_error err = { 0 };
        struct jz_keyring *k = NULL;
        assert_int_equal(jz_file_write_private(path, cases[i].text, strlen(cases[i].text), &err),
                         0);
        const int r = jz_keyring_open(path, NULL, &k, &err);
        if (r != cases[i].wanted || !strstr(err.text, cases[i].says))
            print_error("case %zu: %d %s\n", i, r, err.text);
        assert_int_equal(r, cases[i].wanted);
        assert_non_null(strstr(err.text, cases[i].says));
        /* No complaint quotes a secret. */
        assert_null(strstr(err.text, "AAECAwQF"));
        if (r < 0)
            assert_non_null(strstr(err.text, path));
        jz_keyring_free(k);
    }
    static char large[JZ_KEYRING_MAX_BYTES + 1];
    jz_autofree char *path = fresh_path();
    struct jz_error err;
    struct jz_keyring *k = NULL;
    memset(large, ' ', sizeof large);
    assert_int_equal(jz_file_write_private(path, large, sizeof large, &err), 0);
    assert_int_equal(jz_keyring_open(path, NULL, &k, &err), JZ_E_LIMIT);
}

/* The most versions there may be are written, read and refused to grow. */
static void keyrings_have_a_limit(void **state)
{
    (void)state;
    struct jz_error err;
    JZ_CLEANUP(jz_keyring_content_freep)
    struct jz_keyring_content *content = jz_keyring_content_new(), *back = NULL;
    content->suite = JZ_SUITE_INTERNATIONAL;
    for (int p = 0; p < JZ_PURPOSES; p++) {
        for (int i = 0; i < JZ_KEYRING_MAX_VERSIONS; i++)
            assert_int_equal(jz_keyring_content_add(content, (enum jz_purpose)p, &err), 0);
        assert_int_equal(jz_keyring_content_add(content, (enum jz_purpose)p, &err), JZ_E_LIMIT);
    }
    jz_autofree char *json = NULL;
    assert_int_equal(jz_keyring_content_format(content, &json, &err), 0);
    assert_true(strlen(json) / 3 * 4 + 1000 < JZ_KEYRING_MAX_BYTES);
    assert_int_equal(jz_keyring_content_parse("json", json, strlen(json), &back, &err), 0);
    for (int p = 0; p < JZ_PURPOSES; p++)
        assert_memory_equal(back->keys[p].versions, content->keys[p].versions,
                            JZ_KEYRING_MAX_VERSIONS * sizeof(struct jz_key_version));
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#define MEASURE(what, rounds, ...)                                                                 \
    do {                                                                                           \
        const double from = seconds();                                                             \
        for (int i_ = 0; i_ < (rounds); i_++)                                                      \
            assert_int_equal(__VA_ARGS__, 0);                                                      \
        print_message("%-28s %9.0f a second\n", what, (rounds) / (seconds() - from));              \
    } while (0)

static int digest_small(struct jz_hasher *hasher, const uint8_t *data)
{
    uint8_t digest[JZ_DIGEST_BYTES];
    jz_hasher_digest(hasher, &(struct jz_bytes){ data, 64 }, 1, digest);
    return 0;
}

/* Runs alone, and only when JIANZAI_BENCH is set. */
static void speed(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(suites); s++) {
        JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = new_ring(suites[s]);
        JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
        struct jz_error err;
        struct jz_public_key key;
        uint8_t data[64] = { 1 }, sealed[128], back[128], out[JZ_SIGNATURE_BYTES],
                wrapped[JZ_SUBJECT_KEY_MAX_BYTES];
        size_t n, m, w;
        assert_int_equal(jz_hasher_new(suites[s], &hasher, &err), 0);
        assert_int_equal(jz_keyring_public(k, 1, &key, &err), 0);
        assert_int_equal(jz_subject_key_new(k, text("c"), wrapped, &w, &err), 0);
        print_message("%s:\n", jz_suite_name(suites[s]));
        MEASURE("seal 64 bytes", 500000,
                jz_keyring_seal(k, JZ_KEY_IDENTITY, text("person/7"), data, 64, sealed, &n, &err));
        MEASURE("unseal 64 bytes", 500000,
                jz_keyring_unseal(k, JZ_KEY_IDENTITY, text("person/7"), sealed, n, back, &m, &err));
        MEASURE("lookup 18 bytes", 500000,
                jz_keyring_lookup(k, JZ_KEY_LOOKUP, 1, data, 18, out, &err));
        MEASURE("digest 64 bytes", 1000000, digest_small(hasher, data));
        MEASURE("subject seal 64 bytes", 100000,
                jz_subject_seal(k, text("c"), wrapped, w, data, 64, sealed, &n, &err));
        MEASURE("sign 64 bytes", 2000, jz_keyring_sign(k, 1, "d", data, 64, out, &err));
        MEASURE("verify 64 bytes", 2000, jz_verify(&key, "d", data, 64, out, &err));
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    jz_autofree char *command = NULL;
    return asprintf(&command, "rm -rf '%s'", folder) < 0 ? -1 : system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens),
        cmocka_unit_test(what_was_changed_does_not),
        cmocka_unit_test(keys_serve_their_purpose_only),
        cmocka_unit_test(lookups_find_the_same),
        cmocka_unit_test(subjects_have_keys_of_their_own),
        cmocka_unit_test(signatures_verify_outside),
        cmocka_unit_test(old_versions_open_after_rotation),
        cmocka_unit_test(suites_change_by_rotation),
        cmocka_unit_test(rotation_meets_threads),
        cmocka_unit_test(a_keyring_follows_its_file),
        cmocka_unit_test(what_is_not_taken_over),
        cmocka_unit_test(a_process_may_change_its_folder),
        cmocka_unit_test(many_threads_share_one),
        cmocka_unit_test(files_are_for_their_owner),
        cmocka_unit_test(private_files_replace_nothing),
        cmocka_unit_test(bad_files_are_named),
        cmocka_unit_test(keyrings_have_a_limit),
    };
    const struct CMUnitTest bench[] = { cmocka_unit_test(speed) };
    if (getenv("JIANZAI_BENCH"))
        return cmocka_run_group_tests(bench, make_folder, drop_folder);
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
