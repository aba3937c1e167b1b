/*
 * Whose home is it? SQLite in WAL mode keeps its index in memory that the processes of one kernel share: two hosts that
 * write the same ledger over a network would destroy it without noticing. So a home on a network file system belongs to
 * the first host that writes there, and says so in HOME/locks/host:
 *
 *   etl-host-1 2f7c3b0e8d6a4f6d9a3c5f1e7b2d4c60
 *
 * its name, and its machine-id where it has one. Another host is refused. Where such a file lies on a local disk it
 * holds as well: that is how one claims a home on a file system that etl does not know.
 */
#ifndef ETL_STORE_HOME_H
#define ETL_STORE_HOME_H

#include "base/err.h"
#include "base/mem.h"

/* ERR_BUSY when it belongs to another host. claim: on a network file system without owner, make it ours. $ETL_HOST
 * stands for name and machine-id, for containers that take turns. */
int home_check(const char *home, bool claim, struct err *e);
/* "NFS" and the like; NULL for a file system of this machine. */
const char *home_network(const char *home);

#endif
