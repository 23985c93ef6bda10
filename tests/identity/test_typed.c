/* Names and mobile numbers as people type them. */
#include "identity/name.h"
#include "identity/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* NULL: refused. */
static const struct {
    const char *text, *key, *mask;
} names[] = {
    { "王秀英", "王秀英", "王*英" },
    { " 王　秀 英\u00a0", "王秀英", NULL },
    { "李明", "李明", "李*" },
    { "阿", "阿", "*" },
    { "欧阳志强", "欧阳志强", "欧**强" },
    /* The middle dot of the register and what keyboards make of it. */
    { "阿依古丽·买买提", "阿依古丽买买提", "阿***提" },
    { "阿依古丽•买买提", "阿依古丽买买提", NULL },
    { "阿依古丽‧买买提", "阿依古丽买买提", NULL },
    { "阿依古丽・买买提", "阿依古丽买买提", NULL },
    { "阿依古丽.买买提", "阿依古丽买买提", NULL },
    { "阿依古丽．买买提", "阿依古丽买买提", NULL },
    { "阿依古丽。买买提", "阿依古丽买买提", NULL },
    { "Mary-Ann O'Neil", "MARYANNONEIL", "M***l" },
    { "ＭＡＲＹ　ann o’neil", "MARYANNONEIL", NULL },
    { "𠮷田", "𠮷田", "𠮷*" },
    /* Different people. */
    { "王秀瑛", "王秀瑛", NULL },
    { "劉德", "劉德", NULL },
    { "刘德", "刘德", NULL },
    { "", NULL, NULL },
    { " ·　", NULL, NULL },
    { "王\n英", NULL, NULL },
    { "\xE7\x8E", NULL, NULL },
    { "王\xff", NULL, NULL },
};

static void names_share_a_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char key[JZ_NAME_KEY_BYTES], mask[JZ_NAME_KEY_BYTES];
        struct jz_error err;
        memset(key, 'x', sizeof key);
        const int r = jz_name_key(names[i].text, key, &err);
        if (!names[i].key) {
            assert_int_equal(r, JZ_E_FORMAT);
            assert_int_equal(key[0], 'x');
            continue;
        }
        assert_int_equal(r, 0);
        assert_string_equal(key, names[i].key);
        for (size_t k = strlen(key); k < sizeof key; k++)
            assert_int_equal(key[k], 0);
        if (names[i].mask)
            assert_string_equal(jz_name_mask(names[i].text, mask), names[i].mask);
    }
}

static void long_names_are_refused(void **state)
{
    (void)state;
    char text[JZ_NAME_MAX_BYTES + 2], key[JZ_NAME_KEY_BYTES];
    struct jz_error err;
    memset(text, 'a', sizeof text);
    text[JZ_NAME_MAX_BYTES] = 0;
    assert_int_equal(jz_name_key(text, key, &err), 0);
    assert_int_equal(strlen(key), JZ_NAME_MAX_BYTES);
    text[JZ_NAME_MAX_BYTES] = 'a';
    text[JZ_NAME_MAX_BYTES + 1] = 0;
    assert_int_equal(jz_name_key(text, key, &err), JZ_E_LIMIT);
}

static const struct {
    const char *text, *phone, *mask;
} phones[] = {
    { "13812341234", "13812341234", "138****1234" },
    { " 138-1234 1234 ", "13812341234", NULL },
    { "１３８１２３４１２３４", "13812341234", NULL },
    { "138　1234　1234", "13812341234", NULL },
    { "+8613812341234", "13812341234", NULL },
    { "+86 (138) 1234.1234", "13812341234", NULL },
    { "008613812341234", "13812341234", NULL },
    { "8613812341234", "13812341234", NULL },
    { "19912345678", "19912345678", "199****5678" },
    { "+852 9123 4567", "+85291234567", "+852****4567" },
    { "0085366123456", "+85366123456", "+853****3456" },
    { "+6561234567", "+6561234567", "+65****4567" },
    { "+123456789012345", "+123456789012345", "+123****2345" },
    { "", NULL, NULL },
    { "12812341234", NULL, NULL },      /* no mobile number begins so */
    { "1381234123", NULL, NULL },       /* a digit short */
    { "138123412345", NULL, NULL },     /* a digit too many */
    { "91234567", NULL, NULL },         /* which country? */
    { "010-12345678", NULL, NULL },     /* a line in a house */
    { "+86 10 1234 5678", NULL, NULL }, /* the same */
    { "+1234567890123456", NULL, NULL },
    { "+0123456789", NULL, NULL },
    { "138a2341234", NULL, NULL },
    { "138+12341234", NULL, NULL },
    { "王秀英", NULL, NULL },
    { "13812341234138123412341381234123413812341234", NULL, NULL },
};

static void numbers_have_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof phones / sizeof phones[0]; i++) {
        char phone[JZ_PHONE_BYTES] = "untouched", mask[JZ_PHONE_BYTES];
        struct jz_error err;
        const int r = jz_phone_parse(phones[i].text, phone, &err);
        if (!phones[i].phone) {
            assert_int_equal(r, JZ_E_FORMAT);
            assert_string_equal(phone, "untouched");
            continue;
        }
        assert_int_equal(r, 0);
        assert_string_equal(phone, phones[i].phone);
        if (phones[i].mask)
            assert_string_equal(jz_phone_mask(phone, mask), phones[i].mask);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_share_a_key),
        cmocka_unit_test(long_names_are_refused),
        cmocka_unit_test(numbers_have_one_form),
    };
    return cmocka_run_group_tests_name("typed", tests, NULL, NULL);
}
