#include "crypto/sign_internal.h"

#include "crypto/primitive_internal.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <string.h>

/* GB/T 32918 hashes who signs into what is signed; this is the ID the standard names by default. */
static const char sm2_id[] = "1234567812345678";

enum { ED25519_PUBLIC_BYTES = 32, SM2_PUBLIC_BYTES = 65, SM2_DER_BYTES = 80 };

static void bn_freep(BIGNUM **n)
{
    BN_clear_free(*n);
}
static void group_freep(EC_GROUP **g)
{
    EC_GROUP_free(*g);
}
static void point_freep(EC_POINT **p)
{
    EC_POINT_free(*p);
}
static void pkey_freep(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}
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
static void signature_freep(ECDSA_SIG **s)
{
    ECDSA_SIG_free(*s);
}

static size_t public_bytes(enum jz_suite suite)
{
    return suite == JZ_SUITE_GUOMI ? SM2_PUBLIC_BYTES : ED25519_PUBLIC_BYTES;
}

/* The standard takes 1 to n - 2; NULL for anything else. */
static BIGNUM *sm2_scalar(const EC_GROUP *group, const uint8_t *secret)
{
    JZ_CLEANUP(bn_freep) BIGNUM *most = BN_dup(EC_GROUP_get0_order(group));
    JZ_CLEANUP(bn_freep)
    BIGNUM *scalar = secret ? BN_bin2bn(secret, JZ_SIGN_SECRET_BYTES, NULL) : BN_secure_new();
    if (!most || !scalar || BN_sub_word(most, 2) != 1)
        return NULL;
    if (!secret && (BN_priv_rand_range(scalar, most) != 1 || BN_add_word(scalar, 1) != 1))
        return NULL;
    if (BN_is_zero(scalar) || BN_cmp(scalar, most) > 0)
        return NULL;
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    return JZ_TAKE(scalar);
}

static bool sm2_public(const EC_GROUP *group, const BIGNUM *scalar,
                       uint8_t ret_point[SM2_PUBLIC_BYTES])
{
    JZ_CLEANUP(point_freep) EC_POINT *point = EC_POINT_new(group);
    return point && EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
           EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point,
                              SM2_PUBLIC_BYTES, NULL) == SM2_PUBLIC_BYTES;
}

/* scalar NULL: the public key alone. NULL as well when the point is not on the curve. */
static EVP_PKEY *sm2_pkey(const BIGNUM *scalar, const uint8_t point[SM2_PUBLIC_BYTES])
{
    JZ_CLEANUP(pkey_freep) EVP_PKEY *key = NULL;
    JZ_CLEANUP(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    JZ_CLEANUP(build_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (!ctx || !build ||
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, SM2_PUBLIC_BYTES) !=
            1 ||
        (scalar && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1))
        return NULL;
    JZ_CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    const int selection = scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
        return NULL;
    return JZ_TAKE(key);
}

static EVP_PKEY *public_pkey(const struct jz_public_key *key)
{
    if (key->suite == JZ_SUITE_GUOMI)
        return key->bytes[0] == POINT_CONVERSION_UNCOMPRESSED ? sm2_pkey(NULL, key->bytes) : NULL;
    return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key->bytes, ED25519_PUBLIC_BYTES);
}

static int name_key(struct jz_public_key *key, struct jz_error *err)
{
    const uint8_t suite = (uint8_t)key->suite;
    uint8_t digest[JZ_DIGEST_BYTES];
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
    int r = jz_hasher_new(key->suite, &hasher, err);
    if (r < 0)
        return r;
    const struct jz_bytes parts[] = { { &suite, 1 }, { key->bytes, public_bytes(key->suite) } };
    jz_hasher_digest(hasher, parts, 2, digest);
    memcpy(key->id, digest, sizeof key->id);
    return 0;
}

int jz_sign_secret_new(enum jz_suite suite, uint8_t ret_secret[JZ_SIGN_SECRET_BYTES],
                       struct jz_error *err)
{
    if (suite == JZ_SUITE_INTERNATIONAL) {
        jz_random(ret_secret, JZ_SIGN_SECRET_BYTES);
        return 0;
    }
    JZ_CLEANUP(group_freep) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    JZ_CLEANUP(bn_freep) BIGNUM *scalar = group ? sm2_scalar(group, NULL) : NULL;
    if (!scalar || BN_bn2binpad(scalar, ret_secret, JZ_SIGN_SECRET_BYTES) < 0)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "the OpenSSL of this system has no SM2");
    return 0;
}

