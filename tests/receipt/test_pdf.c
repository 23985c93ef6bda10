/* The page: read back with the tools of a reader (poppler) and of a scanner (zbar). */
#include "receipt/pdf.h"

#include "base/clock.h"
#include "base/file.h"
#include "receipt/words.h"
#include "sample.h"

#include <pthread.h>
#include <qrencode.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_PDF_BYTES = 60000, FOOT_TOP = 676 };

/* fontconfig keeps 288 bytes for as long as the process lives, however many printers there were. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}

static char folder[] = "/tmp/jz-receipt-XXXXXX";

static struct jz_receipt_page sample_page(void)
{
    const struct jz_receipt r = sample_receipt();
    return (struct jz_receipt_page){
        .receipt = sample_unsigned(&r),
        .agency = "山东省社会保险事业中心",
        .name = "张桂芳",
        .document = "3703**********0033",
        .region = "山东省 济南市 历下区",
        .office = "历下区社会保险事业中心，解放东路 99 号，周一至周五 9:00–17:00",
        .basis = { "社会保险法 第七十三条", "社会保险经办条例 第三十条" },
        .remind_on = { 2027, 9, 26 },
    };
}

/* What a shell command prints, in fresh memory; it runs in the folder. */
static char *output_of(const char *command)
{
    jz_autofree char *line = NULL;
    char *text = NULL;
    size_t size = 0;
    assert_true(asprintf(&line, "cd %s && { %s; } 2>/dev/null", folder, command) > 0);
    FILE *out = popen(line, "r");
    FILE *copy = open_memstream(&text, &size);
    assert_true(out && copy);
    for (int c; (c = getc(out)) != EOF;)
        putc(c, copy);
    fclose(copy);
    pclose(out);
    return text;
}

static void need(const char *tool)
{
    jz_autofree char *command = NULL;
    assert_true(asprintf(&command, "command -v %s >/dev/null", tool) > 0);
    if (system(command) != 0) {
        print_message("# %s is not installed\n", tool);
        skip();
    }
}

static void assert_says(const char *text, const char *phrase)
{
    if (!strstr(text, phrase))
        fail_msg("no '%s' in:\n%s", phrase, text);
}

static void write_pdf(struct jz_receipt_printer *printer, const struct jz_receipt_page *page,
                      const char *name)
{
    struct jz_error err;
    jz_autofree char *path = jz_path_join(folder, name);
    if (jz_receipt_write_pdf(printer, page, path, &err) < 0)
        fail_msg("%s", err.text);
}

static void it_says_what_it_should(void **state)
{
    static const char *const phrases[] = {
        "领取养老待遇资格认证回执",
        "Certification receipt",
        "认证通过",
        "Certified",
        "有效期至",
        "2027年11月25日",
        "Valid until 25 November 2027",
        "70214",
        "张桂芳",
        "3703**********0033",
        "企业职工基本养老保险",
        "Employees' basic pension",
        "山东省 济南市 历下区",
        "手机或电脑人脸认证",
        "Face check on a phone or computer",
        "2026年11月25日",
        "25 November 2026",
        "待遇照常发放",
        "Payment continues",
        "2027年9月26日起提醒您",
        "We remind you from 26 September 2027",
        "12333",
        "Questions and objections",
        "解放东路 99 号",
        "社会保险法 第七十三条",
        "社会保险经办条例 第三十条",
        "jianzai receipt verify",
        "山东省社会保险事业中心",
    };
    const struct jz_receipt_page page = sample_page();
    char code[JZ_RECEIPT_CODE_TEXT_BYTES];
    need("pdftotext");
    write_pdf(*state, &page, "words.pdf");
    jz_autofree char *text = output_of("pdftotext -layout words.pdf -");
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        assert_says(text, phrases[i]);
    jz_receipt_code_format(sample_receipt().code, code);
    assert_says(text, code);
}

