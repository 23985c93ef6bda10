#include "cli/claim_text.h"
#include "cli/desk.h"
#include "cli/tools.h"

#include "ledger/face_claim.h"

#include <string.h>

static int run(int argc, char **argv);

const struct command certify_command = {
    "certify", run,
    "PERSON --kind KIND [--on DATE] [--by OPERATOR] [--document NAME[@DAY]]… "
    "[--frames CLIP --challenge A,B]",
    "one sign of life of one person, by any route, and what becomes of it"
};

struct certify_options {
    struct desk_options where;
    struct arg_list documents;
    struct jz_claim_document presented[JZ_CLAIM_DOCUMENTS];
    struct face_options face;
    const char *kind, *by, *frames, *challenge, *place;
    struct jz_date on;
    bool json;
};

static bool is_face(enum jz_evidence_kind kind)
{
    return kind == JZ_EV_FACE_REMOTE || kind == JZ_EV_FACE_KIOSK;
}

/* Watches the clip; the best frame becomes the probe. */
static int watch(struct face_tools *t, const struct certify_options *o,
                 struct jz_face_attempt *attempt, struct jz_error *err)
{
    enum { FPS = 10 };
    struct jz_challenge challenge;
    struct jz_observation seen;
    JZ_CLEANUP(jz_image_done) struct jz_image best = { 0 };
    int r;
    if ((r = jz_challenge_parse(o->challenge, &challenge, err)) < 0 ||
        (r = best_of_clip(t, o->frames, FPS, &challenge, &best, &seen, &attempt->verdict, err)) < 0)
        return r;
    attempt->has_probe = seen.face_count > 0;
    return attempt->has_probe
               ? jz_embed(t->worker, &best, &seen.landmarks, t->matcher, &attempt->probe, err)
               : 0;
}

static int judge_face(struct desk *desk, const struct certify_options *o, struct jz_claim *claim,
                      char judgment[JZ_JUDGMENT_BYTES], struct jz_error *err)
{
    struct face_tools t;
    if (face_tools_open(&o->face, &t) != 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "the face engine does not start");
    struct jz_face_attempt attempt = {
        .challenge = o->challenge,
        .matcher = t.matcher,
        .precision = jz_engine_precision(t.engine) == JZ_NN_BF16 ? "bf16" : "fp32",
    };
    int r = watch(&t, o, &attempt, err);
    if (r == 0)
        r = jz_face_judge(desk->store, &attempt, claim, judgment, err);
    jz_wipe(&attempt.probe, sizeof attempt.probe);
    face_tools_close(&t);
    return r;
}

static int usage_error(const char *text, const char *value)
{
    fprintf(stderr, "jianzai: certify: %s%s\n", text, value);
    return EXIT_USAGE;
}

static int fill(struct desk *desk, struct certify_options *o, const char *word,
                struct jz_claim *claim)
{
    const int kind = o->kind ? JZ_WORD_FIND(jz_evidence_words, o->kind) : -1;
    if (kind < 0)
        return usage_error("--kind names no kind of evidence: ", o->kind ? o->kind : "(missing)");
    claim->kind = (enum jz_evidence_kind)kind;
    if (is_face(claim->kind) && (!o->frames || !o->challenge))
        return usage_error("a face needs the clip and what was asked for: ",
                           "--frames, --challenge");
    if (!is_face(claim->kind) && (o->frames || o->challenge))
        return usage_error("--frames and --challenge belong to a face, not to ", o->kind);
    if ((claim->document_count = take_documents("certify", &o->documents, o->presented)) < 0)
        return EXIT_USAGE;
    claim->documents = o->presented;
    claim->observed_on = jz_date_is_set(o->on) ? o->on : jz_date_today();
    claim->operator= o->by;
    claim->trusted = true;
    claim->place = o->place ? (unsigned)strtoul(o->place, NULL, 10) : 0;
    int r = desk_person(desk, word, &claim->person);
    if (r == 0 && o->by)
        r = desk_operator(desk, o->by);
    return r;
}

static int run(int argc, char **argv)
{
    struct certify_options o = { 0 };
    const struct arg args[] = {
        { "kind", ARG_TEXT, &o.kind,
          "KIND: face_remote, counter, home_visit, proxy, materials, …" },
        { "on", ARG_DATE, &o.on, "DATE: day of the sign of life, default today" },
        { "by", ARG_TEXT, &o.by, "OPERATOR: who answers for it" },
        { "document", ARG_LIST, &o.documents, DOCUMENT_HELP },
        { "place", ARG_TEXT, &o.place, "REGION: where, six digits" },
        { "frames", ARG_TEXT, &o.frames, "DIR or FILE: the clip of a face" },
        { "challenge", ARG_TEXT, &o.challenge, "ACTION,ACTION…: what was asked for" },
        MODELS_ARG(&o.face),
        MATCHER_ARG(&o.face),
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r =
        parse_args(&certify_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct desk desk;
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    struct jz_claim claim = { 0 };
    struct jz_claim_result result;
    struct jz_error err;
    char judgment[JZ_JUDGMENT_BYTES];
    if ((r = fill(&desk, &o, argv[first], &claim)) == 0) {
        r = is_face(claim.kind) ? judge_face(&desk, &o, &claim, judgment, &err) : 0;
        if (r == 0)
            r = jz_claim_submit(desk.store, &claim, &result, &err);
        if (r < 0) {
            complain(NULL, &err);
            r = EXIT_USAGE;
        } else {
            if (o.json)
                print_json(json_claim_result(claim.person, &claim, &result));
            else
                print_claim_result(claim.person, &claim, &result);
            r = result.outcome == JZ_OUTCOME_PASS ? EXIT_ACCEPTED : EXIT_REJECTED;
        }
    }
    desk_close(&desk);
    return r;
}
