/*
 * How a person is reached: mobile numbers, each with the day it was last known to be right. The
 * number that came with the register is one of them until the person binds or ends it. Adding,
 * confirming and ending one are facts. Any thread.
 */
#pragma once

#include "identity/phone.h"
#include "store/store.h"

#define JZ_CONTACTS_MAX 8 /* of one person that hold at a time */

/* Who recorded it when no clerk did; no operator can be called so. */
#define JZ_BY_PERSON "(person)"

struct jz_contact {
    int64_t id;          /* the first row; 0: it came with the register and was never checked */
    int64_t recorded_at; /* of the row that holds: when it was last known to be right; 0 as above */
    char phone[JZ_PHONE_BYTES];
};

/* Those that hold, oldest first. Personal data: wipe it when done. JZ_E_NOT_FOUND. */
int jz_contact_list(struct jz_store *store, int64_t person,
                    struct jz_contact ret_contacts[JZ_CONTACTS_MAX], int *ret_count,
                    struct jz_error *err) JZ_MUST_CHECK;

/*
 * The number is right today: it was answered. Adds it, or confirms one that is there. `phone` is in
 * the form of jz_phone_parse. JZ_E_LIMIT beyond JZ_CONTACTS_MAX, with what to do.
 */
int jz_contact_confirm(struct jz_store *store, int64_t person, const char *phone, const char *by,
                       struct jz_error *err) JZ_MUST_CHECK;

/* The person says that all of them are still right: those not checked today are confirmed. */
int jz_contact_still_right(struct jz_store *store, int64_t person, const char *by,
                           struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_NOT_FOUND when no contact of the person that holds has this id. */
int jz_contact_end(struct jz_store *store, int64_t person, int64_t id, const char *by,
                   struct jz_error *err) JZ_MUST_CHECK;

/* Whether to ask: there is none, or one was last right longer than so many months before `today`.
 */
bool jz_contact_is_due(const struct jz_contact *contacts, int count, struct jz_date today,
                       int months);
