#include "account/id_token.h"

#include <jansson.h>
#include <string.h>

static int refuse(const char *why, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_DENIED, "the identity provider's token was refused: %s", why);
}

/* A claim that is a text without NULs; NULL otherwise. */
static const char *text_of(json_t *claims, const char *name)
{
    json_t *value = json_object_get(claims, name);
    const char *text = json_string_value(value);
    return text && strlen(text) == json_string_length(value) &&
                   json_string_length(value) <= JZ_OIDC_TEXT_MAX
               ? text
               : NULL;
}

/* RFC 7519: a number of seconds, perhaps with a fraction. */
static bool time_of(json_t *claims, const char *name, int64_t *ret)
{
    json_t *value = json_object_get(claims, name);
    const double seconds = json_number_value(value);
    if (!json_is_number(value) || !(seconds > 0 && seconds < 1e12))
        return false;
    *ret = (int64_t)seconds;
    return true;
}

/* "aud" is a text or a list; with several, "azp" says for whom of them. */
static bool is_for(json_t *claims, const char *client_id)
{
    json_t *aud = json_object_get(claims, "aud");
    const char *azp = text_of(claims, "azp"), *only = text_of(claims, "aud");
    bool found = only && strcmp(only, client_id) == 0;
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const char *one = json_string_value(json_array_get(aud, i));
        found |= one && strcmp(one, client_id) == 0;
    }
    if (json_array_size(aud) > 1 && !azp)
        return false;
    return found && (!json_object_get(claims, "azp") || (azp && strcmp(azp, client_id) == 0));
}

/* ---- Who it is ---- */

static bool take_kind(json_t *claims, const struct jz_claim_map *map, enum jz_document_kind *ret)
{
    *ret = map->fixed_kind;
    if (!map->kind)
        return true;
    const char *value = text_of(claims, map->kind);
    if (!value)
        return false;
    for (size_t i = 0; i < JZ_DOCUMENT_KIND_COUNT && map->kinds[i].value; i++)
        if (strcmp(map->kinds[i].value, value) == 0) {
            *ret = map->kinds[i].kind;
            return true;
        }
    return jz_document_kind_parse(value, ret);
}

static int take_identity(json_t *claims, const struct jz_claim_map *map,
                         struct jz_identity *identity, struct jz_error *err)
{
    const char *number = text_of(claims, map->document);
    const char *name = map->name ? text_of(claims, map->name) : NULL;
    const char *issuer = map->issuer ? text_of(claims, map->issuer) : NULL;
    enum jz_document_kind kind;
    char key[JZ_NAME_KEY_BYTES];
    if (number && !identity->has_document) {
        if (!take_kind(claims, map, &kind))
            return refuse("it does not say of which kind the document is", err);
        if (jz_document_parse(number, kind, issuer, &identity->document, NULL) < 0)
            return refuse("its document is none", err);
        identity->has_document = true;
    }
    if (name && !identity->has_name) {
        if (jz_name_key(name, key, NULL) < 0)
            return refuse("its name is none", err);
        strcpy(identity->name, name);
        identity->has_name = true;
    }
    return 0;
}

static int check(json_t *claims, const struct jz_id_token_wants *wants,
                 struct jz_identity *identity, struct jz_error *err)
{
    const char *issuer = text_of(claims, "iss"), *subject = text_of(claims, "sub");
    const char *nonce = text_of(claims, "nonce");
    int64_t expires = 0, issued = 0;
    if (!issuer || strcmp(issuer, wants->issuer) != 0)
        return refuse("its iss is another provider", err);
    if (!is_for(claims, wants->client_id))
        return refuse("its aud is another client", err);
    if (!time_of(claims, "exp", &expires) || expires + JZ_OIDC_SKEW_S <= wants->now)
        return refuse("it is over", err);
    if (!time_of(claims, "iat", &issued) || issued > wants->now + JZ_OIDC_SKEW_S)
        return refuse("it was issued in the future: set the clocks right", err);
    if (!nonce || strcmp(nonce, wants->nonce) != 0)
        return refuse("its nonce is not the one that was asked with", err);
    if (!subject || !*subject)
        return refuse("it has no sub", err);
    strcpy(identity->subject, subject);
    return 0;
}

int jz_id_token_read(const char *claims, size_t size, const struct jz_id_token_wants *wants,
                     const struct jz_claim_map *map, struct jz_identity *ret_identity,
                     struct jz_error *err)
{
    struct jz_identity identity = { 0 };
    json_t *root = json_loadb(claims, size, JSON_REJECT_DUPLICATES, NULL);
    int r = json_is_object(root) ? check(root, wants, &identity, err)
                                 : jz_error_set(err, JZ_E_FORMAT, "an ID token without claims");
    if (r == 0)
        r = take_identity(root, map, &identity, err);
    json_decref(root);
    if (r == 0)
        *ret_identity = identity;
    return r;
}

int jz_userinfo_read(const char *claims, size_t size, const struct jz_claim_map *map,
                     struct jz_identity *identity, struct jz_error *err)
{
    struct jz_identity found = *identity;
    json_t *root = json_loadb(claims, size, JSON_REJECT_DUPLICATES, NULL);
    const char *subject = text_of(root, "sub");
    int r = 0;
    if (!json_is_object(root))
        r = jz_error_set(err, JZ_E_FORMAT, "the answer about the user has no claims");
    else if (!subject || strcmp(subject, found.subject) != 0)
        r = refuse("the answer about the user is about another", err);
    else
        r = take_identity(root, map, &found, err);
    json_decref(root);
    if (r == 0)
        *identity = found;
    return r;
}
