/*
 * People from a file: what is refused and why, who is the same person, both encodings, an import
 * that is killed again and again and ends as if nothing had been, and one that is given up. Also
 * correcting a person.
 */
#include "place.h"

#include "audit/verify.h"
#include "base/clock.h"
#include "base/file.h"
#include "identity/fake.h"
#include "identity/reference.h"
#include "ledger/import_people.h"
#include "ledger/operator.h"
#include "ledger/person.h"
#include "ledger/policies.h"
#include "ledger/rebuild.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { COLUMNS = 18, KILL_PEOPLE = 40000, LOST_PEOPLE = 12000 };

static char file[64];
static unsigned seed;
static int rounds;

static const char policy_text[] =
    "id: test\nversion: 1\neffective: {from: 2020-01-01}\n"
    "applies: {region: \"\", schemes: [employee, resident, survivor, institution, land, "
    "work_injury, other]}\nlegal_basis: [{id: B, cite: a basis}]\n"
    "cycle: {kind: rolling_months, months: 12}\nremind_days: [30]\ngrace: {days: 30}\n"
    "accept:\n  - {kind: community}\n  - {kind: face_remote}\n  - {kind: counter}\n";

/* ---- The register ---- */

/* An empty register with one administrator and a policy. */
static void begin_register(void)
{
    struct jz_error err;
    place_empty();
    WORKS(jz_store_create(url, JZ_SUITE_INTERNATIONAL, &err));
    struct jz_store *store = open_store(NULL);
    struct jz_policy *policy = NULL;
    struct jz_policy_set *set = NULL;
    size_t added = 0;
    assert_int_equal(jz_operator_add(store, "root", JZ_ROLE_ADMIN, NULL, NULL, "root", &err), 0);
    if (jz_policy_parse("test", policy_text, sizeof policy_text - 1, NULL, NULL, &policy, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(jz_policy_set_new(&policy, 1, &set, &err), 0);
    if (jz_policies_add(store, set, "root", &added, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(added, 1);
    jz_policy_set_free(set);
    jz_store_close(store);
}

/* ---- Files ---- */

static const char header[] = "document,document_kind,issuing_state,name,sex,born_on,phone,address,"
                             "region,residence,scheme,benefit_from,amount_fen,managed_by,unit,care,"
                             "last_certified_on,last_certified_kind\n";
enum {
    DOCUMENT,
    KIND,
    ISSUER,
    NAME,
    SEX,
    BORN,
    PHONE,
    ADDRESS,
    REGION,
    RESIDENCE,
    SCHEME,
    FROM,
    AMOUNT,
    MANAGED,
    UNIT,
    CARE,
    LAST_ON,
    LAST_KIND
};

static const char *const sound[COLUMNS] = {
    "11010519491231002X",
    "citizen_id",
    "",
    "张秀英",
    "female",
    "1949-12-31",
    "10212345678",
    "北京市长安街012号3幢405室",
    "110105",
    "110105",
    "employee",
    "2005-01-01",
    "321050",
    "community",
    "",
    "alone;very_old",
    "2026-03-01",
    "community",
};

static void add_row(FILE *f, const char *const fields[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++)
        fprintf(f, "%s%s", i ? "," : "", fields[i]);
    fputc('\n', f);
}

/* The sound row with some columns changed: column, text, column, text …, -1. */
static void add_changed(FILE *f, int column, ...)
{
    const char *fields[COLUMNS];
    va_list ap;
    memcpy(fields, sound, sizeof fields);
    va_start(ap, column);
    for (; column >= 0; column = va_arg(ap, int))
        fields[column] = va_arg(ap, const char *);
    va_end(ap);
    add_row(f, fields);
}

static FILE *begin_file(void)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(header, f);
    return f;
}

/* ---- Importing ---- */

struct refusal {
    uint64_t line;
    char column[32], reason[200];
};

struct watch {
    struct refusal of[64];
    int count, unknown;
};

static int on_refused(void *context, uint64_t line, const char *column, const char *reason,
                      const char *value, struct jz_error *err)
{
    (void)value, (void)err;
    struct watch *w = context;
    if (w->count == 64)
        return 0;
    struct refusal *r = &w->of[w->count++];
    r->line = line;
    snprintf(r->column, sizeof r->column, "%s", column);
    snprintf(r->reason, sizeof r->reason, "%s", reason);
    return 0;
}

static void on_unknown(void *context, const char *column)
{
    (void)column;
    ((struct watch *)context)->unknown++;
}

static int try_import(struct jz_store *store, const char *override, struct watch *w,
                      struct jz_import_result *ret, struct jz_error *err)
{
    const struct jz_import_people_options options = {
        .path = file,
        .operator= "root",
        .override_reason = override,
        .on_refused = w ? on_refused : NULL,
        .on_unknown = w ? on_unknown : NULL,
        .context = w,
    };
    return jz_import_people(store, &options, ret, err);
}

static struct jz_import_counts import(struct jz_store *store, const char *override, struct watch *w)
{
    struct jz_error err;
    struct jz_import_result result;
    if (try_import(store, override, w, &result, &err) < 0)
        fail_msg("%s", err.text);
    const struct jz_import_counts *c = &result.counts;
    assert_int_equal(c->rows, c->people + c->benefits + c->there + c->refused);
    return *c;
}

static int64_t find(struct jz_store *store, const char *text)
{
    struct jz_error err;
    int64_t person = 0;
    return jz_person_find(store, text, &person, &err) < 0 ? 0 : person;
}

static void read_person(struct jz_store *store, int64_t person, struct jz_person_record *ret)
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    if (jz_person_read(sql, keyring, person, ret, &err) < 0)
        fail_msg("%s", err.text);
    jz_store_return(store, sql);
}

/* ---- Tests ---- */

static void every_bad_field_is_named(void **state)
{
    (void)state;
    static const struct {
        int column;
        const char *text, *reason;
        int named; /* the column the refusal names, where it is another */
    } cases[] = {
        { DOCUMENT, "", "missing", DOCUMENT },
        { DOCUMENT, "!!", "no document number", DOCUMENT },
        { DOCUMENT, "110105194912310021", "check digit", DOCUMENT },
        { DOCUMENT, "1101051949123100", "form", DOCUMENT },
        { DOCUMENT, "123456789012345678901234567890123", "more than", DOCUMENT },
        { KIND, "driving_licence", "no kind of document", KIND },
        { KIND, "passport", "form", DOCUMENT },
        { ISSUER, "USSR", "three letters", DOCUMENT },
        { NAME, "", "name is missing", NAME },
        { NAME, "   ", "name is missing", NAME },
        { SEX, "x", "male, female", SEX },
        { SEX, "male", "other sex", SEX },
        { BORN, "1949-13-01", "YYYY-MM-DD", BORN },
        { BORN, "1949-12-30", "another birth date", BORN },
        { BORN, "2999-01-01", "anybody alive", BORN },
        { REGION, "", "missing", REGION },
        { REGION, "99", "no region code", REGION },
        { REGION, "11010", "no region code", REGION },
        { RESIDENCE, "CANADA", "country", RESIDENCE },
        { SCHEME, "", "missing", SCHEME },
        { SCHEME, "pension", "employee, institution", SCHEME },
        { FROM, "", "missing", FROM },
        { FROM, "soon", "YYYY-MM-DD", FROM },
        { FROM, "1940-01-01", "before the person's birth", FROM },
        { FROM, "2999-01-01", "year ahead", FROM },
        { AMOUNT, "-5", "no amount", AMOUNT },
        { AMOUNT, "12.50", "whole number of fen", AMOUNT },
        { AMOUNT, "99999999999", "more than", AMOUNT },
        { MANAGED, "nobody", "community, unit", MANAGED },
        { MANAGED, "unit", "not named", UNIT },
        { CARE, "alone;blind", "not known", CARE },
        { LAST_ON, "yesterday", "YYYY-MM-DD", LAST_ON },
        { LAST_ON, "2999-01-01", "future", LAST_ON },
        { LAST_ON, "1900-01-01", "birth", LAST_ON },
        { LAST_ON, "", "without its day", LAST_ON },
        { LAST_KIND, "", "without its kind", LAST_KIND },
        { LAST_KIND, "dream", "not a code", LAST_KIND },
        { ADDRESS, "\"open", "quote", -1 },
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    begin_register();
    FILE *f = begin_file();
    for (int i = 0; i < CASES; i++)
        add_changed(f, cases[i].column, cases[i].text, -1);
    add_changed(f, -1);
    fclose(f);
    static struct watch w;
    memset(&w, 0, sizeof w);
    struct jz_store *store = open_store(NULL);
    const struct jz_import_counts c = import(store, NULL, &w);
    assert_int_equal(w.count, CASES);
    for (int i = 0; i < CASES; i++) {
        const char *column = cases[i].named < 0 ? "" : jz_register_columns()[cases[i].named].name;
        if (cases[i].named >= AMOUNT && cases[i].named != -1) /* amount_yuan stands between */
            column = jz_register_columns()[cases[i].named + (cases[i].named > AMOUNT)].name;
        if (w.of[i].line != (uint64_t)i + 2 || strcmp(w.of[i].column, column) != 0 ||
            !strstr(w.of[i].reason, cases[i].reason))
            fail_msg("case %d: line %d, %s: %s", i, (int)w.of[i].line, w.of[i].column,
                     w.of[i].reason);
    }
    assert_int_equal(c.refused, CASES);
    assert_int_equal(c.people, 1);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM person"), 1);
    jz_store_close(store);
}

static void what_was_read_is_what_stands_there(void **state)
{
    (void)state;
    begin_register();
    FILE *f = begin_file();
    add_changed(f, -1);
    add_changed(f, DOCUMENT, "h01234567(01)", KIND, "hmt_permit", NAME, "\"CHAN, Tai Man\"", SEX,
                "", BORN, "1950-02-03", PHONE, "+852 1234-5678", ADDRESS, "", RESIDENCE, "HKG",
                MANAGED, "unit", UNIT, "某厂", CARE, "", LAST_ON, "", LAST_KIND, "", -1);
    add_changed(f, DOCUMENT, "C01234567", KIND, "passport", ISSUER, "usa", NAME, "ÀÉ 𠮷 ü", SEX,
                "女", BORN, "19510102", FROM, "2015-06", RESIDENCE, "USA", ADDRESS,
                "1 Main St 12345", -1);
    fclose(f);
    struct jz_store *store = open_store(NULL);
    const struct jz_import_counts c = import(store, NULL, NULL);
    assert_int_equal(c.people, 3);
    static struct jz_person_record p;
    struct jz_person_benefit b[JZ_PERSON_BENEFITS];
    struct jz_person_state s;
    struct jz_error err;
    struct jz_sql *sql = NULL;
    int count = 0;
    read_person(store, find(store, "11010519491231002x"), &p);
    assert_string_equal(p.data.name, "张秀英");
    assert_string_equal(p.data.number, "11010519491231002X");
    assert_string_equal(p.data.phone, "10212345678");
    assert_string_equal(p.data.address, "北京市长安街012号3幢405室");
    assert_int_equal(jz_date_key(p.born_on), 19491231);
    assert_int_equal(p.sex, JZ_SEX_FEMALE);
    assert_int_equal(p.care, 1 << 2 | 1 << 6);
    assert_int_equal(p.residence, 0);
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    assert_int_equal(jz_person_benefits(sql, p.person, b, &count, &err), 0);
    jz_store_return(store, sql);
    assert_int_equal(count, 1);
    assert_int_equal(b[0].fen, 321050);
    assert_int_equal(b[0].region, 110105);
    assert_int_equal(jz_date_key(b[0].from), 20050101);
    assert_int_equal(jz_date_key(b[0].due_on), 20270301);
    assert_int_equal(b[0].state, JZ_STANDING_CURRENT);
    assert_int_equal(jz_person_state_load(store, p.person, &s, &err), 0);
    assert_int_equal(s.sign_count, 1);
    assert_int_equal(s.signs[0].kind, JZ_EV_COMMUNITY);
    assert_int_equal(s.signs[0].id, s.benefits[0].benefit);
    assert_int_equal(s.benefits[0].decided_by, s.signs[0].id);
    jz_person_state_done(&s);

    read_person(store, find(store, "H01234567"), &p);
    assert_string_equal(p.data.name, "CHAN, Tai Man");
    assert_string_equal(p.data.phone, "+852 1234-5678");
    assert_string_equal(p.data.address, "");
    assert_int_equal(p.data.kind, JZ_DOCUMENT_HMT_PERMIT);
    assert_int_equal(p.sex, JZ_SEX_UNKNOWN);

    char reference[JZ_REFERENCE_TEXT_BYTES];
    assert_int_equal(find(store, "C01234567"), 0);
    read_person(store, find(store, "USA:c01234567"), &p);
    assert_string_equal(p.data.name, "ÀÉ 𠮷 ü");
    assert_string_equal(p.data.issuer, "USA");
    assert_string_equal(p.data.address, "1 Main St 12345");
    assert_int_equal(find(store, jz_reference_format(p.person, reference)), p.person);
    jz_store_close(store);
}

static void who_is_who_is_found(void **state)
{
    (void)state;
    begin_register();
    FILE *f = begin_file();
    add_changed(f, -1);                     /* 2: new */
    add_changed(f, SCHEME, "survivor", -1); /* 3: a second benefit, right behind */
    add_changed(f, -1);                     /* 4: line 2 again */
    add_changed(f, DOCUMENT, "34052419800101001X", NAME, "李伟", SEX, "male", BORN, "", -1); /* 5 */
    add_changed(f, SCHEME, "land", -1);                /* 6: a third, far behind */
    add_changed(f, SCHEME, "other", NAME, "王芳", -1); /* 7: another name */
    add_changed(f, DOCUMENT, "340524800101001", NAME, "李伟", SEX, "male", BORN, "", SCHEME, "land",
                -1); /* 8: the same in 15 digits */
    fclose(f);
    static struct watch w;
    memset(&w, 0, sizeof w);
    struct jz_store *store = open_store(NULL);
    struct jz_import_counts c = import(store, NULL, &w);
    assert_int_equal(c.people, 2);
    assert_int_equal(c.benefits, 3);
    assert_int_equal(c.refused, 2);
    assert_int_equal(w.of[0].line, 4);
    assert_non_null(strstr(w.of[0].reason, "line 2"));
    assert_int_equal(w.of[1].line, 7);
    assert_non_null(strstr(w.of[1].reason, "another name"));
    assert_int_equal(ask_store(store, "SELECT count(*) FROM benefit"), 5);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM standing"), 5);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM document_find"), 2);

    /* Again: all is there. A new benefit for one of them, and a wrong name for the other. */
    f = begin_file();
    add_changed(f, -1);
    add_changed(f, SCHEME, "resident", LAST_ON, "2026-05-05", LAST_KIND, "counter", -1);
    add_changed(f, DOCUMENT, "34052419800101001X", NAME, "赵强", SEX, "male", BORN, "", SCHEME,
                "other", -1);
    fclose(f);
    memset(&w, 0, sizeof w);
    c = import(store, NULL, &w);
    assert_int_equal(c.there, 1);
    assert_int_equal(c.benefits, 1);
    assert_int_equal(c.refused, 1);
    assert_int_equal(w.of[0].line, 4);
    assert_non_null(strstr(w.of[0].reason, "another name"));
    struct jz_person_state s;
    struct jz_error err;
    assert_int_equal(jz_person_state_load(store, find(store, sound[DOCUMENT]), &s, &err), 0);
    assert_int_equal(s.benefit_count, 4);
    assert_int_equal(s.sign_count, 2); /* the new sign counts for all of them */
    for (int i = 0; i < s.benefit_count; i++)
        assert_int_equal(jz_date_key(s.benefits[i].due_on), 20270505);
    jz_person_state_done(&s);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM job WHERE state <> 'done'"), 0);

    /* Nothing new: nothing is written. */
    const int64_t facts = ask_store(store, "SELECT size FROM audit_head");
    c = import(store, NULL, NULL);
    assert_int_equal(c.there, 2);
    assert_int_equal(ask_store(store, "SELECT size FROM audit_head"), facts);
    jz_store_close(store);
}

static void an_override_takes_warnings(void **state)
{
    (void)state;
    begin_register();
    FILE *f = begin_file();
    add_changed(f, DOCUMENT, "110105194912310021", -1);
    add_changed(f, DOCUMENT, "34052419800101001X", SEX, "female", BORN, "1980-01-02", NAME, "", -1);
    fclose(f);
    struct jz_store *store = open_store(NULL);
    struct jz_import_counts c = import(store, NULL, NULL);
    assert_int_equal(c.refused, 2);
    c = import(store, "as in the paper files of 1998", NULL);
    assert_int_equal(c.people, 1);
    assert_int_equal(c.warned, 1);
    assert_int_equal(c.refused, 1); /* a name cannot be overridden */
    assert_true(find(store, "110105194912310021") > 0);
    assert_int_equal(ask_store(store,
                               "SELECT count(*) FROM import WHERE detail LIKE '%paper files%' "
                               "AND detail LIKE '%\"warned\":1%'"),
                     1);
    jz_store_close(store);
}

/* Chinese headers and words, in GB18030, with a column nobody knows. */
static void chinese_files_are_read(void **state)
{
    (void)state;
    static const char text[] =
        "身份证号,姓名,性别,参保地,险种,待遇开始年月,月待遇金额,备注,上次认证日期,上次认证方式,"
        "特殊关怀\r\n"
        "11010519491231002X, 张秀英 "
        ",女,110105,企业职工,2005-01,\"3,210.50\",x,2026/03/01,社区,独居；高龄\r\n";
    begin_register();
    struct jz_error err;
    struct jz_transcoder *t = NULL;
    char bytes[2 * sizeof text];
    size_t at;
    assert_int_equal(jz_transcoder_new(JZ_ENCODING_UTF8, JZ_ENCODING_GB18030, &t, &err), 0);
    const ssize_t n = jz_transcoder_run(t, text, sizeof text - 1, bytes, sizeof bytes, &at);
    jz_transcoder_free(t);
    assert_true(n > 0);
    assert_int_equal(jz_file_write(file, bytes, (size_t)n, &err), 0);
    static struct watch w;
    memset(&w, 0, sizeof w);
    struct jz_store *store = open_store(NULL);
    const struct jz_import_counts c = import(store, NULL, &w);
    assert_int_equal(c.people, 1);
    assert_int_equal(w.unknown, 1);
    static struct jz_person_record p;
    read_person(store, find(store, sound[DOCUMENT]), &p);
    assert_string_equal(p.data.name, "张秀英");
    assert_int_equal(p.care, 1 << 2 | 1 << 6);
    assert_int_equal(ask_store(store, "SELECT fen FROM benefit"), 321050);
    assert_int_equal(ask_store(store, "SELECT last_on FROM benefit"), 20260301);
    jz_store_close(store);
}

/* No name, number, phone or address in the clear anywhere in the files of the database. */
static void nothing_personal_is_readable(void **state)
{
    (void)state;
    begin_register();
    FILE *f = begin_file();
    add_changed(f, -1);
    fclose(f);
    struct jz_store *store = open_store(NULL);
    import(store, NULL, NULL);
    jz_store_close(store);
    static const char *const secrets[] = { "11010519491231002X", "1949123100", "张秀英",
                                           "10212345678", "长安街" };
    static const char *const suffixes[] = { "", "-wal" };
    for (size_t i = 0; i < 2; i++) {
        char path[600];
        uint8_t *bytes = NULL;
        size_t size = 0;
        snprintf(path, sizeof path, "%s%s", url, suffixes[i]);
        struct jz_error err;
        if (jz_file_read(path, 64 << 20, &bytes, &size, &err) < 0)
            continue;
        for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++)
            assert_null(memmem(bytes, size, secrets[k], strlen(secrets[k])));
        free(bytes);
    }
}

