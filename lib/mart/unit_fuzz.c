/* Fuzz target: files of unit tests, from their reading to the comparison of rows. Where a test fails or is refused, it
 * says why; where it passes, it passes again. */
#include <stdlib.h>
#include <unistd.h>

#include "io/file.h"
#include "mart/unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char definition[] =
    "{\"name\":\"fuzz\",\"zone\":\"UTC\",\"datasets\":[{\"name\":\"d\",\"source\":{\"kind\":\"files\",\"path\":\"x\"},"
    "\"load\":{\"table\":\"raw\",\"mode\":\"replace_day\",\"columns\":[{\"name\":\"user_id\",\"type\":\"text\","
    "\"not_null\":true},{\"name\":\"amount\",\"type\":\"number\"},{\"name\":\"doc\",\"type\":\"json\"}]}}],\"models\":["
    "{\"name\":\"mart\",\"sql\":\"mart.sql\",\"unit_tests\":\"unit.json\",\"kind\":\"daily\",\"day\":\"day\",\"key\":"
    "[\"day\",\"user_id\"],\"columns\":[{\"name\":\"day\",\"type\":\"date\"},{\"name\":\"user_id\",\"type\":\"text\"},"
    "{\"name\":\"n\",\"type\":\"integer\"},{\"name\":\"total\",\"type\":\"number\"},{\"name\":\"word\",\"type\":"
    "\"text\"}]}]}";
static const char model[] =
    "SELECT :ds AS day, user_id, COUNT(*) AS n, SUM(amount) AS total, MIN({{ json_text('doc', 'word') }}) AS word"
    " FROM {{ ref('raw') }} WHERE dt = :ds GROUP BY user_id";

static char dir[] = "/tmp/etl-fuzz-unit-XXXXXX";

static void clean(void) {
    dir_remove(dir, NULL);
}

static void put(const char *name, const void *p, size_t n) {
    struct arena a = {0};
    FILE *f = fopen(arena_fmt(&a, "%s/%s", dir, name), "w");
    if (!f || (n && fwrite(p, 1, n, f) != n) || fclose(f)) abort();
    arena_free(&a);
}

static void once(const struct pipeline *p) {
    for (size_t i = 0; i < p->models->nunits; i++) {
        struct buf first = {0}, again = {0};
        struct err e = {0};
        int rc = unit_run(p, p->models, &p->models->units[i], &first, &e);
        if (rc && !e.msg[0]) abort();
        if (unit_run(p, p->models, &p->models->units[i], &again, &e) != rc) abort();
        if (strcmp(buf_text(&first), buf_text(&again)) != 0) abort();
        buf_free(&first);
        buf_free(&again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool made;
    struct pipeline *p = NULL;
    struct err e = {0};
    if (!made) {
        if (!mkdtemp(dir) || atexit(clean)) abort();
        put("mart.sql", model, sizeof model - 1);
        put("unit.json", "{\"name\":\"x\",\"given\":{},\"expect\":[]}", 36);
        if (pipeline_parse(&p, dir, definition, sizeof definition - 1, &e)) {
            fprintf(stderr, "%s\n", e.msg); /* else every input would be refused for what is not in it */
            abort();
        }
        pipeline_free(p);
        made = true;
    }
    put("unit.json", data, n);
    if (pipeline_parse(&p, dir, definition, sizeof definition - 1, &e) == ERR_OK) {
        once(p);
        pipeline_free(p);
    } else if (!e.msg[0]) {
        abort();
    }
    return 0;
}
