/*
 * The page from top to bottom: who certifies and what this is; certified until when; the facts;
 * what happens now; whom to ask; and at the foot, always in the same place, code and QR code.
 *
 * Every text has a most number of lines, so that the longest still leaves the foot free.
 */
#include "receipt/page_internal.h"
#include "receipt/words.h"

#include <qrencode.h>
#include <string.h>

static const double LEFT = 52, RIGHT = PAGE_WIDTH - 52, VALUE_LEFT = 184, FOOT_TOP = 676;
/* The two paragraphs as tall as they get. */
static const double PARAGRAPHS = 2 * 29 + 3 * (22 + 15) + 22 + 18 + 14;
static const double QR_SIDE = 119; /* 42 mm, without the quiet zone, which is white paper */

enum colour { INK, GREY, GREEN, PALE, LINE, WHITE };
static const double colours[][3] = {
    [INK] = { 0.10, 0.12, 0.14 },   [GREY] = { 0.33, 0.37, 0.41 }, [GREEN] = { 0.07, 0.40, 0.25 },
    [PALE] = { 0.92, 0.96, 0.935 }, [LINE] = { 0.82, 0.85, 0.87 }, [WHITE] = { 1, 1, 1 },
};

/* Sizes of type in points: few, and none too small for old eyes. */
enum {
    TITLE = 28,
    UNTIL = 31,
    CODE = 32,
    RESULT = 20,
    LARGE = 16,
    READ = 14,
    TEXT = 13,
    SMALL = 10
};

/* What is said in both scripts and in English. */
struct phrase {
    const char *zh_hans, *zh_hant, *en;
};

static const struct phrase title = { "领取养老待遇资格认证回执", "領取養老待遇資格認證回執",
                                     "Certification receipt" };
static const struct phrase certified = { "认证通过", "認證通過", "Certified" };
static const struct phrase until = { "有效期至", "有效期至", "Valid until" };
static const struct phrase number = { "编号", "編號", "No." };
static const struct phrase whom = { "姓名", "姓名", "Name" };
static const struct phrase document = { "证件号码", "證件號碼", "Document" };
static const struct phrase benefit = { "待遇种类", "待遇種類", "Benefit" };
static const struct phrase region = { "参保地区", "參保地區", "Region" };
static const struct phrase how = { "认证方式", "認證方式", "Certified by" };
static const struct phrase when = { "认证日期", "認證日期", "Date" };
static const struct phrase now = { "接下来", "接下來", "What happens now" };
static const struct phrase ask = { "咨询与异议", "諮詢與異議", "Questions and objections" };
static const struct phrase basis = { "依据", "依據", "Legal basis" };
static const struct phrase code_label = { "回执码（电话咨询时请报此码）",
                                          "回執碼（電話諮詢時請報此碼）",
                                          "Receipt code, to read out over the phone" };
static const struct phrase check = {
    "核验：把二维码里的文字交给 jianzai receipt verify，无需联网。",
    "核驗：把二維碼裏的文字交給 jianzai receipt verify，無需聯網。",
    "Check the text in the QR code with: jianzai receipt verify (works offline)"
};

/* What happens now and whom to ask: with the words of this receipt put in. */
static const struct phrase goes_on = { "待遇照常发放，现在不需要再办任何手续。",
                                       "待遇照常發放，現在不需要再辦任何手續。",
                                       "Payment continues. There is nothing more to do now." };
static const struct phrase resumes = {
    "暂停的待遇从{1}起恢复发放，暂停期间的待遇一并补发。",
    "暫停的待遇從{1}起恢復發放，暫停期間的待遇一併補發。",
    "Payment resumes with {1}, together with the months held back."
};
static const struct phrase reminder = { "下次认证最晚在{1}办理，我们从{2}起提醒您。",
                                        "下次認證最晚在{1}辦理，我們從{2}起提醒您。",
                                        "Please certify again by {1}. We remind you from {2}." };
static const struct phrase no_reminder = { "下次认证最晚在{1}办理。", "下次認證最晚在{1}辦理。",
                                           "Please certify again by {1}." };