/* A random text of whole characters: ASCII, digits in runs, Chinese, words, anything. */
static void make_text(char *ret, size_t room)
{
    static const char *const pieces[] = { "号", "山东省", "内蒙古自治区", "路", "123", "0457",
                                          "㐀", "龥",     "鿿",          "A",  " ",   "é",
                                          "𠮷", "\t",     "室",           "7",  "一",  "·" };
    size_t used = 0;
    *ret = 0;
    for (int count = (int)(lrand48() % 12); count > 0; count--) {
        const char *piece = pieces[(size_t)lrand48() % (sizeof pieces / sizeof pieces[0])];
        if (used + strlen(piece) >= room)
            return;
        used += (size_t)sprintf(ret + used, "%s", piece);
    }
}

static void check_sealing(const struct jz_person_data *in)
{
    struct jz_error err;
    uint8_t sealed[JZ_PERSON_SEALED_BYTES];
    char text[JZ_PERSON_TEXT_BYTES];
    struct jz_person_data out;
    size_t size = 0;
    assert_int_equal(jz_person_seal(keyring, in, sealed, &size, &err), 0);
    assert_int_equal(jz_person_unseal(keyring, sealed, size, text, &out, &err), 0);
    assert_string_equal(out.name, in->name);
    assert_int_equal(out.kind, in->kind);
    assert_string_equal(out.number, in->number);
    assert_string_equal(out.issuer, in->issuer);
    assert_string_equal(out.phone, in->phone);
    assert_string_equal(out.address, in->address);
    sealed[(size_t)lrand48() % size] ^= 1;
    assert_true(jz_person_unseal(keyring, sealed, size, text, &out, &err) < 0);
}

