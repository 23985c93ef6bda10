#include "store/store_internal.h"

struct jz_arena_block {
    struct jz_arena_block *next;
    size_t used, room;
    max_align_t bytes[];
};

/* What is kept serves the chunks of an import without asking the system for memory again. */
enum { BLOCK_BYTES = 1 << 20, KEPT_BLOCKS = 32, ALIGNMENT = sizeof(max_align_t) };

static struct jz_arena_block *add_block(struct jz_arena *arena, size_t size)
{
    const size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct jz_arena_block *b = malloc(sizeof *b + room);
    if (!b)
        return NULL;
    *b = (struct jz_arena_block){ .room = room };
    if (arena->last)
        arena->last->next = b;
    else
        arena->first = b;
    arena->last = b;
    return b;
}

void *jz_arena_take(struct jz_arena *arena, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct jz_arena_block *b = arena->current;
    while (b && b->room - b->used < size)
        b = b->next;
    if (!b && !(b = add_block(arena, size)))
        return NULL;
    arena->current = b;
    void *taken = (char *)b->bytes + b->used;
    b->used += size;
    return taken;
}

static void free_from(struct jz_arena_block *b)
{
    while (b) {
        struct jz_arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void jz_arena_reset(struct jz_arena *arena)
{
    struct jz_arena_block *last = NULL, *b = arena->first;
    for (int i = 0; b && i < KEPT_BLOCKS && b->room == BLOCK_BYTES; i++, b = b->next) {
        b->used = 0;
        last = b;
    }
    free_from(b);
    if (last)
        last->next = NULL;
    else
        arena->first = NULL;
    arena->current = arena->first;
    arena->last = last;
}

void jz_arena_done(struct jz_arena *arena)
{
    free_from(arena->first);
    *arena = (struct jz_arena){ 0 };
}
