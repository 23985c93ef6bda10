/* Cases as JSON lines: the answers of the vectors, every fault by its key, and any order of rows.
 */
#include "policy/case.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct jz_judge *judge;

static const char *const vectors = JZ_SOURCE_ROOT "/../shared/spec/vectors/standing.jsonl";

/* The answer as an object, or fails. */
static json_t *answer_to(const char *line)
{
    const char *text = NULL;
    size_t size = 0;
    struct jz_error err = { 0 };
    if (jz_judge_line(judge, line, strlen(line), &text, &size, &err) < 0)
        fail_msg("%s: %s", err.text, line);
    assert_int_equal(strlen(text), size);
    json_t *answer = json_loads(text, 0, NULL);
    assert_non_null(answer);
    return answer;
}

static void the_vectors_are_answered(void **state)
{
    (void)state;
    jz_autofclose FILE *file = fopen(vectors, "r");
    if (!file) {
        print_message("# skipped: there is no %s\n", vectors);
        skip();
    }
    jz_autofree char *line = NULL;
    size_t room = 0;
    int count = 0;
    while (getline(&line, &room, file) > 0) {
        json_t *row = json_loads(line, 0, NULL);
        assert_non_null(row);
        jz_autofree char *given = json_dumps(json_object_get(row, "case"), JSON_COMPACT);
        json_t *answer = answer_to(given);
        count++;
        if (!json_equal(answer, json_object_get(row, "want"))) {
            jz_autofree char *got = json_dumps(answer, JSON_COMPACT);
            fail_msg("line %d: got %s", count, got);
        }
        json_decref(answer);
        json_decref(row);
    }
    print_message("# %d cases\n", count);
    assert_true(count >= 400);
}

#define POLICY                                                                                     \
    "\"policy\":{\"cycle\":{\"kind\":\"calendar_year\"},\"accept\":[{\"kind\":\"counter\"},"       \
    "{\"kind\":\"proxy\",\"max_consecutive\":1}]}"
#define PERSON            "\"person\":{\"born_on\":\"1950-05-05\",\"benefit_from\":\"2020-06-01\"}"
#define REST              PERSON ",\"on\":\"2025-01-01\",\"evidence\":"
#define ROW(id, kind, on) "{\"id\":\"" id "\",\"kind\":\"" kind "\",\"observed_on\":\"" on "\"}"

