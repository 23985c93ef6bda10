#include "receipt/proof.h"

#include "base/hex.h"

#include <jansson.h>
#include <string.h>

static const char format_name[] = "jianzai-proof-1";

static const uint64_t MAX_TREE_SIZE = JZ_RECEIPT_MAX_LEAF;

static json_t *hex(const uint8_t *data, size_t size)
{
    char text[2 * JZ_PROOF_MAX_LEAF_BYTES + 1];
    return json_string(jz_hex_write(data, size, text));
}

/* From `least` to `most` bytes in small hexadecimal digits. */
static int hex_read(const char *what, const char *text, size_t least, size_t most,
                    uint8_t *ret_data, size_t *ret_size, struct jz_error *err)
{
    const size_t chars = strlen(text), size = chars / 2;
    if (chars % 2 != 0 || size < least || size > most)
        return jz_error_set(err, JZ_E_FORMAT, "proof: %s has the wrong length", what);
    if (!jz_hex_read(text, chars, ret_data, size))
        return jz_error_set(err, JZ_E_FORMAT, "proof: %s is not in hexadecimal digits", what);
    *ret_size = size;
    return 0;
}

static int hex_exact(const char *what, const char *text, size_t size, uint8_t *ret_data,
                     struct jz_error *err)
{
    size_t got;
    return hex_read(what, text, size, size, ret_data, &got, err);
}

/* NULL, or what is out of range. */
static const char *wrong_field(const struct jz_proof *p)
{
    const struct {
        const char *name;
        bool good;
    } fields[] = {
        { "the leaf", p->leaf_size >= JZ_RECEIPT_BYTES && p->leaf_size <= sizeof p->leaf },
        { "the offset of the receipt",
          p->leaf_size >= JZ_RECEIPT_BYTES && p->offset <= p->leaf_size - JZ_RECEIPT_BYTES },
        { "the suite of the tree", jz_suite_name(p->root.suite) != NULL },
        { "the size of the tree", p->root.size >= 1 && p->root.size <= MAX_TREE_SIZE },
        { "the index of the leaf", p->index < p->root.size },
        { "the path", p->path_count >= 0 && p->path_count <= JZ_TREE_LEVELS },
        { "the day of the root", jz_date_is_set(jz_date_from_key(jz_date_key(p->root.day))) },
        { "the time of the root", p->root.recorded_at >= 0 },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!fields[i].good)
            return fields[i].name;
    return NULL;
}

int jz_proof_format(const struct jz_proof *p, char **ret_text, struct jz_error *err)
{
    const char *wrong = wrong_field(p);
    if (wrong)
        return jz_error_set(err, JZ_E_USAGE, "proof: %s is out of range", wrong);
    char receipt[JZ_RECEIPT_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES];
    jz_receipt_text(&p->receipt, receipt);
    json_t *path = json_array();
    for (int i = 0; i < p->path_count; i++)
        json_array_append_new(path, hex(p->path[i], sizeof p->path[i]));
    json_t *object = json_pack(
        "{s:s, s:s, s:{s:I, s:I, s:o}, s:o, s:{s:s, s:I, s:o, s:s, s:I, s:o, s:o}}", "format",
        format_name, "receipt", receipt, "leaf", "index", (json_int_t)p->index, "receipt_at",
        (json_int_t)p->offset, "data", hex(p->leaf, p->leaf_size), "path", path, "root", "suite",
        jz_suite_name(p->root.suite), "size", (json_int_t)p->root.size, "hash",
        hex(p->root.root, sizeof p->root.root), "day", jz_date_format(p->root.day, day),
        "recorded_at", (json_int_t)p->root.recorded_at, "key", hex(p->root.key, sizeof p->root.key),
        "signature", hex(p->root.signature, sizeof p->root.signature));
    jz_autofree char *json = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    char *text = NULL;
    if (!json || asprintf(&text, "%s\n", json) < 0)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    *ret_text = text;
    return 0;
}

static int read_path(const json_t *list, struct jz_proof *p, struct jz_error *err)
{
    const size_t count = json_array_size(list);
    if (!json_is_array(list) || count > JZ_TREE_LEVELS)
        return jz_error_set(err, JZ_E_FORMAT, "proof: path is no list of at most %d hashes",
                            JZ_TREE_LEVELS);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        int r = hex_exact("path", text ? text : "", sizeof p->path[i], p->path[i], err);
        if (r < 0)
            return r;
    }
    p->path_count = (int)count;
    return 0;
}

/* Only in the way it is written; jz_date_parse takes others too. */
static bool read_day(const char *text, struct jz_date *ret_day)
{
    char again[JZ_DATE_TEXT_BYTES];
    return jz_date_parse(text, ret_day) && strcmp(jz_date_format(*ret_day, again), text) == 0;
}

/* A wrong name is no wrong use here, but a wrong file. */
static int read_suite(const char *name, enum jz_suite *ret_suite, struct jz_error *err)
{
    struct jz_error ignored;
    if (jz_suite_parse(name, ret_suite, &ignored) < 0)
        return jz_error_set(err, JZ_E_FORMAT, "proof: '%.20s' is no suite", name);
    return 0;
}

