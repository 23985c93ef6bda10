/*
 * Civil days and months: proleptic Gregorian, years 1 to 9999, no clock and no time zone but in
 * jz_date_today. Plain values, compared by their key; { 0 } is "no day".
 */
#pragma once

#include "base/error.h"

struct jz_date {
    int16_t year;
    uint8_t month, day;
};

struct jz_month {
    int16_t year;
    uint8_t month;
};

#define JZ_DATE_TEXT_BYTES  11 /* "2026-11-25" and the NUL */
#define JZ_MONTH_TEXT_BYTES 8  /* "2026-11" and the NUL */

/* 20261125, which is also how databases keep a day; 0 is no day. */
static inline int32_t jz_date_key(struct jz_date d)
{
    return d.year * 10000 + d.month * 100 + d.day;
}

static inline bool jz_date_is_set(struct jz_date d)
{
    return d.month != 0;
}

static inline int jz_date_compare(struct jz_date a, struct jz_date b)
{
    const int32_t x = jz_date_key(a), y = jz_date_key(b);
    return (x > y) - (x < y);
}

/* No day for anything that is not the key of a real one. */
struct jz_date jz_date_from_key(int64_t key);

/* 28 to 31. */
int jz_month_days(int year, int month);

/* Days since 1970-01-01, negative before, and back. */
int32_t jz_date_to_days(struct jz_date d);
struct jz_date jz_date_from_days(int32_t days);

struct jz_date jz_date_add_days(struct jz_date d, int days);

/* Keeps the day of the month and clamps it to the last: 2024-02-29 and 12 give 2025-02-28. */
struct jz_date jz_date_add_months(struct jz_date d, int months);

/* The last day of the month that lies `months` after the month of d. */
struct jz_date jz_date_month_end(struct jz_date d, int months);

static inline struct jz_month jz_date_month(struct jz_date d)
{
    return (struct jz_month){ d.year, d.month };
}

struct jz_month jz_month_add(struct jz_month m, int months);

/* Completed years from `born` to `on`; negative when `on` is earlier. */
int jz_date_age(struct jz_date born, struct jz_date on);

/* "2026-11-25", "20261125", "2026/11/25" or "2026.11.25", months and days of two digits. */
bool jz_date_parse(const char *text, struct jz_date *ret_date);
bool jz_month_parse(const char *text, struct jz_month *ret_month);
char *jz_date_format(struct jz_date d, char ret_text[JZ_DATE_TEXT_BYTES]);
char *jz_month_format(struct jz_month m, char ret_text[JZ_MONTH_TEXT_BYTES]);

/* The civil day in Asia/Shanghai (UTC+8, no summer time) at so many seconds since 1970 UTC. */
struct jz_date jz_date_at(int64_t unix_seconds);
struct jz_date jz_date_today(void);
