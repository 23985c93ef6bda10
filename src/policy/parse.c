#include "policy/read_internal.h"

#include <math.h>
#include <string.h>

static const struct jz_word release_words[] = {
    [JZ_RELEASE_TWO_PERSON] = { "two_person" },
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct field effective_fields[] = {
    { "from", read_date, FIELD(jz_policy, from), true },
    { "until", read_date, FIELD(jz_policy, until) },
};

static void read_effective(struct reader *r, const struct node *node, const struct field *field,
                           void *target)
{
    (void)field;
    struct jz_policy *p = target;
    READ_MAP(r, node, effective_fields, p);
    if (jz_date_is_set(p->until) && jz_date_compare(p->until, p->from) < 0)
        read_complain(r, JZ_E_FORMAT, node, "'until' lies before 'from'");
}

/* "37", "3701", "370102", or with zeros behind: 370000 is the whole of 37. */
static void read_region(struct reader *r, const struct node *node, const struct field *field,
                        void *target)
{
    (void)field;
    struct jz_policy *p = target;
    const char *text = read_string(r, node);
    if (!text)
        return;
    size_t digits = strlen(text);
    if (digits % 2 != 0 || digits > 6 || strspn(text, "0123456789") != digits ||
        strncmp(text, "00", 2) == 0) {
        read_complain(
            r, JZ_E_FORMAT, node,
            "'%.40s' is no region; write 2, 4 or 6 digits of GB/T 2260 in quotes, or \"\" "
            "for the whole country",
            text);
        return;
    }
    while (digits > 2 && text[digits - 1] == '0' && text[digits - 2] == '0')
        digits -= 2;
    unsigned region = 0;
    for (size_t i = 0; i < 6; i++)
        region = region * 10 + (i < digits ? (unsigned)(text[i] - '0') : 0);
    p->region = region;
    p->region_digits = (unsigned)digits;
}

/* A list of words becomes bits; there must be one at least. */
static void read_bits(struct reader *r, const struct node *node, const struct field *field,
                      void *target)
{
    unsigned bits = 0;
    if (!read_is(r, node, NODE_LIST))
        return;
    for (const struct node *n = node_first(r->tree, node); n; n = node_next(r->tree, n)) {
        uint8_t word = UINT8_MAX;
        read_word(r, n, field, &word);
        if (word == UINT8_MAX)
            continue;
        if (bits & 1u << word)
            read_complain(r, JZ_E_FORMAT, n, "%s comes twice; leave one out",
                          field->words[word].name);
        bits |= 1u << word;
    }
    if (node->count == 0)
        read_complain(r, JZ_E_FORMAT, node, "the list is empty; name at least one %s", field->what);
    *(unsigned *)target = bits;
}

static const struct field applies_fields[] = {
    { "region", read_region, 0, true },
    { "schemes", read_bits, FIELD(jz_policy, schemes), true, WORDS(jz_scheme_words, "scheme") },
};

static void read_applies(struct reader *r, const struct node *node, const struct field *field,
                         void *target)
{
    (void)field;
    READ_MAP(r, node, applies_fields, target);
}

static const struct field basis_fields[] = {
    { "id", read_id, FIELD(jz_basis, id), true },
    { "cite", read_text, FIELD(jz_basis, cite), true },
};

static void read_bases(struct reader *r, const struct node *node, const struct field *field,
                       void *target)
{
    (void)field;
    struct jz_policy *p = target;
    if (!read_is(r, node, NODE_LIST))
        return;
    if (node->count == 0 || node->count > JZ_POLICY_MAX_BASES) {
        read_complain(r, JZ_E_LIMIT, node, "%u legal bases; there may be 1 to %d", node->count,
                      JZ_POLICY_MAX_BASES);
        return;
    }
    free(p->bases);
    if (!(p->bases = calloc(node->count, sizeof *p->bases))) {
        read_complain(r, JZ_E_MEMORY, node, "out of memory");
        return;
    }
    for (const struct node *n = node_first(r->tree, node); n; n = node_next(r->tree, n)) {
        struct jz_basis *b = &p->bases[p->base_count++];
        READ_MAP(r, n, basis_fields, b);
        for (size_t i = 0; b->id && i + 1 < p->base_count; i++)
            if (p->bases[i].id && strcmp(p->bases[i].id, b->id) == 0)
                read_complain(r, JZ_E_FORMAT, n, "the basis '%s' comes twice; leave one out",
                              b->id);
    }
}

/* Hundredths of a percent. */
static void read_percent(struct reader *r, const struct node *node, const struct field *field,
                         void *target)
{
    (void)field;
    double percent;
    if (read_decimal(r, node, 0.01, 100, &percent))
        *(unsigned *)target = (unsigned)lround(percent * 100);
}

static const struct field hold_fields[] = {
    { "notices", read_unsigned, FIELD(jz_hold_rule, notices), .low = 1, .high = 10 },
    { "channels", read_unsigned, FIELD(jz_hold_rule, channels), .low = 1, .high = 8 },
    { "human_attempt_age", read_unsigned, FIELD(jz_hold_rule, human_attempt_age), .high = 150 },
    { "release", read_word, FIELD(jz_hold_rule, release),
      WORDS(release_words, "way to release a hold; it always takes two people") },
    { "max_batch_percent", read_percent, FIELD(jz_hold_rule, max_batch_basis_points) },
};

static void read_hold(struct reader *r, const struct node *node, const struct field *field,
                      void *target)
{
    (void)field;
    struct jz_hold_rule *h = target;
    READ_MAP(r, node, hold_fields, h);
    if (h->channels > h->notices)
        read_complain(r, JZ_E_FORMAT, node, "%u notices cannot go through %u different channels",
                      h->notices, h->channels);
}

static const struct field resume_fields[] = {
    { "when", read_word, FIELD(jz_policy, resume), true, WORDS(jz_resume_names, "time to resume") },
};

static void read_resume(struct reader *r, const struct node *node, const struct field *field,
                        void *target)
{
    (void)field;
    READ_MAP(r, node, resume_fields, target);
}

static void read_fmr(struct reader *r, const struct node *node, const struct field *field,
                     void *target)
{
    (void)field;
    (void)read_decimal(r, node, 1e-9, 1e-2, target);
}

static const struct field face_fields[] = {
    { "fmr", read_fmr, FIELD(jz_face_rule, fmr) },
    { "tries_before_human", read_unsigned, FIELD(jz_face_rule, tries_before_human), .low = 1,
      .high = 20 },
    { "liveness", read_bits, FIELD(jz_face_rule, liveness), WORDS(jz_action_names, "action") },
};

static void read_face(struct reader *r, const struct node *node, const struct field *field,
                      void *target)
{
    (void)field;
    READ_MAP(r, node, face_fields, target);
}

struct special_entry {
    struct jz_special_rule rule;
    const char *basis;
};

static const struct field special_fields[] = {
    { "pay", read_word, FIELD(special_entry, rule.pay), true, WORDS(jz_pay_names, "way to pay") },
    { "resume", read_word, FIELD(special_entry, rule.resume),
      WORDS(jz_special_resume_names, "time to resume") },
    { "rate", read_word, FIELD(special_entry, rule.rate), WORDS(jz_rate_names, "rate") },
    { "arrears", read_word, FIELD(special_entry, rule.arrears), true,
      WORDS(jz_arrears_names, "kind of arrears") },
    { "grant", read_bool, FIELD(special_entry, rule.grant) },
    { "review", read_bool, FIELD(special_entry, rule.review) },
    { "basis", read_borrowed, FIELD(special_entry, basis), true },
};

static void read_specials(struct reader *r, const struct node *node, struct jz_policy *p)
{
    struct field fields[JZ_SPECIAL_STATUSES] = { 0 };
    for (int i = 0; i < JZ_SPECIAL_STATUSES; i++)
        fields[i].key = jz_special_words[i].name;
    READ_MAP(r, node, fields, p);
    if (node->type != NODE_MAP)
        return;
    for (int i = 0; i < JZ_SPECIAL_STATUSES; i++) {
        const struct node *n = read_find(r, node, fields[i].key);
        if (!n)
            continue;
        struct special_entry e = { .rule.given = true };
        READ_MAP(r, n, special_fields, &e);
        if (e.rule.pay == JZ_PAY_STOPS && !read_find(r, n, "resume"))
            read_complain(
                r, JZ_E_FORMAT, n,
                "payment stops, so 'resume' has to say when it goes on; 'never' is an answer");
        e.rule.basis = read_basis(r, n, p, e.basis);
        p->special[i] = e.rule;
    }
}

/* Those without a reader lean on others and are read after them, wherever they stand in the text.
 */
enum { OWN_FIELDS = 10 };
static const struct field own_fields[OWN_FIELDS] = {
    { "id", read_id, FIELD(jz_policy, id), true },
    { "version", read_unsigned, FIELD(jz_policy, version), true, 1, 1000000 },
    { "effective", read_effective, 0, true },
    { "applies", read_applies, 0, true },
    { "legal_basis", read_bases, 0, true },
    { "hold", read_hold, FIELD(jz_policy, hold) },
    { "resume", read_resume, 0 },
    { "face", read_face, FIELD(jz_policy, face) },
    { "documents", NULL, 0 },
    { "special", NULL, 0 },
};

static void read_policy(struct reader *r, struct jz_policy *p)
{
    const struct node *root = r->tree->nodes;
    struct field fields[OWN_FIELDS + RULE_FIELDS];
    memcpy(fields, own_fields, sizeof own_fields);
    memcpy(fields + OWN_FIELDS, rule_fields, sizeof rule_fields);
    for (size_t i = OWN_FIELDS; i < COUNT(fields); i++)
        fields[i].offset += offsetof(struct jz_policy, rule);
    READ_MAP(r, root, fields, p);
    if (root->type != NODE_MAP)
        return;
    const struct node *accept = read_find(r, root, "accept");
    if (accept && accept->type == NODE_LIST && accept->count == 0)
        read_complain(r, JZ_E_FORMAT, accept, "the list is empty: nobody could ever certify");
    const struct node *campaign = read_find(r, root, "campaign");
    const struct node *reason =
        campaign && campaign->type == NODE_MAP ? read_find(r, campaign, "reason") : NULL;
    if (reason && reason->type <= NODE_LIST)
        read_is(r, reason, NODE_TEXT);
    else if (reason && !(p->campaign_reason = strdup(node_text(r->tree, reason))))
        read_complain(r, JZ_E_MEMORY, reason, "out of memory");
    const struct node *documents = read_find(r, root, "documents");
    const struct node *special = read_find(r, root, "special");
    if (documents)
        read_documents(r, documents, p);
    if (special)
        read_specials(r, special, p);
}

static struct jz_policy *new_policy(const char *name, const void *text, size_t size)
{
    JZ_CLEANUP(jz_policy_freep) struct jz_policy *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->hold = (struct jz_hold_rule){
        .notices = 2, .channels = 2, .human_attempt_age = 80, .max_batch_basis_points = 300
    };
    p->face = (struct jz_face_rule){ .fmr = 1e-4,
                                     .tries_before_human = 3,
                                     .liveness = (1u << JZ_FACE_ACTIONS) - 1 };
    p->name = strdup(name);
    p->text = malloc(size + 1);
    if (!p->name || !p->text)
        return NULL;
    memcpy(p->text, text, size);
    p->text[size] = 0;
    p->text_bytes = size;
    return JZ_TAKE(p);
}

int jz_policy_parse(const char *name, const void *text, size_t size,
                    jz_policy_complaint_fn on_complaint, void *context,
                    struct jz_policy **ret_policy, struct jz_error *err)
{
    JZ_CLEANUP(tree_done)
    struct tree tree = { .max_nodes = JZ_POLICY_MAX_NODES, .max_depth = JZ_POLICY_MAX_DEPTH };
    struct reader r = { &tree, name, on_complaint, context };
    JZ_CLEANUP(jz_policy_freep) struct jz_policy *p = NULL;
    struct jz_error why;
    int code = size <= JZ_POLICY_MAX_BYTES
                   ? tree_read_yaml(&tree, text, size, &why)
                   : jz_error_set(&why, JZ_E_LIMIT, "%zu bytes, more than the limit of %u", size,
                                  JZ_POLICY_MAX_BYTES);
    if (code == 0 && !(p = new_policy(name, text, size)))
        code = jz_error_set(&why, JZ_E_MEMORY, "out of memory");
    if (code < 0) {
        const struct node place = { .line = tree.failed_line ? tree.failed_line : 1,
                                    .parent = NO_NODE };
        read_complain(&r, code, &place, "%s", why.text);
    } else {
        read_policy(&r, p);
    }
    if (r.complaints > 0) {
        if (err)
            *err = r.first;
        return r.first.code;
    }
    *ret_policy = JZ_TAKE(p);
    return 0;
}

void jz_policy_free(struct jz_policy *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->base_count; i++) {
        free(p->bases[i].id);
        free(p->bases[i].cite);
    }
    for (size_t i = 0; i < p->document_count; i++) {
        free(p->documents[i].name);
        free(p->documents[i].label);
    }
    free(p->id);
    free(p->bases);
    free(p->campaign_reason);
    free(p->documents);
    free(p->name);
    free(p->text);
    free(p);
}

const struct jz_paper_rule *jz_policy_documents(const struct jz_policy *p,
                                                enum jz_evidence_kind kind, size_t *ret_count)
{
    size_t first = 0, count = 0;
    while (first < p->document_count && p->documents[first].kind != kind)
        first++;
    while (first + count < p->document_count && p->documents[first + count].kind == kind)
        count++;
    *ret_count = count;
    return count ? &p->documents[first] : NULL;
}

const char *jz_paper_name(const struct jz_paper_rule *d)
{
    return d->doc == JZ_PAPER_OTHER ? d->name : jz_paper_words[d->doc].name;
}