static void sealed_data_comes_back(void **state)
{
    (void)state;
    static const struct jz_person_data cases[] = {
        { "张秀英", JZ_DOCUMENT_CITIZEN_ID, "11010519491231002X", "", "10212345678", "" },
        { "a", JZ_DOCUMENT_CITIZEN_ID, "110105194912310021", "", "20212345678", "1" },
        { "a", JZ_DOCUMENT_CITIZEN_ID, "110105194902300026", "", "", "000" },
        { "a", JZ_DOCUMENT_CITIZEN_ID, "999999999912319999", "", "1234567890", "999" },
        { "a", JZ_DOCUMENT_CITIZEN_ID, "000000180001010000", "", "123456789012", "1000" },
        { "a", JZ_DOCUMENT_CITIZEN_ID, "12345", "", "+86 102", "x" },
        { "a", JZ_DOCUMENT_PASSPORT, "C01234567", "USA", "", "" },
        { "\xff\xfe", JZ_DOCUMENT_UNKNOWN, "", "", "", "broken \xe5\x8f" },
    };
    struct jz_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_sealing(&cases[i]);
    for (int i = 0; i < 2000; i++) {
        char name[JZ_PERSON_NAME_MAX + 1], address[JZ_PERSON_ADDRESS_MAX + 1], number[64];
        snprintf(number, sizeof number, "%06ld%08ld%04ld", lrand48() % 1000000,
                 19000101 + lrand48() % 1300000, lrand48() % 10000);
        make_text(name, sizeof name);
        make_text(address, sizeof address);
        const struct jz_person_data d = {
            name, JZ_DOCUMENT_CITIZEN_ID, number, "", i % 2 ? "10299887766" : "0531-8899", address
        };
        check_sealing(&d);
    }
    char large[JZ_PERSON_ADDRESS_MAX + 2];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    struct jz_person_data d = cases[0];
    uint8_t sealed[JZ_PERSON_SEALED_BYTES];
    size_t size;
    d.address = large;
    assert_int_equal(jz_person_seal(keyring, &d, sealed, &size, &err), JZ_E_LIMIT);
}

