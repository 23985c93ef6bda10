#include "identity/register.h"

#include <string.h>
#include <strings.h>

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct jz_csv_column columns[JZ_REGISTER_COLUMN_COUNT] = {
    [JZ_REGISTER_DOCUMENT] = { "document",
                               NAMES("证件号码", "身份证号", "身份证号码", "公民身份号码",
                                     "社会保障号码", "社会保障号", "id_number"),
                               true },
    [JZ_REGISTER_DOCUMENT_KIND] = { "document_kind", NAMES("证件类型", "证件种类"), false },
    [JZ_REGISTER_ISSUING_STATE] = { "issuing_state", NAMES("签发国", "签发国家"), false },
    [JZ_REGISTER_NAME] = { "name", NAMES("姓名", "领取人姓名"), true },
    [JZ_REGISTER_SEX] = { "sex", NAMES("性别", "gender"), false },
    [JZ_REGISTER_BORN_ON] = { "born_on", NAMES("出生日期", "出生年月日", "birth_date"), false },
    [JZ_REGISTER_PHONE] = { "phone", NAMES("联系电话", "手机号", "手机号码", "电话", "mobile"),
                            false },
    [JZ_REGISTER_ADDRESS] = { "address", NAMES("地址", "居住地址", "联系地址"), false },
    [JZ_REGISTER_REGION] = { "region", NAMES("参保地", "参保地区划代码", "参保地代码", "行政区划"),
                             true },
    [JZ_REGISTER_RESIDENCE] = { "residence", NAMES("居住地", "居住地区划代码", "居住地代码"),
                                false },
    [JZ_REGISTER_SCHEME] = { "scheme", NAMES("险种", "人员类别", "险种类型"), true },
    [JZ_REGISTER_BENEFIT_FROM] = { "benefit_from",
                                   NAMES("待遇开始日期", "待遇享受开始日期", "待遇开始年月",
                                         "退休日期"),
                                   true },
    [JZ_REGISTER_AMOUNT_FEN] = { "amount_fen", NAMES("月待遇金额分", "待遇金额（分）"), false },
    [JZ_REGISTER_AMOUNT_YUAN] = { "amount_yuan",
                                  NAMES("月待遇金额", "待遇金额", "待遇金额（元）", "养老金"),
                                  false },
    [JZ_REGISTER_MANAGED_BY] = { "managed_by", NAMES("管理方式", "管理服务"), false },
    [JZ_REGISTER_UNIT] = { "unit", NAMES("单位名称", "原工作单位", "管理单位"), false },
    [JZ_REGISTER_CARE] = { "care", NAMES("特殊关怀", "特殊情况", "关怀标识"), false },
    [JZ_REGISTER_LAST_CERTIFIED_ON] = { "last_certified_on", NAMES("上次认证日期", "最近认证日期"),
                                        false },
    [JZ_REGISTER_LAST_CERTIFIED_KIND] = { "last_certified_kind",
                                          NAMES("上次认证方式", "最近认证方式"), false },
};

static const struct jz_register_code codes[] = {
    { JZ_REGISTER_SEX, "male", "男", NULL },
    { JZ_REGISTER_SEX, "female", "女", NULL },
    { JZ_REGISTER_SCHEME, "employee", "企业职工", "城镇职工" },
    { JZ_REGISTER_SCHEME, "institution", "机关事业单位", "机关事业" },
    { JZ_REGISTER_SCHEME, "resident", "城乡居民", "居民养老" },
    { JZ_REGISTER_SCHEME, "land", "被征地农民", "农转居" },
    { JZ_REGISTER_SCHEME, "work_injury", "工伤", "工残" },
    { JZ_REGISTER_SCHEME, "survivor", "供养亲属", "供养遗属" },
    { JZ_REGISTER_SCHEME, "other", "其他", NULL },
    { JZ_REGISTER_MANAGED_BY, "community", "社区", "社会化管理" },
    { JZ_REGISTER_MANAGED_BY, "unit", "单位", "单位管理" },
    { JZ_REGISTER_CARE, "ill", "患病", "重病" },
    { JZ_REGISTER_CARE, "disabled", "残疾", NULL },
    { JZ_REGISTER_CARE, "alone", "独居", NULL },
    { JZ_REGISTER_CARE, "bedridden", "卧床", "长期卧床" },
    { JZ_REGISTER_CARE, "hospital", "住院", NULL },
    { JZ_REGISTER_CARE, "dependent", "失能", "生活不能自理" },
    { JZ_REGISTER_CARE, "very_old", "高龄", NULL },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "counter", "经办窗口", "窗口" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "community", "社区", "村居" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "outlet", "服务网点", "银行网点" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "retirement_office", "退管所", NULL },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "partner_body", "协查机构", "境外合作机构" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "home_visit", "上门", "上门认证" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "face_kiosk", "自助终端", "自助一体机" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "face_remote", "人脸识别", "手机认证" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "video_call", "视频", "视频认证" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "external_identity", "第三方身份认证", "网证" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "data_match", "数据比对", "静默认证" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "proxy", "委托", "委托代办" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "unit_list", "单位名单", "单位上报" },
    { JZ_REGISTER_LAST_CERTIFIED_KIND, "materials", "材料", "邮寄材料" },
};

enum { CODE_COUNT = sizeof codes / sizeof codes[0] };

const struct jz_csv_column *jz_register_columns(void)
{
    return columns;
}

const struct jz_register_code *jz_register_code(enum jz_register_column column, const char *text)
{
    for (size_t i = 0; i < CODE_COUNT; i++)
        if (codes[i].column == column &&
            (((*text | 0x20) == *codes[i].code && strcasecmp(text, codes[i].code) == 0) ||
             strcmp(text, codes[i].zh) == 0 ||
             (codes[i].also_zh && strcmp(text, codes[i].also_zh) == 0)))
            return &codes[i];
    return NULL;
}

const struct jz_register_code *jz_register_codes(size_t *ret_count)
{
    *ret_count = CODE_COUNT;
    return codes;
}
