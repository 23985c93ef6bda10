#include "crypto/pkcs11_internal.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <string.h>

enum { MAX_SLOTS = 64, LABEL_BYTES = 32, AES_KEY_BYTES = 32 };

/* Authenticated with the keyring, so that nothing else this key seals passes for one. */
static unsigned char aad[] = "jianzai keyring 1";

/* PKCS#11 keeps log-in and finalisation for the whole process. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

struct session {
    const struct jz_pkcs11 *where;
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE handle;
    CK_OBJECT_HANDLE key;
    bool initialised, open, logged_in;
};

static const struct {
    CK_RV rv;
    int code;
    const char *text;
} refusals[] = {
    { CKR_PIN_INCORRECT, JZ_E_DENIED,
      "the PIN is wrong; set JIANZAI_PKCS11_PIN to the user PIN of the token (after a few wrong "
      "ones it locks)" },
    { CKR_PIN_LEN_RANGE, JZ_E_DENIED,
      "the PIN is too short or too long; set JIANZAI_PKCS11_PIN to the user PIN of the token" },
    { CKR_PIN_INVALID, JZ_E_DENIED,
      "the PIN is wrong; set JIANZAI_PKCS11_PIN to the user PIN of the token" },
    { CKR_PIN_EXPIRED, JZ_E_DENIED, "the PIN has expired; set a new one with the module's tool" },
    { CKR_PIN_LOCKED, JZ_E_DENIED,
      "the PIN is locked after too many wrong ones; the security officer can set a new one with "
      "the module's tool" },
    { CKR_USER_PIN_NOT_INITIALIZED, JZ_E_DENIED,
      "the token has no user PIN yet; set one with the module's tool" },
    { CKR_TOKEN_WRITE_PROTECTED, JZ_E_DENIED, "the token is write-protected" },
    { CKR_MECHANISM_INVALID, JZ_E_UNSUPPORTED, "the module does not know AES-GCM" },
    { CKR_MECHANISM_PARAM_INVALID, JZ_E_UNSUPPORTED,
      "the module does not take AES-GCM with a nonce of ours" },
    { CKR_HOST_MEMORY, JZ_E_MEMORY, "out of memory" },
    { CKR_DEVICE_MEMORY, JZ_E_LIMIT, "the memory of the token is full" },
    { CKR_DEVICE_REMOVED, JZ_E_IO, "the token was removed" },
    { CKR_TOKEN_NOT_PRESENT, JZ_E_IO, "the token was removed" },
};

static int refuse(const struct session *s, CK_RV rv, const char *doing, struct jz_error *err)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i].rv == rv)
            return jz_error_set(err, refusals[i].code, "token '%s': %s", s->where->token,
                                refusals[i].text);
    return jz_error_set(err, JZ_E_IO,
                        "%s: %s failed with code 0x%lx of PKCS#11; the log of the "
                        "module says more",
                        s->where->module, doing, rv);
}

static void session_close(struct session *s)
{
    if (s->logged_in)
        s->f->C_Logout(s->handle);
    if (s->open)
        s->f->C_CloseSession(s->handle);
    if (s->initialised)
        s->f->C_Finalize(NULL);
    pthread_mutex_unlock(&turn);
}

static int load(struct session *s, struct jz_error *err)
{
    /* Never unloaded: modules leave handlers behind that run at the end of the process. */
    void *library = dlopen(s->where->module, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return jz_error_set(err, JZ_E_NOT_FOUND,
                            "the PKCS#11 module cannot be loaded: %s; name the library that came "
                            "with the security module",
                            dlerror());
    CK_C_GetFunctionList list;
    *(void **)&list = dlsym(library, "C_GetFunctionList");
    const bool good = list && list(&s->f) == CKR_OK && s->f;
    dlclose(library);
    if (!good)
        return jz_error_set(err, JZ_E_UNSUPPORTED, "%s: is not a PKCS#11 module", s->where->module);
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
    const CK_RV rv = s->f->C_Initialize(&args);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return refuse(s, rv, "C_Initialize", err);
    s->initialised = rv == CKR_OK;
    return 0;
}

/* Labels are padded with blanks, without a NUL. */
static bool is_label(const unsigned char *padded, const char *label)
{
    size_t n = LABEL_BYTES;
    while (n > 0 && padded[n - 1] == ' ')
        n--;
    return strlen(label) == n && memcmp(padded, label, n) == 0;
}

