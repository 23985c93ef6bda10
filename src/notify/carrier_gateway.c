#include "notify/carrier.h"
#include "notify/fetch.h"
#include "notify/stencil.h"

#include "crypto/suite.h"

#include <string.h>

enum { USUAL_TIMEOUT_MS = 10000, MAX_ANSWER = 65536, HEADERS = 12 };

struct gateway {
    struct jz_carrier carrier;
    struct jz_fetcher *fetcher;
    struct jz_stencil *url, *body, *headers[HEADERS];
    const char *method;
    char *secret, *accept;
    int timeout_ms;
};

static bool may_pass(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

static int judge(const struct gateway *g, const struct jz_fetched *answer, struct jz_error *err)
{
    if (may_pass(answer->status))
        return jz_error_set(err, JZ_E_BUSY, "the gateway answers %d", answer->status);
    if (answer->status < 200 || answer->status > 299)
        return jz_error_set(err, JZ_E_DENIED, "the gateway refuses with %d", answer->status);
    if (g->accept && !strstr(answer->body, g->accept))
        return jz_error_set(err, JZ_E_DENIED,
                            "the gateway answers %d without the text that stands for success",
                            answer->status);
    return 0;
}

/* The filled texts of one message. */
struct filled {
    char *url, *body, *headers[HEADERS];
};

static void filled_done(struct filled *f)
{
    char *const texts[] = { f->url, f->body };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i])
            jz_wipe(texts[i], strlen(texts[i]));
    for (int i = 0; i < HEADERS; i++) {
        if (f->headers[i])
            jz_wipe(f->headers[i], strlen(f->headers[i]));
        free(f->headers[i]);
    }
    free(f->url);
    free(f->body);
}

static int fill(const struct gateway *g, const struct jz_letter *letter, struct filled *f,
                struct jz_error *err)
{
    const char *const values[JZ_SLOTS] = {
        [JZ_SLOT_TO] = letter->to,           [JZ_SLOT_TEXT] = letter->text,
        [JZ_SLOT_SUBJECT] = letter->subject, [JZ_SLOT_ID] = letter->id,
        [JZ_SLOT_SECRET] = g->secret,
    };
    int r = jz_stencil_fill(g->url, values, &f->url, err);
    if (r == 0 && g->body)
        r = jz_stencil_fill(g->body, values, &f->body, err);
    for (int i = 0; i < HEADERS && g->headers[i] && r == 0; i++)
        r = jz_stencil_fill(g->headers[i], values, &f->headers[i], err);
    return r;
}

static int send_letter(struct jz_carrier *carrier, const struct jz_letter *letter,
                       struct jz_error *err)
{
    struct gateway *g = (struct gateway *)carrier;
    JZ_CLEANUP(filled_done) struct filled f = { 0 };
    struct jz_fetched answer;
    int r = fill(g, letter, &f, err);
    if (r < 0)
        return r;
    struct jz_fetch q = {
        .method = g->method,
        .url = f.url,
        .body = f.body,
        .body_size = f.body ? strlen(f.body) : 0,
        .timeout_ms = g->timeout_ms,
        .max_answer = MAX_ANSWER,
    };
    for (int i = 0; i < HEADERS; i++)
        q.headers[i] = f.headers[i];
    if ((r = jz_fetch(g->fetcher, &q, &answer, err)) < 0)
        return r;
    r = judge(g, &answer, err);
    free(answer.body);
    return r;
}

static void free_gateway(struct jz_carrier *carrier)
{
    struct gateway *g = (struct gateway *)carrier;
    jz_fetcher_free(g->fetcher);
    jz_stencil_free(g->url);
    jz_stencil_free(g->body);
    for (int i = 0; i < HEADERS; i++)
        jz_stencil_free(g->headers[i]);
    if (g->secret)
        jz_wipe(g->secret, strlen(g->secret));
    free(g->secret);
    free(g->accept);
    free(g);
}

/* ---- Making one ---- */

static int take_stencil(const char *what, const char *text, enum jz_escape escape,
                        struct jz_stencil **ret, struct jz_error *err)
{
    const int r = jz_stencil_new(text, escape, ret, err);
    if (r < 0)
        jz_error_prefix(err, "%s", what);
    return r;
}

