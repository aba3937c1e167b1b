/*
 * One mail through an SMTP server: smtp:// with STARTTLS demanded unless the server is on this machine, or smtps://.
 * HTML and text parts (multipart/alternative).
 */
#ifndef ETL_NET_MAIL_H
#define ETL_NET_MAIL_H

#include "base/err.h"
#include "base/mem.h"

struct mail {
    const char *url;             /* smtp://host:587, smtps://host:465 */
    const char *user, *password; /* NULL: without logging in */
    const char *from;            /* addresses as "a@b" or "Name <a@b>"; the name in any language */
    struct strs to;
    const char *subject, *text, *html; /* html may be NULL */
    const char *id; /* becomes the Message-ID, so that one mail sent twice is known as one; or NULL */
};
struct mail_result {
    long status; /* the server's last answer, 0 none */
    bool retry;  /* the same again may succeed; not after a 5xx */
};
/* ERR_NET with the reason; no secret is in the message. */
int net_send_mail(const struct mail *m, int seconds, struct mail_result *r, struct err *e);

#endif
