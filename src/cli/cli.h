/*
 * The command line: one file a subcommand, each a function with a row in main.c's table.
 *
 * Exit status: 0 done (for compare, spoof, liveness: accepted), 1 rejected or something among many
 * failed, 2 bad usage or input.
 */
#pragma once

#include "face/session.h"

#include <jansson.h>

enum { EXIT_ACCEPTED = 0, EXIT_REJECTED = 1, EXIT_USAGE = 2 };

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command's own name */
    const char *usage;                 /* arguments, one line */
    const char *what;                  /* what it does, one line */
};

/* What the face commands share. Options a command has no use for are refused by parse_options. */
struct options {
    bool json;
    const char *models;  /* folder of the models; NULL: found beside the program */
    const char *matcher; /* NULL: the manifest's default */
    const char *draw;    /* write an annotated picture here */
    const char *root, *frames, *challenge, *thresholds;
    enum jz_nn_precision precision;
    double fmr, fps;
    int fold_lines, threads, runs;
    bool all_pairs, given_challenge, trace;
};

/*
 * Parses the options of COMMAND, of which `allowed` names those it takes, each followed by a space
 * ("json models "). On success *ret_first is the index of the first argument that is no option.
 * On failure the message is printed and the result is EXIT_USAGE. --help prints and gives -1.
 */
int parse_options(const struct command *command, const char *allowed, int argc, char **argv,
                  struct options *ret_options, int *ret_first);

/* The engine with one worker and a decoder; prints the error and gives EXIT_USAGE on failure. */
struct face_tools {
    struct jz_engine *engine;
    struct jz_worker *worker;
    struct jz_decoder *decoder;
    const struct jz_matcher *matcher;
};

int face_tools_open(const struct options *options, struct face_tools *ret_tools);
void face_tools_close(struct face_tools *tools);

/* The folder of the models: the option, or models/ beside the program or one above it. */
char *find_models_dir(const struct options *options);

/*
 * Watches a whole clip, for a challenge or (NULL) without one, and leaves its best frame and what
 * was seen in it; observation->face_count is 0 when no frame would do. ret_verdict may be NULL.
 */
int best_of_clip(struct face_tools *tools, const char *path, double fps,
                 const struct jz_challenge *challenge, struct jz_image *image,
                 struct jz_observation *ret_observation, struct jz_verdict *ret_verdict,
                 struct jz_error *err) JZ_MUST_CHECK;

/* "jianzai: FILE: what is wrong" on standard error. */
void complain(const char *subject, const struct jz_error *err);

/* Prints one compact JSON line and releases the object. */
void print_json(json_t *object);
json_t *json_reasons(unsigned reasons);         /* jz_quality_reason bits */
json_t *json_session_reasons(unsigned reasons); /* jz_session_reason bits */
void print_session_advice(const char *indent, unsigned reasons);
json_t *json_number(double value); /* rounded to six decimals, so that lines stay readable */

/* A row of a two-outcome count with its exact 95 % bounds (Clopper and Pearson 1934). */
void binomial_bounds(uint64_t hits, uint64_t total, double *ret_low, double *ret_high);

/* clang-format off: a line a command, so that changes do not meet */
extern const struct command face_detect_command;
extern const struct command face_quality_command;
extern const struct command face_embed_command;
extern const struct command face_spoof_command;
extern const struct command face_compare_command;
extern const struct command face_pairs_command;
extern const struct command face_liveness_command;
extern const struct command models_command;
extern const struct command bench_face_command;
extern const struct command fake_people_command;
extern const struct command eval_command;
extern const struct command bench_gallery_command;
extern const struct command certify_command;
extern const struct command enrol_command;
extern const struct command standing_command;
extern const struct command history_command;
extern const struct command policy_load_command;
extern const struct command policy_explain_command;
extern const struct command bench_store_command;
extern const struct command receipt_verify_command;
extern const struct command policy_check_command;
extern const struct command policy_show_command;
extern const struct command bench_policy_command;
extern const struct command key_init_command;
extern const struct command key_rotate_command;
extern const struct command key_suite_command;
extern const struct command key_show_command;
extern const struct command key_public_command;
extern const struct command person_import_command;
extern const struct command close_command;
extern const struct command lab_command;
extern const struct command rebuild_command;
extern const struct command person_forget_command;
extern const struct command receipt_show_command;
extern const struct command key_renew_command;
extern const struct command audit_prove_command;

/* The commands of a group, NULL behind the last. */
extern const struct command *const audit_commands[];
extern const struct command *const db_commands[];
extern const struct command *const operator_commands[];
extern const struct command *const person_commands[];
extern const struct command *const source_commands[];
extern const struct command *const data_match_commands[];
extern const struct command *const unit_list_commands[];
extern const struct command *const evidence_commands[];
extern const struct command *const death_commands[];
extern const struct command *const review_commands[];
/* clang-format on */