/* ---- Killed ---- */

static void make_large_file(uint64_t people)
{
    struct jz_error err;
    struct jz_fake *fake = NULL;
    const struct jz_fake_options options = { .seed = 7, .on = { 2026, 10, 1 }, .has_dirt = true };
    static struct jz_csv_writer w;
    struct jz_fake_row rows[JZ_FAKE_MAX_ROWS], first[100];
    assert_int_equal(jz_fake_new(&options, &fake, &err), 0);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    jz_csv_writer_init(&w, jz_csv_write_file, f);
    jz_fake_write_header(&w, false);
    for (uint64_t i = 0; i < people; i++) {
        const unsigned count = jz_fake_person(fake, i, rows);
        if (i < 100)
            first[i] = rows[0];
        for (unsigned k = 0; k < count; k++)
            jz_fake_write_row(&w, &rows[k], false);
    }
    /* Further benefits of the first hundred, far behind them. */
    for (int i = 0; i < 100; i++) {
        first[i].scheme = jz_register_code(JZ_REGISTER_SCHEME, "other");
        jz_fake_write_row(&w, &first[i], false);
    }
    assert_int_equal(jz_csv_writer_flush(&w, &err), 0);
    fclose(f);
    jz_fake_free(fake);
}

static void digest_rows(struct jz_sql *sql, struct jz_hasher *hasher, const char *question,
                        bool unseal)
{
    struct jz_error err;
    struct jz_sql_rows *rows = NULL;
    if (jz_sql_query(sql, question, NULL, 0, &rows, &err) < 0)
        fail_msg("%s", err.text);
    while (jz_sql_next(rows, &err) == 1)
        for (int i = 0; i < jz_sql_column_count(rows); i++) {
            const struct jz_sql_value v = jz_sql_value(rows, i);
            if (unseal && v.type == JZ_SQL_BLOB) {
                char text[JZ_PERSON_TEXT_BYTES];
                struct jz_person_data d;
                assert_int_equal(jz_person_unseal(keyring, v.data, v.size, text, &d, &err), 0);
                jz_hasher_update(hasher, d.name, strlen(d.name) + 1);
                jz_hasher_update(hasher, d.number, strlen(d.number) + 1);
                jz_hasher_update(hasher, d.address, strlen(d.address) + 1);
                continue;
            }
            jz_hasher_update(hasher, &v.type, sizeof v.type);
            jz_hasher_update(hasher, &v.integer, sizeof v.integer);
            if (v.size > 0)
                jz_hasher_update(hasher, v.data, v.size);
        }
    jz_sql_done(rows);
}

