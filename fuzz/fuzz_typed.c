/* Names and mobile numbers as people type them: what was taken reads the same again. */
#include "identity/name.h"
#include "identity/phone.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char phone[JZ_PHONE_BYTES], again[JZ_PHONE_BYTES], mask[JZ_NAME_KEY_BYTES];
    char key[JZ_NAME_KEY_BYTES], key_again[JZ_NAME_KEY_BYTES];
    struct jz_error err = { 0 };
    jz_autofree char *text = strndup((const char *)data, size);
    if (!text)
        abort();
    if (jz_phone_parse(text, phone, &err) == 0) {
        require(jz_phone_parse(phone, again, &err) == 0 && strcmp(phone, again) == 0);
        require(strlen(jz_phone_mask(phone, mask)) < JZ_PHONE_BYTES && strstr(mask, "****"));
    }
    if (jz_name_key(text, key, &err) == 0) {
        require(jz_name_key(key, key_again, &err) == 0);
        require(memcmp(key, key_again, sizeof key) == 0);
        require(strchr(jz_name_mask(text, mask), '*'));
    }
    return 0;
}
