#include "face/image_internal.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
    CPU_LIMIT_S = 120,
    SILENCE_LIMIT_MS = 60000, /* without a byte from ffmpeg */
    PIPE_BYTES = 1 << 20,     /* so that ffmpeg works on the next frame while we do on this one */
};

/* The separate process that reads a video. */
struct video {
    pid_t pid;       /* 0 once it is reaped */
    int out, errors; /* our ends of its standard output and standard error; -1 once at their end */
    char text[256];  /* the beginning of what it said on standard error */
    size_t text_length;
    struct jz_ppm ppm;
};

struct jz_clip {
    struct jz_decoder *decoder; /* borrowed, for a folder */
    char *path;
    double fps;
    int index; /* of the next frame */
    bool is_folder;
    char **names; /* of the pictures of a folder, in order */
    int name_count, name_room;
    struct video video;
};

enum path_kind { PATH_FOLDER, PATH_PICTURE, PATH_OTHER_FILE };

static int look_at(const char *path, enum path_kind *ret_kind, struct jz_error *err)
{
    /* Not to hang on a pipe that nobody writes to. */
    jz_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return jz_error_set(err, errno == ENOENT ? JZ_E_NOT_FOUND : JZ_E_IO, "%s: %s", path,
                            strerror(errno));
    if (S_ISDIR(st.st_mode)) {
        *ret_kind = PATH_FOLDER;
        return 0;
    }
    if (!S_ISREG(st.st_mode))
        return jz_error_set(err, JZ_E_USAGE, "%s: neither a file nor a folder", path);
    uint8_t start[8];
    const ssize_t n = read(fd, start, sizeof start);
    if (n < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", path, strerror(errno));
    *ret_kind =
        jz_picture_sniff(start, (size_t)n) == JZ_PICTURE_UNKNOWN ? PATH_OTHER_FILE : PATH_PICTURE;
    return 0;
}

bool jz_path_is_clip(const char *path)
{
    enum path_kind kind;
    return look_at(path, &kind, NULL) == 0 && kind != PATH_PICTURE;
}

static bool is_picture_name(const char *name)
{
    static const char *const endings[] = { ".jpg", ".jpeg", ".png" };
    const char *ending = strrchr(name, '.');
    if (!ending || name[0] == '.')
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

/*
 * frame9 before frame10 and 099 before 0100. strverscmp will not do: it takes digits behind a
 * leading zero for a fraction.
 */
static int compare_names(const void *left, const void *right)
{
    static const char digits[] = "0123456789";
    const char *whole_a = *(char *const *)left, *whole_b = *(char *const *)right;
    const char *a = whole_a, *b = whole_b;
    while (*a && *b) {
        if (strspn(a, digits) == 0 || strspn(b, digits) == 0) {
            if (*a != *b)
                break;
            a++, b++;
            continue;
        }
        a += strspn(a, "0");
        b += strspn(b, "0");
        const size_t m = strspn(a, digits), n = strspn(b, digits);
        const int order = m != n ? (m > n) - (m < n) : strncmp(a, b, m);
        if (order)
            return order;
        a += m;
        b += n;
    }
    const int order = strcmp(a, b);
    return order ? order : strcmp(whole_a, whole_b);
}

static int add_name(struct jz_clip *clip, const char *name, struct jz_error *err)
{
    if (clip->name_count == JZ_CLIP_MAX_FRAMES)
        return jz_error_set(err, JZ_E_LIMIT, "%s: more than %d pictures; take some away",
                            clip->path, JZ_CLIP_MAX_FRAMES);
    if (clip->name_count == clip->name_room) {
        const int room = clip->name_room ? 2 * clip->name_room : 64;
        char **more = reallocarray(clip->names, (size_t)room, sizeof *more);
        if (!more)
            return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", clip->path);
        clip->names = more;
        clip->name_room = room;
    }
    char *copy = strdup(name);
    if (!copy)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", clip->path);
    clip->names[clip->name_count++] = copy;
    return 0;
}

static void closedirp(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

static int open_folder(struct jz_clip *clip, struct jz_error *err)
{
    JZ_CLEANUP(closedirp) DIR *dir = opendir(clip->path);
    if (!dir)
        return jz_error_set(err, JZ_E_IO, "%s: %s", clip->path, strerror(errno));
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(dir))) {
        int r = is_picture_name(entry->d_name) ? add_name(clip, entry->d_name, err) : 0;
        if (r < 0)
            return r;
    }
    if (errno)
        return jz_error_set(err, JZ_E_IO, "%s: %s", clip->path, strerror(errno));
    if (clip->name_count == 0)
        return jz_error_set(err, JZ_E_NOT_FOUND, "%s: the folder holds no .jpg, .jpeg or .png file",
                            clip->path);
    qsort(clip->names, (size_t)clip->name_count, sizeof *clip->names, compare_names);
    return 0;
}

static int next_in_folder(struct jz_clip *clip, struct jz_image *frame, struct jz_error *err)
{
    if (clip->index == clip->name_count)
        return 0;
    jz_autofree char *path = jz_path_join(clip->path, clip->names[clip->index]);
    if (!path)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", clip->path);
    int r = jz_image_read(clip->decoder, path, JZ_CLIP_LONG_SIDE, frame, err);
    return r < 0 ? r : 1;
}

static int ppm_broken(struct jz_error *err)
{
    return jz_error_set(err, JZ_E_FORMAT, "the stream of frames is cut short or damaged");
}

/* 1 when there is something in the buffer, 0 at the end, or an error. */
static int ppm_fill(struct jz_ppm *ppm, struct jz_error *err)
{
    if (ppm->at < ppm->filled)
        return 1;
    const ssize_t n = ppm->read(ppm->source, ppm->buffer, sizeof ppm->buffer, err);
    if (n <= 0)
        return (int)n;
    ppm->at = 0;
    ppm->filled = (size_t)n;
    return 1;
}

enum { PPM_END = 256 }; /* what no byte can be */

static int ppm_byte(struct jz_ppm *ppm, struct jz_error *err)
{
    const int r = ppm_fill(ppm, err);
    return r < 0 ? r : r == 0 ? PPM_END : ppm->buffer[ppm->at++];
}

/* A number and the one blank behind it. */
static int ppm_number(struct jz_ppm *ppm, int *ret_number, struct jz_error *err)
{
    enum { MAX_DIGITS = 5 };
    int number = 0;
    for (int digits = 0; digits <= MAX_DIGITS; digits++) {
        const int c = ppm_byte(ppm, err);
        if (c < 0)
            return c;
        if (digits > 0 && (c == ' ' || c == '\n')) {
            *ret_number = number;
            return 0;
        }
        if (c < '0' || c > '9')
            break;
        number = 10 * number + (c - '0');
    }
    return ppm_broken(err);
}

static int ppm_pixels(struct jz_ppm *ppm, uint8_t *target, size_t size, struct jz_error *err)
{
    const size_t buffered = ppm->filled - ppm->at;
    const size_t first = buffered < size ? buffered : size;
    memcpy(target, ppm->buffer + ppm->at, first);
    ppm->at += first;
    for (size_t done = first; done < size;) {
        const ssize_t n = ppm->read(ppm->source, target + done, size - done, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return ppm_broken(err);
        done += (size_t)n;
    }
    return 0;
}

int jz_ppm_next(struct jz_ppm *ppm, struct jz_image *image, struct jz_error *err)
{
    static const char magic[] = { 'P', '6', '\n' };
    for (size_t i = 0; i < sizeof magic; i++) {
        const int c = ppm_byte(ppm, err);
        if (c < 0)
            return c;
        if (c == PPM_END && i == 0)
            return 0;
        if (c != magic[i])
            return ppm_broken(err);
    }
    int width, height, most, r;
    if ((r = ppm_number(ppm, &width, err)) < 0 || (r = ppm_number(ppm, &height, err)) < 0 ||
        (r = ppm_number(ppm, &most, err)) < 0)
        return r;
    if (width < 1 || width > JZ_CLIP_LONG_SIDE || height < 1 || height > JZ_CLIP_LONG_SIDE ||
        most != 255)
        return ppm_broken(err);
    if ((r = jz_image_resize(image, width, height, err)) < 0)
        return r;
    r = ppm_pixels(ppm, image->pixels, 3 * (size_t)width * (size_t)height, err);
    return r < 0 ? r : 1;
}

static void close_end(int *fd)
{
    jz_closep(fd);
    *fd = -1;
}

/* Takes in what ffmpeg has to say, keeps the beginning. */
static void hear_errors(struct video *video)
{
    char said[512];
    const ssize_t n = read(video->errors, said, sizeof said);
    if (n == 0 || (n < 0 && errno != EINTR))
        close_end(&video->errors);
    for (ssize_t i = 0; i < n && video->text_length < sizeof video->text - 1; i++) {
        /* Titles and names out of the file may be among it. */
        const unsigned char c = (unsigned char)said[i];
        video->text[video->text_length++] = c < ' ' || c == 0x7f ? ' ' : said[i];
    }
}

/* The read of struct jz_ppm. Listens to both pipes, lest ffmpeg should wait for us on the other. */
static ssize_t read_video(void *source, uint8_t *buffer, size_t size, struct jz_error *err)
{
    struct video *video = source;
    while (video->out >= 0 || video->errors >= 0) {
        struct pollfd ends[2] = { { .fd = video->out, .events = POLLIN },
                                  { .fd = video->errors, .events = POLLIN } };
        const int ready = poll(ends, 2, SILENCE_LIMIT_MS);
        if (ready < 0 && errno != EINTR)
            return jz_error_set(err, JZ_E_IO, "waiting for ffmpeg: %s", strerror(errno));
        if (ready == 0)
            return jz_error_set(err, JZ_E_LIMIT, "ffmpeg has said nothing for %d seconds",
                                SILENCE_LIMIT_MS / 1000);
        if (ready > 0 && ends[1].revents)
            hear_errors(video);
        if (ready > 0 && ends[0].revents) {
            const ssize_t n = read(video->out, buffer, size);
            if (n > 0)
                return n;
            if (n < 0 && errno != EINTR)
                return jz_error_set(err, JZ_E_IO, "reading from ffmpeg: %s", strerror(errno));
            if (n == 0)
                close_end(&video->out);
        }
    }
    return 0;
}

/*
 * Set from outside after the start: between fork and exec of a threaded program little may be
 * called, and in its first instants ffmpeg has not opened the file. Where the limit we live under
 * is the tighter one, raising it fails, and that one stays.
 */
static void limit_process(pid_t pid)
{
    static const struct {
        int resource;
        rlim_t soft, hard;
    } limits[] = {
        /* The soft limit is a signal to ffmpeg, which ends in order; the hard one kills. */
        { RLIMIT_CPU, CPU_LIMIT_S, CPU_LIMIT_S + 5 },
        { RLIMIT_AS, (rlim_t)2 << 30, (rlim_t)2 << 30 },
        { RLIMIT_NOFILE, 64, 64 },
        { RLIMIT_FSIZE, 0, 0 },
        { RLIMIT_CORE, 0, 0 },
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct rlimit limit = { .rlim_cur = limits[i].soft, .rlim_max = limits[i].hard };
        (void)prlimit(pid, limits[i].resource, &limit, NULL);
    }
}

/* 0 or an errno. The child gets these three streams, nothing else that is open here. */
static int spawn(char *const argv[], int out, int errors, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int e = posix_spawn_file_actions_init(&actions);
    if (e)
        return e;
    if ((e = posix_spawnattr_init(&attributes))) {
        posix_spawn_file_actions_destroy(&actions);
        return e;
    }
    /* A server that ignores SIGPIPE must not have its ffmpeg do the same. */
    if (!(e = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) &&
        !(e = posix_spawn_file_actions_adddup2(&actions, out, 1)) &&
        !(e = posix_spawn_file_actions_adddup2(&actions, errors, 2)) &&
        !(e = posix_spawnattr_setsigdefault(&attributes, &all)) &&
        !(e = posix_spawnattr_setsigmask(&attributes, &none)) &&
        !(e = posix_spawnattr_setflags(&attributes,
                                       POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)))
        e = posix_spawnp(ret_pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return e;
}

static int start_ffmpeg(struct jz_clip *clip, char *const argv[], struct jz_error *err)
{
    struct video *video = &clip->video;
    int out[2], errors[2];
    if (pipe2(out, O_CLOEXEC) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", clip->path, strerror(errno));
    video->out = out[0];
    jz_autoclose int out_child = out[1];
    if (pipe2(errors, O_CLOEXEC) < 0)
        return jz_error_set(err, JZ_E_IO, "%s: %s", clip->path, strerror(errno));
    video->errors = errors[0];
    jz_autoclose int errors_child = errors[1];
    (void)fcntl(out_child, F_SETPIPE_SZ, PIPE_BYTES); /* refused: slower, no worse */

    const int e = spawn(argv, out_child, errors_child, &video->pid);
    if (e == ENOENT)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "%s: the program ffmpeg, which reads videos, is not installed; "
                            "on Debian: apt install ffmpeg",
                            clip->path);
    if (e)
        return jz_error_set(err, JZ_E_IO, "%s: cannot start ffmpeg: %s", clip->path, strerror(e));
    limit_process(video->pid);
    return 0;
}

static __attribute__((format(printf, 1, 2))) char *format(const char *text, ...)
{
    char *formatted = NULL;
    va_list ap;
    va_start(ap, text);
    const int n = vasprintf(&formatted, text, ap);
    va_end(ap);
    return n < 0 ? NULL : formatted;
}

/*
 * Formats that are one file in themselves. Left out are playlists and the like, by which a file
 * could have ffmpeg read other files of this machine.
 */
static const char formats[] = "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,asf,flv,ogg,"
                              "ivf,mjpeg,yuv4mpegpipe";

static int open_video(struct jz_clip *clip, struct jz_error *err)
{
    clip->video.ppm.read = read_video;
    clip->video.ppm.source = &clip->video;
    /* With the prefix, a name is neither an option nor a protocol, whatever it looks like. */
    jz_autofree char *url = format("file:%s", clip->path);
    /* Pixels of a file need not be square; ours are. %lld, because %f depends on the locale. */
    jz_autofree char *filter =
        format("fps=%lld/1000000,"
               "scale=w='max(1,round(iw*sar*min(1,%d/max(iw*sar,ih))))':"
               "h='max(1,round(ih*min(1,%d/max(iw*sar,ih))))':flags=area",
               llround(clip->fps * 1e6), JZ_CLIP_LONG_SIDE, JZ_CLIP_LONG_SIDE);
    jz_autofree char *pixels = format("%u", JZ_IMAGE_MAX_PIXELS);
    jz_autofree char *frames = format("%d", JZ_CLIP_MAX_FRAMES + 1);
    if (!url || !filter || !pixels || !frames)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", clip->path);
    /* clang-format off */
    const char *const argv[] = {
        "ffmpeg", "-nostdin", "-v", "error", "-filter_threads", "1",
        "-protocol_whitelist", "file,pipe", "-format_whitelist", formats, "-max_pixels", pixels,
        "-threads", "1", "-i", url, /* turned upright by ffmpeg itself */
        "-an", "-sn", "-dn", "-vf", filter, "-frames:v", frames,
        "-threads", "1", "-c:v", "ppm", "-pix_fmt", "rgb24", "-f", "image2pipe", "-", NULL,
    };
    /* clang-format on */
    return start_ffmpeg(clip, (char *const *)(uintptr_t)argv, err);
}

/* How the process ended. `r` is what was read last: 0, or an error that it may explain better. */
static int end_video(struct jz_clip *clip, int r, struct jz_error *err)
{
    struct video *video = &clip->video;
    int status = 0;
    struct rusage used = { 0 };
    while (wait4(video->pid, &status, 0, &used) < 0 && errno == EINTR)
        ;
    video->pid = 0;
    if (status != 0 && used.ru_utime.tv_sec + used.ru_stime.tv_sec >= CPU_LIMIT_S - 1)
        return jz_error_set(err, JZ_E_LIMIT,
                            "it takes more than %d seconds to decode; make it shorter or smaller",
                            CPU_LIMIT_S);
    const char *said = video->text_length ? video->text : "it gave no reason";
    if (WIFSIGNALED(status))
        return jz_error_set(err, JZ_E_FORMAT, "ffmpeg broke down over it (signal %d)",
                            WTERMSIG(status));
    if (status != 0)
        return jz_error_set(err, JZ_E_FORMAT, "ffmpeg cannot read it as a video: %s", said);
    if (r == 0 && clip->index == 0)
        return jz_error_set(err, JZ_E_FORMAT, "there is no picture in it: %s", said);
    return r;
}

static int next_in_video(struct jz_clip *clip, struct jz_image *frame, struct jz_error *err)
{
    struct video *video = &clip->video;
    int r = jz_ppm_next(&video->ppm, frame, err);
    if (r == 1 && clip->index == JZ_CLIP_MAX_FRAMES)
        r = jz_error_set(err, JZ_E_LIMIT, "more than %d frames; make it shorter",
                         JZ_CLIP_MAX_FRAMES);
    if (r != 1 && video->out < 0 && video->pid)
        r = end_video(clip, r, err);
    if (r < 0)
        jz_error_prefix(err, "%s", clip->path);
    return r;
}

static void stop_video(struct video *video)
{
    close_end(&video->out);
    close_end(&video->errors);
    if (!video->pid)
        return;
    kill(video->pid, SIGKILL);
    while (waitpid(video->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

void jz_clip_close(struct jz_clip *clip)
{
    if (!clip)
        return;
    stop_video(&clip->video);
    for (int i = 0; i < clip->name_count; i++)
        free(clip->names[i]);
    free(clip->names);
    free(clip->path);
    free(clip);
}

int jz_clip_open(struct jz_decoder *decoder, const char *path, double fps,
                 struct jz_clip **ret_clip, struct jz_error *err)
{
    if (!(fps >= 0.1 && fps <= 120))
        return jz_error_set(err, JZ_E_USAGE, "%g frames a second are not between 0.1 and 120", fps);
    enum path_kind kind;
    int r = look_at(path, &kind, err);
    if (r < 0)
        return r;
    if (kind == PATH_PICTURE)
        return jz_error_set(err, JZ_E_USAGE, "%s: is a picture, not a clip", path);
    JZ_CLEANUP(jz_clip_closep) struct jz_clip *clip = calloc(1, sizeof *clip);
    if (!clip)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    clip->video.out = clip->video.errors = -1;
    clip->decoder = decoder;
    clip->fps = fps;
    clip->is_folder = kind == PATH_FOLDER;
    clip->path = strdup(path);
    if (!clip->path)
        return jz_error_set(err, JZ_E_MEMORY, "%s: out of memory", path);
    r = clip->is_folder ? open_folder(clip, err) : open_video(clip, err);
    if (r == 0)
        *ret_clip = JZ_TAKE(clip);
    return r;
}

int jz_clip_next(struct jz_clip *clip, struct jz_image *frame, int64_t *ret_t_ms,
                 struct jz_error *err)
{
    const int r =
        clip->is_folder ? next_in_folder(clip, frame, err) : next_in_video(clip, frame, err);
    if (r == 1)
        *ret_t_ms = llround(clip->index++ * 1000.0 / clip->fps);
    return r;
}
