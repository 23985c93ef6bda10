/*
 * Signing in, and proving what belongs to oneself: one-time codes, card and password, launch tokens
 * of other apps, identity providers. HTTP is not known here.
 *
 * What somebody can mend (a wrong code, a pause) is an answer, a value with its sentence; errors
 * are for what went wrong on this side. Codes, pauses and pending sign-ins are in the memory of
 * this process; an account is shared by all threads.
 *
 * Nobody is locked out. What slows strangers down is counted for an address, for a document and
 * for a number, in pauses that end (account/pause.h); somebody who floods a person's sign-in under
 * other numbers does not slow down the number that the person's record has. docs/account.md says
 * how long whoever can be kept waiting.
 */
#pragma once

#include "account/answer.h"
#include "account/code.h"
#include "identity/document.h"
#include "ledger/caller.h"
#include "notify/outbox.h"
#include "store/store.h"

struct jz_account;

struct jz_account_options {
    struct jz_store *store;   /* borrowed, as all below */
    struct jz_outbox *outbox; /* NULL: no codes can be sent */
    const char *channels;     /* names of the official channels, for messages */
    const char *agency_phone;
    const char *audience;     /* who launch tokens are for; NULL: none are taken */
    int contact_months;       /* contacts are asked about after so many; 0: 12 */
    int passwords_at_a_time;  /* 0: 2; each takes 64 MiB */
    int64_t (*clock)(void);   /* seconds since 1970; NULL: the system's */
    struct jz_provider *oidc; /* account/oidc.h; NULL: none */
};

/* JZ_E_MEMORY; JZ_E_USAGE where there is an outbox and channels or agency_phone are missing. */
int jz_account_new(const struct jz_account_options *options, struct jz_account **ret_account,
                   struct jz_error *err) JZ_MUST_CHECK;
void jz_account_free(struct jz_account *account);

/* ---- Who is signed in ---- */

enum jz_sign_in_way { JZ_WAY_CODE, JZ_WAY_CARD, JZ_WAY_LAUNCH, JZ_WAY_OIDC };

struct jz_signed_in {
    int64_t person;
    enum jz_sign_in_way way;
    bool by_helper; /* somebody else acts for the person */
    char helper[JZ_NAME_MAX_BYTES + 1];
    char caller[JZ_CALLER_NAME_MAX + 1]; /* the app that launched; "": none */
};

/* What a sign-in may do. A helper certifies, sees the standing and asks for a visit: no more. */
enum jz_right {
    JZ_RIGHT_CERTIFY,
    JZ_RIGHT_SEE_STANDING,
    JZ_RIGHT_ASK_VISIT,
    JZ_RIGHT_ASK_OTHERS, /* every other request */
    JZ_RIGHT_SEE_ALL,    /* evidence, receipts, contacts, everything stored */
    JZ_RIGHT_CHANGE,     /* consents, profile, contacts, card password */
    JZ_RIGHTS
};
bool jz_right_given(bool by_helper, enum jz_right right);

/* ---- One-time codes ---- */

struct jz_code_request {
    const char *name;
    enum jz_document_kind kind; /* UNKNOWN: by the form of the number */
    const char *document, *issuer;
    const char *phone;
    bool by_helper;
    const char *helper_name; /* of a helper */
    enum jz_language language;
    struct jz_asker asker;
};

struct jz_code_sent {
    char id[JZ_CODE_ID_BYTES];
    char sent_to[JZ_PHONE_BYTES]; /* masked */
    int expires_in_s, again_in_s;
};

/*
 * Sends a code to the number, which may be a new one. A helper gives their own. JZ_ANSWER_DONE,
 * NOT_FOUND (one answer, equally late, for no such document and another name), SLOW_DOWN, MISTYPED
 * with the field. JZ_E_BUSY: too much is under way; JZ_E_UNSUPPORTED: nothing is set up that sends
 * to such a number.
 */
int jz_account_ask_code(struct jz_account *account, const struct jz_code_request *request,
                        struct jz_code_sent *ret_sent, struct jz_answer *ret_answer,
                        struct jz_error *err) JZ_MUST_CHECK;

/*
 * The code was typed. DONE, WRONG_CODE with the tries left, CODE_EXPIRED. When it is right, the
 * number is bound to the person (not a helper's), and the numbers that were there are told.
 */
int jz_account_sign_in(struct jz_account *account, const char *code_id, const char *code,
                       struct jz_asker asker, struct jz_signed_in *ret_signed_in,
                       struct jz_answer *ret_answer, struct jz_error *err) JZ_MUST_CHECK;

/* The same for somebody who is signed in and adds a number. */
int jz_account_ask_contact(struct jz_account *account, int64_t person, const char *phone,
                           enum jz_language language, struct jz_asker asker,
                           struct jz_code_sent *ret_sent, struct jz_answer *ret_answer,
                           struct jz_error *err) JZ_MUST_CHECK;
int jz_account_confirm_contact(struct jz_account *account, int64_t person, const char *code_id,
                               const char *code, struct jz_asker asker,
                               struct jz_answer *ret_answer, struct jz_error *err) JZ_MUST_CHECK;

/* ---- Card and password ---- */

/*
 * DONE, WRONG_PASSWORD (one answer, equally late, for no such card too), SLOW_DOWN, MISTYPED.
 * JZ_E_BUSY while as many passwords as may are being looked at.
 */
int jz_account_card_sign_in(struct jz_account *account, const char *card, const char *password,
                            struct jz_asker asker, struct jz_signed_in *ret_signed_in,
                            struct jz_answer *ret_answer, struct jz_error *err) JZ_MUST_CHECK;

/*
 * The signed-in person sets card and password, or changes them. MISTYPED ("card"), WEAK_PASSWORD,
 * CARD_TAKEN: it belongs to somebody else.
 */
int jz_account_card_set(struct jz_account *account, int64_t person, const char *card,
                        const char *password, struct jz_answer *ret_answer,
                        struct jz_error *err) JZ_MUST_CHECK;

/* ---- Other apps and providers ---- */

/*
 * A launch token (docs/serve-launch.md). DONE, NOT_FOUND, SLOW_DOWN, TOKEN_REFUSED: then err says
 * why, for whoever sets up the app.
 */
int jz_account_launch(struct jz_account *account, const char *token, struct jz_asker asker,
                      struct jz_signed_in *ret_signed_in, struct jz_answer *ret_answer,
                      struct jz_error *err) JZ_MUST_CHECK;

/*
 * Somebody a trusted party names by document and name: what launch tokens and identity providers
 * end in. NULL name: the party vouches for the document alone. *ret_person 0: not found.
 */
int jz_account_find(struct jz_account *account, const struct jz_document *document,
                    const char *name, int64_t *ret_person, struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_account_freep(struct jz_account **a)
{
    jz_account_free(*a);
}
