#include "policy/case.h"

#include "policy/calendar.h"
#include "policy/read_internal.h"

#include <string.h>

enum { MAX_DEPTH = 8, MAX_NODES = 16 * JZ_CASE_MAX_SIGNS };

struct row {
    struct jz_sign sign;
    const char *id;
};

struct jz_judge {
    struct tree tree;
    struct row *rows;
    struct jz_sign *signs;
    uint8_t *verdicts;
    size_t count, room;
    char *out;
    size_t used, out_room;
};

struct jz_case {
    struct jz_rule rule;
    struct jz_date born_on, benefit_from, on;
};

/* What a policy also has and the calendar does not need is passed over. */
enum { POLICY_REST = 9 };
static const struct field policy_rest[POLICY_REST] = {
    { "id" },        { "version" }, { "effective" }, { "applies" }, { "legal_basis" },
    { "documents" }, { "hold" },    { "resume" },    { "face" },
};

static void read_case_policy(struct reader *r, const struct node *node, const struct field *field,
                             void *target)
{
    (void)field;
    struct field fields[RULE_FIELDS + POLICY_REST];
    memcpy(fields, rule_fields, sizeof rule_fields);
    memcpy(fields + RULE_FIELDS, policy_rest, sizeof policy_rest);
    READ_MAP(r, node, fields, target);
}

static const struct field person_fields[] = {
    { "born_on", read_date, FIELD(jz_case, born_on) },
    { "benefit_from", read_date, FIELD(jz_case, benefit_from), true },
    { "id" },
};

static void read_person(struct reader *r, const struct node *node, const struct field *field,
                        void *target)
{
    (void)field;
    READ_MAP(r, node, person_fields, target);
}

static const struct field case_fields[] = {
    { "policy", read_case_policy, FIELD(jz_case, rule), true },
    { "person", read_person, 0, true },
    { "evidence", NULL, 0, true },
    { "on", read_date, FIELD(jz_case, on), true },
};

static const struct field row_fields[] = {
    { "id", read_borrowed, FIELD(row, id), true },
    { "kind", read_word, FIELD(row, sign.kind), true,
      WORDS(jz_evidence_words, "kind of evidence") },
    { "observed_on", read_date, FIELD(row, sign.observed_on), true },
    { "outcome", read_word, FIELD(row, sign.outcome), WORDS(jz_outcome_words, "outcome") },
    { "person" },
    { "recorded_at" },
    { "source" },
    { "operator" },
    { "strength" },
    { "detail" },
};

int jz_judge_new(struct jz_judge **ret_judge, struct jz_error *err)
{
    struct jz_judge *j = calloc(1, sizeof *j);
    if (!j)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    j->tree = (struct tree){ .is_json = true, .max_nodes = MAX_NODES, .max_depth = MAX_DEPTH };
    *ret_judge = j;
    return 0;
}

void jz_judge_free(struct jz_judge *j)
{
    if (!j)
        return;
    tree_done(&j->tree);
    free(j->rows);
    free(j->signs);
    free(j->verdicts);
    free(j->out);
    free(j);
}

static bool make_room(struct jz_judge *j, size_t count)
{
    if (count <= j->room)
        return true;
    struct row *rows = realloc(j->rows, count * sizeof *rows);
    j->rows = rows ? rows : j->rows;
    struct jz_sign *signs = realloc(j->signs, count * sizeof *signs);
    j->signs = signs ? signs : j->signs;
    uint8_t *verdicts = realloc(j->verdicts, count);
    j->verdicts = verdicts ? verdicts : j->verdicts;
    if (!rows || !signs || !verdicts)
        return false;
    j->room = count;
    return true;
}

static int by_day(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    const int order = jz_date_compare(x->sign.observed_on, y->sign.observed_on);
    return order ? order : strcmp(x->id, y->id);
}

static void read_evidence(struct reader *r, const struct node *list, struct jz_judge *j)
{
    j->count = 0;
    if (!read_is(r, list, NODE_LIST))
        return;
    if (list->count > JZ_CASE_MAX_SIGNS) {
        read_complain(r, JZ_E_LIMIT, list, "%u rows, more than the limit of %d", list->count,
                      JZ_CASE_MAX_SIGNS);
        return;
    }
    if (!make_room(j, list->count)) {
        read_complain(r, JZ_E_MEMORY, list, "out of memory");
        return;
    }
    bool sorted = true;
    for (const struct node *n = node_first(r->tree, list); n; n = node_next(r->tree, n)) {
        struct row *row = &j->rows[j->count];
        *row = (struct row){ .id = NULL };
        READ_MAP(r, n, row_fields, row);
        if (!row->id)
            return;
        sorted &= j->count == 0 || by_day(row - 1, row) < 0;
        j->count++;
    }
    if (!sorted)
        qsort(j->rows, j->count, sizeof *j->rows, by_day);
    for (size_t i = 0; i < j->count; i++) {
        if (i > 0 && by_day(&j->rows[i - 1], &j->rows[i]) == 0)
            read_complain(r, JZ_E_FORMAT, list, "the id '%.60s' comes twice on one day",
                          j->rows[i].id);
        j->signs[i] = j->rows[i].sign;
        j->signs[i].id = (int64_t)i;
    }
}

