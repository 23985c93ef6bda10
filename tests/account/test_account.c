/*
 * Signing in, against a real register and an outbox whose carrier keeps what was sent: codes and
 * where they go, helpers, floods, contacts, cards, launch tokens.
 */
#include "../ledger/register.h"

#include "account/account.h"
#include "account/launch.h"
#include "base/clock.h"
#include "crypto/jose.h"
#include "ledger/caller.h"
#include "ledger/card.h"
#include "ledger/contact.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TODAY "2026-11-25"

static int64_t count_of(const char *question, int64_t person)
{
    return ask_store_with(store, question, (const struct jz_sql_value[]){ jz_int(person) }, 1);
}

static struct jz_error err;

/* ---- The world ---- */

static int64_t now_s;

static int64_t made_clock(void)
{
    return now_s;
}

enum { KEPT = 256 };

/* What was sent, in the order it arrived. */
static struct {
    struct jz_carrier carrier;
    pthread_mutex_t lock;
    int count;
    struct {
        char to[32], kind[32], text[512];
    } letters[KEPT];
} post;

static int keep(struct jz_carrier *carrier, const struct jz_letter *letter, struct jz_error *e)
{
    (void)carrier, (void)e;
    pthread_mutex_lock(&post.lock);
    if (post.count < KEPT) {
        snprintf(post.letters[post.count].to, sizeof post.letters[0].to, "%s", letter->to);
        snprintf(post.letters[post.count].kind, sizeof post.letters[0].kind, "%s", letter->kind);
        snprintf(post.letters[post.count++].text, sizeof post.letters[0].text, "%s", letter->text);
    }
    pthread_mutex_unlock(&post.lock);
    return 0;
}

static void keep_nothing(struct jz_carrier *carrier)
{
    (void)carrier;
}

static const struct jz_carrier_ops ops = { "kept", keep, keep_nothing };

static struct jz_outbox *outbox;
static struct jz_account *account;

static struct jz_account *open_account(struct jz_outbox *box)
{
    const struct jz_account_options options = { .store = store,
                                                .outbox = box,
                                                .channels = "掌上12333",
                                                .agency_phone = "12333",
                                                .audience = "jianzai.example",
                                                .clock = made_clock };
    struct jz_account *a = NULL;
    WORKS(jz_account_new(&options, &a, &err));
    return a;
}

/* Each test begins without pauses and letters. */
static int begin(void **state)
{
    (void)state;
    post.carrier = (struct jz_carrier){ &ops, true, false };
    pthread_mutex_init(&post.lock, NULL);
    post.count = 0;
    const struct jz_outbox_options options = { .carriers = { &post.carrier },
                                               .carrier_count = 1,
                                               .threads = 1 };
    WORKS(jz_outbox_new(&options, &outbox, &err));
    account = open_account(outbox);
    return 0;
}

static int end(void **state)
{
    (void)state;
    jz_account_free(account);
    jz_outbox_free(outbox);
    return 0;
}

static void wait_sent(void)
{
    struct jz_outbox_stats stats;
    do {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        jz_outbox_stats(outbox, &stats);
    } while (stats.waiting > 0);
}

/* The code of the latest letter to the number; "" when none went there. */
static const char *code_to(const char *phone)
{
    static char code[JZ_CODE_DIGITS + 1];
    *code = 0;
    wait_sent();
    for (int i = 0; i < post.count; i++) {
        const char *digits = strpbrk(post.letters[i].text, "0123456789");
        if (strcmp(post.letters[i].to, phone) == 0 && strstr(post.letters[i].kind, "code") &&
            digits)
            snprintf(code, sizeof code, "%s", digits);
    }
    return code;
}

static int letters_of(const char *kind, const char *to)
{
    int count = 0;
    wait_sent();
    for (int i = 0; i < post.count; i++)
        count += strcmp(post.letters[i].kind, kind) == 0 && strcmp(post.letters[i].to, to) == 0;
    return count;
}

/* ---- People and what they type ---- */

static int serial;

/* A person with a document number of their own. */
static int64_t add_person(const char *name, const char *phone, char ret_number[19])
{
    static const int weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    char text[64];
    int sum = 0;
    snprintf(text, sizeof text, "3701021950%02d%02d%03d", 1 + serial / 28 % 12, 1 + serial % 28,
             100 + serial / 336);
    serial++;
    memcpy(ret_number, text, 17);
    for (int i = 0; i < 17; i++)
        sum += (ret_number[i] - '0') * weights[i];
    ret_number[17] = "10X98765432"[sum % 11];
    ret_number[18] = 0;
    const struct register_person person = {
        .document = ret_number,
        .name = name,
        .born_on = day("1950-01-01"),
        .benefits = { { JZ_SCHEME_EMPLOYEE, 370102, .from = day("2015-01-01") } },
        .phone = phone,
    };
    return register_add_person(&person);
}

