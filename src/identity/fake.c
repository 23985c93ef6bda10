/* Who a made-up person is. Every draw comes from one generator seeded by (seed, number). */
#include "identity/fake_internal.h"

#include "identity/check.h"
#include "identity/region.h"

#include <assert.h>
#include <string.h>

enum {
    PEOPLE_OF_COUNTY = 10, /* in ten thousands */
    TWICE_PERMILLE = 15,   /* draw two benefits */
};

/* Every slot gets the word its share of the whole falls to. */
static void fill_picks(uint8_t picks[JZ_FAKE_PICKS], unsigned count,
                       unsigned (*weight)(unsigned index))
{
    uint64_t total = 0, reached = weight(0);
    for (unsigned i = 0; i < count; i++)
        total += weight(i);
    unsigned word = 0;
    for (uint64_t slot = 0; slot < JZ_FAKE_PICKS; slot++) {
        while ((2 * slot + 1) * total >= 2 * reached * JZ_FAKE_PICKS)
            reached += weight(++word);
        picks[slot] = (uint8_t)word;
    }
}

static unsigned surname_weight(unsigned index)
{
    return jz_fake_surnames.words[index].weight;
}

static unsigned age_weight(unsigned index)
{
    return jz_fake_age_weights[index];
}

static unsigned evidence_weight(unsigned index)
{
    return jz_fake_evidence[index].weight;
}

static void spoil(uint64_t *dice, struct jz_fake_row *row)
{
    char *n = row->document;
    row->dirt = JZ_FAKE_WRONG_CHECK + (enum jz_fake_dirt)jz_dice_below(dice, 5);
    const bool touches_number = row->dirt != JZ_FAKE_ROW_TWICE && row->dirt != JZ_FAKE_NO_NAME;
    if (touches_number &&
        (row->document_kind != JZ_DOCUMENT_CITIZEN_ID || row->born_on.year / 100 != 19))
        row->dirt = JZ_FAKE_ROW_TWICE;
    if (row->dirt == JZ_FAKE_WRONG_CHECK) {
        n[17] = n[17] == 'X' ? '0' : n[17] == '9' ? 'X' : (char)(n[17] + 1);
    } else if (row->dirt == JZ_FAKE_WRONG_BIRTH) {
        memcpy(n + 10, "0230", 4);
        n[17] = jz_check_mod_11_2(n, 17);
    } else if (row->dirt == JZ_FAKE_FIFTEEN_DIGITS) {
        memmove(n + 6, n + 8, 9);
        n[15] = 0;
    } else if (row->dirt == JZ_FAKE_NO_NAME) {
        row->name[0] = 0;
    }
}

unsigned jz_fake_person(const struct jz_fake *f, uint64_t number,
                        struct jz_fake_row rows[JZ_FAKE_MAX_ROWS])
{
    uint64_t state = jz_fake_mix(jz_fake_mix(f->seed) + number), *dice = &state;
    struct jz_fake_row *row = &rows[0];
    *row = (struct jz_fake_row){ .dirt = JZ_FAKE_CLEAN };
    jz_fake_take_identity(f, dice, number, row);
    const enum jz_fake_scheme scheme = jz_fake_take_life(f, dice, row);
    if (f->has_dirt && jz_dice_chance(dice, 1))
        spoil(dice, row);

    unsigned count = 1;
    if (jz_dice_chance(dice, TWICE_PERMILLE)) {
        rows[count] = *row;
        jz_fake_take_second(f, dice, scheme, &rows[count++]);
    }
    if (row->dirt == JZ_FAKE_ROW_TWICE)
        rows[count++] = *row;
    return count;
}

static bool add_code(struct jz_fake_codes *c, uint32_t code)
{
    /* Grown by doubling, at every power of two. */
    if ((c->count & (c->count - 1)) == 0) {
        uint32_t *more = realloc(c->of, (c->count ? 2 * (size_t)c->count : 1) * sizeof *more);
        if (!more)
            return false;
        c->of = more;
    }
    c->of[c->count++] = code;
    return true;
}

/* Counties of a prefecture as they are usually numbered: districts from 02, counties from 21. */
static uint32_t county_code(uint32_t province, uint32_t prefecture, uint32_t index)
{
    return province * 10000 + prefecture * 100 + (index < 6 ? 2 + index : 15 + index);
}

