/*
 * What a person can do and likes: the actions a challenge may ask of them, hearing, the dialect and
 * size of what is said and shown. Prompts come only from this. Each change is a fact, the latest
 * holds. Any thread.
 */
#pragma once

#include "base/language.h"
#include "face/liveness.h"
#include "store/store.h"

#define JZ_PROFILE_ALL_STEPS ((1u << JZ_ACTIONS) - 1)

/* Percent of the usual size of text. */
#define JZ_TEXT_SCALE_MIN   100
#define JZ_TEXT_SCALE_USUAL 125
#define JZ_TEXT_SCALE_MAX   300

enum jz_dialect { JZ_DIALECT_MANDARIN, JZ_DIALECT_CANTONESE, JZ_DIALECT_ENGLISH, JZ_DIALECTS };
const char *jz_dialect_name(enum jz_dialect dialect); /* "mandarin" … */
bool jz_dialect_parse(const char *name, enum jz_dialect *ret_dialect);

struct jz_profile {
    int64_t fact, recorded_at; /* fact 0: nothing was said, the rest is what holds for everybody */
    unsigned steps;            /* bits 1 << enum jz_action that the person can do */
    bool hearing, bedridden;
    enum jz_dialect dialect;
    enum jz_language language;
    int text_scale;
};

/* Words of a newer program are taken for the usual ones. */
int jz_profile_get(struct jz_store *store, int64_t person, struct jz_profile *ret_profile,
                   struct jz_error *err) JZ_MUST_CHECK;

/*
 * Records the profile unless it is what holds already; `by` is a clerk, NULL the person alone.
 * JZ_E_USAGE: steps that are no actions, a scale beyond the limits; JZ_E_NOT_FOUND.
 */
int jz_profile_set(struct jz_store *store, int64_t person, const struct jz_profile *profile,
                   const char *by, struct jz_error *err) JZ_MUST_CHECK;
