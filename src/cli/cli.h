/*
 * The command line: one file a subcommand, each a function with a row in main.c's table.
 *
 * Exit status: 0 done (for compare, spoof, liveness: accepted), 1 rejected or something among many
 * failed, 2 bad usage or input.
 */
#pragma once

#include "base/error.h"

#include <jansson.h>

enum { EXIT_ACCEPTED = 0, EXIT_REJECTED = 1, EXIT_USAGE = 2 };

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command's own name */
    const char *usage;                 /* arguments, one line */
    const char *what;                  /* what it does, one line */
};

/* "jianzai: FILE: what is wrong" on standard error. */
void complain(const char *subject, const struct jz_error *err);

/* Prints one compact JSON line and releases the object. */
void print_json(json_t *object);
json_t *json_number(double value); /* rounded to six decimals, so that lines stay readable */

/* A row of a two-outcome count with its exact 95 % bounds (Clopper and Pearson 1934). */
void binomial_bounds(uint64_t hits, uint64_t total, double *ret_low, double *ret_high);

/* Sorts the values. A benchmark takes no more of them. */
double median(double *values, int count);
#define BENCH_RUNS_MAX 100000

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
extern const struct command beacon_command;

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
extern const struct command *const request_commands[];
extern const struct command *const visit_commands[];
extern const struct command *const proxy_commands[];
extern const struct command *const consent_commands[];
extern const struct command *const caller_commands[];
extern const struct command *const message_commands[];
/* clang-format on */