static const struct jz_asker home = { "home", 4 }, elsewhere = { "elsewhere", 9 };

static struct jz_code_sent sent;
static struct jz_answer answer;
static struct jz_signed_in who;

static enum jz_answer_code ask_from(struct jz_asker asker, const char *name, const char *document,
                                    const char *phone)
{
    const struct jz_code_request q = {
        .name = name, .document = document, .phone = phone, .asker = asker
    };
    memset(&sent, 0, sizeof sent);
    WORKS(jz_account_ask_code(account, &q, &sent, &answer, &err));
    return answer.code;
}

static enum jz_answer_code ask(const char *name, const char *document, const char *phone)
{
    return ask_from(home, name, document, phone);
}

static enum jz_answer_code type_code(const char *id, const char *code)
{
    memset(&who, 0, sizeof who);
    WORKS(jz_account_sign_in(account, id, code, home, &who, &answer, &err));
    return answer.code;
}

static const char *wrong(const char *code)
{
    static char other[JZ_CODE_DIGITS + 1];
    snprintf(other, sizeof other, "%s", code);
    other[0] = code[0] == '9' ? '0' : (char)(code[0] + 1);
    return other;
}

static int phones(int64_t person)
{
    struct jz_contact contacts[JZ_CONTACTS_MAX];
    int count = 0;
    WORKS(jz_contact_list(store, person, contacts, &count, &err));
    return count;
}

/* ---- Codes ---- */

static void a_known_number_signs_in(void **state)
{
    (void)state;
    char id[19];
    const int64_t wang = add_person("王秀英", "13800000001", id);
    assert_int_equal(ask(" 王 秀英", id, "138-0000-0001"), JZ_ANSWER_DONE);
    assert_string_equal(sent.sent_to, "138****0001");
    assert_int_equal(sent.expires_in_s, 300);
    assert_int_equal(sent.again_in_s, 60);
    char code[JZ_CODE_DIGITS + 1];
    snprintf(code, sizeof code, "%s", code_to("13800000001"));
    assert_non_null(strstr(post.letters[0].text, "掌上12333"));
    assert_int_equal(type_code(sent.id, wrong(code)), JZ_ANSWER_WRONG_CODE);
    assert_int_equal(answer.left, 4);
    assert_int_equal(type_code(sent.id, code), JZ_ANSWER_DONE);
    assert_true(who.person == wang && who.way == JZ_WAY_CODE && !who.by_helper);
    assert_int_equal(type_code(sent.id, code), JZ_ANSWER_CODE_EXPIRED); /* used once */
    assert_int_equal(phones(wang), 1);
    assert_int_equal(register_facts(wang, JZ_T_CONTACT), 1); /* never checked before */
    /* At once again, and nothing more to record: it was checked today. */
    assert_int_equal(ask("王秀英", id, "13800000001"), JZ_ANSWER_DONE);
    assert_int_equal(type_code(sent.id, code_to("13800000001")), JZ_ANSWER_DONE);
    assert_int_equal(register_facts(wang, JZ_T_CONTACT), 1);
    assert_int_equal(letters_of("phone_added", "13800000001"), 0);
}

static void a_new_number_is_bound_when_the_code_is_right(void **state)
{
    (void)state;
    char id[19];
    const int64_t wang = add_person("王秀英", "13800000001", id);
    assert_int_equal(ask("王秀英", id, "+852 9123 4567"), JZ_ANSWER_DONE);
    assert_string_equal(sent.sent_to, "+852****4567");
    assert_int_equal(type_code(sent.id, wrong(code_to("+85291234567"))), JZ_ANSWER_WRONG_CODE);
    assert_int_equal(phones(wang), 1);
    assert_int_equal(type_code(sent.id, code_to("+85291234567")), JZ_ANSWER_DONE);
    assert_int_equal(phones(wang), 2);
    assert_int_equal(letters_of("phone_added", "13800000001"), 1); /* the old one is told */
    assert_int_equal(letters_of("phone_added", "+85291234567"), 0);
}

static void name_and_document_have_to_match(void **state)
{
    (void)state;
    char id[19], other[19], nobody[19];
    (void)add_person("阿依古丽·买买提", "13800000001", id);
    (void)add_person("李明", NULL, other);
    snprintf(nobody, sizeof nobody, "%s", "11010519491231002X");
    const struct {
        const char *name, *document;
        enum jz_answer_code want;
    } cases[] = {
        { "阿依古丽·买买提", id, JZ_ANSWER_DONE },
        { "李明", id, JZ_ANSWER_NOT_FOUND },
        { "阿依古丽·买买提", other, JZ_ANSWER_NOT_FOUND },
        { "阿依古丽·买买提", nobody, JZ_ANSWER_NOT_FOUND },
        { "阿依古丽", id, JZ_ANSWER_NOT_FOUND },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct jz_asker asker = { &i, sizeof i };
        assert_int_equal(ask_from(asker, cases[i].name, cases[i].document, "13800000001"),
                         cases[i].want);
    }
    wait_sent();
    assert_int_equal(post.count, 1);
}

