#include "identity/document.h"

#include "identity/check.h"
#include "identity/region.h"

#include <string.h>

enum {
    EIGHTEEN = 18,
    FIFTEEN = 15,
    OLD_FOREIGN_LETTERS = 3,
    PERMIT_DIGITS = 8,
    REISSUE_DIGITS = 2,
    MIN_PASSPORT = 5,
    MAX_PASSPORT = 17,
    MAX_GUESSED_PASSPORT = 12, /* longer ones are rather a number with a digit lost */
    FIRST_BIRTH_YEAR = 1850,
    LAST_BIRTH_YEAR = 2100,
};

static const struct jz_document_kind_info kinds[JZ_DOCUMENT_KIND_COUNT] = {
    [JZ_DOCUMENT_UNKNOWN] = { "unknown", "未知证件", "未知證件", "unknown document" },
    [JZ_DOCUMENT_CITIZEN_ID] = { "citizen_id", "居民身份证", "居民身分證", "resident ID card" },
    [JZ_DOCUMENT_HMT_RESIDENCE] = { "hmt_residence", "港澳台居民居住证", "港澳臺居民居住證",
                                    "residence permit for Hong Kong, Macau and Taiwan residents" },
    [JZ_DOCUMENT_HMT_PERMIT] = { "hmt_permit", "港澳居民来往内地通行证", "港澳居民來往內地通行證",
                                 "mainland travel permit for Hong Kong and Macau residents" },
    [JZ_DOCUMENT_TAIWAN_PERMIT] = { "taiwan_permit", "台湾居民来往大陆通行证",
                                    "臺灣居民來往大陸通行證",
                                    "mainland travel permit for Taiwan residents" },
    [JZ_DOCUMENT_FOREIGN_PERMANENT] = { "foreign_permanent", "外国人永久居留身份证",
                                        "外國人永久居留身分證",
                                        "foreign permanent resident ID card" },
    [JZ_DOCUMENT_PASSPORT] = { "passport", "护照", "護照", "passport" },
    [JZ_DOCUMENT_SOCIAL_CARD] = { "social_card", "社会保障卡", "社會保障卡",
                                  "social security card" },
};

static const struct jz_document_finding_info findings[] = {
    { JZ_DOCUMENT_WRONG_CHECK, true, "wrong_check", "校验码不符", "校驗碼不符",
      "the check digit does not fit" },
    { JZ_DOCUMENT_WRONG_BIRTH, true, "wrong_birth", "出生日期不可能", "出生日期不可能",
      "the birth date is impossible" },
    { JZ_DOCUMENT_UNKNOWN_PROVINCE, true, "unknown_province", "没有这个省级代码",
      "沒有這個省級代碼", "no province has this code" },
    { JZ_DOCUMENT_FIFTEEN_DIGITS, false, "fifteen_digits", "15位旧号码，已换为18位",
      "15位舊號碼，已換為18位", "an old number of 15 digits, made into 18" },
    { JZ_DOCUMENT_REISSUE_DROPPED, false, "reissue_dropped", "已略去换证次数", "已略去換證次數",
      "the count of reissues was left off" },
    { JZ_DOCUMENT_WRONG_FORM, true, "wrong_form", "号码格式不符", "號碼格式不符",
      "the number has not the form of its kind" },
    { JZ_DOCUMENT_KIND_CORRECTED, true, "kind_corrected", "证件类型与号码不符，已按号码更正",
      "證件類型與號碼不符，已按號碼更正",
      "the number belongs to another kind of document, which was taken" },
    { JZ_DOCUMENT_KIND_GUESSED, true, "kind_guessed", "未注明证件类型，由号码推断",
      "未註明證件類型，由號碼推斷", "the kind was not given and is guessed from the number" },
    { JZ_DOCUMENT_NO_ISSUER, true, "no_issuer", "护照没有签发国", "護照沒有簽發國",
      "a passport without the state that issued it" },
};

/*
 * One character of a number in `*ret`, 0 for one that separates; its bytes in the text, or 0 when
 * no number has such a character.
 */
