/* Who a made-up person is. Every draw comes from one generator seeded by (seed, number). */
#include "identity/fake_internal.h"

#include "identity/check.h"
#include "identity/region.h"

#include <assert.h>
#include <string.h>

enum {
    PICKS = 16384,        /* how finely frequencies are kept */
    SEQUENCES = 499,      /* of a county, a day and a sex, whose bit is the lowest */
    DAY_CLASSES = 256,    /* see place_document */
    SPECIAL_AMONG = 1000, /* one of each special document among so many people */
    PEOPLE_OF_COUNTY = 10,
    NUMBERS = 100000000, /* of eight digits */
    HOME_PERMILLE = 950,
    TWICE_PERMILLE = 15, /* draw two benefits */
    CHARACTER = 3,       /* bytes of one in the tables of given names */
    NO_DELAY_BEFORE = 2025,
};

struct codes {
    uint32_t *of;
    uint32_t count;
};

/* Order of the codes of care in identity/register.c, for their bits. */
enum care { ILL, DISABLED, ALONE, BEDRIDDEN, HOSPITAL, DEPENDENT, VERY_OLD };

enum scheme { EMPLOYEE, INSTITUTION, RESIDENT, LAND, WORK_INJURY, SURVIVOR, SCHEME_COUNT };

/* Months of a benefit lie between low and high, in yuan; the lower are the more frequent. */
static const struct {
    const char *code;
    unsigned low, high;
} schemes[SCHEME_COUNT] = {
    [EMPLOYEE] = { "employee", 2300, 6200 },       [INSTITUTION] = { "institution", 4200, 9800 },
    [RESIDENT] = { "resident", 130, 420 },         [LAND] = { "land", 480, 1500 },
    [WORK_INJURY] = { "work_injury", 2600, 5200 }, [SURVIVOR] = { "survivor", 500, 1400 },
};

static const struct jz_fake_word evidence[] = {
    { "face_remote", 44 }, { "data_match", 20 },       { "community", 15 },
    { "counter", 9 },      { "face_kiosk", 4 },        { "home_visit", 3 },
    { "outlet", 2 },       { "video_call", 1 },        { "proxy", 1 },
    { "materials", 1 },    { "retirement_office", 1 },
};

enum { EVIDENCE_COUNT = sizeof evidence / sizeof evidence[0] };

static const uint32_t permit_codes[] = { 810000, 820000, 830000 };

struct jz_fake {
    uint64_t seed;
    struct jz_date on;
    bool has_dirt;
    /* What document numbers start with: counties of the area, all others, foreign cards. */
    struct codes inside, outside, foreign;
    uint8_t surnames[PICKS], ages[PICKS], evidence[PICKS];
    const struct jz_register_code *schemes[SCHEME_COUNT], *kinds[EVIDENCE_COUNT];
    const struct jz_register_code *community, *unit, *unit_list;
};

/* SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

static uint32_t below(uint64_t *dice, uint32_t limit)
{
    *dice += 0x9E3779B97F4A7C15;
    return (uint32_t)((mix(*dice) >> 32) * limit >> 32);
}

static bool chance(uint64_t *dice, uint32_t permille)
{
    return below(dice, 1000) < permille;
}

/* Text that is built up; what does not fit is left off. */
struct text {
    char *at, *end;
};

#define TEXT(array) ((struct text){ (array), (array) + sizeof(array) - 1 })

static void add_bytes(struct text *t, const char *bytes, size_t size)
{
    if (size > (size_t)(t->end - t->at))
        return;
    memcpy(t->at, bytes, size);
    t->at += size;
    *t->at = 0;
}

static void add(struct text *t, const char *what)
{
    add_bytes(t, what, strlen(what));
}

static void add_number(struct text *t, uint64_t value, int digits)
{
    char all[20];
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        all[i] = (char)('0' + value % 10);
    add_bytes(t, all, (size_t)digits);
}

static const char *any(uint64_t *dice, const struct jz_fake_words *words)
{
    return words->words[below(dice, words->count)].text;
}

