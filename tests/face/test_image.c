/* Pictures made here in memory, whole and broken, through jz_image_decode. */
#include "face/image.h"

#include "base/file.h"
#include "picture.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <turbojpeg.h>

#include <cmocka.h>

struct bytes {
    uint8_t *data;
    size_t size;
};

static struct bytes bytes_of(const void *data, size_t size)
{
    struct bytes b = { .data = malloc(size + 1), .size = size };
    assert_non_null(b.data);
    memcpy(b.data, data, size);
    return b;
}

/* Replaces `cut` bytes at `at` by `add`. */
static void splice(struct bytes *b, size_t at, size_t cut, const void *add, size_t add_size)
{
    assert_true(at + cut <= b->size);
    uint8_t *data = malloc(b->size - cut + add_size + 1);
    assert_non_null(data);
    memcpy(data, b->data, at);
    memcpy(data + at, add, add_size);
    memcpy(data + at + add_size, b->data + at + cut, b->size - at - cut);
    free(b->data);
    b->data = data;
    b->size = b->size - cut + add_size;
}

/* Where the `nth` marker of that code stands. Quadrant pictures hold no FF by chance. */
static size_t marker_at(const struct bytes *b, uint8_t code, int nth)
{
    for (size_t i = 0; i + 1 < b->size; i++)
        if (b->data[i] == 0xff && b->data[i + 1] == code && nth-- == 0)
            return i;
    fail_msg("no marker %02x", code);
    return 0;
}

enum jpeg_kind { RGB_444, RGB_420, RGB_411, RGB_440, GREY, CMYK, CMYK_WITH_BLACK, PROGRESSIVE };

static struct bytes jpeg(int kind, int width, int height, const char *quadrants)
{
    static const struct {
        int format, subsampling, flags;
        uint8_t black; /* as Adobe stores it: 255 is none */
    } kinds[] = {
        [RGB_444] = { TJPF_RGB, TJSAMP_444, 0, 0 },
        [RGB_420] = { TJPF_RGB, TJSAMP_420, 0, 0 },
        [RGB_411] = { TJPF_RGB, TJSAMP_411, 0, 0 },
        [RGB_440] = { TJPF_RGB, TJSAMP_440, 0, 0 },
        [GREY] = { TJPF_RGB, TJSAMP_GRAY, 0, 0 },
        [CMYK] = { TJPF_CMYK, TJSAMP_444, 0, 255 },
        [CMYK_WITH_BLACK] = { TJPF_CMYK, TJSAMP_444, 0, 0 },
        [PROGRESSIVE] = { TJPF_RGB, TJSAMP_444, TJFLAG_PROGRESSIVE, 0 },
    };
    const size_t count = (size_t)width * (size_t)height;
    uint8_t *rgb = malloc(3 * count), *cmyk = malloc(4 * count);
    assert_true(rgb && cmyk);
    paint(rgb, width, height, quadrants);
    for (size_t i = 0; i < count; i++) {
        memcpy(cmyk + 4 * i, rgb + 3 * i, 3);
        cmyk[4 * i + 3] = kinds[kind].black;
    }
    uint8_t *data = NULL;
    unsigned long size = 0;
    tjhandle tj = tjInitCompress();
    assert_non_null(tj);
    const uint8_t *pixels = kinds[kind].format == TJPF_CMYK ? cmyk : rgb;
    assert_int_equal(tjCompress2(tj, pixels, width, 0, height, kinds[kind].format, &data, &size,
                                 kinds[kind].subsampling, 100, kinds[kind].flags),
                     0);
    struct bytes b = bytes_of(data, size);
    tjFree(data);
    tjDestroy(tj);
    free(rgb);
    free(cmyk);
    return b;
}

static struct bytes make_jpeg(int kind)
{
    return jpeg(kind, PICTURE_WIDTH, PICTURE_HEIGHT, kind == GREY ? "kywk" : "rgbw");
}

static struct bytes make_sized_jpeg(int width)
{
    return jpeg(RGB_444, width, 2 * width / 3, "rgbw");
}

/*
 * turbojpeg writes YCCK with an Adobe segment. Without that the same bytes read as plain CMYK, not
 * inverted; those of white become C 0, M 128, Y 128, and the black that was put in.
 */
static struct bytes make_plain_cmyk(int kind)
{
    enum { ADOBE_BYTES = 16 };
    struct bytes b = jpeg(kind, PICTURE_WIDTH, PICTURE_HEIGHT, "wwww");
    splice(&b, marker_at(&b, 0xee, 0), ADOBE_BYTES, "", 0);
    return b;
}

