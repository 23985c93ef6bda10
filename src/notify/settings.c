#include "notify/settings.h"

#include "base/encoding.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

int jz_secret_read(const char *path, char **ret_secret, struct jz_error *err)
{
    jz_autofree uint8_t *text = NULL;
    struct stat st;
    size_t size = 0;
    jz_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return jz_error_set(err, errno == ENOENT ? JZ_E_NOT_FOUND : JZ_E_IO, "%s: %s", path,
                            strerror(errno));
    if (st.st_mode & 077)
        return jz_error_set(err, JZ_E_DENIED,
                            "%s: others than its owner may read the secret in it; type: chmod 600",
                            path);
    int r = jz_file_read_fd(fd, path, JZ_SECRET_MAX_BYTES, &text, &size, err);
    if (r < 0)
        return r;
    const size_t line = strcspn((const char *)text, "\r\n");
    for (size_t i = 0; i < line; i++)
        r = text[i] < ' ' ? -1 : r;
    if (line == 0 || r < 0 || jz_utf8_valid((const char *)text, line) != line)
        r = jz_error_set(err, JZ_E_FORMAT, "%s: its first line is no secret", path);
    else if (!(*ret_secret = strndup((const char *)text, line)))
        r = jz_error_set(err, JZ_E_MEMORY, "out of memory");
    jz_wipe(text, size);
    return r;
}

/* ---- Keys ---- */

enum key_kind { TEXT, NUMBER, SECRET };

/* A key of an object and where its value goes; texts are borrowed from the JSON. */
struct key {
    const char *name;
    enum key_kind kind;
    void *target;
};

static int take_key(const struct key *key, json_t *value, struct jz_error *err)
{
    if (key->kind == NUMBER) {
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            json_integer_value(value) > 1000000)
            return jz_error_set(err, JZ_E_USAGE, "%s is a number from 0 to 1000000", key->name);
        *(int *)key->target = (int)json_integer_value(value);
        return 0;
    }
    if (!json_is_string(value))
        return jz_error_set(err, JZ_E_USAGE, "%s is a text", key->name);
    if (key->kind == SECRET)
        return jz_secret_read(json_string_value(value), key->target, err);
    *(const char **)key->target = json_string_value(value);
    return 0;
}

