/*
 * A small document tree that both YAML and JSON become, so that one reader (read.c) checks either.
 * Nodes lie in document order; keys and texts are NUL-terminated bytes of the tree, which may be
 * filled again and again without taking memory each time.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

enum node_type {
    NODE_MAP,
    NODE_LIST,
    NODE_TEXT,  /* a string: quoted in YAML */
    NODE_PLAIN, /* a number, true, false, null; in YAML anything not quoted */
};

#define NO_NODE UINT32_MAX

struct node {
    enum node_type type;
    unsigned line;                      /* from 1 */
    uint32_t parent, next, first, last; /* NO_NODE where there is none */
    uint32_t count;                     /* of children */
    uint32_t key, text;                 /* offsets of bytes; key is NO_NODE in a list */
};

struct tree {
    struct node *nodes;
    size_t count, room, max_nodes;
    char *bytes;
    size_t used, bytes_room;
    bool is_json; /* texts must be quoted; null is as good as absent */
    unsigned max_depth;
    unsigned failed_line; /* where reading stopped, after a failure */
};

void tree_done(struct tree *tree);

/* Empties it and makes room for a document of so many bytes. */
int tree_reset(struct tree *tree, size_t document_bytes, struct jz_error *err) JZ_MUST_CHECK;

/* Appends a node to its parent (NO_NODE: the root). JZ_E_LIMIT, JZ_E_MEMORY; errors name the line.
 */
int tree_add(struct tree *tree, uint32_t parent, enum node_type type, unsigned line, uint32_t key,
             uint32_t *ret_node, struct jz_error *err) JZ_MUST_CHECK;

/* Copies bytes and a NUL behind them; the room was made by tree_reset or is made here. */
int tree_text(struct tree *tree, const char *text, size_t size, uint32_t *ret_text,
              struct jz_error *err) JZ_MUST_CHECK;

/* Both fill an empty or used tree, of which the limits are set. A failure sets failed_line. */
int tree_read_yaml(struct tree *tree, const void *text, size_t size,
                   struct jz_error *err) JZ_MUST_CHECK;
int tree_read_json(struct tree *tree, const char *text, size_t size,
                   struct jz_error *err) JZ_MUST_CHECK;

/* How many bytes one character of two bytes or more takes in well-formed UTF-8, 0 when it is none.
 */
size_t utf8_length(const unsigned char *s, size_t left);

static inline const char *node_text(const struct tree *tree, const struct node *node)
{
    return tree->bytes + node->text;
}

static inline const char *node_key(const struct tree *tree, const struct node *node)
{
    return tree->bytes + node->key;
}

static inline const struct node *node_first(const struct tree *tree, const struct node *node)
{
    return node->first == NO_NODE ? NULL : &tree->nodes[node->first];
}

static inline const struct node *node_next(const struct tree *tree, const struct node *node)
{
    return node->next == NO_NODE ? NULL : &tree->nodes[node->next];
}