static size_t take_character(const char *text, char *ret)
{
    const uint8_t *b = (const uint8_t *)text;
    char byte = *text;
    size_t size = 1;
    if (b[0] == 0xEF && b[1] == 0xBC && b[2] >= 0x81) { /* U+FF01 to U+FF3F are ASCII made wide */
        byte = (char)(b[2] - 0x81 + '!');
        size = 3;
    } else if (b[0] == 0xEF && b[1] == 0xBD && b[2] >= 0x80 && b[2] <= 0x9E) { /* to U+FF5E */
        byte = (char)(b[2] - 0x80 + '`');
        size = 3;
    }
    static const char *const separators[] = {
        "\u3000", "\u00a0", "\u200b", "\ufeff", "–", "—", "·"
    };
    for (size_t i = 0; size == 1 && b[0] >= 0x80 && i < sizeof separators / sizeof separators[0];
         i++)
        if (strncmp(text, separators[i], strlen(separators[i])) == 0) {
            *ret = 0;
            return strlen(separators[i]);
        }
    if (byte >= 'a' && byte <= 'z')
        byte = (char)(byte - 'a' + 'A');
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')) {
        *ret = byte;
        return size;
    }
    *ret = 0;
    return byte && strchr(" \t\r\n-._/'\"=()", byte) ? size : 0;
}

static int normalise(const char *text, char number[JZ_DOCUMENT_NUMBER_BYTES], struct jz_error *err)
{
    size_t used = 0;
    for (size_t n, at = 0; text[at]; at += n) {
        char c;
        n = take_character(text + at, &c);
        if (n == 0)
            return jz_error_set(err, JZ_E_FORMAT,
                                "no document number: a character after %zu others is neither "
                                "letter nor digit",
                                used);
        if (!c)
            continue;
        if (used == JZ_DOCUMENT_MAX_CHARACTERS)
            return jz_error_set(err, JZ_E_LIMIT, "a document number of more than %d characters",
                                JZ_DOCUMENT_MAX_CHARACTERS);
        number[used++] = c;
    }
    number[used] = 0;
    return used ? 0 : jz_error_set(err, JZ_E_FORMAT, "no document number: it is empty");
}

/* Form: '0' stands for a digit, 'A' for a letter, 'X' for a digit or X, all else for itself. */
static bool has_form(const char *number, const char *form)
{
    for (; *form && *number; form++, number++) {
        const bool is_digit = *number >= '0' && *number <= '9';
        if (*form == '0'   ? !is_digit
            : *form == 'A' ? is_digit
            : *form == 'X' ? !is_digit && *number != 'X'
                           : *form != *number)
            return false;
    }
    return !*form && !*number;
}

static bool is_eighteen(const char *number)
{
    return has_form(number, "00000000000000000X");
}

/* Numbers of 18 characters say themselves what they are. */
static enum jz_document_kind kind_of_eighteen(const char *number)
{
    if (*number == '9')
        return JZ_DOCUMENT_FOREIGN_PERMANENT;
    static const char *const permits[] = { "810000", "820000", "830000" };
    for (size_t i = 0; i < sizeof permits / sizeof permits[0]; i++)
        if (strncmp(number, permits[i], 6) == 0)
            return JZ_DOCUMENT_HMT_RESIDENCE;
    return JZ_DOCUMENT_CITIZEN_ID;
}

static bool is_passport(const char *number, size_t most)
{
    const size_t size = strlen(number);
    return size >= MIN_PASSPORT && size <= most;
}

/* All forms but those of 18 and 15 characters and the social card, which has none. */
static const struct {
    const char *form;
    enum jz_document_kind kind;
    bool has_reissue, is_shared; /* numbers of other kinds look the same */
} forms[] = {
    { "H00000000", JZ_DOCUMENT_HMT_PERMIT, false, false },
    { "M00000000", JZ_DOCUMENT_HMT_PERMIT, false, false },
    { "H0000000000", JZ_DOCUMENT_HMT_PERMIT, true, false },
    { "M0000000000", JZ_DOCUMENT_HMT_PERMIT, true, false },
    { "00000000", JZ_DOCUMENT_TAIWAN_PERMIT, false, true },
    { "AAA000000000000", JZ_DOCUMENT_FOREIGN_PERMANENT, false, false },
};

