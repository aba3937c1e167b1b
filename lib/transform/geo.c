/* See geo.h. */
#include "transform/geo.h"

#include <math.h>

typedef double pair __attribute__((vector_size(16)));
/* Candidates of a cell, four at a time: compared two by two and without a branch, which costs less than asking how many
 * they are. Their places are in it, so that a look-up goes from the cell to two lines of memory and no further. */
#define QUAD 4
struct quad {
    pair x02, x13, y02, y13; /* of the first and third, of the second and fourth */
    uint32_t i[QUAD];        /* in the table, ascending; where there are fewer, the last one again */
};
/* What a place's candidates are: the number of a quad, and whether there are more than one holds:
 * then as many follow, until one's i[3] has MORE not. */
#define MORE 0x80000000u
/* In a cell: it is divided, and here its parts begin; else where its one answer is. */
#define PARTS 0x80000000u
#define SIDE 8u /* parts of a cell in each direction */

/* A grid around the one before it, whose cells it leaves empty. Its area begins one cell right of left and above low:
 * a number that is below 0 and becomes 0 is outside. */
struct level {
    double left, low;
    double per_part_x, per_part_y; /* parts a degree */
    uint32_t nx, ny;
    uint64_t wide, tall; /* in parts */
    double area[4];
    uint32_t *cell;
};
#define LEVELS 4

#define KNOWN 65536 /* slots; a newer list takes the place of an older one */
#define RECENT 32   /* answers made last, which are those of places near by */

struct geo_near {
    pair *at;    /* the points that differ: x, y */
    uint32_t *i; /* their index in the table */
    size_t n;
    struct level level[LEVELS];
    struct quad *quads;
    size_t nquads, cap;
    uint32_t *parts; /* what cells and their parts answer: MORE | number of a quad */
    size_t nparts, parts_cap;
    uint32_t *known;                  /* while it is made: cells with the same candidates share their quads, */
    uint32_t recent[RECENT], nrecent; /* and one with fewer takes its neighbour's: a table that is small stays near */
};

static inline double square(double x) {
    return x * x;
}
static inline double distance(pair p, double x, double y) {
    return square(p[0] - x) + square(p[1] - y);
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
            double x = distance(g->at[from[i]], at[k][0], at[k][1]);
            if (x < best[k]) best[k] = x, nearest = from[i];
        }
        for (int c = 0; c < 4; c++) d[k][c] = distance(g->at[nearest], at[c][0], at[c][1]);
    }
    for (size_t i = 0; i < n; i++) {
        double mine[4];
        bool beaten = false;
        for (int c = 0; c < 4; c++) mine[c] = distance(g->at[from[i]], at[c][0], at[c][1]);
        for (int k = 0; k < PLACES && !beaten; k++) {
            beaten = true;
            for (int c = 0; c < 4; c++) beaten &= d[k][c] + (d[k][c] + mine[c]) * 1e-12 + 1e-24 < mine[c];
        }
        if (!beaten) to[m++] = from[i];
    }
    return m;
}

static void room_for(struct geo_near *g, size_t quads, size_t parts) {
    if (g->nquads + quads > g->cap) {
        g->cap = (g->nquads + quads) * 2;
        g->quads = mem_grow(g->quads, g->cap * sizeof *g->quads);
    }
    if (g->nparts + parts > g->parts_cap) {
        g->parts_cap = (g->nparts + parts) * 2;
        g->parts = mem_grow(g->parts, g->parts_cap * sizeof *g->parts);
    }
}

static struct quad quad_of(const struct geo_near *g, const uint32_t *list, size_t n) {
    uint32_t k[QUAD];
    for (size_t j = 0; j < QUAD; j++) k[j] = list[j < n ? j : n - 1];
    const pair *p = g->at;
    return (struct quad){{p[k[0]][0], p[k[2]][0]},
                         {p[k[1]][0], p[k[3]][0]},
                         {p[k[0]][1], p[k[2]][1]},
                         {p[k[1]][1], p[k[3]][1]},
                         {g->i[k[0]], g->i[k[1]], g->i[k[2]], g->i[k[3]] | (n > QUAD ? MORE : 0)}};
}

