#include "notify/message.h"

#include "base/encoding.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct text {
    const char *subject, *body;
};

/* Values stand in braces; every language of a kind names the same ones. */
static const struct {
    const char *name;
    struct text texts[JZ_LANGUAGES];
} messages[JZ_MESSAGE_KINDS] = {
    [JZ_MESSAGE_CODE] = { "code",
                          { [JZ_ZH_HANS] = { "登录验证码", "验证码{code}，用于登录待遇资格认证，{"
                                                           "minutes}分钟内有效。工作人员不会"
                                                           "索要，请勿告诉任何人。官方渠道：{"
                                                           "channels}。核验码{check}" },
                            [JZ_ZH_HANT] = { "登入驗證碼", "驗證碼{code}，用於登入待遇資格認證，{"
                                                           "minutes}分鐘內有效。工作人員不會"
                                                           "索要，請勿告訴任何人。官方渠道：{"
                                                           "channels}。核驗碼{check}" },
                            [JZ_EN] = { "Your sign-in code",
                                        "{code} is your code to sign in to the pension "
                                        "certification, good for "
                                        "{minutes} minutes. No clerk will ask for it: tell it to "
                                        "nobody. Official "
                                        "channels: {channels}. Check text {check}" } } },
    [JZ_MESSAGE_CONTACT_CODE] = { "contact_code",
                                  { [JZ_ZH_HANS] = { "手机号验证码", "验证码{code}"
                                                                     "，用于把本手机号登记为您的联"
                                                                     "系方式，{minutes}分钟内有效。"
                                                                     "工作人员不会索要，请勿告诉任"
                                                                     "何人。官方渠道：{channels}。"
                                                                     "核验码{check}" },
                                    [JZ_ZH_HANT] = { "手機號驗證碼", "驗證碼{code}"
                                                                     "，用於把本手機號登記為您的聯"
                                                                     "絡方式，{minutes}分鐘內有效。"
                                                                     "工作人員不會索要，請勿告訴任"
                                                                     "何人。官方渠道：{channels}。"
                                                                     "核驗碼{check}" },
                                    [JZ_EN] = { "The code for your number",
                                                "{code} is the code to make this number one of "
                                                "your contacts, good for "
                                                "{minutes} minutes. No clerk will ask for it: tell "
                                                "it to nobody. Official "
                                                "channels: {channels}. Check text {check}" } } },
    [JZ_MESSAGE_CERTIFIED] = { "certified",
                               { [JZ_ZH_HANS] = { "资格认证成功", "您的待遇资格认证已成功，下次请在"
                                                                  "{until}前认证。无需回复本信息。"
                                                                  "咨询：{phone}。官方渠道：{"
                                                                  "channels}。核验码{check}" },
                                 [JZ_ZH_HANT] = { "資格認證成功", "您的待遇資格認證已成功，下次請在"
                                                                  "{until}前認證。無需回覆本訊息。"
                                                                  "諮詢：{phone}。官方渠道：{"
                                                                  "channels}。核驗碼{check}" },
                                 [JZ_EN] = { "You are certified",
                                             "Your certification succeeded. Please certify again "
                                             "before {until}. You need "
                                             "not answer this message. Questions: {phone}. "
                                             "Official channels: {channels}. "
                                             "Check text {check}" } } },
    [JZ_MESSAGE_NOT_CERTIFIED] = { "not_certified",
                                   { [JZ_ZH_HANS] = { "本次资格认证未成功",
                                                      "本次待遇资格认证未成功，待遇不会因为这一次而"
                                                      "停发。可以再试，或致电"
                                                      "{phone}预约上门或到窗口办理。官方渠道：{"
                                                      "channels}。核验码{check}" },
                                     [JZ_ZH_HANT] = { "本次資格認證未成功",
                                                      "本次待遇資格認證未成功，待遇不會因為這一次而"
                                                      "停發。可以再試，或致電"
                                                      "{phone}預約上門或到窗口辦理。官方渠道：{"
                                                      "channels}。核驗碼{check}" },
                                     [JZ_EN] = { "This try did not succeed",
                                                 "This try to certify did not succeed; no payment "
                                                 "stops because of it. Try "
                                                 "again, or call {phone} for a visit at home or a "
                                                 "counter. Official channels: "
                                                 "{channels}. Check text {check}" } } },
    [JZ_MESSAGE_ANSWERED] = { "answered",
                              { [JZ_ZH_HANS] = { "您的申请已有答复",
                                                 "您提交的申请已有答复，请在官方渠道登录查看，或致"
                                                 "电{phone}询问。"
                                                 "官方渠道：{channels}。核验码{check}" },
                                [JZ_ZH_HANT] = { "您的申請已有答覆",
                                                 "您提交的申請已有答覆，請在官方渠道登入查看，或致"
                                                 "電{phone}詢問。"
                                                 "官方渠道：{channels}。核驗碼{check}" },
                                [JZ_EN] = { "Your request was answered",
                                            "Your request was answered. Sign in by an official "
                                            "channel to read it, or "
                                            "call {phone}. Official channels: {channels}. Check "
                                            "text {check}" } } },
    [JZ_MESSAGE_PHONE_ADDED] = { "phone_added",
                                 { [JZ_ZH_HANS] = { "新增了手机号",
                                                    "您的联系方式新增了手机号{added}"
                                                    "。如不是您本人或您委托的人办理，请致电"
                                                    "{phone}。官方渠道：{channels}。核验码{"
                                                    "check}" },
                                   [JZ_ZH_HANT] = { "新增了手機號",
                                                    "您的聯絡方式新增了手機號{added}"
                                                    "。如不是您本人或您委託的人辦理，請致電"
                                                    "{phone}。官方渠道：{channels}。核驗碼{"
                                                    "check}" },
                                   [JZ_EN] = { "A number was added",
                                               "The number {added} was added to your contacts. If "
                                               "neither you nor somebody "
                                               "you asked did this, call {phone}. Official "
                                               "channels: {channels}. Check text "
                                               "{check}" } } },
};

