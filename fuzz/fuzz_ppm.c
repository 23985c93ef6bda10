/* The stream of frames from ffmpeg: the first byte says how much comes at one read, at most. */
#include "face/image_internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
    const uint8_t *at;
    size_t left, most;
};

static ssize_t read_memory(void *source, uint8_t *buffer, size_t size, struct jz_error *err)
{
    (void)err;
    struct memory *m = source;
    size_t n = m->left < size ? m->left : size;
    n = n < m->most ? n : m->most;
    memcpy(buffer, m->at, n);
    m->at += n;
    m->left -= n;
    return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jz_image image;
    if (size == 0)
        return 0;
    struct memory memory = { .at = data + 1, .left = size - 1, .most = (size_t)data[0] + 1 };
    struct jz_ppm ppm = { .read = read_memory, .source = &memory };
    struct jz_error err = { 0 };
    int r;
    while ((r = jz_ppm_next(&ppm, &image, &err)) == 1)
        if (image.width < 1 || image.height < 1 ||
            3 * (size_t)image.width * (size_t)image.height > image.room)
            abort();
    if (r < 0 ? err.code != r : memory.left > 0)
        abort();
    return 0;
}
