/* Made-up data for demonstrations, tests and measuring. */
#include "cli/args.h"

#include "identity/fake.h"

static int run_people(int argc, char **argv);

const struct command fake_people_command = {
    "people",
    run_people,
    "--count N [--seed S] [--on DATE] [--region CODE] [--dirt] [--chinese] [--gb18030] > FILE.csv",
    "a register of people who do not exist, the same for a seed on every machine",
};

struct fake_options {
    int64_t count, seed;
    struct jz_date on;
    const char *region;
    bool dirt, chinese, gb18030;
};

/* A sink that converts to GB18030. Rows come whole, so no character is ever cut. */
struct converter {
    struct jz_transcoder *transcoder;
    char out[JZ_ENCODING_GROWTH * JZ_CSV_WRITER_BYTES];
};

static void close_converter(struct converter **c)
{
    if (*c)
        jz_transcoder_free((*c)->transcoder);
    free(*c);
}

static int write_gb18030(void *sink, const void *data, size_t size, struct jz_error *err)
{
    struct converter *c = sink;
    size_t at;
    const ssize_t n = jz_transcoder_run(c->transcoder, data, size, c->out, sizeof c->out, &at);
    if (n < 0)
        return jz_error_set(err, (int)n, "GB18030 lacks a character");
    return jz_csv_write_file(stdout, c->out, (size_t)n, err);
}

static int write_people(const struct fake_options *o, const struct jz_fake *fake,
                        struct jz_error *err)
{
    JZ_CLEANUP(close_converter) struct converter *converter = calloc(1, sizeof *converter);
    jz_autofree struct jz_csv_writer *w = malloc(sizeof *w);
    if (!w || !converter)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    jz_csv_writer_init(w, jz_csv_write_file, stdout);
    if (o->gb18030) {
        const int r =
            jz_transcoder_new(JZ_ENCODING_UTF8, JZ_ENCODING_GB18030, &converter->transcoder, err);
        if (r < 0)
            return r;
        jz_csv_writer_init(w, write_gb18030, converter);
    }

    struct jz_fake_row rows[JZ_FAKE_MAX_ROWS];
    jz_fake_write_header(w, o->chinese);
    for (uint64_t number = 0; number < (uint64_t)o->count && !w->error.code; number++) {
        const unsigned count = jz_fake_person(fake, number, rows);
        for (unsigned i = 0; i < count; i++)
            jz_fake_write_row(w, &rows[i], o->chinese);
    }
    return jz_csv_writer_flush(w, err);
}

static int run_people(int argc, char **argv)
{
    struct fake_options o = { .seed = 1, .on = jz_date_today() };
    const struct arg args[] = {
        { "count", ARG_NUMBER, &o.count, "N: how many" },
        { "seed", ARG_NUMBER, &o.seed, "N: which people, default 1" },
        { "on", ARG_DATE, &o.on, "DATE: as of that day, default today" },
        { "region", ARG_TEXT, &o.region, "CODE: only people insured there" },
        { "dirt", ARG_FLAG, &o.dirt,
          "with the faults that registers have, about one row in 1,000" },
        { "chinese", ARG_FLAG, &o.chinese, "Chinese headers and words" },
        { "gb18030", ARG_FLAG, &o.gb18030, "in GB18030 instead of UTF-8" },
    };
    int first;
    const int r = parse_args(&fake_people_command, args, sizeof args / sizeof args[0], argc, argv,
                             0, 0, &first);
    if (r != 0)
        return r < 0 ? 0 : r;
    if (o.count == 0) {
        fprintf(stderr, "jianzai: people: how many? --count N\n");
        return EXIT_USAGE;
    }
    const struct jz_fake_options options = {
        .seed = (uint64_t)o.seed, .region = o.region, .has_dirt = o.dirt, .on = o.on
    };
    struct jz_error err;
    JZ_CLEANUP(jz_fake_freep) struct jz_fake *fake = NULL;
    if (jz_fake_new(&options, &fake, &err) < 0 || write_people(&o, fake, &err) < 0) {
        complain("people", &err);
        return EXIT_USAGE;
    }
    return 0;
}
