/*
 * Policies: what an agency decided, as data. One YAML text is one version of one policy;
 * docs/policy.md describes it key by key. No I/O here: a text comes as bytes with a name for
 * messages, from a file (policy/load.h) or from a database.
 *
 * A policy and a set of policies are owned by whoever made them, never change, and may be used by
 * any number of threads.
 */
#pragma once

#include "base/date.h"
#include "policy/words.h"

#define JZ_POLICY_MAX_BYTES     (256u << 10) /* of one text */
#define JZ_POLICY_MAX_DEPTH     8
#define JZ_POLICY_MAX_NODES     4096
#define JZ_POLICY_TEXT_BYTES    512 /* of one value, with the NUL */
#define JZ_POLICY_ID_BYTES      64  /* of ids, with the NUL: letters, digits, - _ . */
#define JZ_POLICY_MAX_BASES     64
#define JZ_POLICY_MAX_DOCUMENTS 256
#define JZ_POLICY_MAX_SET       65536
#define JZ_RULE_MAX_REMINDERS   8
#define JZ_RULE_MAX_MONTHS      1200
#define JZ_RULE_MAX_DAYS        36600
#define JZ_RULE_MAX_EARLY_DAYS  365

/* What the calendar needs is struct jz_rule, made of plain values: it may be copied. */

enum jz_cycle_kind {
    JZ_CYCLE_ROLLING_MONTHS,
    JZ_CYCLE_ROLLING_DAYS,
    JZ_CYCLE_CALENDAR_YEAR,
    JZ_CYCLE_CALENDAR_AND_ROLLING,
    JZ_CYCLE_HALF_YEAR,
    JZ_CYCLE_BIRTH_MONTH,
    JZ_CYCLE_WINDOW,
    JZ_CYCLE_KINDS
};

enum jz_count_from { JZ_COUNT_FROM_DAY, JZ_COUNT_FROM_NEXT_MONTH, JZ_COUNT_FROMS };

/* A day of every year; one beyond the month's end is the last day of the month. */
struct jz_month_day {
    uint8_t month, day;
};

struct jz_cycle {
    uint8_t kind;       /* enum jz_cycle_kind */
    uint8_t count_from; /* enum jz_count_from, of rolling months */
    uint16_t months, days;
    struct jz_month_day start, end; /* of a window */
    uint16_t early_days;
};

/* How one kind of evidence is taken. */
struct jz_accept {
    bool accepted;
    uint8_t strength;         /* enum jz_strength */
    uint16_t months;          /* it carries so many months; 0: as the cycle says */
    uint16_t max_consecutive; /* so many in a row; 0: any number */
};

struct jz_rule {
    struct jz_cycle cycle;
    uint16_t grace_days, grace_months; /* one of them at most is not 0 */
    uint16_t remind_days[JZ_RULE_MAX_REMINDERS];
    uint8_t remind_count;
    uint16_t remind_max; /* the largest of them, 0 when there are none */
    struct jz_accept accept[JZ_EV_KINDS];
    struct jz_date campaign_start, campaign_deadline; /* unset: no campaign */
};

struct jz_basis {
    char *id, *cite;
};

/*
 * One document that may be asked for. Those of one kind lie together. Documents of one kind with
 * the same group other than 0 stand for one another: one of them is enough.
 */
struct jz_paper_rule {
    uint8_t kind; /* enum jz_evidence_kind */
    uint8_t doc;  /* enum jz_paper_kind */
    uint8_t form; /* enum jz_paper_form */
    uint8_t group;
    bool make_up;          /* asked for only when the certification is late */
    uint16_t max_age_days; /* 0: of any age */
    uint16_t basis;        /* index into bases */
    char *name, *label;    /* of JZ_PAPER_OTHER, otherwise NULL */
};

enum jz_resume_when {
    JZ_RESUME_NEXT_MONTH,
    JZ_RESUME_SAME_MONTH_IF_OPEN,
    JZ_RESUME_OFF_CYCLE,
    JZ_RESUME_WHENS
};

enum jz_release { JZ_RELEASE_TWO_PERSON };

struct jz_hold_rule {
    uint8_t release; /* enum jz_release */
    unsigned notices, channels;
    unsigned human_attempt_age;
    unsigned max_batch_basis_points; /* hundredths of a percent of the active people */
};

enum jz_face_action {
    JZ_ACT_BLINK = 1 << 0,
    JZ_ACT_MOUTH_OPEN = 1 << 1,
    JZ_ACT_TURN_LEFT = 1 << 2,
    JZ_ACT_TURN_RIGHT = 1 << 3,
    JZ_ACT_NOD = 1 << 4,
    JZ_ACT_DIGITS = 1 << 5,
};
#define JZ_FACE_ACTIONS 6

struct jz_face_rule {
    double fmr;
    unsigned tries_before_human;
    unsigned liveness; /* enum jz_face_action bits a challenge may be drawn from */
};

enum jz_special_pay { JZ_PAY_CONTINUES, JZ_PAY_STOPS, JZ_SPECIAL_PAYS };
enum jz_special_resume {
    JZ_SPECIAL_RESUME_NEVER,
    JZ_SPECIAL_RESUME_SAME_MONTH,
    JZ_SPECIAL_RESUME_NEXT_MONTH,
    JZ_SPECIAL_RESUMES
};
enum jz_special_rate { JZ_RATE_CURRENT, JZ_RATE_OLD, JZ_SPECIAL_RATES };
enum jz_special_arrears {
    JZ_ARREARS_NONE,
    JZ_ARREARS_OLD_RATE,
    JZ_ARREARS_WITH_INCREASES,
    JZ_SPECIAL_ARREARS_KINDS
};

