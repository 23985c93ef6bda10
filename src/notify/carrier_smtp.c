#include "notify/carrier.h"
#include "notify/fetch_internal.h"
#include "notify/stencil.h"

#include "crypto/suite.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { USUAL_TIMEOUT_MS = 20000, ADDRESS_MAX = 254 };

struct smtp {
    struct jz_carrier carrier;
    struct jz_fetcher *fetcher;
    struct jz_stencil *to;
    char *url, *from, *user, *password;
    int timeout_ms;
};

/* ---- The message ---- */

static size_t character_bytes(const char *at)
{
    const uint8_t first = (uint8_t)*at;
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* RFC 2047, in words of at most 75 characters, each of whole UTF-8 characters. */
static void put_subject(FILE *out, const char *text)
{
    enum { WORD = 75 - 2, CHARACTER = 4 * 3 };
    static const char begin[] = "=?UTF-8?Q?";
    size_t width = 0;
    fputs("Subject: ", out);
    for (size_t n; *text; text += n) {
        n = character_bytes(text);
        if (width == 0 || width + CHARACTER > WORD) {
            fprintf(out, "%s%s", width ? "?=\r\n " : "", begin);
            width = sizeof begin - 1;
        }
        for (size_t i = 0; i < n; i++)
            width += (size_t)fprintf(out, "=%02X", (uint8_t)text[i]);
    }
    fputs(width ? "?=\r\n" : "\r\n", out);
}

/* Quoted-printable (RFC 2045): every byte that is no letter or digit is written as three. */
static void put_body(FILE *out, const char *text)
{
    enum { LINE = 76 - 3 };
    int width = 0;
    for (; *text; text++) {
        const char c = *text;
        const bool is_plain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        width += fprintf(out, is_plain ? "%c" : "=%02X", (uint8_t)c);
        if (width > LINE - 3) {
            fputs("=\r\n", out);
            width = 0;
        }
    }
    fputs("\r\n", out);
}

/* The whole mail, read once from beginning to end. */
struct mail {
    char *text;
    size_t size, at;
};

static void mail_done(struct mail *m)
{
    if (m->text)
        jz_wipe(m->text, m->size);
    free(m->text);
}

static size_t read_mail(char *data, size_t one, size_t count, void *context)
{
    struct mail *m = context;
    const size_t left = m->size - m->at, n = left < one * count ? left : one * count;
    memcpy(data, m->text + m->at, n);
    m->at += n;
    return n;
}

static int write_mail(const struct smtp *s, const struct jz_letter *letter, const char *to,
                      struct mail *m, struct jz_error *err)
{
    char date[64];
    const time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    FILE *out = open_memstream(&m->text, &m->size);
    if (!out)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    fprintf(out, "Date: %s\r\nFrom: %s\r\nTo: %s\r\nMessage-ID: <%s%s>\r\n", date, s->from, to,
            letter->id, strchr(s->from, '@'));
    put_subject(out, letter->subject);
    fputs("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
          out);
    put_body(out, letter->text);
    return fclose(out) == 0 ? 0 : jz_error_set(err, JZ_E_MEMORY, "out of memory");
}

static int transfer(const struct smtp *s, CURL *curl, struct mail *mail,
                    struct curl_slist *recipients, struct jz_error *err)
{
    char host[JZ_HOST_BYTES];
    const long tls = jz_url_is_here(s->url) ? CURLUSESSL_TRY : CURLUSESSL_ALL;
    curl_easy_setopt(curl, CURLOPT_URL, s->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, tls);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, s->from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_mail);
    curl_easy_setopt(curl, CURLOPT_READDATA, mail);
    if (s->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, s->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, s->password);
    }
    const CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK)
        return 0;
    const int e = status >= 500 ? JZ_E_DENIED : status >= 400 ? JZ_E_BUSY : JZ_E_IO;
    return jz_error_set(err, e, "%s: %s (%ld)", jz_url_host(s->url, host), curl_easy_strerror(code),
                        status);
}

