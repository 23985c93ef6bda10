/*
 * The proof that a receipt stands in the audit log: one small JSON file that anybody can check with
 * the installation's public keys alone, years later, without the register. docs/receipt.md
 * describes it.
 *
 * Plain values, any thread.
 */
#pragma once

#include "crypto/root.h"
#include "crypto/tree.h"
#include "receipt/payload.h"

#define JZ_PROOF_MAX_BYTES      32768 /* of the text */
#define JZ_PROOF_MAX_LEAF_BYTES 4096

struct jz_proof {
    struct jz_signed_receipt receipt;
    uint8_t leaf[JZ_PROOF_MAX_LEAF_BYTES]; /* what was hashed into the tree */
    size_t leaf_size;
    size_t offset; /* where in it the receipt's JZ_RECEIPT_BYTES stand */
    uint64_t index;
    uint8_t path[JZ_TREE_LEVELS][JZ_DIGEST_BYTES];
    int path_count;
    struct jz_signed_root root;
};

/* The text, ending in a line feed (free). JZ_E_USAGE when a field is out of range. */
int jz_proof_format(const struct jz_proof *proof, char **ret_text,
                    struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_FORMAT, JZ_E_LIMIT. Nothing is checked but the form. */
int jz_proof_parse(const char *text, size_t size, struct jz_proof *ret_proof,
                   struct jz_error *err) JZ_MUST_CHECK;

/*
 * Whether the receipt is genuine, stands in the leaf, the leaf in the tree, and the tree's root is
 * signed; receipt and root may be signed by different ones of the keys, as after a rotation.
 * JZ_E_INTEGRITY says which of it fails.
 */
int jz_proof_check(const struct jz_proof *proof, const struct jz_public_key *keys, size_t count,
                   struct jz_receipt *ret_receipt, struct jz_error *err) JZ_MUST_CHECK;

/* Both. */
int jz_proof_verify(const char *text, size_t size, const struct jz_public_key *keys, size_t count,
                    struct jz_proof *ret_proof, struct jz_receipt *ret_receipt,
                    struct jz_error *err) JZ_MUST_CHECK;
