#include "ledger/request_file.h"

#include "face/image.h"
#include "ledger/own_key.h"
#include "ledger/papers.h"
#include "ledger/request_internal.h"

#include <string.h>

/* ---- What it is ---- */

static int check_picture(const void *data, size_t size, struct jz_error *err)
{
    JZ_CLEANUP(jz_decoder_freep) struct jz_decoder *decoder = NULL;
    JZ_CLEANUP(jz_image_done) struct jz_image image = { 0 };
    const int r = jz_decoder_new(&decoder, err);
    return r < 0 ? r : jz_image_decode(decoder, data, size, 0, &image, err);
}

/* Whether it was cut short: what is in it, nobody here opens. */
static int check_pdf(const void *data, size_t size, struct jz_error *err)
{
    enum { VERSION_AT = 5, END_BYTES = 1024 };
    const char *bytes = data, *end = bytes + size;
    const char *tail = size > END_BYTES ? end - END_BYTES : bytes;
    const bool has_version = size > VERSION_AT + 3 &&
                             (bytes[VERSION_AT] == '1' || bytes[VERSION_AT] == '2') &&
                             bytes[VERSION_AT + 1] == '.';
    if (!has_version || !memmem(tail, (size_t)(end - tail), "startxref", 9) ||
        !memmem(tail, (size_t)(end - tail), "%%EOF", 5))
        return jz_error_set(err, JZ_E_FORMAT, "a PDF that was cut short or is damaged");
    return 0;
}

int jz_request_file_media(const void *data, size_t size, const char **ret_media,
                          struct jz_error *err)
{
    static const struct {
        const char *media, *magic;
        int (*check)(const void *data, size_t size, struct jz_error *err);
    } kinds[] = {
        { "image/jpeg", "\xFF\xD8\xFF", check_picture },
        { "image/png", "\x89PNG\r\n\x1A\n", check_picture },
        { "application/pdf", "%PDF-", check_pdf },
    };
    if (size == 0 || size > JZ_REQUEST_FILE_BYTES)
        return jz_error_set(err, JZ_E_LIMIT, "a file of %zu bytes; 1 to %u may be sent", size,
                            JZ_REQUEST_FILE_BYTES);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t magic = strlen(kinds[i].magic);
        if (size < magic || memcmp(data, kinds[i].magic, magic) != 0)
            continue;
        const int r = kinds[i].check(data, size, err);
        if (r < 0)
            return r;
        *ret_media = kinds[i].media;
        return 0;
    }
    return jz_error_set(err, JZ_E_FORMAT, "neither a JPEG nor a PNG picture, nor a PDF");
}

/* ---- Reading ---- */

/* Forgetting shredded the key that sealed what was there before. */
#define COLUMNS                                                                                    \
    "SELECT i.id, i.request, i.person, i.recorded_at, i.document, i.media, i.size, i.digest, "     \
    "i.operator, EXISTS (SELECT 1 FROM person_fact s WHERE s.person = i.person AND s.kind = 18 "   \
    "AND s.fact > i.id) "

static int take(void *context, size_t number, const struct jz_sql_rows *rows, struct jz_error *err)
{
    struct jz_request_file *ret = (struct jz_request_file *)context + number;
    const struct jz_sql_value digest = jz_sql_value(rows, 7);
    if (digest.size != sizeof ret->digest)
        return jz_error_set(err, JZ_E_INTEGRITY, "file %lld has no digest",
                            (long long)jz_sql_int(rows, 0));
    *ret = (struct jz_request_file){
        .id = jz_sql_int(rows, 0),
        .request = jz_sql_int(rows, 1),
        .person = jz_sql_int(rows, 2),
        .added_at = jz_sql_int(rows, 3),
        .size = (size_t)jz_sql_int(rows, 6),
        .is_shredded = jz_sql_int(rows, 9) != 0,
    };
    jz_sql_text(rows, 4, ret->document, sizeof ret->document);
    jz_sql_text(rows, 5, ret->media, sizeof ret->media);
    jz_sql_text(rows, 8, ret->by, sizeof ret->by);
    memcpy(ret->digest, digest.data, sizeof ret->digest);
    return 0;
}

int jz_request_files(struct jz_store *store, int64_t request,
                     struct jz_request_file ret_files[JZ_REQUEST_FILES_MAX], int *ret_count,
                     struct jz_error *err)
{
    const struct jz_sql_value values[] = { jz_int(request), jz_int(JZ_REQUEST_FILES_MAX) };
    size_t count = 0;
    const int r =
        jz_store_ask(store, COLUMNS "FROM file i WHERE i.request = $1 ORDER BY i.id LIMIT $2",
                     values, 2, take, ret_files, &count, err);
    if (r == 0)
        *ret_count = (int)count;
    return r;
}

