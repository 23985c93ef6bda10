/*
 * Templates for storage: one or several photographs of a person as a compact blob, and back.
 *
 * Plain values; any thread. Templates are biometric data: what a caller decodes it also wipes.
 *
 * The blob, byte by byte; numbers of two bytes are little-endian:
 *
 *     0   3   "JZT"
 *     3   1   version of this format: 1
 *     4   1   photographs: 1 to JZ_TEMPLATES_MAX
 *     5   1   embeddings of each photograph: 1 to JZ_MANIFEST_MAX_FUSED
 *             for each embedding
 *         1       length of the model's name, 1 to 31
 *         n       the name, printable ASCII
 *         1       length of the model's version, 1 to 31
 *         n       the version, printable ASCII
 *         2       dims: 1 to JZ_MAX_EMBEDDING
 *             for each photograph, for each of its embeddings
 *     2 dims      the values, signed; the largest magnitude of an embedding is always 32767
 *
 * and nothing behind it. Embeddings have length one, so only their direction is kept and no scale
 * is needed: a value is its number over the root of the sum of all squares. One set of photographs
 * has exactly one blob. There is no checksum: blobs are sealed before they are stored, and the seal
 * has one.
 *
 * Why 16 bits: over the 4.7 million pairs of the 3,071 faces found in LFW, scores after storage
 * are off by at most 0.000015. With 8 bits they are off by up to 0.0026 for the fusion and 0.0044
 * for mobilefacenet alone, which would move decisions; halves of floats need as much room as this
 * and are off by 0.0001. A photograph of the fusion takes 768 bytes, the names before it 49.
 */
#pragma once

#include "face/engine.h"

#define JZ_TEMPLATES_MAX       8 /* photographs of one person */
#define JZ_TEMPLATES_MAX_BYTES 8330

/* What makes templates comparable: the models, their versions and sizes, in order. */
struct jz_template_kind {
    int count;
    struct jz_template_part {
        char model[JZ_MANIFEST_NAME_BYTES];
        char version[JZ_MANIFEST_NAME_BYTES];
        int dims;
    } parts[JZ_MANIFEST_MAX_FUSED];
};

/* The kind of a template. JZ_E_USAGE when it is none that any model could have made. */
int jz_template_kind_of(const struct jz_template *template, struct jz_template_kind *ret_kind,
                        struct jz_error *err) JZ_MUST_CHECK;

/* The kind of what jz_embed makes for this matcher. JZ_E_USAGE when a model is not the engine's. */
int jz_template_kind_of_matcher(const struct jz_engine *engine, const struct jz_matcher *matcher,
                                struct jz_template_kind *ret_kind,
                                struct jz_error *err) JZ_MUST_CHECK;

bool jz_template_kind_equal(const struct jz_template_kind *a, const struct jz_template_kind *b);

/* Whether it is of that kind and each embedding of length one. JZ_E_USAGE says what is wrong. */
int jz_template_check(const struct jz_template *template, const struct jz_template_kind *kind,
                      struct jz_error *err) JZ_MUST_CHECK;

/* Several photographs of one person, all of one kind. */
struct jz_template_list {
    int count;
    struct jz_template templates[JZ_TEMPLATES_MAX];
};

/* JZ_E_LIMIT (more than JZ_TEMPLATES_MAX), JZ_E_USAGE (none, of several kinds, or no template). */
int jz_templates_encode(const struct jz_template_list *list,
                        uint8_t ret_blob[JZ_TEMPLATES_MAX_BYTES], size_t *ret_size,
                        struct jz_error *err) JZ_MUST_CHECK;

/* JZ_E_FORMAT for anything jz_templates_encode would not write. */
int jz_templates_decode(const void *blob, size_t size, struct jz_template_list *ret_list,
                        struct jz_error *err) JZ_MUST_CHECK;

/*
 * The mean of the probe's similarities with each photograph of the list, -1 to 1. JZ_E_USAGE when
 * the models differ.
 *
 * The mean, not the best, because the manifest's thresholds must stay true. On the 91 usable
 * pictures of the tests' colour photographs and phone clips both are always right, but the one
 * impostor in a thousand moves from 0.278 with one photograph to 0.311 (best of three) or 0.239
 * (their mean). Over LFW (160 people with four or more pictures) at the threshold for FMR 1e-3:
 *
 *     photographs      1       2       3
 *     best: FMR     1.0e-3  1.8e-3  2.3e-3      FNMR  1.4 %  0.5 %  0.1 %
 *     mean: FMR     1.0e-3  0.6e-3  0.5e-3      FNMR  1.4 %  1.2 %  1.1 %
 *
 * At thresholds of its own the best would refuse fewer (0.5 against 0.8 % with three), but each
 * number of photographs would need one.
 */
int jz_templates_compare(const struct jz_template_list *list, const struct jz_template *probe,
                         double *ret_score, struct jz_error *err) JZ_MUST_CHECK;
