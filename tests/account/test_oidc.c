/*
 * Signing in by OpenID Connect: what an ID token has to say, the settings, and the whole way
 * against a real provider (tests/oidc, oidc-provider below node) with a browser that follows it.
 */
#include "../ledger/register.h"

#include "account/oidc.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static struct jz_error err;

/* ---- ID tokens ---- */

static const struct jz_claim_map map = { .document = "doc_no",
                                         .name = "real_name",
                                         .kind = "doc_type",
                                         .issuer = "state",
                                         .kinds = { { "01", JZ_DOCUMENT_CITIZEN_ID },
                                                    { "14", JZ_DOCUMENT_PASSPORT } } };
static const struct jz_id_token_wants wants = {
    .issuer = "https://id.example", .client_id = "agency", .nonce = "n-0", .now = 1790000000
};

#define HEAD "{\"iss\":\"https://id.example\",\"sub\":\"u1\","
#define REST ",\"exp\":1790000300,\"iat\":1790000000,\"nonce\":\"n-0\""
#define GOOD HEAD "\"aud\":\"agency\"" REST

static void id_tokens_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *claims;
        int want;
        const char *says;
        bool has_document, has_name;
    } cases[] = {
        { GOOD "}", 0, NULL, false, false },
        { GOOD ",\"doc_no\":\"11010519491231002X\",\"doc_type\":\"01\",\"real_name\":\"王秀英\"}",
          0, NULL, true, true },
        { GOOD ",\"doc_no\":\"C01234567\",\"doc_type\":\"14\",\"state\":\"USA\"}", 0, NULL, true,
          false },
        { GOOD ",\"doc_no\":\"H01234567\",\"doc_type\":\"hmt_permit\"}", 0, NULL, true, false },
        { HEAD "\"aud\":[\"agency\"]" REST "}", 0, NULL, false, false },
        { HEAD "\"aud\":[\"x\",\"agency\"],\"azp\":\"agency\"" REST "}", 0, NULL, false, false },
        { HEAD "\"aud\":\"agency\",\"exp\":1789999900.5,\"iat\":1,\"nonce\":\"n-0\"}", 0, NULL,
          false, false }, /* clocks differ a little */
        { "", JZ_E_FORMAT, "without claims", false, false },
        { "[]", JZ_E_FORMAT, "without claims", false, false },
        { "{}", JZ_E_DENIED, "iss", false, false },
        { "{\"iss\":\"https://id.example\",\"iss\":\"x\"}", JZ_E_FORMAT, "claims", false, false },
        { "{\"iss\":\"https://evil.example\",\"sub\":\"u1\",\"aud\":\"agency\"" REST "}",
          JZ_E_DENIED, "iss", false, false },
        { HEAD "\"aud\":\"other\"" REST "}", JZ_E_DENIED, "aud", false, false },
        { HEAD "\"aud\":[]" REST "}", JZ_E_DENIED, "aud", false, false },
        { HEAD "\"aud\":[\"x\",\"agency\"]" REST "}", JZ_E_DENIED, "aud", false, false },
        { HEAD "\"aud\":\"agency\",\"azp\":\"other\"" REST "}", JZ_E_DENIED, "aud", false, false },
        { HEAD "\"aud\":\"agency\",\"exp\":1789999880,\"iat\":1,\"nonce\":\"n-0\"}", JZ_E_DENIED,
          "over", false, false },
        { HEAD "\"aud\":\"agency\",\"exp\":\"1790000300\",\"iat\":1,\"nonce\":\"n-0\"}",
          JZ_E_DENIED, "over", false, false },
        { HEAD "\"aud\":\"agency\",\"exp\":1790000900,\"iat\":1790000121,\"nonce\":\"n-0\"}",
          JZ_E_DENIED, "future", false, false },
        { HEAD "\"aud\":\"agency\",\"exp\":1790000900,\"nonce\":\"n-0\"}", JZ_E_DENIED, "future",
          false, false },
        { HEAD "\"aud\":\"agency\",\"exp\":1790000300,\"iat\":1790000000,\"nonce\":\"n-1\"}",
          JZ_E_DENIED, "nonce", false, false },
        { HEAD "\"aud\":\"agency\",\"exp\":1790000300,\"iat\":1790000000}", JZ_E_DENIED, "nonce",
          false, false },
        { "{\"iss\":\"https://id.example\",\"aud\":\"agency\"" REST "}", JZ_E_DENIED, "sub", false,
          false },
        { GOOD ",\"doc_no\":\"11010519491231002X\"}", JZ_E_DENIED, "kind", false, false },
        { GOOD ",\"doc_no\":\"11010519491231002X\",\"doc_type\":\"99\"}", JZ_E_DENIED, "kind",
          false, false },
        { GOOD ",\"doc_no\":\"?\",\"doc_type\":\"01\"}", JZ_E_DENIED, "document", false, false },
        { GOOD ",\"real_name\":\" \"}", JZ_E_DENIED, "name", false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_identity who = { .subject = "untouched" };
        const int r =
            jz_id_token_read(cases[i].claims, strlen(cases[i].claims), &wants, &map, &who, &err);
        if (r != cases[i].want || (r < 0 && !strstr(err.text, cases[i].says)))
            fail_msg("case %zu: %d, %s", i, r, r < 0 ? err.text : "");
        assert_string_equal(who.subject, r == 0 ? "u1" : "untouched");
        assert_true(who.has_document == cases[i].has_document && who.has_name == cases[i].has_name);
    }
}

