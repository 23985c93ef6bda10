#include "face/liveness.h"

#include <math.h>
#include <string.h>

static const char *const action_names[JZ_ACTIONS] = {
    [JZ_BLINK] = "blink",
    [JZ_MOUTH_OPEN] = "mouth_open",
    [JZ_TURN_LEFT] = "turn_left",
    [JZ_TURN_RIGHT] = "turn_right",
    [JZ_NOD] = "nod",
    [JZ_SHAKE] = "shake",
};

enum {
    SETTLE_SAMPLES = 3, /* the neutral pose is taken from this many at first */
    MAX_GAP_MS = 1000,  /* samples further apart than this are not one motion */
    MAX_LOST_MS = 800,  /* a face in profile may be lost this long in the middle of a turn */
    QUICK_MS = 800,     /* a swing longer than this is a turn, not a part of a shake */
    SWING_GAP_MS = 300,
    RESETTLE_MS = 4000, /* a pose held so long is the neutral one, whatever came first */
};

const char *jz_action_name(enum jz_action action)
{
    return action_names[action];
}

/* Height: forehead to mouth, which no jaw moves. Width: from side to side. */
static void measure_proportions(const struct jz_landmarks *l, struct jz_sample *ret)
{
    enum { FOREHEAD = 10, MOUTH_RIGHT = 61, MOUTH_LEFT = 291, SIDE_RIGHT = 234, SIDE_LEFT = 454 };
    const float(*p)[3] = l->points;
    double hh = 0, ww = 0, hw = 0;
    for (int k = 0; k < 3; k++) {
        const double h = (p[MOUTH_RIGHT][k] + p[MOUTH_LEFT][k]) / 2 - p[FOREHEAD][k];
        const double w = p[SIDE_LEFT][k] - p[SIDE_RIGHT][k];
        hh += h * h;
        ww += w * w;
        hw += h * w;
    }
    const bool good = hh > 0 && ww > 0;
    ret->tall = good ? (float)sqrt(hh / ww) : 1;
    ret->skew = good ? (float)(hw / sqrt(hh * ww)) : 0;
}

struct jz_sample jz_sample_from(const struct jz_observation *o, int64_t t_ms)
{
    const struct jz_landmarks *l = &o->landmarks;
    struct jz_sample s = { .t_ms = t_ms, .face = o->face_count > 0 };
    if (!s.face)
        return s;
    s.yaw_deg = l->yaw_deg;
    s.pitch_deg = l->pitch_deg;
    s.eye_right = l->eye_right;
    s.eye_left = l->eye_left;
    s.mouth = l->mouth;
    measure_proportions(l, &s);
    return s;
}

/* The signals, each growing away from neutral. */
enum signal { CLOSING_EYES, OPEN_MOUTH, YAW_LEFT, YAW_RIGHT, PITCH_DOWN, SWING_LEFT, SWING_RIGHT };

static float signal_value(const struct jz_liveness *l, enum signal which, const struct jz_sample *s)
{
    switch (which) {
    case CLOSING_EYES: /* the more open eye counts: a wink is no blink */
        return 1 - fmaxf(s->eye_right, s->eye_left) / l->eye0;
    case OPEN_MOUTH:
        return s->mouth;
    case YAW_LEFT:
    case SWING_LEFT:
        return s->yaw_deg - l->yaw0;
    case YAW_RIGHT:
    case SWING_RIGHT:
        return l->yaw0 - s->yaw_deg;
    case PITCH_DOWN:
        return l->pitch0 - s->pitch_deg;
    }
    return 0;
}

/* Signals of the whole head, which may not jump. */
static bool is_motion(enum signal which)
{
    return which != CLOSING_EYES && which != OPEN_MOUTH;
}

/* How each signal becomes an action: neutral below `inner`, reached above `outer`. */
struct rule {
    enum jz_action action;
    float inner, outer;
    int64_t max_ms;
    float max_yaw_deg, max_pitch_deg; /* off neutral; beyond these the excursion is spoilt */
    bool survives_loss;               /* the face may be lost for a moment while out */
};

