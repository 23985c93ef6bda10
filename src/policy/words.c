#include "policy/words.h"

#include <string.h>

const struct jz_word jz_scheme_words[JZ_SCHEMES] = {
    [JZ_SCHEME_EMPLOYEE] = { "employee", "企业职工基本养老保险", "企業職工基本養老保險",
                             "Employees' basic pension" },
    [JZ_SCHEME_INSTITUTION] = { "institution", "机关事业单位养老保险", "機關事業單位養老保險",
                                "Government and institution pension" },
    [JZ_SCHEME_RESIDENT] = { "resident", "城乡居民基本养老保险", "城鄉居民基本養老保險",
                             "Residents' basic pension" },
    [JZ_SCHEME_LAND] = { "land", "被征地农民养老保障", "被徵地農民養老保障",
                         "Land acquisition pension" },
    [JZ_SCHEME_WORK_INJURY] = { "work_injury", "工伤保险长期待遇", "工傷保險長期待遇",
                                "Work-injury allowance" },
    [JZ_SCHEME_SURVIVOR] = { "survivor", "遗属待遇", "遺屬待遇", "Survivor's allowance" },
    [JZ_SCHEME_OTHER] = { "other", "其他待遇", "其他待遇", "Other benefit" },
};

const struct jz_word jz_evidence_words[JZ_EV_KINDS] = {
    [JZ_EV_COUNTER] = { "counter", "经办大厅现场认证", "經辦大廳現場認證",
                        "Seen in person at the agency's counter" },
    [JZ_EV_COMMUNITY] = { "community", "社区（村）现场认证", "社區（村）現場認證",
                          "Seen in person at the community office" },
    [JZ_EV_OUTLET] = { "outlet", "服务网点现场认证", "服務網點現場認證",
                       "Seen in person at a service outlet" },
    [JZ_EV_RETIREMENT_OFFICE] = { "retirement_office", "退休管理机构现场认证",
                                  "退休管理機構現場認證",
                                  "Seen in person at the office for retired staff" },
    [JZ_EV_PARTNER_BODY] = { "partner_body", "协作机构现场认证", "協作機構現場認證",
                             "Seen in person at a partner organisation" },
    [JZ_EV_HOME_VISIT] = { "home_visit", "上门认证", "上門認證", "Visited at home or in hospital" },
    [JZ_EV_FACE_KIOSK] = { "face_kiosk", "自助终端人脸认证", "自助終端人臉認證",
                           "Face check at a kiosk" },
    [JZ_EV_FACE_REMOTE] = { "face_remote", "手机或电脑人脸认证", "手機或電腦人臉認證",
                            "Face check on a phone or computer" },
    [JZ_EV_VIDEO_CALL] = { "video_call", "视频通话认证", "視頻通話認證", "Video call with staff" },
    [JZ_EV_EXTERNAL_IDENTITY] = { "external_identity", "权威身份平台认证", "權威身份平台認證",
                                  "Face check by an official identity service" },
    [JZ_EV_DATA_MATCH] = { "data_match", "数据比对认证", "數據比對認證",
                           "Official records, nothing to do" },
    [JZ_EV_PROXY] = { "proxy", "亲友代办认证", "親友代辦認證", "By a proxy, with documents" },
    [JZ_EV_UNIT_LIST] = { "unit_list", "单位名单认证", "單位名單認證",
                          "By the employer's verified list" },
    [JZ_EV_MATERIALS] = { "materials", "书面材料认证", "書面材料認證",
                          "By documents, checked by staff" },
    [JZ_EV_WEAK_SIGNAL] = { "weak_signal", "辅助线索", "輔助線索", "Weak signal" },
};

