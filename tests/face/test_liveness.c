/*
 * The liveness tracker and the challenge, driven by made signals: no pictures, no networks.
 */
#include "face/liveness.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <cmocka.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* As in models/manifest.yaml. */
static const struct jz_liveness_thresholds limits = {
    .eye_shut = 0.58f,
    .eye_open = 0.75f,
    .frontal_deg = 20,
    .blink_max_ms = 2000,
    .mouth_open = 0.5f,
    .turn_deg = 16,
    .nod_deg = 10,
    .neutral_deg = 10,
    .turn_flatness = 0.14f,
    .nod_flatness = 0.09f,
    .same_person = 0.3f,
};

static const int rates[] = { 8, 10, 25, 30 };

static const float open_eye = 0.3f;

/*
 * What moves: degrees; eyes from 1 (open) to 0 (shut); the mouth's ratio; what is added to the
 * height of the face over its width and to its skew, as a flat picture adds it; nothing to see.
 */
enum channel { NOTHING, YAW, PITCH, EYES, ONE_EYE, MOUTH, TALL, SKEW, FACE_LOST };

/* From rest to `peak` in rise_ms, held, and back in fall_ms; 0: a jump. Never back: fall_ms < 0. */
struct move {
    enum channel channel;
    float peak;
    int start_ms, rise_ms, hold_ms, fall_ms;
};

enum { MOVES = 6, CLIP_MS = 6000 };

static float ease(float part)
{
    return 0.5f - 0.5f * cosf((float)M_PI * fminf(fmaxf(part, 0), 1));
}

/* How much of the move's peak there is at a time, 0 to 1. */
static float extent(const struct move *m, int64_t t_ms)
{
    const int64_t up = t_ms - m->start_ms, down = up - m->rise_ms - m->hold_ms;
    if (up < 0)
        return 0;
    if (down <= 0 || m->fall_ms < 0)
        return m->rise_ms ? ease((float)up / (float)m->rise_ms) : 1;
    return m->fall_ms ? 1 - ease((float)down / (float)m->fall_ms) : 0;
}

static struct jz_sample rest(int64_t t_ms)
{
    struct jz_sample s = { .t_ms = t_ms,
                           .face = true,
                           .eye_right = open_eye,
                           .eye_left = open_eye,
                           .mouth = 0.02f,
                           .tall = 0.75f };
    return s;
}

static struct jz_sample sample_at(const struct move moves[MOVES], int64_t t_ms)
{
    struct jz_sample s = rest(t_ms);
    for (int i = 0; i < MOVES; i++) {
        const float part = extent(&moves[i], t_ms), by = moves[i].peak * part;
        switch (moves[i].channel) {
        case NOTHING:
            break;
        case YAW:
            s.yaw_deg += by;
            break;
        case PITCH:
            s.pitch_deg += by;
            break;
        case EYES:
            s.eye_left *= 1 - (1 - moves[i].peak) * part;
            s.eye_right *= 1 - (1 - moves[i].peak) * part;
            break;
        case ONE_EYE:
            s.eye_right *= 1 - (1 - moves[i].peak) * part;
            break;
        case MOUTH:
            s.mouth += by;
            break;
        case TALL:
            s.tall += by * s.tall;
            break;
        case SKEW:
            s.skew += by;
            break;
        case FACE_LOST:
            s.face &= part == 0;
            break;
        }
    }
    return s;
}

enum { MAX_EVENTS = 200 };

struct seen {
    struct jz_event events[MAX_EVENTS];
    int count;
};

static void feed(struct jz_liveness *l, const struct jz_sample *sample, struct seen *seen)
{
    struct jz_event events[JZ_MAX_NEW_EVENTS];
    const int count = jz_liveness_feed(l, sample, events);
    assert_true(count >= 0 && count <= JZ_MAX_NEW_EVENTS);
    for (int i = 0; i < count; i++) {
        assert_true(seen->count < MAX_EVENTS);
        assert_true(events[i].start_ms <= events[i].peak_ms);
        assert_true(events[i].peak_ms < events[i].end_ms);
        assert_int_equal(events[i].end_ms, sample->t_ms);
        assert_true(isfinite(events[i].peak) && isfinite(events[i].flatness));
        seen->events[seen->count++] = events[i];
    }
}

/* "turn_left nod", in order of completion. */
static const char *words(const struct seen *seen)
{
    static char text[MAX_EVENTS * 12];
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < seen->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
                                 jz_action_name(seen->events[i].action));
    return text;
}