static const struct {
    const char *name;
    size_t offset;
} keys[] = {
    { "code", offsetof(struct jz_message_values, code) },
    { "minutes", offsetof(struct jz_message_values, minutes) },
    { "until", offsetof(struct jz_message_values, until) },
    { "added", offsetof(struct jz_message_values, added) },
    { "phone", offsetof(struct jz_message_values, phone) },
    { "channels", offsetof(struct jz_message_values, channels) },
    { "check", offsetof(struct jz_message_values, check) },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

const char *jz_message_kind_name(enum jz_message_kind kind)
{
    return messages[kind].name;
}

const char *jz_message_subject(enum jz_message_kind kind, enum jz_language language)
{
    return messages[kind].texts[language].subject;
}

/* The key in braces that `at` begins with, -1: none. */
static int find_key(const char *at)
{
    for (int i = 0; i < KEYS; i++) {
        const size_t n = strlen(keys[i].name);
        if (strncmp(at + 1, keys[i].name, n) == 0 && at[n + 1] == '}')
            return i;
    }
    return -1;
}

char *jz_message_keys(enum jz_message_kind kind, enum jz_language language,
                      char ret_keys[JZ_MESSAGE_KEYS_BYTES])
{
    const char *body = messages[kind].texts[language].body;
    *ret_keys = 0;
    for (int i = 0; i < KEYS; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "{%s}", keys[i].name);
        if (strstr(body, wanted)) {
            const size_t used = strlen(ret_keys);
            snprintf(ret_keys + used, JZ_MESSAGE_KEYS_BYTES - used, "%s%s", used ? "," : "",
                     keys[i].name);
        }
    }
    return ret_keys;
}

static int take_value(int key, const struct jz_message_values *values, const char **ret_value,
                      struct jz_error *err)
{
    const char *value = *(const char *const *)((const char *)values + keys[key].offset);
    const size_t size = value ? strlen(value) : 0;
    if (size == 0)
        return jz_error_set(err, JZ_E_USAGE, "the message needs its %s", keys[key].name);
    if (size > JZ_MESSAGE_VALUE_MAX || jz_utf8_valid(value, size) != size)
        return jz_error_set(err, JZ_E_USAGE, "the %s of a message is at most %d bytes of UTF-8",
                            keys[key].name, JZ_MESSAGE_VALUE_MAX);
    if (strstr(value, "://") || strcasestr(value, "www."))
        return jz_error_set(err, JZ_E_USAGE, "the %s of a message looks like a link: none has one",
                            keys[key].name);
    *ret_value = value;
    return 0;
}

