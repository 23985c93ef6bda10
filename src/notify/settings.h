/*
 * The outbox from its settings, a JSON file (docs/notify.md): carriers with their URLs, templates
 * and the files their secrets are in. Unknown keys are refused, with their name.
 */
#pragma once

#include "notify/outbox.h"

#define JZ_NOTIFY_MAX_BYTES (64 << 10)
#define JZ_SECRET_MAX_BYTES 4096

/*
 * JZ_E_NOT_FOUND, JZ_E_FORMAT, JZ_E_USAGE, with the file and the key; JZ_E_DENIED when others may
 * read a file with a secret.
 */
int jz_notify_open(const char *path, struct jz_outbox **ret_outbox,
                   struct jz_error *err) JZ_MUST_CHECK;

/*
 * The first line of a file that only its owner can read: wipe and free it. JZ_E_NOT_FOUND,
 * JZ_E_DENIED with what to type, JZ_E_FORMAT when it is empty, not UTF-8 or has control characters.
 */
int jz_secret_read(const char *path, char **ret_secret, struct jz_error *err) JZ_MUST_CHECK;
