/* Pictures: any bytes through jz_image_decode, with one decoder for all of them as in a server. */
#include "face/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LONG_SIDE = 64 };
    static struct jz_decoder *decoder;
    static struct jz_image image;
    struct jz_error err = { 0 };
    if (!decoder && jz_decoder_new(&decoder, &err) < 0)
        abort();
    const struct jz_image before = image;
    const int r = jz_image_decode(decoder, data, size, LONG_SIDE, &image, &err);
    if (r < 0) {
        /* The promise of image.h: untouched on failure, and a sentence about it. */
        if (image.pixels != before.pixels || image.width != before.width ||
            image.height != before.height || err.code != r || !err.text[0])
            abort();
        return 0;
    }
    if (r > 0 || image.width < 1 || image.height < 1 ||
        3 * (size_t)image.width * (size_t)image.height > image.room)
        abort();
    return 0;
}
