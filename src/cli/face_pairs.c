/*
 * jianzai face pairs: error rates over listed pairs of photographs.
 *
 * Accuracy is measured leaving one fold out in turn: the threshold comes from the other folds
 * (LFW's rule). A pair with a picture in which no face is found scores -1: it can only be refused.
 */
#include "cli/tools.h"

#include "base/file.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    MAX_LIST_BYTES = 64 << 20,
    MAX_PAIRS = 1000000,
    MAX_IMAGES = 50000,
    BINS = 200001, /* scores from -1 to 1 in steps of 1e-5 */
    MAX_AT = 16,
    MAX_THREADS = 64,
};

static int run(int argc, char **argv);

const struct command face_pairs_command = {
    "pairs", run,
    "--root DIR [--fold-lines N] [--all-pairs] [--matcher NAME] [--thresholds T,T…] [--json] "
    "PAIRS.tsv",
    "accuracy and error rates over a list of pairs: IMAGE<tab>IMAGE<tab>1 (same) or 0"
};

struct pairs_options {
    struct face_options face;
    const char *root, *thresholds;
    int64_t fold_lines, threads;
    bool all_pairs, json;
};

struct pair {
    int a, b;
    bool same;
    double score;
};

struct photo {
    char *name; /* into the list's text */
    struct jz_template template;
    bool has_face, failed;
};

struct set {
    uint8_t *text;
    struct pair *pairs;
    int pair_count;
    struct photo *photos;
    int photo_count;
};

/* How often each score occurred, genuine and impostor: room for any number of pairs. */
struct histogram {
    uint64_t genuine[BINS], impostor[BINS];
    uint64_t genuine_total, impostor_total;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct photo *)a)->name, ((const struct photo *)b)->name);
}

static int find(const struct set *s, char *name)
{
    const struct photo key = { .name = name };
    const struct photo *p =
        bsearch(&key, s->photos, (size_t)s->photo_count, sizeof *s->photos, by_name);
    return (int)(p - s->photos);
}

/* Cuts the text into lines and fields, in place. */
static int parse(struct set *s, size_t size, const char *path, struct jz_error *err)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += s->text[i] == '\n';
    if (lines > MAX_PAIRS)
        return jz_error_set(err, JZ_E_LIMIT, "%s: more than %d lines", path, MAX_PAIRS);
    s->pairs = calloc(lines, sizeof *s->pairs);
    s->photos = calloc(2 * lines, sizeof *s->photos);
    jz_autofree char **names = calloc(2 * lines, sizeof *names);
    if (!s->pairs || !s->photos || !names)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    int number = 0;
    for (char *line = (char *)s->text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        number++;
        if (!*line)
            continue;
        char *b = strchr(line, '\t');
        char *same = b ? strchr(b + 1, '\t') : NULL;
        if (!same || (strcmp(same + 1, "1") && strcmp(same + 1, "0")))
            return jz_error_set(err, JZ_E_FORMAT, "%s:%d: a line is IMAGE<tab>IMAGE<tab>1 or 0",
                                path, number);
        *b++ = 0;
        *same++ = 0;
        names[2 * s->pair_count] = line;
        names[2 * s->pair_count + 1] = b;
        s->pairs[s->pair_count++].same = *same == '1';
    }
    if (s->pair_count == 0)
        return jz_error_set(err, JZ_E_FORMAT, "%s: no pairs", path);
    for (int i = 0; i < 2 * s->pair_count; i++)
        s->photos[i].name = names[i];
    qsort(s->photos, 2 * (size_t)s->pair_count, sizeof *s->photos, by_name);
    for (int i = 0; i < 2 * s->pair_count; i++)
        if (i == 0 || strcmp(s->photos[i].name, s->photos[s->photo_count - 1].name))
            s->photos[s->photo_count++] = s->photos[i];
    if (s->photo_count > MAX_IMAGES)
        return jz_error_set(err, JZ_E_LIMIT, "%s: more than %d images", path, MAX_IMAGES);
    for (int i = 0; i < s->pair_count; i++) {
        s->pairs[i].a = find(s, names[2 * i]);
        s->pairs[i].b = find(s, names[2 * i + 1]);
    }
    return 0;
}

/* Threads take photographs from a common counter. */
struct job {
    const struct face_tools *tools;
    struct set *set;
    const char *root;
    bool progress;
    atomic_int next;
};

