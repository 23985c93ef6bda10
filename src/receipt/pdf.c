#include "receipt/pdf.h"

#include "base/file.h"
#include "receipt/page_internal.h"

#include <cairo-pdf.h>
#include <string.h>
#include <time.h>

/*
 * The first has all common characters and makes small files; the others lend it the rare ones in
 * people's names.
 */
static const char main_font[] = "WenQuanYi Micro Hei";
static const char fonts[] = "WenQuanYi Micro Hei,Noto Sans CJK SC,BabelStone Han";

/* Of the picture: 150 dots an inch. */
static const double PIXELS_PER_POINT = 150.0 / 72;

struct jz_receipt_printer {
    PangoFontMap *map;
    PangoContext *context;
    PangoFontDescription *font;
};

static bool has_family(PangoFontMap *map, const char *name)
{
    PangoFontFamily **families = NULL;
    int count = 0;
    bool found = false;
    pango_font_map_list_families(map, &families, &count);
    for (int i = 0; i < count && !found; i++)
        found = strcmp(pango_font_family_get_name(families[i]), name) == 0;
    g_free(families);
    return found;
}

int jz_receipt_printer_new(struct jz_receipt_printer **ret_printer, struct jz_error *err)
{
    JZ_CLEANUP(jz_receipt_printer_freep) struct jz_receipt_printer *p = calloc(1, sizeof *p);
    if (!p)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    p->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    if (!p->map)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "cairo was built without FreeType");
    if (!has_family(p->map, main_font))
        return jz_error_set(err, JZ_E_NOT_FOUND, "the font %s is not installed; type: tools/setup",
                            main_font);
    /* One point is one unit of the drawing. */
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(p->map), 72);
    p->context = pango_font_map_create_context(p->map);
    /* The same shapes at any size, on paper and on screen. */
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(p->context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(p->context, FALSE);
    p->font = pango_font_description_new();
    pango_font_description_set_family_static(p->font, fonts);
    *ret_printer = JZ_TAKE(p);
    return 0;
}

void jz_receipt_printer_free(struct jz_receipt_printer *p)
{
    if (!p)
        return;
    pango_font_description_free(p->font);
    g_clear_object(&p->context);
    g_clear_object(&p->map);
    free(p);
}

static cairo_status_t collect(void *closure, const unsigned char *data, unsigned size)
{
    return fwrite(data, 1, size, closure) == size ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static int check(cairo_status_t status, struct jz_error *err)
{
    if (status == CAIRO_STATUS_SUCCESS)
        return 0;
    return jz_error_set(err, status == CAIRO_STATUS_NO_MEMORY ? JZ_E_MEMORY : JZ_E_INTERNAL,
                        "receipt: %s", cairo_status_to_string(status));
}

static int draw(struct jz_receipt_printer *p, cairo_surface_t *surface,
                const struct jz_receipt_page *page, const struct jz_receipt *receipt,
                struct jz_error *err)
{
    cairo_t *cr = cairo_create(surface);
    pango_cairo_update_context(cr, p->context);
    struct jz_page_pen pen = { cr, pango_layout_new(p->context), p->font };
    int r = jz_page_draw(&pen, page, receipt, err);
    if (r == 0)
        r = check(cairo_status(cr), err);
    g_object_unref(pen.layout);
    cairo_destroy(cr);
    return r;
}

static int print_pdf(struct jz_receipt_printer *p, const struct jz_receipt_page *page,
                     const struct jz_receipt *receipt, FILE *out, struct jz_error *err)
{
    char created[32];
    struct tm tm;
    const time_t t = (time_t)receipt->recorded_at;
    strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(collect, out, PAGE_WIDTH, PAGE_HEIGHT);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, "Certification receipt");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "jianzai " JZ_VERSION);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, created);
    int r = draw(p, surface, page, receipt, err);
    cairo_surface_finish(surface);
    if (r == 0)
        r = check(cairo_surface_status(surface), err);
    cairo_surface_destroy(surface);
    return r;
}

