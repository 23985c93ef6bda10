#include "face/template.h"

#include <math.h>
#include <string.h>

enum { FORMAT_VERSION = 1, LARGEST = INT16_MAX };

static const uint8_t magic[4] = { 'J', 'Z', 'T', FORMAT_VERSION };

/* Header, names and values at their largest. */
_Static_assert(JZ_TEMPLATES_MAX_BYTES ==
                   6 + JZ_MANIFEST_MAX_FUSED * (2 * JZ_MANIFEST_NAME_BYTES + 2 +
                                                2 * JZ_TEMPLATES_MAX * JZ_MAX_EMBEDDING),
               "JZ_TEMPLATES_MAX_BYTES is not the largest blob");

static bool is_name(const char name[JZ_MANIFEST_NAME_BYTES])
{
    const size_t n = strnlen(name, JZ_MANIFEST_NAME_BYTES);
    if (n == 0 || n == JZ_MANIFEST_NAME_BYTES)
        return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] < 0x20 || name[i] > 0x7e)
            return false;
    return true;
}

int jz_template_kind_of(const struct jz_template *t, struct jz_template_kind *ret,
                        struct jz_error *err)
{
    if (t->count < 1 || t->count > JZ_MANIFEST_MAX_FUSED)
        return jz_error_set(err, JZ_E_USAGE, "a template of %d embeddings", t->count);
    struct jz_template_kind kind = { .count = t->count };
    for (int k = 0; k < t->count; k++) {
        const struct jz_embedding *e = &t->embeddings[k];
        if (!is_name(e->model) || !is_name(e->version) || e->dims < 1 || e->dims > JZ_MAX_EMBEDDING)
            return jz_error_set(err, JZ_E_USAGE,
                                "embedding %d of a template names no model, or is of %d dimensions",
                                k + 1, e->dims);
        struct jz_template_part *p = &kind.parts[k];
        snprintf(p->model, sizeof p->model, "%s", e->model);
        snprintf(p->version, sizeof p->version, "%s", e->version);
        p->dims = e->dims;
    }
    *ret = kind;
    return 0;
}

static const struct jz_nn_model *find_network(const struct jz_engine *engine, const char *wanted)
{
    const char *name;
    const struct jz_nn_model *model;
    for (int i = 0; (model = jz_engine_network(engine, i, &name)); i++)
        if (strcmp(name, wanted) == 0)
            return model;
    return NULL;
}

int jz_template_kind_of_matcher(const struct jz_engine *engine, const struct jz_matcher *matcher,
                                struct jz_template_kind *ret, struct jz_error *err)
{
    struct jz_template_kind kind = { .count = (int)matcher->model_count };
    for (int k = 0; k < kind.count; k++) {
        const char *name = matcher->models[k];
        const struct jz_model_entry *entry = jz_manifest_model(jz_engine_manifest(engine), name);
        const struct jz_nn_model *network = find_network(engine, name);
        if (!entry || !network || entry->role != JZ_ROLE_EMBEDDING)
            return jz_error_set(err, JZ_E_USAGE,
                                "matcher '%s' wants a model '%s' that is no embedding",
                                matcher->name, name);
        struct jz_template_part *p = &kind.parts[k];
        snprintf(p->model, sizeof p->model, "%s", entry->name);
        snprintf(p->version, sizeof p->version, "%s", entry->version);
        p->dims = (int)jz_nn_shape_count(jz_nn_model_output_shape(network, 0));
    }
    *ret = kind;
    return 0;
}

bool jz_template_kind_equal(const struct jz_template_kind *a, const struct jz_template_kind *b)
{
    if (a->count != b->count)
        return false;
    for (int k = 0; k < a->count; k++) {
        const struct jz_template_part *x = &a->parts[k], *y = &b->parts[k];
        if (strcmp(x->model, y->model) || strcmp(x->version, y->version) || x->dims != y->dims)
            return false;
    }
    return true;
}

int jz_template_check(const struct jz_template *t, const struct jz_template_kind *kind,
                      struct jz_error *err)
{
    struct jz_template_kind own;
    int r = jz_template_kind_of(t, &own, err);
    if (r < 0)
        return r;
    if (!jz_template_kind_equal(&own, kind))
        return jz_error_set(err, JZ_E_USAGE,
                            "a template of %s %s (%d models) among those of %s %s (%d models): "
                            "enrol again",
                            own.parts[0].model, own.parts[0].version, own.count,
                            kind->parts[0].model, kind->parts[0].version, kind->count);
    for (int k = 0; k < t->count; k++) {
        const struct jz_embedding *e = &t->embeddings[k];
        double norm = 0;
        for (int i = 0; i < e->dims; i++)
            norm += (double)e->values[i] * (double)e->values[i];
        if (!(norm > 0.999 && norm < 1.001))
            return jz_error_set(err, JZ_E_USAGE, "an embedding of %s is not of length one",
                                e->model);
    }
    return 0;
}

static uint8_t *put_name(uint8_t *at, const char *name)
{
    const size_t n = strlen(name);
    *at++ = (uint8_t)n;
    memcpy(at, name, n);
    return at + n;
}

static uint8_t *put_u16(uint8_t *at, unsigned value)
{
    *at++ = (uint8_t)value;
    *at++ = (uint8_t)(value >> 8);
    return at;
}

static uint8_t *put_values(uint8_t *at, const struct jz_embedding *e)
{
    double largest = 0;
    for (int i = 0; i < e->dims; i++)
        largest = fmax(largest, fabs((double)e->values[i]));
    for (int i = 0; i < e->dims; i++)
        at = put_u16(at, (unsigned)lround((double)e->values[i] / largest * LARGEST));
    return at;
}

