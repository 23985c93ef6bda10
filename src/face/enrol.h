/*
 * From a person's photographs to their templates: each must be usable, and all of one person. What
 * becomes of that is the caller's: here are only values. Any thread, with a worker of its own.
 */
#pragma once

#include "face/template.h"

/* Photographs of one person that were taken for one are as rare as this: the manifest's point. */
#define JZ_ENROL_FMR 1e-3

/* What one photograph gave. */
struct jz_enrol_finding {
    struct jz_observation seen; /* seen.reasons: 0, or why it is not usable */
    int matches;                /* usable other photographs that show the same person */
    double least_similarity;    /* to a usable other photograph; 1 when there is none */
};

struct jz_enrolment {
    int count;
    struct jz_enrol_finding findings[JZ_TEMPLATES_MAX];
    bool usable;                       /* every photograph */
    bool one_person;                   /* every two usable photographs are similar enough */
    double least_similarity;           /* of two usable ones; 1 when there are no two */
    double threshold;                  /* from where on two show one person */
    struct jz_template_list templates; /* in the order of the photographs; empty unless both hold.
                                          Biometric data: wiped by whoever has it */
};

/*
 * Looks at 1 to JZ_TEMPLATES_MAX photographs. JZ_E_USAGE (none), JZ_E_LIMIT (more), or the matcher
 * has no operating point at JZ_ENROL_FMR.
 */
int jz_enrol_images(struct jz_worker *worker, const struct jz_matcher *matcher,
                    const struct jz_image *images, int count, struct jz_enrolment *ret_enrolment,
                    struct jz_error *err) JZ_MUST_CHECK;

/* The same with files, one in memory at a time. A file that is no picture is an error. */
int jz_enrol_files(struct jz_worker *worker, struct jz_decoder *decoder,
                   const struct jz_matcher *matcher, const char *const *paths, int count,
                   struct jz_enrolment *ret_enrolment, struct jz_error *err) JZ_MUST_CHECK;
