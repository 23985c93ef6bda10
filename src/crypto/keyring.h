/*
 * The keyring: every secret of an installation, one key for one purpose, each with its versions.
 *
 * A keyring is one file of mode 0600, in the clear, or sealed by an AES key that never leaves a
 * security module (PKCS#11). Sealed things name the version of their key, so that a rotation only
 * adds a version: the newest seals, all of them open.
 *
 * A keyring in memory is shared by all threads and follows its file: what another process added to
 * it is known within a second, and at once when something names a version that is not known yet.
 * So versions only grow, and whoever needs the same one twice asks for its number once. A file that
 * cannot be read, is of another keyring or an older copy changes nothing in memory. A module is
 * asked once for each new file and never again for one that it did not open, because it locks after
 * a few wrong PINs; its PIN stays in memory, as the keys do, until the keyring is freed.
 *
 * Each version keeps the suite it was made for; the newest of every purpose are of the keyring's
 * own suite. Changing that adds a version to all, and what was sealed before still opens.
 *
 * Nonces are random. Under one version of a key no more than 2^32 values may be sealed (96-bit
 * nonces, NIST SP 800-38D), or two of them could meet: rotate long before, once a year at the
 * latest. A subject key has the same limit for itself.
 */
#pragma once

#include "crypto/suite.h"

#define JZ_KEYRING_MAX_BYTES    (2 << 20) /* of the file */
#define JZ_KEYRING_MAX_VERSIONS 1000      /* of one purpose */

enum jz_purpose {
    JZ_KEY_IDENTITY,  /* seals names, document numbers, contacts */
    JZ_KEY_LOOKUP,    /* keyed hash by which document numbers are found */
    JZ_KEY_BIOMETRIC, /* seals the key of each person, which seals that person's templates */
    JZ_KEY_LOG,       /* keyed hash of what logs may need to tell apart */
    JZ_KEY_SIGN,      /* signs receipts, daily roots, proofs */
    JZ_PURPOSES
};

const char *jz_purpose_name(enum jz_purpose purpose); /* "identity" and so on */
int jz_purpose_parse(const char *name, enum jz_purpose *ret_purpose,
                     struct jz_error *err) JZ_MUST_CHECK;

/*
 * Where the security module is; all NULL: none. Its key is an AES key that cannot leave it; the
 * module is asked when a keyring is made, opened, rotated or read again, and for nothing else.
 */
struct jz_pkcs11 {
    const char *module; /* path of the PKCS#11 library */
    const char *token;  /* label of the token */
    const char *pin;    /* of the user; read from the environment, never from a command line */
    const char *key;    /* label of the AES-256 key, NULL: "jianzai"; made there by
                           jz_keyring_create if missing */
};

struct jz_keyring;

/* Makes a new keyring file; JZ_E_CONFLICT when PATH is there already. */
int jz_keyring_create(const char *path, enum jz_suite suite, const struct jz_pkcs11 *module,
                      struct jz_error *err) JZ_MUST_CHECK;

/*
 * JZ_E_NOT_FOUND (file, module, token or its key); JZ_E_DENIED when others than the owner can read
 * the file, with what to type, or the PIN is wrong; JZ_E_FORMAT; JZ_E_INTEGRITY when the module's
 * key does not open it; JZ_E_USAGE when a module is named for a file in the clear, or none for one
 * that is sealed.
 */
int jz_keyring_open(const char *path, const struct jz_pkcs11 *module,
                    struct jz_keyring **ret_keyring, struct jz_error *err) JZ_MUST_CHECK;
void jz_keyring_free(struct jz_keyring *keyring); /* wipes */

/* Looks at the file now; afterwards jz_keyring_versions may say more. */
void jz_keyring_refresh(const struct jz_keyring *keyring);

/*
 * Adds a version for the purpose to the file (atomically, one process after the other). Only the
 * owner of the file may: JZ_E_DENIED.
 */
int jz_keyring_rotate(const char *path, const struct jz_pkcs11 *module, enum jz_purpose purpose,
                      struct jz_error *err) JZ_MUST_CHECK;

/* The same for every purpose at once, in another suite; nothing to do when it is that already. */
int jz_keyring_change_suite(const char *path, const struct jz_pkcs11 *module, enum jz_suite suite,
                            struct jz_error *err) JZ_MUST_CHECK;

enum jz_suite jz_keyring_suite(const struct jz_keyring *keyring);

/* Versions run from 1 to this. */
unsigned jz_keyring_versions(const struct jz_keyring *keyring, enum jz_purpose purpose);
/* "2026-11-25T08:00:00Z" when that version was made; NULL when there is none. */
const char *jz_keyring_created(const struct jz_keyring *keyring, enum jz_purpose purpose,
                               unsigned version);