static const struct phrase objection = {
    "有疑问，或要求更正、复核，请拨打 12333{1}", "有疑問，或要求更正、複核，請撥打 12333{1}",
    "Call 12333 to ask, or to have this corrected or reviewed{1}"
};
static const struct phrase counter = { "，或前往：", "，或前往：", "; or go to:" };
static const struct phrase full_stop = { "。", "。", "." };

/* A page under way: who is drawing, in which script, and how far down. */
struct sheet {
    struct jz_page_pen *pen;
    bool traditional;
    double y;
    double stretch; /* of the space between lines of the paragraphs */
};

static const char *zh(const struct sheet *s, const struct phrase *p)
{
    return s->traditional ? p->zh_hant : p->zh_hans;
}

static void use(struct sheet *s, enum colour colour)
{
    const double *c = colours[colour];
    cairo_set_source_rgb(s->pen->cr, c[0], c[1], c[2]);
}

/* Where a text goes: the first baseline, and the width and lines it may fill. */
struct place {
    double x, baseline, width;
    int lines;
    PangoAlignment align;
};

/* One line. */
static struct place left(double x, double baseline, double width)
{
    return (struct place){ x, baseline, width, 1, PANGO_ALIGN_LEFT };
}

/* Gives how much lower the last baseline is than the first. */
static double show(struct sheet *s, struct place at, double size, enum colour colour,
                   const char *text)
{
    PangoLayout *l = s->pen->layout;
    pango_font_description_set_absolute_size(s->pen->font, size * PANGO_SCALE);
    pango_layout_set_font_description(l, s->pen->font);
    pango_layout_set_text(l, text, -1);
    pango_layout_set_width(l, (int)(at.width * PANGO_SCALE));
    pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_ellipsize(l, PANGO_ELLIPSIZE_END);
    pango_layout_set_height(l, -at.lines);
    pango_layout_set_alignment(l, at.align);
    pango_layout_set_single_paragraph_mode(l, TRUE);
    use(s, colour);
    const double first = pango_layout_get_baseline(l) / (double)PANGO_SCALE;
    cairo_move_to(s->pen->cr, at.x, at.baseline - first);
    pango_cairo_show_layout(s->pen->cr, l);
    PangoLayoutIter *i = pango_layout_get_iter(l);
    while (pango_layout_iter_next_line(i))
        ;
    const double last = pango_layout_iter_get_baseline(i) / (double)PANGO_SCALE;
    pango_layout_iter_free(i);
    return last - first;
}

static void line(struct sheet *s, double y)
{
    use(s, LINE);
    cairo_set_line_width(s->pen->cr, 0.7);
    cairo_move_to(s->pen->cr, LEFT, y);
    cairo_line_to(s->pen->cr, RIGHT, y);
    cairo_stroke(s->pen->cr);
}

/* Room for a date in either language, and for a sentence with two of them. */
enum { DAY_BYTES = 48, SENTENCE_BYTES = 256 };

static const char *const month_names[] = { "January",   "February", "March",    "April",
                                           "May",       "June",     "July",     "August",
                                           "September", "October",  "November", "December" };

static char *zh_day(struct jz_date d, char text[DAY_BYTES])
{
    snprintf(text, DAY_BYTES, "%d年%d月%d日", d.year, d.month, d.day);
    return text;
}

static char *en_day(struct jz_date d, char text[DAY_BYTES])
{
    snprintf(text, DAY_BYTES, "%d %s %d", d.day, month_names[d.month - 1], d.year);
    return text;
}

static void head(struct sheet *s, const struct jz_receipt_page *page, const struct jz_receipt *r)
{
    char text[64];
    const double half = 300;
    snprintf(text, sizeof text, "%s %s %llu", zh(s, &number), number.en,
             (unsigned long long)r->number);
    show(s, left(LEFT, 50, half), TEXT, GREY, page->agency);
    show(s, (struct place){ LEFT + half + 8, 50, RIGHT - LEFT - half - 8, 1, PANGO_ALIGN_RIGHT },
         SMALL, GREY, text);
    show(s, left(LEFT, 92, RIGHT - LEFT), TITLE, INK, zh(s, &title));
    show(s, left(LEFT, 112, RIGHT - LEFT), TEXT, GREY, title.en);
}