static struct bytes with_app1(const uint8_t *body, size_t size)
{
    struct bytes b = make_jpeg(RGB_444);
    const uint8_t head[] = { 0xff, 0xe1, (uint8_t)((size + 2) >> 8), (uint8_t)(size + 2) };
    splice(&b, 2, 0, head, sizeof head);
    splice(&b, 2 + sizeof head, 0, body, size);
    return b;
}

/* One directory of two tags, the second being the orientation. */
static const uint8_t exif_big[] = {
    'E', 'x', 'i', 'f', 0, 0, 'M', 'M',  0, 42, 0, 0, 0, 8, 0, 2, 1, 0x0f, 0, 2, 0, 0,
    0,   2,   'a', 0,   0, 0, 1,   0x12, 0, 3,  0, 0, 0, 1, 0, 1, 0, 0,    0, 0, 0, 0,
};
static const uint8_t exif_little[] = {
    'E', 'x', 'i', 'f', 0, 0, 'I',  'I', 42, 0, 8, 0, 0, 0, 2, 0, 0x0f, 1, 2, 0, 2, 0,
    0,   0,   'a', 0,   0, 0, 0x12, 1,   3,  0, 1, 0, 0, 0, 1, 0, 0,    0, 0, 0, 0, 0,
};
enum { EXIF_IFD = 10, EXIF_COUNT = 14, EXIF_TYPE = 30, EXIF_VALUE = 36, EXIF_BYTES = 44 };

static struct bytes make_turned_big(int orientation)
{
    uint8_t exif[EXIF_BYTES];
    memcpy(exif, exif_big, sizeof exif);
    exif[EXIF_VALUE + 1] = (uint8_t)orientation;
    return with_app1(exif, sizeof exif);
}

static struct bytes make_turned_little(int orientation)
{
    uint8_t exif[EXIF_BYTES];
    memcpy(exif, exif_little, sizeof exif);
    exif[EXIF_VALUE] = (uint8_t)orientation;
    return with_app1(exif, sizeof exif);
}

/* Would turn by a quarter, had not the byte at `offset` become FF. */
static struct bytes make_bad_exif(int offset)
{
    uint8_t exif[EXIF_BYTES];
    memcpy(exif, exif_big, sizeof exif);
    exif[EXIF_VALUE + 1] = 6;
    exif[offset] = 0xff;
    return with_app1(exif, sizeof exif);
}

static struct bytes make_cut_exif(int size)
{
    uint8_t exif[EXIF_BYTES];
    memcpy(exif, exif_big, sizeof exif);
    exif[EXIF_VALUE + 1] = 6;
    return with_app1(exif, (size_t)size);
}

/* Two EXIF segments: the first one counts, as it does for browsers. */
static struct bytes make_two_exifs(int unused)
{
    (void)unused;
    struct bytes b = make_turned_big(3);
    const uint8_t head[] = { 0xff, 0xe1, 0, EXIF_BYTES + 2 };
    const size_t behind = 2 + sizeof head + EXIF_BYTES;
    splice(&b, behind, 0, head, sizeof head);
    splice(&b, behind + sizeof head, 0, exif_big, sizeof exif_big);
    return b;
}

/* The last scan of a progressive file over and over. */
static struct bytes make_scans(int times)
{
    struct bytes b = make_jpeg(PROGRESSIVE);
    int last = 0;
    for (size_t i = 0; i + 1 < b.size; i++)
        last += b.data[i] == 0xff && b.data[i + 1] == 0xda;
    const size_t from = marker_at(&b, 0xda, last - 1), to = marker_at(&b, 0xd9, 0);
    const struct bytes scan = bytes_of(b.data + from, to - from);
    for (int i = 0; i < times; i++)
        splice(&b, to, 0, scan.data, scan.size);
    free(scan.data);
    return b;
}

static struct bytes with_jpeg_size(int kind, int width, int height)
{
    struct bytes b = make_jpeg(kind);
    const uint8_t size[] = { (uint8_t)(height >> 8), (uint8_t)height, (uint8_t)(width >> 8),
                             (uint8_t)width };
    splice(&b, marker_at(&b, kind == PROGRESSIVE ? 0xc2 : 0xc0, 0) + 5, sizeof size, size,
           sizeof size);
    return b;
}