static void the_user_has_to_be_the_same(void **state)
{
    (void)state;
    struct jz_identity who;
    static const char other[] = "{\"sub\":\"u2\",\"doc_no\":\"11010519491231002X\"}",
                      none[] = "{\"doc_no\":\"11010519491231002X\",\"doc_type\":\"01\"}",
                      same[] = "{\"sub\":\"u1\",\"doc_no\":\"11010519491231002X\","
                               "\"doc_type\":\"01\",\"real_name\":\"王秀英\"}";
    WORKS(jz_id_token_read(GOOD "}", strlen(GOOD "}"), &wants, &map, &who, &err));
    assert_int_equal(jz_userinfo_read(other, strlen(other), &map, &who, &err), JZ_E_DENIED);
    assert_int_equal(jz_userinfo_read(none, strlen(none), &map, &who, &err), JZ_E_DENIED);
    assert_int_equal(jz_userinfo_read("7", 1, &map, &who, &err), JZ_E_FORMAT);
    assert_false(who.has_document);
    WORKS(jz_userinfo_read(same, strlen(same), &map, &who, &err));
    assert_true(who.has_document && who.has_name);
    assert_string_equal(who.document.number, "11010519491231002X");
    assert_string_equal(who.name, "王秀英");
}

/* ---- Settings ---- */

