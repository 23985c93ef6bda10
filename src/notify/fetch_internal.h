/* libcurl handles that are used again: for HTTP and for SMTP. Only src/notify. */
#pragma once

#include "notify/fetch.h"

#include <curl/curl.h>

/* A handle with everything at its default but the certificates; JZ_E_MEMORY. */
int jz_fetcher_take(struct jz_fetcher *fetcher, CURL **ret_curl,
                    struct jz_error *err) JZ_MUST_CHECK;
void jz_fetcher_give(struct jz_fetcher *fetcher, CURL *curl);

/* Whether the host of the URL is this very machine. False for what is no URL. */
bool jz_url_is_here(const char *url);

/* "HOST" of the URL for messages; "?" for what is no URL. */
#define JZ_HOST_BYTES 128
char *jz_url_host(const char *url, char ret_host[JZ_HOST_BYTES]);
