#include "ledger/match.h"

static const char *const document_names[] = { "证件号码",     "身份证号",
                                              "身份证号码",   "公民身份号码",
                                              "社会保障号码", "社会保障号",
                                              "id_number",    NULL };
static const char *const name_names[] = { "姓名", "领取人姓名", NULL };
static const char *const event_on_names[] = { "事件日期", "发生日期", "业务日期", "死亡日期",
                                              NULL };
static const char *const event_names[] = { "事件", "业务类型", "事项", NULL };
static const char *const place_names[] = { "发生地", "发生地区划代码", "业务地", NULL };
static const char *const ref_names[] = { "来源编号", "记录编号", "流水号", NULL };

static const struct jz_csv_column columns[JZ_MATCH_COLUMNS] = {
    [JZ_MATCH_DOCUMENT] = { "document", document_names, true },
    [JZ_MATCH_NAME] = { "name", name_names, false },
    [JZ_MATCH_EVENT_ON] = { "event_on", event_on_names, true },
    [JZ_MATCH_EVENT] = { "event", event_names, false },
    [JZ_MATCH_PLACE] = { "place", place_names, false },
    [JZ_MATCH_SOURCE_REF] = { "source_ref", ref_names, false },
};

static enum jz_row_refusal read_row(const struct jz_csv_field *fields, bool is_death,
                                    struct jz_row *row, unsigned *ret_column)
{
    enum jz_row_refusal r = JZ_REFUSED_NOT;
    row->is_death = is_death;
    for (unsigned c = 0; c < JZ_MATCH_COLUMNS && r == JZ_REFUSED_NOT; c++) {
        *ret_column = c;
        switch ((enum jz_match_column)c) {
        case JZ_MATCH_DOCUMENT:
            r = jz_row_text(&fields[c], true, row->who, sizeof row->who);
            break;
        case JZ_MATCH_NAME:
            r = jz_row_text(&fields[c], false, row->name, sizeof row->name);
            break;
        case JZ_MATCH_EVENT_ON:
            r = jz_row_day(&fields[c], &row->on);
            break;
        case JZ_MATCH_EVENT:
            r = jz_row_event(&fields[c], row->event, sizeof row->event);
            break;
        case JZ_MATCH_PLACE:
            r = jz_row_place(&fields[c], &row->place);
            break;
        case JZ_MATCH_SOURCE_REF:
            r = jz_row_text(&fields[c], false, row->ref, sizeof row->ref);
            break;
        case JZ_MATCH_COLUMNS:
            break;
        }
    }
    return r;
}

const struct jz_row_format jz_match_format = {
    .kind = "data_match",
    .columns = columns,
    .column_count = JZ_MATCH_COLUMNS,
    .who_column = JZ_MATCH_DOCUMENT,
    .name_column = JZ_MATCH_NAME,
    .day_column = JZ_MATCH_EVENT_ON,
    .ref_column = JZ_MATCH_SOURCE_REF,
    .read = read_row,
};

int jz_match_import(struct jz_store *store, const struct jz_match_request *request,
                    struct jz_claim_import_result *ret_result, struct jz_error *err)
{
    struct jz_source source;
    const int r = jz_source_get(store, request->source, &source, err);
    if (r < 0)
        return r;
    if (source.trust == JZ_TRUST_ENDED)
        return jz_error_set(err, JZ_E_DENIED,
                            "the source '%s' ended; bring it back with: jianzai source add",
                            source.name);
    const struct jz_claim_import import = {
        .format = &jz_match_format,
        .path = request->path,
        .verdicts = request->verdicts,
        .source = source.name,
        .operator= request->operator,
        .kind = source.kind,
        .is_death = source.is_death,
        .trusted = source.trust == JZ_TRUST_DECIDE,
        .on_progress = request->on_progress,
        .context = request->context,
    };
    return jz_claim_import_run(store, &import, ret_result, err);
}
