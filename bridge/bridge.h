/*
 * The bridge itself: HTTP on 127.0.0.1 for the pages of the origins in the configuration, one
 * helper at a time behind it. One thread, one loop. docs/bridge.md has the interface.
 */
#pragma once

#include "bridge/config.h"

/*
 * Serves until SIGTERM or SIGINT, which the caller has blocked, with SIGCHLD and SIGPIPE. The paths
 * are those of the configuration, for its pairing, and of the helper of PC/SC readers. JZ_E_IO,
 * JZ_E_MEMORY, when it cannot begin or go on.
 */
int jz_bridge_run(const struct jz_bridge_config *config, const char *config_path,
                  const char *pcsc_path, struct jz_error *err) JZ_MUST_CHECK;
