#include "bridge/bridge_internal.h"

#include "base/clock.h"
#include "crypto/suite.h"

#include <poll.h>
#include <string.h>

enum {
    PROBE_S = 5,
    READ_GRACE_S = 3, /* for a card that comes at the last moment */
};

/* The helper's command, the question and, after them, up to two words more. */
static enum jz_problem start(struct bridge *b, const struct jz_adapter *adapter,
                             const char *seconds, const char *reader, int timeout_s)
{
    const char *argv[JZ_CONFIG_MAX_WORDS + 4] = { b->pcsc_path };
    size_t n = adapter->command ? 0 : 1;
    struct jz_error err;
    for (unsigned i = 0; adapter->command && i < adapter->command_count; i++)
        argv[n++] = adapter->command[i];
    argv[n++] = jz_question_name(b->job.question);
    if (seconds) {
        argv[n++] = seconds;
        argv[n] = reader;
    }
    b->job.adapter = adapter;
    if (jz_child_start(&b->child, argv, timeout_s * SECOND_NS, &err) < 0) {
        say("%s: %s", adapter->name, err.text);
        return JZ_PROBLEM_HELPER_FAILED;
    }
    return JZ_PROBLEM_NONE;
}

/* What the helper said, or why there is nothing. */
static enum jz_problem take_answer(struct bridge *b, struct jz_answer *answer)
{
    struct jz_error err;
    if (!b->child.is_done)
        return JZ_PROBLEM_TIMEOUT;
    if (jz_answer_parse(b->job.question, b->child.line, b->child.size, answer, &err) < 0) {
        say("%s: %s", b->job.adapter->name, err.text);
        return JZ_PROBLEM_HELPER_FAILED;
    }
    return answer->problem;
}

static void finish(struct bridge *b, enum jz_problem problem, json_t *reply)
{
    struct request *r = b->job.request;
    b->job.request = NULL;
    resume_request(r, problem, reply);
}

static void finish_read(struct bridge *b)
{
    struct jz_answer answer = { 0 };
    enum jz_problem problem = take_answer(b, &answer);
    json_t *reply = NULL;
    if (!problem && !(reply = json_pack("{s:s, s:o}", "adapter", b->job.adapter->name, "card",
                                        jz_card_to_json(&answer.card))))
        problem = JZ_PROBLEM_INTERNAL;
    say("read by %s: %s after %lld ms", b->job.adapter->name, jz_problem_info(problem)->name,
        (long long)((jz_clock_ns() - b->job.started_ns) / 1000000));
    jz_wipe(&answer, sizeof answer);
    finish(b, problem, reply);
}

static json_t *readers_json(const struct jz_adapter *adapter, const struct jz_answer *answer)
{
    JZ_CLEANUP(jz_json_freep) json_t *list = json_array();
    for (size_t i = 0; i < answer->reader_count; i++) {
        const struct jz_reader *reader = &answer->readers[i];
        if (json_array_append_new(list, json_pack("{s:s++, s:s, s:b}", "id", adapter->name, "/",
                                                  reader->name, "name", reader->name, "card",
                                                  reader->has_card)) != 0)
            return NULL;
    }
    return JZ_TAKE(list);
}

static bool add_probed(struct bridge *b, enum jz_problem problem, const struct jz_answer *answer)
{
    const char *name = b->job.adapter->name;
    json_t *row =
        problem ? json_pack("{s:s, s:s}", "name", name, "problem", jz_problem_info(problem)->name)
                : json_pack("{s:s, s:o}", "name", name, "readers",
                            readers_json(b->job.adapter, answer));
    return json_array_append_new(b->job.probed, row) == 0;
}

static void finish_probes(struct bridge *b)
{
    json_t *reply = json_pack("{s:O, s:s}", "adapters", b->job.probed, "fallback", "manual");
    json_decref(b->job.probed);
    b->job.probed = NULL;
    finish(b, reply ? JZ_PROBLEM_NONE : JZ_PROBLEM_INTERNAL, reply);
}

/* Asks the next adapter that can be asked, or ends the round. */
static void probe_from(struct bridge *b, unsigned i)
{
    for (; i < b->config->adapter_count; i++) {
        const enum jz_problem problem = start(b, &b->config->adapters[i], NULL, NULL, PROBE_S);
        if (!problem)
            return;
        if (!add_probed(b, problem, NULL))
            break;
    }
    finish_probes(b);
}

static void go_on_probing(struct bridge *b)
{
    struct jz_answer answer = { 0 };
    const enum jz_problem problem = take_answer(b, &answer);
    if (add_probed(b, problem, &answer) && !b->child.pid)
        probe_from(b, (unsigned)(b->job.adapter - b->config->adapters) + 1);
    else
        finish_probes(b);
}

void work_step(struct bridge *b)
{
    if (!jz_child_step(&b->child) || !b->job.request)
        return;
    if (b->job.question == JZ_QUESTION_READ)
        finish_read(b);
    else
        go_on_probing(b);
    jz_child_wipe(&b->child);
}

void work_stop(struct bridge *b)
{
    json_decref(b->job.probed);
    b->job.probed = NULL;
    if (b->job.request)
        finish(b, JZ_PROBLEM_STOPPING, NULL);
    jz_child_cancel(&b->child);
    while (!jz_child_step(&b->child) && b->child.pid)
        poll(NULL, 0, 1);
    jz_child_wipe(&b->child);
}

static bool is_busy(const struct bridge *b)
{
    return b->job.request || b->child.pid;
}

enum jz_problem work_probe(struct request *r)
{
    struct bridge *b = r->bridge;
    if (is_busy(b))
        return JZ_PROBLEM_BUSY;
    b->job = (struct job){ .request = r,
                           .question = JZ_QUESTION_PROBE,
                           .started_ns = jz_clock_ns(),
                           .probed = json_array() };
    park_request(r);
    probe_from(b, 0);
    return JZ_PROBLEM_NONE;
}

enum jz_problem work_read(struct request *r, const struct jz_adapter *adapter, const char *reader,
                          int seconds)
{
    struct bridge *b = r->bridge;
    char text[16];
    if (is_busy(b))
        return JZ_PROBLEM_BUSY;
    snprintf(text, sizeof text, "%d", seconds);
    b->job = (struct job){ .question = JZ_QUESTION_READ, .started_ns = jz_clock_ns() };
    const enum jz_problem problem = start(b, adapter, text, reader, seconds + READ_GRACE_S);
    if (problem)
        return problem;
    b->job.request = r;
    park_request(r);
    return JZ_PROBLEM_NONE;
}
