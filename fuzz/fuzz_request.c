/* The fields of a request: what is taken is written in one way, and taken again as the same. */
#include "ledger/request_internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct jz_date today = { 2026, 11, 25 };

static void check_again(enum jz_request_kind kind, const struct request_values *once)
{
    struct request_values twice;
    struct jz_error err = { 0 };
    const char *field;
    json_t *all = json_deep_copy(once->plain);
    if (!all || json_object_update(all, once->sealed) < 0)
        abort();
    if (request_values_take(kind, all, today, &twice, &field, &err) < 0 ||
        !json_equal(twice.plain, once->plain) || !json_equal(twice.sealed, once->sealed) ||
        strcmp(twice.alike, once->alike) != 0 || twice.subject != once->subject)
        abort();
    request_values_done(&twice);
    json_decref(all);
}

/* A byte for the kind, then JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request_values values;
    struct jz_error err = { 0 };
    const char *field = NULL;
    if (size == 0)
        return 0;
    const enum jz_request_kind kind = (enum jz_request_kind)(data[0] % JZ_REQUEST_KINDS);
    json_t *fields = json_loadb((const char *)data + 1, size - 1, 0, NULL);
    const int r = request_values_take(kind, fields, today, &values, &field, &err);
    if (r < 0 && (err.code != r || !*err.text))
        abort();
    if (r == 0) {
        check_again(kind, &values);
        request_values_done(&values);
    }
    json_decref(fields);
    return 0;
}