static int find_slot(struct session *s, CK_SLOT_ID *ret_slot, struct jz_error *err)
{
    CK_SLOT_ID slots[MAX_SLOTS], found = 0;
    CK_ULONG count = MAX_SLOTS;
    int matches = 0;
    const CK_RV rv = s->f->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK)
        return refuse(s, rv, "C_GetSlotList", err);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (s->f->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            is_label(info.label, s->where->token)) {
            found = slots[i];
            matches++;
        }
    }
    if (matches != 1)
        return jz_error_set(err, matches ? JZ_E_CONFLICT : JZ_E_NOT_FOUND,
                            matches
                                ? "%s: several tokens have the label '%s'; give one another"
                                : "%s: there is no token '%s'; see what the module's tool lists",
                            s->where->module, s->where->token);
    *ret_slot = found;
    return 0;
}

static int log_in(struct session *s, bool writing, struct jz_error *err)
{
    CK_SLOT_ID slot;
    int r = find_slot(s, &slot, err);
    if (r < 0)
        return r;
    CK_RV rv = s->f->C_OpenSession(slot, CKF_SERIAL_SESSION | (writing ? CKF_RW_SESSION : 0), NULL,
                                   NULL, &s->handle);
    if (rv != CKR_OK)
        return refuse(s, rv, "C_OpenSession", err);
    s->open = true;
    const size_t length = strlen(s->where->pin);
    unsigned char *pin = malloc(length + 1);
    if (!pin)
        return jz_error_set(err, JZ_E_MEMORY, "out of memory");
    memcpy(pin, s->where->pin, length + 1);
    rv = s->f->C_Login(s->handle, CKU_USER, pin, length);
    jz_wipe(pin, length);
    free(pin);
    s->logged_in = rv == CKR_OK;
    return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN ? 0 : refuse(s, rv, "C_Login", err);
}

/* A copy, for PKCS#11 takes no const; the label of a key of ours. */
struct label {
    char text[65];
    CK_ULONG size;
};

static struct label key_label(const struct session *s)
{
    struct label l;
    snprintf(l.text, sizeof l.text, "%s", s->where->key ? s->where->key : JZ_PKCS11_DEFAULT_KEY);
    l.size = strlen(l.text);
    return l;
}

static int make_key(struct session *s, struct jz_error *err)
{
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ULONG size = AES_KEY_BYTES;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    struct label label = key_label(s);
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof class },   { CKA_KEY_TYPE, &type, sizeof type },
        { CKA_VALUE_LEN, &size, sizeof size }, { CKA_LABEL, label.text, label.size },
        { CKA_TOKEN, &yes, sizeof yes },       { CKA_PRIVATE, &yes, sizeof yes },
        { CKA_SENSITIVE, &yes, sizeof yes },   { CKA_EXTRACTABLE, &no, sizeof no },
        { CKA_ENCRYPT, &yes, sizeof yes },     { CKA_DECRYPT, &yes, sizeof yes },
        { CKA_WRAP, &no, sizeof no },          { CKA_UNWRAP, &no, sizeof no },
    };
    const CK_RV rv = s->f->C_GenerateKey(s->handle, &mechanism, template,
                                         sizeof template / sizeof template[0], &s -> key);
    return rv == CKR_OK ? 0 : refuse(s, rv, "C_GenerateKey", err);
}

/* A key that can be taken out of the token protects nothing. */
static int check_key(struct session *s, const char *label, struct jz_error *err)
{
    CK_KEY_TYPE type = 0;
    CK_ULONG size = 0;
    CK_BBOOL extractable = CK_TRUE;
    CK_ATTRIBUTE wanted[] = { { CKA_KEY_TYPE, &type, sizeof type },
                              { CKA_VALUE_LEN, &size, sizeof size },
                              { CKA_EXTRACTABLE, &extractable, sizeof extractable } };
    const CK_RV rv = s->f->C_GetAttributeValue(s->handle, s->key, wanted, 3);
    if (rv != CKR_OK)
        return refuse(s, rv, "C_GetAttributeValue", err);
    if (type != CKK_AES || size != AES_KEY_BYTES || extractable)
        return jz_error_set(err, JZ_E_DENIED,
                            "token '%s': the key '%s' is not an AES-256 key that cannot be taken "
                            "out; name another key",
                            s->where->token, label);
    return 0;
}

static int find_key(struct session *s, bool make, struct jz_error *err)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    struct label label = key_label(s);
    CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof class },
                              { CKA_LABEL, label.text, label.size } };
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    CK_RV rv = s->f->C_FindObjectsInit(s->handle, wanted, 2);
    if (rv == CKR_OK) {
        rv = s->f->C_FindObjects(s->handle, found, 2, &count);
        s->f->C_FindObjectsFinal(s->handle);
    }
    if (rv != CKR_OK)
        return refuse(s, rv, "C_FindObjects", err);
    if (count == 0 && make)
        return make_key(s, err);
    if (count != 1)
        return jz_error_set(err, count ? JZ_E_CONFLICT : JZ_E_NOT_FOUND,
                            count ? "token '%s': several keys have the label '%s'; give one another"
                                  : "token '%s': there is no key '%s'; is it the token the keyring "
                                    "was made with?",
                            s->where->token, label.text);
    s->key = found[0];
    return check_key(s, label.text, err);
}

