/* Document numbers, regions, references and the codes of a register. */
#include "base/file.h"
#include "identity/document.h"
#include "identity/reference.h"
#include "identity/region.h"
#include "identity/register.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CITIZEN JZ_DOCUMENT_CITIZEN_ID
#define FOREIGN JZ_DOCUMENT_FOREIGN_PERMANENT
#define ANY     JZ_DOCUMENT_UNKNOWN

static const struct {
    const char *text;
    enum jz_document_kind said;
    const char *issuer;
    enum jz_document_kind kind;
    const char *number, *region;
    int32_t born_on;
    enum jz_sex sex;
    unsigned findings;
} documents[] = {
    { "11010519491231002X", ANY, NULL, CITIZEN, "11010519491231002X", "110105", 19491231,
      JZ_SEX_FEMALE, 0 },
    { "34052419800101001X", CITIZEN, "", CITIZEN, "34052419800101001X", "340524", 19800101,
      JZ_SEX_MALE, 0 },
    { "513101198201130014", ANY, NULL, CITIZEN, "513101198201130014", "513101", 19820113,
      JZ_SEX_MALE, 0 },
    { "440308199901101512", ANY, NULL, CITIZEN, "440308199901101512", "440308", 19990110,
      JZ_SEX_MALE, 0 },
    { "810000199408230021", ANY, NULL, JZ_DOCUMENT_HMT_RESIDENCE, "810000199408230021", "810000",
      19940823, JZ_SEX_FEMALE, 0 },
    { "830000199201300022", ANY, NULL, JZ_DOCUMENT_HMT_RESIDENCE, "830000199201300022", "830000",
      19920130, JZ_SEX_FEMALE, 0 },
    { "932682198501010017", ANY, NULL, FOREIGN, "932682198501010017", "320000", 19850101,
      JZ_SEX_MALE, 0 },
    { "110105194912310021", ANY, NULL, CITIZEN, "110105194912310021", "110105", 19491231,
      JZ_SEX_FEMALE, JZ_DOCUMENT_WRONG_CHECK },
    { "911124198108030028", ANY, NULL, FOREIGN, "911124198108030028", "110000", 19810803,
      JZ_SEX_FEMALE, JZ_DOCUMENT_WRONG_CHECK },
    /* As people and spreadsheets write them. */
    { " 110105 19491231 002x ", ANY, NULL, CITIZEN, "11010519491231002X", "110105", 19491231,
      JZ_SEX_FEMALE, 0 },
    { "１１０１０５－１９４９１２３１－００２Ｘ", ANY, NULL, CITIZEN, "11010519491231002X",
      "110105", 19491231, JZ_SEX_FEMALE, 0 },
    { "１１０１０５　１９４９１２３１００２ｘ", ANY, NULL, CITIZEN, "11010519491231002X", "110105",
      19491231, JZ_SEX_FEMALE, 0 },
    { "'11010519491231002X\t", ANY, NULL, CITIZEN, "11010519491231002X", "110105", 19491231,
      JZ_SEX_FEMALE, 0 },
    { "=\"11010519491231002X\"", ANY, NULL, CITIZEN, "11010519491231002X", "110105", 19491231,
      JZ_SEX_FEMALE, 0 },
    /* Dirt. */
    { "991124198108030028", CITIZEN, NULL, FOREIGN, "991124198108030028", "910000", 19810803,
      JZ_SEX_FEMALE,
      JZ_DOCUMENT_UNKNOWN_PROVINCE | JZ_DOCUMENT_WRONG_CHECK | JZ_DOCUMENT_KIND_CORRECTED },
    { "000105194912310028", ANY, NULL, CITIZEN, "000105194912310028", "000105", 19491231,
      JZ_SEX_FEMALE, JZ_DOCUMENT_UNKNOWN_PROVINCE | JZ_DOCUMENT_WRONG_CHECK },
    { "110105194902300028", ANY, NULL, CITIZEN, "110105194902300028", "110105", 0, JZ_SEX_FEMALE,
      JZ_DOCUMENT_WRONG_BIRTH | JZ_DOCUMENT_WRONG_CHECK },
    { "110105174912310026", ANY, NULL, CITIZEN, "110105174912310026", "110105", 0, JZ_SEX_FEMALE,
      JZ_DOCUMENT_WRONG_BIRTH | JZ_DOCUMENT_WRONG_CHECK },
    { "1101051949123100", CITIZEN, NULL, CITIZEN, "1101051949123100", "", 0, JZ_SEX_UNKNOWN,
      JZ_DOCUMENT_WRONG_FORM },
    { "11010519491231002", ANY, NULL, ANY, "11010519491231002", "", 0, JZ_SEX_UNKNOWN,
      JZ_DOCUMENT_WRONG_FORM },
    { "1101051949123102X", ANY, NULL, ANY, "1101051949123102X", "", 0, JZ_SEX_UNKNOWN,
      JZ_DOCUMENT_WRONG_FORM },
    { "110105491231002", ANY, NULL, CITIZEN, "11010519491231002X", "110105", 19491231,
      JZ_SEX_FEMALE, JZ_DOCUMENT_FIFTEEN_DIGITS },
    { "110105 491331 002", CITIZEN, NULL, CITIZEN, "110105194913310021", "110105", 0, JZ_SEX_FEMALE,
      JZ_DOCUMENT_FIFTEEN_DIGITS | JZ_DOCUMENT_WRONG_BIRTH },
    { "810000199408230021", CITIZEN, NULL, JZ_DOCUMENT_HMT_RESIDENCE, "810000199408230021",
      "810000", 19940823, JZ_SEX_FEMALE, JZ_DOCUMENT_KIND_CORRECTED },
    { "810000400823002", CITIZEN, NULL, JZ_DOCUMENT_HMT_RESIDENCE, "81000019400823002X", "810000",
      19400823, JZ_SEX_FEMALE, JZ_DOCUMENT_FIFTEEN_DIGITS | JZ_DOCUMENT_KIND_CORRECTED },
    /* Other documents. */
    { "H01234567", ANY, NULL, JZ_DOCUMENT_HMT_PERMIT, "H01234567", "", 0, JZ_SEX_UNKNOWN, 0 },
    { "h0123456702", ANY, NULL, JZ_DOCUMENT_HMT_PERMIT, "H01234567", "", 0, JZ_SEX_UNKNOWN,
      JZ_DOCUMENT_REISSUE_DROPPED },
    { "M01234567(00)", JZ_DOCUMENT_HMT_PERMIT, NULL, JZ_DOCUMENT_HMT_PERMIT, "M01234567", "", 0,
      JZ_SEX_UNKNOWN, JZ_DOCUMENT_REISSUE_DROPPED },
    { "H0123456", JZ_DOCUMENT_HMT_PERMIT, NULL, JZ_DOCUMENT_HMT_PERMIT, "H0123456", "", 0,
      JZ_SEX_UNKNOWN, JZ_DOCUMENT_WRONG_FORM },
    { "01234567", ANY, NULL, JZ_DOCUMENT_TAIWAN_PERMIT, "01234567", "", 0, JZ_SEX_UNKNOWN,
      JZ_DOCUMENT_KIND_GUESSED },
    { "01234567", JZ_DOCUMENT_TAIWAN_PERMIT, NULL, JZ_DOCUMENT_TAIWAN_PERMIT, "01234567", "", 0,
      JZ_SEX_UNKNOWN, 0 },
    { "CAN110000000001", ANY, NULL, FOREIGN, "CAN110000000001", "", 0, JZ_SEX_UNKNOWN, 0 },
    { "C01234567", ANY, "usa", JZ_DOCUMENT_PASSPORT, "C01234567", "", 0, JZ_SEX_UNKNOWN, 0 },
    { "H01234567", ANY, "JPN", JZ_DOCUMENT_PASSPORT, "H01234567", "", 0, JZ_SEX_UNKNOWN, 0 },
    { "C01234567", ANY, NULL, JZ_DOCUMENT_PASSPORT, "C01234567", "", 0, JZ_SEX_UNKNOWN,
      JZ_DOCUMENT_KIND_GUESSED | JZ_DOCUMENT_NO_ISSUER },
    { "AB12", JZ_DOCUMENT_PASSPORT, "USA", JZ_DOCUMENT_PASSPORT, "AB12", "", 0, JZ_SEX_UNKNOWN,
      JZ_DOCUMENT_WRONG_FORM },
    { "110105194912310021", JZ_DOCUMENT_SOCIAL_CARD, NULL, JZ_DOCUMENT_SOCIAL_CARD,
      "110105194912310021", "", 0, JZ_SEX_UNKNOWN, 0 },
};

