/*
 * Social security cards with a password: a second way for a person to sign in. That a card was
 * bound is a fact, its number sealed; the hash of the password is bookkeeping, replaced when it
 * changes, sealed as well, so that the database alone lets nobody try passwords. Any thread.
 */
#pragma once

#include "crypto/password.h"
#include "identity/document.h"
#include "store/store.h"

/*
 * Binds card and password to the person, in place of what was there. `card` is of kind social_card.
 * JZ_E_CONFLICT: the card is bound to somebody else, or is somebody else's document in the
 * register; JZ_E_NOT_FOUND.
 */
int jz_card_set(struct jz_store *store, int64_t person, const struct jz_document *card,
                const char hash[JZ_PASSWORD_HASH_BYTES], const char *by,
                struct jz_error *err) JZ_MUST_CHECK;

/* *ret_person 0: nobody bound it. */
int jz_card_find(struct jz_store *store, const struct jz_document *card, int64_t *ret_person,
                 char ret_hash[JZ_PASSWORD_HASH_BYTES], struct jz_error *err) JZ_MUST_CHECK;

/* Whether the person has a card with a password. */
int jz_card_is_set(struct jz_store *store, int64_t person, bool *ret_is_set,
                   struct jz_error *err) JZ_MUST_CHECK;
