#include "picture.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    char letter;
    uint8_t rgb[3];
} colours[] = {
    { 'r', { 255, 0, 0 } },     { 'g', { 0, 255, 0 } },     { 'b', { 0, 0, 255 } },
    { 'k', { 0, 0, 0 } },       { 'y', { 128, 128, 128 } }, { 'w', { 255, 255, 255 } },
    { 'p', { 255, 127, 127 } }, { 'l', { 127, 255, 127 } },
};

const uint8_t *colour_of(char letter)
{
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++)
        if (colours[i].letter == letter)
            return colours[i].rgb;
    return NULL;
}

void paint(uint8_t *rgb, int width, int height, const char *quadrants)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, rgb += 3)
            memcpy(rgb, colour_of(quadrants[2 * (y >= height / 2) + (x >= width / 2)]), 3);
}

static char letter_of(const uint8_t *rgb)
{
    enum { TOLERANCE = 12 }; /* JPEG and video are not exact */
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
        int worst = 0;
        for (int c = 0; c < 3; c++)
            worst =
                abs(rgb[c] - colours[i].rgb[c]) > worst ? abs(rgb[c] - colours[i].rgb[c]) : worst;
        if (worst <= TOLERANCE)
            return colours[i].letter;
    }
    return '?';
}

void describe(const struct jz_image *image, char text[static PICTURE_TEXT_BYTES])
{
    char quadrants[5] = "";
    for (int q = 0; q < 4; q++) {
        const int x = image->width * (q % 2 ? 3 : 1) / 4, y = image->height * (q / 2 ? 3 : 1) / 4;
        quadrants[q] =
            letter_of(image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x));
    }
    snprintf(text, PICTURE_TEXT_BYTES, "%dx%d %s", image->width, image->height, quadrants);
}

void write_picture(const char *path, int width, int height, const char *quadrants)
{
    struct jz_error err;
    struct jz_image image = { 0 };
    assert_int_equal(jz_image_resize(&image, width, height, &err), 0);
    paint(image.pixels, width, height, quadrants);
    assert_int_equal(jz_image_write_jpeg(&image, 100, path, &err), 0);
    jz_image_done(&image);
}

char *make_folder(void)
{
    char *folder = strdup("/tmp/test-face.XXXXXX");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void remove_folder(char *folder)
{
    assert_int_equal(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(folder);
}
