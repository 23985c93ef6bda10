/*
 * What launch tokens and ID tokens say once they are opened: taken or refused with a reason; a
 * launch that was taken is written and read again as the same.
 */
#include "account/id_token.h"
#include "account/launch.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_launch(const char *claims, size_t size)
{
    struct jz_launch launch, again;
    struct jz_error err = { 0 };
    jz_autofree char *written = NULL;
    const int r = jz_launch_parse(claims, size, &launch, &err);
    if (r < 0) {
        require(err.code == r && *err.text);
        return;
    }
    require(strlen(launch.jti) >= JZ_LAUNCH_JTI_MIN && *launch.name && launch.expires_at > 0);
    (void)!jz_launch_check(&launch, "app", "service", launch.issued_at, &err);
    require(jz_launch_write(&launch, &written, &err) == 0);
    require(jz_launch_parse(written, strlen(written), &again, &err) == 0);
    require(strcmp(again.jti, launch.jti) == 0 && strcmp(again.name, launch.name) == 0 &&
            strcmp(again.document.number, launch.document.number) == 0 &&
            again.expires_at == launch.expires_at);
}

static void check_id_token(const char *claims, size_t size)
{
    static const struct jz_claim_map map = { .document = "doc",
                                             .name = "name",
                                             .kind = "kind",
                                             .issuer = "state",
                                             .kinds = { { "01", JZ_DOCUMENT_CITIZEN_ID } } };
    static const struct jz_id_token_wants wants = {
        .issuer = "i", .client_id = "c", .nonce = "n", .now = 1000
    };
    struct jz_identity who, user = { .subject = "s" };
    struct jz_error err = { 0 };
    const int r = jz_id_token_read(claims, size, &wants, &map, &who, &err);
    require(r == 0 ? *who.subject != 0 : err.code == r && *err.text);
    (void)!jz_userinfo_read(claims, size, &map, &user, &err);
    require(strcmp(user.subject, "s") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_launch((const char *)data, size);
    check_id_token((const char *)data, size);
    return 0;
}
