/*
 * The files of a request: pictures of documents, sealed under the person's own key, so that
 * forgetting the person's biometrics makes them unreadable too. Any thread.
 */
#pragma once

#include "ledger/request.h"

#define JZ_REQUEST_FILE_BYTES     (2u << 20)
#define JZ_REQUEST_DOCUMENT_BYTES 64 /* of the name of a document, with the NUL */
#define JZ_REQUEST_MEDIA_BYTES    32

struct jz_request_file {
    int64_t id, request, person, added_at;
    char document[JZ_REQUEST_DOCUMENT_BYTES];
    char media[JZ_REQUEST_MEDIA_BYTES];
    size_t size;
    uint8_t digest[JZ_DIGEST_BYTES]; /* of the content, by the digest of the database */
    char by[JZ_REQUEST_OPERATOR_MAX + 1];
    bool is_shredded; /* its content can no longer be read */
};

/*
 * What the bytes are: image/jpeg or image/png, when they decode as a whole picture, or
 * application/pdf, when they begin and end like one. JZ_E_FORMAT, JZ_E_LIMIT. Pure.
 */
int jz_request_file_media(const void *data, size_t size, const char **ret_media,
                          struct jz_error *err) JZ_MUST_CHECK;

struct jz_request_file_new {
    int64_t request;
    int64_t person;       /* whose request it must be; 0: anybody's */
    const char *document; /* a name of policy/words.h, or one that the person's policies give */
    const char *media;    /* as the sender says; NULL: says nothing */
    const void *data;
    size_t size;
    const char *by; /* the clerk who adds it; NULL: the person or a helper */
};

/*
 * JZ_E_NOT_FOUND; JZ_E_FORMAT: not what it says, or none of the three; JZ_E_LIMIT: too large, or
 * one file too many; JZ_E_USAGE: a document of no known name, or a kind that takes no files;
 * JZ_E_CONFLICT: the request is closed.
 */
int jz_request_file_add(struct jz_store *store, const struct jz_request_file_new *file,
                        struct jz_request_file *ret_file, struct jz_error *err) JZ_MUST_CHECK;

/* In the order in which they were added. */
int jz_request_files(struct jz_store *store, int64_t request,
                     struct jz_request_file ret_files[JZ_REQUEST_FILES_MAX], int *ret_count,
                     struct jz_error *err) JZ_MUST_CHECK;

/* The content, which the caller frees. JZ_E_NOT_FOUND: no such file, or it was shredded. */
int jz_request_file_open(struct jz_store *store, int64_t id, struct jz_request_file *ret_file,
                         uint8_t **ret_data, struct jz_error *err) JZ_MUST_CHECK;