int jz_templates_encode(const struct jz_template_list *list,
                        uint8_t ret_blob[JZ_TEMPLATES_MAX_BYTES], size_t *ret_size,
                        struct jz_error *err)
{
    struct jz_template_kind kind;
    if (list->count < 1 || list->count > JZ_TEMPLATES_MAX)
        return jz_error_set(err, list->count < 1 ? JZ_E_USAGE : JZ_E_LIMIT,
                            "%d photographs of a person: 1 to %d can be stored", list->count,
                            JZ_TEMPLATES_MAX);
    int r = jz_template_kind_of(&list->templates[0], &kind, err);
    for (int i = 0; r == 0 && i < list->count; i++)
        r = jz_template_check(&list->templates[i], &kind, err);
    if (r < 0)
        return r;
    uint8_t *at = ret_blob;
    memcpy(at, magic, sizeof magic);
    at += sizeof magic;
    *at++ = (uint8_t)list->count;
    *at++ = (uint8_t)kind.count;
    for (int k = 0; k < kind.count; k++) {
        at = put_name(at, kind.parts[k].model);
        at = put_name(at, kind.parts[k].version);
        at = put_u16(at, (unsigned)kind.parts[k].dims);
    }
    for (int i = 0; i < list->count; i++)
        for (int k = 0; k < kind.count; k++)
            at = put_values(at, &list->templates[i].embeddings[k]);
    *ret_size = (size_t)(at - ret_blob);
    return 0;
}

/* Foreign bytes, taken one by one; reading beyond the end gives zeros and is remembered. */
struct reader {
    const uint8_t *at, *end;
    bool ended;
};

static unsigned get_u8(struct reader *r)
{
    if (r->at == r->end) {
        r->ended = true;
        return 0;
    }
    return *r->at++;
}

static unsigned get_u16(struct reader *r)
{
    const unsigned low = get_u8(r);
    return low | get_u8(r) << 8;
}

static bool get_name(struct reader *r, char ret_name[JZ_MANIFEST_NAME_BYTES])
{
    const unsigned n = get_u8(r);
    if (n >= JZ_MANIFEST_NAME_BYTES)
        return false;
    for (unsigned i = 0; i < n; i++)
        ret_name[i] = (char)get_u8(r);
    ret_name[n] = 0;
    /* A NUL within would make it shorter than it said. */
    return strlen(ret_name) == n && is_name(ret_name);
}

static bool get_part(struct reader *r, struct jz_embedding *e)
{
    if (!get_name(r, e->model) || !get_name(r, e->version))
        return false;
    e->dims = (int)get_u16(r);
    return e->dims >= 1 && e->dims <= JZ_MAX_EMBEDDING;
}

static bool get_values(struct reader *r, struct jz_embedding *e)
{
    int numbers[JZ_MAX_EMBEDDING], largest = 0;
    double norm = 0;
    for (int i = 0; i < e->dims; i++) {
        const int v = (int16_t)get_u16(r);
        largest = abs(v) > largest ? abs(v) : largest;
        norm += (double)v * v;
        numbers[i] = v;
    }
    if (largest != LARGEST)
        return false;
    const double by = 1 / sqrt(norm);
    for (int i = 0; i < e->dims; i++)
        e->values[i] = (float)(numbers[i] * by);
    explicit_bzero(numbers, sizeof numbers);
    return true;
}

/* What is wrong with the bytes; NULL when nothing is. */
static const char *decode(struct reader *r, struct jz_template_list *list)
{
    for (size_t i = 0; i < sizeof magic; i++)
        if (get_u8(r) != magic[i])
            return "no template of a version known here";
    struct jz_template first = { .count = 0 };
    list->count = (int)get_u8(r);
    first.count = (int)get_u8(r);
    if (list->count < 1 || list->count > JZ_TEMPLATES_MAX)
        return "number of photographs out of range";
    if (first.count < 1 || first.count > JZ_MANIFEST_MAX_FUSED)
        return "number of embeddings out of range";
    for (int k = 0; k < first.count; k++)
        if (!get_part(r, &first.embeddings[k]))
            return "name, version or size of a model out of range";
    for (int i = 0; i < list->count; i++) {
        list->templates[i] = first;
        for (int k = 0; k < first.count; k++)
            if (!get_values(r, &list->templates[i].embeddings[k]))
                return "values cut short or not scaled";
    }
    if (r->ended)
        return "cut short";
    return r->at == r->end ? NULL : "more bytes than it says";
}

int jz_templates_decode(const void *blob, size_t size, struct jz_template_list *ret_list,
                        struct jz_error *err)
{
    struct reader reader = { blob, (const uint8_t *)blob + size, false };
    struct jz_template_list list = { .count = 0 };
    const char *wrong = decode(&reader, &list);
    if (!wrong)
        *ret_list = list;
    explicit_bzero(&list, sizeof list);
    return wrong ? jz_error_set(err, JZ_E_FORMAT, "a stored template is broken: %s", wrong) : 0;
}

int jz_templates_compare(const struct jz_template_list *list, const struct jz_template *probe,
                         double *ret_score, struct jz_error *err)
{
    double sum = 0;
    if (list->count < 1 || list->count > JZ_TEMPLATES_MAX)
        return jz_error_set(err, JZ_E_USAGE, "a list of %d photographs does not compare",
                            list->count);
    for (int i = 0; i < list->count; i++) {
        double score;
        int r = jz_template_compare(&list->templates[i], probe, &score, err);
        if (r < 0)
            return r;
        sum += score;
    }
    *ret_score = sum / list->count;
    return 0;
}
