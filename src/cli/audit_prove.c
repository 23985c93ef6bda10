/* jianzai audit prove: a file that shows an outsider that a receipt stands in the log. */
#include "cli/desk.h"

#include "audit/prove.h"
#include "base/file.h"
#include "ledger/receipts.h"
#include "receipt/proof.h"

#include <string.h>

static int run(int argc, char **argv);

const struct command audit_prove_command = {
    "prove", run, "CODE|NUMBER --out FILE [--sign]",
    "a proof that the receipt stands in the log, for receipt verify anywhere"
};

/* The file's form of what the log proves. */
static int make_proof(const struct desk *desk, const struct jz_receipt_row *row,
                      const struct jz_audit_proof *from, struct jz_proof *ret_proof,
                      struct jz_error *err)
{
    const uint8_t *at =
        memmem(from->leaf.bytes, from->leaf.size, row->payload, sizeof row->payload);
    if (from->leaf.size > sizeof ret_proof->leaf || !at)
        return jz_error_set(err, JZ_E_INTERNAL, "receipt %lld: its fact has an unknown form",
                            (long long)row->fact);
    int r = jz_receipt_sign_recorded(desk->keyring, row->payload, sizeof row->payload,
                                     &ret_proof->receipt, err);
    if (r < 0)
        return r;
    memcpy(ret_proof->leaf, from->leaf.bytes, from->leaf.size);
    ret_proof->leaf_size = from->leaf.size;
    ret_proof->offset = (size_t)(at - from->leaf.bytes);
    ret_proof->index = from->index;
    memcpy(ret_proof->path, from->path, sizeof ret_proof->path);
    ret_proof->path_count = from->path_count;
    ret_proof->root = from->root.signed_root;
    return 0;
}

static int prove(struct desk *desk, const char *name, bool sign, const char *path,
                 struct jz_error *err)
{
    JZ_CLEANUP(jz_audit_proof_done) struct jz_audit_proof from = { 0 };
    struct jz_receipt_row row;
    struct jz_audit_root root;
    struct jz_proof proof = { .path_count = 0 };
    jz_autofree char *text = NULL;
    int r = jz_receipts_find(desk->store, name, &row, err);
    if (r < 0)
        return r;
    r = jz_audit_prove(desk->store, JZ_T_RECEIPT, row.fact, &from, err);
    if (r == JZ_E_CONFLICT && sign &&
        (r = jz_audit_root_sign(desk->store, (struct jz_date){ 0 }, &root, err)) == 0)
        r = jz_audit_prove(desk->store, JZ_T_RECEIPT, row.fact, &from, err);
    if (r < 0 || (r = make_proof(desk, &row, &from, &proof, err)) < 0 ||
        (r = jz_proof_format(&proof, &text, err)) < 0 ||
        (r = jz_file_write(path, text, strlen(text), err)) < 0)
        return r;
    char day[JZ_DATE_TEXT_BYTES];
    printf("%s: receipt %lld stands in the log of %llu facts whose root was signed on %s\n"
           "anybody can check it: jianzai receipt verify --key KEYFILE %s\n",
           path, (long long)row.fact, (unsigned long long)proof.root.size,
           jz_date_format(proof.root.day, day), path);
    return 0;
}

static int run(int argc, char **argv)
{
    struct desk_options where = { .without_policies = true };
    const char *out = NULL;
    bool sign = false;
    const struct arg args[] = {
        { "out", ARG_TEXT, &out, "FILE: the proof" },
        { "sign", ARG_FLAG, &sign, "sign a root now when none covers the receipt yet" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&audit_prove_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!out) {
        fputs("jianzai: audit prove: --out FILE is needed\n", stderr);
        return EXIT_USAGE;
    }
    struct jz_error err;
    struct desk desk;
    if ((r = desk_open(&where, !sign, &desk)) != 0)
        return r;
    r = prove(&desk, argv[first], sign, out, &err);
    desk_close(&desk);
    if (r < 0)
        complain(NULL, &err);
    return r < 0 ? EXIT_USAGE : 0;
}