static void numbers_say_what_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct jz_document d;
        struct jz_error err;
        const char *text = documents[i].text;
        if (jz_document_parse(text, documents[i].said, documents[i].issuer, &d, &err) < 0)
            fail_msg("%s: %s", text, err.text);
        if (d.kind != documents[i].kind || d.findings != documents[i].findings ||
            d.sex != documents[i].sex || jz_date_key(d.born_on) != documents[i].born_on)
            fail_msg("%s: kind %s, findings %#x, sex %d, born %d", text,
                     jz_document_kind_info(d.kind)->name, d.findings, (int)d.sex,
                     jz_date_key(d.born_on));
        assert_string_equal(d.number, documents[i].number);
        assert_string_equal(d.region, documents[i].region);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *issuer;
        int code;
    } cases[] = {
        { "", NULL, JZ_E_FORMAT },
        { " - ", NULL, JZ_E_FORMAT },
        { "无", NULL, JZ_E_FORMAT },
        { "1101051949123100！", NULL, JZ_E_FORMAT },
        { "12345\xEF", NULL, JZ_E_FORMAT },
        { "12345\xEF\xBC", NULL, JZ_E_FORMAT },
        { "1.10105E+17", NULL, JZ_E_FORMAT },
        { "C01234567", "US", JZ_E_FORMAT },
        { "C01234567", "美国", JZ_E_FORMAT },
        { "123456789012345678901234567890123", NULL, JZ_E_LIMIT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_document d = { .kind = JZ_DOCUMENT_PASSPORT };
        struct jz_error err = { 0 };
        const int r = jz_document_parse(cases[i].text, ANY, cases[i].issuer, &d, &err);
        if (r != cases[i].code)
            fail_msg("'%s': %d", cases[i].text, r);
        assert_int_equal(err.code, r);
        assert_int_equal(d.kind, JZ_DOCUMENT_PASSPORT);
    }
}

