/* Stored templates: what is read is one that would be stored again as the same bytes. */
#include "face/template.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jz_template_list list;
    static uint8_t again[JZ_TEMPLATES_MAX_BYTES];
    struct jz_error err = { 0 };
    const int r = jz_templates_decode(data, size, &list, &err);
    if (r < 0) {
        if (r != JZ_E_FORMAT || err.code != r)
            abort();
        return 0;
    }
    size_t again_size = 0;
    double score = 0;
    if (jz_templates_encode(&list, again, &again_size, &err) < 0 || again_size != size ||
        memcmp(again, data, size) != 0)
        abort();
    if (jz_templates_compare(&list, &list.templates[0], &score, &err) < 0 ||
        !(score > -1.001 && score < 1.001))
        abort();
    return 0;
}