int jz_sign_key_new(enum jz_suite suite, const uint8_t secret[JZ_SIGN_SECRET_BYTES],
                    EVP_PKEY **ret_key, struct jz_public_key *ret_public, struct jz_error *err)
{
    struct jz_public_key public = { .suite = suite };
    JZ_CLEANUP(pkey_freep) EVP_PKEY *key = NULL;
    if (suite == JZ_SUITE_GUOMI) {
        JZ_CLEANUP(group_freep) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
        JZ_CLEANUP(bn_freep) BIGNUM *scalar = group ? sm2_scalar(group, secret) : NULL;
        if (scalar && sm2_public(group, scalar, public.bytes))
            key = sm2_pkey(scalar, public.bytes);
    } else {
        size_t size = ED25519_PUBLIC_BYTES;
        key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, secret, JZ_SIGN_SECRET_BYTES);
        if (key && EVP_PKEY_get_raw_public_key(key, public.bytes, &size) != 1) {
            EVP_PKEY_free(key);
            key = NULL;
        }
    }
    if (!key)
        return jz_error_set(err, JZ_E_FORMAT, "the bytes are no signing key of the suite '%s'",
                            jz_suite_name(suite));
    int r = name_key(&public, err);
    if (r < 0)
        return r;
    *ret_key = JZ_TAKE(key);
    *ret_public = public;
    return 0;
}

/* OpenSSL signs SM2 in DER; ours is r and s in 32 bytes each, as GB/T 32918 prints it. */
static bool from_der(const uint8_t *der, size_t size, uint8_t ret_raw[JZ_SIGNATURE_BYTES])
{
    JZ_CLEANUP(signature_freep) ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)size);
    return s && BN_bn2binpad(ECDSA_SIG_get0_r(s), ret_raw, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(s), ret_raw + 32, 32) == 32;
}

static int to_der(const uint8_t raw[JZ_SIGNATURE_BYTES], uint8_t ret_der[SM2_DER_BYTES])
{
    JZ_CLEANUP(signature_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
    JZ_CLEANUP(bn_freep) BIGNUM *r = BN_bin2bn(raw, 32, NULL);
    JZ_CLEANUP(bn_freep) BIGNUM *s = BN_bin2bn(raw + 32, 32, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1)
        return -1;
    r = s = NULL; /* the signature owns them now */
    return i2d_ECDSA_SIG(sig, &ret_der);
}

/* A digest context for signing or verifying; for SM2 with the ID, which both sides need. */
static bool begin(enum jz_suite suite, EVP_PKEY *key, bool sign, EVP_MD_CTX *ctx,
                  EVP_PKEY_CTX *key_ctx)
{
    const EVP_MD *digest = NULL;
    if (suite == JZ_SUITE_GUOMI) {
        if (EVP_PKEY_CTX_set1_id(key_ctx, sm2_id, (int)sizeof sm2_id - 1) != 1)
            return false;
        EVP_MD_CTX_set_pkey_ctx(ctx, key_ctx);
        digest = EVP_sm3();
    }
    return (sign ? EVP_DigestSignInit(ctx, NULL, digest, NULL, key)
                 : EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key)) == 1;
}

int jz_sign_raw(enum jz_suite suite, EVP_PKEY *key, const void *data, size_t size,
                uint8_t ret_signature[JZ_SIGNATURE_BYTES], struct jz_error *err)
{
    uint8_t made[SM2_DER_BYTES];
    size_t n = sizeof made;
    JZ_CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *key_ctx = EVP_PKEY_CTX_new(key, NULL);
    JZ_CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool good = ctx && key_ctx && begin(suite, key, true, ctx, key_ctx) &&
                      EVP_DigestSign(ctx, made, &n, data, size) == 1;
    if (good && suite == JZ_SUITE_INTERNATIONAL && n == JZ_SIGNATURE_BYTES) {
        memcpy(ret_signature, made, n);
        return 0;
    }
    uint8_t raw[JZ_SIGNATURE_BYTES];
    if (!good || suite != JZ_SUITE_GUOMI || !from_der(made, n, raw))
        return jz_error_set(err, JZ_E_INTERNAL, "OpenSSL did not sign");
    memcpy(ret_signature, raw, sizeof raw);
    return 0;
}

