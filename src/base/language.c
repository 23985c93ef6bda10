#include "base/language.h"

#include <string.h>

static const char *const names[JZ_LANGUAGES] = {
    [JZ_ZH_HANS] = "zh-Hans",
    [JZ_ZH_HANT] = "zh-Hant",
    [JZ_EN] = "en",
};

const char *jz_language_tag(enum jz_language language)
{
    return names[language];
}

bool jz_language_parse(const char *name, enum jz_language *ret_language)
{
    for (int i = 0; i < JZ_LANGUAGES; i++)
        if (strcmp(name, names[i]) == 0) {
            *ret_language = (enum jz_language)i;
            return true;
        }
    return false;
}
