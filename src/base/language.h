/* The languages people are spoken to in. */
#pragma once

#include <stdbool.h>

enum jz_language { JZ_ZH_HANS, JZ_ZH_HANT, JZ_EN, JZ_LANGUAGES };

/* "zh-Hans", "zh-Hant", "en". */
const char *jz_language_tag(enum jz_language language);
bool jz_language_parse(const char *name, enum jz_language *ret_language);
