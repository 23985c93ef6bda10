/*
 * A person's own key: it seals the person's templates and the files of the person's requests, and
 * nothing else opens them. It is made with the first of these and deleted by forgetting.
 *
 * Sealing is done before the act, outside the writer; inside it, jz_own_key_keep sees that the key
 * is still the person's.
 */
#pragma once

#include "store/store.h"

struct jz_own_key {
    uint8_t wrapped[JZ_SUBJECT_KEY_MAX_BYTES];
    size_t size;
    bool is_new;
    int64_t latest; /* of what the key sealed or shredded, when it was read */
};

/* What the key and the templates are sealed with, beside the keyring: whose they are. */
struct jz_own_key_context {
    char text[48];
};
struct jz_bytes jz_own_key_context(int64_t person, struct jz_own_key_context *context);

/* The person's key, or a new one where there is none. */
int jz_own_key_take(struct jz_store *store, int64_t person, struct jz_own_key *ret_key,
                    struct jz_error *err) JZ_MUST_CHECK;

/* Inside decide. JZ_E_CONFLICT: made, used or shredded since it was taken; take it again. */
int jz_own_key_keep(const struct jz_own_key *key, const struct jz_person_state *state,
                    struct jz_entry *entry, struct jz_error *err) JZ_MUST_CHECK;
