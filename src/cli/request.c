/* jianzai request: what people ask for, written down, looked at and answered. */
#include "cli/desk.h"
#include "cli/request_desk.h"
#include "cli/request_text.h"

#include "base/file.h"

#include <string.h>

static int run_list(int argc, char **argv);
static int run_show(int argc, char **argv);
static int run_add(int argc, char **argv);
static int run_assign(int argc, char **argv);
static int run_answer(int argc, char **argv);
static int run_withdraw(int argc, char **argv);
static int run_attach(int argc, char **argv);
static int run_file(int argc, char **argv);

static const struct command add_command = {
    "add", run_add, "PERSON --kind KIND [--field NAME=VALUE]… --by OPERATOR [--json]",
    "write down what somebody asks for at the counter or by phone"
};
static const struct command list_command = {
    "list", run_list, "[--kind K] [--state S] [--person P] [--limit N] [--after REQUEST] [--json]",
    "requests in the order in which they were made"
};
static const struct command show_command = {
    "show", run_show, "REQUEST [--json]",
    "one request with its files, the documents that may be asked for, and hints"
};
static const struct command assign_command = {
    "assign", run_assign, "REQUEST --to OPERATOR [--on DATE] --by OPERATOR [--json]",
    "give it to a clerk, with the day of a visit or a call"
};
static const struct command answer_command = {
    "answer", run_answer,
    "REQUEST --accept | --refuse | --not-met [--reason TEXT] --by OPERATOR [--on DATE] "
    "[--document NAME]… [--closes CASE] [--json]",
    "do what was asked for, or say why not"
};
static const struct command withdraw_command = { "withdraw", run_withdraw,
                                                 "REQUEST [--reason TEXT] --by OPERATOR [--json]",
                                                 "the person no longer wants it" };
static const struct command attach_command = {
    "attach", run_attach, "REQUEST DOCUMENT FILE --by OPERATOR [--json]",
    "a picture or PDF of a document, sealed under the person's own key"
};
static const struct command file_command = { "file", run_file, "FILE-NUMBER --out FILE",
                                             "write such a file out to look at it" };

static int fail(const struct jz_error *err)
{
    complain(NULL, err);
    return EXIT_USAGE;
}

static int run_list(int argc, char **argv)
{
    return run_request_list(&list_command, KINDS_ALL, argc, argv);
}

static int run_show(int argc, char **argv)
{
    return run_request_show(&show_command, KINDS_ALL, argc, argv);
}

static int run_assign(int argc, char **argv)
{
    return run_request_assign(&assign_command, KINDS_ALL, argc, argv);
}

static int run_answer(int argc, char **argv)
{
    return run_request_answer(&answer_command, KINDS_ALL, false, argc, argv);
}

/* ---- add ---- */

/* A value as the field wants it: days with commas between, numbers, else a text. */
static json_t *json_value(const struct jz_request_field *field, const char *text)
{
    if (field && field->type == JZ_FIELD_FACT)
        return json_integer(strtoll(text, NULL, 10));
    if (!field || field->type != JZ_FIELD_DAYS)
        return json_string(text);
    json_t *days = json_array();
    while (*text) {
        const size_t size = strcspn(text, ",");
        json_array_append_new(days, json_stringn(text, size));
        text += size + (text[size] == ',');
    }
    return days;
}

static json_t *json_fields(enum jz_request_kind kind, const struct arg_list *words,
                           struct jz_error *err)
{
    json_t *fields = json_object();
    for (size_t i = 0; i < words->count; i++) {
        char name[32];
        const char *word = words->texts[i], *equals = strchr(word, '=');
        const size_t size = equals ? (size_t)(equals - word) : sizeof name;
        if (size >= sizeof name) {
            jz_error_set(err, JZ_E_USAGE, "--field is NAME=VALUE, not %.40s", word);
            json_decref(fields);
            return NULL;
        }
        *(char *)mempcpy(name, word, size) = 0;
        json_t *value = json_value(jz_request_field(kind, name), equals + 1);
        if (!value || json_object_set_new(fields, name, value) < 0) {
            jz_error_set(err, JZ_E_USAGE, "--field %s is no UTF-8", name);
            json_decref(fields);
            return NULL;
        }
    }
    return fields;
}

static int add(struct desk *desk, struct jz_request_new *new, const struct arg_list *words,
               bool json, struct jz_error *err)
{
    int64_t id = 0;
    new->fields = json_fields(new->kind, words, err);
    const int r = new->fields ? jz_request_make(desk->store, new, &id, err) : JZ_E_USAGE;
    json_decref(new->fields);
    if (r < 0)
        return r;
    if (json)
        print_json(json_pack("{s:I}", "request", (json_int_t)id));
    else
        printf("request %lld: %s\n", (long long)id, jz_request_state_words[JZ_REQUEST_OPEN].en);
    return 0;
}

