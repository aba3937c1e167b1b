/*
 * What the nearest of a table's points costs: for make bench (scripts/bench_pothole.sh), no part of the product.
 *
 *   bench_nearest SEGMENTS.csv POINTS N
 *
 * Writes N places into the file POINTS as doubles (lon, lat), for a peer to look up the same ones (bench_nearest.py):
 * trips of 450 readings along the road, a metre or two from one to the next, some ten metres beside it. Prints
 * nanoseconds a place, best of five, and a checksum of the answers.
 */
#include <stdio.h>
#include <time.h>

#include "base/rng.h"
#include "transform/geo.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double unit(struct rng *r) {
    return (double)(rng_next(r) >> 11) / 9007199254740992.0;
}

/* s_id,link_id,start_lon,start_lat,end_lon,end_lat: the middles. */
static size_t read_segments(const char *path, double **x, double **y) {
    char line[512];
    size_t n = 0;
    FILE *f = fopen(path, "re");
    *x = *y = NULL;
    if (!f || !fgets(line, sizeof line, f)) return 0;
    while (fgets(line, sizeof line, f)) {
        char *p = strchr(line, ',');
        double v[4];
        if (!p || !(p = strchr(p + 1, ','))) continue;
        for (int k = 0; k < 4; k++) v[k] = strtod(p + 1, &p);
        *x = mem_grow(*x, (n + 1) * sizeof **x);
        *y = mem_grow(*y, (n + 1) * sizeof **y);
        (*x)[n] = (v[0] + v[2]) / 2;
        (*y)[n++] = (v[1] + v[3]) / 2;
    }
    fclose(f);
    return n;
}

int main(int argc, char **argv) {
    double *x, *y;
    size_t n = argc == 4 ? read_segments(argv[1], &x, &y) : 0, many = n ? strtoul(argv[3], NULL, 10) : 0;
    struct rng r;
    if (!n || !many) return 2;
    double(*at)[2] = mem_alloc(many * sizeof *at);
    size_t from = 0;
    rng_seed(&r, 1);
    for (size_t i = 0; i < many; i++) {
        if (i % 450 == 0) from = rng_below(&r, (uint32_t)n);
        double way = (double)(i % 450) / 45, part = way - (double)(size_t)way;
        size_t a = (from + (size_t)way) % n, b = (a + 1) % n;
        at[i][0] = x[a] * (1 - part) + x[b] * part + (unit(&r) - 0.5) * 2e-4;
        at[i][1] = y[a] * (1 - part) + y[b] * part + (unit(&r) - 0.5) * 2e-4;
    }
    FILE *f = fopen(argv[2], "we");
    if (!f || fwrite(at, sizeof *at, many, f) != many || fclose(f)) return 1;
    double start = now(), best = 1e9;
    struct geo_near *g = geo_near_new(x, y, n);
    double made = now() - start;
    uint64_t sum = 0;
    for (int run = 0; run < 5; run++) {
        sum = 0;
        start = now();
        for (size_t i = 0; i < many; i++) sum += geo_nearest(g, at[i][0], at[i][1]);
        if (now() - start < best) best = now() - start;
    }
    printf("%.1f ns a place among %zu, made in %.0f ms (checksum %llu)\n", best / (double)many * 1e9, n, made * 1e3,
           (unsigned long long)sum);
    geo_near_free(g);
    return 0;
}