static struct bytes make_jpeg_of_height(int height)
{
    return with_jpeg_size(RGB_444, 65500, height);
}

static struct bytes make_huge_progressive(int unused)
{
    (void)unused;
    struct bytes b = make_scans(20);
    const uint8_t size[] = { 0x1f, 0xff, 0x1f, 0xff };
    splice(&b, marker_at(&b, 0xc2, 0) + 5, sizeof size, size, sizeof size);
    return b;
}

static struct bytes make_cut_jpeg(int percent)
{
    struct bytes b = make_sized_jpeg(480);
    b.size = b.size * (size_t)percent / 100;
    return b;
}

static struct bytes make_jpeg_without_end(int kind)
{
    struct bytes b = make_jpeg(kind);
    b.size -= 2;
    return b;
}

/* Garbage where the scan's data should be, and a proper end. */
static struct bytes make_damaged_jpeg(int unused)
{
    (void)unused;
    struct bytes b = make_sized_jpeg(480);
    for (size_t i = marker_at(&b, 0xda, 0) + 40; i + 2 < b.size; i++)
        b.data[i] = (uint8_t)(i * 37 % 254);
    return b;
}

/* A second picture behind the first, as phones store a preview. */
static struct bytes make_jpeg_with_tail(int unused)
{
    (void)unused;
    struct bytes b = make_jpeg(RGB_444);
    const struct bytes other = jpeg(RGB_444, 16, 16, "kkkk");
    splice(&b, b.size, 0, other.data, other.size);
    free(other.data);
    return b;
}

enum png_kind {
    PNG_RGB,
    PNG_RGB_16,
    PNG_RGB_INTERLACED,
    PNG_RGB_KEYED,
    PNG_RGBA,
    PNG_RGBA_16,
    PNG_PALETTE,
    PNG_PALETTE_2,
    PNG_PALETTE_ALPHA,
    PNG_GREY,
    PNG_GREY_1,
    PNG_GREY_16,
    PNG_GREY_ALPHA,
};

static const struct png {
    int type, depth, channels;
    uint8_t samples[4][4]; /* of each quadrant; doubled where the depth is 16 */
    bool interlaced, keyed, palette_alpha;
} pngs[] = {
#define RGBW                                                                                       \
    {                                                                                              \
        { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 },                                               \
        {                                                                                          \
            255, 255, 255                                                                          \
        }                                                                                          \
    }
#define FADED                                                                                      \
    {                                                                                              \
        { 255, 0, 0, 255 }, { 0, 255, 0, 128 }, { 0, 0, 255, 0 },                                  \
        {                                                                                          \
            0, 0, 0, 255                                                                           \
        }                                                                                          \
    }
#define INDICES                                                                                    \
    {                                                                                              \
        { 0 }, { 1 }, { 2 },                                                                       \
        {                                                                                          \
            3                                                                                      \
        }                                                                                          \
    }
    [PNG_RGB] = { PNG_COLOR_TYPE_RGB, 8, 3, RGBW },
    [PNG_RGB_16] = { PNG_COLOR_TYPE_RGB, 16, 3, RGBW },
    [PNG_RGB_INTERLACED] = { PNG_COLOR_TYPE_RGB, 8, 3, RGBW, .interlaced = true },
    [PNG_RGB_KEYED] = { PNG_COLOR_TYPE_RGB, 8, 3, RGBW, .keyed = true },
    [PNG_RGBA] = { PNG_COLOR_TYPE_RGB_ALPHA, 8, 4, FADED },
    [PNG_RGBA_16] = { PNG_COLOR_TYPE_RGB_ALPHA, 16, 4, FADED },
    [PNG_PALETTE] = { PNG_COLOR_TYPE_PALETTE, 8, 1, INDICES },
    [PNG_PALETTE_2] = { PNG_COLOR_TYPE_PALETTE, 2, 1, INDICES, .interlaced = true },
    [PNG_PALETTE_ALPHA] = { PNG_COLOR_TYPE_PALETTE, 4, 1, INDICES, .palette_alpha = true },
    [PNG_GREY] = { PNG_COLOR_TYPE_GRAY, 8, 1, { { 0 }, { 128 }, { 255 }, { 0 } } },
    [PNG_GREY_1] = { PNG_COLOR_TYPE_GRAY, 1, 1, { { 0 }, { 1 }, { 1 }, { 0 } } },
    [PNG_GREY_16] = { PNG_COLOR_TYPE_GRAY, 16, 1, { { 0 }, { 128 }, { 255 }, { 0 } } },
    [PNG_GREY_ALPHA] = { PNG_COLOR_TYPE_GRAY_ALPHA,
                         8,
                         2,
                         { { 0, 255 }, { 128, 255 }, { 255, 255 }, { 0, 0 } } },
#undef RGBW
#undef FADED
#undef INDICES
};

