/* The files of requests: what is taken, who can read it, and that shredding covers it. */
#include "asking.h"

#include "base/file.h"
#include "ledger/enrol.h"

#include <pthread.h>
#include <string.h>

/* One grey pixel. */
static const uint8_t png[] = { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00,
                               0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01,
                               0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3A,
                               0x7E, 0x9B, 0x55, 0x00, 0x00, 0x00, 0x0A, 0x49, 0x44, 0x41,
                               0x54, 0x78, 0x9C, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00,
                               0x81, 0x77, 0xCD, 0x72, 0xB6, 0x00, 0x00, 0x00, 0x00, 0x49,
                               0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82 };
static const char pdf[] = "%PDF-1.7\n1 0 obj <<>> endobj\nstartxref\n9\n%%EOF\n";

static int64_t ask_about(const char *question, int64_t number)
{
    const struct jz_sql_value value = jz_int(number);
    return ask_store_with(store, question, &value, 1);
}

static int64_t a_request(enum jz_request_kind kind)
{
    return ask(asking_person(), kind, "{}");
}

/* ---- What is taken ---- */

static void what_the_bytes_are(void **state)
{
    size_t size;
    jz_autofree uint8_t *jpeg = make_picture(32, 1, &size);
    static uint8_t large[JZ_REQUEST_FILE_BYTES + 1];
    (void)state;
    memcpy(large, pdf, 9);
    memcpy(large + sizeof large - 18, "startxref\n9\n%%EOF", 17);
    const struct {
        const char *name, *media; /* NULL: refused */
        const void *data;
        size_t size;
        int result;
    } cases[] = {
        { "JPEG", "image/jpeg", jpeg, size, 0 },
        { "PNG", "image/png", png, sizeof png, 0 },
        { "PDF", "application/pdf", pdf, sizeof pdf - 1, 0 },
        { "the largest PDF", "application/pdf", large, sizeof large - 1, 0 },
        { "a larger one", NULL, large, sizeof large, JZ_E_LIMIT },
        { "nothing", NULL, "", 0, JZ_E_LIMIT },
        { "a text", NULL, "hello", 5, JZ_E_FORMAT },
        { "half a JPEG", NULL, jpeg, size / 2, JZ_E_FORMAT },
        { "the beginning of a JPEG", NULL, jpeg, 3, JZ_E_FORMAT },
        { "half a PNG", NULL, png, sizeof png / 2, JZ_E_FORMAT },
        { "a PDF cut short", NULL, pdf, sizeof pdf - 20, JZ_E_FORMAT },
        { "a PDF of no version", NULL, "%PDF-x.7 startxref %%EOF", 24, JZ_E_FORMAT },
        { "the beginning of a PDF", NULL, "%PDF-", 5, JZ_E_FORMAT },
        { "a page", NULL, "<html>%PDF-1.7 startxref %%EOF", 30, JZ_E_FORMAT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *media = NULL;
        const int r = jz_request_file_media(cases[i].data, cases[i].size, &media, &err);
        if (r != cases[i].result || !media != !cases[i].media ||
            (media && strcmp(media, cases[i].media) != 0))
            fail_msg("%s: %d, %s", cases[i].name, r, r < 0 ? err.text : media);
    }
}

static void what_a_request_takes(void **state)
{
    struct jz_request_file file;
    size_t size;
    jz_autofree uint8_t *jpeg = make_picture(32, 1, &size);
    (void)state;
    const int64_t id = a_request(JZ_REQUEST_MATERIALS);
    struct jz_request_file_new new = {
        .request = id,
        .document = "life_sign",
        .media = "image/png",
        .data = jpeg,
        .size = size,
    };
    assert_int_equal(jz_request_file_add(store, &new, &file, &err), JZ_E_FORMAT);
    new.media = "image/jpeg";
    new.person = look_at(id).person + 1;
    assert_int_equal(jz_request_file_add(store, &new, &file, &err), JZ_E_NOT_FOUND);
    new.person--;
    assert_int_equal(jz_request_file_add(store, &new, &file, &err), 0);
    assert_string_equal(file.media, "image/jpeg");
    assert_int_equal(file.size, size);

    assert_int_equal(attach(id, "love_letter", jpeg, size, &file), JZ_E_USAGE);
    assert_int_equal(attach(id, "other", jpeg, size, &file), JZ_E_USAGE);
    assert_int_equal(attach(id, "village_letter", pdf, sizeof pdf - 1, &file), 0);
    assert_int_equal(attach(id + 100, "life_sign", jpeg, size, &file), JZ_E_NOT_FOUND);
    assert_int_equal(
        attach(a_request(JZ_REQUEST_DELETE_BIOMETRICS), "life_sign", jpeg, size, &file),
        JZ_E_USAGE);
    for (int i = 2; i < JZ_REQUEST_FILES_MAX; i++)
        attach_picture(id, "life_sign");
    assert_int_equal(attach(id, "life_sign", jpeg, size, &file), JZ_E_LIMIT);

    const int64_t closed = a_request(JZ_REQUEST_MATERIALS);
    assert_int_equal(take_step(closed, JZ_REQUEST_WITHDRAWN, NULL), 0);
    assert_int_equal(attach(closed, "life_sign", jpeg, size, &file), JZ_E_CONFLICT);
    check_register();
}

/* ---- What comes back ---- */

static void check_content(int64_t id, const void *data, size_t size)
{
    struct jz_request_file file;
    jz_autofree uint8_t *content = NULL;
    if (jz_request_file_open(store, id, &file, &content, &err) < 0)
        fail_msg("file %lld: %s", (long long)id, err.text);
    assert_int_equal(file.size, size);
    assert_memory_equal(content, data, size);
}

static void the_same_bytes_come_back(void **state)
{
    struct jz_request_file files[JZ_REQUEST_FILES_MAX], file;
    uint8_t *none = NULL;
    int count = 0;
    size_t size;
    jz_autofree uint8_t *jpeg = make_picture(64, 7, &size);
    (void)state;
    const int64_t id = a_request(JZ_REQUEST_MATERIALS);
    assert_int_equal(attach(id, "life_sign", jpeg, size, &file), 0);
    assert_int_equal(attach(id, "passport", png, sizeof png, &file), 0);
    assert_int_equal(jz_request_files(store, id, files, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_string_equal(files[0].document, "life_sign");
    assert_string_equal(files[1].media, "image/png");
    assert_memory_equal(files[1].digest, file.digest, sizeof file.digest);
    check_content(files[0].id, jpeg, size);
    check_content(files[1].id, png, sizeof png);
    assert_int_equal(jz_request_file_open(store, id, &file, &none, &err), JZ_E_NOT_FOUND);

    /* Under a new version of the key that wraps the person's own. */
    register_rotate(JZ_KEY_BIOMETRIC);
    check_content(files[0].id, jpeg, size);
    check_register();
}

/* ---- Large ones ---- */

/* More than the audit reads of them at a time, of nearly the largest size. */
static void large_files_are_hashed_and_audited(void **state)
{
    enum { FILES = 20, SIDE = 900 };
    struct jz_request_file file;
    size_t size = 0;
    (void)state;
    int64_t id = 0;
    for (int i = 0; i < FILES; i++) {
        jz_autofree uint8_t *jpeg = make_picture(SIDE, (unsigned)i, &size);
        assert_in_range(size, JZ_REQUEST_FILE_BYTES / 2, JZ_REQUEST_FILE_BYTES);
        if (i % JZ_REQUEST_FILES_MAX == 0)
            id = a_request(JZ_REQUEST_MATERIALS);
        if (attach(id, "life_sign", jpeg, size, &file) < 0)
            fail_msg("%s", err.text);
        check_content(file.id, jpeg, size);
    }
    check_register();
}

/* ---- Several at once ---- */

enum { SENDERS = 4, EACH = 3 };

struct sender {
    pthread_t thread;
    int64_t request;
    unsigned seed;
    int failed;
};

static void *send_files(void *context)
{
    struct sender *s = context;
    for (unsigned i = 0; i < EACH; i++) {
        struct jz_request_file file;
        struct jz_error why;
        size_t size;
        jz_autofree uint8_t *data = make_picture(16, s->seed + i, &size);
        const struct jz_request_file_new new = {
            .request = s->request,
            .document = "life_sign",
            .data = data,
            .size = size,
        };
        s->failed += jz_request_file_add(store, &new, &file, &why) < 0;
    }
    return NULL;
}

static void files_sent_at_once(void **state)
{
    struct sender senders[SENDERS];
    (void)state;
    const int64_t id = a_request(JZ_REQUEST_MATERIALS);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ .request = id, .seed = 100u * (unsigned)i };
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_files, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].failed, 0);
    }
    assert_int_equal(ask_about("SELECT count(*) FROM file WHERE request = $1", id), SENDERS * EACH);
    assert_int_equal(
        ask_about("SELECT count(*) FROM subject_key WHERE person = $1", look_at(id).person), 1);
    check_register();
}

