#include "audit/verify.h"
#include "identity/reference.h"

#include <stdio.h>

static const struct jz_audit_finding_info infos[JZ_AUDIT_FINDINGS] = {
    [JZ_AUDIT_SOUND] = { "sound", "nothing is wrong" },
    [JZ_AUDIT_CHANGED] = { "changed",
                           "is not the row that was recorded: changed, or put in its place" },
    [JZ_AUDIT_MARK] = { "mark_changed", "holds what was recorded, but its mark was changed" },
    [JZ_AUDIT_MISSING] = { "missing", "is missing: it was taken away" },
    [JZ_AUDIT_INSERTED] = { "inserted", "was slipped in: it was never recorded" },
    [JZ_AUDIT_TIME] = { "time", "claims to be recorded before the fact before it" },
    [JZ_AUDIT_POLICY] = { "policy", "is no policy that can be read" },
    [JZ_AUDIT_ROOT] = { "root", "is a signed root that the facts do not give: they were rewritten "
                                "with their marks" },
    [JZ_AUDIT_ROOT_SIGNATURE] = { "root_signature",
                                  "is a root signed by none of the keyring's keys" },
    [JZ_AUDIT_SHRED] = { "shred_signature",
                         "is a statement of shredding whose signature does not fit" },
    [JZ_AUDIT_NODE] = { "node_changed", "is a kept hash that the facts do not give: it was "
                                        "changed, or they were rewritten with their marks" },
    [JZ_AUDIT_NODE_MISSING] = { "node_missing", "is missing: a kept hash was taken away" },
    [JZ_AUDIT_NODE_INSERTED] = { "node_inserted", "is a kept hash too many" },
    [JZ_AUDIT_HEAD] = { "head_changed", "does not say where the facts end: it was changed" },
    [JZ_AUDIT_WITNESS] = { "witness", "do not give the root that the witness kept: history was "
                                      "rewritten" },
};

const struct jz_audit_finding_info *jz_audit_finding_info(enum jz_audit_finding finding)
{
    return &infos[finding];
}

void jz_audit_describe(const struct jz_audit_result *r, char ret_text[JZ_AUDIT_TEXT_BYTES])
{
    char person[JZ_REFERENCE_TEXT_BYTES] = "", subject[96], facts[80] = "";
    if (r->person > 0)
        jz_reference_format(r->person, person);
    if (r->finding == JZ_AUDIT_SOUND || r->finding == JZ_AUDIT_WITNESS)
        snprintf(subject, sizeof subject, "the facts");
    else if (r->table == JZ_T_AUDIT_NODE)
        snprintf(subject, sizeof subject, "audit_node level %d position %lld", r->level,
                 (long long)r->id);
    else
        snprintf(subject, sizeof subject, "%s %lld",
                 r->table ? jz_table_info(r->table)->name : "fact", (long long)r->id);
    if (r->first > 0 && r->last > r->first)
        snprintf(facts, sizeof facts, " (facts %lld to %lld)", (long long)r->first,
                 (long long)r->last);
    snprintf(ret_text, JZ_AUDIT_TEXT_BYTES, "%s%s%s%s %s%s", subject, *person ? " (" : "", person,
             *person ? ")" : "", infos[r->finding].what, facts);
}