static void what_is_mistyped_is_named(void **state)
{
    (void)state;
    static const struct {
        struct jz_code_request q;
        const char *field;
    } cases[] = {
        { { .name = NULL, .document = "11010519491231002X", .phone = "13800000001" }, "name" },
        { { .name = " ", .document = "11010519491231002X", .phone = "13800000001" }, "name" },
        { { .name = "王秀英", .document = "?", .phone = "13800000001" }, "document" },
        { { .name = "王秀英", .document = NULL, .phone = "13800000001" }, "document" },
        { { .name = "王秀英", .document = "11010519491231002X", .phone = "1380000" }, "phone" },
        { { .name = "王秀英", .document = "11010519491231002X", .phone = NULL }, "phone" },
        { { .name = "王秀英",
            .document = "11010519491231002X",
            .phone = "13800000001",
            .by_helper = true },
          "helper_name" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        WORKS(jz_account_ask_code(account, &cases[i].q, &sent, &answer, &err));
        assert_int_equal(answer.code, JZ_ANSWER_MISTYPED);
        assert_string_equal(answer.field, cases[i].field);
    }
}

static void every_kind_of_document_signs_in(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        enum jz_document_kind kind;
        const char *issuer;
        const char *typed;
    } documents[] = {
        { "810000199408230021", JZ_DOCUMENT_UNKNOWN, NULL, "8100 0019 9408 2300 21" },
        { "H01234567", JZ_DOCUMENT_HMT_PERMIT, NULL, "h0123456702" }, /* with the reissue */
        { "01234567", JZ_DOCUMENT_TAIWAN_PERMIT, NULL, "01234567" },
        { "932682198501010017", JZ_DOCUMENT_FOREIGN_PERMANENT, NULL, "932682198501010017" },
        { "513101820113001", JZ_DOCUMENT_CITIZEN_ID, NULL, "513101820113001" }, /* the old form */
    };
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        const struct register_person person = { .document = documents[i].number,
                                                .name = "陈大文",
                                                .born_on = day("1950-01-01") };
        const int64_t chen = register_add_person(&person);
        const struct jz_code_request q = { .name = "陈大文",
                                           .kind = documents[i].kind,
                                           .issuer = documents[i].issuer,
                                           .document = documents[i].typed,
                                           .phone = "+85291234567",
                                           .asker = { &i, sizeof i } };
        now_s += 300; /* the number's own pause */
        WORKS(jz_account_ask_code(account, &q, &sent, &answer, &err));
        assert_int_equal(answer.code, JZ_ANSWER_DONE);
        assert_int_equal(type_code(sent.id, code_to("+85291234567")), JZ_ANSWER_DONE);
        assert_int_equal(who.person, chen);
    }
}

static void a_helper_may_do_little(void **state)
{
    (void)state;
    char id[19];
    const int64_t wang = add_person("王秀英", "13800000001", id);
    const struct jz_code_request q = { .name = "王秀英",
                                       .document = id,
                                       .phone = "13900000002",
                                       .by_helper = true,
                                       .helper_name = "王小明",
                                       .language = JZ_EN,
                                       .asker = home };
    WORKS(jz_account_ask_code(account, &q, &sent, &answer, &err));
    assert_int_equal(answer.code, JZ_ANSWER_DONE);
    assert_int_equal(type_code(sent.id, code_to("13900000002")), JZ_ANSWER_DONE);
    assert_true(who.person == wang && who.by_helper);
    assert_string_equal(who.helper, "王小明");
    assert_int_equal(phones(wang), 1); /* the helper's number is not the person's */
    assert_int_equal(register_facts(wang, JZ_T_CONTACT), 0);
    static const bool may[JZ_RIGHTS] = {
        [JZ_RIGHT_CERTIFY] = true, [JZ_RIGHT_SEE_STANDING] = true, [JZ_RIGHT_ASK_VISIT] = true
    };
    for (int i = 0; i < JZ_RIGHTS; i++) {
        assert_int_equal(jz_right_given(true, (enum jz_right)i), may[i]);
        assert_true(jz_right_given(false, (enum jz_right)i));
    }
}

/* ---- Pauses and floods ---- */