static bool add_area(struct jz_fake *f, const struct jz_fake_area *area, const char *prefix)
{
    const uint32_t province = (uint32_t)strtoul(area->province, NULL, 10);
    const uint32_t counties = area->people / PEOPLE_OF_COUNTY + 1;
    for (uint32_t i = 0; i < counties; i++) {
        const uint32_t code =
            county_code(province, 1 + i % area->prefectures, i / area->prefectures);
        char text[12];
        snprintf(text, sizeof text, "%06u", code);
        if (!add_code(jz_region_is_in(text, prefix) ? &f->inside : &f->outside, code))
            return false;
    }
    return true;
}

/* Foreign cards: 9, the province that issued it, the nationality (ISO 3166-1 numeric). */
static bool add_foreign(struct jz_fake *f, const struct jz_fake_area *area)
{
    static const uint32_t nationalities[] = { 124, 840, 36, 392, 554, 702, 826, 276, 250, 380 };
    for (size_t i = 0; i < sizeof nationalities / sizeof nationalities[0]; i++)
        if (!add_code(&f->foreign, 900000 + (uint32_t)strtoul(area->province, NULL, 10) * 1000 +
                                       nationalities[i]))
            return false;
    return true;
}

static int add_areas(struct jz_fake *f, const char *region, struct jz_error *err)
{
    char prefix[JZ_REGION_TEXT_BYTES];
    bool is_mainland = region[0] == 0;
    bool is_good = add_code(&f->permits, 810000) && add_code(&f->permits, 820000) &&
                   add_code(&f->permits, 830000);
    if (!jz_region_prefix(region, prefix))
        return jz_error_set(err, JZ_E_USAGE, "'%s' is no region: 0, 2, 4 or 6 digits", region);
    for (unsigned i = 0; i < jz_fake_area_count; i++) {
        is_mainland |= strncmp(jz_fake_areas[i].province, region, 2) == 0;
        is_good =
            is_good && add_area(f, &jz_fake_areas[i], prefix) && add_foreign(f, &jz_fake_areas[i]);
    }
    if (!is_mainland)
        return jz_error_set(err, JZ_E_USAGE, "'%s' is no region of the mainland", region);
    /* A county or prefecture that the plausible numbering lacks. */
    if (f->inside.count == 0) {
        const uint32_t code = (uint32_t)strtoul(prefix, NULL, 10);
        if (strlen(prefix) > 6)
            return jz_error_set(err, JZ_E_USAGE, "'%s' is more than 6 digits", region);
        if (strlen(prefix) == 6)
            is_good = is_good && add_code(&f->inside, code);
        for (uint32_t i = 0; strlen(prefix) == 4 && i < 10; i++)
            is_good = is_good && add_code(&f->inside, county_code(code / 100, code % 100, i));
    }
    return is_good ? 0 : jz_error_set(err, JZ_E_MEMORY, "out of memory");
}

static void find_codes(struct jz_fake *f)
{
    for (int i = 0; i < JZ_FAKE_SCHEMES; i++)
        f->schemes[i] =
            jz_register_code(JZ_REGISTER_SCHEME, jz_fake_scheme_code((enum jz_fake_scheme)i));
    for (int i = 0; i < JZ_FAKE_EVIDENCE; i++)
        f->kinds[i] = jz_register_code(JZ_REGISTER_LAST_CERTIFIED_KIND, jz_fake_evidence[i].text);
    f->unit_list = jz_register_code(JZ_REGISTER_LAST_CERTIFIED_KIND, "unit_list");
    f->community = jz_register_code(JZ_REGISTER_MANAGED_BY, "community");
    f->unit = jz_register_code(JZ_REGISTER_MANAGED_BY, "unit");
}

int jz_fake_new(const struct jz_fake_options *options, struct jz_fake **ret, struct jz_error *err)
{
    if (options->on.year < 2010 || options->on.year > 2100)
        return jz_error_set(err, JZ_E_USAGE, "the day lies between 2010 and 2100");
    JZ_CLEANUP(jz_fake_freep) struct jz_fake *f = calloc(1, sizeof *f);
    if (!f)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    f->seed = jz_fake_mix(options->seed);
    f->on = options->on;
    f->has_dirt = options->has_dirt;
    const int r = add_areas(f, options->region ? options->region : "", err);
    if (r < 0)
        return r;
    assert(jz_fake_surnames.count <= UINT8_MAX);
    fill_picks(f->surnames, jz_fake_surnames.count, surname_weight);
    fill_picks(f->ages, JZ_FAKE_AGES, age_weight);
    fill_picks(f->evidence, JZ_FAKE_EVIDENCE, evidence_weight);
    find_codes(f);
    *ret = JZ_TAKE(f);
    return 0;
}

void jz_fake_free(struct jz_fake *f)
{
    if (!f)
        return;
    free(f->inside.of);
    free(f->outside.of);
    free(f->foreign.of);
    free(f->permits.of);
    free(f);
}
