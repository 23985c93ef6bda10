/* The receipt as bytes and as text, its code, and the words for its numbers. */
#include "receipt/payload.h"
#include "receipt/words.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Written by hand after docs/receipt.md. */
static const uint8_t wanted[JZ_RECEIPT_BYTES] = {
    0x01,                                           /* version */
    0x1f, 0x2e, 0x3d, 0x4c, 0x5b, 0x6a, 0x79, 0x88, /* installation */
    0,    0,    0,    0,    0,    0x01, 0x12, 0x46, /* number 70214 */
    0x02, 0xa9, 0xb3, 0xc4, 0xd5, 0xe6, 0xf1,       /* code */
    0,    0,    0,    0,    0,    0,    0x12, 0x67, /* person 4711 */
    0x01, 0x35, 0x29, 0x05,                         /* observed_on 20261125 */
    0,    0,    0,    0,    0x6b, 0x06, 0x95, 0x80, /* recorded_at 1795593600 */
    0x01, 0x35, 0x50, 0x15,                         /* due_on 20271125 */
    0x08,                                           /* face_remote */
    0x00, 0x01,                                     /* employee */
    0x05, 0xa5, 0xb6,                               /* region 370102 */
    0,    0,    0,    0,    0,    0,    0,    0x03, /* policy */
    0,    0,    0,    0,    0,    0,    0,    0x05, /* leaf */
};

static void the_layout_is_the_documented_one(void **state)
{
    (void)state;
    const struct jz_receipt r = sample_receipt();
    struct jz_error err;
    uint8_t bytes[JZ_RECEIPT_BYTES];
    assert_int_equal(jz_receipt_encode(&r, bytes, &err), 0);
    assert_memory_equal(bytes, wanted, sizeof wanted);
}

static void assert_same(const struct jz_receipt *a, const struct jz_receipt *b)
{
    assert_memory_equal(a->installation, b->installation, sizeof a->installation);
    assert_true(a->number == b->number && a->code == b->code && a->person == b->person);
    assert_int_equal(jz_date_compare(a->observed_on, b->observed_on), 0);
    assert_true(a->recorded_at == b->recorded_at);
    assert_int_equal(jz_date_compare(a->due_on, b->due_on), 0);
    assert_true(a->kind == b->kind && a->schemes == b->schemes && a->region == b->region);
    assert_true(a->policy == b->policy && a->leaf == b->leaf);
}

/* One field of the sample at a time, in place, big endian. */
static const struct {
    const char *field;
    int offset, bytes;
    uint64_t value;
    int wanted;
} values[] = {
    { "version", 0, 1, 0, JZ_E_UNSUPPORTED },
    { "version", 0, 1, 2, JZ_E_UNSUPPORTED },
    { "installation", 1, 8, 0, 0 },
    { "installation", 1, 8, UINT64_MAX, 0 },
    { "number", 9, 8, 0, JZ_E_FORMAT },
    { "number", 9, 8, 1, 0 },
    { "number", 9, 8, INT64_MAX, 0 },
    { "number", 9, 8, (uint64_t)INT64_MAX + 1, JZ_E_FORMAT },
    { "code", 17, 7, 0, 0 },
    { "code", 17, 7, (1ULL << 50) - 1, 0 },
    { "code", 17, 7, 1ULL << 50, JZ_E_FORMAT },
    { "person", 24, 8, 0, JZ_E_FORMAT },
    { "person", 24, 8, INT64_MAX, 0 },
    { "person", 24, 8, UINT64_MAX, JZ_E_FORMAT },
    { "observed_on", 32, 4, 0, JZ_E_FORMAT },
    { "observed_on", 32, 4, 20270229, JZ_E_FORMAT },
    { "observed_on", 32, 4, 20280229, 0 },
    { "observed_on", 32, 4, UINT32_MAX, JZ_E_FORMAT },
    { "recorded_at", 36, 8, 0, 0 },
    { "recorded_at", 36, 8, 253402300799, 0 },
    { "recorded_at", 36, 8, 253402300800, JZ_E_FORMAT },
    { "recorded_at", 36, 8, UINT64_MAX, JZ_E_FORMAT },
    { "due_on", 44, 4, 0, JZ_E_FORMAT },
    { "due_on", 44, 4, 20271131, JZ_E_FORMAT },
    { "due_on", 44, 4, 99991231, 0 },
    { "kind", 48, 1, 0, JZ_E_FORMAT },
    { "kind", 48, 1, 1, 0 },
    { "kind", 48, 1, 14, 0 },
    { "kind", 48, 1, 15, JZ_E_FORMAT },
    { "schemes", 49, 2, 0, JZ_E_FORMAT },
    { "schemes", 49, 2, 0x7f, 0 },
    { "schemes", 49, 2, 0x80, JZ_E_FORMAT },
    { "schemes", 49, 2, 0x0101, JZ_E_FORMAT },
    { "region", 51, 3, 0, 0 },
    { "region", 51, 3, 999999, 0 },
    { "region", 51, 3, 1000000, JZ_E_FORMAT },
    { "policy", 54, 8, 0, JZ_E_FORMAT },
    { "policy", 54, 8, INT64_MAX, 0 },
    { "policy", 54, 8, UINT64_MAX, JZ_E_FORMAT },
    { "leaf", 62, 8, 0, 0 },
    { "leaf", 62, 8, (1ULL << 48) - 1, 0 },
    { "leaf", 62, 8, 1ULL << 48, JZ_E_FORMAT },
};

