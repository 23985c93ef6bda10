/* What the face commands share: their options, the engine, watching a clip, naming reasons. */
#pragma once

#include "cli/args.h"
#include "face/session.h"

struct face_options {
    const char *models;    /* folder of the models; NULL: found beside the program */
    const char *precision; /* NULL: auto */
    const char *matcher;   /* NULL: the manifest's default */
};

#define MODELS_ARG(o)                                                                              \
    {                                                                                              \
        "models", ARG_TEXT, &(o)->models, "DIR: where the models are"                              \
    }
#define PRECISION_ARG(o)                                                                           \
    {                                                                                              \
        "precision", ARG_TEXT, &(o)->precision, "auto, fp32 or bf16"                               \
    }
#define MATCHER_ARG(o)                                                                             \
    {                                                                                              \
        "matcher", ARG_TEXT, &(o)->matcher, "NAME: how faces are compared (see: jianzai models)"   \
    }

/* `o` has a member draw: the file, or NULL. */
#define DRAW_ARG(o)                                                                                \
    {                                                                                              \
        "draw", ARG_TEXT, &(o)->draw, "FILE.jpg: write what was seen as a picture"                 \
    }

/* The engine with one worker and a decoder; prints the error and gives EXIT_USAGE on failure. */
struct face_tools {
    struct jz_engine *engine;
    struct jz_worker *worker;
    struct jz_decoder *decoder;
    const struct jz_matcher *matcher;
};

int face_tools_open(const struct face_options *options, struct face_tools *ret_tools);
void face_tools_close(struct face_tools *tools);

/* The folder of the models: the option, or models/ beside the program or one above it. */
char *find_models_dir(const struct face_options *options);

/*
 * Watches a whole clip, for a challenge or (NULL) without one, and leaves its best frame and what
 * was seen in it; observation->face_count is 0 when no frame would do. ret_verdict may be NULL.
 */
int best_of_clip(struct face_tools *tools, const char *path, double fps,
                 const struct jz_challenge *challenge, struct jz_image *image,
                 struct jz_observation *ret_observation, struct jz_verdict *ret_verdict,
                 struct jz_error *err) JZ_MUST_CHECK;

json_t *json_reasons(unsigned reasons);         /* jz_quality_reason bits */
json_t *json_session_reasons(unsigned reasons); /* jz_session_reason bits */
void print_session_advice(const char *indent, unsigned reasons);