static bool put(struct jz_judge *j, const char *text, size_t size)
{
    if (j->used + size + 1 > j->out_room) {
        const size_t room = 2 * (j->used + size) + 256;
        char *more = realloc(j->out, room);
        if (!more)
            return false;
        j->out = more;
        j->out_room = room;
    }
    memcpy(j->out + j->used, text, size);
    j->used += size;
    j->out[j->used] = 0;
    return true;
}

static bool put_text(struct jz_judge *j, const char *text)
{
    return put(j, text, strlen(text));
}

/* The text is UTF-8 already. */
static bool put_quoted(struct jz_judge *j, const char *text)
{
    bool good = put(j, "\"", 1);
    while (good && *text) {
        const size_t plain =
            strcspn(text, "\"\\\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"
                          "\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b"
                          "\x1c\x1d\x1e\x1f");
        good = put(j, text, plain);
        text += plain;
        if (good && *text) {
            char escape[8];
            const unsigned char c = (unsigned char)*text++;
            snprintf(escape, sizeof escape, c < 0x20 ? "\\u%04x" : "\\%c", c);
            good = put_text(j, escape);
        }
    }
    return good && put(j, "\"", 1);
}

static bool put_answer(struct jz_judge *j, const struct jz_standing *s)
{
    char due[JZ_DATE_TEXT_BYTES], grace[JZ_DATE_TEXT_BYTES], month[JZ_MONTH_TEXT_BYTES], head[160];
    jz_date_format(s->due_on, due);
    jz_date_format(s->grace_until, grace);
    jz_month_format(s->hold_from, month);
    snprintf(head, sizeof head,
             "{\"due_on\":\"%s\",\"grace_until\":\"%s\",\"standing\":\"%s\",\"hold_from\":\"%s\","
             "\"decided_by\":",
             due, grace, jz_standing_words[s->state].name, month);
    j->used = 0;
    bool good = put_text(j, head);
    good = good &&
           (s->decided_by < 0 ? put_text(j, "null") : put_quoted(j, j->rows[s->decided_by].id));
    good = good && put_text(j, ",\"counted\":[");
    bool first = true;
    for (size_t i = 0; good && i < j->count; i++) {
        if (j->verdicts[i] != JZ_SIGN_COUNTED)
            continue;
        good = (first || put(j, ",", 1)) && put_quoted(j, j->rows[i].id);
        first = false;
    }
    return good && put(j, "]}", 2);
}

int jz_judge_line(struct jz_judge *j, const char *line, size_t size, const char **ret_answer,
                  size_t *ret_size, struct jz_error *err)
{
    if (size > JZ_CASE_MAX_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "a line of more than %u bytes", JZ_CASE_MAX_BYTES);
    int code = tree_read_json(&j->tree, line, size, err);
    if (code < 0)
        return code;
    struct reader r = { .tree = &j->tree };
    struct jz_case c = { .on = { 0 } };
    const struct node *root = j->tree.nodes;
    READ_MAP(&r, root, case_fields, &c);
    const struct node *evidence = root->type == NODE_MAP ? read_find(&r, root, "evidence") : NULL;
    if (evidence && r.complaints == 0)
        read_evidence(&r, evidence, j);
    if (r.complaints == 0 && c.rule.cycle.kind == JZ_CYCLE_BIRTH_MONTH &&
        !jz_date_is_set(c.born_on))
        read_complain(&r, JZ_E_FORMAT, read_find(&r, root, "person"),
                      "a cycle by birth month needs the key 'born_on'");
    if (r.complaints > 0) {
        if (err)
            *err = r.first;
        return r.first.code;
    }
    struct jz_standing s;
    jz_calendar_standing(&c.rule, c.born_on, c.benefit_from, j->signs, j->count, c.on, j->verdicts,
                         &s);
    if (!put_answer(j, &s))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    *ret_answer = j->out;
    *ret_size = j->used;
    return 0;
}

const char *jz_judge_complaint(struct jz_judge *j, const struct jz_error *complaint,
                               unsigned long long line, size_t *ret_size)
{
    char tail[48];
    snprintf(tail, sizeof tail, ",\"line\":%llu}}", line);
    j->used = 0;
    if (!put_text(j, "{\"error\":{\"code\":\"") ||
        !put_text(j, jz_error_info(complaint->code)->name) || !put_text(j, "\",\"message\":") ||
        !put_quoted(j, complaint->text) || !put_text(j, tail))
        return NULL;
    *ret_size = j->used;
    return j->out;
}
