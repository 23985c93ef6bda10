/* Putting policy versions into the register. */
#pragma once

#include "store/store.h"

/*
 * Adds every version of the set that the register does not have, all in one commit. A version that
 * is there with another text is refused (JZ_E_CONFLICT): a version never changes, a new one is
 * made. JZ_E_CONFLICT too when old and new together would leave nothing to choose by.
 */
int jz_policies_add(struct jz_store *store, const struct jz_policy_set *set, const char *operator,
                    size_t * ret_added, struct jz_error *err) JZ_MUST_CHECK;
