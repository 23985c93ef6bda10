#include "account/pause.h"

#include "crypto/suite.h"

#include <pthread.h>
#include <string.h>

enum { BUCKETS = 8192, WAYS = 8, SECRET_BYTES = 32, NAME_BYTES = 12 };

/*
 * One address may be that of a whole village's network, so it is slowed late and little. A number
 * gets its next code after a minute and never later than five, which is as long as a code lives.
 */
const struct jz_pause_rule jz_pause_rules[JZ_PAUSE_KINDS] = {
    [JZ_PAUSE_PHONE] = { .free = 0, .first_s = 60, .most_s = 300, .forget_s = 3600 },
    [JZ_PAUSE_SUBJECT] = { .free = 12, .first_s = 30, .most_s = 300, .forget_s = 3600 },
    [JZ_PAUSE_PAIR] = { .free = 3, .first_s = 15, .most_s = 300, .forget_s = 3600 },
    [JZ_PAUSE_ADDRESS] = { .free = 20, .first_s = 2, .most_s = 60, .forget_s = 900 },
};

struct counted {
    uint8_t name[NAME_BYTES];
    uint8_t kind;
    uint16_t count; /* 0: empty */
    int64_t last_s, until_s;
};

struct jz_pauses {
    pthread_mutex_t lock;
    struct jz_hasher *hasher;
    uint8_t secret[SECRET_BYTES];
    struct counted buckets[BUCKETS][WAYS];
};

int jz_pauses_new(struct jz_pauses **ret_pauses, struct jz_error *err)
{
    struct jz_pauses *p = calloc(1, sizeof *p);
    if (!p)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    const int r = jz_hasher_new(JZ_SUITE_INTERNATIONAL, &p->hasher, err);
    if (r < 0) {
        free(p);
        return r;
    }
    jz_random(p->secret, sizeof p->secret);
    pthread_mutex_init(&p->lock, NULL);
    *ret_pauses = p;
    return 0;
}

void jz_pauses_free(struct jz_pauses *p)
{
    if (!p)
        return;
    jz_hasher_free(p->hasher);
    pthread_mutex_destroy(&p->lock);
    jz_wipe(p->secret, sizeof p->secret);
    free(p);
}

/* ---- Under the lock ---- */

static bool is_over(const struct counted *c, int64_t now_s)
{
    return c->count == 0 || now_s - c->last_s > jz_pause_rules[c->kind].forget_s;
}

/* Its bucket; *ret_name is what it is called there. */
static struct counted *find_bucket(struct jz_pauses *p, enum jz_pause_kind kind, const void *key,
                                   size_t size, uint8_t ret_name[NAME_BYTES])
{
    const uint8_t k = (uint8_t)kind;
    uint8_t digest[JZ_DIGEST_BYTES];
    uint32_t place;
    const struct jz_bytes parts[] = { { p->secret, SECRET_BYTES }, { &k, 1 }, { key, size } };
    jz_hasher_digest(p->hasher, parts, 3, digest);
    memcpy(ret_name, digest, NAME_BYTES);
    memcpy(&place, digest + NAME_BYTES, sizeof place);
    return p->buckets[place % BUCKETS];
}

static struct counted *find(struct counted *bucket, enum jz_pause_kind kind,
                            const uint8_t name[NAME_BYTES], int64_t now_s)
{
    for (int i = 0; i < WAYS; i++)
        if (bucket[i].kind == kind && memcmp(bucket[i].name, name, NAME_BYTES) == 0 &&
            !is_over(&bucket[i], now_s))
            return &bucket[i];
    return NULL;
}

/* One that is over, or the one that was counted least, and of these the oldest. */
static struct counted *make_room(struct counted *bucket, int64_t now_s)
{
    struct counted *least = &bucket[0];
    for (int i = 0; i < WAYS; i++) {
        struct counted *c = &bucket[i];
        if (is_over(c, now_s))
            return c;
        if (c->count < least->count || (c->count == least->count && c->last_s < least->last_s))
            least = c;
    }
    return least;
}

static int pause_after(const struct jz_pause_rule *rule, int count)
{
    int pause = count > rule->free ? rule->first_s : 0;
    for (int i = rule->free + 1; i < count && pause < rule->most_s; i++)
        pause *= 2;
    return pause < rule->most_s ? pause : rule->most_s;
}

static int left_of(const struct counted *c, int64_t now_s)
{
    return c && c->until_s > now_s ? (int)(c->until_s - now_s) : 0;
}

static int count(struct counted *bucket, enum jz_pause_kind kind, const uint8_t name[NAME_BYTES],
                 int64_t now_s)
{
    struct counted *c = find(bucket, kind, name, now_s);
    if (!c) {
        c = make_room(bucket, now_s);
        *c = (struct counted){ .kind = (uint8_t)kind };
        memcpy(c->name, name, NAME_BYTES);
    }
    c->count += c->count < UINT16_MAX;
    c->last_s = now_s;
    const int pause = pause_after(&jz_pause_rules[kind], c->count);
    c->until_s = now_s + pause;
    return pause;
}

/* ---- The door ---- */

int jz_pause_left(struct jz_pauses *p, enum jz_pause_kind kind, const void *key, size_t size,
                  int64_t now_s)
{
    uint8_t name[NAME_BYTES];
    pthread_mutex_lock(&p->lock);
    struct counted *bucket = find_bucket(p, kind, key, size, name);
    const int left = left_of(find(bucket, kind, name, now_s), now_s);
    pthread_mutex_unlock(&p->lock);
    return left;
}

int jz_pause_count(struct jz_pauses *p, enum jz_pause_kind kind, const void *key, size_t size,
                   int64_t now_s)
{
    uint8_t name[NAME_BYTES];
    pthread_mutex_lock(&p->lock);
    struct counted *bucket = find_bucket(p, kind, key, size, name);
    const int pause = count(bucket, kind, name, now_s);
    pthread_mutex_unlock(&p->lock);
    return pause;
}

int jz_pause_enter(struct jz_pauses *p, enum jz_pause_kind kind, const void *key, size_t size,
                   int64_t now_s, int *ret_pause)
{
    uint8_t name[NAME_BYTES];
    pthread_mutex_lock(&p->lock);
    struct counted *bucket = find_bucket(p, kind, key, size, name);
    const int left = left_of(find(bucket, kind, name, now_s), now_s);
    if (left == 0)
        *ret_pause = count(bucket, kind, name, now_s);
    pthread_mutex_unlock(&p->lock);
    return left;
}

void jz_pause_forget(struct jz_pauses *p, enum jz_pause_kind kind, const void *key, size_t size)
{
    uint8_t name[NAME_BYTES];
    pthread_mutex_lock(&p->lock);
    struct counted *bucket = find_bucket(p, kind, key, size, name);
    for (int i = 0; i < WAYS; i++)
        if (bucket[i].kind == kind && memcmp(bucket[i].name, name, NAME_BYTES) == 0)
            bucket[i].count = 0;
    pthread_mutex_unlock(&p->lock);
}