/* All that does not depend on the time or on nonces. */
static void digest_register(uint8_t ret[JZ_DIGEST_BYTES])
{
    struct jz_error err;
    struct jz_hasher *hasher = NULL;
    struct jz_sql *sql = NULL;
    struct jz_store *store = open_store(NULL);
    assert_int_equal(jz_hasher_new(JZ_SUITE_INTERNATIONAL, &hasher, &err), 0);
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    jz_hasher_begin(hasher);
    digest_rows(sql, hasher,
                "SELECT id, of, import, born_on, sex, care, residence, sealed "
                "FROM person ORDER BY id",
                true);
    digest_rows(sql, hasher,
                "SELECT id, of, person, import, scheme, region, from_on, fen, unit, "
                "last_on, last_kind FROM benefit ORDER BY id",
                false);
    digest_rows(sql, hasher,
                "SELECT person, benefit, due_on, grace_until, state, next_on, "
                "decided_by FROM standing ORDER BY person, benefit",
                false);
    digest_rows(sql, hasher, "SELECT hash, person FROM document_find ORDER BY hash", false);
    digest_rows(sql, hasher, "SELECT name, state, position FROM job ORDER BY name", false);
    jz_hasher_finish(hasher, ret);
    jz_hasher_free(hasher);
    jz_store_return(store, sql);
    jz_store_close(store);
}

/* The import in a process of its own; it exits with 0 when it came to its end. */
static pid_t start_import(void)
{
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct jz_error err;
    struct jz_store *store = NULL;
    struct jz_import_result result;
    if (jz_store_open(url, keyring, NULL, &store, &err) < 0 ||
        try_import(store, NULL, NULL, &result, &err) < 0) {
        fprintf(stderr, "# %s\n", err.text);
        _exit(1);
    }
    jz_store_close(store);
    _exit(0);
}

static void a_killed_import_goes_on(void **state)
{
    (void)state;
    uint8_t wanted[JZ_DIGEST_BYTES], got[JZ_DIGEST_BYTES];
    int killed = 0, status;
    make_large_file(KILL_PEOPLE);
    begin_register();
    const int64_t start = jz_clock_ns();
    assert_int_equal(waitpid(start_import(), &status, 0) > 0, 1);
    const int64_t whole_ns = jz_clock_ns() - start;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    digest_register(wanted);
    for (int round = 0; round < rounds; round++) {
        begin_register();
        for (int kills = 0; kills < 3; kills++) {
            const pid_t pid = start_import();
            const int64_t pause = (int64_t)(drand48() * (double)whole_ns);
            nanosleep(&(struct timespec){ pause / 1000000000, pause % 1000000000 }, NULL);
            kill(pid, SIGKILL);
            assert_int_equal(waitpid(pid, &status, 0), pid);
            killed += WIFSIGNALED(status);
        }
        assert_int_equal(waitpid(start_import(), &status, 0) > 0, 1);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        digest_register(got);
        if (memcmp(wanted, got, sizeof got) != 0)
            fail_msg("round %d ends in another register", round);
    }
    print_message("# killed %d times in %d rounds; an import takes %.2f s\n", killed, rounds,
                  (double)whole_ns / 1e9);
    assert_true(killed > 0);
}

static void an_unfinished_import_bars_others(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_import_result result;
    int status;
    make_large_file(KILL_PEOPLE);
    begin_register();
    struct jz_store *store = NULL;
    int64_t running = 0;
    /* Until a child was killed in the middle of writing. */
    for (int i = 0; i < 200 && !running; i++) {
        const pid_t pid = start_import();
        nanosleep(&(struct timespec){ 0, 20000000L * (i + 1) }, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
        store = open_store(NULL);
        running = ask_store(store, "SELECT count(*) FROM job WHERE name = 'import'");
        if (!running)
            jz_store_close(store);
    }
    assert_int_equal(running, 1);
    int64_t person = 0;
    assert_int_equal(jz_person_find(store, "513101198201130014", &person, &err), JZ_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "unfinished"));
    /* The same file with another reason, and another file. */
    assert_int_equal(try_import(store, "because", NULL, &result, &err), JZ_E_CONFLICT);
    char kept[80];
    snprintf(kept, sizeof kept, "%s.kept", file);
    assert_int_equal(rename(file, kept), 0);
    FILE *f = begin_file();
    add_changed(f, -1);
    fclose(f);
    assert_int_equal(try_import(store, NULL, NULL, &result, &err), JZ_E_BUSY);
    assert_int_equal(rename(kept, file), 0);
    if (try_import(store, NULL, NULL, &result, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(result.resumed);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM person"), result.counts.people);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM document_find"), result.counts.people);
    jz_store_close(store);
}