static struct rule rule_of(const struct jz_liveness_thresholds *t, enum signal which)
{
    enum { LONG_MS = 8000 };
    const float any = 180, frontal = t->frontal_deg;
    switch (which) {
    case CLOSING_EYES:
        return (struct rule){
            JZ_BLINK, 1 - t->eye_open, 1 - t->eye_shut, (int64_t)t->blink_max_ms, frontal, frontal,
            false
        };
    case OPEN_MOUTH:
        return (struct rule){ JZ_MOUTH_OPEN, t->mouth_open / 2, t->mouth_open, LONG_MS,
                              frontal,       frontal,           false };
    case YAW_LEFT:
        return (struct rule){ JZ_TURN_LEFT, t->neutral_deg, t->turn_deg, LONG_MS, any, any, true };
    case YAW_RIGHT:
        return (struct rule){ JZ_TURN_RIGHT, t->neutral_deg, t->turn_deg, LONG_MS, any, any, true };
    case PITCH_DOWN:
        return (struct rule){ JZ_NOD, t->nod_deg / 2, t->nod_deg, LONG_MS, frontal, any, true };
    case SWING_LEFT:
        return (struct rule){ JZ_TURN_LEFT, t->neutral_deg / 2, t->neutral_deg, QUICK_MS, any, any,
                              false };
    case SWING_RIGHT:
        return (struct rule){ JZ_TURN_RIGHT, t->neutral_deg / 2, t->neutral_deg, QUICK_MS, any, any,
                              false };
    }
    return (struct rule){ .action = JZ_BLINK };
}

/*
 * A head that turns keeps its proportions in the space of the mesh. The mesh of a flat picture
 * follows the picture, for the network has learnt heads only: turned it becomes narrow, tilted it
 * becomes short, and about any other axis skewed, by far more than the few degrees explain that the
 * network sees in it. The opposite is no sign: of a head in profile the mesh is too wide.
 */
static float flatness(const struct jz_liveness *l, enum signal which, const struct jz_sample *s)
{
    if (which == OPEN_MOUTH)
        return 0;
    const float skew_weight = 2.5f; /* heads hardly skew */
    const bool across = which != PITCH_DOWN && which != CLOSING_EYES;
    const float taller = logf(fmaxf(s->tall, 0.01f) / fmaxf(l->tall0, 0.01f));
    return hypotf(fmaxf(across ? taller : -taller, 0), skew_weight * (s->skew - l->skew0));
}

static float most_flatness(const struct jz_liveness_thresholds *t, enum signal which)
{
    return which == PITCH_DOWN || which == CLOSING_EYES ? t->nod_flatness : t->turn_flatness;
}

void jz_liveness_init(struct jz_liveness *l, const struct jz_liveness_thresholds *limits)
{
    memset(l, 0, sizeof *l);
    l->limits = limits;
}

/* Who begins looking down at the telephone gets a new neutral pose once the head is up for long. */
static bool is_new_neutral(struct jz_liveness *l, const struct jz_sample *s, bool held)
{
    const float steady_deg = 5, nearly_frontal_deg = 12;
    if (held || fabsf(s->yaw_deg - l->yaw1) > steady_deg ||
        fabsf(s->pitch_deg - l->pitch1) > steady_deg) {
        l->yaw1 = s->yaw_deg;
        l->pitch1 = s->pitch_deg;
        l->steady_ms = s->t_ms;
    }
    return s->t_ms - l->steady_ms > RESETTLE_MS && fabsf(s->yaw_deg) < nearly_frontal_deg;
}

static bool is_held(const struct jz_liveness *l, const struct jz_sample *s)
{
    return fabsf(s->yaw_deg - l->yaw0) < l->limits->neutral_deg / 2 &&
           fabsf(s->pitch_deg - l->pitch0) < l->limits->nod_deg / 2;
}

