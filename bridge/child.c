#include "bridge/child.h"

#include "base/clock.h"
#include "crypto/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

enum { DYING_NS = 1000000000 }; /* what is given to one that was killed */

/* posix_spawn with a group of its own, default signals, and no descriptors but the first three. */
static int spawn(const char *const argv[], int out, pid_t *ret_pid)
{
    char *const *words = (char *const *)(uintptr_t)argv; /* which posix_spawn only reads */
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int e;
    sigemptyset(&none);
    sigfillset(&all);
    if ((e = posix_spawn_file_actions_init(&actions)))
        return e;
    if ((e = posix_spawnattr_init(&attributes))) {
        posix_spawn_file_actions_destroy(&actions);
        return e;
    }
    if (!(e = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) &&
        !(e = posix_spawn_file_actions_adddup2(&actions, out, 1)) &&
        !(e = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) &&
        !(e = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) &&
        !(e = posix_spawnattr_setsigmask(&attributes, &none)) &&
        !(e = posix_spawnattr_setsigdefault(&attributes, &all)) &&
        !(e = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                        POSIX_SPAWN_SETSIGDEF)))
        e = posix_spawn(ret_pid, words[0], &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return e;
}

int jz_child_start(struct jz_child *child, const char *const argv[], int64_t timeout_ns,
                   struct jz_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return jz_error_set(err, JZ_E_IO, "pipe: %s", strerror(errno));
    jz_autoclose int in = ends[0], out = ends[1];
    pid_t pid;
    int e = fcntl(in, F_SETFL, O_NONBLOCK) < 0 ? errno : spawn(argv, out, &pid);
    if (e)
        return jz_error_set(err, JZ_E_IO, "%s: %s", argv[0], strerror(e));
    *child = (struct jz_child){ .pid = pid, .out = in, .deadline_ns = jz_clock_ns() + timeout_ns };
    in = -1;
    return 0;
}

void jz_child_read(struct jz_child *child)
{
    const ssize_t n = read(child->out, child->line + child->size, sizeof child->line - child->size);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        const bool is_line = memchr(child->line + child->size, '\n', (size_t)n);
        child->size += (size_t)n;
        if (!is_line && child->size < sizeof child->line)
            return;
    }
    child->is_done = true;
}

void jz_child_cancel(struct jz_child *child)
{
    if (!child->is_ended)
        child->deadline_ns = 0;
}

/* Not reaped before: until then nobody else can have its number. */
static void end(struct jz_child *child, int64_t now)
{
    kill(-child->pid, SIGKILL);
    close(child->out);
    child->out = -1;
    child->is_ended = true;
    child->deadline_ns = now + DYING_NS;
}

bool jz_child_step(struct jz_child *child)
{
    const int64_t now = jz_clock_ns();
    if (!child->pid)
        return false;
    if (!child->is_ended && (child->is_done || now >= child->deadline_ns))
        end(child, now);
    if (!child->is_ended)
        return false;
    const bool is_told = child->deadline_ns == INT64_MAX;
    const bool is_gone = waitpid(child->pid, NULL, WNOHANG) == child->pid;
    if (is_gone)
        child->pid = 0;
    if (is_told || (!is_gone && now < child->deadline_ns))
        return false;
    child->deadline_ns = INT64_MAX;
    return true;
}

void jz_child_wipe(struct jz_child *child)
{
    jz_wipe(child->line, sizeof child->line);
    child->size = 0;
}
