#include "policy/read_internal.h"

#include <string.h>

static const struct jz_word when_words[] = { { "always" }, { "make_up" } };

uint16_t read_basis(struct reader *r, const struct node *node, const struct jz_policy *p,
                    const char *id)
{
    for (size_t i = 0; id && i < p->base_count; i++)
        if (p->bases[i].id && strcmp(p->bases[i].id, id) == 0)
            return (uint16_t)i;
    if (id)
        read_complain(r, JZ_E_FORMAT, read_find(r, node, "basis"),
                      "'%.40s' is not listed in legal_basis; add it there with its citation", id);
    return 0;
}

struct document_entry {
    const char *doc, *basis, *label;
    uint8_t form, when;
    uint16_t max_age_days;
};

static const struct field document_fields[] = {
    { "doc", read_borrowed, FIELD(document_entry, doc), true },
    { "form", read_word, FIELD(document_entry, form), true,
      WORDS(jz_form_words, "form of a document") },
    { "basis", read_borrowed, FIELD(document_entry, basis), true },
    { "label", read_borrowed, FIELD(document_entry, label) },
    { "when", read_word, FIELD(document_entry, when), WORDS(when_words, "time to ask") },
    { "max_age_days", read_u16, FIELD(document_entry, max_age_days), .low = 1, .high = 3660 },
};

struct documents {
    struct jz_policy *policy;
    uint8_t kind, group;
};

/* A document of the table, or one that the policy names and labels itself. */
static void name_document(struct reader *r, const struct node *node, const struct document_entry *e,
                          struct jz_paper_rule *d)
{
    const struct node *doc = read_find(r, node, "doc");
    const int known = JZ_WORD_FIND(jz_paper_words, e->doc);
    if (known >= 0 && known != JZ_PAPER_OTHER) {
        d->doc = (uint8_t)known;
        if (e->label)
            read_complain(r, JZ_E_FORMAT, read_find(r, node, "label"),
                          "'%s' has its label already; leave this one out", e->doc);
        return;
    }
    const struct field own = { .key = "doc" };
    d->doc = JZ_PAPER_OTHER;
    read_id(r, doc, &own, &d->name);
    if (e->label)
        read_text(r, read_find(r, node, "label"), &own, &d->label);
    else
        read_complain(r, JZ_E_FORMAT, doc,
                      "'%.40s' is no document known here; see docs/policy.md for the list, or give "
                      "it a 'label' of its own",
                      e->doc);
}

static void read_document(struct reader *r, const struct node *node, const struct documents *where)
{
    struct jz_policy *p = where->policy;
    if (p->document_count == JZ_POLICY_MAX_DOCUMENTS) {
        read_complain(r, JZ_E_LIMIT, node, "more than %d documents", JZ_POLICY_MAX_DOCUMENTS);
        return;
    }
    struct document_entry e = { .doc = NULL };
    READ_MAP(r, node, document_fields, &e);
    if (!e.doc)
        return;
    struct jz_paper_rule *d = &p->documents[p->document_count++];
    *d = (struct jz_paper_rule){
        .kind = where->kind,
        .form = e.form,
        .group = where->group,
        .make_up = e.when == 1,
        .max_age_days = e.max_age_days,
        .basis = read_basis(r, node, p, e.basis),
    };
    name_document(r, node, &e, d);
}

/* {one_of: [{doc: …}, …]} */
static void read_group(struct reader *r, const struct node *node, struct documents *where)
{
    const struct node *list = node_first(r->tree, node);
    if (node->count > 1) {
        read_complain(r, JZ_E_FORMAT, node, "'one_of' stands alone; no key may stand beside it");
        return;
    }
    if (!read_is(r, list, NODE_LIST))
        return;
    if (list->count < 2)
        read_complain(r, JZ_E_FORMAT, list, "a choice needs two documents at least");
    where->group++;
    for (const struct node *n = node_first(r->tree, list); n; n = node_next(r->tree, n))
        read_document(r, n, where);
}

static void read_kind_documents(struct reader *r, const struct node *node, struct documents *where)
{
    if (!read_is(r, node, NODE_LIST))
        return;
    if (!where->policy->rule.accept[where->kind].accepted)
        read_complain(r, JZ_E_FORMAT, node,
                      "%s is not accepted by this policy, so nothing may be asked for",
                      jz_evidence_words[where->kind].name);
    uint8_t groups = 0;
    for (const struct node *n = node_first(r->tree, node); n; n = node_next(r->tree, n)) {
        struct documents one = { where->policy, where->kind, 0 };
        if (n->type == NODE_MAP && read_find(r, n, "one_of")) {
            one.group = groups++;
            read_group(r, n, &one);
        } else {
            read_document(r, n, &one);
        }
    }
}

void read_documents(struct reader *r, const struct node *node, struct jz_policy *p)
{
    struct field fields[JZ_EV_KINDS] = { 0 };
    for (int kind = 0; kind < JZ_EV_KINDS; kind++)
        fields[kind].key = jz_evidence_words[kind].name;
    READ_MAP(r, node, fields, p);
    if (node->type != NODE_MAP)
        return;
    if (!(p->documents = calloc(JZ_POLICY_MAX_DOCUMENTS, sizeof *p->documents))) {
        read_complain(r, JZ_E_MEMORY, node, "out of memory");
        return;
    }
    for (int kind = 0; kind < JZ_EV_KINDS; kind++) {
        const struct node *list = read_find(r, node, fields[kind].key);
        struct documents where = { p, (uint8_t)kind, 0 };
        if (list)
            read_kind_documents(r, list, &where);
    }
    if (p->document_count > 0) {
        struct jz_paper_rule *less =
            realloc(p->documents, p->document_count * sizeof *p->documents);
        p->documents = less ? less : p->documents;
    }
}
