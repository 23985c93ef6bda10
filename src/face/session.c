#include "face/session.h"

#include "face/engine_internal.h"

#include <math.h>
#include <string.h>

enum {
    JUDGE_EVERY_MS = 400, /* presentation attack score and identity are taken this often */
    MAX_JUDGED = 256,
};

/* Frames turned further than this are neither judged nor compared: both networks want a face. */
static const float judged_yaw_deg = 25, judged_pitch_deg = 25;

struct kept {
    struct jz_image image;
    struct jz_observation observation;
    float rank;
};

struct jz_session {
    const struct jz_engine *engine;
    const struct jz_matcher *matcher;
    struct jz_challenge challenge;
    struct jz_challenge_state state;
    struct jz_liveness liveness;
    struct jz_event events[JZ_SESSION_MAX_EVENTS];
    int event_count;
    struct kept best;
    struct jz_template first;
    bool has_first;
    float live[MAX_JUDGED];
    int judged;
    int64_t judged_ms;
    float least_similarity;
    float largest_face_px;
    int frames, faces;
};

static const struct {
    enum jz_session_reason reason;
    const char *name, *advice;
} reasons[] = {
    { JZ_S_NO_FACE, "no_face", "no face was seen" },
    { JZ_S_UNFINISHED, "unfinished", "not every action that was asked for was seen" },
    { JZ_S_WRONG_ACTION, "wrong_action", "another action was seen than the one asked for" },
    { JZ_S_TOO_EARLY, "too_early", "an action began before it was asked for" },
    { JZ_S_FLAT, "flat", "the head moved like a flat picture" },
    { JZ_S_NOT_LIVE, "not_live", "this looks like a screen or a print" },
    { JZ_S_ANOTHER_PERSON, "another_person", "not all frames show the same person" },
    { JZ_S_TOO_FAR, "too_far", "the face is too small to be judged: come closer" },
    { JZ_S_DOUBTFUL, "doubtful",
      "it cannot be told whether this is live: try again in better light" },
    { JZ_S_NOT_SEEN_WHOLE, "not_seen_whole",
      "the face was never seen whole and from the front: move back, to the middle, and look into "
      "the camera" },
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

const char *jz_session_reason_name(enum jz_session_reason reason)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].reason == reason)
            return reasons[i].name;
    return NULL;
}

const char *jz_session_reason_advice(enum jz_session_reason reason)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].reason == reason)
            return reasons[i].advice;
    return NULL;
}

int jz_session_new(const struct jz_engine *engine, const struct jz_challenge *challenge,
                   const struct jz_matcher *matcher, struct jz_session **ret_session,
                   struct jz_error *err)
{
    struct jz_session *s = calloc(1, sizeof *s);
    if (!s)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    s->engine = engine;
    s->matcher = matcher;
    s->challenge = *challenge;
    s->least_similarity = 1;
    s->judged_ms = -JUDGE_EVERY_MS;
    jz_challenge_begin(&s->state, &s->challenge, 0);
    jz_liveness_init(&s->liveness, &engine->manifest->liveness);
    *ret_session = s;
    return 0;
}

void jz_session_free(struct jz_session *s)
{
    if (!s)
        return;
    jz_image_done(&s->best.image);
    free(s);
}

/* Keeps a copy of the frame when it is the best one to show and to enrol from. */
static int keep_best(struct jz_session *s, const struct jz_image *frame,
                     const struct jz_observation *o, struct jz_error *err)
{
    const float off = fabsf(o->landmarks.yaw_deg) + fabsf(o->landmarks.pitch_deg);
    const float rank = (o->reasons == 0) + 1 / (1 + off / 10) + fminf(o->sharpness, 1);
    if (rank <= s->best.rank)
        return 0;
    int r = jz_image_copy(&s->best.image, frame, err);
    if (r < 0)
        return r;
    s->best.observation = *o;
    s->best.rank = rank;
    return 0;
}

static int judge(struct jz_session *s, struct jz_worker *w, const struct jz_image *frame,
                 const struct jz_observation *o, struct jz_error *err)
{
    struct jz_template t;
    int r = 0;
    if (s->judged < MAX_JUDGED &&
        (r = jz_spoof_score(w, frame, &o->face, &s->live[s->judged], err)) == 0)
        s->judged++;
    if (r < 0 || (r = jz_embed(w, frame, &o->landmarks, s->matcher, &t, err)) < 0)
        return r;
    if (!s->has_first) {
        s->first = t;
        s->has_first = true;
        return 0;
    }
    double score;
    if ((r = jz_template_compare(&s->first, &t, &score, err)) == 0)
        s->least_similarity = fminf(s->least_similarity, (float)score);
    return r;
}