static void it_says_it_in_traditional_characters_too(void **state)
{
    static const char *const phrases[] = {
        "領取養老待遇資格認證回執",
        "認證通過",
        "企業職工基本養老保險",
        "遺屬待遇",
        "手機或電腦人臉認證",
        "暫停的待遇從2026年12月起恢復發放",
        "Payment resumes with December",
        "下次認證最晚在2027年11月25日辦理。",
        "請撥打 12333。",
        "370102",
    };
    struct jz_receipt r = sample_receipt();
    r.schemes |= 1 << JZ_SCHEME_SURVIVOR;
    struct jz_receipt_page page = sample_page();
    page.receipt = sample_unsigned(&r);
    page.traditional = true;
    page.region = page.office = NULL;
    page.remind_on = (struct jz_date){ 0 };
    page.resumes_in = (struct jz_month){ 2026, 12 };
    need("pdftotext");
    write_pdf(*state, &page, "traditional.pdf");
    jz_autofree char *text = output_of("pdftotext -layout traditional.pdf -");
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        assert_says(text, phrases[i]);
    assert_null(strstr(text, "养"));
}

static void it_is_one_small_page_with_its_fonts(void **state)
{
    const struct jz_receipt_page page = sample_page();
    jz_autofree uint8_t *data = NULL;
    size_t size;
    struct jz_error err;
    assert_int_equal(jz_receipt_pdf(*state, &page, &data, &size, &err), 0);
    print_message("# %zu bytes\n", size);
    assert_true(size <= MAX_PDF_BYTES);
    need("pdffonts");
    write_pdf(*state, &page, "fonts.pdf");
    jz_autofree char *info = output_of("pdfinfo fonts.pdf");
    assert_says(info, "Pages:           1");
    assert_says(info, "(A4)");
    jz_autofree char *fonts = output_of("pdffonts fonts.pdf | tail -n +3");
    assert_says(fonts, "+WenQuanYiMicroHei"); /* the + tells a subset */
    jz_autofree char *loose = output_of("pdffonts fonts.pdf | tail -n +3 | grep -v 'yes yes yes'");
    assert_string_equal(loose, "");
}

static void metadata_tells_nothing_of_the_person(void **state)
{
    const struct jz_receipt_page page = sample_page();
    need("pdfinfo");
    write_pdf(*state, &page, "info.pdf");
    jz_autofree char *info = output_of("TZ=UTC pdfinfo -isodates info.pdf; pdfinfo -meta info.pdf");
    assert_says(info, "Certification receipt");
    assert_says(info, "2026-11-25T08:00:00Z");
    static const char *const secrets[] = { "张", "3703", "70214", "4711", "Author", "Subject" };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_null(strstr(info, secrets[i]));
}

static void assert_scans(const char *picture, const struct jz_receipt_page *page)
{
    char wanted[JZ_RECEIPT_TEXT_BYTES];
    jz_autofree char *command = NULL;
    jz_receipt_text(&page->receipt, wanted);
    assert_true(
        asprintf(&command, "zbarimg --nodbus -q --raw -Sdisable -Sqrcode.enable %s", picture) > 0);
    jz_autofree char *seen = output_of(command);
    seen[strcspn(seen, "\n")] = 0;
    assert_string_equal(seen, wanted);
}

/* The side of the QR code on paper: what is dark in the lower right of a picture of 150 dpi. */
static void the_qr_code_is_large(void **state)
{
    const struct jz_receipt_page page = sample_page();
    struct jz_error err;
    need("pdftoppm");
    write_pdf(*state, &page, "size.pdf");
    free(output_of("pdftoppm -r 150 -gray -singlefile size.pdf size"));
    jz_autofree char *path = jz_path_join(folder, "size.pgm");
    jz_autofree uint8_t *data = NULL;
    size_t size;
    int width, height, head;
    assert_int_equal(jz_file_read(path, 1 << 24, &data, &size, &err), 0);
    assert_int_equal(sscanf((char *)data, "P5 %d %d 255%n", &width, &height, &head), 2);
    const uint8_t *pixels = data + head + 1;
    int left = width, right = 0, top = height, bottom = 0;
    for (int y = (FOOT_TOP + 4) * 150 / 72; y < height; y++)
        for (int x = width * 2 / 3; x < width; x++)
            if (pixels[y * width + x] < 128) {
                left = x < left ? x : left;
                right = x > right ? x : right;
                top = y < top ? y : top;
                bottom = y > bottom ? y : bottom;
            }
    const double mm = (right - left + 1) / 150.0 * 25.4;
    print_message("# %.1f mm\n", mm);
    assert_true(mm >= 35 && mm <= 60);
    assert_true(abs((right - left) - (bottom - top)) <= 2);
}