static void a_number_waits_for_its_next_code(void **state)
{
    (void)state;
    char id[19];
    (void)add_person("王秀英", "13800000001", id);
    static const int pauses[] = { 60, 120, 240, 300, 300 };
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        assert_int_equal(ask("王秀英", id, "13800000001"), JZ_ANSWER_DONE);
        assert_int_equal(sent.again_in_s, pauses[i]);
        assert_int_equal(letters_of("code", "13800000001"), (int)i + 1);
        now_s += pauses[i];
    }
    /* Who had to wait that long still gets in, with the code that came. */
    assert_int_equal(ask("王秀英", id, "13800000001"), JZ_ANSWER_DONE);
    assert_int_equal(type_code(sent.id, code_to("13800000001")), JZ_ANSWER_DONE);
}

/* Somebody asks for codes to other numbers, from everywhere, all the time. */
static void a_flood_under_other_numbers_does_not_slow_the_known_one(void **state)
{
    (void)state;
    char id[19], phone[24];
    const int64_t wang = add_person("王秀英", "13800000001", id);
    int codes = 0, refused = 0;
    for (int i = 0; i < 200; i++) {
        const struct jz_asker flooder = { &i, sizeof i };
        snprintf(phone, sizeof phone, "139%08d", i);
        codes += ask_from(flooder, "王秀英", id, phone) == JZ_ANSWER_DONE;
        refused += answer.code == JZ_ANSWER_SLOW_DOWN;
    }
    assert_int_equal(codes, 13); /* twelve free, and the one that begins the pause */
    assert_int_equal(refused, 187);
    assert_int_equal(ask("王秀英", id, "13800000001"), JZ_ANSWER_DONE);
    assert_int_equal(type_code(sent.id, code_to("13800000001")), JZ_ANSWER_DONE);
    assert_int_equal(who.person, wang);
    /* A new number of the person's own waits for the flood's pause, half a minute, and gets in. */
    assert_int_equal(ask("王秀英", id, "13700000001"), JZ_ANSWER_SLOW_DOWN);
    assert_in_range(answer.retry_after_s, 1, 30);
    now_s += answer.retry_after_s;
    assert_int_equal(ask("王秀英", id, "13700000001"), JZ_ANSWER_DONE);
    assert_int_equal(type_code(sent.id, code_to("13700000001")), JZ_ANSWER_DONE);
}

/* One address is slowed before it slows others. */
static void a_flood_from_one_address_slows_itself(void **state)
{
    (void)state;
    char id[19], phone[24];
    (void)add_person("王秀英", "13800000001", id);
    for (int i = 0; i < 100; i++) {
        snprintf(phone, sizeof phone, "139%08d", i);
        (void)ask_from(elsewhere, "王秀英", id, phone);
    }
    assert_int_equal(answer.code, JZ_ANSWER_SLOW_DOWN);
    assert_int_equal(ask("王秀英", id, "13700000001"), JZ_ANSWER_DONE); /* a new number at once */
}

/* Somebody asks for codes to the person's own number all the time, and types wrong ones. */
static void a_flood_to_the_own_number_keeps_nobody_out(void **state)
{
    (void)state;
    char id[19];
    const int64_t wang = add_person("王秀英", "13800000001", id);
    for (int minute = 0; minute < 30; minute++, now_s += 60) {
        if (ask_from(elsewhere, "王秀英", id, "13800000001") == JZ_ANSWER_DONE)
            for (int i = 0; i < 10; i++)
                (void)type_code(sent.id, "000000");
        if (minute % 7 != 3)
            continue;
        /* The person asks in the middle of it: the code is on the telephone already. */
        assert_int_equal(ask("王秀英", id, "13800000001"), JZ_ANSWER_DONE);
        assert_int_equal(type_code(sent.id, code_to("13800000001")), JZ_ANSWER_DONE);
        assert_int_equal(who.person, wang);
    }
    wait_sent();
    assert_in_range(post.count, 5, 20);
}

static void wrong_names_slow_the_one_who_tries_them(void **state)
{
    (void)state;
    char id[19];
    (void)add_person("王秀英", "13800000001", id);
    int tries = 0;
    while (ask_from(elsewhere, "王秀芳", id, "13900000001") == JZ_ANSWER_NOT_FOUND)
        tries++;
    assert_int_equal(answer.code, JZ_ANSWER_SLOW_DOWN);
    assert_int_equal(tries, 4);
    assert_int_equal(ask("王秀英", id, "13800000001"), JZ_ANSWER_DONE);
    now_s += answer.retry_after_s + 300;
    assert_int_equal(ask_from(elsewhere, "王秀英", id, "13800000001"), JZ_ANSWER_DONE);
}

