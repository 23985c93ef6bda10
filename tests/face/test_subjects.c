/*
 * Liveness over MADE subjects: still photographs moved as a whole, as an attacker would move a
 * print, and heads, lids and mouths moved inside a photograph (subject.h). They show what the
 * program does with such motions; nothing here was done by a living person.
 *
 * Needs the models of the checkout and the photographs of ../shared/data, and is skipped without.
 */
#include "subject.h"

#include "face/session.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char root[] = JZ_SOURCE_ROOT;

/* Frontal and in colour; read at a size like that of a small camera, for speed. */
static const char *const photos[] = {
    "attacks/nuaa_live/0003_01_00_01_345.jpg",
    "attacks/nuaa_live/0008_00_00_02_372.jpg",
    "phone/person3_selfie.jpg",
};

enum { PHOTOS = sizeof photos / sizeof photos[0], LONG_SIDE = 480 };

static struct {
    struct jz_engine *engine;
    struct jz_worker *worker;
    struct jz_decoder *decoder;
    struct jz_image stills[PHOTOS];
    struct subject *subjects[PHOTOS];
} all;

/* How a motion is spread over the clip. */
enum course { OUT_AND_BACK, TO_AND_FRO };

struct motion {
    const char *name;
    enum course course;
    bool head;
    bool may_pass; /* a known limit: reported, not judged */
    struct flat_pose flat;
    struct head_pose pose;
    const char *wanted; /* of a head: the events, in order */
};

/*
 * A photograph bent as round as a head is a solid thing to the landmarks. Moved about one axis it
 * is still told by its proportions; about two at once, or kept bent and swung by little, it may
 * pass for a turn, a nod or a shake. Those are left to the presentation attack score.
 */
static const struct motion flat_motions[] = {
    { "shifted", .flat = { .shift_x = 0.15f, .shift_y = 0.05f } },
    { "brought nearer", .flat = { .nearer = 0.6f } },
    { "turned in its plane", .flat = { .roll_deg = 30 } },
    { "turned left 45°", .flat = { .yaw_deg = 45 } },
    { "turned right 45°", .flat = { .yaw_deg = -45 } },
    { "turned left 45°, near", .flat = { .yaw_deg = 45, .nearer = 0.6f } },
    { "tilted forward 45°", .flat = { .pitch_deg = -45 } },
    { "tilted forward 45°, near", .flat = { .pitch_deg = -45, .nearer = 0.6f } },
    { "tilted back 45°", .flat = { .pitch_deg = 45 } },
    { "bent across 60°", .flat = { .bend_x = 60 } },
    { "bent inward 60°", .flat = { .bend_x = -60 } },
    { "bent down 60°", .flat = { .bend_y = 60 } },
    { "bent across and turned left", .flat = { .bend_x = 60, .yaw_deg = 45 } },
    { "bent across and turned right", .flat = { .bend_x = 60, .yaw_deg = -45 } },
    { "bent down and tilted forward", .flat = { .bend_y = 60, .pitch_deg = -45 } },
    { "turned and tilted", .flat = { .yaw_deg = 30, .pitch_deg = -45, .nearer = 0.6f } },
    { "turned and tilted the other way", .flat = { .yaw_deg = -45, .pitch_deg = -45 } },
    { "bent, turned and tilted", .may_pass = true,
      .flat = { .bend_x = 60, .yaw_deg = -45, .pitch_deg = -35 } },
    { "swung to and fro", TO_AND_FRO, .flat = { .yaw_deg = 45 } },
    { "bent and swung to and fro", TO_AND_FRO, .may_pass = true,
      .flat = { .bend_x = 60, .yaw_deg = 45 } },
};

