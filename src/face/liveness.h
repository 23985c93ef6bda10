/*
 * Liveness: from landmarks over time to actions, and from actions to a passed challenge.
 *
 * Pure state machines: no pictures, no clock, no allocation; the same samples give the same events.
 * An action counts only as an excursion from the person's own neutral state and back: neutral is
 * seen before it, the limit is passed, and neutral is seen again. Directions are the person's own.
 */
#pragma once

#include "face/engine.h"

enum jz_action {
    JZ_BLINK,
    JZ_MOUTH_OPEN,
    JZ_TURN_LEFT,
    JZ_TURN_RIGHT,
    JZ_NOD,
    JZ_SHAKE,
    JZ_ACTIONS
};

const char *jz_action_name(enum jz_action action);

/* What one frame says to the tracker. */
struct jz_sample {
    int64_t t_ms;
    bool face; /* false: nobody, or not usable; the rest is ignored */
    float yaw_deg, pitch_deg;
    float eye_right, eye_left, mouth;
    float tall; /* height over width of the face, in the space of the mesh */
    float skew; /* cosine of the angle between the two */
};

struct jz_sample jz_sample_from(const struct jz_observation *observation, int64_t t_ms);

struct jz_event {
    enum jz_action action;
    int64_t start_ms, peak_ms, end_ms;
    float peak;     /* degrees, or a ratio */
    float flatness; /* how far the face lost its proportions, as a picture turned does; not mouth */
};

enum { JZ_TRACKS = 7, JZ_MAX_NEW_EVENTS = 8 };

/* One signal on its way out of neutral and back. */
struct jz_track {
    enum { JZ_TRACK_UNKNOWN, JZ_TRACK_NEUTRAL, JZ_TRACK_OUT } state;
    bool spoilt; /* the guard was broken during this excursion */
    int64_t start_ms, peak_ms;
    float peak, last, largest_step, fastest;
    float flatness; /* sum over the samples while out */
    int samples;
};

/* Initialise with jz_liveness_init; a plain value, nothing to release. */
struct jz_liveness {
    const struct jz_liveness_thresholds *limits; /* borrowed */
    struct jz_track tracks[JZ_TRACKS];
    int64_t last_ms, lost_ms;
    bool started;
    int settled;              /* samples the neutral pose rests on */
    float yaw0, pitch0, eye0; /* the person's own neutral pose and open eye */
    float tall0, skew0;       /* and proportions */
    float yaw1, pitch1;       /* where the head has been held since steady_ms, neutral or not */
    int64_t steady_ms;
    struct jz_event swing; /* the last quick swing, half a shake */
    bool has_swing;
    int flat; /* actions that were none, because a flat picture moves like that */
};

void jz_liveness_init(struct jz_liveness *l, const struct jz_liveness_thresholds *limits);

/* Takes the next sample, in order of time; returns how many actions it completed. */
int jz_liveness_feed(struct jz_liveness *l, const struct jz_sample *sample,
                     struct jz_event ret_events[JZ_MAX_NEW_EVENTS]);

#define JZ_CHALLENGE_MAX 6

struct jz_challenge {
    enum jz_action steps[JZ_CHALLENGE_MAX];
    int count;
};

/* "blink,turn_left"; an empty text is the empty challenge. JZ_E_USAGE names the unknown word. */
int jz_challenge_parse(const char *text, struct jz_challenge *ret_challenge,
                       struct jz_error *err) JZ_MUST_CHECK;

/*
 * A sequence of `count` actions out of `allowed` (bits 1 << action), no action twice running, each
 * such sequence equally likely. `random` is to be unpredictable: 64 bits from the system.
 */
int jz_challenge_draw(unsigned allowed, int count, uint64_t random,
                      struct jz_challenge *ret_challenge, struct jz_error *err) JZ_MUST_CHECK;

/* How many sequences jz_challenge_draw chooses from, and the i-th of them. */
uint64_t jz_challenge_count(unsigned allowed, int count);
void jz_challenge_nth(unsigned allowed, int count, uint64_t i, struct jz_challenge *ret_challenge);

enum jz_challenge_verdict {
    JZ_CHALLENGE_RUNNING,
    JZ_CHALLENGE_PASSED,
    JZ_CHALLENGE_WRONG, /* another action than the one asked for */
    JZ_CHALLENGE_EARLY, /* begun before it was asked for */
};

struct jz_challenge_state {
    const struct jz_challenge *challenge; /* borrowed */
    int done;
    int64_t asked_ms; /* when the step now waited for was shown */
    enum jz_challenge_verdict verdict;
};

void jz_challenge_begin(struct jz_challenge_state *s, const struct jz_challenge *challenge,
                        int64_t asked_ms);

/*
 * Takes the next event, in order. A blink nobody asked for is nature; every other action that was
 * not asked for, or that began before it was, ends the challenge. The next step counts as shown
 * when the last one ended; set asked_ms to change that.
 */
enum jz_challenge_verdict jz_challenge_feed(struct jz_challenge_state *s,
                                            const struct jz_event *event);

/* Of all challenges that may be drawn, the part that replaying these events would pass. */
double jz_replay_odds(const struct jz_event *events, int count, unsigned allowed, int steps);
