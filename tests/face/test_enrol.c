/*
 * Enrolment, storage and search with photographs of real people, where they and the models are:
 * three people over years and four with their own phones.
 */
#include "base/file.h"
#include "face/enrol.h"
#include "face/session.h"
#include "naive.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char data[] = JZ_SOURCE_ROOT "/../shared/data";

enum { MOST_PHOTOS = 16, PEOPLE = 3, PHONES = 4 };

/* One person's usable photographs. */
struct person {
    char *paths[MOST_PHOTOS];
    struct jz_template templates[MOST_PHOTOS];
    int count;
};

static struct {
    struct jz_engine *engine;
    struct jz_worker *worker;
    struct jz_decoder *decoder;
    const struct jz_matcher *matcher;
    struct person people[PEOPLE];
    struct jz_image selfies[PHONES], frames[PHONES];
} all;

__attribute__((format(printf, 1, 2))) static char *path_of(const char *format, ...)
{
    char *tail, *path;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&tail, format, args) > 0);
    va_end(args);
    path = jz_path_join(data, tail);
    free(tail);
    assert_non_null(path);
    return path;
}

static struct jz_enrolment *enrol(const char *const *paths, int count)
{
    struct jz_error err;
    struct jz_enrolment *e = calloc(1, sizeof *e);
    if (jz_enrol_files(all.worker, all.decoder, all.matcher, paths, count, e, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(e->count, count);
    return e;
}

static void photographs_of_one_person_are_taken(void **state)
{
    (void)state;
    for (int p = 0; p < PEOPLE; p++) {
        const struct person *who = &all.people[p];
        assert_true(who->count >= 3);
        for (int count = 1; count <= who->count && count <= JZ_TEMPLATES_MAX; count++) {
            jz_autofree struct jz_enrolment *e = enrol((const char *const *)who->paths, count);
            assert_true(e->usable && e->one_person);
            assert_true(count == 1 ? e->least_similarity == 1
                                   : e->least_similarity >= e->threshold);
            assert_int_equal(e->templates.count, count);
            for (int i = 0; i < count; i++) {
                assert_int_equal(e->findings[i].seen.reasons, 0);
                assert_int_equal(e->findings[i].matches, count - 1);
                assert_memory_equal(&e->templates.templates[i], &who->templates[i],
                                    sizeof who->templates[i]);
            }
        }
    }
}

static void a_stranger_among_them_is_found(void **state)
{
    (void)state;
    for (int p = 0; p < PEOPLE; p++) {
        const struct person *who = &all.people[p], *other = &all.people[(p + 1) % PEOPLE];
        for (int at = 0; at < 3; at++) {
            const char *paths[3] = { who->paths[0], who->paths[1], who->paths[2] };
            paths[at] = other->paths[0];
            jz_autofree struct jz_enrolment *e = enrol(paths, 3);
            assert_true(e->usable && !e->one_person);
            assert_true(e->least_similarity < e->threshold);
            assert_int_equal(e->templates.count, 0);
            for (int i = 0; i < 3; i++) {
                assert_int_equal(e->findings[i].matches, i == at ? 0 : 1);
                assert_true(e->findings[i].least_similarity < e->threshold);
            }
        }
    }
}

static void an_unusable_photograph_says_why(void **state)
{
    (void)state;
    struct jz_image images[3] = { { 0 } };
    struct jz_error err;
    jz_autofree struct jz_enrolment *e = calloc(1, sizeof *e);
    for (int i = 0; i < 3; i += 2)
        assert_int_equal(jz_image_read(all.decoder, all.people[0].paths[i], 0, &images[i], &err),
                         0);
    assert_int_equal(jz_image_resize(&images[1], 300, 200, &err), 0);
    memset(images[1].pixels, 90, images[1].room);
    assert_int_equal(jz_enrol_images(all.worker, all.matcher, images, 3, e, &err), 0);
    assert_true(!e->usable && e->one_person);
    assert_int_equal(e->templates.count, 0);
    assert_int_equal(e->findings[1].seen.reasons, JZ_Q_NO_FACE);
    assert_int_equal(e->findings[1].matches, 0);
    for (int i = 0; i < 3; i += 2) {
        assert_int_equal(e->findings[i].seen.reasons, 0);
        assert_int_equal(e->findings[i].matches, 1);
    }
    for (int i = 0; i < 3; i++)
        jz_image_done(&images[i]);
}

static void selfies_and_clips_enrol_together(void **state)
{
    (void)state;
    double least = 1, most = -1;
    for (int p = 0; p < PHONES; p++)
        for (int q = 0; q < PHONES; q++) {
            const struct jz_image images[2] = { all.selfies[p], all.frames[q] };
            struct jz_error err;
            jz_autofree struct jz_enrolment *e = calloc(1, sizeof *e);
            assert_int_equal(jz_enrol_images(all.worker, all.matcher, images, 2, e, &err), 0);
            assert_true(e->usable);
            assert_int_equal(e->one_person, p == q);
            assert_int_equal(e->templates.count, p == q ? 2 : 0);
            if (p == q)
                least = fmin(least, e->least_similarity);
            else
                most = fmax(most, e->least_similarity);
        }
    print_message("# one person from %.3f on, others to %.3f\n", least, most);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    jz_autofree char *folder = path_of("colour"), *text = path_of("README.md");
    jz_autofree char *nowhere = path_of("nowhere.jpg");
    const char *const good = all.people[0].paths[0];
    static struct jz_operating_point loose = { .fmr = 0.1, .threshold = 0.1 };
    struct jz_matcher no_point = *all.matcher;
    no_point.points = &loose;
    no_point.point_count = 1;
    const struct {
        const char *path;
        int count, wanted;
        const struct jz_matcher *matcher;
    } cases[] = {
        { good, 0, JZ_E_USAGE, all.matcher },   { good, 9, JZ_E_LIMIT, all.matcher },
        { good, -1, JZ_E_USAGE, all.matcher },  { text, 2, JZ_E_FORMAT, all.matcher },
        { folder, 2, JZ_E_USAGE, all.matcher }, { nowhere, 2, JZ_E_NOT_FOUND, all.matcher },
        { good, 1, JZ_E_USAGE, &no_point },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *paths[9];
        struct jz_error err = { 0 };
        static struct jz_enrolment e;
        e.count = 77;
        for (int k = 0; k < 9; k++)
            paths[k] = k == 1 ? cases[i].path : good;
        const int r = jz_enrol_files(all.worker, all.decoder, cases[i].matcher, paths,
                                     cases[i].count, &e, &err);
        if (r != cases[i].wanted || e.count != 77)
            fail_msg("%zu: %d, '%s'", i, r, err.text);
        if (cases[i].path != good)
            assert_non_null(strstr(err.text, cases[i].path));
    }
}

/* A template with only some of its embeddings: what another matcher would have made. */
static struct jz_template part_of(const struct jz_template *t, int from, int count)
{
    struct jz_template part = { .count = count };
    memcpy(part.embeddings, t->embeddings + from, (size_t)count * sizeof *part.embeddings);
    return part;
}

/* What storing and searching costs, in score, over all pairs of photographs. */
static void little_is_lost(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int from, count;
    } cases[] = { { "fusion", 0, 2 }, { "first", 0, 1 }, { "second", 1, 1 } };
    static const double most_stored = 1e-4;
    static struct jz_template before[PEOPLE * MOST_PHOTOS], after[PEOPLE * MOST_PHOTOS];
    for (size_t c = 0; c < COUNT(cases); c++) {
        JZ_CLEANUP(jz_gallery_freep) struct jz_gallery *g = NULL;
        struct jz_error err;
        double stored = 0, searched = 0;
        int count = 0;
        for (int p = 0; p < PEOPLE; p++)
            for (int i = 0; i < all.people[p].count; i++, count++) {
                struct jz_template_list one = { .count = 1 }, back;
                uint8_t blob[JZ_TEMPLATES_MAX_BYTES];
                size_t size;
                one.templates[0] = before[count] =
                    part_of(&all.people[p].templates[i], cases[c].from, cases[c].count);
                assert_int_equal(jz_templates_encode(&one, blob, &size, &err), 0);
                assert_int_equal(jz_templates_decode(blob, size, &back, &err), 0);
                after[count] = back.templates[0];
            }
        struct jz_template_kind kind;
        assert_int_equal(jz_template_kind_of(&after[0], &kind, &err), 0);
        for (int i = 0; i < count; i++) {
            /* One at a time, so that every score is told. */
            assert_int_equal(jz_gallery_new(&kind, &g, &err), 0);
            assert_int_equal(jz_gallery_append(g, &(int64_t){ i }, &after[i], 1, &err), 0);
            for (int k = 0; k < count; k++) {
                struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS];
                double was, is;
                int found;
                assert_int_equal(jz_template_compare(&before[i], &before[k], &was, &err), 0);
                assert_int_equal(jz_template_compare(&after[i], &before[k], &is, &err), 0);
                stored = fmax(stored, fabs(was - is));
                assert_int_equal(jz_gallery_search(g, &before[k], -1, 1, 1, hits, &found, &err), 0);
                assert_int_equal(found, 1);
                searched = fmax(searched, fabs(was - hits[0].score));
            }
            jz_gallery_free(JZ_TAKE(g));
        }
        print_message("# %s, %d pairs: %.6f lost by storing, %.6f by searching\n", cases[c].name,
                      count * count, stored, searched);
        assert_true(stored <= most_stored && searched <= JZ_GALLERY_LOSS);
    }
}