static bool holds_all(const struct geo_near *g, const struct quad *q, const uint32_t *list, size_t n) {
    bool all = true;
    for (size_t k = 0; k < n && all; k++) {
        uint32_t i = g->i[list[k]];
        all = i == q->i[0] || i == q->i[1] || i == q->i[2] || i == q->i[3];
    }
    return all;
}

/* Where in g->parts the answer of these candidates is. */
static uint32_t answer(struct geo_near *g, const uint32_t *list, size_t n) {
    uint64_t hash = 0;
    for (size_t k = 0; k < n; k++) hash = (hash ^ list[k]) * 0x9e3779b97f4a7c15u;
    uint32_t *slot = &g->known[hash >> 48];
    for (uint32_t k = 0; n <= QUAD && k < RECENT && k < g->nrecent; k++) {
        uint32_t at = g->recent[(g->nrecent - 1 - k) % RECENT];
        if (holds_all(g, &g->quads[g->parts[at]], list, n)) return at;
    }
    room_for(g, n / QUAD + 1, 1);
    struct quad *q = g->quads + g->nquads;
    for (size_t from = 0; from < n; from += QUAD) *q++ = quad_of(g, list + from, n - from);
    if (n <= QUAD && *slot && memcmp(g->quads[g->parts[*slot - 1]].i, q[-1].i, sizeof q->i) == 0) return *slot - 1;
    uint32_t at = (uint32_t)g->nparts;
    g->parts[g->nparts++] = (uint32_t)g->nquads | (n > QUAD ? MORE : 0);
    g->nquads += (n + QUAD - 1) / QUAD;
    if (n <= QUAD) *slot = at + 1, g->recent[g->nrecent++ % RECENT] = at;
    return at;
}

/* Cells that are being made; in parts of a cell where scale is SIDE. */
struct area {
    uint32_t col, row, ncols, nrows, scale;
};

/* Its corners, a hair wider, so that a place that rounding puts into it is inside. */
static void corners(const struct level *l, struct area a, double r[4]) {
    double w = SIDE / (l->per_part_x * a.scale), h = SIDE / (l->per_part_y * a.scale);
    double far = 0;
    for (int k = 0; k < 4; k++) far = fmax(far, fabs(l->area[k]));
    double dx = w * 1e-6 + far * 4e-15, dy = h * 1e-6 + far * 4e-15;
    r[0] = l->area[0] + w * a.col - dx, r[1] = l->area[1] + h * a.row - dy;
    r[2] = l->area[0] + w * (a.col + a.ncols) + dx, r[3] = l->area[1] + h * (a.row + a.nrows) + dy;
}

static void halves(struct area a, bool wide, struct area *one, struct area *two) {
    *one = *two = a;
    if (a.ncols > 1 && (a.nrows == 1 || wide)) {
        one->ncols = a.ncols / 2;
        two->col += one->ncols, two->ncols -= one->ncols;
    } else {
        one->nrows = a.nrows / 2;
        two->row += one->nrows, two->nrows -= one->nrows;
    }
}

static void fill(struct geo_near *g, struct level *l, struct area a, uint32_t with) {
    for (uint32_t y = a.row; y < a.row + a.nrows; y++)
        for (uint32_t x = a.col; x < a.col + a.ncols; x++) {
            uint32_t *cell = &l->cell[(size_t)(y / a.scale) * l->nx + x / a.scale];
            if (a.scale == SIDE)
                g->parts[(*cell & ~PARTS) + y % SIDE * SIDE + x % SIDE] = g->parts[with];
            else
                *cell = with;
        }
}

/* A cell with many candidates is divided. */
static struct area divide(struct geo_near *g, struct level *l, struct area a) {
    room_for(g, 0, (size_t)SIDE * SIDE);
    fill(g, l, a, PARTS | (uint32_t)g->nparts);
    g->nparts += (size_t)SIDE * SIDE;
    return (struct area){a.col * SIDE, a.row * SIDE, SIDE, SIDE, SIDE};
}

