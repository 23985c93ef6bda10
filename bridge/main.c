#include "bridge/bridge.h"
#include "bridge/json.h"
#include "bridge/pairing.h"
#include "crypto/suite.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

static void help(FILE *out)
{
    fputs("jianzai-bridge: lets the pages of jianzai in this computer's browser read cards.\n\n"
          "  jianzai-bridge --config FILE           serves until SIGTERM\n"
          "  jianzai-bridge --config FILE --pair    makes the pairing token and shows it once\n"
          "  jianzai-bridge --help | --version\n\n"
          "docs/bridge.md describes FILE and what the pages call.\n",
          out);
}

static int fail(const struct jz_error *err)
{
    fprintf(stderr, "jianzai-bridge: %s\n", err->text);
    return EXIT_USAGE;
}

static int pair(const char *config_path)
{
    char token[JZ_PAIRING_TOKEN_BYTES];
    struct jz_error err;
    if (jz_pairing_make(config_path, token, &err) < 0)
        return fail(&err);
    printf("%s\n", token);
    jz_wipe(token, sizeof token);
    fputs("This is the pairing token. It is shown only now: enter it on the page's settings for\n"
          "the card reader. A token made earlier no longer works.\n",
          stderr);
    return EXIT_SUCCESS;
}

/* It lies beside this program, installed or built. */
static int find_pcsc_helper(char **ret_path, struct jz_error *err)
{
    char own[4096];
    const ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    if (n < 0)
        return jz_error_set(err, JZ_E_IO, "/proc/self/exe: %s", strerror(errno));
    own[n] = 0;
    if (asprintf(ret_path, "%s-pcsc", own) < 0) {
        *ret_path = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    return 0;
}

static int serve(const struct jz_bridge_config *config, const char *config_path)
{
    jz_autofree char *pcsc_path = NULL;
    struct jz_error err;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (find_pcsc_helper(&pcsc_path, &err) < 0 ||
        jz_bridge_run(config, config_path, pcsc_path, &err) < 0)
        return fail(&err);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "pair", no_argument, NULL, 'p' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    const char *config_path = NULL;
    bool is_pairing = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 'c':
            config_path = optarg;
            break;
        case 'p':
            is_pairing = true;
            break;
        case 'h':
            help(stdout);
            return EXIT_SUCCESS;
        case 'v':
            puts("jianzai-bridge " JZ_VERSION);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE; /* getopt has said what is wrong */
        }
    if (!config_path || optind != argc) {
        help(stderr);
        return EXIT_USAGE;
    }

    jz_json_wipe_freed();
    JZ_CLEANUP(jz_bridge_config_freep) struct jz_bridge_config *config = NULL;
    struct jz_error err;
    if (jz_bridge_config_load(config_path, &config, &err) < 0)
        return fail(&err);
    return is_pairing ? pair(config_path) : serve(config, config_path);
}
