/* What people hand in to be checked: bytes of a receipt, the text of its QR code, a proof. */
#include "receipt/proof.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail_unless(bool good)
{
    if (!good)
        abort();
}

/* Whatever is taken must come out the same when it is written again. */
static void bytes(const uint8_t *data, size_t size)
{
    struct jz_error err = { 0 };
    struct jz_receipt receipt;
    uint8_t again[JZ_RECEIPT_BYTES];
    int r = jz_receipt_decode(data, size, &receipt, &err);
    if (r < 0) {
        fail_unless(err.code == r && err.text[0]);
        return;
    }
    fail_unless(jz_receipt_encode(&receipt, again, &err) == 0 &&
                memcmp(again, data, sizeof again) == 0);
}

static void text(const char *word)
{
    struct jz_error err = { 0 };
    struct jz_signed_receipt receipt;
    char again[JZ_RECEIPT_TEXT_BYTES], code_again[JZ_RECEIPT_CODE_TEXT_BYTES];
    uint64_t code, same;
    int r = jz_receipt_text_parse(word, &receipt, &err);
    if (r < 0) {
        fail_unless(err.code == r && err.text[0]);
    } else {
        jz_receipt_text(&receipt, again);
        fail_unless(strcmp(again, word) == 0);
        bytes(receipt.bytes, JZ_RECEIPT_BYTES);
    }
    if (jz_receipt_code_parse(word, &code)) {
        jz_receipt_code_format(code, code_again);
        fail_unless(jz_receipt_code_parse(code_again, &same) && same == code);
    }
}

static void proof(const char *word, size_t size)
{
    static struct jz_proof read, same;
    struct jz_error err = { 0 };
    jz_autofree char *written = NULL;
    jz_autofree char *again = NULL;
    int r = jz_proof_parse(word, size, &read, &err);
    if (r < 0) {
        fail_unless(err.code == r && err.text[0]);
        return;
    }
    fail_unless(jz_proof_format(&read, &written, &err) == 0 &&
                jz_proof_parse(written, strlen(written), &same, &err) == 0 &&
                jz_proof_format(&same, &again, &err) == 0 && strcmp(written, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jz_autofree char *word = malloc(size + 1);
    if (!word)
        return 0;
    memcpy(word, data, size);
    word[size] = 0;
    bytes(data, size);
    text(word);
    proof(word, size);
    return 0;
}
