/* The configuration of the bridge: a YAML file, checked whole. docs/bridge.md explains it. */
#pragma once

#include "base/error.h"

#include <stdint.h>

#define JZ_CONFIG_MAX_BYTES    65536
#define JZ_CONFIG_MAX_ORIGINS  16
#define JZ_CONFIG_MAX_ADAPTERS 8
#define JZ_CONFIG_MAX_WORDS    8 /* of a helper's command */
#define JZ_ADAPTER_NAME_BYTES  33

/* The adapter for which jianzai brings the helper. */
#define JZ_ADAPTER_PCSC "pcsc"

/* A way to readers: its name, and the helper that is asked to probe and to read. */
struct jz_adapter {
    char *name;
    char **command; /* NULL for the one of jianzai */
    unsigned command_count;
};

struct jz_bridge_config {
    uint16_t port; /* 0: any that is free */
    char **origins;
    unsigned origin_count;
    struct jz_adapter *adapters; /* the first is asked when a page names none */
    unsigned adapter_count;
};

/* JZ_E_NOT_FOUND, JZ_E_FORMAT, JZ_E_LIMIT, JZ_E_IO, JZ_E_MEMORY. */
int jz_bridge_config_load(const char *path, struct jz_bridge_config **ret_config,
                          struct jz_error *err) JZ_MUST_CHECK;
void jz_bridge_config_free(struct jz_bridge_config *config);

/* Exactly one of the origins that the configuration names. */
bool jz_bridge_config_allows(const struct jz_bridge_config *config, const char *origin);

static inline void jz_bridge_config_freep(struct jz_bridge_config **config)
{
    jz_bridge_config_free(*config);
}
