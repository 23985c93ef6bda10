/* Data matches: sources, rows and their verdicts, deaths, and running a file again. */
#include "register.h"
#include "verdicts.h"

#include "base/file.h"
#include "ledger/match.h"
#include "ledger/unit_list.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TODAY "2026-11-25"

static const char policy[] =
    "id: t-main\nversion: 1\neffective: {from: 2010-01-01}\n"
    "applies: {region: \"\", schemes: [employee]}\n"
    "legal_basis: [{id: L, cite: 社会保险法 第七十三条}]\n"
    "cycle: {kind: rolling_months, months: 12}\n"
    "accept:\n  - {kind: counter}\n  - {kind: data_match}\n  - {kind: external_identity}\n";

#define WANG  "11010519491231002X"
#define LI    "34052419800101001X"
#define ABDUL "513101198201130014"
#define CHEN  "440308199901101512"

static const struct register_person people[] = {
    { WANG, "王秀英", { 1949, 12, 31 }, { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 } } } },
    { LI, "李 伟", { 1980, 1, 1 }, { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 } } } },
    { ABDUL, "阿卜杜·热合曼", { 1982, 1, 13 }, { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 } } } },
    { CHEN, "陈强", { 1999, 1, 10 }, { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 } } } },
};
static int64_t persons[4];

static void add_source(const char *name, const char *kind, const char *trust)
{
    struct jz_error err;
    bool changed;
    const struct jz_source_request q = { name, kind, trust, "数据共享协议", "tester" };
    if (jz_source_add(store, &q, &changed, &err) < 0)
        fail_msg("%s", err.text);
}

static int import(const char *path, const char *source, const char *verdicts,
                  struct jz_claim_import_result *ret_result, struct jz_error *err)
{
    const struct jz_match_request q = {
        .path = path, .verdicts = verdicts, .source = source, .operator= "tester" };
    return jz_match_import(store, &q, ret_result, err);
}

/* A file, and what its rows come to. */
static struct jz_claim_import_result check_file(const char *source, const char *text,
                                                const char *const *wanted)
{
    struct jz_error err;
    struct jz_claim_import_result result;
    jz_autofree char *path = register_file("rows.csv", text);
    jz_autofree char *verdicts = register_file("verdicts.csv", NULL);
    if (import(path, source, verdicts, &result, &err) < 0)
        fail_msg("%s", err.text);
    check_verdicts(verdicts, wanted);
    for (size_t i = 0; i < sizeof persons / sizeof persons[0]; i++)
        register_check_caches(persons[i]);
    return result;
}
#define CHECK_FILE(source, text, ...)                                                              \
    check_file((source), (text), (const char *const[]){ __VA_ARGS__, NULL })

static void names_as_people_write_them(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } names[] = {
        { "王秀英", "王秀英", true },
        { "李 伟", "李伟", true },
        { "李　伟 ", " 李伟", true },
        { "阿卜杜·热合曼", "阿卜杜•热合曼", true },
        { "阿卜杜·热合曼", "阿卜杜.热合曼", true },
        { "阿卜杜·热合曼", "阿卜杜热合曼", true },
        { "John Smith", "JOHN  SMITH", true },
        { "", "", true },
        { "·", "", true },
        { "王秀英", "王秀芳", false },
        { "王秀英", "王秀", false },
        { "王秀", "王秀英", false },
        { "", "王", false },
        { "\xE7", "\xE7\x8E\x8B", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (jz_same_name(names[i].a, names[i].b) != names[i].same)
            fail_msg("'%s' and '%s'", names[i].a, names[i].b);
}

static void fields_of_a_row(void **state)
{
    static const struct {
        const char *text;
        enum jz_row_refusal refusal;
        unsigned place;
    } places[] = {
        { "", JZ_REFUSED_NOT, 0 },          { "37", JZ_REFUSED_NOT, 370000 },
        { "3701", JZ_REFUSED_NOT, 370100 }, { " 370102 ", JZ_REFUSED_NOT, 370102 },
        { "370", JZ_REFUSED_PLACE, 0 },     { "37010200", JZ_REFUSED_PLACE, 0 },
        { "37a1", JZ_REFUSED_PLACE, 0 },    { "济南", JZ_REFUSED_PLACE, 0 },
        { "-1", JZ_REFUSED_PLACE, 0 },      { "000000", JZ_REFUSED_PLACE, 0 },
    };
    static const struct {
        const char *text, *kept;
        enum jz_row_refusal refusal;
    } events[] = {
        { "住院", "住院", JZ_REFUSED_NOT },
        { "2026年第3次住院", "2026年第3次住院", JZ_REFUSED_NOT },
        { "住院 11010519491231002X", "", JZ_REFUSED_NOT },
        { "电话13800138000", "", JZ_REFUSED_NOT },
    };
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const struct jz_csv_field f = { places[i].text, strlen(places[i].text) };
        unsigned place = 0;
        if (jz_row_place(&f, &place) != places[i].refusal || place != places[i].place)
            fail_msg("'%s'", places[i].text);
    }
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        const struct jz_csv_field f = { events[i].text, strlen(events[i].text) };
        char kept[JZ_ROW_EVENT_MAX + 1];
        assert_int_equal(jz_row_event(&f, kept, sizeof kept), events[i].refusal);
        assert_string_equal(kept, events[i].kept);
    }
    char small[4];
    const struct jz_csv_field fits = { "　abc ", 7 }, long_one = { "abcd", 4 },
                              blank = { " 　", 4 };
    assert_int_equal(jz_row_text(&fits, true, small, sizeof small), JZ_REFUSED_NOT);
    assert_string_equal(small, "abc");
    const struct jz_csv_field guarded = { "'-1", 3 };
    assert_int_equal(jz_row_text(&guarded, true, small, sizeof small), JZ_REFUSED_NOT);
    assert_string_equal(small, "-1");
    assert_int_equal(jz_row_text(&long_one, true, small, sizeof small), JZ_REFUSED_LONG);
    assert_int_equal(jz_row_text(&blank, true, small, sizeof small), JZ_REFUSED_MISSING);
}