const uint8_t jz_evidence_strength[JZ_EV_KINDS] = {
    [JZ_EV_COUNTER] = JZ_STRENGTH_A,      [JZ_EV_COMMUNITY] = JZ_STRENGTH_A,
    [JZ_EV_OUTLET] = JZ_STRENGTH_A,       [JZ_EV_RETIREMENT_OFFICE] = JZ_STRENGTH_A,
    [JZ_EV_PARTNER_BODY] = JZ_STRENGTH_A, [JZ_EV_HOME_VISIT] = JZ_STRENGTH_A,
    [JZ_EV_FACE_KIOSK] = JZ_STRENGTH_A,   [JZ_EV_FACE_REMOTE] = JZ_STRENGTH_B,
    [JZ_EV_VIDEO_CALL] = JZ_STRENGTH_B,   [JZ_EV_EXTERNAL_IDENTITY] = JZ_STRENGTH_B,
    [JZ_EV_DATA_MATCH] = JZ_STRENGTH_C,   [JZ_EV_PROXY] = JZ_STRENGTH_C,
    [JZ_EV_UNIT_LIST] = JZ_STRENGTH_C,    [JZ_EV_MATERIALS] = JZ_STRENGTH_C,
    [JZ_EV_WEAK_SIGNAL] = JZ_STRENGTH_D,
};

const struct jz_word jz_outcome_words[JZ_OUTCOMES] = {
    [JZ_OUTCOME_PASS] = { "pass", "通过", "通過", "passed" },
    [JZ_OUTCOME_FAIL] = { "fail", "未通过", "未通過", "did not pass" },
    [JZ_OUTCOME_PENDING] = { "pending", "待复核", "待複核", "waits for review" },
};

const struct jz_word jz_standing_words[JZ_STANDING_STATES] = {
    [JZ_STANDING_NONE] = { "none", "未适用政策", "未適用政策", "no policy applies" },
    [JZ_STANDING_CURRENT] = { "current", "认证有效", "認證有效", "current" },
    [JZ_STANDING_DUE_SOON] = { "due_soon", "即将到期", "即將到期", "due soon" },
    [JZ_STANDING_GRACE] = { "grace", "宽限期内", "寬限期內", "in the grace period" },
    [JZ_STANDING_LAPSED] = { "lapsed", "已逾期", "已逾期", "lapsed" },
};

