/* Runs a fuzz target over every file of the folders given, without libFuzzer. Prints TAP. */
#include "base/file.h"

#include <dirent.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_FILE_BYTES = 1 << 20 };

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A target that finds something aborts; the name is out before, for the log to end with it. */
static bool run_file(const char *folder, const char *name, int number)
{
    const char *slash = strrchr(folder, '/');
    struct jz_error err;
    jz_autofree char *path = jz_path_join(folder, name);
    jz_autofree uint8_t *data = NULL;
    size_t size = 0;
    if (!path || jz_file_read(path, MAX_FILE_BYTES, &data, &size, &err) < 0) {
        printf("not ok %d - %s/%s\n", number, slash ? slash + 1 : folder, name);
        return false;
    }
    printf("# %s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    printf("ok %d - %s/%s\n", number, slash ? slash + 1 : folder, name);
    return true;
}

int main(int argc, char **argv)
{
    bool good = argc > 1;
    int number = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent **entries = NULL;
        const int count = scandir(argv[i], &entries, is_visible, alphasort);
        if (count <= 0) {
            printf("not ok %d - %s holds no file\n", ++number, argv[i]);
            good = false;
        }
        for (int k = 0; k < count; k++) {
            good &= run_file(argv[i], entries[k]->d_name, ++number);
            free(entries[k]);
        }
        free(entries);
    }
    printf("1..%d\n", number);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
