/*
 * Every table as data: what the schema is made from, how a row is written, read, hashed and
 * checked.
 *
 * Facts are what happened. Each has an id that is its place in the one chain of all facts, the
 * second it was recorded, and a mark: the first 8 bytes of the chain at that place. A trigger
 * refuses UPDATE and DELETE on them. Caches can be made anew from the facts at any time; the rest
 * is bookkeeping. Days are integers like 20261125, times are seconds since 1970 UTC.
 */
#pragma once

#include "store/sql.h"

#define JZ_MAX_COLUMNS 20

/* The numbers are part of what is hashed: never renumber. */
enum jz_table {
    JZ_T_POLICY = 1,
    JZ_T_OPERATOR = 2,
    JZ_T_SOURCE = 3,
    JZ_T_IMPORT = 4,
    JZ_T_PERSON = 5,
    JZ_T_BENEFIT = 6,
    JZ_T_DOCUMENT = 7,
    JZ_T_CONTACT = 8,
    JZ_T_ENROLMENT = 9,
    JZ_T_EVIDENCE = 10,
    JZ_T_DECISION = 11,
    JZ_T_CERTIFICATION = 12,
    JZ_T_NOTICE = 13,
    JZ_T_RECEIPT = 14,
    JZ_T_CASE = 15,
    JZ_T_EVENT = 16,
    JZ_T_PROPOSAL = 17,
    JZ_T_SHRED = 18,
    JZ_T_ROOT = 19,
    JZ_T_CONSENT = 20,
    JZ_T_PROFILE = 21,
    JZ_T_REQUEST = 22,
    JZ_T_FILE = 23,
    JZ_T_CALLER = 24,
    JZ_T_FACTS, /* facts lie below this; not every number before it names a table */
    JZ_T_FIND = JZ_T_FACTS,
    JZ_T_PERSON_FACT,
    JZ_T_STANDING,
    JZ_T_SUBJECT_KEY,
    JZ_T_PASSWORD,
    JZ_T_USED_TOKEN,
    JZ_T_AUDIT_HEAD,
    JZ_T_AUDIT_NODE,
    JZ_T_JOB,
    JZ_TABLES
};

struct jz_table_info {
    const char *name;
    const char *key; /* columns of the primary key */
    struct jz_column columns[JZ_MAX_COLUMNS];
    uint32_t nullable; /* bit per column */
    bool clustered;    /* stored in the order of its key (SQLite: WITHOUT ROWID) */
    bool hot;          /* updated often (PostgreSQL: room left in pages) */
    /*
     * The column that names the person under whom a fact is listed in person_fact, 0 for none; and
     * the column that must not be NULL for that (rows of the first import are found without it).
     */
    int person, listed_if;
    int page_rows; /* rows may have megabytes: whoever reads many takes so few at a time; 0: any */
};

/* NULL for a number that names no table. */
const struct jz_table_info *jz_table_info(enum jz_table table);
size_t jz_table_columns(enum jz_table table); /* 0 for such a number */
bool jz_table_is_fact(enum jz_table table);

/* Tables of facts in the order of their numbers: begin with JZ_T_POLICY, end at JZ_T_FACTS. */
enum jz_table jz_table_next_fact(enum jz_table table);

/*
 * Columns by place. Facts begin with id and recorded_at and end with mark; what they share is
 * JZ_C_ID and JZ_C_AT. `of` names the first row when a row changes an earlier one; the latest
 * row with that `of` is what holds.
 */
enum { JZ_C_ID, JZ_C_AT, JZ_C_FIRST };