static int digest_of(enum jz_suite suite, const void *data, size_t size,
                     uint8_t ret_digest[JZ_DIGEST_BYTES], struct jz_error *err)
{
    JZ_CLEANUP(jz_hasher_freep) struct jz_hasher *hasher = NULL;
    const int r = jz_hasher_new(suite, &hasher, err);
    if (r == 0)
        jz_hasher_digest(hasher, &(struct jz_bytes){ data, size }, 1, ret_digest);
    return r;
}

struct opening {
    struct jz_store *store;
    struct jz_request_file file;
    uint8_t *data;
};

/* The digest binds the content to its row: the key is the same for all files of a person. */
static int unseal(void *context, size_t number, const struct jz_sql_rows *rows,
                  struct jz_error *err)
{
    struct opening *o = context;
    const struct jz_sql_value sealed = jz_sql_value(rows, 10), wrapped = jz_sql_value(rows, 11);
    struct jz_own_key_context text;
    uint8_t digest[JZ_DIGEST_BYTES];
    size_t size = 0;
    int r = take(&o->file, number, rows, err);
    if (r < 0)
        return r;
    if (o->file.is_shredded || !wrapped.data)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "file %lld was shredded: nobody can read it any more",
                            (long long)o->file.id);
    if (!(o->data = malloc(sealed.size + 1)))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if ((r = jz_subject_unseal(jz_store_keyring(o->store),
                               jz_own_key_context(o->file.person, &text), wrapped.data,
                               wrapped.size, sealed.data, sealed.size, o->data, &size, err)) < 0 ||
        (r = digest_of(jz_store_suite(o->store), o->data, size, digest, err)) < 0)
        return r;
    return size == o->file.size && memcmp(digest, o->file.digest, sizeof digest) == 0
               ? 0
               : jz_error_set(err, JZ_E_INTEGRITY, "file %lld has another file's content",
                              (long long)o->file.id);
}

int jz_request_file_open(struct jz_store *store, int64_t id, struct jz_request_file *ret_file,
                         uint8_t **ret_data, struct jz_error *err)
{
    const struct jz_sql_value value = jz_int(id);
    struct opening o = { .store = store };
    size_t count = 0;
    int r = jz_store_ask(store,
                         COLUMNS ", i.sealed, (SELECT k.wrapped FROM subject_key k WHERE k.person "
                                 "= i.person) FROM file i WHERE i.id = $1",
                         &value, 1, unseal, &o, &count, err);
    if (r == 0 && count == 0)
        r = jz_error_set(err, JZ_E_NOT_FOUND, "there is no file %lld", (long long)id);
    if (r < 0) {
        free(o.data);
        return r;
    }
    *ret_file = o.file;
    *ret_data = o.data;
    return 0;
}

/* ---- Adding ---- */

struct adding {
    const struct jz_request_file_new *new;
    struct jz_request r;
    const char *media;
    uint8_t digest[JZ_DIGEST_BYTES];
    struct jz_own_key key;
    uint8_t *sealed;
    size_t sealed_size;
    int64_t latest;
    bool is_stale;
    int64_t id, added_at;
};

static void adding_done(struct adding *a)
{
    free(a->sealed);
}

static int check_content(const struct jz_store *store, struct adding *a, struct jz_error *err)
{
    const struct jz_request_file_new *n = a->new;
    const int r = jz_request_file_media(n->data, n->size, &a->media, err);
    if (r < 0)
        return r;
    if (n->media && strcmp(n->media, a->media) != 0)
        return jz_error_set(err, JZ_E_FORMAT, "said to be %.40s, and is %s", n->media, a->media);
    return digest_of(jz_store_suite(store), n->data, n->size, a->digest, err);
}

/* Documents have names: those of the table, and those the person's policies give themselves. */
static int check_document(struct jz_store *store, const struct adding *a, struct jz_error *err)
{
    const int evidence = jz_request_kinds[a->r.kind].evidence;
    const char *name = a->new->document;
    struct jz_paper_asked papers[JZ_PAPERS_MAX];
    struct jz_person_state state;
    const int known = JZ_WORD_FIND(jz_paper_words, name);
    if (known >= 0 && known != JZ_PAPER_OTHER)
        return 0;
    if (evidence >= 0 && strlen(name) < JZ_REQUEST_DOCUMENT_BYTES) {
        const int r = jz_person_state_load(store, a->r.person, &state, err);
        if (r < 0)
            return r;
        const int count =
            jz_papers_asked(&state, (enum jz_evidence_kind)evidence, jz_store_today(store), papers);
        bool is_asked = false;
        for (int i = 0; i < count; i++)
            is_asked |= strcmp(jz_paper_name(papers[i].rule), name) == 0;
        jz_person_state_done(&state);
        if (is_asked)
            return 0;
    }
    return jz_error_set(err, JZ_E_USAGE,
                        "'%.40s' is no document known here; docs/policy.md has the names", name);
}

