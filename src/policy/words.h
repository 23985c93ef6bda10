/*
 * The words policy speaks in: schemes, kinds of evidence and how strong they are, outcomes,
 * standings, documents, special statuses. Each has a name (files, interfaces) and labels for
 * people.
 *
 * The numbers are stored in databases for decades: a new word goes to the end, none is renumbered.
 * Tables without state; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jz_word {
    const char *name; /* stable */
    const char *zh_hans, *zh_hant, *en;
};

enum jz_scheme {
    JZ_SCHEME_EMPLOYEE,
    JZ_SCHEME_INSTITUTION,
    JZ_SCHEME_RESIDENT,
    JZ_SCHEME_LAND,
    JZ_SCHEME_WORK_INJURY,
    JZ_SCHEME_SURVIVOR,
    JZ_SCHEME_OTHER,
    JZ_SCHEMES
};

enum jz_evidence_kind {
    JZ_EV_COUNTER,
    JZ_EV_COMMUNITY,
    JZ_EV_OUTLET,
    JZ_EV_RETIREMENT_OFFICE,
    JZ_EV_PARTNER_BODY,
    JZ_EV_HOME_VISIT,
    JZ_EV_FACE_KIOSK,
    JZ_EV_FACE_REMOTE,
    JZ_EV_VIDEO_CALL,
    JZ_EV_EXTERNAL_IDENTITY,
    JZ_EV_DATA_MATCH,
    JZ_EV_PROXY,
    JZ_EV_UNIT_LIST,
    JZ_EV_MATERIALS,
    JZ_EV_WEAK_SIGNAL, /* never counts alone: no policy may accept it */
    JZ_EV_KINDS
};

/* Smaller is stronger. */
enum jz_strength { JZ_STRENGTH_A = 1, JZ_STRENGTH_B, JZ_STRENGTH_C, JZ_STRENGTH_D };

enum jz_outcome { JZ_OUTCOME_PASS, JZ_OUTCOME_FAIL, JZ_OUTCOME_PENDING, JZ_OUTCOMES };

enum jz_standing_state {
    JZ_STANDING_NONE, /* not judged: no policy covers the benefit */
    JZ_STANDING_CURRENT,
    JZ_STANDING_DUE_SOON,
    JZ_STANDING_GRACE,
    JZ_STANDING_LAPSED,
    JZ_STANDING_STATES
};

enum jz_paper_kind {
    JZ_PAPER_RESIDENT_ID,
    JZ_PAPER_SOCIAL_SECURITY_CARD,
    JZ_PAPER_HK_MACAU_PERMIT,
    JZ_PAPER_TAIWAN_PERMIT,
    JZ_PAPER_PASSPORT,
    JZ_PAPER_FOREIGN_RESIDENT_ID,
    JZ_PAPER_HOUSEHOLD_REGISTER,
    JZ_PAPER_NEWSPAPER_PHOTO,
    JZ_PAPER_LIFE_SIGN, /* a photograph or clip of today, or live video */
    JZ_PAPER_PROXY_ID,
    JZ_PAPER_PRINCIPAL_ID,
    JZ_PAPER_PRINCIPAL_CARD,
    JZ_PAPER_PRINCIPAL_PROOF, /* another original proof of the principal */
    JZ_PAPER_POWER_OF_ATTORNEY,
    JZ_PAPER_HANDLER_ID,
    JZ_PAPER_UNIT_LIST,
    JZ_PAPER_UNIT_CERTIFICATE,
    JZ_PAPER_PARTNER_CERTIFICATE,
    JZ_PAPER_MISSION_CERTIFICATE,
    JZ_PAPER_HOSPITAL_CERTIFICATE,
    JZ_PAPER_OTHER, /* named and labelled by the policy itself */
    JZ_PAPER_KINDS
};

enum jz_paper_form {
    JZ_FORM_ORIGINAL,
    JZ_FORM_COPY,
    JZ_FORM_ORIGINAL_AND_COPY,
    JZ_FORM_SEALED_COPY, /* with the employer's seal and one that says "as the original" */
    JZ_FORM_PHOTO,
    JZ_FORM_SCAN,
    JZ_PAPER_FORMS
};

enum jz_special_status {
    JZ_SPECIAL_IMPRISONED,
    JZ_SPECIAL_CUSTODY_ACQUITTED,
    JZ_SPECIAL_DECLARED_DEAD,
    JZ_SPECIAL_REAPPEARED,
    JZ_SPECIAL_REGISTRATION_CANCELLED,
    JZ_SPECIAL_STATUSES
};

/* Tables by number. */
extern const struct jz_word jz_scheme_words[JZ_SCHEMES];
extern const struct jz_word jz_evidence_words[JZ_EV_KINDS];
extern const struct jz_word jz_outcome_words[JZ_OUTCOMES];
extern const struct jz_word jz_standing_words[JZ_STANDING_STATES];
extern const struct jz_word jz_paper_words[JZ_PAPER_KINDS];
extern const struct jz_word jz_form_words[JZ_PAPER_FORMS];
extern const struct jz_word jz_special_words[JZ_SPECIAL_STATUSES];
extern const uint8_t jz_evidence_strength[JZ_EV_KINDS]; /* enum jz_strength, unless policy says */

/* The place of NAME in one of the tables, -1 when it is not there. */
int jz_word_find(const struct jz_word *words, size_t count, const char *name);
#define JZ_WORD_FIND(words, name) jz_word_find(words, sizeof(words) / sizeof(words)[0], name)

/* 'A' to 'D'. */
static inline char jz_strength_letter(enum jz_strength strength)
{
    return (char)('A' + strength - JZ_STRENGTH_A);
}
