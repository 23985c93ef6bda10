/* What a made-up person draws, where they live, who looks after them and how they are. */
#include "identity/fake_internal.h"
#include "identity/region.h"

enum {
    HOME_PERMILLE = 950,
    NO_DELAY_BEFORE = 2025,
};

/* Order of the codes of care in identity/register.c, for their bits. */
enum care { ILL, DISABLED, ALONE, BEDRIDDEN, HOSPITAL, DEPENDENT, VERY_OLD };

/* Months of a benefit lie between low and high, in yuan; the lower are the more frequent. */
static const struct {
    const char *code;
    unsigned low, high;
} schemes[JZ_FAKE_SCHEMES] = {
    [EMPLOYEE] = { "employee", 2300, 6200 },       [INSTITUTION] = { "institution", 4200, 9800 },
    [RESIDENT] = { "resident", 130, 420 },         [LAND] = { "land", 480, 1500 },
    [WORK_INJURY] = { "work_injury", 2600, 5200 }, [SURVIVOR] = { "survivor", 500, 1400 },
};

const struct jz_fake_word jz_fake_evidence[JZ_FAKE_EVIDENCE] = {
    { "face_remote", 44 }, { "data_match", 20 },       { "community", 15 },
    { "counter", 9 },      { "face_kiosk", 4 },        { "home_visit", 3 },
    { "outlet", 2 },       { "video_call", 1 },        { "proxy", 1 },
    { "materials", 1 },    { "retirement_office", 1 },
};

const char *jz_fake_scheme_code(enum jz_fake_scheme scheme)
{
    return schemes[scheme].code;
}

static void take_residence(const struct jz_fake *f, uint64_t *dice, struct jz_fake_row *row)
{
    struct jz_text t = JZ_TEXT(row->residence);
    if (row->issuer[0] && jz_dice_chance(dice, 500)) {
        jz_text_add(&t, row->issuer);
        return;
    }
    if (jz_dice_chance(dice, HOME_PERMILLE)) {
        jz_text_add(&t, row->region);
        return;
    }
    const struct jz_fake_codes *others = f->outside.count ? &f->outside : &f->inside;
    const uint32_t away = jz_dice_below(dice, 100);
    if (away < 60)
        jz_text_add_number(&t, f->inside.of[jz_dice_below(dice, f->inside.count)], 6);
    else if (away < 86)
        jz_text_add_number(&t, others->of[jz_dice_below(dice, others->count)], 6);
    else
        jz_text_add(&t, away < 91   ? "810000"
                        : away < 94 ? "820000"
                        : away < 95 ? "710000"
                                    : jz_dice_word(dice, &jz_fake_countries));
}