static void append(png_structp png, png_bytep data, size_t size)
{
    struct bytes *b = png_get_io_ptr(png);
    splice(b, b->size, 0, data, size);
}

static void write_png_row(png_structp png, const struct png *kind, int width, bool lower)
{
    uint8_t row[8192], *to = row;
    const size_t sample_bytes = kind->depth == 16 ? 2 : 1;
    assert_true((size_t)width * (size_t)kind->channels * sample_bytes <= sizeof row);
    for (int x = 0; x < width; x++)
        for (int c = 0; c < kind->channels; c++) {
            *to++ = kind->samples[2 * lower + (x >= width / 2)][c];
            if (kind->depth == 16) {
                *to = to[-1];
                to++;
            }
        }
    png_write_row(png, row);
}

/* With rows < height there is nothing behind the header. */
static struct bytes png(int kind_index, int width, int height, int rows)
{
    const struct png *kind = &pngs[kind_index];
    struct bytes b = bytes_of("", 0);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    png_set_write_fn(png, &b, append, NULL);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, kind->depth, kind->type,
                 kind->interlaced, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    static const png_color palette[] = { { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 }, { 0, 0, 0 } };
    static const uint8_t alphas[] = { 255, 128, 0 };
    static const png_color_16 key = { .green = 255 };
    if (kind->type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 4);
    if (kind->palette_alpha)
        png_set_tRNS(png, info, alphas, 3, NULL);
    if (kind->keyed)
        png_set_tRNS(png, info, NULL, 0, &key);
    png_write_info(png, info);
    png_set_packing(png);
    const int passes = rows == height ? png_set_interlace_handling(png) : 0;
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < rows; y++)
            write_png_row(png, kind, width, y >= height / 2);
    if (passes)
        png_write_end(png, info);
    else
        png_write_chunk(png, (png_const_bytep) "IDAT", NULL, 0);
    png_destroy_write_struct(&png, &info);
    return b;
}

static struct bytes make_png(int kind)
{
    return png(kind, PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_HEIGHT);
}

static struct bytes make_sized_png(int width)
{
    return png(PNG_RGBA, width, 2 * width / 3, 2 * width / 3);
}

static struct bytes make_thin_png(int width)
{
    return png(PNG_RGB, width, 401 - width, 401 - width);
}

static struct bytes make_cut_png(int percent)
{
    struct bytes b = make_sized_png(300);
    b.size = b.size * (size_t)percent / 100;
    return b;
}

static struct bytes make_png_with_flipped_byte(int at)
{
    struct bytes b = make_sized_png(300);
    b.data[at] ^= 0x10;
    return b;
}

static struct bytes make_png_of_side(int side)
{
    return png(PNG_RGB, side, side, 0);
}

static struct bytes make_zeros(int size)
{
    struct bytes b = { .data = calloc((size_t)size + 1, 1), .size = (size_t)size };
    assert_non_null(b.data);
    return b;
}

static struct bytes make_start(int index)
{
    static const struct bytes starts[] = {
#define START(text) { (uint8_t *)(uintptr_t)(text), sizeof(text) - 1 }
        START("Lorem ipsum dolor sit amet"),
        START("\0\0\0\x18"
              "ftypheic\0\0\0\0"),
        START("RIFF\x10\0\0\0WEBPVP8 "),
        START("GIF89a\x01\0\x01\0"),
        START("\xff\xd8\xff"),
        START("\x89PNG\r\n\x1a\n"),
        START("\xff"),
#undef START
    };
    return bytes_of(starts[index].data, starts[index].size);
}

