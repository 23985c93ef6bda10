/*
 * What a person agreed to: today that their face is measured and kept. Each answer is a fact that
 * names the version of the text that was shown; the latest of a kind holds, and without one there
 * is no consent. Any thread.
 */
#pragma once

#include "base/language.h"
#include "store/store.h"

#define JZ_CONSENT_VERSION_MAX 32 /* bytes, without the NUL */
#define JZ_CONSENT_CHANNEL_MAX 32

enum jz_consent_kind { JZ_CONSENT_BIOMETRICS, JZ_CONSENT_KINDS };
const char *jz_consent_kind_name(enum jz_consent_kind kind);
bool jz_consent_kind_parse(const char *name, enum jz_consent_kind *ret_kind);

struct jz_consent {
    int64_t fact, recorded_at; /* fact 0: the person was never asked */
    enum jz_consent_kind kind;
    bool given;
    enum jz_language language;
    char version[JZ_CONSENT_VERSION_MAX + 1];
    char channel[JZ_CONSENT_CHANNEL_MAX + 1];
    char by[65]; /* the clerk who recorded it, "": the person alone */
};

struct jz_consent_request {
    int64_t person;
    enum jz_consent_kind kind;
    bool given;
    const char *version; /* of the text */
    enum jz_language language;
    const char *channel; /* "web", "counter" …: where it was shown */
    const char *by;      /* NULL: the person alone */
};

struct jz_consent_result {
    bool changed;        /* false: the same answer to the same text was there already */
    int64_t fact;        /* that holds now */
    int64_t opened_case; /* of kind consent_withdrawn; 0: none */
};

/*
 * Records an answer. Withdrawing that of biometrics while templates are kept opens a case: an
 * operator offers the person to have them shredded (jz_forget), which nobody does unasked.
 * JZ_E_USAGE for a text that is missing or too long; JZ_E_NOT_FOUND.
 */
int jz_consent_record(struct jz_store *store, const struct jz_consent_request *request,
                      struct jz_consent_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;

/* The answer that holds; and all there were, newest first, as many as there is room for. */
int jz_consent_get(struct jz_store *store, int64_t person, enum jz_consent_kind kind,
                   struct jz_consent *ret_consent, struct jz_error *err) JZ_MUST_CHECK;
int jz_consent_list(struct jz_store *store, int64_t person, struct jz_consent *ret_consents,
                    size_t room, size_t *ret_count, struct jz_error *err) JZ_MUST_CHECK;

/*
 * What every route that looks at a face asks before it begins and before it records, so that a
 * withdrawal stops it at once: JZ_E_DENIED, with the routes that need no face, unless the consent
 * holds.
 */
int jz_consent_check_face(struct jz_store *store, int64_t person,
                          struct jz_error *err) JZ_MUST_CHECK;
