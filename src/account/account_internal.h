/* What the ways of signing in share. Only src/account. */
#pragma once

#include "account/account.h"
#include "account/pause.h"

#include <semaphore.h>

struct jz_account {
    struct jz_account_options options;
    struct jz_codes *codes;
    struct jz_pauses *pauses;
    sem_t passwords;      /* so many more may be looked at */
    char decoy_hash[128]; /* of a password nobody has */
};

int64_t account_now(const struct jz_account *account);

/* The longest of the pauses that hold for the asker, and for the asker with the key. */
int account_asker_wait(struct jz_account *account, struct jz_asker asker, const char *key,
                       int64_t now_s);

/* Something failed: the asker is counted, and with the key. */
void account_count_failure(struct jz_account *account, struct jz_asker asker, const char *key,
                           int64_t now_s);

/* "ADDRESS KEY" for pauses of pairs. */
#define PAIR_BYTES 128
struct pair_key {
    uint8_t bytes[PAIR_BYTES];
    size_t size;
};
struct pair_key account_pair(struct jz_asker asker, const char *key);

static inline struct jz_answer account_slow_down(int wait_s)
{
    return (struct jz_answer){ .code = JZ_ANSWER_SLOW_DOWN, .retry_after_s = wait_s };
}
