/*
 * Sending one HTTP request: webhooks. TLS certificates are always checked, against the machine's own bundle.
 */
#ifndef ETL_NET_POST_H
#define ETL_NET_POST_H

#include "base/err.h"
#include "base/mem.h"

/* POST a JSON body; any 2xx is success. ERR_NET with the reason; the URL is not in the message, since webhook URLs are
 * secrets. seconds: whole time limit. */
int net_post_json(const char *url, const char *json, int seconds, struct err *e);
/* The machine's bundle of CA certificates, or NULL. */
const char *net_ca_bundle(void);

#endif
