/* What the picture and clip readers share. The same threading as image.h: one thread a decoder. */
#pragma once

#include "face/image.h"

#include <sys/types.h>

/*
 * Codecs write into the scratch picture, never into the caller's: a picture that turns out broken
 * half way leaves the caller's untouched. Delivering it swaps the two buffers or, when the picture
 * must be turned, copies; so a steady stream of pictures allocates nothing.
 */
struct jz_decoder {
    void *jpeg; /* tjhandle, NULL until it is needed */
    struct jz_image scratch;
};

enum jz_picture_kind { JZ_PICTURE_UNKNOWN, JZ_PICTURE_JPEG, JZ_PICTURE_PNG };

enum jz_picture_kind jz_picture_sniff(const uint8_t *data, size_t size);

/* Refuses nonsense and more than JZ_IMAGE_MAX_PIXELS, without allocating. */
int jz_image_check_size(int64_t width, int64_t height, struct jz_error *err) JZ_MUST_CHECK;

/* Like jz_image_resize with pixels of pixel_bytes while a codec is still at work. */
int jz_image_reserve(struct jz_image *image, int width, int height, int pixel_bytes,
                     struct jz_error *err) JZ_MUST_CHECK;

/* Both leave RGB in decoder->scratch; the EXIF orientation (1 to 8) is still to be applied. */
int jz_jpeg_decode(struct jz_decoder *decoder, const uint8_t *data, size_t size, int long_side,
                   int *ret_orientation, struct jz_error *err) JZ_MUST_CHECK;
int jz_png_decode(struct jz_decoder *decoder, const uint8_t *data, size_t size, int long_side,
                  struct jz_error *err) JZ_MUST_CHECK;

/* Releases the JPEG codec; the next JPEG gets a fresh one. */
void jz_jpeg_reset(struct jz_decoder *decoder);

/* A stream of binary PPM pictures, as ffmpeg writes them. Initialise read and source. */
struct jz_ppm {
    /* Up to `size` bytes into `buffer`: their number, 0 at the end, or a negative JZ_E_*. */
    ssize_t (*read)(void *source, uint8_t *buffer, size_t size, struct jz_error *err);
    void *source;
    size_t at, filled;
    uint8_t buffer[16384];
};

/* 1 and the next picture, 0 at the end, or an error, after which the picture is undefined. */
int jz_ppm_next(struct jz_ppm *ppm, struct jz_image *image, struct jz_error *err) JZ_MUST_CHECK;
