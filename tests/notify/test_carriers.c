/* The gateway and SMTP carriers against real servers on this machine: tests/notify/server.py. */
#include "notify/carrier.h"

#include "base/file.h"

#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static struct jz_error err;
static char folder[] = "/tmp/jz-carriers-XXXXXX";
static char certificate[64];

#define WORKS(call)                                                                                \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

/* ---- Servers ---- */

struct server {
    pid_t pid;
    int input; /* it ends when this is closed */
    int port;
    char file[64];
};

static struct server start(const char *mode)
{
    struct server s = { 0 };
    int in[2], out[2];
    char text[16] = "";
    snprintf(s.file, sizeof s.file, "%s/%s.jsonl", folder, mode);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    s.pid = fork();
    if (s.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl("/usr/bin/python3", "python3", JZ_SOURCE_ROOT "/tests/notify/server.py", mode, s.file,
              certificate, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    s.input = in[1];
    for (size_t used = 0; used < sizeof text - 1 && !strchr(text, '\n'); used++)
        if (read(out[0], text + used, 1) != 1)
            break;
    s.port = atoi(text);
    close(out[0]);
    assert_true(s.port > 0);
    return s;
}

static void stop(struct server *s)
{
    int status;
    close(s->input);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
}

/* The last thing the server received; the caller releases it. */
static json_t *received(const struct server *s)
{
    jz_autofree uint8_t *text = NULL;
    size_t size = 0;
    WORKS(jz_file_read(s->file, 1 << 20, &text, &size, &err));
    text[size - 1] = 0;
    const char *last = strrchr((const char *)text, '\n');
    json_t *line = json_loads(last ? last + 1 : (const char *)text, 0, NULL);
    assert_non_null(line);
    return line;
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int send_to(struct jz_carrier *carrier, const char *to)
{
    const struct jz_letter letter = { .to = to,
                                      .text = "验证码123456，\"5\"分钟",
                                      .subject = "登录验证码和一个很长很长的主题，要分成几行来写",
                                      .kind = "code",
                                      .id = "0123456789abcdef" };
    err.text[0] = 0;
    return jz_carrier_send(carrier, &letter, &err);
}

/* ---- The gateway ---- */

static void the_gateway_gets_what_the_settings_say(void **state)
{
    (void)state;
    struct server s = start("http");
    char url[64];
    JZ_CLEANUP(jz_carrier_freep) struct jz_carrier *carrier = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/send?id={{id}}", s.port);
    const struct jz_gateway_options options = {
        .url = url,
        .headers = { "Authorization: Bearer {{secret}}", "Content-Type: application/json" },
        .body = "{\"mobile\":\"{{to}}\",\"content\":\"{{text}}\"}",
        .secret = "s3cret",
        .accept = "\"code\":0",
    };
    WORKS(jz_carrier_gateway_new(&options, &carrier, &err));
    assert_true(jz_carrier_takes(carrier, "13812341200"));
    assert_false(jz_carrier_takes(carrier, "somebody@example.test"));
    WORKS(send_to(carrier, "+85291234200"));
    json_t *got = received(&s), *headers = json_object_get(got, "headers");
    assert_string_equal(text_of(got, "method"), "POST");
    assert_string_equal(text_of(got, "path"), "/send?id=0123456789abcdef");
    assert_string_equal(text_of(headers, "authorization"), "Bearer s3cret");
    assert_string_equal(text_of(headers, "content-type"), "application/json");
    json_t *body = json_loads(text_of(got, "body"), 0, NULL);
    assert_string_equal(text_of(body, "mobile"), "+85291234200");
    assert_string_equal(text_of(body, "content"), "验证码123456，\"5\"分钟");
    json_decref(body);
    json_decref(got);
    /* By the last digits the server answers so. */
    static const struct {
        const char *to;
        int want;
    } answers[] = {
        { "13812341400", JZ_E_DENIED }, { "13812341401", JZ_E_DENIED },
        { "13812341404", JZ_E_DENIED }, { "13812341408", JZ_E_BUSY },
        { "13812341429", JZ_E_BUSY },   { "13812341500", JZ_E_BUSY },
        { "13812341503", JZ_E_BUSY },   { "13812341299", JZ_E_DENIED },
        { "13812341998", JZ_E_LIMIT },  { "13812341000", 0 },
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const int r = send_to(carrier, answers[i].to);
        if (r != answers[i].want)
            fail_msg("%s: %d, %s", answers[i].to, r, err.text);
        assert_null(strstr(err.text, answers[i].to));
    }
    stop(&s);
    assert_int_equal(send_to(carrier, "13812341000"), JZ_E_IO); /* nobody is there any more */
}

static void a_form_may_be_sent_with_get(void **state)
{
    (void)state;
    struct server s = start("http");
    char url[96];
    JZ_CLEANUP(jz_carrier_freep) struct jz_carrier *carrier = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/?to={{to}}&text={{text}}", s.port);
    const struct jz_gateway_options options = { .url = url, .method = "GET" };
    WORKS(jz_carrier_gateway_new(&options, &carrier, &err));
    WORKS(send_to(carrier, "13812341000"));
    json_t *got = received(&s);
    assert_string_equal(text_of(got, "method"), "GET");
    assert_string_equal(text_of(got, "path"),
                        "/?to=13812341000&text=%E9%AA%8C%E8%AF%81%E7%A0%81123456%EF%BC%8C%225%22%"
                        "E5%88%86%E9%92%9F");
    json_decref(got);
    stop(&s);
}

static void the_gateway_has_to_prove_who_it_is(void **state)
{
    (void)state;
    struct server s = start("https");
    char url[64];
    struct jz_carrier *carrier = NULL;
    snprintf(url, sizeof url, "https://localhost:%d/", s.port);
    struct jz_gateway_options options = { .url = url, .body = "{{to}}" };
    WORKS(jz_carrier_gateway_new(&options, &carrier, &err));
    assert_int_equal(send_to(carrier, "13812341000"), JZ_E_IO); /* nobody vouches for it */
    assert_non_null(strstr(err.text, "certificate"));
    jz_carrier_free(carrier);
    options.ca_file = certificate;
    WORKS(jz_carrier_gateway_new(&options, &carrier, &err));
    WORKS(send_to(carrier, "13812341000"));
    jz_carrier_free(carrier);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", s.port); /* another name */
    WORKS(jz_carrier_gateway_new(&options, &carrier, &err));
    assert_int_equal(send_to(carrier, "13812341000"), JZ_E_IO);
    jz_carrier_free(carrier);
    stop(&s);
}

/* ---- Mail ---- */

static bool has_aiosmtpd(void)
{
    return system("/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null") == 0;
}

static void mail_arrives(void **state)
{
    (void)state;
    if (!has_aiosmtpd()) {
        print_message("python3-aiosmtpd is not installed\n");
        skip();
    }
    struct server s = start("smtp");
    char url[64];
    struct jz_carrier *carrier = NULL;
    snprintf(url, sizeof url, "smtp://127.0.0.1:%d", s.port);
    struct jz_smtp_options options = { .url = url, .from = "no-reply@agency.example" };
    WORKS(jz_carrier_smtp_new(&options, &carrier, &err));
    assert_true(jz_carrier_takes(carrier, "wang@example.test"));
    assert_false(jz_carrier_takes(carrier, "13812341234"));
    WORKS(send_to(carrier, "wang@example.test"));
    json_t *got = received(&s);
    const char *mail = text_of(got, "message");
    assert_string_equal(text_of(got, "sender"), "no-reply@agency.example");
    assert_string_equal(json_string_value(json_array_get(json_object_get(got, "to"), 0)),
                        "wang@example.test");
    assert_non_null(strstr(mail, "To: wang@example.test\r\n"));
    assert_non_null(strstr(mail, "Message-ID: <0123456789abcdef@agency.example>\r\n"));
    assert_non_null(strstr(mail, "Subject: =?UTF-8?Q?=E7=99=BB=E5=BD=95")); /* 登录 */
    assert_non_null(strstr(mail, "?=\r\n =?UTF-8?Q?"));
    for (const char *line = mail; line; line = strstr(line, "\r\n")) {
        line += *line == '\r' ? 2 : 0;
        if (strcspn(line, "\r\n") > 78)
            fail_msg("a long line: %s", line);
    }
    assert_non_null(strstr(mail, "\r\n\r\n=E9=AA=8C=E8=AF=81=E7=A0=81123456=EF=BC=8C=225=22=E5="
                                 "88=86=E9=92=9F\r\n")); /* the text */
    json_decref(got);
    static const struct {
        const char *to;
        int want;
    } answers[] = {
        { "reject@example.test", JZ_E_DENIED },   { "later@example.test", JZ_E_BUSY },
        { "a@b@example.test", JZ_E_FORMAT },      { "a b@example.test", JZ_E_FORMAT },
        { "<a>@example.test", JZ_E_FORMAT },      { "@example.test", JZ_E_FORMAT },
        { "a@x.test\r\nRCPT TO:b", JZ_E_FORMAT }, { "li@example.test", 0 },
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        assert_int_equal(send_to(carrier, answers[i].to), answers[i].want);
    jz_carrier_free(carrier);
    options.to = "{{to}}@sms.example";
    WORKS(jz_carrier_smtp_new(&options, &carrier, &err));
    assert_true(jz_carrier_takes(carrier, "13812341234"));
    assert_false(jz_carrier_takes(carrier, "wang@example.test"));
    WORKS(send_to(carrier, "13812341234"));
    got = received(&s);
    assert_string_equal(json_string_value(json_array_get(json_object_get(got, "to"), 0)),
                        "13812341234@sms.example");
    json_decref(got);
    stop(&s);
    assert_int_equal(send_to(carrier, "13812341234"), JZ_E_IO);
    jz_carrier_free(carrier);
}

static void mail_goes_through_tls_with_a_password(void **state)
{
    (void)state;
    if (!has_aiosmtpd()) {
        print_message("python3-aiosmtpd is not installed\n");
        skip();
    }
    struct server s = start("starttls");
    char url[64];
    struct jz_carrier *carrier = NULL;
    snprintf(url, sizeof url, "smtp://localhost:%d", s.port);
    struct jz_smtp_options options = { .url = url,
                                       .from = "no-reply@agency.example",
                                       .user = "agency",
                                       .password = "pass word",
                                       .ca_file = certificate };
    WORKS(jz_carrier_smtp_new(&options, &carrier, &err));
    WORKS(send_to(carrier, "wang@example.test"));
    json_t *got = received(&s);
    assert_true(json_is_true(json_object_get(got, "tls")));
    assert_string_equal(text_of(got, "user"), "agency");
    json_decref(got);
    jz_carrier_free(carrier);
    options.password = "wrong";
    WORKS(jz_carrier_smtp_new(&options, &carrier, &err));
    if (send_to(carrier, "wang@example.test") != JZ_E_DENIED)
        fail_msg("%s", err.text);
    assert_null(strstr(err.text, "wrong"));
    jz_carrier_free(carrier);
    stop(&s);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    jz_autofree char *command = NULL, *clean = NULL;
    snprintf(certificate, sizeof certificate, "%s/server.pem", folder);
    if (asprintf(&command,
                 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                 "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout %s/key "
                 "-out %s/crt 2>/dev/null && cat %s/key %s/crt >%s",
                 folder, folder, folder, folder, certificate) < 0 ||
        system(command) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gateway_gets_what_the_settings_say),
        cmocka_unit_test(a_form_may_be_sent_with_get),
        cmocka_unit_test(the_gateway_has_to_prove_who_it_is),
        cmocka_unit_test(mail_arrives),
        cmocka_unit_test(mail_goes_through_tls_with_a_password),
    };
    signal(SIGPIPE, SIG_IGN);
    const int status = cmocka_run_group_tests_name("carriers", tests, NULL, NULL);
    if (asprintf(&clean, "rm -rf %s", folder) < 0 || system(clean) != 0)
        print_error("%s stays\n", folder);
    return status;
}
