#include "notify/carrier.h"

#include <string.h>

void jz_carrier_free(struct jz_carrier *carrier)
{
    if (carrier)
        carrier->ops->free(carrier);
}

bool jz_carrier_takes(const struct jz_carrier *carrier, const char *to)
{
    return strchr(to, '@') ? carrier->takes_mail : carrier->takes_phones;
}
