#include "face/image_internal.h"

#include <string.h>
#include <turbojpeg.h>

/*
 * A progressive file may ask for the whole picture to be gone over again with every few bytes of
 * it. Cameras and browsers write ten scans or so; nobody writes more than MAX_SCANS, nor that many
 * over a picture of the largest size.
 */
enum { MAX_SCANS = 64, MAX_SCANS_AT_MAX_PIXELS = 16 };

enum marker {
    MARKER_RST0 = 0xd0,
    MARKER_RST7 = 0xd7,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP1 = 0xe1,
    MARKER_APP14 = 0xee,
    MARKER_TEM = 0x01,
};

/* What turbojpeg does not tell of a file. */
struct markers {
    int orientation; /* EXIF, 1 to 8 */
    bool adobe;      /* an Adobe segment: its CMYK is stored inverted */
    int scans;
};

/* Bounded view of an EXIF (TIFF) structure; reading past its end gives 0. */
struct tiff {
    const uint8_t *data;
    size_t size;
    bool little_endian;
};

static uint32_t tiff_u16(const struct tiff *t, size_t at)
{
    if (t->size < 2 || at > t->size - 2)
        return 0;
    const uint8_t *p = t->data + at;
    return t->little_endian ? p[0] | (uint32_t)p[1] << 8 : (uint32_t)p[0] << 8 | p[1];
}

static uint32_t tiff_u32(const struct tiff *t, size_t at)
{
    const uint32_t a = tiff_u16(t, at), b = tiff_u16(t, at + 2);
    return t->little_endian ? b << 16 | a : a << 16 | b;
}

/* The orientation tag of the first directory; 1 when there is none or the EXIF is broken. */
static int exif_orientation(const uint8_t *data, size_t size)
{
    enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12 };
    static const char id[] = "Exif\0"; /* with its NUL, the six bytes before the TIFF header */
    if (size < sizeof id || memcmp(data, id, sizeof id) != 0)
        return 1;
    struct tiff t = { .data = data + sizeof id, .size = size - sizeof id };
    if (t.size < 8 || (memcmp(t.data, "II", 2) != 0 && memcmp(t.data, "MM", 2) != 0))
        return 1;
    t.little_endian = t.data[0] == 'I';
    const size_t directory = tiff_u32(&t, 4);
    const size_t entries = tiff_u16(&t, directory);
    for (size_t i = 0; i < entries; i++) {
        const size_t entry = directory + 2 + i * ENTRY_BYTES;
        if (tiff_u16(&t, entry) != TAG_ORIENTATION)
            continue;
        const uint32_t value = tiff_u16(&t, entry + 8);
        const bool good = tiff_u16(&t, entry + 2) == TYPE_SHORT && value >= 1 && value <= 8;
        return good ? (int)value : 1;
    }
    return 1;
}

/* Whether the marker stands alone, with no length and content behind it. */
static bool is_bare(uint8_t marker)
{
    return marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_SOI);
}

/* Where the next marker's code byte stands at or behind `at`, or `size`. */
static size_t find_marker(const uint8_t *data, size_t size, size_t at)
{
    while (at < size) {
        const uint8_t *ff = memchr(data + at, 0xff, size - at);
        if (!ff)
            return size;
        at = (size_t)(ff - data) + 1;
        while (at < size && data[at] == 0xff)
            at++;
        /* FF 00 is a data byte inside a scan. */
        if (at < size && data[at] != 0)
            return at;
    }
    return size;
}

/* One walk over all segments. It stops at what it does not understand: turbojpeg will complain. */
static struct markers read_markers(const uint8_t *data, size_t size)
{
    struct markers m = { .orientation = 1 };
    bool exif_seen = false;
    for (size_t at = find_marker(data, size, 0); at < size; at = find_marker(data, size, at)) {
        const uint8_t marker = data[at++];
        if (is_bare(marker))
            continue;
        if (marker == MARKER_EOI || size - at < 2)
            break;
        const size_t length = (size_t)data[at] << 8 | data[at + 1]; /* counts itself */
        if (length < 2 || length > size - at)
            break;
        const uint8_t *body = data + at + 2;
        if (marker == MARKER_SOS)
            m.scans++;
        if (marker == MARKER_APP14 && length >= 7 && memcmp(body, "Adobe", 5) == 0)
            m.adobe = true;
        if (marker == MARKER_APP1 && !exif_seen && length >= 6 && memcmp(body, "Exif", 4) == 0) {
            m.orientation = exif_orientation(body, length - 2);
            exif_seen = true;
        }
        at += length;
    }
    return m;
}

static int refuse(const char *why, struct jz_error *err)
{
    return jz_error_set(err, JZ_E_FORMAT, "the JPEG is cut short or damaged (%s); save it again",
                        why);
}

static int check_scans(const struct markers *m, int width, int height, struct jz_error *err)
{
    const int64_t most = (int64_t)MAX_SCANS_AT_MAX_PIXELS * JZ_IMAGE_MAX_PIXELS;
    if (m->scans <= MAX_SCANS && (int64_t)m->scans * width * height <= most)
        return 0;
    return jz_error_set(err, JZ_E_LIMIT,
                        "a progressive JPEG of %d scans costs too much to decode; "
                        "save it as an ordinary JPEG",
                        m->scans);
}

