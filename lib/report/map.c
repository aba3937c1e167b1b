/*
 * Maps: points or segments over an outline, as SVG in plain longitude and latitude, the former shortened by the cosine
 * of the middle latitude. No tiles: it works offline. A point is a line of no length with round ends, so that it keeps
 * its size when the script zooms (vector-effect).
 */
#include <math.h>

#include "report/html.h"

#define WIDE 1000.0 /* of the viewBox */
#define CLASSES 6   /* of colours */

struct box {
    double lon0, lat0, lon1, lat1;
    bool any;
};
struct map {
    struct box box;
    double cosine, scale;
};

static void include(struct box *x, double lon, double lat) {
    if (isnan(lon) || isnan(lat) || fabs(lon) > 180 || fabs(lat) > 90) return;
    if (!x->any) *x = (struct box){lon, lat, lon, lat, true};
    x->lon0 = fmin(x->lon0, lon);
    x->lon1 = fmax(x->lon1, lon);
    x->lat0 = fmin(x->lat0, lat);
    x->lat1 = fmax(x->lat1, lat);
}

/* ---- outlines ---- */

/* Called for every point; start: of a new piece. */
struct walk {
    void (*point)(struct walk *w, double lon, double lat, bool start);
    struct box *box;
    const struct map *m;
    struct buf *b;
    double x, y;
};

static bool is_position(struct jval v) {
    struct jval first;
    uint32_t pos = 0;
    return jv_type(v) == JT_ARR && jv_tok(v)->n >= 2 && jv_each(v, &pos, NULL, &first) && jv_type(first) == JT_NUM;
}

static void walk_position(struct walk *w, struct jval v, bool start) {
    struct jval lon, lat;
    uint32_t pos = 0;
    jv_each(v, &pos, NULL, &lon);
    jv_each(v, &pos, NULL, &lat);
    if (jv_type(lat) == JT_NUM) w->point(w, jv_num(lon), jv_num(lat), start);
}

/* Any depth of lists down to positions: rings, polygons, collections of them. */
static void walk_lists(struct walk *w, struct jval v) {
    uint32_t pos = 0;
    bool start = true;
    if (jv_type(v) != JT_ARR) return;
    for (struct jval x; jv_each(v, &pos, NULL, &x);) {
        if (is_position(x))
            walk_position(w, x, start);
        else
            walk_lists(w, x);
        start = false;
    }
}

static void walk_geojson(struct walk *w, struct jval v) {
    static const char *const inside[] = {"features", "geometries"};
    struct jval x;
    uint32_t pos;
    if (jv_type(v) != JT_OBJ) return;
    if (jv_get(v, SV("geometry"), &x)) walk_geojson(w, x);
    if (jv_get(v, SV("coordinates"), &x)) walk_lists(w, x);
    for (int k = 0; k < 2; k++) {
        if (!jv_get(v, sv_of(inside[k]), &x) || jv_type(x) != JT_ARR) continue;
        pos = 0;
        for (struct jval f; jv_each(x, &pos, NULL, &f);) walk_geojson(w, f);
    }
}

/* lon,lat a line; what is no such line begins a new piece. */
static void walk_csv(struct walk *w, const char *s) {
    bool start = true;
    while (*s) {
        char *end;
        double lon = strtod(s, &end), lat;
        if (end != s && *end == ',') {
            const char *p = end + 1;
            lat = strtod(p, &end);
            if (end != p) {
                w->point(w, lon, lat, start);
                start = false;
            }
        } else {
            start = true;
        }
        s += strcspn(s, "\n");
        s += *s == '\n';
    }
}

static void walk_outline(struct walk *w, const char *text) {
    struct jtoks toks = {0};
    struct jerr je;
    const char *s = text + strspn(text, " \t\r\n");
    if (*s != '{')
        walk_csv(w, text);
    else if (json_scan(&toks, text, strlen(text), JSON_COMMENTS, &je))
        walk_geojson(w, (struct jval){text, toks.t, 0});
    jtoks_free(&toks);
}

static void point_box(struct walk *w, double lon, double lat, bool start) {
    (void)start;
    include(w->box, lon, lat);
}

static double to_x(const struct map *m, double lon) {
    return (lon - m->box.lon0) * m->cosine * m->scale;
}

static double to_y(const struct map *m, double lat) {
    return (m->box.lat1 - lat) * m->scale;
}

/* Points that fall upon the one before are left out. */
static void point_path(struct walk *w, double lon, double lat, bool start) {
    double x = to_x(w->m, lon), y = to_y(w->m, lat);
    if (isnan(x) || isnan(y) || fabs(x) > 1e6 || fabs(y) > 1e6) return;
    if (!start && fabs(x - w->x) < 0.6 && fabs(y - w->y) < 0.6) return;
    buf_fmt(w->b, "%s%.1f %.1f", start ? "M" : "L", x, y);
    w->x = x;
    w->y = y;
}

/* ---- the map ---- */

static double num(const struct report_table *t, size_t row, enum block_role role) {
    return t->q->role[role] < 0 ? NAN : t->cells[row * t->q->ncols + (size_t)t->q->role[role]].num;
}

