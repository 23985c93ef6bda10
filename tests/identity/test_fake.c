/* Made-up people: the same everywhere, valid, unique, and distributed as they should be. */
#include "crypto/hash.h"
#include "identity/fake.h"
#include "identity/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct jz_date on = { 2026, 10, 1 };

struct sink {
    char *text;
    size_t size, room;
};

static int write_sink(void *sink, const void *data, size_t size, struct jz_error *err)
{
    struct sink *s = sink;
    if (s->size + size > s->room)
        return jz_error_set(err, JZ_E_IO, "full");
    memcpy(s->text + s->size, data, size);
    s->size += size;
    return 0;
}

static struct jz_fake *make(uint64_t seed, const char *region, bool has_dirt)
{
    const struct jz_fake_options o = { seed, on, region, has_dirt };
    struct jz_fake *f = NULL;
    struct jz_error err;
    if (jz_fake_new(&o, &f, &err) < 0)
        fail_msg("%s", err.text);
    return f;
}

static void write_people(uint64_t seed, bool is_chinese, uint64_t people, struct sink *sink)
{
    JZ_CLEANUP(jz_fake_freep) struct jz_fake *f = make(seed, NULL, true);
    jz_autofree struct jz_csv_writer *w = malloc(sizeof *w);
    struct jz_fake_row rows[JZ_FAKE_MAX_ROWS];
    struct jz_error err;
    jz_csv_writer_init(w, write_sink, sink);
    jz_fake_write_header(w, is_chinese);
    for (uint64_t i = 0; i < people; i++) {
        const unsigned count = jz_fake_person(f, i, rows);
        for (unsigned k = 0; k < count; k++)
            jz_fake_write_row(w, &rows[k], is_chinese);
    }
    assert_int_equal(jz_csv_writer_flush(w, &err), 0);
}

static void a_seed_is_a_register(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        bool is_chinese;
        const char *hex;
    } cases[] = {
        { 1, false, "605ba5fa27ac70c3fe26efa74f782d80301919f0e187793c6c52c590a6e81ffb" },
        { 1, true, "6dd1b0eca8412ba210086fff4ce83ba7c817f0896a1e6f5e3f3a0d26aa7a42b4" },
        { 2, false, "88b8ca3257b398fac910edcb16fab1bffa26d2e5c4c1cff710e78bc74d1f0990" },
    };
    static char text[1 << 20];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sink sink = { text, 0, sizeof text };
        char hex[JZ_SHA256_HEX_BYTES];
        struct jz_error err;
        write_people(cases[i].seed, cases[i].is_chinese, 1000, &sink);
        assert_int_equal(jz_sha256_hex((const uint8_t *)text, sink.size, hex, &err), 0);
        assert_string_equal(hex, cases[i].hex);
    }
}

static bool is_phone(const char *phone)
{
    return !*phone || (strncmp(phone, "102", 3) == 0 && strlen(phone) == 11);
}

static void check_person(const struct jz_fake_row *row)
{
    struct jz_document d;
    struct jz_error err;
    const int age = jz_date_age(row->born_on, on);
    assert_int_equal(jz_document_parse(row->document, row->document_kind, row->issuer, &d, &err),
                     0);
    if (d.kind != row->document_kind || d.findings)
        fail_msg("%s: findings %#x", row->document, d.findings);
    if (jz_date_is_set(d.born_on)) {
        assert_int_equal(jz_date_compare(d.born_on, row->born_on), 0);
        assert_int_equal(d.sex, row->sex);
    }
    assert_in_range(age, 55, 103);
    assert_true(jz_date_compare(row->benefit_from, on) <= 0);
    assert_true(jz_date_age(row->born_on, row->benefit_from) >= 40);
    assert_true(jz_date_compare(row->last_certified_on, on) <= 0);
    assert_int_equal(row->last_certified_kind != NULL, jz_date_is_set(row->last_certified_on));
    char prefix[JZ_REGION_TEXT_BYTES];
    assert_true(jz_region_prefix(row->region, prefix) && strlen(prefix) == 6);
    assert_true(is_phone(row->phone));
    assert_true(*row->name && *row->address);
    assert_int_equal(jz_utf8_valid(row->name, strlen(row->name)), strlen(row->name));
    assert_in_range(row->amount_fen, 13000, 980000);
    if (strcmp(row->scheme->code, "resident") == 0)
        assert_true(row->benefit_from.year > 2009 ||
                    (row->benefit_from.year == 2009 && row->benefit_from.month >= 10));
}

