/*
 * Keyrings sealed by a security module, with SoftHSM standing in for one. Without it all but the
 * missing module is skipped.
 */
#include "base/file.h"
#include "crypto/keyring_internal.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char folder[] = "/tmp/jz-pkcs11-XXXXXX";
static char *library; /* NULL: no SoftHSM here */

__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
    jz_autofree char *command = NULL;
    va_list ap;
    va_start(ap, format);
    assert_true(vasprintf(&command, format, ap) > 0);
    va_end(ap);
    assert_int_equal(system(command), 0);
}

static struct jz_pkcs11 token(const char *label)
{
    return (struct jz_pkcs11){ .module = library, .token = label, .pin = "123456" };
}

static void need_softhsm(void)
{
    if (!library) {
        print_message("# SoftHSM is not installed (Debian: softhsm2)\n");
        skip();
    }
}

static char *fresh_path(void)
{
    static int number;
    char name[16];
    snprintf(name, sizeof name, "ring%d", number++);
    return jz_path_join(folder, name);
}

static int open_ring(const char *path, const struct jz_pkcs11 *module, const char *says)
{
    struct jz_error err = { .text = "" };
    struct jz_keyring *k = NULL;
    const int r = jz_keyring_open(path, module, &k, &err);
    jz_keyring_free(k);
    if (!strstr(err.text, says))
        fail_msg("'%s' is not in: %s", says, err.text);
    return r;
}