static enum jz_fake_scheme draw_scheme(uint64_t *dice, int age, enum jz_sex sex)
{
    /* Percent up to each scheme; before sixty only some have anything to draw. */
    static const unsigned char shares[3][JZ_FAKE_SCHEMES] = { { 70, 70, 70, 70, 85, 100 },
                                                              { 78, 88, 88, 88, 94, 100 },
                                                              { 33, 39, 93, 96, 97, 100 } };
    const unsigned char *share = shares[age >= 60 ? 2 : sex == JZ_SEX_FEMALE];
    const uint32_t draw = jz_dice_below(dice, 100);
    int scheme = 0;
    while (draw >= share[scheme])
        scheme++;
    return (enum jz_fake_scheme)scheme;
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

static int pension_age(uint64_t *dice, enum jz_fake_scheme scheme, enum jz_sex sex, int age)
{
    const bool is_male = sex == JZ_SEX_MALE;
    if (scheme == RESIDENT)
        return 60;
    if (scheme == LAND)
        return is_male ? 60 : 55;
    if (scheme == INSTITUTION)
        return is_male ? 60 : 55;
    if (is_male)
        return age < 60 || jz_dice_chance(dice, 80) ? 55 : 60; /* hard work may stop earlier */
    return jz_dice_chance(dice, 700) ? 50 : 55;
}

static struct jz_date draw_benefit_from(const struct jz_fake *f, uint64_t *dice,
                                        enum jz_fake_scheme scheme, const struct jz_fake_row *row)
{
    const int age = jz_date_age(row->born_on, f->on);
    struct jz_date due;
    if (scheme == WORK_INJURY || scheme == SURVIVOR) {
        const int years = 40 + (int)jz_dice_below(dice, (uint32_t)(age - 40));
        due = jz_date_add_months(row->born_on, 12 * years + (int)jz_dice_below(dice, 12));
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
        from = jz_date_add_months((struct jz_date){ (int16_t)began, 10, 1 },
                                  (int)jz_dice_below(dice, 34));
    const struct jz_date this_month = { f->on.year, f->on.month, 1 };
    return jz_date_compare(from, f->on) > 0 ? this_month : from;
}

static void take_benefit(const struct jz_fake *f, uint64_t *dice, enum jz_fake_scheme scheme,
                         struct jz_fake_row *row)
{
    row->scheme = f->schemes[scheme];
    row->benefit_from = draw_benefit_from(f, dice, scheme, row);
    const uint32_t span = (schemes[scheme].high - schemes[scheme].low) * 100;
    const uint32_t a = jz_dice_below(dice, span), b = jz_dice_below(dice, span);
    row->amount_fen = (int64_t)schemes[scheme].low * 100 + (a < b ? a : b);
}

static void take_unit(const struct jz_fake *f, uint64_t *dice, enum jz_fake_scheme scheme,
                      struct jz_fake_row *row)
{
    const bool is_office = scheme == INSTITUTION;
    row->managed_by = f->community;
    if (!is_office && scheme != EMPLOYEE && scheme != WORK_INJURY)
        return;
    struct jz_text t = JZ_TEXT(row->unit);
    jz_text_add(&t, jz_dice_word(dice, &jz_fake_unit_names));
    jz_text_add(&t, jz_dice_word(dice, is_office ? &jz_fake_offices : &jz_fake_factories));
    if (jz_dice_chance(dice, is_office ? 600 : 150))
        row->managed_by = f->unit;
}

static void take_address(uint64_t *dice, enum jz_fake_scheme scheme, struct jz_fake_row *row)
{
    struct jz_text t = JZ_TEXT(row->address);
    const struct jz_province *province = jz_province_of(row->residence);
    jz_text_add(&t, province ? province->zh_hans : "");
    const bool is_village = (scheme == RESIDENT || scheme == LAND) && jz_dice_chance(dice, 700);
    jz_text_add(&t, jz_dice_word(dice, is_village ? &jz_fake_villages : &jz_fake_roads));
    jz_text_add_number(&t, 1 + jz_dice_below(dice, 299), 3);
    if (is_village) {
        jz_text_add(&t, "号");
        return;
    }
    jz_text_add(&t, "号");
    jz_text_add_number(&t, 1 + jz_dice_below(dice, 9), 1);
    jz_text_add(&t, jz_dice_chance(dice, 30) ? "幢,左侧" : "幢");
    jz_text_add_number(&t, (1 + jz_dice_below(dice, 6)) * 100 + 1 + jz_dice_below(dice, 4), 3);
    jz_text_add(&t, "室");
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
        if (jz_dice_chance(dice, chances[i].permille))
            row->care |= 1u << chances[i].care;
    if (age >= 80)
        row->care |= 1u << VERY_OLD;
}

static void take_last_certification(const struct jz_fake *f, uint64_t *dice,
                                    struct jz_fake_row *row)
{
    const struct jz_date day = jz_date_add_days(f->on, -(int)jz_dice_below(dice, 430));
    const unsigned kind = f->evidence[jz_dice_below(dice, JZ_FAKE_PICKS)];
    if (!jz_dice_chance(dice, 900) || jz_date_compare(day, row->benefit_from) < 0)
        return;
    row->last_certified_on = day;
    row->last_certified_kind = f->kinds[kind];
    if (row->managed_by == f->unit && jz_dice_chance(dice, 600))
        row->last_certified_kind = f->unit_list;
}

/* No subscriber's: mobile numbers start with 13 to 19. */
static void take_phone(uint64_t *dice, struct jz_fake_row *row)
{
    struct jz_text t = JZ_TEXT(row->phone);
    if (jz_dice_chance(dice, 60))
        return;
    jz_text_add(&t, "102");
    jz_text_add_number(&t, jz_dice_below(dice, JZ_FAKE_NUMBERS), 8);
}

static enum jz_fake_scheme second_scheme(uint64_t *dice, enum jz_fake_scheme first, int age)
{
    if (first == SURVIVOR)
        return age >= 60 ? RESIDENT : WORK_INJURY;
    if (first == RESIDENT && jz_dice_chance(dice, 300))
        return LAND;
    return SURVIVOR;
}

enum jz_fake_scheme jz_fake_take_life(const struct jz_fake *f, uint64_t *dice,
                                      struct jz_fake_row *row)
{
    const int age = jz_date_age(row->born_on, f->on);
    const enum jz_fake_scheme scheme = draw_scheme(dice, age, row->sex);
    take_benefit(f, dice, scheme, row);
    take_residence(f, dice, row);
    take_unit(f, dice, scheme, row);
    take_address(dice, scheme, row);
    take_care(dice, age, row);
    take_last_certification(f, dice, row);
    take_phone(dice, row);
    return scheme;
}

void jz_fake_take_second(const struct jz_fake *f, uint64_t *dice, enum jz_fake_scheme first,
                         struct jz_fake_row *row)
{
    const int age = jz_date_age(row->born_on, f->on);
    take_benefit(f, dice, second_scheme(dice, first, age), row);
}
