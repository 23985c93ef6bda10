#include "face/manifest.h"

#include "base/file.h"
#include "crypto/hash.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <string.h>

static const cyaml_strval_t roles[] = {
    { "detector", JZ_ROLE_DETECTOR },
    { "mesh", JZ_ROLE_MESH },
    { "embedding", JZ_ROLE_EMBEDDING },
    { "spoof", JZ_ROLE_SPOOF },
};

static const cyaml_strval_t channel_orders[] = {
    { "rgb", JZ_CHANNELS_RGB },
    { "bgr", JZ_CHANNELS_BGR },
};

#define FLOAT(type, key) CYAML_FIELD_FLOAT(#key, CYAML_FLAG_DEFAULT, struct type, key)
#define STRING(type, key)                                                                          \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, struct type, key, 1, 2048)

static const cyaml_schema_value_t string_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1,
                                                                      128) };

static const cyaml_schema_field_t input_fields[] = {
    CYAML_FIELD_INT("width", CYAML_FLAG_DEFAULT, struct jz_model_input, width),
    CYAML_FIELD_INT("height", CYAML_FLAG_DEFAULT, struct jz_model_input, height),
    CYAML_FIELD_ENUM("channels", CYAML_FLAG_DEFAULT, struct jz_model_input, channels,
                     channel_orders, CYAML_ARRAY_LEN(channel_orders)),
    FLOAT(jz_model_input, mean),
    FLOAT(jz_model_input, scale),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t model_fields[] = {
    STRING(jz_model_entry, name),
    STRING(jz_model_entry, version),
    CYAML_FIELD_ENUM("role", CYAML_FLAG_DEFAULT, struct jz_model_entry, role, roles,
                     CYAML_ARRAY_LEN(roles)),
    STRING(jz_model_entry, file),
    STRING(jz_model_entry, licence),
    STRING(jz_model_entry, origin),
    CYAML_FIELD_UINT("bytes", CYAML_FLAG_DEFAULT, struct jz_model_entry, bytes),
    CYAML_FIELD_UINT("converted_bytes", CYAML_FLAG_OPTIONAL, struct jz_model_entry,
                     converted_bytes),
    CYAML_FIELD_SEQUENCE_COUNT("sha256", CYAML_FLAG_POINTER, struct jz_model_entry, sha256,
                               sha256_count, &string_value, 1, 4),
    CYAML_FIELD_MAPPING("input", CYAML_FLAG_DEFAULT, struct jz_model_entry, input, input_fields),
    CYAML_FIELD_FLOAT("crop", CYAML_FLAG_OPTIONAL, struct jz_model_entry, crop),
    CYAML_FIELD_IGNORE("upstream", CYAML_FLAG_OPTIONAL), /* for tools/get-models */
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t model_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct jz_model_entry, model_fields) };

static const cyaml_schema_field_t point_fields[] = {
    FLOAT(jz_operating_point, fmr),
    FLOAT(jz_operating_point, threshold),
    CYAML_FIELD_UINT("impostor_pairs", CYAML_FLAG_DEFAULT, struct jz_operating_point,
                     impostor_pairs),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t point_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct jz_operating_point, point_fields) };

static const cyaml_schema_field_t matcher_fields[] = {
    STRING(jz_matcher, name),
    CYAML_FIELD_SEQUENCE_COUNT("models", CYAML_FLAG_POINTER, struct jz_matcher, models, model_count,
                               &string_value, 1, JZ_MANIFEST_MAX_FUSED),
    CYAML_FIELD_SEQUENCE_COUNT("points", CYAML_FLAG_POINTER, struct jz_matcher, points, point_count,
                               &point_value, 1, 16),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t matcher_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct jz_matcher, matcher_fields) };