static const struct decode_case {
    const char *name;
    struct bytes (*make)(int argument);
    int argument, long_side;
    int code;         /* 0, or the error */
    const char *text; /* the picture described, or a part of the error's sentence */
} cases[] = {
    { "JPEG 4:4:4", make_jpeg, RGB_444, 0, 0, "48x32 rgbw" },
    { "JPEG 4:2:0", make_jpeg, RGB_420, 0, 0, "48x32 rgbw" },
    { "JPEG 4:1:1", make_jpeg, RGB_411, 0, 0, "48x32 rgbw" },
    { "JPEG 4:4:0", make_jpeg, RGB_440, 0, 0, "48x32 rgbw" },
    { "JPEG grey", make_jpeg, GREY, 0, 0, "48x32 kywk" },
    { "JPEG progressive", make_jpeg, PROGRESSIVE, 0, 0, "48x32 rgbw" },
    { "JPEG YCCK by Adobe", make_jpeg, CMYK, 0, 0, "48x32 rgbw" },
    { "JPEG YCCK by Adobe, full of black", make_jpeg, CMYK_WITH_BLACK, 0, 0, "48x32 kkkk" },
    { "JPEG CMYK, not inverted", make_plain_cmyk, CMYK_WITH_BLACK, 0, 0, "48x32 pppp" },
    { "JPEG CMYK, not inverted, full of black", make_plain_cmyk, CMYK, 0, 0, "48x32 kkkk" },
    { "JPEG of an odd size", make_sized_jpeg, 47, 0, 0, "47x31 rgbw" },
    { "JPEG with another behind it", make_jpeg_with_tail, 0, 0, 0, "48x32 rgbw" },

    { "orientation 1", make_turned_big, 1, 0, 0, "48x32 rgbw" },
    { "orientation 2", make_turned_big, 2, 0, 0, "48x32 grwb" },
    { "orientation 3", make_turned_big, 3, 0, 0, "48x32 wbgr" },
    { "orientation 4", make_turned_big, 4, 0, 0, "48x32 bwrg" },
    { "orientation 5", make_turned_big, 5, 0, 0, "32x48 rbgw" },
    { "orientation 6", make_turned_big, 6, 0, 0, "32x48 brwg" },
    { "orientation 7", make_turned_big, 7, 0, 0, "32x48 wgbr" },
    { "orientation 8", make_turned_big, 8, 0, 0, "32x48 gwrb" },
    { "orientation 6, little endian", make_turned_little, 6, 0, 0, "32x48 brwg" },
    { "orientation 8, little endian", make_turned_little, 8, 0, 0, "32x48 gwrb" },
    { "orientation 0 is ignored", make_turned_big, 0, 0, 0, "48x32 rgbw" },
    { "orientation 9 is ignored", make_turned_big, 9, 0, 0, "48x32 rgbw" },
    { "orientation: the first EXIF counts", make_two_exifs, 0, 0, 0, "48x32 wbgr" },
    { "EXIF directory beyond the end", make_bad_exif, EXIF_IFD, 0, 0, "48x32 rgbw" },
    { "EXIF of 65000 tags, the right one among them", make_bad_exif, EXIF_COUNT, 0, 0,
      "32x48 brwg" },
    { "EXIF orientation of a wrong type", make_bad_exif, EXIF_TYPE, 0, 0, "48x32 rgbw" },
    { "EXIF of neither byte order", make_bad_exif, 6, 0, 0, "48x32 rgbw" },
    { "EXIF that is not EXIF", make_bad_exif, 5, 0, 0, "48x32 rgbw" },
    { "EXIF cut before its header", make_cut_exif, 7, 0, 0, "48x32 rgbw" },
    { "EXIF cut before its directory", make_cut_exif, EXIF_COUNT, 0, 0, "48x32 rgbw" },
    { "EXIF cut inside the tag", make_cut_exif, EXIF_VALUE + 1, 0, 0, "48x32 rgbw" },
    { "EXIF cut behind the tag", make_cut_exif, EXIF_VALUE + 2, 0, 0, "32x48 brwg" },

    { "JPEG not above the long side", make_sized_jpeg, 480, 480, 0, "480x320 rgbw" },
    { "JPEG at seven eighths", make_sized_jpeg, 480, 420, 0, "420x280 rgbw" },
    { "JPEG just above seven eighths", make_sized_jpeg, 480, 421, 0, "480x320 rgbw" },
    { "JPEG at a quarter", make_sized_jpeg, 480, 100, 0, "120x80 rgbw" },
    { "JPEG at an eighth, the smallest", make_sized_jpeg, 480, 10, 0, "60x40 rgbw" },
    { "JPEG beyond the long side that is given by 0", make_sized_jpeg, 2400, 0, 0,
      "1800x1200 rgbw" },

    { "JPEG cut in the header", make_cut_jpeg, 3, 0, JZ_E_FORMAT, "cut short or damaged" },
    { "JPEG cut in the middle", make_cut_jpeg, 50, 0, JZ_E_FORMAT, "cut short or damaged" },
    { "JPEG cut near the end", make_cut_jpeg, 99, 0, JZ_E_FORMAT, "cut short or damaged" },
    { "JPEG without its end marker", make_jpeg_without_end, RGB_444, 0, JZ_E_FORMAT,
      "cut short or damaged" },
    { "JPEG of garbage", make_damaged_jpeg, 0, 0, JZ_E_FORMAT, "cut short or damaged" },
    { "JPEG of 65500 × 65500", make_jpeg_of_height, 65500, 0, JZ_E_LIMIT, "scale the picture" },
    { "JPEG just beyond the limit", make_jpeg_of_height, 1025, 0, JZ_E_LIMIT,
      "65500 × 1025 pixels" },
    { "JPEG within the limit, nothing in it", make_jpeg_of_height, 1024, 0, JZ_E_FORMAT,
      "cut short or damaged" },
    { "JPEG of height 0", make_jpeg_of_height, 0, 0, JZ_E_FORMAT, "JPEG" },
    { "JPEG of a hundred scans", make_scans, 90, 0, JZ_E_LIMIT, "scans" },
    { "JPEG of 30 scans over 67 million pixels", make_huge_progressive, 0, 0, JZ_E_LIMIT, "scans" },

    { "PNG RGB", make_png, PNG_RGB, 0, 0, "48x32 rgbw" },
    { "PNG RGB, 16 bits", make_png, PNG_RGB_16, 0, 0, "48x32 rgbw" },
    { "PNG RGB, interlaced", make_png, PNG_RGB_INTERLACED, 0, 0, "48x32 rgbw" },
    { "PNG RGB, green transparent", make_png, PNG_RGB_KEYED, 0, 0, "48x32 rwbw" },
    { "PNG RGBA over white", make_png, PNG_RGBA, 0, 0, "48x32 rlwk" },
    { "PNG RGBA over white, 16 bits", make_png, PNG_RGBA_16, 0, 0, "48x32 rlwk" },
    { "PNG palette", make_png, PNG_PALETTE, 0, 0, "48x32 rgbk" },
    { "PNG palette of 2 bits, interlaced", make_png, PNG_PALETTE_2, 0, 0, "48x32 rgbk" },
    { "PNG palette of 4 bits over white", make_png, PNG_PALETTE_ALPHA, 0, 0, "48x32 rlwk" },
    { "PNG grey", make_png, PNG_GREY, 0, 0, "48x32 kywk" },
    { "PNG grey of 1 bit", make_png, PNG_GREY_1, 0, 0, "48x32 kwwk" },
    { "PNG grey of 16 bits", make_png, PNG_GREY_16, 0, 0, "48x32 kywk" },
    { "PNG grey over white", make_png, PNG_GREY_ALPHA, 0, 0, "48x32 kyww" },
    { "PNG at a third", make_sized_png, 300, 99, 0, "100x66 rlwk" },
    { "PNG just below twice the long side", make_sized_png, 300, 151, 0, "300x200 rlwk" },
    { "PNG at a half", make_sized_png, 300, 150, 0, "150x100 rlwk" },
    { "PNG of one row", make_thin_png, 400, 100, 0, "100x1 bwbw" },
    { "PNG of one column", make_thin_png, 1, 100, 0, "1x100 ggww" },

    { "PNG cut in the middle", make_cut_png, 50, 0, JZ_E_FORMAT, "cut short or damaged" },
    { "PNG without its end chunk", make_cut_png, 99, 0, JZ_E_FORMAT, "cut short or damaged" },
    { "PNG with a wrong byte in its header", make_png_with_flipped_byte, 18, 0, JZ_E_FORMAT,
      "cut short or damaged" },
    { "PNG with a wrong byte in its data", make_png_with_flipped_byte, 60, 0, JZ_E_FORMAT,
      "cut short or damaged" },
    { "PNG of 2147483647 × 2147483647", make_png_of_side, 2147483647, 0, JZ_E_LIMIT,
      "scale the picture" },
    { "PNG just beyond the limit", make_png_of_side, 8193, 0, JZ_E_LIMIT, "scale the picture" },
    { "PNG within the limit, nothing in it", make_png_of_side, 8192, 0, JZ_E_FORMAT,
      "cut short or damaged" },

    { "nothing at all", make_zeros, 0, 0, JZ_E_FORMAT, "it is empty" },
    { "zeros", make_zeros, 100, 0, JZ_E_FORMAT, "neither a JPEG nor a PNG" },
    { "more bytes than the limit", make_zeros, JZ_IMAGE_MAX_BYTES + 1, 0, JZ_E_LIMIT, "24 MiB" },
    { "text", make_start, 0, 0, JZ_E_FORMAT, "neither a JPEG nor a PNG" },
    { "HEIC", make_start, 1, 0, JZ_E_FORMAT, "HEIC picture; save it as JPEG" },
    { "WebP", make_start, 2, 0, JZ_E_FORMAT, "WebP" },
    { "GIF", make_start, 3, 0, JZ_E_FORMAT, "GIF" },
    { "the first bytes of a JPEG", make_start, 4, 0, JZ_E_FORMAT, "cut short or damaged" },
    { "the first bytes of a PNG", make_start, 5, 0, JZ_E_FORMAT, "cut short or damaged" },
    { "a single byte", make_start, 6, 0, JZ_E_FORMAT, "neither a JPEG nor a PNG" },
};

