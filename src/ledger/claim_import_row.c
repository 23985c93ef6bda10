/* Words of verdicts, and reading the fields of one row. */
#include "ledger/claim_import.h"

#include "base/csv_write.h"

#include <string.h>

const struct jz_word jz_row_verdict_words[JZ_ROW_VERDICTS] = {
    [JZ_ROW_CERTIFIED] = { "certified", "认证成功", "認證成功", "certified" },
    [JZ_ROW_DEATH] = { "death_recorded", "已登记死亡", "已登記死亡", "death recorded" },
    [JZ_ROW_RECORDED] = { "recorded", "已记录，不计入", "已記錄，不計入",
                          "recorded, counts for nothing" },
    [JZ_ROW_CASE] = { "case_opened", "已转人工核实", "已轉人工核實", "a case was opened" },
    [JZ_ROW_NOT_FOUND] = { "not_found", "名册中无此人", "名冊中無此人",
                           "the person is not in the register" },
    [JZ_ROW_TAKEN] = { "taken_before", "以前已导入", "以前已匯入", "was taken before" },
    [JZ_ROW_REFUSED] = { "refused", "未接收", "未接收", "refused" },
};

const struct jz_word jz_row_refusal_words[JZ_ROW_REFUSALS] = {
    [JZ_REFUSED_NOT] = { "", "", "", "" },
    [JZ_REFUSED_BROKEN] = { "broken_row", "该行无法读取", "該行無法讀取", "the row is broken" },
    [JZ_REFUSED_MISSING] = { "missing", "缺少必填内容", "缺少必填內容", "is missing" },
    [JZ_REFUSED_LONG] = { "too_long", "内容过长", "內容過長", "is too long" },
    [JZ_REFUSED_DOCUMENT] = { "no_document", "不是证件号码", "不是證件號碼",
                              "is no document number" },
    [JZ_REFUSED_NAME] = { "identity_differs", "姓名与名册不一致，未作认证",
                          "姓名與名冊不一致，未作認證",
                          "the name is not that of the register: identity differs" },
    [JZ_REFUSED_DAY] = { "no_day", "不是日期", "不是日期", "is no day like 2026-11-25" },
    [JZ_REFUSED_DAY_IMPOSSIBLE] = { "day_impossible", "日期在今天之后或早于出生日期",
                                    "日期在今天之後或早於出生日期",
                                    "lies in the future or before the person's birth" },
    [JZ_REFUSED_PLACE] = { "no_region", "不是行政区划代码", "不是行政區劃代碼",
                           "is no region of 2, 4 or 6 digits" },
    [JZ_REFUSED_STATUS] = { "no_status", "状态须为健在、死亡或未见", "狀態須為健在、死亡或未見",
                            "is not alive, dead or not_seen" },
    [JZ_REFUSED_UNIT] = { "other_unit", "此人不由该单位管理", "此人不由該單位管理",
                          "the person is not managed by this unit" },
    [JZ_REFUSED_AREA] = { "other_area", "此人不在该地参保或居住", "此人不在該地參保或居住",
                          "the person neither lives nor is insured in this area" },
    [JZ_REFUSED_REF_REUSED] = { "ref_reused", "该编号已用于另一条记录", "該編號已用於另一條記錄",
                                "was used for another person or day of this source" },
    [JZ_REFUSED_TOO_MUCH] = { "too_much", "此人的证据记录已满", "此人的證據記錄已滿",
                              "there is no room for more evidence of this person" },
};

