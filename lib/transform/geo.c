/* See geo.h. */
#include "transform/geo.h"

#include <math.h>

struct spot {
    double x, y;
    uint32_t i;
};
#define ONLY 0x80000000u
#define LAST 0x80000000u

struct geo_near {
    double *x, *y;
    size_t n;
    double left, low, right, high; /* of the grid */
    double per_x, per_y;           /* cells a degree */
    uint32_t side;                 /* cells in each direction, a power of two */
    uint32_t *cell;                /* ONLY | the one point of the cell, or where its spots begin */
    struct spot *spots;            /* a cell's last one has LAST in its i */
    size_t nspots, cap;
};

static uint32_t side_for(size_t n) {
    uint32_t side = 1;
    while (side < 2048 && (size_t)side * side < 64 * n) side *= 2;
    return side;
}

static double square(double x) {
    return x * x;
}

/* Places of a cell: its corners and its middle. */
#define PLACES 5
static void places_of(const double r[4], double at[PLACES][2]) {
    for (int k = 0; k < 4; k++) at[k][0] = r[k & 1 ? 2 : 0], at[k][1] = r[k & 2 ? 3 : 1];
    at[4][0] = (r[0] + r[2]) / 2;
    at[4][1] = (r[1] + r[3]) / 2;
}

/* The points of `from` that can be nearest to some place in r, in their order: not those that another one beats at all
 * four corners, for then it beats them everywhere between (the difference of the squares is linear). Others are
 * compared with those that are nearest to one of the places. A point is beaten only by more than any rounding. */
static size_t choose(const struct geo_near *g, const uint32_t *from, size_t n, const double r[4], uint32_t *to) {
    double at[PLACES][2], d[PLACES][4], best[PLACES];
    size_t m = 0;
    places_of(r, at);
    for (int k = 0; k < PLACES; k++) {
        uint32_t nearest = from[0];
        best[k] = INFINITY;
        for (size_t i = 0; i < n; i++) {
            double x = square(g->x[from[i]] - at[k][0]) + square(g->y[from[i]] - at[k][1]);
            if (x < best[k]) best[k] = x, nearest = from[i];
        }
        for (int c = 0; c < 4; c++) d[k][c] = square(g->x[nearest] - at[c][0]) + square(g->y[nearest] - at[c][1]);
    }
    for (size_t i = 0; i < n; i++) {
        double mine[4];
        bool beaten = false;
        for (int c = 0; c < 4; c++) mine[c] = square(g->x[from[i]] - at[c][0]) + square(g->y[from[i]] - at[c][1]);
        for (int k = 0; k < PLACES && !beaten; k++) {
            beaten = true;
            for (int c = 0; c < 4; c++) beaten &= d[k][c] + (d[k][c] + mine[c]) * 1e-12 + 1e-24 < mine[c];
        }
        if (!beaten) to[m++] = from[i];
    }
    return m;
}

static void fill_cell(struct geo_near *g, uint32_t col, uint32_t row, const uint32_t *list, size_t n) {
    uint32_t *cell = &g->cell[(size_t)row * g->side + col];
    if (n == 1) {
        *cell = ONLY | list[0];
        return;
    }
    if (g->nspots + n > g->cap) {
        g->cap = (g->nspots + n) * 2;
        g->spots = mem_grow(g->spots, g->cap * sizeof *g->spots);
    }
    *cell = (uint32_t)g->nspots;
    for (size_t k = 0; k < n; k++) g->spots[g->nspots++] = (struct spot){g->x[list[k]], g->y[list[k]], list[k]};
    g->spots[g->nspots - 1].i |= LAST;
}

/* A square of size x size cells at (col, row) whose candidates are in list; at most 11 levels deep. */
static void halve(struct geo_near *g, uint32_t col, uint32_t row, uint32_t size, const uint32_t *list, size_t n) {
    /* a hair wider than the cell, so that a place that rounding puts into it is inside */
    double w = 1 / g->per_x, h = 1 / g->per_y;
    double r[4] = {g->left + w * (col - 1e-6), g->low + h * (row - 1e-6), g->left + w * (col + size + 1e-6),
                   g->low + h * (row + size + 1e-6)};
    uint32_t *mine = mem_grow(NULL, n * sizeof *mine);
    size_t m = choose(g, list, n, r, mine);
    if (size == 1) {
        fill_cell(g, col, row, mine, m);
    } else {
        uint32_t half = size / 2;
        for (uint32_t k = 0; k < 4; k++) halve(g, col + (k & 1) * half, row + (k >> 1) * half, half, mine, m);
    }
    free(mine);
}

