/* Clips made here by ffmpeg, folders of pictures, and the stream of frames in between. */
#include "face/image_internal.h"

#include "base/file.h"
#include "picture.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Every test runs inside a folder of its own, so that the names below can be relative. */
struct place {
    char *folder, *before;
    struct jz_decoder *decoder;
    struct jz_image frame;
    int open_files;
};

static struct place place;

static int count_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    int n = 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static int enter_place(void **state)
{
    (void)state;
    struct jz_error err;
    place.open_files = count_open_files();
    place.folder = make_folder();
    place.before = getcwd(NULL, 0);
    return !place.before || chdir(place.folder) < 0 || jz_decoder_new(&place.decoder, &err) < 0;
}

/* Whatever a test did with clips, no process and no open file is left. */
static int leave_place(void **state)
{
    (void)state;
    jz_decoder_free(place.decoder);
    jz_image_done(&place.frame);
    assert_int_equal(chdir(place.before), 0);
    free(place.before);
    remove_folder(place.folder);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(count_open_files(), place.open_files);
    return 0;
}

static void expect_error(const struct jz_error *err, int code, const char *part)
{
    assert_int_equal(err->code, code);
    if (!strstr(err->text, part))
        fail_msg("'%s' is not in '%s'", part, err->text);
}

static void write_text(const char *path, const char *text)
{
    struct jz_error err;
    assert_int_equal(jz_file_write(path, text, strlen(text), &err), 0);
}

static __attribute__((format(printf, 1, 2))) void run(const char *format, ...)
{
    char command[512];
    va_list ap;
    va_start(ap, format);
    assert_true(vsnprintf(command, sizeof command, format, ap) < (int)sizeof command);
    va_end(ap);
    if (system(command) != 0)
        fail_msg("%s", command);
}

#define FFMPEG "ffmpeg -nostdin -v error -threads 1 "

/* Two seconds at ten frames a second of a still quadrant picture. */
static void make_still(const char *path, const char *arguments)
{
    write_picture("still.jpg", PICTURE_WIDTH, PICTURE_HEIGHT, "rgbw");
    run(FFMPEG "-loop 1 -r 10 -i still.jpg -t 2 %s 'file:%s'", arguments, path);
    assert_int_equal(unlink("still.jpg"), 0);
}

static void make_plain(const char *path)
{
    make_still(path, "-c:v mpeg4 -q:v 1");
}

/* The quarter turn to the right that phones note in the track's matrix. */
static void make_turned(const char *path)
{
    enum { MATRIX = 44, ENTRY_BYTES = 4 };
    make_plain(path);
    struct jz_error err;
    jz_autofree uint8_t *data = NULL;
    size_t size = 0;
    assert_int_equal(jz_file_read(path, 1 << 20, &data, &size, &err), 0);
    uint8_t *track = memmem(data, size, "tkhd", 4);
    assert_non_null(track);
    assert_true(track + MATRIX + 9 * ENTRY_BYTES < data + size);
    static const uint8_t turn[][ENTRY_BYTES] = {
        { 0 }, { 0, 1, 0, 0 }, { 0 }, { 0xff, 0xff, 0, 0 }, { 0 }, { 0 },
    };
    memcpy(track + MATRIX, turn, sizeof turn);
    assert_int_equal(jz_file_write(path, data, size, &err), 0);
}

static void make_ten_bit(const char *path)
{
    make_still(path, "-c:v ffv1 -pix_fmt yuv420p10le");
}

static void make_anamorphic(const char *path)
{
    make_still(path, "-c:v mpeg4 -q:v 1 -vf setsar=2");
}

static void make_large(const char *path)
{
    make_still(path, "-c:v mpeg4 -q:v 1 -t 0.3 -vf scale=1080:1920,setsar=1");
}

static void make_larger(const char *path)
{
    make_still(path, "-c:v mpeg4 -q:v 1 -t 0.3 -vf scale=2880:1920,setsar=1");
}

static void make_thin(const char *path)
{
    make_still(path, "-c:v ffv1 -t 0.3 -vf scale=2:2880,setsar=1");
}

static void make_3000(const char *path)
{
    make_still(path, "-c:v mpeg4 -q:v 1 -t 300");
}

static void make_3001(const char *path)
{
    make_still(path, "-c:v mpeg4 -q:v 1 -t 300.1");
}

static void make_sound(const char *path)
{
    run(FFMPEG "-f lavfi -i sine=duration=1 -c:a aac '%s'", path);
}

static void make_cut(const char *path)
{
    make_plain(path);
    assert_int_equal(truncate(path, 600), 0);
}

