/* jianzai visit, jianzai proxy: the two kinds of request that clerks have every day. */
#include "cli/request_desk.h"

enum { VISIT = 1u << JZ_REQUEST_VISIT, PROXY = 1u << JZ_REQUEST_PROXY };

static int run_visit_list(int argc, char **argv);
static int run_visit_show(int argc, char **argv);
static int run_visit_assign(int argc, char **argv);
static int run_visit_done(int argc, char **argv);
static int run_proxy_list(int argc, char **argv);
static int run_proxy_show(int argc, char **argv);
static int run_proxy_decide(int argc, char **argv);

static const struct command visit_list_command = {
    "list", run_visit_list, "[--state S] [--person P] [--limit N] [--after REQUEST] [--json]",
    "visits that were asked for"
};
static const struct command visit_show_command = {
    "show", run_visit_show, "REQUEST [--json]",
    "where and when, and what the policy asks the person to present"
};
static const struct command visit_assign_command = {
    "assign", run_visit_assign, "REQUEST --to OPERATOR --on DATE --by OPERATOR [--json]",
    "who comes, and on which day"
};
static const struct command visit_done_command = {
    "done", run_visit_done,
    "REQUEST [--on DATE] [--document NAME]… [--place R] | --not-met --reason TEXT; --by OPERATOR",
    "the person was seen, which certifies them; or was not there"
};
static const struct command proxy_list_command = {
    "list", run_proxy_list, "[--state S] [--person P] [--limit N] [--after REQUEST] [--json]",
    "proxies that want to act"
};
static const struct command proxy_show_command = {
    "show", run_proxy_show, "REQUEST [--json]",
    "who acts for whom, the documents, and how often this proxy acts"
};
static const struct command proxy_decide_command = {
    "decide", run_proxy_decide,
    "REQUEST --accept [--on DATE] [--document NAME]… | --refuse --reason TEXT; --by OPERATOR",
    "take the documents as evidence, or say why not"
};

static int run_visit_list(int argc, char **argv)
{
    return run_request_list(&visit_list_command, VISIT, argc, argv);
}

static int run_visit_show(int argc, char **argv)
{
    return run_request_show(&visit_show_command, VISIT, argc, argv);
}

static int run_visit_assign(int argc, char **argv)
{
    return run_request_assign(&visit_assign_command, VISIT, argc, argv);
}

static int run_visit_done(int argc, char **argv)
{
    return run_request_answer(&visit_done_command, VISIT, true, argc, argv);
}

static int run_proxy_list(int argc, char **argv)
{
    return run_request_list(&proxy_list_command, PROXY, argc, argv);
}

static int run_proxy_show(int argc, char **argv)
{
    return run_request_show(&proxy_show_command, PROXY, argc, argv);
}

static int run_proxy_decide(int argc, char **argv)
{
    return run_request_answer(&proxy_decide_command, PROXY, false, argc, argv);
}

const struct command *const visit_commands[] = { &visit_list_command, &visit_show_command,
                                                 &visit_assign_command, &visit_done_command, NULL };
const struct command *const proxy_commands[] = { &proxy_list_command, &proxy_show_command,
                                                 &proxy_decide_command, NULL };
