#include "receipt/words.h"

#include <stddef.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct jz_receipt_word kinds[] = {
    [1] = { "counter", "经办大厅现场认证", "經辦大廳現場認證",
            "Seen in person at the agency's counter" },
    [2] = { "community", "社区（村）现场认证", "社區（村）現場認證",
            "Seen in person at the community office" },
    [3] = { "outlet", "服务网点现场认证", "服務網點現場認證",
            "Seen in person at a service outlet" },
    [4] = { "retirement_office", "退休管理机构现场认证", "退休管理機構現場認證",
            "Seen in person at the office for retired staff" },
    [5] = { "partner_body", "协作机构现场认证", "協作機構現場認證",
            "Seen in person at a partner organisation" },
    [6] = { "home_visit", "上门认证", "上門認證", "Visited at home or in hospital" },
    [7] = { "face_kiosk", "自助终端人脸认证", "自助終端人臉認證", "Face check at a kiosk" },
    [8] = { "face_remote", "手机或电脑人脸认证", "手機或電腦人臉認證",
            "Face check on a phone or computer" },
    [9] = { "video_call", "视频通话认证", "視頻通話認證", "Video call with staff" },
    [10] = { "external_identity", "权威身份平台认证", "權威身份平台認證",
             "Face check by an official identity service" },
    [11] = { "data_match", "数据比对认证", "數據比對認證", "Official records, nothing to do" },
    [12] = { "proxy", "亲友代办认证", "親友代辦認證", "By a proxy, with documents" },
    [13] = { "unit_list", "单位名单认证", "單位名單認證", "By the employer's verified list" },
    [14] = { "materials", "书面材料认证", "書面材料認證", "By documents, checked by staff" },
};

static const struct jz_receipt_word schemes[JZ_RECEIPT_SCHEMES] = {
    { "employee", "企业职工基本养老保险", "企業職工基本養老保險", "Employees' basic pension" },
    { "institution", "机关事业单位养老保险", "機關事業單位養老保險",
      "Government and institution pension" },
    { "resident", "城乡居民基本养老保险", "城鄉居民基本養老保險", "Residents' basic pension" },
    { "land", "被征地农民养老保障", "被徵地農民養老保障", "Land acquisition pension" },
    { "work_injury", "工伤保险长期待遇", "工傷保險長期待遇", "Work-injury allowance" },
    { "survivor", "遗属待遇", "遺屬待遇", "Survivor's allowance" },
    { "other", "其他待遇", "其他待遇", "Other benefit" },
};

const struct jz_receipt_word *jz_receipt_kind(unsigned kind)
{
    return kind >= 1 && kind < COUNT(kinds) ? &kinds[kind] : NULL;
}

unsigned jz_receipt_kind_number(const char *name)
{
    for (unsigned i = 1; i < COUNT(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    return 0;
}

const struct jz_receipt_word *jz_receipt_scheme(unsigned bit)
{
    return bit < COUNT(schemes) ? &schemes[bit] : NULL;
}

uint16_t jz_receipt_scheme_mask(const char *name)
{
    for (unsigned i = 0; i < COUNT(schemes); i++)
        if (strcmp(schemes[i].name, name) == 0)
            return (uint16_t)(1 << i);
    return 0;
}
