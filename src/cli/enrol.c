#include "cli/desk.h"
#include "cli/tools.h"

#include "face/enrol.h"
#include "identity/reference.h"
#include "ledger/enrol.h"

static int run(int argc, char **argv);

const struct command enrol_command = {
    "enrol", run, "PERSON PHOTO… --by OPERATOR [--json]",
    "take a person's face on record from photographs, seen by staff; tells who else has that face"
};

struct enrol_options {
    struct desk_options where;
    struct face_options face;
    const char *by;
    bool json, skip_search;
};

static int take_photos(struct face_tools *t, char *const *paths, int count,
                       struct jz_enrolment *taken, struct jz_error *err)
{
    return jz_enrol_files(t->worker, t->decoder, t->matcher, (const char *const *)paths, count,
                          taken, err);
}

/* What is wrong with the photographs; nothing was written. */
static void show_refused(const struct enrol_options *o, const struct jz_enrolment *taken,
                         char *const *paths)
{
    if (o->json) {
        json_t *photos = json_array();
        for (int i = 0; i < taken->count; i++)
            json_array_append_new(photos, json_reasons(taken->findings[i].seen.reasons));
        print_json(json_pack("{s:b,s:b,s:b,s:o}", "enrolled", 0, "usable", taken->usable,
                             "one_person", taken->one_person, "photos", photos));
        return;
    }
    puts("not enrolled: take the photographs again");
    for (int i = 0; i < taken->count; i++)
        for (unsigned bit = 1; bit && bit <= taken->findings[i].seen.reasons; bit <<= 1)
            if (taken->findings[i].seen.reasons & bit)
                printf("  %s: %s\n", paths[i], jz_quality_advice((enum jz_quality_reason)bit));
    if (!taken->one_person)
        printf(
            "  the photographs do not all show one person (lowest similarity %.3f, wanted %.3f)\n",
            taken->least_similarity, taken->threshold);
}

static void show_enrolled(const struct enrol_options *o, int64_t person,
                          const struct jz_enrolment *taken, const struct jz_enrol_result *result)
{
    char reference[JZ_REFERENCE_TEXT_BYTES];
    jz_reference_format(person, reference);
    if (o->json) {
        json_t *alike = json_array();
        for (int i = 0; i < result->alike_count; i++) {
            char other[JZ_REFERENCE_TEXT_BYTES];
            json_array_append_new(alike,
                                  json_pack("{s:s,s:o}", "person",
                                            jz_reference_format(result->alike[i].person, other),
                                            "score", json_number(result->alike[i].score)));
        }
        print_json(json_pack("{s:b,s:s,s:I,s:i,s:o,s:I}", "enrolled", 1, "person", reference,
                             "enrolment", (json_int_t)result->enrolment, "photos", taken->count,
                             "alike", alike, "case", (json_int_t)result->opened_case));
        return;
    }
    printf("%s: enrolled with %d photograph%s\n", reference, taken->count,
           taken->count == 1 ? "" : "s");
    for (int i = 0; i < result->alike_count; i++)
        printf("  the same face is enrolled as %s (similarity %.3f)\n",
               jz_reference_format(result->alike[i].person, reference), result->alike[i].score);
    if (result->opened_case)
        printf("  case %lld opened: somebody has to look whether one person has two identities\n",
               (long long)result->opened_case);
}

static int enrol(struct desk *desk, struct face_tools *t, const struct enrol_options *o,
                 int64_t person, char *const *paths, int count, struct jz_error *err)
{
    struct jz_enrolment taken;
    struct jz_template_kind kind;
    JZ_CLEANUP(jz_gallery_freep) struct jz_gallery *gallery = NULL;
    const struct jz_operating_point *point = jz_matcher_point(t->matcher, JZ_ENROL_ALIKE_FMR);
    if (!point)
        return jz_error_set(err, JZ_E_USAGE, "matcher %s was not measured at %g", t->matcher->name,
                            JZ_ENROL_ALIKE_FMR);
    int r = take_photos(t, paths, count, &taken, err);
    if (r < 0)
        return r;
    if (!taken.usable || !taken.one_person) {
        show_refused(o, &taken, paths);
        return EXIT_REJECTED;
    }
    const struct jz_enrol_request request = { person, &taken.templates, o->by };
    struct jz_enrol_result result;
    if (!o->skip_search)
        r = jz_template_kind_of_matcher(t->engine, t->matcher, &kind, err);
    if (r == 0 && !o->skip_search)
        r = jz_enrol_gallery(desk->store, &kind, &gallery, err);
    if (r == 0)
        r = jz_enrol_submit(desk->store, &request, gallery, point->threshold, &result, err);
    jz_wipe(&taken.templates, sizeof taken.templates);
    if (r == 0)
        show_enrolled(o, person, &taken, &result);
    return r;
}

static int run(int argc, char **argv)
{
    struct enrol_options o = { 0 };
    const struct arg args[] = {
        { "by", ARG_TEXT, &o.by, "OPERATOR: who saw the person" },
        MODELS_ARG(&o.face),
        MATCHER_ARG(&o.face),
        { "no-search", ARG_FLAG, &o.skip_search, "do not look for the face in the register" },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        DESK_ARGS(&o.where),
    };
    int first;
    int r = parse_args(&enrol_command, args, sizeof args / sizeof args[0], argc, argv, 2,
                       1 + JZ_TEMPLATES_MAX, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!o.by) {
        fputs("jianzai: enrol: --by is missing: a face is taken by staff who saw the person\n",
              stderr);
        return EXIT_USAGE;
    }
    struct desk desk;
    if (desk_open(&o.where, false, &desk) != 0)
        return EXIT_USAGE;
    struct face_tools t;
    struct jz_error err;
    int64_t person;
    if ((r = desk_person(&desk, argv[first], &person)) == 0 &&
        (r = desk_operator(&desk, o.by)) == 0 && (r = face_tools_open(&o.face, &t)) == 0) {
        r = enrol(&desk, &t, &o, person, argv + first + 1, argc - first - 1, &err);
        if (r < 0) {
            complain(NULL, &err);
            r = EXIT_USAGE;
        }
        face_tools_close(&t);
    }
    desk_close(&desk);
    return r;
}
