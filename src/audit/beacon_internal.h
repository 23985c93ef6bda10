/* What the two files of the beacon share. */
#pragma once

#include "audit/beacon.h"

/* Fills in key and signature, with the newest key. */
int beacon_sign(const struct jz_keyring *keyring, struct jz_beacon *beacon,
                struct jz_error *err) JZ_MUST_CHECK;