static int take_keys(json_t *object, const struct key *keys, size_t count, struct jz_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        size_t i = 0;
        while (i < count && strcmp(keys[i].name, name) != 0)
            i++;
        if (i == count)
            return jz_error_set(err, JZ_E_USAGE, "there is no key '%.40s'", name);
        if (!keys[i].target)
            continue; /* read by somebody else */
        const int r = take_key(&keys[i], value, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- Carriers ---- */

static int make_file(json_t *object, struct jz_carrier **ret, struct jz_error *err)
{
    const char *path = NULL;
    const struct key keys[] = { { "kind", TEXT, NULL }, { "path", TEXT, &path } };
    const int r = take_keys(object, keys, 2, err);
    if (r < 0)
        return r;
    if (!path)
        return jz_error_set(err, JZ_E_USAGE, "path is missing");
    return jz_carrier_file_new(path, ret, err);
}

struct header_lines {
    char *lines[12];
};

static void header_lines_done(struct header_lines *h)
{
    for (int i = 0; i < 12; i++)
        free(h->lines[i]);
}

static int take_headers(json_t *object, struct header_lines *h, struct jz_gateway_options *o,
                        struct jz_error *err)
{
    const char *name;
    json_t *value;
    int count = 0;
    if (object && !json_is_object(object))
        return jz_error_set(err, JZ_E_USAGE, "headers is an object of texts");
    json_object_foreach(object, name, value)
    {
        if (count == 11 || !json_is_string(value))
            return jz_error_set(err, JZ_E_USAGE, "headers are at most 11 texts");
        if (asprintf(&h->lines[count], "%s: %s", name, json_string_value(value)) < 0) {
            h->lines[count] = NULL;
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        }
        o->headers[count] = h->lines[count];
        count++;
    }
    return 0;
}

static void free_secret(char **secret)
{
    if (*secret)
        jz_wipe(*secret, strlen(*secret));
    free(*secret);
}

static int make_gateway(json_t *object, struct jz_carrier **ret, struct jz_error *err)
{
    JZ_CLEANUP(header_lines_done) struct header_lines lines = { 0 };
    JZ_CLEANUP(free_secret) char *secret = NULL;
    struct jz_gateway_options o = { 0 };
    const struct key keys[] = {
        { "kind", TEXT, NULL },          { "headers", TEXT, NULL },
        { "url", TEXT, &o.url },         { "method", TEXT, &o.method },
        { "body", TEXT, &o.body },       { "escape", TEXT, &o.escape },
        { "accept", TEXT, &o.accept },   { "secret_file", SECRET, &secret },
        { "ca_file", TEXT, &o.ca_file }, { "timeout_ms", NUMBER, &o.timeout_ms },
    };
    int r;
    if ((r = take_keys(object, keys, sizeof keys / sizeof keys[0], err)) < 0 ||
        (r = take_headers(json_object_get(object, "headers"), &lines, &o, err)) < 0)
        return r;
    o.secret = secret;
    return jz_carrier_gateway_new(&o, ret, err);
}

static int make_smtp(json_t *object, struct jz_carrier **ret, struct jz_error *err)
{
    JZ_CLEANUP(free_secret) char *password = NULL;
    struct jz_smtp_options o = { 0 };
    const struct key keys[] = {
        { "kind", TEXT, NULL },          { "url", TEXT, &o.url },
        { "from", TEXT, &o.from },       { "to", TEXT, &o.to },
        { "user", TEXT, &o.user },       { "password_file", SECRET, &password },
        { "ca_file", TEXT, &o.ca_file }, { "timeout_ms", NUMBER, &o.timeout_ms },
    };
    const int r = take_keys(object, keys, sizeof keys / sizeof keys[0], err);
    if (r < 0)
        return r;
    o.password = password;
    return jz_carrier_smtp_new(&o, ret, err);
}

static int make_carrier(json_t *object, struct jz_carrier **ret, struct jz_error *err)
{
    static const struct {
        const char *kind;
        int (*make)(json_t *object, struct jz_carrier **ret, struct jz_error *err);
    } makers[] = { { "file", make_file }, { "gateway", make_gateway }, { "smtp", make_smtp } };
    const char *kind = json_string_value(json_object_get(object, "kind"));
    for (size_t i = 0; i < sizeof makers / sizeof makers[0] && kind; i++)
        if (strcmp(makers[i].kind, kind) == 0)
            return makers[i].make(object, ret, err);
    return jz_error_set(err, JZ_E_USAGE, "kind is file, gateway or smtp");
}

static int make_carriers(json_t *list, struct jz_outbox_options *o, struct jz_error *err)
{
    if (!json_is_array(list) || json_array_size(list) == 0 ||
        json_array_size(list) > JZ_OUTBOX_CARRIERS)
        return jz_error_set(err, JZ_E_USAGE, "carriers is a list of 1 to %d objects",
                            JZ_OUTBOX_CARRIERS);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const int r = make_carrier(json_array_get(list, i), &o->carriers[i], err);
        if (r < 0) {
            jz_error_prefix(err, "carrier %zu", i + 1);
            return r;
        }
        o->carrier_count++;
    }
    return 0;
}

static int make_outbox(json_t *root, struct jz_outbox **ret_outbox, struct jz_error *err)
{
    struct jz_outbox_options o = { 0 };
    const struct key keys[] = {
        { "carriers", TEXT, NULL },
        { "queue", NUMBER, &o.queue },
        { "threads", NUMBER, &o.threads },
    };
    int r;
    if (!json_is_object(root))
        return jz_error_set(err, JZ_E_FORMAT, "it holds no JSON object");
    if ((r = take_keys(root, keys, 3, err)) < 0 ||
        (r = make_carriers(json_object_get(root, "carriers"), &o, err)) < 0 ||
        (r = jz_outbox_new(&o, ret_outbox, err)) < 0)
        for (size_t i = 0; i < o.carrier_count; i++)
            jz_carrier_free(o.carriers[i]);
    return r;
}

int jz_notify_open(const char *path, struct jz_outbox **ret_outbox, struct jz_error *err)
{
    jz_autofree uint8_t *text = NULL;
    size_t size = 0;
    json_error_t why;
    int r = jz_file_read(path, JZ_NOTIFY_MAX_BYTES, &text, &size, err);
    if (r < 0)
        return r;
    json_t *root = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return jz_error_set(err, JZ_E_FORMAT, "%s:%d: %s", path, why.line, why.text);
    r = make_outbox(root, ret_outbox, err);
    if (r < 0)
        jz_error_prefix(err, "%s", path);
    json_decref(root);
    return r;
}
