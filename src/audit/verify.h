/*
 * Verification of the whole log: every fact is walked in the order of its number, its leaf made
 * from the row as it stands, chain and tree grown from nothing and compared with everything that
 * was kept: the marks in the rows, the hashes in audit_node, the head, the signed roots.
 * docs/audit.md says what each check proves.
 *
 * One thread reads, one hashes. All of it is one reading transaction, so writers go on meanwhile
 * (SQLite's write-ahead log grows as long). Caches are not looked at: jianzai rebuild does.
 */
#pragma once

#include "audit/root.h"

/* What is wrong with the first bad row. */
enum jz_audit_finding {
    JZ_AUDIT_SOUND,
    JZ_AUDIT_CHANGED,        /* it is not the row that was recorded */
    JZ_AUDIT_MARK,           /* its mark alone was changed */
    JZ_AUDIT_MISSING,        /* no table has a fact of this number */
    JZ_AUDIT_INSERTED,       /* it was slipped in */
    JZ_AUDIT_TIME,           /* recorded before the fact before it */
    JZ_AUDIT_POLICY,         /* a policy that cannot be read */
    JZ_AUDIT_ROOT,           /* a signed root that the facts do not give */
    JZ_AUDIT_ROOT_SIGNATURE, /* a root whose signature is wrong */
    JZ_AUDIT_SHRED,          /* a statement of shredding whose signature is wrong */
    JZ_AUDIT_NODE,           /* a kept hash that the facts do not give */
    JZ_AUDIT_NODE_MISSING,
    JZ_AUDIT_NODE_INSERTED,
    JZ_AUDIT_HEAD,    /* the head does not say where the facts end */
    JZ_AUDIT_WITNESS, /* the facts do not give the root that a witness kept */
    JZ_AUDIT_FINDINGS
};

struct jz_audit_finding_info {
    const char *name; /* stable: "changed" */
    const char *what; /* a sentence without its subject */
};
const struct jz_audit_finding_info *jz_audit_finding_info(enum jz_audit_finding finding);

struct jz_audit_result {
    enum jz_audit_finding finding;
    enum jz_table table;           /* of the first bad row; 0: of a missing row nobody can tell */
    int64_t id;                    /* its number; of a kept hash its position */
    int level;                     /* of a kept hash */
    int64_t person;                /* whom the row is about, as it stands now; 0: nobody */
    int64_t first, last;           /* the facts that are in doubt; 0: just this one */
    uint64_t facts;                /* verified before that, or all */
    uint64_t nodes, roots;         /* of these, compared */
    uint8_t root[JZ_DIGEST_BYTES]; /* of the tree of all facts, when sound */
};

#define JZ_AUDIT_ROOTS_MAX (1 << 20) /* signed roots in one log */

struct jz_audit_options {
    void (*on_progress)(void *context, uint64_t done, uint64_t total); /* may be NULL */
    void *context;
    const struct jz_signed_root *witness; /* a root that the facts must give; NULL: none */
};

/*
 * 0 when the log could be read to its first bad row or its end. What the database itself cannot
 * read is an error: JZ_E_INTEGRITY names table and fact behind which it happened. JZ_E_NOT_FOUND: a
 * root was signed by a key that the keyring does not have.
 */
int jz_audit_verify(struct jz_store *store, const struct jz_audit_options *options,
                    struct jz_audit_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;

/* "evidence 42 (P123): it is not the row that was recorded …" for people. */
#define JZ_AUDIT_TEXT_BYTES 512
void jz_audit_describe(const struct jz_audit_result *result, char ret_text[JZ_AUDIT_TEXT_BYTES]);
