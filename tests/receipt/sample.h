/* A receipt of a made-up person for the tests. */
#pragma once

#include "receipt/payload.h"

struct jz_receipt sample_receipt(void);

/* With bytes in place of a signature, for what does not look at it. */
struct jz_signed_receipt sample_unsigned(const struct jz_receipt *receipt);