static void every_field_has_its_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t bytes[JZ_RECEIPT_BYTES], again[JZ_RECEIPT_BYTES];
        struct jz_receipt r = { .number = 42 };
        struct jz_error err;
        memcpy(bytes, wanted, sizeof bytes);
        for (int k = 0; k < values[i].bytes; k++)
            bytes[values[i].offset + k] =
                (uint8_t)(values[i].value >> (8 * (values[i].bytes - 1 - k)));
        const int got = jz_receipt_decode(bytes, sizeof bytes, &r, &err);
        if (got != values[i].wanted)
            fail_msg("%s %llu: %d, wanted %d", values[i].field, (unsigned long long)values[i].value,
                     got, values[i].wanted);
        if (got < 0) {
            assert_non_null(strstr(err.text, values[i].field));
            assert_true(r.number == 42);
        } else {
            assert_int_equal(jz_receipt_encode(&r, again, &err), 0);
            assert_memory_equal(again, bytes, sizeof bytes);
        }
    }
}

static void only_the_whole_receipt_is_one(void **state)
{
    (void)state;
    uint8_t bytes[JZ_RECEIPT_BYTES + 1] = { 0 };
    memcpy(bytes, wanted, sizeof wanted);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct jz_receipt r;
        struct jz_error err;
        assert_int_equal(jz_receipt_decode(bytes, size, &r, &err),
                         size == JZ_RECEIPT_BYTES ? 0 : JZ_E_FORMAT);
    }
}

