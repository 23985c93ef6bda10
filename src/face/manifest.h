/*
 * models/manifest.yaml: which networks there are, how pixels go in, and every threshold with the
 * measurement behind it. Owned by whoever loaded it; read-only afterwards; any thread.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define JZ_MANIFEST_NAME_BYTES 32
#define JZ_MANIFEST_MAX_FUSED  2
#define JZ_MANIFEST_MAX_BYTES  (256u << 10)

enum jz_model_role { JZ_ROLE_DETECTOR, JZ_ROLE_MESH, JZ_ROLE_EMBEDDING, JZ_ROLE_SPOOF };

enum jz_channels { JZ_CHANNELS_RGB, JZ_CHANNELS_BGR };

/* How pixels go in: value = (pixel - mean) * scale. */
struct jz_model_input {
    int width, height;
    enum jz_channels channels;
    float mean, scale;
};

struct jz_model_entry {
    char *name, *version;
    enum jz_model_role role;
    char *file, *licence, *origin;
    unsigned bytes, converted_bytes;
    char **sha256; /* any of these is the model */
    unsigned sha256_count;
    struct jz_model_input input;
    float crop; /* spoof networks: side of the crop as a multiple of the face box */
};

/* At this threshold, so many of so many impostor pairs would pass. */
struct jz_operating_point {
    double fmr;
    double threshold;
    unsigned impostor_pairs;
};

/* One way to compare faces: one embedding, or the mean cosine of two. */
struct jz_matcher {
    char *name;
    char **models;
    unsigned model_count;
    struct jz_operating_point *points; /* from the loosest to the strictest */
    unsigned point_count;
};

struct jz_detector_thresholds {
    float score;    /* a face is reported from here on */
    float overlap;  /* two boxes are one face above this intersection over union */
    float presence; /* below this the mesh says it is no face */
};

struct jz_quality_thresholds {
    float min_eye_distance_px;
    float edge_fraction; /* part of the face box that may lie outside the picture */
    float several_ratio; /* a second face counts from this part of the first one's height on */
    float min_brightness, max_brightness; /* mean luminance, 0 to 255 */
    float min_sharpness;
    float min_score; /* of the detector; below, with a face found: something covers it */
    float cover_tone, cover_lips, cover_eyes, cover_sides; /* see quality.c, is_covered */
    float max_yaw_deg, max_pitch_deg, max_roll_deg;
    float min_eye; /* aspect ratio */
};

struct jz_spoof_thresholds {
    float box;         /* the detector's box is this much tighter than the one trained with */
    float attack;      /* below this score an attack; the median of a clip's frames counts */
    float live;        /* from this score on live; between the two nobody can tell */
    float min_face_px; /* a smaller face is asked to come closer instead of being judged */
    float bpcer;       /* the part of live people refused where this was measured */
};

struct jz_liveness_thresholds {
    float eye_shut, eye_open; /* as parts of the person's own open eye */
    float frontal_deg;        /* eyes and mouth are judged only this near to neutral */
    float blink_max_ms;
    float mouth_open;
    float turn_deg, nod_deg; /* away from the person's own neutral */
    float neutral_deg;
    float turn_flatness, nod_flatness; /* beyond it was a flat picture; nods and blinks share one */
    float same_person;                 /* lowest cosine between frames of one session */
};

struct jz_manifest {
    unsigned version;
    struct jz_model_entry *models;
    unsigned model_count;
    char *default_matcher;
    struct jz_matcher *matchers;
    unsigned matcher_count;
    struct jz_detector_thresholds detector;
    struct jz_quality_thresholds quality;
    struct jz_spoof_thresholds spoof;
    struct jz_liveness_thresholds liveness;
};

/* Errors name the file, the line and the key. */
int jz_manifest_load(const char *path, struct jz_manifest **ret_manifest,
                     struct jz_error *err) JZ_MUST_CHECK;
void jz_manifest_free(struct jz_manifest *manifest);

/* NULL when there is none of that name. */
const struct jz_model_entry *jz_manifest_model(const struct jz_manifest *m, const char *name);

/* The default one for NULL; NULL when there is none of that name. */
const struct jz_matcher *jz_manifest_matcher(const struct jz_manifest *m, const char *name);

/* The point measured for this FMR, or the next stricter one; NULL when there is none. */
const struct jz_operating_point *jz_matcher_point(const struct jz_matcher *matcher, double fmr);

enum jz_model_state { JZ_MODEL_INTACT, JZ_MODEL_MISSING, JZ_MODEL_WRONG };

/*
 * Looks at one model's file in DIR. Its SHA-256 is left in ret_hex (65 bytes, empty when missing);
 * *ret_data, when not NULL, receives the bytes of an intact file (free).
 */
int jz_model_check(const struct jz_model_entry *entry, const char *dir,
                   enum jz_model_state *ret_state, char *ret_hex, uint8_t **ret_data,
                   size_t *ret_size, struct jz_error *err) JZ_MUST_CHECK;

const char *jz_model_role_name(enum jz_model_role role);

static inline void jz_manifest_freep(struct jz_manifest **m)
{
    jz_manifest_free(*m);
}
