#include "bridge/problem.h"

#include <string.h>
#include <strings.h>

static const struct jz_problem_info infos[JZ_PROBLEM_COUNT] = {
    [JZ_PROBLEM_NONE] = { 200, false, "ok", "成功。", "成功。", "Done." },
    [JZ_PROBLEM_SERVICE_MISSING] = { 503, true, "service_missing",
                                     "读卡服务没有运行或不许使用，请联系工作人员，或手工输入号码。",
                                     "讀卡服務沒有執行或不許使用，請聯絡工作人員，或手動輸入號碼。",
                                     "The card service of this computer does not run, or does not "
                                     "let this user in; tell the staff, or type the numbers." },
    [JZ_PROBLEM_NO_READER] = { 404, true, "no_reader",
                               "没有找到读卡器，请接好后重试，或手工输入号码。",
                               "沒有找到讀卡機，請接好後重試，或手動輸入號碼。",
                               "No such card reader is connected; connect it and try again, or "
                               "type "
                               "the numbers." },
    [JZ_PROBLEM_READER_IN_USE] = { 409, true, "reader_in_use",
                                   "另一个程序正在使用读卡器，请稍后再试，或手工输入号码。",
                                   "另一個程式正在使用讀卡機，請稍後再試，或手動輸入號碼。",
                                   "Another program uses the card reader; try again later, or type "
                                   "the numbers." },
    [JZ_PROBLEM_NO_CARD] = { 404, true, "no_card", "没有放卡，请放好卡后重试，或手工输入号码。",
                             "沒有放卡，請放好卡後重試，或手動輸入號碼。",
                             "No card came; put it on the reader and try again, or type the "
                             "numbers." },
    [JZ_PROBLEM_CARD_REMOVED] = { 409, true, "card_removed", "卡拿得太早，请放回去，等读完再拿。",
                                  "卡拿得太早，請放回去，等讀完再拿。",
                                  "The card was taken away too early; put it back until it is "
                                  "read." },
    [JZ_PROBLEM_UNKNOWN_CARD] = { 422, true, "unknown_card",
                                  "认不出这张卡，请检查方向和种类，或手工输入号码。",
                                  "認不出這張卡，請檢查方向和種類，或手動輸入號碼。",
                                  "This card is not known here; check which way round it is and "
                                  "which card it is, or type the numbers." },
    [JZ_PROBLEM_CARD_UNREADABLE] = { 422, true, "card_unreadable",
                                     "卡内信息无法识别，请重试，或手工输入号码。",
                                     "卡內資料無法識別，請重試，或手動輸入號碼。",
                                     "What the card says cannot be understood; try again, or type "
                                     "the numbers." },
    [JZ_PROBLEM_TIMEOUT] = { 504, false, "timeout", "读卡器没有回应，请重试，或手工输入号码。",
                             "讀卡機沒有回應，請重試，或手動輸入號碼。",
                             "The card reader did not answer in time; try again, or type the "
                             "numbers." },
    [JZ_PROBLEM_HELPER_FAILED] = { 502, false, "helper_failed",
                                   "读卡程序出错，请联系工作人员，或手工输入号码。",
                                   "讀卡程式出錯，請聯絡工作人員，或手動輸入號碼。",
                                   "The program for this card reader failed; tell the staff, or "
                                   "type the numbers." },
    [JZ_PROBLEM_BUSY] = { 503, false, "busy", "正在读另一张卡，请稍后再试。",
                          "正在讀另一張卡，請稍後再試。",
                          "Another card is being read; try again in a moment." },
    [JZ_PROBLEM_BAD_REQUEST] = { 400, false, "bad_request", "请求有误，请按提示改正。",
                                 "請求有誤，請按提示改正。",
                                 "The request is not right; please correct it as described." },
    [JZ_PROBLEM_TOO_LARGE] = { 413, false, "too_large", "超过允许的大小。", "超過允許的大小。",
                               "It is larger than allowed." },
    [JZ_PROBLEM_NO_ROUTE] = { 404, false, "not_found", "没有找到。", "沒有找到。",
                              "There is no such address here." },
    [JZ_PROBLEM_NO_METHOD] = { 405, false, "method_not_allowed", "此处不支持这种请求方法。",
                               "此處不支援這種請求方法。",
                               "This address does not know this method." },
    [JZ_PROBLEM_FOREIGN_HOST] = { 421, false, "foreign_host", "请求的主机名不对。",
                                  "請求的主機名稱不對。",
                                  "The request names another host; call 127.0.0.1." },
    [JZ_PROBLEM_FOREIGN_ORIGIN] = { 403, false, "foreign_origin", "这个网站不能使用读卡器。",
                                    "這個網站不能使用讀卡機。",
                                    "This website may not use the card reader." },
    [JZ_PROBLEM_NOT_PAIRED] = { 401, false, "not_paired",
                                "网页还没有与读卡器配对，请联系工作人员，或手工输入号码。",
                                "網頁還沒有與讀卡機配對，請聯絡工作人員，或手動輸入號碼。",
                                "The page is not paired with this card reader; tell the staff, or "
                                "type the numbers." },
    [JZ_PROBLEM_TOO_MANY_TRIES] = { 429, false, "too_many_tries", "尝试太多，请稍后再试。",
                                    "嘗試太多，請稍後再試。",
                                    "Too many wrong pairing tokens; try again in a moment." },
    [JZ_PROBLEM_STOPPING] = { 503, false, "stopping", "读卡程序正在退出。", "讀卡程式正在結束。",
                              "The bridge to the card reader is being stopped." },
    [JZ_PROBLEM_INTERNAL] = { 500, false, "internal", "系统内部错误，请联系工作人员。",
                              "系統內部錯誤，請聯絡工作人員。",
                              "An internal error; please tell the staff." },
};

const struct jz_problem_info *jz_problem_info(enum jz_problem problem)
{
    return &infos[problem < JZ_PROBLEM_COUNT ? problem : JZ_PROBLEM_INTERNAL];
}

bool jz_problem_parse(const char *name, enum jz_problem *ret_problem)
{
    for (enum jz_problem p = 0; p < JZ_PROBLEM_COUNT; p++)
        if (infos[p].is_helpers && strcmp(infos[p].name, name) == 0) {
            *ret_problem = p;
            return true;
        }
    return false;
}

const char *jz_problem_sentence(enum jz_problem problem, const char *accept_language)
{
    static const char *const hant[] = { "zh-hant", "zh-tw", "zh-hk", "zh-mo" };
    const struct jz_problem_info *info = jz_problem_info(problem);
    if (!accept_language || strncasecmp(accept_language, "zh", 2) != 0)
        return info->en;
    for (size_t i = 0; i < sizeof hant / sizeof hant[0]; i++)
        if (strncasecmp(accept_language, hant[i], strlen(hant[i])) == 0)
            return info->zh_hant;
    return info->zh_hans;
}
