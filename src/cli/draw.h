/* Pictures for people: what was seen, drawn over it, with one line of verdict below. */
#pragma once

#include "face/engine.h"

/* Box, five points and the mesh; green when `good`, else red. landmarks may be NULL. */
int draw_face(const struct jz_image *image, const struct jz_face *face,
              const struct jz_landmarks *landmarks, const char *caption, bool good,
              const char *path, struct jz_error *err) JZ_MUST_CHECK;

/* Several pictures side by side, each with a caption of its own, and one verdict below all. */
struct draw_panel {
    const struct jz_image *image;
    const struct jz_face *face; /* or NULL */
    const struct jz_landmarks *landmarks;
    const char *caption;
};

int draw_panels(const struct draw_panel *panels, int count, const char *verdict, bool good,
                const char *path, struct jz_error *err) JZ_MUST_CHECK;
