/* The text of a witness: what is taken is written again as the same bytes. */
#include "audit/witness.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jz_signed_root root;
    struct jz_error err = { 0 };
    char again[JZ_WITNESS_TEXT_BYTES];
    const int r = jz_witness_parse(data, size, &root, &err);
    if (r < 0) {
        if (err.code != r || !*err.text)
            abort();
        return 0;
    }
    jz_witness_format(&root, again);
    if (strlen(again) != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