static void wrong_settings_are_named(void **state)
{
    (void)state;
#define USUAL                                                                                      \
    "\"issuer\":\"https://id.example\",\"client_id\":\"a\",\"redirect_uri\":"                      \
    "\"https://agency.example/v1/sign-in/oidc/back\""
    static const struct {
        const char *text;
        int want;
        const char *says;
    } cases[] = {
        { "{" USUAL ",\"claims\":{\"document\":\"d\",\"fixed_kind\":\"citizen_id\"}}", 0, NULL },
        { "{" USUAL ",\"scope\":\"openid x\",\"claims\":{\"document\":\"d\",\"kind\":\"k\","
          "\"kinds\":{\"1\":\"passport\"},\"name\":\"n\",\"issuer\":\"i\"}}",
          0, NULL },
        { "", JZ_E_FORMAT, "oidc.json:1" },
        { "[]", JZ_E_USAGE, "JSON object" },
        { "{}", JZ_E_USAGE, "claims." },
        { "{" USUAL ",\"claims\":{}}", JZ_E_USAGE, "claims.document is missing" },
        { "{" USUAL ",\"claims\":{\"document\":1}}", JZ_E_USAGE, "claims.document is a text" },
        { "{" USUAL ",\"claims\":{\"document\":\"d\",\"x\":\"y\"}}", JZ_E_USAGE, "'claims.x'" },
        { "{" USUAL ",\"x\":\"y\",\"claims\":{\"document\":\"d\"}}", JZ_E_USAGE, "'x'" },
        { "{" USUAL ",\"claims\":{\"document\":\"d\",\"fixed_kind\":\"x\"}}", JZ_E_USAGE, "fixed" },
        { "{" USUAL ",\"claims\":{\"document\":\"d\",\"kinds\":{\"1\":\"x\"}}}", JZ_E_USAGE,
          "claims.kinds" },
        { "{" USUAL ",\"claims\":{\"document\":\"d\",\"kinds\":\"1\"}}", JZ_E_USAGE, "an object" },
        { "{\"issuer\":\"http://id.example\",\"client_id\":\"a\",\"redirect_uri\":\"https://a.b/\","
          "\"claims\":{\"document\":\"d\"}}",
          JZ_E_USAGE, "issuer: " },
        { "{\"issuer\":\"https://id.example\",\"client_id\":\"a\",\"redirect_uri\":\"x\","
          "\"claims\":{\"document\":\"d\"}}",
          JZ_E_USAGE, "redirect_uri: " },
        { "{" USUAL ",\"client_secret_file\":\"/none\",\"claims\":{\"document\":\"d\"}}",
          JZ_E_NOT_FOUND, "/none" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        JZ_CLEANUP(jz_provider_freep) struct jz_provider *p = NULL;
        jz_autofree char *path = register_file("oidc.json", cases[i].text);
        const int r = jz_provider_open(path, &p, &err);
        if (r != cases[i].want || (r < 0 && !strstr(err.text, cases[i].says)))
            fail_msg("case %zu: %d, %s", i, r, r < 0 ? err.text : "");
    }
}

/* ---- A real provider ---- */

struct server {
    pid_t pid;
    int input, output, port;
};

static bool can_run(void)
{
    const bool can = access(JZ_SOURCE_ROOT "/tests/oidc/node_modules/oidc-provider", F_OK) == 0 &&
                     system("node --version >/dev/null 2>&1") == 0;
    if (!can)
        print_message("node or tests/oidc/node_modules is missing: type tools/setup\n");
    return can;
}

static struct server start(const char *alg, const char *where, const char *method)
{
    struct server s = { 0 };
    int in[2], out[2];
    char text[16] = "";
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    s.pid = fork();
    if (s.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* it warns of memory that forgets */
        if (chdir(JZ_SOURCE_ROOT "/tests/oidc") == 0)
            execlp("node", "node", "provider.mjs", alg, where, method, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    s.input = in[1];
    for (size_t used = 0; used < sizeof text - 1 && !strchr(text, '\n'); used++)
        if (read(out[0], text + used, 1) != 1)
            break;
    s.output = out[0]; /* it may have more to say */
    s.port = atoi(text);
    assert_true(s.port > 0);
    return s;
}

static void stop(struct server *s)
{
    int status;
    close(s->input);
    close(s->output);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
}

static struct jz_provider *open_provider(const struct server *s, const char *host, bool is_public)
{
    char issuer[64];
    struct jz_provider *p = NULL;
    snprintf(issuer, sizeof issuer, "http://%s:%d", host, s->port);
    const struct jz_provider_options options = {
        .issuer = issuer,
        .client_id = "agency",
        .client_secret = is_public ? NULL : "a secret: with/odd+characters",
        .redirect_uri = "http://127.0.0.1:1/back",
        .scope = "openid identity",
        .map = map,
    };
    WORKS(jz_provider_new(&options, &p, &err));
    return p;
}

/* Where the browser was sent back to: the code and the state in the URL. */
struct back {
    char code[256], state[256];
};

static void take_parameter(const char *where, const char *name, char *ret, size_t room)
{
    const char *at = strstr(where, name);
    *ret = 0;
    if (at)
        snprintf(ret, room, "%.*s", (int)strcspn(at + strlen(name), "&\n"), at + strlen(name));
}

static struct back follow(const struct jz_oidc_begun *begun, const char *user)
{
    struct back b;
    char where[2048] = "";
    jz_autofree char *command = NULL;
    assert_true(asprintf(&command, "/usr/bin/python3 %s/tests/oidc/browser.py '%s&login_hint=%s'",
                         JZ_SOURCE_ROOT, begun->url, user) > 0);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_non_null(fgets(where, sizeof where, out));
    assert_int_equal(pclose(out), 0);
    take_parameter(where, "code=", b.code, sizeof b.code);
    take_parameter(where, "state=", b.state, sizeof b.state);
    assert_true(*b.code && *b.state);
    return b;
}

static const struct jz_asker home = { "home", 4 };

static int64_t wang;

static struct jz_account *open_account(struct jz_provider *p)
{
    const struct jz_account_options options = { .store = store, .oidc = p };
    struct jz_account *a = NULL;
    WORKS(jz_account_new(&options, &a, &err));
    return a;
}

struct signed_answer {
    struct jz_answer answer;
    struct jz_signed_in who;
};

static struct signed_answer sign_in(struct jz_account *a, const char *user)
{
    struct jz_oidc_begun begun;
    struct signed_answer s = { .answer = { .code = JZ_ANSWERS } };
    WORKS(jz_account_oidc_begin(a, &begun, &err));
    const struct back b = follow(&begun, user);
    err.text[0] = 0;
    WORKS(jz_account_oidc_finish(a, b.code, b.state, begun.browser, home, &s.who, &s.answer, &err));
    return s;
}

static void a_provider_signs_people_in(void **state)
{
    (void)state;
    static const char *const ways[][3] = {
        { "RS256", "id_token", "basic" },
        { "ES256", "userinfo", "post" },
        { "EdDSA", "id_token", "none" },
    };
    if (!can_run())
        skip();
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct server s = start(ways[i][0], ways[i][1], ways[i][2]);
        JZ_CLEANUP(jz_provider_freep)
        struct jz_provider *p = open_provider(&s, "127.0.0.1", strcmp(ways[i][2], "none") == 0);
        JZ_CLEANUP(jz_account_freep) struct jz_account *a = open_account(p);
        struct signed_answer done = sign_in(a, "wang");
        if (done.answer.code != JZ_ANSWER_DONE)
            fail_msg("%s: %d, %s", ways[i][0], done.answer.code, err.text);
        assert_true(done.who.person == wang && done.who.way == JZ_WAY_OIDC && !done.who.by_helper);
        done = sign_in(a, "wang"); /* with the keys that are kept */
        assert_int_equal(done.answer.code, JZ_ANSWER_DONE);
        assert_int_equal(sign_in(a, "stranger").answer.code, JZ_ANSWER_NOT_FOUND);
        assert_int_equal(sign_in(a, "impostor").answer.code, JZ_ANSWER_NOT_FOUND);
        assert_int_equal(sign_in(a, "nameless").answer.code, JZ_ANSWER_TOKEN_REFUSED);
        assert_non_null(strstr(err.text, "document and name"));
        assert_int_equal(sign_in(a, "odd").answer.code, JZ_ANSWER_TOKEN_REFUSED);
        stop(&s);
    }
}

static void a_sign_in_is_of_one_browser_and_once(void **state)
{
    (void)state;
    if (!can_run())
        skip();
    struct server s = start("ES256", "id_token", "basic");
    JZ_CLEANUP(jz_provider_freep) struct jz_provider *p = open_provider(&s, "127.0.0.1", false);
    struct jz_oidc_begun begun, other;
    struct jz_identity who;
    WORKS(jz_provider_begin(p, &begun, &err));
    WORKS(jz_provider_begin(p, &other, &err));
    assert_non_null(strstr(begun.url, "code_challenge_method=S256"));
    assert_non_null(strstr(begun.url, "redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fback"));
    assert_null(strstr(begun.url, begun.browser));
    const struct back b = follow(&begun, "wang");
    assert_int_equal(jz_provider_finish(p, b.code, b.state, other.browser, &who, &err),
                     JZ_E_NOT_FOUND);
    assert_int_equal(jz_provider_finish(p, b.code, "x", begun.browser, &who, &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_provider_finish(p, b.code, b.state, "", &who, &err), JZ_E_NOT_FOUND);
    WORKS(jz_provider_finish(p, b.code, b.state, begun.browser, &who, &err));
    assert_string_equal(who.subject, "wang");
    assert_int_equal(jz_provider_finish(p, b.code, b.state, begun.browser, &who, &err),
                     JZ_E_NOT_FOUND);
    /* A code of one sign-in in another: the provider or the nonce notices. */
    struct jz_oidc_begun third;
    WORKS(jz_provider_begin(p, &third, &err));
    const struct back c = follow(&other, "wang"), d = follow(&third, "wang");
    assert_int_equal(jz_provider_finish(p, c.code, d.state, third.browser, &who, &err),
                     JZ_E_DENIED);
    assert_int_equal(jz_provider_finish(p, "made up", c.state, other.browser, &who, &err),
                     JZ_E_DENIED);
    stop(&s);
    assert_int_equal(jz_provider_begin(p, &begun, &err), 0); /* its endpoints are known */
    JZ_CLEANUP(jz_provider_freep) struct jz_provider *gone = open_provider(&s, "127.0.0.1", false);
    assert_int_equal(jz_provider_begin(gone, &begun, &err), JZ_E_IO);
}

static void a_provider_has_to_be_who_it_says(void **state)
{
    (void)state;
    if (!can_run())
        skip();
    struct server s = start("ES256", "id_token", "basic");
    JZ_CLEANUP(jz_provider_freep) struct jz_provider *p = open_provider(&s, "localhost", false);
    struct jz_oidc_begun begun;
    assert_int_equal(jz_provider_begin(p, &begun, &err), JZ_E_INTEGRITY);
    assert_non_null(strstr(err.text, "calls itself"));
    JZ_CLEANUP(jz_account_freep) struct jz_account *without = open_account(NULL);
    assert_int_equal(jz_account_oidc_begin(without, &begun, &err), JZ_E_UNSUPPORTED);
    stop(&s);
}

static int set_up(void **state)
{
    (void)state;
    register_set_today(day("2026-11-25"));
    register_open();
    const struct register_person person = { .document = "11010519491231002X",
                                            .name = "王秀英",
                                            .born_on = day("1949-12-31") };
    wang = register_add_person(&person);
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_tokens_are_checked),
        cmocka_unit_test(the_user_has_to_be_the_same),
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test(a_provider_signs_people_in),
        cmocka_unit_test(a_sign_in_is_of_one_browser_and_once),
        cmocka_unit_test(a_provider_has_to_be_who_it_says),
    };
    return cmocka_run_group_tests_name("oidc", tests, set_up, register_tear_down);
}
