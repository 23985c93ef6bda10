#include "cli/claim_text.h"

#include "face/session.h"
#include "identity/reference.h"

#include <string.h>

const char *day_text(struct jz_date day, char buffer[JZ_DATE_TEXT_BYTES])
{
    return jz_date_is_set(day) ? jz_date_format(day, buffer) : "-";
}

json_t *json_day(struct jz_date day)
{
    char text[JZ_DATE_TEXT_BYTES];
    return jz_date_is_set(day) ? json_string(jz_date_format(day, text)) : json_null();
}

/* Each name of the list in turn; *at begins at the text and ends at NULL. */
static bool next_name(const char **at, char name[64])
{
    if (!**at)
        return false;
    const size_t n = strcspn(*at, ",");
    snprintf(name, 64, "%.*s", (int)n, *at);
    *at += n + ((*at)[n] == ',');
    return true;
}

json_t *json_reason_names(const struct jz_reasons *reasons)
{
    json_t *list = json_array();
    char name[64];
    for (const char *at = reasons->text; next_name(&at, name);)
        json_array_append_new(list, json_string(name));
    return list;
}

/* The engine's reasons have an advice of their own. */
static const char *advice_of(const char *name)
{
    const struct jz_reason_info *info = jz_reason_info(name);
    if (info)
        return info->en;
    for (unsigned bit = 1; jz_session_reason_name((enum jz_session_reason)bit); bit <<= 1)
        if (strcmp(jz_session_reason_name((enum jz_session_reason)bit), name) == 0)
            return jz_session_reason_advice((enum jz_session_reason)bit);
    return "";
}

void print_reasons(const char *indent, const struct jz_reasons *reasons)
{
    char name[64];
    for (const char *at = reasons->text; next_name(&at, name);)
        printf("%s%s: %s\n", indent, name, advice_of(name));
}

static json_t *json_lacks(const struct jz_claim_lacks *lacks)
{
    json_t *list = json_array();
    for (int i = 0; i < lacks->count; i++) {
        const struct jz_claim_lack *l = &lacks->of[i];
        json_array_append_new(
            list,
            json_pack("{s:s,s:s,s:o,s:s}", "document", l->document, "reason", l->reason,
                      "max_age_days",
                      l->max_age_days ? json_integer((json_int_t)l->max_age_days) : json_null(),
                      "basis", l->basis));
    }
    return list;
}

json_t *json_claim_result(int64_t person, const struct jz_claim *claim,
                          const struct jz_claim_result *result)
{
    char reference[JZ_REFERENCE_TEXT_BYTES];
    json_t *benefits = json_array();
    for (int i = 0; i < result->benefit_count; i++) {
        const struct jz_claim_benefit *b = &result->benefits[i];
        json_array_append_new(
            benefits,
            json_pack("{s:s,s:b,s:o,s:o,s:s,s:I}", "scheme", jz_scheme_words[b->scheme].name,
                      "certified", b->certification != 0, "due_before", json_day(b->due_before),
                      "due_on", json_day(b->due_on), "standing", jz_standing_words[b->state].name,
                      "policy", (json_int_t)b->policy));
    }
    json_t *all = json_pack(
        "{s:s,s:s,s:s,s:o,s:I,s:I,s:o,s:i,s:i}", "person", jz_reference_format(person, reference),
        "kind", jz_evidence_words[claim->kind].name, "outcome",
        jz_outcome_words[result->outcome].name, "reasons", json_reason_names(&result->reasons),
        "evidence", (json_int_t)result->evidence, "decision", (json_int_t)result->decision,
        "benefits", benefits, "tries", result->tries, "tries_allowed", result->tries_allowed);
    json_object_set_new(all, "receipt",
                        result->receipt ? json_string(result->receipt_code) : json_null());
    json_object_set_new(all, "case",
                        result->opened_case ? json_integer(result->opened_case) : json_null());
    if (result->lacks.count > 0)
        json_object_set_new(all, "lacking", json_lacks(&result->lacks));
    return all;
}

/* What is asked for, on which basis, and the word for what is wrong with it. */
static void print_lack(const struct jz_claim_lack *l)
{
    const int known = JZ_WORD_FIND(jz_paper_words, l->document);
    printf("  asked for: %s%s%s", l->document, known < 0 ? "" : " ",
           known < 0 ? "" : jz_paper_words[known].zh_hans);
    if (l->max_age_days)
        printf(", at most %u days old", l->max_age_days);
    printf(" (%s): %s\n", l->basis, l->reason);
}

static const char *const headlines[] = {
    [JZ_OUTCOME_PASS] = "certified · 认证成功",
    [JZ_OUTCOME_FAIL] = "not certified · 未通过",
    [JZ_OUTCOME_PENDING] = "waits for a person · 待人工核实",
};

void print_claim_result(int64_t person, const struct jz_claim *claim,
                        const struct jz_claim_result *result)
{
    char reference[JZ_REFERENCE_TEXT_BYTES], before[JZ_DATE_TEXT_BYTES], due[JZ_DATE_TEXT_BYTES];
    printf("%s: %s (%s, %s)\n", jz_reference_format(person, reference), headlines[result->outcome],
           jz_evidence_words[claim->kind].name, day_text(claim->observed_on, before));
    for (int i = 0; i < result->benefit_count; i++) {
        const struct jz_claim_benefit *b = &result->benefits[i];
        printf("  %s: %s, next certification by %s (before: %s)\n", jz_scheme_words[b->scheme].name,
               jz_standing_words[b->state].en, day_text(b->due_on, due),
               day_text(b->due_before, before));
    }
    print_reasons("  ", &result->reasons);
    for (int i = 0; i < result->lacks.count; i++)
        print_lack(&result->lacks.of[i]);
    if (result->tries > 0)
        printf("  failed tries: %d; a person helps after %d\n", result->tries,
               result->tries_allowed);
    if (result->receipt)
        printf("  receipt %s\n", result->receipt_code);
    if (result->opened_case)
        printf("  case %lld opened: a clerk calls, and the counter or 12333 knows of it\n",
               (long long)result->opened_case);
}

int take_documents(const char *command, const struct arg_list *list,
                   struct jz_claim_document documents[JZ_CLAIM_DOCUMENTS])
{
    struct jz_error err;
    int r = 0;
    if (list->count > JZ_CLAIM_DOCUMENTS)
        r = jz_error_set(&err, JZ_E_USAGE, "--document: more than %d", JZ_CLAIM_DOCUMENTS);
    for (size_t i = 0; i < list->count && r == 0; i++)
        r = jz_claim_document_parse(list->texts[i], &documents[i], &err);
    if (r == 0)
        return (int)list->count;
    fprintf(stderr, "jianzai: %s: %s\n", command, err.text);
    return r;
}
