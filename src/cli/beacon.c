/* jianzai beacon: the day's ten characters, and whether somebody's are genuine. */
#include "cli/claim_text.h"
#include "cli/desk.h"
#include "cli/published.h"

#include "audit/beacon.h"

#include <string.h>

static int run(int argc, char **argv);

const struct command beacon_command = {
    "beacon", run, "[check TEXT [--key KEYFILE]] [--on DATE] [--json]",
    "ten characters that nobody knew before today, for a paper held into a photograph; or the day "
    "of such a paper"
};

struct beacon_options {
    struct desk_options where;
    const char *key;
    struct jz_date on;
    bool json;
};

static int print_day(const struct beacon_options *o)
{
    struct desk desk;
    struct jz_beacon beacon;
    struct jz_error err;
    char code[JZ_BEACON_SHORT_BYTES], text[JZ_BEACON_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES];
    if (o->key) {
        fputs("jianzai: beacon: --key belongs to check\n", stderr);
        return EXIT_USAGE;
    }
    if (desk_open(&o->where, true, &desk) != 0)
        return EXIT_USAGE;
    const int r = jz_beacon_of(desk.store, o->on, &beacon, &err);
    desk_close(&desk);
    if (r < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    jz_beacon_short(beacon.code, code);
    jz_beacon_format(&beacon, text);
    if (o->json)
        print_json(
            json_pack("{s:o,s:s,s:s}", "day", json_day(beacon.day), "short", code, "text", text));
    else
        printf("%s  %s\n%s\n", day_text(beacon.day, day), code, text);
    return 0;
}

/* Needs no register, but the text: ten characters have no room for a signature. */
static int check_offline(const struct jz_public_key *keys, size_t count, const char *text,
                         struct jz_beacon *ret_beacon, struct jz_error *err)
{
    struct jz_beacon b;
    int r;
    if (strncmp(text, JZ_BEACON_TEXT_MARK, strlen(JZ_BEACON_TEXT_MARK)) != 0)
        return jz_error_set(err, JZ_E_USAGE,
                            "with --key the whole text is needed, which begins with %s; the short "
                            "form is for the register to check",
                            JZ_BEACON_TEXT_MARK);
    if ((r = jz_beacon_parse(text, strlen(text), &b, err)) < 0 ||
        (r = jz_beacon_verify(keys, count, &b, err)) < 0)
        return r;
    if (jz_date_compare(b.day, jz_date_today()) > 0)
        return jz_error_set(err, JZ_E_INTEGRITY, "signed for a day that lies ahead");
    *ret_beacon = b;
    return 0;
}

static int check_day(const struct jz_beacon *b, struct jz_date on, struct jz_error *err)
{
    char is[JZ_DATE_TEXT_BYTES], wanted[JZ_DATE_TEXT_BYTES];
    return !jz_date_is_set(on) || jz_date_compare(b->day, on) == 0
               ? 0
               : jz_error_set(err, JZ_E_INTEGRITY, "the beacon of %s, not of %s",
                              jz_date_format(b->day, is), jz_date_format(on, wanted));
}

static int check(const struct beacon_options *o, const char *text)
{
    struct jz_public_key keys[PUBLISHED_KEYS_MAX];
    struct desk desk = { 0 };
    struct jz_beacon b;
    struct jz_error err;
    char code[JZ_BEACON_SHORT_BYTES], day[JZ_DATE_TEXT_BYTES];
    size_t count = 0;
    if (o->key && read_published_keys(o->key, keys, &count, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (!o->key && desk_open(&o->where, true, &desk) != 0)
        return EXIT_USAGE;
    int r = o->key ? check_offline(keys, count, text, &b, &err)
                   : jz_beacon_check(desk.store, text, &b, &err);
    desk_close(&desk);
    if (r == 0)
        r = check_day(&b, o->on, &err);
    /* What is wrong with the paper, or with how it was read, is an answer and no failure. */
    if (r < 0 && r != JZ_E_INTEGRITY && r != JZ_E_FORMAT && r != JZ_E_NOT_FOUND &&
        r != JZ_E_LIMIT) {
        complain("beacon", &err);
        return EXIT_USAGE;
    }
    if (r < 0 && o->json)
        print_json(json_pack("{s:b,s:s}", "genuine", 0, "why", err.text));
    else if (r < 0)
        printf("NOT accepted: %s\n", err.text);
    else if (o->json)
        print_json(json_pack("{s:b,s:o,s:s}", "genuine", 1, "day", json_day(b.day), "short",
                             jz_beacon_short(b.code, code)));
    else
        printf("genuine: the beacon of %s, %d days ago; nobody could copy it before\n",
               day_text(b.day, day),
               (int)(jz_date_to_days(jz_date_today()) - jz_date_to_days(b.day)));
    return r < 0 ? EXIT_REJECTED : EXIT_ACCEPTED;
}

static int run(int argc, char **argv)
{
    struct beacon_options o = { 0 };
    const struct arg args[] = {
        { "on", ARG_DATE, &o.on, "DATE: of this day, default today; of check: it must be of it" },
        { "key", ARG_TEXT, &o.key, "KEYFILE|KEY: check the text with public keys alone" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    const int r =
        parse_args(&beacon_command, args, sizeof args / sizeof args[0], argc, argv, 0, 2, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (argc == first)
        return print_day(&o);
    if (argc - first == 2 && strcmp(argv[first], "check") == 0)
        return check(&o, argv[first + 1]);
    fputs("jianzai: beacon: nothing, or 'check' and the characters on the paper\n", stderr);
    return EXIT_USAGE;
}
