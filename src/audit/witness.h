/*
 * A signed root as a text for somebody outside: a witness. Whoever kept one can tell later whether
 * the log still continues it. docs/audit.md describes the text.
 *
 * Plain values, any thread.
 */
#pragma once

#include "audit/root.h"

#define JZ_WITNESS_TEXT_BYTES 512

void jz_witness_format(const struct jz_signed_root *root, char ret_text[JZ_WITNESS_TEXT_BYTES]);

/* JZ_E_FORMAT, JZ_E_LIMIT, JZ_E_UNSUPPORTED. There is one way to write a root. */
int jz_witness_parse(const void *text, size_t size, struct jz_signed_root *ret_root,
                     struct jz_error *err) JZ_MUST_CHECK;

/*
 * Whether the log still begins with what the witness saw: its root made anew from kept hashes and
 * rows. The signature is the caller's to check. JZ_E_INTEGRITY: the log is shorter, or its first
 * facts are no longer those.
 */
int jz_witness_check(struct jz_store *store, const struct jz_signed_root *root,
                     struct jz_error *err) JZ_MUST_CHECK;
