/*
 * Reads a tree against tables of fields. Everything wrong is complained about, with the place; the
 * first complaint is also kept. After a complaint a target may be half filled.
 */
#pragma once

#include "policy/policy.h"
#include "policy/tree_internal.h"

struct reader {
    const struct tree *tree;
    const char *name; /* of the text; NULL: complaints carry neither name nor line */
    jz_policy_complaint_fn on_complaint;
    void *context;
    unsigned complaints;
    struct jz_error first;
};

struct field;
typedef void (*read_fn)(struct reader *r, const struct node *node, const struct field *field,
                        void *target);

/* One key of a map. `target` of read points `offset` bytes into the structure. */
struct field {
    const char *key;
    read_fn read;
    size_t offset;
    bool required;
    int64_t low, high;           /* of numbers */
    const struct jz_word *words; /* of words */
    size_t word_count;
    const char *what; /* of words: "kind of evidence" */
};

#define FIELD(type, member) offsetof(struct type, member)
#define WORDS(table, name)                                                                         \
    .words = (table), .word_count = sizeof(table) / sizeof(table)[0], .what = (name)

/* "NAME:LINE: KEY.KEY[N]: sentence". */
void read_complain(struct reader *r, int code, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A map with these keys and no other. Fields whose read is NULL are only allowed, not read. */
void read_map(struct reader *r, const struct node *node, const struct field *fields, size_t count,
              void *target);
#define READ_MAP(r, node, fields, target)                                                          \
    read_map(r, node, fields, sizeof(fields) / sizeof(fields)[0], target)

bool read_is(struct reader *r, const struct node *node, enum node_type type);
const struct node *read_find(const struct reader *r, const struct node *map, const char *key);

/* A number in [low, high]; false after a complaint. */
bool read_number(struct reader *r, const struct node *node, int64_t low, int64_t high,
                 int64_t *ret);
bool read_decimal(struct reader *r, const struct node *node, double low, double high, double *ret);

/* The text of a scalar, NULL after a complaint. Borrowed from the tree. */
const char *read_string(struct reader *r, const struct node *node);

/* Readers of fields, by the type of the target. */
void read_u16(struct reader *r, const struct node *n, const struct field *f, void *target);
void read_unsigned(struct reader *r, const struct node *n, const struct field *f, void *target);
void read_date(struct reader *r, const struct node *n, const struct field *f, void *target);
void read_month_day(struct reader *r, const struct node *n, const struct field *f, void *target);
void read_bool(struct reader *r, const struct node *n, const struct field *f, void *target);
void read_word(struct reader *r, const struct node *n, const struct field *f,
               void *target); /* uint8_t */
void read_text(struct reader *r, const struct node *n, const struct field *f,
               void *target); /* char *, owned */
void read_id(struct reader *r, const struct node *n, const struct field *f,
             void *target); /* char *, owned */

/* const char *, borrowed from the tree. */
void read_borrowed(struct reader *r, const struct node *n, const struct field *f, void *target);

/* The keys of the rule in a policy; `target` is a struct jz_rule. See rule.c. */
#define RULE_FIELDS 5
extern const struct field rule_fields[RULE_FIELDS];

/* The index of the basis with this id (NULL: already complained about), 0 after a complaint. */
uint16_t read_basis(struct reader *r, const struct node *node, const struct jz_policy *p,
                    const char *id);

/* The map of documents; bases and rule have been read. See parse_documents.c. */
void read_documents(struct reader *r, const struct node *node, struct jz_policy *p);