static void rounded(cairo_t *cr, double x, double y, double width, double height, double radius)
{
    const double right_angle = 1.57079632679489661923;
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + width - radius, y + radius, radius, -right_angle, 0);
    cairo_arc(cr, x + width - radius, y + height - radius, radius, 0, right_angle);
    cairo_arc(cr, x + radius, y + height - radius, radius, right_angle, 2 * right_angle);
    cairo_arc(cr, x + radius, y + radius, radius, 2 * right_angle, 3 * right_angle);
    cairo_close_path(cr);
}

static void tick(struct sheet *s, double x, double y, double radius)
{
    cairo_t *cr = s->pen->cr;
    use(s, GREEN);
    cairo_arc(cr, x, y, radius, 0, 6.28318530717958647692);
    cairo_fill(cr);
    use(s, WHITE);
    cairo_set_line_width(cr, radius * 0.2);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_move_to(cr, x - radius * 0.42, y + radius * 0.04);
    cairo_line_to(cr, x - radius * 0.1, y + radius * 0.36);
    cairo_line_to(cr, x + radius * 0.46, y - radius * 0.32);
    cairo_stroke(cr);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
}

/* The one thing to take away, legible at arm's length. */
static void answer(struct sheet *s, const struct jz_receipt *r)
{
    const double top = 128, height = 88, x = LEFT + 206, width = RIGHT - x - 16;
    char day[DAY_BYTES], text[DAY_BYTES + 32];
    use(s, PALE);
    rounded(s->pen->cr, LEFT, top, RIGHT - LEFT, height, 10);
    cairo_fill(s->pen->cr);
    tick(s, LEFT + 42, top + height / 2, 23);
    show(s, left(LEFT + 80, top + 44, 110), RESULT, GREEN, zh(s, &certified));
    show(s, left(LEFT + 80, top + 63, 110), TEXT, GREEN, certified.en);
    show(s, left(x, top + 24, width), TEXT, GREEN, zh(s, &until));
    show(s, left(x, top + 56, width), UNTIL, GREEN, zh_day(r->due_on, day));
    snprintf(text, sizeof text, "%s %s", until.en, en_day(r->due_on, day));
    show(s, left(x, top + 76, width), TEXT, GREEN, text);
    s->y = top + height + 8;
}

/* A value, in Chinese and, where it differs, in English. */
struct value {
    const char *chinese, *english;
    double size;
    int lines; /* at most, of each */
};

/* A row of the facts: what it is on the left, the value on the right. */
static void fact(struct sheet *s, const struct phrase *label, struct value value)
{
    const double baseline = s->y + 21, english_x = LEFT + 5 * TEXT - 8;
    show(s, left(LEFT, baseline, VALUE_LEFT - LEFT), TEXT, GREY, zh(s, label));
    show(s, left(english_x, baseline, VALUE_LEFT - english_x), SMALL, GREY, label->en);
    struct place at = { VALUE_LEFT, baseline, RIGHT - VALUE_LEFT, value.lines, PANGO_ALIGN_LEFT };
    at.baseline += show(s, at, value.size, INK, value.chinese);
    if (value.english) {
        at.baseline += 15;
        at.baseline += show(s, at, SMALL, GREY, value.english);
    }
    s->y = at.baseline + (value.english ? 8 : 10);
    line(s, s->y);
}

/* All benefits in one line of each language; the bits are known to be good. */
static void benefits(struct sheet *s, const struct jz_receipt *r)
{
    char chinese[JZ_RECEIPT_PAGE_TEXT_BYTES] = "", english[JZ_RECEIPT_PAGE_TEXT_BYTES] = "";
    for (unsigned bit = 0; bit < JZ_SCHEMES; bit++) {
        const struct jz_word *word = jz_receipt_scheme(bit);
        if (!(r->schemes & 1U << bit))
            continue;
        const size_t a = strlen(chinese), b = strlen(english);
        snprintf(chinese + a, sizeof chinese - a, "%s%s", a ? "、" : "",
                 s->traditional ? word->zh_hant : word->zh_hans);
        snprintf(english + b, sizeof english - b, "%s%s", b ? "; " : "", word->en);
    }
    /* Hardly anybody has more than two; all seven still fit. */
    const int count = __builtin_popcount(r->schemes);
    fact(s, &benefit,
         (struct value){ chinese, english,
                         count == 1  ? LARGE
                         : count < 5 ? TEXT
                                     : SMALL,
                         3 });
}