/* Everybody but one photograph in the gallery: that one finds its person first, exactly. */
static void everybody_is_found_again(void **state)
{
    (void)state;
    struct jz_template_kind kind, promised;
    struct jz_error err;
    assert_int_equal(jz_template_kind_of(&all.people[0].templates[0], &kind, &err), 0);
    assert_int_equal(jz_template_kind_of_matcher(all.engine, all.matcher, &promised, &err), 0);
    assert_true(jz_template_kind_equal(&kind, &promised));
    for (int p = 0; p < PEOPLE; p++)
        for (int left_out = 0; left_out < all.people[p].count; left_out++) {
            JZ_CLEANUP(jz_gallery_freep) struct jz_gallery *g = NULL;
            assert_int_equal(jz_gallery_new(&kind, &g, &err), 0);
            for (int64_t q = 0; q < PEOPLE; q++)
                for (int i = 0; i < all.people[q].count; i++)
                    if (q != p || i != left_out)
                        assert_int_equal(
                            jz_gallery_append(g, &q, &all.people[q].templates[i], 1, &err), 0);
            const struct jz_template *probe = &all.people[p].templates[left_out];
            jz_autofree struct jz_gallery_hit *scores = naive_score(g, probe);
            static const double thresholds[] = { -1, 0.2, 0.333, 0.45 };
            for (size_t t = 0; t < COUNT(thresholds); t++) {
                struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS], wanted[JZ_GALLERY_MAX_HITS];
                int found;
                assert_int_equal(
                    jz_gallery_search(g, probe, thresholds[t], 3, 2, hits, &found, &err), 0);
                assert_int_equal(
                    found, naive_choose(scores, jz_gallery_count(g), thresholds[t], 3, wanted));
                for (int k = 0; k < found; k++)
                    assert_true(hits[k].person == wanted[k].person &&
                                hits[k].score == wanted[k].score);
                assert_true(found >= 1 && hits[0].person == p);
            }
            /* Shredded: nobody else is taken for them. */
            struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS];
            int found;
            assert_int_equal(jz_gallery_remove(g, p), all.people[p].count - 1);
            assert_int_equal(jz_gallery_search(g, probe, 0.333, 3, 2, hits, &found, &err), 0);
            assert_int_equal(found, 0);
        }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of what lies in a folder, in order. */
