#include "crypto/keyring_internal.h"

#include "base/file.h"
#include "crypto/pkcs11_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Text that holds secrets. */
struct secret_text {
    char *text;
    size_t size;
};

static void secret_text_done(struct secret_text *t)
{
    if (t->text)
        jz_wipe(t->text, t->size);
    free(t->text);
}

static void envelope_done(struct jz_envelope *e)
{
    free(e->data);
}

static int seal_text(const struct jz_pkcs11 *module, bool make_key, const struct secret_text *clear,
                     struct secret_text *ret_sealed, struct jz_error *err)
{
    JZ_CLEANUP(envelope_done) struct jz_envelope e = { 0 };
    if (!(e.data = malloc(clear->size + JZ_GCM_TAG_BYTES)))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a keyring");
    int r =
        jz_pkcs11_seal(module, make_key, clear->text, clear->size, e.nonce, e.data, &e.size, err);
    if (r < 0)
        return r;
    snprintf(e.token, sizeof e.token, "%s", module->token);
    snprintf(e.key, sizeof e.key, "%s", module->key ? module->key : JZ_PKCS11_DEFAULT_KEY);
    if ((r = jz_envelope_format(&e, &ret_sealed->text, err)) == 0)
        ret_sealed->size = strlen(ret_sealed->text);
    return r;
}

/* What the file has to hold. */
static int format(const struct jz_keyring_content *content, const struct jz_pkcs11 *module,
                  bool make_key, struct secret_text *ret_text, struct jz_error *err)
{
    JZ_CLEANUP(secret_text_done) struct secret_text clear = { 0 };
    int r = jz_keyring_content_format(content, &clear.text, err);
    if (r < 0)
        return r;
    clear.size = strlen(clear.text);
    if (jz_pkcs11_is_named(module))
        return seal_text(module, make_key, &clear, ret_text, err);
    *ret_text = clear;
    clear.text = NULL;
    return 0;
}

static int unseal_text(const char *path, const struct jz_pkcs11 *module,
                       const struct jz_envelope *e, struct secret_text *ret_clear,
                       struct jz_error *err)
{
    if (!jz_pkcs11_is_named(module))
        return jz_error_set(err, JZ_E_USAGE,
                            "%s: is sealed by the key '%s' of token '%s': name the security module "
                            "and the token",
                            path, e->key, e->token);
    struct secret_text clear = { calloc(1, e->size + 1), e->size };
    if (!clear.text)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    int r = jz_pkcs11_unseal(module, e->nonce, e->data, e->size, (uint8_t *)clear.text, &clear.size,
                             err);
    if (r < 0) {
        secret_text_done(&clear);
        jz_error_prefix(err, "%s", path);
        return r;
    }
    *ret_clear = clear;
    return 0;
}

static int open_file(const char *path, int *ret_fd, struct stat *ret_st, struct jz_error *err)
{
    jz_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "%s: there is no keyring; to make one type: jianzai key init %s", path,
                            path);
    if (fd < 0 && (errno == EACCES || errno == EPERM))
        return jz_error_set(err, JZ_E_DENIED,
                            "%s: only its owner may read it: type the command as that user", path);
    if (fd < 0 || fstat(fd, ret_st) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(ret_st->st_mode))
        return jz_error_set(err, JZ_E_USAGE, "%s: is not a file", path);
    if (ret_st->st_mode & 077)
        return jz_error_set(err, JZ_E_DENIED,
                            "%s: others than its owner can reach it (mode %04o); see who could "
                            "have read it, then type: chmod 600 %s",
                            path, (unsigned)ret_st->st_mode & 07777, path);
    *ret_fd = fd;
    fd = -1;
    return 0;
}

static int read_content(const char *path, int fd, const struct jz_pkcs11 *module,
                        struct jz_keyring_content **ret_content, struct jz_error *err)
{
    JZ_CLEANUP(secret_text_done) struct secret_text file = { 0 }, clear = { 0 };
    JZ_CLEANUP(envelope_done) struct jz_envelope envelope = { 0 };
    uint8_t *bytes;
    int r = jz_file_read_fd(fd, path, JZ_KEYRING_MAX_BYTES, &bytes, &file.size, err);
    if (r < 0)
        return r;
    file.text = (char *)bytes;
    if ((r = jz_envelope_parse(path, file.text, file.size, &envelope, err)) < 0)
        return r;
    if (!envelope.data && jz_pkcs11_is_named(module))
        return jz_error_set(err, JZ_E_USAGE,
                            "%s: is in the clear although a security module was named: name none, "
                            "if it is the keyring you mean",
                            path);
    if (!envelope.data)
        return jz_keyring_content_parse(path, file.text, file.size, ret_content, err);
    if ((r = unseal_text(path, module, &envelope, &clear, err)) < 0)
        return r;
    return jz_keyring_content_parse(path, clear.text, clear.size, ret_content, err);
}

