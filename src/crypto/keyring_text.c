#include "crypto/keyring_internal.h"

#include "base/date.h"
#include "crypto/sign_internal.h"

#include <jansson.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

enum { FILE_VERSION = 1 };

static const char *const purposes[JZ_PURPOSES] = {
    [JZ_KEY_IDENTITY] = "identity", [JZ_KEY_LOOKUP] = "lookup", [JZ_KEY_BIOMETRIC] = "biometric",
    [JZ_KEY_LOG] = "log",           [JZ_KEY_SIGN] = "sign",
};

/* jansson copies the secrets of a keyring several times: whatever it frees is wiped first. */
static void wipe_and_free(void *p)
{
    if (p)
        jz_wipe(p, malloc_usable_size(p));
    free(p);
}

/* Before main, for jansson must not change its functions while another thread uses it. */
__attribute__((constructor)) static void wipe_json(void)
{
    json_set_alloc_funcs(malloc, wipe_and_free);
}

static void json_freep(json_t **j)
{
    json_decref(*j);
}

const char *jz_purpose_name(enum jz_purpose purpose)
{
    return (unsigned)purpose < JZ_PURPOSES ? purposes[purpose] : NULL;
}

int jz_purpose_parse(const char *name, enum jz_purpose *ret_purpose, struct jz_error *err)
{
    for (int i = 0; i < JZ_PURPOSES; i++)
        if (strcmp(purposes[i], name) == 0) {
            *ret_purpose = (enum jz_purpose)i;
            return 0;
        }
    return jz_error_set(err, JZ_E_USAGE,
                        "'%.40s' is not a purpose of keys; there are identity, lookup, biometric, "
                        "log and sign",
                        name);
}

struct jz_keyring_content *jz_keyring_content_new(void)
{
    return calloc(1, sizeof(struct jz_keyring_content));
}

void jz_keyring_content_free(struct jz_keyring_content *content)
{
    if (!content)
        return;
    for (int i = 0; i < JZ_PURPOSES; i++)
        wipe_and_free(content->keys[i].versions);
    free(content);
}

int jz_key_list_grow(struct jz_key_list *list, unsigned count, struct jz_error *err)
{
    if (count > JZ_KEYRING_MAX_VERSIONS)
        return jz_error_set(err, JZ_E_LIMIT, "%u versions of a key, and a keyring holds %d", count,
                            JZ_KEYRING_MAX_VERSIONS);
    struct jz_key_version *versions = calloc(count, sizeof *versions);
    if (!versions)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a keyring");
    if (list->count > 0)
        memcpy(versions, list->versions, list->count * sizeof *versions);
    wipe_and_free(list->versions);
    *list = (struct jz_key_list){ count, versions };
    return 0;
}

int jz_keyring_content_add(struct jz_keyring_content *content, enum jz_purpose purpose,
                           struct jz_error *err)
{
    struct jz_key_list *list = &content->keys[purpose];
    int r = jz_key_list_grow(list, list->count + 1, err);
    if (r < 0)
        return r;
    struct jz_key_version *v = &list->versions[list->count - 1];
    if (purpose == JZ_KEY_SIGN) {
        if ((r = jz_sign_secret_new(content->suite, v->secret, err)) < 0)
            return r;
    } else {
        jz_random(v->secret, sizeof v->secret);
    }
    const time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) ||
        strftime(v->created, sizeof v->created, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return jz_error_set(err, JZ_E_INTERNAL, "the clock of this system is beyond all years");
    v->suite = content->suite;
    return 0;
}

static bool is_moment(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00Z";
    char day[JZ_DATE_TEXT_BYTES];
    struct jz_date date;
    for (size_t i = 0; i < sizeof shape; i++)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return false;
    snprintf(day, sizeof day, "%.10s", text);
    return jz_date_parse(day, &date) && memcmp(text + 11, "24", 2) < 0 &&
           memcmp(text + 14, "60", 2) < 0 && memcmp(text + 17, "61", 2) < 0;
}

/* WHERE is the file, then the place in it. */
struct place {
    const char *name, *purpose;
    size_t version;
};

__attribute__((format(printf, 3, 4))) static int bad(const struct place *at, struct jz_error *err,
                                                     const char *format, ...)
{
    char what[200];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    if (at->version > 0)
        return jz_error_set(err, JZ_E_FORMAT, "%s: %s, entry %zu: %s", at->name, at->purpose,
                            at->version, what);
    return jz_error_set(err, JZ_E_FORMAT, "%s: %s", at->name, what);
}