static void expect_error(const struct jz_error *err, int code, const char *part)
{
    assert_int_equal(err->code, code);
    if (!strstr(err->text, part))
        fail_msg("'%s' is not in '%s'", part, err->text);
}

/* Whatever the decoder has seen before, it still decodes. */
static void expect_good(struct jz_decoder *decoder, struct jz_image *image)
{
    const struct bytes good[] = { make_jpeg(PROGRESSIVE), make_png(PNG_RGB) };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct jz_error err = { 0 };
        if (jz_image_decode(decoder, good[i].data, good[i].size, 0, image, &err) < 0)
            fail_msg("afterwards: %s", err.text);
        char text[PICTURE_TEXT_BYTES];
        describe(image, text);
        assert_string_equal(text, "48x32 rgbw");
        free(good[i].data);
    }
}

/* The image starts as one green pixel, and must still be that after a failure. */
static void test_decode(void **state)
{
    const struct decode_case *c = *state;
    struct jz_error err = { 0 };
    JZ_CLEANUP(jz_decoder_freep) struct jz_decoder *decoder = NULL;
    assert_int_equal(jz_decoder_new(&decoder, &err), 0);
    struct jz_image image = { 0 };
    assert_int_equal(jz_image_resize(&image, 1, 1, &err), 0);
    memcpy(image.pixels, colour_of('g'), 3);

    const struct bytes b = c->make(c->argument);
    const int r = jz_image_decode(decoder, b.data, b.size, c->long_side, &image, &err);
    if (r < 0 && c->code == 0)
        fail_msg("%s", err.text);
    assert_int_equal(r, c->code);
    char text[PICTURE_TEXT_BYTES];
    describe(&image, text);
    assert_string_equal(text, c->code ? "1x1 gggg" : c->text);
    if (c->code)
        expect_error(&err, c->code, c->text);
    free(b.data);
    expect_good(decoder, &image);
    jz_image_done(&image);
}

