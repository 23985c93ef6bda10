#include "bridge/config.h"

#include "base/file.h"

#include <cyaml/cyaml.h>
#include <string.h>

enum { MAX_ORIGIN_CHARACTERS = 256, MAX_WORD_CHARACTERS = 1024 };

static const cyaml_schema_value_t origin_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1,
                                                                      MAX_ORIGIN_CHARACTERS) };

static const cyaml_schema_value_t word_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1,
                                                                    MAX_WORD_CHARACTERS) };

static const cyaml_schema_field_t adapter_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct jz_adapter, name, 1,
                           JZ_ADAPTER_NAME_BYTES - 1),
    CYAML_FIELD_SEQUENCE_COUNT("command", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                               struct jz_adapter, command, command_count, &word_value, 1,
                               JZ_CONFIG_MAX_WORDS),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t adapter_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct jz_adapter, adapter_fields) };

static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct jz_bridge_config, port),
    CYAML_FIELD_SEQUENCE_COUNT("origins", CYAML_FLAG_POINTER, struct jz_bridge_config, origins,
                               origin_count, &origin_value, 1, JZ_CONFIG_MAX_ORIGINS),
    CYAML_FIELD_SEQUENCE_COUNT("adapters", CYAML_FLAG_POINTER, struct jz_bridge_config, adapters,
                               adapter_count, &adapter_value, 1, JZ_CONFIG_MAX_ADAPTERS),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t config_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct jz_bridge_config, config_fields) };

/* libcyaml says what is wrong and where in several log lines: they become one sentence. */
__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *context,
                                                          const char *format, va_list args)
{
    char *text = context, line[256];
    const size_t used = strlen(text);
    if (level < CYAML_LOG_ERROR)
        return;
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = 0;
    snprintf(text + used, JZ_ERROR_TEXT_BYTES - used, "%s%s", used ? " " : "",
             line + strspn(line, " "));
}

/* As browsers write them: "https://HOST" or "https://HOST:PORT", in small letters. */
static bool is_origin(const char *text)
{
    static const char *const starts[] = { "https://", "http://127.0.0.1", "http://localhost" };
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const size_t n = strlen(starts[i]);
        if (strncmp(text, starts[i], n) != 0)
            continue;
        const char *rest = text + n;
        return i == 0 ? *rest && strspn(rest, characters) == strlen(rest)
                      : !*rest || (*rest == ':' && rest[1] &&
                                   strspn(rest + 1, "0123456789") == strlen(rest + 1));
    }
    return false;
}

static bool is_name(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text);
}

static int check(const struct jz_bridge_config *c, const char *path, struct jz_error *err)
{
    for (unsigned i = 0; i < c->origin_count; i++)
        if (!is_origin(c->origins[i]))
            return jz_error_set(err, JZ_E_FORMAT,
                                "%s: origin '%.100s': an origin is https://HOST or "
                                "https://HOST:PORT in small letters, without a slash at the end "
                                "(http:// only with 127.0.0.1 or localhost)",
                                path, c->origins[i]);
    for (unsigned i = 0; i < c->adapter_count; i++) {
        const struct jz_adapter *a = &c->adapters[i];
        if (!is_name(a->name))
            return jz_error_set(err, JZ_E_FORMAT,
                                "%s: adapter '%s': a name has small letters, digits, _ and -", path,
                                a->name);
        if (!a->command && strcmp(a->name, JZ_ADAPTER_PCSC) != 0)
            return jz_error_set(err, JZ_E_FORMAT,
                                "%s: adapter '%s' has no command; only '%s' needs none", path,
                                a->name, JZ_ADAPTER_PCSC);
        if (a->command && a->command[0][0] != '/')
            return jz_error_set(err, JZ_E_FORMAT,
                                "%s: adapter '%s': its command is not a path from the root", path,
                                a->name);
        for (unsigned k = 0; k < i; k++)
            if (strcmp(c->adapters[k].name, a->name) == 0)
                return jz_error_set(err, JZ_E_FORMAT, "%s: two adapters '%s'", path, a->name);
    }
    return 0;
}

int jz_bridge_config_load(const char *path, struct jz_bridge_config **ret_config,
                          struct jz_error *err)
{
    jz_autofree uint8_t *text = NULL;
    size_t size;
    int r = jz_file_read(path, JZ_CONFIG_MAX_BYTES, &text, &size, err);
    if (r < 0)
        return r;
    char complaint[JZ_ERROR_TEXT_BYTES] = "";
    const cyaml_config_t config = {
        .log_fn = collect,
        .log_ctx = complaint,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
    JZ_CLEANUP(jz_bridge_config_freep) struct jz_bridge_config *c = NULL;
    const cyaml_err_t e =
        cyaml_load_data(text, size, &config, &config_schema, (cyaml_data_t **)&c, NULL);
    if (e != CYAML_OK)
        return jz_error_set(err, e == CYAML_ERR_OOM ? JZ_E_MEMORY : JZ_E_FORMAT, "%s: %.400s", path,
                            *complaint ? complaint : cyaml_strerror(e));
    if (!c)
        return jz_error_set(err, JZ_E_FORMAT, "%s: there is nothing in it", path);
    if ((r = check(c, path, err)) < 0)
        return r;
    *ret_config = JZ_TAKE(c);
    return 0;
}

void jz_bridge_config_free(struct jz_bridge_config *c)
{
    static const cyaml_config_t config = { .mem_fn = cyaml_mem };
    if (c)
        cyaml_free(&config, &config_schema, c, 0);
}

bool jz_bridge_config_allows(const struct jz_bridge_config *config, const char *origin)
{
    for (unsigned i = 0; i < config->origin_count; i++)
        if (strcmp(config->origins[i], origin) == 0)
            return true;
    return false;
}