static void people_are_sane(void **state)
{
    (void)state;
    enum { PEOPLE = 50000 };
    JZ_CLEANUP(jz_fake_freep) struct jz_fake *f = make(7, NULL, false);
    unsigned women = 0, residents = 0, employees = 0, old = 0, very_old = 0, twice = 0, away = 0,
             wang = 0, special = 0, institution = 0;
    for (uint64_t i = 0; i < PEOPLE; i++) {
        struct jz_fake_row rows[JZ_FAKE_MAX_ROWS];
        const unsigned count = jz_fake_person(f, i, rows);
        for (unsigned k = 0; k < count; k++)
            check_person(&rows[k]);
        const int age = jz_date_age(rows[0].born_on, on);
        assert_true(!rows[0].last_certified_kind ||
                    jz_date_compare(rows[0].last_certified_on, rows[0].benefit_from) >= 0);
        if (count == 2) {
            assert_string_equal(rows[0].document, rows[1].document);
            assert_ptr_not_equal(rows[0].scheme, rows[1].scheme);
        }
        women += rows[0].sex == JZ_SEX_FEMALE;
        residents += strcmp(rows[0].scheme->code, "resident") == 0;
        employees += strcmp(rows[0].scheme->code, "employee") == 0;
        institution += strcmp(rows[0].scheme->code, "institution") == 0;
        old += age >= 80;
        very_old += age >= 100;
        twice += count == 2;
        away += strcmp(rows[0].region, rows[0].residence) != 0;
        wang += strncmp(rows[0].name, "王", 3) == 0;
        special += rows[0].document_kind != JZ_DOCUMENT_CITIZEN_ID;
    }
    assert_in_range(women, PEOPLE * 54 / 100, PEOPLE * 60 / 100);
    assert_in_range(residents, PEOPLE * 43 / 100, PEOPLE * 51 / 100);
    assert_in_range(employees, PEOPLE * 35 / 100, PEOPLE * 42 / 100);
    assert_in_range(institution, PEOPLE * 5 / 100, PEOPLE * 8 / 100);
    assert_in_range(old, PEOPLE * 9 / 100, PEOPLE * 15 / 100);
    assert_in_range(very_old, 3, PEOPLE / 500);
    assert_in_range(twice, PEOPLE * 12 / 1000, PEOPLE * 18 / 1000);
    assert_in_range(away, PEOPLE * 42 / 1000, PEOPLE * 58 / 1000);
    assert_in_range(wang, PEOPLE * 6 / 100, PEOPLE * 10 / 100);
    assert_int_equal(special, PEOPLE * 6 / 1000);
}

