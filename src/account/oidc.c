#include "account/account_internal.h"
#include "account/provider_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CODE_MAX = 2048, SECRET_SIZE = 32 };

static int64_t system_clock(void)
{
    return time(NULL);
}

/* ---- Making one ---- */

/* Keeps a copy; NULL stays NULL. */
static bool keep(struct jz_provider *p, const char **text)
{
    if (!*text)
        return true;
    char *copy = strdup(*text);
    p->texts[p->text_count++] = copy;
    *text = copy;
    return copy != NULL;
}

static int keep_all(struct jz_provider *p, struct jz_error *err)
{
    struct jz_provider_options *o = &p->options;
    const char **const texts[] = {
        &o->issuer,       &o->client_id, &o->client_secret, &o->redirect_uri, &o->scope,
        &o->map.document, &o->map.name,  &o->map.kind,      &o->map.issuer,
    };
    bool good = true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        good &= keep(p, texts[i]);
    for (size_t i = 0; i < JZ_DOCUMENT_KIND_COUNT && o->map.kinds[i].value; i++) {
        p->kind_values[i] = strdup(o->map.kinds[i].value);
        o->map.kinds[i].value = p->kind_values[i];
        good &= p->kind_values[i] != NULL;
    }
    o->ca_file = NULL; /* the fetcher has it */
    return good ? 0 : jz_error_set(err, JZ_E_MEMORY, "out of memory");
}

static int check(const struct jz_provider_options *o, struct jz_error *err)
{
    const struct {
        const char *name, *value;
    } needed[] = { { "issuer", o->issuer },
                   { "client_id", o->client_id },
                   { "redirect_uri", o->redirect_uri },
                   { "claims.document", o->map.document } };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!needed[i].value || !*needed[i].value)
            return jz_error_set(err, JZ_E_USAGE, "%s is missing", needed[i].name);
    int r = jz_fetch_check_url(o->issuer, err);
    if (r == 0 && (r = jz_fetch_check_url(o->redirect_uri, err)) < 0)
        jz_error_prefix(err, "redirect_uri");
    else if (r < 0)
        jz_error_prefix(err, "issuer");
    return r;
}

int jz_provider_new(const struct jz_provider_options *options, struct jz_provider **ret_provider,
                    struct jz_error *err)
{
    int r = check(options, err);
    if (r < 0)
        return r;
    struct jz_provider *p = calloc(1, sizeof *p);
    if (!p)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    p->options = *options;
    pthread_mutex_init(&p->lock, NULL);
    JZ_CLEANUP(jz_provider_freep) struct jz_provider *provider = p;
    if (!p->options.clock)
        p->options.clock = system_clock;
    if (!p->options.scope)
        p->options.scope = "openid";
    if ((r = jz_fetcher_new(options->ca_file, &p->fetcher, err)) < 0 || (r = keep_all(p, err)) < 0)
        return r;
    *ret_provider = JZ_TAKE(provider);
    return 0;
}

void jz_provider_free(struct jz_provider *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->text_count; i++) {
        if (p->texts[i])
            jz_wipe(p->texts[i], strlen(p->texts[i]));
        free(p->texts[i]);
    }
    for (int i = 0; i < JZ_DOCUMENT_KIND_COUNT; i++)
        free(p->kind_values[i]);
    jz_jwks_free(p->keys);
    jz_fetcher_free(p->fetcher);
    pthread_mutex_destroy(&p->lock);
    jz_wipe(p->pending, sizeof p->pending);
    free(p);
}

/* ---- A sign-in ---- */

static void draw(char ret[JZ_OIDC_SECRET_BYTES])
{
    uint8_t bytes[SECRET_SIZE];
    jz_random(bytes, sizeof bytes);
    jz_base64url_encode(bytes, sizeof bytes, ret);
}

/* The oldest gives way: whoever begins four thousand others gains nothing by it. */
static void remember(struct jz_provider *p, const struct pending *pending)
{
    pthread_mutex_lock(&p->lock);
    p->pending[p->next] = *pending;
    p->next = (p->next + 1) % JZ_OIDC_PENDING_MAX;
    pthread_mutex_unlock(&p->lock);
}

