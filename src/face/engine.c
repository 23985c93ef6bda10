#include "face/engine_internal.h"

#include "base/file.h"

#include <string.h>

/* Input sizes of the detector: multiples of 32 that fit a 4:3 picture lying and standing. */
static const struct {
    int width, height;
} detector_sizes[DETECT_SHAPES] = {
    [DETECT_WIDE] = { 320, 256 },
    [DETECT_TALL] = { 256, 320 },
    [DETECT_LARGE] = { 640, 640 },
};

static int load(const struct jz_model_entry *entry, const char *dir, enum jz_nn_precision precision,
                const int (*sizes)[2], int count, struct network *ret, struct jz_error *err)
{
    enum jz_model_state state;
    char hex[65];
    jz_autofree uint8_t *data = NULL;
    size_t size = 0;
    int r = jz_model_check(entry, dir, &state, hex, &data, &size, err);
    if (r < 0)
        return r;
    if (state == JZ_MODEL_MISSING)
        return jz_error_set(err, JZ_E_NOT_FOUND, "%s/%s is missing (%s); type: tools/get-models",
                            dir, entry->file, jz_model_role_name(entry->role));
    if (state == JZ_MODEL_WRONG)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "%s/%s has SHA-256 %s, the manifest wants %s; type: tools/get-models",
                            dir, entry->file, *hex ? hex : "(file too large)", entry->sha256[0]);
    for (int i = 0; i < count; i++) {
        const struct jz_nn_options options = { .precision = precision,
                                               .width = sizes[i][0],
                                               .height = sizes[i][1] };
        ret[i].entry = entry;
        r = jz_nn_model_load(data, size, &options, &ret[i].model, err);
        if (r < 0) {
            jz_error_prefix(err, "%s/%s", dir, entry->file);
            return r;
        }
    }
    return 0;
}

