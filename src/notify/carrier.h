/*
 * Ways out for messages, behind one interface: an HTTP gateway (text messages), SMTP, a file for
 * demos. A carrier is shared by the threads of an outbox; sending blocks the caller.
 *
 * A carrier says whether another try makes sense: JZ_E_BUSY and JZ_E_IO may pass, everything else
 * will not.
 */
#pragma once

#include "base/error.h"

/* One message to one address; everything borrowed. */
struct jz_letter {
    const char *to; /* a number in the form of jz_phone_parse, or a mail address */
    const char *text, *subject;
    const char *kind; /* of the message, for the record */
    const char *id;   /* the same for each try, so that a gateway can tell repetitions */
};

struct jz_carrier;

struct jz_carrier_ops {
    const char *name;
    int (*send)(struct jz_carrier *carrier, const struct jz_letter *letter, struct jz_error *err);
    void (*free)(struct jz_carrier *carrier);
};

/* What every carrier begins with. */
struct jz_carrier {
    const struct jz_carrier_ops *ops;
    bool takes_phones, takes_mail;
};

void jz_carrier_free(struct jz_carrier *carrier);
bool jz_carrier_takes(const struct jz_carrier *carrier, const char *to);

static inline int jz_carrier_send(struct jz_carrier *c, const struct jz_letter *letter,
                                  struct jz_error *err)
{
    return c->ops->send(c, letter, err);
}

/*
 * Appends a JSON line for each message to a file that only its owner can read (0600; another mode
 * is refused): {"at","to","kind","text","id"}. For demos and tests: whoever reads it can sign in.
 */
int jz_carrier_file_new(const char *path, struct jz_carrier **ret_carrier,
                        struct jz_error *err) JZ_MUST_CHECK;

/* Texts with {{slots}}, see notify/stencil.h; all are copied. */
struct jz_gateway_options {
    const char *url;         /* values in it are escaped for a URL */
    const char *method;      /* NULL: POST */
    const char *headers[12]; /* "Name: value", NULL behind the last */
    const char *body;        /* NULL: none */
    const char *escape;      /* of the body: json (NULL), url, xml, none */
    const char *secret;      /* fills {{secret}}; NULL: none */
    const char *accept;      /* stands in the answer of a gateway that took the message; NULL:
                                the status says it all */
    const char *ca_file;     /* NULL: the system's certificates */
    int timeout_ms;          /* 0: 10 s */
};

/*
 * 2xx (and `accept` in the answer) is sent; 408, 429 and 5xx may pass; all else will not. Takes
 * phones. JZ_E_USAGE, JZ_E_FORMAT name the option that is wrong.
 */
int jz_carrier_gateway_new(const struct jz_gateway_options *options,
                           struct jz_carrier **ret_carrier, struct jz_error *err) JZ_MUST_CHECK;

struct jz_smtp_options {
    const char *url;  /* "smtps://HOST:465" or "smtp://HOST:25" with STARTTLS, which only a server
                         on this very machine may lack */
    const char *from; /* address */
    const char *to;   /* template of the recipient; NULL: "{{to}}" for mail, which takes no phones;
                         "{{to}}@HOST" for a mail server that makes text messages of mails */
    const char *user, *password; /* NULL: none */
    const char *ca_file;
    int timeout_ms; /* 0: 20 s */
};

/* 4xx may pass, 5xx will not. */
int jz_carrier_smtp_new(const struct jz_smtp_options *options, struct jz_carrier **ret_carrier,
                        struct jz_error *err) JZ_MUST_CHECK;

static inline void jz_carrier_freep(struct jz_carrier **c)
{
    jz_carrier_free(*c);
}