static void what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    struct jz_error err;
    uint8_t bytes[JZ_RECEIPT_BYTES] = { 42 };
    struct jz_receipt r = sample_receipt();
    r.due_on = (struct jz_date){ 0 };
    assert_int_equal(jz_receipt_encode(&r, bytes, &err), JZ_E_USAGE);
    assert_non_null(strstr(err.text, "due_on"));
    r = sample_receipt();
    r.recorded_at = -1;
    assert_int_equal(jz_receipt_encode(&r, bytes, &err), JZ_E_USAGE);
    r = sample_receipt();
    r.code = JZ_RECEIPT_MAX_CODE + 1;
    assert_int_equal(jz_receipt_encode(&r, bytes, &err), JZ_E_USAGE);
    assert_int_equal(bytes[0], 42);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void random_receipts_come_back(void **state)
{
    (void)state;
    const uint64_t seed = (uint64_t)time(NULL) | 1;
    uint64_t s = seed;
    print_message("# seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 20000; i++) {
        const struct jz_receipt r = {
            .number = 1 + next_random(&s) % INT64_MAX,
            .code = next_random(&s) & JZ_RECEIPT_MAX_CODE,
            .person = 1 + next_random(&s) % INT64_MAX,
            .observed_on = jz_date_from_days((int32_t)(next_random(&s) % 2000000)),
            .recorded_at = (int64_t)(next_random(&s) % 253402300800),
            .due_on = jz_date_from_days((int32_t)(next_random(&s) % 2000000)),
            .kind = (uint8_t)(1 + next_random(&s) % 14),
            .schemes = (uint16_t)(1 + next_random(&s) % 127),
            .region = (uint32_t)(next_random(&s) % 1000000),
            .policy = 1 + next_random(&s) % INT64_MAX,
            .leaf = next_random(&s) & JZ_RECEIPT_MAX_LEAF,
        };
        const struct jz_signed_receipt made = sample_unsigned(&r);
        struct jz_signed_receipt read;
        struct jz_receipt back;
        struct jz_error err;
        char text[JZ_RECEIPT_TEXT_BYTES], code[JZ_RECEIPT_CODE_TEXT_BYTES];
        uint64_t number;
        jz_receipt_text(&made, text);
        assert_int_equal(strlen(text), JZ_RECEIPT_TEXT_CHARS);
        assert_int_equal(strspn(text, "JZ1:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), strlen(text));
        assert_int_equal(jz_receipt_text_parse(text, &read, &err), 0);
        assert_memory_equal(read.bytes, made.bytes, sizeof made.bytes);
        assert_int_equal(jz_receipt_decode(read.bytes, JZ_RECEIPT_BYTES, &back, &err), 0);
        assert_same(&back, &r);
        jz_receipt_code_format(r.code, code);
        assert_true(jz_receipt_code_parse(code, &number) && number == r.code);
    }
}

/* The sample's text in full: base32 of RFC 4648 as any other program makes it. */
static const char sample_text[] =
    "JZ1:AEPS4PKMLNVHTCAAAAAAAAABCJDAFKNTYTK6N4IAAAAAAAAACJTQCNJJAUAAAAAANMDJLAA"
    "BGVIBKCAAAEC2LNQAAAAAAAAAAABQAAAAAAAAAAAFBMYFK6U7YTUQ4M2YPWRMP3ARGZNYBJOK5"
    "4KDSXUDVDG7EFZ4MGDKXUHVDI7WJCNO2P4B2QTHRSY5N6ZAIVVI7NGZ7YRUQ3MSW7OACJQ";

static void the_text_is_base32(void **state)
{
    (void)state;
    const struct jz_receipt r = sample_receipt();
    const struct jz_signed_receipt made = sample_unsigned(&r);
    char text[JZ_RECEIPT_TEXT_BYTES];
    jz_receipt_text(&made, text);
    assert_string_equal(text, sample_text);
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    struct jz_signed_receipt read = { .bytes = { 42 } };
    struct jz_error err;
    char text[JZ_RECEIPT_TEXT_BYTES + 8];
    static const struct {
        size_t at;
        const char *put, *why;
    } cases[] = {
        { 0, "jz1:", "begins with" },   { 0, "JZ2:", "begins with" },
        { 0, "", "begins with" },       { 4, "", "has 4" },
        { 100, "", "has 100" },         { 218, "", "has 218" },
        { 50, "a", "character 51" },    { 50, " ", "character 51" },
        { 4, "1", "character 5" },      { 218, "0", "character 219" },
        { 218, "B", "last character" }, { 219, "A", "at least 220" },
        { 219, "\n", "at least 220" },  { 50, "\xe5", "character 51" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strcpy(text, sample_text);
        if (*cases[i].put && cases[i].at < strlen(text))
            memcpy(text + cases[i].at, cases[i].put, strlen(cases[i].put));
        else
            strcpy(text + cases[i].at, cases[i].put);
        const int got = jz_receipt_text_parse(text, &read, &err);
        if (got != JZ_E_FORMAT || !strstr(err.text, cases[i].why))
            fail_msg("case %zu: %d, wanted '%s'", i, got, cases[i].why);
        assert_int_equal(read.bytes[0], 42);
    }
}

static void codes_are_read_as_people_type_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t code;
    } cases[] = {
        { "22222-22222", true, 0 },        { "ZZZZZ-ZZZZZ", true, JZ_RECEIPT_MAX_CODE },
        { "2222222223", true, 1 },         { "zzzzz zzzzz", true, JZ_RECEIPT_MAX_CODE },
        { " 22 222 - 22 2 23 ", true, 1 }, { "", false, 0 },
        { "222222222", false, 0 },         { "22222222222", false, 0 },
        { "22222-2222O", false, 0 },       { "22222-22220", false, 0 },
        { "22222-2222I", false, 0 },       { "22222-22221", false, 0 },
        { "22222-2222\xe4", false, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t code = 99;
        const bool good = jz_receipt_code_parse(cases[i].text, &code);
        if (good != cases[i].good || code != (good ? cases[i].code : 99))
            fail_msg("'%s': %d", cases[i].text, good);
    }
    char text[JZ_RECEIPT_CODE_TEXT_BYTES];
    jz_receipt_code_format(JZ_RECEIPT_MAX_CODE - 1, text);
    assert_string_equal(text, "ZZZZZ-ZZZZY");
}

/* As docs/receipt.md has them: receipts that people hold say so for ever. */
static void every_number_has_its_words(void **state)
{
    static const char *const kinds[] = {
        NULL,         "counter",           "community",
        "outlet",     "retirement_office", "partner_body",
        "home_visit", "face_kiosk",        "face_remote",
        "video_call", "external_identity", "data_match",
        "proxy",      "unit_list",         "materials",
    };
    static const char *const schemes[] = {
        "employee", "institution", "resident", "land", "work_injury", "survivor", "other",
    };
    enum { KINDS = sizeof kinds / sizeof kinds[0], SCHEMES = sizeof schemes / sizeof schemes[0] };
    (void)state;
    for (unsigned i = 1; i < KINDS; i++) {
        const struct jz_word *w = jz_receipt_kind(i);
        assert_string_equal(w->name, kinds[i]);
        assert_true(*w->zh_hans && *w->zh_hant && *w->en);
        assert_int_equal(jz_receipt_kind_number(
                             (enum jz_evidence_kind)JZ_WORD_FIND(jz_evidence_words, kinds[i])),
                         i);
    }
    assert_null(jz_receipt_kind(0));
    for (unsigned i = KINDS; i < 300; i++)
        assert_null(jz_receipt_kind(i));
    assert_int_equal(jz_receipt_kind_number(JZ_EV_WEAK_SIGNAL), 0);
    for (unsigned bit = 0; bit < SCHEMES; bit++) {
        const struct jz_word *w = jz_receipt_scheme(bit);
        assert_string_equal(w->name, schemes[bit]);
        assert_true(*w->zh_hans && *w->zh_hant && *w->en);
    }
    assert_null(jz_receipt_scheme(SCHEMES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_the_documented_one),
        cmocka_unit_test(every_field_has_its_limits),
        cmocka_unit_test(only_the_whole_receipt_is_one),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(random_receipts_come_back),
        cmocka_unit_test(the_text_is_base32),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(codes_are_read_as_people_type_them),
        cmocka_unit_test(every_number_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