static void bounds(struct geo_near *g) {
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (size_t i = 0; i < g->n; i++) {
        x0 = fmin(x0, g->x[i]), x1 = fmax(x1, g->x[i]);
        y0 = fmin(y0, g->y[i]), y1 = fmax(y1, g->y[i]);
    }
    double more = fmax(fmax(x1 - x0, y1 - y0) / 2, 1e-6);
    g->left = x0 - more, g->right = x1 + more;
    g->low = y0 - more, g->high = y1 + more;
    g->per_x = g->side / (g->right - g->left);
    g->per_y = g->side / (g->high - g->low);
}

struct geo_near *geo_near_new(const double *lon, const double *lat, size_t n) {
    struct geo_near *g = mem_alloc(sizeof *g);
    g->x = mem_alloc(n * sizeof *g->x);
    g->y = mem_alloc(n * sizeof *g->y);
    memcpy(g->x, lon, n * sizeof *lon);
    memcpy(g->y, lat, n * sizeof *lat);
    g->n = n;
    g->side = side_for(n);
    bounds(g);
    g->cell = mem_alloc((size_t)g->side * g->side * sizeof *g->cell);
    uint32_t *all = mem_alloc(n * sizeof *all);
    for (size_t i = 0; i < n; i++) all[i] = (uint32_t)i;
    halve(g, 0, 0, g->side, all, n);
    free(all);
    return g;
}

static uint32_t compare_all(const struct geo_near *g, double lon, double lat) {
    double best = INFINITY;
    uint32_t at = 0;
    for (size_t i = 0; i < g->n; i++) {
        double d = square(g->x[i] - lon) + square(g->y[i] - lat);
        if (d < best) best = d, at = (uint32_t)i;
    }
    return at;
}

uint32_t geo_nearest(const struct geo_near *g, double lon, double lat) {
    double fx = (lon - g->left) * g->per_x, fy = (lat - g->low) * g->per_y;
    if (!(fx >= 0 && fy >= 0 && fx < g->side && fy < g->side)) return compare_all(g, lon, lat);
    uint32_t cell = g->cell[(size_t)(uint32_t)fy * g->side + (uint32_t)fx];
    if (cell & ONLY) return cell & ~ONLY;
    double best = INFINITY;
    uint32_t at = 0;
    for (const struct spot *s = g->spots + cell;; s++) {
        double d = square(s->x - lon) + square(s->y - lat);
        if (d < best) best = d, at = s->i & ~LAST;
        if (s->i & LAST) return at;
    }
}

size_t geo_near_bytes(const struct geo_near *g) {
    return g->nspots * sizeof *g->spots + (size_t)g->side * g->side * sizeof *g->cell + 2 * g->n * sizeof *g->x;
}

void geo_near_free(struct geo_near *g) {
    if (!g) return;
    free(g->x);
    free(g->y);
    free(g->cell);
    free(g->spots);
    free(g);
}

struct radius {
    double lat, lon, r;
    uint32_t i;
};
struct geo_radii {
    struct radius *p; /* by latitude */
    size_t n;
    double most; /* the largest radius */
};

static int by_lat(const void *a, const void *b) {
    const struct radius *x = a, *y = b;
    if (x->lat != y->lat) return x->lat < y->lat ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

struct geo_radii *geo_radii_new(const double *lon, const double *lat, const double *r, size_t n) {
    struct geo_radii *g = mem_alloc(sizeof *g);
    g->p = mem_alloc((n + 1) * sizeof *g->p);
    g->n = n;
    for (size_t i = 0; i < n; i++) {
        g->p[i] = (struct radius){lat[i], lon[i], r[i], (uint32_t)i};
        if (r[i] > g->most) g->most = r[i];
    }
    qsort(g->p, n, sizeof *g->p, by_lat);
    return g;
}

uint32_t geo_within(const struct geo_radii *g, double lon, double lat) {
    double from = lat - g->most, shrink = cos(lat * (M_PI / 180));
    from -= fabs(from) * 1e-15; /* what rounding may have taken */
    size_t lo = 0, hi = g->n;
    uint32_t first = GEO_NONE;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (g->p[mid].lat < from)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < g->n && g->p[lo].lat - lat <= g->most; lo++) {
        const struct radius *p = &g->p[lo];
        if (fabs(lat - p->lat) <= p->r && fabs(lon - p->lon) * shrink <= p->r && p->i < first) first = p->i;
    }
    return first;
}

void geo_radii_free(struct geo_radii *g) {
    if (!g) return;
    free(g->p);
    free(g);
}