static int read_object(json_t *object, struct jz_proof *p, struct jz_error *err)
{
    const char *format, *receipt, *leaf, *suite, *root, *day, *key, *signature;
    json_int_t index, offset, size, recorded_at;
    json_t *path;
    json_error_t wrong;
    if (json_unpack_ex(object, &wrong, JSON_STRICT,
                       "{s:s, s:s, s:{s:I, s:I, s:s}, s:o, s:{s:s, s:I, s:s, s:s, s:I, s:s, s:s}}",
                       "format", &format, "receipt", &receipt, "leaf", "index", &index,
                       "receipt_at", &offset, "data", &leaf, "path", &path, "root", "suite", &suite,
                       "size", &size, "hash", &root, "day", &day, "recorded_at", &recorded_at,
                       "key", &key, "signature", &signature) < 0)
        return jz_error_set(err, JZ_E_FORMAT, "proof: %s", wrong.text);
    if (strcmp(format, format_name) != 0)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "proof: its format is '%.40s', not '%s'", format,
                            format_name);
    p->index = (uint64_t)index;
    p->offset = (size_t)offset;
    p->root.size = (uint64_t)size;
    p->root.recorded_at = recorded_at;
    int r;
    if ((r = jz_receipt_text_parse(receipt, &p->receipt, err)) < 0 ||
        (r = hex_read("leaf", leaf, JZ_RECEIPT_BYTES, sizeof p->leaf, p->leaf, &p->leaf_size,
                      err)) < 0 ||
        (r = read_path(path, p, err)) < 0 || (r = read_suite(suite, &p->root.suite, err)) < 0 ||
        (r = hex_exact("hash", root, sizeof p->root.root, p->root.root, err)) < 0 ||
        (r = hex_exact("key", key, sizeof p->root.key, p->root.key, err)) < 0 ||
        (r = hex_exact("signature", signature, sizeof p->root.signature, p->root.signature, err)) <
            0)
        return r;
    if (!read_day(day, &p->root.day))
        return jz_error_set(err, JZ_E_FORMAT, "proof: '%.20s' is no day", day);
    const char *field = wrong_field(p);
    return field ? jz_error_set(err, JZ_E_FORMAT, "proof: %s is out of range", field) : 0;
}

int jz_proof_parse(const char *text, size_t size, struct jz_proof *ret_proof, struct jz_error *err)
{
    if (size > JZ_PROOF_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "proof: %zu bytes, more than the limit of %d", size,
                            JZ_PROOF_MAX_BYTES);
    json_error_t wrong;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &wrong);
    if (!object)
        return jz_error_set(err, JZ_E_FORMAT, "proof: line %d: %s", wrong.line, wrong.text);
    struct jz_proof proof = { .path_count = 0 };
    int r = read_object(object, &proof, err);
    json_decref(object);
    if (r == 0)
        *ret_proof = proof;
    return r;
}

int jz_proof_check(const struct jz_proof *p, const struct jz_public_key *keys, size_t count,
                   struct jz_receipt *ret_receipt, struct jz_error *err)
{
    struct jz_receipt receipt;
    int r = jz_receipt_verify(keys, count, &p->receipt, &receipt, err);
    if (r < 0)
        return r;
    const char *wrong = wrong_field(p);
    if (wrong)
        return jz_error_set(err, JZ_E_FORMAT, "proof: %s is out of range", wrong);
    if (memcmp(p->leaf + p->offset, p->receipt.bytes, JZ_RECEIPT_BYTES) != 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "proof: the leaf does not hold the receipt");
    if (p->index != receipt.leaf)
        return jz_error_set(err, JZ_E_INTEGRITY, "proof: the receipt names another leaf");
    const struct jz_public_key *key = jz_receipt_key(keys, count, p->root.key);
    if (!key)
        return jz_error_set(err, JZ_E_INTEGRITY, "proof: the root is not signed by the key given");
    if ((r = jz_root_verify(key, &p->root, err)) < 0)
        return r;
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
    if ((r = jz_hasher_new(p->root.suite, &hasher, err)) < 0)
        return r;
    const struct jz_bytes data = { p->leaf, p->leaf_size };
    uint8_t leaf[JZ_DIGEST_BYTES];
    jz_tree_leaf(hasher, &data, 1, leaf);
    if ((r = jz_tree_verify_path(hasher, leaf, p->index, p->root.size, p->path, p->path_count,
                                 p->root.root, err)) < 0)
        return r;
    *ret_receipt = receipt;
    return 0;
}

int jz_proof_verify(const char *text, size_t size, const struct jz_public_key *keys, size_t count,
                    struct jz_proof *ret_proof, struct jz_receipt *ret_receipt,
                    struct jz_error *err)
{
    struct jz_proof proof;
    struct jz_receipt receipt;
    int r;
    if ((r = jz_proof_parse(text, size, &proof, err)) < 0 ||
        (r = jz_proof_check(&proof, keys, count, &receipt, err)) < 0)
        return r;
    *ret_proof = proof;
    *ret_receipt = receipt;
    return 0;
}