static bool find_frame(struct map *m, const struct report_table *t) {
    struct walk w = {.point = point_box, .box = &m->box};
    if (t->q->outline && !t->q->fit_data) walk_outline(&w, t->q->outline);
    if (!m->box.any)
        for (size_t k = 0; k < t->nrows; k++) {
            include(&m->box, num(t, k, ROLE_LON), num(t, k, ROLE_LAT));
            include(&m->box, num(t, k, ROLE_LON2), num(t, k, ROLE_LAT2));
        }
    if (!m->box.any) return false;
    m->cosine = cos((m->box.lat0 + m->box.lat1) / 2 * 3.14159265358979323846 / 180);
    double w_deg = (m->box.lon1 - m->box.lon0) * m->cosine, h_deg = m->box.lat1 - m->box.lat0;
    double most = fmax(fmax(w_deg, h_deg), 1e-4), pad = most * 0.04;
    m->box.lon0 -= pad / m->cosine;
    m->box.lon1 += pad / m->cosine;
    m->box.lat0 -= pad;
    m->box.lat1 += pad;
    m->scale = WIDE / fmax((m->box.lon1 - m->box.lon0) * m->cosine, m->box.lat1 - m->box.lat0);
    return true;
}

static int colour(const struct report_table *t, size_t row) {
    double v = num(t, row, ROLE_VALUE);
    if (t->q->role[ROLE_VALUE] < 0) return CLASSES / 2;
    size_t i = (size_t)t->q->role[ROLE_VALUE];
    double span = t->most[i] - t->least[i];
    if (isnan(v)) return -1;
    int c = span > 0 ? (int)((v - t->least[i]) / span * CLASSES) : CLASSES / 2;
    return c >= CLASSES ? CLASSES - 1 : c;
}

static void title(struct buf *b, const struct report *r, const struct report_table *t, size_t row) {
    static const enum block_role told[] = {ROLE_LABEL, ROLE_VALUE, ROLE_NOTE};
    bool any = false;
    buf_str(b, "<title>");
    for (int k = 0; k < 3; k++) {
        int i = t->q->role[told[k]];
        if (i < 0) continue;
        if (any) buf_str(b, " · ");
        html_shown(b, r, &t->cells[row * t->q->ncols + (size_t)i], &t->q->cols[i]);
        any = true;
    }
    buf_str(b, "</title>");
}

static void mark(struct buf *b, const struct report *r, const struct report_table *t, const struct map *m, size_t row) {
    double lon = num(t, row, ROLE_LON), lat = num(t, row, ROLE_LAT);
    double lon2 = num(t, row, ROLE_LON2), lat2 = num(t, row, ROLE_LAT2);
    if (isnan(lon) || isnan(lat) || fabs(lon) > 180 || fabs(lat) > 90) return;
    bool far = !isnan(lon2) && !isnan(lat2);
    buf_fmt(b, "<path d=\"M%.2f %.2f", to_x(m, lon), to_y(m, lat));
    if (far)
        buf_fmt(b, "L%.2f %.2f\"", to_x(m, lon2), to_y(m, lat2));
    else
        buf_str(b, "h0\" class=p");
    html_picks(b, r, t, row);
    buf_chr(b, '>');
    title(b, r, t, row);
    buf_str(b, "</path>");
}

/* One group a colour, the strongest last and so on top. */
static void marks(struct buf *b, const struct report *r, const struct report_table *t, const struct map *m) {
    for (int c = -1; c < CLASSES; c++) {
        bool any = false;
        for (size_t k = 0; k < t->nrows; k++) {
            if (colour(t, k) != c) continue;
            if (!any) buf_fmt(b, "<g class=q%d>", c < 0 ? 9 : c);
            any = true;
            mark(b, r, t, m, k);
        }
        if (any) buf_str(b, "</g>\n");
    }
}

static void legend(struct buf *b, const struct report *r, const struct report_table *t) {
    int i = t->q->role[ROLE_VALUE];
    if (i < 0 || isnan(t->least[i])) return;
    buf_str(b, "<p class=legend><span>");
    html_text(b, t->q->cols[i].label);
    buf_str(b, "</span> ");
    for (int c = 0; c < CLASSES; c++) {
        double from = t->least[i] + (t->most[i] - t->least[i]) * c / CLASSES;
        struct report_cell cell = {"", from};
        struct pl_shown col = t->q->cols[i];
        if (col.format == FORMAT_INTEGER) cell.num = ceil(from);
        buf_fmt(b, "<span class=key><i class=q%d></i>≥ ", c);
        html_shown(b, r, &cell, &col);
        buf_str(b, "</span>");
        if (t->most[i] <= t->least[i]) break;
    }
    buf_str(b, "</p>");
}

void block_map(struct buf *b, const struct report *r, const struct report_table *t) {
    struct map m = {0};
    if (!find_frame(&m, t)) return;
    double w = (m.box.lon1 - m.box.lon0) * m.cosine * m.scale, h = (m.box.lat1 - m.box.lat0) * m.scale;
    buf_fmt(b,
            "<div class=map><svg viewBox=\"0 0 %.0f %.0f\" role=img tabindex=0 aria-labelledby=\"h-%s\" "
            "aria-describedby=\"m-%s\">",
            w, h, t->q->name, t->q->name);
    if (t->q->outline) {
        struct walk walk = {.point = point_path, .m = &m, .b = b};
        buf_str(b, "<path class=land d=\"");
        walk_outline(&walk, t->q->outline);
        buf_str(b, "\"/>\n");
    }
    marks(b, r, t, &m);
    buf_str(b, "</svg></div>");
    legend(b, r, t);
    buf_fmt(b, "<p class=\"src keys\" id=\"m-%s\">", t->q->name);
    html_text(b, report_label(r, "map_keys"));
    buf_str(b, "</p>");
}