static const cyaml_schema_field_t detector_fields[] = {
    FLOAT(jz_detector_thresholds, score),
    FLOAT(jz_detector_thresholds, overlap),
    FLOAT(jz_detector_thresholds, presence),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t quality_fields[] = {
    FLOAT(jz_quality_thresholds, min_eye_distance_px),
    FLOAT(jz_quality_thresholds, edge_fraction),
    FLOAT(jz_quality_thresholds, several_ratio),
    FLOAT(jz_quality_thresholds, min_brightness),
    FLOAT(jz_quality_thresholds, max_brightness),
    FLOAT(jz_quality_thresholds, min_sharpness),
    FLOAT(jz_quality_thresholds, min_score),
    FLOAT(jz_quality_thresholds, cover_tone),
    FLOAT(jz_quality_thresholds, cover_lips),
    FLOAT(jz_quality_thresholds, cover_eyes),
    FLOAT(jz_quality_thresholds, cover_sides),
    FLOAT(jz_quality_thresholds, max_yaw_deg),
    FLOAT(jz_quality_thresholds, max_pitch_deg),
    FLOAT(jz_quality_thresholds, max_roll_deg),
    FLOAT(jz_quality_thresholds, min_eye),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t spoof_fields[] = {
    FLOAT(jz_spoof_thresholds, box),   FLOAT(jz_spoof_thresholds, attack),
    FLOAT(jz_spoof_thresholds, live),  FLOAT(jz_spoof_thresholds, min_face_px),
    FLOAT(jz_spoof_thresholds, bpcer), CYAML_FIELD_END,
};

static const cyaml_schema_field_t liveness_fields[] = {
    FLOAT(jz_liveness_thresholds, eye_shut),      FLOAT(jz_liveness_thresholds, eye_open),
    FLOAT(jz_liveness_thresholds, frontal_deg),   FLOAT(jz_liveness_thresholds, blink_max_ms),
    FLOAT(jz_liveness_thresholds, mouth_open),    FLOAT(jz_liveness_thresholds, turn_deg),
    FLOAT(jz_liveness_thresholds, nod_deg),       FLOAT(jz_liveness_thresholds, neutral_deg),
    FLOAT(jz_liveness_thresholds, turn_flatness), FLOAT(jz_liveness_thresholds, nod_flatness),
    FLOAT(jz_liveness_thresholds, same_person),   CYAML_FIELD_END,
};

static const cyaml_schema_field_t manifest_fields[] = {
    CYAML_FIELD_UINT("version", CYAML_FLAG_DEFAULT, struct jz_manifest, version),
    CYAML_FIELD_SEQUENCE_COUNT("models", CYAML_FLAG_POINTER, struct jz_manifest, models,
                               model_count, &model_value, 1, 32),
    STRING(jz_manifest, default_matcher),
    CYAML_FIELD_SEQUENCE_COUNT("matchers", CYAML_FLAG_POINTER, struct jz_manifest, matchers,
                               matcher_count, &matcher_value, 1, 16),
    CYAML_FIELD_MAPPING("detector", CYAML_FLAG_DEFAULT, struct jz_manifest, detector,
                        detector_fields),
    CYAML_FIELD_MAPPING("quality", CYAML_FLAG_DEFAULT, struct jz_manifest, quality, quality_fields),
    CYAML_FIELD_MAPPING("spoof", CYAML_FLAG_DEFAULT, struct jz_manifest, spoof, spoof_fields),
    CYAML_FIELD_MAPPING("liveness", CYAML_FLAG_DEFAULT, struct jz_manifest, liveness,
                        liveness_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t manifest_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct jz_manifest, manifest_fields) };

/* libcyaml says what is wrong and where in several log lines: they become one sentence. */
struct complaint {
    char text[JZ_ERROR_TEXT_BYTES];
    size_t used;
};

__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *context,
                                                          const char *format, va_list args)
{
    struct complaint *c = context;
    if (level < CYAML_LOG_ERROR || c->used + 2 >= sizeof c->text)
        return;
    int n = vsnprintf(c->text + c->used, sizeof c->text - c->used, format, args);
    if (n > 0)
        c->used += (size_t)n < sizeof c->text - c->used ? (size_t)n : sizeof c->text - c->used - 1;
    while (c->used > 0 && c->text[c->used - 1] == '\n')
        c->text[--c->used] = 0;
    if (c->used + 2 < sizeof c->text) {
        memcpy(c->text + c->used, "; ", 3);
        c->used += 2;
    }
}

static int check_references(const struct jz_manifest *m, const char *path, struct jz_error *err)
{
    for (unsigned i = 0; i < m->matcher_count; i++)
        for (unsigned k = 0; k < m->matchers[i].model_count; k++)
            if (!jz_manifest_model(m, m->matchers[i].models[k]))
                return jz_error_set(err, JZ_E_FORMAT,
                                    "%s: matcher '%s' names a model '%s' that is "
                                    "not listed",
                                    path, m->matchers[i].name, m->matchers[i].models[k]);
    if (!jz_manifest_matcher(m, NULL))
        return jz_error_set(err, JZ_E_FORMAT, "%s: default_matcher '%s' is not listed", path,
                            m->default_matcher);
    for (unsigned i = 0; i < m->model_count; i++) {
        const struct jz_model_entry *e = &m->models[i];
        if (strlen(e->name) >= JZ_MANIFEST_NAME_BYTES ||
            strlen(e->version) >= JZ_MANIFEST_NAME_BYTES || strchr(e->file, '/') ||
            e->input.width < 16 || e->input.width > 1024 || e->input.height < 16 ||
            e->input.height > 1024)
            return jz_error_set(err, JZ_E_FORMAT,
                                "%s: model '%.40s': name, version, file or input "
                                "out of range",
                                path, e->name);
    }
    return 0;
}

int jz_manifest_load(const char *path, struct jz_manifest **ret_manifest, struct jz_error *err)
{
    jz_autofree uint8_t *text = NULL;
    size_t size;
    int r = jz_file_read(path, JZ_MANIFEST_MAX_BYTES, &text, &size, err);
    if (r < 0)
        return r;
    struct complaint complaint = { .used = 0 };
    const cyaml_config_t config = {
        .log_fn = collect,
        .log_ctx = &complaint,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
    };
    JZ_CLEANUP(jz_manifest_freep) struct jz_manifest *m = NULL;
    cyaml_err_t e =
        cyaml_load_data(text, size, &config, &manifest_schema, (cyaml_data_t **)&m, NULL);
    if (e != CYAML_OK)
        return jz_error_set(err, e == CYAML_ERR_OOM ? JZ_E_MEMORY : JZ_E_FORMAT, "%s: %.400s", path,
                            complaint.used ? complaint.text : cyaml_strerror(e));
    /* libcyaml finds nothing wrong with a file in which nothing stands. */
    if (!m)
        return jz_error_set(err, JZ_E_FORMAT, "%s: is empty", path);
    if ((r = check_references(m, path, err)) < 0)
        return r;
    *ret_manifest = JZ_TAKE(m);
    return 0;
}

void jz_manifest_free(struct jz_manifest *m)
{
    static const cyaml_config_t config = { .mem_fn = cyaml_mem };
    if (m)
        cyaml_free(&config, &manifest_schema, m, 0);
}

const struct jz_model_entry *jz_manifest_model(const struct jz_manifest *m, const char *name)
{
    for (unsigned i = 0; i < m->model_count; i++)
        if (strcmp(m->models[i].name, name) == 0)
            return &m->models[i];
    return NULL;
}

const struct jz_matcher *jz_manifest_matcher(const struct jz_manifest *m, const char *name)
{
    for (unsigned i = 0; i < m->matcher_count; i++)
        if (strcmp(m->matchers[i].name, name ? name : m->default_matcher) == 0)
            return &m->matchers[i];
    return NULL;
}

const struct jz_operating_point *jz_matcher_point(const struct jz_matcher *matcher, double fmr)
{
    for (unsigned i = 0; i < matcher->point_count; i++)
        if (matcher->points[i].fmr <= fmr * 1.0001)
            return &matcher->points[i];
    return NULL;
}

int jz_model_check(const struct jz_model_entry *entry, const char *dir,
                   enum jz_model_state *ret_state, char *ret_hex, uint8_t **ret_data,
                   size_t *ret_size, struct jz_error *err)
{
    jz_autofree char *path = jz_path_join(dir, entry->file);
    jz_autofree uint8_t *data = NULL;
    size_t size;
    if (!path)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const size_t most =
        entry->bytes > entry->converted_bytes ? entry->bytes : entry->converted_bytes;
    int r = jz_file_read(path, most + 65536, &data, &size, err);
    *ret_hex = 0;
    if (r == JZ_E_NOT_FOUND) {
        *ret_state = JZ_MODEL_MISSING;
        return 0;
    }
    if (r == JZ_E_LIMIT) {
        *ret_state = JZ_MODEL_WRONG;
        return 0;
    }
    if (r < 0 || (r = jz_sha256_hex(data, size, ret_hex, err)) < 0)
        return r;
    *ret_state = JZ_MODEL_WRONG;
    for (unsigned i = 0; i < entry->sha256_count; i++)
        if (strcmp(entry->sha256[i], ret_hex) == 0)
            *ret_state = JZ_MODEL_INTACT;
    if (*ret_state == JZ_MODEL_INTACT && ret_data) {
        *ret_data = JZ_TAKE(data);
        *ret_size = size;
    }
    return 0;
}

const char *jz_model_role_name(enum jz_model_role role)
{
    return roles[role].str;
}