/* The cells of an area whose candidates are in list; halved along its longer side as long as they are too many. */
static void halve(struct geo_near *g, struct level *l, struct area a, const uint32_t *list, size_t n) {
    double r[4];
    const double *inner = l > g->level ? l[-1].area : NULL;
    corners(l, a, r);
    if (inner && r[0] >= inner[0] && r[1] >= inner[1] && r[2] <= inner[2] && r[3] <= inner[3]) return;
    uint32_t *mine = mem_grow(NULL, n * sizeof *mine);
    size_t m = choose(g, list, n, r, mine);
    bool one_cell = a.ncols == 1 && a.nrows == 1;
    if (m <= QUAD || (one_cell && a.scale == SIDE)) {
        fill(g, l, a, answer(g, mine, m));
    } else {
        struct area one, two;
        if (one_cell) a = divide(g, l, a);
        halves(a, r[2] - r[0] >= r[3] - r[1], &one, &two);
        halve(g, l, one, mine, m);
        halve(g, l, two, mine, m);
    }
    free(mine);
}

static void make_level(struct geo_near *g, struct level *l, const double r[4], double cells, const uint32_t *all) {
    double wide = r[2] - r[0], tall = r[3] - r[1], side = sqrt(wide * tall / cells);
    memcpy(l->area, r, sizeof l->area);
    l->nx = (uint32_t)fmin(fmax(ceil(wide / side), 1), cells);
    l->ny = (uint32_t)fmin(fmax(ceil(tall / side), 1), cells);
    l->left = r[0] - wide / l->nx, l->low = r[1] - tall / l->ny;
    l->wide = (uint64_t)l->nx * SIDE, l->tall = (uint64_t)l->ny * SIDE;
    l->per_part_x = (double)l->wide / wide, l->per_part_y = (double)l->tall / tall;
    l->cell = mem_alloc((size_t)l->nx * l->ny * sizeof *l->cell);
    halve(g, l, (struct area){0, 0, l->nx, l->ny, 1}, all, g->n);
}

/* The first level is the points' box and an eighth more on each side, with so many cells a point that most hold one
 * quad, and those along a line of points few; each further one is four times as wide and coarse. */
