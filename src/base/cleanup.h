/* Scope-bound cleanup: every owner releases what it holds when it leaves scope. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define JZ_CLEANUP(f) __attribute__((cleanup(f)))
#define JZ_MUST_CHECK __attribute__((warn_unused_result))

/* Hands the pointer on and leaves NULL behind, so that the cleanup of the old name does nothing. */
#define JZ_TAKE(p)                                                                                 \
    ({                                                                                             \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

static inline void jz_freep(void *p)
{
    free(*(void **)p);
}

static inline void jz_fclosep(FILE **f)
{
    if (*f)
        fclose(*f);
}

static inline void jz_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define jz_autofree   JZ_CLEANUP(jz_freep)
#define jz_autofclose JZ_CLEANUP(jz_fclosep)
#define jz_autoclose  JZ_CLEANUP(jz_closep)