static int embed_photo(struct job *job, struct jz_worker *w, struct jz_decoder *d,
                       struct jz_image *image, struct photo *p, struct jz_error *err)
{
    jz_autofree char *path = jz_path_join(job->root, p->name);
    if (!path)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    struct jz_face faces[JZ_MAX_FACES];
    int count = 0;
    int r;
    if ((r = jz_image_read(d, path, 0, image, err)) < 0 ||
        (r = jz_detect(w, image, faces, &count, err)) < 0 || count == 0)
        return r;
    p->has_face = true;
    /* The face nearest to the middle: these sets centre the person who is named. */
    int best = 0;
    double least = INFINITY;
    for (int i = 0; i < count; i++) {
        const struct jz_box *b = &faces[i].box;
        const double off = hypot((double)(b->x + b->w / 2) - image->width / 2.0,
                                 (double)(b->y + b->h / 2) - image->height / 2.0);
        if (off < least) {
            least = off;
            best = i;
        }
    }
    struct jz_landmarks l;
    if ((r = jz_landmarks(w, image, &faces[best], &l, err)) < 0)
        return r;
    return jz_embed(w, image, &l, job->tools->matcher, &p->template, err);
}

static void *embed_photos(void *argument)
{
    struct job *job = argument;
    JZ_CLEANUP(jz_worker_freep) struct jz_worker *w = NULL;
    JZ_CLEANUP(jz_decoder_freep) struct jz_decoder *d = NULL;
    struct jz_image image = { 0 };
    struct jz_error err;
    if (jz_worker_new(job->tools->engine, &w, &err) < 0 || jz_decoder_new(&d, &err) < 0) {
        complain(NULL, &err);
        return NULL;
    }
    for (;;) {
        const int i = atomic_fetch_add(&job->next, 1);
        if (i >= job->set->photo_count)
            break;
        struct photo *p = &job->set->photos[i];
        if (embed_photo(job, w, d, &image, p, &err) < 0) {
            complain(p->name, &err);
            p->failed = true;
        } else if (!p->has_face) {
            fprintf(stderr, "jianzai: %s: no face found\n", p->name);
        }
        if (job->progress && i % 50 == 0)
            fprintf(stderr, "\r%d of %d pictures", i, job->set->photo_count);
    }
    jz_image_done(&image);
    return NULL;
}

static void embed_all(struct job *job, int64_t threads)
{
    pthread_t ids[MAX_THREADS];
    int started = 0;
    while (started < threads && pthread_create(&ids[started], NULL, embed_photos, job) == 0)
        started++;
    if (started == 0)
        embed_photos(job);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    if (job->progress)
        fputs("\r\033[K", stderr);
}

static double score_of(const struct photo *a, const struct photo *b)
{
    double score = -1;
    struct jz_error err;
    if (a->has_face && b->has_face && jz_template_compare(&a->template, &b->template, &score, &err))
        return -1;
    return score;
}

static void count_score(struct histogram *h, double score, bool same)
{
    int bin = (int)floor((score + 1) * (BINS - 1) / 2);
    bin = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
    (same ? h->genuine : h->impostor)[bin]++;
    (same ? &h->genuine_total : &h->impostor_total)[0]++;
}

static double bin_score(int bin)
{
    return bin * 2.0 / (BINS - 1) - 1;
}

/* The person of "Some_Name_0001.jpg" is "Some_Name". */
static bool same_person(const char *a, const char *b)
{
    const char *ea = strrchr(a, '_'), *eb = strrchr(b, '_');
    return ea && eb && ea - a == eb - b && strncmp(a, b, (size_t)(ea - a)) == 0;
}

static void fill_histogram(const struct set *s, bool all_pairs, struct histogram *h)
{
    for (int i = 0; !all_pairs && i < s->pair_count; i++)
        count_score(h, s->pairs[i].score, s->pairs[i].same);
    for (int i = 0; all_pairs && i < s->photo_count; i++)
        for (int k = i + 1; k < s->photo_count; k++)
            count_score(h, score_of(&s->photos[i], &s->photos[k]),
                        same_person(s->photos[i].name, s->photos[k].name));
}

static int by_score(const void *a, const void *b)
{
    const struct pair *x = *(struct pair *const *)a, *y = *(struct pair *const *)b;
    return (x->score > y->score) - (x->score < y->score);
}

/*
 * The threshold that decides most of the pairs outside [from, to) rightly: of several, the middle
 * between the lowest and the highest.
 */
static double best_threshold(struct pair *const *sorted, int count, const struct pair *from,
                             const struct pair *to)
{
    int right = 0, best = -1;
    for (int i = 0; i < count; i++)
        right += (sorted[i] < from || sorted[i] >= to) && sorted[i]->same;
    double lowest = -1, highest = -1, last = -1;
    for (int i = 0; i < count; i++) {
        if (sorted[i] >= from && sorted[i] < to)
            continue;
        const double threshold = (last + sorted[i]->score) / 2; /* just below this pair */
        if (right > best)
            lowest = threshold;
        if (right >= best) {
            best = right;
            highest = threshold;
        }
        right += sorted[i]->same ? -1 : 1;
        last = sorted[i]->score;
    }
    return (lowest + highest) / 2;
}