/* Once all buffers have grown, a stream of pictures allocates no more. */
static void test_buffers_settle(void **state)
{
    (void)state;
    struct jz_error err;
    JZ_CLEANUP(jz_decoder_freep) struct jz_decoder *decoder = NULL;
    assert_int_equal(jz_decoder_new(&decoder, &err), 0);
    static const struct {
        struct bytes (*make)(int argument);
        int argument;
    } streams[] = { { make_turned_big, 6 }, { make_jpeg, RGB_420 }, { make_png, PNG_RGBA } };
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        const struct bytes b = streams[i].make(streams[i].argument);
        struct jz_image image = { 0 };
        const uint8_t *seen[6];
        for (size_t k = 0; k < 6; k++) {
            assert_int_equal(jz_image_decode(decoder, b.data, b.size, 0, &image, &err), 0);
            seen[k] = image.pixels;
        }
        /* A picture that was not turned is handed over by swapping two buffers. */
        assert_ptr_equal(seen[5], seen[3]);
        assert_ptr_equal(seen[4], seen[2]);
        jz_image_done(&image);
        free(b.data);
    }
}

static void test_huge_picture_is_not_kept(void **state)
{
    (void)state;
    struct jz_error err;
    JZ_CLEANUP(jz_decoder_freep) struct jz_decoder *decoder = NULL;
    assert_int_equal(jz_decoder_new(&decoder, &err), 0);
    const struct bytes b = png(PNG_GREY_1, 8000, 4000, 4000);
    struct jz_image image = { 0 };
    assert_int_equal(jz_image_decode(decoder, b.data, b.size, 500, &image, &err), 0);
    assert_int_equal(image.width, 500);
    assert_int_equal(image.room, 500 * 250 * 3);
    jz_image_done(&image);
    free(b.data);
}

