/*
 * Administrative regions: GB/T 2260 codes of six digits (province, prefecture, county), longer
 * statistical codes of nine and twelve (township, village). The provinces have names here; lower
 * levels come from the register. Pure; the table is constant.
 *
 * An area is written as a prefix: "" is the country, "37" or "370000" the province, "3701" or
 * "370100" the prefecture. Zeros of a whole level at the end say nothing and are dropped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define JZ_REGION_MAX_DIGITS 12
#define JZ_REGION_TEXT_BYTES (JZ_REGION_MAX_DIGITS + 1)

struct jz_province {
    char code[3];
    const char *zh_hans, *zh_hant, *en;
};

/* 81 to 83 are Hong Kong, Macau and Taiwan, 83 as residence permits number Taiwan; 71 is Taiwan. */
const struct jz_province *jz_provinces(size_t *ret_count);

/* The province whose code the text starts with; NULL when there is none. */
const struct jz_province *jz_province_of(const char *code);

/*
 * The shortest form of an area: digits of whole levels (0, 2, 4, 6, 9 or 12), trailing zero levels
 * dropped. False for anything else, or an unknown province.
 */
bool jz_region_prefix(const char *text, char ret_prefix[JZ_REGION_TEXT_BYTES]);

/* Whether the region lies in the area, which is in its shortest form. */
bool jz_region_is_in(const char *region, const char *area);
