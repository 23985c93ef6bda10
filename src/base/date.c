#include "base/date.h"

#include <time.h>

enum { MIN_YEAR = 1, MAX_YEAR = 9999, SHANGHAI_SECONDS = 8 * 3600, DAY_SECONDS = 86400 };

int jz_month_days(int year, int month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        return 29;
    return days[month - 1];
}

struct jz_date jz_date_from_key(int64_t key)
{
    const int64_t year = key / 10000, month = key / 100 % 100, day = key % 100;
    if (year < MIN_YEAR || year > MAX_YEAR || month < 1 || month > 12 || day < 1 ||
        day > jz_month_days((int)year, (int)month))
        return (struct jz_date){ 0 };
    return (struct jz_date){ (int16_t)year, (uint8_t)month, (uint8_t)day };
}

/*
 * Both ways count from 1 March of year 0, so that the leap day ends a year and the months before it
 * follow the line (153 * m + 2) / 5. A cycle of 400 years has 146097 days; the epoch is day 719468.
 */
int32_t jz_date_to_days(struct jz_date d)
{
    const int32_t year = d.month > 2 ? d.year : d.year - 1;
    const int32_t cycle = (year >= 0 ? year : year - 399) / 400;
    const int32_t year_of_cycle = year - cycle * 400;
    const int32_t month = d.month > 2 ? d.month - 3 : d.month + 9;
    const int32_t day_of_year = (153 * month + 2) / 5 + d.day - 1;
    return cycle * 146097 + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 +
           day_of_year - 719468;
}

struct jz_date jz_date_from_days(int32_t days)
{
    const int32_t shifted = days + 719468;
    const int32_t cycle = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int32_t day = shifted - cycle * 146097;
    const int32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    const int32_t day_of_year = day - (365 * year + year / 4 - year / 100);
    const int32_t month = (5 * day_of_year + 2) / 153;
    return (struct jz_date){
        .year = (int16_t)(cycle * 400 + year + (month >= 10)),
        .month = (uint8_t)(month < 10 ? month + 3 : month - 9),
        .day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

struct jz_date jz_date_add_days(struct jz_date d, int days)
{
    return jz_date_from_days(jz_date_to_days(d) + days);
}

struct jz_month jz_month_add(struct jz_month m, int months)
{
    const int all = m.year * 12 + m.month - 1 + months;
    return (struct jz_month){ (int16_t)(all / 12), (uint8_t)(all % 12 + 1) };
}

struct jz_date jz_date_add_months(struct jz_date d, int months)
{
    const struct jz_month m = jz_month_add(jz_date_month(d), months);
    const int last = d.day > 28 ? jz_month_days(m.year, m.month) : 28;
    return (struct jz_date){ m.year, m.month, d.day < last ? d.day : (uint8_t)last };
}

struct jz_date jz_date_month_end(struct jz_date d, int months)
{
    const struct jz_month m = jz_month_add(jz_date_month(d), months);
    return (struct jz_date){ m.year, m.month, (uint8_t)jz_month_days(m.year, m.month) };
}

int jz_date_age(struct jz_date born, struct jz_date on)
{
    return on.year - born.year - (on.month * 100 + on.day < born.month * 100 + born.day);
}

/* So many digits at *text, and moves past them. */
static bool take_digits(const char **text, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + **text - '0';
    }
    *ret = value;
    return true;
}

bool jz_date_parse(const char *text, struct jz_date *ret_date)
{
    int year, month, day;
    if (!take_digits(&text, 4, &year))
        return false;
    const char separator = *text == '-' || *text == '/' || *text == '.' ? *text : 0;
    if (separator)
        text++;
    if (!take_digits(&text, 2, &month) || (separator && *text++ != separator) ||
        !take_digits(&text, 2, &day) || *text)
        return false;
    const struct jz_date d = jz_date_from_key(year * 10000 + month * 100 + day);
    if (!jz_date_is_set(d))
        return false;
    *ret_date = d;
    return true;
}

bool jz_month_parse(const char *text, struct jz_month *ret_month)
{
    int year, month;
    if (!take_digits(&text, 4, &year) || *text++ != '-' || !take_digits(&text, 2, &month) ||
        *text || year < MIN_YEAR || month < 1 || month > 12)
        return false;
    *ret_month = (struct jz_month){ (int16_t)year, (uint8_t)month };
    return true;
}

static char *put_digits(char *at, int value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + count;
}

char *jz_month_format(struct jz_month m, char ret_text[JZ_MONTH_TEXT_BYTES])
{
    char *at = put_digits(ret_text, m.year, 4);
    *at++ = '-';
    *put_digits(at, m.month, 2) = 0;
    return ret_text;
}

char *jz_date_format(struct jz_date d, char ret_text[JZ_DATE_TEXT_BYTES])
{
    jz_month_format(jz_date_month(d), ret_text);
    ret_text[7] = '-';
    *put_digits(ret_text + 8, d.day, 2) = 0;
    return ret_text;
}

struct jz_date jz_date_at(int64_t unix_seconds)
{
    int64_t local = unix_seconds + SHANGHAI_SECONDS;
    if (local < 0)
        local -= DAY_SECONDS - 1;
    return jz_date_from_days((int32_t)(local / DAY_SECONDS));
}

struct jz_date jz_date_today(void)
{
    return jz_date_at(time(NULL));
}