static const struct clip {
    const char *name, *want;
    struct move moves[MOVES];
    int min_rate; /* slower cameras do not see it */
    bool untimed; /* the events are not the moves one by one, so their times are not compared */
    int flat;     /* so many actions are refused as a flat picture's */
} clips[] = {
    { "nothing happens", "", { { NOTHING } } },

    { "turn left", "turn_left", { { YAW, 40, 1000, 700, 300, 700 } } },
    { "turn right", "turn_right", { { YAW, -40, 1000, 700, 300, 700 } } },
    { "turn held three seconds", "turn_left", { { YAW, 35, 1000, 800, 3000, 800 } } },
    { "both turns",
      "turn_left turn_right",
      { { YAW, 35, 800, 700, 100, 700 }, { YAW, -35, 3200, 700, 100, 700 } } },
    { "a turn of 12 degrees is too little", "", { { YAW, 12, 1000, 700, 300, 700 } } },
    { "nod", "nod", { { PITCH, -20, 1000, 500, 200, 500 } } },
    { "quick nod", "nod", { { PITCH, -18, 1000, 300, 50, 300 } }, .min_rate = 10 },
    { "looking up is no nod", "", { { PITCH, 30, 1000, 500, 300, 500 } } },
    { "a nod of 7 degrees is too little", "", { { PITCH, -7, 1000, 500, 200, 500 } } },
    { "two nods",
      "nod nod",
      { { PITCH, -20, 800, 500, 200, 500 }, { PITCH, -20, 3000, 500, 200, 500 } } },
    { "a nod in profile is not judged",
      "turn_left",
      { { YAW, 35, 800, 600, 2400, 600 }, { PITCH, -20, 1800, 500, 100, 500 } },
      .untimed = true },
    { "blink", "blink", { { EYES, 0.2f, 1000, 100, 130, 100 } } },
    { "two blinks",
      "blink blink",
      { { EYES, 0.2f, 1000, 100, 130, 100 }, { EYES, 0.2f, 2000, 100, 130, 100 } } },
    { "eyes shut for three seconds are no blink", "", { { EYES, 0.1f, 1000, 100, 3000, 100 } } },
    { "lids at 70 %, looking down", "", { { EYES, 0.7f, 1000, 500, 1500, 500 } } },
    { "lids at 70 %, long, and then a blink",
      "blink",
      { { EYES, 0.7f, 300, 300, 2000, 300 }, { EYES, 0.2f, 4000, 100, 130, 100 } },
      .untimed = true },
    { "wink", "", { { ONE_EYE, 0.1f, 1000, 100, 150, 100 } } },
    { "a blink in profile is not judged",
      "turn_left",
      { { YAW, 40, 800, 600, 2400, 600 }, { EYES, 0.2f, 2000, 100, 130, 100 } },
      .untimed = true },
    { "a blink looking far down is not judged",
      "nod",
      { { PITCH, -35, 800, 600, 2000, 600 }, { EYES, 0.2f, 2000, 100, 130, 100 } },
      .untimed = true },
    { "a blink looking far up is not judged",
      "",
      { { PITCH, 35, 800, 600, 2000, 600 }, { EYES, 0.2f, 2000, 100, 130, 100 } } },
    { "eyes shut while the head goes down and open below",
      "nod",
      { { PITCH, -35, 1000, 600, 1000, 600 }, { EYES, 0.2f, 900, 100, 1000, 100 } },
      .untimed = true },
    { "eyes shut all through a turn",
      "turn_left",
      { { YAW, 40, 1100, 400, 100, 400 }, { EYES, 0.2f, 900, 100, 1200, 100 } },
      .untimed = true },
    { "who screws up the eyes at first",
      "blink",
      { { EYES, 0.6f, -2000, 100, 2700, 200 }, { EYES, 0.45f, 3000, 100, 150, 100 } },
      .untimed = true },
    { "eyes shut in profile and open in front",
      "turn_left",
      { { YAW, 40, 800, 600, 400, 600 }, { EYES, 0.2f, 1500, 100, 1200, 100 } },
      .untimed = true },
    { "who looks past the camera all the time is not neutral",
      "",
      { { YAW, 30, -2000, 100, 0, -1 }, { EYES, 0.2f, 2000, 100, 130, 100 } } },
    { "a nod from where the head has sunk to",
      "nod",
      { { PITCH, 6, 200, 4000, 0, -1 }, { PITCH, -14, 4600, 400, 100, 400 } },
      .untimed = true },
    { "mouth open", "mouth_open", { { MOUTH, 0.8f, 1000, 400, 400, 400 } } },
    { "talking",
      "",
      { { MOUTH, 0.3f, 800, 100, 50, 100 },
        { MOUTH, 0.25f, 1100, 100, 50, 100 },
        { MOUTH, 0.3f, 1500, 100, 50, 100 } } },
    { "mouth open in profile is not judged",
      "turn_right",
      { { YAW, -40, 800, 600, 2600, 600 }, { MOUTH, 0.8f, 1800, 300, 300, 300 } },
      .untimed = true },
    { "mouth, blink and turn one after another",
      "mouth_open blink turn_left",
      { { MOUTH, 0.8f, 600, 300, 200, 300 },
        { EYES, 0.2f, 2000, 100, 130, 100 },
        { YAW, 35, 3000, 700, 200, 700 } } },

    { "shake",
      "shake",
      { { YAW, 14, 1000, 150, 50, 150 }, { YAW, -14, 1350, 150, 50, 150 } },
      .min_rate = 25,
      .untimed = true },
    { "shake at ten frames a second",
      "shake",
      { { YAW, -14, 1000, 250, 100, 250 }, { YAW, 14, 1600, 250, 100, 250 } },
      .min_rate = 10,
      .untimed = true },
    { "a wide shake is two turns too",
      "turn_left turn_right shake",
      { { YAW, 30, 1000, 250, 100, 250 }, { YAW, -30, 1600, 250, 100, 250 } },
      .min_rate = 10,
      .untimed = true },
    { "two slow turns are no shake",
      "turn_left turn_right",
      { { YAW, 35, 800, 700, 0, 700 }, { YAW, -35, 2200, 700, 0, 700 } } },
    { "two swings to one side are no shake",
      "",
      { { YAW, 14, 1000, 200, 50, 200 }, { YAW, 14, 1450, 200, 50, 200 } } },
    { "two swings a second apart are no shake",
      "",
      { { YAW, 14, 1000, 200, 50, 200 }, { YAW, -14, 2450, 200, 50, 200 } } },
    { "a shake of 8 degrees is too little",
      "",
      { { YAW, 8, 1000, 150, 50, 150 }, { YAW, -8, 1350, 150, 50, 150 } } },

    { "no return from a turn", "", { { YAW, 40, 1000, 700, 0, -1 } } },
    { "no return from a nod", "", { { PITCH, -25, 1000, 700, 0, -1 } } },
    { "mouth stays open", "", { { MOUTH, 0.8f, 1000, 300, 0, -1 } } },
    { "eyes stay shut", "", { { EYES, 0.1f, 1000, 100, 0, -1 } } },
    { "the clip starts turned", "", { { YAW, 40, -2000, 100, 2900, 700 } } },
    { "the clip starts looking down", "", { { PITCH, -30, -2000, 100, 2900, 700 } } },
    { "the clip starts with the mouth open", "", { { MOUTH, 0.8f, -2000, 100, 2900, 400 } } },
    { "the clip ends turned", "", { { YAW, 40, 5500, 400, 1000, 400 } } },
    { "a turn too slow to be one motion", "", { { YAW, 40, -3000, 4000, 6000, 700 } } },

    { "a turn in two jumps is a cut", "", { { YAW, 45, 1000, 0, 1000, 0 } } },
    { "a cut out and a smooth return", "", { { YAW, 45, 1000, 0, 700, 700 } } },
    { "a smooth turn and a cut back", "", { { YAW, 45, 1000, 700, 700, 0 } } },
    { "a nod in two jumps is a cut", "", { { PITCH, -25, 1000, 0, 700, 0 } } },
    { "two swings in jumps are no shake",
      "",
      { { YAW, 30, 1000, 0, 200, 0 }, { YAW, -30, 1200, 0, 200, 0 } },
      .min_rate = 25 },

    { "pictures of both sides by turns are no shake",
      "",
      { { YAW, 25, 1000, 0, 300, 0 },
        { YAW, -25, 1301, 0, 300, 0 },
        { YAW, 25, 1602, 0, 300, 0 },
        { YAW, -25, 1903, 0, 300, 0 } } },

    { "a picture turned is narrow",
      "",
      { { YAW, 20, 1000, 700, 300, 700 }, { TALL, 0.3f, 1000, 700, 300, 700 } },
      .flat = 1 },
    { "a picture turned about a slanting axis is skewed",
      "",
      { { YAW, -20, 1000, 700, 300, 700 }, { SKEW, 0.15f, 1000, 700, 300, 700 } },
      .flat = 1 },
    { "a head in profile is wide",
      "turn_right",
      { { YAW, -60, 1000, 700, 300, 700 }, { TALL, -0.2f, 1000, 700, 300, 700 } } },
    { "a picture tilted is short",
      "",
      { { PITCH, -15, 1000, 500, 200, 500 }, { TALL, -0.2f, 1000, 500, 200, 500 } },
      .flat = 1 },
    { "a picture tilted about a slanting axis is skewed",
      "",
      { { PITCH, -15, 1000, 500, 200, 500 }, { SKEW, -0.1f, 1000, 500, 200, 500 } },
      .flat = 1 },
    { "a head looking down is tall",
      "nod",
      { { PITCH, -30, 1000, 500, 200, 500 }, { TALL, 0.2f, 1000, 500, 200, 500 } } },
    { "the eyes of a picture tilted back look shut",
      "",
      { { EYES, 0.3f, 1000, 400, 200, 400 }, { TALL, -0.3f, 1000, 400, 200, 400 } },
      .flat = 1 },
    { "a smile with the blink",
      "blink",
      { { EYES, 0.2f, 1000, 100, 130, 100 }, { TALL, -0.04f, 800, 300, 300, 300 } } },
    { "a picture turned to and fro is no shake",
      "",
      { { YAW, 14, 1000, 250, 100, 250 },
        { YAW, -14, 1600, 250, 100, 250 },
        { TALL, 0.3f, 1000, 250, 100, 250 },
        { TALL, 0.3f, 1600, 250, 100, 250 } },
      .min_rate = 10,
      .flat = 2 },

    { "the face is lost in profile for half a second",
      "turn_left",
      { { YAW, 60, 1000, 700, 600, 700 }, { FACE_LOST, 1, 1750, 0, 500, 0 } },
      .untimed = true },
    { "the face is lost in profile for a second and a half",
      "",
      { { YAW, 60, 1000, 700, 1600, 700 }, { FACE_LOST, 1, 1750, 0, 1500, 0 } } },
    { "the face is lost at rest just before a turn",
      "turn_right",
      { { FACE_LOST, 1, 500, 0, 300, 0 }, { YAW, -40, 1300, 700, 300, 700 } },
      .untimed = true },
    { "the face is lost until it is turned",
      "",
      { { FACE_LOST, 1, 500, 0, 1500, 0 }, { YAW, -40, 1000, 300, 1500, 500 } } },
    { "the face is lost during a blink",
      "",
      { { EYES, 0.2f, 1000, 200, 400, 200 }, { FACE_LOST, 1, 1300, 0, 200, 0 } } },
    { "the face is lost while the mouth is open",
      "",
      { { MOUTH, 0.8f, 1000, 300, 600, 300 }, { FACE_LOST, 1, 1400, 0, 200, 0 } } },
    { "nobody is there", "", { { FACE_LOST, 1, -1, 0, 9000, 0 } } },
};

