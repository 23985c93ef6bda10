/*
 * The outbox on a carrier that fails as told: order, pauses, expiry, bounds, counts. And the
 * settings it is made from.
 */
#include "notify/settings.h"

#include "base/clock.h"
#include "base/file.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static struct jz_error err;

#define WORKS(call)                                                                                \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

/* What each try answers is told by the number's last digits: so many failures before it works. */
enum { TRIES = 64 };

struct told {
    struct jz_carrier carrier;
    pthread_mutex_t lock;
    int tries;
    int64_t at_ns[TRIES];
    char to[TRIES][32], id[TRIES][40];
    _Atomic bool blocks, is_freed;
};

static int failures_left(struct told *t, const char *to)
{
    int before = 0;
    for (int i = 0; i < t->tries; i++)
        before += strcmp(t->to[i], to) == 0;
    return atoi(to + strlen(to) - 2) - before;
}

static int send_told(struct jz_carrier *carrier, const struct jz_letter *letter, struct jz_error *e)
{
    struct told *t = (struct told *)carrier;
    while (atomic_load(&t->blocks))
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    pthread_mutex_lock(&t->lock);
    const int left = failures_left(t, letter->to);
    if (t->tries < TRIES) {
        t->at_ns[t->tries] = jz_clock_ns();
        snprintf(t->to[t->tries], sizeof t->to[0], "%s", letter->to);
        snprintf(t->id[t->tries++], sizeof t->id[0], "%s", letter->id);
    }
    pthread_mutex_unlock(&t->lock);
    if (strncmp(letter->to, "+99", 3) == 0)
        return jz_error_set(e, JZ_E_DENIED, "refused for good");
    return left > 0 ? jz_error_set(e, left % 2 ? JZ_E_BUSY : JZ_E_IO, "not yet") : 0;
}

static void free_told(struct jz_carrier *carrier)
{
    atomic_store(&((struct told *)carrier)->is_freed, true);
}

static const struct jz_carrier_ops told_ops = { "told", send_told, free_told };

static struct told *told_new(void)
{
    static struct told t;
    t = (struct told){ .carrier = { &told_ops, true, false }, .lock = PTHREAD_MUTEX_INITIALIZER };
    return &t;
}

static struct jz_outbox *open_outbox(struct told *t, int queue, int threads)
{
    struct jz_outbox *o = NULL;
    const struct jz_outbox_options options = { .carriers = { &t->carrier },
                                               .carrier_count = 1,
                                               .queue = queue,
                                               .threads = threads,
                                               .first_pause_ms = 20,
                                               .most_pause_ms = 80 };
    WORKS(jz_outbox_new(&options, &o, &err));
    return o;
}

static int post(struct jz_outbox *o, const char *to, int expires_in_s)
{
    const struct jz_post p = {
        .to = to,
        .kind = JZ_MESSAGE_CODE,
        .language = JZ_EN,
        .values = { .code = "123456", .minutes = "5", .channels = "12333", .check = "ABCDEF" },
        .expires_in_s = expires_in_s,
    };
    return jz_outbox_post(o, &p, &err);
}

