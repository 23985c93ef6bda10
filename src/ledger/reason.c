#include "ledger/reason.h"

#include <stdio.h>
#include <string.h>

static const struct jz_reason_info infos[] = {
    { "no_template",
      "还没有建模，不能用人脸认证。请本人带证件到经办窗口、社区或预约上门建模，也可选择其他认证方式"
      "。",
      "還沒有建模，不能用人臉認證。請本人帶證件到經辦窗口、社區或預約上門建模，也可選擇其他認證方式"
      "。",
      "There is no enrolled face to compare with. Go to a counter or community office with a "
      "document, or ask for a home visit; every other route is open too." },
    { "does_not_match",
      "与建模照片不一致。请摘下口罩、面向光亮再试一次，也可选择窗口、上门、视频等其他方式。",
      "與建模照片不一致。請摘下口罩、面向光亮再試一次，也可選擇窗口、上門、視頻等其他方式。",
      "The face does not match the enrolled one. Try again in good light without mask or hat, or "
      "choose a counter, a home visit or another route." },
    { "needs_person",
      "已转人工处理，不必再试。工作人员会与您联系，也可到经办窗口或拨打12333；待遇不会因此停发。",
      "已轉人工處理，不必再試。工作人員會與您聯絡，也可到經辦窗口或撥打12333；待遇不會因此停發。",
      "A person takes over: no need to try again. A clerk will call; you may also go to a counter "
      "or "
      "ring 12333. No payment stops because of this." },
    { "alive_after_death", "系统中有死亡登记，与本次生存证据矛盾，已转人工核实。",
      "系統中有死亡登記，與本次生存證據矛盾，已轉人工核實。",
      "A death is on record that contradicts this sign of life: a person looks into it." },
    { "two_places", "同一天在两地都有记录，已转人工核实。", "同一天在兩地都有記錄，已轉人工核實。",
      "There is a sign of life from another province on the same day: a person looks into it." },
    { "untrusted_source", "该数据来源只作线索，已转人工核实。",
      "該數據來源只作線索，已轉人工核實。",
      "This source is not trusted to decide alone: a person looks into it." },
    { "kind_not_accepted", "当地规定不接受这种认证方式，请选择其他方式。",
      "當地規定不接受這種認證方式，請選擇其他方式。",
      "The rule in force does not count this kind of evidence: choose another route." },
    { "not_twice_in_a_row", "这种方式不能连续使用，请本次改用其他方式。",
      "這種方式不能連續使用，請本次改用其他方式。",
      "This kind does not count again before a stronger one: choose another route this time." },
    { "documents_missing", "所需材料不齐，请补齐后再办。", "所需材料不齊，請補齊後再辦。",
      "Documents that the rule asks for are missing." },
    { "document_undated",
      "没有注明材料的日期。请写明材料上的日期（如报纸的日期）；看不出日期的，请换一份。",
      "沒有註明材料的日期。請寫明材料上的日期（如報紙的日期）；看不出日期的，請換一份。",
      "Nobody said of which day a document is. Say the day that stands on it, such as that of the "
      "newspaper; bring another one if it shows none." },
    { "document_too_old",
      "材料的日期太早，已超过规定的天数。请换一份近日的材料（如手持当天报纸重新拍照）再办。",
      "材料的日期太早，已超過規定的天數。請換一份近日的材料（如手持當天報紙重新拍照）再辦。",
      "A document is older than the rule allows. Bring a fresh one, such as a new photograph with "
      "today's newspaper." },
    { "document_later", "材料的日期晚于本次登记的认证日期。请核对两个日期，更正后再办。",
      "材料的日期晚於本次登記的認證日期。請核對兩個日期，更正後再辦。",
      "A document is of a later day than the sign of life it was brought for. Check both days and "
      "record it again as it was." },
    { "no_policy", "没有适用的认证规定，请联系经办机构。", "沒有適用的認證規定，請聯絡經辦機構。",
      "No policy covers this benefit: tell the agency." },
    { "not_asked", "没有需要认证的待遇（已终止或已有死亡登记），本次已记录。",
      "沒有需要認證的待遇（已終止或已有死亡登記），本次已記錄。",
      "No benefit asks for a certification (ended, or a death is on record); this is recorded." },
    { "not_seen", "单位本次未见到本人，请改用其他认证方式；待遇不会因此停发。",
      "單位本次未見到本人，請改用其他認證方式；待遇不會因此停發。",
      "The unit has not seen the person: choose another route. No payment stops because of this." },
    { "death_reported", "有死亡报告，须由工作人员核实；未核实前不作处理。",
      "有死亡報告，須由工作人員核實；未核實前不作處理。",
      "A death is reported and a clerk asks about it; nothing stops before." },
    { "death_known", "系统中已有同日死亡登记，本次已记录。", "系統中已有同日死亡登記，本次已記錄。",
      "This death is on record already; the report is recorded too." },
    { "death_dates_differ", "系统中已有死亡登记，但日期不同，已转人工核实。",
      "系統中已有死亡登記，但日期不同，已轉人工核實。",
      "A death on another day is on record: a person looks into it." },
    { "signs_after_death", "死亡日期之后仍有生存证据，已转人工核实。",
      "死亡日期之後仍有生存證據，已轉人工核實。",
      "There is a sign of life after that day: a person looks into it." },
    { "already_later", "已有有效期更长的认证，本次已记录。", "已有有效期更長的認證，本次已記錄。",
      "Another sign of life carries further already; this one is recorded too." },
    { "pending_review", "已收到，等待工作人员审核。", "已收到，等待工作人員審核。",
      "Received: a clerk has to look at it." },
    { "face_known", "该人脸与另一位参保人相似，已转人工核实。",
      "該人臉與另一位參保人相似，已轉人工核實。",
      "This face is much like that of another person in the register: a person looks into it." },
};

const struct jz_reason_info *jz_reason_info(const char *name)
{
    for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++)
        if (strcmp(infos[i].name, name) == 0)
            return &infos[i];
    return NULL;
}

bool jz_reasons_has(const struct jz_reasons *reasons, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = reasons->text; (at = strstr(at, name)); at += n)
        if ((at == reasons->text || at[-1] == ',') && (at[n] == 0 || at[n] == ','))
            return true;
    return false;
}

void jz_reasons_add(struct jz_reasons *reasons, const char *name)
{
    const size_t used = strlen(reasons->text);
    if (reasons->count == JZ_REASONS_MAX || jz_reasons_has(reasons, name) ||
        used + strlen(name) + 2 > sizeof reasons->text)
        return;
    snprintf(reasons->text + used, sizeof reasons->text - used, "%s%s", used ? "," : "", name);
    reasons->count++;
}
