/* Any bytes as a case: what comes back is one line of JSON, be it an answer or a complaint. */
#include "policy/case.h"

#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jz_judge *judge;
    struct jz_error err = { 0 };
    const char *text = NULL;
    size_t text_size = 0;
    if (!judge && jz_judge_new(&judge, &err) < 0)
        abort();
    const int r = jz_judge_line(judge, (const char *)data, size, &text, &text_size, &err);
    if (r < 0) {
        if (text || err.code != r)
            abort();
        text = jz_judge_complaint(judge, &err, 1, &text_size);
    }
    if (!text || memchr(text, '\n', text_size))
        abort();
    json_t *answer = json_loadb(text, text_size, 0, NULL);
    if (!answer || (json_object_get(answer, "error") != NULL) != (r < 0))
        abort();
    json_decref(answer);
    return 0;
}
