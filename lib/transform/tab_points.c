/*
 * Tables of points: a CSV of the definition, read once with it.
 *
 *   "points": {"file": "segments.csv", "lon": ["start_lon", "end_lon"], "lat": ["start_lat", "end_lat"]}
 *   "points": {"file": "bumps.csv", "encoding": "cp949", "lon": "WGS84경도", "lat": "WGS84위도", "radius":
 * "과속방지턱연장", "radius_divisor": 22200000, "within": {"과속방지턱연장": {"min": 30, "max": 3000}}}
 *
 * Of two columns the middle is taken, (a + b) / 2. A row whose numbers are none, or outside "within", is left out and
 * told: public tables hold points at sea and lengths in two units.
 */
#include <math.h>

#include "base/hash.h"
#include "base/near.h"
#include "transform/tab.h"

struct reading {
    struct op_parse *c;
    struct tab_args *a;
    struct jval v; /* of "points" */
    struct svs lon, lat;
    struct sv radius;
    double divisor;
    struct tab_args within;
    struct tcell *cells;
    bool looked;         /* at the columns */
    uint64_t rows, *out; /* left out, by range; then by lon, lat, radius */
};

static double number_of(struct jval rec, struct sv name) {
    struct jval x;
    if (!jv_get(rec, name, &x)) return NAN;
    if (jv_type(x) == JT_NUM) return jv_num(x);
    if (jv_type(x) != JT_STR) return NAN;
    char text[64];
    struct sv s = jv_raw(x);
    while (s.n && *s.p == ' ') s.p++, s.n--;
    while (s.n && s.p[s.n - 1] == ' ') s.n--;
    if (!s.n || s.n >= sizeof text || strspn(s.p, "+-0123456789.eE") < s.n) return NAN;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    char *end;
    double d = strtod(text, &end);
    return *end || !isfinite(d) ? NAN : d;
}

static double middle(struct jval rec, const struct svs *names) {
    double first = names->n ? number_of(rec, names->s[0]) : NAN;
    return names->n < 2 ? first : (first + number_of(rec, names->s[1])) / 2;
}

static bool in_range(const struct tab_range *r, double x) {
    if (isnan(x) || (r->whole && x != floor(x))) return false;
    if (r->lo_open ? x <= r->lo : x < r->lo) return false;
    return !(r->hi_open ? x >= r->hi : x > r->hi);
}

static bool plausible(struct reading *g, struct jval rec) {
    for (size_t i = 0; i < g->within.nranges; i++) {
        if (in_range(&g->within.ranges[i], number_of(rec, g->within.ranges[i].name))) continue;
        g->out[i]++;
        return false;
    }
    return true;
}

static void set_values(struct reading *g, struct jval rec, struct tcell *to) {
    const struct svs *cols = &g->a->inner.values;
    for (size_t k = 0; k < cols->n; k++) {
        struct jval x;
        struct buf b = {0};
        if (!jv_get(rec, cols->s[k], &x)) continue;
        json_copy(&b, x);
        to[k] = tcell_json(arena_strn(g->c->a, buf_text(&b), b.n), b.n);
        buf_free(&b);
    }
}

/* A column that the table does not have is a mistake, told once: else every row would be left out. */
static void want_column(struct reading *g, struct jval rec, struct sv name) {
    struct jval key, x;
    uint32_t pos = 0;
    char *word = arena_strn(g->c->a, name.p, name.n);
    struct near near = near_start(word);
    if (jv_get(rec, name, &x)) return;
    while (jv_each(rec, &pos, &key, &x)) near_offer(&near, jv_str(key, g->c->a, NULL));
    mistake_at(g->c->m, offset_of(g->v), "%s has no column '%s'%s", g->a->points.file, word, near_hint(&near, g->c->a));
}

static void want_columns(struct reading *g, struct jval rec) {
    for (size_t i = 0; i < g->lon.n; i++) want_column(g, rec, g->lon.s[i]);
    for (size_t i = 0; i < g->lat.n; i++) want_column(g, rec, g->lat.s[i]);
    if (g->radius.n) want_column(g, rec, g->radius);
    for (size_t i = 0; i < g->within.nranges; i++) want_column(g, rec, g->within.ranges[i].name);
    if (g->a->kind != TAB_NEAREST) return;
    for (size_t i = 0; i < g->a->inner.values.n; i++) want_column(g, rec, g->a->inner.values.s[i]);
}

