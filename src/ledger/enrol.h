/*
 * Enrolment: a person's templates, taken by staff, kept sealed under a key of that person alone.
 * And the whole register's templates as a gallery, in which a second identity with the same face
 * is found.
 */
#pragma once

#include "face/gallery.h"
#include "store/store.h"

/* Two people are reported as one face from this false match rate on; 1:N asks for a strict one. */
#define JZ_ENROL_ALIKE_FMR 1e-5
#define JZ_ENROL_ALIKE_MAX 8

struct jz_enrol_request {
    int64_t person;
    const struct jz_template_list *templates;
    const char *operator; /* who saw the person */
};

struct jz_enrol_result {
    int64_t enrolment;
    struct jz_gallery_hit alike[JZ_ENROL_ALIKE_MAX]; /* other people with the same face */
    int alike_count;
    int64_t opened_case; /* because of them; 0: none */
};

/*
 * Enrols in one commit; an earlier enrolment is kept and no longer used. `gallery` may be NULL:
 * then nobody is compared; otherwise the templates are added to it. `threshold` is that of
 * JZ_ENROL_ALIKE_FMR. JZ_E_USAGE: no operator; JZ_E_CONFLICT: templates or files of the
 * person changed meanwhile.
 */
int jz_enrol_submit(struct jz_store *store, const struct jz_enrol_request *request,
                    struct jz_gallery *gallery, double threshold,
                    struct jz_enrol_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;

/*
 * The templates of an enrolment, opened. JZ_E_NOT_FOUND when the person's key was shredded. The
 * caller wipes them.
 */
int jz_enrol_templates(struct jz_store *store, int64_t enrolment,
                       struct jz_template_list *ret_templates, struct jz_error *err) JZ_MUST_CHECK;

/* Every template of that kind that can still be opened. */
int jz_enrol_gallery(struct jz_store *store, const struct jz_template_kind *kind,
                     struct jz_gallery **ret_gallery, struct jz_error *err) JZ_MUST_CHECK;