int jz_session_feed(struct jz_session *s, struct jz_worker *w, const struct jz_image *frame,
                    int64_t t_ms, struct jz_observation *ret_observation, struct jz_error *err)
{
    struct jz_observation o;
    int r = jz_observe(w, frame, &o, err);
    if (r < 0)
        return r;
    s->frames++;
    s->faces += o.face_count > 0;
    const struct jz_sample sample = jz_sample_from(&o, t_ms);
    struct jz_event events[JZ_MAX_NEW_EVENTS];
    const int count = jz_liveness_feed(&s->liveness, &sample, events);
    for (int i = 0; i < count; i++) {
        if (s->event_count < JZ_SESSION_MAX_EVENTS)
            s->events[s->event_count++] = events[i];
        jz_challenge_feed(&s->state, &events[i]);
    }
    const bool frontal = o.face_count > 0 && !(o.reasons & JZ_Q_CUT_BY_EDGE) &&
                         fabsf(o.landmarks.yaw_deg) < judged_yaw_deg &&
                         fabsf(o.landmarks.pitch_deg) < judged_pitch_deg;
    if (frontal) {
        s->largest_face_px = fmaxf(s->largest_face_px, o.face.box.w);
        r = keep_best(s, frame, &o, err);
        if (r == 0 && t_ms - s->judged_ms >= JUDGE_EVERY_MS) {
            s->judged_ms = t_ms;
            r = judge(s, w, frame, &o, err);
        }
    }
    if (r == 0 && ret_observation)
        *ret_observation = o;
    return r;
}

int jz_session_progress(const struct jz_session *s)
{
    return s->state.done;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void jz_session_finish(struct jz_session *s, struct jz_verdict *ret)
{
    const struct jz_manifest *m = s->engine->manifest;
    struct jz_verdict v = { .frames = s->frames,
                            .faces = s->faces,
                            .judged = s->judged,
                            .least_similarity = s->least_similarity };
    if (s->judged > 0) {
        qsort(s->live, (size_t)s->judged, sizeof s->live[0], by_value);
        v.live_score = s->live[s->judged / 2];
    }
    v.challenge_done = s->state.verdict == JZ_CHALLENGE_PASSED;
    v.same_person = s->has_first && s->least_similarity >= m->liveness.same_person;
    v.live = s->judged > 0 && v.live_score >= m->spoof.live;
    const struct {
        bool wrong;
        enum jz_session_reason reason;
    } checks[] = {
        { s->faces == 0, JZ_S_NO_FACE },
        { s->state.verdict == JZ_CHALLENGE_RUNNING, JZ_S_UNFINISHED },
        { s->state.verdict == JZ_CHALLENGE_WRONG, JZ_S_WRONG_ACTION },
        { s->state.verdict == JZ_CHALLENGE_EARLY, JZ_S_TOO_EARLY },
        { !v.challenge_done && s->liveness.flat > 0, JZ_S_FLAT },
        { s->judged > 0 && v.live_score < m->spoof.attack, JZ_S_NOT_LIVE },
        { s->judged > 0 && v.live_score >= m->spoof.attack && !v.live, JZ_S_DOUBTFUL },
        { s->faces > 0 && s->judged == 0, JZ_S_NOT_SEEN_WHOLE },
        { s->has_first && !v.same_person, JZ_S_ANOTHER_PERSON },
        { s->largest_face_px > 0 && s->largest_face_px < m->spoof.min_face_px, JZ_S_TOO_FAR },
    };
    for (size_t i = 0; i < COUNT(checks); i++)
        if (checks[i].wrong)
            v.reasons |= checks[i].reason;
    v.passed = v.reasons == 0;
    *ret = v;
}

const struct jz_event *jz_session_events(const struct jz_session *s, int *ret_count)
{
    *ret_count = s->event_count;
    return s->events;
}

const struct jz_image *jz_session_best(const struct jz_session *s,
                                       struct jz_observation *ret_observation)
{
    if (s->best.rank <= 0)
        return NULL;
    if (ret_observation)
        *ret_observation = s->best.observation;
    return &s->best.image;
}