static int look_with(struct jz_sql *sql, struct adding *a, struct jz_error *err)
{
    const struct jz_request_file_new *n = a->new;
    int64_t count = 0;
    int r = request_load(sql, n->request, &a->r, err);
    if (r < 0)
        return r;
    if (r == 0 || (n->person && n->person != a->r.person))
        return jz_error_set(err, JZ_E_NOT_FOUND, "there is no request %lld", (long long)n->request);
    const int most = jz_request_kinds[a->r.kind].files;
    if (most == 0)
        return jz_error_set(err, JZ_E_USAGE, "a request of kind %s takes no files",
                            jz_request_words[a->r.kind].name);
    if (!jz_request_kinds[a->r.kind].next[a->r.state])
        return jz_error_set(err, JZ_E_CONFLICT, "request %lld is %s: it takes no more files",
                            (long long)n->request, jz_request_state_words[a->r.state].name);
    const struct jz_sql_value value = jz_int(n->request);
    if ((r = request_latest(sql, a->r.person, &a->latest, err)) < 0 ||
        (r = jz_sql_number(sql, "SELECT count(*) FROM file WHERE request = $1", &value, 1, &count,
                           err)) < 0)
        return r;
    return count < most ? 0
                        : jz_error_set(err, JZ_E_LIMIT,
                                       "request %lld has %lld files already, and no more are taken",
                                       (long long)n->request, (long long)count);
}

static int look(struct jz_store *store, struct adding *a, struct jz_error *err)
{
    struct jz_sql *sql = NULL;
    int r = jz_store_reader(store, &sql, err);
    if (r < 0)
        return r;
    if ((r = jz_sql_begin_read(sql, err)) == 0) {
        r = look_with(sql, a, err);
        jz_sql_rollback(sql);
    }
    jz_store_return(store, sql);
    return r;
}

/* Under a key that may be another one in the next round. */
static int seal(struct jz_store *store, struct adding *a, struct jz_error *err)
{
    const struct jz_request_file_new *n = a->new;
    struct jz_own_key_context text;
    if (!a->sealed && !(a->sealed = malloc(n->size + JZ_SEAL_MAX_OVERHEAD)))
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const int r = jz_own_key_take(store, a->r.person, &a->key, err);
    return r < 0 ? r
                 : jz_subject_seal(jz_store_keyring(store), jz_own_key_context(a->r.person, &text),
                                   a->key.wrapped, a->key.size, n->data, n->size, a->sealed,
                                   &a->sealed_size, err);
}

static int decide(void *context, const struct jz_person_state *state, struct jz_entry *entry,
                  struct jz_error *err)
{
    struct adding *a = context;
    const int r = jz_own_key_keep(&a->key, state, entry, err);
    a->is_stale = r == JZ_E_CONFLICT || state->request != a->latest;
    if (a->is_stale)
        return jz_error_set(err, JZ_E_CONFLICT, "another file came meanwhile: send it once more");
    const struct jz_sql_value values[JZ_MAX_COLUMNS] = {
        [FILE_PERSON] = jz_int(a->r.person),
        [FILE_REQUEST] = jz_int(a->r.id),
        [FILE_DOCUMENT] = jz_text(a->new->document),
        [FILE_MEDIA] = jz_text(a->media),
        [FILE_SIZE] = jz_int((int64_t)a->new->size),
        [FILE_DIGEST] = jz_blob(a->digest, sizeof a->digest),
        [FILE_SEALED] = jz_blob(a->sealed, a->sealed_size),
        [FILE_BY] = jz_text(a->new->by),
    };
    a->id = jz_entry_add(entry, JZ_T_FILE, values);
    a->added_at = jz_entry_now(entry);
    return 0;
}

static int add(struct jz_store *store, struct adding *a, struct jz_error *err)
{
    bool again = true;
    int r = 0;
    for (int i = 0; i < REQUEST_ROUNDS && again; i++) {
        if ((r = look(store, a, err)) < 0 || (i == 0 && (r = check_document(store, a, err)) < 0) ||
            (r = seal(store, a, err)) < 0)
            return r;
        struct jz_act act = { .person = a->r.person, .decide = decide, .context = a };
        r = jz_store_act(store, &act, err);
        again = r < 0 && a->is_stale;
    }
    return r;
}

int jz_request_file_add(struct jz_store *store, const struct jz_request_file_new *new,
                        struct jz_request_file *ret_file, struct jz_error *err)
{
    JZ_CLEANUP(adding_done) struct adding a = { .new = new };
    int r;
    if ((r = check_content(store, &a, err)) < 0 || (r = add(store, &a, err)) < 0)
        return r;
    struct jz_request_file file = {
        .id = a.id,
        .request = a.r.id,
        .person = a.r.person,
        .added_at = a.added_at,
        .size = new->size,
    };
    snprintf(file.document, sizeof file.document, "%s", new->document);
    snprintf(file.media, sizeof file.media, "%s", a.media);
    snprintf(file.by, sizeof file.by, "%s", new->by ? new->by : "");
    memcpy(file.digest, a.digest, sizeof file.digest);
    *ret_file = file;
    return 0;
}