/* Each event's times lie within its move. */
static void expect_times(const struct clip *c, const struct seen *seen, int rate)
{
    const int64_t frame_ms = 1000 / rate + 1;
    for (int i = 0; i < seen->count; i++) {
        const struct move *m = &c->moves[i];
        const struct jz_event *e = &seen->events[i];
        const int64_t held = m->start_ms + m->rise_ms, back = held + m->hold_ms;
        assert_in_range(e->start_ms, m->start_ms, held + frame_ms);
        assert_in_range(e->peak_ms, held - frame_ms, back + frame_ms);
        assert_in_range(e->end_ms, back, back + m->fall_ms + frame_ms);
        const float reached = m->channel == EYES ? 1 - m->peak : fabsf(m->peak);
        assert_true(e->peak > 0.6f * reached && e->peak < 1.05f * reached + 0.05f);
    }
}

static void test_clip(void **state)
{
    const struct clip *c = *state;
    for (int r = 0; r < COUNT(rates); r++) {
        if (rates[r] < c->min_rate)
            continue;
        struct jz_liveness l;
        struct seen seen = { .count = 0 };
        jz_liveness_init(&l, &limits);
        for (int i = 0; i * 1000 / rates[r] < CLIP_MS; i++) {
            const struct jz_sample s = sample_at(c->moves, i * 1000 / rates[r]);
            feed(&l, &s, &seen);
        }
        if (strcmp(words(&seen), c->want) != 0)
            fail_msg("at %d frames a second: wanted '%s', saw '%s'", rates[r], c->want,
                     words(&seen));
        assert_int_equal(l.flat, c->flat);
        if (!c->untimed)
            expect_times(c, &seen, rates[r]);
    }
}

