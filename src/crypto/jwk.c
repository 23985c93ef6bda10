/* Signed tokens and the public keys that verify them. */
#include "crypto/jose_internal.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

enum {
    COORDINATE_BYTES = 32,
    ED25519_BYTES = 32,
    RSA_MIN_BYTES = 256,
    RSA_MAX_BYTES = 1024,
    SIGNATURE_BYTES = 64, /* of ES256 and EdDSA */
    DER_BYTES = 80,
};

static void pkey_ctx_freep(EVP_PKEY_CTX **c)
{
    EVP_PKEY_CTX_free(*c);
}
static void md_ctx_freep(EVP_MD_CTX **c)
{
    EVP_MD_CTX_free(*c);
}
static void build_freep(OSSL_PARAM_BLD **b)
{
    OSSL_PARAM_BLD_free(*b);
}
static void params_freep(OSSL_PARAM **p)
{
    OSSL_PARAM_free(*p);
}
static void bn_freep(BIGNUM **n)
{
    BN_free(*n);
}
static void signature_freep(ECDSA_SIG **s)
{
    ECDSA_SIG_free(*s);
}

/* ---- Keys ---- */

struct key {
    const char *alg; /* of the table below */
    char kid[JZ_JOSE_KID_MAX + 1];
    EVP_PKEY *pkey;
};

struct jz_jwks {
    size_t count;
    struct key keys[JZ_JWKS_MAX_KEYS];
};

/* A member in base64url; false unless it is there and not longer. */
static bool take_bytes(json_t *jwk, const char *name, uint8_t *ret, size_t room, size_t *ret_size)
{
    json_t *value = json_object_get(jwk, name);
    const char *text = json_string_value(value);
    return text && *text &&
           jz_base64url_decode(text, json_string_length(value), ret, room, ret_size);
}

