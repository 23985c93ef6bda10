#include "crypto/root.h"

#include <string.h>

enum { ROOT_VERSION = 1 };

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

void jz_root_encode(const struct jz_signed_root *root, uint8_t ret_bytes[JZ_ROOT_BYTES])
{
    uint8_t *at = put(ret_bytes, ROOT_VERSION, 1);
    at = put(at, root->suite, 1);
    at = (uint8_t *)mempcpy(at, root->key, sizeof root->key);
    at = put(at, root->size, 8);
    at = (uint8_t *)mempcpy(at, root->root, sizeof root->root);
    at = put(at, (uint64_t)root->recorded_at, 8);
    put(at, (uint64_t)jz_date_key(root->day), 4);
}

int jz_root_sign(const struct jz_keyring *keyring, struct jz_signed_root *root,
                 struct jz_error *err)
{
    struct jz_public_key key;
    struct jz_signed_root named = *root;
    uint8_t bytes[JZ_ROOT_BYTES];
    const unsigned version = jz_keyring_versions(keyring, JZ_KEY_SIGN);
    int r = jz_keyring_public(keyring, version, &key, err);
    if (r < 0)
        return r;
    memcpy(named.key, key.id, sizeof key.id);
    jz_root_encode(&named, bytes);
    if ((r = jz_keyring_sign(keyring, version, JZ_ROOT_DOMAIN, bytes, sizeof bytes, named.signature,
                             err)) < 0)
        return r;
    *root = named;
    return 0;
}

int jz_root_verify(const struct jz_public_key *key, const struct jz_signed_root *root,
                   struct jz_error *err)
{
    uint8_t bytes[JZ_ROOT_BYTES];
    if (memcmp(key->id, root->key, sizeof key->id) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "signed root: not signed by the key given");
    jz_root_encode(root, bytes);
    return jz_verify(key, JZ_ROOT_DOMAIN, bytes, sizeof bytes, root->signature, err);
}