static int list(const char *folder, char *ret_paths[], int most)
{
    int count = 0;
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)) && count < most)
        if (entry->d_name[0] != '.')
            ret_paths[count++] = jz_path_join(folder, entry->d_name);
    if (dir)
        closedir(dir);
    qsort(ret_paths, (size_t)count, sizeof *ret_paths, by_name);
    return count;
}

static int read_person(const char *folder, struct person *ret, struct jz_error *err)
{
    char *paths[MOST_PHOTOS];
    JZ_CLEANUP(jz_image_done) struct jz_image image = { 0 };
    const int count = list(folder, paths, MOST_PHOTOS);
    int r = 0;
    for (int i = 0; i < count; i++) {
        struct jz_observation seen;
        if (r < 0 || (r = jz_image_read(all.decoder, paths[i], 0, &image, err)) < 0 ||
            (r = jz_observe(all.worker, &image, &seen, err)) < 0 || seen.reasons) {
            free(paths[i]);
            continue;
        }
        r = jz_embed(all.worker, &image, &seen.landmarks, all.matcher, &ret->templates[ret->count],
                     err);
        ret->paths[ret->count++] = paths[i];
    }
    return r;
}

static int read_best_frame(const char *path, struct jz_image *ret, struct jz_error *err)
{
    static const struct jz_challenge none = { .count = 0 };
    JZ_CLEANUP(jz_clip_closep) struct jz_clip *clip = NULL;
    JZ_CLEANUP(jz_session_freep) struct jz_session *session = NULL;
    JZ_CLEANUP(jz_image_done) struct jz_image frame = { 0 };
    int64_t t_ms;
    int r;
    if ((r = jz_clip_open(all.decoder, path, 5, &clip, err)) < 0 ||
        (r = jz_session_new(all.engine, &none, all.matcher, &session, err)) < 0)
        return r;
    while ((r = jz_clip_next(clip, &frame, &t_ms, err)) == 1)
        if ((r = jz_session_feed(session, all.worker, &frame, t_ms, NULL, err)) < 0)
            break;
    struct jz_observation seen;
    const struct jz_image *best = jz_session_best(session, &seen);
    if (r == 0 && !best)
        r = jz_error_set(err, JZ_E_NOT_FOUND, "%s: no frame will do", path);
    return r < 0 ? r : jz_image_copy(ret, best, err);
}