enum { FORM_COUNT = sizeof forms / sizeof forms[0] };

static int find_form(const char *number, enum jz_document_kind kind)
{
    for (int i = 0; i < FORM_COUNT; i++)
        if ((kind == JZ_DOCUMENT_UNKNOWN || kind == forms[i].kind) &&
            has_form(number, forms[i].form))
            return i;
    return -1;
}

/* 6 region, 8 birth date, 3 sequence of which the last tells the sex, check. */
static void read_eighteen(struct jz_document *d)
{
    const char *n = d->number;
    /* Foreigners: 9, the province that issued the card, the nationality in three digits. */
    const bool is_foreign = d->kind == JZ_DOCUMENT_FOREIGN_PERMANENT;
    if (is_foreign)
        snprintf(d->region, sizeof d->region, "%.2s0000", n + 1);
    else
        snprintf(d->region, sizeof d->region, "%.6s", n);
    if (!jz_province_of(d->region))
        d->findings |= JZ_DOCUMENT_UNKNOWN_PROVINCE;
    int64_t key = 0;
    for (int i = 6; i < 14; i++)
        key = key * 10 + n[i] - '0';
    const struct jz_date born = jz_date_from_key(key);
    if (born.year >= FIRST_BIRTH_YEAR && born.year <= LAST_BIRTH_YEAR)
        d->born_on = born;
    else
        d->findings |= JZ_DOCUMENT_WRONG_BIRTH;
    d->sex = (n[16] - '0') % 2 ? JZ_SEX_MALE : JZ_SEX_FEMALE;
    if (n[17] != jz_check_mod_11_2(n, 17))
        d->findings |= JZ_DOCUMENT_WRONG_CHECK;
}

/* 6 region, 6 birth date without century, 3 sequence: "19" goes in, the check behind. */
static void extend_fifteen(struct jz_document *d)
{
    memmove(d->number + 8, d->number + 6, FIFTEEN - 6);
    memcpy(d->number + 6, "19", 2);
    d->number[17] = jz_check_mod_11_2(d->number, 17);
    d->number[18] = 0;
    d->findings |= JZ_DOCUMENT_FIFTEEN_DIGITS;
}

/* What the form says where the kind was not given. */
static void guess(struct jz_document *d)
{
    const int form = d->issuer[0] ? -1 : find_form(d->number, JZ_DOCUMENT_UNKNOWN);
    if (form >= 0) {
        d->kind = forms[form].kind;
        d->findings |= forms[form].is_shared ? JZ_DOCUMENT_KIND_GUESSED : 0;
    } else if (d->issuer[0] && is_passport(d->number, MAX_PASSPORT)) {
        d->kind = JZ_DOCUMENT_PASSPORT;
    } else if (strspn(d->number, "0123456789") < strlen(d->number) &&
               is_passport(d->number, MAX_GUESSED_PASSPORT)) {
        d->kind = JZ_DOCUMENT_PASSPORT;
        d->findings |= JZ_DOCUMENT_KIND_GUESSED;
    }
}

static void read_number(struct jz_document *d)
{
    const enum jz_document_kind said = d->kind;
    if (said == JZ_DOCUMENT_SOCIAL_CARD)
        return;
    if ((said == JZ_DOCUMENT_CITIZEN_ID || (said == JZ_DOCUMENT_UNKNOWN && !d->issuer[0])) &&
        has_form(d->number, "000000000000000"))
        extend_fifteen(d);
    if (said != JZ_DOCUMENT_PASSPORT && is_eighteen(d->number)) {
        d->kind = kind_of_eighteen(d->number);
        if (said != JZ_DOCUMENT_UNKNOWN && said != d->kind)
            d->findings |= JZ_DOCUMENT_KIND_CORRECTED;
        read_eighteen(d);
        return;
    }
    if (said == JZ_DOCUMENT_UNKNOWN)
        guess(d);
    if (d->kind == JZ_DOCUMENT_PASSPORT) {
        d->findings |= d->issuer[0] ? 0 : JZ_DOCUMENT_NO_ISSUER;
        d->findings |= is_passport(d->number, MAX_PASSPORT) ? 0 : JZ_DOCUMENT_WRONG_FORM;
        return;
    }
    const int form = find_form(d->number, d->kind);
    if (form < 0 || d->kind == JZ_DOCUMENT_UNKNOWN) {
        d->findings |= JZ_DOCUMENT_WRONG_FORM;
    } else if (forms[form].has_reissue) {
        d->number[1 + PERMIT_DIGITS] = 0;
        d->findings |= JZ_DOCUMENT_REISSUE_DROPPED;
    }
}