/* Every slot gets the word its share of the whole falls to. */
static void fill_picks(uint8_t picks[PICKS], unsigned count, unsigned (*weight)(unsigned index))
{
    uint64_t total = 0, reached = weight(0);
    for (unsigned i = 0; i < count; i++)
        total += weight(i);
    unsigned word = 0;
    for (uint64_t slot = 0; slot < PICKS; slot++) {
        while ((2 * slot + 1) * total >= 2 * reached * PICKS)
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
    return evidence[index].weight;
}

static void add_given_name(struct text *t, uint64_t *dice, int born_year, bool is_male)
{
    const struct jz_fake_generation *g = jz_fake_generations;
    while (born_year >= g->born_before)
        g++;
    const char *characters = is_male ? g->male : g->female;
    const uint32_t count = (uint32_t)strlen(characters) / CHARACTER;
    const bool is_single = below(dice, 100) < g->single_percent;
    for (int i = is_single; i < 2; i++) {
        if (chance(dice, 2))
            add(t, any(dice, &jz_fake_rare));
        else
            add_bytes(t, characters + below(dice, count) * CHARACTER, CHARACTER);
    }
}

static void name_person(const struct jz_fake *f, uint64_t *dice, struct jz_fake_row *row)
{
    struct text t = TEXT(row->name);
    const uint32_t province =
        (uint32_t)(row->document[0] - '0') * 10 + (uint32_t)(row->document[1] - '0');
    if (row->issuer[0] || row->document_kind == JZ_DOCUMENT_FOREIGN_PERMANENT) {
        add(&t, any(dice, &jz_fake_foreign_last));
        add(&t, " ");
        add(&t, any(dice, &jz_fake_foreign_first));
    } else if (province == 65 && chance(dice, 450)) {
        add(&t, any(dice, &jz_fake_uyghur));
        add(&t, "·");
        add(&t, any(dice, &jz_fake_uyghur));
    } else if (province == 54 && chance(dice, 850)) {
        add(&t, any(dice, &jz_fake_tibetan));
        add(&t, any(dice, &jz_fake_tibetan));
    } else {
        add(&t, jz_fake_surnames.words[f->surnames[below(dice, PICKS)]].text);
        add_given_name(&t, dice, row->born_on.year, row->sex == JZ_SEX_MALE);
    }
}

/* What makes a number of 18 characters one person's. */
struct place {
    uint32_t code, sequence, day_class;
};

/*
 * Gives person `rank` a county and a sequence number of its own. When all are taken a next round
 * starts, whose people are born on other days: each (county, sequence) has a class of days for
 * every round, so the same number never comes twice in DAY_CLASSES rounds.
 */
static struct place place_document(const struct codes *codes, uint64_t rank, uint64_t seed)
{
    const uint64_t prime = 1000000007, count = (uint64_t)codes->count * SEQUENCES;
    const uint64_t q = (rank % count * prime + seed % count) % count;
    return (struct place){
        .code = codes->of[q / SEQUENCES],
        .sequence = (uint32_t)(q % SEQUENCES),
        .day_class = (uint32_t)((rank / count + mix(q)) % DAY_CLASSES),
    };
}

/* A day of the year in which people of this age were born, of the class. */
static struct jz_date born_on_day(const struct jz_fake *f, uint64_t *dice, int age,
                                  uint32_t day_class)
{
    const int32_t last = jz_date_to_days(jz_date_add_months(f->on, -12 * age));
    const int32_t first = jz_date_to_days(jz_date_add_months(f->on, -12 * (age + 1))) + 1;
    const int32_t since = (last - (int32_t)day_class) % DAY_CLASSES;
    const int32_t day = last - (since < 0 ? since + DAY_CLASSES : since);
    const bool has_two = day - DAY_CLASSES >= first;
    return jz_date_from_days(has_two && below(dice, 2) ? day - DAY_CLASSES : day);
}

static void number_eighteen(struct jz_fake_row *row, const struct place *place)
{
    struct text t = TEXT(row->document);
    add_number(&t, place->code, 6);
    add_number(&t, (uint64_t)jz_date_key(row->born_on), 8);
    add_number(&t, 2 * place->sequence + (row->sex == JZ_SEX_MALE ? 1 : 2), 3);
    const char check = jz_check_mod_11_2(row->document, 17);
    add_bytes(&t, &check, 1);
}

/* Eight digits of `rank` alone, for numbers that carry no facts. */
static uint64_t scatter(uint64_t rank, uint64_t seed)
{
    return (rank % NUMBERS * 61803399 + seed % NUMBERS) % NUMBERS;
}

static void number_special(const struct jz_fake *f, uint64_t *dice, uint64_t rank,
                           struct jz_fake_row *row)
{
    const uint64_t digits = scatter(rank, f->seed);
    struct text t = TEXT(row->document);
    if (row->document_kind == JZ_DOCUMENT_HMT_PERMIT) {
        add(&t, below(dice, 3) ? "H" : "M");
    } else if (row->document_kind == JZ_DOCUMENT_PASSPORT) {
        memcpy(row->issuer, any(dice, &jz_fake_countries), sizeof row->issuer);
        add(&t, "E");
    } else if (row->document_kind == JZ_DOCUMENT_FOREIGN_PERMANENT) {
        add(&t, any(dice, &jz_fake_countries));
        add(&t, "1100");
    }
    add_number(&t, digits, 8);
}

/* Kinds of documents that one person among SPECIAL_AMONG has; the rest are citizens. */
static const struct {
    enum jz_document_kind kind;
    bool is_eighteen;
} specials[] = {
    { JZ_DOCUMENT_HMT_RESIDENCE, true },      { JZ_DOCUMENT_HMT_PERMIT, false },
    { JZ_DOCUMENT_TAIWAN_PERMIT, false },     { JZ_DOCUMENT_FOREIGN_PERMANENT, true },
    { JZ_DOCUMENT_FOREIGN_PERMANENT, false }, { JZ_DOCUMENT_PASSPORT, false },
};

enum { SPECIAL_COUNT = sizeof specials / sizeof specials[0] };

static void take_identity(const struct jz_fake *f, uint64_t *dice, uint64_t number,
                          struct jz_fake_row *row)
{
    static const struct codes permits = {
        /* Never written through: struct codes is shared with lists that are built. */
        (uint32_t *)(uintptr_t)permit_codes, sizeof permit_codes / sizeof permit_codes[0]
    };
    const int age = JZ_FAKE_YOUNGEST + f->ages[below(dice, PICKS)];
    row->sex = below(dice, 100) < jz_fake_men_percent(age) ? JZ_SEX_MALE : JZ_SEX_FEMALE;
    const uint64_t slot = (number % SPECIAL_AMONG * 7 + f->seed % SPECIAL_AMONG) % SPECIAL_AMONG;
    const bool is_special = slot < SPECIAL_COUNT;
    const bool is_outside = f->outside.count > 0 && chance(dice, 60);
    const struct codes *codes = is_outside ? &f->outside : &f->inside;
    uint64_t rank = number;
    row->document_kind = JZ_DOCUMENT_CITIZEN_ID;
    if (is_special) {
        rank = number / SPECIAL_AMONG;
        row->document_kind = specials[slot].kind;
        codes = row->document_kind == JZ_DOCUMENT_HMT_RESIDENCE ? &permits : &f->foreign;
    }
    const struct place place = place_document(codes, rank, f->seed);
    row->born_on = born_on_day(f, dice, age, place.day_class);
    if (is_special && !specials[slot].is_eighteen)
        number_special(f, dice, rank, row);
    else
        number_eighteen(row, &place);
    const bool is_native = !is_special && !is_outside && chance(dice, 900);
    struct text t = TEXT(row->region);
    add_number(&t, is_native ? place.code : f->inside.of[below(dice, f->inside.count)], 6);
}

static void take_residence(const struct jz_fake *f, uint64_t *dice, struct jz_fake_row *row)
{
    struct text t = TEXT(row->residence);
    if (row->issuer[0] && chance(dice, 500)) {
        add(&t, row->issuer);
        return;
    }
    if (chance(dice, HOME_PERMILLE)) {
        add(&t, row->region);
        return;
    }
    const struct codes *others = f->outside.count ? &f->outside : &f->inside;
    const uint32_t away = below(dice, 100);
    if (away < 60)
        add_number(&t, f->inside.of[below(dice, f->inside.count)], 6);
    else if (away < 86)
        add_number(&t, others->of[below(dice, others->count)], 6);
    else
        add(&t, away < 91   ? "810000"
                : away < 94 ? "820000"
                : away < 95 ? "710000"
                            : any(dice, &jz_fake_countries));
}

static enum scheme draw_scheme(uint64_t *dice, int age, enum jz_sex sex)
{
    /* Percent up to each scheme; before sixty only some have anything to draw. */
    static const unsigned char shares[3][SCHEME_COUNT] = { { 70, 70, 70, 70, 85, 100 },
                                                           { 78, 88, 88, 88, 94, 100 },
                                                           { 33, 39, 93, 96, 97, 100 } };
    const unsigned char *share = shares[age >= 60 ? 2 : sex == JZ_SEX_FEMALE];
    const uint32_t draw = below(dice, 100);
    int scheme = 0;
    while (draw >= share[scheme])
        scheme++;
    return (enum scheme)scheme;
}

/* Of the raised age (decision of 13 September 2024): so many months more for those due later. */
static int delay_months(struct jz_date due, int age)
{
    if (due.year < NO_DELAY_BEFORE)
        return 0;
    const int months = (due.year - NO_DELAY_BEFORE) * 12 + due.month - 1;
    const int delay = months / (age == 50 ? 2 : 4) + 1, most = age == 50 ? 60 : 36;
    return delay < most ? delay : most;
}

static int pension_age(uint64_t *dice, enum scheme scheme, enum jz_sex sex, int age)
{
    const bool is_male = sex == JZ_SEX_MALE;
    if (scheme == RESIDENT)
        return 60;
    if (scheme == LAND)
        return is_male ? 60 : 55;
    if (scheme == INSTITUTION)
        return is_male ? 60 : 55;
    if (is_male)
        return age < 60 || chance(dice, 80) ? 55 : 60; /* hard work may stop earlier */
    return chance(dice, 700) ? 50 : 55;
}

static struct jz_date draw_benefit_from(const struct jz_fake *f, uint64_t *dice, enum scheme scheme,
                                        const struct jz_fake_row *row)
{
    const int age = jz_date_age(row->born_on, f->on);
    struct jz_date due;
    if (scheme == WORK_INJURY || scheme == SURVIVOR) {
        const int years = 40 + (int)below(dice, (uint32_t)(age - 40));
        due = jz_date_add_months(row->born_on, 12 * years + (int)below(dice, 12));
    } else {
        const int years = pension_age(dice, scheme, row->sex, age);
        due = jz_date_add_months(row->born_on, 12 * years);
        if (scheme != RESIDENT && scheme != LAND) {
            const struct jz_date later = jz_date_add_months(due, delay_months(due, years));
            /* Up to three years before the raised age they may choose to stop. */
            due = jz_date_compare(later, f->on) < 0 ? later : due;
        }
    }
    struct jz_date from = jz_date_add_days(jz_date_month_end(due, 0), 1);
    /* The schemes began in 2009 and 2004; whoever was old enough then came in within years. */
    const int began = scheme == RESIDENT ? 2009 : scheme == LAND ? 2004 : 0;
    if (from.year <= began)
        from = jz_date_add_months((struct jz_date){ (int16_t)began, 10, 1 }, (int)below(dice, 34));
    const struct jz_date this_month = { f->on.year, f->on.month, 1 };
    return jz_date_compare(from, f->on) > 0 ? this_month : from;
}

static void take_benefit(const struct jz_fake *f, uint64_t *dice, enum scheme scheme,
                         struct jz_fake_row *row)
{
    row->scheme = f->schemes[scheme];
    row->benefit_from = draw_benefit_from(f, dice, scheme, row);
    const uint32_t span = (schemes[scheme].high - schemes[scheme].low) * 100;
    const uint32_t a = below(dice, span), b = below(dice, span);
    row->amount_fen = (int64_t)schemes[scheme].low * 100 + (a < b ? a : b);
}

static void take_unit(const struct jz_fake *f, uint64_t *dice, enum scheme scheme,
                      struct jz_fake_row *row)
{
    const bool is_office = scheme == INSTITUTION;
    row->managed_by = f->community;
    if (!is_office && scheme != EMPLOYEE && scheme != WORK_INJURY)
        return;
    struct text t = TEXT(row->unit);
    add(&t, any(dice, &jz_fake_unit_names));
    add(&t, any(dice, is_office ? &jz_fake_offices : &jz_fake_factories));
    if (chance(dice, is_office ? 600 : 150))
        row->managed_by = f->unit;
}

static void take_address(uint64_t *dice, enum scheme scheme, struct jz_fake_row *row)
{
    struct text t = TEXT(row->address);
    const struct jz_province *province = jz_province_of(row->residence);
    add(&t, province ? province->zh_hans : "");
    const bool is_village = (scheme == RESIDENT || scheme == LAND) && chance(dice, 700);
    add(&t, any(dice, is_village ? &jz_fake_villages : &jz_fake_roads));
    add_number(&t, 1 + below(dice, 299), 3);
    if (is_village) {
        add(&t, "号");
        return;
    }
    add(&t, "号");
    add_number(&t, 1 + below(dice, 9), 1);
    add(&t, chance(dice, 30) ? "幢,左侧" : "幢");
    add_number(&t, (1 + below(dice, 6)) * 100 + 1 + below(dice, 4), 3);
    add(&t, "室");
}

static void take_care(uint64_t *dice, int age, struct jz_fake_row *row)
{
    const uint32_t old = age > 70 ? (uint32_t)(age - 70) : 0;
    const struct {
        enum care care;
        uint32_t permille;
    } chances[] = {
        { ILL, 20 + 2 * old },      { DISABLED, 30 },          { ALONE, 40 + 6 * old },
        { BEDRIDDEN, 2 + 3 * old }, { HOSPITAL, 4 + old / 4 }, { DEPENDENT, 2 + 4 * old },
    };
    for (size_t i = 0; i < sizeof chances / sizeof chances[0]; i++)
        if (chance(dice, chances[i].permille))
            row->care |= 1u << chances[i].care;
    if (age >= 80)
        row->care |= 1u << VERY_OLD;
}

static void take_last_certification(const struct jz_fake *f, uint64_t *dice,
                                    struct jz_fake_row *row)
{
    const struct jz_date day = jz_date_add_days(f->on, -(int)below(dice, 430));
    const unsigned kind = f->evidence[below(dice, PICKS)];
    if (!chance(dice, 900) || jz_date_compare(day, row->benefit_from) < 0)
        return;
    row->last_certified_on = day;
    row->last_certified_kind = f->kinds[kind];
    if (row->managed_by == f->unit && chance(dice, 600))
        row->last_certified_kind = f->unit_list;
}

static void spoil(uint64_t *dice, struct jz_fake_row *row)
{
    char *n = row->document;
    row->dirt = JZ_FAKE_WRONG_CHECK + (enum jz_fake_dirt)below(dice, 5);
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

static enum scheme second_scheme(uint64_t *dice, enum scheme first, int age)
{
    if (first == SURVIVOR)
        return age >= 60 ? RESIDENT : WORK_INJURY;
    if (first == RESIDENT && chance(dice, 300))
        return LAND;
    return SURVIVOR;
}

unsigned jz_fake_person(const struct jz_fake *f, uint64_t number,
                        struct jz_fake_row rows[JZ_FAKE_MAX_ROWS])
{
    uint64_t state = mix(mix(f->seed) + number), *dice = &state;
    struct jz_fake_row *row = &rows[0];
    *row = (struct jz_fake_row){ .dirt = JZ_FAKE_CLEAN };
    take_identity(f, dice, number, row);
    name_person(f, dice, row);
    const int age = jz_date_age(row->born_on, f->on);
    const enum scheme scheme = draw_scheme(dice, age, row->sex);
    take_benefit(f, dice, scheme, row);
    take_residence(f, dice, row);
    take_unit(f, dice, scheme, row);
    take_address(dice, scheme, row);
    take_care(dice, age, row);
    take_last_certification(f, dice, row);
    /* No subscriber's: mobile numbers start with 13 to 19. */
    struct text phone = TEXT(row->phone);
    if (!chance(dice, 60)) {
        add(&phone, "102");
        add_number(&phone, below(dice, NUMBERS), 8);
    }
    if (f->has_dirt && chance(dice, 1))
        spoil(dice, row);

    unsigned count = 1;
    if (chance(dice, TWICE_PERMILLE)) {
        rows[count] = *row;
        take_benefit(f, dice, second_scheme(dice, scheme, age), &rows[count++]);
    }
    if (row->dirt == JZ_FAKE_ROW_TWICE)
        rows[count++] = *row;
    return count;
}

static bool add_code(struct codes *c, uint32_t code)
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
    bool is_mainland = region[0] == 0, is_good = true;
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
    for (int i = 0; i < SCHEME_COUNT; i++)
        f->schemes[i] = jz_register_code(JZ_REGISTER_SCHEME, schemes[i].code);
    for (int i = 0; i < EVIDENCE_COUNT; i++)
        f->kinds[i] = jz_register_code(JZ_REGISTER_LAST_CERTIFIED_KIND, evidence[i].text);
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
    f->seed = mix(options->seed);
    f->on = options->on;
    f->has_dirt = options->has_dirt;
    const int r = add_areas(f, options->region ? options->region : "", err);
    if (r < 0)
        return r;
    assert(jz_fake_surnames.count <= UINT8_MAX);
    fill_picks(f->surnames, jz_fake_surnames.count, surname_weight);
    fill_picks(f->ages, JZ_FAKE_AGES, age_weight);
    fill_picks(f->evidence, EVIDENCE_COUNT, evidence_weight);
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
    free(f);
}