/* Once: whoever comes with the same state again finds nothing. */
static bool recall(struct jz_provider *p, const char *state, const char *browser,
                   struct pending *ret)
{
    bool found = false;
    if (strlen(state) != JZ_OIDC_SECRET_BYTES - 1 || strlen(browser) != JZ_OIDC_SECRET_BYTES - 1)
        return false;
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < JZ_OIDC_PENDING_MAX && !found; i++) {
        struct pending *at = &p->pending[i];
        if (at->until_s <= provider_now(p) ||
            !jz_secret_equal(at->state, state, sizeof at->state) ||
            !jz_secret_equal(at->browser, browser, sizeof at->browser))
            continue;
        *ret = *at;
        jz_wipe(at, sizeof *at);
        found = true;
    }
    pthread_mutex_unlock(&p->lock);
    return found;
}

static int challenge_of(const char *verifier, char ret[JZ_OIDC_SECRET_BYTES], struct jz_error *err)
{
    uint8_t digest[JZ_DIGEST_BYTES];
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
    const int r = jz_hasher_new(JZ_SUITE_INTERNATIONAL, &hasher, err);
    if (r < 0)
        return r;
    const struct jz_bytes part = { verifier, strlen(verifier) };
    jz_hasher_digest(hasher, &part, 1, digest);
    jz_base64url_encode(digest, sizeof digest, ret);
    return 0;
}

static int write_url(const struct jz_provider *p, const struct endpoints *e,
                     const struct pending *pending, char ret_url[JZ_OIDC_URL_BYTES],
                     struct jz_error *err)
{
    char challenge[JZ_OIDC_SECRET_BYTES], url[JZ_OIDC_URL_BYTES];
    const int r = challenge_of(pending->verifier, challenge, err);
    if (r < 0)
        return r;
    FILE *out = fmemopen(url, sizeof url, "w");
    if (!out)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    fprintf(out, "%s%s", e->authorization, strchr(e->authorization, '?') ? "&" : "?");
    provider_put_pair(out, true, "response_type", "code");
    provider_put_pair(out, false, "client_id", p->options.client_id);
    provider_put_pair(out, false, "redirect_uri", p->options.redirect_uri);
    provider_put_pair(out, false, "scope", p->options.scope);
    provider_put_pair(out, false, "state", pending->state);
    provider_put_pair(out, false, "nonce", pending->nonce);
    provider_put_pair(out, false, "code_challenge", challenge);
    provider_put_pair(out, false, "code_challenge_method", "S256");
    const bool fits = fflush(out) == 0 && ftell(out) < JZ_OIDC_URL_BYTES - 1;
    fclose(out);
    if (!fits)
        return jz_error_set(err, JZ_E_LIMIT, "the URL of the sign-in is longer than %d bytes",
                            JZ_OIDC_URL_BYTES - 1);
    memcpy(ret_url, url, sizeof url);
    return 0;
}

int jz_provider_begin(struct jz_provider *p, struct jz_oidc_begun *ret_begun, struct jz_error *err)
{
    struct endpoints e;
    struct pending pending = { .until_s = provider_now(p) + JZ_OIDC_LIFE_S };
    struct jz_oidc_begun begun;
    int r = provider_endpoints(p, &e, err);
    if (r < 0)
        return r;
    draw(pending.state);
    draw(pending.browser);
    draw(pending.nonce);
    draw(pending.verifier);
    if ((r = write_url(p, &e, &pending, begun.url, err)) < 0)
        return r;
    memcpy(begun.browser, pending.browser, sizeof begun.browser);
    remember(p, &pending);
    jz_wipe(&pending, sizeof pending);
    *ret_begun = begun;
    return 0;
}

