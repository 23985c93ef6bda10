#include "face/image_internal.h"

#include "base/file.h"

#include <string.h>

/* A decoder does not hold on to more than this for the sake of the next picture. */
#define SCRATCH_KEEP_BYTES (16u << 20)

int jz_decoder_new(struct jz_decoder **ret_decoder, struct jz_error *err)
{
    struct jz_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a picture decoder");
    *ret_decoder = decoder;
    return 0;
}

void jz_decoder_free(struct jz_decoder *decoder)
{
    if (!decoder)
        return;
    jz_jpeg_reset(decoder);
    jz_image_done(&decoder->scratch);
    free(decoder);
}

int jz_image_check_size(int64_t width, int64_t height, struct jz_error *err)
{
    if (width < 1 || height < 1)
        return jz_error_set(err, JZ_E_FORMAT, "a picture of %lld × %lld pixels has nothing in it",
                            (long long)width, (long long)height);
    if (width > JZ_IMAGE_MAX_PIXELS / height)
        return jz_error_set(err, JZ_E_LIMIT,
                            "%lld × %lld pixels are more than the limit of %u million; "
                            "scale the picture down",
                            (long long)width, (long long)height, JZ_IMAGE_MAX_PIXELS / 1000000);
    return 0;
}

int jz_image_reserve(struct jz_image *image, int width, int height, int pixel_bytes,
                     struct jz_error *err)
{
    int r = jz_image_check_size(width, height, err);
    if (r < 0)
        return r;
    const size_t size = (size_t)width * (size_t)height * (size_t)pixel_bytes;
    if (size > image->room) {
        uint8_t *pixels = realloc(image->pixels, size);
        if (!pixels)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory for %d × %d pixels", width,
                                height);
        image->pixels = pixels;
        image->room = size;
    }
    image->width = width;
    image->height = height;
    return 0;
}

int jz_image_resize(struct jz_image *image, int width, int height, struct jz_error *err)
{
    return jz_image_reserve(image, width, height, 3, err);
}

int jz_image_copy(struct jz_image *to, const struct jz_image *from, struct jz_error *err)
{
    int r = jz_image_resize(to, from->width, from->height, err);
    if (r == 0)
        memcpy(to->pixels, from->pixels, 3 * (size_t)from->width * (size_t)from->height);
    return r;
}

void jz_image_done(struct jz_image *image)
{
    free(image->pixels);
    *image = (struct jz_image){ 0 };
}

enum jz_picture_kind jz_picture_sniff(const uint8_t *data, size_t size)
{
    static const uint8_t png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    if (size >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff)
        return JZ_PICTURE_JPEG;
    if (size >= sizeof png && memcmp(data, png, sizeof png) == 0)
        return JZ_PICTURE_PNG;
    return JZ_PICTURE_UNKNOWN;
}

/* Kinds that people do send, so that they are told what they sent. */
static int refuse_unknown(const uint8_t *data, size_t size, struct jz_error *err)
{
    static const struct {
        size_t offset;
        const char *magic, *name;
    } kinds[] = {
        { 4, "ftyphei", "HEIC picture" },  { 4, "ftypmif1", "HEIC picture" },
        { 4, "ftypavif", "AVIF picture" }, { 8, "WEBP", "WebP picture" },
        { 0, "GIF8", "GIF picture" },      { 0, "BM", "BMP picture" },
        { 0, "II*", "TIFF picture" },      { 0, "MM", "TIFF picture" },
        { 0, "%PDF", "PDF document" },     { 4, "ftyp", "video" },
    };
    if (size == 0)
        return jz_error_set(err, JZ_E_FORMAT, "it is empty; send a JPEG or PNG picture");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t length = strlen(kinds[i].magic);
        if (size >= kinds[i].offset + length &&
            memcmp(data + kinds[i].offset, kinds[i].magic, length) == 0)
            return jz_error_set(err, JZ_E_FORMAT, "it is a %s; save it as JPEG or PNG",
                                kinds[i].name);
    }
    return jz_error_set(err, JZ_E_FORMAT, "it is neither a JPEG nor a PNG picture");
}

