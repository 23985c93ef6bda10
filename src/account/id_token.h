/*
 * What an ID token or the answer about a user says (OpenID Connect Core 1.0), once its signature is
 * known to be right: checked, and mapped to a document of the register. Pure.
 */
#pragma once

#include "identity/document.h"
#include "identity/name.h"

#define JZ_OIDC_SUBJECT_MAX 255
#define JZ_OIDC_SKEW_S      120 /* that clocks may differ */
#define JZ_OIDC_TEXT_MAX    255 /* bytes of a claim or of a claim's name */

/* Which claims say who it is. Texts are borrowed. */
struct jz_claim_map {
    const char *document; /* the claim with the number */
    const char *name;     /* with the name; NULL: the provider vouches for the document alone */
    const char *kind;     /* with the kind of document; NULL: `fixed_kind` holds */
    const char *issuer;   /* with the state that issued a passport; NULL: none */
    enum jz_document_kind fixed_kind;
    /* Values of the kind claim and what they mean; a value that is a kind's name means that. */
    struct {
        const char *value;
        enum jz_document_kind kind;
    } kinds[JZ_DOCUMENT_KIND_COUNT];
};

/* What was expected of it. */
struct jz_id_token_wants {
    const char *issuer, *client_id, *nonce;
    int64_t now;
};

/* Who the token is about. */
struct jz_identity {
    char subject[JZ_OIDC_SUBJECT_MAX + 1]; /* the provider's own name for the user */
    bool has_document, has_name;
    struct jz_document document;
    char name[JZ_NAME_MAX_BYTES + 1];
};

/*
 * JZ_E_FORMAT for what is no set of claims; JZ_E_DENIED names the check that failed. The document
 * may be missing: providers keep it for the answer about the user.
 */
int jz_id_token_read(const char *claims, size_t size, const struct jz_id_token_wants *wants,
                     const struct jz_claim_map *map, struct jz_identity *ret_identity,
                     struct jz_error *err) JZ_MUST_CHECK;

/* The answer of the userinfo endpoint: what the token did not say, of the same subject. */
int jz_userinfo_read(const char *claims, size_t size, const struct jz_claim_map *map,
                     struct jz_identity *identity, struct jz_error *err) JZ_MUST_CHECK;
