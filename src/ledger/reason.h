/*
 * Why something was not accepted, or what there is to know about it, and what to do next: one table
 * for the ledger's own reasons. The names of the face engine's reasons (face/engine.h,
 * face/session.h) may stand beside them in a list of reasons.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_REASONS_MAX        16
#define JZ_REASONS_TEXT_BYTES 512

struct jz_reason_info {
    const char *name;
    const char *zh_hans, *zh_hant, *en;
};

/* NULL for a name that is not the ledger's. */
const struct jz_reason_info *jz_reason_info(const char *name);

/* Names with commas between; adding one twice, or more than fit, changes nothing. */
struct jz_reasons {
    char text[JZ_REASONS_TEXT_BYTES];
    int count;
};
void jz_reasons_add(struct jz_reasons *reasons, const char *name);
bool jz_reasons_has(const struct jz_reasons *reasons, const char *name);