static void test_resize(void **state)
{
    (void)state;
    static const struct {
        int width, height, code;
    } sizes[] = {
        { 1, 1, 0 },
        { 640, 480, 0 },
        { 0, 480, JZ_E_FORMAT },
        { 640, -1, JZ_E_FORMAT },
        { 8193, 8192, JZ_E_LIMIT },
        { INT32_MAX, INT32_MAX, JZ_E_LIMIT },
        { 64, 48, 0 },
    };
    struct jz_image image = { 0 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct jz_error err = { 0 };
        const struct jz_image before = image;
        assert_int_equal(jz_image_resize(&image, sizes[i].width, sizes[i].height, &err),
                         sizes[i].code);
        assert_int_equal(image.width, sizes[i].code ? before.width : sizes[i].width);
        assert_int_equal(image.height, sizes[i].code ? before.height : sizes[i].height);
    }
    assert_int_equal(image.room, 640 * 480 * 3); /* it grows only */
    jz_image_done(&image);
    assert_null(image.pixels);
    assert_int_equal(image.width, 0);
}

static void test_write_and_read(void **state)
{
    char *folder = *state;
    struct jz_error err = { 0 };
    JZ_CLEANUP(jz_decoder_freep) struct jz_decoder *decoder = NULL;
    assert_int_equal(jz_decoder_new(&decoder, &err), 0);
    jz_autofree char *path = jz_path_join(folder, "a.jpg");
    static const int qualities[] = { 100, 90, 75 };
    struct jz_image image = { 0 };
    for (size_t i = 0; i < sizeof qualities / sizeof qualities[0]; i++) {
        assert_int_equal(jz_image_resize(&image, 48, 32, &err), 0);
        paint(image.pixels, 48, 32, "rgbw");
        assert_int_equal(jz_image_write_jpeg(&image, qualities[i], path, &err), 0);
        memset(image.pixels, 0, image.room);
        assert_int_equal(jz_image_read(decoder, path, 0, &image, &err), 0);
        char text[PICTURE_TEXT_BYTES];
        describe(&image, text);
        assert_string_equal(text, "48x32 rgbw");
    }
    assert_false(jz_path_is_clip(path));

    jz_autofree char *nowhere = jz_path_join(folder, "none/a.jpg");
    assert_int_equal(jz_image_read(decoder, nowhere, 0, &image, &err), JZ_E_NOT_FOUND);
    expect_error(&err, JZ_E_NOT_FOUND, nowhere);
    assert_int_equal(jz_image_write_jpeg(&image, 90, nowhere, &err), JZ_E_IO);
    expect_error(&err, JZ_E_IO, nowhere);
    assert_int_equal(jz_image_write_jpeg(&image, 0, path, &err), JZ_E_USAGE);
    expect_error(&err, JZ_E_USAGE, path);
    assert_int_equal(jz_image_write_jpeg(&image, 101, path, &err), JZ_E_USAGE);
    assert_int_equal(jz_file_write(path, "text", 4, &err), 0);
    assert_int_equal(jz_image_read(decoder, path, 0, &image, &err), JZ_E_FORMAT);
    expect_error(&err, JZ_E_FORMAT, path);
    jz_image_done(&image);
    assert_int_equal(jz_image_write_jpeg(&image, 90, path, &err), JZ_E_USAGE);
}

static int make_state(void **state)
{
    *state = make_folder();
    return 0;
}

static int remove_state(void **state)
{
    remove_folder(*state);
    return 0;
}

int main(void)
{
    enum { CASES = sizeof cases / sizeof cases[0] };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_buffers_settle),
        cmocka_unit_test(test_huge_picture_is_not_kept),
        cmocka_unit_test(test_resize),
        cmocka_unit_test_setup_teardown(test_write_and_read, make_state, remove_state),
    };
    static struct CMUnitTest tests[CASES + sizeof others / sizeof others[0]];
    for (size_t i = 0; i < CASES; i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name,
            .test_func = test_decode,
            .initial_state = (void *)(uintptr_t)&cases[i],
        };
    memcpy(tests + CASES, others, sizeof others);
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
