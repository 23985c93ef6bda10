#include "ledger/chunk.h"

enum { TOO_LONG_NS = 60000000, ENOUGH_NS = 40000000 };

void jz_chunk_adapt(struct jz_chunk_size *size, size_t count, int64_t hold_ns)
{
    if (hold_ns > TOO_LONG_NS)
        size->now /= 2;
    else if (hold_ns < ENOUGH_NS && count >= size->now / 2)
        size->now += size->now / 8;
    if (size->now < size->least)
        size->now = size->least;
    if (size->now > size->most)
        size->now = size->most;
}
