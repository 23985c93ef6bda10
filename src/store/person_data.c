/*
 * A person's data as sealed bytes. Every person has some, so each byte here is megabytes of the
 * database: numbers are packed two digits to a byte, Chinese text takes two bytes a character
 * instead of UTF-8's three, and what nearly every address has takes one.
 *
 * A byte of flags; the name with its length; the document: a citizen number in 6 bytes, or in 9
 * when something is wrong with it, or the kind, the number with its length, and the issuer where
 * there is one; the phone: of 11 digits the last 10 in 5 bytes, or a text with its length; the
 * address, to the end.
 */
#include "store/person.h"

#include "base/encoding.h"
#include "identity/check.h"

#include <stdio.h>
#include <string.h>

enum flag {
    NAME_PACKED = 1 << 0, /* see pack_han; otherwise UTF-8 */
    ADDRESS_PACKED = 1 << 1,
    CITIZEN = 1 << 2, /* with a real birth date and the right check digit, see pack_citizen */
    HAS_ISSUER = 1 << 3,
    MOBILE = 1 << 4, /* 11 digits, the first is 1 */
    HAS_PHONE = 1 << 5,
    CITIZEN_DIGITS = 1 << 6, /* any 18 digits, the last may be X */
    LATER = 1 << 7,          /* a form that this program does not know */
};

enum {
    CITIZEN_SIZE = 18,
    CITIZEN_BYTES = 6,
    MOBILE_SIZE = 11,
    HAN_FIRST = 0x4E00,
    HAN_LAST = 0x9FFF,
    HAN_WORD = 0xD2,   /* the first of the words; lower ones begin a character */
    HAN_ESCAPE = 0xFE, /* three bytes of any other character follow */
    MAX_PLAIN = JZ_PERSON_TEXT_BYTES + 32,
};

static const struct jz_bytes context = { "person-v1", 9 };

struct out {
    uint8_t bytes[MAX_PLAIN];
    size_t size;
    bool overflow;
};

static void put(struct out *o, unsigned byte)
{
    if (o->size < sizeof o->bytes)
        o->bytes[o->size++] = (uint8_t)byte;
    else
        o->overflow = true;
}

/* 7 bits a byte, the lowest first. */
static void put_length(struct out *o, size_t length)
{
    for (; length >= 0x80; length >>= 7)
        put(o, (unsigned)(length & 0x7F) | 0x80);
    put(o, (unsigned)length);
}

static void put_digits(struct out *o, const char *digits, size_t count)
{
    for (size_t i = 0; i < count; i += 2) {
        const unsigned high = digits[i] == 'X' ? 10 : (unsigned)(digits[i] - '0');
        const unsigned low = i + 1 == count         ? 0xF
                             : digits[i + 1] == 'X' ? 10
                                                    : (unsigned)(digits[i + 1] - '0');
        put(o, high << 4 | low);
    }
}

/* The next character of valid UTF-8 and its size. */
static size_t take_character(const uint8_t *at, uint32_t *ret)
{
    const size_t size = *at < 0x80 ? 1 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;
    uint32_t c = size == 1 ? *at : *at & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++)
        c = c << 6 | (at[i] & 0x3F);
    *ret = c;
    return size;
}

/* One byte each, from HAN_WORD on. Part of what is stored: never change the order. */
static const char *const words[] = {
    "号",
    "室",
    "路",
    "市",
    "区",
    "县",
    "村",
    "街",
    "镇",
    "幢",
    "栋",
    "北京市",
    "天津市",
    "河北省",
    "山西省",
    "内蒙古自治区",
    "辽宁省",
    "吉林省",
    "黑龙江省",
    "上海市",
    "江苏省",
    "浙江省",
    "安徽省",
    "福建省",
    "江西省",
    "山东省",
    "河南省",
    "湖北省",
    "湖南省",
    "广东省",
    "海南省",
    "广西壮族自治区",
    "重庆市",
    "四川省",
    "贵州省",
    "云南省",
    "陕西省",
    "甘肃省",
    "青海省",
    "西藏自治区",
    "台湾省",
    "楼",
    "宁夏回族自治区",
    "新疆维吾尔自治区",
};
enum { WORDS = sizeof words / sizeof words[0], CHARACTER_WORDS = 11 };

