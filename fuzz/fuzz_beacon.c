/* The text and the short form of a beacon: what is taken is written again as the same bytes. */
#include "audit/beacon.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    struct jz_beacon beacon;
    struct jz_error err = { 0 };
    char again[JZ_BEACON_TEXT_BYTES];
    const int r = jz_beacon_parse(text, size, &beacon, &err);
    if (r < 0) {
        if (err.code != r || !*err.text)
            abort();
        return;
    }
    jz_beacon_format(&beacon, again);
    if (strlen(again) != size || memcmp(again, text, size) != 0)
        abort();
}

static void check_short(const char *text)
{
    struct jz_error err = { 0 };
    char once[JZ_BEACON_SHORT_BYTES], twice[JZ_BEACON_SHORT_BYTES];
    uint64_t code, again;
    const int r = jz_beacon_short_parse(text, &code, &err);
    if (r < 0) {
        if (err.code != r || !*err.text)
            abort();
        return;
    }
    if (jz_beacon_short_parse(jz_beacon_short(code, once), &again, &err) < 0 || again != code ||
        strcmp(jz_beacon_short(again, twice), once) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    check_text(text, size);
    check_short(text);
    free(text);
    return 0;
}