static void facts(struct sheet *s, const struct jz_receipt_page *page, const struct jz_receipt *r)
{
    const struct jz_word *kind = jz_receipt_kind(r->kind);
    char code_of_region[8], chinese[DAY_BYTES], english[DAY_BYTES];
    snprintf(code_of_region, sizeof code_of_region, "%06u", r->region);
    fact(s, &whom, (struct value){ page->name, NULL, LARGE, 2 });
    fact(s, &document, (struct value){ page->document, NULL, LARGE, 1 });
    benefits(s, r);
    fact(s, &region,
         (struct value){ page->region ? page->region : code_of_region, NULL, LARGE, 1 });
    fact(s, &how,
         (struct value){ s->traditional ? kind->zh_hant : kind->zh_hans, kind->en, LARGE, 1 });
    fact(s, &when,
         (struct value){ zh_day(r->observed_on, chinese), en_day(r->observed_on, english), LARGE,
                         1 });
}

/* A paragraph: its heading, then lines of Chinese, each with its English below. */
static void heading(struct sheet *s, const struct phrase *text)
{
    char both[128];
    snprintf(both, sizeof both, "%s  %s", zh(s, text), text->en);
    s->y += 29 * s->stretch;
    show(s, left(LEFT, s->y, RIGHT - LEFT), TEXT, GREEN, both);
}

static void sentence(struct sheet *s, const char *chinese, const char *english)
{
    s->y += 22 * s->stretch;
    show(s, left(LEFT, s->y, RIGHT - LEFT), READ, INK, chinese);
    if (english) {
        s->y += 15 * s->stretch;
        show(s, left(LEFT, s->y, RIGHT - LEFT), SMALL, GREY, english);
    }
}

/* Puts the words for {1} and {2} into a phrase. */
static const char *fill(const char *phrase, const char *const words[2], char text[SENTENCE_BYTES])
{
    size_t used = 0;
    for (const char *p = phrase; *p && used + 1 < SENTENCE_BYTES;) {
        if (p[0] == '{' && (p[1] == '1' || p[1] == '2') && p[2] == '}') {
            used += (size_t)snprintf(text + used, SENTENCE_BYTES - used, "%s", words[p[1] - '1']);
            used = used < SENTENCE_BYTES ? used : SENTENCE_BYTES - 1;
            p += 3;
        } else {
            text[used++] = *p++;
        }
    }
    text[used] = 0;
    return text;
}

/* A phrase with words put in: Chinese words for Chinese, English ones for English. */
static void say(struct sheet *s, const struct phrase *phrase, const char *const chinese[2],
                const char *const english[2])
{
    char a[SENTENCE_BYTES], b[SENTENCE_BYTES];
    sentence(s, fill(zh(s, phrase), chinese, a), fill(phrase->en, english, b));
}

static void what_now(struct sheet *s, const struct jz_receipt_page *page,
                     const struct jz_receipt *r)
{
    static const char *const nothing[2] = { "", "" };
    char days[4][DAY_BYTES];
    const bool reminded = jz_date_is_set(page->remind_on);
    heading(s, &now);
    if (page->resumes_in.month != 0) {
        snprintf(days[0], DAY_BYTES, "%d年%d月", page->resumes_in.year, page->resumes_in.month);
        snprintf(days[1], DAY_BYTES, "%s %d", month_names[page->resumes_in.month - 1],
                 page->resumes_in.year);
        say(s, &resumes, (const char *const[]){ days[0], "" },
            (const char *const[]){ days[1], "" });
    } else {
        say(s, &goes_on, nothing, nothing);
    }
    const char *const chinese[2] = { zh_day(r->due_on, days[0]),
                                     reminded ? zh_day(page->remind_on, days[1]) : "" };
    const char *const english[2] = { en_day(r->due_on, days[2]),
                                     reminded ? en_day(page->remind_on, days[3]) : "" };
    say(s, reminded ? &reminder : &no_reminder, chinese, english);
}