static const struct motion head_motions[] = {
    { "head turned left", .head = true, .pose = { .yaw_deg = 30 }, .wanted = "turn_left" },
    { "head turned right", .head = true, .pose = { .yaw_deg = -30 }, .wanted = "turn_right" },
    { "head nodded", .head = true, .pose = { .pitch_deg = -20 }, .wanted = "nod" },
    { "head raised", .head = true, .pose = { .pitch_deg = 20 }, .wanted = "" },
    { "head shaken", TO_AND_FRO, .head = true, .pose = { .yaw_deg = 20 }, .wanted = "shake" },
    { "lids shut", .head = true, .pose = { .shut_right = 1, .shut_left = 1 }, .wanted = "blink" },
    { "one lid shut", .head = true, .pose = { .shut_right = 1 }, .wanted = "" },
    { "lids lowered by a quarter", .head = true,
      .pose = { .shut_right = 0.25f, .shut_left = 0.25f }, .wanted = "" },
    { "mouth opened", .head = true, .pose = { .mouth = 0.9f }, .wanted = "mouth_open" },
    { "mouth opened a little", .head = true, .pose = { .mouth = 0.2f }, .wanted = "" },
};

/* -1 to 1: where the motion is at a part of the clip. */
static float extent(enum course course, float part)
{
    if (course == OUT_AND_BACK)
        return out_and_back(part);
    const float turns = 2, rest = 0.2f, p = (part - rest) / (1 - 2 * rest);
    return p < 0 || p > 1 ? 0 : sinf(turns * 2 * (float)M_PI * p);
}

static void draw(struct subject *s, const struct motion *m, float k, struct jz_image *frame)
{
    if (m->head) {
        const struct head_pose *p = &m->pose;
        subject_draw_head(s,
                          &(struct head_pose){ k * p->yaw_deg, k * p->pitch_deg, k * p->shut_right,
                                               k * p->shut_left, k * p->mouth },
                          frame);
        return;
    }
    const struct flat_pose *p = &m->flat;
    const float bent = m->course == TO_AND_FRO ? 1 : k; /* it stays bent while it is swung */
    subject_draw_flat(s,
                      &(struct flat_pose){ k * p->shift_x, k * p->shift_y, k * p->nearer,
                                           k * p->roll_deg, k * p->yaw_deg, k * p->pitch_deg,
                                           bent * p->bend_x, bent * p->bend_y },
                      frame);
}

static struct jz_session *new_session(const struct jz_challenge *challenge)
{
    struct jz_error err;
    struct jz_session *session;
    const struct jz_matcher *matcher = jz_manifest_matcher(jz_engine_manifest(all.engine), NULL);
    if (jz_session_new(all.engine, challenge, matcher, &session, &err) < 0)
        fail_msg("%s", err.text);
    return session;
}

static void feed(struct jz_session *session, const struct jz_image *frame, int64_t t_ms,
                 struct jz_observation *ret)
{
    struct jz_error err;
    if (jz_session_feed(session, all.worker, frame, t_ms, ret, &err) < 0)
        fail_msg("%s", err.text);
}

static struct jz_verdict finish(struct jz_session *session)
{
    struct jz_verdict v;
    jz_session_finish(session, &v);
    return v;
}

static const char *words(const struct jz_event *events, int count)
{
    static char text[JZ_SESSION_MAX_EVENTS * 12];
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
                                 jz_action_name(events[i].action));
    return text;
}

/* What was seen in one clip. */
struct outcome {
    struct jz_event events[JZ_SESSION_MAX_EVENTS];
    int count;
    float yaw_deg, pitch_deg; /* furthest from the first frame */
    float eye, mouth;         /* least open, as part of the first; most open */
    struct jz_verdict verdict;
};

