/* Errors, whole files and digests. */
#include "base/error.h"
#include "base/file.h"
#include "crypto/hash.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/jz-base-XXXXXX";

static const int codes[] = { JZ_OK,       JZ_E_USAGE,    JZ_E_NOT_FOUND,   JZ_E_IO,
                             JZ_E_FORMAT, JZ_E_LIMIT,    JZ_E_UNSUPPORTED, JZ_E_INTEGRITY,
                             JZ_E_MEMORY, JZ_E_INTERNAL, JZ_E_CONFLICT,    JZ_E_BUSY,
                             JZ_E_DENIED };

static void every_code_has_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct jz_error_info *info = jz_error_info(codes[i]);
        assert_int_equal(info->code, codes[i]);
        assert_true(*info->name && *info->zh_hans && *info->zh_hant && *info->en);
        assert_true(info->http_status >= 200 && info->http_status < 600);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(info->name, jz_error_info(codes[k])->name);
    }
    assert_int_equal(jz_error_info(-12345)->code, JZ_E_INTERNAL);
}

static void errors_carry_a_sentence(void **state)
{
    (void)state;
    struct jz_error err;
    assert_int_equal(jz_error_set(&err, JZ_E_LIMIT, "%d of %d", 7, 5), JZ_E_LIMIT);
    assert_int_equal(err.code, JZ_E_LIMIT);
    assert_string_equal(err.text, "7 of 5");
    jz_error_prefix(&err, "row %d", 3);
    assert_string_equal(err.text, "row 3: 7 of 5");
    assert_int_equal(jz_error_set(NULL, JZ_E_IO, "nobody listens"), JZ_E_IO);
    jz_error_prefix(NULL, "nobody");
    char longest[2 * JZ_ERROR_TEXT_BYTES];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    jz_error_set(&err, JZ_E_IO, "%s", longest);
    assert_int_equal(strlen(err.text), JZ_ERROR_TEXT_BYTES - 1);
    jz_error_prefix(&err, "%s", "front");
    assert_memory_equal(err.text, "front: xxx", 10);
    assert_true(strlen(err.text) < JZ_ERROR_TEXT_BYTES);
}

static void files_come_back_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 300000 };
    jz_autofree char *path = jz_path_join(folder, "file");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct jz_error err;
        jz_autofree uint8_t *data = malloc(sizes[i] + 1);
        for (size_t k = 0; k < sizes[i]; k++)
            data[k] = (uint8_t)(k * 31 + i);
        assert_int_equal(jz_file_write(path, data, sizes[i], &err), 0);
        jz_autofree uint8_t *back = NULL;
        size_t size = 0;
        assert_int_equal(jz_file_read(path, sizes[i], &back, &size, &err), 0);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(back, data, size);
        assert_int_equal(back[size], 0);
        if (sizes[i] > 0) {
            uint8_t *none = NULL;
            assert_int_equal(jz_file_read(path, sizes[i] - 1, &none, &size, &err), JZ_E_LIMIT);
            assert_null(none);
            assert_non_null(strstr(err.text, path));
        }
    }
    /* Nothing temporary stays behind. */
    jz_autofree char *list = NULL;
    assert_true(asprintf(&list, "test $(ls '%s' | wc -l) = 1", folder) > 0);
    assert_int_equal(system(list), 0);
}

enum { PIPED = 200000 };

/* Writes until all is written or nobody reads any more. */
static void *fill_pipe(void *argument)
{
    static const uint8_t zeros[4096];
    int *fd = argument;
    for (size_t left = PIPED; left > 0;) {
        ssize_t n = write(*fd, zeros, left < sizeof zeros ? left : sizeof zeros);
        if (n < 0)
            break;
        left -= (size_t)n;
    }
    close(*fd);
    return NULL;
}

static void pipes_have_the_same_limit(void **state)
{
    (void)state;
    static const struct {
        size_t limit;
        int wanted;
    } cases[] = { { PIPED, 0 }, { PIPED - 1, JZ_E_LIMIT }, { 70000, JZ_E_LIMIT } };
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int ends[2];
        pthread_t writer;
        char path[64];
        struct jz_error err;
        jz_autofree uint8_t *data = NULL;
        size_t size = 0;
        assert_int_equal(pipe(ends), 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
        assert_int_equal(pthread_create(&writer, NULL, fill_pipe, &ends[1]), 0);
        const int got = jz_file_read(path, cases[i].limit, &data, &size, &err);
        close(ends[0]);
        pthread_join(writer, NULL);
        assert_int_equal(got, cases[i].wanted);
        assert_int_equal(size, cases[i].wanted == 0 ? PIPED : 0);
    }
}

static void what_is_not_there_is_named(void **state)
{
    (void)state;
    struct jz_error err;
    uint8_t *data = NULL;
    size_t size;
    jz_autofree char *nowhere = jz_path_join(folder, "nowhere");
    jz_autofree char *below = jz_path_join(folder, "no/such/folder");
    assert_int_equal(jz_file_read(nowhere, 10, &data, &size, &err), JZ_E_NOT_FOUND);
    assert_non_null(strstr(err.text, nowhere));
    assert_int_equal(jz_file_read(folder, 10, &data, &size, &err), JZ_E_USAGE);
    assert_int_equal(jz_file_write(below, "x", 1, &err), JZ_E_IO);
    assert_non_null(strstr(err.text, below));
    assert_null(data);
}

static void digests_are_the_standards(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex; /* FIPS 180-4, examples */
    } cases[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[JZ_SHA256_HEX_BYTES];
        struct jz_error err;
        assert_int_equal(jz_sha256_hex(cases[i].text, strlen(cases[i].text), hex, &err), 0);
        assert_string_equal(hex, cases[i].hex);
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
    jz_autofree char *path = jz_path_join(folder, "file");
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_row),       cmocka_unit_test(errors_carry_a_sentence),
        cmocka_unit_test(files_come_back_whole),      cmocka_unit_test(pipes_have_the_same_limit),
        cmocka_unit_test(what_is_not_there_is_named), cmocka_unit_test(digests_are_the_standards),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
