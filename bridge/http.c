#include "bridge/bridge_internal.h"

#include "base/clock.h"
#include "bridge/pairing.h"
#include "crypto/suite.h"

#include <string.h>
#include <strings.h>

static const char *header(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* The page's origin when the configuration has it, else NULL. */
static const char *allowed_origin(const struct request *r)
{
    const char *origin = header(r, MHD_HTTP_HEADER_ORIGIN);
    return origin && jz_bridge_config_allows(r->bridge->config, origin) ? origin : NULL;
}

/*
 * A page of any site can have its own name lead to 127.0.0.1; it cannot choose the Host header that
 * its browser sends then.
 */
static bool is_own_host(const struct request *r)
{
    static const char *const names[] = { "127.0.0.1", "localhost" };
    const char *host = header(r, MHD_HTTP_HEADER_HOST);
    for (size_t i = 0; host && i < sizeof names / sizeof names[0]; i++) {
        char own[32];
        snprintf(own, sizeof own, "%s:%u", names[i], r->bridge->port);
        if (strcmp(host, own) == 0)
            return true;
    }
    return false;
}

/*
 * Answers to wrong tokens come one a second, however many connections try: while all places are
 * taken no token is looked at.
 */
static enum jz_problem check_pairing(struct request *r)
{
    static const char scheme[] = "Bearer ";
    struct bridge *b = r->bridge;
    const char *text = header(r, MHD_HTTP_HEADER_AUTHORIZATION);
    struct jz_error err;
    bool is_right = false;
    if (b->suspect_count == MAX_SUSPECTS)
        return JZ_PROBLEM_TOO_MANY_TRIES;
    if (text && strncasecmp(text, scheme, sizeof scheme - 1) == 0) {
        const int e = jz_pairing_check(b->config_path, text + sizeof scheme - 1, &is_right, &err);
        if (e < 0)
            say("pairing: %s",
                e == JZ_E_NOT_FOUND ? "no token yet; make one with --pair" : err.text);
        if (e < 0 && e != JZ_E_NOT_FOUND)
            return JZ_PROBLEM_INTERNAL;
    }
    if (is_right)
        return JZ_PROBLEM_NONE;
    const int64_t now = jz_clock_ns();
    const int64_t last = b->suspect_count ? b->suspects[b->suspect_count - 1].due_ns : now;
    b->suspects[b->suspect_count++] = (struct suspect){ r, last + SECOND_NS };
    park_request(r);
    return JZ_PROBLEM_NOT_PAIRED;
}

static enum jz_problem get_readers(struct request *r)
{
    return work_probe(r);
}

/* "ADAPTER" or "ADAPTER/READER"; NULL is the first adapter. Leaves the reader's name or NULL. */
static const struct jz_adapter *find_adapter(const struct jz_bridge_config *config, const char *id,
                                             const char **ret_reader)
{
    *ret_reader = NULL;
    if (!id)
        return &config->adapters[0];
    const size_t size = strcspn(id, "/");
    for (unsigned i = 0; i < config->adapter_count; i++)
        if (strlen(config->adapters[i].name) == size &&
            strncmp(config->adapters[i].name, id, size) == 0) {
            *ret_reader = id[size] && id[size + 1] ? id + size + 1 : NULL;
            return &config->adapters[i];
        }
    return NULL;
}

static enum jz_problem refuse(struct request *r, const char *why)
{
    jz_error_set(&r->detail, JZ_E_USAGE, "%s", why);
    return JZ_PROBLEM_BAD_REQUEST;
}

static enum jz_problem post_read(struct request *r)
{
    json_error_t e;
    const char *id = NULL, *reader;
    int seconds = READ_DEFAULT_S;
    JZ_CLEANUP(jz_json_freep) json_t *root = NULL;
    root = json_loadb(r->body, r->body_size, JSON_REJECT_DUPLICATES, &e);
    if (!root || json_unpack_ex(root, &e, JSON_STRICT, "{s?:s, s?:i}", "reader", &id, "timeout_s",
                                &seconds) < 0) {
        jz_json_complain(&e, "the body", &r->detail);
        return JZ_PROBLEM_BAD_REQUEST;
    }
    if (seconds < 1 || seconds > JZ_READ_MAX_S)
        return refuse(r, "timeout_s is not 1 to 60");
    if (id && strlen(id) >= JZ_ADAPTER_NAME_BYTES + JZ_READER_NAME_BYTES)
        return refuse(r, "reader is too long; GET /v1/readers tells the ids");
    const struct jz_adapter *adapter = find_adapter(r->bridge->config, id, &reader);
    return adapter ? work_read(r, adapter, reader, seconds) : JZ_PROBLEM_NO_READER;
}

static const struct {
    const char *path, *method;
    enum jz_problem (*handle)(struct request *r);
} routes[] = {
    { "/v1/readers", "GET", get_readers },
    { "/v1/read", "POST", post_read },
};

static enum jz_problem find_route(struct request *r, const char *url, const char *method)
{
    enum jz_problem problem = JZ_PROBLEM_NO_ROUTE;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(routes[i].path, url) != 0)
            continue;
        if (strcmp(routes[i].method, method) == 0)
            return (problem = check_pairing(r)) ? problem : routes[i].handle(r);
        problem = JZ_PROBLEM_NO_METHOD;
    }
    return problem;
}

