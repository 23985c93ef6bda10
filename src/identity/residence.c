#include "identity/residence.h"

#include "identity/region.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_COUNTRY = 1000000, LETTERS = 26 };

bool jz_region_number(const char *text, unsigned *ret_region)
{
    char prefix[JZ_REGION_TEXT_BYTES];
    if (!jz_region_prefix(text, prefix) || !*prefix)
        return false;
    unsigned region = 0;
    const size_t size = strlen(prefix);
    for (size_t i = 0; i < 6; i++)
        region = region * 10 + (i < size ? (unsigned)(prefix[i] - '0') : 0);
    *ret_region = region;
    return true;
}

bool jz_residence_parse(const char *text, unsigned *ret_residence)
{
    if (*text >= '0' && *text <= '9')
        return jz_region_number(text, ret_residence);
    unsigned number = 0;
    for (int i = 0; i < 3; i++) {
        const char c = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
        if (c < 'A' || c > 'Z')
            return false;
        number = number * LETTERS + (unsigned)(c - 'A');
    }
    if (text[3])
        return false;
    *ret_residence = FIRST_COUNTRY + number;
    return true;
}

char *jz_residence_format(unsigned residence, char ret_text[JZ_RESIDENCE_TEXT_BYTES])
{
    const unsigned country = residence - FIRST_COUNTRY;
    if (residence == 0)
        *ret_text = 0;
    else if (residence < FIRST_COUNTRY)
        snprintf(ret_text, JZ_RESIDENCE_TEXT_BYTES, "%06u", residence);
    else
        snprintf(ret_text, JZ_RESIDENCE_TEXT_BYTES, "%c%c%c",
                 (char)('A' + country / LETTERS / LETTERS % LETTERS),
                 (char)('A' + country / LETTERS % LETTERS), (char)('A' + country % LETTERS));
    return ret_text;
}