/* A pause of the camera in the middle of a turn: short ones do not matter, long ones end it. */
static void test_gaps(void **state)
{
    (void)state;
    static const struct {
        int gap_ms;
        const char *want;
    } gaps[] = { { 0, "turn_left" }, { 500, "turn_left" }, { 900, "turn_left" }, { 1500, "" } };
    const struct move turn[MOVES] = { { YAW, 40, 1000, 700, 3000, 700 } };
    for (int g = 0; g < COUNT(gaps); g++) {
        struct jz_liveness l;
        struct seen seen = { .count = 0 };
        jz_liveness_init(&l, &limits);
        for (int t = 0; t < CLIP_MS; t += 40)
            if (t < 2500 || t >= 2500 + gaps[g].gap_ms) {
                const struct jz_sample s = sample_at(turn, t);
                feed(&l, &s, &seen);
            }
        assert_string_equal(words(&seen), gaps[g].want);
    }
}

/* A person whose neutral face is not at zero: degrees count from there. */
static void test_own_neutral(void **state)
{
    (void)state;
    static const struct {
        float yaw, pitch, eye;
        struct move move;
        const char *want;
    } people[] = {
        { 0, 15, 0.3f, { PITCH, -15, 1500, 500, 100, 500 }, "nod" },
        { 0, -15, 0.3f, { PITCH, -15, 1500, 500, 100, 500 }, "nod" },
        { 5, 0, 0.3f, { YAW, 20, 1500, 600, 100, 600 }, "turn_left" },
        { -5, 0, 0.3f, { YAW, -20, 1500, 600, 100, 600 }, "turn_right" },
        { 5, 0, 0.3f, { YAW, 12, 1500, 600, 100, 600 }, "" },
        { 0, 0, 0.16f, { EYES, 0.3f, 1500, 100, 130, 100 }, "blink" },
        { 0, 0, 0.4f, { EYES, 0.3f, 1500, 100, 130, 100 }, "blink" },
        { 0, 0, 0.4f, { EYES, 0.7f, 1500, 100, 130, 100 }, "" },
    };
    for (int p = 0; p < COUNT(people); p++) {
        const struct move moves[MOVES] = { people[p].move };
        struct jz_liveness l;
        struct seen seen = { .count = 0 };
        jz_liveness_init(&l, &limits);
        for (int t = 0; t < CLIP_MS; t += 40) {
            struct jz_sample s = sample_at(moves, t);
            s.yaw_deg += people[p].yaw;
            s.pitch_deg += people[p].pitch;
            s.eye_right *= people[p].eye / open_eye;
            s.eye_left *= people[p].eye / open_eye;
            feed(&l, &s, &seen);
        }
        if (strcmp(words(&seen), people[p].want) != 0)
            fail_msg("person %d: wanted '%s', saw '%s'", p, people[p].want, words(&seen));
    }
}

/* Who begins with the head bent down is known by the neutral pose that comes later. */
static void test_neutral_is_found_late(void **state)
{
    (void)state;
    const struct move moves[MOVES] = { { PITCH, -30, -2000, 100, 2900, 700 },
                                       { EYES, 0.2f, 3000, 100, 130, 100 },
                                       { EYES, 0.2f, 7000, 100, 130, 100 },
                                       { PITCH, -20, 8000, 500, 200, 500 },
                                       { YAW, 30, 10000, 700, 100, 700 } };
    for (int r = 0; r < COUNT(rates); r++) {
        struct jz_liveness l;
        struct seen seen = { .count = 0 };
        jz_liveness_init(&l, &limits);
        for (int i = 0; i * 1000 / rates[r] < 12000; i++) {
            const struct jz_sample s = sample_at(moves, i * 1000 / rates[r]);
            feed(&l, &s, &seen);
        }
        assert_string_equal(words(&seen), "blink nod turn_left");
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed * 0x2545f4914f6cdd1d;
}

static float between(uint64_t *seed, float low, float high)
{
    return low + (high - low) * (float)(next_random(seed) >> 40) / (float)(1 << 24);
}

/* New ones each run; a failure names its own, and JIANZAI_SEED repeats it. */
static uint64_t first_seed(void)
{
    const char *given = getenv("JIANZAI_SEED");
    uint64_t seed = 0;
    if (given)
        seed = strtoull(given, NULL, 0);
    else
        assert_int_equal(getrandom(&seed, sizeof seed, 0), sizeof seed);
    seed |= 1;
    print_message("# JIANZAI_SEED=%" PRIu64 "\n", seed);
    return seed;
}

enum { WALKS = 300, WALK_SAMPLES = 400 };

/* Anything a face may do: several moves of any size at any time, and noise over them. */
static int make_walk(uint64_t seed, struct jz_sample samples[WALK_SAMPLES])
{
    struct move moves[MOVES];
    static const struct {
        enum channel channel;
        float low, high;
    } kinds[] = { { YAW, -60, 60 },      { PITCH, -40, 40 }, { EYES, 0, 1 },
                  { ONE_EYE, 0, 1 },     { MOUTH, 0, 1 },    { TALL, -0.2f, 0.3f },
                  { SKEW, -0.2f, 0.2f }, { FACE_LOST, 1, 1 } };
    for (int i = 0; i < MOVES; i++) {
        const int k = (int)(next_random(&seed) >> 40) % COUNT(kinds);
        moves[i] = (struct move){
            .channel = kinds[k].channel,
            .peak = between(&seed, kinds[k].low, kinds[k].high),
            .start_ms = (int)between(&seed, 0, 8000),
            .rise_ms = (int)between(&seed, 60, 900),
            .hold_ms = (int)between(&seed, 0, 1500),
            .fall_ms = (int)between(&seed, 60, 900),
        };
    }
    int64_t t_ms = 0;
    for (int i = 0; i < WALK_SAMPLES; i++) {
        samples[i] = sample_at(moves, t_ms);
        samples[i].yaw_deg += between(&seed, -1, 1);
        samples[i].pitch_deg += between(&seed, -1, 1);
        t_ms += (int64_t)between(&seed, 15, 45);
    }
    return WALK_SAMPLES;
}

static void watch(const struct jz_sample *samples, int count, struct seen *seen)
{
    struct jz_liveness l;
    memset(seen, 0, sizeof *seen);
    jz_liveness_init(&l, &limits);
    for (int i = 0; i < count; i++)
        feed(&l, &samples[i], seen);
}

#define EXPECT(condition, seed)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("JIANZAI_SEED=%" PRIu64 ": %s", seed, #condition);                            \
    } while (0)

