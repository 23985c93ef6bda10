/* What server.c (the loop), http.c (requests) and work.c (helpers) of the bridge share. */
#pragma once

#include "bridge/bridge.h"
#include "bridge/child.h"
#include "bridge/json.h"

#include <microhttpd.h>

enum {
    MAX_CONNECTIONS = 32,
    CONNECTION_BYTES = 16384,
    IDLE_S = 15,
    MAX_BODY_BYTES = 1024,
    READ_DEFAULT_S = 20,
    MAX_SUSPECTS = 8, /* wrong tokens that wait for their answer */
};

#define SECOND_NS INT64_C(1000000000)

struct bridge;

struct request {
    struct bridge *bridge;
    struct MHD_Connection *connection;
    size_t body_size;
    char body[MAX_BODY_BYTES];
    bool is_decided, is_parked;
    enum jz_problem problem; /* else: */
    json_t *reply;           /* NULL: nothing but the headers */
    struct jz_error detail;  /* of the problem; its text may be "" */
};

/* The one read, or round of probes, that is under way. */
struct job {
    struct request *request; /* NULL: none */
    enum jz_question question;
    const struct jz_adapter *adapter; /* which is asked now */
    int64_t started_ns;
    json_t *probed;
};

/* A wrong token whose answer waits. */
struct suspect {
    struct request *request;
    int64_t due_ns;
};

struct bridge {
    const struct jz_bridge_config *config;
    const char *config_path, *pcsc_path;
    uint16_t port;
    struct MHD_Daemon *daemon;
    struct jz_child child;
    struct job job;
    struct suspect suspects[MAX_SUSPECTS];
    size_t suspect_count;
    bool is_stopping;
};

/* One line on standard error; never what was read, nor who asked. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Has a request wait until resume_request, which gives it the problem or the reply (taken). */
void park_request(struct request *r);
void resume_request(struct request *r, enum jz_problem problem, json_t *reply);

/* What libmicrohttpd calls. */
enum MHD_Result on_request(void *bridge, struct MHD_Connection *connection, const char *url,
                           const char *method, const char *version, const char *data, size_t *size,
                           void **request);
void on_completed(void *bridge, struct MHD_Connection *connection, void **request,
                  enum MHD_RequestTerminationCode why);

/* Park the request and start helpers for it, or give the problem. `reader` may be NULL. */
enum jz_problem work_probe(struct request *r);
enum jz_problem work_read(struct request *r, const struct jz_adapter *adapter, const char *reader,
                          int seconds);

/* After anything that may have changed the helper. */
void work_step(struct bridge *b);

/* Ends the helper and answers whoever waits for it. */
void work_stop(struct bridge *b);
