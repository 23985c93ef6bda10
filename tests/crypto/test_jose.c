/*
 * Tokens in JOSE's compact forms: the examples of the RFCs, tokens of other libraries, and what has
 * to be refused. And hashes of passwords.
 */
#include "crypto/jose.h"
#include "crypto/password.h"
#include "crypto/suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct jz_error err;

static void base64url_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int size; /* -1: refused */
        const char *data;
    } cases[] = {
        { "", 0, "" },        { "Zg", 1, "f" },        { "Zm8", 2, "fo" },
        { "Zm9v", 3, "foo" }, { "Zm9vYg", 4, "foob" }, { "-_8", 2, "\xfb\xff" },
        { "Zg==", -1, NULL }, { "Zh", -1, NULL },      { "Zm9", -1, NULL },
        { "Z", -1, NULL },    { "Zm9v\n", -1, NULL },  { "Zm 9", -1, NULL },
        { "+/8", -1, NULL },  { "Zm9vZ", -1, NULL },   { "Zm9vYmFyYmF6", -1, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t data[8];
        char text[JZ_BASE64URL_TEXT_BYTES(8)];
        size_t size = 99;
        const bool good =
            jz_base64url_decode(cases[i].text, strlen(cases[i].text), data, sizeof data, &size);
        assert_int_equal(good, cases[i].size >= 0);
        if (!good)
            continue;
        assert_int_equal(size, cases[i].size);
        assert_memory_equal(data, cases[i].data, size);
        assert_string_equal(jz_base64url_encode(data, size, text), cases[i].text);
    }
    size_t size;
    uint8_t one[1];
    assert_false(jz_base64url_decode("\0\0\0\0", 4, one, 1, &size));
}

/* ---- JWS ---- */

#define RS256_KEY                                                                                  \
    "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-"   \
    "Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_"   \
    "7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3"  \
    "qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWy"  \
    "uXpoQ\",\"e\":\"AQAB\"}"
#define ES256_KEY                                                                                  \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","     \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define EDDSA_KEY                                                                                  \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

/* {"iss":"joe", "exp":1300819380, "http://example.com/is_root":true} */
#define JOE                                                                                        \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV"  \
    "lfQ"
#define RS256_TOKEN                                                                                \
    "eyJhbGciOiJSUzI1NiJ9." JOE ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh" \
    "7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO" \
    "75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6B" \
    "fI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe7" \
    "7Rw"
#define ES256_TOKEN                                                                                \
    "eyJhbGciOiJFUzI1NiJ9." JOE ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlS" \
    "ApmWQxfKTUJqPP3-Kg6NU1Q"
#define EDDSA_TOKEN                                                                                \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcv"  \
    "Mg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static int verify(const char *keys_text, const char *token, char **ret_payload)
{
    JZ_CLEANUP(jz_jwks_freep) struct jz_jwks *keys = NULL;
    size_t size;
    const int r = jz_jwks_parse(keys_text, strlen(keys_text), &keys, &err);
    return r < 0 ? r : jz_jws_verify(keys, token, ret_payload, &size, &err);
}

/* RFC 7515, appendices A.2 and A.3, and RFC 8037, A.4. */
static void the_examples_verify(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *token, *payload;
    } cases[] = {
        { "{\"keys\":[" RS256_KEY "]}", RS256_TOKEN, "{\"iss\":\"joe\"," },
        { "{\"keys\":[" ES256_KEY "]}", ES256_TOKEN, "{\"iss\":\"joe\"," },
        { "{\"keys\":[" EDDSA_KEY "]}", EDDSA_TOKEN, "Example of Ed25519 signing" },
        { "{\"keys\":[" RS256_KEY "," EDDSA_KEY "," ES256_KEY "]}", ES256_TOKEN, "{\"iss\":" },
        { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},{},7," EDDSA_KEY "]}", EDDSA_TOKEN, "Exam" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jz_autofree char *payload = NULL;
        assert_int_equal(verify(cases[i].keys, cases[i].token, &payload), 0);
        assert_memory_equal(payload, cases[i].payload, strlen(cases[i].payload));
    }
}