static void test_same_samples_same_events(void **state)
{
    (void)state;
    static struct jz_sample samples[WALK_SAMPLES];
    static struct seen once, twice;
    uint64_t seed = first_seed();
    int found = 0;
    for (int w = 0; w < WALKS; w++, next_random(&seed)) {
        const int count = make_walk(seed, samples);
        watch(samples, count, &once);
        watch(samples, count, &twice);
        EXPECT(once.count == twice.count, seed);
        EXPECT(!memcmp(once.events, twice.events, sizeof once.events), seed);
        found += once.count;
    }
    assert_true(found > WALKS / 2); /* or the walks show nothing */
}

static void test_time_shift(void **state)
{
    (void)state;
    static const int64_t shifts[] = { 1, 999, 86400000, INT64_C(1800000000000) };
    static struct jz_sample samples[WALK_SAMPLES];
    static struct seen before, after;
    uint64_t seed = first_seed();
    for (int w = 0; w < WALKS; w++, next_random(&seed)) {
        const int count = make_walk(seed, samples);
        watch(samples, count, &before);
        const int64_t shift = shifts[w % COUNT(shifts)];
        for (int i = 0; i < count; i++)
            samples[i].t_ms += shift;
        watch(samples, count, &after);
        for (int i = 0; i < before.count; i++) {
            before.events[i].start_ms += shift;
            before.events[i].peak_ms += shift;
            before.events[i].end_ms += shift;
        }
        EXPECT(before.count == after.count, seed);
        EXPECT(!memcmp(before.events, after.events, sizeof before.events), seed);
    }
}

static enum jz_action mirrored(enum jz_action a)
{
    return a == JZ_TURN_LEFT ? JZ_TURN_RIGHT : a == JZ_TURN_RIGHT ? JZ_TURN_LEFT : a;
}

static void test_mirror(void **state)
{
    (void)state;
    static struct jz_sample samples[WALK_SAMPLES];
    static struct seen seen, other;
    uint64_t seed = first_seed();
    for (int w = 0; w < WALKS; w++, next_random(&seed)) {
        const int count = make_walk(seed, samples);
        watch(samples, count, &seen);
        for (int i = 0; i < count; i++) {
            struct jz_sample *s = &samples[i];
            const float eye = s->eye_left;
            s->yaw_deg = -s->yaw_deg;
            s->skew = -s->skew;
            s->eye_left = s->eye_right;
            s->eye_right = eye;
        }
        watch(samples, count, &other);
        EXPECT(seen.count == other.count, seed);
        for (int i = 0; i < seen.count; i++) {
            const struct jz_event *a = &seen.events[i], *b = &other.events[i];
            EXPECT(a->action == mirrored(b->action), seed);
            EXPECT(a->start_ms == b->start_ms && a->peak_ms == b->peak_ms, seed);
            EXPECT(a->end_ms == b->end_ms && a->peak == b->peak, seed);
            EXPECT(a->flatness == b->flatness, seed);
        }
    }
}

