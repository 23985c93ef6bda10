#include "bridge/json.h"

#include "crypto/suite.h"

#include <malloc.h>

static void wipe_and_free(void *data)
{
    if (data)
        jz_wipe(data, malloc_usable_size(data));
    free(data);
}

void jz_json_wipe_freed(void)
{
    json_set_alloc_funcs(malloc, wipe_and_free);
}

int jz_json_complain(const json_error_t *e, const char *what, struct jz_error *err)
{
    const enum json_error_code code = json_error_code(e);
    if (code == json_error_out_of_memory)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", what);
    if (code == json_error_end_of_input_expected)
        return jz_error_set(err, JZ_E_FORMAT, "%s: there is more in it than there should be", what);
    if (code == json_error_item_not_found || code == json_error_wrong_type)
        return jz_error_set(err, JZ_E_FORMAT, "%s: %s", what, e->text);
    return jz_error_set(err, JZ_E_FORMAT, "%s: no JSON at byte %d", what, e->position);
}

char *jz_json_text(const json_t *value)
{
    return json_dumps(value, JSON_COMPACT);
}

void jz_json_text_free(void *text)
{
    wipe_and_free(text);
}
