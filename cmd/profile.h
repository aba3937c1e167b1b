/*
 * Profiles: where a command works, chosen by ETL_ENV, without a change to any definition.
 *
 * A file of profiles, JSON with comments: $ETL_PROFILES, else profiles.json in the current directory.
 *   {"local": {"home": "./etl-data"},
 *    "aws":   {"home": "/var/lib/etl", "storage": "home", "warehouse": "home",
 *              "endpoints": {"KAMIS_BASE_URL": "http://kamis.internal/service/price/xml.do"},
 *              "secrets": {"CERT_KEY": "PROD_CERT_KEY", "CERT_ID": "PROD_CERT_ID"}}}
 * endpoints: values of the variables that definitions name. secrets: for such a variable the name of the one that holds
 * its value. A variable that the environment itself sets stays as it is. storage and warehouse say where lake and
 * warehouse lie: "home" is the only place there is so far; another one (s3://, postgresql://) is refused rather than
 * taken for it.
 */
#ifndef ETL_CMD_PROFILE_H
#define ETL_CMD_PROFILE_H

#include "base/err.h"
#include "base/mem.h"

/* Apply the profile that ETL_ENV names; without ETL_ENV nothing is done. *home gets the profile's, or stays. "local"
 * needs no file. Sets variables of this process: call it before there are threads. */
int profile_apply(struct arena *a, const char **home, struct err *e);

#endif
