#include "face/image_internal.h"

#include <png.h>
#include <string.h>

/* libpng reports errors by longjmp: all it and we need lies in one struct outside its reach. */
struct reader {
    png_structp png;
    png_infop info;
    const uint8_t *at;
    size_t left;
    struct jz_image *image;
    struct jz_error *err;
    int code; /* 0 until something failed */
};

static void on_error(png_structp png, png_const_charp message)
{
    struct reader *r = png_get_error_ptr(png);
    r->code = jz_error_set(r->err, JZ_E_FORMAT,
                           "the PNG is cut short or damaged (%s); save it again", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static void on_read(png_structp png, png_bytep target, size_t size)
{
    struct reader *r = png_get_io_ptr(png);
    if (size > r->left)
        png_error(png, "its end is missing");
    memcpy(target, r->at, size);
    r->at += size;
    r->left -= size;
}

/* Whatever comes in, eight bits a channel go out: RGB, or RGBA when something is transparent. */
static int set_transforms(struct reader *r)
{
    const bool alpha = (png_get_color_type(r->png, r->info) & PNG_COLOR_MASK_ALPHA) ||
                       png_get_valid(r->png, r->info, PNG_INFO_tRNS);
    png_set_expand(r->png);
    png_set_scale_16(r->png);
    png_set_gray_to_rgb(r->png);
    return alpha ? 4 : 3;
}

/* In place: three bytes are written where four were read. */
static void put_over_white(struct jz_image *image)
{
    const size_t count = (size_t)image->width * (size_t)image->height;
    const uint8_t *from = image->pixels;
    uint8_t *to = image->pixels;
    for (size_t i = 0; i < count; i++, from += 4, to += 3) {
        const unsigned alpha = from[3];
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

static void read_picture(struct reader *r)
{
    png_read_info(r->png, r->info);
    const png_uint_32 width = png_get_image_width(r->png, r->info);
    const png_uint_32 height = png_get_image_height(r->png, r->info);
    const int pixel_bytes = set_transforms(r);
    /* Neither is above PNG_UINT_31_MAX. Comes before libpng makes room for rows. */
    r->code = jz_image_reserve(r->image, (int)width, (int)height, pixel_bytes, r->err);
    if (r->code < 0)
        return;
    const int passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    const size_t stride = (size_t)width * (size_t)pixel_bytes;
    if (png_get_rowbytes(r->png, r->info) != stride)
        png_error(r->png, "an unknown kind of pixels");
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < height; y++)
            png_read_row(r->png, r->image->pixels + y * stride, NULL);
    png_read_end(r->png, NULL);
    if (pixel_bytes == 4)
        put_over_white(r->image);
}

/* Alone in its function: after longjmp only what it reaches through r is certain. */
static void read_guarded(struct reader *r)
{
    if (setjmp(png_jmpbuf(r->png)) == 0)
        read_picture(r);
}

/* In place, each square of n × n pixels becomes one of their mean. */
static void shrink(struct jz_image *image, int n)
{
    const int width = image->width / n > 0 ? image->width / n : 1;
    const int height = image->height / n > 0 ? image->height / n : 1;
    const int box_width = n < image->width ? n : image->width;
    const int box_height = n < image->height ? n : image->height;
    const unsigned area = (unsigned)box_width * (unsigned)box_height;
    uint8_t *to = image->pixels;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, to += 3) {
            uint64_t sum[3] = { area / 2, area / 2, area / 2 };
            for (int j = 0; j < box_height; j++) {
                const size_t row = (size_t)y * (size_t)n + (size_t)j;
                const uint8_t *from =
                    image->pixels + 3 * (row * (size_t)image->width + (size_t)x * (size_t)n);
                for (int i = 0; i < 3 * box_width; i += 3)
                    for (int c = 0; c < 3; c++)
                        sum[c] += from[i + c];
            }
            for (int c = 0; c < 3; c++)
                to[c] = (uint8_t)(sum[c] / area);
        }
    image->width = width;
    image->height = height;
}

int jz_png_decode(struct jz_decoder *decoder, const uint8_t *data, size_t size, int long_side,
                  struct jz_error *err)
{
    struct reader r = { .at = data, .left = size, .image = &decoder->scratch, .err = err };
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    if (!r.info) {
        png_destroy_read_struct(&r.png, NULL, NULL);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a PNG");
    }
    /* Sizes are checked by jz_image_reserve; profiles, texts and the like are stepped over. */
    png_set_user_limits(r.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_keep_unknown_chunks(r.png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_read_fn(r.png, &r, on_read);
    read_guarded(&r);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    if (r.code < 0)
        return r.code;
    struct jz_image *image = &decoder->scratch;
    const int longer = image->width > image->height ? image->width : image->height;
    if (longer / long_side > 1)
        shrink(image, longer / long_side);
    return 0;
}