static bool take_issuer(const char *text, char ret[JZ_DOCUMENT_ISSUER_BYTES])
{
    size_t n = 0;
    for (; *text; text++) {
        if (*text == ' ')
            continue;
        const char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
        if (c < 'A' || c > 'Z' || n == JZ_DOCUMENT_ISSUER_BYTES - 1)
            return false;
        ret[n++] = c;
    }
    ret[n] = 0;
    return n == 0 || n == JZ_DOCUMENT_ISSUER_BYTES - 1;
}

int jz_document_parse(const char *text, enum jz_document_kind kind, const char *issuer,
                      struct jz_document *ret_document, struct jz_error *err)
{
    struct jz_document d = { .kind = kind };
    if (!take_issuer(issuer ? issuer : "", d.issuer))
        return jz_error_set(err, JZ_E_FORMAT,
                            "the issuing state is three letters (ISO 3166-1 alpha-3)");
    const int r = normalise(text, d.number, err);
    if (r < 0)
        return r;
    read_number(&d);
    *ret_document = d;
    return 0;
}

char *jz_document_key(const struct jz_document *d, char ret_key[JZ_DOCUMENT_KEY_BYTES])
{
    static const char *const spaces[JZ_DOCUMENT_KIND_COUNT] = {
        [JZ_DOCUMENT_UNKNOWN] = "xx",       [JZ_DOCUMENT_CITIZEN_ID] = "id",
        [JZ_DOCUMENT_HMT_RESIDENCE] = "id", [JZ_DOCUMENT_HMT_PERMIT] = "hm",
        [JZ_DOCUMENT_TAIWAN_PERMIT] = "tw", [JZ_DOCUMENT_FOREIGN_PERMANENT] = "fp",
        [JZ_DOCUMENT_PASSPORT] = "pp",      [JZ_DOCUMENT_SOCIAL_CARD] = "sc",
    };
    const bool is_passport_kind = d->kind == JZ_DOCUMENT_PASSPORT;
    const char *space = spaces[d->kind];
    if (d->kind == JZ_DOCUMENT_FOREIGN_PERMANENT && is_eighteen(d->number))
        space = "id";
    snprintf(ret_key, JZ_DOCUMENT_KEY_BYTES, "%s:%s%s%s", space, is_passport_kind ? d->issuer : "",
             is_passport_kind ? ":" : "", d->number);
    return ret_key;
}

char *jz_document_mask(const struct jz_document *d, char ret_text[JZ_DOCUMENT_NUMBER_BYTES])
{
    const size_t size = strlen(d->number);
    const size_t first = size >= FIFTEEN ? 3 : size >= 8 ? 2 : size >= MIN_PASSPORT ? 1 : 0;
    const size_t last = size >= FIFTEEN ? 4 : first;
    for (size_t i = 0; i < size; i++)
        ret_text[i] = i < first || i >= size - last ? d->number[i] : '*';
    ret_text[size] = 0;
    return ret_text;
}

const struct jz_document_kind_info *jz_document_kind_info(enum jz_document_kind kind)
{
    return &kinds[kind];
}

bool jz_document_kind_parse(const char *name, enum jz_document_kind *ret_kind)
{
    for (int i = 0; i < JZ_DOCUMENT_KIND_COUNT; i++)
        if (strcmp(name, kinds[i].name) == 0 || strcmp(name, kinds[i].zh_hans) == 0) {
            *ret_kind = (enum jz_document_kind)i;
            return true;
        }
    return false;
}

const struct jz_document_finding_info *jz_document_findings(size_t *ret_count)
{
    *ret_count = sizeof findings / sizeof findings[0];
    return findings;
}
