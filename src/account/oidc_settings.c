/* A provider from its JSON file. */
#include "account/oidc.h"

#include "base/file.h"
#include "notify/settings.h"

#include <jansson.h>
#include <string.h>

enum { SETTINGS_MAX = 65536 };

static int take_kinds(json_t *kinds, struct jz_claim_map *map, struct jz_error *err)
{
    const char *value;
    json_t *name;
    size_t count = 0;
    json_object_foreach(kinds, value, name)
    {
        const char *text = json_string_value(name);
        if (count == JZ_DOCUMENT_KIND_COUNT || !text ||
            !jz_document_kind_parse(text, &map->kinds[count].kind))
            return jz_error_set(err, JZ_E_USAGE,
                                "claims.kinds maps values to kinds of documents, such as "
                                "citizen_id");
        map->kinds[count++].value = value;
    }
    return 0;
}

static const char *text_at(json_t *root, const char *name)
{
    return json_string_value(json_object_get(root, name));
}

/* Every key of the object is one of the names, and a text unless it ends in "s". */
static int check_keys(json_t *object, const char *const *names, const char *where,
                      struct jz_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return jz_error_set(err, JZ_E_USAGE, "%sit is a JSON object", where);
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (names[i] && strcmp(names[i], key) != 0)
            i++;
        if (!names[i])
            return jz_error_set(err, JZ_E_USAGE, "there is no key '%s%.40s'", where, key);
        if (json_is_object(value) != (strcmp(key, "claims") == 0 || strcmp(key, "kinds") == 0) ||
            (!json_is_object(value) && !json_is_string(value)))
            return jz_error_set(err, JZ_E_USAGE, "%s%s is %s", where, key,
                                json_is_string(value) ? "an object" : "a text");
    }
    return 0;
}

static int take_settings(json_t *root, struct jz_provider_options *o, struct jz_error *err)
{
    static const char *const keys[] = {
        "issuer", "client_id", "client_secret_file", "scope", "redirect_uri", "ca_file",
        "claims", NULL
    };
    static const char *const claims_keys[] = { "document",   "name",   "kind", "kinds",
                                               "fixed_kind", "issuer", NULL };
    json_t *claims = json_object_get(root, "claims");
    int r;
    if ((r = check_keys(root, keys, "", err)) < 0 ||
        (r = check_keys(claims, claims_keys, "claims.", err)) < 0)
        return r;
    const char *fixed = text_at(claims, "fixed_kind");
    o->issuer = text_at(root, "issuer");
    o->client_id = text_at(root, "client_id");
    o->redirect_uri = text_at(root, "redirect_uri");
    o->scope = text_at(root, "scope");
    o->ca_file = text_at(root, "ca_file");
    o->map = (struct jz_claim_map){ .document = text_at(claims, "document"),
                                    .name = text_at(claims, "name"),
                                    .kind = text_at(claims, "kind"),
                                    .issuer = text_at(claims, "issuer") };
    if (fixed && !jz_document_kind_parse(fixed, &o->map.fixed_kind))
        return jz_error_set(err, JZ_E_USAGE, "claims.fixed_kind: there is no document '%.40s'",
                            fixed);
    return take_kinds(json_object_get(claims, "kinds"), &o->map, err);
}

static int open_with(json_t *root, struct jz_provider **ret_provider, struct jz_error *err)
{
    struct jz_provider_options o = { 0 };
    char *secret = NULL;
    int r = take_settings(root, &o, err);
    const char *secret_file = text_at(root, "client_secret_file");
    if (r == 0 && secret_file)
        r = jz_secret_read(secret_file, &secret, err);
    o.client_secret = secret;
    if (r == 0)
        r = jz_provider_new(&o, ret_provider, err);
    if (secret)
        jz_wipe(secret, strlen(secret));
    free(secret);
    return r;
}

int jz_provider_open(const char *path, struct jz_provider **ret_provider, struct jz_error *err)
{
    jz_autofree uint8_t *text = NULL;
    size_t size = 0;
    json_error_t why;
    int r = jz_file_read(path, SETTINGS_MAX, &text, &size, err);
    if (r < 0)
        return r;
    json_t *root = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return jz_error_set(err, JZ_E_FORMAT, "%s:%d: %s", path, why.line, why.text);
    r = open_with(root, ret_provider, err);
    if (r < 0)
        jz_error_prefix(err, "%s", path);
    json_decref(root);
    return r;
}
