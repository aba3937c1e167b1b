/*
 * Sending one HTTP request: webhooks. TLS certificates are always checked, against the machine's own bundle; redirects
 * are not followed (a webhook's URL is a secret, and where it points to is no business of the receiver).
 */
#ifndef ETL_NET_POST_H
#define ETL_NET_POST_H

#include "base/err.h"
#include "base/mem.h"

struct post {
    const char *url, *json;
    struct strs headers; /* "Name: value", besides Content-Type and User-Agent */
    int seconds;         /* whole time limit */
};
struct post_result {
    long status;         /* 0: no answer */
    int64_t retry_after; /* seconds that the receiver asks us to wait; 0: it does not say */
    bool retry;          /* the same again may succeed: network, 408, 425, 429, 5xx */
};
/* POST a JSON body; any 2xx is success. ERR_NET with the reason and the first words of the answer; the URL is not in
 * the message, since webhook URLs are secrets. */
int net_post(const struct post *p, struct post_result *r, struct err *e);
/* Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date); 0 for what is neither. */
int64_t net_retry_after(const char *value, int64_t now);
/* The machine's bundle of CA certificates, or NULL. */
const char *net_ca_bundle(void);
/* Is the URL's host this machine itself? */
bool net_is_local(const char *url);

/* Before libcurl is used: what it finds no memory for ends the process, as it does everywhere here. */
void net_start(void);

#endif