static const struct {
    const char *line, *says;
} faults[] = {
    { "", "not JSON: no value at byte 1" },
    { "{", "no key in quotes" },
    { "[]", "a map of keys and values belongs here, not a list" },
    { "null", "a map of keys and values belongs here" },
    { "{} {}", "something behind the end at byte 4" },
    { "{\"a\" 1}", "no colon" },
    { "{\"a\":1,}", "no key in quotes" },
    { "[1,]", "no value" },
    { "[1 2]", "neither a comma" },
    { "[01]", "neither a comma" },
    { "[1.]", "a number that is none" },
    { "[-]", "a number that is none" },
    { "[1e]", "a number that is none" },
    { "[tru]", "no value" },
    { "[\"a]", "a string without end" },
    { "[\"a\tb\"]", "a control character" },
    { "[\"\\x\"]", "an escape that is none" },
    { "[\"\\u00\"]", "an escape that is none" },
    { "[\"\\u0000\"]", "an escape that is none" },
    { "[\"\\ud800x\"]", "an escape that is none" },
    { "[\"\\udc00\"]", "an escape that is none" },
    { "[\"\xff\"]", "no UTF-8" },
    { "[\"\xc0\xaf\"]", "no UTF-8" },
    { "[\"\xed\xa0\x80\"]", "no UTF-8" },
    { "[\"\xe4\xb8\"]", "no UTF-8" },
    { "[[[[[[[[[1]]]]]]]]]", "nested deeper than 8" },
    { "{" POLICY "}", "the key 'person' is missing" },
    { "{" POLICY "," REST "[],\"want\":1}", "want: there is no such key" },
    { "{" POLICY "," REST "[],\"on\":\"2025-01-01\"}", "on: the key comes twice" },
    { "{" POLICY "," REST "{}}", "evidence: a list belongs here" },
    { "{" POLICY "," REST "[{}]}", "evidence[1]: the key 'id' is missing" },
    { "{" POLICY "," REST "[" ROW("a", "counter", "2024-02-30") "]}",
      "evidence[1].observed_on: '2024-02-30' is no day" },
    { "{" POLICY "," REST "[" ROW("a", "telepathy", "2024-02-03") "]}",
      "evidence[1].kind: 'telepathy' is no kind of evidence; there are counter" },
    { "{" POLICY "," REST "[{\"id\":7,\"kind\":\"counter\",\"observed_on\":\"2024-02-03\"}]}",
      "evidence[1].id: a text belongs here" },
    { "{" POLICY "," REST
      "[" ROW("a", "proxy", "2024-02-03") "," ROW("a", "proxy", "2024-02-03") "]}",
      "evidence: the id 'a' comes twice on one day" },
    { "{" POLICY ",\"person\":{},\"on\":\"2025-01-01\",\"evidence\":[]}",
      "person: the key 'benefit_from' is missing" },
    { "{" POLICY "," PERSON ",\"on\":20250101,\"evidence\":[]}", "on: a text belongs here" },
    { "{" POLICY "," PERSON ",\"on\":null,\"evidence\":[]}", "the key 'on' is missing" },
    { "{\"policy\":{\"cycle\":{\"kind\":\"rolling_months\",\"months\":\"12\"},\"accept\":[]}," REST
      "[]}",
      "policy.cycle.months: a plain value belongs here" },
    { "{\"policy\":{\"cycle\":{\"kind\":\"rolling_months\",\"months\":1.5},\"accept\":[]}," REST
      "[]}",
      "policy.cycle.months: '1.5' is no whole number" },
    { "{\"policy\":{\"cycle\":{\"kind\":\"rolling_months\",\"months\":-1},\"accept\":[]}," REST
      "[]}",
      "policy.cycle.months: '-1' is no whole number" },
    { "{\"policy\":{\"cycle\":{\"kind\":\"calendar_year\"}}," REST "[]}",
      "policy: the key 'accept' is missing" },
    { "{\"policy\":{\"cycle\":{\"kind\":\"birth_month\"},\"accept\":[]},\"person\":"
      "{\"benefit_from\":\"2020-06-01\"},\"on\":\"2025-01-01\",\"evidence\":[]}",
      "person: a cycle by birth month needs the key 'born_on'" },
};

static void faults_are_named_by_their_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const char *text = NULL;
        size_t size = 0;
        struct jz_error err = { 0 };
        const int r =
            jz_judge_line(judge, faults[i].line, strlen(faults[i].line), &text, &size, &err);
        print_message("# row %zu: %s\n", i + 1, err.text);
        assert_true(r < 0 && r == err.code);
        assert_null(text);
        assert_non_null(strstr(err.text, faults[i].says));
        json_t *complaint = json_loads(jz_judge_complaint(judge, &err, 7, &size), 0, NULL);
        const json_t *e = json_object_get(complaint, "error");
        assert_string_equal(json_string_value(json_object_get(e, "message")), err.text);
        assert_string_equal(json_string_value(json_object_get(e, "code")), jz_error_info(r)->name);
        assert_int_equal(json_integer_value(json_object_get(e, "line")), 7);
        json_decref(complaint);
    }
}

static void what_does_not_matter_is_passed_over(void **state)
{
    (void)state;
    json_t *answer = answer_to(
        " { \"policy\" : "
        "{\"id\":\"x\",\"version\":3,\"legal_basis\":[{\"id\":\"A\",\"cite\":null}],"
        "\"grace\":null,\"cycle\":{\"kind\":\"calendar_year\"},\"accept\":[{\"kind\":\"counter\","
        "\"months\":null}]}," PERSON
        ",\"on\":\"2025-01-01\",\"evidence\":[{\"id\":\"\\u4e2d\\\"\\\\"
        "\\ud83d\\ude00\\n\",\"kind\":\"counter\",\"observed_on\":\"2024-02-03\",\"strength\":"
        "\"A\","
        "\"detail\":{\"a\":[1,2.5e3,true,false]},\"outcome\":\"pass\"}]}\r\n");
    assert_string_equal(json_string_value(json_object_get(answer, "due_on")), "2025-12-31");
    assert_string_equal(json_string_value(json_object_get(answer, "grace_until")), "2025-12-31");
    assert_string_equal(json_string_value(json_object_get(answer, "decided_by")),
                        "\xe4\xb8\xad\"\\\xf0\x9f\x98\x80\n");
    json_decref(answer);
}