static int print_png(struct jz_receipt_printer *p, const struct jz_receipt_page *page,
                     const struct jz_receipt *receipt, FILE *out, struct jz_error *err)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(PAGE_WIDTH * PIXELS_PER_POINT),
                                   (int)(PAGE_HEIGHT * PIXELS_PER_POINT));
    cairo_surface_set_device_scale(surface, PIXELS_PER_POINT, PIXELS_PER_POINT);
    int r = draw(p, surface, page, receipt, err);
    if (r == 0)
        r = check(cairo_surface_write_to_png_stream(surface, collect, out), err);
    cairo_surface_destroy(surface);
    return r;
}

/* Control characters could break lines; pango draws bad UTF-8 as boxes. */
static int check_text(const char *what, const char *text, bool needed, struct jz_error *err)
{
    if (!text)
        return needed ? jz_error_set(err, JZ_E_USAGE, "receipt: %s is missing", what) : 0;
    const size_t size = strnlen(text, JZ_RECEIPT_PAGE_TEXT_BYTES + 1);
    if (size > JZ_RECEIPT_PAGE_TEXT_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "receipt: %s is longer than %d bytes", what,
                            JZ_RECEIPT_PAGE_TEXT_BYTES);
    if (!g_utf8_validate(text, (gssize)size, NULL))
        return jz_error_set(err, JZ_E_USAGE, "receipt: %s is not UTF-8", what);
    for (size_t i = 0; i < size; i++)
        if (g_ascii_iscntrl(text[i]))
            return jz_error_set(err, JZ_E_USAGE, "receipt: %s has a control character", what);
    return 0;
}

static int check_page(const struct jz_receipt_page *page, struct jz_error *err)
{
    const struct {
        const char *what, *text;
        bool needed;
    } texts[] = {
        { "agency", page->agency, true },         { "name", page->name, true },
        { "document", page->document, true },     { "region", page->region, false },
        { "office", page->office, false },        { "legal basis", page->basis[0], false },
        { "legal basis", page->basis[1], false }, { "legal basis", page->basis[2], false },
    };
    _Static_assert(JZ_RECEIPT_PAGE_BASES == 3, "each legal basis has its line above");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int r = check_text(texts[i].what, texts[i].text, texts[i].needed, err);
        if (r < 0)
            return r;
    }
    if (page->resumes_in.month > 12 ||
        (jz_date_is_set(page->remind_on) &&
         !jz_date_is_set(jz_date_from_key(jz_date_key(page->remind_on)))))
        return jz_error_set(err, JZ_E_USAGE, "receipt: a day or month that does not exist");
    return 0;
}

typedef int (*print_fn)(struct jz_receipt_printer *p, const struct jz_receipt_page *page,
                        const struct jz_receipt *receipt, FILE *out, struct jz_error *err);

static int print(struct jz_receipt_printer *p, const struct jz_receipt_page *page,
                 print_fn print_as, uint8_t **ret_data, size_t *ret_size, struct jz_error *err)
{
    struct jz_receipt receipt;
    int r = check_page(page, err);
    if (r < 0 || (r = jz_receipt_decode(page->receipt.bytes, JZ_RECEIPT_BYTES, &receipt, err)) < 0)
        return r;
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    if (!out)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    r = print_as(p, page, &receipt, out, err);
    if (fclose(out) != 0 && r == 0)
        r = jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if (r < 0) {
        free(data);
        return r;
    }
    *ret_data = (uint8_t *)data;
    *ret_size = size;
    return 0;
}

int jz_receipt_pdf(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                   uint8_t **ret_data, size_t *ret_size, struct jz_error *err)
{
    return print(printer, page, print_pdf, ret_data, ret_size, err);
}

int jz_receipt_png(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                   uint8_t **ret_data, size_t *ret_size, struct jz_error *err)
{
    return print(printer, page, print_png, ret_data, ret_size, err);
}

static int write_as(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                    print_fn print_as, const char *path, struct jz_error *err)
{
    jz_autofree uint8_t *data = NULL;
    size_t size;
    int r = print(printer, page, print_as, &data, &size, err);
    return r < 0 ? r : jz_file_write(path, data, size, err);
}

int jz_receipt_write_pdf(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                         const char *path, struct jz_error *err)
{
    return write_as(printer, page, print_pdf, path, err);
}

int jz_receipt_write_png(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                         const char *path, struct jz_error *err)
{
    return write_as(printer, page, print_png, path, err);
}
