/* Messages and the stencils of gateways: texts, values, what may not be in them. */
#include "notify/message.h"
#include "notify/stencil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static const struct jz_message_values all = {
    .code = "123456",
    .minutes = "5",
    .until = "2027-11-25",
    .added = "138****1234",
    .phone = "12333",
    .channels = "掌上12333",
    .check = "8K3F2Q",
};

static const char *keys(enum jz_message_kind kind, enum jz_language language)
{
    static char text[JZ_MESSAGE_KEYS_BYTES];
    return jz_message_keys(kind, language, text);
}

static void languages_have_the_same_keys(void **state)
{
    (void)state;
    for (int kind = 0; kind < JZ_MESSAGE_KINDS; kind++) {
        char first[JZ_MESSAGE_KEYS_BYTES];
        jz_message_keys((enum jz_message_kind)kind, JZ_ZH_HANS, first);
        for (int language = 0; language < JZ_LANGUAGES; language++)
            assert_string_equal(keys((enum jz_message_kind)kind, (enum jz_language)language),
                                first);
        assert_non_null(strstr(first, "channels,check"));
    }
    assert_string_equal(keys(JZ_MESSAGE_CODE, JZ_EN), "code,minutes,channels,check");
}

static void no_message_has_a_link(void **state)
{
    (void)state;
    static const char *const links[] = { "http", "www",  "://",   ".cn", ".com",
                                         "点击", "點擊", "click", "{",   "}" };
    for (int kind = 0; kind < JZ_MESSAGE_KINDS; kind++)
        for (int language = 0; language < JZ_LANGUAGES; language++) {
            char text[JZ_MESSAGE_TEXT_BYTES];
            struct jz_error err;
            assert_int_equal(jz_message_compose((enum jz_message_kind)kind,
                                                (enum jz_language)language, &all, text, &err),
                             0);
            for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
                assert_null(strcasestr(text, links[i]));
            assert_non_null(strstr(text, all.channels));
            assert_non_null(strstr(text, all.check));
            assert_true(
                *jz_message_subject((enum jz_message_kind)kind, (enum jz_language)language));
        }
}

