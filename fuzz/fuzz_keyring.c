/* A keyring file, in the clear or the envelope of a sealed one. */
#include "crypto/keyring_internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct jz_keyring_content *a, const struct jz_keyring_content *b)
{
    bool same = a->suite == b->suite;
    for (int p = 0; p < JZ_PURPOSES && same; p++)
        same = a->keys[p].count == b->keys[p].count &&
               memcmp(a->keys[p].versions, b->keys[p].versions,
                      a->keys[p].count * sizeof *a->keys[p].versions) == 0;
    return same;
}

/* What was read is written and read again as the same. */
static void there_and_back(const struct jz_keyring_content *content)
{
    struct jz_error err;
    jz_autofree char *text = NULL;
    JZ_CLEANUP(jz_keyring_content_freep) struct jz_keyring_content *back = NULL;
    JZ_CLEANUP(jz_keyring_freep) struct jz_keyring *keyring = NULL;
    if (jz_keyring_content_format(content, &text, &err) < 0 ||
        jz_keyring_content_parse("again", text, strlen(text), &back, &err) < 0 ||
        !same(back, content))
        abort();
    if (jz_keyring_new("keyring", content, &keyring, &err) < 0)
        return;
    for (int p = 0; p < JZ_PURPOSES; p++)
        if (jz_keyring_versions(keyring, (enum jz_purpose)p) != content->keys[p].count)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jz_error err = { 0 };
    struct jz_envelope envelope = { 0 };
    JZ_CLEANUP(jz_keyring_content_freep) struct jz_keyring_content *content = NULL;
    jz_autofree char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    int r = jz_envelope_parse("file", text, size, &envelope, &err);
    if (r < 0 ? err.code != r || envelope.data : envelope.size > size)
        abort();
    free(envelope.data);
    r = jz_keyring_content_parse("file", text, size, &content, &err);
    if (r < 0 && (err.code != r || content))
        abort();
    if (r == 0)
        there_and_back(content);
    return 0;
}
