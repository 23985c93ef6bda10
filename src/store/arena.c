#include "store/store_internal.h"

struct jz_arena_block {
    struct jz_arena_block *next;
    size_t used, room;
    max_align_t bytes[];
};

enum { BLOCK_BYTES = 1 << 20, ALIGNMENT = sizeof(max_align_t) };

void *jz_arena_take(struct jz_arena *arena, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct jz_arena_block *b = arena->block;
    if (!b || b->room - b->used < size) {
        const size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        b = malloc(sizeof *b + room);
        if (!b)
            return NULL;
        *b = (struct jz_arena_block){ .next = arena->block, .room = room };
        arena->block = b;
    }
    void *taken = (char *)b->bytes + b->used;
    b->used += size;
    return taken;
}

void jz_arena_reset(struct jz_arena *arena)
{
    while (arena->block && arena->block->next) {
        struct jz_arena_block *b = arena->block;
        arena->block = b->next;
        free(b);
    }
    if (arena->block)
        arena->block->used = 0;
}

void jz_arena_done(struct jz_arena *arena)
{
    jz_arena_reset(arena);
    free(arena->block);
    arena->block = NULL;
}