static void values_are_put_in(void **state)
{
    (void)state;
    char text[JZ_MESSAGE_TEXT_BYTES];
    struct jz_error err;
    assert_int_equal(jz_message_compose(JZ_MESSAGE_CODE, JZ_EN, &all, text, &err), 0);
    assert_string_equal(text, "123456 is your code to sign in to the pension certification, good "
                              "for 5 minutes. No clerk will ask for it: tell it to nobody. "
                              "Official channels: 掌上12333. Check text 8K3F2Q");
    char longest[JZ_MESSAGE_VALUE_MAX + 1], longer[JZ_MESSAGE_VALUE_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[JZ_MESSAGE_VALUE_MAX] = 0;
    memset(longer, 'x', sizeof longer);
    longer[JZ_MESSAGE_VALUE_MAX + 1] = 0;
    const struct {
        const char *channels;
        int want;
    } cases[] = {
        { NULL, JZ_E_USAGE },
        { "", JZ_E_USAGE },
        { longest, 0 },
        { longer, JZ_E_USAGE },
        { "see https://example", JZ_E_USAGE },
        { "WWW.example", JZ_E_USAGE },
        { "\xff", JZ_E_USAGE },
        { "{code}", 0 }, /* a value is not looked into for keys */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_message_values v = all;
        v.channels = cases[i].channels;
        strcpy(text, "untouched");
        assert_int_equal(jz_message_compose(JZ_MESSAGE_CODE, JZ_EN, &v, text, &err), cases[i].want);
        if (cases[i].want == 0)
            assert_non_null(strstr(text, cases[i].channels));
        else
            assert_string_equal(text, "untouched");
    }
}

static void check_texts_tell_the_genuine(void **state)
{
    (void)state;
    char path[] = "/tmp/jz-message-XXXXXX", keyring_path[64], check[JZ_MESSAGE_CHECK_BYTES];
    struct jz_error err;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *keyring = NULL;
    enum jz_message_kind kind = JZ_MESSAGE_CODE;
    const struct jz_date day = { 2026, 11, 25 };
    struct jz_date found = { 0 };
    assert_non_null(mkdtemp(path));
    snprintf(keyring_path, sizeof keyring_path, "%s/keys", path);
    assert_int_equal(jz_keyring_create(keyring_path, JZ_SUITE_INTERNATIONAL, NULL, &err), 0);
    assert_int_equal(jz_keyring_open(keyring_path, NULL, &keyring, &err), 0);
    assert_int_equal(
        jz_message_check(keyring, JZ_MESSAGE_CERTIFIED, "13812341234", day, check, &err), 0);
    char typed[16];
    snprintf(typed, sizeof typed, " %.3s-%s", check, check + 3);
    for (char *c = typed; *c; c++)
        *c = *c == '0' ? 'o' : *c == '1' ? 'l' : *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    const struct {
        const char *to, *check;
        int days_later, want;
    } cases[] = {
        { "13812341234", check, 0, 0 },
        { "13812341234", typed, 0, 0 },
        { "13812341234", check, JZ_MESSAGE_CHECK_DAYS - 1, 0 },
        { "13812341234", check, JZ_MESSAGE_CHECK_DAYS, JZ_E_NOT_FOUND },
        { "13812341234", check, -1, JZ_E_NOT_FOUND },
        { "13812341235", check, 0, JZ_E_NOT_FOUND },
        { "13812341234", "", 0, JZ_E_NOT_FOUND },
        { "13812341234", "UUUUUU", 0, JZ_E_NOT_FOUND },
        { "13812341234", "0000000", 0, JZ_E_NOT_FOUND },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(jz_message_is_genuine(keyring, cases[i].to, cases[i].check,
                                               jz_date_add_days(day, cases[i].days_later), &kind,
                                               &found, &err),
                         cases[i].want);
        if (cases[i].want == 0) {
            assert_int_equal(kind, JZ_MESSAGE_CERTIFIED);
            assert_int_equal(jz_date_compare(found, day), 0);
        }
    }
    assert_int_equal(unlink(keyring_path), 0);
    char lock[80];
    snprintf(lock, sizeof lock, "%s.lock", keyring_path);
    (void)unlink(lock);
    assert_int_equal(rmdir(path), 0);
}

/* ---- Stencils ---- */

#define WEIRD "a\"b\\c\n<&>'% é王"

static void values_stay_in_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum jz_escape escape;
        const char *to, *want; /* want NULL: refused, when made or when filled */
    } cases[] = {
        { "{\"to\":\"{{to}}\"}", JZ_ESCAPE_JSON, WEIRD,
          "{\"to\":\"a\\u0022b\\u005cc\\u000a<&>'% é王\"}" },
        { "to={{to}}&x=1", JZ_ESCAPE_URL, WEIRD,
          "to=a%22b%5Cc%0A%3C%26%3E%27%25%20%C3%A9%E7%8E%8B&x=1" },
        { "<to>{{to}}</to>", JZ_ESCAPE_XML, "a\"b<&>'王",
          "<to>a&#34;b&#60;&#38;&#62;&#39;王</to>" },
        { "<to>{{to}}</to>", JZ_ESCAPE_XML, "a\nb", NULL },
        { "X: {{to}}", JZ_ESCAPE_NONE, "a b", "X: a b" },
        { "X: {{to}}", JZ_ESCAPE_NONE, "a\r\nY: b", NULL },
        { "{{to}}{{to}}{{id}}", JZ_ESCAPE_NONE, "x", "xx" },
        { "", JZ_ESCAPE_NONE, "x", "" },
        { "{ {to} } {x}", JZ_ESCAPE_JSON, "x", "{ {to} } {x}" },
        { "{{to}}", JZ_ESCAPE_JSON, "\xff", NULL },
        { "{{ to }}", JZ_ESCAPE_JSON, "x", NULL },
        { "{{code}}", JZ_ESCAPE_JSON, "x", NULL },
        { "{{", JZ_ESCAPE_JSON, "x", NULL },
        { "a {{to", JZ_ESCAPE_JSON, "x", NULL },
        { "{{}}", JZ_ESCAPE_JSON, "x", NULL },
        { "\xff", JZ_ESCAPE_JSON, "x", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_error err;
        JZ_CLEANUP(jz_stencil_freep) struct jz_stencil *t = NULL;
        jz_autofree char *filled = NULL;
        const char *const values[JZ_SLOTS] = { [JZ_SLOT_TO] = cases[i].to };
        int r = jz_stencil_new(cases[i].text, cases[i].escape, &t, &err);
        if (r == 0)
            r = jz_stencil_fill(t, values, &filled, &err);
        if (cases[i].want) {
            assert_int_equal(r, 0);
            assert_string_equal(filled, cases[i].want);
        } else {
            assert_int_equal(r, JZ_E_FORMAT);
        }
    }
}

static void stencils_are_bounded(void **state)
{
    (void)state;
    char text[JZ_STENCIL_MAX_BYTES + 2] = "", value[JZ_STENCIL_OUT_MAX];
    struct jz_error err;
    struct jz_stencil *t = NULL;
    char *filled = NULL;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(jz_stencil_new(text, JZ_ESCAPE_JSON, &t, &err), JZ_E_LIMIT);
    *text = 0;
    for (int i = 0; i < 64; i++)
        strcat(text, "{{to}}");
    assert_int_equal(jz_stencil_new(text, JZ_ESCAPE_JSON, &t, &err), JZ_E_LIMIT);
    assert_int_equal(jz_stencil_new("{{to}}{{to}}", JZ_ESCAPE_JSON, &t, &err), 0);
    memset(value, 'x', sizeof value);
    value[sizeof value / 2] = 0;
    const char *const values[JZ_SLOTS] = { [JZ_SLOT_TO] = value };
    assert_int_equal(jz_stencil_fill(t, values, &filled, &err), 0);
    assert_int_equal(strlen(filled), JZ_STENCIL_OUT_MAX);
    free(filled);
    value[sizeof value / 2] = 'x';
    value[sizeof value / 2 + 1] = 0;
    assert_int_equal(jz_stencil_fill(t, values, &filled, &err), JZ_E_LIMIT);
    assert_true(jz_stencil_uses(t, JZ_SLOT_TO) && !jz_stencil_uses(t, JZ_SLOT_SECRET));
    jz_stencil_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(languages_have_the_same_keys),
        cmocka_unit_test(no_message_has_a_link),
        cmocka_unit_test(values_are_put_in),
        cmocka_unit_test(check_texts_tell_the_genuine),
        cmocka_unit_test(values_stay_in_their_place),
        cmocka_unit_test(stencils_are_bounded),
    };
    return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