static void keys_bring_the_same_together(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum jz_document_kind said;
        const char *issuer, *key, *mask;
    } cases[] = {
        { "11010519491231002x", CITIZEN, NULL, "id:11010519491231002X", "110***********002X" },
        { "110105491231002", ANY, NULL, "id:11010519491231002X", "110***********002X" },
        { "810000199408230021", ANY, NULL, "id:810000199408230021", "810***********0021" },
        { "932682198501010017", ANY, NULL, "id:932682198501010017", "932***********0017" },
        { "CAN110000000001", ANY, NULL, "fp:CAN110000000001", "CAN********0001" },
        { "H0123456702", ANY, NULL, "hm:H01234567", "H0*****67" },
        { "01234567", ANY, NULL, "tw:01234567", "01****67" },
        { "C01234567", ANY, "usa", "pp:USA:C01234567", "C0*****67" },
        { "AB123", JZ_DOCUMENT_SOCIAL_CARD, NULL, "sc:AB123", "A***3" },
        { "123", ANY, NULL, "xx:123", "***" },
        { "12345678901234567890123456789012", ANY, NULL, "xx:12345678901234567890123456789012",
          "123*************************9012" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_document d;
        struct jz_error err;
        char key[JZ_DOCUMENT_KEY_BYTES], mask[JZ_DOCUMENT_NUMBER_BYTES];
        assert_int_equal(jz_document_parse(cases[i].text, cases[i].said, cases[i].issuer, &d, &err),
                         0);
        assert_string_equal(jz_document_key(&d, key), cases[i].key);
        assert_string_equal(jz_document_mask(&d, mask), cases[i].mask);
    }
}

static void every_kind_and_finding_has_names(void **state)
{
    (void)state;
    for (int i = 0; i < JZ_DOCUMENT_KIND_COUNT; i++) {
        const struct jz_document_kind_info *info = jz_document_kind_info((enum jz_document_kind)i);
        enum jz_document_kind back;
        assert_true(*info->name && *info->zh_hans && *info->zh_hant && *info->en);
        assert_true(jz_document_kind_parse(info->name, &back) && back == (enum jz_document_kind)i);
        assert_true(jz_document_kind_parse(info->zh_hans, &back) &&
                    back == (enum jz_document_kind)i);
    }
    enum jz_document_kind none;
    assert_false(jz_document_kind_parse("licence", &none));
    size_t count;
    const struct jz_document_finding_info *f = jz_document_findings(&count);
    assert_int_equal(count, 9);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(f[i].finding, 1u << i);
        assert_true(*f[i].name && *f[i].zh_hans && *f[i].zh_hant && *f[i].en);
    }
}