static void make_levels(struct geo_near *g) {
    double r[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    uint32_t *all = mem_alloc(g->n * sizeof *all);
    for (size_t i = 0; i < g->n; i++) {
        r[0] = fmin(r[0], g->at[i][0]), r[2] = fmax(r[2], g->at[i][0]);
        r[1] = fmin(r[1], g->at[i][1]), r[3] = fmax(r[3], g->at[i][1]);
        all[i] = (uint32_t)i;
    }
    double size = fmax(fmax(r[2] - r[0], r[3] - r[1]), 1e-6), more = size / 8;
    double cells = fmin(fmax(32.0 * (double)g->n, 256), 4e6);
    g->known = mem_alloc(KNOWN * sizeof *g->known);
    for (int k = 0; k < LEVELS; k++) {
        r[0] -= more, r[1] -= more, r[2] += more, r[3] += more;
        make_level(g, &g->level[k], r, k ? fmin(cells, 16384) : cells, all);
        more = (r[2] - r[0] + r[3] - r[1]) * 0.75;
    }
    free(g->known);
    g->known = NULL;
    free(all);
}

struct spot {
    double x, y;
    uint32_t i;
};
static int by_place(const void *a, const void *b) {
    const struct spot *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    if (p->y != q->y) return p->y < q->y ? -1 : 1;
    return p->i < q->i ? -1 : p->i > q->i;
}
static int by_index(const void *a, const void *b) {
    const struct spot *p = a, *q = b;
    return p->i < q->i ? -1 : p->i > q->i;
}

/* Points, without those that lie where an earlier one lies: they are never the answer. */
static void take_points(struct geo_near *g, const double *lon, const double *lat, size_t n) {
    struct spot *p = mem_alloc(n * sizeof *p);
    for (size_t i = 0; i < n; i++) p[i] = (struct spot){lon[i], lat[i], (uint32_t)i};
    qsort(p, n, sizeof *p, by_place);
    for (size_t i = 0; i < n; i++)
        if (!i || p[i].x != p[g->n - 1].x || p[i].y != p[g->n - 1].y) p[g->n++] = p[i];
    qsort(p, g->n, sizeof *p, by_index);
    g->at = mem_alloc(g->n * sizeof *g->at);
    g->i = mem_alloc(g->n * sizeof *g->i);
    for (size_t i = 0; i < g->n; i++) g->at[i] = (pair){p[i].x, p[i].y}, g->i[i] = p[i].i;
    free(p);
}

struct geo_near *geo_near_new(const double *lon, const double *lat, size_t n) {
    struct geo_near *g = mem_alloc(sizeof *g);
    take_points(g, lon, lat, n);
    make_levels(g);
    return g;
}

static uint32_t compare_all(const struct geo_near *g, double lon, double lat) {
    double best = INFINITY;
    size_t at = 0;
    for (size_t i = 0; i < g->n; i++) {
        double d = distance(g->at[i], lon, lat);
        if (d < best) best = d, at = i;
    }
    return g->i[at];
}

/* Which of the four, and how far; the first of equals. No branch: which of them it is cannot be foreseen. */
static inline uint32_t best_of(const struct quad *q, double lon, double lat, double *best) {
    typedef int64_t mask __attribute__((vector_size(16)));
    pair ax = q->x02 - lon, ay = q->y02 - lat, bx = q->x13 - lon, by = q->y13 - lat;
    pair a = ax * ax + ay * ay, b = bx * bx + by * by;
    mask less = b < a;
    pair m = (pair)(((mask)b & less) | ((mask)a & ~less));
    int64_t second = -(int64_t)(m[1] < m[0]);
    *best = m[1] < m[0] ? m[1] : m[0];
    return q->i[(-less[0] & ~second) | ((2 - less[1]) & second)];
}

static uint32_t of_many(const struct quad *q, double lon, double lat) {
    double best = INFINITY, d;
    uint32_t at = 0;
    for (;; q++) {
        uint32_t k = best_of(q, lon, lat, &d) & ~MORE;
        if (d < best) best = d, at = k;
        if (!(q->i[QUAD - 1] & MORE)) return at;
    }
}

uint32_t geo_nearest(const struct geo_near *g, double lon, double lat) {
    for (const struct level *l = g->level; l < g->level + LEVELS; l++) {
        /* the conversion makes of what is no place, or none near, a number outside */
        uint64_t col = (uint64_t)(int64_t)((lon - l->left) * l->per_part_x) - SIDE;
        uint64_t row = (uint64_t)(int64_t)((lat - l->low) * l->per_part_y) - SIDE;
        double d;
        if (col >= l->wide || row >= l->tall) continue;
        uint32_t cell = l->cell[row / SIDE * l->nx + col / SIDE];
        /* again without a branch: the cell's only answer, or that of its part */
        uint32_t part = (uint32_t)(row % SIDE * SIDE + col % SIDE) & -(cell >> 31);
        const uint32_t at = g->parts[(cell & ~PARTS) + part];
        const struct quad *q = g->quads + (at & ~MORE);
        return at & MORE ? of_many(q, lon, lat) : best_of(q, lon, lat, &d);
    }
    return compare_all(g, lon, lat);
}

size_t geo_near_bytes(const struct geo_near *g) {
    size_t n = g->nquads * sizeof *g->quads + g->nparts * sizeof *g->parts + (sizeof *g->at + sizeof *g->i) * g->n;
    for (int k = 0; k < LEVELS; k++) n += (size_t)g->level[k].nx * g->level[k].ny * sizeof *g->level[k].cell;
    return n;
}

void geo_near_free(struct geo_near *g) {
    if (!g) return;
    for (int k = 0; k < LEVELS; k++) free(g->level[k].cell);
    free(g->at);
    free(g->i);
    free(g->parts);
    free(g->quads);
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