static int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Medians, taken by turns so that whatever else the machine does hits both alike. */
static void how_late_the_answer_comes_tells_nothing(void **state)
{
    (void)state;
    enum { ROUNDS = 400 };
    static int64_t took[2][ROUNDS];
    char id[19];
    struct jz_document documents[2];
    for (int i = 0; i < 200; i++)
        (void)add_person("王秀英", NULL, id);
    WORKS(jz_document_parse(id, JZ_DOCUMENT_UNKNOWN, NULL, &documents[0], &err));
    WORKS(jz_document_parse("11010519491231002X", JZ_DOCUMENT_UNKNOWN, NULL, &documents[1], &err));
    for (int i = 0; i < 2 * ROUNDS; i++) {
        int64_t person = -1;
        const int64_t start = jz_clock_ns();
        WORKS(jz_account_find(account, &documents[i % 2], "李明", &person, &err));
        took[i % 2][i / 2] = jz_clock_ns() - start;
        assert_int_equal(person, 0);
    }
    for (int k = 0; k < 2; k++)
        qsort(took[k], ROUNDS, sizeof took[k][0], compare_ns);
    const double ratio = (double)took[0][ROUNDS / 2] / (double)took[1][ROUNDS / 2];
    print_message("# other name %.1f us, no such document %.1f us\n",
                  (double)took[0][ROUNDS / 2] / 1e3, (double)took[1][ROUNDS / 2] / 1e3);
    assert_true(ratio > 0.8 && ratio < 1.25);
}

static void nothing_is_sent_where_nothing_can_be(void **state)
{
    (void)state;
    char id[19];
    (void)add_person("王秀英", "13800000001", id);
    const struct jz_code_request q = {
        .name = "王秀英", .document = id, .phone = "13800000001", .asker = home
    };
    JZ_CLEANUP(jz_account_freep) struct jz_account *silent = open_account(NULL);
    assert_int_equal(jz_account_ask_code(silent, &q, &sent, &answer, &err), JZ_E_UNSUPPORTED);
    struct jz_account *none = NULL;
    const struct jz_account_options nameless = { .store = store, .outbox = outbox };
    assert_int_equal(jz_account_new(&nameless, &none, &err), JZ_E_USAGE);
}

/* ---- Contacts ---- */

static enum jz_answer_code confirm(int64_t person, const char *code)
{
    WORKS(jz_account_confirm_contact(account, person, sent.id, code, home, &answer, &err));
    return answer.code;
}

static void a_contact_is_added_with_a_code(void **state)
{
    (void)state;
    char id[19];
    const int64_t wang = add_person("王秀英", "13800000001", id), li = add_person("李明", NULL, id);
    WORKS(jz_account_ask_contact(account, wang, "13900000002", JZ_ZH_HANT, home, &sent, &answer,
                                 &err));
    assert_int_equal(answer.code, JZ_ANSWER_DONE);
    assert_int_equal(letters_of("contact_code", "13900000002"), 1);
    char code[JZ_CODE_DIGITS + 1];
    snprintf(code, sizeof code, "%s", code_to("13900000002"));
    assert_int_equal(type_code(sent.id, code), JZ_ANSWER_CODE_EXPIRED); /* no way to sign in */
    assert_int_equal(confirm(li, code), JZ_ANSWER_CODE_EXPIRED);        /* somebody else's */
    assert_int_equal(confirm(wang, wrong(code)), JZ_ANSWER_WRONG_CODE);
    assert_int_equal(confirm(wang, code), JZ_ANSWER_DONE);
    assert_int_equal(phones(wang), 2);
    assert_int_equal(letters_of("phone_added", "13800000001"), 1);
    WORKS(jz_account_ask_contact(account, wang, "139", JZ_EN, home, &sent, &answer, &err));
    assert_int_equal(answer.code, JZ_ANSWER_MISTYPED);
    for (int i = 0; phones(wang) < JZ_CONTACTS_MAX; i++) {
        char phone[24];
        snprintf(phone, sizeof phone, "1360000%04d", i);
        WORKS(jz_contact_confirm(store, wang, phone, JZ_BY_PERSON, &err));
    }
    WORKS(jz_account_ask_contact(account, wang, "13900000003", JZ_EN, home, &sent, &answer, &err));
    assert_int_equal(confirm(wang, code_to("13900000003")), JZ_ANSWER_TOO_MANY_CONTACTS);
}

/* ---- Cards ---- */

static enum jz_answer_code set_card(int64_t person, const char *card, const char *password)
{
    WORKS(jz_account_card_set(account, person, card, password, &answer, &err));
    return answer.code;
}

static enum jz_answer_code use_card(struct jz_asker asker, const char *card, const char *password)
{
    memset(&who, 0, sizeof who);
    WORKS(jz_account_card_sign_in(account, card, password, asker, &who, &answer, &err));
    return answer.code;
}

