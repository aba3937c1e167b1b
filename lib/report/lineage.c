/*
 * Lineage: from the source through datasets, steps and tables to models and the page, drawn as SVG in columns by depth
 * (each box one column right of the last thing it is made from), and written out below for those who cannot see it.
 */
#include "mart/lineage.h"
#include "report/html.h"

enum { BOX_W = 168, BOX_H = 34, GAP_X = 56, GAP_Y = 14 };

struct node {
    const struct lineage_node *l;
    const char *name;
    size_t *from, nfrom, depth, row;
};
struct graph {
    struct arena a;
    struct node *n;
    size_t count;
};

static size_t find_node(const struct lineage *l, const char *id) {
    size_t i = 0;
    while (i < l->nodes && strcmp(l->n[i].id, id) != 0) i++;
    return i;
}

/* Nodes come after what they are made from, so one pass finds every depth. */
static void build(struct graph *g, const struct lineage *l) {
    g->n = arena_alloc(&g->a, (l->nodes + 1) * sizeof *g->n);
    for (size_t i = 0; i < l->nodes; i++) {
        struct node *n = &g->n[g->count++];
        const struct lineage_node *x = &l->n[i];
        bool page = strcmp(x->layer, "report") == 0;
        n->l = x;
        n->name = page && x->title ? x->title : x->name;
        n->from = arena_alloc(&g->a, (x->from.n + 1) * sizeof *n->from);
        for (size_t k = 0; k < x->from.n; k++) {
            size_t from = find_node(l, x->from.s[k]);
            if (from >= i) continue;
            n->from[n->nfrom++] = from;
            if (g->n[from].depth + 1 > n->depth) n->depth = g->n[from].depth + 1;
        }
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
        buf_fmt(b, "<g class=l-%s><title>", n->l->layer);
        html_text(b, n->l->id);
        buf_fmt(b, "</title><rect x=%zu y=%zu width=%d height=%d rx=6 /><text x=%zu y=%zu>", left(n), top(n), BOX_W,
                BOX_H, left(n) + 10, top(n) + BOX_H / 2 + 5);
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

void block_lineage(struct buf *b, const struct pipeline *p, bool several) {
    struct graph g = {0};
    struct lineage l;
    size_t wide, tall;
    lineage_make(&l, p, (struct strs){0});
    build(&g, &l);
    place_rows(&g, &wide, &tall);
    size_t w = wide * (BOX_W + GAP_X) - GAP_X + 8, h = tall * (BOX_H + GAP_Y) - GAP_Y + 8;
    if (several) {
        buf_fmt(b, "<div class=way data-k0=\"%s\">", p->name);
        html_element(b, "h3", p->name);
    }
    buf_fmt(b,
            "<div class=\"wrap lineage\" tabindex=0><svg viewBox=\"0 0 %zu %zu\" width=%zu height=%zu "
            "aria-hidden=true>",
            w, h, w, h);
    draw(b, &g);
    buf_str(b, "</svg></div>");
    write_out(b, &g);
    if (several) buf_str(b, "</div>");
    lineage_free(&l);
    arena_free(&g.a);
}