static void make_text(const char *path)
{
    write_text(path, "Not a video, whatever its name says.\n");
}

static void make_empty(const char *path)
{
    write_text(path, "");
}

/* Lists that name another file, which ffmpeg would follow if it were let. */
static void make_concat_list(const char *path)
{
    make_plain("plain.mp4");
    write_text(path, "ffconcat version 1.0\nfile plain.mp4\n");
}

static void make_hls_list(const char *path)
{
    make_still("plain.ts", "-c:v mpeg4 -q:v 1");
    write_text(path, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nplain.ts\n#EXT-X-ENDLIST\n");
}

static void make_picture(const char *path)
{
    write_picture(path, 48, 32, "rgbw");
}

static void make_nothing(const char *path)
{
    (void)path;
}

static void make_pipe(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_empty_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
    make_text("folder/notes.txt");
}

static void make_folder_of_two(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
    write_picture("folder/1.jpg", 1920, 1080, "rgbw");
    write_picture("folder/2.jpg", 48, 32, "rgbw");
}

static void make_broken_folder(const char *path)
{
    make_folder_of_two(path);
    make_text("folder/10.jpg");
}

static void make_huge_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
    for (int i = 0; i <= JZ_CLIP_MAX_FRAMES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s/%d.jpg", path, i);
        make_empty(name);
    }
}

static const struct clip_case {
    const char *name;
    void (*make)(const char *path);
    const char *path;
    double fps;
    int code, frames; /* an error may come after some frames */
    int last_ms;
    const char *text; /* the last frame described, or a part of the error's sentence */
} cases[] = {
    { "a video", make_plain, "a.mp4", 10, 0, 20, 1900, "48x32 rgbw" },
    { "fewer frames than it has", make_plain, "a.mp4", 3, 0, 6, 1667, "48x32 rgbw" },
    { "more frames than it has", make_plain, "a.mp4", 25, 0, 50, 1960, "48x32 rgbw" },
    { "a frame every two seconds", make_plain, "a.mp4", 0.5, 0, 1, 0, "48x32 rgbw" },
    { "in Matroska", make_plain, "a.mkv", 10, 0, 20, 1900, "48x32 rgbw" },
    { "in AVI", make_plain, "a.avi", 10, 0, 20, 1900, "48x32 rgbw" },
    { "turned", make_turned, "a.mp4", 10, 0, 20, 1900, "32x48 brwg" },
    { "ten bits", make_ten_bit, "a.mkv", 10, 0, 20, 1900, "48x32 rgbw" },
    { "pixels twice as wide as high", make_anamorphic, "a.mp4", 10, 0, 20, 1900, "96x32 rgbw" },
    { "larger than wanted", make_large, "a.mp4", 10, 0, 3, 200, "540x960 rgbw" },
    { "three times as large", make_larger, "a.mp4", 10, 0, 3, 200, "960x640 rgbw" },
    { "a thread", make_thin, "a.mkv", 10, 0, 3, 200, "1x960 ????" },
    { "a name like an option", make_plain, "-y.mp4", 10, 0, 20, 1900, "48x32 rgbw" },
    { "a name like a protocol", make_plain, "pipe:0.mp4", 10, 0, 20, 1900, "48x32 rgbw" },
    { "a name like an option and a protocol", make_plain, "-i http:x %d.mp4", 10, 0, 20, 1900,
      "48x32 rgbw" },
    { "as long as may be", make_3000, "a.mp4", 10, 0, 3000, 299900, "48x32 rgbw" },
    { "too long", make_3001, "a.mp4", 10, JZ_E_LIMIT, 3000, 299900, "a.mp4: more than 3000" },
    { "only sound", make_sound, "a.mp4", 10, JZ_E_FORMAT, 0, 0, "a.mp4: ffmpeg cannot read it" },
    { "cut short", make_cut, "a.mp4", 10, JZ_E_FORMAT, 0, 0, "a.mp4: ffmpeg cannot read it" },
    { "text", make_text, "a.mp4", 10, JZ_E_FORMAT, 0, 0, "a.mp4: ffmpeg cannot read it" },
    { "empty", make_empty, "a.mp4", 10, JZ_E_FORMAT, 0, 0, "a.mp4: ffmpeg cannot read it" },
    { "a list of files", make_concat_list, "a.mp4", 10, JZ_E_FORMAT, 0, 0, "cannot read it" },
    { "a play list", make_hls_list, "a.m3u8", 10, JZ_E_FORMAT, 0, 0, "cannot read it" },
    { "a pipe", make_pipe, "a.mp4", 10, JZ_E_USAGE, 0, 0, "neither a file nor a folder" },
    { "a picture", make_picture, "a.mp4", 10, JZ_E_USAGE, 0, 0, "a.mp4: is a picture" },
    { "missing", make_nothing, "a.mp4", 10, JZ_E_NOT_FOUND, 0, 0, "a.mp4: No such file" },
    { "no frames a second", make_plain, "a.mp4", 0, JZ_E_USAGE, 0, 0, "0 frames a second" },
    { "negative frames a second", make_plain, "a.mp4", -1, JZ_E_USAGE, 0, 0, "-1 frames" },
    { "too many frames a second", make_plain, "a.mp4", 121, JZ_E_USAGE, 0, 0, "121 frames" },
    { "not a number of frames", make_plain, "a.mp4", NAN, JZ_E_USAGE, 0, 0, "frames a second" },
    { "a folder", make_folder_of_two, "folder", 4, 0, 2, 250, "48x32 rgbw" },
    { "a folder with its slash", make_folder_of_two, "./folder/", 4, 0, 2, 250, "48x32 rgbw" },
    { "a folder with a broken picture", make_broken_folder, "folder", 4, JZ_E_FORMAT, 2, 250,
      "folder/10.jpg: it is neither" },
    { "a folder of 3001 pictures", make_huge_folder, "folder", 4, JZ_E_LIMIT, 0, 0,
      "folder: more than 3000 pictures" },
    { "a folder without pictures", make_empty_folder, "folder", 4, JZ_E_NOT_FOUND, 0, 0,
      "folder: the folder holds no" },
};

