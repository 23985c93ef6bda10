#include "identity/phone.h"

#include <string.h>

enum { MOBILE_DIGITS = 11, MIN_DIGITS = 8, MAX_DIGITS = 15, MAX_TYPED = 4 };

/* Digits and a plus before them; false for any character that no number has. */
static bool squeeze(const char *text, char ret_digits[MAX_DIGITS + MAX_TYPED + 2])
{
    size_t used = 0;
    for (const uint8_t *b = (const uint8_t *)text; *b; b++) {
        char c = (char)*b;
        if (b[0] == 0xEF && b[1] == 0xBC && b[2] >= 0x81) { /* ASCII made wide, from U+FF01 */
            c = (char)(b[2] - 0x81 + '!');
            b += 2;
        } else if (b[0] == 0xE3 && b[1] == 0x80 && b[2] == 0x80) { /* the wide space */
            c = ' ';
            b += 2;
        }
        if (strchr(" -.()/", c))
            continue;
        if (used > MAX_DIGITS + MAX_TYPED || !((c >= '0' && c <= '9') || (c == '+' && used == 0)))
            return false;
        ret_digits[used++] = c;
    }
    ret_digits[used] = 0;
    return true;
}

static bool is_mainland(const char *digits)
{
    return strlen(digits) == MOBILE_DIGITS && digits[0] == '1' && digits[1] >= '3';
}

int jz_phone_parse(const char *text, char ret_phone[JZ_PHONE_BYTES], struct jz_error *err)
{
    static const char *const prefixes[] = { "", "+86", "0086", "86" };
    char typed[MAX_DIGITS + MAX_TYPED + 2];
    if (!squeeze(text, typed))
        return jz_error_set(err, JZ_E_FORMAT,
                            "no mobile number: it has other characters than "
                            "digits, or too many");
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const size_t n = strlen(prefixes[i]);
        if (strncmp(typed, prefixes[i], n) == 0 && is_mainland(typed + n)) {
            strcpy(ret_phone, typed + n);
            return 0;
        }
    }
    const char *digits = typed[0] == '+'                ? typed + 1
                         : strncmp(typed, "00", 2) == 0 ? typed + 2
                                                        : "";
    const size_t count = strlen(digits);
    if (count < MIN_DIGITS || count > MAX_DIGITS || digits[0] == '0' ||
        strncmp(digits, "86", 2) == 0)
        return jz_error_set(err, JZ_E_FORMAT,
                            "no mobile number: of the mainland it has 11 digits, elsewhere type it "
                            "with + and the country's code, such as +852 9123 4567");
    ret_phone[0] = '+';
    strcpy(ret_phone + 1, digits);
    return 0;
}

char *jz_phone_mask(const char *phone, char ret_text[JZ_PHONE_BYTES])
{
    const size_t size = strlen(phone);
    const bool is_abroad = *phone == '+';
    const size_t head = is_abroad && size >= 12 ? 4 : size < 3 ? size : 3;
    const size_t tail = size >= MOBILE_DIGITS ? 4 : size < 8 ? 0 : 2;
    char *out = mempcpy(ret_text, phone, head);
    out = mempcpy(out, "****", 4);
    strcpy(out, phone + size - tail);
    return ret_text;
}