/* The word the text begins with: provinces stand at the beginning of an address only. */
static int find_word(const uint8_t *at, const uint8_t *end, bool is_first)
{
    const size_t left = (size_t)(end - at);
    for (int i = 0; i < (is_first ? WORDS : CHARACTER_WORDS); i++) {
        const char *word = words[i];
        if ((uint8_t)word[1] == at[1] && (uint8_t)word[2] == at[2] && strlen(word) <= left &&
            memcmp(word, at, strlen(word)) == 0)
            return i;
    }
    return -1;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/*
 * ASCII and words in one byte, three digits and the 20,992 characters from U+4E00 in two, all else
 * in four. The bytes below 0x20, which no text has, begin three digits.
 */
static size_t pack_han(const char *text, size_t size, uint8_t *ret)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    size_t used = 0;
    while (at < end) {
        uint32_t c;
        const int word = *at >= 0xE4 && end - at >= 3 ? find_word(at, end, used == 0) : -1;
        if (word >= 0) {
            ret[used++] = (uint8_t)(HAN_WORD + word);
            at += strlen(words[word]);
            continue;
        }
        if (end - at >= 3 && is_digit(at[0]) && is_digit(at[1]) && is_digit(at[2])) {
            const unsigned n = (unsigned)((at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0'));
            ret[used++] = (uint8_t)(n >> 8);
            ret[used++] = (uint8_t)n;
            at += 3;
            continue;
        }
        at += take_character(at, &c);
        if (c >= ' ' && c < 0x80) {
            ret[used++] = (uint8_t)c;
        } else if (c >= HAN_FIRST && c <= HAN_LAST) {
            ret[used++] = (uint8_t)(0x80 + ((c - HAN_FIRST) >> 8));
            ret[used++] = (uint8_t)(c - HAN_FIRST);
        } else {
            ret[used++] = HAN_ESCAPE;
            ret[used++] = (uint8_t)(c >> 16);
            ret[used++] = (uint8_t)(c >> 8);
            ret[used++] = (uint8_t)c;
        }
    }
    return used;
}

/* PACKED is the flag set when the text is shorter so; 0: it is never packed. IS_LAST: no length. */
static int put_text(struct out *o, const char *text, size_t max, unsigned packed, bool is_last,
                    struct jz_error *err)
{
    const size_t size = strlen(text);
    uint8_t bytes[4 * JZ_PERSON_TEXT_BYTES];
    if (size > max)
        return jz_error_set(err, JZ_E_LIMIT, "a text of %zu bytes where %zu are the most", size,
                            max);
    size_t length = size;
    if (packed && jz_utf8_valid(text, size) == size)
        length = pack_han(text, size, bytes);
    const bool is_packed = length < size;
    length = is_packed ? length : size;
    o->bytes[0] |= (uint8_t)(is_packed ? packed : 0);
    if (!is_last)
        put_length(o, length);
    if (o->size + length > sizeof o->bytes) {
        o->overflow = true;
        return 0;
    }
    memcpy(o->bytes + o->size, is_packed ? (const void *)bytes : text, length);
    o->size += length;
    return 0;
}

static bool is_citizen(const struct jz_person_data *d)
{
    const size_t digits = strspn(d->number, "0123456789");
    return d->kind == JZ_DOCUMENT_CITIZEN_ID && strlen(d->number) == CITIZEN_SIZE &&
           (digits == CITIZEN_SIZE ||
            (digits == CITIZEN_SIZE - 1 && d->number[CITIZEN_SIZE - 1] == 'X'));
}

static uint32_t read_digits(const char *digits, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (uint32_t)(digits[i] - '0');
    return number;
}

/*
 * Region (20 bits), birth date in days since 1800-01-01 (18) and sequence (10) are 48 bits; the
 * check digit follows from them. False when it does not, or the date is no day of those years.
 */
static bool pack_citizen(const char *number, uint64_t *ret)
{
    const struct jz_date first = { 1800, 1, 1 };
    const struct jz_date born = jz_date_from_key(read_digits(number + 6, 8));
    const int32_t days = jz_date_is_set(born) ? jz_date_to_days(born) - jz_date_to_days(first) : -1;
    if (days < 0 || days >= 1 << 18 || number[17] != jz_check_mod_11_2(number, 17))
        return false;
    *ret =
        (uint64_t)read_digits(number, 6) << 28 | (uint64_t)days << 10 | read_digits(number + 14, 3);
    return true;
}

static bool unpack_citizen(uint64_t packed, char ret_number[CITIZEN_SIZE + 1])
{
    const struct jz_date first = { 1800, 1, 1 };
    const uint32_t region = (uint32_t)(packed >> 28), sequence = packed & 0x3FF;
    const struct jz_date born =
        jz_date_from_days(jz_date_to_days(first) + (int32_t)(packed >> 10 & 0x3FFFF));
    if (region > 999999 || sequence > 999)
        return false;
    snprintf(ret_number, CITIZEN_SIZE + 1, "%06u%08u%03u0", region, (unsigned)jz_date_key(born),
             sequence);
    ret_number[17] = jz_check_mod_11_2(ret_number, 17);
    return true;
}

static int put_document(struct out *o, const struct jz_person_data *d, struct jz_error *err)
{
    uint64_t packed;
    if (is_citizen(d) && pack_citizen(d->number, &packed)) {
        o->bytes[0] |= CITIZEN;
        for (int i = CITIZEN_BYTES - 1; i >= 0; i--)
            put(o, (unsigned)(packed >> (8 * i)) & 0xFF);
        return 0;
    }
    if (is_citizen(d)) {
        o->bytes[0] |= CITIZEN_DIGITS;
        put_digits(o, d->number, CITIZEN_SIZE);
        return 0;
    }
    put(o, d->kind);
    const int r = put_text(o, d->number, JZ_DOCUMENT_NUMBER_BYTES - 1, 0, false, err);
    if (r < 0 || !*d->issuer)
        return r;
    o->bytes[0] |= HAS_ISSUER;
    return put_text(o, d->issuer, JZ_DOCUMENT_ISSUER_BYTES - 1, 0, false, err);
}

static int put_phone(struct out *o, const char *phone, struct jz_error *err)
{
    const size_t size = strlen(phone);
    if (size == MOBILE_SIZE && *phone == '1' && strspn(phone, "0123456789") == size) {
        o->bytes[0] |= MOBILE;
        put_digits(o, phone + 1, size - 1);
        return 0;
    }
    o->bytes[0] |= size > 0 ? HAS_PHONE : 0;
    return size > 0 ? put_text(o, phone, JZ_PERSON_PHONE_MAX, 0, false, err) : 0;
}

int jz_person_seal(const struct jz_keyring *keyring, const struct jz_person_data *d,
                   uint8_t *ret_sealed, size_t *ret_size, struct jz_error *err)
{
    struct out o;
    o.size = 1;
    o.bytes[0] = 0;
    o.overflow = false;
    int r;
    if ((r = put_text(&o, d->name, JZ_PERSON_NAME_MAX, NAME_PACKED, false, err)) < 0 ||
        (r = put_document(&o, d, err)) < 0 || (r = put_phone(&o, d->phone, err)) < 0 ||
        (r = put_text(&o, d->address, JZ_PERSON_ADDRESS_MAX, ADDRESS_PACKED, true, err)) < 0)
        return r;
    if (o.overflow)
        return jz_error_set(err, JZ_E_LIMIT, "a person's data takes more than %d bytes", MAX_PLAIN);
    r = jz_keyring_seal(keyring, JZ_KEY_IDENTITY, context, o.bytes, o.size, ret_sealed, ret_size,
                        err);
    jz_wipe(o.bytes, o.size);
    return r;
}

/* What is read, and where texts go. */
struct in {
    const uint8_t *at, *end;
    char *text, *text_end;
};

static bool take_length(struct in *in, size_t *ret)
{
    size_t length = 0;
    for (int shift = 0; in->at < in->end && shift < 28; shift += 7) {
        const uint8_t byte = *in->at++;
        length |= (size_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret = length;
            return true;
        }
    }
    return false;
}

static bool emit(struct in *in, unsigned byte)
{
    if (in->text == in->text_end)
        return false;
    *in->text++ = (char)byte;
    return true;
}

static bool emit_character(struct in *in, uint32_t c)
{
    if (c < 0x80)
        return emit(in, c);
    if (c < 0x800)
        return emit(in, 0xC0 | c >> 6) && emit(in, 0x80 | (c & 0x3F));
    if (c < 0x10000)
        return emit(in, 0xE0 | c >> 12) && emit(in, 0x80 | (c >> 6 & 0x3F)) &&
               emit(in, 0x80 | (c & 0x3F));
    return emit(in, 0xF0 | c >> 18) && emit(in, 0x80 | (c >> 12 & 0x3F)) &&
           emit(in, 0x80 | (c >> 6 & 0x3F)) && emit(in, 0x80 | (c & 0x3F));
}

static bool emit_text(struct in *in, const char *text)
{
    while (*text)
        if (!emit(in, (uint8_t)*text++))
            return false;
    return true;
}

static bool take_digits(struct in *in, size_t count)
{
    static const char digits[] = "0123456789X";
    if ((size_t)(in->end - in->at) < (count + 1) / 2)
        return false;
    for (size_t i = 0; i < count; i++) {
        const unsigned digit = i % 2 ? in->at[i / 2] & 0xF : in->at[i / 2] >> 4;
        if (digit > 10 || !emit(in, (unsigned)digits[digit]))
            return false;
    }
    in->at += (count + 1) / 2;
    return true;
}

static bool take_han(struct in *in, size_t length)
{
    const uint8_t *end = in->at + length;
    while (in->at < end) {
        const unsigned first = *in->at++;
        uint32_t c = first;
        if (first < ' ') {
            const unsigned n = in->at == end ? 1000 : first << 8 | *in->at++;
            if (n > 999 || !emit(in, '0' + n / 100) || !emit(in, '0' + n / 10 % 10) ||
                !emit(in, '0' + n % 10))
                return false;
            continue;
        }
        if (first == HAN_ESCAPE) {
            if (end - in->at < 3)
                return false;
            c = (uint32_t)in->at[0] << 16 | (uint32_t)in->at[1] << 8 | in->at[2];
            in->at += 3;
        } else if (first >= HAN_WORD) {
            if (first - HAN_WORD >= WORDS || !emit_text(in, words[first - HAN_WORD]))
                return false;
            continue;
        } else if (first >= 0x80) {
            if (in->at == end)
                return false;
            c = HAN_FIRST + ((first - 0x80) << 8 | *in->at++);
        }
        if (!emit_character(in, c))
            return false;
    }
    return true;
}

/* A text with its length before it, or to the end; *ret is where it begins, a NUL behind it. */
static bool take_text(struct in *in, bool is_packed, bool is_last, const char **ret)
{
    size_t length = (size_t)(in->end - in->at);
    if ((!is_last && !take_length(in, &length)) || length > (size_t)(in->end - in->at))
        return false;
    *ret = in->text;
    if (is_packed)
        return take_han(in, length) && emit(in, 0);
    if (length > (size_t)(in->text_end - in->text))
        return false;
    in->text = mempcpy(in->text, in->at, length);
    in->at += length;
    return emit(in, 0);
}

static bool take_document(struct in *in, unsigned flags, struct jz_person_data *d)
{
    if (flags & (CITIZEN | CITIZEN_DIGITS)) {
        d->kind = JZ_DOCUMENT_CITIZEN_ID;
        d->number = in->text;
    }
    if (flags & CITIZEN) {
        char number[CITIZEN_SIZE + 1];
        uint64_t packed = 0;
        if (in->end - in->at < CITIZEN_BYTES)
            return false;
        for (int i = 0; i < CITIZEN_BYTES; i++)
            packed = packed << 8 | *in->at++;
        return unpack_citizen(packed, number) && emit_text(in, number) && emit(in, 0);
    }
    if (flags & CITIZEN_DIGITS)
        return take_digits(in, CITIZEN_SIZE) && emit(in, 0);
    const unsigned kind = in->at < in->end ? *in->at++ : JZ_DOCUMENT_KIND_COUNT;
    if (kind >= JZ_DOCUMENT_KIND_COUNT)
        return false;
    d->kind = (enum jz_document_kind)kind;
    return take_text(in, false, false, &d->number) &&
           (!(flags & HAS_ISSUER) || take_text(in, false, false, &d->issuer));
}

static bool take_phone(struct in *in, unsigned flags, struct jz_person_data *d)
{
    if (flags & MOBILE) {
        d->phone = in->text;
        return emit(in, '1') && take_digits(in, MOBILE_SIZE - 1) && emit(in, 0);
    }
    return !(flags & HAS_PHONE) || take_text(in, false, false, &d->phone);
}

static bool take_all(struct in *in, struct jz_person_data *d)
{
    const unsigned flags = in->at < in->end ? *in->at++ : LATER;
    return !(flags & LATER) && take_text(in, flags & NAME_PACKED, false, &d->name) &&
           take_document(in, flags, d) && take_phone(in, flags, d) &&
           take_text(in, flags & ADDRESS_PACKED, true, &d->address);
}

int jz_person_unseal(const struct jz_keyring *keyring, const void *sealed, size_t size,
                     char text[JZ_PERSON_TEXT_BYTES], struct jz_person_data *ret_data,
                     struct jz_error *err)
{
    uint8_t plain[JZ_PERSON_SEALED_BYTES];
    size_t plain_size = 0;
    if (size > sizeof plain)
        return jz_error_set(err, JZ_E_FORMAT, "a person's data of %zu bytes", size);
    int r =
        jz_keyring_unseal(keyring, JZ_KEY_IDENTITY, context, sealed, size, plain, &plain_size, err);
    if (r < 0)
        return r;
    struct jz_person_data d = {
        .name = "", .number = "", .issuer = "", .phone = "", .address = ""
    };
    struct in in = { plain, plain + plain_size, text, text + JZ_PERSON_TEXT_BYTES };
    if (!take_all(&in, &d))
        r = jz_error_set(err, JZ_E_FORMAT, "a person's data is not of a form known here");
    jz_wipe(plain, plain_size);
    if (r == 0)
        *ret_data = d;
    return r;
}
