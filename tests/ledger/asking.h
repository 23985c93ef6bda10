/* Requests in a test register: policies that count them, and short ways to ask and to answer. */
#pragma once

#include "register.h"

#include "ledger/request_answer.h"
#include "ledger/request_file.h"

extern struct jz_error err;

/*
 * As a fixture: on 2026-11-25, under a policy that asks for documents of visits, proxies and
 * materials, each on a basis of its own.
 */
int asking_set_up(void **state);

/* Somebody new, so that nobody's requests disturb another test's. */
int64_t asking_person(void);

/* The fields as JSON; what goes wrong fails the test. */
int64_t ask(int64_t person, enum jz_request_kind kind, const char *fields);
/* The result of asking, and the field that was wrong ("" for none). */
int try_to_ask(int64_t person, enum jz_request_kind kind, const char *fields, const char **field);

/* A step by "alice", who has the request on 2026-11-26 when it is assigned. */
int take_step(int64_t request, enum jz_request_state to, const char *reason);

/* What the request is now. */
struct jz_request look_at(int64_t request);

/* A JPEG of some size and, from the same seed, the same bytes; free. */
uint8_t *make_picture(int side, unsigned seed, size_t *ret_size);
int attach(int64_t request, const char *document, const void *data, size_t size,
           struct jz_request_file *ret_file);
void attach_picture(int64_t request, const char *document);

/* No cache differs from the facts, and no fact from what was recorded. */
void check_register(void);