/* Takes the neutral pose from the first samples, and follows it slowly while it is held. */
static void follow_neutral(struct jz_liveness *l, const struct jz_sample *s)
{
    const float eye = fmaxf(s->eye_right, s->eye_left);
    if (is_new_neutral(l, s, l->settled == 0 || is_held(l, s)))
        l->settled = 0;
    if (l->settled == 0) {
        l->yaw0 = s->yaw_deg;
        l->pitch0 = s->pitch_deg;
        l->eye0 = fmaxf(eye, 0.1f);
        l->tall0 = s->tall;
        l->skew0 = s->skew;
    }
    const bool held = is_held(l, s);
    if (l->settled < SETTLE_SAMPLES) {
        const float k = 1 / (float)(l->settled + 1);
        l->yaw0 += (s->yaw_deg - l->yaw0) * k;
        l->pitch0 += (s->pitch_deg - l->pitch0) * k;
        l->tall0 += (s->tall - l->tall0) * k;
        l->skew0 += (s->skew - l->skew0) * k;
        l->settled++;
    } else if (held) {
        const float k = fminf((float)(s->t_ms - l->last_ms) / 2000.0f, 0.5f);
        l->yaw0 += (s->yaw_deg - l->yaw0) * k;
        l->pitch0 += (s->pitch_deg - l->pitch0) * k;
        l->tall0 += (s->tall - l->tall0) * k / 4; /* a person's own: it hardly changes */
        l->skew0 += (s->skew - l->skew0) * k / 4;
    }
    /* Who looks past the camera all the time is not neutral: a neutral face is nearly frontal. */
    l->yaw0 = fminf(fmaxf(l->yaw0, -6), 6);
    /* The open eye: rises at once, falls in many seconds, so that a blink hardly moves it. */
    if (held && eye > l->eye0)
        l->eye0 += (eye - l->eye0) * 0.3f;
    else if (held && eye > l->eye0 * l->limits->eye_open)
        l->eye0 += (eye - l->eye0) * 0.02f;
}

/*
 * A head does not jump: most of the way in one step, or a speed that no neck has, is a cut between
 * two pictures. Swings are quick: at few frames a second one step may be most of the way.
 */
static bool is_smooth(const struct jz_track *k, enum signal which)
{
    const float most_deg_per_s = 600;
    const bool swing = which == SWING_LEFT || which == SWING_RIGHT;
    return k->fastest < most_deg_per_s && (swing || k->largest_step < 0.8f * k->peak);
}

static void note_step(struct jz_track *k, float step, int64_t ms)
{
    k->largest_step = fmaxf(k->largest_step, step);
    k->fastest = fmaxf(k->fastest, step * 1000 / (float)(ms > 1 ? ms : 1));
}

/* Moves one track on; true when it completes an action. */
static bool advance(struct jz_liveness *l, enum signal which, const struct jz_sample *s,
                    struct jz_event *ret)
{
    struct jz_track *k = &l->tracks[which];
    const struct rule rule = rule_of(l->limits, which);
    const float value = signal_value(l, which, s), step = fabsf(value - k->last);
    const bool off_axis = fabsf(s->yaw_deg - l->yaw0) > rule.max_yaw_deg ||
                          fabsf(s->pitch_deg - l->pitch0) > rule.max_pitch_deg;
    k->last = value;
    if (value > rule.inner) {
        if (k->state == JZ_TRACK_NEUTRAL) {
            k->state = JZ_TRACK_OUT;
            k->spoilt = false;
            k->start_ms = s->t_ms;
            k->peak = rule.inner;
            k->largest_step = k->fastest = 0;
            k->flatness = 0;
            k->samples = 0;
        }
        if (k->state == JZ_TRACK_OUT && value > k->peak) {
            k->peak = value;
            k->peak_ms = s->t_ms;
        }
        note_step(k, step, s->t_ms - l->last_ms);
        k->flatness += flatness(l, which, s);
        k->samples++;
        k->spoilt |= off_axis;
        return false;
    }
    note_step(k, step, s->t_ms - l->last_ms);
    const bool done = k->state == JZ_TRACK_OUT && !k->spoilt && !off_axis &&
                      k->peak >= rule.outer && s->t_ms - k->start_ms <= rule.max_ms &&
                      (!is_motion(which) || is_smooth(k, which));
    const float flat = done ? k->flatness / (float)k->samples : 0;
    const bool solid = flat <= most_flatness(l->limits, which);
    l->flat += !solid;
    if (done && solid)
        *ret = (struct jz_event){
            .action = rule.action,
            .start_ms = k->start_ms,
            .peak_ms = k->peak_ms,
            .end_ms = s->t_ms,
            .peak = k->peak,
            .flatness = flat,
        };
    k->state = off_axis ? JZ_TRACK_UNKNOWN : JZ_TRACK_NEUTRAL;
    return done && solid;
}

