#include "identity/reference.h"

#include "identity/check.h"

#include <inttypes.h>
#include <string.h>

char *jz_reference_format(int64_t id, char ret_text[JZ_REFERENCE_TEXT_BYTES])
{
    const int n = snprintf(ret_text, JZ_REFERENCE_TEXT_BYTES, "P%" PRId64, id);
    ret_text[n] = jz_check_mod_11_2(ret_text + 1, (size_t)n - 1);
    ret_text[n + 1] = 0;
    return ret_text;
}

/* Keeps what counts, upper case; false when it is longer than any reference. */
static bool squeeze(const char *text, char ret[JZ_REFERENCE_TEXT_BYTES])
{
    size_t n = 0;
    for (; *text; text++) {
        if (*text == ' ' || *text == '-')
            continue;
        if (n == JZ_REFERENCE_TEXT_BYTES - 1)
            return false;
        ret[n++] = *text == 'p' || *text == 'x' ? (char)(*text - 'a' + 'A') : *text;
    }
    ret[n] = 0;
    return true;
}

int jz_reference_parse(const char *text, int64_t *ret_id, struct jz_error *err)
{
    char bare[JZ_REFERENCE_TEXT_BYTES];
    const bool fits = squeeze(text, bare);
    const size_t digits = fits && *bare == 'P' ? strspn(bare + 1, "0123456789") : 0;
    const size_t size = fits ? strlen(bare) : 0;
    /* The check character is one of the digits, or the X behind them; no id starts with 0. */
    const size_t id_digits = digits + 2 == size ? digits : digits - 1;
    const bool ends_well = digits + 1 == size || (digits + 2 == size && bare[size - 1] == 'X');
    if (digits == 0 || id_digits == 0 || !ends_well || bare[1] == '0')
        return jz_error_set(err, JZ_E_FORMAT,
                            "no reference: it is P, the digits and a check character");
    if (bare[size - 1] != jz_check_mod_11_2(bare + 1, id_digits))
        return jz_error_set(err, JZ_E_INTEGRITY, "%s: a digit is wrong or two are swapped", bare);
    int64_t id = 0;
    for (size_t i = 1; i <= id_digits; i++)
        if (__builtin_mul_overflow(id, 10, &id) || __builtin_add_overflow(id, bare[i] - '0', &id))
            return jz_error_set(err, JZ_E_FORMAT, "%s: larger than any reference", bare);
    *ret_id = id;
    return 0;
}
