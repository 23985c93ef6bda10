#include "store/table.h"

#define COLUMNS(...)                                                                               \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define FACT                                                                                       \
    { "id", JZ_INT64 },                                                                            \
    {                                                                                              \
        "recorded_at", JZ_INT64                                                                    \
    }
#define MARK                                                                                       \
    {                                                                                              \
        "mark", JZ_INT64                                                                           \
    }
#define NULLABLE(c) (1u << (c))

static const struct jz_table_info tables[JZ_TABLES] = {
    [JZ_T_POLICY] = { "policy", "id",
                      COLUMNS(FACT, { "name", JZ_TEXT }, { "version", JZ_INT32 },
                              { "text", JZ_TEXT }, { "operator", JZ_TEXT }, MARK) },
    [JZ_T_OPERATOR] = { "operator", "id",
                        COLUMNS(FACT, { "of", JZ_INT64 }, { "name", JZ_TEXT }, { "role", JZ_TEXT },
                                { "office", JZ_TEXT }, { "region", JZ_TEXT },
                                { "active", JZ_INT16 }, { "operator", JZ_TEXT }, MARK),
                        NULLABLE(OPERATOR_OF) | NULLABLE(OPERATOR_OFFICE) |
                            NULLABLE(OPERATOR_REGION) },
    [JZ_T_SOURCE] = { "source", "id",
                      COLUMNS(FACT, { "of", JZ_INT64 }, { "name", JZ_TEXT }, { "kind", JZ_TEXT },
                              { "trust", JZ_TEXT }, { "basis", JZ_TEXT }, { "operator", JZ_TEXT },
                              MARK),
                      NULLABLE(SOURCE_OF) },
    [JZ_T_IMPORT] = { "import", "id",
                      COLUMNS(FACT, { "kind", JZ_TEXT }, { "file", JZ_TEXT }, { "digest", JZ_BLOB },
                              { "source", JZ_TEXT }, { "operator", JZ_TEXT }, { "detail", JZ_TEXT },
                              MARK),
                      NULLABLE(IMPORT_SOURCE) | NULLABLE(IMPORT_DETAIL) },
    [JZ_T_PERSON] = { "person", "id",
                      COLUMNS(FACT, { "of", JZ_INT64 }, { "import", JZ_INT64 },
                              { "born_on", JZ_INT32 }, { "sex", JZ_INT16 }, { "care", JZ_INT32 },
                              { "residence", JZ_INT32 }, { "sealed", JZ_BLOB },
                              { "operator", JZ_TEXT }, MARK),
                      NULLABLE(PERSON_OF) | NULLABLE(PERSON_IMPORT) | NULLABLE(PERSON_RESIDENCE) |
                          NULLABLE(PERSON_BY),
                      .person = PERSON_OF, .listed_if = PERSON_OF },
    [JZ_T_BENEFIT] = { "benefit", "id",
                       COLUMNS(FACT, { "of", JZ_INT64 }, { "person", JZ_INT64 },
                               { "import", JZ_INT64 }, { "scheme", JZ_INT16 },
                               { "region", JZ_INT32 }, { "from_on", JZ_INT32 },
                               { "until_on", JZ_INT32 }, { "fen", JZ_INT64 }, { "unit", JZ_TEXT },
                               { "operator", JZ_TEXT }, { "last_on", JZ_INT32 },
                               { "last_kind", JZ_INT16 }, MARK),
                       NULLABLE(BENEFIT_OF) | NULLABLE(BENEFIT_IMPORT) | NULLABLE(BENEFIT_UNTIL) |
                           NULLABLE(BENEFIT_FEN) | NULLABLE(BENEFIT_UNIT) | NULLABLE(BENEFIT_BY) |
                           NULLABLE(BENEFIT_LAST_ON) | NULLABLE(BENEFIT_LAST_KIND),
                       .person = BENEFIT_PERSON, .listed_if = BENEFIT_OF },
    [JZ_T_DOCUMENT] = { "document", "id",
                        COLUMNS(FACT, { "of", JZ_INT64 }, { "person", JZ_INT64 },
                                { "kind", JZ_INT16 }, { "sealed", JZ_BLOB }, { "ended", JZ_INT16 },
                                { "operator", JZ_TEXT }, MARK),
                        NULLABLE(DOCUMENT_OF), .person = DOCUMENT_PERSON },
    [JZ_T_CONTACT] = { "contact", "id",
                       COLUMNS(FACT, { "of", JZ_INT64 }, { "person", JZ_INT64 },
                               { "kind", JZ_TEXT }, { "sealed", JZ_BLOB }, { "ended", JZ_INT16 },
                               { "operator", JZ_TEXT }, MARK),
                       NULLABLE(CONTACT_OF), .person = CONTACT_PERSON },
    [JZ_T_ENROLMENT] = { "enrolment", "id",
                         COLUMNS(FACT, { "person", JZ_INT64 }, { "models", JZ_TEXT },
                                 { "photos", JZ_INT16 }, { "sealed", JZ_BLOB },
                                 { "digest", JZ_BLOB }, { "operator", JZ_TEXT }, MARK),
                         .person = ENROLMENT_PERSON },
    [JZ_T_EVIDENCE] = { "evidence", "id",
                        COLUMNS(FACT, { "person", JZ_INT64 }, { "of", JZ_INT64 },
                                { "kind", JZ_INT16 }, { "observed_on", JZ_INT32 },
                                { "outcome", JZ_INT16 }, { "strength", JZ_INT16 },
                                { "source", JZ_TEXT }, { "source_key", JZ_BLOB },
                                { "place", JZ_INT32 }, { "operator", JZ_TEXT },
                                { "detail", JZ_TEXT }, MARK),
                        NULLABLE(EVIDENCE_OF) | NULLABLE(EVIDENCE_SOURCE) |
                            NULLABLE(EVIDENCE_SOURCE_KEY) | NULLABLE(EVIDENCE_PLACE) |
                            NULLABLE(EVIDENCE_BY) | NULLABLE(EVIDENCE_DETAIL),
                        .person = EVIDENCE_PERSON },
    [JZ_T_DECISION] = { "decision", "id",
                        COLUMNS(FACT, { "person", JZ_INT64 }, { "evidence", JZ_INT64 },
                                { "outcome", JZ_INT16 }, { "reasons", JZ_TEXT },
                                { "policy", JZ_INT64 }, { "detail", JZ_TEXT }, MARK),
                        NULLABLE(DECISION_POLICY) | NULLABLE(DECISION_DETAIL),
                        .person = DECISION_PERSON },
    [JZ_T_CERTIFICATION] = { "certification", "id",
                             COLUMNS(FACT, { "person", JZ_INT64 }, { "benefit", JZ_INT64 },
                                     { "evidence", JZ_INT64 }, { "decision", JZ_INT64 },
                                     { "policy", JZ_INT64 }, { "due_on", JZ_INT32 }, MARK),
                             .person = CERTIFICATION_PERSON },
    [JZ_T_NOTICE] = { "notice", "id",
                      COLUMNS(FACT, { "person", JZ_INT64 }, { "kind", JZ_TEXT },
                              { "subject", JZ_INT64 }, { "detail", JZ_TEXT }, MARK),
                      NULLABLE(NOTICE_SUBJECT) | NULLABLE(NOTICE_DETAIL), .person = NOTICE_PERSON },
    [JZ_T_RECEIPT] = { "receipt", "id",
                       COLUMNS(FACT, { "person", JZ_INT64 }, { "certification", JZ_INT64 },
                               { "code", JZ_INT64 }, { "payload", JZ_BLOB }, MARK),
                       .person = RECEIPT_PERSON },
    [JZ_T_CASE] = { "review_case", "id",
                    COLUMNS(FACT, { "of", JZ_INT64 }, { "person", JZ_INT64 }, { "kind", JZ_TEXT },
                            { "state", JZ_TEXT }, { "subject", JZ_INT64 }, { "detail", JZ_TEXT },
                            { "operator", JZ_TEXT }, MARK),
                    NULLABLE(CASE_OF) | NULLABLE(CASE_SUBJECT) | NULLABLE(CASE_DETAIL) |
                        NULLABLE(CASE_BY),
                    .person = CASE_PERSON },
    [JZ_T_EVENT] = { "event", "id",
                     COLUMNS(FACT, { "person", JZ_INT64 }, { "of", JZ_INT64 }, { "kind", JZ_TEXT },
                             { "happened_on", JZ_INT32 }, { "source", JZ_TEXT },
                             { "source_key", JZ_BLOB }, { "operator", JZ_TEXT },
                             { "detail", JZ_TEXT }, MARK),
                     NULLABLE(EVENT_OF) | NULLABLE(EVENT_SOURCE) | NULLABLE(EVENT_SOURCE_KEY) |
                         NULLABLE(EVENT_BY) | NULLABLE(EVENT_DETAIL),
                     .person = EVENT_PERSON },
    [JZ_T_PROPOSAL] = { "proposal", "id",
                        COLUMNS(FACT, { "person", JZ_INT64 }, { "benefit", JZ_INT64 },
                                { "kind", JZ_TEXT }, { "from_month", JZ_INT32 },
                                { "policy", JZ_INT64 }, MARK),
                        .person = PROPOSAL_PERSON },
    [JZ_T_SHRED] = { "shred", "id",
                     COLUMNS(FACT, { "person", JZ_INT64 }, { "enrolments", JZ_INT32 },
                             { "files", JZ_INT32 }, { "reason", JZ_TEXT }, { "operator", JZ_TEXT },
                             { "signature", JZ_BLOB }, MARK),
                     .person = SHRED_PERSON },
    [JZ_T_ROOT] = { "audit_root", "id",
                    COLUMNS(FACT, { "day", JZ_INT32 }, { "size", JZ_INT64 }, { "hash", JZ_BLOB },
                            { "key", JZ_TEXT }, { "signature", JZ_BLOB }, MARK) },
    [JZ_T_REQUEST] = { "request", "id",
                       COLUMNS(FACT, { "of", JZ_INT64 }, { "person", JZ_INT64 },
                               { "kind", JZ_TEXT }, { "state", JZ_TEXT }, { "subject", JZ_INT64 },
                               { "due_on", JZ_INT32 }, { "alike", JZ_BLOB }, { "sealed", JZ_BLOB },
                               { "detail", JZ_TEXT }, { "operator", JZ_TEXT }, MARK),
                       NULLABLE(REQUEST_OF) | NULLABLE(REQUEST_SUBJECT) | NULLABLE(REQUEST_DUE_ON) |
                           NULLABLE(REQUEST_ALIKE) | NULLABLE(REQUEST_SEALED) |
                           NULLABLE(REQUEST_DETAIL) | NULLABLE(REQUEST_BY),
                       .person = REQUEST_PERSON },
    [JZ_T_FILE] = { "file", "id",
                    COLUMNS(FACT, { "person", JZ_INT64 }, { "request", JZ_INT64 },
                            { "document", JZ_TEXT }, { "media", JZ_TEXT }, { "size", JZ_INT32 },
                            { "digest", JZ_BLOB }, { "sealed", JZ_BLOB }, { "operator", JZ_TEXT },
                            MARK),
                    NULLABLE(FILE_BY), .person = FILE_PERSON, .page_rows = 16 },
    [JZ_T_CONSENT] = { "consent", "id",
                       COLUMNS(FACT, { "person", JZ_INT64 }, { "kind", JZ_TEXT },
                               { "given", JZ_INT16 }, { "version", JZ_TEXT },
                               { "language", JZ_TEXT }, { "channel", JZ_TEXT },
                               { "operator", JZ_TEXT }, MARK),
                       NULLABLE(CONSENT_BY), .person = CONSENT_PERSON },
    [JZ_T_PROFILE] = { "profile", "id",
                       COLUMNS(FACT, { "of", JZ_INT64 }, { "person", JZ_INT64 },
                               { "steps", JZ_INT32 }, { "hearing", JZ_INT16 },
                               { "bedridden", JZ_INT16 }, { "dialect", JZ_TEXT },
                               { "language", JZ_TEXT }, { "text_scale", JZ_INT32 },
                               { "operator", JZ_TEXT }, MARK),
                       NULLABLE(PROFILE_OF) | NULLABLE(PROFILE_BY), .person = PROFILE_PERSON },
    [JZ_T_CALLER] = { "caller", "id",
                      COLUMNS(FACT, { "of", JZ_INT64 }, { "name", JZ_TEXT }, { "sealed", JZ_BLOB },
                              { "basis", JZ_TEXT }, { "active", JZ_INT16 }, { "operator", JZ_TEXT },
                              MARK),
                      NULLABLE(CALLER_OF) },
    [JZ_T_FIND] = { "document_find", "hash", COLUMNS({ "hash", JZ_BLOB }, { "person", JZ_INT64 }),
                    .clustered = true },
    [JZ_T_PERSON_FACT] = { "person_fact", "person, fact",
                           COLUMNS({ "person", JZ_INT64 }, { "fact", JZ_INT64 },
                                   { "kind", JZ_INT16 }),
                           .clustered = true },
    [JZ_T_STANDING] = { "standing", "person, benefit",
                        COLUMNS({ "person", JZ_INT64 }, { "benefit", JZ_INT64 },
                                { "version", JZ_INT64 }, { "due_on", JZ_INT32 },
                                { "grace_until", JZ_INT32 }, { "state", JZ_INT16 },
                                { "next_on", JZ_INT32 }, { "decided_by", JZ_INT64 }),
                        NULLABLE(STANDING_VERSION) | NULLABLE(STANDING_NEXT_ON) |
                            NULLABLE(STANDING_DECIDED_BY) | NULLABLE(STANDING_DUE_ON) |
                            NULLABLE(STANDING_GRACE_UNTIL),
                        .clustered = true, .hot = true },
    [JZ_T_SUBJECT_KEY] = { "subject_key", "person",
                           COLUMNS({ "person", JZ_INT64 }, { "wrapped", JZ_BLOB }) },
    [JZ_T_PASSWORD] = { "card_password", "person",
                        COLUMNS({ "person", JZ_INT64 }, { "card", JZ_BLOB }, { "sealed", JZ_BLOB },
                                { "set_at", JZ_INT64 }) },
    [JZ_T_USED_TOKEN] = { "used_token", "hash",
                          COLUMNS({ "hash", JZ_BLOB }, { "until_at", JZ_INT64 }),
                          .clustered = true },
    [JZ_T_AUDIT_HEAD] = { "audit_head", "id",
                          COLUMNS({ "id", JZ_INT16 }, { "size", JZ_INT64 },
                                  { "recorded_at", JZ_INT64 }, { "chain", JZ_BLOB },
                                  { "tree", JZ_BLOB }),
                          .hot = true },
    [JZ_T_AUDIT_NODE] = { "audit_node", "level, position",
                          COLUMNS({ "level", JZ_INT16 }, { "position", JZ_INT64 },
                                  { "hash", JZ_BLOB }),
                          .clustered = true },
    [JZ_T_JOB] = { "job", "name",
                   COLUMNS({ "name", JZ_TEXT }, { "state", JZ_TEXT }, { "position", JZ_INT64 },
                           { "detail", JZ_TEXT }),
                   NULLABLE(JOB_DETAIL), .hot = true },
};

const struct jz_table_info *jz_table_info(enum jz_table table)
{
    return table > 0 && table < JZ_TABLES && tables[table].name ? &tables[table] : NULL;
}

enum jz_table jz_table_next_fact(enum jz_table table)
{
    do
        table++;
    while (table < JZ_T_FACTS && !tables[table].name);
    return table;
}

size_t jz_table_columns(enum jz_table table)
{
    size_t n = 0;
    while (n < JZ_MAX_COLUMNS && tables[table].columns[n].name)
        n++;
    return n;
}

bool jz_table_is_fact(enum jz_table table)
{
    return table < JZ_T_FACTS && jz_table_info(table);
}