static void every_changed_character_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *token;
    } cases[] = {
        { "{\"keys\":[" RS256_KEY "]}", RS256_TOKEN },
        { "{\"keys\":[" ES256_KEY "]}", ES256_TOKEN },
        { "{\"keys\":[" EDDSA_KEY "]}", EDDSA_TOKEN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t at = 0; at < strlen(cases[i].token); at++) {
            char *token = strdup(cases[i].token), *payload = NULL;
            token[at] = token[at] == 'A' ? 'B' : 'A';
            assert_true(verify(cases[i].keys, token, &payload) < 0);
            assert_null(payload);
            free(token);
        }
}

static void what_is_not_understood_is_refused(void **state)
{
    (void)state;
#define EDDSA_KEYS "{\"keys\":[" EDDSA_KEY "]}"
    static const struct {
        const char *keys, *token;
        int want;
    } cases[] = {
        { "", EDDSA_TOKEN, JZ_E_FORMAT },
        { "[]", EDDSA_TOKEN, JZ_E_FORMAT },
        { "{\"keys\":{}}", EDDSA_TOKEN, JZ_E_FORMAT },
        { "{\"keys\":[]}", EDDSA_TOKEN, JZ_E_UNSUPPORTED },
        { "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AAAA\"}]}", EDDSA_TOKEN,
          JZ_E_UNSUPPORTED },
        /* A modulus of 1024 bits; a point that is not on the curve. */
        { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"__________________________________"
          "________________________________________________________________________________________"
          "_"
          "________________________________________________________________8\"}]}",
          RS256_TOKEN, JZ_E_UNSUPPORTED },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
          "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"y\":"
          "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}]}",
          ES256_TOKEN, JZ_E_UNSUPPORTED },
        { EDDSA_KEYS, ES256_TOKEN, JZ_E_NOT_FOUND },
        { "{\"keys\":[" ES256_KEY "]}", EDDSA_TOKEN, JZ_E_NOT_FOUND },
        { EDDSA_KEYS, "", JZ_E_FORMAT },
        { EDDSA_KEYS, "..", JZ_E_FORMAT },
        { EDDSA_KEYS, "a.b", JZ_E_FORMAT },
        { EDDSA_KEYS, "a.b.c.d", JZ_E_FORMAT },
        { EDDSA_KEYS, "e30.e30.AA", JZ_E_FORMAT },          /* {} */
        { EDDSA_KEYS, "W10.e30.AA", JZ_E_FORMAT },          /* [] */
        { EDDSA_KEYS, "eyJhbGciOjF9.e30.AA", JZ_E_FORMAT }, /* {"alg":1} */
        { EDDSA_KEYS, "eyJhbGciOiJub25lIn0.e30.", JZ_E_UNSUPPORTED } /* {"alg":"none"} */,
        { EDDSA_KEYS, "eyJhbGciOiJIUzI1NiJ9.e30.AA", JZ_E_UNSUPPORTED }, /* HS256 */
        /* {"alg":"EdDSA","crit":["x"]} and {"alg":"EdDSA","alg":"EdDSA"} */
        { EDDSA_KEYS, "eyJhbGciOiJFZERTQSIsImNyaXQiOlsieCJdfQ.e30.AA", JZ_E_UNSUPPORTED },
        { EDDSA_KEYS, "eyJhbGciOiJFZERTQSIsImFsZyI6IkVkRFNBIn0.e30.AA", JZ_E_FORMAT },
        /* {"alg":"EdDSA","kid":"other"} */
        { EDDSA_KEYS, "eyJhbGciOiJFZERTQSIsImtpZCI6Im90aGVyIn0.e30.AA", JZ_E_NOT_FOUND },
        { EDDSA_KEYS, "eyJhbGciOiJFZERTQSJ9.e30.AA", JZ_E_INTEGRITY },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *payload = NULL;
        const int r = verify(cases[i].keys, cases[i].token, &payload);
        if (r != cases[i].want)
            fail_msg("case %zu: %d, %s", i, r, err.text);
    }
    char *huge = calloc(1, JZ_JOSE_MAX_BYTES + 2), *payload = NULL;
    memset(huge, 'A', JZ_JOSE_MAX_BYTES + 1);
    assert_int_equal(verify(EDDSA_KEYS, huge, &payload), JZ_E_LIMIT);
    free(huge);
}

/* ---- JWE ---- */

