/* The primitives against the standards' own examples, digests, signatures, public keys. */
#include "crypto/primitive_internal.h"
#include "crypto/sign_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <openssl/evp.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { MOST = 256 };

struct hex {
    uint8_t bytes[MOST];
    size_t size;
};

static struct hex hex(const char *text)
{
    struct hex h = { .size = 0 };
    for (; *text; text += 2) {
        unsigned byte = 0;
        assert_true(h.size < MOST && sscanf(text, "%2x", &byte) == 1);
        h.bytes[h.size++] = (uint8_t)byte;
    }
    return h;
}

static const char block_112[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
                                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

static void digests_are_the_standards(void **state)
{
    (void)state;
    static const struct {
        enum jz_suite suite;
        const char *text, *digest;
    } cases[] = {
        /* FIPS 180-4 */
        { JZ_SUITE_INTERNATIONAL, "",
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { JZ_SUITE_INTERNATIONAL, "abc",
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { JZ_SUITE_INTERNATIONAL, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        /* GB/T 32905-2016, appendix A */
        { JZ_SUITE_GUOMI, "abc",
          "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" },
        { JZ_SUITE_GUOMI, "abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
          "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
        struct jz_error err;
        uint8_t digest[JZ_DIGEST_BYTES];
        const struct hex wanted = hex(cases[i].digest);
        const size_t n = strlen(cases[i].text);
        assert_int_equal(jz_hasher_new(cases[i].suite, &hasher, &err), 0);
        for (int again = 0; again < 2; again++)
            for (size_t cut = 0; cut <= n; cut++) {
                const struct jz_bytes parts[] = { { cases[i].text, cut },
                                                  { cases[i].text + cut, n - cut } };
                jz_hasher_digest(hasher, parts, 2, digest);
                assert_memory_equal(digest, wanted.bytes, JZ_DIGEST_BYTES);
            }
        /* What was begun and not finished leaves no trace. */
        jz_hasher_begin(hasher);
        jz_hasher_update(hasher, "rest", 4);
        jz_hasher_begin(hasher);
        for (size_t k = 0; k < n; k++)
            jz_hasher_update(hasher, cases[i].text + k, 1);
        jz_hasher_finish(hasher, digest);
        assert_memory_equal(digest, wanted.bytes, JZ_DIGEST_BYTES);
    }
}

static void macs_are_the_standards(void **state)
{
    (void)state;
    static const struct {
        enum jz_suite suite;
        const char *key, *data, *mac;
    } cases[] = {
        /* RFC 4231, cases 1, 2, 3, 4 and 6 */
        { JZ_SUITE_INTERNATIONAL, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { JZ_SUITE_INTERNATIONAL, "4a656665",
          "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { JZ_SUITE_INTERNATIONAL, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "dddddddddddddddddddddddddddddddddddddddddddddddddd"
          "dddddddddddddddddddddddddddddddddddddddddddddddddd",
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
        { JZ_SUITE_INTERNATIONAL, "0102030405060708090a0b0c0d0e0f10111213141516171819",
          "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
          "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
        { JZ_SUITE_INTERNATIONAL,
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368"
          "204b6579204669727374",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        /* GM/T 0042-2015, appendix D.3 */
        { JZ_SUITE_GUOMI, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
          NULL /* block_112 */,
          "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a" },
        { JZ_SUITE_GUOMI,
          "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425",
          "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
          "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
          "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae" },
        { JZ_SUITE_GUOMI, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
          "4869205468657265", "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jz_error err;
        const struct jz_algorithms *a;
        assert_int_equal(jz_algorithms_get(cases[i].suite, &a, &err), 0);
        const struct hex key = hex(cases[i].key), mac = hex(cases[i].mac);
        struct hex data;
        if (cases[i].data) {
            data = hex(cases[i].data);
        } else {
            data.size = strlen(block_112);
            memcpy(data.bytes, block_112, data.size);
        }
        EVP_MAC_CTX *ctx = jz_mac_new(a, key.bytes, key.size);
        assert_non_null(ctx);
        for (int again = 0; again < 3; again++) {
            uint8_t got[JZ_DIGEST_BYTES];
            const struct jz_bytes parts[] = { { data.bytes, 5 },
                                              { data.bytes + 5, data.size - 5 } };
            jz_mac_compute(ctx, parts, 2, got);
            assert_memory_equal(got, mac.bytes, sizeof got);
        }
        EVP_MAC_CTX_free(ctx);
    }
}

/* The specification of GCM (McGrew and Viega, submitted to NIST), test cases 13 to 16. */
static void aes_gcm_is_the_standard(void **state)
{
    (void)state;
#define KEY_15 "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define KEY_13 "0000000000000000000000000000000000000000000000000000000000000000"
#define TEXT_16                                                                                    \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6" \
    "b525b16aedf5aa0de657ba637b39"
#define SEALED_16                                                                                  \
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682" \
    "8838c5f61e6393ba7a0abcc9f662"
    static const struct {
        const char *key, *nonce, *aad, *text, *sealed, *tag;
    } cases[] = {
        { KEY_13, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
        { KEY_13, "000000000000000000000000", "", "00000000000000000000000000000000",
          "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919" },
        { KEY_15, "cafebabefacedbaddecaf888", "", TEXT_16 "1aafd255", SEALED_16 "898015ad",
          "b094dac5d93471bdec1a502270e3cc6c" },
        { KEY_15, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", TEXT_16,
          SEALED_16, "76fc6ece0f4e1768cddf8853bb2d551b" },
    };
    struct jz_error err;
    const struct jz_algorithms *a;
    assert_int_equal(jz_algorithms_get(JZ_SUITE_INTERNATIONAL, &a, &err), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct hex key = hex(cases[i].key), nonce = hex(cases[i].nonce),
                         aad = hex(cases[i].aad), text = hex(cases[i].text),
                         sealed = hex(cases[i].sealed), tag = hex(cases[i].tag);
        const struct jz_bytes parts[] = { { aad.bytes, aad.size / 2 },
                                          { aad.bytes + aad.size / 2, aad.size - aad.size / 2 } };
        EVP_CIPHER_CTX *ctx = jz_cipher_new(a, key.bytes);
        assert_non_null(ctx);
        for (int again = 0; again < 2; again++) {
            uint8_t got[MOST], got_tag[JZ_GCM_TAG_BYTES];
            jz_gcm_seal(ctx, nonce.bytes, parts, 2, text.bytes, text.size, got, got_tag);
            assert_memory_equal(got, sealed.bytes, sealed.size);
            assert_memory_equal(got_tag, tag.bytes, sizeof got_tag);
            assert_true(jz_gcm_unseal(ctx, nonce.bytes, parts, 2, sealed.bytes, sealed.size, got,
                                      tag.bytes));
            assert_memory_equal(got, text.bytes, text.size);
            /* A wrong tag leaves zeros, and nothing of the plaintext. */
            got_tag[3] ^= 1;
            assert_false(
                jz_gcm_unseal(ctx, nonce.bytes, parts, 2, sealed.bytes, sealed.size, got, got_tag));
            for (size_t k = 0; k < text.size; k++)
                assert_int_equal(got[k], 0);
        }
        EVP_CIPHER_CTX_free(ctx);
    }
}

static void sm4_is_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *nonce, *text, *sealed;
    } cases[] = {
        /* GB/T 32907-2016, A.1: the block as the counter, so that the key stream is its image. */
        { "0123456789abcdeffedcba9876543210", "00000000000000000000000000000000",
          "681edf34d206965e86b3e94f536e4246" },
        /* draft-ribose-cfrg-sm4-10, A.2.5.1 */
        { "000102030405060708090a0b0c0d0e0f",
          "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
          "eeeeeeeeeeeeeeeeffffffffffffffffaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb",
          "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7"
          "f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf38b2933851d824514" },
    };
    struct jz_error err;
    const struct jz_algorithms *a;
    assert_int_equal(jz_algorithms_get(JZ_SUITE_GUOMI, &a, &err), 0);
    const struct hex key = hex("0123456789abcdeffedcba9876543210");
    EVP_CIPHER_CTX *ctx = jz_cipher_new(a, key.bytes);
    assert_non_null(ctx);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct hex nonce = hex(cases[i].nonce), text = hex(cases[i].text),
                         sealed = hex(cases[i].sealed);
        uint8_t got[MOST];
        jz_ctr_crypt(ctx, nonce.bytes, text.bytes, text.size, got);
        assert_memory_equal(got, sealed.bytes, sealed.size);
        jz_ctr_crypt(ctx, nonce.bytes, sealed.bytes, sealed.size, got);
        assert_memory_equal(got, text.bytes, text.size);
    }
    EVP_CIPHER_CTX_free(ctx);
}

static const struct {
    enum jz_suite suite;
    const char *secret, *public, *data, *signature;
} signatures[] = {
    /* RFC 8032, 7.1, tests 1 to 3 */
    { JZ_SUITE_INTERNATIONAL, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b46bd25bf5f0595bbe24655141438e7a100b" },
    { JZ_SUITE_INTERNATIONAL, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
      "1d8c387b2eaeb4302aeeb00d291612bb0c00" },
    { JZ_SUITE_INTERNATIONAL, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
      "c6594a7c15e9716ed28dc027beceea1ec40a" },
    /* GB/T 32918.5-2017, A.2: "message digest" signed by 1234567812345678 */
    { JZ_SUITE_GUOMI, "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
      "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718c"
      "c1aa600aed05fbf35e084a6632f6072da9ad13",
      "6d65737361676520646967657374",
      "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d42"
      "1ca1bb9038fd1f7f42d4840b69c485bbc1aa" },
};

static void signatures_are_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(signatures); i++) {
        struct jz_error err;
        EVP_PKEY *key = NULL;
        struct jz_public_key public;
        const struct hex secret = hex(signatures[i].secret), wanted = hex(signatures[i].public),
                         data = hex(signatures[i].data), published = hex(signatures[i].signature);
        const enum jz_suite suite = signatures[i].suite;
        assert_int_equal(jz_sign_key_new(suite, secret.bytes, &key, &public, &err), 0);
        assert_memory_equal(public.bytes, wanted.bytes, wanted.size);
        assert_int_equal(jz_verify_raw(&public, data.bytes, data.size, published.bytes, &err), 0);

        uint8_t made[JZ_SIGNATURE_BYTES];
        assert_int_equal(jz_sign_raw(suite, key, data.bytes, data.size, made, &err), 0);
        if (suite == JZ_SUITE_INTERNATIONAL) /* SM2 draws a number each time */
            assert_memory_equal(made, published.bytes, sizeof made);
        assert_int_equal(jz_verify_raw(&public, data.bytes, data.size, made, &err), 0);
        for (size_t k = 0; k < 8 * sizeof made; k += 5) {
            made[k / 8] ^= (uint8_t)(1 << k % 8);
            assert_int_equal(jz_verify_raw(&public, data.bytes, data.size, made, &err),
                             JZ_E_INTEGRITY);
            made[k / 8] ^= (uint8_t)(1 << k % 8);
        }
        struct hex longer = data;
        longer.bytes[longer.size++] = 0;
        assert_int_equal(jz_verify_raw(&public, longer.bytes, longer.size, made, &err),
                         JZ_E_INTEGRITY);
        EVP_PKEY_free(key);
    }
}

static void domains_keep_signatures_apart(void **state)
{
    (void)state;
    for (enum jz_suite suite = JZ_SUITE_INTERNATIONAL; suite <= JZ_SUITE_GUOMI; suite++) {
        struct jz_error err;
        EVP_PKEY *key = NULL;
        struct jz_public_key public;
        uint8_t secret[JZ_SIGN_SECRET_BYTES], made[JZ_SIGNATURE_BYTES];
        assert_int_equal(jz_sign_secret_new(suite, secret, &err), 0);
        assert_int_equal(jz_sign_key_new(suite, secret, &key, &public, &err), 0);
        assert_int_equal(jz_sign_in_domain(suite, key, "receipt", "data", 4, made, &err), 0);
        assert_int_equal(jz_verify(&public, "receipt", "data", 4, made, &err), 0);
        assert_int_equal(jz_verify_raw(&public, "jianzai:receipt\0data", 20, made, &err), 0);
        assert_int_equal(jz_verify(&public, "root", "data", 4, made, &err), JZ_E_INTEGRITY);
        assert_int_equal(jz_verify(&public, "receiptdata", "", 0, made, &err), JZ_E_INTEGRITY);
        assert_int_equal(jz_verify(&public, "receipt", "dat", 3, made, &err), JZ_E_INTEGRITY);
        assert_int_equal(jz_verify_raw(&public, "data", 4, made, &err), JZ_E_INTEGRITY);
        char name[JZ_SIGN_MAX_DOMAIN_BYTES + 1];
        memset(name, 'x', sizeof name - 1);
        name[sizeof name - 1] = 0;
        assert_int_equal(jz_sign_in_domain(suite, key, name, "", 0, made, &err), JZ_E_LIMIT);
        assert_int_equal(jz_sign_in_domain(suite, key, name + 1, "", 0, made, &err), 0);
        assert_int_equal(jz_verify(&public, name + 1, NULL, 0, made, &err), 0);
        EVP_PKEY_free(key);
    }
}

/* Zero and what is not below the order, for SM2. */
static void bad_secrets_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *secret;
        int wanted;
    } cases[] = {
        { "0000000000000000000000000000000000000000000000000000000000000000", JZ_E_FORMAT },
        { "0000000000000000000000000000000000000000000000000000000000000001", 0 },
        { "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121", 0 },
        { "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122", JZ_E_FORMAT },
        { "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123", JZ_E_FORMAT },
        { "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", JZ_E_FORMAT },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jz_error err;
        EVP_PKEY *key = NULL;
        struct jz_public_key public;
        assert_int_equal(
            jz_sign_key_new(JZ_SUITE_GUOMI, hex(cases[i].secret).bytes, &key, &public, &err),
            cases[i].wanted);
        EVP_PKEY_free(key);
    }
}

static void public_keys_are_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(signatures); i++) {
        struct jz_error err;
        EVP_PKEY *key = NULL;
        struct jz_public_key public, back;
        char text[JZ_PUBLIC_KEY_TEXT_BYTES], spoilt[JZ_PUBLIC_KEY_TEXT_BYTES + 2];
        assert_int_equal(jz_sign_key_new(signatures[i].suite, hex(signatures[i].secret).bytes, &key,
                                         &public, &err),
                         0);
        EVP_PKEY_free(key);
        jz_public_key_format(&public, text);
        memset(&back, 0xff, sizeof back);
        assert_int_equal(jz_public_key_parse(text, &back, &err), 0);
        assert_int_equal(back.suite, public.suite);
        assert_memory_equal(back.bytes, public.bytes, sizeof back.bytes);
        assert_memory_equal(back.id, public.id, sizeof back.id);
        /* Whatever is changed or cut, it is another key or none. */
        for (size_t k = 0; k < strlen(text); k++) {
            strcpy(spoilt, text);
            spoilt[k] = spoilt[k] == 'B' ? 'C' : 'B';
            if (jz_public_key_parse(spoilt, &back, &err) == 0)
                assert_memory_not_equal(back.id, public.id, sizeof back.id);
            else
                assert_int_equal(err.code, JZ_E_FORMAT);
            strcpy(spoilt, text);
            spoilt[k] = 0;
            assert_int_equal(jz_public_key_parse(spoilt, &back, &err), JZ_E_FORMAT);
        }
        snprintf(spoilt, sizeof spoilt, "%s ", text);
        assert_int_equal(jz_public_key_parse(spoilt, &back, &err), JZ_E_FORMAT);
    }
    static const char *const bad[] = {
        "",
        "jianzai-public-key:",
        "jianzai-public-key::",
        "jianzai-public-key:roman:AAAA",
        "jianzai-public-key:guomi:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "jianzai-public-key:international:AAAA",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct jz_error err;
        struct jz_public_key key;
        assert_int_equal(jz_public_key_parse(bad[i], &key, &err), JZ_E_FORMAT);
        assert_true(*err.text);
    }
}

static void base64_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes; /* NULL: refused */
    } cases[] = {
        { "Zg==", "f" },  { "Zm8=", "fo" },  { "Zm9v", "foo" },    { "Zm9vYg==", "foob" },
        { "", NULL },     { "Zg=", NULL },   { "Zg", NULL },       { "Zh==", NULL },
        { "Zm9=", NULL }, { " Zg==", NULL }, { "Zg==\n", NULL },   { "Zg==Zg==", NULL },
        { "====", NULL }, { "Z===", NULL },  { "Zm9vYmFy", NULL }, { "Z*==", NULL },
        { "Zm 9", NULL }, { "=", NULL },     { "    Zg==", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t bytes[5];
        size_t size = 99;
        const bool good = jz_base64_decode(cases[i].text, bytes, sizeof bytes, &size);
        if (good != (cases[i].bytes != NULL))
            print_error("'%s'\n", cases[i].text);
        assert_int_equal(good, cases[i].bytes != NULL);
        assert_int_equal(size, good ? strlen(cases[i].bytes) : 99);
        if (good)
            assert_memory_equal(bytes, cases[i].bytes, size);
    }
}

static void suites_have_names(void **state)
{
    (void)state;
    struct jz_error err;
    enum jz_suite suite;
    struct jz_hasher *none = NULL;
    assert_int_equal(jz_suite_parse("international", &suite, &err), 0);
    assert_int_equal(suite, JZ_SUITE_INTERNATIONAL);
    assert_int_equal(jz_suite_parse("guomi", &suite, &err), 0);
    assert_int_equal(suite, JZ_SUITE_GUOMI);
    assert_string_equal(jz_suite_name(suite), "guomi");
    assert_int_equal(jz_suite_parse("Guomi", &suite, &err), JZ_E_USAGE);
    assert_null(jz_suite_name(3));
    assert_null(jz_suite_name(0));
    assert_int_equal(jz_hasher_new(3, &none, &err), JZ_E_USAGE);
    assert_null(none);
    assert_true(jz_secret_equal("same", "same", 4));
    assert_false(jz_secret_equal("same", "sane", 4));
}

/* Nothing comes twice: not within a thread, and not in a child after fork. */
static void random_bytes_are_new(void **state)
{
    (void)state;
    enum { DRAWS = 400, BYTES = 16 };
    static uint8_t seen[2 * DRAWS][BYTES];
    int ends[2], status;
    uint8_t before;
    jz_random(&before, 1);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < DRAWS; i++)
            jz_random(seen[i], BYTES);
        _exit(write(ends[1], seen, DRAWS * BYTES) == DRAWS * BYTES ? 0 : 1);
    }
    for (int i = 0; i < DRAWS; i++)
        jz_random(seen[DRAWS + i], BYTES);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], seen, DRAWS * BYTES), DRAWS * BYTES);
    close(ends[0]);
    close(ends[1]);
    for (int i = 0; i < 2 * DRAWS; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(seen[i], seen[k], BYTES);
    /* Every bit of a large request is drawn. */
    static uint8_t large[3000], both[3000];
    for (int i = 0; i < 40; i++) {
        jz_random(large, sizeof large);
        for (size_t k = 0; k < sizeof large; k++)
            both[k] |= large[k];
    }
    for (size_t k = 0; k < sizeof both; k++)
        assert_int_equal(both[k], 0xff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_the_standards),
        cmocka_unit_test(macs_are_the_standards),
        cmocka_unit_test(aes_gcm_is_the_standard),
        cmocka_unit_test(sm4_is_the_standard),
        cmocka_unit_test(signatures_are_the_standards),
        cmocka_unit_test(domains_keep_signatures_apart),
        cmocka_unit_test(bad_secrets_are_refused),
        cmocka_unit_test(public_keys_are_text),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(suites_have_names),
        cmocka_unit_test(random_bytes_are_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