/* The smallest of turbojpeg's fractions that leaves the longer side at long_side or above. */
static tjscalingfactor choose_scale(int longer, int long_side)
{
    tjscalingfactor best = { 1, 1 };
    int count = 0;
    const tjscalingfactor *factors = tjGetScalingFactors(&count);
    for (int i = 0; factors && i < count; i++)
        if (factors[i].num * best.denom < best.num * factors[i].denom &&
            TJSCALED(longer, factors[i]) >= long_side)
            best = factors[i];
    return best;
}

/* In place: three bytes are written where four were read. */
static void cmyk_to_rgb(struct jz_image *image, bool inverted)
{
    const uint8_t flip = inverted ? 0 : 255;
    const size_t count = (size_t)image->width * (size_t)image->height;
    const uint8_t *from = image->pixels;
    uint8_t *to = image->pixels;
    for (size_t i = 0; i < count; i++, from += 4, to += 3) {
        const unsigned light = from[3] ^ flip; /* what the black ink lets through */
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)(((from[c] ^ flip) * light + 127) / 255);
    }
}

static int decode(struct jz_decoder *decoder, const uint8_t *data, size_t size, int long_side,
                  int *ret_orientation, struct jz_error *err)
{
    int width = 0, height = 0, subsampling = 0, colours = 0;
    if (tjDecompressHeader3(decoder->jpeg, data, size, &width, &height, &subsampling, &colours) < 0)
        return refuse(tjGetErrorStr2(decoder->jpeg), err);
    /* A file of nothing but tables is well-formed to turbojpeg. */
    if (width == 0 || height == 0)
        return refuse("there is no picture in it", err);
    int r = jz_image_check_size(width, height, err);
    if (r < 0)
        return r;
    const struct markers markers = read_markers(data, size);
    if ((r = check_scans(&markers, width, height, err)) < 0)
        return r;

    const tjscalingfactor scale = choose_scale(width > height ? width : height, long_side);
    const bool four_inks = colours == TJCS_CMYK || colours == TJCS_YCCK;
    struct jz_image *scratch = &decoder->scratch;
    r = jz_image_reserve(scratch, TJSCALED(width, scale), TJSCALED(height, scale),
                         four_inks ? 4 : 3, err);
    if (r < 0)
        return r;
    /* A warning also gives -1: pixels were made up for missing or damaged data. */
    if (tjDecompress2(decoder->jpeg, data, size, scratch->pixels, scratch->width, 0,
                      scratch->height, four_inks ? TJPF_CMYK : TJPF_RGB, TJFLAG_STOPONWARNING) < 0)
        return refuse(tjGetErrorStr2(decoder->jpeg), err);
    if (four_inks)
        cmyk_to_rgb(scratch, markers.adobe);
    *ret_orientation = markers.orientation;
    return 0;
}

int jz_jpeg_decode(struct jz_decoder *decoder, const uint8_t *data, size_t size, int long_side,
                   int *ret_orientation, struct jz_error *err)
{
    if (!decoder->jpeg)
        decoder->jpeg = tjInitDecompress();
    if (!decoder->jpeg)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a JPEG decoder");
    int r = decode(decoder, data, size, long_side, ret_orientation, err);
    /* A codec that failed inside a header would go on from there with the next picture. */
    if (r < 0)
        jz_jpeg_reset(decoder);
    return r;
}

void jz_jpeg_reset(struct jz_decoder *decoder)
{
    if (decoder->jpeg)
        tjDestroy(decoder->jpeg);
    decoder->jpeg = NULL;
}

static void destroyp(tjhandle *jpeg)
{
    if (*jpeg)
        tjDestroy(*jpeg);
}

int jz_image_encode_jpeg(const struct jz_image *image, int quality, uint8_t **ret_data,
                         size_t *ret_size, struct jz_error *err)
{
    /* Beyond this, nobody wants colour at half the resolution. */
    enum { FULL_COLOUR_QUALITY = 90, MAX_SIDE = 65500 };
    if (quality < 1 || quality > 100)
        return jz_error_set(err, JZ_E_USAGE, "JPEG quality %d is not between 1 and 100", quality);
    if (image->width < 1 || image->height < 1 || image->width > MAX_SIDE ||
        image->height > MAX_SIDE)
        return jz_error_set(err, JZ_E_USAGE, "a JPEG cannot be %d × %d pixels", image->width,
                            image->height);
    JZ_CLEANUP(destroyp) tjhandle jpeg = tjInitCompress();
    const int subsampling = quality >= FULL_COLOUR_QUALITY ? TJSAMP_444 : TJSAMP_420;
    unsigned long size = tjBufSize(image->width, image->height, subsampling);
    jz_autofree uint8_t *data = malloc(size);
    if (!jpeg || !data)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a JPEG");
    uint8_t *target = data;
    if (tjCompress2(jpeg, image->pixels, image->width, 0, image->height, TJPF_RGB, &target, &size,
                    subsampling, quality, TJFLAG_NOREALLOC) < 0)
        return jz_error_set(err, JZ_E_INTERNAL, "cannot write a JPEG: %s", tjGetErrorStr2(jpeg));
    /* tjBufSize is the worst case; the usual case is a tenth of it. */
    uint8_t *fitted = realloc(data, size);
    if (fitted)
        data = fitted;
    *ret_data = JZ_TAKE(data);
    *ret_size = size;
    return 0;
}