/*
 * Two quick swings to opposite sides, one right after the other, are a shake, unless the head was
 * on one side and is on the other with nothing between: a cut.
 */
static bool complete_shake(struct jz_liveness *l, const struct jz_event *swing, float largest_step,
                           struct jz_event *ret)
{
    const bool shake = l->has_swing && l->swing.action != swing->action &&
                       swing->start_ms - l->swing.end_ms <= SWING_GAP_MS &&
                       largest_step < 0.8f * (swing->peak + l->swing.peak);
    if (shake) {
        *ret = *swing;
        ret->action = JZ_SHAKE;
        ret->start_ms = l->swing.start_ms;
        ret->flatness = fmaxf(swing->flatness, l->swing.flatness);
        ret->peak = fminf(swing->peak, l->swing.peak);
    }
    l->has_swing = !shake;
    l->swing = *swing;
    return shake;
}

static void lose_face(struct jz_liveness *l, int64_t t_ms)
{
    const bool for_long = t_ms - l->last_ms > MAX_LOST_MS;
    for (int i = 0; i < JZ_TRACKS; i++)
        if (for_long || l->tracks[i].state != JZ_TRACK_OUT ||
            !rule_of(l->limits, (enum signal)i).survives_loss)
            l->tracks[i].state = JZ_TRACK_UNKNOWN;
}

int jz_liveness_feed(struct jz_liveness *l, const struct jz_sample *s,
                     struct jz_event ret_events[JZ_MAX_NEW_EVENTS])
{
    if (!s->face || (l->started && s->t_ms - l->last_ms > MAX_GAP_MS)) {
        lose_face(l, s->t_ms);
        if (!s->face)
            return 0;
    }
    follow_neutral(l, s);
    int count = 0;
    for (int i = 0; i < JZ_TRACKS; i++) {
        struct jz_event e;
        if (!advance(l, (enum signal)i, s, &e))
            continue;
        if (i == SWING_LEFT || i == SWING_RIGHT) {
            if (!complete_shake(l, &e, l->tracks[i].largest_step, &e))
                continue;
        }
        ret_events[count++] = e;
    }
    l->last_ms = s->t_ms;
    l->started = true;
    return count;
}

int jz_challenge_parse(const char *text, struct jz_challenge *ret, struct jz_error *err)
{
    struct jz_challenge c = { .count = 0 };
    bool more = *text != 0;
    while (more) {
        const size_t n = strcspn(text, ",");
        int a = 0;
        while (a < JZ_ACTIONS &&
               (strlen(action_names[a]) != n || strncmp(text, action_names[a], n)))
            a++;
        if (a == JZ_ACTIONS)
            return jz_error_set(err, JZ_E_USAGE,
                                "'%.*s' is no action; there are blink, mouth_open, turn_left, "
                                "turn_right, nod, shake",
                                (int)(n < 40 ? n : 40), text);
        if (c.count == JZ_CHALLENGE_MAX)
            return jz_error_set(err, JZ_E_LIMIT, "a challenge has at most %d actions",
                                JZ_CHALLENGE_MAX);
        c.steps[c.count++] = (enum jz_action)a;
        more = text[n] == ',';
        text += n + more;
    }
    *ret = c;
    return 0;
}

