#include "cli/draw.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

enum { PANEL_HEIGHT = 480, CAPTION_HEIGHT = 28, VERDICT_HEIGHT = 44, MARGIN = 10 };

static cairo_surface_t *to_surface(const struct jz_image *image)
{
    cairo_surface_t *s =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, image->width, image->height);
    if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS)
        return s;
    unsigned char *data = cairo_image_surface_get_data(s);
    const size_t stride = (size_t)cairo_image_surface_get_stride(s);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            const uint8_t *p = image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
            const uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
            memcpy(data + (size_t)y * stride + 4 * (size_t)x, &v, sizeof v);
        }
    cairo_surface_mark_dirty(s);
    return s;
}

static void set_colour(cairo_t *c, bool good, double alpha)
{
    if (good)
        cairo_set_source_rgba(c, 0.10, 0.75, 0.35, alpha);
    else
        cairo_set_source_rgba(c, 0.90, 0.20, 0.15, alpha);
}

static void dot(cairo_t *c, const float *p, double radius)
{
    cairo_arc(c, (double)p[0], (double)p[1], radius, 0, 2 * M_PI);
    cairo_fill(c);
}

static void draw_marks(cairo_t *c, const struct draw_panel *p, bool good, double scale)
{
    if (!p->face)
        return;
    const struct jz_box *b = &p->face->box;
    set_colour(c, good, 0.55);
    for (int i = 0; p->landmarks && i < JZ_MESH_POINTS; i++)
        dot(c, p->landmarks->points[i], 0.9 / scale);
    set_colour(c, good, 1);
    cairo_set_line_width(c, 2 / scale);
    cairo_rectangle(c, (double)b->x, (double)b->y, (double)b->w, (double)b->h);
    cairo_stroke(c);
    cairo_set_source_rgb(c, 1, 0.85, 0.1);
    for (int i = 0; i < 5; i++)
        dot(c, p->face->points[i], 3 / scale);
}

static void write_text(cairo_t *c, const char *text, double x, double y, double size)
{
    cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c, size);
    cairo_move_to(c, x, y);
    cairo_show_text(c, text);
}

static void draw_all(cairo_t *c, const struct draw_panel *panels, int count, const char *verdict,
                     bool good)
{
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    double x = MARGIN;
    for (int i = 0; i < count; i++) {
        const double scale = (double)PANEL_HEIGHT / panels[i].image->height;
        cairo_save(c);
        cairo_translate(c, x, MARGIN);
        cairo_scale(c, scale, scale);
        cairo_surface_t *s = to_surface(panels[i].image);
        cairo_rectangle(c, 0, 0, panels[i].image->width, panels[i].image->height);
        cairo_clip(c);
        cairo_set_source_surface(c, s, 0, 0);
        cairo_paint(c);
        cairo_surface_destroy(s);
        draw_marks(c, &panels[i], good, scale);
        cairo_restore(c);
        cairo_set_source_rgb(c, 0.2, 0.2, 0.2);
        write_text(c, panels[i].caption, x, MARGIN + PANEL_HEIGHT + 20, 15);
        x += panels[i].image->width * scale + MARGIN;
    }
    set_colour(c, good, 1);
    write_text(c, verdict, MARGIN, MARGIN + PANEL_HEIGHT + CAPTION_HEIGHT + 28, 22);
}

/* cairo's pixels back to ours, for the JPEG writer. */
static int to_file(cairo_surface_t *s, const char *path, struct jz_error *err)
{
    struct jz_image out = { 0 };
    const int width = cairo_image_surface_get_width(s), height = cairo_image_surface_get_height(s);
    const unsigned char *data = cairo_image_surface_get_data(s);
    const size_t stride = (size_t)cairo_image_surface_get_stride(s);
    int r = jz_image_resize(&out, width, height, err);
    for (int y = 0; r == 0 && y < height; y++)
        for (int x = 0; x < width; x++) {
            uint32_t v;
            memcpy(&v, data + (size_t)y * stride + 4 * (size_t)x, sizeof v);
            uint8_t *p = out.pixels + 3 * ((size_t)y * (size_t)width + (size_t)x);
            p[0] = (uint8_t)(v >> 16);
            p[1] = (uint8_t)(v >> 8);
            p[2] = (uint8_t)v;
        }
    if (r == 0)
        r = jz_image_write_jpeg(&out, 88, path, err);
    jz_image_done(&out);
    return r;
}

int draw_panels(const struct draw_panel *panels, int count, const char *verdict, bool good,
                const char *path, struct jz_error *err)
{
    double width = MARGIN;
    for (int i = 0; i < count; i++)
        width += (double)panels[i].image->width * PANEL_HEIGHT / panels[i].image->height + MARGIN;
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)fmax(width, 640),
                                                    PANEL_HEIGHT + CAPTION_HEIGHT + VERDICT_HEIGHT);
    cairo_t *c = cairo_create(s);
    draw_all(c, panels, count, verdict, good);
    const bool ok = cairo_status(c) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(c);
    cairo_surface_flush(s);
    int r = ok ? to_file(s, path, err)
               : jz_error_set(err, JZ_E_INTERNAL, "%s: cairo could not draw it", path);
    cairo_surface_destroy(s);
    return r;
}

int draw_face(const struct jz_image *image, const struct jz_face *face,
              const struct jz_landmarks *landmarks, const char *caption, bool good,
              const char *path, struct jz_error *err)
{
    const struct draw_panel panel = { image, face, landmarks, caption };
    return draw_panels(&panel, 1, "", good, path, err);
}