enum { POLICY_NAME = JZ_C_FIRST, POLICY_VERSION, POLICY_TEXT, POLICY_OPERATOR, POLICY_MARK };
enum {
    OPERATOR_OF = JZ_C_FIRST,
    OPERATOR_NAME, /* login: letters, digits, dots, dashes */
    OPERATOR_ROLE,
    OPERATOR_OFFICE,
    OPERATOR_REGION,
    OPERATOR_ACTIVE,
    OPERATOR_BY,
    OPERATOR_MARK
};
enum {
    SOURCE_OF = JZ_C_FIRST,
    SOURCE_NAME,
    SOURCE_KIND,  /* evidence kind its rows become, or "death" */
    SOURCE_TRUST, /* decide, review */
    SOURCE_BASIS, /* legal basis of the exchange */
    SOURCE_BY,
    SOURCE_MARK
};
enum {
    IMPORT_KIND = JZ_C_FIRST, /* people, data_match, unit_list */
    IMPORT_FILE,
    IMPORT_DIGEST,
    IMPORT_SOURCE,
    IMPORT_BY,
    IMPORT_DETAIL,
    IMPORT_MARK
};
enum {
    PERSON_OF = JZ_C_FIRST,
    PERSON_IMPORT,
    PERSON_BORN_ON,
    PERSON_SEX, /* 1 male, 2 female, 0 unknown */
    PERSON_CARE,
    PERSON_RESIDENCE, /* region where the person lives; NULL: where insured */
    PERSON_SEALED,
    PERSON_BY,
    PERSON_MARK
};
enum {
    BENEFIT_OF = JZ_C_FIRST,
    BENEFIT_PERSON,
    BENEFIT_IMPORT,
    BENEFIT_SCHEME,
    BENEFIT_REGION,
    BENEFIT_FROM,
    BENEFIT_UNTIL,
    BENEFIT_FEN,
    BENEFIT_UNIT, /* the employer that still manages the person; NULL: the community does */
    BENEFIT_BY,
    BENEFIT_LAST_ON,   /* the last certification of the system before this one, and its kind: */
    BENEFIT_LAST_KIND, /* a sign of life like a row of evidence, with the id of the benefit */
    BENEFIT_MARK
};
enum {
    DOCUMENT_OF = JZ_C_FIRST,
    DOCUMENT_PERSON,
    DOCUMENT_KIND,
    DOCUMENT_SEALED,
    DOCUMENT_ENDED,
    DOCUMENT_BY,
    DOCUMENT_MARK
};
enum {
    CONTACT_OF = JZ_C_FIRST,
    CONTACT_PERSON,
    CONTACT_KIND,
    CONTACT_SEALED,
    CONTACT_ENDED,
    CONTACT_BY,
    CONTACT_MARK
};
enum {
    ENROLMENT_PERSON = JZ_C_FIRST,
    ENROLMENT_MODELS,
    ENROLMENT_PHOTOS,
    ENROLMENT_SEALED, /* the templates, under the person's own key */
    ENROLMENT_DIGEST, /* of the templates before they were sealed */
    ENROLMENT_BY,
    ENROLMENT_MARK
};
enum {
    EVIDENCE_PERSON = JZ_C_FIRST,
    EVIDENCE_OF, /* the row this one corrects */
    EVIDENCE_KIND,
    EVIDENCE_OBSERVED_ON,
    EVIDENCE_OUTCOME,
    EVIDENCE_STRENGTH,
    EVIDENCE_SOURCE,
    EVIDENCE_SOURCE_KEY, /* 16 bytes: the same row of the same source is taken once */
    EVIDENCE_PLACE,
    EVIDENCE_BY,
    EVIDENCE_DETAIL, /* JSON without personal data */
    EVIDENCE_MARK
};
enum {
    DECISION_PERSON = JZ_C_FIRST,
    DECISION_EVIDENCE,
    DECISION_OUTCOME,
    DECISION_REASONS, /* names with commas between */
    DECISION_POLICY,  /* fact id of the policy version */
    DECISION_DETAIL,  /* JSON: scores, thresholds, model versions */
    DECISION_MARK
};
enum {
    CERTIFICATION_PERSON = JZ_C_FIRST,
    CERTIFICATION_BENEFIT,
    CERTIFICATION_EVIDENCE,
    CERTIFICATION_DECISION,
    CERTIFICATION_POLICY,
    CERTIFICATION_DUE_ON, /* the next certification is on time until then */
    CERTIFICATION_MARK
};
enum {
    NOTICE_PERSON = JZ_C_FIRST,
    NOTICE_KIND,
    NOTICE_SUBJECT, /* fact the notice is about */
    NOTICE_DETAIL,
    NOTICE_MARK
};
enum {
    RECEIPT_PERSON = JZ_C_FIRST,
    RECEIPT_CERTIFICATION,
    RECEIPT_CODE,
    RECEIPT_PAYLOAD,
    RECEIPT_MARK
};
enum {
    CASE_OF = JZ_C_FIRST,
    CASE_PERSON,
    CASE_KIND,
    CASE_STATE, /* open, closed */
    CASE_SUBJECT,
    CASE_DETAIL,
    CASE_BY,
    CASE_MARK
};
enum {
    EVENT_PERSON = JZ_C_FIRST,
    EVENT_OF,
    EVENT_KIND, /* death, … */
    EVENT_ON,
    EVENT_SOURCE,
    EVENT_SOURCE_KEY,
    EVENT_BY,
    EVENT_DETAIL,
    EVENT_MARK
};
enum {
    PROPOSAL_PERSON = JZ_C_FIRST,
    PROPOSAL_BENEFIT,
    PROPOSAL_KIND,       /* hold */
    PROPOSAL_FROM_MONTH, /* 202612 */
    PROPOSAL_POLICY,
    PROPOSAL_MARK
};
enum {
    SHRED_PERSON = JZ_C_FIRST,
    SHRED_ENROLMENTS,
    SHRED_FILES,
    SHRED_REASON,
    SHRED_BY,
    SHRED_SIGNATURE,
    SHRED_MARK
};
enum { ROOT_DAY = JZ_C_FIRST, ROOT_SIZE, ROOT_HASH, ROOT_KEY, ROOT_SIGNATURE, ROOT_MARK };
enum {
    REQUEST_OF = JZ_C_FIRST,
    REQUEST_PERSON,
    REQUEST_KIND,
    REQUEST_STATE,
    REQUEST_SUBJECT, /* the fact it is about; of a later row, the fact that came of it */
    REQUEST_DUE_ON,  /* the day of an appointment */
    REQUEST_ALIKE,   /* keyed hash of what repeats when one helper asks for many */
    REQUEST_SEALED,  /* what was asked for, as far as it is personal */
    REQUEST_DETAIL,  /* JSON without personal data */
    REQUEST_BY,
    REQUEST_MARK
};
enum {
    FILE_PERSON = JZ_C_FIRST,
    FILE_REQUEST,
    FILE_DOCUMENT, /* what it shows: the name of a document as policies name it */
    FILE_MEDIA,
    FILE_SIZE,
    FILE_DIGEST, /* of the bytes before they were sealed */
    FILE_SEALED, /* under the person's own key */
    FILE_BY,
    FILE_MARK
};
enum {
    CONSENT_PERSON = JZ_C_FIRST,
    CONSENT_KIND,     /* biometrics */
    CONSENT_GIVEN,    /* 1 given, 0 withdrawn */
    CONSENT_VERSION,  /* of the text that was shown */
    CONSENT_LANGUAGE, /* in which it was shown */
    CONSENT_CHANNEL,  /* web, counter, … */
    CONSENT_BY,       /* the clerk who recorded it; NULL: the person alone */
    CONSENT_MARK
};
enum {
    PROFILE_OF = JZ_C_FIRST,
    PROFILE_PERSON,
    PROFILE_STEPS, /* bits of the actions the person can do: face/liveness.h */
    PROFILE_HEARING,
    PROFILE_BEDRIDDEN,
    PROFILE_DIALECT,
    PROFILE_LANGUAGE,
    PROFILE_TEXT_SCALE, /* percent */
    PROFILE_BY,         /* NULL: the person alone */
    PROFILE_MARK
};
enum {
    CALLER_OF = JZ_C_FIRST,
    CALLER_NAME,
    CALLER_SEALED, /* the key of its launch tokens */
    CALLER_BASIS,  /* the agreement it rests on */
    CALLER_ACTIVE,
    CALLER_BY,
    CALLER_MARK
};
/* Caches and bookkeeping. */
enum { FIND_HASH, FIND_PERSON };
enum { PERSON_FACT_PERSON, PERSON_FACT_FACT, PERSON_FACT_KIND };
enum {
    STANDING_PERSON,
    STANDING_BENEFIT,
    STANDING_VERSION, /* row of benefit that holds now, when it is not the first */
    STANDING_DUE_ON,
    STANDING_GRACE_UNTIL,
    STANDING_STATE,
    STANDING_NEXT_ON, /* when the daily close has to look again */
    STANDING_DECIDED_BY
};
enum { SUBJECT_KEY_PERSON, SUBJECT_KEY_WRAPPED };
enum { PASSWORD_PERSON, PASSWORD_CARD, PASSWORD_SEALED, PASSWORD_SET_AT };
enum { USED_TOKEN_HASH, USED_TOKEN_UNTIL };
enum {
    HEAD_ID, /* always 1 */
    HEAD_SIZE,
    HEAD_AT,
    HEAD_CHAIN,
    HEAD_TREE,
};
enum { NODE_LEVEL, NODE_POSITION, NODE_HASH };
enum { JOB_NAME, JOB_STATE, JOB_POSITION, JOB_DETAIL };
