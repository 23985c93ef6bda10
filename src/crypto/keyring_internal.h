/* A keyring before it is put to use: what its file says. Only src/crypto, its tests and fuzzers. */
#pragma once

#include "crypto/keyring.h"
#include "crypto/seal_internal.h"

#include <sys/stat.h>

#define JZ_CREATED_BYTES 21 /* "2026-11-25T08:00:00Z" and the NUL */

struct jz_key_version {
    enum jz_suite suite;
    char created[JZ_CREATED_BYTES];
    uint8_t secret[JZ_SECRET_BYTES];
};

struct jz_key_list {
    unsigned count;
    struct jz_key_version *versions; /* owned */
};

struct jz_keyring_content {
    enum jz_suite suite;
    struct jz_key_list keys[JZ_PURPOSES];
};

struct jz_keyring_content *jz_keyring_content_new(void);          /* NULL: memory is out */
void jz_keyring_content_free(struct jz_keyring_content *content); /* wipes */
static inline void jz_keyring_content_freep(struct jz_keyring_content **c)
{
    jz_keyring_content_free(*c);
}

/* Room for `count` versions, of which the first are those there were; count only grows. */
int jz_key_list_grow(struct jz_key_list *list, unsigned count, struct jz_error *err) JZ_MUST_CHECK;

/* One more version with a fresh secret in the suite of the content. */
int jz_keyring_content_add(struct jz_keyring_content *content, enum jz_purpose purpose,
                           struct jz_error *err) JZ_MUST_CHECK;

/* JSON; NAME is what errors call it. The text has a NUL behind its last byte and is free'd. */
int jz_keyring_content_parse(const char *name, const char *text, size_t size,
                             struct jz_keyring_content **ret_content,
                             struct jz_error *err) JZ_MUST_CHECK;
int jz_keyring_content_format(const struct jz_keyring_content *content, char **ret_text,
                              struct jz_error *err) JZ_MUST_CHECK;

/* The same JSON sealed by a module, in an envelope of JSON. */
struct jz_envelope {
    uint8_t nonce[JZ_GCM_NONCE_BYTES];
    uint8_t *data; /* owned */
    size_t size;
    char token[33], key[65]; /* labels, for errors */
};
/* *ret_envelope.data stays NULL when the text is well-formed but no envelope. */
int jz_envelope_parse(const char *name, const char *text, size_t size,
                      struct jz_envelope *ret_envelope, struct jz_error *err) JZ_MUST_CHECK;
int jz_envelope_format(const struct jz_envelope *envelope, char **ret_text,
                       struct jz_error *err) JZ_MUST_CHECK;

/*
 * keyring.c: the keys as one reading of the file gave them, put to use; it never changes. NAME as
 * above.
 */
struct jz_key_set;
int jz_key_set_new(const char *name, const struct jz_keyring_content *content,
                   struct jz_key_set **ret_set, struct jz_error *err) JZ_MUST_CHECK;
void jz_key_set_free(struct jz_key_set *set); /* wipes */
static inline void jz_key_set_freep(struct jz_key_set **s)
{
    jz_key_set_free(*s);
}
enum jz_key_change {
    JZ_KEYS_SAME,
    JZ_KEYS_GREW,    /* the same, and versions more */
    JZ_KEYS_FOREIGN, /* another's, or an older copy */
};
enum jz_key_change jz_key_set_compare(const struct jz_key_set *set, const struct jz_key_set *later);

/* keyring_file.c: what the file says, and which file that was. */
int jz_keyring_read(const char *path, const struct jz_pkcs11 *module,
                    struct jz_keyring_content **ret_content, struct stat *ret_file,
                    struct jz_error *err) JZ_MUST_CHECK;

/*
 * keyring_watch.c: a keyring of these keys, which it takes, also on failure. Where there is a path
 * it looks whether the file was replaced: once a second, or when it is asked to.
 */
int jz_keyring_watch(struct jz_key_set *set, const char *path, const struct jz_pkcs11 *module,
                     const struct stat *file, struct jz_keyring **ret_keyring,
                     struct jz_error *err) JZ_MUST_CHECK;
/* The newest keys; borrowed, and good as long as the keyring. */
const struct jz_key_set *jz_keyring_set(const struct jz_keyring *keyring);

/* Now; an error when the file cannot be taken over, which the keyring survives. */
int jz_keyring_look(const struct jz_keyring *keyring, struct jz_error *err) JZ_MUST_CHECK;

/* A keyring without a file. */
int jz_keyring_new(const char *name, const struct jz_keyring_content *content,
                   struct jz_keyring **ret_keyring, struct jz_error *err) JZ_MUST_CHECK;
