#include "notify/fetch_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { IDLE = 16, CONNECT_MS = 5000 };

struct jz_fetcher {
    pthread_mutex_t lock;
    CURL *idle[IDLE];
    size_t idle_count;
    char *ca_file;
};

/* ---- Handles ---- */

static CURLcode started;

static void start(void)
{
    started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int jz_fetcher_new(const char *ca_file, struct jz_fetcher **ret_fetcher, struct jz_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
    if (started != CURLE_OK)
        return jz_error_set(err, JZ_E_IO, "libcurl: %s", curl_easy_strerror(started));
    struct jz_fetcher *f = calloc(1, sizeof *f);
    char *copy = ca_file ? strdup(ca_file) : NULL;
    if (!f || (ca_file && !copy)) {
        free(f);
        free(copy);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    pthread_mutex_init(&f->lock, NULL);
    f->ca_file = copy;
    *ret_fetcher = f;
    return 0;
}

void jz_fetcher_free(struct jz_fetcher *f)
{
    if (!f)
        return;
    while (f->idle_count > 0)
        curl_easy_cleanup(f->idle[--f->idle_count]);
    pthread_mutex_destroy(&f->lock);
    free(f->ca_file);
    free(f);
}

int jz_fetcher_take(struct jz_fetcher *f, CURL **ret_curl, struct jz_error *err)
{
    CURL *curl = NULL;
    pthread_mutex_lock(&f->lock);
    if (f->idle_count > 0)
        curl = f->idle[--f->idle_count];
    pthread_mutex_unlock(&f->lock);
    if (!curl && !(curl = curl_easy_init()))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    /* What the environment says of proxies is not what the settings say. */
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (f->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, f->ca_file);
    *ret_curl = curl;
    return 0;
}

/* Its connections stay open. */
void jz_fetcher_give(struct jz_fetcher *f, CURL *curl)
{
    curl_easy_reset(curl);
    pthread_mutex_lock(&f->lock);
    const bool keeps = f->idle_count < IDLE;
    if (keeps)
        f->idle[f->idle_count++] = curl;
    pthread_mutex_unlock(&f->lock);
    if (!keeps)
        curl_easy_cleanup(curl);
}

/* ---- URLs ---- */

/* A part of the URL, "" when there is none; false when it is no URL. */
static bool url_part(const char *url, CURLUPart part, char *ret, size_t room)
{
    CURLU *u = curl_url();
    char *text = NULL;
    const CURLUcode bad =
        u ? curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) : CURLUE_OUT_OF_MEMORY;
    if (bad == CURLUE_OK && curl_url_get(u, part, &text, 0) != CURLUE_OK)
        text = NULL;
    snprintf(ret, room, "%s", text ? text : "");
    curl_free(text);
    curl_url_cleanup(u);
    return bad == CURLUE_OK;
}

char *jz_url_host(const char *url, char ret_host[JZ_HOST_BYTES])
{
    if (!url_part(url, CURLUPART_HOST, ret_host, JZ_HOST_BYTES) || !*ret_host)
        snprintf(ret_host, JZ_HOST_BYTES, "?");
    return ret_host;
}

bool jz_url_is_here(const char *url)
{
    char host[JZ_HOST_BYTES];
    int parts[4], end = 0;
    jz_url_host(url, host);
    if (strcmp(host, "[::1]") == 0 || strcasecmp(host, "localhost") == 0)
        return true;
    return sscanf(host, "%3d.%3d.%3d.%3d%n", &parts[0], &parts[1], &parts[2], &parts[3], &end) ==
               4 &&
           !host[end] && parts[0] == 127;
}

int jz_fetch_check_url(const char *url, struct jz_error *err)
{
    char scheme[16], user[8];
    if (strlen(url) > JZ_FETCH_MAX_URL_BYTES)
        return jz_error_set(err, JZ_E_USAGE, "a URL of more than %d bytes", JZ_FETCH_MAX_URL_BYTES);
    if (!url_part(url, CURLUPART_SCHEME, scheme, sizeof scheme) || !*scheme)
        return jz_error_set(err, JZ_E_USAGE, "'%.64s' is no URL", url);
    if (url_part(url, CURLUPART_USER, user, sizeof user) && *user)
        return jz_error_set(err, JZ_E_USAGE,
                            "a URL with a user in it: secrets have their own file");
    if (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && jz_url_is_here(url)))
        return 0;
    return jz_error_set(err, JZ_E_USAGE, "a URL of %s: it is https, or http to this machine itself",
                        scheme);
}

/* ---- An exchange ---- */

struct answer {
    char *body;
    size_t size, most;
    bool is_too_long;
};

static size_t take(char *data, size_t one, size_t count, void *context)
{
    struct answer *a = context;
    const size_t size = one * count;
    if (size > a->most - a->size) {
        a->is_too_long = true;
        return 0;
    }
    char *body = realloc(a->body, a->size + size + 1);
    if (!body)
        return 0;
    memcpy(body + a->size, data, size);
    a->body = body;
    a->size += size;
    a->body[a->size] = 0;
    return size;
}

static struct curl_slist *list_headers(const char *const headers[JZ_FETCH_HEADERS])
{
    /* curl asks first whether a larger body may come; gateways often do not know the answer. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (int i = 0; i < JZ_FETCH_HEADERS && headers[i] && list; i++) {
        struct curl_slist *longer = curl_slist_append(list, headers[i]);
        if (!longer)
            curl_slist_free_all(list);
        list = longer;
    }
    return list;
}

static void set_up(CURL *curl, const struct jz_fetch *q, struct answer *answer,
                   struct curl_slist *headers)
{
    curl_easy_setopt(curl, CURLOPT_URL, q->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
    if (q->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_size);
    }
}

static int exchange(CURL *curl, const struct jz_fetch *q, struct answer *answer, int *ret_status,
                    struct jz_error *err)
{
    char host[JZ_HOST_BYTES];
    struct curl_slist *headers = list_headers(q->headers);
    if (!headers)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    set_up(curl, q, answer, headers);
    const CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (answer->is_too_long)
        return jz_error_set(err, JZ_E_LIMIT, "%s answers with more than %zu bytes",
                            jz_url_host(q->url, host), answer->most);
    if (code != CURLE_OK)
        return jz_error_set(err, JZ_E_IO, "%s: %s", jz_url_host(q->url, host),
                            curl_easy_strerror(code));
    *ret_status = (int)status;
    return 0;
}

int jz_fetch(struct jz_fetcher *fetcher, const struct jz_fetch *fetch,
             struct jz_fetched *ret_fetched, struct jz_error *err)
{
    CURL *curl = NULL;
    struct answer answer = { .most = fetch->max_answer };
    int status = 0, r;
    if ((r = jz_fetch_check_url(fetch->url, err)) < 0 ||
        (r = jz_fetcher_take(fetcher, &curl, err)) < 0)
        return r;
    r = exchange(curl, fetch, &answer, &status, err);
    jz_fetcher_give(fetcher, curl);
    if (r == 0 && !answer.body && !(answer.body = calloc(1, 1)))
        r = jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if (r < 0) {
        free(answer.body);
        return r;
    }
    *ret_fetched = (struct jz_fetched){ status, answer.body, answer.size };
    return 0;
}