static void whom_to_ask(struct sheet *s, const struct jz_receipt_page *page)
{
    const struct phrase *end = page->office ? &counter : &full_stop;
    heading(s, &ask);
    say(s, &objection, (const char *const[]){ zh(s, end), "" },
        (const char *const[]){ end->en, "" });
    if (page->office) {
        s->y += 22 * s->stretch;
        s->y += show(s, (struct place){ LEFT, s->y, RIGHT - LEFT, 2, PANGO_ALIGN_LEFT }, READ, INK,
                     page->office);
    }
}

/* The quiet zone of four modules is the paper around. */
static int qr(struct sheet *s, const char *text, double x, double y, struct jz_error *err)
{
    cairo_t *cr = s->pen->cr;
    QRinput *input = QRinput_new2(0, QR_ECLEVEL_M);
    QRcode *code = NULL;
    if (input &&
        QRinput_append(input, QR_MODE_AN, (int)strlen(text), (const unsigned char *)text) == 0)
        code = QRcode_encodeInput(input);
    QRinput_free(input);
    if (!code)
        return jz_error_set(err, JZ_E_MEMORY, "receipt: the QR code could not be made");
    const double module = QR_SIDE / code->width;
    cairo_set_source_rgb(cr, 0, 0, 0);
    /* A run of dark modules is one rectangle: fewer seams, and a smaller file. */
    for (int row = 0; row < code->width; row++)
        for (int from = 0, to; from < code->width; from = to + 1) {
            const unsigned char *modules = code->data + row * code->width;
            for (to = from; to < code->width && modules[to] & 1; to++)
                ;
            if (to > from)
                cairo_rectangle(cr, x + from * module, y + row * module, (to - from) * module,
                                module);
        }
    cairo_fill(cr);
    QRcode_free(code);
    return 0;
}

/* The legal basis, all in one text. */
static void grounds(struct sheet *s, const struct jz_receipt_page *page, double y, double width)
{
    char text[JZ_RECEIPT_PAGE_BASES * (JZ_RECEIPT_PAGE_TEXT_BYTES + 4) + 64];
    if (!page->basis[0])
        return;
    size_t used = (size_t)snprintf(text, sizeof text, "%s %s: ", zh(s, &basis), basis.en);
    for (int i = 0; i < JZ_RECEIPT_PAGE_BASES && page->basis[i]; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "；" : "",
                                 page->basis[i]);
    show(s, (struct place){ LEFT, y, width, 2, PANGO_ALIGN_LEFT }, SMALL, GREY, text);
}

static int foot(struct sheet *s, const struct jz_receipt_page *page, const struct jz_receipt *r,
                struct jz_error *err)
{
    const double x = RIGHT - QR_SIDE, width = x - LEFT - 24;
    char text[JZ_RECEIPT_TEXT_BYTES], spoken[JZ_RECEIPT_CODE_TEXT_BYTES];
    jz_receipt_text(&page->receipt, text);
    jz_receipt_code_format(r->code, spoken);
    line(s, FOOT_TOP);
    show(s, left(LEFT, FOOT_TOP + 24, width), TEXT, GREY, zh(s, &code_label));
    show(s, left(LEFT, FOOT_TOP + 39, width), SMALL, GREY, code_label.en);
    show(s, left(LEFT, FOOT_TOP + 77, width), CODE, INK, spoken);
    grounds(s, page, FOOT_TOP + 96, width);
    show(s, left(LEFT, FOOT_TOP + 120, width), SMALL, GREY, zh(s, &check));
    show(s, left(LEFT, FOOT_TOP + 133, width), SMALL, GREY, check.en);
    return qr(s, text, x, FOOT_TOP + 14, err);
}

int jz_page_draw(struct jz_page_pen *pen, const struct jz_receipt_page *page,
                 const struct jz_receipt *receipt, struct jz_error *err)
{
    struct sheet s = { .pen = pen, .traditional = page->traditional };
    use(&s, WHITE);
    cairo_paint(pen->cr);
    head(&s, page, receipt);
    answer(&s, receipt);
    facts(&s, page, receipt);
    const double room = FOOT_TOP - s.y;
    s.stretch = room < PARAGRAPHS ? room / PARAGRAPHS : 1;
    what_now(&s, page, receipt);
    whom_to_ask(&s, page);
    return foot(&s, page, receipt, err);
}