/*
 * Sealed bytes: suite, version (2 bytes), nonce, ciphertext, tag. `context` is authenticated and
 * not stored: what the bytes belong to, so that a sealed value moved to another place does not
 * open.
 */
#define JZ_SEAL_MAX_OVERHEAD      64
#define JZ_SEAL_MAX_BYTES         (64 << 20)
#define JZ_SEAL_MAX_CONTEXT_BYTES 1024

/* Exactly how many bytes sealing adds in this keyring's suite. */
size_t jz_seal_overhead(const struct jz_keyring *keyring);

/*
 * ret_sealed has room for size + JZ_SEAL_MAX_OVERHEAD bytes and does not overlap the data.
 * JZ_E_USAGE for a purpose that does not seal; JZ_E_LIMIT.
 */
int jz_keyring_seal(const struct jz_keyring *keyring, enum jz_purpose purpose,
                    struct jz_bytes context, const void *data, size_t size, uint8_t *ret_sealed,
                    size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/*
 * ret_data has room for `size` bytes; its content is lost, but never plaintext, on failure.
 * JZ_E_INTEGRITY when key, context or bytes are not those that were sealed; JZ_E_NOT_FOUND when the
 * version is newer than the keyring's file; JZ_E_FORMAT.
 */
int jz_keyring_unseal(const struct jz_keyring *keyring, enum jz_purpose purpose,
                      struct jz_bytes context, const void *sealed, size_t size, uint8_t *ret_data,
                      size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/* The version a sealed value names; 0 when it is not one. */
unsigned jz_sealed_version(const void *sealed, size_t size);

/*
 * Keyed hash under a version of JZ_KEY_LOOKUP or JZ_KEY_LOG; the first 16 bytes of the MAC.
 * JZ_E_USAGE for another purpose, JZ_E_NOT_FOUND for a version that is not there.
 */
#define JZ_LOOKUP_BYTES 16
int jz_keyring_lookup(const struct jz_keyring *keyring, enum jz_purpose purpose, unsigned version,
                      const void *data, size_t size, uint8_t ret_hash[JZ_LOOKUP_BYTES],
                      struct jz_error *err) JZ_MUST_CHECK;

/*
 * A key of its own for one subject (a person), so that forgetting it shreds all it sealed. It is
 * kept wrapped: sealed under JZ_KEY_BIOMETRIC with `context`. What it seals is of the keyring's
 * suite, whatever suite the key was made in.
 */
#define JZ_SUBJECT_KEY_MAX_BYTES 160
int jz_subject_key_new(const struct jz_keyring *keyring, struct jz_bytes context,
                       uint8_t ret_wrapped[JZ_SUBJECT_KEY_MAX_BYTES], size_t *ret_size,
                       struct jz_error *err) JZ_MUST_CHECK;

/* The same key wrapped anew under the newest version. */
int jz_subject_key_rewrap(const struct jz_keyring *keyring, struct jz_bytes context,
                          const void *wrapped, size_t size,
                          uint8_t ret_wrapped[JZ_SUBJECT_KEY_MAX_BYTES], size_t *ret_size,
                          struct jz_error *err) JZ_MUST_CHECK;
int jz_subject_seal(const struct jz_keyring *keyring, struct jz_bytes context, const void *wrapped,
                    size_t wrapped_size, const void *data, size_t size, uint8_t *ret_sealed,
                    size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;
int jz_subject_unseal(const struct jz_keyring *keyring, struct jz_bytes context,
                      const void *wrapped, size_t wrapped_size, const void *sealed, size_t size,
                      uint8_t *ret_data, size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Signs with that version: mostly the newest, whose number is asked for once, because what is
 * signed names the key. The public key of any version is for publication. JZ_E_NOT_FOUND.
 */
int jz_keyring_sign(const struct jz_keyring *keyring, unsigned version, const char *domain,
                    const void *data, size_t size, uint8_t ret_signature[JZ_SIGNATURE_BYTES],
                    struct jz_error *err) JZ_MUST_CHECK;
int jz_keyring_public(const struct jz_keyring *keyring, unsigned version,
                      struct jz_public_key *ret_key, struct jz_error *err) JZ_MUST_CHECK;
/* The version whose public key has this id; JZ_E_NOT_FOUND. */
int jz_keyring_sign_version(const struct jz_keyring *keyring, const uint8_t id[8],
                            unsigned *ret_version, struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_keyring_freep(struct jz_keyring **k)
{
    jz_keyring_free(*k);
}
