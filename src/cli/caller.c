/* jianzai caller: apps that hand people over, and a token as such an app makes it. */
#include "cli/desk.h"

#include "account/launch.h"
#include "base/file.h"
#include "crypto/jose.h"
#include "ledger/caller.h"
#include "ledger/operator.h"

#include <string.h>
#include <time.h>

static int run_add(int argc, char **argv);
static int run_list(int argc, char **argv);
static int run_end(int argc, char **argv);
static int run_token(int argc, char **argv);

static const struct command add_command = {
    "add", run_add, "NAME --basis TEXT --out FILE --by ADMIN",
    "an app that may hand people over, or a new key for one; its key goes to FILE"
};
static const struct command list_command = { "list", run_list, "[--json]",
                                             "all such apps, with those that ended" };
static const struct command end_command = { "end", run_end, "NAME --by ADMIN",
                                            "its tokens are refused from now on" };
static const struct command token_command = {
    "token", run_token,
    "--key FILE --audience NAME --name NAME --document NUMBER [--kind KIND] [--issuer STATE]",
    "a launch token as the app would make it, for trials; needs no register"
};

enum { KEY_FILE_BYTES = 4096, TRIAL_LIFE_S = 120 };

/* ---- Keys as JWK files ---- */

static int write_key(const char *path, const char *name, const uint8_t key[JZ_CALLER_KEY_BYTES],
                     struct jz_error *err)
{
    char text[JZ_BASE64URL_TEXT_BYTES(JZ_CALLER_KEY_BYTES)], jwk[256];
    jz_base64url_encode(key, JZ_CALLER_KEY_BYTES, text);
    const int n = snprintf(jwk, sizeof jwk,
                           "{\"kty\":\"oct\",\"kid\":\"%s\",\"alg\":\"dir\",\"enc\":\"A256GCM\","
                           "\"k\":\"%s\"}\n",
                           name, text);
    const int r = jz_file_create_private(path, jwk, (size_t)n, err);
    jz_wipe(text, sizeof text);
    jz_wipe(jwk, sizeof jwk);
    return r;
}

static int read_key(const char *path, char ret_name[JZ_CALLER_NAME_MAX + 1],
                    uint8_t ret_key[JZ_CALLER_KEY_BYTES], struct jz_error *err)
{
    jz_autofree uint8_t *text = NULL;
    size_t size = 0, key_size = 0;
    int r = jz_file_read(path, KEY_FILE_BYTES, &text, &size, err);
    if (r < 0)
        return r;
    json_t *jwk = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, NULL);
    const char *name = json_string_value(json_object_get(jwk, "kid"));
    json_t *k = json_object_get(jwk, "k");
    if (!name || strlen(name) > JZ_CALLER_NAME_MAX || !json_is_string(k) ||
        !jz_base64url_decode(json_string_value(k), json_string_length(k), ret_key,
                             JZ_CALLER_KEY_BYTES, &key_size) ||
        key_size != JZ_CALLER_KEY_BYTES)
        r = jz_error_set(err, JZ_E_FORMAT, "%s: no key as jianzai caller add writes it", path);
    else
        strcpy(ret_name, name);
    json_decref(jwk);
    jz_wipe(text, size);
    return r;
}

/* ---- add ---- */

static int add(struct desk *desk, const char *name, const char *basis, const char *by,
               const char *out, struct jz_error *err)
{
    uint8_t key[JZ_CALLER_KEY_BYTES];
    bool changed = false;
    int r;
    if (access(out, F_OK) == 0)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "%s is there already: a key is never written over "
                            "another",
                            out);
    if ((r = jz_operator_check_role(desk->store, by, JZ_ROLE_ADMIN, err)) < 0 ||
        (r = jz_caller_add(desk->store, name, basis, by, key, &changed, err)) < 0)
        return r;
    if ((r = write_key(out, name, key, err)) == 0)
        printf("%s %s; its key is in %s: hand it over safely and delete it here\n", name,
               changed ? "has a new key, the old one opens nothing any more"
                       : "may hand people "
                         "over",
               out);
    jz_wipe(key, sizeof key);
    return r;
}

