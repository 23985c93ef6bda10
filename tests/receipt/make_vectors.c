/*
 * Makes tests/receipt/vectors: for each suite the published keys, a receipt's text and its proof.
 * They are kept, so that a later program is held to the receipts of an earlier one.
 *
 * usage: make_vectors FOLDER
 */
#include "log.h"

#include "base/file.h"

#include <string.h>
#include <sys/stat.h>

static const enum jz_suite suites[] = { JZ_SUITE_INTERNATIONAL, JZ_SUITE_GUOMI };

static int put(const char *folder, const char *suite, const char *name, const char *text,
               struct jz_error *err)
{
    jz_autofree char *path = NULL;
    if (asprintf(&path, "%s/%s-%s", folder, suite, name) < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    return jz_file_write(path, text, strlen(text), err);
}

static int make(const char *folder, const struct log *log, const char *suite, struct jz_error *err)
{
    static struct jz_proof proof;
    char keys[2][JZ_PUBLIC_KEY_TEXT_BYTES], text[JZ_RECEIPT_TEXT_BYTES];
    jz_autofree char *both = NULL;
    jz_autofree char *json = NULL;
    int r = log_prove(log, 13, &proof, err);
    if (r < 0)
        return r;
    for (int i = 0; i < 2; i++)
        jz_public_key_format(&log->keys[i], keys[i]);
    if (asprintf(&both, "# made up for the tests\n%s\n%s\n", keys[0], keys[1]) < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    jz_receipt_text(&proof.receipt, text);
    if ((r = put(folder, suite, "keys.txt", both, err)) < 0 ||
        (r = put(folder, suite, "receipt.txt", text, err)) < 0 ||
        (r = jz_proof_format(&proof, &json, err)) < 0)
        return r;
    return put(folder, suite, "proof.json", json, err);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        static struct log log;
        struct jz_error err;
        jz_autofree char *keyring = jz_path_join(argv[1], "keyring");
        int r = log_make(&log, suites[i], keyring, &err);
        if (r == 0)
            r = make(argv[1], &log, jz_suite_name(suites[i]), &err);
        log_done(&log);
        unlink(keyring);
        if (r < 0) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    }
    return 0;
}
