#include "policy/tree_internal.h"

#include <string.h>
#include <yaml.h>

enum { MAX_DEPTH = 16 };

/* Where in the document the reader stands: the open maps and lists, and the key just read. */
struct builder {
    struct tree *tree;
    uint32_t open[MAX_DEPTH];
    unsigned depth;
    uint32_t key; /* NO_NODE: in a map the next scalar is a key */
    unsigned key_line;
    unsigned documents;
};

static void parser_done(yaml_parser_t *parser)
{
    yaml_parser_delete(parser);
}

static void event_done(yaml_event_t *event)
{
    yaml_event_delete(event);
}

static bool wants_key(const struct builder *b)
{
    return b->depth > 0 && b->key == NO_NODE &&
           b->tree->nodes[b->open[b->depth - 1]].type == NODE_MAP;
}

static int begin(struct builder *b, enum node_type type, unsigned line, uint32_t *ret_node,
                 struct jz_error *err)
{
    const uint32_t key = b->key;
    if (key != NO_NODE)
        line = b->key_line; /* a block begins on the line behind its key */
    b->key = NO_NODE;
    return tree_add(b->tree, b->depth ? b->open[b->depth - 1] : NO_NODE, type, line, key, ret_node,
                    err);
}

static int on_open(struct builder *b, enum node_type type, unsigned line, struct jz_error *err)
{
    if (wants_key(b))
        return jz_error_set(err, JZ_E_FORMAT, "a key must be a word");
    if (b->depth == MAX_DEPTH || b->depth == b->tree->max_depth)
        return jz_error_set(err, JZ_E_LIMIT, "nested deeper than %u", b->tree->max_depth);
    uint32_t node;
    const int r = begin(b, type, line, &node, err);
    if (r == 0)
        b->open[b->depth++] = node;
    return r;
}

static int on_scalar(struct builder *b, const yaml_event_t *e, unsigned line, struct jz_error *err)
{
    const char *text = (const char *)e->data.scalar.value;
    const size_t size = e->data.scalar.length;
    if (memchr(text, 0, size))
        return jz_error_set(err, JZ_E_FORMAT, "a NUL inside a text");
    uint32_t node, copy;
    int r = tree_text(b->tree, text, size, &copy, err);
    if (r < 0)
        return r;
    if (wants_key(b)) {
        b->key = copy;
        b->key_line = line;
        return 0;
    }
    const bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if ((r = begin(b, plain ? NODE_PLAIN : NODE_TEXT, line, &node, err)) == 0)
        b->tree->nodes[node].text = copy;
    return r;
}

static bool has_extras(const yaml_event_t *e)
{
    switch ((int)e->type) {
    case YAML_SCALAR_EVENT:
        return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default:
        return e->type == YAML_ALIAS_EVENT;
    }
}

static int on_event(struct builder *b, const yaml_event_t *e, struct jz_error *err)
{
    const unsigned line = (unsigned)e->start_mark.line + 1;
    if (has_extras(e))
        return jz_error_set(err, JZ_E_UNSUPPORTED,
                            "anchors, aliases and tags are not taken; write the value out");
    switch ((int)e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++b->documents > 1)
            return jz_error_set(err, JZ_E_FORMAT,
                                "a second document in one text; put each policy in its own file");
        return 0;
    case YAML_SCALAR_EVENT:
        return on_scalar(b, e, line, err);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, NODE_LIST, line, err);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, NODE_MAP, line, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return 0;
    default:
        return 0;
    }
}

int tree_read_yaml(struct tree *tree, const void *text, size_t size, struct jz_error *err)
{
    int r = tree_reset(tree, size, err);
    if (r < 0)
        return r;
    JZ_CLEANUP(parser_done) yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        memset(&parser, 0, sizeof parser);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    yaml_parser_set_input_string(&parser, text, size);
    struct builder b = { .tree = tree, .key = NO_NODE };
    for (bool more = true; more;) {
        JZ_CLEANUP(event_done) yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            memset(&event, 0, sizeof event);
            tree->failed_line = (unsigned)parser.problem_mark.line + 1;
            if (parser.error == YAML_MEMORY_ERROR)
                return jz_error_set(err, JZ_E_MEMORY, "out of memory");
            return jz_error_set(err, JZ_E_FORMAT, "this is not YAML: %s",
                                parser.problem ? parser.problem : "unreadable");
        }
        tree->failed_line = (unsigned)event.start_mark.line + 1;
        if ((r = on_event(&b, &event, err)) < 0)
            return r;
        more = event.type != YAML_STREAM_END_EVENT;
    }
    if (tree->count == 0)
        return jz_error_set(err, JZ_E_FORMAT, "nothing is written here");
    return 0;
}