const struct jz_word jz_paper_words[JZ_PAPER_KINDS] = {
    [JZ_PAPER_RESIDENT_ID] = { "resident_id", "居民身份证", "居民身份證", "resident ID card" },
    [JZ_PAPER_SOCIAL_SECURITY_CARD] = { "social_security_card", "社会保障卡", "社會保障卡",
                                        "social security card" },
    [JZ_PAPER_HK_MACAU_PERMIT] = { "hk_macau_permit", "港澳居民来往内地通行证",
                                   "港澳居民來往內地通行證",
                                   "mainland travel permit for Hong Kong and Macau residents" },
    [JZ_PAPER_TAIWAN_PERMIT] = { "taiwan_permit", "台湾居民来往大陆通行证",
                                 "臺灣居民來往大陸通行證",
                                 "mainland travel permit for Taiwan residents" },
    [JZ_PAPER_PASSPORT] = { "passport", "护照", "護照", "passport" },
    [JZ_PAPER_FOREIGN_RESIDENT_ID] = { "foreign_resident_id", "外国人永久居留身份证",
                                       "外國人永久居留身份證",
                                       "foreign permanent resident ID card" },
    [JZ_PAPER_HOUSEHOLD_REGISTER] = { "household_register", "户口簿", "戶口簿",
                                      "household register" },
    [JZ_PAPER_NEWSPAPER_PHOTO] = { "newspaper_photo", "本人手持近日报纸的照片",
                                   "本人手持近日報紙的照片",
                                   "photograph of the person with a recent newspaper" },
    [JZ_PAPER_LIFE_SIGN] = { "life_sign", "本人近照、视频或实时连线", "本人近照、影片或即時連線",
                             "fresh photograph, clip or live video of the person" },
    [JZ_PAPER_PROXY_ID] = { "proxy_id", "受托人身份证件", "受託人身份證件",
                            "the proxy's ID document" },
    [JZ_PAPER_PRINCIPAL_ID] = { "principal_id", "委托人身份证件", "委託人身份證件",
                                "the principal's ID document" },
    [JZ_PAPER_PRINCIPAL_CARD] = { "principal_card", "委托人社会保障卡", "委託人社會保障卡",
                                  "the principal's social security card" },
    [JZ_PAPER_PRINCIPAL_PROOF] = { "principal_proof", "委托人的其他有效原件",
                                   "委託人的其他有效原件", "another original of the principal" },
    [JZ_PAPER_POWER_OF_ATTORNEY] = { "power_of_attorney", "委托书", "委託書", "power of attorney" },
    [JZ_PAPER_HANDLER_ID] = { "handler_id", "单位经办人身份证件", "單位經辦人身份證件",
                              "the employer's handler's ID document" },
    [JZ_PAPER_UNIT_LIST] = { "unit_list", "单位核实名册", "單位核實名冊",
                             "the employer's list of people it has seen" },
    [JZ_PAPER_UNIT_CERTIFICATE] = { "unit_certificate", "单位证明", "單位證明",
                                    "the employer's certificate" },
    [JZ_PAPER_PARTNER_CERTIFICATE] = { "partner_certificate", "境外合作机构出具的生存证明",
                                       "境外合作機構出具的生存證明",
                                       "life certificate of a partner body" },
    [JZ_PAPER_MISSION_CERTIFICATE] = { "mission_certificate", "驻外使领馆出具的生存证明",
                                       "駐外使領館出具的生存證明",
                                       "life certificate of an embassy or consulate" },
    [JZ_PAPER_HOSPITAL_CERTIFICATE] = { "hospital_certificate", "住院证明", "住院證明",
                                        "certificate of a hospital stay" },
    [JZ_PAPER_OTHER] = { "other", "其他材料", "其他材料", "other document" },
};

const struct jz_word jz_form_words[JZ_PAPER_FORMS] = {
    [JZ_FORM_ORIGINAL] = { "original", "原件", "原件", "original" },
    [JZ_FORM_COPY] = { "copy", "复印件", "影本", "copy" },
    [JZ_FORM_ORIGINAL_AND_COPY] = { "original_and_copy", "原件及复印件", "原件及影本",
                                    "original and copy" },
    [JZ_FORM_SEALED_COPY] = { "sealed_copy", "加盖单位公章和“与原件相符”章的复印件",
                              "加蓋單位公章和「與原件相符」章的影本",
                              "copy under the employer's seal, marked as the original" },
    [JZ_FORM_PHOTO] = { "photo", "照片", "照片", "photograph" },
    [JZ_FORM_SCAN] = { "scan", "扫描件或拍照上传", "掃描件或拍照上傳", "scan or upload" },
};

const struct jz_word jz_special_words[JZ_SPECIAL_STATUSES] = {
    [JZ_SPECIAL_IMPRISONED] = { "imprisoned", "服刑", "服刑", "imprisoned" },
    [JZ_SPECIAL_CUSTODY_ACQUITTED] = { "custody_acquitted", "羁押后宣告无罪", "羈押後宣告無罪",
                                       "in custody and later acquitted" },
    [JZ_SPECIAL_DECLARED_DEAD] = { "declared_dead", "失踪后宣告死亡", "失蹤後宣告死亡",
                                   "missing, then declared dead" },
    [JZ_SPECIAL_REAPPEARED] = { "reappeared", "宣告死亡后重新出现", "宣告死亡後重新出現",
                                "reappeared" },
    [JZ_SPECIAL_REGISTRATION_CANCELLED] = { "registration_cancelled", "户籍注销", "戶籍註銷",
                                            "household registration cancelled" },
};

int jz_word_find(const struct jz_word *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, name) == 0)
            return (int)i;
    return -1;
}
