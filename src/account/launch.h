/*
 * What a launch token says once it is opened (docs/serve-launch.md): who is handed over, for whom,
 * and how long it is good. Pure.
 */
#pragma once

#include "identity/document.h"
#include "identity/name.h"
#include "ledger/caller.h"

#define JZ_LAUNCH_LIFE_S       300 /* at most, from iat to exp */
#define JZ_LAUNCH_SKEW_S       60  /* that clocks may differ */
#define JZ_LAUNCH_AUDIENCE_MAX 120
#define JZ_LAUNCH_JTI_MIN      16
#define JZ_LAUNCH_JTI_MAX      64

struct jz_launch {
    char issuer[JZ_CALLER_NAME_MAX + 1];
    char audience[JZ_LAUNCH_AUDIENCE_MAX + 1];
    char jti[JZ_LAUNCH_JTI_MAX + 1]; /* once used, never again */
    int64_t issued_at, expires_at;
    char name[JZ_NAME_MAX_BYTES + 1];
    struct jz_document document;
};

/* The payload of a token. JZ_E_FORMAT names the claim that is missing or wrong. */
int jz_launch_parse(const char *payload, size_t size, struct jz_launch *ret_launch,
                    struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_DENIED unless it is of the caller, for the audience, and good now. */
int jz_launch_check(const struct jz_launch *launch, const char *caller, const char *audience,
                    int64_t now, struct jz_error *err) JZ_MUST_CHECK;

/* A payload for `launch`, for tests and trials; the caller wipes and frees it. */
int jz_launch_write(const struct jz_launch *launch, char **ret_payload,
                    struct jz_error *err) JZ_MUST_CHECK;