uint64_t jz_challenge_count(unsigned allowed, int count)
{
    const unsigned n = (unsigned)__builtin_popcount(allowed & ((1u << JZ_ACTIONS) - 1));
    uint64_t total = count > 0 ? n : 0;
    for (int i = 1; i < count; i++)
        total *= n - (n > 0);
    return total;
}

void jz_challenge_nth(unsigned allowed, int count, uint64_t i, struct jz_challenge *ret)
{
    enum jz_action set[JZ_ACTIONS];
    unsigned n = 0;
    for (int a = 0; a < JZ_ACTIONS; a++)
        if (allowed & 1u << a)
            set[n++] = (enum jz_action)a;
    ret->count = count;
    unsigned last = n;
    for (int k = 0; k < count; k++) {
        const unsigned choices = k == 0 ? n : n - 1;
        unsigned pick = (unsigned)(i % choices);
        i /= choices;
        if (k > 0 && pick >= last)
            pick++; /* skip the action just before */
        ret->steps[k] = set[pick];
        last = pick;
    }
}

int jz_challenge_draw(unsigned allowed, int count, uint64_t random, struct jz_challenge *ret,
                      struct jz_error *err)
{
    const uint64_t total =
        count >= 1 && count <= JZ_CHALLENGE_MAX ? jz_challenge_count(allowed, count) : 0;
    if (total == 0)
        return jz_error_set(err, JZ_E_USAGE,
                            "no challenge of %d steps can be made of these "
                            "actions",
                            count);
    /* The high half of a 128-bit product: a fair choice without the bias of a remainder. */
    jz_challenge_nth(allowed, count, (uint64_t)(((unsigned __int128)random * total) >> 64), ret);
    return 0;
}

void jz_challenge_begin(struct jz_challenge_state *s, const struct jz_challenge *challenge,
                        int64_t asked_ms)
{
    *s = (struct jz_challenge_state){
        .challenge = challenge,
        .asked_ms = asked_ms,
        .verdict = challenge->count == 0 ? JZ_CHALLENGE_PASSED : JZ_CHALLENGE_RUNNING,
    };
}

enum jz_challenge_verdict jz_challenge_feed(struct jz_challenge_state *s, const struct jz_event *e)
{
    if (s->verdict != JZ_CHALLENGE_RUNNING)
        return s->verdict;
    const enum jz_action wanted = s->challenge->steps[s->done];
    if (e->action != wanted) {
        /* Half of a shake looks like a turn until the other half has come. */
        const bool part_of_shake = wanted == JZ_SHAKE &&
                                   (e->action == JZ_TURN_LEFT || e->action == JZ_TURN_RIGHT) &&
                                   e->end_ms - e->start_ms <= QUICK_MS;
        if (e->action != JZ_BLINK && !part_of_shake)
            s->verdict = JZ_CHALLENGE_WRONG;
        return s->verdict;
    }
    if (e->start_ms < s->asked_ms) {
        if (e->action != JZ_BLINK)
            s->verdict = JZ_CHALLENGE_EARLY;
        return s->verdict;
    }
    s->asked_ms = e->end_ms;
    if (++s->done == s->challenge->count)
        s->verdict = JZ_CHALLENGE_PASSED;
    return s->verdict;
}

double jz_replay_odds(const struct jz_event *events, int count, unsigned allowed, int steps)
{
    const uint64_t total = jz_challenge_count(allowed, steps);
    uint64_t passed = 0;
    for (uint64_t i = 0; i < total; i++) {
        struct jz_challenge c;
        struct jz_challenge_state s;
        jz_challenge_nth(allowed, steps, i, &c);
        jz_challenge_begin(&s, &c, 0);
        for (int k = 0; k < count; k++)
            jz_challenge_feed(&s, &events[k]);
        passed += s.verdict == JZ_CHALLENGE_PASSED;
    }
    return total ? (double)passed / (double)total : 0;
}
