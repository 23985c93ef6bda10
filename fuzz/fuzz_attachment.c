/* What the bytes of a file are: one of three kinds, or an error that says why not. */
#include "ledger/request_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jz_error err = { 0 };
    const char *media = NULL;
    const int r = jz_request_file_media(data, size, &media, &err);
    if (r < 0 ? err.code != r || !*err.text || media : !media)
        abort();
    return 0;
}