static int compare_documents(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* One county, where numbers come round again soonest. */
static void documents_are_one_persons(void **state)
{
    (void)state;
    enum { PEOPLE = 120000, BYTES = sizeof((struct jz_fake_row *)0)->document };
    static const char *const regions[] = { "370102", "", "4406" };
    for (size_t r = 0; r < sizeof regions / sizeof regions[0]; r++) {
        JZ_CLEANUP(jz_fake_freep) struct jz_fake *f = make(r, regions[r], false);
        jz_autofree char *all = malloc((size_t)PEOPLE * BYTES);
        for (uint64_t i = 0; i < PEOPLE; i++) {
            struct jz_fake_row rows[JZ_FAKE_MAX_ROWS];
            jz_fake_person(f, i, rows);
            assert_true(jz_region_is_in(rows[0].region, regions[r]));
            memcpy(all + i * BYTES, rows[0].document, BYTES);
        }
        qsort(all, PEOPLE, BYTES, compare_documents);
        for (size_t i = 1; i < PEOPLE; i++)
            assert_string_not_equal(all + (i - 1) * BYTES, all + i * BYTES);
    }
}

static void dirt_is_of_every_kind(void **state)
{
    (void)state;
    enum { PEOPLE = 100000 };
    JZ_CLEANUP(jz_fake_freep) struct jz_fake *f = make(1, NULL, true);
    unsigned seen[JZ_FAKE_FIFTEEN_DIGITS + 1] = { 0 };
    for (uint64_t i = 0; i < PEOPLE; i++) {
        struct jz_fake_row rows[JZ_FAKE_MAX_ROWS];
        struct jz_document d;
        struct jz_error err;
        const unsigned count = jz_fake_person(f, i, rows);
        const struct jz_fake_row *row = &rows[0];
        seen[row->dirt]++;
        assert_int_equal(
            jz_document_parse(row->document, row->document_kind, row->issuer, &d, &err), 0);
        assert_int_equal(d.findings, row->dirt == JZ_FAKE_WRONG_CHECK   ? JZ_DOCUMENT_WRONG_CHECK
                                     : row->dirt == JZ_FAKE_WRONG_BIRTH ? JZ_DOCUMENT_WRONG_BIRTH
                                     : row->dirt == JZ_FAKE_FIFTEEN_DIGITS
                                         ? JZ_DOCUMENT_FIFTEEN_DIGITS
                                         : 0);
        assert_int_equal(row->name[0] == 0, row->dirt == JZ_FAKE_NO_NAME);
        if (row->dirt == JZ_FAKE_ROW_TWICE)
            assert_memory_equal(row, &rows[count - 1], sizeof *row);
    }
    for (int i = JZ_FAKE_WRONG_CHECK; i <= JZ_FAKE_FIFTEEN_DIGITS; i++)
        assert_in_range(seen[i], 8, 40);
}

static void what_was_written_reads_back(void **state)
{
    (void)state;
    static char text[1 << 20];
    struct sink sink = { text, 0, sizeof text };
    write_people(3, true, 2000, &sink);
    char path[] = "/tmp/jz-fake-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, sink.size) == (ssize_t)sink.size);
    close(fd);
    const struct jz_csv_options o = { .columns = jz_register_columns(),
                                      .column_count = JZ_REGISTER_COLUMN_COUNT };
    JZ_CLEANUP(jz_csv_freep) struct jz_csv *c = NULL;
    struct jz_error err;
    assert_int_equal(jz_csv_open(path, &o, &c, &err), 0);
    unlink(path);
    assert_int_equal(jz_csv_unknown_count(c), 0);
    JZ_CLEANUP(jz_fake_freep) struct jz_fake *f = make(3, NULL, true);
    struct jz_csv_row row;
    for (uint64_t i = 0; i < 2000; i++) {
        struct jz_fake_row rows[JZ_FAKE_MAX_ROWS];
        const unsigned count = jz_fake_person(f, i, rows);
        for (unsigned k = 0; k < count; k++) {
            assert_int_equal(jz_csv_next(c, &row, &err), 1);
            assert_int_equal(row.trouble, JZ_CSV_FINE);
            assert_string_equal(row.fields[JZ_REGISTER_DOCUMENT].text, rows[k].document);
            assert_string_equal(jz_csv_unguard(row.fields[JZ_REGISTER_NAME].text), rows[k].name);
            assert_string_equal(row.fields[JZ_REGISTER_ADDRESS].text, rows[k].address);
            assert_ptr_equal(
                jz_register_code(JZ_REGISTER_SCHEME, row.fields[JZ_REGISTER_SCHEME].text),
                rows[k].scheme);
            assert_int_equal(atoll(row.fields[JZ_REGISTER_AMOUNT_FEN].text), rows[k].amount_fen);
        }
    }
    assert_int_equal(jz_csv_next(c, &row, &err), 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        int year;
    } cases[] = { { "99", 2026 },        { "3", 2026 },  { "810000", 2026 }, { "710000", 2026 },
                  { "370102001", 2026 }, { NULL, 2009 }, { NULL, 2101 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct jz_fake_options o = { .on = { (int16_t)cases[i].year, 1, 1 },
                                           .region = cases[i].region };
        struct jz_fake *f = NULL;
        struct jz_error err;
        assert_int_equal(jz_fake_new(&o, &f, &err), JZ_E_USAGE);
        assert_null(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_is_a_register),
        cmocka_unit_test(people_are_sane),
        cmocka_unit_test(documents_are_one_persons),
        cmocka_unit_test(dirt_is_of_every_kind),
        cmocka_unit_test(what_was_written_reads_back),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests_name("fake", tests, NULL, NULL);
}