static void areas_are_prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *prefix; /* NULL: refused */
    } cases[] = {
        { "", "" },
        { "37", "37" },
        { "370000", "37" },
        { "3701", "3701" },
        { "370100", "3701" },
        { "370102", "370102" },
        { "3700", "37" },
        { "370102001", "370102001" },
        { "370102000", "370102" },
        { "370102001002", "370102001002" },
        { "370102001000", "370102001" },
        { "370000000000", "37" },
        { "3", NULL },
        { "370", NULL },
        { "99", NULL },
        { "000000", NULL },
        { "37a0", NULL },
        { "3701020010020", NULL },
        { "37010200", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char prefix[JZ_REGION_TEXT_BYTES] = "untouched";
        const bool is_good = jz_region_prefix(cases[i].text, prefix);
        assert_int_equal(is_good, cases[i].prefix != NULL);
        assert_string_equal(prefix, is_good ? cases[i].prefix : "untouched");
    }
    assert_true(jz_region_is_in("370102", ""));
    assert_true(jz_region_is_in("370102", "37"));
    assert_true(jz_region_is_in("370102", "370102"));
    assert_false(jz_region_is_in("370102", "3702"));
    assert_false(jz_region_is_in("37", "3701"));
}

static void provinces_have_names(void **state)
{
    (void)state;
    size_t count;
    const struct jz_province *p = jz_provinces(&count);
    assert_int_equal(count, 35);
    for (size_t i = 0; i < count; i++) {
        assert_true(*p[i].zh_hans && *p[i].zh_hant && *p[i].en);
        assert_true(i == 0 || strcmp(p[i - 1].code, p[i].code) < 0);
        assert_ptr_equal(jz_province_of(p[i].code), &p[i]);
    }
    assert_string_equal(jz_province_of("370102")->en, "Shandong");
    assert_null(jz_province_of("91"));
    assert_null(jz_province_of("1"));
    assert_null(jz_province_of(""));
}

static void references_come_back(void **state)
{
    (void)state;
    static const int64_t ids[] = { 1, 9, 10, 123, 1234567, 300000000, INT64_MAX };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char text[JZ_REFERENCE_TEXT_BYTES];
        struct jz_error err;
        int64_t id = 0;
        jz_reference_format(ids[i], text);
        assert_int_equal(jz_reference_parse(text, &id, &err), 0);
        assert_int_equal(id, ids[i]);
    }
    char text[JZ_REFERENCE_TEXT_BYTES];
    /* ISO 7064: 0794 has the check character 0, 079 has X. */
    assert_string_equal(jz_reference_format(794, text), "P7940");
    assert_string_equal(jz_reference_format(79, text), "P79X");
    struct jz_error err;
    int64_t id = 0;
    assert_int_equal(jz_reference_parse(" p7-9 x", &id, &err), 0);
    assert_int_equal(id, 79);
}

/* Every single wrong character and every swap of neighbours is found. */
static void mistyped_references_are_found(void **state)
{
    (void)state;
    for (int64_t id = 1000; id < 4000; id += 7) {
        char good[JZ_REFERENCE_TEXT_BYTES], bad[JZ_REFERENCE_TEXT_BYTES];
        struct jz_error err;
        jz_reference_format(id, good);
        for (size_t at = 1; at < strlen(good); at++) {
            for (const char *c = "0123456789X"; *c; c++) {
                int64_t read = 0;
                strcpy(bad, good);
                bad[at] = *c;
                const int r = jz_reference_parse(bad, &read, &err);
                if (*c != good[at] && r == 0)
                    fail_msg("%s read as %s", bad, good);
            }
            strcpy(bad, good);
            bad[at] = good[at + 1];
            bad[at + 1] = good[at];
            int64_t read = 0;
            if (good[at + 1] && good[at] != good[at + 1] &&
                jz_reference_parse(bad, &read, &err) == 0)
                fail_msg("%s read as %s", bad, good);
        }
    }
}

