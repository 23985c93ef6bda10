#include "policy/tree_internal.h"

#include <string.h>

void tree_done(struct tree *t)
{
    free(t->nodes);
    free(t->bytes);
    *t = (struct tree){ 0 };
}

static int grow_bytes(struct tree *t, size_t room, struct jz_error *err)
{
    if (room <= t->bytes_room)
        return 0;
    room = room < 2 * t->bytes_room ? 2 * t->bytes_room : room;
    char *more = realloc(t->bytes, room);
    if (!more)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    t->bytes = more;
    t->bytes_room = room;
    return 0;
}

int tree_reset(struct tree *t, size_t document_bytes, struct jz_error *err)
{
    t->count = t->used = 0;
    t->failed_line = 1;
    return grow_bytes(t, document_bytes + 64, err);
}

int tree_add(struct tree *t, uint32_t parent, enum node_type type, unsigned line, uint32_t key,
             uint32_t *ret_node, struct jz_error *err)
{
    if (t->count == t->room) {
        if (t->count >= t->max_nodes)
            return jz_error_set(err, JZ_E_LIMIT, "more than %zu values", t->max_nodes);
        const size_t room = t->room ? 2 * t->room : 128;
        struct node *more = realloc(t->nodes, room * sizeof *more);
        if (!more)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
        t->nodes = more;
        t->room = room;
    }
    const uint32_t at = (uint32_t)t->count++;
    t->nodes[at] = (struct node){
        .type = type,
        .line = line,
        .parent = parent,
        .next = NO_NODE,
        .first = NO_NODE,
        .last = NO_NODE,
        .key = key,
        .text = NO_NODE,
    };
    if (parent != NO_NODE) {
        struct node *p = &t->nodes[parent];
        if (p->last == NO_NODE)
            p->first = at;
        else
            t->nodes[p->last].next = at;
        p->last = at;
        p->count++;
    }
    *ret_node = at;
    return 0;
}

int tree_text(struct tree *t, const char *text, size_t size, uint32_t *ret_text,
              struct jz_error *err)
{
    const int r = grow_bytes(t, t->used + size + 1, err);
    if (r < 0)
        return r;
    *ret_text = (uint32_t)t->used;
    memcpy(t->bytes + t->used, text, size);
    t->used += size;
    t->bytes[t->used++] = 0;
    return 0;
}
