/*
 * Lineage: from the source through datasets, steps and tables to models and the page, drawn as SVG in columns by depth
 * (each box one column right of the last thing it is made from), and written out below for those who cannot see it.
 */
#include "report/html.h"

enum { BOX_W = 168, BOX_H = 34, GAP_X = 56, GAP_Y = 14 };

struct node {
    const char *name, *kind;
    size_t *from, nfrom, depth, row;
};
struct graph {
    struct arena a;
    struct node *n;
    size_t count, cap;
};

static size_t add_node(struct graph *g, const char *name, const char *kind) {
    g->n[g->count] = (struct node){.name = name, .kind = kind};
    g->n[g->count].from = arena_alloc(&g->a, g->cap * sizeof(size_t));
    return g->count++;
}

static void add_edge(struct graph *g, size_t from, size_t to) {
    struct node *n = &g->n[to];
    for (size_t i = 0; i < n->nfrom; i++)
        if (n->from[i] == from) return;
    n->from[n->nfrom++] = from;
    if (g->n[from].depth + 1 > n->depth) n->depth = g->n[from].depth + 1;
}

static size_t find_node(const struct graph *g, const char *name) {
    size_t i = 0;
    while (i < g->count && strcmp(g->n[i].name, name) != 0) i++;
    return i;
}

static const char *source_name(struct graph *g, const struct pl_dataset *d) {
    if (d->source.kind == SOURCE_FILES && d->source.path) {
        const char *slash = strrchr(d->source.path, '/');
        return slash ? slash + 1 : d->source.path;
    }
    return arena_fmt(&g->a, "%s (source)", d->name);
}

static void add_dataset(struct graph *g, const struct pl_dataset *d) {
    size_t at = add_node(g, source_name(g, d), "source"), next = add_node(g, d->name, "dataset");
    add_edge(g, at, next);
    for (size_t k = 0; k < d->nsteps; k++) {
        at = next;
        next = add_node(g, arena_fmt(&g->a, "%s/%s", d->name, d->steps[k].name), "step");
        add_edge(g, at, next);
    }
    if (!d->load) return;
    size_t table = find_node(g, d->load->table);
    if (table == g->count) table = add_node(g, d->load->table, "table");
    add_edge(g, next, table);
}

static void build(struct graph *g, const struct pipeline *p) {
    g->cap = p->nmodels + 2;
    for (size_t i = 0; i < p->ndatasets; i++) g->cap += 3 + p->datasets[i].nsteps;
    g->n = arena_alloc(&g->a, g->cap * sizeof *g->n);
    for (size_t i = 0; i < p->ndatasets; i++) add_dataset(g, &p->datasets[i]);
    for (size_t i = 0; i < p->nmodels; i++) { /* in dependency order: what it refers to is there */
        const struct pl_model *m = &p->models[i];
        size_t at = add_node(g, m->name, m->kind == MODEL_CTE ? "cte" : "model");
        for (size_t k = 0; k < m->refs.n; k++) {
            size_t from = find_node(g, m->refs.s[k]);
            if (from < at) add_edge(g, from, at);
        }
    }
    if (!p->report) return;
    size_t page = add_node(g, p->report->title, "report");
    for (size_t i = 0; i < page; i++) {
        bool used = strcmp(g->n[i].kind, "model") == 0;
        for (size_t k = 0; k < page && used; k++)
            for (size_t j = 0; j < g->n[k].nfrom; j++) used = used && g->n[k].from[j] != i;
        if (used) add_edge(g, i, page);
    }
}

static void place_rows(struct graph *g, size_t *wide, size_t *tall) {
    *wide = *tall = 0;
    for (size_t i = 0; i < g->count; i++) {
        size_t row = 0;
        for (size_t k = 0; k < i; k++) row += g->n[k].depth == g->n[i].depth;
        g->n[i].row = row;
        if (g->n[i].depth + 1 > *wide) *wide = g->n[i].depth + 1;
        if (row + 1 > *tall) *tall = row + 1;
    }
}

/* Names are cut to the box; the whole one is in the title and in the list below. */
static void short_name(struct buf *b, const char *s) {
    size_t w = 0;
    const char *p = s;
    struct buf t = {0};
    while (*p && w < 21) {
        unsigned char c = (unsigned char)*p;
        size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4, step = c < 0xE1 ? 1 : 2;
        if (strnlen(p, n) < n) break;
        buf_add(&t, p, n);
        p += n;
        w += step;
    }
    if (*p) buf_str(&t, "…");
    html_text(b, buf_text(&t));
    buf_free(&t);
}

static size_t left(const struct node *n) {
    return n->depth * (BOX_W + GAP_X) + 4;
}
static size_t top(const struct node *n) {
    return n->row * (BOX_H + GAP_Y) + 4;
}

static void draw(struct buf *b, const struct graph *g) {
    for (size_t i = 0; i < g->count; i++)
        for (size_t k = 0; k < g->n[i].nfrom; k++) {
            const struct node *from = &g->n[g->n[i].from[k]], *to = &g->n[i];
            size_t x0 = left(from) + BOX_W, y0 = top(from) + BOX_H / 2, x1 = left(to), y1 = top(to) + BOX_H / 2;
            buf_fmt(b, "<path d=\"M%zu %zuC%zu %zu %zu %zu %zu %zu\"/>", x0, y0, (x0 + x1) / 2, y0, (x0 + x1) / 2, y1,
                    x1, y1);
        }
    for (size_t i = 0; i < g->count; i++) {
        const struct node *n = &g->n[i];
        buf_fmt(b, "<g class=l-%s><title>", n->kind);
        html_text(b, n->name);
        buf_fmt(b, "</title><rect x=%zu y=%zu width=%d height=%d rx=6 /><text x=%zu y=%zu>", left(n), top(n), BOX_W, BOX_H,
                left(n) + 10, top(n) + BOX_H / 2 + 5);
        short_name(b, n->name);
        buf_str(b, "</text></g>\n");
    }
}

static void write_out(struct buf *b, const struct graph *g) {
    buf_str(b, "<ul class=sr>");
    for (size_t i = 0; i < g->count; i++) {
        buf_str(b, "<li>");
        html_text(b, g->n[i].name);
        for (size_t k = 0; k < g->n[i].nfrom; k++) {
            buf_str(b, k ? ", " : " ← ");
            html_text(b, g->n[g->n[i].from[k]].name);
        }
        buf_str(b, "</li>");
    }
    buf_str(b, "</ul>");
}

void block_lineage(struct buf *b, const struct pipeline *p) {
    struct graph g = {0};
    size_t wide, tall;
    build(&g, p);
    place_rows(&g, &wide, &tall);
    size_t w = wide * (BOX_W + GAP_X) - GAP_X + 8, h = tall * (BOX_H + GAP_Y) - GAP_Y + 8;
    buf_fmt(b, "<div class=\"wrap lineage\" tabindex=0><svg viewBox=\"0 0 %zu %zu\" width=%zu height=%zu aria-hidden=true>",
            w, h, w, h);
    draw(b, &g);
    buf_str(b, "</svg></div>");
    write_out(b, &g);
    arena_free(&g.a);
}
