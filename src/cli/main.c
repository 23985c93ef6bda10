#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static int face(int argc, char **argv);
static int key(int argc, char **argv);
static int bench(int argc, char **argv);
static int receipt(int argc, char **argv);

static const struct command face_command = { "face", face, "COMMAND …",
                                             "look at photographs and clips" };
static const struct command key_command = { "key", key, "COMMAND …", "make and rotate keys" };
static const struct command bench_command = { "bench", bench, "face", "measure speed" };
static const struct command receipt_command = { "receipt", receipt, "verify …", "check receipts" };

static const struct command *const top[] = { &face_command, &models_command, &key_command,
                                             &receipt_command, &bench_command };

static const struct command *const face_commands[] = {
    &face_detect_command,  &face_quality_command,  &face_embed_command, &face_spoof_command,
    &face_compare_command, &face_liveness_command, &face_pairs_command,
};

static const struct command *const key_commands[] = {
    &key_init_command, &key_rotate_command, &key_suite_command,
    &key_show_command, &key_public_command,
};

static const struct command *const bench_commands[] = { &bench_face_command };

static const struct command *const receipt_commands[] = { &receipt_verify_command };

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void list(FILE *out, const char *prefix, const struct command *const *table, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %s%s %s\n      %s\n", prefix, table[i]->name, table[i]->usage,
                table[i]->what);
}

static void help(FILE *out)
{
    fputs("jianzai (健在): certifies that a pensioner is alive and is who they say.\n\n", out);
    list(out, "jianzai face ", face_commands, COUNT(face_commands));
    list(out, "jianzai ", &top[1], 1);
    list(out, "jianzai key ", key_commands, COUNT(key_commands));
    list(out, "jianzai receipt ", receipt_commands, COUNT(receipt_commands));
    list(out, "jianzai bench ", bench_commands, COUNT(bench_commands));
    fputs("  jianzai --help | --version\n\n"
          "Options of most commands: --json (one JSON object, or one line per input),\n"
          "--models DIR, --precision auto|fp32|bf16. COMMAND --help says more.\n"
          "Exit status: 0 done or accepted, 1 rejected, 2 bad usage or input.\n",
          out);
}

static int dispatch(const char *what, const struct command *const *table, size_t count, int argc,
                    char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        help(stdout);
        return 0;
    }
    for (size_t i = 0; argc >= 2 && i < count; i++)
        if (strcmp(argv[1], table[i]->name) == 0)
            return table[i]->run(argc - 1, argv + 1);
    if (argc < 2)
        fprintf(stderr, "jianzai: %s: which command?", what);
    else
        fprintf(stderr, "jianzai: %s: '%s' is not a command;", what, argv[1]);
    fputs(" there are", stderr);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "%s %s", i ? "," : "", table[i]->name);
    fputs("\n", stderr);
    return EXIT_USAGE;
}

static int face(int argc, char **argv)
{
    return dispatch("face", face_commands, COUNT(face_commands), argc, argv);
}

static int key(int argc, char **argv)
{
    return dispatch("key", key_commands, COUNT(key_commands), argc, argv);
}

static int bench(int argc, char **argv)
{
    return dispatch("bench", bench_commands, COUNT(bench_commands), argc, argv);
}

static int receipt(int argc, char **argv)
{
    return dispatch("receipt", receipt_commands, COUNT(receipt_commands), argc, argv);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("jianzai " JZ_VERSION);
        return 0;
    }
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    int status = dispatch("jianzai", top, COUNT(top), argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("jianzai: standard output");
        return EXIT_USAGE;
    }
    return status;
}
