#include "cli/tools.h"

#include "base/file.h"
#include "crypto/hash.h"

static int run(int argc, char **argv);

const struct command models_command = {
    "models",
    run,
    "[--json] [--models DIR]",
    "list the networks: whether each is there and intact, its licence, and the ways to compare",
};

static const char *const state_names[] = {
    [JZ_MODEL_INTACT] = "intact",
    [JZ_MODEL_MISSING] = "missing",
    [JZ_MODEL_WRONG] = "wrong",
};

static void show_matchers(const struct jz_manifest *m)
{
    puts("\nways to compare faces (FMR: how often a stranger passes):");
    for (unsigned i = 0; i < m->matcher_count; i++) {
        const struct jz_matcher *k = &m->matchers[i];
        printf("  %-14s%s", k->name, k == jz_manifest_matcher(m, NULL) ? "default; " : "");
        for (unsigned p = 0; p < k->point_count; p++)
            printf("%sFMR %.0e at %.3f (%u impostor pairs)", p ? ", " : "", k->points[p].fmr,
                   k->points[p].threshold, k->points[p].impostor_pairs);
        puts("");
    }
}

static int run(int argc, char **argv)
{
    struct face_options where = { 0 };
    bool json = false;
    const struct arg args[] = { MODELS_ARG(&where), { "json", ARG_FLAG, &json, "print JSON" } };
    int first;
    const int r =
        parse_args(&models_command, args, sizeof args / sizeof args[0], argc, argv, 0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    struct jz_error err;
    jz_autofree char *dir = find_models_dir(&where);
    jz_autofree char *path = dir ? jz_path_join(dir, "manifest.yaml") : NULL;
    JZ_CLEANUP(jz_manifest_freep) struct jz_manifest *m = NULL;
    if (!path || jz_manifest_load(path, &m, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    bool all_intact = true;
    if (!json)
        printf("models in %s:\n", dir);
    for (unsigned i = 0; i < m->model_count; i++) {
        const struct jz_model_entry *e = &m->models[i];
        enum jz_model_state state;
        char hex[JZ_SHA256_HEX_BYTES];
        if (jz_model_check(e, dir, &state, hex, NULL, NULL, &err) < 0) {
            complain(e->file, &err);
            state = JZ_MODEL_WRONG;
            *hex = 0;
        }
        all_intact &= state == JZ_MODEL_INTACT;
        if (json) {
            print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "name", e->name, "version",
                                 e->version, "role", jz_model_role_name(e->role), "file", e->file,
                                 "licence", e->licence, "state", state_names[state], "sha256",
                                 hex));
        } else {
            printf("  %-8s %-16s %-10s %-10s %s\n", state_names[state], e->name,
                   jz_model_role_name(e->role), e->licence, e->file);
            if (state == JZ_MODEL_WRONG)
                printf("           has SHA-256 %s\n           wants       %s\n",
                       *hex ? hex : "(not read)", e->sha256[0]);
        }
    }
    if (!json)
        show_matchers(m);
    if (!all_intact)
        fprintf(stderr, "jianzai: models are missing or wrong; type: tools/get-models\n");
    return all_intact ? EXIT_ACCEPTED : EXIT_REJECTED;
}
