/* How `jianzai policy show` prints one policy. */
#pragma once

#include "policy/policy.h"

#include <jansson.h>

/* Plain sentences on standard output. */
void show_policy(const struct jz_policy *policy);

/* All of it except the original text; the caller owns the object. */
json_t *policy_to_json(const struct jz_policy *policy);
