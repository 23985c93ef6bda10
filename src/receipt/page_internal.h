/* The drawing, between the printer, which owns fonts and files, and the page. */
#pragma once

#include "receipt/pdf.h"

#include <pango/pangocairo.h>

/* A4 in points. */
#define PAGE_WIDTH  595.276
#define PAGE_HEIGHT 841.890

/* Where and with what the page is drawn. The layout's size is set for each text anew. */
struct jz_page_pen {
    cairo_t *cr;
    PangoLayout *layout;
    PangoFontDescription *font;
};

/* `receipt` is what page->receipt says. Leaves errors of cairo to who reads its status. */
int jz_page_draw(struct jz_page_pen *pen, const struct jz_receipt_page *page,
                 const struct jz_receipt *receipt, struct jz_error *err) JZ_MUST_CHECK;