static void play(size_t photo, const struct motion *m, int rate, const struct jz_challenge *c,
                 struct outcome *ret)
{
    enum { CLIP_MS = 1600 };
    const int frames = CLIP_MS * rate / 1000;
    struct jz_session *session = new_session(c);
    struct jz_image frame = { 0 };
    struct jz_observation first = { .face_count = 0 };
    memset(ret, 0, sizeof *ret);
    ret->eye = 1;
    for (int i = 0; i <= frames; i++) {
        struct jz_observation o;
        draw(all.subjects[photo], m, extent(m->course, (float)i / (float)frames), &frame);
        subject_add_noise(all.decoder, &frame, (unsigned)i);
        feed(session, &frame, i * 1000 / rate, &o);
        if (i == 0)
            first = o;
        if (o.face_count == 0)
            continue;
        const struct jz_landmarks *l = &o.landmarks, *l0 = &first.landmarks;
        const float yaw = l->yaw_deg - l0->yaw_deg, pitch = l->pitch_deg - l0->pitch_deg;
        if (fabsf(yaw) > fabsf(ret->yaw_deg))
            ret->yaw_deg = yaw;
        if (fabsf(pitch) > fabsf(ret->pitch_deg))
            ret->pitch_deg = pitch;
        ret->eye =
            fminf(ret->eye, fmaxf(l->eye_right, l->eye_left) / fmaxf(l0->eye_right, l0->eye_left));
        ret->mouth = fmaxf(ret->mouth, l->mouth);
    }
    const struct jz_event *events = jz_session_events(session, &ret->count);
    memcpy(ret->events, events, (size_t)ret->count * sizeof *events);
    ret->verdict = finish(session);
    jz_session_free(session);
    jz_image_done(&frame);
}

static void report(size_t photo, const struct motion *m, int rate, const struct outcome *o)
{
    print_message("# photo %zu, %d/s, %s: yaw %+.0f° pitch %+.0f° eyes %.2f mouth %.2f%s: %s\n",
                  photo, rate, m->name, (double)o->yaw_deg, (double)o->pitch_deg, (double)o->eye,
                  (double)o->mouth, o->verdict.reasons & JZ_S_FLAT ? ", flat" : "",
                  o->count ? words(o->events, o->count) : "nothing");
}

/* Not one challenge of one step is answered by a photograph, however it is moved. */
static void test_flat(void **state)
{
    const struct motion *m = *state;
    static const struct {
        size_t photo;
        int rate;
    } takes[] = { { 0, 10 }, { 1, 25 }, { 2, 10 } };
    for (size_t t = 0; t < COUNT(takes); t++) {
        static const struct jz_challenge asked = { { JZ_TURN_LEFT }, 1 };
        struct outcome o;
        play(takes[t].photo, m, takes[t].rate, &asked, &o);
        report(takes[t].photo, m, takes[t].rate, &o);
        if (m->may_pass)
            continue;
        assert_false(o.verdict.challenge_done || o.verdict.passed);
        assert_true(o.verdict.reasons & (JZ_S_UNFINISHED | JZ_S_WRONG_ACTION | JZ_S_TOO_EARLY));
        for (int a = 0; a < JZ_ACTIONS; a++) {
            const struct jz_challenge step = { { (enum jz_action)a }, 1 };
            struct jz_challenge_state s;
            jz_challenge_begin(&s, &step, 0);
            for (int i = 0; i < o.count; i++)
                jz_challenge_feed(&s, &o.events[i]);
            if (s.verdict == JZ_CHALLENGE_PASSED)
                fail_msg("%s is passed by a photograph %s", jz_action_name(step.steps[0]), m->name);
        }
    }
}

/* Seen exactly as made, at both rates. */
static void test_head(void **state)
{
    const struct motion *m = *state;
    static const struct {
        size_t photo;
        int rate;
    } takes[] = { { 0, 10 }, { 1, 25 }, { 2, 10 } };
    for (size_t t = 0; t < COUNT(takes); t++) {
        struct jz_challenge asked;
        struct jz_error err;
        struct outcome o;
        assert_int_equal(jz_challenge_parse(m->wanted, &asked, &err), 0);
        play(takes[t].photo, m, takes[t].rate, &asked, &o);
        report(takes[t].photo, m, takes[t].rate, &o);
        const char *seen = words(o.events, o.count);
        /* A wide shake is made of turns as well. */
        if (m->course == TO_AND_FRO ? !strstr(seen, m->wanted) : strcmp(seen, m->wanted) != 0)
            fail_msg("photo %zu at %d frames a second: '%s'", takes[t].photo, takes[t].rate, seen);
        assert_true(o.verdict.challenge_done);
        assert_false(o.verdict.reasons & JZ_S_FLAT);
    }
}

