#include "cli/desk.h"

#include "ledger/operator.h"
#include "store/person.h"

static const char *choose(const char *option, const char *variable, const char *usual)
{
    const char *set = option ? option : getenv(variable);
    return set && *set ? set : usual;
}

const char *desk_db(const struct desk_options *options)
{
    return choose(options->db, "JIANZAI_DB", "jianzai.db");
}

const char *desk_keys(const struct desk_options *options)
{
    return choose(options->keys, "JIANZAI_KEYS", "jianzai.keys");
}

struct jz_pkcs11 desk_module(void)
{
    const struct jz_pkcs11 module = {
        .module = getenv("JIANZAI_PKCS11_MODULE"),
        .token = getenv("JIANZAI_PKCS11_TOKEN"),
        .pin = getenv("JIANZAI_PKCS11_PIN"),
        .key = choose(NULL, "JIANZAI_PKCS11_KEY", "jianzai"),
    };
    return module.module ? module : (struct jz_pkcs11){ 0 };
}

int desk_open(const struct desk_options *options, bool read_only, struct desk *ret_desk)
{
    struct desk d = { 0 };
    struct jz_error err;
    const struct jz_pkcs11 module = desk_module();
    const struct jz_store_options store_options = {
        .read_only = read_only,
        .without_policies = options->without_policies,
    };
    if (jz_keyring_open(desk_keys(options), module.module ? &module : NULL, &d.keyring, &err) < 0 ||
        jz_store_open(desk_db(options), d.keyring, &store_options, &d.store, &err) < 0) {
        complain(NULL, &err);
        desk_close(&d);
        return EXIT_USAGE;
    }
    *ret_desk = d;
    return 0;
}

void desk_close(struct desk *d)
{
    jz_store_close(d->store);
    jz_keyring_free(d->keyring);
    *d = (struct desk){ 0 };
}

int desk_person(struct desk *desk, const char *text, int64_t *ret_person)
{
    struct jz_error err;
    if (jz_person_find(desk->store, text, ret_person, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    return 0;
}

int desk_person_state(struct desk *desk, const char *text, struct jz_person_state *ret_state)
{
    struct jz_error err;
    int64_t person;
    const int r = desk_person(desk, text, &person);
    if (r == 0 && jz_person_state_load(desk->store, person, ret_state, &err) < 0) {
        complain(text, &err);
        return EXIT_USAGE;
    }
    return r;
}

int desk_operator(struct desk *desk, const char *name)
{
    struct jz_error err;
    if (jz_operator_check(desk->store, name, &err) < 0) {
        complain(NULL, &err);
        return EXIT_USAGE;
    }
    return 0;
}
