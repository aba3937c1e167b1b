/* See built_in.h. */
#include "collect/built_in.h"

#include <math.h>

#include "base/hash.h"
#include "base/progress.h"
#include "base/stop.h"
#include "collect/trips.h"

static int open_table(const struct pipeline *p, const struct pl_dataset *d, struct arena *a, struct reader **r,
                      const char **text, size_t *n, struct err *e) {
    int rc = pipeline_file(p, a, d->source.file, text, n, e);
    struct reader_opt opt = {.format = FMT_CSV,
                             .enc = d->source.enc,
                             .delimiter = d->source.delimiter,
                             .text = *text,
                             .text_n = *n,
                             .column = collect_column,
                             .ctx = (void *)(uintptr_t)d};
    return rc ? rc : reader_open(r, &d->source.file, 1, &opt, e);
}

static int collect_seed(const struct pipeline *p, const struct pl_dataset *d, write_fn *write, void *ctx,
                        struct collect_stats *st, struct err *e) {
    struct arena a = {0};
    struct rblock b = {0};
    struct reader *r = NULL;
    const char *text;
    size_t n;
    bool more = true;
    int rc = open_table(p, d, &a, &r, &text, &n, e);
    while (rc == ERR_OK && more) {
        rc = stop_check(e);
        if (rc == ERR_OK) rc = reader_next(r, &b, &more, e);
        st->rows += b.n;
        if (rc == ERR_OK) rc = collect_block(r, &b, write, ctx, e);
    }
    st->bytes = rc == ERR_OK ? reader_bytes(r) : 0;
    snprintf(st->inputs_json, sizeof st->inputs_json, "[{\"seed\":\"%s\"}]", d->source.file);
    rblock_free(&b);
    reader_close(r);
    arena_free(&a);
    return rc;
}

static bool millionths(struct jval rec, struct sv name, int32_t *out) {
    struct jval v;
    char *end;
    struct arena a = {0};
    bool ok = jv_get(rec, name, &v) && (jv_type(v) == JT_NUM || jv_type(v) == JT_STR);
    double x = ok ? strtod(jv_str(v, &a, NULL), &end) : 0;
    ok = ok && !*end && fabs(x) <= 180;
    if (ok) *out = (int32_t)lround(x * 1e6);
    arena_free(&a);
    return ok;
}

static int read_segments(const struct pipeline *p, const struct pl_dataset *d, struct arena *a,
                         struct trips_segment **out, size_t *n, struct err *e) {
    struct rblock b = {0};
    struct jtoks toks = {0};
    struct reader *r = NULL;
    const char *text;
    size_t len, cap = 0;
    bool more = true;
    int rc = open_table(p, d, a, &r, &text, &len, e);
    while (rc == ERR_OK && more) {
        rc = reader_next(r, &b, &more, e);
        for (size_t i = 0; i < b.n && rc == ERR_OK; i++) {
            struct jerr je;
            const char *s = b.data.p + b.l[i].off;
            toks.n = 0;
            if (*n == cap) *out = mem_grow(*out, (cap = cap ? cap * 2 : 1024) * sizeof **out);
            struct trips_segment *g = &(*out)[(*n)++];
            bool ok = !b.l[i].bad && json_scan(&toks, s, b.l[i].len, 0, &je);
            struct jval rec = {s, toks.t, 0};
            if (!ok || !millionths(rec, SV("start_lon"), &g->lon1) || !millionths(rec, SV("start_lat"), &g->lat1) ||
                !millionths(rec, SV("end_lon"), &g->lon2) || !millionths(rec, SV("end_lat"), &g->lat2))
                rc = err_set(e, ERR_CONFIG, "%s:%llu: expected start_lon, start_lat, end_lon and end_lat in degrees",
                             d->source.file, (unsigned long long)b.l[i].line);
        }
    }
    reader_close(r);
    rblock_free(&b);
    jtoks_free(&toks);
    return rc;
}

static uint64_t seed_of(const struct pl_dataset *d, const struct collect_opt *o) {
    return o->seed >= 0 ? (uint64_t)o->seed : d->source.seed;
}
static uint32_t trips_of(const struct pl_dataset *d, const struct collect_opt *o) {
    return o->trips > 0 ? (uint32_t)o->trips : d->source.trips;
}

static int collect_trips(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                         write_fn *write, void *ctx, struct collect_stats *st, struct err *e) {
    struct arena a = {0};
    struct buf b = {0};
    struct trips *g = NULL;
    struct trips_segment *segments = NULL;
    size_t n = 0;
    bool more = true;
    int rc = read_segments(p, d, &a, &segments, &n, e);
    struct trips_cfg cfg = {.seed = seed_of(d, o),
                            .day = day,
                            .zone = &p->zone,
                            .trips = trips_of(d, o),
                            .flat = d->source.flat,
                            .segments = segments,
                            .nsegments = n};
    snprintf(st->inputs_json, sizeof st->inputs_json, "[{\"generator\":\"trips\",\"seed\":%llu,\"trips\":%u}]",
             (unsigned long long)cfg.seed, cfg.trips);
    if (rc == ERR_OK) rc = trips_open(&g, &cfg, e);
    while (rc == ERR_OK && more) {
        uint64_t rows = 0;
        b.n = 0;
        rc = stop_check(e);
        if (rc == ERR_OK) trips_next(g, &b, 1 << 20, &rows, &more);
        progress_add(b.n);
        st->rows += rows;
        st->bytes += b.n;
        if (rc == ERR_OK && b.n) rc = write(ctx, b.p, b.n, rows, e);
    }
    trips_close(g);
    free(segments);
    buf_free(&b);
    arena_free(&a);
    return rc;
}

int collect_built_in(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                     write_fn *write, void *ctx, struct collect_stats *st, struct err *e) {
    return d->source.kind == SOURCE_TRIPS ? collect_trips(p, d, day, o, write, ctx, st, e)
                                          : collect_seed(p, d, write, ctx, st, e);
}

int collect_built_in_digest(const struct pipeline *p, const struct pl_dataset *d, const struct collect_opt *o,
                            struct sha256 *h, struct err *e) {
    struct arena a = {0};
    const char *text;
    size_t n;
    if (d->source.kind == SOURCE_TRIPS) {
        uint64_t seed = seed_of(d, o);
        uint32_t trips = trips_of(d, o);
        sha256_add(h, &seed, sizeof seed);
        sha256_add(h, &trips, sizeof trips);
        sha256_add(h, &d->source.flat, sizeof d->source.flat);
    }
    int rc = pipeline_file(p, &a, d->source.file, &text, &n, e);
    if (rc == ERR_OK) sha256_add(h, text, n);
    arena_free(&a);
    return rc;
}