static int read_tokens(struct jz_provider *p, const struct endpoints *e, const char *id_token,
                       const char *access, const char *nonce, struct jz_identity *identity,
                       struct jz_error *err)
{
    const struct jz_id_token_wants wants = { .issuer = p->options.issuer,
                                             .client_id = p->options.client_id,
                                             .nonce = nonce,
                                             .now = provider_now(p) };
    char *claims = NULL;
    size_t size = 0;
    int r = provider_verify(p, id_token, &claims, &size, err);
    if (r < 0)
        return r;
    r = jz_id_token_read(claims, size, &wants, &p->options.map, identity, err);
    jz_wipe(claims, size);
    free(claims);
    const bool lacks =
        r == 0 && (!identity->has_document || (p->options.map.name && !identity->has_name));
    if (lacks && *e->userinfo && access)
        r = provider_userinfo(p, e, access, identity, err);
    if (r == 0 && (!identity->has_document || (p->options.map.name && !identity->has_name)))
        r = jz_error_set(err, JZ_E_DENIED,
                         "the identity provider does not say document and name: check scope and "
                         "claims in the settings");
    return r;
}

int jz_provider_finish(struct jz_provider *p, const char *code, const char *state,
                       const char *browser, struct jz_identity *ret_identity, struct jz_error *err)
{
    struct endpoints e;
    struct pending pending;
    struct jz_identity identity;
    char *id_token = NULL, *access = NULL;
    int r;
    if (strlen(code) > CODE_MAX || !recall(p, state, browser, &pending))
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "this sign-in did not begin here, or was used or is over");
    if ((r = provider_endpoints(p, &e, err)) == 0 &&
        (r = provider_exchange(p, &e, code, pending.verifier, &id_token, &access, err)) == 0)
        r = read_tokens(p, &e, id_token, access, pending.nonce, &identity, err);
    jz_wipe(&pending, sizeof pending);
    if (access)
        jz_wipe(access, strlen(access));
    if (id_token)
        jz_wipe(id_token, strlen(id_token));
    free(access);
    free(id_token);
    if (r == 0)
        *ret_identity = identity;
    return r;
}

/* ---- With an account ---- */

int jz_account_oidc_begin(struct jz_account *a, struct jz_oidc_begun *ret_begun,
                          struct jz_error *err)
{
    return a->options.oidc ? jz_provider_begin(a->options.oidc, ret_begun, err)
                           : jz_error_set(err, JZ_E_UNSUPPORTED,
                                          "no identity provider is set up for this service");
}

int jz_account_oidc_finish(struct jz_account *a, const char *code, const char *state,
                           const char *browser, struct jz_asker asker,
                           struct jz_signed_in *ret_signed_in, struct jz_answer *ret_answer,
                           struct jz_error *err)
{
    const int64_t now = account_now(a);
    struct jz_signed_in signed_in = { .way = JZ_WAY_OIDC };
    struct jz_identity identity;
    const int wait = jz_pause_left(a->pauses, JZ_PAUSE_ADDRESS, asker.bytes, asker.size, now);
    if (!a->options.oidc)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "no identity provider is set up for this service");
    if (wait > 0) {
        *ret_answer = account_slow_down(wait);
        return 0;
    }
    int r = jz_provider_finish(a->options.oidc, code, state, browser, &identity, err);
    if (r == JZ_E_IO || r == JZ_E_BUSY || r == JZ_E_MEMORY)
        return r;
    if (r < 0) {
        (void)jz_pause_count(a->pauses, JZ_PAUSE_ADDRESS, asker.bytes, asker.size, now);
        *ret_answer = (struct jz_answer){ .code = JZ_ANSWER_TOKEN_REFUSED };
        return 0;
    }
    r = jz_account_find(a, &identity.document, identity.has_name ? identity.name : NULL,
                        &signed_in.person, err);
    jz_wipe(&identity, sizeof identity);
    if (r < 0)
        return r;
    *ret_answer =
        (struct jz_answer){ .code = signed_in.person ? JZ_ANSWER_DONE : JZ_ANSWER_NOT_FOUND };
    if (signed_in.person)
        *ret_signed_in = signed_in;
    return 0;
}