/* EXIF orientation: the upright picture is the stored one, transposed first, then mirrored. */
static const struct turn {
    bool transpose, mirror_x, mirror_y;
} turns[] = {
    [1] = { false, false, false }, [2] = { false, true, false }, [3] = { false, true, true },
    [4] = { false, false, true },  [5] = { true, false, false }, [6] = { true, true, false },
    [7] = { true, true, true },    [8] = { true, false, true },
};

/* In tiles, because a transposed walk over whole columns would miss the cache at every pixel. */
static void turn_pixels(const struct jz_image *from, struct turn turn, struct jz_image *to)
{
    enum { TILE = 32 };
    const ptrdiff_t across = turn.transpose ? 3 * (ptrdiff_t)from->width : 3;
    const ptrdiff_t down = turn.transpose ? 3 : 3 * (ptrdiff_t)from->width;
    const ptrdiff_t step_x = turn.mirror_x ? -across : across;
    const ptrdiff_t step_y = turn.mirror_y ? -down : down;
    const uint8_t *origin = from->pixels + (turn.mirror_x ? (to->width - 1) * across : 0) +
                            (turn.mirror_y ? (to->height - 1) * down : 0);
    for (int top = 0; top < to->height; top += TILE)
        for (int left = 0; left < to->width; left += TILE)
            for (int y = top; y < to->height && y < top + TILE; y++) {
                const uint8_t *source = origin + y * step_y + left * step_x;
                uint8_t *target = to->pixels + 3 * ((size_t)y * (size_t)to->width + (size_t)left);
                for (int x = left; x < to->width && x < left + TILE; x++) {
                    memcpy(target, source, 3);
                    target += 3;
                    source += step_x;
                }
            }
}

static int deliver(struct jz_decoder *decoder, int orientation, struct jz_image *image,
                   struct jz_error *err)
{
    const struct jz_image from = decoder->scratch;
    /* A buffer that held a far larger picture before it was scaled down is not handed out. */
    const size_t size = 3 * (size_t)from.width * (size_t)from.height;
    const bool fits = from.room <= SCRATCH_KEEP_BYTES || from.room / 2 <= size;
    if (orientation == 1 && fits) {
        decoder->scratch = *image;
        *image = from;
        return 0;
    }
    const struct turn turn = turns[orientation];
    int r = jz_image_resize(image, turn.transpose ? from.height : from.width,
                            turn.transpose ? from.width : from.height, err);
    if (r == 0)
        turn_pixels(&from, turn, image);
    return r;
}

int jz_image_decode(struct jz_decoder *decoder, const void *data, size_t size, int long_side,
                    struct jz_image *image, struct jz_error *err)
{
    if (size > JZ_IMAGE_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "%zu bytes, more than the limit of %u MiB", size,
                            JZ_IMAGE_MAX_BYTES >> 20);
    if (long_side <= 0)
        long_side = JZ_IMAGE_LONG_SIDE;
    int orientation = 1;
    int r = 0;
    switch (jz_picture_sniff(data, size)) {
    case JZ_PICTURE_JPEG:
        r = jz_jpeg_decode(decoder, data, size, long_side, &orientation, err);
        break;
    case JZ_PICTURE_PNG:
        r = jz_png_decode(decoder, data, size, long_side, err);
        break;
    case JZ_PICTURE_UNKNOWN:
        r = refuse_unknown(data, size, err);
        break;
    }
    if (r == 0)
        r = deliver(decoder, orientation, image, err);
    if (decoder->scratch.room > SCRATCH_KEEP_BYTES)
        jz_image_done(&decoder->scratch);
    return r;
}

int jz_image_read(struct jz_decoder *decoder, const char *path, int long_side,
                  struct jz_image *image, struct jz_error *err)
{
    jz_autofree uint8_t *data = NULL;
    size_t size = 0;
    int r = jz_file_read(path, JZ_IMAGE_MAX_BYTES, &data, &size, err);
    if (r < 0)
        return r;
    r = jz_image_decode(decoder, data, size, long_side, image, err);
    if (r < 0)
        jz_error_prefix(err, "%s", path);
    return r;
}

int jz_image_write_jpeg(const struct jz_image *image, int quality, const char *path,
                        struct jz_error *err)
{
    jz_autofree uint8_t *data = NULL;
    size_t size = 0;
    int r = jz_image_encode_jpeg(image, quality, &data, &size, err);
    if (r < 0) {
        jz_error_prefix(err, "%s", path);
        return r;
    }
    return jz_file_write(path, data, size, err);
}
