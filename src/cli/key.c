#include "cli/args.h"

#include "crypto/keyring.h"

#include <string.h>

static int init(int argc, char **argv);
static int rotate(int argc, char **argv);
static int change_suite(int argc, char **argv);
static int show(int argc, char **argv);
static int show_public(int argc, char **argv);

const struct command key_init_command = {
    "init", init, "[--suite international|guomi] [--pkcs11 MODULE --token LABEL] FILE",
    "make a keyring, in the clear or sealed by a security module (its PIN in JIANZAI_PKCS11_PIN)"
};
const struct command key_rotate_command = {
    "rotate", rotate, "[--pkcs11 MODULE --token LABEL] PURPOSE FILE",
    "add a version to the key of a purpose: identity, lookup, biometric, log or sign"
};
const struct command key_suite_command = {
    "suite", change_suite, "[--pkcs11 MODULE --token LABEL] international|guomi FILE",
    "go over to another suite: a new version of every key"
};
const struct command key_show_command = {
    "show", show, "[--json] [--pkcs11 MODULE --token LABEL] FILE",
    "list purposes, versions and dates, and the public keys; never a secret"
};
const struct command key_public_command = { "public", show_public,
                                            "[--pkcs11 MODULE --token LABEL] FILE",
                                            "print the public keys, a line each, oldest first" };

/*
 * Options, of which `own` is the command's (name NULL: none), then exactly `count` words; the
 * module's PIN never stands on a command line.
 */
static int parse(const struct command *command, struct arg own, int argc, char **argv, int count,
                 struct jz_pkcs11 *ret_module, char ***ret_words)
{
    struct jz_pkcs11 module = { 0 };
    const struct arg args[] = {
        { "pkcs11", ARG_TEXT, &module.module,
          "FILE.so: the PKCS#11 library of the security module" },
        { "token", ARG_TEXT, &module.token, "LABEL: its token" },
        own,
    };
    int first;
    const int r = parse_args(command, args, own.name ? 3 : 2, argc, argv, count, count, &first);
    if (r != 0)
        return r;
    if (!module.module != !module.token) {
        fprintf(stderr, "jianzai: key %s: --pkcs11 and --token are both needed\n", command->name);
        return EXIT_USAGE;
    }
    if (module.module)
        module.pin = getenv("JIANZAI_PKCS11_PIN");
    *ret_module = module;
    *ret_words = argv + first;
    return 0;
}

static int finish(int r, const struct jz_error *err)
{
    if (r < 0)
        complain(NULL, err);
    return r < 0 ? EXIT_USAGE : EXIT_ACCEPTED;
}

static int init(int argc, char **argv)
{
    const char *suite_name = NULL;
    struct jz_pkcs11 module;
    struct jz_error err;
    char **words;
    int r = parse(
        &key_init_command,
        (struct arg){ "suite", ARG_TEXT, &suite_name, "NAME: international (default) or guomi" },
        argc, argv, 1, &module, &words);
    if (r != 0)
        return r < 0 ? 0 : r;
    enum jz_suite suite = JZ_SUITE_INTERNATIONAL;
    if (suite_name && (r = jz_suite_parse(suite_name, &suite, &err)) < 0)
        return finish(r, &err);
    if ((r = jz_keyring_create(words[0], suite, &module, &err)) == 0)
        printf("%s: keyring made, suite %s%s.\n"
               "Keep a copy in another place: without it nothing it sealed opens again.\n",
               words[0], jz_suite_name(suite),
               module.module ? ", sealed by the security module" : "");
    return finish(r, &err);
}

static int rotate(int argc, char **argv)
{
    struct jz_pkcs11 module;
    struct jz_error err;
    enum jz_purpose purpose;
    char **words;
    int r = parse(&key_rotate_command, (struct arg){ 0 }, argc, argv, 2, &module, &words);
    if (r != 0)
        return r < 0 ? 0 : r;
    if ((r = jz_purpose_parse(words[0], &purpose, &err)) == 0)
        r = jz_keyring_rotate(words[1], &module, purpose, &err);
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL;
    if (r == 0 && (r = jz_keyring_open(words[1], &module, &k, &err)) == 0)
        printf("%s: %s is at version %u; copy the file anew.\n", words[1], words[0],
               jz_keyring_versions(k, purpose));
    return finish(r, &err);
}

