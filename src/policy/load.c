#include "policy/load.h"

#include "base/file.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

struct loading {
    struct jz_policy **policies;
    size_t count, room;
    jz_policy_complaint_fn on_complaint;
    void *context;
    struct jz_error first; /* code 0 as long as nothing was wrong */
};

static void keep(struct loading *l, const struct jz_error *e)
{
    if (l->first.code == 0)
        l->first = *e;
}

/* For what jz_policy_parse has not complained about itself. */
static void complain(struct loading *l, const struct jz_error *e)
{
    keep(l, e);
    if (l->on_complaint)
        l->on_complaint(l->context, e);
}

static bool grow(struct loading *l)
{
    if (l->count < l->room)
        return true;
    const size_t room = l->room ? 2 * l->room : 64;
    struct jz_policy **more = realloc(l->policies, room * sizeof(struct jz_policy *));
    if (!more)
        return false;
    l->policies = more;
    l->room = room;
    return true;
}

static void load_file(struct loading *l, const char *path)
{
    struct jz_error e;
    jz_autofree uint8_t *text = NULL;
    size_t size;
    if (l->count == JZ_POLICY_MAX_SET)
        jz_error_set(&e, JZ_E_LIMIT, "%s: more than %d policies", path, JZ_POLICY_MAX_SET);
    else if (!grow(l))
        jz_error_set(&e, JZ_E_MEMORY, "%s: out of memory", path);
    else if (jz_file_read(path, JZ_POLICY_MAX_BYTES, &text, &size, &e) == 0) {
        if (jz_policy_parse(path, text, size, l->on_complaint, l->context, &l->policies[l->count],
                            &e) == 0)
            l->count++;
        else
            keep(l, &e);
        return;
    }
    complain(l, &e);
}

static int is_policy(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && *entry->d_name != '.' && strcmp(dot, ".yaml") == 0;
}

static void load_folder(struct loading *l, const char *path)
{
    struct jz_error e;
    struct dirent **entries = NULL;
    const int count = scandir(path, &entries, is_policy, alphasort);
    if (count <= 0) {
        jz_error_set(&e, JZ_E_NOT_FOUND, "%s: holds no policy; their names end in .yaml", path);
        complain(l, &e);
    }
    for (int i = 0; i < count; i++) {
        jz_autofree char *file = jz_path_join(path, entries[i]->d_name);
        if (file) {
            load_file(l, file);
        } else {
            jz_error_set(&e, JZ_E_MEMORY, "%s: out of memory", path);
            complain(l, &e);
        }
        free(entries[i]);
    }
    free(entries);
}

int jz_policy_load(const char *const *paths, size_t count, jz_policy_complaint_fn on_complaint,
                   void *context, struct jz_policy_set **ret_set, struct jz_error *err)
{
    struct loading l = { .on_complaint = on_complaint, .context = context };
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
            load_folder(&l, paths[i]);
        else
            load_file(&l, paths[i]);
    }
    struct jz_error e;
    /* Conflicts are looked for even among what is left after other complaints. */
    struct jz_policy_set *set = NULL;
    if (jz_policy_set_new(l.policies, l.count, &set, &e) < 0)
        complain(&l, &e);
    for (size_t i = 0; i < l.count; i++)
        jz_policy_free(l.policies[i]);
    free(l.policies);
    if (l.first.code < 0) {
        jz_policy_set_free(set);
        if (err)
            *err = l.first;
        return l.first.code;
    }
    *ret_set = set;
    return 0;
}
