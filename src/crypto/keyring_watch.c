/*
 * A keyring that follows its file. Keys that were replaced stay in memory until the keyring is
 * freed: somebody may still use them, and a rotation is rare.
 */
#include "crypto/keyring_internal.h"

#include "crypto/pkcs11_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 1000 };

/* Keys that were the newest once. */
struct past {
    struct jz_key_set *set;
    struct past *before;
};

/* What changes; behind a pointer, because whoever uses a keyring does not change it. */
struct watch {
    _Atomic(struct jz_key_set *) newest;
    _Atomic int64_t look_at_ms; /* when the file is looked at next */
    char *path;                 /* absolute; NULL: there is no file */
    struct jz_pkcs11 module;    /* with texts of its own */

    pthread_mutex_t lock; /* of what follows */
    struct stat file;     /* that was read last */
    struct jz_error why;  /* it was not taken over; code 0: it was */
    struct past *past;
};

struct jz_keyring {
    struct watch *watch;
};

/* ---- Life ---- */

/* One text of the module; the PIN is a secret. */
static void wipe_text(const char *text)
{
    char *own = (char *)(uintptr_t)text;
    if (own)
        jz_wipe(own, strlen(own));
    free(own);
}

void jz_keyring_free(struct jz_keyring *k)
{
    if (!k)
        return;
    struct watch *w = k->watch;
    jz_key_set_free(atomic_load(&w->newest));
    for (struct past *p = w->past, *before; p; p = before) {
        before = p->before;
        jz_key_set_free(p->set);
        free(p);
    }
    wipe_text(w->module.module);
    wipe_text(w->module.token);
    wipe_text(w->module.pin);
    wipe_text(w->module.key);
    pthread_mutex_destroy(&w->lock);
    free(w->path);
    free(w);
    free(k);
}

static bool copy_text(const char *text, const char **ret)
{
    return !text || (*ret = strdup(text));
}

/* The process may change its folder. */
static char *absolute(const char *path)
{
    char *whole = NULL;
    jz_autofree char *here = *path == '/' ? NULL : getcwd(NULL, 0);
    if (*path == '/')
        return strdup(path);
    return here && asprintf(&whole, "%s/%s", here, path) > 0 ? whole : NULL;
}

int jz_keyring_watch(struct jz_key_set *set, const char *path, const struct jz_pkcs11 *module,
                     const struct stat *file, struct jz_keyring **ret_keyring, struct jz_error *err)
{
    struct jz_keyring *k = calloc(1, sizeof *k);
    struct watch *w = calloc(1, sizeof *w);
    if (!k || !w) {
        jz_key_set_free(set);
        free(k);
        free(w);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a keyring");
    }
    k->watch = w;
    atomic_init(&w->newest, set);
    pthread_mutex_init(&w->lock, NULL);
    const struct jz_pkcs11 none = { 0 }, *m = module ? module : &none;
    if ((path && !(w->path = absolute(path))) || !copy_text(m->module, &w->module.module) ||
        !copy_text(m->token, &w->module.token) || !copy_text(m->pin, &w->module.pin) ||
        !copy_text(m->key, &w->module.key)) {
        jz_keyring_free(k);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory for a keyring");
    }
    if (file)
        w->file = *file;
    *ret_keyring = k;
    return 0;
}

/* ---- Looking ---- */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Under the lock. The set goes over to the watch, or goes. */
static int take_over(struct watch *w, struct jz_key_set *set, struct jz_error *err)
{
    struct jz_key_set *old = atomic_load(&w->newest);
    const enum jz_key_change change = jz_key_set_compare(old, set);
    struct past *p = change == JZ_KEYS_GREW ? malloc(sizeof *p) : NULL;
    if (p) {
        *p = (struct past){ old, w->past };
        w->past = p;
        atomic_store(&w->newest, set);
        return 0;
    }
    jz_key_set_free(set);
    if (change == JZ_KEYS_GREW)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", w->path);
    if (change == JZ_KEYS_FOREIGN)
        return jz_error_set(err, JZ_E_CONFLICT,
                            "%s: is another keyring, or an older copy of the one in use", w->path);
    return 0;
}

/* Under the lock. */
static int read_again(struct watch *w, struct jz_error *err)
{
    JZ_CLEANUP(jz_keyring_content_freep) struct jz_keyring_content *content = NULL;
    struct jz_key_set *set = NULL;
    struct stat file = w->file;
    int r = jz_keyring_read(w->path, jz_pkcs11_is_named(&w->module) ? &w->module : NULL, &content,
                            &file, err);
    w->file = file;
    if (r == 0 && (r = jz_key_set_new(w->path, content, &set, err)) == 0)
        r = take_over(w, set, err);
    return r;
}

int jz_keyring_look(const struct jz_keyring *k, struct jz_error *err)
{
    struct watch *w = k->watch;
    struct stat seen;
    if (!w->path)
        return 0;
    if (stat(w->path, &seen) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", w->path, strerror(errno));
    pthread_mutex_lock(&w->lock);
    /* What failed once fails again, and a module locks after a few tries. */
    if (!is_same_file(&seen, &w->file)) {
        w->why.code = 0;
        (void)!read_again(w, &w->why);
    }
    const int r = w->why.code;
    if (r < 0 && err)
        *err = w->why;
    pthread_mutex_unlock(&w->lock);
    return r;
}

void jz_keyring_refresh(const struct jz_keyring *k)
{
    (void)!jz_keyring_look(k, NULL);
}

static int64_t coarse_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const struct jz_key_set *jz_keyring_set(const struct jz_keyring *k)
{
    struct watch *w = k->watch;
    if (w->path) {
        const int64_t now = coarse_ms();
        int64_t due = atomic_load_explicit(&w->look_at_ms, memory_order_relaxed);
        /* One of the threads looks, the others go on. */
        if (now >= due && atomic_compare_exchange_strong(&w->look_at_ms, &due, now + LOOK_EVERY_MS))
            jz_keyring_refresh(k);
    }
    return atomic_load_explicit(&w->newest, memory_order_acquire);
}