/* All of `wanted` (ended by NULL) and nothing else. */
static int check_members(const struct place *at, json_t *object, const char *const *wanted,
                         struct jz_error *err)
{
    if (!json_is_object(object))
        return bad(at, err, "an object {…} is wanted");
    size_t count = 0;
    for (; wanted[count]; count++)
        if (!json_object_get(object, wanted[count]))
            return bad(at, err, "'%s' is missing", wanted[count]);
    if (json_object_size(object) == count)
        return 0;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (wanted[i] && strcmp(wanted[i], key) != 0)
            i++;
        if (!wanted[i])
            return bad(at, err, "'%.40s' does not belong there", key);
    }
    return bad(at, err, "something does not belong there");
}

/* The text of a member; NULL with the error set when it is no text. */
static const char *text_of(const struct place *at, json_t *object, const char *member,
                           struct jz_error *err)
{
    const char *text = json_string_value(json_object_get(object, member));
    if (!text)
        bad(at, err, "'%s' is not a text", member);
    return text;
}

static int parse_suite(const struct place *at, json_t *object, enum jz_suite *ret_suite,
                       struct jz_error *err)
{
    const char *suite = text_of(at, object, "suite", err);
    if (!suite)
        return JZ_E_FORMAT;
    if (jz_suite_parse(suite, ret_suite, NULL) < 0)
        return bad(at, err, "suite '%.40s' is neither international nor guomi", suite);
    return 0;
}

static int parse_version(const struct place *at, json_t *object, struct jz_key_version *v,
                         struct jz_error *err)
{
    static const char *const members[] = { "version", "suite", "created", "key", NULL };
    const char *created, *key;
    size_t size = 0;
    int r = check_members(at, object, members, err);
    if (r < 0 || (r = parse_suite(at, object, &v->suite, err)) < 0)
        return r;
    const json_t *number = json_object_get(object, "version");
    if (!json_is_integer(number) || json_integer_value(number) != (json_int_t)at->version)
        return bad(at, err, "version is not %zu: they are listed in order, without a gap",
                   at->version);
    if (!(created = text_of(at, object, "created", err)) ||
        !(key = text_of(at, object, "key", err)))
        return JZ_E_FORMAT;
    if (!is_moment(created))
        return bad(at, err, "created is not a moment like 2026-11-25T08:00:00Z");
    if (!jz_base64_decode(key, v->secret, sizeof v->secret, &size) || size != sizeof v->secret)
        return bad(at, err, "key is not %d bytes of base64", JZ_SECRET_BYTES);
    memcpy(v->created, created, sizeof v->created);
    return 0;
}

static int parse_list(const char *name, const char *purpose, json_t *array, enum jz_suite suite,
                      struct jz_key_list *list, struct jz_error *err)
{
    struct place at = { name, purpose, 0 };
    const size_t count = json_array_size(array);
    if (count < 1 || count > JZ_KEYRING_MAX_VERSIONS)
        return bad(&at, err, "%s: a list of 1 to %d versions is wanted", purpose,
                   JZ_KEYRING_MAX_VERSIONS);
    int r = jz_key_list_grow(list, (unsigned)count, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        at.version = i + 1;
        r = parse_version(&at, json_array_get(array, i), &list->versions[i], err);
        if (r < 0)
            return r;
    }
    if (list->versions[count - 1].suite != suite)
        return bad(&at, err,
                   "the newest version is not of the keyring's suite, %s; to change that "
                   "type: jianzai key suite SUITE FILE",
                   jz_suite_name(suite));
    return 0;
}

/* The object in the text, if its file version is ours. */
static int load(const struct place *at, const char *text, size_t size, json_t **ret_root,
                struct jz_error *err)
{
    json_error_t why;
    if (size > JZ_KEYRING_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "%s: %zu bytes, more than the limit of %d", at->name,
                            size, JZ_KEYRING_MAX_BYTES);
    JZ_CLEANUP(json_freep) json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    /* jansson quotes the text near the fault, which may be a key: only the line is told. */
    if (!root)
        return bad(at, err, "line %d is not JSON", why.line);
    const json_t *version = json_object_get(root, "jianzai_keyring");
    if (!json_is_integer(version))
        return bad(at, err, "is no keyring: 'jianzai_keyring' is missing");
    if (json_integer_value(version) != FILE_VERSION)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "%s: a keyring of version %lld; this program reads version %d",
                            at->name, (long long)json_integer_value(version), FILE_VERSION);
    *ret_root = JZ_TAKE(root);
    return 0;
}

int jz_keyring_content_parse(const char *name, const char *text, size_t size,
                             struct jz_keyring_content **ret_content, struct jz_error *err)
{
    static const char *const members[] = { "jianzai_keyring", "suite", "keys", NULL };
    static const char *const lists[] = { "identity", "lookup", "biometric", "log", "sign", NULL };
    const struct place at = { name, NULL, 0 };
    JZ_CLEANUP(json_freep) json_t *root = NULL;
    JZ_CLEANUP(jz_keyring_content_freep)
    struct jz_keyring_content *content = jz_keyring_content_new();
    if (!content)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", name);
    int r = load(&at, text, size, &root, err);
    if (r < 0 || (r = check_members(&at, root, members, err)) < 0 ||
        (r = parse_suite(&at, root, &content->suite, err)) < 0)
        return r;
    json_t *keys = json_object_get(root, "keys");
    if ((r = check_members(&at, keys, lists, err)) < 0)
        return r;
    for (int i = 0; i < JZ_PURPOSES; i++)
        if ((r = parse_list(name, purposes[i], json_object_get(keys, purposes[i]), content->suite,
                            &content->keys[i], err)) < 0)
            return r;
    *ret_content = JZ_TAKE(content);
    return 0;
}