static struct jz_outbox_stats wait_empty(struct jz_outbox *o)
{
    struct jz_outbox_stats stats;
    for (int i = 0; i < 1000; i++) {
        jz_outbox_stats(o, &stats);
        if (stats.waiting == 0)
            return stats;
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    fail_msg("%zu messages still wait", stats.waiting);
    return stats;
}

static void failures_are_tried_again_with_growing_pauses(void **state)
{
    (void)state;
    struct told *t = told_new();
    struct jz_outbox *o = open_outbox(t, 0, 1);
    WORKS(post(o, "13800000004", 60));
    const struct jz_outbox_stats stats = wait_empty(o);
    assert_true(stats.sent == 1 && stats.retried == 4 && stats.refused == 0 && stats.expired == 0);
    assert_int_equal(t->tries, 5);
    static const int least_ms[] = { 20, 40, 80, 80 };
    for (int i = 1; i < t->tries; i++) {
        assert_true(t->at_ns[i] - t->at_ns[i - 1] >= least_ms[i - 1] * 1000000LL);
        assert_string_equal(t->id[i], t->id[0]); /* the same message to the gateway */
    }
    jz_outbox_free(o);
    assert_true(atomic_load(&t->is_freed));
}

static void a_code_is_not_sent_when_it_is_over(void **state)
{
    (void)state;
    struct told *t = told_new();
    struct jz_outbox *o = open_outbox(t, 0, 1);
    const int64_t start = jz_clock_ns();
    WORKS(post(o, "13800000099", 1));
    const struct jz_outbox_stats stats = wait_empty(o);
    assert_true(stats.sent == 0 && stats.expired == 1 && stats.retried >= 3);
    assert_true(jz_clock_ns() - start < 2000000000LL);
    for (int i = 0; i < t->tries; i++)
        assert_true(t->at_ns[i] - start < 1000000000LL);
    jz_outbox_free(o);
}

static void what_is_refused_is_not_tried_again(void **state)
{
    (void)state;
    struct told *t = told_new();
    struct jz_outbox *o = open_outbox(t, 0, 2);
    WORKS(post(o, "+99112345600", 60));
    WORKS(post(o, "13800000000", 60));
    const struct jz_outbox_stats stats = wait_empty(o);
    assert_true(stats.sent == 1 && stats.refused == 1 && stats.retried == 0);
    assert_int_equal(t->tries, 2);
    jz_outbox_free(o);
}

static void the_queue_is_bounded(void **state)
{
    (void)state;
    struct told *t = told_new();
    atomic_store(&t->blocks, true);
    struct jz_outbox *o = open_outbox(t, 3, 2);
    for (int i = 0; i < 3; i++) /* what is in hand counts as well */
        WORKS(post(o, "13800000000", 60));
    assert_int_equal(post(o, "13800000000", 60), JZ_E_BUSY);
    atomic_store(&t->blocks, false);
    const struct jz_outbox_stats stats = wait_empty(o);
    assert_true(stats.sent == 3 && stats.turned_away == 1);
    WORKS(post(o, "13800000000", 60));
    (void)wait_empty(o);
    jz_outbox_free(o);
}

static void one_that_waits_holds_up_nobody(void **state)
{
    (void)state;
    struct told *t = told_new();
    struct jz_outbox *o = open_outbox(t, 0, 1);
    WORKS(post(o, "13800000003", 60));
    WORKS(post(o, "13900000000", 60));
    (void)wait_empty(o);
    assert_string_equal(t->to[1], "13900000000"); /* in the first pause of the other */
    jz_outbox_free(o);
}

static void the_end_sends_what_was_never_tried(void **state)
{
    (void)state;
    struct told *t = told_new();
    struct jz_outbox *o = open_outbox(t, 0, 1);
    atomic_store(&t->blocks, true);
    WORKS(post(o, "13800000099", 60));
    WORKS(post(o, "13800000000", 60));
    atomic_store(&t->blocks, false);
    jz_outbox_free(o);
    assert_true(t->tries >= 2);
    assert_string_equal(t->to[t->tries - 1], "13800000000");
}

static void addresses_find_their_carrier(void **state)
{
    (void)state;
    struct told *t = told_new();
    struct jz_outbox *o = open_outbox(t, 0, 1);
    assert_true(jz_outbox_takes(o, "13800000000"));
    assert_false(jz_outbox_takes(o, "somebody@example.test"));
    assert_int_equal(post(o, "somebody@example.test", 60), JZ_E_UNSUPPORTED);
    const struct jz_post incomplete = { .to = "13800000000", .kind = JZ_MESSAGE_CODE };
    assert_int_equal(jz_outbox_post(o, &incomplete, &err), JZ_E_USAGE);
    jz_outbox_free(o);
    const struct jz_outbox_options wrong[] = {
        { .queue = -1 },          { .queue = JZ_OUTBOX_QUEUE_MAX + 1 },        { .threads = 17 },
        { .first_pause_ms = -1 }, { .carrier_count = JZ_OUTBOX_CARRIERS + 1 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(jz_outbox_new(&wrong[i], &o, &err), JZ_E_USAGE);
}

/* ---- Settings ---- */

static char folder[] = "/tmp/jz-outbox-XXXXXX";

static char *path_of(const char *name)
{
    static char paths[4][64];
    static int at;
    char *path = paths[at++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* FOLDER stands for the folder in the text. */
static int open_settings(const char *text, struct jz_outbox **ret)
{
    char filled[2048] = "";
    for (const char *at = text; *at;) {
        const bool is_folder = strncmp(at, "FOLDER", 6) == 0;
        const size_t used = strlen(filled);
        snprintf(filled + used, sizeof filled - used, "%.*s", is_folder ? (int)strlen(folder) : 1,
                 is_folder ? folder : at);
        at += is_folder ? 6 : 1;
    }
    WORKS(jz_file_write(path_of("notify.json"), filled, strlen(filled), &err));
    return jz_notify_open(path_of("notify.json"), ret, &err);
}

static void a_file_carrier_keeps_codes_private(void **state)
{
    (void)state;
    struct jz_outbox *o = NULL;
    struct stat st;
    jz_autofree uint8_t *text = NULL;
    size_t size;
    WORKS(open_settings("{\"carriers\":[{\"kind\":\"file\",\"path\":\"FOLDER/out.jsonl\"}],"
                        "\"threads\":1,\"queue\":10}",
                        &o));
    WORKS(post(o, "13800000000", 60));
    WORKS(post(o, "somebody@example.test", 60));
    assert_int_equal(wait_empty(o).sent, 2);
    jz_outbox_free(o);
    assert_int_equal(stat(path_of("out.jsonl"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    WORKS(jz_file_read(path_of("out.jsonl"), 65536, &text, &size, &err));
    const char *line = (const char *)text;
    assert_non_null(strstr(line, "\"to\":\"13800000000\",\"kind\":\"code\",\"text\":\"123456 is"));
    assert_non_null(strstr(strchr(line, '\n') + 1, "somebody@example.test"));
    assert_int_equal(text[size - 1], '\n');
    /* One that others may read is not written to. */
    assert_int_equal(chmod(path_of("out.jsonl"), 0644), 0);
    assert_int_equal(
        open_settings("{\"carriers\":[{\"kind\":\"file\",\"path\":\"FOLDER/out.jsonl\"}]}", &o),
        JZ_E_DENIED);
    assert_non_null(strstr(err.text, "chmod 600"));
}

static void wrong_settings_are_named(void **state)
{
    (void)state;
    WORKS(jz_file_write_private(path_of("secret"), "s3cret\n", 7, &err));
    WORKS(jz_file_write_private(path_of("empty"), "\n", 1, &err));
    WORKS(jz_file_write(path_of("open"), "s3cret\n", 7, &err));
    assert_int_equal(chmod(path_of("open"), 0644), 0);
#define GATEWAY(more) "{\"carriers\":[{\"kind\":\"gateway\"," more "}]}"
#define SMTP(more)    "{\"carriers\":[{\"kind\":\"smtp\"," more "}]}"
#define URL           "\"url\":\"https://sms.example.test/send\""
    static const struct {
        const char *text;
        int want;
        const char *says;
    } cases[] = {
        { GATEWAY(URL), 0, NULL },
        { GATEWAY(URL ",\"body\":\"{{to}} {{text}}\",\"method\":\"PUT\",\"escape\":\"url\","
                      "\"headers\":{\"Authorization\":\"Bearer {{secret}}\"},"
                      "\"secret_file\":\"FOLDER/secret\",\"accept\":\"OK\",\"timeout_ms\":500"),
          0, NULL },
        { SMTP("\"url\":\"smtp://127.0.0.1:25\",\"from\":\"no-reply@example.test\""), 0, NULL },
        { "", JZ_E_FORMAT, "notify.json:1" },
        { "[]", JZ_E_FORMAT, "no JSON object" },
        { "{}", JZ_E_USAGE, "carriers is a list" },
        { "{\"carriers\":[]}", JZ_E_USAGE, "carriers is a list" },
        { "{\"carriers\":[1]}", JZ_E_USAGE, "carrier 1: kind is" },
        { "{\"carriers\":[{\"kind\":\"pigeon\"}]}", JZ_E_USAGE, "kind is" },
        { "{\"carriers\":[{\"kind\":\"file\"}]}", JZ_E_USAGE, "path is missing" },
        { "{\"carriers\":[{\"kind\":\"file\",\"path\":1}]}", JZ_E_USAGE, "path is a text" },
        { "{\"carriers\":[{\"kind\":\"file\",\"path\":\"FOLDER/no/f\"}]}", JZ_E_IO, "no/f" },
        { "{\"queue\":-1}", JZ_E_USAGE, "queue is a number" },
        { "{\"colour\":\"red\"}", JZ_E_USAGE, "no key 'colour'" },
        { GATEWAY("\"body\":\"\""), JZ_E_USAGE, "url is missing" },
        { GATEWAY("\"url\":\"http://sms.example.test/\""), JZ_E_USAGE, "https" },
        { GATEWAY("\"url\":\"ftp://127.0.0.1/\""), JZ_E_USAGE, "https" },
        { GATEWAY("\"url\":\"https://a:b@example.test/\""), JZ_E_USAGE, "user" },
        { GATEWAY("\"url\":\"sms\""), JZ_E_USAGE, "no URL" },
        { GATEWAY("\"url\":\"https://{{to}}.example.test/\""), JZ_E_USAGE, "name of the server" },
        { GATEWAY("\"url\":\"https://example.test/{{secret}}\""), JZ_E_USAGE,
          "header or the body" },
        { GATEWAY(URL ",\"method\":\"DELETE\""), JZ_E_USAGE, "method" },
        { GATEWAY(URL ",\"escape\":\"html\""), JZ_E_USAGE, "escape" },
        { GATEWAY(URL ",\"body\":\"{{who}}\""), JZ_E_FORMAT, "body" },
        { GATEWAY(URL ",\"body\":\"{{secret}}\""), JZ_E_USAGE, "no secret file" },
        { GATEWAY(URL ",\"headers\":[]"), JZ_E_USAGE, "headers" },
        { GATEWAY(URL ",\"headers\":{\"A\":\"x\\ny: z\"}"), JZ_E_USAGE, "one line" },
        { GATEWAY(URL ",\"secret_file\":\"FOLDER/none\""), JZ_E_NOT_FOUND, "none" },
        { GATEWAY(URL ",\"secret_file\":\"FOLDER/open\""), JZ_E_DENIED, "chmod 600" },
        { GATEWAY(URL ",\"secret_file\":\"FOLDER/empty\""), JZ_E_FORMAT, "no secret" },
        { SMTP("\"url\":\"http://127.0.0.1\",\"from\":\"a@example.test\""), JZ_E_USAGE, "smtp" },
        { SMTP("\"url\":\"smtp://127.0.0.1\""), JZ_E_USAGE, "from" },
        { SMTP("\"url\":\"smtp://127.0.0.1\",\"from\":\"a b@example.test\""), JZ_E_USAGE, "from" },
        { SMTP("\"url\":\"smtp://u@127.0.0.1\",\"from\":\"a@example.test\""), JZ_E_USAGE, "user" },
        { SMTP("\"url\":\"smtp://127.0.0.1\",\"from\":\"a@example.test\",\"user\":\"u\""),
          JZ_E_USAGE, "password_file" },
        { SMTP("\"url\":\"smtp://127.0.0.1\",\"from\":\"a@example.test\",\"to\":\"{{x}}\""),
          JZ_E_FORMAT, "to: " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jz_outbox *o = NULL;
        const int r = open_settings(cases[i].text, &o);
        if (r != cases[i].want || (r < 0 && !strstr(err.text, cases[i].says)))
            fail_msg("case %zu: %d: %s", i, r, r < 0 ? err.text : "");
        jz_outbox_free(o);
    }
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_tried_again_with_growing_pauses),
        cmocka_unit_test(a_code_is_not_sent_when_it_is_over),
        cmocka_unit_test(what_is_refused_is_not_tried_again),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(one_that_waits_holds_up_nobody),
        cmocka_unit_test(the_end_sends_what_was_never_tried),
        cmocka_unit_test(addresses_find_their_carrier),
        cmocka_unit_test(a_file_carrier_keeps_codes_private),
        cmocka_unit_test(wrong_settings_are_named),
    };
    const int status = cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
    jz_autofree char *command = NULL;
    if (asprintf(&command, "rm -rf %s", folder) < 0 || system(command) != 0)
        print_error("%s stays\n", folder);
    return status;
}
