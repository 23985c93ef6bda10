/* jianzai operator: who may record something. */
#include "cli/desk.h"

#include "ledger/operator.h"

static int run_add(int argc, char **argv);
static int run_list(int argc, char **argv);
static int run_end(int argc, char **argv);

static const struct command add_command = {
    "add", run_add,
    "NAME --role clerk|reviewer|auditor|admin [--office TEXT] [--region R] --by NAME",
    "add an operator or change one; the first adds itself as admin"
};
static const struct command list_command = { "list", run_list, "[--json]", "all operators" };
static const struct command end_command = { "end", run_end, "NAME --by NAME",
                                            "an operator who may record nothing more" };

struct operator_options {
    struct desk_options where;
    const char *role, *office, *region, *by;
    bool json;
};

static int finish(struct desk *desk, int result, const struct jz_error *err)
{
    if (result < 0)
        complain(NULL, err);
    desk_close(desk);
    return result < 0 ? EXIT_USAGE : 0;
}

static int run_add(int argc, char **argv)
{
    struct operator_options o = { 0 };
    const struct arg args[] = {
        { "role", ARG_TEXT, &o.role, "ROLE: clerk, reviewer, auditor or admin" },
        { "office", ARG_TEXT, &o.office, "TEXT: where the operator works" },
        { "region", ARG_TEXT, &o.region, "CODE: the area the operator serves" },
        { "by", ARG_TEXT, &o.by, "OPERATOR: the administrator who adds" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&add_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    enum jz_role role;
    if (!o.role || !jz_role_parse(o.role, &role)) {
        fprintf(stderr, "jianzai: add: --role is clerk, reviewer, auditor or admin\n");
        return EXIT_USAGE;
    }
    struct desk desk;
    struct jz_error err;
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    r = jz_operator_add(desk.store, argv[first], role, o.office, o.region, o.by, &err);
    if (r == 0)
        printf("%s is %s\n", argv[first], o.role);
    return finish(&desk, r, &err);
}

static int run_end(int argc, char **argv)
{
    struct operator_options o = { 0 };
    const struct arg args[] = {
        { "by", ARG_TEXT, &o.by, "OPERATOR: the administrator who ends" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&end_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    r = jz_operator_end(desk.store, argv[first], o.by, &err);
    if (r == 0)
        printf("%s has ended\n", argv[first]);
    return finish(&desk, r, &err);
}

static int print_operator(void *context, const struct jz_operator *p, struct jz_error *err)
{
    (void)err;
    if (*(const bool *)context)
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:b}", "name", p->name, "role",
                             jz_role_name(p->role), "office", p->office, "region", p->region,
                             "active", p->active));
    else
        printf("%-20s %-9s %-7s %-13s %s\n", p->name, jz_role_name(p->role),
               p->active ? "active" : "ended", *p->region ? p->region : "all", p->office);
    return 0;
}

static int run_list(int argc, char **argv)
{
    struct operator_options o = { 0 };
    const struct arg args[] = {
        { "json", ARG_FLAG, &o.json, "print a line of JSON for each" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&list_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (desk_open(&o.where, true, &desk) != 0)
        return EXIT_USAGE;
    r = jz_operator_each(desk.store, print_operator, &o.json, &err);
    return finish(&desk, r, &err);
}

const struct command *const operator_commands[] = { &add_command, &list_command, &end_command,
                                                    NULL };
