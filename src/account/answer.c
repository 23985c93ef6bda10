#include "account/answer.h"

static const struct jz_answer_info infos[JZ_ANSWERS] = {
    [JZ_ANSWER_DONE] = { "done", 200, "办理成功。", "辦理成功。", "Done." },
    [JZ_ANSWER_MISTYPED] = { "mistyped", 422, "有一项填写有误，请核对后重填。",
                             "有一項填寫有誤，請核對後重填。",
                             "Something is mistyped: check it and type it again." },
    [JZ_ANSWER_NOT_FOUND] = { "not_found", 404,
                              "姓名与证件号码不符，或尚未登记。请核对，或致电咨询。",
                              "姓名與證件號碼不符，或尚未登記。請核對，或致電諮詢。",
                              "Name and document do not match the register. Check both, or call "
                              "us." },
    [JZ_ANSWER_SLOW_DOWN] = { "slow_down", 429, "请求太频繁，请稍等片刻再试。不会锁定您的账户。",
                              "請求太頻繁，請稍等片刻再試。不會鎖定您的帳戶。",
                              "Too often in a short time: wait a little and try again. Nothing is "
                              "locked." },
    [JZ_ANSWER_WRONG_CODE] = { "wrong_code", 403, "验证码不对，请看清短信后再输入。",
                               "驗證碼不對，請看清簡訊後再輸入。",
                               "The code is wrong: look at the message and type it again." },
    [JZ_ANSWER_CODE_EXPIRED] = { "code_expired", 410, "验证码已失效，请重新获取。",
                                 "驗證碼已失效，請重新獲取。",
                                 "The code is over: ask for a new one." },
    [JZ_ANSWER_WRONG_PASSWORD] = { "wrong_password", 403,
                                   "卡号或密码不对。忘记密码可用手机验证码登录后重设。",
                                   "卡號或密碼不對。忘記密碼可用手機驗證碼登入後重設。",
                                   "Card or password is wrong. If you forgot it, sign in with a "
                                   "code and set a new one." },
    [JZ_ANSWER_WEAK_PASSWORD] = { "weak_password", 422,
                                  "密码须为6至64位，且不能是连号、同一数字或证件号码的一部分。",
                                  "密碼須為6至64位，且不能是連號、同一數字或證件號碼的一部分。",
                                  "A password has 6 to 64 characters, and is no row of digits, no "
                                  "single digit repeated, no part of your document number." },
    [JZ_ANSWER_CARD_TAKEN] = { "card_taken", 409, "该卡号已登记在他人名下，请致电咨询。",
                               "該卡號已登記在他人名下，請致電諮詢。",
                               "This card is registered for somebody else: please call us." },
    [JZ_ANSWER_TOO_MANY_CONTACTS] = { "too_many_contacts", 409,
                                      "登记的手机号已满，请先删除不用的号码。",
                                      "登記的手機號已滿，請先刪除不用的號碼。",
                                      "There are too many numbers already: remove one first." },
    [JZ_ANSWER_TOKEN_REFUSED] = { "token_refused", 403,
                                  "无法从该应用登录，请返回重试，或改用手机验证码登录。",
                                  "無法從該應用登入，請返回重試，或改用手機驗證碼登入。",
                                  "You could not be signed in from that app: go back and try "
                                  "again, or sign in with a code." },
};

const struct jz_answer_info *jz_answer_info(enum jz_answer_code code)
{
    return &infos[code];
}

const char *jz_answer_text(enum jz_answer_code code, enum jz_language language)
{
    const struct jz_answer_info *i = &infos[code];
    return language == JZ_EN ? i->en : language == JZ_ZH_HANT ? i->zh_hant : i->zh_hans;
}
