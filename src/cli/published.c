#include "cli/published.h"

#include "base/file.h"

#include <ctype.h>
#include <string.h>

enum { MAX_FILE_BYTES = 1 << 20 };

static const char key_mark[] = "jianzai-public-key:";

/* The next line that is neither empty nor a remark, trimmed in place; NULL at the end. */
static char *next_line(char **rest)
{
    char *line;
    while ((line = strsep(rest, "\n"))) {
        while (isspace((unsigned char)*line))
            line++;
        for (char *end = line + strlen(line); end > line && isspace((unsigned char)end[-1]);)
            *--end = 0;
        if (*line && *line != '#')
            return line;
    }
    return NULL;
}

int read_published_keys(const char *where, struct jz_public_key keys[PUBLISHED_KEYS_MAX],
                        size_t *ret_count, struct jz_error *err)
{
    jz_autofree char *text = NULL;
    size_t size, count = 0;
    if (strncmp(where, key_mark, strlen(key_mark)) == 0) {
        text = strdup(where);
        if (!text)
            return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    } else {
        uint8_t *data;
        int r = jz_file_read(where, MAX_FILE_BYTES, &data, &size, err);
        if (r < 0)
            return r;
        text = (char *)data;
    }
    char *rest = text;
    for (char *line; (line = next_line(&rest)); count++) {
        if (count == PUBLISHED_KEYS_MAX)
            return jz_error_set(err, JZ_E_LIMIT, "--key: more than %d keys", PUBLISHED_KEYS_MAX);
        int r = jz_public_key_parse(line, &keys[count], err);
        if (r < 0) {
            jz_error_prefix(err, "--key");
            return r;
        }
    }
    if (count == 0)
        return jz_error_set(err, JZ_E_FORMAT, "--key: %s holds no key", where);
    *ret_count = count;
    return 0;
}