/* Leaves the problem, or the reply; or parks the request, and they come later. */
static void decide(struct request *r, const char *url, const char *method)
{
    enum jz_problem problem = JZ_PROBLEM_NONE;
    r->is_decided = true;
    if (r->bridge->is_stopping)
        problem = JZ_PROBLEM_STOPPING;
    else if (!is_own_host(r))
        problem = JZ_PROBLEM_FOREIGN_HOST;
    else if (!allowed_origin(r))
        problem = JZ_PROBLEM_FOREIGN_ORIGIN;
    else if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) != 0)
        problem = find_route(r, url, method);
    if (!r->is_parked)
        r->problem = problem;
}

void park_request(struct request *r)
{
    r->is_parked = true;
    MHD_suspend_connection(r->connection);
}

void resume_request(struct request *r, enum jz_problem problem, json_t *reply)
{
    r->problem = problem;
    r->reply = reply;
    MHD_resume_connection(r->connection);
}

static json_t *problem_json(const struct request *r)
{
    const struct jz_problem_info *info = jz_problem_info(r->problem);
    return json_pack("{s:s+, s:s, s:i, s:s, s:s*, s:s}", "type", "urn:jianzai:bridge:", info->name,
                     "title",
                     jz_problem_sentence(r->problem, header(r, MHD_HTTP_HEADER_ACCEPT_LANGUAGE)),
                     "status", info->http_status, "code", info->name, "detail",
                     *r->detail.text ? r->detail.text : NULL, "fallback", "manual");
}

/* What a reply is decides its headers: a row whose value is NULL is left out. */
static bool add_headers(const struct request *r, const char *type, struct MHD_Response *response)
{
    const char *origin = allowed_origin(r);
    const bool is_preflight = !r->problem && !r->reply;
    const bool is_private = is_preflight && header(r, "Access-Control-Request-Private-Network");
    const bool is_later = r->problem == JZ_PROBLEM_BUSY || r->problem == JZ_PROBLEM_TOO_MANY_TRIES;
    const struct {
        const char *name, *value;
    } headers[] = {
        { MHD_HTTP_HEADER_CONTENT_TYPE, type },
        { MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
        { MHD_HTTP_HEADER_VARY, "Origin" },
        { "X-Content-Type-Options", "nosniff" },
        { MHD_HTTP_HEADER_RETRY_AFTER, is_later ? "1" : NULL },
        { MHD_HTTP_HEADER_WWW_AUTHENTICATE, r->problem == JZ_PROBLEM_NOT_PAIRED ? "Bearer" : NULL },
        { MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin },
        { MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, is_preflight ? "GET, POST" : NULL },
        { MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS,
          is_preflight ? "Authorization, Content-Type" : NULL },
        { MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, is_preflight ? "600" : NULL },
        { "Access-Control-Allow-Private-Network", is_private ? "true" : NULL },
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i].value &&
            MHD_add_response_header(response, headers[i].name, headers[i].value) != MHD_YES)
            return false;
    return true;
}

static enum MHD_Result send_reply(struct request *r)
{
    JZ_CLEANUP(jz_json_freep) json_t *problem = r->problem ? problem_json(r) : NULL;
    const json_t *json = r->problem ? problem : r->reply;
    char *text = json ? jz_json_text(json) : NULL;
    const unsigned status =
        json ? (unsigned)jz_problem_info(r->problem)->http_status : MHD_HTTP_NO_CONTENT;
    const char *type = r->problem ? "application/problem+json" : json ? "application/json" : NULL;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(
        text ? strlen(text) : 0, text, jz_json_text_free);
    if (!response)
        jz_json_text_free(text);
    enum MHD_Result result = MHD_NO;
    if (response && (text || !(r->problem || r->reply)) && add_headers(r, type, response))
        result = MHD_queue_response(r->connection, status, response);
    if (response)
        MHD_destroy_response(response);
    return result;
}

static bool is_too_large(const struct request *r)
{
    const char *length = header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && strtoull(length, NULL, 10) > MAX_BODY_BYTES;
}

enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                           const char *method, const char *version, const char *data, size_t *size,
                           void **request)
{
    struct request *r = *request;
    (void)version;
    if (!r) {
        if (!(*request = r = calloc(1, sizeof *r)))
            return MHD_NO;
        r->bridge = context;
        r->connection = connection;
        if (!is_too_large(r))
            return MHD_YES;
        r->is_decided = true;
        r->problem = JZ_PROBLEM_TOO_LARGE;
        return send_reply(r);
    }
    if (*size > 0) {
        /* In the middle of a body nothing can be answered: the connection is closed. */
        if (*size > sizeof r->body - r->body_size)
            return MHD_NO;
        memcpy(r->body + r->body_size, data, *size);
        r->body_size += *size;
        *size = 0;
        return MHD_YES;
    }
    if (!r->is_decided) {
        decide(r, url, method);
        if (r->is_parked)
            return MHD_YES;
    }
    return send_reply(r);
}

void on_completed(void *context, struct MHD_Connection *connection, void **request,
                  enum MHD_RequestTerminationCode why)
{
    struct request *r = *request;
    (void)context, (void)connection, (void)why;
    if (r)
        json_decref(r->reply);
    free(r);
    *request = NULL;
}
