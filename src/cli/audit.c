/* jianzai audit: whether the log is what was recorded, and what outsiders can hold against it. */
#include "cli/desk.h"
#include "cli/progress.h"
#include "cli/published.h"

#include "audit/verify.h"
#include "audit/witness.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "identity/reference.h"

#include <string.h>
#include <time.h>

static int run_verify(int argc, char **argv);
static int run_root(int argc, char **argv);
static int run_roots(int argc, char **argv);
static int run_witness(int argc, char **argv);
static int run_check_witness(int argc, char **argv);

static const struct command verify_command = {
    "verify", run_verify, "[--witness FILE [--key KEYFILE|KEY]] [--json]",
    "every fact, chain, tree, root and signature; names the first bad row"
};
static const struct command root_command = { "root", run_root, "[--day DATE] [--json]",
                                             "sign the root of the log as it stands" };
static const struct command roots_command = { "roots", run_roots, "[--json]",
                                              "the roots signed so far, oldest first" };
static const struct command witness_command = {
    "witness", run_witness, "", "print the latest signed root as a text to give away"
};
static const struct command check_witness_command = {
    "check-witness", run_check_witness, "[--key KEYFILE|KEY] [--json] FILE",
    "whether the log still continues what such a text saw"
};

struct audit_options {
    struct desk_options where;
    struct jz_date day;
    const char *witness, *key;
    bool json;
};

static int fail(const char *subject, const struct jz_error *err)
{
    complain(subject, err);
    return EXIT_USAGE;
}

/* A witness's text and whether a key it must be signed with signed it. */
static int read_witness(struct desk *desk, const char *path, const char *key_text,
                        struct jz_signed_root *ret_root, struct jz_error *err)
{
    jz_autofree uint8_t *text = NULL;
    size_t size = 0, count = 1;
    struct jz_public_key keys[PUBLISHED_KEYS_MAX];
    struct jz_signed_root root;
    int r;
    if ((r = jz_file_read(path, JZ_WITNESS_TEXT_BYTES, &text, &size, err)) < 0 ||
        (r = jz_witness_parse(text, size, &root, err)) < 0)
        return r;
    r = key_text ? read_published_keys(key_text, keys, &count, err)
                 : jz_audit_key(desk->keyring, root.key, &keys[0], err);
    if (r < 0)
        return r;
    size_t i = 0;
    while (i + 1 < count && memcmp(keys[i].id, root.key, sizeof root.key) != 0)
        i++;
    if ((r = jz_root_verify(&keys[i], &root, err)) < 0)
        return r;
    *ret_root = root;
    return 0;
}

/* ---- verify ---- */

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    progress_show(context, "facts verified", (int64_t)done, (int64_t)total);
}

static json_t *json_result(const struct jz_audit_result *r, double seconds)
{
    char root[2 * sizeof r->root + 1], text[JZ_AUDIT_TEXT_BYTES], person[JZ_REFERENCE_TEXT_BYTES];
    const bool sound = r->finding == JZ_AUDIT_SOUND;
    jz_audit_describe(r, text);
    json_t *o = json_pack("{s:b,s:I,s:I,s:I,s:o}", "sound", sound, "facts", (json_int_t)r->facts,
                          "nodes", (json_int_t)r->nodes, "roots", (json_int_t)r->roots, "seconds",
                          json_number(seconds));
    if (sound) {
        json_object_set_new(o, "root", json_string(jz_hex_write(r->root, sizeof r->root, root)));
        return o;
    }
    json_object_set_new(o, "finding", json_string(jz_audit_finding_info(r->finding)->name));
    json_object_set_new(o, "table",
                        r->table ? json_string(jz_table_info(r->table)->name) : json_null());
    json_object_set_new(o, "id", json_integer(r->id));
    if (r->table == JZ_T_AUDIT_NODE)
        json_object_set_new(o, "level", json_integer(r->level));
    if (r->person > 0)
        json_object_set_new(o, "person", json_string(jz_reference_format(r->person, person)));
    if (r->last > 0)
        json_object_set_new(o, "facts_in_doubt",
                            json_pack("[I,I]", (json_int_t)r->first, (json_int_t)r->last));
    json_object_set_new(o, "text", json_string(text));
    return o;
}

