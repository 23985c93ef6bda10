/* What the bridge needs beside jansson. */
#pragma once

#include "base/error.h"

#include <jansson.h>

/* From now on jansson overwrites what it frees. Before anything else of it is called. */
void jz_json_wipe_freed(void);

/*
 * JZ_E_FORMAT with what jansson says of `what`, or JZ_E_MEMORY. Jansson names the keys that are
 * missing, which are ours; keys that we do not know are foreign text, and it says only that there
 * are some.
 */
int jz_json_complain(const json_error_t *e, const char *what, struct jz_error *err);

/* The text of a value on one line, NULL when memory is out; given back by jz_json_text_free. */
char *jz_json_text(const json_t *value);
void jz_json_text_free(void *text);

static inline void jz_json_freep(json_t **value)
{
    json_decref(*value);
}
