#include "audit/witness.h"

#include "audit/lines.h"
#include "audit/tree.h"
#include "base/hex.h"

#include <stdio.h>
#include <string.h>

static const char format_name[] = "jianzai-witness-1";

void jz_witness_format(const struct jz_signed_root *root, char ret_text[JZ_WITNESS_TEXT_BYTES])
{
    char hash[2 * sizeof root->root + 1], key[2 * sizeof root->key + 1],
        signature[2 * sizeof root->signature + 1], day[JZ_DATE_TEXT_BYTES];
    snprintf(
        ret_text, JZ_WITNESS_TEXT_BYTES,
        "%s\nsuite: %s\nsize: %llu\nroot: %s\nday: %s\nrecorded_at: %lld\nkey: %s\nsignature: %s\n",
        format_name, jz_suite_name(root->suite), (unsigned long long)root->size,
        jz_hex_write(root->root, sizeof root->root, hash), jz_date_format(root->day, day),
        (long long)root->recorded_at, jz_hex_write(root->key, sizeof root->key, key),
        jz_hex_write(root->signature, sizeof root->signature, signature));
}

int jz_witness_parse(const void *text, size_t size, struct jz_signed_root *ret_root,
                     struct jz_error *err)
{
    struct jz_lines lines;
    struct jz_signed_root root = { 0 };
    int64_t leaves = 0;
    char suite[32], day[JZ_DATE_TEXT_BYTES], again[JZ_WITNESS_TEXT_BYTES];
    int r;
    if ((r = jz_lines_begin(&lines, "witness", format_name, text, size, err)) < 0 ||
        (r = jz_lines_text(&lines, "suite", suite, sizeof suite, err)) < 0 ||
        (r = jz_lines_number(&lines, "size", &leaves, err)) < 0 ||
        (r = jz_lines_bytes(&lines, "root", root.root, sizeof root.root, err)) < 0 ||
        (r = jz_lines_text(&lines, "day", day, sizeof day, err)) < 0 ||
        (r = jz_lines_number(&lines, "recorded_at", &root.recorded_at, err)) < 0 ||
        (r = jz_lines_bytes(&lines, "key", root.key, sizeof root.key, err)) < 0 ||
        (r = jz_lines_bytes(&lines, "signature", root.signature, sizeof root.signature, err)) < 0 ||
        (r = jz_lines_end(&lines, err)) < 0)
        return r;
    root.size = (uint64_t)leaves;
    if (jz_suite_parse(suite, &root.suite, err) < 0 || !jz_date_parse(day, &root.day) ||
        leaves >> JZ_TREE_LEVELS != 0)
        return jz_error_set(err, JZ_E_FORMAT, "witness: its suite, day or size cannot be");
    jz_witness_format(&root, again);
    if (strlen(again) != size || memcmp(again, text, size) != 0)
        return jz_error_set(err, JZ_E_FORMAT, "witness: not written as such a text is written");
    *ret_root = root;
    return 0;
}

static int compare(struct jz_sql *sql, enum jz_suite suite, const struct jz_signed_root *root,
                   struct jz_error *err)
{
    struct jz_head head;
    uint8_t now[JZ_DIGEST_BYTES];
    JZ_CLEANUP(jz_audit_tree_freep) struct jz_audit_tree *tree = NULL;
    if (root->suite != suite)
        return jz_error_set(err, JZ_E_INTEGRITY, "the witness is of a log with another digest");
    int r = jz_head_load(sql, false, &head, err);
    if (r < 0)
        return r;
    if (head.tree.size < root->size)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the log has %llu facts, the witness saw %llu: facts were taken away",
                            (unsigned long long)head.tree.size, (unsigned long long)root->size);
    if ((r = jz_audit_tree_new(sql, suite, &tree, err)) < 0 ||
        (r = jz_audit_tree_root(tree, root->size, now, err)) < 0)
        return r;
    if (memcmp(now, root->root, sizeof now) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the first %llu facts are not those that the witness saw: history was "
                            "rewritten",
                            (unsigned long long)root->size);
    return 0;
}

int jz_witness_check(struct jz_store *store, const struct jz_signed_root *root,
                     struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(sql, err)) == 0) {
        r = compare(sql, jz_store_suite(store), root, err);
        jz_sql_rollback(sql);
    }
    jz_store_return(store, sql);
    return r;
}