static int change_suite(int argc, char **argv)
{
    struct jz_pkcs11 module;
    struct jz_error err;
    enum jz_suite suite;
    char **words;
    int r = parse(&key_suite_command, (struct arg){ 0 }, argc, argv, 2, &module, &words);
    if (r != 0)
        return r < 0 ? 0 : r;
    if ((r = jz_suite_parse(words[0], &suite, &err)) == 0)
        r = jz_keyring_change_suite(words[1], &module, suite, &err);
    if (r == 0)
        printf("%s: suite %s; copy the file anew.\n", words[1], words[0]);
    return finish(r, &err);
}

/* The text of the public key of a version of a keyring that is open. */
static int public_line(const struct jz_keyring *k, unsigned version,
                       char ret_text[JZ_PUBLIC_KEY_TEXT_BYTES], struct jz_error *err)
{
    struct jz_public_key key;
    int r = jz_keyring_public(k, version, &key, err);
    if (r == 0)
        jz_public_key_format(&key, ret_text);
    return r;
}

static json_t *json_versions(const struct jz_keyring *k, enum jz_purpose purpose,
                             struct jz_error *err)
{
    json_t *list = json_array();
    for (unsigned v = 1; v <= jz_keyring_versions(k, purpose); v++) {
        char line[JZ_PUBLIC_KEY_TEXT_BYTES];
        json_t *entry =
            json_pack("{s:i,s:s}", "version", (int)v, "created", jz_keyring_created(k, purpose, v));
        if (purpose == JZ_KEY_SIGN && public_line(k, v, line, err) == 0)
            json_object_set_new(entry, "public", json_string(line));
        json_array_append_new(list, entry);
    }
    return list;
}

static int list_keys(const struct jz_keyring *k, const char *path, struct jz_error *err)
{
    printf("%s: suite %s\n", path, jz_suite_name(jz_keyring_suite(k)));
    for (int p = 0; p < JZ_PURPOSES; p++) {
        const enum jz_purpose purpose = (enum jz_purpose)p;
        for (unsigned v = 1; v <= jz_keyring_versions(k, purpose); v++) {
            char line[JZ_PUBLIC_KEY_TEXT_BYTES] = "";
            int r = purpose == JZ_KEY_SIGN ? public_line(k, v, line, err) : 0;
            if (r < 0)
                return r;
            printf("  %-9s %4u  %s%s%s\n", jz_purpose_name(purpose), v,
                   jz_keyring_created(k, purpose, v), *line ? "  " : "", line);
        }
    }
    return 0;
}

static int show(int argc, char **argv)
{
    bool json = false;
    struct jz_pkcs11 module;
    struct jz_error err;
    char **words;
    int r = parse(&key_show_command, (struct arg){ "json", ARG_FLAG, &json, "print JSON" }, argc,
                  argv, 1, &module, &words);
    if (r != 0)
        return r < 0 ? 0 : r;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL;
    if ((r = jz_keyring_open(words[0], &module, &k, &err)) < 0)
        return finish(r, &err);
    if (!json)
        return finish(list_keys(k, words[0], &err), &err);
    json_t *keys = json_object();
    for (int p = 0; p < JZ_PURPOSES; p++)
        json_object_set_new(keys, jz_purpose_name((enum jz_purpose)p),
                            json_versions(k, (enum jz_purpose)p, &err));
    print_json(json_pack("{s:s,s:s,s:o}", "file", words[0], "suite",
                         jz_suite_name(jz_keyring_suite(k)), "keys", keys));
    return EXIT_ACCEPTED;
}

static int show_public(int argc, char **argv)
{
    struct jz_pkcs11 module;
    struct jz_error err;
    char **words;
    int r = parse(&key_public_command, (struct arg){ 0 }, argc, argv, 1, &module, &words);
    if (r != 0)
        return r < 0 ? 0 : r;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *k = NULL;
    if ((r = jz_keyring_open(words[0], &module, &k, &err)) < 0)
        return finish(r, &err);
    for (unsigned v = 1; v <= jz_keyring_versions(k, JZ_KEY_SIGN) && r == 0; v++) {
        char line[JZ_PUBLIC_KEY_TEXT_BYTES];
        if ((r = public_line(k, v, line, &err)) == 0)
            puts(line);
    }
    return finish(r, &err);
}
