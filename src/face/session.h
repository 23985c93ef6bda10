/*
 * A session: frames in the order they were taken, one verdict at the end.
 *
 * Ties together what one person does in front of a camera: every frame is observed, the liveness
 * tracker sees it, the challenge is checked, and the best frames are kept for the presentation
 * attack score and for the template. All frames have to show the same person. A session belongs
 * to one thread at a time; the worker is only borrowed for each call.
 */
#pragma once

#include "face/liveness.h"

#define JZ_SESSION_MAX_EVENTS 128

struct jz_session;

/* Why a session was not accepted, as bits. */
enum jz_session_reason {
    JZ_S_NO_FACE = 1 << 0,
    JZ_S_UNFINISHED = 1 << 1,
    JZ_S_WRONG_ACTION = 1 << 2,
    JZ_S_TOO_EARLY = 1 << 3,
    JZ_S_FLAT = 1 << 4,
    JZ_S_NOT_LIVE = 1 << 5,
    JZ_S_ANOTHER_PERSON = 1 << 6,
    JZ_S_TOO_FAR = 1 << 7,
    JZ_S_DOUBTFUL = 1 << 8,
    JZ_S_NOT_SEEN_WHOLE = 1 << 9,
};

const char *jz_session_reason_name(enum jz_session_reason reason);
const char *jz_session_reason_advice(enum jz_session_reason reason);

int jz_session_new(const struct jz_engine *engine, const struct jz_challenge *challenge,
                   const struct jz_matcher *matcher, struct jz_session **ret_session,
                   struct jz_error *err) JZ_MUST_CHECK;
void jz_session_free(struct jz_session *session);

/* Takes one frame; *ret_observation (may be NULL) says what was seen in it. */
int jz_session_feed(struct jz_session *session, struct jz_worker *worker,
                    const struct jz_image *frame, int64_t t_ms,
                    struct jz_observation *ret_observation, struct jz_error *err) JZ_MUST_CHECK;

/* How many steps of the challenge are done. */
int jz_session_progress(const struct jz_session *session);

struct jz_verdict {
    bool passed; /* challenge done, live, one person */
    bool challenge_done;
    bool live; /* presentation attack score above the threshold */
    bool same_person;
    float live_score;       /* median over the frames judged, 0 to 1 */
    int judged;             /* frames behind that median */
    float least_similarity; /* lowest cosine between frames of the session */
    unsigned reasons;
    int frames, faces; /* seen; with a face */
};

/* The verdict over everything fed so far; more frames may follow. */
void jz_session_finish(struct jz_session *session, struct jz_verdict *ret_verdict);

/* Everything that happened, in order of completion; borrowed. */
const struct jz_event *jz_session_events(const struct jz_session *session, int *ret_count);

/* The sharpest frontal frame, borrowed; NULL when there was none. */
const struct jz_image *jz_session_best(const struct jz_session *session,
                                       struct jz_observation *ret_observation);

static inline void jz_session_freep(struct jz_session **s)
{
    jz_session_free(*s);
}