static void card_and_password_sign_in(void **state)
{
    (void)state;
    char id[19];
    bool is_set = true;
    const int64_t wang = add_person("王秀英", NULL, id), li = add_person("李明", NULL, id);
    WORKS(jz_card_is_set(store, wang, &is_set, &err));
    assert_false(is_set);
    assert_int_equal(set_card(wang, "A1234567X", "580213"), JZ_ANSWER_DONE);
    WORKS(jz_card_is_set(store, wang, &is_set, &err));
    assert_true(is_set);
    assert_int_equal(use_card(home, "a1234567 x", "580213"), JZ_ANSWER_DONE);
    assert_true(who.person == wang && who.way == JZ_WAY_CARD);
    assert_int_equal(use_card(home, "A1234567X", "580214"), JZ_ANSWER_WRONG_PASSWORD);
    assert_int_equal(use_card(home, "B7654321", "580213"), JZ_ANSWER_WRONG_PASSWORD);
    assert_int_equal(use_card(home, "??", "580213"), JZ_ANSWER_MISTYPED);
    assert_int_equal(set_card(li, "A1234567X", "702465"), JZ_ANSWER_CARD_TAKEN);
    assert_int_equal(register_facts(wang, JZ_T_DOCUMENT), 1);
    /* A new password for the same card, then a new card. */
    assert_int_equal(set_card(wang, "A1234567X", "long enough 句子"), JZ_ANSWER_DONE);
    assert_int_equal(register_facts(wang, JZ_T_DOCUMENT), 1);
    assert_int_equal(use_card(home, "A1234567X", "long enough 句子"), JZ_ANSWER_DONE);
    assert_int_equal(set_card(wang, "C0000001", "580213"), JZ_ANSWER_DONE);
    assert_int_equal(register_facts(wang, JZ_T_DOCUMENT), 2);
    assert_int_equal(use_card(home, "C0000001", "580213"), JZ_ANSWER_DONE);
    assert_int_equal(use_card(home, "A1234567X", "580213"), JZ_ANSWER_WRONG_PASSWORD);
    assert_int_equal(set_card(li, "A1234567X", "702465"), JZ_ANSWER_DONE); /* free again */
    assert_int_equal(count_of("SELECT COUNT(*) FROM card_password WHERE person = $1", wang), 1);
}