int jz_verify_raw(const struct jz_public_key *public, const void *data, size_t size,
                  const uint8_t signature[JZ_SIGNATURE_BYTES], struct jz_error *err)
{
    JZ_CLEANUP(pkey_freep) EVP_PKEY *key = public_pkey(public);
    if (!key)
        return jz_error_set(err, JZ_E_FORMAT, "the public key is not one of its suite");
    uint8_t der[SM2_DER_BYTES];
    const bool is_sm2 = public->suite == JZ_SUITE_GUOMI;
    const int der_size = is_sm2 ? to_der(signature, der) : 0;
    const uint8_t *given = is_sm2 ? der : signature;
    const size_t given_size = is_sm2 ? (size_t)der_size : JZ_SIGNATURE_BYTES;
    JZ_CLEANUP(pkey_ctx_freep) EVP_PKEY_CTX *key_ctx = EVP_PKEY_CTX_new(key, NULL);
    JZ_CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || !key_ctx || der_size < 0 || !begin(public->suite, key, false, ctx, key_ctx))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory to verify a signature");
    if (EVP_DigestVerify(ctx, given, given_size, data, size) != 1)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the signature was not made by this key over these bytes");
    return 0;
}

/* Freshly allocated, so that one call of either algorithm sees it whole. */
static int in_domain(const char *domain, const void *data, size_t size, uint8_t **ret_message,
                     size_t *ret_size, struct jz_error *err)
{
    static const char prefix[] = "jianzai:";
    const size_t head = sizeof prefix - 1, name = strlen(domain) + 1;
    if (name > JZ_SIGN_MAX_DOMAIN_BYTES || size > JZ_SIGN_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "%zu bytes are more than are signed at once", size);
    uint8_t *message = malloc(head + name + size);
    if (!message)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a signature");
    memcpy(message, prefix, head);
    memcpy(message + head, domain, name);
    if (size > 0)
        memcpy(message + head + name, data, size);
    *ret_message = message;
    *ret_size = head + name + size;
    return 0;
}

int jz_sign_in_domain(enum jz_suite suite, EVP_PKEY *key, const char *domain, const void *data,
                      size_t size, uint8_t ret_signature[JZ_SIGNATURE_BYTES], struct jz_error *err)
{
    jz_autofree uint8_t *message = NULL;
    size_t length;
    int r = in_domain(domain, data, size, &message, &length, err);
    return r < 0 ? r : jz_sign_raw(suite, key, message, length, ret_signature, err);
}

int jz_verify(const struct jz_public_key *key, const char *domain, const void *data, size_t size,
              const uint8_t signature[JZ_SIGNATURE_BYTES], struct jz_error *err)
{
    jz_autofree uint8_t *message = NULL;
    size_t length;
    int r = in_domain(domain, data, size, &message, &length, err);
    return r < 0 ? r : jz_verify_raw(key, message, length, signature, err);
}

static const char text_prefix[] = "jianzai-public-key:";

void jz_public_key_format(const struct jz_public_key *key, char ret_text[JZ_PUBLIC_KEY_TEXT_BYTES])
{
    const char *suite = jz_suite_name(key->suite);
    char bytes[JZ_BASE64_TEXT_BYTES(JZ_PUBLIC_KEY_BYTES)];
    jz_base64_encode(key->bytes, public_bytes(key->suite), bytes);
    snprintf(ret_text, JZ_PUBLIC_KEY_TEXT_BYTES, "%s%s:%s", text_prefix, suite ? suite : "?",
             bytes);
}

int jz_public_key_parse(const char *text, struct jz_public_key *ret_key, struct jz_error *err)
{
    static const char what[] = "a public key is one line 'jianzai-public-key:SUITE:BASE64'";
    struct jz_public_key key = { 0 };
    char suite[16];
    size_t size = 0;
    int end = 0;
    const size_t prefix = sizeof text_prefix - 1;
    if (strncmp(text, text_prefix, prefix) != 0 ||
        sscanf(text + prefix, "%15[a-z]:%n", suite, &end) != 1 || end == 0)
        return jz_error_set(err, JZ_E_FORMAT, "%s", what);
    if (jz_suite_parse(suite, &key.suite, NULL) < 0)
        return jz_error_set(err, JZ_E_FORMAT, "%s; '%s' is no suite", what, suite);
    const char *bytes = text + prefix + end;
    if (strlen(bytes) >= JZ_PUBLIC_KEY_TEXT_BYTES ||
        !jz_base64_decode(bytes, key.bytes, sizeof key.bytes, &size) ||
        size != public_bytes(key.suite))
        return jz_error_set(err, JZ_E_FORMAT, "%s; %zu bytes of base64 belong there for %s", what,
                            public_bytes(key.suite), suite);
    JZ_CLEANUP(pkey_freep) EVP_PKEY *pkey = public_pkey(&key);
    if (!pkey)
        return jz_error_set(err, JZ_E_FORMAT, "the bytes are no public key of the suite '%s'",
                            suite);
    int r = name_key(&key, err);
    if (r < 0)
        return r;
    *ret_key = key;
    return 0;
}
