/*
 * The laboratory: the whole register under another set of rules, on one day, beside what the rules
 * in force make of it. Reads only. All people pass in pages, so memory does not grow with them.
 */
#pragma once

#include "store/store.h"

#define JZ_LAB_EXAMPLES_MAX 20
#define JZ_LAB_AGE_BANDS    8

/* "under 60", "60-64" … "90 and over". */
const char *jz_lab_age_band(int band);

/* Benefits. */
struct jz_lab_counts {
    uint64_t before[JZ_STANDING_STATES], after[JZ_STANDING_STATES];
    uint64_t changed;       /* another standing than before */
    uint64_t moved;         /* another due day than before */
    uint64_t newly_lapsed;  /* lapsed now, not before */
    uint64_t newly_current; /* current now, not before */
};

struct jz_lab_region {
    unsigned region; /* six digits */
    struct jz_lab_counts counts;
};

/* People whose benefit went from one standing to another, the first found. */
struct jz_lab_examples {
    int64_t persons[JZ_LAB_EXAMPLES_MAX];
    int count;
};

struct jz_lab_result {
    uint64_t people, benefits;
    struct jz_lab_counts total;
    struct jz_lab_counts provinces[100]; /* by the first two digits */
    struct jz_lab_counts schemes[JZ_SCHEMES];
    struct jz_lab_counts ages[JZ_LAB_AGE_BANDS];
    struct jz_lab_region *regions; /* in order; free with jz_lab_result_done */
    size_t region_count;
    struct jz_lab_examples examples[JZ_STANDING_STATES][JZ_STANDING_STATES]; /* [before][after] */
    double seconds;
};

struct jz_lab_options {
    struct jz_date on;
    /* Added to the register's policies; those there that have the id of one of these are left out.
     */
    const struct jz_policy_set *policies;
    int examples; /* of each change, at most JZ_LAB_EXAMPLES_MAX */
    int threads;  /* 0: two */
    /* From any thread, one at a time; `part` goes from 0 to 1. May be NULL. */
    void (*on_progress)(void *context, uint64_t people, double part);
    void *context;
};

/* JZ_E_CONFLICT when old and new policies together leave nothing to choose by. */
int jz_lab_run(struct jz_store *store, const struct jz_lab_options *options,
               struct jz_lab_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;
void jz_lab_result_done(struct jz_lab_result *result);

/* The policies of the register with these added or in place of those of the same id. */
int jz_lab_policies(const struct jz_policy_set *old, const struct jz_policy_set *new,
                    struct jz_policy_set **ret_set, struct jz_error *err) JZ_MUST_CHECK;