/* Noise as the mesh network never makes it, and still below every limit. */
static void test_noise_is_nothing(void **state)
{
    (void)state;
    uint64_t seed = first_seed();
    for (int w = 0; w < WALKS; w++, next_random(&seed)) {
        struct jz_liveness l;
        struct seen seen = { .count = 0 };
        uint64_t random = seed;
        jz_liveness_init(&l, &limits);
        for (int i = 0; i < WALK_SAMPLES; i++) {
            struct jz_sample s = rest(i * 1000 / rates[w % COUNT(rates)]);
            s.yaw_deg = between(&random, -4.5f, 4.5f);
            s.pitch_deg = between(&random, -4.5f, 4.5f);
            s.eye_right = open_eye * between(&random, 0.8f, 1);
            s.eye_left = open_eye * between(&random, 0.8f, 1);
            s.mouth = between(&random, 0, 0.45f);
            s.face = next_random(&random) >> 60 != 0;
            feed(&l, &s, &seen);
        }
        EXPECT(seen.count == 0, seed);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = { "blink",      "mouth_open", "turn_left",
                                         "turn_right", "nod",        "shake" };
    assert_int_equal(COUNT(names), JZ_ACTIONS);
    for (int a = 0; a < JZ_ACTIONS; a++)
        assert_string_equal(jz_action_name((enum jz_action)a), names[a]);
}

static const struct parse_case {
    const char *text;
    int code;
    const char *want; /* the steps, or what the error says */
} parse_cases[] = {
    { "", 0, "" },
    { "blink", 0, "blink" },
    { "blink,turn_left", 0, "blink turn_left" },
    { "nod,nod", 0, "nod nod" },
    { "shake,nod,turn_right,turn_left,mouth_open,blink", 0,
      "shake nod turn_right turn_left mouth_open blink" },
    { "blink,blink,blink,blink,blink,blink,blink", JZ_E_LIMIT, "6" },
    { "wave", JZ_E_USAGE, "'wave'" },
    { "blink,wave,nod", JZ_E_USAGE, "'wave'" },
    { "blin", JZ_E_USAGE, "'blin'" },
    { "blinks", JZ_E_USAGE, "'blinks'" },
    { "Blink", JZ_E_USAGE, "'Blink'" },
    { "turn", JZ_E_USAGE, "'turn'" },
    { " blink", JZ_E_USAGE, "' blink'" },
    { "blink, nod", JZ_E_USAGE, "' nod'" },
    { "blink;nod", JZ_E_USAGE, "'blink;nod'" },
    { ",", JZ_E_USAGE, "''" },
    { "blink,,nod", JZ_E_USAGE, "''" },
    { "blink,", JZ_E_USAGE, "''" },
    { ",blink", JZ_E_USAGE, "''" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      JZ_E_USAGE, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'" },
};

static const char *steps_of(const struct jz_challenge *c)
{
    static char text[JZ_CHALLENGE_MAX * 12];
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < c->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
                                 jz_action_name(c->steps[i]));
    return text;
}

static void test_parse(void **state)
{
    const struct parse_case *c = *state;
    struct jz_error err = { 0 };
    struct jz_challenge challenge = { .steps = { JZ_SHAKE }, .count = 1 };
    const int r = jz_challenge_parse(c->text, &challenge, &err);
    assert_int_equal(r, c->code);
    assert_string_equal(steps_of(&challenge), c->code ? "shake" : c->want);
    if (c->code && !strstr(err.text, c->want))
        fail_msg("'%s' lacks %s", err.text, c->want);
}

static const unsigned every_action = (1u << JZ_ACTIONS) - 1;

/* Every sequence by its number: all different, all allowed, no action twice running. */
static void test_enumeration(void **state)
{
    (void)state;
    enum { MOST = 1 << (3 * 4) };
    for (unsigned allowed = 0; allowed <= every_action; allowed++)
        for (int count = 0; count <= 4; count++) {
            static bool seen[MOST];
            memset(seen, 0, sizeof seen);
            uint64_t want = 0; /* counted here by trying every word of `count` letters */
            for (unsigned word = 0; count > 0 && word < 1u << (3 * count); word++) {
                bool good = true;
                for (int i = 0; i < count; i++) {
                    const unsigned a = word >> (3 * i) & 7;
                    good &= a < JZ_ACTIONS && allowed >> a & 1;
                    good &= i == 0 || a != (word >> (3 * (i - 1)) & 7);
                }
                want += good;
            }
            const uint64_t total = jz_challenge_count(allowed, count);
            assert_int_equal(total, want);
            for (uint64_t n = 0; n < total; n++) {
                struct jz_challenge c;
                jz_challenge_nth(allowed, count, n, &c);
                assert_int_equal(c.count, count);
                unsigned word = 0;
                for (int i = 0; i < count; i++) {
                    assert_true(allowed >> c.steps[i] & 1);
                    assert_true(i == 0 || c.steps[i] != c.steps[i - 1]);
                    word |= (unsigned)c.steps[i] << (3 * i);
                }
                assert_false(seen[word]);
                seen[word] = true;
            }
        }
}

static void test_draw_is_fair(void **state)
{
    (void)state;
    enum { DRAWS_EACH = 200, SEQUENCES = 6 * 5 * 5 };
    static const unsigned sets[] = { (1u << JZ_ACTIONS) - 1,
                                     1u << JZ_BLINK | 1u << JZ_TURN_LEFT | 1u << JZ_TURN_RIGHT,
                                     1u << JZ_MOUTH_OPEN | 1u << JZ_NOD };
    uint64_t seed = first_seed();
    for (int k = 0; k < COUNT(sets); k++) {
        static int drawn[1 << 9];
        memset(drawn, 0, sizeof drawn);
        const int total = (int)jz_challenge_count(sets[k], 3), draws = DRAWS_EACH * total;
        assert_true(total <= SEQUENCES);
        const uint64_t start = seed;
        for (int i = 0; i < draws; i++) {
            struct jz_challenge c;
            struct jz_error err;
            assert_int_equal(jz_challenge_draw(sets[k], 3, next_random(&seed), &c, &err), 0);
            drawn[(unsigned)c.steps[0] | (unsigned)c.steps[1] << 3 | (unsigned)c.steps[2] << 6]++;
        }
        double chi = 0;
        int different = 0;
        for (int i = 0; i < COUNT(drawn); i++)
            if (drawn[i]) {
                chi += pow(drawn[i] - DRAWS_EACH, 2) / DRAWS_EACH;
                different++;
            }
        EXPECT(different == total, start);
        /* Six standard deviations: one run in a hundred million or so fails by chance. */
        const double freedom = total - 1;
        EXPECT(total == 1 || chi < freedom + 6 * sqrt(2 * freedom) + 18, start);
    }
}

static void test_draw_bounds(void **state)
{
    (void)state;
    static const struct {
        unsigned allowed;
        int count, code;
    } draws[] = {
        { (1u << JZ_ACTIONS) - 1, 1, 0 },
        { (1u << JZ_ACTIONS) - 1, JZ_CHALLENGE_MAX, 0 },
        { (1u << JZ_ACTIONS) - 1, JZ_CHALLENGE_MAX + 1, JZ_E_USAGE },
        { (1u << JZ_ACTIONS) - 1, 0, JZ_E_USAGE },
        { (1u << JZ_ACTIONS) - 1, -1, JZ_E_USAGE },
        { 1u << JZ_BLINK, 1, 0 },
        { 1u << JZ_BLINK, 2, JZ_E_USAGE },
        { 0, 1, JZ_E_USAGE },
        { 1u << JZ_ACTIONS, 1, JZ_E_USAGE },
    };
    for (int i = 0; i < COUNT(draws); i++)
        for (int end = 0; end < 2; end++) {
            struct jz_challenge c = { .count = 0 }, want;
            struct jz_error err = { 0 };
            assert_int_equal(
                jz_challenge_draw(draws[i].allowed, draws[i].count, end ? UINT64_MAX : 0, &c, &err),
                draws[i].code);
            if (draws[i].code) {
                assert_int_equal(c.count, 0);
                continue;
            }
            const uint64_t total = jz_challenge_count(draws[i].allowed, draws[i].count);
            jz_challenge_nth(draws[i].allowed, draws[i].count, end ? total - 1 : 0, &want);
            assert_int_equal(c.count, want.count);
            assert_memory_equal(c.steps, want.steps, (size_t)c.count * sizeof c.steps[0]);
        }
}

enum { RECORDED = 8 };

/* Events one after another: "turn_left" takes a second, "turn_left<400" that many ms. */
static int record(const char *text, struct jz_event events[RECORDED])
{
    int64_t t_ms = 1000;
    int count = 0;
    while (*text) {
        char word[32];
        int ms = 1000, used = 0;
        assert_int_equal(sscanf(text, "%31[a-z_]%n", word, &used), 1);
        text += used;
        if (sscanf(text, "<%d%n", &ms, &used) == 1)
            text += used;
        text += *text == ' ';
        struct jz_challenge c;
        struct jz_error err;
        assert_int_equal(jz_challenge_parse(word, &c, &err), 0);
        assert_true(count < RECORDED);
        events[count++] = (struct jz_event){
            .action = c.steps[0], .start_ms = t_ms, .peak_ms = t_ms + ms / 2, .end_ms = t_ms + ms
        };
        t_ms += ms + 500;
    }
    return count;
}

static const struct answer {
    const char *challenge, *events;
    int64_t asked_ms;
    enum jz_challenge_verdict want;
    int done;
} answers[] = {
    { "", "", 0, JZ_CHALLENGE_PASSED, 0 },
    { "", "nod", 0, JZ_CHALLENGE_PASSED, 0 },
    { "nod", "", 0, JZ_CHALLENGE_RUNNING, 0 },
    { "nod", "nod", 0, JZ_CHALLENGE_PASSED, 1 },
    { "nod", "nod nod", 0, JZ_CHALLENGE_PASSED, 1 },
    { "blink,turn_left,nod", "blink turn_left nod", 0, JZ_CHALLENGE_PASSED, 3 },
    { "blink,turn_left,nod", "blink turn_left", 0, JZ_CHALLENGE_RUNNING, 2 },
    { "blink,turn_left,nod", "blink nod turn_left", 0, JZ_CHALLENGE_WRONG, 1 },
    { "turn_left", "turn_right", 0, JZ_CHALLENGE_WRONG, 0 },
    { "turn_left", "turn_right turn_left", 0, JZ_CHALLENGE_WRONG, 0 },
    { "turn_left,nod", "turn_left turn_left nod", 0, JZ_CHALLENGE_WRONG, 1 },
    { "turn_left,nod", "turn_left mouth_open nod", 0, JZ_CHALLENGE_WRONG, 1 },
    { "turn_left,nod", "blink turn_left blink blink nod", 0, JZ_CHALLENGE_PASSED, 2 },
    { "nod,blink", "nod", 0, JZ_CHALLENGE_RUNNING, 1 },
    { "nod", "nod", 1000, JZ_CHALLENGE_PASSED, 1 },
    { "nod", "nod", 1001, JZ_CHALLENGE_EARLY, 0 },
    { "nod", "nod nod", 1001, JZ_CHALLENGE_EARLY, 0 },
    { "blink", "blink", 1001, JZ_CHALLENGE_RUNNING, 0 },
    { "blink", "blink blink", 1001, JZ_CHALLENGE_PASSED, 1 },
    { "shake", "shake", 0, JZ_CHALLENGE_PASSED, 1 },
    { "shake", "turn_left<400 turn_right<400 shake", 0, JZ_CHALLENGE_PASSED, 1 },
    { "shake", "turn_left<400", 0, JZ_CHALLENGE_RUNNING, 0 },
    { "shake", "turn_left turn_right", 0, JZ_CHALLENGE_WRONG, 0 },
    { "turn_left", "shake", 0, JZ_CHALLENGE_WRONG, 0 },
    { "turn_left", "turn_left<400", 0, JZ_CHALLENGE_PASSED, 1 },
};

static void test_answer(void **state)
{
    const struct answer *a = *state;
    struct jz_challenge c;
    struct jz_challenge_state s;
    struct jz_error err;
    struct jz_event events[RECORDED];
    assert_int_equal(jz_challenge_parse(a->challenge, &c, &err), 0);
    jz_challenge_begin(&s, &c, a->asked_ms);
    const int count = record(a->events, events);
    enum jz_challenge_verdict last = s.verdict;
    for (int i = 0; i < count; i++)
        last = jz_challenge_feed(&s, &events[i]);
    assert_int_equal(last, a->want);
    assert_int_equal(s.verdict, a->want);
    assert_int_equal(s.done, a->done);
}

/* A step counts as shown when the one before has ended: an action begun earlier was guessed. */
static void test_next_step_begun_early(void **state)
{
    (void)state;
    static const struct {
        enum jz_action second;
        int64_t start_ms;
        enum jz_challenge_verdict want;
    } seconds[] = {
        { JZ_NOD, 2000, JZ_CHALLENGE_PASSED },
        { JZ_NOD, 1999, JZ_CHALLENGE_EARLY },
        { JZ_BLINK, 1999, JZ_CHALLENGE_RUNNING },
        { JZ_BLINK, 2000, JZ_CHALLENGE_PASSED },
    };
    for (int i = 0; i < COUNT(seconds); i++) {
        const struct jz_challenge c = { { JZ_TURN_LEFT, seconds[i].second }, 2 };
        const struct jz_event turn = { JZ_TURN_LEFT, 1000, 1500, 2000, 30, 0 };
        const struct jz_event second = { seconds[i].second, seconds[i].start_ms, 2300, 2600, 1, 0 };
        struct jz_challenge_state s;
        jz_challenge_begin(&s, &c, 0);
        assert_int_equal(jz_challenge_feed(&s, &turn), JZ_CHALLENGE_RUNNING);
        assert_int_equal(jz_challenge_feed(&s, &second), seconds[i].want);
    }
}

/*
 * The replay odds once more, from the rules as they are told: walk through every sequence of the
 * allowed actions as a tree, and through the record for each leaf.
 */
static bool replay_passes(const struct jz_event *events, int count, const enum jz_action *steps,
                          int step_count)
{
    int64_t shown_ms = 0;
    int at = 0;
    for (int i = 0; i < step_count; i++) {
        for (;; at++) {
            if (at == count)
                return false;
            const struct jz_event *e = &events[at];
            const bool turn = e->action == JZ_TURN_LEFT || e->action == JZ_TURN_RIGHT;
            if (e->action == steps[i] && e->start_ms >= shown_ms)
                break;
            if (e->action == JZ_BLINK)
                continue;
            if (steps[i] == JZ_SHAKE && turn && e->end_ms - e->start_ms <= 800)
                continue;
            return false;
        }
        shown_ms = events[at++].end_ms;
    }
    return true;
}

static void count_passing(const struct jz_event *events, int count, unsigned allowed,
                          enum jz_action *steps, int at, int step_count, int *tried, int *passed)
{
    if (at == step_count) {
        ++*tried;
        *passed += replay_passes(events, count, steps, step_count);
        return;
    }
    for (int a = 0; a < JZ_ACTIONS; a++)
        if (allowed >> a & 1 && (at == 0 || steps[at - 1] != (enum jz_action)a)) {
            steps[at] = (enum jz_action)a;
            count_passing(events, count, allowed, steps, at + 1, step_count, tried, passed);
        }
}

static void test_replay_odds(void **state)
{
    (void)state;
    static const char *const records[] = {
        "",
        "nod",
        "blink",
        "turn_left turn_right nod",
        "turn_left blink turn_right blink nod",
        "blink blink blink blink",
        "turn_left<400 turn_right<400 shake nod",
        "turn_left<400 turn_right<400 shake<700 turn_left<400 turn_right<400 shake<700",
        "mouth_open nod blink turn_left turn_right shake",
    };
    static const unsigned sets[] = { (1u << JZ_ACTIONS) - 1,
                                     1u << JZ_TURN_LEFT | 1u << JZ_TURN_RIGHT | 1u << JZ_NOD,
                                     1u << JZ_BLINK | 1u << JZ_SHAKE, 1u << JZ_BLINK };
    int above_zero = 0;
    for (int r = 0; r < COUNT(records); r++)
        for (int k = 0; k < COUNT(sets); k++)
            for (int steps = 1; steps <= 4; steps++) {
                struct jz_event events[RECORDED];
                enum jz_action sequence[4];
                int tried = 0, passed = 0;
                const int count = record(records[r], events);
                count_passing(events, count, sets[k], sequence, 0, steps, &tried, &passed);
                const double want = tried ? (double)passed / (double)tried : 0;
                assert_true(fabs(jz_replay_odds(events, count, sets[k], steps) - want) < 1e-12);
                above_zero += passed > 0;
            }
    assert_true(above_zero > COUNT(records));
    struct jz_event events[RECORDED];
    const int count = record("turn_left turn_right nod", events);
    assert_true(fabs(jz_replay_odds(events, count, every_action, 3) - 1.0 / 150) < 1e-12);
    assert_true(jz_replay_odds(events, count, 0, 3) == 0);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_own_neutral),
        cmocka_unit_test(test_neutral_is_found_late),
        cmocka_unit_test(test_same_samples_same_events),
        cmocka_unit_test(test_time_shift),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_noise_is_nothing),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_enumeration),
        cmocka_unit_test(test_draw_is_fair),
        cmocka_unit_test(test_draw_bounds),
        cmocka_unit_test(test_next_step_begun_early),
        cmocka_unit_test(test_replay_odds),
    };
    enum {
        CLIPS = sizeof clips / sizeof clips[0],
        PARSES = sizeof parse_cases / sizeof parse_cases[0],
        ANSWERS = sizeof answers / sizeof answers[0],
        OTHERS = sizeof others / sizeof others[0],
    };
    static struct CMUnitTest tests[CLIPS + PARSES + ANSWERS + OTHERS];
    static char names[PARSES + ANSWERS][120];
    int n = 0, named = 0;
    for (int i = 0; i < CLIPS; i++)
        tests[n++] = (struct CMUnitTest){ .name = clips[i].name,
                                          .test_func = test_clip,
                                          .initial_state = (void *)(uintptr_t)&clips[i] };
    for (int i = 0; i < PARSES; i++) {
        snprintf(names[named], sizeof names[0], "parse '%s'", parse_cases[i].text);
        tests[n++] = (struct CMUnitTest){ .name = names[named++],
                                          .test_func = test_parse,
                                          .initial_state = (void *)(uintptr_t)&parse_cases[i] };
    }
    for (int i = 0; i < ANSWERS; i++) {
        snprintf(names[named], sizeof names[0], "asked '%s', done '%s' (%d)", answers[i].challenge,
                 answers[i].events, (int)answers[i].asked_ms);
        tests[n++] = (struct CMUnitTest){ .name = names[named++],
                                          .test_func = test_answer,
                                          .initial_state = (void *)(uintptr_t)&answers[i] };
    }
    memcpy(tests + n, others, sizeof others);
    return cmocka_run_group_tests_name("liveness", tests, NULL, NULL);
}