static void take_row(struct reading *g, struct jval rec) {
    struct tab_points *p = &g->a->points;
    double lon = middle(rec, &g->lon), lat = middle(rec, &g->lat);
    double r = g->radius.n ? number_of(rec, g->radius) / g->divisor : 0;
    g->rows++;
    if (!plausible(g, rec)) return;
    if (isnan(lon) || isnan(lat) || isnan(r) || r < 0) {
        g->out[g->within.nranges]++;
        return;
    }
    if (!(p->n & (p->n + 1))) { /* room for twice as many at 0, 1, 3, 7 ... */
        size_t cap = 2 * p->n + 2, k = g->a->inner.values.n;
        p->lon = mem_grow(p->lon, cap * sizeof *p->lon);
        p->lat = mem_grow(p->lat, cap * sizeof *p->lat);
        p->radius = mem_grow(p->radius, cap * sizeof *p->radius);
        g->cells = mem_grow(g->cells, (cap * k + 1) * sizeof *g->cells);
    }
    p->lon[p->n] = lon;
    p->lat[p->n] = lat;
    p->radius[p->n] = r;
    if (g->a->kind == TAB_NEAREST) {
        struct tcell *to = g->cells + p->n * g->a->inner.values.n;
        for (size_t k = 0; k < g->a->inner.values.n; k++) to[k] = (struct tcell){.kind = TC_NULL, .num = NAN};
        set_values(g, rec, to);
    }
    p->n++;
}

static int read_rows(struct reading *g, struct err *e) {
    struct rblock b = {0};
    struct jtoks toks = {0};
    struct reader *r = NULL;
    const char *text, *file = g->a->points.file, *enc = get_str(g->c->a, g->v, "encoding", NULL);
    size_t n;
    bool more = true;
    int rc = pipeline_file(g->c->p, g->c->a, file, &text, &n, e);
    if (rc) return rc;
    sha256_add(g->c->digest, text, n);
    struct reader_opt opt = {.format = FMT_CSV,
                             .enc = enc ? (enum encoding)encoding_find(enc) : ENC_UTF8,
                             .delimiter = get_str(g->c->a, g->v, "delimiter", ",")[0],
                             .text = text,
                             .text_n = n};
    rc = reader_open(&r, &file, 1, &opt, e);
    while (rc == ERR_OK && more) {
        rc = reader_next(r, &b, &more, e);
        for (size_t i = 0; i < b.n && rc == ERR_OK; i++) {
            struct jerr je;
            const char *s = b.data.p + b.l[i].off;
            toks.n = 0;
            if (b.l[i].bad || !json_scan(&toks, s, b.l[i].len, 0, &je))
                g->rows++, g->out[g->within.nranges]++;
            else {
                struct jval rec = {s, toks.t, 0};
                if (!g->looked) want_columns(g, rec);
                g->looked = true;
                take_row(g, rec);
            }
        }
    }
    reader_close(r);
    rblock_free(&b);
    jtoks_free(&toks);
    return rc;
}

static void tell_left_out(struct reading *g) {
    struct buf b = {0};
    uint64_t n = 0;
    for (size_t i = 0; i <= g->within.nranges; i++) n += g->out[i];
    if (n) {
        buf_fmt(&b, "%llu of %llu rows of %s are left out:", (unsigned long long)n, (unsigned long long)g->rows,
                g->a->points.file);
        for (size_t i = 0; i <= g->within.nranges; i++) {
            if (!g->out[i]) continue;
            struct sv s = i < g->within.nranges ? g->within.ranges[i].name : SV("no numbers");
            buf_fmt(&b, " %llu %.*s", (unsigned long long)g->out[i], (int)s.n, s.p);
        }
        g->a->points.left_out = arena_str(g->c->a, b.p);
    }
    buf_free(&b);
}

static void give_back(void *what) {
    struct tab_points *p = what;
    free(p->lon);
    free(p->lat);
    free(p->radius);
    free(p->values);
}

void parse_points(struct op_parse *c, struct tab_args *a, bool radii) {
    struct reading g = {.c = c, .a = a};
    struct err e = {0};
    if (!get_val(c->v, "points", &g.v) || jv_type(g.v) != JT_OBJ) return;
    struct op_parse inside = *c;
    inside.v = g.v;
    g.lon = get_svs(&inside, "lon");
    g.lat = get_svs(&inside, "lat");
    g.radius = sv_of(get_str(c->a, g.v, "radius", ""));
    g.divisor = get_num(g.v, "radius_divisor", 1);
    get_ranges(&inside, &g.within, "within");
    a->points.file = get_str(c->a, g.v, "file", "");
    g.out = mem_alloc((g.within.nranges + 1) * sizeof *g.out);
    if (radii && !g.radius.n) mistake_at(c->m, offset_of(g.v), "points that are near need a \"radius\"");
    if (read_rows(&g, &e))
        mistake_at(c->m, offset_of(g.v), "%s", e.msg);
    else if (!a->points.n && !radii)
        mistake_at(c->m, offset_of(g.v), "%s holds no point with numbers in these columns", a->points.file);
    tell_left_out(&g);
    a->points.values = g.cells;
    free(g.out);
    pipeline_defer(c->p, give_back, &a->points);
}
