/* The statement that templates were shredded: what is taken is written again as the same bytes. */
#include "audit/shred.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jz_shred shred;
    struct jz_error err = { 0 };
    char again[JZ_SHRED_TEXT_BYTES];
    const int r = jz_shred_parse(data, size, &shred, &err);
    if (r < 0) {
        if (err.code != r || !*err.text)
            abort();
        return 0;
    }
    jz_shred_format(&shred, again);
    if (strlen(again) != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
