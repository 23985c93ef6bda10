/* What is asked of an identity provider: discovery, keys, tokens, the user. */
#include "account/provider_internal.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
    KEPT_S = 3600,
    AGAIN_S = 60, /* so soon a missing key is looked for once more */
    TIMEOUT_MS = 8000,
    DOCUMENT_MAX = 65536,
    TOKEN_MAX = 65536,
    ACCESS_MAX = 4096,
};

int64_t provider_now(const struct jz_provider *provider)
{
    return provider->options.clock();
}

/* ---- Asking ---- */

static bool may_pass(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

/* 200 and its body, as JSON; the caller releases it. */
static int ask_json(struct jz_provider *p, const struct jz_fetch *q, const char *what,
                    json_t **ret_root, struct jz_error *err)
{
    struct jz_fetched answer;
    int r = jz_fetch(p->fetcher, q, &answer, err);
    if (r < 0)
        return r;
    json_t *root = NULL;
    if (answer.status != 200)
        r = jz_error_set(err, may_pass(answer.status) ? JZ_E_BUSY : JZ_E_DENIED,
                         "the identity provider answers %d for %s", answer.status, what);
    else if (!(root = json_loadb(answer.body, answer.size, JSON_REJECT_DUPLICATES, NULL)) ||
             !json_is_object(root))
        r = jz_error_set(err, JZ_E_FORMAT, "the identity provider's %s is no JSON object", what);
    jz_wipe(answer.body, answer.size);
    free(answer.body);
    if (r < 0) {
        json_decref(root);
        return r;
    }
    *ret_root = root;
    return 0;
}

static int get_json(struct jz_provider *p, const char *url, const char *what, json_t **ret_root,
                    struct jz_error *err)
{
    const struct jz_fetch q = { .method = "GET",
                                .url = url,
                                .headers = { "Accept: application/json" },
                                .timeout_ms = TIMEOUT_MS,
                                .max_answer = DOCUMENT_MAX };
    return ask_json(p, &q, what, ret_root, err);
}

/* ---- Discovery ---- */

static bool take_url(json_t *root, const char *name, char ret[JZ_FETCH_MAX_URL_BYTES + 1],
                     struct jz_error *err)
{
    const char *url = json_string_value(json_object_get(root, name));
    if (!url || jz_fetch_check_url(url, err) < 0)
        return false;
    strcpy(ret, url);
    return true;
}

static bool lists(json_t *root, const char *name, const char *text)
{
    json_t *list = json_object_get(root, name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = json_string_value(json_array_get(list, i));
        if (one && strcmp(one, text) == 0)
            return true;
    }
    return false;
}

static int take_endpoints(const struct jz_provider *p, json_t *root, struct endpoints *e,
                          struct jz_error *err)
{
    static const char methods[] = "token_endpoint_auth_methods_supported";
    const char *issuer = json_string_value(json_object_get(root, "issuer"));
    if (!issuer || strcmp(issuer, p->options.issuer) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the identity provider calls itself '%.80s', the settings '%.80s'",
                            issuer ? issuer : "", p->options.issuer);
    if (!take_url(root, "authorization_endpoint", e->authorization, err) ||
        !take_url(root, "token_endpoint", e->token, err) ||
        !take_url(root, "jwks_uri", e->keys, err))
        return jz_error_set(err, JZ_E_FORMAT,
                            "the identity provider's discovery lacks an endpoint, or one is not "
                            "https");
    (void)take_url(root, "userinfo_endpoint", e->userinfo, NULL);
    e->by_post =
        lists(root, methods, "client_secret_post") && !lists(root, methods, "client_secret_basic");
    return 0;
}

int provider_endpoints(struct jz_provider *p, struct endpoints *ret_endpoints, struct jz_error *err)
{
    char url[JZ_FETCH_MAX_URL_BYTES + 64];
    struct endpoints e = { .userinfo = "" };
    json_t *root = NULL;
    pthread_mutex_lock(&p->lock);
    const bool is_kept = p->has_endpoints && provider_now(p) - p->endpoints_at < KEPT_S;
    if (is_kept)
        *ret_endpoints = p->endpoints;
    pthread_mutex_unlock(&p->lock);
    if (is_kept)
        return 0;
    const size_t size = strlen(p->options.issuer);
    const bool has_slash = p->options.issuer[size - 1] == '/';
    snprintf(url, sizeof url, "%.*s/.well-known/openid-configuration",
             (int)(size - (has_slash ? 1 : 0)), p->options.issuer);
    int r = get_json(p, url, "discovery", &root, err);
    if (r < 0)
        return r;
    r = take_endpoints(p, root, &e, err);
    json_decref(root);
    if (r < 0)
        return r;
    pthread_mutex_lock(&p->lock);
    p->endpoints = e;
    p->endpoints_at = provider_now(p);
    p->has_endpoints = true;
    pthread_mutex_unlock(&p->lock);
    *ret_endpoints = e;
    return 0;
}

/* ---- Keys ---- */

static int fetch_keys(struct jz_provider *p, struct jz_jwks **ret_keys, struct jz_error *err)
{
    struct endpoints e;
    json_t *root = NULL;
    int r;
    if ((r = provider_endpoints(p, &e, err)) < 0 ||
        (r = get_json(p, e.keys, "keys", &root, err)) < 0)
        return r;
    jz_autofree char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (!text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    return jz_jwks_parse(text, strlen(text), ret_keys, err);
}

/* With the kept keys, under the lock: they are replaced by others. */
static int verify_kept(struct jz_provider *p, const char *token, char **ret_payload,
                       size_t *ret_size, bool *ret_may_ask, struct jz_error *err)
{
    pthread_mutex_lock(&p->lock);
    const int64_t age = provider_now(p) - p->keys_at;
    int r = JZ_E_NOT_FOUND;
    if (p->keys && age < KEPT_S)
        r = jz_jws_verify(p->keys, token, ret_payload, ret_size, err);
    *ret_may_ask = !p->keys || age >= AGAIN_S || age < 0;
    pthread_mutex_unlock(&p->lock);
    return r;
}

int provider_verify(struct jz_provider *p, const char *token, char **ret_payload, size_t *ret_size,
                    struct jz_error *err)
{
    struct jz_jwks *keys = NULL;
    bool may_ask = false;
    int r = verify_kept(p, token, ret_payload, ret_size, &may_ask, err);
    if (r != JZ_E_NOT_FOUND || !may_ask)
        return r;
    if ((r = fetch_keys(p, &keys, err)) < 0)
        return r;
    pthread_mutex_lock(&p->lock);
    struct jz_jwks *old = p->keys;
    p->keys = keys;
    p->keys_at = provider_now(p);
    pthread_mutex_unlock(&p->lock);
    jz_jwks_free(old);
    return verify_kept(p, token, ret_payload, ret_size, &may_ask, err);
}

/* ---- Tokens ---- */

static void put_encoded(FILE *out, const char *text)
{
    for (; *text; text++) {
        const char c = *text;
        const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                              (c >= 'A' && c <= 'Z') || strchr("-._~", c);
        fprintf(out, is_plain ? "%c" : "%%%02X", (uint8_t)c);
    }
}

void provider_put_pair(FILE *out, bool is_first, const char *name, const char *value)
{
    fprintf(out, "%s%s=", is_first ? "" : "&", name);
    put_encoded(out, value);
}

/* Standard base64 of "ID:SECRET", both form-encoded before (RFC 6749, 2.3.1). */
static int make_basic(const struct jz_provider *p, char **ret_header, struct jz_error *err)
{
    jz_autofree char *pair = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&pair, &size);
    if (!out)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    put_encoded(out, p->options.client_id);
    fputc(':', out);
    put_encoded(out, p->options.client_secret);
    if (fclose(out) != 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    static const char prefix[] = "Authorization: Basic ";
    char *header = malloc(sizeof prefix + JZ_BASE64URL_TEXT_BYTES(size) + 4);
    if (header) {
        char *text = mempcpy(header, prefix, sizeof prefix - 1);
        jz_base64url_encode(pair, size, text);
        for (char *c = text; *c; c++)
            *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
        strcat(text, size % 3 == 1 ? "==" : size % 3 == 2 ? "=" : "");
    }
    jz_wipe(pair, size);
    *ret_header = header;
    return header ? 0 : jz_error_set(err, JZ_E_MEMORY, "out of memory");
}

static int write_exchange(const struct jz_provider *p, const char *code, const char *verifier,
                          bool by_body, char **ret_body, size_t *ret_size, struct jz_error *err)
{
    char *body = NULL;
    FILE *out = open_memstream(&body, ret_size);
    if (!out)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    provider_put_pair(out, true, "grant_type", "authorization_code");
    provider_put_pair(out, false, "code", code);
    provider_put_pair(out, false, "redirect_uri", p->options.redirect_uri);
    provider_put_pair(out, false, "code_verifier", verifier);
    if (by_body)
        provider_put_pair(out, false, "client_id", p->options.client_id);
    if (by_body && p->options.client_secret)
        provider_put_pair(out, false, "client_secret", p->options.client_secret);
    if (fclose(out) != 0) {
        free(body);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    *ret_body = body;
    return 0;
}

static char *dup_member(json_t *root, const char *name, size_t most)
{
    json_t *value = json_object_get(root, name);
    const char *text = json_string_value(value);
    return text && json_string_length(value) <= most ? strdup(text) : NULL;
}

static void wipe_text(char **text)
{
    if (*text)
        jz_wipe(*text, strlen(*text));
    free(*text);
}

int provider_exchange(struct jz_provider *p, const struct endpoints *e, const char *code,
                      const char *verifier, char **ret_id_token, char **ret_access,
                      struct jz_error *err)
{
    JZ_CLEANUP(wipe_text) char *basic = NULL;
    JZ_CLEANUP(wipe_text) char *body = NULL;
    const bool by_body = !p->options.client_secret || e->by_post;
    size_t size = 0;
    json_t *root = NULL;
    int r;
    if ((!by_body && (r = make_basic(p, &basic, err)) < 0) ||
        (r = write_exchange(p, code, verifier, by_body, &body, &size, err)) < 0)
        return r;
    const struct jz_fetch q = {
        .method = "POST",
        .url = e->token,
        .headers = { "Content-Type: application/x-www-form-urlencoded", "Accept: application/json",
                     basic },
        .body = body,
        .body_size = size,
        .timeout_ms = TIMEOUT_MS,
        .max_answer = TOKEN_MAX,
    };
    if ((r = ask_json(p, &q, "a token", &root, err)) < 0)
        return r;
    char *token = dup_member(root, "id_token", JZ_JOSE_MAX_BYTES);
    char *access = dup_member(root, "access_token", ACCESS_MAX);
    json_decref(root);
    if (!token) {
        free(access);
        return jz_error_set(err, JZ_E_FORMAT, "the identity provider gives no ID token");
    }
    *ret_id_token = token;
    *ret_access = access;
    return 0;
}

int provider_userinfo(struct jz_provider *p, const struct endpoints *e, const char *access,
                      struct jz_identity *identity, struct jz_error *err)
{
    JZ_CLEANUP(wipe_text) char *bearer = NULL;
    json_t *root = NULL;
    if (strpbrk(access, "\r\n") || asprintf(&bearer, "Authorization: Bearer %s", access) < 0) {
        bearer = NULL;
        return jz_error_set(err, JZ_E_FORMAT, "the identity provider's access token is none");
    }
    const struct jz_fetch q = { .method = "GET",
                                .url = e->userinfo,
                                .headers = { "Accept: application/json", bearer },
                                .timeout_ms = TIMEOUT_MS,
                                .max_answer = DOCUMENT_MAX };
    int r = ask_json(p, &q, "the user", &root, err);
    if (r < 0)
        return r;
    JZ_CLEANUP(wipe_text) char *claims = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return claims ? jz_userinfo_read(claims, strlen(claims), &p->options.map, identity, err)
                  : jz_error_set(err, JZ_E_MEMORY, "out of memory");
}
