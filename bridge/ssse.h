/*
 * What a Chinese social security card tells everybody: the files EF05 and EF06 of its social
 * security system environment (SSSE). docs/bridge.md says where the structure is from, and what of
 * it no real card has confirmed here. Pure but for the channel.
 */
#pragma once

#include "bridge/card.h"
#include "bridge/problem.h"

#define JZ_APDU_RESPONSE_BYTES 258 /* 256 and the two status bytes */

/* The way to a card. */
struct jz_card_channel {
    /* One command, one response with its status bytes at the end. */
    enum jz_problem (*transmit)(void *context, const uint8_t *command, size_t size,
                                uint8_t ret_response[JZ_APDU_RESPONSE_BYTES], size_t *ret_size);
    void *context;
};

/* JZ_PROBLEM_UNKNOWN_CARD, JZ_PROBLEM_CARD_UNREADABLE, or what the channel answers. */
enum jz_problem jz_ssse_read(const struct jz_card_channel *channel,
                             struct jz_card *ret_card) JZ_MUST_CHECK;
