/* Civil days: every day there is, forth and back, against the C library's own calendar. */
#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void every_day_goes_forth_and_back(void **state)
{
    (void)state;
    struct tm tm = { .tm_year = 1 - 1900, .tm_mon = 0, .tm_mday = 1 };
    int32_t days = (int32_t)(timegm(&tm) / 86400);
    int32_t key = 0, seen = 0;
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            const int length = jz_month_days(year, month);
            assert_true(length >= 28 && length <= 31);
            for (int d = 1; d <= length; d++, days++, seen++) {
                const struct jz_date date = { (int16_t)year, (uint8_t)month, (uint8_t)d };
                const struct jz_date back = jz_date_from_days(days);
                if (jz_date_to_days(date) != days || jz_date_key(back) != jz_date_key(date) ||
                    jz_date_key(jz_date_from_key(jz_date_key(date))) != jz_date_key(date) ||
                    jz_date_key(date) <= key)
                    fail_msg("%04d-%02d-%02d, day %d", year, month, d, days);
                key = jz_date_key(date);
            }
            assert_false(jz_date_is_set(jz_date_from_key(year * 10000 + month * 100 + length + 1)));
        }
    assert_int_equal(seen, 3652059);
}

static void it_agrees_with_the_library(void **state)
{
    (void)state;
    for (int32_t days = -719162; days < 2932896; days += 97) {
        const time_t seconds = (time_t)days * 86400;
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        const struct jz_date d = jz_date_from_days(days);
        assert_int_equal(jz_date_key(d),
                         (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
        struct tm again = { .tm_year = d.year - 1900, .tm_mon = d.month - 1, .tm_mday = d.day };
        assert_int_equal(timegm(&again) / 86400, days);
    }
}

static void known_days(void **state)
{
    (void)state;
    static const struct {
        int32_t key, days;
    } cases[] = {
        { 19700101, 0 },     { 19691231, -1 },      { 20000229, 11016 },  { 20000301, 11017 },
        { 10101, -719162 },  { 99991231, 2932896 }, { 19000228, -25509 }, { 19000301, -25508 },
        { 20261125, 20782 }, { 16000229, -135081 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(jz_date_to_days(jz_date_from_key(cases[i].key)), cases[i].days);
}

static void months_clamp(void **state)
{
    (void)state;
    static const struct {
        int32_t from;
        int months;
        int32_t to, end;
    } cases[] = {
        { 20240229, 12, 20250228, 20250228 },   { 20250831, 6, 20260228, 20260228 },
        { 20250131, 1, 20250228, 20250228 },    { 20240131, 1, 20240229, 20240229 },
        { 20250228, 12, 20260228, 20260228 },   { 20251115, 2, 20260115, 20260131 },
        { 20250131, 0, 20250131, 20250131 },    { 20250331, -1, 20250228, 20250228 },
        { 20250115, -1, 20241215, 20241231 },   { 20250115, -13, 20231215, 20231231 },
        { 20251231, 1200, 21251231, 21251231 }, { 19000131, 1, 19000228, 19000228 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct jz_date from = jz_date_from_key(cases[i].from);
        assert_int_equal(jz_date_key(jz_date_add_months(from, cases[i].months)), cases[i].to);
        assert_int_equal(jz_date_key(jz_date_month_end(from, cases[i].months)), cases[i].end);
    }
}

static void texts_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t key; /* 0: refused */
    } cases[] = {
        { "2026-11-25", 20261125 },
        { "20261125", 20261125 },
        { "2026/11/25", 20261125 },
        { "2026.11.25", 20261125 },
        { "2024-02-29", 20240229 },
        { "0001-01-01", 10101 },
        { "9999-12-31", 99991231 },
        { "2025-02-29", 0 },
        { "1900-02-29", 0 },
        { "2026-11/25", 0 },
        { "2026-1125", 0 },
        { "202611-25", 0 },
        { "2026-11-31", 0 },
        { "2026-13-01", 0 },
        { "2026-00-01", 0 },
        { "2026-01-00", 0 },
        { "0000-01-01", 0 },
        { "2026-1-1", 0 },
        { "2026-11-25 ", 0 },
        { " 2026-11-25", 0 },
        { "", 0 },
        { "2026", 0 },
        { "2026-11-2a", 0 },
        { "-026-11-25", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_date d = { 1, 2, 3 };
        const bool good = jz_date_parse(cases[i].text, &d);
        assert_int_equal(good, cases[i].key != 0);
        assert_int_equal(jz_date_key(d), good ? cases[i].key : 10203);
        if (good && cases[i].text[4] == '-') {
            char text[JZ_DATE_TEXT_BYTES];
            assert_string_equal(jz_date_format(d, text), cases[i].text);
        }
    }
    struct jz_month m = { 1, 2 };
    char text[JZ_MONTH_TEXT_BYTES];
    assert_true(jz_month_parse("2026-11", &m));
    assert_string_equal(jz_month_format(m, text), "2026-11");
    static const char *const bad[] = { "2026-13", "2026-00",  "202611",
                                       "2026-1",  "2026-11-", "0000-01" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(jz_month_parse(bad[i], &m));
    assert_false(jz_date_is_set(jz_date_from_key(-20261125)));
    assert_false(jz_date_is_set(jz_date_from_key(INT64_MAX)));
}

static void ages_count_whole_years(void **state)
{
    (void)state;
    static const struct {
        int32_t born, on;
        int age;
    } cases[] = { { 19460515, 20260514, 79 }, { 19460515, 20260515, 80 },
                  { 19480229, 20270228, 78 }, { 19480229, 20270301, 79 },
                  { 20260515, 20260515, 0 },  { 20260515, 20260514, -1 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            jz_date_age(jz_date_from_key(cases[i].born), jz_date_from_key(cases[i].on)),
            cases[i].age);
}

static void days_begin_in_shanghai(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        int32_t key;
    } cases[] = { { 0, 19700101 },         { 57599, 19700101 },  { 57600, 19700102 },
                  { -28800, 19700101 },    { -28801, 19691231 }, { 1795622399, 20261125 },
                  { 1795622400, 20261126 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(jz_date_key(jz_date_at(cases[i].seconds)), cases[i].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_goes_forth_and_back),
        cmocka_unit_test(it_agrees_with_the_library),
        cmocka_unit_test(known_days),
        cmocka_unit_test(months_clamp),
        cmocka_unit_test(texts_are_read_strictly),
        cmocka_unit_test(ages_count_whole_years),
        cmocka_unit_test(days_begin_in_shanghai),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