/* {"name":"王秀英"} by another library, under the bytes 0 to 31. */
static const char sealed_elsewhere[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiYXBwLnNkIn0..ZGVmZ2hpamtsbW5v."
    "MzmwBxSMdKQchdFjPcLqFclzJHc.WUD8hN3Z6xUYTODEkB79OQ";

static void make_key(uint8_t key[JZ_JWE_KEY_BYTES])
{
    for (int i = 0; i < JZ_JWE_KEY_BYTES; i++)
        key[i] = (uint8_t)i;
}

static void sealed_tokens_open(void **state)
{
    (void)state;
    uint8_t key[JZ_JWE_KEY_BYTES];
    struct jz_jose_header header;
    char *payload = NULL, *token = NULL;
    size_t size = 0;
    make_key(key);
    assert_int_equal(jz_jose_read_header(sealed_elsewhere, &header, &err), 0);
    assert_string_equal(header.alg, "dir");
    assert_string_equal(header.enc, "A256GCM");
    assert_string_equal(header.kid, "app.sd");
    assert_int_equal(jz_jwe_open(sealed_elsewhere, key, &payload, &size, &err), 0);
    assert_string_equal(payload, "{\"name\":\"王秀英\"}");
    assert_int_equal(size, strlen(payload));
    assert_int_equal(jz_jwe_seal("app.sd", key, payload, size, &token, &err), 0);
    free(payload);
    assert_int_equal(jz_jwe_open(token, key, &payload, &size, &err), 0);
    assert_string_equal(payload, "{\"name\":\"王秀英\"}");
    free(payload);
    payload = NULL;
    for (size_t at = 0; at < strlen(token); at++) {
        const char was = token[at];
        token[at] = was == 'A' ? 'B' : 'A';
        assert_true(jz_jwe_open(token, key, &payload, &size, &err) < 0);
        token[at] = was;
    }
    key[31] ^= 1;
    assert_int_equal(jz_jwe_open(token, key, &payload, &size, &err), JZ_E_INTEGRITY);
    free(token);
    /* A256KW instead of dir, A128GCM instead of A256GCM, a compressed one, a key where none is. */
    static const struct {
        const char *token;
        int want;
    } cases[] = {
        { "eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA", JZ_E_UNSUPPORTED },
        { "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA", JZ_E_UNSUPPORTED },
        { "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiemlwIjoiREVGIn0..AAAA.AAAA.AAAA",
          JZ_E_UNSUPPORTED },
        { "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0.AAAA.AAAA.AAAA.AAAA", JZ_E_FORMAT },
        { "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA", JZ_E_FORMAT },
        { EDDSA_TOKEN, JZ_E_FORMAT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(jz_jwe_open(cases[i].token, key, &payload, &size, &err), cases[i].want);
}

/* ---- Passwords ---- */

static void passwords_are_verified(void **state)
{
    (void)state;
    char hash[JZ_PASSWORD_HASH_BYTES], again[JZ_PASSWORD_HASH_BYTES];
    bool same = false;
    assert_int_equal(jz_password_hash("246810", hash, &err), 0);
    assert_int_equal(jz_password_hash("246810", again, &err), 0);
    assert_memory_equal(hash, "$argon2id$v=19$m=65536,t=3,p=1$", 31);
    assert_string_not_equal(hash, again);
    assert_int_equal(jz_password_verify(hash, "246810", &same, &err), 0);
    assert_true(same);
    assert_int_equal(jz_password_verify(hash, "246811", &same, &err), 0);
    assert_false(same);
    assert_int_equal(jz_password_verify(hash, "", &same, &err), 0);
    assert_false(same);
    /* Of the reference implementation: password, somesalt, m=64 KiB, t=2. */
    assert_int_equal(jz_password_verify("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPn"
                                        "A4rEsF5h7TKyQwu9U1bMCHGi/4",
                                        "password", &same, &err),
                     0);
    assert_true(same);
    char longer[JZ_PASSWORD_MAX_BYTES + 2] = "";
    memset(longer, 'x', sizeof longer - 1);
    assert_int_equal(jz_password_hash(longer, again, &err), JZ_E_USAGE);
    assert_int_equal(jz_password_hash("", again, &err), JZ_E_USAGE);
    static const char *const bad[] = {
        "",
        "x",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$AAAA",
        "$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=999,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=1$",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(jz_password_verify(bad[i], "password", &same, &err), JZ_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64url_is_strict),
        cmocka_unit_test(the_examples_verify),
        cmocka_unit_test(every_changed_character_is_found),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(sealed_tokens_open),
        cmocka_unit_test(passwords_are_verified),
    };
    return cmocka_run_group_tests_name("jose", tests, NULL, NULL);
}
