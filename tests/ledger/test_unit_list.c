/* Employers' lists: whose people they may name, and what each row comes to. */
#include "register.h"
#include "verdicts.h"

#include "ledger/review.h"
#include "ledger/unit_list.h"

#include <string.h>

#define TODAY "2026-11-25"
#define UNIT  "红星机械厂"

static const char policy[] =
    "id: t-main\nversion: 1\neffective: {from: 2010-01-01}\n"
    "applies: {region: \"\", schemes: [employee, resident]}\n"
    "legal_basis: [{id: L, cite: 社会保险法 第七十三条}]\n"
    "cycle: {kind: rolling_months, months: 12}\n"
    "accept:\n  - {kind: unit_list}\n  - {kind: counter}\n  - {kind: community}\n"
    "documents:\n  unit_list:\n    - {doc: unit_list, form: original, basis: L}\n";

#define WANG  "11010519491231002X"
#define LI    "34052419800101001X"
#define ABDUL "513101198201130014"
#define CHEN  "440308199901101512"

static const struct register_person people[] = {
    { WANG,
      "王秀英",
      { 1949, 12, 31 },
      { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 }, { 0 }, UNIT } } },
    { LI,
      "李伟",
      { 1980, 1, 1 },
      { { JZ_SCHEME_RESIDENT, 370102, { 2015, 1, 1 } },
        { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 }, { 0 }, "红星 机械厂" } } },
    { ABDUL, "阿卜杜·热合曼", { 1982, 1, 13 }, { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 } } } },
    { CHEN,
      "陈强",
      { 1999, 1, 10 },
      { { JZ_SCHEME_EMPLOYEE, 370102, { 2015, 1, 1 }, { 0 }, "别的厂" } } },
};
static int64_t persons[4];

static const struct jz_claim_document papers[] = { { "unit_list" } };

static void check_list_of(const char *unit, const char *area, const char *text, int documents,
                          const char *const *wanted)
{
    struct jz_error err;
    struct jz_claim_import_result result;
    jz_autofree char *path = register_file("list.csv", text);
    jz_autofree char *verdicts = register_file("verdicts.csv", NULL);
    const struct jz_unit_list_request q = {
        .path = path,
        .verdicts = verdicts,
        .unit = unit,
        .area = area,
        .operator= "tester",
        .documents = papers,
        .document_count = documents,
    };
    if (jz_unit_list_import(store, &q, &result, &err) < 0)
        fail_msg("%s", err.text);
    check_verdicts(verdicts, wanted);
    for (size_t i = 0; i < sizeof persons / sizeof persons[0]; i++)
        register_check_caches(persons[i]);
}
#define CHECK_LIST(text, documents, ...)                                                           \
    check_list_of(UNIT, NULL, (text), (documents), (const char *const[]){ __VA_ARGS__, NULL })
#define CHECK_VILLAGE(area, text, ...)                                                             \
    check_list_of(NULL, (area), (text), 0, (const char *const[]){ __VA_ARGS__, NULL })

static void whom_a_unit_may_name(void **state)
{
    (void)state;
    CHECK_LIST("证件号码,姓名,核实日期,状态,经办人\n" WANG ",王秀英,2026-11-01,健在,赵\n" LI
               ",李 伟,2026-11-01,健在,赵\n" ABDUL ",阿卜杜热合曼,2026-11-01,健在,赵\n" CHEN
               ",陈强,2026-11-01,健在,赵\n"
               "110101195001010012,某人,2026-11-01,健在,赵\n",
               1, "certified", "certified", "refused document other_unit",
               "refused document other_unit", "not_found");
    assert_int_equal(register_facts(persons[1], JZ_T_CERTIFICATION), 2);
    assert_int_equal(register_facts(persons[2], JZ_T_EVIDENCE), 0);
    /* The handler's name is nowhere in the register. */
    assert_int_equal(ask_store(store, "SELECT COUNT(*) FROM evidence WHERE detail LIKE '%赵%'"), 0);
    assert_int_equal(ask_store(store, "SELECT COUNT(*) FROM evidence WHERE detail = "
                                      "'{\"documents\":[\"unit_list\"]}'"),
                     2);
}

static void what_a_row_may_say(void **state)
{
    (void)state;
    CHECK_LIST(
        "document,name,seen_on,status\n" WANG ",王芳,2026-11-02,alive\n" WANG
        ",,2026-11-02,alive\n" WANG ",王秀英,,alive\n" WANG ",王秀英,2026-11-26,alive\n" WANG
        ",王秀英,昨天,alive\n" WANG ",王秀英,2026-11-02,\n" WANG ",王秀英,2026-11-02,很好\n" WANG
        ",王秀英,2026-11-02,Alive\n" WANG ",王秀英,2026-11-02,在世\n",
        1, "refused name identity_differs", "refused name missing", "refused seen_on missing",
        "refused seen_on day_impossible", "refused seen_on no_day", "refused status missing",
        "refused status no_status", "certified", "taken_before");
}