int jz_message_compose(enum jz_message_kind kind, enum jz_language language,
                       const struct jz_message_values *values, char ret_text[JZ_MESSAGE_TEXT_BYTES],
                       struct jz_error *err)
{
    char text[JZ_MESSAGE_TEXT_BYTES + KEYS * JZ_MESSAGE_VALUE_MAX];
    size_t used = 0;
    for (const char *at = messages[kind].texts[language].body; *at;) {
        const int key = *at == '{' ? find_key(at) : -1;
        if (key < 0) {
            text[used++] = *at++;
            continue;
        }
        const char *value = NULL;
        const int r = take_value(key, values, &value, err);
        if (r < 0)
            return r;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s", value);
        at += strlen(keys[key].name) + 2;
    }
    if (used >= JZ_MESSAGE_TEXT_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "a message of %zu bytes", used);
    text[used] = 0;
    memcpy(ret_text, text, used + 1);
    jz_wipe(text, used);
    return 0;
}

/* ---- Check texts ---- */

/* Without letters that are taken for digits or for each other (Crockford's base 32). */
static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static int check_with(const struct jz_keyring *keyring, unsigned version, enum jz_message_kind kind,
                      const char *to, struct jz_date day, char ret_check[JZ_MESSAGE_CHECK_BYTES],
                      struct jz_error *err)
{
    char what[320];
    uint8_t hash[JZ_LOOKUP_BYTES];
    const int n = snprintf(what, sizeof what, "message-v1|%s|%d|%.256s", messages[kind].name,
                           jz_date_key(day), to);
    const int r = jz_keyring_lookup(keyring, JZ_KEY_LOOKUP, version, what, (size_t)n, hash, err);
    if (r < 0)
        return r;
    for (int i = 0; i < JZ_MESSAGE_CHECK_BYTES - 1; i++)
        ret_check[i] = letters[hash[i] & 31];
    ret_check[JZ_MESSAGE_CHECK_BYTES - 1] = 0;
    return 0;
}

int jz_message_check(const struct jz_keyring *keyring, enum jz_message_kind kind, const char *to,
                     struct jz_date day, char ret_check[JZ_MESSAGE_CHECK_BYTES],
                     struct jz_error *err)
{
    return check_with(keyring, jz_keyring_versions(keyring, JZ_KEY_LOOKUP), kind, to, day,
                      ret_check, err);
}

static bool take_typed(const char *text, char ret[JZ_MESSAGE_CHECK_BYTES])
{
    size_t used = 0;
    for (; *text; text++) {
        char c = *text;
        if (c == ' ' || c == '-')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        if (used == JZ_MESSAGE_CHECK_BYTES - 1 || !strchr(letters, c))
            return false;
        ret[used++] = c;
    }
    ret[used] = 0;
    return used == JZ_MESSAGE_CHECK_BYTES - 1;
}

int jz_message_is_genuine(const struct jz_keyring *keyring, const char *to, const char *check,
                          struct jz_date today, enum jz_message_kind *ret_kind,
                          struct jz_date *ret_day, struct jz_error *err)
{
    char typed[JZ_MESSAGE_CHECK_BYTES], made[JZ_MESSAGE_CHECK_BYTES];
    const bool is_one = take_typed(check, typed);
    const unsigned newest = jz_keyring_versions(keyring, JZ_KEY_LOOKUP);
    for (int back = 0; is_one && back < JZ_MESSAGE_CHECK_DAYS; back++) {
        const struct jz_date day = jz_date_add_days(today, -back);
        /* Within those days the key may have been rotated once. */
        for (int i = 0; i < JZ_MESSAGE_KINDS; i++)
            for (unsigned v = newest; v > 0 && v + 1 >= newest; v--) {
                const int r = check_with(keyring, v, (enum jz_message_kind)i, to, day, made, err);
                if (r < 0)
                    return r;
                if (jz_secret_equal(made, typed, sizeof made)) {
                    *ret_kind = (enum jz_message_kind)i;
                    *ret_day = day;
                    return 0;
                }
            }
    }
    return jz_error_set(err, JZ_E_NOT_FOUND,
                        "no message with this check text went to this address in the last %d days",
                        JZ_MESSAGE_CHECK_DAYS);
}
