#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* clang-format off: a line a command, so that changes do not meet */
static const struct command *const face_commands[] = {
    &face_detect_command,  &face_quality_command,  &face_embed_command, &face_spoof_command,
    &face_compare_command, &face_liveness_command, &face_pairs_command, NULL,
};

static const struct command *const bench_commands[] = {
    &bench_face_command, &bench_gallery_command, &bench_policy_command, &bench_store_command, NULL,
};

static const struct command *const fake_commands[] = {
    &fake_people_command,
    NULL,
};

static const struct command *const key_commands[] = {
    &key_init_command,
    &key_rotate_command,
    &key_renew_command,
    &key_suite_command,
    &key_show_command,
    &key_public_command,
    NULL,
};

static const struct command *const receipt_commands[] = {
    &receipt_show_command,
    &receipt_verify_command,
    NULL,
};

static const struct command *const policy_commands[] = {
    &policy_check_command,
    &policy_show_command,
    &policy_load_command,
    &policy_explain_command,
    NULL,
};

static const struct command *const single_commands[] = {
    &certify_command, &enrol_command, &standing_command,
    &history_command, &close_command, &lab_command,
    &rebuild_command, &eval_command,  &models_command,
    &beacon_command,  NULL,
};

/* "jianzai GROUP COMMAND"; commands without a group stand in the last row. */
static const struct {
    const char *name;
    const struct command *const *commands;
} groups[] = {
    { "audit", audit_commands },
    { "db", db_commands },
    { "key", key_commands },
    { "operator", operator_commands },
    { "policy", policy_commands },
    { "person", person_commands },
    { "receipt", receipt_commands },
    { "evidence", evidence_commands },
    { "death", death_commands },
    { "review", review_commands },
    { "request", request_commands },
    { "visit", visit_commands },
    { "proxy", proxy_commands },
    { "consent", consent_commands },
    { "caller", caller_commands },
    { "message", message_commands },
    { "source", source_commands },
    { "data-match", data_match_commands },
    { "unit-list", unit_list_commands },
    { "face", face_commands },
    { "bench", bench_commands },
    { "fake", fake_commands },
    { NULL, single_commands },
};
/* clang-format on */

enum { GROUPS = sizeof groups / sizeof groups[0] };

static void list(FILE *out, const char *group, const struct command *const *commands)
{
    for (; *commands; commands++)
        fprintf(out, "  jianzai %s%s%s %s\n      %s\n", group ? group : "", group ? " " : "",
                (*commands)->name, (*commands)->usage, (*commands)->what);
}

static void help(FILE *out)
{
    fputs("jianzai (健在): certifies that a pensioner is alive and is who they say.\n\n", out);
    for (int i = 0; i < GROUPS; i++)
        list(out, groups[i].name, groups[i].commands);
    fputs(
        "  jianzai --help | --version\n\n"
        "COMMAND --help lists its options. Most take --json: one JSON object, or a line an input.\n"
        "Exit status: 0 done or accepted, 1 rejected, 2 bad usage or input.\n",
        out);
}

static const struct command *find(const struct command *const *commands, const char *name)
{
    for (; *commands; commands++)
        if (strcmp((*commands)->name, name) == 0)
            return *commands;
    return NULL;
}

static int run_in_group(int group, int argc, char **argv)
{
    const struct command *c = argc >= 2 ? find(groups[group].commands, argv[1]) : NULL;
    if (c)
        return c->run(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        list(stdout, groups[group].name, groups[group].commands);
        return 0;
    }
    if (argc < 2)
        fprintf(stderr, "jianzai: %s: which command? there are", argv[0]);
    else
        fprintf(stderr, "jianzai: %s: '%s' is not a command; there are", argv[0], argv[1]);
    for (const struct command *const *at = groups[group].commands; *at; at++)
        fprintf(stderr, "%s %s", at == groups[group].commands ? "" : ",", (*at)->name);
    fputs("\n", stderr);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    for (int i = 0; i < GROUPS; i++)
        if (groups[i].name && strcmp(argv[1], groups[i].name) == 0)
            return run_in_group(i, argc - 1, argv + 1);
    const struct command *c = find(single_commands, argv[1]);
    if (c)
        return c->run(argc - 1, argv + 1);
    fprintf(stderr, "jianzai: '%s' is not a command; there are", argv[1]);
    for (int i = 0; i < GROUPS - 1; i++)
        fprintf(stderr, " %s,", groups[i].name);
    for (const struct command *const *at = single_commands; *at; at++)
        fprintf(stderr, "%s %s", at == single_commands ? "" : ",", (*at)->name);
    fputs("\n", stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("jianzai " JZ_VERSION);
        return 0;
    }
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        help(stdout);
        return 0;
    }
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    int status = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("jianzai: standard output");
        return EXIT_USAGE;
    }
    return status;
}