static int session_open(struct session *s, const struct jz_pkcs11 *where, bool make,
                        struct jz_error *err)
{
    *s = (struct session){ .where = where };
    pthread_mutex_lock(&turn);
    if (!where->module || !where->token)
        return jz_error_set(err, JZ_E_USAGE,
                            "a security module is named by its library and its token, both");
    if (!where->pin)
        return jz_error_set(err, JZ_E_DENIED,
                            "token '%s': the PIN is missing; set JIANZAI_PKCS11_PIN to the user "
                            "PIN of the token",
                            where->token);
    if (strlen(where->token) > LABEL_BYTES || (where->key && strlen(where->key) > 64))
        return jz_error_set(err, JZ_E_USAGE, "a label of a token has up to %d bytes, of a key 64",
                            LABEL_BYTES);
    int r = load(s, err);
    if (r < 0 || (r = log_in(s, make, err)) < 0)
        return r;
    return find_key(s, make, err);
}

static CK_GCM_PARAMS gcm(unsigned char nonce[JZ_GCM_NONCE_BYTES])
{
    return (CK_GCM_PARAMS){
        .pIv = nonce,
        .ulIvLen = JZ_GCM_NONCE_BYTES,
        .ulIvBits = 8 * JZ_GCM_NONCE_BYTES,
        .pAAD = aad,
        .ulAADLen = sizeof aad - 1,
        .ulTagBits = 8 * JZ_GCM_TAG_BYTES,
    };
}

/* PKCS#11 takes no const; it does not write to what it reads. */
static CK_BYTE_PTR input(const void *data)
{
    return (CK_BYTE_PTR)(uintptr_t)data;
}

int jz_pkcs11_seal(const struct jz_pkcs11 *module, bool make, const void *data, size_t size,
                   uint8_t ret_nonce[JZ_GCM_NONCE_BYTES], uint8_t *ret_sealed, size_t *ret_size,
                   struct jz_error *err)
{
    JZ_CLEANUP(session_close) struct session s;
    int r = session_open(&s, module, make, err);
    if (r < 0)
        return r;
    uint8_t nonce[JZ_GCM_NONCE_BYTES];
    jz_random(nonce, sizeof nonce);
    CK_GCM_PARAMS params = gcm(nonce);
    CK_MECHANISM mechanism = { CKM_AES_GCM, &params, sizeof params };
    CK_ULONG n = size + JZ_GCM_TAG_BYTES;
    CK_RV rv = s.f->C_EncryptInit(s.handle, &mechanism, s.key);
    if (rv == CKR_OK)
        rv = s.f->C_Encrypt(s.handle, input(data), size, ret_sealed, &n);
    if (rv != CKR_OK)
        return refuse(&s, rv, "C_Encrypt", err);
    memcpy(ret_nonce, nonce, sizeof nonce);
    *ret_size = n;
    return 0;
}

int jz_pkcs11_unseal(const struct jz_pkcs11 *module, const uint8_t nonce[JZ_GCM_NONCE_BYTES],
                     const void *sealed, size_t size, uint8_t *ret_data, size_t *ret_size,
                     struct jz_error *err)
{
    JZ_CLEANUP(session_close) struct session s;
    int r = session_open(&s, module, false, err);
    if (r < 0)
        return r;
    uint8_t copy[JZ_GCM_NONCE_BYTES];
    memcpy(copy, nonce, sizeof copy);
    CK_GCM_PARAMS params = gcm(copy);
    CK_MECHANISM mechanism = { CKM_AES_GCM, &params, sizeof params };
    CK_ULONG n = size;
    CK_RV rv = s.f->C_DecryptInit(s.handle, &mechanism, s.key);
    if (rv != CKR_OK)
        return refuse(&s, rv, "C_DecryptInit", err);
    rv = s.f->C_Decrypt(s.handle, input(sealed), size, ret_data, &n);
    if (rv == CKR_HOST_MEMORY || rv == CKR_DEVICE_REMOVED || rv == CKR_DEVICE_ERROR)
        return refuse(&s, rv, "C_Decrypt", err);
    /* Modules disagree about the code of a wrong tag. */
    if (rv != CKR_OK)
        return jz_error_set(err, JZ_E_INTEGRITY,
                            "the key '%s' of token '%s' does not open it: the file was damaged, or "
                            "sealed by the key of another token",
                            key_label(&s).text, s.where->token);
    *ret_size = n;
    return 0;
}