static void the_qr_code_scans_back(void **state)
{
    const struct jz_receipt_page page = sample_page();
    struct jz_error err;
    jz_autofree char *path = jz_path_join(folder, "screen.png");
    need("zbarimg");
    need("pdftoppm");
    write_pdf(*state, &page, "paper.pdf");
    free(output_of("pdftoppm -r 150 -png -singlefile paper.pdf paper"));
    assert_scans("paper.png", &page);
    assert_int_equal(jz_receipt_write_png(*state, &page, path, &err), 0);
    assert_scans("screen.png", &page);
}

static void the_qr_code_stays_coarse(void **state)
{
    (void)state;
    char text[JZ_RECEIPT_TEXT_BYTES];
    const struct jz_receipt_page page = sample_page();
    jz_receipt_text(&page.receipt, text);
    QRinput *input = QRinput_new2(0, QR_ECLEVEL_M);
    assert_int_equal(
        QRinput_append(input, QR_MODE_AN, (int)strlen(text), (const unsigned char *)text), 0);
    QRcode *code = QRcode_encodeInput(input);
    assert_non_null(code);
    print_message("# version %d\n", code->version);
    assert_true(code->version <= 10);
    QRcode_free(code);
    QRinput_free(input);
}

static void the_same_page_gives_the_same_bytes(void **state)
{
    struct jz_receipt_page page = sample_page(), other = page;
    JZ_CLEANUP(jz_receipt_printer_freep) struct jz_receipt_printer *fresh = NULL;
    struct jz_error err;
    other.name = "李秀英";
    assert_int_equal(jz_receipt_printer_new(&fresh, &err), 0);
    jz_autofree uint8_t *first = NULL;
    jz_autofree uint8_t *between = NULL;
    jz_autofree uint8_t *again = NULL;
    jz_autofree uint8_t *elsewhere = NULL;
    size_t size[4];
    assert_int_equal(jz_receipt_pdf(*state, &page, &first, &size[0], &err), 0);
    assert_int_equal(jz_receipt_pdf(*state, &other, &between, &size[1], &err), 0);
    assert_int_equal(jz_receipt_pdf(*state, &page, &again, &size[2], &err), 0);
    assert_int_equal(jz_receipt_pdf(fresh, &page, &elsewhere, &size[3], &err), 0);
    assert_true(size[0] == size[2] && memcmp(first, again, size[0]) == 0);
    assert_true(size[0] == size[3] && memcmp(first, elsewhere, size[0]) == 0);
    assert_false(size[0] == size[1] && memcmp(first, between, size[0]) == 0);
}

static void rare_characters_are_lent_by_another_font(void **state)
{
    struct jz_receipt_page page = sample_page();
    page.name = "𫖯㛃";
    need("pdftotext");
    write_pdf(*state, &page, "rare.pdf");
    jz_autofree char *text = output_of("pdftotext -layout rare.pdf -");
    assert_says(text, "领取养老待遇资格认证回执");
    jz_autofree char *lender = output_of("fc-list ':charset=2b5af 36c3' family");
    if (!*lender) {
        print_message("# no font of this machine has the characters\n");
        skip();
    }
    assert_says(text, "𫖯㛃");
    jz_autofree char *fonts = output_of("pdffonts rare.pdf | grep -c Micro; pdffonts rare.pdf |"
                                        " tail -n +3 | grep -v Micro | grep 'yes yes yes'");
    assert_true(strlen(fonts) > 3);
}

