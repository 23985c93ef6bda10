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

int jz_file_write(const char *path, const void *data, size_t size, struct jz_error *err)
{
    jz_autofree char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    }
    jz_autoclose int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    if (write_all(fd, data, size) < 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0 ||
        rename(temporary, path) < 0) {
        int saved = errno;
        unlink(temporary);
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(saved));
    }
    return 0;
}

char *jz_path_join(const char *dir, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}
