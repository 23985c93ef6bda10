#include "ledger/enrol.h"

#include "ledger/own_key.h"

#include <stdio.h>
#include <string.h>

static int digest_of(const struct jz_store *store, const void *data, size_t size,
                     uint8_t ret_digest[JZ_DIGEST_BYTES], struct jz_error *err)
{
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
    const int r = jz_hasher_new(jz_store_suite(store), &hasher, err);
    if (r < 0)
        return r;
    jz_hasher_digest(hasher, &(struct jz_bytes){ data, size }, 1, ret_digest);
    return 0;
}

/* ---- Enrol ---- */

struct sealed {
    struct jz_own_key key;
    uint8_t templates[JZ_TEMPLATES_MAX_BYTES + JZ_SEAL_MAX_OVERHEAD];
    size_t templates_size;
    uint8_t digest[JZ_DIGEST_BYTES];
};

static int seal(struct jz_store *store, const struct jz_enrol_request *request,
                struct sealed *ret_sealed, struct jz_error *err)
{
    const struct jz_keyring *keyring = jz_store_keyring(store);
    struct jz_own_key_context text;
    const struct jz_bytes context = jz_own_key_context(request->person, &text);
    const struct jz_own_key *key = &ret_sealed->key;
    uint8_t blob[JZ_TEMPLATES_MAX_BYTES];
    size_t size = 0;
    int r = jz_templates_encode(request->templates, blob, &size, err);
    if (r < 0)
        return r;
    if ((r = jz_own_key_take(store, request->person, &ret_sealed->key, err)) == 0)
        r = jz_subject_seal(keyring, context, key->wrapped, key->size, blob, size,
                            ret_sealed->templates, &ret_sealed->templates_size, err);
    if (r == 0)
        r = digest_of(store, ret_sealed->templates, ret_sealed->templates_size, ret_sealed->digest,
                      err);
    jz_wipe(blob, sizeof blob);
    return r;
}

struct enrolling {
    const struct jz_enrol_request *request;
    const struct sealed *sealed;
    char models[JZ_MANIFEST_MAX_FUSED * 2 * JZ_MANIFEST_NAME_BYTES];
    struct jz_enrol_result *result;
};

static void open_case(struct jz_entry *entry, const struct enrolling *e, int64_t enrolment)
{
    char detail[512];
    size_t used = (size_t)snprintf(detail, sizeof detail, "{\"alike\":[");
    for (int i = 0; i < e->result->alike_count && used < sizeof detail - 64; i++)
        used += (size_t)snprintf(detail + used, sizeof detail - used,
                                 "%s{\"person\":%lld,\"score\":%.4f}", i ? "," : "",
                                 (long long)e->result->alike[i].person, e->result->alike[i].score);
    snprintf(detail + used, sizeof detail - used, "]}");
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [CASE_PERSON] = jz_int(e->request->person),
        [CASE_KIND] = jz_text("face_known"),
        [CASE_STATE] = jz_text("open"),
        [CASE_SUBJECT] = jz_int(enrolment),
        [CASE_DETAIL] = jz_text(detail),
        [CASE_BY] = jz_text(e->request->operator),
    };
    e->result->opened_case = jz_entry_add(entry, JZ_T_CASE, values);
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    const struct enrolling *e = context;
    const int r = jz_own_key_keep(&e->sealed->key, state, entry, err);
    if (r < 0)
        return r;
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [ENROLMENT_PERSON] = jz_int(e->request->person),
        [ENROLMENT_MODELS] = jz_text(e->models),
        [ENROLMENT_PHOTOS] = jz_int(e->request->templates->count),
        [ENROLMENT_SEALED] = jz_blob(e->sealed->templates, e->sealed->templates_size),
        [ENROLMENT_DIGEST] = jz_blob(e->sealed->digest, sizeof e->sealed->digest),
        [ENROLMENT_BY] = jz_text(e->request->operator),
    };
    e->result->enrolment = jz_entry_add(entry, JZ_T_ENROLMENT, values);
    e->result->opened_case = 0;
    if (e->result->alike_count > 0)
        open_case(entry, e, e->result->enrolment);
    return 0;
}

/* Other people whose face is as much like this one as one person's own is. */
static int find_alike(const struct jz_gallery *gallery, const struct jz_enrol_request *request,
                      double threshold, struct jz_enrol_result *result, struct jz_error *err)
{
    struct jz_gallery_hit hits[JZ_GALLERY_MAX_HITS];
    int count = 0;
    const int r =
        jz_gallery_search(gallery, &request->templates->templates[0], threshold - JZ_GALLERY_LOSS,
                          JZ_ENROL_ALIKE_MAX + 1, 2, hits, &count, err);
    if (r < 0)
        return r;
    for (int i = 0; i < count && result->alike_count < JZ_ENROL_ALIKE_MAX; i++)
        if (hits[i].person != request->person)
            result->alike[result->alike_count++] = hits[i];
    return 0;
}

static int add_to_gallery(struct jz_gallery *gallery, const struct jz_enrol_request *request,
                          struct jz_error *err)
{
    int64_t persons[JZ_TEMPLATES_MAX];
    for (int i = 0; i < request->templates->count; i++)
        persons[i] = request->person;
    return jz_gallery_append(gallery, persons, request->templates->templates,
                             (size_t)request->templates->count, err);
}

static void name_models(const struct jz_template *t, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < t->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s@%s", i ? "+" : "",
                                 t->embeddings[i].model, t->embeddings[i].version);
}

