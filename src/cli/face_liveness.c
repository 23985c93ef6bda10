#include "cli/draw.h"
#include "cli/tools.h"

#include <sys/stat.h>

#include <string.h>

static int run(int argc, char **argv);

const struct command face_liveness_command = {
    "liveness", run, "--challenge A,B… --frames DIR|FILE [--fps N] [--json] [--draw FILE.jpg]",
    "what happened in a clip, and whether it answers the challenge"
};

/* What a replay of this clip would be worth against random challenges of this many steps. */
enum { REPLAY_STEPS = 3 };

struct liveness_options {
    struct face_options face;
    const char *challenge, *frames, *draw;
    double fps; /* 0: the usual ones */
    bool trace, json;
};

/* Frames a second of a folder that nobody said, and of a video, which has its own. */
static double usual_fps(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 10 : 25;
}

static const unsigned all_actions = (1u << JZ_ACTIONS) - 1;

/* One line a frame for those who tune: what the tracker is fed with. */
static void trace(int64_t t_ms, const struct jz_observation *o)
{
    print_json(json_pack("{s:I,s:i,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "t_ms", (json_int_t)t_ms, "faces",
                         o->face_count, "yaw", (double)o->landmarks.yaw_deg, "pitch",
                         (double)o->landmarks.pitch_deg, "roll", (double)o->landmarks.roll_deg,
                         "eye_right", (double)o->landmarks.eye_right, "eye_left",
                         (double)o->landmarks.eye_left, "mouth", (double)o->landmarks.mouth,
                         "presence", (double)o->landmarks.presence));
}

static int watch(struct face_tools *t, const struct liveness_options *o, struct jz_session *session,
                 struct jz_error *err)
{
    JZ_CLEANUP(jz_clip_closep) struct jz_clip *clip = NULL;
    int r =
        jz_clip_open(t->decoder, o->frames, o->fps > 0 ? o->fps : usual_fps(o->frames), &clip, err);
    if (r < 0)
        return r;
    struct jz_image frame = { 0 };
    int64_t t_ms;
    while ((r = jz_clip_next(clip, &frame, &t_ms, err)) == 1) {
        struct jz_observation seen;
        if ((r = jz_session_feed(session, t->worker, &frame, t_ms, &seen, err)) < 0)
            break;
        if (o->trace)
            trace(t_ms, &seen);
    }
    jz_image_done(&frame);
    return r;
}

static void show_json(const struct jz_verdict *v, const struct jz_event *events, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{s:I,s:s,s:I,s:I,s:o,s:o}", "t_ms", (json_int_t)events[i].peak_ms,
                            "action", jz_action_name(events[i].action), "start_ms",
                            (json_int_t)events[i].start_ms, "end_ms", (json_int_t)events[i].end_ms,
                            "peak", json_number((double)events[i].peak), "flatness",
                            json_number((double)events[i].flatness)));
    print_json(json_pack(
        "{s:b,s:b,s:b,s:o,s:o,s:o,s:o,s:i,s:i,s:o}", "passed", v->passed, "live", v->live,
        "same_person", v->same_person, "events", list, "reasons", json_session_reasons(v->reasons),
        "live_score", json_number((double)v->live_score), "least_similarity",
        json_number((double)v->least_similarity), "frames", v->frames, "faces", v->faces,
        "replay_odds", json_number(jz_replay_odds(events, count, all_actions, REPLAY_STEPS))));
}

static void show_text(const struct liveness_options *o, const struct jz_verdict *v,
                      const struct jz_event *events, int count)
{
    printf("%s: %d frames, %d with a face\n", o->frames, v->frames, v->faces);
    for (int i = 0; i < count; i++)
        printf("  %6.2f s  %-10s  from %.2f to %.2f s\n", (double)events[i].peak_ms / 1000,
               jz_action_name(events[i].action), (double)events[i].start_ms / 1000,
               (double)events[i].end_ms / 1000);
    printf("  live: %s (score %.3f over %d frames)   same person: %s (lowest similarity %.2f)\n",
           v->live ? "yes" : "no", (double)v->live_score, v->judged, v->same_person ? "yes" : "no",
           (double)v->least_similarity);
    printf("  a replay of this clip would pass %.1f %% of random challenges of %d steps\n",
           100 * jz_replay_odds(events, count, all_actions, REPLAY_STEPS), REPLAY_STEPS);
    if (*o->challenge)
        printf("  challenge %s: %s\n", o->challenge, v->passed ? "passed" : "not passed");
    print_session_advice("    ", v->reasons);
}

static int draw(const struct jz_session *session, const struct jz_verdict *v, const char *path,
                struct jz_error *err)
{
    struct jz_observation seen;
    const struct jz_image *best = jz_session_best(session, &seen);
    if (!best)
        return 0;
    int count;
    const struct jz_event *events = jz_session_events(session, &count);
    char text[160];
    size_t used = (size_t)snprintf(text, sizeof text, "%s  ", v->passed ? "PASSED" : "REFUSED");
    for (int i = 0; i < count && used < sizeof text - 32; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, " %s",
                                 jz_action_name(events[i].action));
    const struct draw_panel panel = { best, &seen.face, &seen.landmarks, "" };
    return draw_panels(&panel, 1, text, v->passed, path, err);
}

static int liveness(struct face_tools *t, const struct liveness_options *o, struct jz_error *err)
{
    struct jz_challenge challenge;
    JZ_CLEANUP(jz_session_freep) struct jz_session *session = NULL;
    struct jz_verdict v;
    int r;
    if ((r = jz_challenge_parse(o->challenge, &challenge, err)) < 0 ||
        (r = jz_session_new(t->engine, &challenge, t->matcher, &session, err)) < 0 ||
        (r = watch(t, o, session, err)) < 0)
        return r;
    jz_session_finish(session, &v);
    int count;
    const struct jz_event *events = jz_session_events(session, &count);
    if (o->json)
        show_json(&v, events, count);
    else
        show_text(o, &v, events, count);
    if (o->draw && (r = draw(session, &v, o->draw, err)) < 0)
        return r;
    return v.passed ? EXIT_ACCEPTED : EXIT_REJECTED;
}

static int run(int argc, char **argv)
{
    struct liveness_options o = { 0 };
    const struct arg args[] = {
        { "challenge", ARG_TEXT, &o.challenge,
          "ACTION,ACTION…: what was asked for; \"\" only lists what happened" },
        { "frames", ARG_TEXT, &o.frames, "DIR or FILE: the clip" },
        { "fps", ARG_REAL, &o.fps,
          "N: frames a second to look at, default 25 (a folder: its rate, default 10)", 1, 60 },
        { "trace", ARG_FLAG, &o.trace, "one JSON line a frame first" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        MODELS_ARG(&o.face),
        PRECISION_ARG(&o.face),
        MATCHER_ARG(&o.face),
        DRAW_ARG(&o),
    };
    int first;
    int r = parse_args(&face_liveness_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!o.challenge || !o.frames) {
        fputs("jianzai: liveness: --challenge and --frames are both needed\n", stderr);
        return EXIT_USAGE;
    }
    struct face_tools t;
    if (face_tools_open(&o.face, &t) != 0)
        return EXIT_USAGE;
    struct jz_error err;
    r = liveness(&t, &o, &err);
    if (r < 0)
        complain(o.frames, &err);
    face_tools_close(&t);
    return r < 0 ? EXIT_USAGE : r;
}
