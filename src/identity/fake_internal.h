/* What the parts of the maker of people share: dice, text, tables of who is how frequent. */
#pragma once

#include "identity/fake.h"

#include <string.h>

struct jz_fake_word {
    const char *text;
    unsigned weight;
};

struct jz_fake_words {
    const struct jz_fake_word *words;
    unsigned count;
};

/* Characters of given names, three bytes of UTF-8 each, by sex and by year of birth. */
struct jz_fake_generation {
    int born_before;
    const char *male, *female;
    unsigned single_percent; /* how many have a name of one character */
};

struct jz_fake_area {
    char province[3];
    unsigned char prefectures; /* 01 to this */
    unsigned people;           /* of sixty and older, in ten thousands (census of 2020) */
};

enum {
    JZ_FAKE_YOUNGEST = 55,
    JZ_FAKE_OLDEST = 103,
    JZ_FAKE_AGES = JZ_FAKE_OLDEST - JZ_FAKE_YOUNGEST + 1,
};

extern const struct jz_fake_words jz_fake_surnames, jz_fake_uyghur, jz_fake_tibetan,
    jz_fake_foreign_first, jz_fake_foreign_last, jz_fake_rare, jz_fake_roads, jz_fake_villages,
    jz_fake_unit_names, jz_fake_factories, jz_fake_offices, jz_fake_countries;

extern const struct jz_fake_generation jz_fake_generations[];
extern const struct jz_fake_area jz_fake_areas[];
extern const unsigned jz_fake_area_count;
extern const uint16_t jz_fake_age_weights[JZ_FAKE_AGES];

#define JZ_FAKE_PICKS   16384     /* how finely frequencies are kept */
#define JZ_FAKE_NUMBERS 100000000 /* of eight digits */

enum jz_fake_scheme {
    EMPLOYEE,
    INSTITUTION,
    RESIDENT,
    LAND,
    WORK_INJURY,
    SURVIVOR,
    JZ_FAKE_SCHEMES
};

enum { JZ_FAKE_EVIDENCE = 11 };

/* Frequencies of kinds of evidence and what the schemes are called. */
extern const struct jz_fake_word jz_fake_evidence[JZ_FAKE_EVIDENCE];
const char *jz_fake_scheme_code(enum jz_fake_scheme scheme);

struct jz_fake_codes {
    uint32_t *of;
    uint32_t count;
};

struct jz_fake {
    uint64_t seed;
    struct jz_date on;
    bool has_dirt;
    /* What document numbers start with: counties of the area, all others, foreign
     * cards, residence permits. */
    struct jz_fake_codes inside, outside, foreign, permits;
    uint8_t surnames[JZ_FAKE_PICKS], ages[JZ_FAKE_PICKS], evidence[JZ_FAKE_PICKS];
    const struct jz_register_code *schemes[JZ_FAKE_SCHEMES], *kinds[JZ_FAKE_EVIDENCE];
    const struct jz_register_code *community, *unit, *unit_list;
};

/* Percent of men among those of an age. */
unsigned jz_fake_men_percent(int age);

/* SplitMix64 (Steele, Lea and Flood 2014). */
static inline uint64_t jz_fake_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

static inline uint32_t jz_dice_below(uint64_t *dice, uint32_t limit)
{
    *dice += 0x9E3779B97F4A7C15;
    return (uint32_t)((jz_fake_mix(*dice) >> 32) * limit >> 32);
}

static inline bool jz_dice_chance(uint64_t *dice, uint32_t permille)
{
    return jz_dice_below(dice, 1000) < permille;
}

/* Text that is built up; what does not fit is left off. */
struct jz_text {
    char *at, *end;
};

#define JZ_TEXT(array) ((struct jz_text){ (array), (array) + sizeof(array) - 1 })

static inline void jz_text_add_bytes(struct jz_text *t, const char *bytes, size_t size)
{
    if (size > (size_t)(t->end - t->at))
        return;
    memcpy(t->at, bytes, size);
    t->at += size;
    *t->at = 0;
}

static inline void jz_text_add(struct jz_text *t, const char *what)
{
    jz_text_add_bytes(t, what, strlen(what));
}

static inline void jz_text_add_number(struct jz_text *t, uint64_t value, int digits)
{
    char all[20];
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        all[i] = (char)('0' + value % 10);
    jz_text_add_bytes(t, all, (size_t)digits);
}

static inline const char *jz_dice_word(uint64_t *dice, const struct jz_fake_words *words)
{
    return words->words[jz_dice_below(dice, words->count)].text;
}

/* Document, sex, day of birth, where insured, name; the number stands for the person. */
void jz_fake_take_identity(const struct jz_fake *f, uint64_t *dice, uint64_t number,
                           struct jz_fake_row *row);

/* Benefit, home, employer, health, last certification. */
enum jz_fake_scheme jz_fake_take_life(const struct jz_fake *f, uint64_t *dice,
                                      struct jz_fake_row *row);

/* Another benefit for somebody who has the first. */
void jz_fake_take_second(const struct jz_fake *f, uint64_t *dice, enum jz_fake_scheme first,
                         struct jz_fake_row *row);