/* Accuracy, one fold of consecutive lines out in turn. */
static double accuracy(const struct set *s, int fold_lines)
{
    jz_autofree struct pair **sorted = calloc((size_t)s->pair_count, sizeof(struct pair *));
    if (!sorted)
        return NAN;
    for (int i = 0; i < s->pair_count; i++)
        sorted[i] = &s->pairs[i];
    qsort(sorted, (size_t)s->pair_count, sizeof(struct pair *), by_score);
    int right = 0;
    for (int from = 0; from < s->pair_count; from += fold_lines) {
        const int to = from + fold_lines < s->pair_count ? from + fold_lines : s->pair_count;
        const double t = best_threshold(sorted, s->pair_count, s->pairs + from, s->pairs + to);
        for (int i = from; i < to; i++)
            right += (s->pairs[i].score >= t) == s->pairs[i].same;
    }
    return (double)right / s->pair_count;
}

static double equal_error_rate(const struct histogram *h)
{
    uint64_t missed = 0, passed = h->impostor_total;
    for (int bin = 0; bin < BINS; bin++) {
        const double fnmr = (double)missed / (double)h->genuine_total;
        const double fmr = (double)passed / (double)h->impostor_total;
        if (fnmr >= fmr)
            return (fnmr + fmr) / 2;
        missed += h->genuine[bin];
        passed -= h->impostor[bin];
    }
    return 1;
}

struct rates {
    double threshold;
    uint64_t passed_impostors, passed_genuine;
};

static struct rates rates_from(const struct histogram *h, int first_bin)
{
    struct rates r = { .threshold = bin_score(first_bin) };
    for (int bin = first_bin; bin < BINS; bin++) {
        r.passed_impostors += h->impostor[bin];
        r.passed_genuine += h->genuine[bin];
    }
    return r;
}

/* The loosest threshold at which no more than this part of the impostors passes. */
static struct rates rates_at_fmr(const struct histogram *h, double fmr)
{
    uint64_t passed = 0;
    int bin = BINS;
    while (bin > 0 && (double)(passed + h->impostor[bin - 1]) <= fmr * (double)h->impostor_total)
        passed += h->impostor[--bin];
    return rates_from(h, bin < BINS ? bin : BINS - 1);
}

/* A rate is measured only where at least three impostors are to be expected beyond it. */
static bool is_enough(const struct histogram *h, double fmr)
{
    return fmr * (double)h->impostor_total >= 3;
}

static void report(const struct pairs_options *o, const struct set *s, const struct histogram *h)
{
    static const double fmrs[] = { 1e-1, 1e-2, 1e-3, 1e-4, 1e-5 };
    int no_face = 0, failed = 0;
    for (int i = 0; i < s->photo_count; i++) {
        no_face += !s->photos[i].has_face && !s->photos[i].failed;
        failed += s->photos[i].failed;
    }
    const double acc = accuracy(s, (int)o->fold_lines), eer = equal_error_rate(h);
    json_t *points = json_array(), *at = json_array();
    if (!o->json)
        printf("%d pairs of %d pictures, %d without a face, %d unreadable\n"
               "accuracy (folds of %d lines) %.2f %%   EER %.2f %%   over %llu genuine and %llu "
               "impostor pairs\n   FMR      threshold   TAR       95 %% bounds\n",
               s->pair_count, s->photo_count, no_face, failed, (int)o->fold_lines, 100 * acc,
               100 * eer, (unsigned long long)h->genuine_total,
               (unsigned long long)h->impostor_total);
    for (size_t i = 0; i < sizeof fmrs / sizeof fmrs[0]; i++) {
        if (!is_enough(h, fmrs[i])) {
            if (!o->json)
                printf("   %.0e    not enough data\n", fmrs[i]);
            continue;
        }
        const struct rates r = rates_at_fmr(h, fmrs[i]);
        double low, high;
        binomial_bounds(r.passed_genuine, h->genuine_total, &low, &high);
        const double tar = (double)r.passed_genuine / (double)h->genuine_total;
        json_array_append_new(points, json_pack("{s:f,s:o,s:o,s:o,s:o}", "fmr", fmrs[i],
                                                "threshold", json_number(r.threshold), "tar",
                                                json_number(tar), "tar_low", json_number(low),
                                                "tar_high", json_number(high)));
        if (!o->json)
            printf("   %.0e    %.4f      %.2f %%   %.2f to %.2f %%\n", fmrs[i], r.threshold,
                   100 * tar, 100 * low, 100 * high);
    }
    const char *list = o->thresholds;
    for (int i = 0; list && *list && i < MAX_AT; i++) {
        char *end;
        const double t = strtod(list, &end);
        const struct rates r =
            rates_from(h, (int)fmin(fmax(ceil((t + 1) * (BINS - 1) / 2), 0), BINS - 1));
        double low, high, fmr_low, fmr_high;
        binomial_bounds(r.passed_genuine, h->genuine_total, &low, &high);
        binomial_bounds(r.passed_impostors, h->impostor_total, &fmr_low, &fmr_high);
        const double tar = (double)r.passed_genuine / (double)h->genuine_total;
        const double fmr = (double)r.passed_impostors / (double)h->impostor_total;
        json_array_append_new(at, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "threshold",
                                            json_number(t), "tar", json_number(tar), "tar_low",
                                            json_number(low), "tar_high", json_number(high), "fmr",
                                            json_number(fmr), "fmr_low", json_number(fmr_low),
                                            "fmr_high", json_number(fmr_high)));
        if (!o->json)
            printf("   at %.4f   TAR %.2f %% (%.2f to %.2f)   FMR %.2e (%.1e to %.1e)\n", t,
                   100 * tar, 100 * low, 100 * high, fmr, fmr_low, fmr_high);
        list = *end == ',' ? end + 1 : "";
    }
    if (o->json)
        print_json(json_pack("{s:i,s:i,s:i,s:o,s:o,s:I,s:I,s:o,s:o}", "pairs", s->pair_count,
                             "no_face", no_face, "unreadable", failed, "accuracy", json_number(acc),
                             "eer", json_number(eer), "genuine", (json_int_t)h->genuine_total,
                             "impostor", (json_int_t)h->impostor_total, "points", points, "at",
                             at));
    else {
        json_decref(points);
        json_decref(at);
    }
}

