/*
 * Signing in by an identity provider that speaks OpenID Connect: authorization code with state,
 * nonce and PKCE (S256). The provider's endpoints and keys are found by discovery and kept for an
 * hour; what the ID token says is mapped to a document of the register by the settings.
 *
 * A pending sign-in lives for ten minutes in the memory of this process. A provider is shared by
 * all threads; calls that ask it block their own.
 */
#pragma once

#include "account/account.h"
#include "account/id_token.h"

#define JZ_OIDC_LIFE_S       600
#define JZ_OIDC_PENDING_MAX  4096
#define JZ_OIDC_SECRET_BYTES 44 /* 32 random bytes as base64url, and the NUL */
#define JZ_OIDC_URL_BYTES    4096

struct jz_provider_options {
    const char *issuer; /* "https://identity.example", as the provider writes it */
    const char *client_id;
    const char *client_secret; /* NULL: a public client */
    const char *redirect_uri;  /* where the provider sends browsers back to */
    const char *scope;         /* NULL: "openid" */
    struct jz_claim_map map;
    const char *ca_file;    /* NULL: the system's certificates */
    int64_t (*clock)(void); /* NULL: the system's */
};

/* Copies all of it; asks nobody yet. JZ_E_USAGE names what is missing or wrong. */
int jz_provider_new(const struct jz_provider_options *options, struct jz_provider **ret_provider,
                    struct jz_error *err) JZ_MUST_CHECK;

/* The same from a JSON file (docs/account.md). */
int jz_provider_open(const char *path, struct jz_provider **ret_provider,
                     struct jz_error *err) JZ_MUST_CHECK;
void jz_provider_free(struct jz_provider *provider);

/* One sign-in that begins. */
struct jz_oidc_begun {
    char url[JZ_OIDC_URL_BYTES];        /* where the browser goes */
    char browser[JZ_OIDC_SECRET_BYTES]; /* for a cookie: only this browser may come back */
};

/* JZ_E_IO, JZ_E_BUSY: the provider does not answer; JZ_E_INTEGRITY: it says it is another. */
int jz_provider_begin(struct jz_provider *provider, struct jz_oidc_begun *ret_begun,
                      struct jz_error *err) JZ_MUST_CHECK;

/*
 * The browser came back. JZ_E_NOT_FOUND: this sign-in did not begin here, is over or is another
 * browser's; JZ_E_DENIED, JZ_E_INTEGRITY, JZ_E_FORMAT: what the provider says is not to be trusted.
 */
int jz_provider_finish(struct jz_provider *provider, const char *code, const char *state,
                       const char *browser, struct jz_identity *ret_identity,
                       struct jz_error *err) JZ_MUST_CHECK;

/* ---- With an account that was made with the provider ---- */

/* JZ_E_UNSUPPORTED when it was made without. */
int jz_account_oidc_begin(struct jz_account *account, struct jz_oidc_begun *ret_begun,
                          struct jz_error *err) JZ_MUST_CHECK;

/* DONE, NOT_FOUND, SLOW_DOWN, TOKEN_REFUSED: then err says why. */
int jz_account_oidc_finish(struct jz_account *account, const char *code, const char *state,
                           const char *browser, struct jz_asker asker,
                           struct jz_signed_in *ret_signed_in, struct jz_answer *ret_answer,
                           struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_provider_freep(struct jz_provider **p)
{
    jz_provider_free(*p);
}
