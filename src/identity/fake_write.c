/* Made-up people as the rows of a register. */
#include "identity/fake.h"

/* The amount is in fen: a register has that column or the one in yuan. */
static bool is_written(int column)
{
    return column != JZ_REGISTER_AMOUNT_YUAN;
}

static void put_code(struct jz_csv_writer *w, const struct jz_register_code *code, bool is_chinese)
{
    jz_csv_put_plain(w, !code ? "" : is_chinese ? code->zh : code->code);
}

static void put_care(struct jz_csv_writer *w, unsigned care, bool is_chinese)
{
    char text[128] = "";
    size_t count, used = 0;
    const struct jz_register_code *code = jz_register_codes(&count);
    while (code->column != JZ_REGISTER_CARE)
        code++;
    for (; care && used < sizeof text; care >>= 1, code++)
        if (care & 1)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? ";" : "",
                                     is_chinese ? code->zh : code->code);
    jz_csv_put_plain(w, text);
}

void jz_fake_write_header(struct jz_csv_writer *w, bool is_chinese)
{
    const struct jz_csv_column *columns = jz_register_columns();
    for (int i = 0; i < JZ_REGISTER_COLUMN_COUNT; i++)
        if (is_written(i))
            jz_csv_put_plain(w, is_chinese ? columns[i].accepted[0] : columns[i].name);
    jz_csv_end_row(w);
}

/* In the order of enum jz_register_column. */
void jz_fake_write_row(struct jz_csv_writer *w, const struct jz_fake_row *row, bool is_chinese)
{
    static const char *const sexes[][2] = { [JZ_SEX_UNKNOWN] = { "", "" },
                                            [JZ_SEX_MALE] = { "male", "男" },
                                            [JZ_SEX_FEMALE] = { "female", "女" } };
    const struct jz_document_kind_info *kind = jz_document_kind_info(row->document_kind);
    jz_csv_put_plain(w, row->document);
    jz_csv_put_plain(w, is_chinese ? kind->zh_hans : kind->name);
    jz_csv_put_plain(w, row->issuer);
    jz_csv_put_text(w, row->name);
    jz_csv_put_plain(w, sexes[row->sex][is_chinese]);
    jz_csv_put_date(w, row->born_on);
    jz_csv_put_plain(w, row->phone);
    jz_csv_put_text(w, row->address);
    jz_csv_put_plain(w, row->region);
    jz_csv_put_plain(w, row->residence);
    put_code(w, row->scheme, is_chinese);
    jz_csv_put_date(w, row->benefit_from);
    jz_csv_put_int(w, row->amount_fen);
    put_code(w, row->managed_by, is_chinese);
    jz_csv_put_text(w, row->unit);
    put_care(w, row->care, is_chinese);
    jz_csv_put_date(w, row->last_certified_on);
    put_code(w, row->last_certified_kind, is_chinese);
    jz_csv_end_row(w);
}
