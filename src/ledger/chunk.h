/*
 * How much of a long job goes into one commit: about as much as keeps others waiting for 40 to
 * 60 ms, so that nobody waits for 100 ms on a machine that does other work as well.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct jz_chunk_size {
    size_t now, least, most; /* people, or whatever the job counts */
};

/* After a commit of `count` of them that held the writer for so long. */
void jz_chunk_adapt(struct jz_chunk_size *size, size_t count, int64_t hold_ns);
