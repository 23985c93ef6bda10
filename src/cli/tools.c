/* What the face commands share: finding the models, opening the engine, printing. */
#include "cli/tools.h"

#include "base/file.h"

#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <string.h>

char *find_models_dir(const struct face_options *options)
{
    if (options->models)
        return strdup(options->models);
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = 0;
        static const char *const places[] = { "models", "../models", "../share/jianzai/models" };
        const char *dir = dirname(self);
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            jz_autofree char *manifest = NULL;
            if (asprintf(&manifest, "%s/%s/manifest.yaml", dir, places[i]) < 0)
                return NULL;
            if (access(manifest, R_OK) == 0) {
                char *found = jz_path_join(dir, places[i]);
                char *clean = found ? realpath(found, NULL) : NULL;
                free(found);
                return clean;
            }
        }
    }
    return strdup("models");
}

void complain(const char *subject, const struct jz_error *err)
{
    if (subject && strncmp(err->text, subject, strlen(subject)) != 0)
        fprintf(stderr, "jianzai: %s: %s\n", subject, err->text);
    else
        fprintf(stderr, "jianzai: %s\n", err->text);
}

static int find_precision(const char *name, enum jz_nn_precision *ret, struct jz_error *err)
{
    static const char *const names[] = {
        [JZ_NN_AUTO] = "auto",
        [JZ_NN_F32] = "fp32",
        [JZ_NN_BF16] = "bf16",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *ret = (enum jz_nn_precision)i;
            return 0;
        }
    return jz_error_set(err, JZ_E_USAGE, "--precision %s: there are auto, fp32 and bf16", name);
}

static int open_all(const struct face_options *options, struct face_tools *t, struct jz_error *err)
{
    enum jz_nn_precision precision = JZ_NN_AUTO;
    int r = options->precision ? find_precision(options->precision, &precision, err) : 0;
    if (r < 0)
        return r;
    jz_autofree char *dir = find_models_dir(options);
    if (!dir)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    if ((r = jz_engine_open(dir, precision, &t->engine, err)) < 0 ||
        (r = jz_worker_new(t->engine, &t->worker, err)) < 0 ||
        (r = jz_decoder_new(&t->decoder, err)) < 0)
        return r;
    const struct jz_manifest *m = jz_engine_manifest(t->engine);
    t->matcher = jz_manifest_matcher(m, options->matcher);
    if (!t->matcher)
        return jz_error_set(err, JZ_E_USAGE,
                            "--matcher %s: there is none of that name; type: "
                            "jianzai models",
                            options->matcher);
    return 0;
}

int face_tools_open(const struct face_options *options, struct face_tools *ret_tools)
{
    struct face_tools t = { .engine = NULL };
    struct jz_error err;
    if (open_all(options, &t, &err) < 0) {
        complain(NULL, &err);
        face_tools_close(&t);
        return EXIT_USAGE;
    }
    *ret_tools = t;
    return 0;
}

void face_tools_close(struct face_tools *t)
{
    jz_decoder_free(t->decoder);
    jz_worker_free(t->worker);
    jz_engine_close(t->engine);
}

int best_of_clip(struct face_tools *t, const char *path, double fps,
                 const struct jz_challenge *challenge, struct jz_image *image,
                 struct jz_observation *ret_observation, struct jz_verdict *ret_verdict,
                 struct jz_error *err)
{
    const struct jz_challenge none = { .count = 0 };
    JZ_CLEANUP(jz_clip_closep) struct jz_clip *clip = NULL;
    JZ_CLEANUP(jz_session_freep) struct jz_session *session = NULL;
    struct jz_verdict verdict;
    int64_t t_ms;
    int r;
    if ((r = jz_clip_open(t->decoder, path, fps, &clip, err)) < 0 ||
        (r = jz_session_new(t->engine, challenge ? challenge : &none, t->matcher, &session, err)) <
            0)
        return r;
    while ((r = jz_clip_next(clip, image, &t_ms, err)) == 1)
        if ((r = jz_session_feed(session, t->worker, image, t_ms, NULL, err)) < 0)
            break;
    if (r < 0)
        return r;
    jz_session_finish(session, &verdict);
    struct jz_observation seen = { .face_count = 0 };
    const struct jz_image *best = jz_session_best(session, &seen);
    if (best && (r = jz_image_copy(image, best, err)) < 0)
        return r;
    *ret_observation = seen;
    if (ret_verdict)
        *ret_verdict = verdict;
    return 0;
}

void print_json(json_t *object)
{
    jz_autofree char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));
    puts(text ? text : "{}");
    json_decref(object);
}

json_t *json_number(double value)
{
    return json_real(round(value * 1e6) / 1e6);
}

json_t *json_session_reasons(unsigned reasons)
{
    json_t *list = json_array();
    for (unsigned bit = 1; bit && bit <= reasons; bit <<= 1)
        if (reasons & bit)
            json_array_append_new(list,
                                  json_string(jz_session_reason_name((enum jz_session_reason)bit)));
    return list;
}

void print_session_advice(const char *indent, unsigned reasons)
{
    for (unsigned bit = 1; bit && bit <= reasons; bit <<= 1)
        if (reasons & bit)
            printf("%s%s\n", indent, jz_session_reason_advice((enum jz_session_reason)bit));
}

json_t *json_reasons(unsigned reasons)
{
    json_t *list = json_array();
    for (unsigned bit = 1; bit && bit <= reasons; bit <<= 1)
        if (reasons & bit)
            json_array_append_new(list, json_string(jz_quality_name((enum jz_quality_reason)bit)));
    return list;
}