int jz_keyring_create(const char *path, enum jz_suite suite, const struct jz_pkcs11 *module,
                      struct jz_error *err)
{
    JZ_CLEANUP(secret_text_done) struct secret_text text = { 0 };
    JZ_CLEANUP(jz_keyring_content_freep)
    struct jz_keyring_content *content = jz_keyring_content_new();
    if (!content)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    const struct jz_algorithms *algorithms;
    int r = jz_algorithms_get(suite, &algorithms, err);
    if (r < 0)
        return r;
    /* Said before a key is made in the token; what counts is the file system's word below. */
    struct stat st;
    if (lstat(path, &st) == 0)
        return jz_error_set(err, JZ_E_CONFLICT, "%s: is there already", path);
    content->suite = suite;
    for (int p = 0; p < JZ_PURPOSES && r == 0; p++)
        r = jz_keyring_content_add(content, (enum jz_purpose)p, err);
    if (r < 0 || (r = format(content, module, true, &text, err)) < 0) {
        jz_error_prefix(err, "%s", path);
        return r;
    }
    return jz_file_create_private(path, text.text, text.size, err);
}

int jz_keyring_read(const char *path, const struct jz_pkcs11 *module,
                    struct jz_keyring_content **ret_content, struct stat *ret_file,
                    struct jz_error *err)
{
    jz_autoclose int fd = -1;
    const int r = open_file(path, &fd, ret_file, err);
    return r < 0 ? r : read_content(path, fd, module, ret_content, err);
}

int jz_keyring_open(const char *path, const struct jz_pkcs11 *module,
                    struct jz_keyring **ret_keyring, struct jz_error *err)
{
    JZ_CLEANUP(jz_keyring_content_freep) struct jz_keyring_content *content = NULL;
    struct jz_key_set *set = NULL;
    struct stat file;
    int r;
    if ((r = jz_keyring_read(path, module, &content, &file, err)) < 0 ||
        (r = jz_key_set_new(path, content, &set, err)) < 0)
        return r;
    return jz_keyring_watch(set, path, module, &file, ret_keyring, err);
}

/*
 * Opens the file and keeps all others from changing it until the descriptor is closed. Who waited
 * for the lock holds the file that was replaced meanwhile, and begins again.
 */
static int open_locked(const char *path, int *ret_fd, struct jz_error *err)
{
    for (;;) {
        jz_autoclose int fd = -1;
        struct stat mine, there;
        int r = open_file(path, &fd, &mine, err);
        if (r < 0)
            return r;
        if (mine.st_uid != geteuid())
            return jz_error_set(err, JZ_E_DENIED,
                                "%s: belongs to user number %u, who could not read what another "
                                "writes: type the command as that user",
                                path, (unsigned)mine.st_uid);
        while (flock(fd, LOCK_EX) < 0)
            if (errno != EINTR)
                return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
        if (stat(path, &there) == 0 && there.st_dev == mine.st_dev && there.st_ino == mine.st_ino) {
            *ret_fd = fd;
            fd = -1;
            return 0;
        }
    }
}

/* Adds a version for each purpose from `first` to `last`; suite 0 keeps the one there is. */
static int add_versions(const char *given, const struct jz_pkcs11 *module, enum jz_purpose first,
                        enum jz_purpose last, enum jz_suite suite, struct jz_error *err)
{
    JZ_CLEANUP(secret_text_done) struct secret_text text = { 0 };
    JZ_CLEANUP(jz_keyring_content_freep) struct jz_keyring_content *content = NULL;
    jz_autoclose int fd = -1;
    /* A symbolic link stays one. */
    jz_autofree char *real = realpath(given, NULL);
    const char *path = real ? real : given;
    int r = open_locked(path, &fd, err);
    if (r < 0 || (r = read_content(path, fd, module, &content, err)) < 0)
        return r;
    if (suite == content->suite)
        return 0;
    if (suite != 0)
        content->suite = suite;
    for (unsigned p = first; p <= last && r == 0; p++)
        r = jz_keyring_content_add(content, (enum jz_purpose)p, err);
    if (r < 0 || (r = format(content, module, false, &text, err)) < 0) {
        jz_error_prefix(err, "%s", path);
        return r;
    }
    return jz_file_write_private(path, text.text, text.size, err);
}

int jz_keyring_rotate(const char *path, const struct jz_pkcs11 *module, enum jz_purpose purpose,
                      struct jz_error *err)
{
    if (!jz_purpose_name(purpose))
        return jz_error_set(err, JZ_E_USAGE, "there is no purpose number %d", (int)purpose);
    return add_versions(path, module, purpose, purpose, 0, err);
}

int jz_keyring_change_suite(const char *path, const struct jz_pkcs11 *module, enum jz_suite suite,
                            struct jz_error *err)
{
    const struct jz_algorithms *algorithms;
    int r = jz_algorithms_get(suite, &algorithms, err);
    if (r < 0)
        return r;
    return add_versions(path, module, 0, JZ_PURPOSES - 1, suite, err);
}
