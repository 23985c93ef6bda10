/*
 * jianzai eval: cases of the calendar as JSON lines, one answer each. What was read is answered
 * before more is waited for, so that another program may ask line by line.
 */
#include "cli/args.h"

#include "policy/case.h"

#include <errno.h>
#include <string.h>

static int run(int argc, char **argv);

const struct command eval_command = {
    "eval", run, "<CASES.jsonl",
    "the standing of each case on standard input: {\"policy\",\"person\",\"evidence\",\"on\"}"
};

struct eval {
    struct jz_judge *judge;
    unsigned long long line;
    bool all_good;
};

static void answer(struct eval *e, const char *line, size_t size)
{
    const char *text = NULL;
    size_t text_size = 0;
    struct jz_error err;
    e->line++;
    if (strspn(line, " \t\r") >= size)
        return;
    if (jz_judge_line(e->judge, line, size, &text, &text_size, &err) < 0) {
        e->all_good = false;
        text = jz_judge_complaint(e->judge, &err, e->line, &text_size);
    }
    if (text)
        fwrite(text, 1, text_size, stdout);
    putchar('\n');
}

/* Answers every whole line in buffer[0, used) and moves what is left to the front. */
static size_t answer_lines(struct eval *e, char *buffer, size_t used)
{
    char *at = buffer, *const end = buffer + used;
    for (char *newline; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        *newline = 0;
        answer(e, at, (size_t)(newline - at));
    }
    memmove(buffer, at, (size_t)(end - at));
    return (size_t)(end - at);
}

/* A line that is too long is answered once, by its beginning, and the rest of it passed over. */
static int answer_all(struct eval *e, char *buffer, size_t room)
{
    size_t used = 0;
    bool passing_over = false;
    for (;;) {
        fflush(stdout);
        const ssize_t n = read(STDIN_FILENO, buffer + used, room - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fprintf(stderr, "jianzai: eval: standard input: %s\n", strerror(errno));
            return EXIT_USAGE;
        }
        if (n == 0)
            break;
        used += (size_t)n;
        if (passing_over) {
            const char *newline = memchr(buffer, '\n', used);
            if (!newline) {
                used = 0;
                continue;
            }
            used -= (size_t)(newline + 1 - buffer);
            memmove(buffer, newline + 1, used);
            passing_over = false;
        }
        used = answer_lines(e, buffer, used);
        if (used == room) {
            buffer[used] = 0;
            answer(e, buffer, used);
            passing_over = true;
            used = 0;
        }
    }
    if (used > 0) {
        buffer[used] = 0;
        answer(e, buffer, used);
    }
    return e->all_good ? EXIT_ACCEPTED : EXIT_REJECTED;
}

static int run(int argc, char **argv)
{
    int first;
    const int r = parse_args(&eval_command, NULL, 0, argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    const size_t room = JZ_CASE_MAX_BYTES + 1;
    struct eval e = { .all_good = true };
    struct jz_error err;
    JZ_CLEANUP(jz_judge_freep) struct jz_judge *judge = NULL;
    jz_autofree char *buffer = malloc(room + 1);
    if (!buffer || jz_judge_new(&judge, &err) < 0) {
        fputs("jianzai: eval: out of memory\n", stderr);
        return EXIT_USAGE;
    }
    e.judge = judge;
    return answer_all(&e, buffer, room);
}