static int load_all(struct jz_engine *e, const char *dir, enum jz_nn_precision precision,
                    struct jz_error *err)
{
    for (unsigned i = 0; i < e->manifest->model_count; i++) {
        const struct jz_model_entry *entry = &e->manifest->models[i];
        const int own[1][2] = { { entry->input.width, entry->input.height } };
        int sizes[DETECT_SHAPES][2];
        for (int k = 0; k < DETECT_SHAPES; k++) {
            sizes[k][0] = detector_sizes[k].width;
            sizes[k][1] = detector_sizes[k].height;
        }
        int r = 0;
        switch (entry->role) {
        case JZ_ROLE_DETECTOR:
            r = load(entry, dir, precision, (const int(*)[2])sizes, DETECT_SHAPES, e->detector,
                     err);
            break;
        case JZ_ROLE_MESH:
            r = load(entry, dir, precision, own, 1, &e->mesh, err);
            break;
        case JZ_ROLE_EMBEDDING:
            if (e->embedder_count < MAX_NETWORKS)
                r = load(entry, dir, precision, own, 1, &e->embedders[e->embedder_count++], err);
            break;
        case JZ_ROLE_SPOOF:
            if (e->spoofer_count < MAX_NETWORKS)
                r = load(entry, dir, precision, own, 1, &e->spoofers[e->spoofer_count++], err);
            break;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* What the code indexes without looking must be there, whatever file was named in the manifest. */
static int check_outputs(const struct jz_engine *e, struct jz_error *err)
{
    if (!e->detector[0].model || !e->mesh.model || !e->embedder_count || !e->spoofer_count)
        return jz_error_set(err, JZ_E_FORMAT,
                            "the manifest lacks a detector, mesh, embedding or "
                            "spoof model");
    const struct jz_nn_model *mesh = e->mesh.model;
    bool ok = jz_nn_model_outputs(mesh) >= 2 &&
              jz_nn_shape_count(jz_nn_model_output_shape(mesh, 0)) == 3 * JZ_MESH_POINTS &&
              e->mesh.entry->input.width == e->mesh.entry->input.height;
    for (int i = 0; i < e->embedder_count; i++)
        ok &= jz_nn_shape_count(jz_nn_model_output_shape(e->embedders[i].model, 0)) <=
              JZ_MAX_EMBEDDING;
    for (int i = 0; i < e->spoofer_count; i++)
        ok &= jz_nn_shape_count(jz_nn_model_output_shape(e->spoofers[i].model, 0)) == 3 &&
              e->spoofers[i].entry->input.width == e->spoofers[i].entry->input.height &&
              e->spoofers[i].entry->crop > 0;
    return ok ? 0 : jz_error_set(err, JZ_E_FORMAT, "a model has not the outputs its role wants");
}

int jz_engine_open(const char *models_dir, enum jz_nn_precision precision,
                   struct jz_engine **ret_engine, struct jz_error *err)
{
    jz_autofree char *path = jz_path_join(models_dir, "manifest.yaml");
    JZ_CLEANUP(jz_engine_closep) struct jz_engine *e = calloc(1, sizeof *e);
    if (!path || !e)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int r;
    if ((r = jz_manifest_load(path, &e->manifest, err)) < 0 ||
        (r = load_all(e, models_dir, precision, err)) < 0 || (r = check_outputs(e, err)) < 0)
        return r;
    *ret_engine = JZ_TAKE(e);
    return 0;
}

void jz_engine_close(struct jz_engine *e)
{
    if (!e)
        return;
    for (int i = 0; i < DETECT_SHAPES; i++)
        jz_nn_model_free(e->detector[i].model);
    jz_nn_model_free(e->mesh.model);
    for (int i = 0; i < MAX_NETWORKS; i++) {
        jz_nn_model_free(e->embedders[i].model);
        jz_nn_model_free(e->spoofers[i].model);
    }
    jz_manifest_free(e->manifest);
    free(e);
}

const struct jz_manifest *jz_engine_manifest(const struct jz_engine *engine)
{
    return engine->manifest;
}

enum jz_nn_precision jz_engine_precision(const struct jz_engine *engine)
{
    return jz_nn_model_precision(engine->mesh.model);
}

const struct jz_nn_model *jz_engine_network(const struct jz_engine *e, int i, const char **ret_name)
{
    static const char *const detector_names[DETECT_SHAPES] = { "yunet-320x256", "yunet-256x320",
                                                               "yunet-640x640" };
    if (i < DETECT_SHAPES) {
        *ret_name = detector_names[i];
        return e->detector[i].model;
    }
    i -= DETECT_SHAPES;
    const struct network *n = i == 0                   ? &e->mesh
                              : i <= e->embedder_count ? &e->embedders[i - 1]
                              : i - e->embedder_count <= e->spoofer_count
                                  ? &e->spoofers[i - e->embedder_count - 1]
                                  : NULL;
    if (n)
        *ret_name = n->entry->name;
    return n ? n->model : NULL;
}

int jz_worker_new(const struct jz_engine *engine, struct jz_worker **ret_worker,
                  struct jz_error *err)
{
    JZ_CLEANUP(jz_worker_freep) struct jz_worker *w = calloc(1, sizeof *w);
    if (!w)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    w->engine = engine;
    int r = 0;
    for (int i = 0; r == 0 && i < DETECT_SHAPES; i++)
        r = jz_nn_context_new(engine->detector[i].model, &w->detector[i], err);
    if (r == 0)
        r = jz_nn_context_new(engine->mesh.model, &w->mesh, err);
    for (int i = 0; r == 0 && i < engine->embedder_count; i++)
        r = jz_nn_context_new(engine->embedders[i].model, &w->embedders[i], err);
    for (int i = 0; r == 0 && i < engine->spoofer_count; i++)
        r = jz_nn_context_new(engine->spoofers[i].model, &w->spoofers[i], err);
    if (r < 0)
        return r;
    *ret_worker = JZ_TAKE(w);
    return 0;
}

void jz_worker_free(struct jz_worker *w)
{
    if (!w)
        return;
    for (int i = 0; i < DETECT_SHAPES; i++)
        jz_nn_context_free(w->detector[i]);
    jz_nn_context_free(w->mesh);
    for (int i = 0; i < MAX_NETWORKS; i++) {
        jz_nn_context_free(w->embedders[i]);
        jz_nn_context_free(w->spoofers[i]);
    }
    jz_image_done(&w->scratch);
    free(w);
}

int jz_observe(struct jz_worker *w, const struct jz_image *image,
               struct jz_observation *ret_observation, struct jz_error *err)
{
    enum { MOST_TRIED = 3 };
    struct jz_face faces[JZ_MAX_FACES];
    struct jz_observation o;
    memset(&o, 0, sizeof o);
    int r = jz_detect(w, image, faces, &o.face_count, err);
    if (r < 0)
        return r;
    /* What the mesh does not take for a face is passed over for the next best. */
    const float least = w->engine->manifest->detector.presence;
    int best = 0;
    while (best < o.face_count && best < MOST_TRIED) {
        if ((r = jz_landmarks(w, image, &faces[best], &o.landmarks, err)) < 0)
            return r;
        if (o.landmarks.presence >= least)
            break;
        best++;
    }
    if (best == o.face_count || best == MOST_TRIED)
        o.face_count = 0;
    else
        o.face = faces[best];
    if ((r = jz_quality_judge(w, image, faces, best, &o, err)) < 0)
        return r;
    *ret_observation = o;
    return 0;
}
