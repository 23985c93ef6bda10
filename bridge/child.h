/*
 * A helper at work: started with its standard output in a pipe, read until its line is there, and
 * ended with all that it has started, at the latest at its deadline. Its standard error goes
 * nowhere: what a helper says there could name somebody. One thread.
 */
#pragma once

#include "base/error.h"
#include "bridge/answer.h"

struct jz_child {
    pid_t pid;           /* 0: none */
    int out;             /* to be read when it can be; -1: nothing more to read */
    int64_t deadline_ns; /* of jz_clock_ns: when jz_child_step is due */
    bool is_done;        /* its line is there, or its output has ended */
    bool is_ended;       /* it was killed, but may still be dying */
    size_t size;
    char line[JZ_ANSWER_MAX_BYTES + 1];
};

/* JZ_E_IO and why. Only when there is none. */
int jz_child_start(struct jz_child *child, const char *const argv[], int64_t timeout_ns,
                   struct jz_error *err) JZ_MUST_CHECK;

/* When `out` is readable. */
void jz_child_read(struct jz_child *child);

/* Whatever it does now: it is late. */
void jz_child_cancel(struct jz_child *child);

/*
 * After a read, a SIGCHLD or the deadline. True once for each start, when it is over: then is_done
 * and the line tell the outcome. While the system cannot let go of it, pid stays and no other can
 * start.
 */
bool jz_child_step(struct jz_child *child);

/* Forgets what it said. */
void jz_child_wipe(struct jz_child *child);