/* Takes the object. */
static int dump(json_t *object, char **ret_text, struct jz_error *err)
{
    JZ_CLEANUP(json_freep) json_t *root = object;
    char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
    if (!text)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a keyring");
    *ret_text = text;
    return 0;
}

static json_t *pack_list(const struct jz_key_list *list)
{
    json_t *array = json_array();
    for (unsigned i = 0; array && i < list->count; i++) {
        const struct jz_key_version *v = &list->versions[i];
        char key[JZ_BASE64_TEXT_BYTES(JZ_SECRET_BYTES)];
        jz_base64_encode(v->secret, sizeof v->secret, key);
        json_t *entry = json_pack("{s:i,s:s,s:s,s:s}", "version", (int)i + 1, "suite",
                                  jz_suite_name(v->suite), "created", v->created, "key", key);
        jz_wipe(key, sizeof key);
        if (json_array_append_new(array, entry) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

int jz_keyring_content_format(const struct jz_keyring_content *content, char **ret_text,
                              struct jz_error *err)
{
    json_t *keys = json_object();
    for (int i = 0; i < JZ_PURPOSES && keys; i++)
        if (json_object_set_new(keys, purposes[i], pack_list(&content->keys[i])) < 0) {
            json_decref(keys);
            keys = NULL;
        }
    return dump(json_pack("{s:i,s:s,s:o}", "jianzai_keyring", FILE_VERSION, "suite",
                          jz_suite_name(content->suite), "keys", keys),
                ret_text, err);
}

int jz_envelope_parse(const char *name, const char *text, size_t size,
                      struct jz_envelope *ret_envelope, struct jz_error *err)
{
    static const char *const members[] = { "jianzai_keyring", "sealed_by", "token", "key",
                                           "nonce",           "data",      NULL };
    const struct place at = { name, NULL, 0 };
    const char *sealed_by, *token, *key, *nonce, *data;
    struct jz_envelope e = { 0 };
    size_t n = 0;
    JZ_CLEANUP(json_freep) json_t *root = NULL;
    int r = load(&at, text, size, &root, err);
    if (r < 0)
        return r;
    if (!json_object_get(root, "sealed_by")) {
        *ret_envelope = e;
        return 0;
    }
    if ((r = check_members(&at, root, members, err)) < 0)
        return r;
    if (!(sealed_by = text_of(&at, root, "sealed_by", err)) ||
        !(token = text_of(&at, root, "token", err)) || !(key = text_of(&at, root, "key", err)) ||
        !(nonce = text_of(&at, root, "nonce", err)) || !(data = text_of(&at, root, "data", err)))
        return JZ_E_FORMAT;
    if (strcmp(sealed_by, "pkcs11") != 0)
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "%s: sealed by '%.40s'; this program knows "
                            "pkcs11",
                            name, sealed_by);
    if (!jz_base64_decode(nonce, e.nonce, sizeof e.nonce, &n) || n != sizeof e.nonce)
        return bad(&at, err, "nonce is not %zu bytes of base64", sizeof e.nonce);
    snprintf(e.token, sizeof e.token, "%s", token);
    snprintf(e.key, sizeof e.key, "%s", key);
    const size_t room = strlen(data) / 4 * 3;
    if (!(e.data = malloc(room + 1)))
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", name);
    if (!jz_base64_decode(data, e.data, room, &e.size) || e.size <= JZ_GCM_TAG_BYTES) {
        free(e.data);
        return bad(&at, err, "data is not base64");
    }
    *ret_envelope = e;
    return 0;
}

int jz_envelope_format(const struct jz_envelope *e, char **ret_text, struct jz_error *err)
{
    char nonce[JZ_BASE64_TEXT_BYTES(sizeof e->nonce)];
    jz_autofree char *data = malloc(JZ_BASE64_TEXT_BYTES(e->size));
    if (!data)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a keyring");
    jz_base64_encode(e->nonce, sizeof e->nonce, nonce);
    jz_base64_encode(e->data, e->size, data);
    return dump(json_pack("{s:i,s:s,s:s,s:s,s:s,s:s}", "jianzai_keyring", FILE_VERSION, "sealed_by",
                          "pkcs11", "token", e->token, "key", e->key, "nonce", nonce, "data", data),
                ret_text, err);
}