static int measure(const struct pairs_options *o, const char *list, struct set *s,
                   struct jz_error *err)
{
    size_t size;
    int r = jz_file_read(list, MAX_LIST_BYTES, &s->text, &size, err);
    if (r < 0 || (r = parse(s, size, list, err)) < 0)
        return r;
    jz_autofree struct histogram *h = calloc(1, sizeof *h);
    if (!h)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    struct face_tools t;
    if (face_tools_open(&o->face, &t) != 0)
        return jz_error_set(err, JZ_E_USAGE, "no pairs were compared");
    struct job job = { .tools = &t, .set = s, .root = o->root, .progress = isatty(2) };
    embed_all(&job, o->threads);
    for (int i = 0; i < s->pair_count; i++)
        s->pairs[i].score = score_of(&s->photos[s->pairs[i].a], &s->photos[s->pairs[i].b]);
    fill_histogram(s, o->all_pairs, h);
    face_tools_close(&t);
    if (!h->genuine_total || !h->impostor_total)
        return jz_error_set(err, JZ_E_USAGE, "%s: both same and different pairs are needed", list);
    report(o, s, h);
    for (int i = 0; i < s->photo_count; i++)
        if (s->photos[i].failed)
            return EXIT_REJECTED;
    return 0;
}

static int run(int argc, char **argv)
{
    struct pairs_options o = { .fold_lines = 600, .threads = 2 };
    const struct arg args[] = {
        { "root", ARG_TEXT, &o.root, "DIR: names in the list start here" },
        { "fold-lines", ARG_NUMBER, &o.fold_lines, "N: lines of a fold, default 600", 1,
          MAX_PAIRS },
        { "all-pairs", ARG_FLAG, &o.all_pairs, "rates over all pairs of the listed images" },
        { "thresholds", ARG_TEXT, &o.thresholds, "T,T…: report the rates at these thresholds too" },
        { "threads", ARG_NUMBER, &o.threads, "N: 1 to 64, default 2", 1, MAX_THREADS },
        { "json", ARG_FLAG, &o.json, "print JSON" },
        MODELS_ARG(&o.face),
        PRECISION_ARG(&o.face),
        MATCHER_ARG(&o.face),
    };
    int first;
    int r = parse_args(&face_pairs_command, args, sizeof args / sizeof args[0], argc, argv, 1, 1,
                       &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (!o.root) {
        fputs("jianzai: pairs: --root DIR is needed\n", stderr);
        return EXIT_USAGE;
    }
    struct set s = { 0 };
    struct jz_error err;
    r = measure(&o, argv[first], &s, &err);
    if (r < 0)
        complain(NULL, &err);
    free(s.text);
    free(s.pairs);
    free(s.photos);
    return r < 0 ? EXIT_USAGE : r;
}