static void print_result(const struct jz_audit_result *r, double seconds, bool has_witness)
{
    char root[2 * sizeof r->root + 1], text[JZ_AUDIT_TEXT_BYTES];
    if (r->finding == JZ_AUDIT_SOUND) {
        printf("sound: %llu facts, %llu kept hashes and %llu signed roots in %.1f s\nroot %s\n",
               (unsigned long long)r->facts, (unsigned long long)r->nodes,
               (unsigned long long)r->roots, seconds, jz_hex_write(r->root, sizeof r->root, root));
        if (has_witness)
            puts("the log continues what the witness saw");
        return;
    }
    jz_audit_describe(r, text);
    printf("NOT SOUND: %s\n%llu facts before that are good (%s)\n", text,
           (unsigned long long)r->facts, jz_audit_finding_info(r->finding)->name);
}

static int run_verify(int argc, char **argv)
{
    struct audit_options o = { .where.without_policies = true };
    const struct arg args[] = {
        { "witness", ARG_TEXT, &o.witness, "FILE: a root kept outside, which the facts must give" },
        { "key", ARG_TEXT, &o.key, "KEYFILE|KEY: who signed it, default the keyring" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r =
        parse_args(&verify_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    struct desk desk;
    struct progress progress = { 0 };
    struct jz_signed_root witness;
    struct jz_audit_result result;
    const struct jz_audit_options options = {
        .on_progress = show_progress,
        .context = &progress,
        .witness = o.witness ? &witness : NULL,
    };
    if ((r = desk_open(&o.where, true, &desk)) != 0)
        return r;
    const int64_t start = jz_clock_ns();
    if ((!o.witness || (r = read_witness(&desk, o.witness, o.key, &witness, &err)) == 0))
        r = jz_audit_verify(desk.store, &options, &result, &err);
    const double seconds = (double)(jz_clock_ns() - start) / 1e9;
    progress_end(&progress);
    desk_close(&desk);
    if (r < 0)
        return fail(NULL, &err);
    if (o.json)
        print_json(json_result(&result, seconds));
    else
        print_result(&result, seconds, o.witness != NULL);
    return result.finding == JZ_AUDIT_SOUND ? EXIT_ACCEPTED : EXIT_REJECTED;
}

/* ---- Roots ---- */

static json_t *json_root(const struct jz_audit_root *root)
{
    const struct jz_signed_root *s = &root->signed_root;
    char day[JZ_DATE_TEXT_BYTES], hash[2 * sizeof s->root + 1], key[2 * sizeof s->key + 1];
    return json_pack("{s:I,s:s,s:I,s:s,s:I,s:s}", "fact", (json_int_t)root->fact, "day",
                     jz_date_format(s->day, day), "size", (json_int_t)s->size, "root",
                     jz_hex_write(s->root, sizeof s->root, hash), "recorded_at",
                     (json_int_t)s->recorded_at, "key", jz_hex_write(s->key, sizeof s->key, key));
}

static void print_root(const struct jz_audit_root *root)
{
    const struct jz_signed_root *s = &root->signed_root;
    char day[JZ_DATE_TEXT_BYTES], hash[2 * sizeof s->root + 1], key[2 * sizeof s->key + 1];
    printf("%s  fact %lld  %llu facts  %s  key %s\n", jz_date_format(s->day, day),
           (long long)root->fact, (unsigned long long)s->size,
           jz_hex_write(s->root, sizeof s->root, hash), jz_hex_write(s->key, sizeof s->key, key));
}

static int run_root(int argc, char **argv)
{
    struct audit_options o = { .where.without_policies = true };
    const struct arg args[] = {
        { "day", ARG_DATE, &o.day, "DATE: the day it closes, default today" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&root_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    struct desk desk;
    struct jz_audit_root root;
    if ((r = desk_open(&o.where, false, &desk)) != 0)
        return r;
    r = jz_audit_root_sign(desk.store, o.day, &root, &err);
    desk_close(&desk);
    if (r < 0)
        return fail(NULL, &err);
    if (o.json)
        print_json(json_root(&root));
    else
        print_root(&root);
    return 0;
}

static int list_roots(struct desk *desk, bool json, struct jz_error *err)
{
    struct jz_audit_root root = { 0 };
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(desk->store, &sql, err);
    if (r < 0)
        return r;
    while ((r = jz_audit_root_next(sql, jz_store_suite(desk->store), root.fact + 1, &root, err)) ==
           1)
        if (json)
            print_json(json_root(&root));
        else
            print_root(&root);
    jz_store_return(desk->store, sql);
    return r;
}

static int run_roots(int argc, char **argv)
{
    struct audit_options o = { .where.without_policies = true };
    const struct arg args[] = {
        { "json", ARG_FLAG, &o.json, "print JSON, a line a root" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r =
        parse_args(&roots_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    struct desk desk;
    if ((r = desk_open(&o.where, true, &desk)) != 0)
        return r;
    r = list_roots(&desk, o.json, &err);
    desk_close(&desk);
    return r < 0 ? fail(NULL, &err) : 0;
}

/* ---- Witnesses ---- */

static int run_witness(int argc, char **argv)
{
    struct audit_options o = { .where.without_policies = true };
    const struct arg args[] = { DESK_ARGS(&o.where) };
    int first;
    int r =
        parse_args(&witness_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    struct desk desk;
    struct jz_audit_root root;
    struct jz_sql *sql = NULL;
    if ((r = desk_open(&o.where, true, &desk)) != 0)
        return r;
    if ((r = jz_store_reader(desk.store, &sql, &err)) == 0) {
        r = jz_audit_root_latest(sql, jz_store_suite(desk.store), &root, &err);
        jz_store_return(desk.store, sql);
    }
    desk_close(&desk);
    if (r < 0)
        return fail(NULL, &err);
    char text[JZ_WITNESS_TEXT_BYTES];
    jz_witness_format(&root.signed_root, text);
    fputs(text, stdout);
    return 0;
}

static int run_check_witness(int argc, char **argv)
{
    struct audit_options o = { .where.without_policies = true };
    const struct arg args[] = {
        { "key", ARG_TEXT, &o.key, "KEYFILE|KEY: who signed it, default the keyring" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&check_witness_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    struct desk desk;
    struct jz_signed_root root = { 0 };
    if ((r = desk_open(&o.where, true, &desk)) != 0)
        return r;
    if ((r = read_witness(&desk, argv[first], o.key, &root, &err)) == 0)
        r = jz_witness_check(desk.store, &root, &err);
    desk_close(&desk);
    if (r < 0 && r != JZ_E_INTEGRITY)
        return fail(argv[first], &err);
    char day[JZ_DATE_TEXT_BYTES];
    if (o.json)
        print_json(json_pack("{s:b,s:I,s:s}", "continues", r == 0, "size", (json_int_t)root.size,
                             "problem", r == 0 ? "" : err.text));
    else if (r == 0)
        printf("the log continues what the witness saw on %s: %llu facts\n"
               "that each row is still the one hashed then, audit verify --witness tells\n",
               jz_date_format(root.day, day), (unsigned long long)root.size);
    else
        complain(argv[first], &err);
    return r == 0 ? EXIT_ACCEPTED : EXIT_REJECTED;
}

const struct command *const audit_commands[] = {
    &verify_command,        &root_command,        &roots_command, &witness_command,
    &check_witness_command, &audit_prove_command, NULL,
};