/* What keeps these tests from being run; NULL: nothing. */
static const char *open_engine(void)
{
    static struct jz_error err;
    static const char *const needed[] = { "colour", "phone/person1_live.mov" };
    for (size_t i = 0; i < COUNT(needed); i++) {
        jz_autofree char *path = path_of("%s", needed[i]);
        if (access(path, R_OK) != 0)
            return "the photographs of ../shared/data are not there";
    }
    const int r = jz_engine_open(JZ_SOURCE_ROOT "/models", JZ_NN_F32, &all.engine, &err);
    return r == JZ_E_NOT_FOUND ? err.text : NULL;
}

static int read_all(struct jz_error *err)
{
    static const char *const ends[PHONES] = { "mov", "mov", "mp4", "mov" };
    jz_autofree char *colour = path_of("colour");
    char *folders[PEOPLE] = { NULL };
    int r = list(colour, folders, PEOPLE) == PEOPLE
                ? 0
                : jz_error_set(err, JZ_E_NOT_FOUND, "%s: not three people", colour);
    for (int p = 0; p < PEOPLE; p++) {
        if (r == 0)
            r = read_person(folders[p], &all.people[p], err);
        free(folders[p]);
    }
    for (int p = 0; r == 0 && p < PHONES; p++) {
        jz_autofree char *selfie = path_of("phone/person%d_selfie.jpg", p + 1);
        jz_autofree char *clip = path_of("phone/person%d_live.%s", p + 1, ends[p]);
        if ((r = jz_image_read(all.decoder, selfie, 0, &all.selfies[p], err)) == 0)
            r = read_best_frame(clip, &all.frames[p], err);
    }
    return r;
}

static int set_up(void **state)
{
    (void)state;
    struct jz_error err = { 0 };
    int r = JZ_E_INTERNAL;
    if (all.engine) {
        all.matcher = jz_manifest_matcher(jz_engine_manifest(all.engine), NULL);
        if ((r = jz_decoder_new(&all.decoder, &err)) == 0 &&
            (r = jz_worker_new(all.engine, &all.worker, &err)) == 0)
            r = read_all(&err);
    }
    if (r < 0)
        print_message("# %s\n", err.text);
    return r;
}

static int tear_down(void **state)
{
    (void)state;
    for (int p = 0; p < PEOPLE; p++)
        for (int i = 0; i < all.people[p].count; i++)
            free(all.people[p].paths[i]);
    for (int p = 0; p < PHONES; p++) {
        jz_image_done(&all.selfies[p]);
        jz_image_done(&all.frames[p]);
    }
    jz_decoder_free(all.decoder);
    jz_worker_free(all.worker);
    jz_engine_close(all.engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photographs_of_one_person_are_taken),
        cmocka_unit_test(a_stranger_among_them_is_found),
        cmocka_unit_test(an_unusable_photograph_says_why),
        cmocka_unit_test(selfies_and_clips_enrol_together),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(little_is_lost),
        cmocka_unit_test(everybody_is_found_again),
    };
    const char *missing = open_engine();
    if (missing) {
        printf("1..0 # SKIP %s\n", missing);
        return 0;
    }
    return cmocka_run_group_tests_name("enrol", tests, set_up, tear_down);
}
