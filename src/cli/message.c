/* jianzai message: whether a message that somebody got came from here. */
#include "cli/desk.h"

#include "identity/phone.h"
#include "notify/message.h"

#include <string.h>

static int run_check(int argc, char **argv);

static const struct command check_command = {
    "check", run_check, "NUMBER|ADDRESS TEXT [--json]",
    "tell by its check text whether a message to that number or mail address is genuine"
};

/* The form in which numbers are sent to. */
static int take_address(const char *text, char *ret, size_t room, struct jz_error *err)
{
    char phone[JZ_PHONE_BYTES];
    const bool is_mail = strchr(text, '@') != NULL;
    const int r = is_mail ? 0 : jz_phone_parse(text, phone, err);
    if (r == 0)
        snprintf(ret, room, "%s", is_mail ? text : phone);
    return r;
}

static int check(struct desk *desk, const char *to, const char *text, bool json)
{
    enum jz_message_kind kind = JZ_MESSAGE_CODE;
    struct jz_date on = { 0 };
    struct jz_error err;
    char day[JZ_DATE_TEXT_BYTES];
    const int r = jz_message_is_genuine(desk->keyring, to, text, jz_store_today(desk->store), &kind,
                                        &on, &err);
    if (r == 0 && json)
        print_json(json_pack("{s:b,s:s,s:s}", "genuine", true, "kind", jz_message_kind_name(kind),
                             "on", jz_date_format(on, day)));
    else if (r == 0)
        printf("genuine: a message '%s' went there on %s\n", jz_message_kind_name(kind),
               jz_date_format(on, day));
    else if (r == JZ_E_NOT_FOUND && json)
        print_json(json_pack("{s:b}", "genuine", false));
    else
        complain(NULL, &err);
    return r == 0 ? EXIT_ACCEPTED : r == JZ_E_NOT_FOUND ? EXIT_REJECTED : EXIT_USAGE;
}

static int run_check(int argc, char **argv)
{
    struct desk_options where = { 0 };
    bool json = false;
    const struct arg args[] = { { "json", ARG_FLAG, &json, "print JSON" }, DESK_ARGS(&where) };
    int first;
    int r =
        parse_args(&check_command, args, sizeof args / sizeof args[0], argc, argv, 2, 2, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    char to[256];
    if (take_address(argv[first], to, sizeof to, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    r = check(&desk, to, argv[first + 1], json);
    desk_close(&desk);
    return r;
}

const struct command *const message_commands[] = { &check_command, NULL };
