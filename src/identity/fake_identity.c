/* Who a made-up person is: a document nobody else has, a name of its time and place. */
#include "identity/check.h"
#include "identity/fake_internal.h"

enum {
    SEQUENCES = 499,      /* of a county, a day and a sex, whose bit is the lowest */
    DAY_CLASSES = 256,    /* see place_document */
    SPECIAL_AMONG = 1000, /* one of each special document among so many people */
    CHARACTER = 3,        /* bytes of one in the tables of given names */
};

static void add_given_name(struct jz_text *t, uint64_t *dice, int born_year, bool is_male)
{
    const struct jz_fake_generation *g = jz_fake_generations;
    while (born_year >= g->born_before)
        g++;
    const char *characters = is_male ? g->male : g->female;
    const uint32_t count = (uint32_t)strlen(characters) / CHARACTER;
    const bool is_single = jz_dice_below(dice, 100) < g->single_percent;
    for (int i = is_single; i < 2; i++) {
        if (jz_dice_chance(dice, 2))
            jz_text_add(t, jz_dice_word(dice, &jz_fake_rare));
        else
            jz_text_add_bytes(t, characters + jz_dice_below(dice, count) * CHARACTER, CHARACTER);
    }
}

static void name_person(const struct jz_fake *f, uint64_t *dice, struct jz_fake_row *row)
{
    struct jz_text t = JZ_TEXT(row->name);
    const uint32_t province =
        (uint32_t)(row->document[0] - '0') * 10 + (uint32_t)(row->document[1] - '0');
    if (row->issuer[0] || row->document_kind == JZ_DOCUMENT_FOREIGN_PERMANENT) {
        jz_text_add(&t, jz_dice_word(dice, &jz_fake_foreign_last));
        jz_text_add(&t, " ");
        jz_text_add(&t, jz_dice_word(dice, &jz_fake_foreign_first));
    } else if (province == 65 && jz_dice_chance(dice, 450)) {
        jz_text_add(&t, jz_dice_word(dice, &jz_fake_uyghur));
        jz_text_add(&t, "·");
        jz_text_add(&t, jz_dice_word(dice, &jz_fake_uyghur));
    } else if (province == 54 && jz_dice_chance(dice, 850)) {
        jz_text_add(&t, jz_dice_word(dice, &jz_fake_tibetan));
        jz_text_add(&t, jz_dice_word(dice, &jz_fake_tibetan));
    } else {
        jz_text_add(&t,
                    jz_fake_surnames.words[f->surnames[jz_dice_below(dice, JZ_FAKE_PICKS)]].text);
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
static struct place place_document(const struct jz_fake_codes *codes, uint64_t rank, uint64_t seed)
{
    const uint64_t prime = 1000000007, count = (uint64_t)codes->count * SEQUENCES;
    const uint64_t q = (rank % count * prime + seed % count) % count;
    return (struct place){
        .code = codes->of[q / SEQUENCES],
        .sequence = (uint32_t)(q % SEQUENCES),
        .day_class = (uint32_t)((rank / count + jz_fake_mix(q)) % DAY_CLASSES),
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
    return jz_date_from_days(has_two && jz_dice_below(dice, 2) ? day - DAY_CLASSES : day);
}

static void number_eighteen(struct jz_fake_row *row, const struct place *place)
{
    struct jz_text t = JZ_TEXT(row->document);
    jz_text_add_number(&t, place->code, 6);
    jz_text_add_number(&t, (uint64_t)jz_date_key(row->born_on), 8);
    jz_text_add_number(&t, 2 * place->sequence + (row->sex == JZ_SEX_MALE ? 1 : 2), 3);
    const char check = jz_check_mod_11_2(row->document, 17);
    jz_text_add_bytes(&t, &check, 1);
}

/* Eight digits of `rank` alone, for numbers that carry no facts. */
static uint64_t scatter(uint64_t rank, uint64_t seed)
{
    return (rank % JZ_FAKE_NUMBERS * 61803399 + seed % JZ_FAKE_NUMBERS) % JZ_FAKE_NUMBERS;
}

static void number_special(const struct jz_fake *f, uint64_t *dice, uint64_t rank,
                           struct jz_fake_row *row)
{
    const uint64_t digits = scatter(rank, f->seed);
    struct jz_text t = JZ_TEXT(row->document);
    if (row->document_kind == JZ_DOCUMENT_HMT_PERMIT) {
        jz_text_add(&t, jz_dice_below(dice, 3) ? "H" : "M");
    } else if (row->document_kind == JZ_DOCUMENT_PASSPORT) {
        memcpy(row->issuer, jz_dice_word(dice, &jz_fake_countries), sizeof row->issuer);
        jz_text_add(&t, "E");
    } else if (row->document_kind == JZ_DOCUMENT_FOREIGN_PERMANENT) {
        jz_text_add(&t, jz_dice_word(dice, &jz_fake_countries));
        jz_text_add(&t, "1100");
    }
    jz_text_add_number(&t, digits, 8);
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

void jz_fake_take_identity(const struct jz_fake *f, uint64_t *dice, uint64_t number,
                           struct jz_fake_row *row)
{
    const int age = JZ_FAKE_YOUNGEST + f->ages[jz_dice_below(dice, JZ_FAKE_PICKS)];
    row->sex = jz_dice_below(dice, 100) < jz_fake_men_percent(age) ? JZ_SEX_MALE : JZ_SEX_FEMALE;
    const uint64_t slot = (number % SPECIAL_AMONG * 7 + f->seed % SPECIAL_AMONG) % SPECIAL_AMONG;
    const bool is_special = slot < SPECIAL_COUNT;
    const bool is_outside = f->outside.count > 0 && jz_dice_chance(dice, 60);
    const struct jz_fake_codes *codes = is_outside ? &f->outside : &f->inside;
    uint64_t rank = number;
    row->document_kind = JZ_DOCUMENT_CITIZEN_ID;
    if (is_special) {
        rank = number / SPECIAL_AMONG;
        row->document_kind = specials[slot].kind;
        codes = row->document_kind == JZ_DOCUMENT_HMT_RESIDENCE ? &f->permits : &f->foreign;
    }
    const struct place place = place_document(codes, rank, f->seed);
    row->born_on = born_on_day(f, dice, age, place.day_class);
    if (is_special && !specials[slot].is_eighteen)
        number_special(f, dice, rank, row);
    else
        number_eighteen(row, &place);
    const bool is_native = !is_special && !is_outside && jz_dice_chance(dice, 900);
    struct jz_text t = JZ_TEXT(row->region);
    jz_text_add_number(
        &t, is_native ? place.code : f->inside.of[jz_dice_below(dice, f->inside.count)], 6);
    name_person(f, dice, row);
}
