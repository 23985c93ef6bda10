#include "bridge/bridge_internal.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>

void say(const char *format, ...)
{
    char text[JZ_ERROR_TEXT_BYTES + 64];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    fprintf(stderr, "jianzai-bridge: %s\n", text);
}

static int start_daemon(struct bridge *b, struct jz_error *err)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons(b->config->port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    errno = 0;
    b->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, b->config->port, NULL, NULL, on_request, b,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_completed, b,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
    if (!b->daemon)
        return jz_error_set(err, JZ_E_IO, "cannot listen on 127.0.0.1:%u: %s", b->config->port,
                            errno ? strerror(errno) : "libmicrohttpd refused");
    b->port = MHD_get_daemon_info(b->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return 0;
}

/* -1 when no page waits for a helper. */
static int waiting_client(const struct bridge *b)
{
    return b->job.request ? MHD_get_connection_info(b->job.request->connection,
                                                    MHD_CONNECTION_INFO_CONNECTION_FD)
                                ->connect_fd
                          : -1;
}

/* How long nothing is due, in milliseconds; -1 for ever. */
static int quiet_ms(const struct bridge *b)
{
    const int64_t now = jz_clock_ns();
    int64_t due = INT64_MAX;
    MHD_UNSIGNED_LONG_LONG daemon_ms;
    if (MHD_get_timeout(b->daemon, &daemon_ms) == MHD_YES)
        due = now + (int64_t)daemon_ms * 1000000;
    if (b->child.pid && b->child.deadline_ns < due)
        due = b->child.deadline_ns;
    if (b->suspect_count && b->suspects[0].due_ns < due)
        due = b->suspects[0].due_ns;
    if (due == INT64_MAX)
        return -1;
    return due <= now ? 0 : (int)((due - now) / 1000000 + 1);
}

static void release_suspects(struct bridge *b, int64_t until_ns)
{
    size_t n = 0;
    while (n < b->suspect_count && b->suspects[n].due_ns <= until_ns)
        resume_request(b->suspects[n++].request, JZ_PROBLEM_NOT_PAIRED, NULL);
    b->suspect_count -= n;
    memmove(b->suspects, b->suspects + n, b->suspect_count * sizeof b->suspects[0]);
}

static void take_signals(struct bridge *b, int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGCHLD)
            b->is_stopping = true;
}

static int serve(struct bridge *b, int signals, struct jz_error *err)
{
    const int daemon = MHD_get_daemon_info(b->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    while (!b->is_stopping) {
        enum { SIGNALS, DAEMON, HELPER, CLIENT, COUNT };
        struct pollfd fds[COUNT] = {
            [SIGNALS] = { signals, POLLIN, 0 },
            [DAEMON] = { daemon, POLLIN, 0 },
            [HELPER] = { b->child.pid ? b->child.out : -1, POLLIN, 0 },
            [CLIENT] = { waiting_client(b), POLLRDHUP, 0 },
        };
        if (poll(fds, COUNT, quiet_ms(b)) < 0 && errno != EINTR)
            return jz_error_set(err, JZ_E_IO, "poll: %s", strerror(errno));
        if (fds[SIGNALS].revents)
            take_signals(b, signals);
        if (fds[HELPER].revents)
            jz_child_read(&b->child);
        if (fds[CLIENT].revents)
            jz_child_cancel(&b->child);
        work_step(b);
        release_suspects(b, jz_clock_ns());
        if (MHD_run(b->daemon) != MHD_YES)
            return jz_error_set(err, JZ_E_IO, "libmicrohttpd cannot go on");
    }
    return 0;
}

int jz_bridge_run(const struct jz_bridge_config *config, const char *config_path,
                  const char *pcsc_path, struct jz_error *err)
{
    struct bridge b = { .config = config, .config_path = config_path, .pcsc_path = pcsc_path };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    jz_autoclose int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        return jz_error_set(err, JZ_E_IO, "signalfd: %s", strerror(errno));
    int r = start_daemon(&b, err);
    if (r < 0)
        return r;
    say("listening on 127.0.0.1:%u", b.port);
    r = serve(&b, signals, err);

    /* Whoever waits is told, as far as that goes at once. */
    work_stop(&b);
    release_suspects(&b, INT64_MAX);
    MHD_run(b.daemon);
    MHD_stop_daemon(b.daemon);
    return r;
}