/* What may stand in MAIL FROM and RCPT TO without breaking out of it. */
static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || !at[1] || strlen(text) > ADDRESS_MAX || strchr(at + 1, '@'))
        return false;
    for (const char *c = text; *c; c++)
        if ((uint8_t)*c <= ' ' || (uint8_t)*c >= 0x7F || strchr("<>()[]\\,;:\"", *c))
            return false;
    return true;
}

static int deliver(struct smtp *s, const struct jz_letter *letter, const char *to,
                   struct jz_error *err)
{
    JZ_CLEANUP(mail_done) struct mail mail = { 0 };
    CURL *curl = NULL;
    int r;
    if (!is_address(to))
        return jz_error_set(err, JZ_E_FORMAT, "the recipient is no mail address");
    if ((r = write_mail(s, letter, to, &mail, err)) < 0 ||
        (r = jz_fetcher_take(s->fetcher, &curl, err)) < 0)
        return r;
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    r = recipients ? transfer(s, curl, &mail, recipients, err)
                   : jz_error_set(err, JZ_E_MEMORY, "out of memory");
    jz_fetcher_give(s->fetcher, curl);
    curl_slist_free_all(recipients);
    return r;
}

static int send_letter(struct jz_carrier *carrier, const struct jz_letter *letter,
                       struct jz_error *err)
{
    struct smtp *s = (struct smtp *)carrier;
    const char *const values[JZ_SLOTS] = { [JZ_SLOT_TO] = letter->to };
    jz_autofree char *to = NULL;
    const int r = jz_stencil_fill(s->to, values, &to, err);
    return r < 0 ? r : deliver(s, letter, to, err);
}

static void free_smtp(struct jz_carrier *carrier)
{
    struct smtp *s = (struct smtp *)carrier;
    jz_fetcher_free(s->fetcher);
    jz_stencil_free(s->to);
    if (s->password)
        jz_wipe(s->password, strlen(s->password));
    free(s->password);
    free(s->user);
    free(s->from);
    free(s->url);
    free(s);
}

/* ---- Making one ---- */

static int check(const struct jz_smtp_options *o, struct jz_error *err)
{
    if (!o->url || (strncmp(o->url, "smtp://", 7) != 0 && strncmp(o->url, "smtps://", 8) != 0))
        return jz_error_set(err, JZ_E_USAGE, "url is smtp://HOST:PORT or smtps://HOST:PORT");
    if (strchr(o->url, '@'))
        return jz_error_set(err, JZ_E_USAGE, "url: user and password have their own keys");
    if (!o->from || !is_address(o->from))
        return jz_error_set(err, JZ_E_USAGE, "from is the mail address of the sender");
    if (!o->user != !o->password)
        return jz_error_set(err, JZ_E_USAGE, "user and password_file go together");
    return 0;
}

int jz_carrier_smtp_new(const struct jz_smtp_options *o, struct jz_carrier **ret_carrier,
                        struct jz_error *err)
{
    static const struct jz_carrier_ops ops = { "smtp", send_letter, free_smtp };
    int r = check(o, err);
    if (r < 0)
        return r;
    struct smtp *s = calloc(1, sizeof *s);
    if (!s)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    s->carrier = (struct jz_carrier){ &ops, o->to != NULL, o->to == NULL };
    JZ_CLEANUP(jz_carrier_freep) struct jz_carrier *carrier = &s->carrier;
    s->timeout_ms = o->timeout_ms ? o->timeout_ms : USUAL_TIMEOUT_MS;
    if (!(s->url = strdup(o->url)) || !(s->from = strdup(o->from)) ||
        (o->user && (!(s->user = strdup(o->user)) || !(s->password = strdup(o->password)))))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if ((r = jz_stencil_new(o->to ? o->to : "{{to}}", JZ_ESCAPE_NONE, &s->to, err)) < 0)
        jz_error_prefix(err, "to");
    else
        r = jz_fetcher_new(o->ca_file, &s->fetcher, err);
    if (r < 0)
        return r;
    *ret_carrier = JZ_TAKE(carrier);
    return 0;
}