/* Without spaces at both ends, ASCII or of a whole square (U+3000). */
static struct jz_csv_field trim(const struct jz_csv_field *field)
{
    static const char wide[] = "\xE3\x80\x80";
    const char *text = field->text;
    size_t size = field->size;
    for (;;) {
        if (size > 0 && (*text == ' ' || *text == '\t'))
            text++, size--;
        else if (size >= 3 && memcmp(text, wide, 3) == 0)
            text += 3, size -= 3;
        else if (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
            size--;
        else if (size >= 3 && memcmp(text + size - 3, wide, 3) == 0)
            size -= 3;
        else
            return (struct jz_csv_field){ text, size };
    }
}

enum jz_row_refusal jz_row_text(const struct jz_csv_field *field, bool required, char *ret,
                                size_t size)
{
    const struct jz_csv_field f = trim(field);
    if (f.size == 0 && required)
        return JZ_REFUSED_MISSING;
    if (f.size >= size)
        return JZ_REFUSED_LONG;
    memcpy(ret, f.text, f.size);
    ret[f.size] = 0;
    const char *plain = jz_csv_unguard(ret);
    memmove(ret, plain, strlen(plain) + 1);
    return JZ_REFUSED_NOT;
}

enum jz_row_refusal jz_row_day(const struct jz_csv_field *field, struct jz_date *ret_day)
{
    char text[16];
    const enum jz_row_refusal r = jz_row_text(field, true, text, sizeof text);
    if (r != JZ_REFUSED_NOT)
        return r == JZ_REFUSED_LONG ? JZ_REFUSED_DAY : r;
    return jz_date_parse(text, ret_day) ? JZ_REFUSED_NOT : JZ_REFUSED_DAY;
}

enum jz_row_refusal jz_row_place(const struct jz_csv_field *field, unsigned *ret_place)
{
    enum { DIGITS = 6 };
    const struct jz_csv_field f = trim(field);
    unsigned place = 0;
    if (f.size == 0)
        return JZ_REFUSED_NOT;
    if (f.size > DIGITS || f.size % 2 != 0)
        return JZ_REFUSED_PLACE;
    for (size_t i = 0; i < DIGITS; i++) {
        if (i < f.size && (f.text[i] < '0' || f.text[i] > '9'))
            return JZ_REFUSED_PLACE;
        place = place * 10 + (i < f.size ? (unsigned)(f.text[i] - '0') : 0);
    }
    if (place < 110000)
        return JZ_REFUSED_PLACE;
    *ret_place = place;
    return JZ_REFUSED_NOT;
}

enum jz_row_refusal jz_row_event(const struct jz_csv_field *field, char *ret, size_t size)
{
    enum { LONG_NUMBER = 8 };
    int digits = 0;
    const enum jz_row_refusal r = jz_row_text(field, false, ret, size);
    for (const char *at = ret; r == JZ_REFUSED_NOT && *at; at++) {
        digits = *at >= '0' && *at <= '9' ? digits + 1 : 0;
        if (digits == LONG_NUMBER) {
            *ret = 0;
            break;
        }
    }
    return r;
}

/* The bytes of the next character that matters, in lower case; 0 at the end. */
static size_t next_of_name(const char **at, char ret[4])
{
    static const char *const dropped[] = {
        " ",
        "\t",
        "\xC2\xA0",
        "\xE3\x80\x80", /* spaces */
        "\xC2\xB7",
        "\xE2\x80\xA2",
        "\xE3\x83\xBB",
        "\xE2\x80\xA7", /* middle dots */
        "\xEF\xBC\x8E",
        ".",
        "\xE2\x8B\x85",
        "\xEF\xBD\xA5",
    };
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
        if (strncmp(*at, dropped[i], strlen(dropped[i])) == 0) {
            *at += strlen(dropped[i]);
            i = (size_t)-1;
        }
    size_t n = 0;
    if (!**at)
        return 0;
    do
        ret[n++] = *(*at)++;
    while (n < 4 && ((unsigned char)**at & 0xC0) == 0x80);
    if (n == 1 && ret[0] >= 'A' && ret[0] <= 'Z')
        ret[0] = (char)(ret[0] - 'A' + 'a');
    return n;
}

bool jz_same_name(const char *a, const char *b)
{
    char x[4], y[4];
    for (;;) {
        const size_t n = next_of_name(&a, x), k = next_of_name(&b, y);
        if (n != k || memcmp(x, y, n) != 0)
            return false;
        if (n == 0)
            return true;
    }
}