/* The same picture two hundred times, and with the grain of a camera: nothing happens. */
static void test_still(void **state)
{
    (void)state;
    enum { FRAMES = 200 };
    static const struct jz_challenge none = { .count = 0 };
    for (size_t p = 0; p < PHOTOS; p++) {
        struct jz_session *session = new_session(&none);
        struct jz_image frame = { 0 };
        int count;
        for (int i = 0; i < FRAMES; i++) {
            struct jz_observation o;
            if (p == 1 || i == 0)
                draw(all.subjects[p], &flat_motions[0], 0, &frame);
            if (p == 1)
                subject_add_noise(all.decoder, &frame, (unsigned)i);
            feed(session, &frame, i * 40, &o);
        }
        const struct jz_verdict v = finish(session);
        assert_int_equal(v.faces, FRAMES);
        jz_session_events(session, &count);
        assert_int_equal(count, 0);
        jz_session_free(session);
        jz_image_done(&frame);
    }
}

static char *photo_path(size_t photo)
{
    char *path;
    assert_true(asprintf(&path, "%s/../shared/data/%s", root, photos[photo]) > 0);
    return path;
}

/* What keeps these tests from being run; NULL: nothing. */
static const char *open_engine(void)
{
    static struct jz_error err;
    for (size_t p = 0; p < PHOTOS; p++) {
        jz_autofree char *path = photo_path(p);
        if (access(path, R_OK) != 0)
            return "the photographs of ../shared/data are not there";
    }
    jz_autofree char *models = NULL;
    assert_true(asprintf(&models, "%s/models", root) > 0);
    const int r = jz_engine_open(models, JZ_NN_F32, &all.engine, &err);
    return r == JZ_E_NOT_FOUND ? err.text : NULL;
}

static int set_up(void **state)
{
    (void)state;
    struct jz_error err;
    if (!all.engine || jz_decoder_new(&all.decoder, &err) < 0 ||
        jz_worker_new(all.engine, &all.worker, &err) < 0)
        return -1;
    for (size_t p = 0; p < PHOTOS; p++) {
        jz_autofree char *path = photo_path(p);
        struct jz_observation o;
        if (jz_image_read(all.decoder, path, LONG_SIDE, &all.stills[p], &err) < 0 ||
            jz_observe(all.worker, &all.stills[p], &o, &err) < 0 || o.face_count == 0)
            return -1;
        all.subjects[p] = subject_new(&all.stills[p], &o.landmarks);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t p = 0; p < PHOTOS; p++) {
        subject_free(all.subjects[p]);
        jz_image_done(&all.stills[p]);
    }
    jz_decoder_free(all.decoder);
    jz_worker_free(all.worker);
    jz_engine_close(all.engine);
    return 0;
}

static size_t add_tests(struct CMUnitTest *tests, const struct motion *motions, size_t count,
                        CMUnitTestFunction function)
{
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){ .name = motions[i].name,
                                        .test_func = function,
                                        .initial_state = (void *)(uintptr_t)&motions[i] };
    return count;
}

/* One kind of subject a run, so that two cores share the work. */
int main(int argc, char **argv)
{
    static struct CMUnitTest tests[1 + COUNT(flat_motions) + COUNT(head_motions)];
    const char *name = argc == 2 ? argv[1] : "";
    if (!strcmp(name, "photographs")) {
        const size_t n = add_tests(tests, flat_motions, COUNT(flat_motions), test_flat);
        tests[n] = (struct CMUnitTest){ .name = "kept still", .test_func = test_still };
    } else if (!strcmp(name, "heads")) {
        add_tests(tests, head_motions, COUNT(head_motions), test_head);
    } else {
        fprintf(stderr, "usage: test_subjects photographs|heads\n");
        return 2;
    }
    const char *missing = open_engine();
    if (missing) {
        printf("1..0 # SKIP %s\n", missing);
        return 0;
    }
    return cmocka_run_group_tests_name(name, tests, set_up, tear_down);
}
