/*
 * What the groups request, visit and proxy do alike. `kinds` are the bits of the kinds that the
 * group is about; a request of another kind is refused with the right command.
 */
#pragma once

#include "cli/args.h"
#include "ledger/request.h"

#define KINDS_ALL ((1u << JZ_REQUEST_KINDS) - 1)

/* A number on the command line; false and a message when it is none. */
bool take_id(const char *what, const char *text, int64_t *ret_id);

int run_request_list(const struct command *command, unsigned kinds, int argc, char **argv);
int run_request_show(const struct command *command, unsigned kinds, int argc, char **argv);
int run_request_assign(const struct command *command, unsigned kinds, int argc, char **argv);

/* With `usual` the answer is to accept unless another word is given. */
int run_request_answer(const struct command *command, unsigned kinds, bool usual, int argc,
                       char **argv);
