/* jianzai person forget: a person's templates and files made unreadable, and the proof that they
 * were. */
#include "cli/desk.h"
#include "cli/published.h"

#include "base/file.h"
#include "identity/reference.h"
#include "ledger/forget.h"

#include <string.h>

static int run(int argc, char **argv);

const struct command person_forget_command = {
    "forget", run, "PERSON --reason TEXT --by OPERATOR [--out FILE] | --check FILE --key KEYFILE",
    "shred the key that alone opens a person's face templates and files, and print the signed "
    "statement"
};

struct forget_options {
    struct desk_options where;
    const char *reason, *operator, * out, *check, *key;
};

/* Needs no register. */
static int check(const struct forget_options *o)
{
    jz_autofree uint8_t *text = NULL;
    size_t size = 0, count = 0;
    struct jz_public_key keys[PUBLISHED_KEYS_MAX];
    struct jz_shred s;
    struct jz_error err;
    if (!o->key) {
        fputs("jianzai: person forget: --check needs --key\n", stderr);
        return EXIT_USAGE;
    }
    if (read_published_keys(o->key, keys, &count, &err) < 0 ||
        jz_file_read(o->check, JZ_SHRED_TEXT_BYTES, &text, &size, &err) < 0 ||
        jz_shred_parse(text, size, &s, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    size_t i = 0;
    while (i + 1 < count && memcmp(keys[i].id, s.key, sizeof s.key) != 0)
        i++;
    if (jz_shred_verify(&keys[i], &s, &err) < 0) {
        complain(o->check, &err);
        return EXIT_REJECTED;
    }
    char person[JZ_REFERENCE_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES];
    printf("genuine: on %s the key to the templates of %lld enrolments and to %lld files of %s was "
           "shredded\n",
           jz_date_format(jz_date_at(s.recorded_at), day), (long long)s.enrolments,
           (long long)s.files, jz_reference_format(s.person, person));
    return EXIT_ACCEPTED;
}

static int give(const struct jz_shred *statement, const char *out, struct jz_error *err)
{
    char text[JZ_SHRED_TEXT_BYTES];
    jz_shred_format(statement, text);
    if (out)
        return jz_file_write(out, text, strlen(text), err);
    fputs(text, stdout);
    return 0;
}

/* Nothing is left to forget: then the statement of that time is given once more. */
static int forget(struct desk *desk, int64_t person, const struct forget_options *o,
                  struct jz_error *err)
{
    struct jz_forget_result result = { 0 };
    int r = jz_forget(desk->store, person, o->reason, o->operator, & result, err);
    if (r == JZ_E_NOT_FOUND) {
        struct jz_error before;
        if (jz_forget_recorded(desk->store, person, &result.statement, &before) < 0)
            return r;
        fputs("jianzai: nothing is left to shred; this is the statement of then\n", stderr);
        result.scrubbed = jz_store_scrub(desk->store, JZ_T_SUBJECT_KEY, &result.why_not) == 0;
        r = 0;
    }
    if (r < 0 || (r = give(&result.statement, o->out, err)) < 0)
        return r;
    if (o->out) {
        char reference[JZ_REFERENCE_TEXT_BYTES];
        printf("%s: no face template and no file of this person opens any more; the statement is "
               "in %s\n",
               jz_reference_format(person, reference), o->out);
    }
    if (!result.scrubbed)
        fprintf(stderr, "jianzai: %s\n", result.why_not.text);
    return 0;
}

static int run(int argc, char **argv)
{
    struct forget_options o = { 0 };
    const struct arg args[] = {
        { "reason", ARG_TEXT, &o.reason, "TEXT: why, one line; no name and no number" },
        {
            "by",
            ARG_TEXT,
            &o.operator,
            "OPERATOR: who answers for it" },
            { "out", ARG_TEXT, &o.out, "FILE: the statement, default standard output" },
            { "check", ARG_TEXT, &o.check, "FILE: check such a statement instead" },
            { "key", ARG_TEXT, &o.key, "KEYFILE|KEY: the public keys to check it with" },
            DESK_ARGS(&o.where),
        };
    int first;
    int r = parse_args(&person_forget_command, args, sizeof args / sizeof args[0], argc, argv, 0, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (o.check)
        return check(&o);
    if (first == argc || !o.reason || !o.operator) {
        fputs("jianzai: person forget: PERSON, --reason and --by are needed\n", stderr);
        return EXIT_USAGE;
    }
    struct jz_error err;
    struct desk desk;
    int64_t person = 0;
    if ((r = desk_open(&o.where, false, &desk)) != 0)
        return r;
    if ((r = desk_person(&desk, argv[first], &person)) == 0 &&
        (r = desk_operator(&desk, o.operator)) == 0 && (r = forget(&desk, person, &o, &err)) < 0) {
        complain(NULL, &err);
        r = EXIT_USAGE;
    }
    desk_close(&desk);
    return r;
}