int jz_enrol_submit(struct jz_store *store, const struct jz_enrol_request *request,
                    struct jz_gallery *gallery, double threshold,
                    struct jz_enrol_result *ret_result, struct jz_error *err)
{
    if (!request->operator|| !* request->operator)
        return jz_error_set(err, JZ_E_USAGE, "an enrolment needs the operator who saw the person");
    struct jz_enrol_result result = { 0 };
    struct sealed sealed = { 0 };
    struct enrolling e = { .request = request, .sealed = &sealed, .result = &result };
    name_models(&request->templates->templates[0], e.models, sizeof e.models);
    int r;
    if (gallery && (r = find_alike(gallery, request, threshold, &result, err)) < 0)
        return r;
    if ((r = seal(store, request, &sealed, err)) < 0)
        return r;
    struct jz_act act = { .person = request->person, .decide = decide, .context = &e };
    if ((r = jz_store_act(store, &act, err)) < 0)
        return r;
    *ret_result = result;
    return gallery ? add_to_gallery(gallery, request, err) : 0;
}

/* ---- Open ---- */

/* Columns: person, sealed, wrapped. */
static int open_row(const struct jz_store *store, const struct jz_sql_rows *rows, int first,
                    struct jz_template_list *ret_templates, struct jz_error *err)
{
    struct jz_own_key_context text;
    const struct jz_sql_value sealed = jz_sql_value(rows, first + 1),
                              wrapped = jz_sql_value(rows, first + 2);
    uint8_t blob[JZ_TEMPLATES_MAX_BYTES + JZ_SEAL_MAX_OVERHEAD];
    size_t size = 0;
    if (sealed.size > sizeof blob)
        return jz_error_set(err, JZ_E_FORMAT, "sealed templates of %zu bytes", sealed.size);
    int r = jz_subject_unseal(jz_store_keyring(store),
                              jz_own_key_context(jz_sql_int(rows, first), &text), wrapped.data,
                              wrapped.size, sealed.data, sealed.size, blob, &size, err);
    if (r == 0)
        r = jz_templates_decode(blob, size, ret_templates, err);
    jz_wipe(blob, sizeof blob);
    return r;
}

int jz_enrol_templates(struct jz_store *store, int64_t enrolment,
                       struct jz_template_list *ret_templates, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    struct jz_sql_rows *rows = NULL;
    const struct jz_sql_value value = jz_int(enrolment);
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    r = jz_sql_query(sql,
                     "SELECT e.person, e.sealed, k.wrapped FROM enrolment e "
                     "JOIN subject_key k ON k.person = e.person WHERE e.id = $1",
                     &value, 1, &rows, err);
    if (r >= 0 && (r = jz_sql_next(rows, err)) >= 0)
        r = r == 1 ? open_row(store, rows, 0, ret_templates, err)
                   : jz_error_set(err, JZ_E_NOT_FOUND, "the templates were forgotten");
    jz_sql_done(rows);
    jz_store_return(store, sql);
    return r;
}

/* One page; *last is the id of its last row, *ret_rows how many there were. */
static int add_page(struct jz_store *store, struct jz_sql *sql, struct jz_gallery *gallery,
                    int64_t *last, int *ret_rows, struct jz_error *err)
{
    enum { PAGE = 1000 };
    const struct jz_sql_value values[] = { jz_int(*last), jz_int(PAGE) };
    struct jz_template_list list;
    JZ_CLEANUP(jz_sql_donep) struct jz_sql_rows *rows = NULL;
    int r = jz_sql_query(sql,
                         "SELECT e.id, e.person, e.sealed, k.wrapped FROM enrolment e "
                         "JOIN subject_key k ON k.person = e.person WHERE e.id > $1 "
                         "ORDER BY e.id LIMIT $2",
                         values, 2, &rows, err);
    *ret_rows = 0;
    while (r >= 0 && (r = jz_sql_next(rows, err)) == 1) {
        struct jz_template_kind kind;
        int64_t persons[JZ_TEMPLATES_MAX];
        *last = jz_sql_int(rows, 0);
        ++*ret_rows;
        for (int i = 0; i < JZ_TEMPLATES_MAX; i++)
            persons[i] = jz_sql_int(rows, 1);
        if ((r = open_row(store, rows, 1, &list, err)) < 0 ||
            (r = jz_template_kind_of(&list.templates[0], &kind, err)) < 0)
            break;
        if (jz_template_kind_equal(&kind, jz_gallery_kind(gallery)))
            r = jz_gallery_append(gallery, persons, list.templates, (size_t)list.count, err);
    }
    jz_wipe(&list, sizeof list);
    return r;
}

int jz_enrol_gallery(struct jz_store *store, const struct jz_template_kind *kind,
                     struct jz_gallery **ret_gallery, struct jz_error *err)
{
    JZ_CLEANUP(jz_gallery_freep) struct jz_gallery *gallery = NULL;
    struct jz_sql *sql = NULL;
    int r = jz_gallery_new(kind, &gallery, err);
    if (r < 0 || (r = jz_store_reader(store, &sql, err)) < 0)
        return r;
    int64_t last = 0;
    int rows = 1;
    while (r >= 0 && rows > 0)
        r = add_page(store, sql, gallery, &last, &rows, err);
    jz_store_return(store, sql);
    if (r < 0)
        return r;
    *ret_gallery = JZ_TAKE(gallery);
    return 0;
}