static void what_is_no_reference_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        { "", JZ_E_FORMAT },
        { "P", JZ_E_FORMAT },
        { "P1", JZ_E_FORMAT },
        { "PX", JZ_E_FORMAT },
        { "7940", JZ_E_FORMAT },
        { "P0794", JZ_E_FORMAT },
        { "P79XX", JZ_E_FORMAT },
        { "P7X9", JZ_E_FORMAT },
        { "Q7940", JZ_E_FORMAT },
        { "P7941", JZ_E_INTEGRITY },
        { "P794X", JZ_E_INTEGRITY },
        { "P123456789012345678901234567890", JZ_E_FORMAT },
        { "P99999999999999999999", JZ_E_INTEGRITY },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_error err;
        int64_t id = -1;
        const int r = jz_reference_parse(cases[i].text, &id, &err);
        if (r != cases[i].code)
            fail_msg("'%s': %d", cases[i].text, r);
        assert_int_equal(id, -1);
    }
}

static void codes_read_in_both_languages(void **state)
{
    (void)state;
    size_t count;
    const struct jz_register_code *codes = jz_register_codes(&count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(jz_register_code(codes[i].column, codes[i].code), &codes[i]);
        assert_ptr_equal(jz_register_code(codes[i].column, codes[i].zh), &codes[i]);
        if (codes[i].also_zh)
            assert_ptr_equal(jz_register_code(codes[i].column, codes[i].also_zh), &codes[i]);
    }
    assert_string_equal(jz_register_code(JZ_REGISTER_SCHEME, "Employee")->code, "employee");
    assert_null(jz_register_code(JZ_REGISTER_SCHEME, "男"));
}

/* No header is accepted by two columns, and each has its Chinese name. */
static void headers_are_of_one_column(void **state)
{
    (void)state;
    const struct jz_csv_column *c = jz_register_columns();
    const char *names[200];
    int count = 0;
    for (int i = 0; i < JZ_REGISTER_COLUMN_COUNT; i++) {
        assert_non_null(c[i].accepted[0]);
        names[count++] = c[i].name;
        for (const char *const *p = c[i].accepted; *p; p++)
            names[count++] = *p;
    }
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(names[i], names[k]);
}

/* The page for people knows every header, code, kind and finding. */
static void the_page_is_complete(void **state)
{
    (void)state;
    jz_autofree uint8_t *page = NULL;
    size_t size, count;
    struct jz_error err;
    assert_int_equal(jz_file_read(JZ_SOURCE_ROOT "/docs/import.md", 1 << 20, &page, &size, &err),
                     0);
    const char *words[300];
    int n = 0;
    const struct jz_csv_column *c = jz_register_columns();
    for (int i = 0; i < JZ_REGISTER_COLUMN_COUNT; i++) {
        words[n++] = c[i].name;
        for (const char *const *p = c[i].accepted; *p; p++)
            words[n++] = *p;
    }
    const struct jz_register_code *codes = jz_register_codes(&count);
    for (size_t i = 0; i < count; i++) {
        words[n++] = codes[i].code;
        words[n++] = codes[i].zh;
        words[n++] = codes[i].also_zh ? codes[i].also_zh : codes[i].zh;
    }
    for (int i = JZ_DOCUMENT_CITIZEN_ID; i < JZ_DOCUMENT_KIND_COUNT; i++) {
        words[n++] = jz_document_kind_info((enum jz_document_kind)i)->name;
        words[n++] = jz_document_kind_info((enum jz_document_kind)i)->zh_hans;
    }
    const struct jz_document_finding_info *findings = jz_document_findings(&count);
    for (size_t i = 0; i < count; i++)
        words[n++] = findings[i].name;
    for (int i = 0; i < n; i++)
        if (!strstr((const char *)page, words[i]))
            fail_msg("docs/import.md does not say %s", words[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_say_what_they_are),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(keys_bring_the_same_together),
        cmocka_unit_test(every_kind_and_finding_has_names),
        cmocka_unit_test(areas_are_prefixes),
        cmocka_unit_test(provinces_have_names),
        cmocka_unit_test(references_come_back),
        cmocka_unit_test(mistyped_references_are_found),
        cmocka_unit_test(what_is_no_reference_is_refused),
        cmocka_unit_test(codes_read_in_both_languages),
        cmocka_unit_test(headers_are_of_one_column),
        cmocka_unit_test(the_page_is_complete),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