static void test_clip(void **state)
{
    const struct clip_case *c = *state;
    c->make(c->path);
    struct jz_error err = { 0 };
    struct jz_clip *clip = NULL;
    int frames = 0;
    int64_t t_ms = 0;
    int r = jz_clip_open(place.decoder, c->path, c->fps, &clip, &err);
    if (r == 0) {
        while ((r = jz_clip_next(clip, &place.frame, &t_ms, &err)) == 1)
            frames++;
        /* The end stays the end. */
        if (r == 0)
            assert_int_equal(jz_clip_next(clip, &place.frame, &t_ms, &err), 0);
    } else {
        assert_null(clip);
    }
    jz_clip_close(clip);
    if (r < 0 && c->code == 0)
        fail_msg("%s", err.text);
    assert_int_equal(r, c->code);
    assert_int_equal(frames, c->frames);
    assert_int_equal(t_ms, c->last_ms);
    if (c->code) {
        expect_error(&err, c->code, c->text);
    } else {
        char text[PICTURE_TEXT_BYTES];
        describe(&place.frame, text);
        assert_string_equal(text, c->text);
    }
}

/* leave_place looks for what may be left over. */
static void test_early_close(void **state)
{
    (void)state;
    make_3000("a.mp4");
    struct jz_error err;
    for (int frames = 0; frames < 3; frames++) {
        struct jz_clip *clip = NULL;
        int64_t t_ms = -1;
        assert_int_equal(jz_clip_open(place.decoder, "a.mp4", 100, &clip, &err), 0);
        for (int i = 0; i < frames; i++)
            assert_int_equal(jz_clip_next(clip, &place.frame, &t_ms, &err), 1);
        assert_int_equal(t_ms, frames ? (frames - 1) * 10 : -1);
        jz_clip_close(clip);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    }
    jz_clip_close(NULL);
}

static void test_without_ffmpeg(void **state)
{
    (void)state;
    make_text("a.mp4");
    jz_autofree char *path = strdup(getenv("PATH"));
    assert_non_null(path);
    setenv("PATH", place.folder, 1);
    struct jz_error err = { 0 };
    struct jz_clip *clip = NULL;
    const int r = jz_clip_open(place.decoder, "a.mp4", 10, &clip, &err);
    setenv("PATH", path, 1);
    assert_int_equal(r, JZ_E_NOT_FOUND);
    assert_null(clip);
    expect_error(&err, JZ_E_NOT_FOUND, "apt install ffmpeg");
}

