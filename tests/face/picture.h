/*
 * The picture these tests look at: four quadrants of one colour each, named by letters in reading
 * order, so that "48x32 rgbw" says all there is to say about one.
 */
#pragma once

#include "face/image.h"

#include <stddef.h>

enum { PICTURE_WIDTH = 48, PICTURE_HEIGHT = 32, PICTURE_TEXT_BYTES = 48 };

/* red, green, blue, white, black (k), grey (y), pink (p), light green (l); NULL if unknown. */
const uint8_t *colour_of(char letter);

/* Paints a quadrant picture, three bytes a pixel. */
void paint(uint8_t *rgb, int width, int height, const char *quadrants);

/* "WIDTHxHEIGHT QUADRANTS", with ? where a quadrant's middle is none of the colours. */
void describe(const struct jz_image *image, char text[static PICTURE_TEXT_BYTES]);

/* JPEG of a freshly painted quadrant picture, written to a file. */
void write_picture(const char *path, int width, int height, const char *quadrants);

/* A new folder for a test's files, and its end with all that is in it. */
char *make_folder(void);
void remove_folder(char *folder);
