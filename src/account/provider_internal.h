/* An identity provider: its settings, what discovery found, sign-ins under way. */
#pragma once

#include "account/oidc.h"
#include "crypto/jose.h"
#include "notify/fetch.h"

#include <pthread.h>

/* What the provider says of itself. */
struct endpoints {
    char authorization[JZ_FETCH_MAX_URL_BYTES + 1];
    char token[JZ_FETCH_MAX_URL_BYTES + 1];
    char keys[JZ_FETCH_MAX_URL_BYTES + 1];
    char userinfo[JZ_FETCH_MAX_URL_BYTES + 1]; /* "": none */
    bool by_post;                              /* it takes the secret in the body only */
};

struct pending {
    char state[JZ_OIDC_SECRET_BYTES], browser[JZ_OIDC_SECRET_BYTES];
    char nonce[JZ_OIDC_SECRET_BYTES], verifier[JZ_OIDC_SECRET_BYTES];
    int64_t until_s; /* 0: free */
};

struct jz_provider {
    struct jz_provider_options options; /* texts below */
    char *texts[16];
    int text_count;
    char *kind_values[JZ_DOCUMENT_KIND_COUNT];
    struct jz_fetcher *fetcher;
    pthread_mutex_t lock;
    bool has_endpoints;
    struct endpoints endpoints;
    int64_t endpoints_at;
    struct jz_jwks *keys;
    int64_t keys_at;
    int next; /* place in the ring */
    struct pending pending[JZ_OIDC_PENDING_MAX];
};

int64_t provider_now(const struct jz_provider *provider);

/* Copies what was found within the last hour, or asks. */
int provider_endpoints(struct jz_provider *provider, struct endpoints *ret_endpoints,
                       struct jz_error *err) JZ_MUST_CHECK;

/* Verifies with the kept keys; a key that is not among them is looked for once a minute. */
int provider_verify(struct jz_provider *provider, const char *token, char **ret_payload,
                    size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/* The code for tokens; the caller wipes and frees both, *ret_access may be NULL. */
int provider_exchange(struct jz_provider *provider, const struct endpoints *endpoints,
                      const char *code, const char *verifier, char **ret_id_token,
                      char **ret_access, struct jz_error *err) JZ_MUST_CHECK;

int provider_userinfo(struct jz_provider *provider, const struct endpoints *endpoints,
                      const char *access, struct jz_identity *identity,
                      struct jz_error *err) JZ_MUST_CHECK;

/* "&name=value", or without the & at the beginning, percent-encoded. */
void provider_put_pair(FILE *out, bool is_first, const char *name, const char *value);