/* Whether scheme and server stand before the first slot. */
static bool names_server(const char *url)
{
    const char *slot = strstr(url, "{{");
    int slashes = 0;
    for (const char *at = url; slot && at < slot; at++)
        slashes += *at == '/';
    return !slot || slashes >= 3;
}

static int check(const struct jz_gateway_options *o, enum jz_escape *ret_escape,
                 const char **ret_method, struct jz_error *err)
{
    static const char *const methods[] = { "POST", "PUT", "GET" };
    size_t i = 0;
    if (!jz_escape_parse(o->escape ? o->escape : "json", ret_escape))
        return jz_error_set(err, JZ_E_USAGE, "escape is json, url, xml or none, not '%.16s'",
                            o->escape);
    while (i < 3 && o->method && strcmp(methods[i], o->method) != 0)
        i++;
    if (i == 3)
        return jz_error_set(err, JZ_E_USAGE, "method is POST, PUT or GET, not '%.16s'", o->method);
    *ret_method = methods[i];
    if (!o->url)
        return jz_error_set(err, JZ_E_USAGE, "url is missing");
    if (!names_server(o->url))
        return jz_error_set(err, JZ_E_USAGE, "url: no value may stand in the name of the server");
    return 0;
}

static int fill_in(struct gateway *g, const struct jz_gateway_options *o, enum jz_escape escape,
                   struct jz_error *err)
{
    static const char *const sample[JZ_SLOTS] = { "1", "1", "1", "1", "1" };
    jz_autofree char *url = NULL;
    int r;
    if ((r = take_stencil("url", o->url, JZ_ESCAPE_URL, &g->url, err)) < 0 ||
        (r = jz_stencil_fill(g->url, sample, &url, err)) < 0 ||
        (r = jz_fetch_check_url(url, err)) < 0 ||
        (o->body && (r = take_stencil("body", o->body, escape, &g->body, err)) < 0) ||
        (r = jz_fetcher_new(o->ca_file, &g->fetcher, err)) < 0)
        return r;
    bool uses_secret = false;
    for (int i = 0; i < HEADERS && o->headers[i]; i++) {
        if (!strchr(o->headers[i], ':') || strpbrk(o->headers[i], "\r\n"))
            return jz_error_set(err, JZ_E_USAGE, "a header is one line 'Name: value'");
        if ((r = take_stencil("header", o->headers[i], JZ_ESCAPE_NONE, &g->headers[i], err)) < 0)
            return r;
        uses_secret |= jz_stencil_uses(g->headers[i], JZ_SLOT_SECRET);
    }
    uses_secret |= g->body && jz_stencil_uses(g->body, JZ_SLOT_SECRET);
    if (jz_stencil_uses(g->url, JZ_SLOT_SECRET))
        return jz_error_set(err, JZ_E_USAGE, "url: {{secret}} belongs into a header or the body");
    if (uses_secret && !o->secret)
        return jz_error_set(err, JZ_E_USAGE, "{{secret}} is used, but there is no secret file");
    return 0;
}

int jz_carrier_gateway_new(const struct jz_gateway_options *options,
                           struct jz_carrier **ret_carrier, struct jz_error *err)
{
    static const struct jz_carrier_ops ops = { "gateway", send_letter, free_gateway };
    enum jz_escape escape;
    const char *method = NULL;
    int r = check(options, &escape, &method, err);
    if (r < 0)
        return r;
    struct gateway *g = calloc(1, sizeof *g);
    if (!g)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    g->carrier = (struct jz_carrier){ .ops = &ops, .takes_phones = true };
    JZ_CLEANUP(jz_carrier_freep) struct jz_carrier *carrier = &g->carrier;
    g->method = method;
    g->timeout_ms = options->timeout_ms ? options->timeout_ms : USUAL_TIMEOUT_MS;
    if ((options->secret && !(g->secret = strdup(options->secret))) ||
        (options->accept && !(g->accept = strdup(options->accept))))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if ((r = fill_in(g, options, escape, err)) < 0)
        return r;
    *ret_carrier = JZ_TAKE(carrier);
    return 0;
}