static EVP_PKEY *make_pkey(const char *algorithm, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    JZ_CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    JZ_CLEANUP(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

static EVP_PKEY *read_rsa(json_t *jwk)
{
    uint8_t n[RSA_MAX_BYTES], e[8];
    size_t n_size = 0, e_size = 0;
    if (!take_bytes(jwk, "n", n, sizeof n, &n_size) || n_size < RSA_MIN_BYTES || n[0] < 0x80 ||
        !take_bytes(jwk, "e", e, sizeof e, &e_size))
        return NULL;
    JZ_CLEANUP(bn_freep) BIGNUM *modulus = BN_bin2bn(n, (int)n_size, NULL);
    JZ_CLEANUP(bn_freep) BIGNUM *exponent = BN_bin2bn(e, (int)e_size, NULL);
    JZ_CLEANUP(build_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (!modulus || !exponent || !build || !BN_is_odd(exponent) || BN_is_one(exponent) ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return NULL;
    return make_pkey("RSA", build);
}

static EVP_PKEY *read_p256(json_t *jwk)
{
    uint8_t point[1 + 2 * COORDINATE_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
    size_t x = 0, y = 0;
    const char *curve = json_string_value(json_object_get(jwk, "crv"));
    if (!curve || strcmp(curve, "P-256") != 0 ||
        !take_bytes(jwk, "x", point + 1, COORDINATE_BYTES, &x) || x != COORDINATE_BYTES ||
        !take_bytes(jwk, "y", point + 1 + COORDINATE_BYTES, COORDINATE_BYTES, &y) ||
        y != COORDINATE_BYTES)
        return NULL;
    JZ_CLEANUP(build_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (!build ||
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) != 1)
        return NULL;
    return make_pkey("EC", build);
}

static EVP_PKEY *read_ed25519(json_t *jwk)
{
    uint8_t bytes[ED25519_BYTES];
    size_t size = 0;
    const char *curve = json_string_value(json_object_get(jwk, "crv"));
    if (!curve || strcmp(curve, "Ed25519") != 0 ||
        !take_bytes(jwk, "x", bytes, sizeof bytes, &size) || size != sizeof bytes)
        return NULL;
    return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bytes, sizeof bytes);
}

/* Algorithms by the type of their keys. */
static const struct {
    const char *type, *alg;
    EVP_PKEY *(*read)(json_t *jwk);
} kinds[] = {
    { "RSA", "RS256", read_rsa },
    { "EC", "ES256", read_p256 },
    { "OKP", "EdDSA", read_ed25519 },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* False for a key that is of no use here. */
static bool take_key(json_t *jwk, struct key *ret)
{
    const char *type = json_string_value(json_object_get(jwk, "kty"));
    const char *use = json_string_value(json_object_get(jwk, "use"));
    const char *alg = json_string_value(json_object_get(jwk, "alg"));
    json_t *kid = json_object_get(jwk, "kid");
    if (!type || (use && strcmp(use, "sig") != 0) || json_string_length(kid) > JZ_JOSE_KID_MAX)
        return false;
    for (int i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].type, type) != 0 || (alg && strcmp(kinds[i].alg, alg) != 0))
            continue;
        *ret = (struct key){ .alg = kinds[i].alg, .pkey = kinds[i].read(jwk) };
        strcpy(ret->kid, json_string_value(kid) ? json_string_value(kid) : "");
        return ret->pkey != NULL;
    }
    return false;
}

int jz_jwks_parse(const char *text, size_t size, struct jz_jwks **ret_keys, struct jz_error *err)
{
    size_t i;
    json_t *jwk;
    if (size > JZ_JWKS_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "a key set of %zu bytes", size);
    JZ_CLEANUP(jz_jwks_freep) struct jz_jwks *keys = calloc(1, sizeof *keys);
    if (!keys)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *list = json_object_get(root, "keys");
    const bool is_set = json_is_array(list);
    json_array_foreach(list, i, jwk)
    {
        if (keys->count < JZ_JWKS_MAX_KEYS && take_key(jwk, &keys->keys[keys->count]))
            keys->count++;
    }
    json_decref(root);
    if (!is_set)
        return jz_error_set(err, JZ_E_FORMAT, "no key set: it is {\"keys\":[…]}");
    if (keys->count == 0)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "a key set without a key for RS256, ES256 or EdDSA");
    *ret_keys = JZ_TAKE(keys);
    return 0;
}

void jz_jwks_free(struct jz_jwks *keys)
{
    for (size_t i = 0; keys && i < keys->count; i++)
        EVP_PKEY_free(keys->keys[i].pkey);
    free(keys);
}

/* ---- Signatures ---- */

/* OpenSSL wants DER where JOSE has r and s of 32 bytes each. */
static int to_der(const uint8_t raw[SIGNATURE_BYTES], uint8_t ret_der[DER_BYTES])
{
    JZ_CLEANUP(signature_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
    JZ_CLEANUP(bn_freep) BIGNUM *r = BN_bin2bn(raw, COORDINATE_BYTES, NULL);
    JZ_CLEANUP(bn_freep) BIGNUM *s = BN_bin2bn(raw + COORDINATE_BYTES, COORDINATE_BYTES, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1)
        return 0;
    r = s = NULL; /* the signature owns them now */
    return i2d_ECDSA_SIG(sig, &ret_der);
}

static bool is_signed_by(const struct key *key, const char *data, size_t size,
                         const uint8_t *signature, size_t signature_size)
{
    uint8_t der[DER_BYTES];
    const bool is_rsa = strcmp(key->alg, "RS256") == 0, is_ec = strcmp(key->alg, "ES256") == 0;
    if (!is_rsa && signature_size != SIGNATURE_BYTES)
        return false;
    if (is_ec) {
        const int n = to_der(signature, der);
        if (n <= 0)
            return false;
        signature = der;
        signature_size = (size_t)n;
    }
    JZ_CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *digest = is_rsa || is_ec ? EVP_sha256() : NULL;
    return ctx && EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key->pkey) == 1 &&
           EVP_DigestVerify(ctx, signature, signature_size, (const uint8_t *)data, size) == 1;
}

static bool is_known(const char *alg)
{
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].alg, alg) == 0)
            return true;
    return false;
}

int jz_jws_verify(const struct jz_jwks *keys, const char *token, char **ret_payload,
                  size_t *ret_size, struct jz_error *err)
{
    struct jz_compact c;
    struct jz_jose_header header;
    jz_autofree uint8_t *payload = NULL, *signature = NULL;
    size_t size = 0, signature_size = 0;
    bool found = false, good = false;
    int r;
    if ((r = jz_compact_split(token, 3, &c, err)) < 0 ||
        (r = jz_compact_header(&c, &header, err)) < 0)
        return r;
    if (!is_known(header.alg))
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "a token signed with %s; this takes RS256, ES256 and EdDSA",
                            header.alg);
    if ((r = jz_compact_decode(&c, 1, &payload, &size, err)) < 0 ||
        (r = jz_compact_decode(&c, 2, &signature, &signature_size, err)) < 0)
        return r;
    const size_t signed_size = (size_t)(c.parts[2].text - token) - 1;
    for (size_t i = 0; i < keys->count && !good; i++) {
        const struct key *k = &keys->keys[i];
        if (strcmp(k->alg, header.alg) != 0 || (*header.kid && strcmp(k->kid, header.kid) != 0))
            continue;
        found = true;
        good = is_signed_by(k, token, signed_size, signature, signature_size);
    }
    if (!found)
        return jz_error_set(err, JZ_E_NOT_FOUND, "the key set has no key that the token names");
    if (!good)
        return jz_error_set(err, JZ_E_INTEGRITY, "the signature of the token is not right");
    *ret_payload = (char *)JZ_TAKE(payload);
    *ret_size = size;
    return 0;
}
