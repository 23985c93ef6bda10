/*
 * A report that somebody died. From a source that may decide, and with nothing that speaks against
 * it, it becomes an event of kind "death": no benefit of the person is asked for a certification
 * any more, and what was paid afterwards is for others to settle. Every other report is kept as an
 * event of kind "death_reported", which stops nothing, and opens a case where somebody has to look.
 *
 * A death on record is corrected, or withdrawn, by a new row that names its first.
 */
#pragma once

#include "ledger/reason.h"
#include "store/store.h"

struct jz_death {
    int64_t person;
    struct jz_date on;
    const char *source;        /* NULL: an operator at the desk */
    const uint8_t *source_key; /* 16 bytes: a row of a source is taken once; NULL: not checked */
    const char *operator;
    bool trusted;       /* false: it may only be asked about */
    int64_t of;         /* the death on record that this corrects; 0: a new report */
    bool withdrawn;     /* with `of`: it did not happen; `on` has no meaning */
    const char *detail; /* JSON without personal data, or NULL */
};

struct jz_death_result {
    int64_t event, opened_case; /* opened_case 0: none */
    bool is_decided;            /* the register holds what was reported */
    const char *reason;         /* of reason.h, why it was not decided; NULL: it was */
};

/* One act ready for jz_store_submit: the death is borrowed, the result filled by the writer. */
struct jz_death_act {
    const struct jz_death *death;
    struct jz_death_result result;
};

/* A jz_decide_fn; its context is a struct jz_death_act. */
int jz_death_decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                    struct jz_error *err);

/*
 * One report. JZ_E_USAGE: a day in the future or before birth, `of` that is not the death on
 * record, no operator; JZ_E_CONFLICT: this row of the source was taken before.
 */
int jz_death_submit(struct jz_store *store, const struct jz_death *death,
                    struct jz_death_result *ret_result, struct jz_error *err) JZ_MUST_CHECK;