/* ---- Given up ---- */

/* Somebody else who writes all the time, so that an import takes many small steps. */
struct company {
    pthread_t thread;
    struct jz_store *store;
    bool stop;
};

static void *keep_company(void *context)
{
    struct company *c = context;
    struct jz_error err;
    while (!__atomic_load_n(&c->stop, __ATOMIC_RELAXED)) {
        if (jz_operator_add(c->store, "other", JZ_ROLE_CLERK, NULL, NULL, "root", &err) < 0)
            (void)!jz_operator_end(c->store, "other", "root", &err);
        nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
    }
    return NULL;
}

static void company_comes(struct company *c, struct jz_store *store)
{
    *c = (struct company){ .store = store };
    assert_int_equal(pthread_create(&c->thread, NULL, keep_company, c), 0);
}

static void company_goes(struct company *c)
{
    __atomic_store_n(&c->stop, true, __ATOMIC_RELAXED);
    pthread_join(c->thread, NULL);
}

/* How far the unfinished import is, "" without one. */
static int64_t where_it_stands(struct jz_store *store, char phase[32])
{
    struct jz_error err;
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    int64_t position = 0;
    *phase = 0;
    assert_int_equal(jz_store_reader(store, &sql, &err), 0);
    assert_int_equal(jz_sql_query(sql,
                                  "SELECT j.position, j.detail FROM job j JOIN job l "
                                  "ON l.detail = j.name WHERE l.name = 'import'",
                                  NULL, 0, &rows, &err),
                     0);
    if (jz_sql_next(rows, &err) == 1) {
        const struct jz_sql_value detail = jz_sql_value(rows, 1);
        sscanf(detail.data, "{\"phase\":\"%31[a-z]", phase);
        position = jz_sql_int(rows, 0);
    }
    jz_sql_done(rows);
    jz_store_return(store, sql);
    return position;
}

/* Kills an import in that phase, between `least` and the end; the whole takes `most` steps there.
 */
static void kill_import_in(const char *wanted, int64_t least)
{
    struct company company;
    char phase[32];
    int status;
    for (int tries = 0; tries < 20; tries++) {
        begin_register();
        const pid_t pid = start_import();
        struct jz_store *store = open_store(NULL);
        company_comes(&company, store);
        int64_t position = 0;
        do {
            nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
            position = where_it_stands(store, phase);
        } while (waitpid(pid, &status, WNOHANG) == 0 &&
                 (strcmp(phase, wanted) != 0 || position < least));
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        company_goes(&company);
        position = where_it_stands(store, phase);
        jz_store_close(store);
        if (strcmp(phase, wanted) == 0 && position >= least)
            return;
    }
    fail_msg("no import could be killed while %s", wanted);
}

static int try_give_up(struct jz_store *store, struct jz_import_give_up_result *ret,
                       struct jz_error *err)
{
    const struct jz_import_give_up_options options = { .operator= "root",
                                                       .reason = "the disk with the file broke" };
    return jz_import_give_up(store, &options, ret, err);
}

/* Facts, caches and bookkeeping are as if nothing had ever been stopped. */
static void check_sound(struct jz_store *store)
{
    struct jz_error err;
    struct jz_audit_result audit;
    struct jz_rebuild_result rebuild;
    const struct jz_rebuild_options options = { .check = true };
    if (jz_audit_verify(store, NULL, &audit, &err) < 0 ||
        jz_rebuild_run(store, &options, &rebuild, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(audit.finding, JZ_AUDIT_SOUND);
    assert_int_equal(rebuild.differences, 0);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM document_find"),
                     ask_store(store, "SELECT count(*) FROM person"));
    assert_int_equal(ask_store(store,
                               "SELECT count(*) FROM job WHERE name = 'import' OR state = 'step' "
                               "OR state = 'running' OR state = 'ending'"),
                     0);
}

/* How many people and benefits the large file has. */
static struct jz_import_counts count_large_file(void)
{
    begin_register();
    struct jz_store *store = open_store(NULL);
    const struct jz_import_counts c = import(store, NULL, NULL);
    jz_store_close(store);
    return c;
}

/* Takes the file in again, then one that has a person more; everybody is there once. */
static void import_repaired(struct jz_store *store, const struct jz_import_counts *whole)
{
    struct jz_import_counts c = import(store, NULL, NULL); /* the same file, found after all */
    assert_int_equal(ask_store(store, "SELECT count(*) FROM person"), whole->people);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM benefit"),
                     whole->people + whole->benefits);
    assert_int_equal(c.people + c.benefits + c.there, whole->people + whole->benefits);
    FILE *f = fopen(file, "a");
    add_changed(f, -1);
    fclose(f);
    c = import(store, NULL, NULL);
    assert_int_equal(c.people, 1);
    assert_int_equal(c.benefits, 0);
    assert_int_equal(c.there, whole->people + whole->benefits);
    check_sound(store);
}