/* A program in ffmpeg's place that misbehaves: its errors, its frames, its end. */
static void test_misbehaving_ffmpeg(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int frames, code;
        const char *text;
    } programs[] = {
        { "printf 'P6\n1 1\n255\nabcP6\n1 1\n255\nabc'", 2, 0, "" },
        { "printf 'P6\n1 1\n255\nabc'; echo on strike >&2; exit 3", 1, JZ_E_FORMAT, "on strike" },
        { "printf 'P6\n1 1\n255\nab'; echo on strike >&2; exit 3", 0, JZ_E_FORMAT, "on strike" },
        { "printf 'P6\n1 1\n255\nab'", 0, JZ_E_FORMAT, "a.mp4: the stream of frames is cut" },
        { "printf 'GIF89a'; exec sleep 600", 0, JZ_E_FORMAT, "a.mp4: the stream of frames is" },
        { "kill -9 $$", 0, JZ_E_FORMAT, "signal 9" },
        { "exit 1", 0, JZ_E_FORMAT, "it gave no reason" },
        { "exit 0", 0, JZ_E_FORMAT, "there is no picture in it" },
        { "printf 'a\\033[31m\\nb' >&2; exit 1", 0, JZ_E_FORMAT, ": a [31m b" },
        { "i=0; while [ $i -lt 20000 ]; do echo complaint $i; i=$((i+1)); done >&2; "
          "printf 'P6\n1 1\n255\nabc'",
          1, 0, "" },
        { "read line && exit 1; printf 'P6\n1 1\n255\nabc'", 1, 0, "" }, /* nothing to read */
        { "[ \"$(ls /proc/self/fd | wc -l)\" = 4 ] && printf 'P6\n1 1\n255\nabc'", 1, 0, "" },
        { "[ $(ulimit -t) = 120 ] && printf 'P6\n1 1\n255\nabc'", 1, 0, "" },
        { "sleep 0.1; [ $(ulimit -v) = 2097152 ] && printf 'P6\n1 1\n255\nabc'", 1, 0, "" },
    };
    make_text("a.mp4");
    jz_autofree char *path = strdup(getenv("PATH"));
    jz_autofree char *changed = NULL;
    assert_true(asprintf(&changed, "%s:%s", place.folder, path) > 0);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        jz_autofree char *script = NULL;
        assert_true(asprintf(&script, "#!/bin/sh\n%s\n", programs[i].script) > 0);
        write_text("ffmpeg", script);
        assert_int_equal(chmod("ffmpeg", 0700), 0);
        setenv("PATH", changed, 1);
        struct jz_error err = { 0 };
        struct jz_clip *clip = NULL;
        int64_t t_ms;
        int frames = 0, r;
        assert_int_equal(jz_clip_open(place.decoder, "a.mp4", 10, &clip, &err), 0);
        while ((r = jz_clip_next(clip, &place.frame, &t_ms, &err)) == 1)
            frames++;
        jz_clip_close(clip);
        setenv("PATH", path, 1);
        if (r != programs[i].code || frames != programs[i].frames)
            fail_msg("%s: %d after %d frames", programs[i].script, r, frames);
        if (programs[i].code)
            expect_error(&err, programs[i].code, programs[i].text);
    }
}

/* The pictures' widths tell which is which. */
static void test_folder_order(void **state)
{
    (void)state;
    static const struct {
        const char *names[7]; /* in the order in which they should come; */
        int count;            /* those behind it should not */
    } folders[] = {
        { { "frame1.jpg", "frame9.JPG", "frame10.jpeg", "frame100.JPEG" }, 4 },
        { { "099.jpg", "0100.jpg", "101.jpg" }, 3 },
        { { "1-2.jpg", "1-10.jpg", "2-1.jpg", "a.jpg", "b.jpg" }, 5 },
        { { "01.jpg", "1.jpg", "1a.jpg" }, 3 },
        { { "00000000000000000000000000001.jpg", "99999999999999999999.jpg",
            "100000000000000000000.jpg" },
          3 },
        { { "1.jpg", ".2.jpg", "3.gif", "jpg", "4.jpg.txt", "5.jpgx", ".jpg" }, 1 },
    };
    for (size_t f = 0; f < sizeof folders / sizeof folders[0]; f++) {
        assert_int_equal(mkdir("folder", 0700), 0);
        for (int i = 6; i >= 0; i--) {
            if (!folders[f].names[i])
                continue;
            jz_autofree char *path = jz_path_join("folder", folders[f].names[i]);
            write_picture(path, i + 1, 1, "rgbw");
        }
        struct jz_error err;
        JZ_CLEANUP(jz_clip_closep) struct jz_clip *clip = NULL;
        int64_t t_ms;
        assert_int_equal(jz_clip_open(place.decoder, "folder", 10, &clip, &err), 0);
        for (int i = 0; i < folders[f].count; i++) {
            assert_int_equal(jz_clip_next(clip, &place.frame, &t_ms, &err), 1);
            assert_int_equal(place.frame.width, i + 1);
            assert_int_equal(t_ms, 100 * i);
        }
        assert_int_equal(jz_clip_next(clip, &place.frame, &t_ms, &err), 0);
        run("rm -r folder");
    }
}

