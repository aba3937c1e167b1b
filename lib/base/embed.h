/*
 * Files that travel inside the binary: pipeline definitions, SQL, page templates, licences. The table is made at
 * build time by scripts/embed.sh from schemas/ and build/deps/licenses.
 */
#ifndef ETL_BASE_EMBED_H
#define ETL_BASE_EMBED_H

#include <stddef.h>

struct embedded {
    const char *path; /* "commerce/pipeline.json" */
    const char *text; /* NUL-terminated */
    size_t n;
};
extern const struct embedded embedded_files[];
extern const size_t embedded_count;

const struct embedded *embed_find(const char *path);

#endif