static void the_list_itself_has_to_be_handed_in(void **state)
{
    (void)state;
    CHECK_LIST("document,name,seen_on,status\n" WANG ",王秀英,2026-11-03,alive\n", 0,
               "recorded - documents_missing");
}

static void the_dead_are_asked_about(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_person_state p;
    static const char rows[] = "document,name,seen_on,status\n" WANG ",王秀英,2026-11-20,死亡\n" LI
                               ",李伟,2026-11-20,未见\n";
    CHECK_LIST(rows, 1, "case_opened - death_reported", "case_opened - not_seen");
    assert_int_equal(jz_person_state_load(store, persons[0], &p, &err), 0);
    assert_false(jz_date_is_set(p.died_on));
    assert_int_equal(p.benefits[0].state, JZ_STANDING_CURRENT);
    assert_true(p.open_case > 0);
    jz_person_state_done(&p);
    CHECK_LIST(rows, 1, "taken_before", "taken_before");
    assert_int_equal(register_facts(persons[0], JZ_T_CASE), 1);
    assert_int_equal(register_facts(persons[1], JZ_T_CASE), 1);
    /* Not seen is no sign of anything: what was certified before stands. */
    assert_int_equal(jz_person_state_load(store, persons[1], &p, &err), 0);
    assert_int_equal(jz_date_key(p.benefits[0].due_on), 20271101);
    jz_person_state_done(&p);
}

static void requests_that_are_none(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_claim_import_result result;
    jz_autofree char *path = register_file("list.csv", "document,name,seen_on\n");
    struct jz_unit_list_request q = { .path = path, .operator= "tester" };
    assert_int_equal(jz_unit_list_import(store, &q, &result, &err), JZ_E_USAGE);
    q.area = "3701x";
    assert_int_equal(jz_unit_list_import(store, &q, &result, &err), JZ_E_USAGE);
    q.area = NULL;
    q.unit = "";
    assert_int_equal(jz_unit_list_import(store, &q, &result, &err), JZ_E_USAGE);
    q.unit = UNIT;
    assert_int_equal(jz_unit_list_import(store, &q, &result, &err), JZ_E_FORMAT);
    assert_non_null(strstr(err.text, "status"));
    q.document_count = JZ_CLAIM_DOCUMENTS + 1;
    assert_int_equal(jz_unit_list_import(store, &q, &result, &err), JZ_E_USAGE);
}

/* A village's own people, whoever manages them. */
static void whom_a_village_may_name(void **state)
{
    (void)state;
    static const char list[] = "证件号码,姓名,核实日期,状态\n" WANG
                               ",王秀英,2026-11-02,健在\n" ABDUL ",阿卜杜热合曼,2026-11-02,健在\n";
    const int before = register_facts(persons[2], JZ_T_CERTIFICATION);
    CHECK_VILLAGE("370103", list, "refused document other_area", "refused document other_area");
    assert_int_equal(register_facts(persons[2], JZ_T_CERTIFICATION), before);
    CHECK_VILLAGE("370102", list, "certified", "certified");
    assert_int_equal(register_facts(persons[2], JZ_T_CERTIFICATION), before + 1);
    CHECK_VILLAGE("370102", list, "taken_before", "taken_before");

    /* A township is judged by its county: the register knows no more. */
    CHECK_VILLAGE("370102001", "证件号码,姓名,核实日期,状态\n" WANG ",王秀英,2026-11-03,健在\n",
                  "certified");

    /* Where a person lives is what the latest row of the person says. */
    static const char moved[] = "证件号码,姓名,核实日期,状态\n" CHEN ",陈强,2026-11-04,健在\n";
    CHECK_VILLAGE("440304", moved, "refused document other_area");
    register_move(persons[3], 440304);
    CHECK_VILLAGE("440304", moved, "certified");
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
        cmocka_unit_test(whom_a_unit_may_name),
        cmocka_unit_test(what_a_row_may_say),
        cmocka_unit_test(the_list_itself_has_to_be_handed_in),
        cmocka_unit_test(the_dead_are_asked_about),
        cmocka_unit_test(requests_that_are_none),
        cmocka_unit_test(whom_a_village_may_name),
    };
    return cmocka_run_group_tests_name("employers' lists", tests, set_up, register_tear_down);
}
