/*
 * One HTTP exchange with a server that the settings name, everything bounded: time, size of the
 * answer, no redirects. Connections are kept for the next exchange. A fetcher is shared by all
 * threads; each call blocks its own.
 *
 * Only https, or http to this very machine (127.0.0.0/8, ::1, localhost), where a proxy or a test
 * listens: anything else would show codes and tokens to whoever is between.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_FETCH_MAX_ANSWER_BYTES (1u << 20)
#define JZ_FETCH_MAX_URL_BYTES    2048
#define JZ_FETCH_HEADERS          16

struct jz_fetcher;

/* ca_file NULL: the system's certificates. JZ_E_IO when libcurl does not start. */
int jz_fetcher_new(const char *ca_file, struct jz_fetcher **ret_fetcher,
                   struct jz_error *err) JZ_MUST_CHECK;
void jz_fetcher_free(struct jz_fetcher *fetcher); /* nobody is inside */

struct jz_fetch {
    const char *method; /* "GET", "POST" or "PUT" */
    const char *url;
    const char *headers[JZ_FETCH_HEADERS]; /* "Name: value", NULL behind the last */
    const char *body;                      /* NULL: none */
    size_t body_size;
    int timeout_ms;    /* for all of it */
    size_t max_answer; /* bytes */
};

struct jz_fetched {
    int status;
    char *body; /* a NUL behind it; free */
    size_t size;
};

/* JZ_E_USAGE for a URL as above, before anything is asked. */
int jz_fetch_check_url(const char *url, struct jz_error *err) JZ_MUST_CHECK;

/*
 * Any answer is one, whatever its status. JZ_E_IO: none came, with libcurl's word for why;
 * JZ_E_LIMIT: longer than max_answer. Messages name the server, never path, query or body.
 */
int jz_fetch(struct jz_fetcher *fetcher, const struct jz_fetch *fetch,
             struct jz_fetched *ret_fetched, struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_fetcher_freep(struct jz_fetcher **f)
{
    jz_fetcher_free(*f);
}