static void test_path_is_clip(void **state)
{
    (void)state;
    make_text("text");
    make_empty("empty");
    make_picture("picture.mp4");
    make_empty_folder("folder");
    make_pipe("pipe");
    static const struct {
        const char *path;
        bool clip;
    } paths[] = { { "text", true },      { "empty", true }, { "picture.mp4", false },
                  { "folder", true },    { "pipe", false }, { "missing", false },
                  { "/dev/null", false } };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (jz_path_is_clip(paths[i].path) != paths[i].clip)
            fail_msg("%s", paths[i].path);
}

struct memory {
    const char *at;
    size_t left, most; /* at one read */
};

static ssize_t read_memory(void *source, uint8_t *buffer, size_t size, struct jz_error *err)
{
    struct memory *m = source;
    size_t n = m->left < size ? m->left : size;
    n = n < m->most ? n : m->most;
    if (n > 0 && m->at[0] == '!')
        return jz_error_set(err, JZ_E_IO, "made up");
    memcpy(buffer, m->at, n);
    m->at += n;
    m->left -= n;
    return (ssize_t)n;
}

static void test_ppm(void **state)
{
    (void)state;
    static const struct {
        const char *stream;
        int pictures, code;
        int width, height; /* of the last picture */
    } streams[] = {
        { "", 0, 0, 0, 0 },
        { "P6\n2 1\n255\nabcdef", 1, 0, 2, 1 },
        { "P6\n2 1\n255\nabcdefP6 \n1 1\n255\nabc", 1, JZ_E_FORMAT, 2, 1 },
        { "P6\n2 1\n255\nabcdefP6\n1 2\n255\nabcdef", 2, 0, 1, 2 },
        { "P6\n2 1\n255\nabcde", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n2 1\n255\n", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n2 1\n255", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n2", 0, JZ_E_FORMAT, 0, 0 },
        { "P", 0, JZ_E_FORMAT, 0, 0 },
        { "P5\n2 1\n255\nabcdef", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n2 1\n65535\nabcdefabcdef", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n2 1\n1\nabcdef", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n0 1\n255\n", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n1 0\n255\n", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n-1 1\n255\n", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n961 1\n255\n", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n1 961\n255\n", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n99999 900\n255\n", 0, JZ_E_FORMAT, 0, 0 }, /* refused before it is JZ_E_LIMIT */
        { "P6\n900 99999\n255\n", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n000001 1\n255\nabc", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n99999999999 1\n255\n", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n  1 1\n255\nabc", 0, JZ_E_FORMAT, 0, 0 },
        { "P6\n1 1\n255\nabc!", 1, JZ_E_IO, 1, 1 },
        { "P6\n1 1\n255\nabcP6\n1 1\n255\na!", 1, JZ_E_IO, 1, 1 },
    };
    static const size_t mosts[] = { 1, 2, 4, 1000 };
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
        for (size_t k = 0; k < sizeof mosts / sizeof mosts[0]; k++) {
            /* A failure is only met where a read begins with it. */
            if (streams[i].code == JZ_E_IO && mosts[k] != 1)
                continue;
            struct memory memory = { streams[i].stream, strlen(streams[i].stream), mosts[k] };
            struct jz_ppm ppm = { .read = read_memory, .source = &memory };
            struct jz_error err;
            int pictures = 0, width = 0, height = 0, r;
            while ((r = jz_ppm_next(&ppm, &place.frame, &err)) == 1) {
                pictures++;
                width = place.frame.width;
                height = place.frame.height;
                assert_memory_equal(place.frame.pixels, "abc", 3);
            }
            if (r != streams[i].code || pictures != streams[i].pictures ||
                width != streams[i].width || height != streams[i].height)
                fail_msg("'%s' by %zu bytes: %d after %d pictures", streams[i].stream, mosts[k], r,
                         pictures);
        }
}

int main(void)
{
    enum { CASES = sizeof cases / sizeof cases[0] };
#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_place, leave_place)
    static const struct CMUnitTest others[] = {
        TEST(test_early_close),  TEST(test_without_ffmpeg), TEST(test_misbehaving_ffmpeg),
        TEST(test_folder_order), TEST(test_path_is_clip),   TEST(test_ppm),
    };
    static struct CMUnitTest tests[CASES + sizeof others / sizeof others[0]];
    for (size_t i = 0; i < CASES; i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name,
            .test_func = test_clip,
            .setup_func = enter_place,
            .teardown_func = leave_place,
            .initial_state = (void *)(uintptr_t)&cases[i],
        };
    memcpy(tests + CASES, others, sizeof others);
    /* What we inherited open is no business of the programs started here. */
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    return cmocka_run_group_tests_name("clip", tests, NULL, NULL);
}