static void weak_passwords_are_refused(void **state)
{
    (void)state;
    char id[19];
    const int64_t wang = add_person("王秀英", NULL, id);
    char tail[7], longest[65], longer[66];
    snprintf(tail, sizeof tail, "%s", id + 12);
    memset(longest, 'x', sizeof longest);
    longest[0] = 'y', longest[64] = 0;
    memset(longer, 'x', sizeof longer);
    longer[0] = 'y', longer[65] = 0;
    const struct {
        const char *password;
        enum jz_answer_code want;
    } cases[] = {
        { "", JZ_ANSWER_WEAK_PASSWORD },       { "5", JZ_ANSWER_WEAK_PASSWORD },
        { "58021", JZ_ANSWER_WEAK_PASSWORD },  { "111111", JZ_ANSWER_WEAK_PASSWORD },
        { "123456", JZ_ANSWER_WEAK_PASSWORD }, { "987654", JZ_ANSWER_WEAK_PASSWORD },
        { tail, JZ_ANSWER_WEAK_PASSWORD },     { "234567", JZ_ANSWER_WEAK_PASSWORD },
        { longer, JZ_ANSWER_WEAK_PASSWORD },   { "580\xff", JZ_ANSWER_WEAK_PASSWORD },
        { "580213", JZ_ANSWER_DONE },          { longest, JZ_ANSWER_DONE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(set_card(wang, "D1", cases[i].password), cases[i].want);
}

static void wrong_passwords_slow_the_one_who_tries(void **state)
{
    (void)state;
    char id[19];
    const int64_t wang = add_person("王秀英", NULL, id);
    assert_int_equal(set_card(wang, "E1", "580213"), JZ_ANSWER_DONE);
    int tries = 0;
    while (use_card(elsewhere, "E1", "000001") == JZ_ANSWER_WRONG_PASSWORD)
        tries++;
    assert_int_equal(tries, 4);
    assert_int_equal(answer.code, JZ_ANSWER_SLOW_DOWN);
    assert_int_equal(use_card(home, "E1", "580213"), JZ_ANSWER_DONE); /* nobody else is slowed */
    assert_int_equal(use_card(elsewhere, "E1", "580213"), JZ_ANSWER_SLOW_DOWN);
    now_s += answer.retry_after_s;
    assert_int_equal(use_card(elsewhere, "E1", "580213"), JZ_ANSWER_DONE);
    /* Unknown cards are counted the same. */
    tries = 0;
    while (use_card(elsewhere, "E2", "000001") == JZ_ANSWER_WRONG_PASSWORD)
        tries++;
    assert_int_equal(tries, 4);
}

static void *sign_in_by_card(void *context)
{
    struct jz_signed_in found = { 0 };
    struct jz_answer a = { 0 };
    struct jz_error e;
    *(int *)context = jz_account_card_sign_in(account, "F1", "580213", home, &found, &a, &e);
    return NULL;
}

static void few_passwords_are_looked_at_at_a_time(void **state)
{
    (void)state;
    enum { THREADS = 12 };
    char id[19];
    pthread_t threads[THREADS];
    int results[THREADS], done = 0, busy = 0;
    assert_int_equal(set_card(add_person("王秀英", NULL, id), "F1", "580213"), JZ_ANSWER_DONE);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_in_by_card, &results[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        done += results[i] == 0;
        busy += results[i] == JZ_E_BUSY;
    }
    assert_int_equal(done + busy, THREADS);
    assert_true(done >= 2 && busy > 0);
    assert_int_equal(use_card(home, "F1", "580213"), JZ_ANSWER_DONE);
}

static void a_rotated_key_still_finds_cards(void **state)
{
    char id[19];
    const int64_t wang = add_person("王秀英", "13800000001", id);
    assert_int_equal(set_card(wang, "G1", "580213"), JZ_ANSWER_DONE);
    (void)end(state);
    register_rotate(JZ_KEY_LOOKUP);
    register_rotate(JZ_KEY_IDENTITY);
    (void)begin(state);
    assert_int_equal(use_card(home, "G1", "580213"), JZ_ANSWER_DONE);
    assert_int_equal(set_card(wang, "G1", "702465"), JZ_ANSWER_DONE);
    assert_int_equal(use_card(home, "G1", "702465"), JZ_ANSWER_DONE);
    assert_int_equal(ask("王秀英", id, "13800000001"), JZ_ANSWER_DONE);
}

/* ---- Launch tokens ---- */

static uint8_t app_key[JZ_CALLER_KEY_BYTES];

static char *seal_claims(const char *kid, const uint8_t *key, const char *claims)
{
    char *token = NULL;
    WORKS(jz_jwe_seal(kid, key, claims, strlen(claims), &token, &err));
    return token;
}

static enum jz_answer_code launch(char *token)
{
    memset(&who, 0, sizeof who);
    err.text[0] = 0;
    WORKS(jz_account_launch(account, token, home, &who, &answer, &err));
    free(token);
    return answer.code;
}

static struct jz_launch usual_launch(const char *number, const char *name, const char *jti)
{
    struct jz_launch l = { .issuer = "app.sd",
                           .audience = "jianzai.example",
                           .issued_at = now_s - 5,
                           .expires_at = now_s + 55 };
    snprintf(l.jti, sizeof l.jti, "%s", jti);
    snprintf(l.name, sizeof l.name, "%s", name);
    WORKS(jz_document_parse(number, JZ_DOCUMENT_UNKNOWN, NULL, &l.document, &err));
    return l;
}

static char *seal_launch(const struct jz_launch *l)
{
    jz_autofree char *payload = NULL;
    WORKS(jz_launch_write(l, &payload, &err));
    return seal_claims("app.sd", app_key, payload);
}

static void an_app_hands_a_person_over_once(void **state)
{
    (void)state;
    char id[19];
    bool changed;
    const int64_t wang = add_person("王秀英", NULL, id);
    WORKS(jz_caller_add(store, "app.sd", "协议", "tester", app_key, &changed, &err));
    struct jz_launch l = usual_launch(id, "王 秀英", "jti-0000000000000001");
    assert_int_equal(launch(seal_launch(&l)), JZ_ANSWER_DONE);
    assert_true(who.person == wang && who.way == JZ_WAY_LAUNCH && !who.by_helper);
    assert_string_equal(who.caller, "app.sd");
    assert_int_equal(launch(seal_launch(&l)), JZ_ANSWER_TOKEN_REFUSED);
    assert_non_null(strstr(err.text, "used before"));
    /* Not in another process either. */
    JZ_CLEANUP(jz_account_freep) struct jz_account *second = open_account(outbox);
    jz_autofree char *token = seal_launch(&l);
    WORKS(jz_account_launch(second, token, home, &who, &answer, &err));
    assert_int_equal(answer.code, JZ_ANSWER_TOKEN_REFUSED);
    l = usual_launch(id, "李明", "jti-0000000000000002");
    assert_int_equal(launch(seal_launch(&l)), JZ_ANSWER_NOT_FOUND);
    l = usual_launch("11010519491231002X", "王秀英", "jti-0000000000000003");
    assert_int_equal(launch(seal_launch(&l)), JZ_ANSWER_NOT_FOUND);
    WORKS(jz_caller_end(store, "app.sd", "tester", &err));
    l = usual_launch(id, "王秀英", "jti-0000000000000004");
    assert_int_equal(launch(seal_launch(&l)), JZ_ANSWER_TOKEN_REFUSED);
    assert_non_null(strstr(err.text, "ended"));
}

static void wrong_launch_tokens_are_refused(void **state)
{
    (void)state;
    char id[19], claims[512];
    bool changed;
    uint8_t other_key[JZ_CALLER_KEY_BYTES];
    (void)add_person("王秀英", NULL, id);
    WORKS(jz_caller_add(store, "app.sd", "协议", "tester", app_key, &changed, &err));
    WORKS(jz_caller_add(store, "other", "协议", "tester", other_key, &changed, &err));
    static const struct {
        const char *iss, *aud, *jti;
        int iat, exp; /* seconds from now */
        const char *more, *says;
    } cases[] = {
        { "other", "jianzai.example", "0123456789abcdef", -5, 55, "", "its iss" },
        { "app.sd", "elsewhere.example", "0123456789abcdef", -5, 55, "", "its aud" },
        { "app.sd", "jianzai.example", "0123456789abcdef", -5, 296, "", "five minutes" },
        { "app.sd", "jianzai.example", "0123456789abcdef", 5, 5, "", "no time" },
        { "app.sd", "jianzai.example", "0123456789abcdef", 61, 100, "", "future" },
        { "app.sd", "jianzai.example", "0123456789abcdef", -120, -60, "", "over" },
        { "app.sd", "jianzai.example", "short", -5, 55, "", "jti" },
        { "app.sd", "jianzai.example", "0123456789 abcdef", -5, 55, "", "jti" },
        { "", "jianzai.example", "0123456789abcdef", -5, 55, "", "iss" },
        { "app.sd", "jianzai.example", "0123456789abcdef", -5, 55, ",\"jti\":\"twice\"", "JSON" },
        { "app.sd", "jianzai.example", "0123456789abcdef", -5, 55, ",\"document_kind\":\"x\"",
          "document_kind" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        now_s += 60; /* no pause in the way */
        snprintf(claims, sizeof claims,
                 "{\"iss\":\"%s\",\"aud\":\"%s\",\"jti\":\"%s\",\"iat\":%lld,\"exp\":%lld,"
                 "\"name\":\"王秀英\",\"document\":\"%s\"%s}",
                 cases[i].iss, cases[i].aud, cases[i].jti, (long long)(now_s + cases[i].iat),
                 (long long)(now_s + cases[i].exp), id, cases[i].more);
        assert_int_equal(launch(seal_claims("app.sd", app_key, claims)), JZ_ANSWER_TOKEN_REFUSED);
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %zu: %s", i, err.text);
    }
    struct jz_launch l = usual_launch(id, "王秀英", "jti-0000000000000009");
    jz_autofree char *payload = NULL;
    WORKS(jz_launch_write(&l, &payload, &err));
    assert_int_equal(launch(seal_claims("nobody", app_key, payload)), JZ_ANSWER_TOKEN_REFUSED);
    assert_int_equal(launch(seal_claims("other", app_key, payload)), JZ_ANSWER_TOKEN_REFUSED);
    assert_int_equal(launch(strdup("not a token")), JZ_ANSWER_TOKEN_REFUSED);
    now_s += 60;
    l = usual_launch(id, "王秀英", "jti-0000000000000010");
    assert_int_equal(launch(seal_launch(&l)), JZ_ANSWER_DONE);
}

static int set_up(void **state)
{
    (void)state;
    register_set_today(day(TODAY));
    register_open();
    now_s = (int64_t)jz_date_to_days(day(TODAY)) * 86400 + 4 * 3600;
    return 0;
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_known_number_signs_in),
        TEST(a_new_number_is_bound_when_the_code_is_right),
        TEST(name_and_document_have_to_match),
        TEST(what_is_mistyped_is_named),
        TEST(every_kind_of_document_signs_in),
        TEST(a_helper_may_do_little),
        TEST(a_number_waits_for_its_next_code),
        TEST(a_flood_under_other_numbers_does_not_slow_the_known_one),
        TEST(a_flood_from_one_address_slows_itself),
        TEST(a_flood_to_the_own_number_keeps_nobody_out),
        TEST(wrong_names_slow_the_one_who_tries_them),
        TEST(how_late_the_answer_comes_tells_nothing),
        TEST(nothing_is_sent_where_nothing_can_be),
        TEST(a_contact_is_added_with_a_code),
        TEST(card_and_password_sign_in),
        TEST(weak_passwords_are_refused),
        TEST(wrong_passwords_slow_the_one_who_tries),
        TEST(few_passwords_are_looked_at_at_a_time),
        TEST(a_rotated_key_still_finds_cards),
        TEST(an_app_hands_a_person_over_once),
        TEST(wrong_launch_tokens_are_refused),
    };
    return cmocka_run_group_tests_name("account", tests, set_up, register_tear_down);
}
