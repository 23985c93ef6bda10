/* What of a receipt needs keys or chance. */
#include "receipt/payload.h"

#include <string.h>

int jz_receipt_sign(const struct jz_keyring *keyring, const struct jz_receipt *receipt,
                    struct jz_signed_receipt *ret_signed, struct jz_error *err)
{
    struct jz_public_key key;
    struct jz_receipt named = *receipt;
    struct jz_signed_receipt out;
    const unsigned version = jz_keyring_versions(keyring, JZ_KEY_SIGN);
    int r = jz_keyring_public(keyring, version, &key, err);
    if (r < 0)
        return r;
    memcpy(named.installation, key.id, sizeof key.id);
    if ((r = jz_receipt_encode(&named, out.bytes, err)) < 0 ||
        (r = jz_keyring_sign(keyring, version, JZ_RECEIPT_DOMAIN, out.bytes, JZ_RECEIPT_BYTES,
                             out.bytes + JZ_RECEIPT_BYTES, err)) < 0)
        return r;
    *ret_signed = out;
    return 0;
}

int jz_receipt_sign_recorded(const struct jz_keyring *keyring, const void *payload, size_t size,
                             struct jz_signed_receipt *ret_signed, struct jz_error *err)
{
    struct jz_receipt receipt;
    struct jz_signed_receipt out;
    unsigned version = 0;
    int r = jz_receipt_decode(payload, size, &receipt, err);
    if (r < 0 || (r = jz_keyring_sign_version(keyring, receipt.installation, &version, err)) < 0)
        return r;
    memcpy(out.bytes, payload, JZ_RECEIPT_BYTES);
    if ((r = jz_keyring_sign(keyring, version, JZ_RECEIPT_DOMAIN, out.bytes, JZ_RECEIPT_BYTES,
                             out.bytes + JZ_RECEIPT_BYTES, err)) < 0)
        return r;
    *ret_signed = out;
    return 0;
}

const struct jz_public_key *jz_receipt_key(const struct jz_public_key *keys, size_t count,
                                           const uint8_t id[8])
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(keys[i].id, id, sizeof keys[i].id) == 0)
            return &keys[i];
    return NULL;
}

int jz_receipt_verify(const struct jz_public_key *keys, size_t count,
                      const struct jz_signed_receipt *receipt, struct jz_receipt *ret_receipt,
                      struct jz_error *err)
{
    struct jz_receipt read;
    int r = jz_receipt_decode(receipt->bytes, JZ_RECEIPT_BYTES, &read, err);
    if (r < 0)
        return r;
    const struct jz_public_key *key = jz_receipt_key(keys, count, read.installation);
    if (!key)
        return jz_error_set(err, JZ_E_INTEGRITY, "receipt: not signed by the key given");
    if ((r = jz_verify(key, JZ_RECEIPT_DOMAIN, receipt->bytes, JZ_RECEIPT_BYTES,
                       receipt->bytes + JZ_RECEIPT_BYTES, err)) < 0)
        return r;
    *ret_receipt = read;
    return 0;
}