static void a_lost_import_is_given_up(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_import_result result;
    struct jz_import_give_up_result given;
    make_large_file(LOST_PEOPLE);
    const struct jz_import_counts whole = count_large_file();
    const struct {
        const char *phase;
        int64_t least;
    } stops[] = {
        { "writing", 0 },
        { "writing", whole.rows / 4 },
        { "indexing", 1 },
        { "indexing", whole.people },
    };
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        make_large_file(LOST_PEOPLE);
        kill_import_in(stops[i].phase, stops[i].least);
        struct jz_store *store = open_store(NULL);
        const int64_t people = ask_store(store, "SELECT count(*) FROM person");
        if (try_give_up(store, &given, &err) < 0)
            fail_msg("%s: %s", stops[i].phase, err.text);
        assert_int_equal(given.people, people);
        assert_string_equal(given.file, "people.csv");
        assert_int_equal(ask_store(store, "SELECT count(*) FROM person"), people);
        assert_int_equal(ask_store(store,
                                   "SELECT count(*) FROM import WHERE kind = 'people_given_up' "
                                   "AND operator = 'root' AND detail LIKE '%the disk with%'"),
                         1);
        check_sound(store);
        assert_int_equal(try_give_up(store, &given, &err), JZ_E_NOT_FOUND);
        import_repaired(store, &whole);
        assert_int_equal(try_import(store, NULL, NULL, &result, &err), 0);
        jz_store_close(store);
    }
}

static void who_gives_up_says_why(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_import_give_up_result given;
    char large[JZ_IMPORT_REASON_MAX + 2];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    begin_register();
    struct jz_store *store = open_store(NULL);
    assert_int_equal(jz_operator_add(store, "li", JZ_ROLE_CLERK, NULL, NULL, "root", &err), 0);
    const struct {
        const char *operator, * reason;
        int want;
    } cases[] = {
        { "root", NULL, JZ_E_USAGE },      { "root", "", JZ_E_USAGE },
        { "root", large, JZ_E_USAGE },     { "root", "\xff", JZ_E_USAGE },
        { NULL, "why", JZ_E_USAGE },       { "li", "why", JZ_E_DENIED },
        { "root", "why", JZ_E_NOT_FOUND },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct jz_import_give_up_options options = { .operator= cases[i].operator,
                                                           .reason = cases[i].reason };
        assert_int_equal(jz_import_give_up(store, &options, &given, &err), cases[i].want);
    }
    jz_store_close(store);
}

/* Killed again and again, giving up goes on as well; until then the file is not taken in again. */
static void giving_up_goes_on(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_import_result result;
    struct jz_import_give_up_result given;
    struct company company;
    char phase[32];
    int status;
    make_large_file(LOST_PEOPLE);
    const struct jz_import_counts whole = count_large_file();
    make_large_file(LOST_PEOPLE);
    kill_import_in("writing", 9000);
    struct jz_store *store = open_store(NULL);
    company_comes(&company, store);
    const pid_t pid = fork();
    if (pid == 0) {
        struct jz_store *own = NULL;
        _exit(jz_store_open(url, keyring, NULL, &own, &err) < 0 ||
              try_give_up(own, &given, &err) < 0);
    }
    while (where_it_stands(store, phase) < 1 || strcmp(phase, "indexing") != 0)
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    company_goes(&company);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(try_import(store, NULL, NULL, &result, &err), JZ_E_BUSY);
    assert_non_null(strstr(err.text, "--give-up"));
    if (try_give_up(store, &given, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM import WHERE kind = 'people_given_up'"),
                     1);
    check_sound(store);
    import_repaired(store, &whole);
    jz_store_close(store);
}

/* Of an import that is under way and its giving up one is refused, whichever comes second. */
static void an_import_under_way_notices(void **state)
{
    (void)state;
    struct jz_error err;
    struct jz_import_give_up_result given;
    char phase[32];
    int status;
    make_large_file(LOST_PEOPLE);
    const struct jz_import_counts whole = count_large_file();
    make_large_file(LOST_PEOPLE);
    begin_register();
    const pid_t pid = start_import();
    struct jz_store *store = open_store(NULL);
    struct company company;
    company_comes(&company, store);
    while (where_it_stands(store, phase) < 1)
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    int r;
    for (int i = 0; i < 100 && (r = try_give_up(store, &given, &err)) == JZ_E_CONFLICT; i++)
        ;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    company_goes(&company);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status) == 0, r != 0);
    if (r == 0)
        assert_int_equal(ask_store(store, "SELECT count(*) FROM person"), given.people);
    check_sound(store);
    import_repaired(store, &whole);
    jz_store_close(store);
}

/* With somebody else who writes, commits are small; without, they are large. */
static void an_import_lets_others_write(void **state)
{
    (void)state;
    struct company company;
    struct jz_store_stats alone, shared;
    make_large_file(KILL_PEOPLE);
    for (int i = 0; i < 2; i++) {
        begin_register();
        struct jz_store *store = open_store(NULL), *other = open_store(NULL);
        if (i == 1)
            company_comes(&company, other);
        import(store, NULL, NULL);
        if (i == 1)
            company_goes(&company);
        jz_store_stats(store, i == 0 ? &alone : &shared);
        check_sound(store);
        jz_store_close(other);
        jz_store_close(store);
    }
    print_message("# alone %d commits, the longest %.0f ms; beside others %d, %.0f ms\n",
                  (int)alone.groups, (double)alone.longest_hold_ns / 1e6, (int)shared.groups,
                  (double)shared.longest_hold_ns / 1e6);
    assert_true(shared.groups > 2 * alone.groups);
}

/* ---- Correcting ---- */

static int correct(struct jz_store *store, int64_t person, const struct jz_person_change *change,
                   struct jz_error *err)
{
    struct jz_person_change c = *change;
    c.operator= "root";
    c.reason = "as the papers say";
    return jz_person_correct(store, person, &c, err);
}

#define UNCHANGED .sex = -1, .care = -1, .residence = -1

