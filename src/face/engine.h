/*
 * The face engine's one door: a picture in, faces, landmarks, quality, templates and presentation
 * attack scores out. Everything is deterministic for given inputs, models and precision.
 *
 * An engine holds the networks; it is immutable and shared. A worker holds what one thread needs to
 * run them. Pictures are RGB (face/image.h). Coordinates are pixels of the picture, x to the
 * right, y down, (0, 0) the centre of the first pixel. Left and right are the PERSON'S OWN, for
 * pictures that are not mirrored.
 *
 * What a person can mend (too dark, come closer) is a value, never an error.
 */
#pragma once

#include "face/image.h"
#include "face/manifest.h"
#include "nn/nn.h"

#define JZ_MAX_FACES     64
#define JZ_MESH_POINTS   478
#define JZ_MAX_EMBEDDING 256

struct jz_engine;
struct jz_worker;

/*
 * Loads every model of the manifest in MODELS_DIR. JZ_E_NOT_FOUND names the missing file and what
 * to type; JZ_E_INTEGRITY a file whose SHA-256 is not the manifest's.
 */
int jz_engine_open(const char *models_dir, enum jz_nn_precision precision,
                   struct jz_engine **ret_engine, struct jz_error *err) JZ_MUST_CHECK;
void jz_engine_close(struct jz_engine *engine);
const struct jz_manifest *jz_engine_manifest(const struct jz_engine *engine);
enum jz_nn_precision jz_engine_precision(const struct jz_engine *engine);

/* The i-th network as it is loaded, for benchmarks and tests; NULL behind the last one. */
const struct jz_nn_model *jz_engine_network(const struct jz_engine *engine, int i,
                                            const char **ret_name);

/* The engine must outlive its workers. */
int jz_worker_new(const struct jz_engine *engine, struct jz_worker **ret_worker,
                  struct jz_error *err) JZ_MUST_CHECK;
void jz_worker_free(struct jz_worker *worker);

struct jz_box {
    float x, y, w, h; /* left, top, width, height */
};

/* Right eye, left eye, nose tip, right mouth corner, left mouth corner. */
struct jz_face {
    struct jz_box box;
    float score; /* 0 to 1 */
    float points[5][2];
};

/* All faces, best first. *ret_count is 0 when there is none. */
int jz_detect(struct jz_worker *worker, const struct jz_image *image,
              struct jz_face ret_faces[JZ_MAX_FACES], int *ret_count,
              struct jz_error *err) JZ_MUST_CHECK;

struct jz_landmarks {
    float points[JZ_MESH_POINTS][3]; /* z in pixels too, towards the camera negative */
    float presence;                  /* 0 to 1: that this is a face at all */
    float eye_right, eye_left;       /* aspect ratios: about 0.3 open, below 0.1 shut */
    float mouth;                     /* aspect ratio of the inner lips: 0 closed */
    float yaw_deg;                   /* positive: turned to the person's own left */
    float pitch_deg;                 /* positive: looking up */
    float roll_deg;                  /* positive: head leans to the person's own left shoulder */
};

int jz_landmarks(struct jz_worker *worker, const struct jz_image *image, const struct jz_face *face,
                 struct jz_landmarks *ret_landmarks, struct jz_error *err) JZ_MUST_CHECK;

/* What keeps a picture from being used, as bits; the order is the order to tell a person. */
enum jz_quality_reason {
    JZ_Q_NO_FACE = 1 << 0,
    JZ_Q_SEVERAL_FACES = 1 << 1,
    JZ_Q_TOO_SMALL = 1 << 2,
    JZ_Q_CUT_BY_EDGE = 1 << 3,
    JZ_Q_TOO_DARK = 1 << 4,
    JZ_Q_TOO_BRIGHT = 1 << 5,
    JZ_Q_BLURRED = 1 << 6,
    JZ_Q_COVERED = 1 << 7,
    JZ_Q_TURNED_AWAY = 1 << 8,
    JZ_Q_EYES_CLOSED = 1 << 9,
};

/* "too_dark" and so on, and what to tell a person in English; NULL for anything else. */
const char *jz_quality_name(enum jz_quality_reason reason);
const char *jz_quality_advice(enum jz_quality_reason reason);

/* Everything one frame says. */
struct jz_observation {
    int face_count;
    struct jz_face face; /* the best one; valid when face_count > 0 */
    struct jz_landmarks landmarks;
    unsigned reasons; /* jz_quality_reason bits; 0: usable */
    float brightness; /* mean luminance of the face, 0 to 255 */
    float sharpness;  /* relative energy of fine detail in the face */
    float eye_distance_px;
};

/* Detect, landmarks and quality in one go: what every frame of a session costs. */
int jz_observe(struct jz_worker *worker, const struct jz_image *image,
               struct jz_observation *ret_observation, struct jz_error *err) JZ_MUST_CHECK;

/* A face as numbers. It says which model made it: templates of different models never compare. */
struct jz_embedding {
    char model[JZ_MANIFEST_NAME_BYTES];
    char version[JZ_MANIFEST_NAME_BYTES];
    int dims;
    float values[JZ_MAX_EMBEDDING]; /* of length one */
};

struct jz_template {
    int count; /* embeddings, one for each model of the matcher */
    struct jz_embedding embeddings[JZ_MANIFEST_MAX_FUSED];
};

/*
 * The template a matcher (manifest.h) wants of this face. The face is aligned on the mesh, whose
 * points are finer than the detector's: over LFW that lets 1 to 4 % more of the right people pass.
 */
int jz_embed(struct jz_worker *worker, const struct jz_image *image,
             const struct jz_landmarks *landmarks, const struct jz_matcher *matcher,
             struct jz_template *ret_template, struct jz_error *err) JZ_MUST_CHECK;

/* Mean cosine, -1 to 1. JZ_E_USAGE when the templates were made by different models. */
int jz_template_compare(const struct jz_template *a, const struct jz_template *b, double *ret_score,
                        struct jz_error *err) JZ_MUST_CHECK;

/* One picture's presentation attack score: 0 attack, 1 live (bona fide). */
int jz_spoof_score(struct jz_worker *worker, const struct jz_image *image,
                   const struct jz_face *face, float *ret_live, struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_engine_closep(struct jz_engine **e)
{
    jz_engine_close(*e);
}

static inline void jz_worker_freep(struct jz_worker **w)
{
    jz_worker_free(*w);
}
