/*
 * Policies from files and folders; the only part of the room that reads anything.
 * Everything read is owned by the caller. Any thread.
 */
#pragma once

#include "policy/policy.h"

/*
 * Reads one file, or every NAME.yaml of a folder (not of folders in it), for each of the paths and
 * makes one set. on_complaint (may be NULL) hears of everything wrong in all of them; err has the
 * first of it. JZ_E_NOT_FOUND when a path is not there or a folder holds no policy.
 */
int jz_policy_load(const char *const *paths, size_t count, jz_policy_complaint_fn on_complaint,
                   void *context, struct jz_policy_set **ret_set,
                   struct jz_error *err) JZ_MUST_CHECK;
