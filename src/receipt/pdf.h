/*
 * The receipt on paper and on screen: one A4 page in Chinese and English, with the code to read
 * over the phone and the QR code that holds the signed receipt itself.
 *
 * A printer keeps the fonts open, so that only its first page is slow. It belongs to one thread at
 * a time; several printers work side by side. The same page gives the same bytes, as long as the
 * fonts of the machine stay the same. Beside what the page shows, the files hold no word about the
 * person.
 */
#pragma once

#include "receipt/payload.h"

/* Longer texts are refused with JZ_E_LIMIT; what does not fit on its lines ends in "…". */
#define JZ_RECEIPT_PAGE_TEXT_BYTES 512
#define JZ_RECEIPT_PAGE_BASES      3

/* All texts are borrowed UTF-8 without control characters. */
struct jz_receipt_page {
    struct jz_signed_receipt receipt; /* says the rest: days, kind, benefits, code */
    bool traditional;                 /* Chinese in traditional characters */
    const char *agency;               /* who certifies: the head of the page */
    const char *name;
    const char *document; /* masked by the caller: "3703**********0033" */
    const char *region;   /* its name; NULL: the six digits */
    const char *office;   /* where to ask besides 12333: name, address, hours; may be NULL */
    const char *basis[JZ_RECEIPT_PAGE_BASES]; /* legal basis, a line each; the first NULL ends */
    struct jz_date remind_on;   /* first reminder of the next certification; no day: none */
    struct jz_month resumes_in; /* payment was held and goes on with this month's; no month: it
                                   was not held */
};

struct jz_receipt_printer;

/* JZ_E_NOT_FOUND when the font WenQuanYi Micro Hei is not installed. */
int jz_receipt_printer_new(struct jz_receipt_printer **ret_printer,
                           struct jz_error *err) JZ_MUST_CHECK;
void jz_receipt_printer_free(struct jz_receipt_printer *printer);

/* The files as bytes (free). JZ_E_USAGE, JZ_E_LIMIT, and what decoding the receipt may say. */
int jz_receipt_pdf(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                   uint8_t **ret_data, size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;
int jz_receipt_png(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                   uint8_t **ret_data, size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

int jz_receipt_write_pdf(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                         const char *path, struct jz_error *err) JZ_MUST_CHECK;
int jz_receipt_write_png(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                         const char *path, struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_receipt_printer_freep(struct jz_receipt_printer **p)
{
    jz_receipt_printer_free(*p);
}
