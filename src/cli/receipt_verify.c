#include "cli/args.h"
#include "cli/published.h"

#include "base/file.h"
#include "base/hex.h"
#include "receipt/proof.h"
#include "receipt/words.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static int run(int argc, char **argv);

const struct command receipt_verify_command = {
    "verify", run, "[--json] --key KEYFILE|KEY FILE|QR-TEXT|-",
    "whether a receipt or a proof is genuine; needs no network and no register"
};

enum { MAX_FILE_BYTES = 1 << 20 };

/* What was found out about one receipt. */
struct finding {
    struct jz_receipt receipt;
    struct jz_proof proof;
    bool proven; /* a proof, not only a receipt */
};

/* The text that is to be judged: typed, in a file, or on standard input. */
static int read_subject(const char *where, char **ret_text, size_t *ret_size, struct jz_error *err)
{
    if (strncmp(where, JZ_RECEIPT_TEXT_MARK, strlen(JZ_RECEIPT_TEXT_MARK)) == 0) {
        char *text = strdup(where);
        if (!text)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        *ret_text = text;
        *ret_size = strlen(text);
        return 0;
    }
    uint8_t *data;
    int r = jz_file_read(strcmp(where, "-") == 0 ? "/dev/stdin" : where, MAX_FILE_BYTES, &data,
                         ret_size, err);
    if (r == 0)
        *ret_text = (char *)data;
    return r;
}

/* Takes the space around it off and says which of the two it is. */
static int judge(char *text, size_t size, const struct jz_public_key *keys, size_t count,
                 struct finding *ret_finding, struct jz_error *err)
{
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        text[--size] = 0;
    for (; size > 0 && isspace((unsigned char)*text); size--)
        text++;
    struct finding f = { .proven = *text == '{' };
    int r;
    if (f.proven) {
        r = jz_proof_verify(text, size, keys, count, &f.proof, &f.receipt, err);
    } else if (strncmp(text, JZ_RECEIPT_TEXT_MARK, strlen(JZ_RECEIPT_TEXT_MARK)) == 0) {
        struct jz_signed_receipt receipt;
        r = jz_receipt_text_parse(text, &receipt, err);
        if (r == 0)
            r = jz_receipt_verify(keys, count, &receipt, &f.receipt, err);
    } else {
        return jz_error_set(err, JZ_E_USAGE,
                            "neither the text of a receipt's QR code (%s…) nor a proof file; "
                            "pictures and PDF are not read: scan the QR code and give its text",
                            JZ_RECEIPT_TEXT_MARK);
    }
    if (r == 0)
        *ret_finding = f;
    return r;
}

static void print_plain(const struct finding *f)
{
    const struct jz_receipt *r = &f->receipt;
    const struct jz_word *kind = jz_receipt_kind(r->kind);
    char installation[17], observed[JZ_DATE_TEXT_BYTES], due[JZ_DATE_TEXT_BYTES],
        recorded[JZ_DATE_TEXT_BYTES], day[JZ_DATE_TEXT_BYTES], code[JZ_RECEIPT_CODE_TEXT_BYTES];
    jz_hex_write(r->installation, sizeof r->installation, installation);
    jz_receipt_code_format(r->code, code);
    printf("genuine: signed by installation %s\n"
           "  certified until  %s\n"
           "  sign of life     %s, %s (%s)\n"
           "  recorded         %s\n",
           installation, jz_date_format(r->due_on, due), jz_date_format(r->observed_on, observed),
           kind->en, kind->name, jz_date_format(jz_date_at(r->recorded_at), recorded));
    for (unsigned bit = 0; bit < JZ_SCHEMES; bit++)
        if (r->schemes & 1U << bit)
            printf("  benefit          %s (%s)\n", jz_receipt_scheme(bit)->en,
                   jz_receipt_scheme(bit)->name);
    printf("  region           %06" PRIu32 "\n"
           "  receipt          number %" PRIu64 ", code %s\n"
           "  person           %" PRIu64 "\n"
           "  policy           %" PRIu64 "\n",
           r->region, r->number, code, r->person, r->policy);
    if (f->proven)
        printf("  audit log        entry %" PRIu64 " of %" PRIu64
               ", under the root signed for %s\n",
               r->leaf, f->proof.root.size, jz_date_format(f->proof.root.day, day));
    else
        printf("  audit log        entry %" PRIu64
               " (whether it stands there a proof file tells)\n",
               r->leaf);
}

static json_t *json_finding(const struct finding *f)
{
    const struct jz_receipt *r = &f->receipt;
    char installation[17], region[8], observed[JZ_DATE_TEXT_BYTES], due[JZ_DATE_TEXT_BYTES],
        day[JZ_DATE_TEXT_BYTES], code[JZ_RECEIPT_CODE_TEXT_BYTES];
    jz_hex_write(r->installation, sizeof r->installation, installation);
    jz_receipt_code_format(r->code, code);
    snprintf(region, sizeof region, "%06" PRIu32, r->region);
    json_t *schemes = json_array();
    for (unsigned bit = 0; bit < JZ_SCHEMES; bit++)
        if (r->schemes & 1U << bit)
            json_array_append_new(schemes, json_string(jz_receipt_scheme(bit)->name));
    json_t *root = f->proven ? json_pack("{s:I, s:s}", "size", (json_int_t)f->proof.root.size,
                                         "day", jz_date_format(f->proof.root.day, day))
                             : json_null();
    return json_pack("{s:b, s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:I, s:s, s:I, s:I, s:I, s:o}",
                     "genuine", 1, "installation", installation, "certified_until",
                     jz_date_format(r->due_on, due), "observed_on",
                     jz_date_format(r->observed_on, observed), "kind",
                     jz_receipt_kind(r->kind)->name, "recorded_at", (json_int_t)r->recorded_at,
                     "schemes", schemes, "region", region, "number", (json_int_t)r->number, "code",
                     code, "person", (json_int_t)r->person, "policy", (json_int_t)r->policy, "leaf",
                     (json_int_t)r->leaf, "root", root);
}

static int verify(const char *key, bool json, const char *where)
{
    struct jz_public_key keys[PUBLISHED_KEYS_MAX];
    struct jz_error err;
    struct finding finding;
    jz_autofree char *text = NULL;
    size_t count = 0, size = 0;
    if (read_published_keys(key, keys, &count, &err) < 0 ||
        read_subject(where, &text, &size, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    const int r = judge(text, size, keys, count, &finding, &err);
    /* A receipt of another format, or no receipt at all, is not called a forgery. */
    if (r < 0 && r != JZ_E_INTEGRITY && r != JZ_E_FORMAT && r != JZ_E_LIMIT) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    if (json)
        print_json(r < 0 ? json_pack("{s:b, s:s}", "genuine", 0, "why", err.text)
                         : json_finding(&finding));
    else if (r < 0)
        printf("NOT genuine: %s\n", err.text);
    else
        print_plain(&finding);
    return r < 0 ? EXIT_REJECTED : EXIT_ACCEPTED;
}

static int run(int argc, char **argv)
{
    const char *key = NULL;
    bool json = false;
    const struct arg args[] = {
        { "key", ARG_TEXT, &key, "KEYFILE or KEY: the public key the installation publishes" },
        { "json", ARG_FLAG, &json, "print JSON" },
    };
    int first;
    const int r = parse_args(&receipt_verify_command, args, sizeof args / sizeof args[0], argc,
                             argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!key) {
        fprintf(stderr, "jianzai: verify: --key is needed: the public key the installation "
                        "publishes\n");
        return EXIT_USAGE;
    }
    return verify(key, json, argv[first]);
}
