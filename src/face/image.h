/*
 * Pictures and clips: foreign bytes in, upright RGB pixels out.
 *
 * A jz_image owns its pixels and is reused: decoding into it grows its buffer only when a larger
 * picture comes. Initialise with { 0 }, release with jz_image_done. A decoder (one per thread)
 * keeps the JPEG codec's state between pictures.
 *
 * Every size is checked before anything is allocated for it.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_IMAGE_MAX_BYTES  (24u << 20) /* of one encoded picture */
#define JZ_IMAGE_MAX_PIXELS (64u << 20) /* of one picture before it is scaled down */
#define JZ_IMAGE_LONG_SIDE  1600 /* larger pictures are decoded at a fraction of their size */
#define JZ_CLIP_MAX_FRAMES  3000
#define JZ_CLIP_LONG_SIDE   960 /* larger videos are scaled down to it; a folder, as pictures are */

struct jz_image {
    int width, height;
    uint8_t *pixels; /* RGB, three bytes a pixel, rows without gaps, top row first */
    size_t room;     /* bytes allocated */
};

struct jz_decoder;

int jz_decoder_new(struct jz_decoder **ret_decoder, struct jz_error *err) JZ_MUST_CHECK;
void jz_decoder_free(struct jz_decoder *decoder);

/* Makes room for width × height pixels; their content is undefined. */
int jz_image_resize(struct jz_image *image, int width, int height,
                    struct jz_error *err) JZ_MUST_CHECK;
void jz_image_done(struct jz_image *image);

/* Makes `to` a copy of `from`. */
int jz_image_copy(struct jz_image *to, const struct jz_image *from,
                  struct jz_error *err) JZ_MUST_CHECK;

/*
 * Decodes a JPEG (grey, YCbCr, RGB, CMYK, YCCK; EXIF orientation applied) or a PNG (any kind;
 * transparency over white), told apart by their first bytes. A picture whose longer side is beyond
 * long_side (0: JZ_IMAGE_LONG_SIDE) is decoded at the smallest fraction that is not below it: for
 * a JPEG so many eighths, for a PNG one half, one third and so on.
 * JZ_E_FORMAT (neither, broken, or cut short), JZ_E_LIMIT (too large, or a progressive JPEG that
 * costs too much), JZ_E_MEMORY. The image is untouched on failure.
 */
int jz_image_decode(struct jz_decoder *decoder, const void *data, size_t size, int long_side,
                    struct jz_image *image, struct jz_error *err) JZ_MUST_CHECK;
int jz_image_read(struct jz_decoder *decoder, const char *path, int long_side,
                  struct jz_image *image, struct jz_error *err) JZ_MUST_CHECK;

/* Writes a JPEG of the given quality (1 to 100; from 90 on with colour at full resolution). */
int jz_image_write_jpeg(const struct jz_image *image, int quality, const char *path,
                        struct jz_error *err) JZ_MUST_CHECK;

/* The caller owns *ret_data (free). */
int jz_image_encode_jpeg(const struct jz_image *image, int quality, uint8_t **ret_data,
                         size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

/*
 * A clip is a video file, or a folder of pictures taken in the order of their names (digits
 * compared as numbers) at a fixed rate. A video goes through a separate ffmpeg process, so that a
 * broken file can hurt nobody else; frames come upright, resampled to `fps` frames a second.
 */
struct jz_clip;

/*
 * The decoder must outlive the clip. fps: 0.1 to 120. JZ_E_NOT_FOUND (the path, a picture in the
 * folder, or the program ffmpeg), JZ_E_USAGE (a picture, or a rate out of range), JZ_E_IO,
 * JZ_E_LIMIT (a folder of more than JZ_CLIP_MAX_FRAMES), JZ_E_MEMORY.
 */
int jz_clip_open(struct jz_decoder *decoder, const char *path, double fps,
                 struct jz_clip **ret_clip, struct jz_error *err) JZ_MUST_CHECK;

/*
 * 1 and the next frame with its time from the start; 0 at the end; or an error: JZ_E_FORMAT,
 * JZ_E_LIMIT (more than JZ_CLIP_MAX_FRAMES, or too slow to decode), JZ_E_IO, JZ_E_MEMORY. Unlike
 * jz_image_decode it may leave the frame with undefined content then; the clip is to be closed.
 */
int jz_clip_next(struct jz_clip *clip, struct jz_image *frame, int64_t *ret_t_ms,
                 struct jz_error *err) JZ_MUST_CHECK;

/* At any time; ends ffmpeg. */
void jz_clip_close(struct jz_clip *clip);

/*
 * Whether PATH looks like a clip: a folder, or a file that is neither JPEG nor PNG. Not so when it
 * cannot be read.
 */
bool jz_path_is_clip(const char *path);

static inline void jz_decoder_freep(struct jz_decoder **d)
{
    jz_decoder_free(*d);
}

static inline void jz_clip_closep(struct jz_clip **c)
{
    jz_clip_close(*c);
}
