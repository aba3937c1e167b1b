/* What a command line settles for all stages of a run. */
#ifndef ETL_RUN_ENV_H
#define ETL_RUN_ENV_H

#include "collect/collect.h"
#include "pipeline/pipeline.h"
#include "store/ledger.h"

struct run_env {
    const char *home, *tmpdir, *command; /* command: as typed, for the ledger */
    size_t memory;                       /* bytes, all together */
    int threads;
    int retries;     /* -1: as defined */
    size_t max_line; /* bytes; 0 default */
    struct collect_opt collect;
    const char *openlineage; /* file for events (openlineage.h), NULL none */
    bool progress;           /* standard error is a terminal and nobody said -q */
};

/* Block size of readers that fits the memory. */
size_t env_block(const struct run_env *env);
/* Bytes for the state of checks: most of it, but for what the process itself, its threads and their batches take. */
size_t env_checks(const struct run_env *env);
/* The same for the keys of a load that wait to be merged. */
size_t env_keys(const struct run_env *env);

#endif
