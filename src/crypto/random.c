#include "crypto/suite.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/*
 * A call of OpenSSL's generator takes as long for 12 bytes as for 512, and several times as long as
 * sealing a name: small requests are served from a stock that each thread keeps. A byte is wiped as
 * it leaves. A child made by fork must not go on with its parent's stock, so it counts generations.
 */
enum { STOCK = 1024, SMALL = 64 };

static _Atomic unsigned generation = 1;

static _Thread_local struct {
    uint8_t bytes[STOCK];
    size_t left;
    unsigned generation;
} stock;

static void count_fork(void)
{
    atomic_fetch_add(&generation, 1);
}

static void watch_forks(void)
{
    if (pthread_atfork(NULL, NULL, count_fork) != 0)
        abort();
}

static void draw(void *ret_data, size_t size)
{
    for (uint8_t *at = ret_data; size > 0;) {
        const size_t n = size < (1 << 20) ? size : 1 << 20;
        if (RAND_bytes(at, (int)n) != 1)
            abort();
        at += n;
        size -= n;
    }
}

void jz_random(void *ret_data, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (size > SMALL) {
        draw(ret_data, size);
        return;
    }
    const unsigned now = atomic_load_explicit(&generation, memory_order_relaxed);
    if (stock.left < size || stock.generation != now) {
        pthread_once(&once, watch_forks);
        draw(stock.bytes, STOCK);
        stock.left = STOCK;
        stock.generation = now;
    }
    stock.left -= size;
    memcpy(ret_data, stock.bytes + stock.left, size);
    jz_wipe(stock.bytes + stock.left, size);
}