static int run_add(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct arg_list fields = { .count = 0 };
    struct jz_request_new new = { .by = NULL };
    const char *kind = NULL;
    bool json = false;
    const struct arg args[] = {
        { "kind", ARG_TEXT, &kind,
          "KIND: correction, objection, visit, video_call, proxy, materials, residence, "
          "delete_biometrics" },
        { "field", ARG_LIST, &fields, "NAME=VALUE: docs/requests.md has the names; days with ," },
        { "by", ARG_TEXT, &new.by, "OPERATOR: who wrote it down" },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    int r = parse_args(&add_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    const int found = kind ? JZ_WORD_FIND(jz_request_words, kind) : -1;
    if (found < 0) {
        fprintf(stderr, "jianzai: add: --kind names no kind of request: %s\n",
                kind ? kind : "(missing)");
        return EXIT_USAGE;
    }
    new.kind = (enum jz_request_kind)found;
    struct desk desk;
    struct jz_error err;
    if (desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, new.by)) == 0 &&
        (r = desk_person(&desk, argv[first], &new.person)) == 0 &&
        add(&desk, &new, &fields, json, &err) < 0)
        r = fail(&err);
    desk_close(&desk);
    return r;
}

/* ---- withdraw ---- */

static int run_withdraw(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_request_step step = { .to = JZ_REQUEST_WITHDRAWN };
    bool json = false;
    const struct arg args[] = {
        { "reason", ARG_TEXT, &step.reason, "TEXT: why, as they say; no name" },
        { "by", ARG_TEXT, &step.by, "OPERATOR: who was told" },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    int r =
        parse_args(&withdraw_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (!take_id("request", argv[first], &step.request) || desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    if ((r = desk_operator(&desk, step.by)) == 0 &&
        (jz_request_step(desk.store, &step, &err) < 0 ||
         print_state(desk.store, step.request, json, &err) < 0))
        r = fail(&err);
    desk_close(&desk);
    return r;
}

/* ---- attach, file ---- */

static int attach(struct desk *desk, struct jz_request_file_new *new, const char *path, bool json,
                  struct jz_error *err)
{
    jz_autofree uint8_t *data = NULL;
    struct jz_request_file file;
    int r;
    if ((r = jz_file_read(path, JZ_REQUEST_FILE_BYTES, &data, &new->size, err)) < 0)
        return r;
    new->data = data;
    if ((r = jz_request_file_add(desk->store, new, &file, err)) < 0)
        return r;
    if (json)
        print_json(json_file(&file));
    else
        printf("file %lld: %s, %s, %zu bytes\n", (long long)file.id, file.document, file.media,
               file.size);
    return 0;
}

static int run_attach(int argc, char **argv)
{
    struct desk_options where = { 0 };
    struct jz_request_file_new new = { .by = NULL };
    bool json = false;
    const struct arg args[] = {
        { "by", ARG_TEXT, &new.by, "OPERATOR: who adds it" },
        { "json", ARG_FLAG, &json, "print JSON" },
        DESK_ARGS(&where),
    };
    int first;
    int r =
        parse_args(&attach_command, args, sizeof args / sizeof args[0], argc, argv, 3, 3, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    if (!take_id("request", argv[first], &new.request) || desk_open(&where, false, &desk) != 0)
        return EXIT_USAGE;
    new.document = argv[first + 1];
    if ((r = desk_operator(&desk, new.by)) == 0 &&
        attach(&desk, &new, argv[first + 2], json, &err) < 0)
        r = fail(&err);
    desk_close(&desk);
    return r;
}

/* Readable by nobody but the clerk: it is a person's document. */
static int write_out(struct desk *desk, int64_t id, const char *out, struct jz_error *err)
{
    struct jz_request_file file;
    jz_autofree uint8_t *data = NULL;
    int r = jz_request_file_open(desk->store, id, &file, &data, err);
    if (r < 0)
        return r;
    r = jz_file_create_private(out, data, file.size, err);
    jz_wipe(data, file.size);
    if (r == 0)
        printf("%s: %s, %s, %zu bytes\n", out, file.document, file.media, file.size);
    return r;
}

static int run_file(int argc, char **argv)
{
    struct desk_options where = { 0 };
    const char *out = NULL;
    const struct arg args[] = { { "out", ARG_TEXT, &out, "FILE: that is not there yet" },
                                DESK_ARGS(&where) };
    int first;
    int r = parse_args(&file_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    struct jz_error err;
    int64_t id;
    if (!out) {
        fputs("jianzai: file: --out is missing: where to write it\n", stderr);
        return EXIT_USAGE;
    }
    if (!take_id("file", argv[first], &id) || desk_open(&where, true, &desk) != 0)
        return EXIT_USAGE;
    r = write_out(&desk, id, out, &err) < 0 ? fail(&err) : 0;
    desk_close(&desk);
    return r;
}

const struct command *const request_commands[] = {
    &add_command,    &list_command,   &show_command,
    &assign_command, &answer_command, &withdraw_command,
    &attach_command, &file_command,   NULL
};
