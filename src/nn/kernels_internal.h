/*
 * The few loops that are not oneDNN's, each because oneDNN 2.6 is slow at it: a PRelu over few
 * channels costs it ten times the memory traffic, and it reads three-channel images one number at
 * a time. Channels come last; `period` numbers of the per-channel arrays repeat over `count`.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* dst = src * scale + shift, float32 in. */
void jz_nn_affine_f32(float *dst, const float *src, const float *scale, const float *shift,
                      size_t period, size_t count);

/* The same into bf16, rounded to nearest even. Only on processors with AVX-512. */
void jz_nn_affine_bf16(uint16_t *dst, const float *src, const float *scale, const float *shift,
                       size_t period, size_t count);

/* dst = src < 0 ? src * slope : src; in place is fine. Only on processors with AVX-512. */
void jz_nn_prelu_bf16(uint16_t *dst, const uint16_t *src, const float *slope, size_t period,
                      size_t count);

/* How often a pattern of `channels` numbers is repeated so that the inner loops stay long. */
static inline size_t jz_nn_kernel_period(size_t channels)
{
    const size_t least = 96; /* three vectors of 32 halves; also a multiple of RGB's three */
    return channels * ((least + channels - 1) / channels);
}
