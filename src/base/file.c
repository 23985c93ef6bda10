#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int jz_file_read(const char *path, size_t max_bytes, uint8_t **ret_data, size_t *ret_size,
                 struct jz_error *err)
{
    jz_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return jz_error_set(err, errno == ENOENT ? JZ_E_NOT_FOUND : JZ_E_IO, "%s: %s", path,
                            strerror(errno));
    return jz_file_read_fd(fd, path, max_bytes, ret_data, ret_size, err);
}

int jz_file_read_fd(int fd, const char *path, size_t max_bytes, uint8_t **ret_data,
                    size_t *ret_size, struct jz_error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return jz_error_set(err, JZ_E_USAGE, "%s: is a folder, a file is wanted", path);

    /* A pipe has no size: the buffer grows, and the limit is checked against what arrives. */
    size_t room = S_ISREG(st.st_mode) && st.st_size >= 0 ? (size_t)st.st_size : 65536;
    if (room > max_bytes)
        return jz_error_set(err, JZ_E_LIMIT, "%s: %zu bytes, more than the limit of %zu", path,
                            room, max_bytes);
    jz_autofree uint8_t *data = malloc(room + 1);
    size_t size = 0;
    for (;;) {
        if (!data)
            return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
        ssize_t n = read(fd, data + size, room + 1 - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
        if (n == 0)
            break;
        size += (size_t)n;
        if (size > max_bytes)
            return jz_error_set(err, JZ_E_LIMIT, "%s: more than the limit of %zu bytes", path,
                                max_bytes);
        if (size == room + 1) {
            room = room * 2 < max_bytes ? room * 2 + 1 : max_bytes + 1;
            uint8_t *more = realloc(data, room + 1);
            if (!more)
                return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
            data = more;
        }
    }
    data[size] = 0;
    *ret_data = JZ_TAKE(data);
    *ret_size = size;
    return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

/* The new name is on the disk only when its folder is. */
static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    jz_autofree char *folder =
        !slash ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    jz_autoclose int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return fd < 0 || fsync(fd) < 0 ? -1 : 0;
}

static int publish(const char *path, const void *data, size_t size, mode_t mode, bool replace,
                   struct jz_error *err)
{
    jz_autofree char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    }
    jz_autoclose int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    const bool done = write_all(fd, data, size) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0 &&
                      (replace ? rename(temporary, path) : link(temporary, path)) == 0;
    const int saved = errno;
    if (!done || !replace)
        unlink(temporary);
    if (!done && !replace && saved == EEXIST)
        return jz_error_set(err, JZ_E_CONFLICT, "%s: is there already", path);
    if (!done)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(saved));
    if (sync_folder(path) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: its folder: %s", path, strerror(errno));
    return 0;
}

int jz_file_write(const char *path, const void *data, size_t size, struct jz_error *err)
{
    return publish(path, data, size, 0644, true, err);
}

int jz_file_write_private(const char *path, const void *data, size_t size, struct jz_error *err)
{
    return publish(path, data, size, 0600, true, err);
}

int jz_file_create_private(const char *path, const void *data, size_t size, struct jz_error *err)
{
    return publish(path, data, size, 0600, false, err);
}

char *jz_path_join(const char *dir, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}