/* A text of JZ_RECEIPT_PAGE_TEXT_BYTES bytes at most: `character` again and again. */
static char *longest(const char *character)
{
    static char texts[8][JZ_RECEIPT_PAGE_TEXT_BYTES + 1];
    static int used;
    char *text = texts[used++ % 8];
    *text = 0;
    while (strlen(text) + strlen(character) <= JZ_RECEIPT_PAGE_TEXT_BYTES)
        strcat(text, character);
    return text;
}

static void the_longest_texts_leave_the_foot_free(void **state)
{
    struct jz_receipt r = sample_receipt();
    r.schemes = (1 << JZ_SCHEMES) - 1;
    r.number = INT64_MAX;
    struct jz_receipt_page page = sample_page();
    page.receipt = sample_unsigned(&r);
    page.agency = longest("社");
    page.name = longest("买");
    page.document = longest("*");
    page.region = longest("区");
    page.office = longest("街");
    page.basis[0] = page.basis[1] = page.basis[2] = longest("法");
    page.resumes_in = (struct jz_month){ 2026, 12 };
    need("zbarimg");
    need("pdftotext");
    write_pdf(*state, &page, "long.pdf");
    free(output_of("pdftoppm -r 150 -png -singlefile long.pdf long"));
    assert_scans("long.png", &page);
    /* The office comes last above the foot; "…" ends what did not fit. */
    jz_autofree char *lines = output_of("pdftotext -bbox long.pdf - | grep '<word'");
    int office = 0;
    for (const char *p = lines; (p = strstr(p, "<word")); p++) {
        double left, top, right, bottom;
        char word[64] = "";
        assert_int_equal(sscanf(p, "<word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\">%60s",
                                &left, &top, &right, &bottom, word),
                         5);
        assert_true(left >= 0 && right <= 596 && top >= 0 && bottom <= 842);
        if (strstr(word, "街街") || strstr(word, "区区") || strstr(word, "买买")) {
            office += strstr(word, "街街") != NULL;
            assert_true(bottom <= FOOT_TOP);
        }
    }
    assert_int_equal(office, 2);
}

static void what_cannot_be_printed_is_refused(void **state)
{
    static char too_long[JZ_RECEIPT_PAGE_TEXT_BYTES + 2];
    memset(too_long, 'x', JZ_RECEIPT_PAGE_TEXT_BYTES + 1);
    const struct jz_receipt_page good = sample_page();
    struct jz_receipt_page pages[9];
    static const struct {
        int wanted;
        const char *why;
    } cases[] = {
        { JZ_E_USAGE, "name is missing" },       { JZ_E_USAGE, "agency is missing" },
        { JZ_E_LIMIT, "office is longer" },      { JZ_E_USAGE, "region is not UTF-8" },
        { JZ_E_USAGE, "control character" },     { JZ_E_UNSUPPORTED, "version 9" },
        { JZ_E_USAGE, "does not exist" },        { JZ_E_USAGE, "does not exist" },
        { JZ_E_LIMIT, "legal basis is longer" },
    };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        pages[i] = good;
    pages[0].name = NULL;
    pages[1].agency = NULL;
    pages[2].office = too_long;
    pages[3].region = "\xe5\xbc";
    pages[4].document = "3703\n0033";
    pages[5].receipt.bytes[0] = 9;
    pages[6].remind_on = (struct jz_date){ 2027, 2, 30 };
    pages[7].resumes_in = (struct jz_month){ 2027, 13 };
    pages[8].basis[2] = too_long;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        uint8_t *data = NULL;
        size_t size = 42;
        struct jz_error err;
        const int got = jz_receipt_pdf(*state, &pages[i], &data, &size, &err);
        if (got != cases[i].wanted || !strstr(err.text, cases[i].why))
            fail_msg("case %zu: %d, wanted '%s'", i, got, cases[i].why);
        assert_true(data == NULL && size == 42);
    }
}