static void a_person_is_corrected(void **state)
{
    (void)state;
    begin_register();
    FILE *f = begin_file();
    add_changed(f, -1);
    add_changed(f, DOCUMENT, "34052419800101001X", NAME, "李伟", SEX, "male", BORN, "", -1);
    fclose(f);
    struct jz_store *store = open_store(NULL);
    import(store, NULL, NULL);
    struct jz_error err;
    struct jz_document document;
    static struct jz_person_record p;
    const int64_t person = find(store, sound[DOCUMENT]), other = find(store, "34052419800101001X");
    assert_true(person > 0 && other > 0);

    struct jz_person_change change = { .name = "张秀瑛", .phone = "", UNCHANGED };
    assert_int_equal(correct(store, person, &change, &err), 0);
    read_person(store, person, &p);
    assert_string_equal(p.data.name, "张秀瑛");
    assert_string_equal(p.data.phone, "");
    assert_string_equal(p.data.number, sound[DOCUMENT]);
    assert_string_equal(p.data.address, sound[ADDRESS]);
    assert_int_equal(correct(store, person, &change, &err), JZ_E_CONFLICT);

    /* A document of somebody else. */
    assert_int_equal(
        jz_document_parse("34052419800101001X", JZ_DOCUMENT_UNKNOWN, NULL, &document, &err), 0);
    change = (struct jz_person_change){ .document = &document, UNCHANGED };
    assert_int_equal(correct(store, person, &change, &err), JZ_E_CONFLICT);
    char reference[JZ_REFERENCE_TEXT_BYTES];
    assert_non_null(strstr(err.text, jz_reference_format(other, reference)));

    /* A new one: found by it, no longer by the old one. */
    assert_int_equal(
        jz_document_parse("440308199901101512", JZ_DOCUMENT_UNKNOWN, NULL, &document, &err), 0);
    change.born_on = (struct jz_date){ 1999, 1, 10 };
    change.residence = 1000001;
    change.care = 0;
    assert_int_equal(correct(store, person, &change, &err), 0);
    assert_int_equal(find(store, "440308199901101512"), person);
    assert_int_equal(find(store, sound[DOCUMENT]), 0);
    read_person(store, person, &p);
    assert_int_equal(jz_date_key(p.born_on), 19990110);
    assert_int_equal(p.care, 0);
    assert_int_equal(p.residence, 1000001);
    assert_string_equal(p.data.name, "张秀瑛");
    assert_int_equal(ask_store(store, "SELECT count(*) FROM person"), 4);
    assert_int_equal(ask_store(store, "SELECT count(*) FROM event WHERE kind = 'corrected'"), 2);
    assert_int_equal(correct(store, 999999, &change, &err), JZ_E_NOT_FOUND);
    jz_store_close(store);
}

static void operators_are_known(void **state)
{
    (void)state;
    struct jz_error err;
    begin_register();
    struct jz_store *store = open_store(NULL);
    assert_int_equal(jz_operator_check(store, "root", &err), 0);
    assert_int_equal(jz_operator_check(store, NULL, &err), JZ_E_USAGE);
    assert_int_equal(jz_operator_check(store, "li", &err), JZ_E_DENIED);
    assert_int_equal(jz_operator_add(store, "li", JZ_ROLE_CLERK, "一楼", "3701", "li", &err),
                     JZ_E_DENIED);
    assert_int_equal(jz_operator_add(store, "li", JZ_ROLE_CLERK, "一楼", "3701", "root", &err), 0);
    assert_int_equal(jz_operator_add(store, "li", JZ_ROLE_CLERK, NULL, NULL, "root", &err),
                     JZ_E_CONFLICT);
    assert_int_equal(jz_operator_add(store, "l i", JZ_ROLE_CLERK, NULL, NULL, "root", &err),
                     JZ_E_USAGE);
    assert_int_equal(jz_operator_check(store, "li", &err), 0);
    assert_int_equal(jz_operator_check_role(store, "li", JZ_ROLE_REVIEWER, &err), JZ_E_DENIED);
    assert_int_equal(jz_operator_end(store, "li", "li", &err), JZ_E_DENIED);
    assert_int_equal(jz_operator_end(store, "li", "root", &err), 0);
    assert_int_equal(jz_operator_check(store, "li", &err), JZ_E_DENIED);
    assert_int_equal(jz_operator_end(store, "root", "root", &err), JZ_E_DENIED);
    assert_int_equal(jz_operator_add(store, "li", JZ_ROLE_AUDITOR, NULL, NULL, "root", &err), 0);
    assert_int_equal(jz_operator_check(store, "li", &err), JZ_E_DENIED);
    struct jz_operator o;
    assert_int_equal(jz_operator_get(store, "li", &o, &err), 0);
    assert_string_equal(o.office, "一楼");
    assert_string_equal(o.region, "3701");
    assert_int_equal(ask_store(store, "SELECT count(*) FROM operator"), 4);
    jz_store_close(store);
}

static int set_up(void **state)
{
    (void)state;
    place_make(JZ_SUITE_INTERNATIONAL);
    snprintf(file, sizeof file, "%s/people.csv", folder);
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const char *wanted = getenv("JIANZAI_TEST_SEED");
    seed = wanted ? (unsigned)strtoul(wanted, NULL, 10) : (unsigned)time(NULL);
    const char *more = getenv("JIANZAI_KILL_ROUNDS");
    /* PostgreSQL takes its time to notice that somebody died. */
    rounds = more ? atoi(more) : on_postgres ? 3 : 12;
    printf("# seed %u, %d rounds\n", seed, rounds);
    srand48((long)seed);
    /* The first is of SQLite alone: its files can be read. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_personal_is_readable),
        cmocka_unit_test(sealed_data_comes_back),
        cmocka_unit_test(every_bad_field_is_named),
        cmocka_unit_test(what_was_read_is_what_stands_there),
        cmocka_unit_test(who_is_who_is_found),
        cmocka_unit_test(an_override_takes_warnings),
        cmocka_unit_test(chinese_files_are_read),
        cmocka_unit_test(a_person_is_corrected),
        cmocka_unit_test(operators_are_known),
        cmocka_unit_test(an_unfinished_import_bars_others),
        cmocka_unit_test(a_killed_import_goes_on),
        cmocka_unit_test(who_gives_up_says_why),
        cmocka_unit_test(a_lost_import_is_given_up),
        cmocka_unit_test(giving_up_goes_on),
        cmocka_unit_test(an_import_under_way_notices),
        cmocka_unit_test(an_import_lets_others_write),
    };
    const size_t first = on_postgres ? 1 : 0;
    return _cmocka_run_group_tests("import", tests + first, sizeof tests / sizeof tests[0] - first,
                                   set_up, place_tear_down);
}
