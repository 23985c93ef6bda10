#include "ledger/unit_list.h"

#include "identity/region.h"

#include <stdio.h>
#include <string.h>

static const char *const document_names[] = { "证件号码",     "身份证号",
                                              "身份证号码",   "公民身份号码",
                                              "社会保障号码", "社会保障号",
                                              "id_number",    NULL };
static const char *const name_names[] = { "姓名", "领取人姓名", NULL };
static const char *const seen_on_names[] = { "核实日期", "见面日期", "死亡日期", NULL };
static const char *const status_names[] = { "状态", "生存状态", "核实结果", NULL };
static const char *const handler_names[] = { "经办人", "单位经办人", NULL };

static const struct jz_csv_column columns[JZ_UNIT_LIST_COLUMNS] = {
    [JZ_UNIT_LIST_DOCUMENT] = { "document", document_names, true },
    [JZ_UNIT_LIST_NAME] = { "name", name_names, true },
    [JZ_UNIT_LIST_SEEN_ON] = { "seen_on", seen_on_names, true },
    [JZ_UNIT_LIST_STATUS] = { "status", status_names, true },
    [JZ_UNIT_LIST_HANDLER] = { "handler", handler_names, false },
};

static const struct {
    const char *words[6];
    bool is_death;
    const char *not_passed;
} statuses[] = {
    { { "alive", "健在", "在世", "已见", "正常", NULL }, false, NULL },
    { { "dead", "死亡", "已故", "去世", NULL }, true, NULL },
    { { "not_seen", "not seen", "未见", "未见到", "失联", NULL }, false, "not_seen" },
};

static enum jz_row_refusal read_status(const struct jz_csv_field *field, struct jz_row *row)
{
    char text[32];
    const enum jz_row_refusal r = jz_row_text(field, true, text, sizeof text);
    if (r != JZ_REFUSED_NOT)
        return r == JZ_REFUSED_LONG ? JZ_REFUSED_STATUS : r;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        for (const char *const *word = statuses[i].words; *word; word++)
            if (jz_same_name(text, *word)) {
                row->is_death = statuses[i].is_death;
                row->not_passed = statuses[i].not_passed;
                return JZ_REFUSED_NOT;
            }
    return JZ_REFUSED_STATUS;
}

static enum jz_row_refusal read_row(const struct jz_csv_field *fields, bool is_death,
                                    struct jz_row *row, unsigned *ret_column)
{
    enum jz_row_refusal r = JZ_REFUSED_NOT;
    (void)is_death;
    for (unsigned c = 0; c < JZ_UNIT_LIST_COLUMNS && r == JZ_REFUSED_NOT; c++) {
        *ret_column = c;
        switch ((enum jz_unit_list_column)c) {
        case JZ_UNIT_LIST_DOCUMENT:
            r = jz_row_text(&fields[c], true, row->who, sizeof row->who);
            break;
        case JZ_UNIT_LIST_NAME:
            r = jz_row_text(&fields[c], true, row->name, sizeof row->name);
            break;
        case JZ_UNIT_LIST_SEEN_ON:
            r = jz_row_day(&fields[c], &row->on);
            break;
        case JZ_UNIT_LIST_STATUS:
            r = read_status(&fields[c], row);
            break;
        case JZ_UNIT_LIST_HANDLER:
        case JZ_UNIT_LIST_COLUMNS:
            break;
        }
    }
    return r;
}

const struct jz_row_format jz_unit_list_format = {
    .kind = "unit_list",
    .columns = columns,
    .column_count = JZ_UNIT_LIST_COLUMNS,
    .who_column = JZ_UNIT_LIST_DOCUMENT,
    .name_column = JZ_UNIT_LIST_NAME,
    .day_column = JZ_UNIT_LIST_SEEN_ON,
    .ref_column = JZ_UNIT_LIST_COLUMNS,
    .read = read_row,
};

int jz_unit_list_import(struct jz_store *store, const struct jz_unit_list_request *request,
                        struct jz_claim_import_result *ret_result, struct jz_error *err)
{
    char source[JZ_UNIT_NAME_MAX + 8], area[JZ_REGION_TEXT_BYTES];
    if (!request->unit == !request->area)
        return jz_error_set(err, JZ_E_USAGE, "a list is a unit's or an area's, one of the two");
    if (request->unit && (!*request->unit || strlen(request->unit) > JZ_UNIT_NAME_MAX))
        return jz_error_set(err, JZ_E_USAGE, "the unit has no name, or one longer than %d",
                            JZ_UNIT_NAME_MAX);
    if (request->area && (!jz_region_prefix(request->area, area) || !*area))
        return jz_error_set(err, JZ_E_USAGE, "'%.20s' is no area: 2, 4, 6, 9 or 12 digits",
                            request->area);
    if (request->document_count > JZ_CLAIM_DOCUMENTS)
        return jz_error_set(err, JZ_E_USAGE, "more than %d documents", JZ_CLAIM_DOCUMENTS);
    snprintf(source, sizeof source, "%s:%s", request->unit ? "unit" : "area",
             request->unit ? request->unit : area);
    const struct jz_claim_import import = {
        .format = &jz_unit_list_format,
        .path = request->path,
        .verdicts = request->verdicts,
        .source = source,
        .operator= request->operator,
        .kind = request->unit ? JZ_EV_UNIT_LIST : JZ_EV_COMMUNITY,
        .trusted = true,
        .unit = request->unit,
        .area = request->area ? area : NULL,
        .documents = request->documents,
        .document_count = request->document_count,
        .on_progress = request->on_progress,
        .context = request->context,
    };
    return jz_claim_import_run(store, &import, ret_result, err);
}
