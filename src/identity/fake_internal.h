/* The tables behind made-up people: who is how frequent. */
#pragma once

#include "identity/fake.h"

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

/* Percent of men among those of an age. */
unsigned jz_fake_men_percent(int age);