static int run_add(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const char *basis = NULL, *out = NULL, *by = NULL;
    const struct arg args[] = {
        { "basis", ARG_TEXT, &basis, "TEXT: the agreement it rests on" },
        { "out", ARG_TEXT, &out, "FILE: where its key goes, readable for you alone" },
        { "by", ARG_TEXT, &by, "ADMIN: who answers for it" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&add_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (!out) {
        fputs("jianzai: caller add: where shall the key go? --out FILE\n", stderr);
        return EXIT_USAGE;
    }
    if (desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = add(&desk, argv[first], basis, by, out, &err)) < 0)
        complain(NULL, &err);
    desk_close(&desk);
    return r < 0 ? EXIT_USAGE : 0;
}

/* ---- list and end ---- */

struct listing {
    bool json;
    int count;
};

static int show(void *context, const struct jz_caller *c, struct jz_error *err)
{
    struct listing *listing = context;
    char day[JZ_DATE_TEXT_BYTES];
    (void)err;
    listing->count++;
    jz_date_format(jz_date_at(c->recorded_at), day);
    if (listing->json)
        print_json(json_pack("{s:s,s:b,s:s,s:s,s:s,s:I}", "name", c->name, "active", c->active,
                             "basis", c->basis, "by", c->by, "since", day, "fact",
                             (json_int_t)c->fact));
    else
        printf("%s: %s since %s\n    basis: %s\n", c->name, c->active ? "active" : "ended", day,
               c->basis);
    return 0;
}

static int run_list(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct listing listing = { 0 };
    const struct arg args[] = { { "json", ARG_FLAG, &listing.json, "print JSON, a line an app" },
                                DESK_ARGS(&where) };
    int first;
    int r = parse_args(&list_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    if ((r = jz_caller_each(desk.store, show, &listing, &err)) < 0)
        complain(NULL, &err);
    else if (listing.count == 0 && !listing.json)
        puts("no calling app yet; see: jianzai caller add --help");
    desk_close(&desk);
    return r < 0 ? EXIT_USAGE : 0;
}

static int run_end(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const char *by = NULL;
    const struct arg args[] = { { "by", ARG_TEXT, &by, "ADMIN: who answers for it" },
                                DESK_ARGS(&where) };
    int first;
    int r = parse_args(&end_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = jz_operator_check_role(desk.store, by, JZ_ROLE_ADMIN, &err)) < 0 ||
        (r = jz_caller_end(desk.store, argv[first], by, &err)) < 0)
        complain(NULL, &err);
    else
        printf("%s ended: its tokens are refused\n", argv[first]);
    desk_close(&desk);
    return r < 0 ? EXIT_USAGE : 0;
}

/* ---- token ---- */

struct token_options {
    const char *key, *audience, *name, *document, *kind, *issuer;
};

static int fill_launch(const struct token_options *o, struct jz_launch *l, struct jz_error *err)
{
    enum jz_document_kind kind = JZ_DOCUMENT_UNKNOWN;
    char key[JZ_NAME_KEY_BYTES];
    uint8_t random[JZ_LAUNCH_JTI_MIN];
    int r;
    if (o->kind && !jz_document_kind_parse(o->kind, &kind))
        return jz_error_set(err, JZ_E_USAGE, "--kind: there is no document '%.40s'", o->kind);
    if (strlen(o->audience) > JZ_LAUNCH_AUDIENCE_MAX)
        return jz_error_set(err, JZ_E_USAGE, "--audience has at most %d bytes",
                            JZ_LAUNCH_AUDIENCE_MAX);
    if ((r = jz_name_key(o->name, key, err)) < 0 ||
        (r = jz_document_parse(o->document, kind, o->issuer, &l->document, err)) < 0)
        return r;
    snprintf(l->audience, sizeof l->audience, "%s", o->audience);
    snprintf(l->name, sizeof l->name, "%s", o->name);
    jz_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(l->jti + 2 * i, 3, "%02x", random[i]);
    l->issued_at = time(NULL);
    l->expires_at = l->issued_at + TRIAL_LIFE_S;
    return 0;
}

static int make_token(const struct token_options *o, struct jz_error *err)
{
    uint8_t key[JZ_CALLER_KEY_BYTES];
    jz_autofree char *payload = NULL, *token = NULL;
    struct jz_launch l = { 0 };
    int r;
    if ((r = read_key(o->key, l.issuer, key, err)) == 0 && (r = fill_launch(o, &l, err)) == 0 &&
        (r = jz_launch_write(&l, &payload, err)) == 0 &&
        (r = jz_jwe_seal(l.issuer, key, payload, strlen(payload), &token, err)) == 0)
        puts(token);
    jz_wipe(key, sizeof key);
    jz_wipe(&l, sizeof l);
    return r;
}

static int run_token(int argc, char **argv)
{
    struct token_options o = { 0 };
    const struct arg args[] = {
        { "key", ARG_TEXT, &o.key, "FILE: the app's key" },
        { "audience", ARG_TEXT, &o.audience, "NAME: the service it is for" },
        { "name", ARG_TEXT, &o.name, "NAME: of the person" },
        { "document", ARG_TEXT, &o.document, "NUMBER: of the person's document" },
        { "kind", ARG_TEXT, &o.kind, "KIND: of the document, default by its form" },
        { "issuer", ARG_TEXT, &o.issuer, "STATE: that issued a passport" },
    };
    int first;
    const int r =
        parse_args(&token_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    if (!o.key || !o.audience || !o.name || !o.document) {
        fputs("jianzai: caller token: --key, --audience, --name and --document are needed\n",
              stderr);
        return EXIT_USAGE;
    }
    if (make_token(&o, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    return 0;
}

const struct command *const caller_commands[] = { &add_command, &list_command, &end_command,
                                                  &token_command, NULL };
