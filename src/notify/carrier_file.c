#include "notify/carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct file_carrier {
    struct jz_carrier carrier;
    pthread_mutex_t lock;
    char *path;
    int fd;
};

/* One write for a line, so that lines of several processes stay whole. */
static int append(struct file_carrier *f, const char *line, struct jz_error *err)
{
    const size_t size = strlen(line);
    pthread_mutex_lock(&f->lock);
    const ssize_t n = write(f->fd, line, size);
    pthread_mutex_unlock(&f->lock);
    if (n != (ssize_t)size)
        return jz_error_set(err, JZ_E_IO, "%s: %s", f->path,
                            n < 0 ? strerror(errno) : "only a part of the line was written");
    return 0;
}

static int send_letter(struct jz_carrier *carrier, const struct jz_letter *letter,
                       struct jz_error *err)
{
    struct file_carrier *f = (struct file_carrier *)carrier;
    json_t *object =
        json_pack("{s:I,s:s,s:s,s:s,s:s}", "at", (json_int_t)time(NULL), "to", letter->to, "kind",
                  letter->kind, "text", letter->text, "id", letter->id);
    jz_autofree char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    jz_autofree char *line = NULL;
    json_decref(object);
    if (!text || asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    return append(f, line, err);
}

static void free_carrier(struct jz_carrier *carrier)
{
    struct file_carrier *f = (struct file_carrier *)carrier;
    if (f->fd >= 0)
        close(f->fd);
    pthread_mutex_destroy(&f->lock);
    free(f->path);
    free(f);
}

int jz_carrier_file_new(const char *path, struct jz_carrier **ret_carrier, struct jz_error *err)
{
    static const struct jz_carrier_ops ops = { "file", send_letter, free_carrier };
    jz_autoclose int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
        return jz_error_set(err, JZ_E_DENIED,
                            "%s: others than its owner may read the codes in it; type: chmod 600",
                            path);
    struct file_carrier *f = calloc(1, sizeof *f);
    if (!f || !(f->path = strdup(path))) {
        free(f);
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    }
    pthread_mutex_init(&f->lock, NULL);
    f->carrier = (struct jz_carrier){ &ops, true, true };
    f->fd = fd;
    fd = -1;
    *ret_carrier = &f->carrier;
    return 0;
}