static void sources(void **state)
{
    static const struct {
        struct jz_source_request q;
        int code;
        const char *says;
    } wrong[] = {
        { { "", "data_match", "decide", "b", "o" }, JZ_E_USAGE, "name" },
        { { "a:b", "data_match", "decide", "b", "o" }, JZ_E_USAGE, "colon" },
        { { "a\nb", "data_match", "decide", "b", "o" }, JZ_E_USAGE, "control" },
        { { "\xff", "data_match", "decide", "b", "o" }, JZ_E_USAGE, "UTF-8" },
        { { "s", "frobnicate", "decide", "b", "o" }, JZ_E_USAGE, "frobnicate" },
        { { "s", "face_remote", "decide", "b", "o" }, JZ_E_USAGE, "external_identity" },
        { { "s", NULL, "decide", "b", "o" }, JZ_E_USAGE, "kind" },
        { { "s", "data_match", "ended", "b", "o" }, JZ_E_USAGE, "trust" },
        { { "s", "data_match", NULL, "b", "o" }, JZ_E_USAGE, "trust" },
        { { "s", "data_match", "decide", NULL, "o" }, JZ_E_USAGE, "legal basis" },
        { { "s", "data_match", "decide", "  ", "o" }, JZ_E_USAGE, "legal basis" },
        { { "s", "data_match", "decide", "b", NULL }, JZ_E_USAGE, "operator" },
    };
    (void)state;
    struct jz_error err;
    struct jz_source s;
    bool changed = true;
    const int64_t before = ask_store(store, "SELECT COUNT(*) FROM source");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(jz_source_add(store, &wrong[i].q, &changed, &err), wrong[i].code);
        if (!strstr(err.text, wrong[i].says))
            fail_msg("'%s' does not say %s", err.text, wrong[i].says);
    }
    assert_int_equal(ask_store(store, "SELECT COUNT(*) FROM source"), before);

    struct jz_source_request q = { "边检", "data_match", "review", "协议甲", "tester" };
    assert_int_equal(jz_source_get(store, "边检", &s, &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_source_add(store, &q, &changed, &err), 0);
    assert_false(changed);
    assert_int_equal(jz_source_get(store, "边检", &s, &err), 0);
    assert_int_equal(s.trust, JZ_TRUST_REVIEW);
    assert_int_equal(s.kind, JZ_EV_DATA_MATCH);
    assert_int_equal(s.of, s.fact);
    const int64_t first = s.fact;
    q.kind = "death";
    assert_int_equal(jz_source_add(store, &q, &changed, &err), JZ_E_CONFLICT);
    q.kind = "data_match";
    q.trust = "decide";
    assert_int_equal(jz_source_add(store, &q, &changed, &err), 0);
    assert_true(changed);
    assert_int_equal(jz_source_end(store, "边检", "tester", &err), 0);
    assert_int_equal(jz_source_end(store, "边检", "tester", &err), JZ_E_CONFLICT);
    assert_int_equal(jz_source_end(store, "无", "tester", &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_source_get(store, "边检", &s, &err), 0);
    assert_int_equal(s.trust, JZ_TRUST_ENDED);
    assert_int_equal(s.of, first);
    assert_string_equal(s.basis, "协议甲");

    struct jz_claim_import_result result;
    jz_autofree char *path = register_file("rows.csv", "document,event_on\n" WANG ",2026-01-01\n");
    assert_int_equal(import(path, "边检", NULL, &result, &err), JZ_E_DENIED);
    assert_int_equal(import(path, "无", NULL, &result, &err), JZ_E_NOT_FOUND);
}

#define HEAD "证件号码,姓名,发生日期,业务类型,发生地,流水号\n"

static void each_row_has_its_verdict(void **state)
{
    (void)state;
    static const char rows[] = HEAD WANG
        ",王秀英,2026-11-01,住院,370102,A1\n" WANG ",王秀英,2026-11-01,住院,370102,A1\n" LI
        ",李伟,2026-10-01,住院,370102,A2\n" ABDUL ",阿卜杜热合曼,2026-10-01,住院,370102,A3\n" CHEN
        ",陈刚,2026-10-01,住院,370102,A4\n"
        "110101195001010012,某人,2026-10-01,住院,370102,A5\n" CHEN
        ",陈强,2026-11-26,住院,370102,A6\n" CHEN ",陈强,1999-01-09,住院,370102,A6b\n" CHEN
        ",陈强,2026-13-01,住院,370102,A7\n" CHEN ",陈强,2026-11-01,住院,济南,A8\n"
        ",陈强,2026-11-01,住院,37,A9\n" CHEN ",陈强,2026-11-02,住院,37,A1\n" CHEN
        ",陈强,,住院,37,A10\n"
        "没有号码,陈强,2026-11-02,住院,37,A11\n" CHEN ",\"陈\"强,2026-11-02,住院,37,A12\n" CHEN
        ",陈强,2026-11-02,住院\n" CHEN ",,2026-11-02,住院,37,A14\n";
    add_source("医院", "data_match", "decide");
    struct jz_claim_import_result r = CHECK_FILE(
        "医院", rows, "certified", "taken_before", "certified", "certified",
        "refused name identity_differs", "not_found", "refused event_on day_impossible",
        "refused event_on day_impossible", "refused event_on no_day", "refused place no_region",
        "refused document missing", "refused source_ref ref_reused", "refused event_on missing",
        "refused document no_document", "refused - stray_quote", "refused - too_few_fields",
        "certified");
    assert_int_equal(r.rows, 17);
    assert_int_equal(r.verdicts[JZ_ROW_CERTIFIED], 4);
    assert_int_equal(r.verdicts[JZ_ROW_REFUSED], 11);
    assert_false(r.again);
    assert_int_equal(register_facts(persons[0], JZ_T_EVIDENCE), 1);
    assert_int_equal(register_facts(persons[0], JZ_T_CERTIFICATION), 1);
    assert_int_equal(register_facts(persons[0], JZ_T_RECEIPT), 1);
    assert_int_equal(register_facts(persons[3], JZ_T_EVIDENCE), 1);
    /* What was refused opened nothing. */
    assert_int_equal(register_facts(persons[3], JZ_T_CASE), 0);
    const struct jz_sql_value wang = jz_int(persons[0]);
    assert_int_equal(
        ask_store_with(store, "SELECT observed_on FROM evidence WHERE person = $1", &wang, 1),
        20261101);

    const int64_t log = ask_store(store, "SELECT size FROM audit_head");
    r = CHECK_FILE("医院", rows, "taken_before", "taken_before", "taken_before", "taken_before",
                   "refused name identity_differs", "not_found", "refused event_on day_impossible",
                   "refused event_on day_impossible", "refused event_on no_day",
                   "refused place no_region", "refused document missing",
                   "refused source_ref ref_reused", "refused event_on missing",
                   "refused document no_document", "refused - stray_quote",
                   "refused - too_few_fields", "taken_before");
    assert_true(r.again);
    assert_int_equal(ask_store(store, "SELECT size FROM audit_head"), log);

    /* The words, and nothing that names a person. */
    jz_autofree char *path = register_file("verdicts.csv", NULL);
    jz_autofree uint8_t *text = NULL;
    size_t size;
    struct jz_error err;
    assert_int_equal(jz_file_read(path, 1 << 20, &text, &size, &err), 0);
    assert_non_null(strstr((char *)text, "以前已导入"));
    assert_null(strstr((char *)text, "陈"));
    assert_null(strstr((char *)text, CHEN));
    assert_null(strstr((char *)text, "A12"));
}

static void rows_without_a_name_of_their_own(void **state)
{
    (void)state;
    add_source("银行", "data_match", "decide");
    CHECK_FILE("银行",
               "document,event_on,event,remark\n" WANG ",2026-09-01,柜面,x\n" WANG
               ",2026-09-01,柜面,y\n" WANG ",2026-09-01,开户,z\n" WANG ",2026-09-02,柜面,\n",
               "certified - already_later", "taken_before", "certified - already_later",
               "certified - already_later");
    /* Other files of the same source, the number written in another way. */
    CHECK_FILE("银行", "event_on;document\n2026-09-01;1101 0519 4912 3100 2x\n",
               "certified - already_later");
    CHECK_FILE("银行", "event_on;document;event\n2026-09-02;1101 0519 4912 3100 2x;柜面\n",
               "taken_before");
}

static void a_source_that_only_hints(void **state)
{
    (void)state;
    add_source("电信", "data_match", "review");
    add_source("刷卡", "weak_signal", "decide");
    const int64_t cases = register_facts(persons[1], JZ_T_CASE);
    CHECK_FILE("电信", "document,event_on\n" LI ",2026-11-20\n", "case_opened - untrusted_source");
    assert_int_equal(register_facts(persons[1], JZ_T_CASE), cases + 1);
    CHECK_FILE("电信", "document,event_on\n" LI ",2026-11-20\n", "taken_before");
    assert_int_equal(register_facts(persons[1], JZ_T_CASE), cases + 1);
    CHECK_FILE("刷卡", "document,event_on\n" LI ",2026-11-20\n", "recorded - kind_not_accepted");
}

static void two_places(void **state)
{
    (void)state;
    add_source("两地", "data_match", "decide");
    CHECK_FILE("两地",
               "document,event_on,place\n" ABDUL ",2026-08-01,370102\n" ABDUL
               ",2026-08-01,440300\n",
               "certified - already_later", "case_opened - two_places");
}

static void deaths(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_person_state p;
    add_source("民政", "death", "decide");
    add_source("公安", "death", "decide");
    add_source("殡葬", "death", "review");
    add_source("医保", "data_match", "decide");
    /* Wang gave a sign on 2026-11-01, Chen on 2026-11-02, Li on 2026-10-01. */
    static const char rows[] = "证件号码,姓名,死亡日期\n" WANG ",王秀英,2026-10-01\n" LI
                               ",李伟,2026-10-05\n" CHEN ",陈,2026-11-10\n";
    CHECK_FILE("民政", rows, "case_opened - signs_after_death", "death_recorded",
               "refused name identity_differs");
    CHECK_FILE("民政", rows, "taken_before", "taken_before", "refused name identity_differs");
    assert_int_equal(jz_person_state_load(store, persons[0], &p, &err), 0);
    assert_false(jz_date_is_set(p.died_on));
    assert_int_equal(p.benefits[0].state, JZ_STANDING_CURRENT);
    jz_person_state_done(&p);
    assert_int_equal(jz_person_state_load(store, persons[1], &p, &err), 0);
    assert_int_equal(jz_date_key(p.died_on), 20261005);
    assert_int_equal(p.benefits[0].state, JZ_STANDING_NONE);
    assert_false(jz_date_is_set(p.benefits[0].next_on));
    jz_person_state_done(&p);

    CHECK_FILE("公安", "document,event_on\n" LI ",2026-10-05\n" LI ",2026-10-06\n",
               "recorded - death_known", "case_opened - death_dates_differ");
    CHECK_FILE("殡葬", "document,event_on\n" CHEN ",2026-11-10\n", "case_opened - death_reported");
    assert_int_equal(jz_person_state_load(store, persons[3], &p, &err), 0);
    assert_false(jz_date_is_set(p.died_on));
    jz_person_state_done(&p);
    CHECK_FILE("医保", "document,event_on\n" LI ",2026-10-04\n" LI ",2026-10-06\n",
               "recorded - not_asked", "case_opened - alive_after_death");
}

static void a_new_key_takes_nothing_twice(void **state)
{
    (void)state;
    add_source("换钥", "data_match", "decide");
    CHECK_FILE("换钥", "document,event_on,source_ref\n" CHEN ",2026-07-01,1\n",
               "certified - already_later");
    register_rotate(JZ_KEY_LOOKUP);
    CHECK_FILE("换钥",
               "document,event_on,source_ref\n" CHEN ",2026-07-01,1\n" CHEN ",2026-07-02,2\n",
               "taken_before", "certified - already_later");
    CHECK_FILE("换钥", "document,event_on,source_ref\n" CHEN ",2026-07-02,2\n", "taken_before");
    /* The same name for another person, or for another day. */
    CHECK_FILE("换钥", "document,event_on,source_ref\n" LI ",2026-07-02,2\n" CHEN ",2026-07-03,2\n",
               "refused source_ref ref_reused", "refused source_ref ref_reused");
}

/* docs/import.md names every column, every name it is known by, and every verdict and reason. */
static void the_page_tells_all(void **state)
{
    static const struct jz_row_format *const formats[] = { &jz_match_format, &jz_unit_list_format };
    (void)state;
    struct jz_error err;
    jz_autofree uint8_t *page = NULL;
    size_t size;
    assert_int_equal(jz_file_read(JZ_SOURCE_ROOT "/docs/import.md", 1 << 20, &page, &size, &err),
                     0);
    const char *text = strstr((const char *)page, "# Data matches");
    assert_non_null(text);
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        for (unsigned c = 0; c < formats[f]->column_count; c++) {
            const struct jz_csv_column *column = &formats[f]->columns[c];
            if (!strstr(text, column->name))
                fail_msg("docs/import.md does not say %s", column->name);
            for (const char *const *name = column->accepted; *name; name++)
                if (!strstr(text, *name))
                    fail_msg("docs/import.md does not say %s", *name);
        }
    for (int i = 0; i < JZ_ROW_VERDICTS; i++)
        if (!strstr(text, jz_row_verdict_words[i].name))
            fail_msg("docs/import.md does not say %s", jz_row_verdict_words[i].name);
    for (int i = JZ_REFUSED_NOT + 2; i < JZ_ROW_REFUSALS; i++)
        if (!strstr(text, jz_row_refusal_words[i].name))
            fail_msg("docs/import.md does not say %s", jz_row_refusal_words[i].name);
}

static void files_that_are_none(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_claim_import_result result;
    jz_autofree char *missing = register_file("nowhere.csv", NULL);
    jz_autofree char *short_of = register_file("short.csv", "document,name\n" WANG ",王秀英\n");
    jz_autofree char *good = register_file("good.csv", "document,event_on\n");
    assert_int_equal(import(missing, "医院", NULL, &result, &err), JZ_E_NOT_FOUND);
    assert_int_equal(import(short_of, "医院", NULL, &result, &err), JZ_E_FORMAT);
    assert_non_null(strstr(err.text, "event_on"));
    assert_int_equal(import(good, "医院", good, &result, &err), JZ_E_USAGE);
    assert_int_equal(import(good, "医院", "/nowhere/verdicts.csv", &result, &err), JZ_E_IO);
    const struct jz_match_request nobody = { .path = good, .source = "医院" };
    assert_int_equal(jz_match_import(store, &nobody, &result, &err), JZ_E_USAGE);
    assert_int_equal(import(good, "医院", NULL, &result, &err), 0);
    assert_int_equal(result.rows, 0);
}

/* ---- Killed in the middle ---- */

enum { CROWD = 100, DAYS = 20, ROWS = CROWD * DAYS, TWICE = 50 };

static void make_number(int i, char ret_number[19])
{
    static const int weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    int sum = 0;
    snprintf(ret_number, 19, "37010219500101%03u", (unsigned)i % 1000);
    for (int k = 0; k < 17; k++)
        sum += weights[k] * (ret_number[k] - '0');
    ret_number[17] = "10X98765432"[sum % 11];
    ret_number[18] = 0;
}

static char *make_crowd_file(void)
{
    char *text = malloc((ROWS + TWICE) * 64 + 64), number[19];
    assert_non_null(text);
    char *at = text + sprintf(text, "document,event_on,event\n");
    for (int i = 0; i < ROWS + TWICE; i++) {
        const int row = i < ROWS ? i : i - TWICE / 2 * 3; /* some lie in the batch before */
        make_number(row % CROWD, number);
        at += sprintf(at, "%s,2026-0%d-%02d,x\n", number, 1 + row / CROWD % 8, 1 + row / CROWD);
    }
    char *path = register_file("crowd.csv", text);
    free(text);
    return path;
}

struct fuse {
    int batches;
};

static void burn(void *context, uint64_t rows, uint64_t bytes, uint64_t total)
{
    struct fuse *fuse = context;
    (void)rows;
    (void)bytes;
    (void)total;
    if (fuse->batches-- == 0)
        raise(SIGKILL);
}

static void import_and_die(const char *path, const char *verdicts, int batches)
{
    struct jz_error err;
    struct jz_claim_import_result result;
    struct fuse fuse = { batches };
    register_reopen();
    const struct jz_match_request q = {
        .path = path,
        .verdicts = verdicts,
        .source = "人群",
        .operator= "tester",
        .on_progress = burn,
        .context = &fuse,
    };
    _exit(jz_match_import(store, &q, &result, &err) < 0 ? 1 : 0);
}

static void killed_and_run_again(void **state)
{
    (void)state;
    enum { ROUNDS = 8 };
    struct jz_error err;
    struct jz_claim_import_result result;
    char number[19];
    const unsigned seed = (unsigned)time(NULL);
    unsigned random = seed;
    print_message("# seed %u\n", seed);
    add_source("人群", "data_match", "decide");
    for (int i = 0; i < CROWD; i++) {
        const struct register_person p = {
            number, "人", { 1950, 1, 1 }, { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 } } }
        };
        make_number(i, number);
        register_add_person(&p);
    }
    const int64_t before = ask_store(store, "SELECT COUNT(*) FROM evidence"),
                  certified = ask_store(store, "SELECT COUNT(*) FROM certification");
    jz_autofree char *path = make_crowd_file(), *verdicts = register_file("crowd-v.csv", NULL);
    int killed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int status;
        register_pause();
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            import_and_die(path, verdicts, i % 2 ? i / 2 : 100);
        if (i % 2 == 0) {
            usleep((useconds_t)(rand_r(&random) % 60000));
            kill(child, SIGKILL);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status))
            assert_int_equal(WEXITSTATUS(status), 0);
        killed += WIFSIGNALED(status);
        register_reopen();
    }
    assert_true(killed >= ROUNDS / 2 - 1);
    if (import(path, "人群", verdicts, &result, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(result.rows, ROWS + TWICE);
    assert_int_equal(result.verdicts[JZ_ROW_CERTIFIED] + result.verdicts[JZ_ROW_TAKEN],
                     ROWS + TWICE);
    assert_true(result.verdicts[JZ_ROW_TAKEN] >= TWICE);
    assert_int_equal(ask_store(store, "SELECT COUNT(*) FROM evidence"), before + ROWS);
    assert_int_equal(ask_store(store, "SELECT COUNT(*) FROM certification"), certified + ROWS);
    assert_int_equal(ask_store(store, "SELECT COUNT(*) FROM (SELECT DISTINCT person, observed_on "
                                      "FROM evidence WHERE source = '人群') d"),
                     ROWS);
    assert_int_equal(read_verdicts(verdicts, NULL, 0), ROWS + TWICE);
    assert_int_equal(import(path, "人群", NULL, &result, &err), 0);
    assert_true(result.again);
    assert_int_equal(result.verdicts[JZ_ROW_TAKEN], ROWS + TWICE);
    assert_int_equal(ask_store(store, "SELECT COUNT(*) FROM import WHERE source = '人群'"), 1);
}

static int set_up(void **state)
{
    (void)state;
    register_set_today(day(TODAY));
    register_open();
    register_add_policy(policy);
    register_add(people, sizeof people / sizeof people[0], persons);
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_as_people_write_them),
        cmocka_unit_test(fields_of_a_row),
        cmocka_unit_test(sources),
        cmocka_unit_test(each_row_has_its_verdict),
        cmocka_unit_test(rows_without_a_name_of_their_own),
        cmocka_unit_test(a_source_that_only_hints),
        cmocka_unit_test(two_places),
        cmocka_unit_test(deaths),
        cmocka_unit_test(a_new_key_takes_nothing_twice),
        cmocka_unit_test(the_page_tells_all),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(killed_and_run_again),
    };
    return cmocka_run_group_tests_name("data matches", tests, set_up, register_tear_down);
}