static void sealed_files_open_with_their_token(void **state)
{
    (void)state;
    need_softhsm();
    const struct jz_pkcs11 one = token("one");
    jz_autofree char *path = fresh_path();
    struct jz_error err = { 0 };
    struct jz_keyring *k = NULL, *newer = NULL;
    uint8_t sealed[128], back[128];
    size_t n, m;
    if (jz_keyring_create(path, JZ_SUITE_GUOMI, &one, &err) < 0)
        fail_msg("%s", err.text);

    /* Nothing of the keys is in the file, and it is no one else's to read. */
    jz_autofree uint8_t *text = NULL;
    size_t size;
    struct stat st;
    assert_int_equal(jz_file_read(path, JZ_KEYRING_MAX_BYTES, &text, &size, &err), 0);
    assert_non_null(strstr((char *)text, "\"sealed_by\": \"pkcs11\""));
    assert_null(strstr((char *)text, "identity"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    if (jz_keyring_open(path, &one, &k, &err) < 0)
        fail_msg("%s", err.text);
    const struct jz_bytes context = { "c", 1 };
    assert_int_equal(jz_keyring_seal(k, JZ_KEY_IDENTITY, context, "Name", 4, sealed, &n, &err), 0);
    if (jz_keyring_rotate(path, &one, JZ_KEY_IDENTITY, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(jz_keyring_open(path, &one, &newer, &err), 0);
    assert_int_equal(jz_keyring_versions(newer, JZ_KEY_IDENTITY), 2);
    assert_int_equal(jz_keyring_unseal(newer, JZ_KEY_IDENTITY, context, sealed, n, back, &m, &err),
                     0);
    assert_memory_equal(back, "Name", 4);
    jz_keyring_free(k);
    jz_keyring_free(newer);

    /* A second keyring shares the key that is there; another label makes another key. */
    jz_autofree char *second = fresh_path(), *third = fresh_path();
    struct jz_pkcs11 labelled = one;
    labelled.key = "another";
    assert_int_equal(jz_keyring_create(second, JZ_SUITE_INTERNATIONAL, &one, &err), 0);
    assert_int_equal(jz_keyring_create(third, JZ_SUITE_INTERNATIONAL, &labelled, &err), 0);
    assert_int_equal(open_ring(second, &one, ""), 0);
    assert_int_equal(open_ring(path, &one, ""), 0);
    assert_int_equal(open_ring(third, &labelled, ""), 0);
    assert_int_equal(open_ring(third, &one, "does not open"), JZ_E_INTEGRITY);
    assert_int_equal(jz_keyring_create(path, JZ_SUITE_GUOMI, &one, &err), JZ_E_CONFLICT);
}

static void others_do_not_open_them(void **state)
{
    (void)state;
    need_softhsm();
    const struct jz_pkcs11 one = token("one"), two = token("two"), three = token("three"),
                           nobody = token("nobody");
    struct jz_pkcs11 wrong_pin = one, no_pin = one, short_pin = one, no_token = one, no_key = one,
                     not_module = one;
    wrong_pin.pin = "654321";
    no_pin.pin = NULL;
    short_pin.pin = "1";
    no_token.token = NULL;
    no_key.key = "never made";
    not_module.module = "libm.so.6";
    jz_autofree char *path = fresh_path(), *other = fresh_path();
    struct jz_error err;
    assert_int_equal(jz_keyring_create(path, JZ_SUITE_INTERNATIONAL, &one, &err), 0);
    assert_int_equal(jz_keyring_create(other, JZ_SUITE_INTERNATIONAL, &two, &err), 0);
    const struct {
        const struct jz_pkcs11 *module;
        int wanted;
        const char *says;
    } cases[] = {
        { &one, 0, "" },
        { NULL, JZ_E_USAGE, "sealed by the key 'jianzai' of token 'one'" },
        { &wrong_pin, JZ_E_DENIED, "the PIN is wrong" },
        { &no_pin, JZ_E_DENIED, "JIANZAI_PKCS11_PIN" },
        { &short_pin, JZ_E_DENIED, "PIN" },
        { &no_token, JZ_E_USAGE, "its token" },
        { &nobody, JZ_E_NOT_FOUND, "no token 'nobody'" },
        { &no_key, JZ_E_NOT_FOUND, "no key 'never made'" },
        { &two, JZ_E_INTEGRITY, "another token" },      /* moved to a token with a key of its own */
        { &three, JZ_E_NOT_FOUND, "no key 'jianzai'" }, /* moved to an empty token */
        { &not_module, JZ_E_UNSUPPORTED, "not a PKCS#11 module" },
        { &one, 0, "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(open_ring(path, cases[i].module, cases[i].says), cases[i].wanted);
    assert_int_equal(jz_keyring_rotate(path, &two, JZ_KEY_LOG, &err), JZ_E_INTEGRITY);
    assert_int_equal(jz_keyring_rotate(path, NULL, JZ_KEY_LOG, &err), JZ_E_USAGE);
    assert_int_equal(jz_keyring_rotate(path, &wrong_pin, JZ_KEY_LOG, &err), JZ_E_DENIED);
    assert_int_equal(open_ring(path, &one, ""), 0);

    jz_autofree char *clear = fresh_path();
    assert_int_equal(jz_keyring_create(clear, JZ_SUITE_INTERNATIONAL, NULL, &err), 0);
    assert_int_equal(open_ring(clear, &one, "in the clear"), JZ_E_USAGE);
}

/* A rotation is followed; a file that the token does not open changes nothing. */
static void a_sealed_keyring_follows_its_file(void **state)
{
    (void)state;
    need_softhsm();
    char pin[] = "123456";
    struct jz_pkcs11 one = token("one");
    const struct jz_pkcs11 two = token("two");
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL, *newer = NULL;
    jz_autofree char *path = fresh_path(), *other = fresh_path();
    jz_autofree uint8_t *mine = NULL, *foreign = NULL;
    const struct jz_bytes context = { "c", 1 };
    struct jz_error err = { 0 };
    uint8_t sealed[128], back[128];
    size_t n, m, mine_size, foreign_size;
    one.pin = pin;
    assert_int_equal(jz_keyring_create(path, JZ_SUITE_INTERNATIONAL, &one, &err), 0);
    assert_int_equal(jz_keyring_create(other, JZ_SUITE_INTERNATIONAL, &two, &err), 0);
    assert_int_equal(jz_keyring_open(path, &one, &k, &err), 0);
    assert_int_equal(jz_keyring_rotate(path, &one, JZ_KEY_IDENTITY, &err), 0);
    assert_int_equal(jz_keyring_open(path, &one, &newer, &err), 0);
    memset(pin, 'x', sizeof pin - 1); /* the keyring has a copy of its own */
    assert_int_equal(jz_keyring_seal(newer, JZ_KEY_IDENTITY, context, "Name", 4, sealed, &n, &err),
                     0);
    if (jz_keyring_unseal(k, JZ_KEY_IDENTITY, context, sealed, n, back, &m, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(jz_keyring_versions(k, JZ_KEY_IDENTITY), 2);

    assert_int_equal(jz_file_read(path, JZ_KEYRING_MAX_BYTES, &mine, &mine_size, &err), 0);
    assert_int_equal(jz_file_read(other, JZ_KEYRING_MAX_BYTES, &foreign, &foreign_size, &err), 0);
    assert_int_equal(jz_file_write_private(path, foreign, foreign_size, &err), 0);
    sealed[2] = 9;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(jz_keyring_unseal(k, JZ_KEY_IDENTITY, context, sealed, n, back, &m, &err),
                         JZ_E_NOT_FOUND);
        assert_non_null(strstr(err.text, "does not open it"));
    }
    assert_int_equal(jz_file_write_private(path, mine, mine_size, &err), 0);
    const struct jz_pkcs11 again = token("one");
    assert_int_equal(jz_keyring_rotate(path, &again, JZ_KEY_IDENTITY, &err), 0);
    jz_keyring_refresh(k);
    assert_int_equal(jz_keyring_versions(k, JZ_KEY_IDENTITY), 3);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    need_softhsm();
    const struct jz_pkcs11 one = token("one");
    jz_autofree char *path = fresh_path();
    jz_autofree uint8_t *text = NULL;
    struct jz_error err;
    size_t size;
    assert_int_equal(jz_keyring_create(path, JZ_SUITE_INTERNATIONAL, &one, &err), 0);
    assert_int_equal(jz_file_read(path, JZ_KEYRING_MAX_BYTES, &text, &size, &err), 0);
    const size_t data = (size_t)(strstr((char *)text, "\"data\": \"") - (char *)text) + 9;
    const size_t nonce = (size_t)(strstr((char *)text, "\"nonce\": \"") - (char *)text) + 10;
    const size_t places[] = { nonce, nonce + 7, data, data + 1, data + 100, size - 20 };
    for (size_t i = 0; i < COUNT(places); i++) {
        const uint8_t was = text[places[i]];
        text[places[i]] = was == 'A' ? 'B' : 'A';
        assert_int_equal(jz_file_write_private(path, text, size, &err), 0);
        assert_int_equal(open_ring(path, &one, "damaged"), JZ_E_INTEGRITY);
        text[places[i]] = was;
    }
    assert_int_equal(jz_file_write_private(path, text, size / 2, &err), 0);
    assert_int_equal(open_ring(path, &one, "not JSON"), JZ_E_FORMAT);
    static const char *const bad[] = {
        "{\"jianzai_keyring\":1,\"sealed_by\":\"pkcs11\"}",
        "{\"jianzai_keyring\":1,\"sealed_by\":\"pkcs11\",\"token\":\"one\",\"key\":\"k\","
        "\"nonce\":\"AAAA\",\"data\":\"AAAA\"}",
        "{\"jianzai_keyring\":1,\"sealed_by\":\"pkcs11\",\"token\":\"one\",\"key\":\"k\","
        "\"nonce\":\"AAAAAAAAAAAAAAAA\",\"data\":\"AAAA\"}",
        "{\"jianzai_keyring\":1,\"sealed_by\":\"pkcs11\",\"token\":1,\"key\":\"k\","
        "\"nonce\":\"AAAAAAAAAAAAAAAA\",\"data\":\"AAAA\"}",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(jz_file_write_private(path, bad[i], strlen(bad[i]), &err), 0);
        assert_int_equal(open_ring(path, &one, path), JZ_E_FORMAT);
    }
}

static void a_missing_module_is_named(void **state)
{
    (void)state;
    const struct jz_pkcs11 module = { .module = "/nowhere/libtoken.so", .token = "t", .pin = "1" };
    jz_autofree char *path = fresh_path();
    struct jz_error err;
    assert_int_equal(jz_keyring_create(path, JZ_SUITE_INTERNATIONAL, &module, &err),
                     JZ_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nowhere/libtoken.so"));
    assert_int_equal(access(path, F_OK), -1);
}

static char *find_softhsm(void)
{
    static const char *const patterns[] = { "/usr/lib/softhsm/libsofthsm2.so",
                                            "/usr/lib/*/softhsm/libsofthsm2.so" };
    char *found = NULL;
    for (size_t i = 0; i < COUNT(patterns) && !found; i++) {
        glob_t g;
        if (glob(patterns[i], 0, NULL, &g) == 0)
            found = strdup(g.gl_pathv[0]);
        globfree(&g);
    }
    if (found && system("command -v softhsm2-util >/dev/null") != 0) {
        free(found);
        found = NULL;
    }
    return found;
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    library = find_softhsm();
    if (!library)
        return 0;
    jz_autofree char *settings = jz_path_join(folder, "softhsm2.conf");
    jz_autofree char *text = NULL;
    struct jz_error err;
    if (asprintf(&text, "directories.tokendir = %s/tokens\nobjectstore.backend = file\n", folder) <
            0 ||
        jz_file_write(settings, text, strlen(text), &err) < 0)
        return -1;
    run("mkdir '%s/tokens'", folder);
    setenv("SOFTHSM2_CONF", settings, 1);
    static const char *const labels[] = { "one", "two", "three" };
    for (size_t i = 0; i < COUNT(labels); i++)
        run("softhsm2-util --init-token --free --label %s --so-pin 12345678 --pin 123456 "
            ">/dev/null",
            labels[i]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run("rm -rf '%s'", folder);
    free(library);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_files_open_with_their_token),
        cmocka_unit_test(others_do_not_open_them),
        cmocka_unit_test(a_sealed_keyring_follows_its_file),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(a_missing_module_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