static void *print_some(void *argument)
{
    const struct jz_receipt_page page = sample_page();
    JZ_CLEANUP(jz_receipt_printer_freep) struct jz_receipt_printer *printer = NULL;
    struct jz_error err;
    (void)argument;
    if (jz_receipt_printer_new(&printer, &err) < 0)
        return NULL;
    uint8_t *data = NULL;
    size_t size;
    for (int i = 0; i < 5; i++) {
        free(JZ_TAKE(data));
        if (jz_receipt_pdf(printer, &page, &data, &size, &err) < 0)
            return NULL;
    }
    return data;
}

static void printers_work_side_by_side(void **state)
{
    const struct jz_receipt_page page = sample_page();
    jz_autofree uint8_t *wanted = NULL;
    size_t size;
    struct jz_error err;
    pthread_t threads[3];
    assert_int_equal(jz_receipt_pdf(*state, &page, &wanted, &size, &err), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, print_some, NULL), 0);
    for (int i = 0; i < 3; i++) {
        void *data = NULL;
        pthread_join(threads[i], &data);
        assert_non_null(data);
        assert_memory_equal(data, wanted, size);
        free(data);
    }
}

/* Nothing is asserted: a busy machine is no fault. */
static void print_speed(const char *what, const char *name)
{
    struct jz_receipt_page page = sample_page();
    page.name = name;
    JZ_CLEANUP(jz_receipt_printer_freep) struct jz_receipt_printer *printer = NULL;
    struct jz_error err;
    int64_t at = jz_clock_ns();
    assert_int_equal(jz_receipt_printer_new(&printer, &err), 0);
    double best = 1e9;
    for (int i = 0; i < 20; i++) {
        uint8_t *data;
        size_t size;
        if (i > 0)
            at = jz_clock_ns();
        assert_int_equal(jz_receipt_pdf(printer, &page, &data, &size, &err), 0);
        const double ms = (double)(jz_clock_ns() - at) * 1e-6;
        free(data);
        if (i == 0)
            print_message("# %s: a new printer and its first page: %.1f ms\n", what, ms);
        else
            best = ms < best ? ms : best;
    }
    print_message("# %s: a later page: %.1f ms\n", what, best);
}

static void how_fast_it_is(void **state)
{
    (void)state;
    print_speed("common characters", sample_page().name);
    print_speed("rare characters", "𫖯㛃");
}

static int open_printer(void **state)
{
    struct jz_error err;
    struct jz_receipt_printer *printer;
    if (!mkdtemp(folder) || jz_receipt_printer_new(&printer, &err) < 0)
        return -1;
    *state = printer;
    return 0;
}

static int close_printer(void **state)
{
    jz_autofree char *command = NULL;
    jz_receipt_printer_free(*state);
    return asprintf(&command, "rm -rf %s", folder) > 0 ? system(command) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_fast_it_is),
        cmocka_unit_test(it_says_what_it_should),
        cmocka_unit_test(it_says_it_in_traditional_characters_too),
        cmocka_unit_test(it_is_one_small_page_with_its_fonts),
        cmocka_unit_test(metadata_tells_nothing_of_the_person),
        cmocka_unit_test(the_qr_code_scans_back),
        cmocka_unit_test(the_qr_code_is_large),
        cmocka_unit_test(the_qr_code_stays_coarse),
        cmocka_unit_test(the_same_page_gives_the_same_bytes),
        cmocka_unit_test(rare_characters_are_lent_by_another_font),
        cmocka_unit_test(the_longest_texts_leave_the_foot_free),
        cmocka_unit_test(what_cannot_be_printed_is_refused),
        cmocka_unit_test(printers_work_side_by_side),
    };
    return cmocka_run_group_tests(tests, open_printer, close_printer);
}
