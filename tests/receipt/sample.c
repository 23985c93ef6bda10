#include "sample.h"

#include "receipt/words.h"

struct jz_receipt sample_receipt(void)
{
    return (struct jz_receipt){
        .installation = { 0x1f, 0x2e, 0x3d, 0x4c, 0x5b, 0x6a, 0x79, 0x88 },
        .number = 70214,
        .code = 0x2a9b3c4d5e6f1,
        .person = 4711,
        .observed_on = { 2026, 11, 25 },
        .recorded_at = 1795593600,
        .due_on = { 2027, 11, 25 },
        .kind = jz_receipt_kind_number(JZ_EV_FACE_REMOTE),
        .schemes = 1 << JZ_SCHEME_EMPLOYEE,
        .region = 370102,
        .policy = 3,
        .leaf = 5,
    };
}

struct jz_signed_receipt sample_unsigned(const struct jz_receipt *receipt)
{
    struct jz_signed_receipt r;
    struct jz_error err;
    if (jz_receipt_encode(receipt, r.bytes, &err) < 0)
        abort();
    for (int i = 0; i < JZ_SIGNATURE_BYTES; i++)
        r.bytes[JZ_RECEIPT_BYTES + i] = (uint8_t)(i * 37 + 11);
    return r;
}