static uint64_t random_state;

static unsigned pick(unsigned n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % n;
}

/* Ids decide within a day, as texts: "e10" comes before "e9". */
static void the_order_of_rows_does_not_matter(void **state)
{
    (void)state;
    enum { ROWS = 12, SHUFFLES = 200 };
    for (int round = 0; round < 50; round++) {
        char rows[ROWS][128];
        int order[ROWS];
        for (int i = 0; i < ROWS; i++) {
            snprintf(rows[i], sizeof rows[i],
                     "{\"id\":\"e%d\",\"kind\":\"%s\",\"observed_on\":\"2024-02-%02u\"}", i,
                     pick(2) ? "proxy" : "counter", 1 + pick(4));
            order[i] = i;
        }
        json_t *first = NULL;
        for (int shuffle = 0; shuffle < SHUFFLES; shuffle++) {
            char line[4096];
            int used = snprintf(line, sizeof line, "{%s,%s[", POLICY, REST);
            for (int i = 0; i < ROWS; i++)
                used += snprintf(line + used, sizeof line - (size_t)used, "%s%s", i ? "," : "",
                                 rows[order[i]]);
            snprintf(line + used, sizeof line - (size_t)used, "]}");
            json_t *answer = answer_to(line);
            if (first) {
                assert_true(json_equal(first, answer));
                json_decref(answer);
            } else {
                first = answer;
            }
            const unsigned a = pick(ROWS), b = pick(ROWS);
            const int t = order[a];
            order[a] = order[b];
            order[b] = t;
        }
        json_decref(first);
    }
    json_t *answer = answer_to("{" POLICY "," REST "[" ROW("e9", "counter", "2024-02-03") "," ROW(
        "e10", "counter", "2024-02-03") "]}");
    assert_string_equal(json_string_value(json_object_get(answer, "decided_by")), "e9");
    assert_string_equal(json_string_value(json_array_get(json_object_get(answer, "counted"), 0)),
                        "e10");
    json_decref(answer);
}

static void lines_and_rows_are_limited(void **state)
{
    (void)state;
    const char *text = NULL;
    size_t size;
    struct jz_error err;
    jz_autofree char *line = malloc(JZ_CASE_MAX_BYTES + 1);
    memset(line, ' ', JZ_CASE_MAX_BYTES + 1);
    assert_int_equal(jz_judge_line(judge, line, JZ_CASE_MAX_BYTES + 1, &text, &size, &err),
                     JZ_E_LIMIT);
    for (int rows = JZ_CASE_MAX_SIGNS; rows <= JZ_CASE_MAX_SIGNS + 1; rows++) {
        size_t used = (size_t)sprintf(line, "{%s,%s[", POLICY, REST);
        for (int i = 0; i < rows; i++)
            used += (size_t)sprintf(line + used, "%s" ROW("e%d", "counter", "2024-02-03"),
                                    i ? "," : "", i);
        used += (size_t)sprintf(line + used, "]}");
        assert_int_equal(jz_judge_line(judge, line, used, &text, &size, &err),
                         rows > JZ_CASE_MAX_SIGNS ? JZ_E_LIMIT : 0);
    }
    assert_non_null(strstr(err.text, "evidence: 4097 rows"));
}

static int begin(void **state)
{
    (void)state;
    struct jz_error err;
    const char *given = getenv("JZ_TEST_SEED");
    random_state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("# JZ_TEST_SEED=%llu\n", (unsigned long long)random_state);
    return jz_judge_new(&judge, &err);
}

static int end(void **state)
{
    (void)state;
    jz_judge_free(judge);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_are_answered),
        cmocka_unit_test(faults_are_named_by_their_key),
        cmocka_unit_test(what_does_not_matter_is_passed_over),
        cmocka_unit_test(the_order_of_rows_does_not_matter),
        cmocka_unit_test(lines_and_rows_are_limited),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