/* What a special status does to the money. */
struct jz_special_rule {
    bool given;
    uint8_t pay;     /* enum jz_special_pay, while it lasts */
    uint8_t resume;  /* enum jz_special_resume, counted from the month it ends in */
    uint8_t rate;    /* enum jz_special_rate, when payment resumes */
    uint8_t arrears; /* enum jz_special_arrears, for the months not paid */
    bool grant;      /* the survivors' grants are due */
    bool review;     /* a case for a person to look at */
    uint16_t basis;  /* index into bases */
};

struct jz_policy {
    char *id;
    unsigned version;
    struct jz_date from, until; /* until unset: no end; the last day in force otherwise */
    unsigned region;            /* six digits with zeros behind the prefix; 0: the country */
    unsigned region_digits;     /* 0, 2, 4 or 6 digits of it count */
    unsigned schemes;           /* bits by enum jz_scheme */
    struct jz_basis *bases;
    size_t base_count;
    struct jz_rule rule;
    char *campaign_reason;           /* NULL: no campaign */
    struct jz_paper_rule *documents; /* in the order of the kinds */
    size_t document_count;
    struct jz_hold_rule hold;
    uint8_t resume; /* enum jz_resume_when */
    struct jz_face_rule face;
    struct jz_special_rule special[JZ_SPECIAL_STATUSES];
    char *name; /* where the text came from, for messages */
    char *text; /* the original, with a NUL behind text_bytes */
    size_t text_bytes;
};

/* The names that policy texts use, by the numbers above; only `name` is set. */
extern const struct jz_word jz_cycle_names[JZ_CYCLE_KINDS];
extern const struct jz_word jz_count_from_names[JZ_COUNT_FROMS];
extern const struct jz_word jz_resume_names[JZ_RESUME_WHENS];
extern const struct jz_word jz_action_names[JZ_FACE_ACTIONS]; /* by bit */
extern const struct jz_word jz_pay_names[JZ_SPECIAL_PAYS];
extern const struct jz_word jz_special_resume_names[JZ_SPECIAL_RESUMES];
extern const struct jz_word jz_rate_names[JZ_SPECIAL_RATES];
extern const struct jz_word jz_arrears_names[JZ_SPECIAL_ARREARS_KINDS];

/* Called for everything that is wrong: "NAME:LINE: KEY: what, and what to do". */
typedef void (*jz_policy_complaint_fn)(void *context, const struct jz_error *complaint);

/*
 * Reads one text. on_complaint (may be NULL) hears of all that is wrong; err has the first of it.
 * JZ_E_FORMAT, JZ_E_LIMIT, JZ_E_UNSUPPORTED (anchors and the like), JZ_E_MEMORY.
 */
int jz_policy_parse(const char *name, const void *text, size_t size,
                    jz_policy_complaint_fn on_complaint, void *context,
                    struct jz_policy **ret_policy, struct jz_error *err) JZ_MUST_CHECK;
void jz_policy_free(struct jz_policy *policy);

/* What may be asked for with this kind of evidence; NULL and 0 when nothing may. Borrowed. */
const struct jz_paper_rule *jz_policy_documents(const struct jz_policy *policy,
                                                enum jz_evidence_kind kind, size_t *ret_count);

/* Of the table, or the policy's own. Borrowed. */
const char *jz_paper_name(const struct jz_paper_rule *document);

struct jz_policy_set;

/*
 * Takes the policies (the entries become NULL) when it succeeds. JZ_E_CONFLICT when one id and
 * version comes twice, or when two cover the same region and scheme from the same day with the
 * same version, so that nothing would choose between them. A count of 0 makes an empty set.
 */
int jz_policy_set_new(struct jz_policy **policies, size_t count, struct jz_policy_set **ret_set,
                      struct jz_error *err) JZ_MUST_CHECK;
void jz_policy_set_free(struct jz_policy_set *set);

/* Copies of all of `first`, and of those of `second` that take the place of none of them. */
int jz_policy_set_join(const struct jz_policy_set *first, const struct jz_policy_set *second,
                       bool (*is_same)(const struct jz_policy *a, const struct jz_policy *b),
                       struct jz_policy_set **ret_set, struct jz_error *err) JZ_MUST_CHECK;

/* In the order of id and version. */
size_t jz_policy_set_count(const struct jz_policy_set *set);
const struct jz_policy *jz_policy_set_at(const struct jz_policy_set *set, size_t index);

/*
 * The policy in force for a benefit of this region (six digits, 0 unknown) and scheme on a day:
 * of those in force the longest region prefix, then the latest `from`, then the highest version.
 * NULL when none covers it.
 */
const struct jz_policy *jz_policy_set_find(const struct jz_policy_set *set, unsigned region,
                                           enum jz_scheme scheme, struct jz_date on);

static inline void jz_policy_freep(struct jz_policy **p)
{
    jz_policy_free(*p);
}
static inline void jz_policy_set_freep(struct jz_policy_set **s)
{
    jz_policy_set_free(*s);
}