/* ---- Forgetting ---- */

static void enrol(int64_t person)
{
    static struct jz_template_list list = { .count = 1 };
    struct jz_template *t = &list.templates[0];
    struct jz_enrol_result result;
    t->count = 1;
    snprintf(t->embeddings[0].model, sizeof t->embeddings[0].model, "made");
    snprintf(t->embeddings[0].version, sizeof t->embeddings[0].version, "1");
    t->embeddings[0].dims = 4;
    for (int i = 0; i < 4; i++)
        t->embeddings[0].values[i] = 0.5F;
    const struct jz_enrol_request request = {
        .person = person,
        .templates = &list,
        .operator= "alice",
    };
    if (jz_enrol_submit(store, &request, NULL, 0, &result, &err) < 0)
        fail_msg("%s", err.text);
    struct jz_template_list opened;
    assert_int_equal(jz_enrol_templates(store, result.enrolment, &opened, &err), 0);
}

static void shredding_covers_files(void **state)
{
    struct jz_request_file files[JZ_REQUEST_FILES_MAX], file;
    struct jz_forget_result forgotten;
    struct jz_template_list opened;
    uint8_t *none = NULL;
    int count = 0;
    (void)state;
    /* The file came first, then the face: one key seals both. */
    const int64_t id = a_request(JZ_REQUEST_MATERIALS), person = look_at(id).person;
    attach_picture(id, "life_sign");
    enrol(person);
    attach_picture(id, "passport");
    assert_int_equal(jz_request_files(store, id, files, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(jz_forget(store, person, "asked for", "alice", &forgotten, &err), 0);
    assert_int_equal(forgotten.statement.enrolments, 1);
    assert_int_equal(forgotten.statement.files, 2);
    for (int i = 0; i < count; i++)
        assert_int_equal(jz_request_file_open(store, files[i].id, &file, &none, &err),
                         JZ_E_NOT_FOUND);
    const int64_t enrolment = ask_about("SELECT max(id) FROM enrolment WHERE person = $1", person);
    assert_int_equal(jz_enrol_templates(store, enrolment, &opened, &err), JZ_E_NOT_FOUND);

    /* A new key for what comes later does not open what was before. */
    attach_picture(id, "resident_id");
    assert_int_equal(jz_request_files(store, id, files, &count, &err), 0);
    assert_int_equal(count, 3);
    assert_true(files[0].is_shredded && files[1].is_shredded && !files[2].is_shredded);
    assert_int_equal(jz_request_file_open(store, files[0].id, &file, &none, &err), JZ_E_NOT_FOUND);
    assert_int_equal(jz_request_file_open(store, files[2].id, &file, &none, &err), 0);
    free(none);

    /* Files alone are reason enough. */
    assert_int_equal(jz_forget(store, person, "again", "alice", &forgotten, &err), 0);
    assert_int_equal(forgotten.statement.enrolments, 0);
    assert_int_equal(forgotten.statement.files, 1);
    assert_int_equal(jz_forget(store, person, "again", "alice", &forgotten, &err), JZ_E_NOT_FOUND);
    check_register();
}

static void asked_to_delete(void **state)
{
    struct jz_answer_result result;
    (void)state;
    const int64_t person = asking_person();
    enrol(person);
    struct jz_answer a = { .word = JZ_ANSWER_ACCEPT, .by = "alice" };
    for (int i = 0; i < 2; i++) {
        a.request = ask(person, JZ_REQUEST_DELETE_BIOMETRICS, NULL);
        if (jz_request_answer(store, &a, &result, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(result.is_forgotten, i == 0);
        assert_int_equal(look_at(a.request).state, JZ_REQUEST_DONE);
        assert_int_equal(look_at(a.request).came, i == 0 ? result.forgotten.statement.fact : 0);
    }
    assert_int_equal(register_facts(person, JZ_T_SHRED), 1);
    check_register();
}

/* ---- Nothing in the clear ---- */

static void nothing_personal_in_the_clear(void **state)
{
    static const char *const words[] = { "Quarterdeck Lane", "Ebenezer Quux", "13912345678",
                                         "513101198201130014", "Zaphod's window" };
    (void)state;
    if (on_postgres)
        return;
    const int64_t person = asking_person();
    ask(person, JZ_REQUEST_VISIT,
        "{\"address\":\"Quarterdeck Lane\",\"days\":[\"2026-11-26\"],\"phone\":\"13912345678\","
        "\"reason\":\"Zaphod's window\",\"helper\":\"Ebenezer Quux\"}");
    ask(person, JZ_REQUEST_PROXY,
        "{\"name\":\"Ebenezer Quux\",\"document\":\"513101198201130014\",\"relation\":\"friend\"}");
    const int64_t id = ask(person, JZ_REQUEST_MATERIALS, "{}");
    struct jz_request_file file;
    assert_int_equal(attach(id, "passport", pdf, sizeof pdf - 1, &file), 0);
    register_pause();
    jz_autofree uint8_t *data = NULL;
    size_t size = 0;
    assert_int_equal(jz_file_read(url, 1u << 30, &data, &size, &err), 0);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_null(memmem(data, size, words[i], strlen(words[i])));
    assert_null(memmem(data, size, pdf, sizeof pdf - 1));
    assert_non_null(memmem(data, size, "application/pdf", 15)); /* the search finds something */
    register_reopen();
}

int main(int argc, char **argv)
{
    int status;
    if (!place_choose(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_bytes_are),
        cmocka_unit_test(what_a_request_takes),
        cmocka_unit_test(the_same_bytes_come_back),
        cmocka_unit_test(large_files_are_hashed_and_audited),
        cmocka_unit_test(files_sent_at_once),
        cmocka_unit_test(shredding_covers_files),
        cmocka_unit_test(asked_to_delete),
        cmocka_unit_test(nothing_personal_in_the_clear),
    };
    return cmocka_run_group_tests_name("files of requests", tests, asking_set_up,
                                       register_tear_down);
}
