/* Rows: read from a record's tokens, taken through the operations of a phase, written or packed. See tab.h. */
#include <math.h>

#include "base/hash.h"
#include "transform/tab.h"

/* ---- reading ---- */

static inline bool same_key(struct sv a, struct sv b) {
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* Members nearly always come in the order of the record before: the guess is the kid that stood at this place. */
static const struct tab_node *kid(struct tab_worker *w, const struct tab_node *node, uint32_t place, struct sv key) {
    uint32_t *guess = place < TAB_SLOTS ? &w->guess[(node->id % 4) * TAB_SLOTS + place] : NULL;
    if (guess && *guess < node->nkids && same_key(node->kids[*guess].key, key)) return &node->kids[*guess];
    for (uint32_t k = 0; k < node->nkids; k++)
        if (sv_eq(node->kids[k].key, key)) {
            if (guess) *guess = k;
            return &node->kids[k];
        }
    return NULL;
}

static void read_node(struct tab_worker *w, const struct tab_node *node, struct jval v) {
    const struct jtok *t = v.t;
    uint32_t end = t[v.i].next, i = v.i + 1;
    if (t[v.i].type == JT_ARR) {
        for (uint32_t place = 0; i < end; place++, i = t[i].next)
            for (size_t k = 0; k < node->nkids; k++) {
                const struct tab_node *n = &node->kids[k];
                if (n->index != place) continue;
                if (n->slot >= 0) w->row[n->slot] = tcell_read((struct jval){v.text, t, i});
                if (n->nkids) read_node(w, n, (struct jval){v.text, t, i});
            }
        return;
    }
    if (t[v.i].type != JT_OBJ) return;
    for (uint32_t place = 0; i < end; place++, i = t[i + 1].next) {
        struct sv key = {v.text + t[i].off, t[i].len};
        char *plain = NULL;
        if (t[i].flags & JF_ESC) {
            struct buf b = {0};
            jv_unescape((struct jval){v.text, t, i}, &b);
            key = (struct sv){plain = b.p, b.n};
        }
        const struct tab_node *n = kid(w, node, place, key);
        if (n && n->slot == TAB_LIST) w->list = i + 1;
        if (n && n->slot >= 0) w->row[n->slot] = tcell_read((struct jval){v.text, t, i + 1});
        if (n && n->nkids) read_node(w, n, (struct jval){v.text, t, i + 1});
        free(plain);
    }
}

static void clear(struct tab_worker *w) {
    for (size_t i = 0; i < w->p->nslots; i++) w->row[i] = (struct tcell){.kind = TC_ABSENT, .num = NAN};
}

static void go(struct tab_worker *w, const struct tab_phase *ph) {
    if (tab_ops(w, ph)) tab_put(w, ph);
}

void tab_record(struct tab_worker *w, const struct tab_phase *ph, struct jval rec) {
    const struct tab_plan *p = w->p;
    w->list = 0;
    clear(w);
    read_node(w, &p->flat, rec);
    if (!w->list) {
        w->in++;
        go(w, ph);
        return;
    }
    struct jval list = {rec.text, rec.t, w->list};
    if (jv_type(list) != JT_ARR) {
        w->in++;
        w->reasons[p->ops[0].reasons]++;
        return;
    }
    uint32_t pos = 0;
    for (struct jval e; jv_each(list, &pos, NULL, &e);) {
        w->in++;
        if (jv_type(e) != JT_OBJ) {
            w->reasons[p->ops[0].reasons]++;
            continue;
        }
        clear(w);
        read_node(w, &p->outer, rec);
        read_node(w, &p->inner, e);
        go(w, ph);
    }
}

void tab_learn(struct tab_worker *w, struct jval rec) {
    const struct tab_node *flat = &w->p->flat;
    if (w->list || !alike_learn(&w->like, rec)) {
        w->like.n = 0;
        return;
    }
    const struct jtok *t = rec.t;
    size_t k = 0;
    for (uint32_t i = rec.i + 1; i < t[rec.i].next; i = t[i + 1].next, k++) {
        const struct tab_node *n = kid(w, flat, UINT32_MAX, (struct sv){rec.text + t[i].off, t[i].len});
        w->like_slots[k] = n && n->slot >= 0 ? n->slot : -1;
        if (n && n->slot == TAB_LIST) w->like.n = 0; /* no list there, this time */
    }
}

bool tab_alike(struct tab_worker *w, const struct tab_phase *ph, const char *text, size_t n) {
    struct alike_value v[ALIKE_MOST];
    if (!alike_read(&w->like, text, n, v)) return false;
    clear(w);
    for (size_t k = 0; k < w->like.n; k++)
        if (w->like_slots[k] >= 0) w->row[w->like_slots[k]] = tcell_alike(&v[k]);
    w->in++;
    go(w, ph);
    return true;
}

/* ---- the operations ---- */

static bool same_text(const struct tcell *c, const char *s) {
    char number[TCELL_ROOM];
    size_t n = strlen(s);
    if (c->kind == TC_TEXT && c->len && c->text[0] == '"') return c->len == n + 2 && memcmp(c->text + 1, s, n) == 0;
    if (c->kind == TC_TEXT || c->kind == TC_NUMBER) return c->len == n && memcmp(c->text, s, n) == 0;
    if (c->kind == TC_NULL) return strcmp(s, "null") == 0;
    return c->kind != TC_ABSENT && tcell_number(number, c) == n && memcmp(number, s, n) == 0;
}

static bool holds(const struct tab_worker *w, const struct tab_op *o) {
    for (size_t i = 0; i < o->op->when.n; i++) {
        struct strs in = o->op->when.c[i].in;
        bool any = false;
        for (size_t k = 0; k < in.n && !any; k++) any = same_text(&w->row[o->when[i]], in.s[k]);
        if (!any) return false;
    }
    return true;
}

static bool within(struct tab_worker *w, const struct tab_op *o) {
    for (size_t i = 0; i < o->a->nranges; i++) {
        const struct tab_range *r = &o->a->ranges[i];
        const struct tcell *c = &w->row[o->names[i]];
        uint64_t *why = &w->reasons[o->reasons + 3 * i];
        if (!tcell_is_number(c) || (r->whole && c->num != floor(c->num))) {
            why[c->kind <= TC_NULL ? 0 : 1]++;
            if (!o->a->warn) return false;
        } else if ((r->lo_open ? c->num <= r->lo : c->num < r->lo) || (r->hi_open ? c->num >= r->hi : c->num > r->hi)) {
            why[2]++;
            if (!o->a->warn) return false;
        }
    }
    return true;
}

static void fill(struct tab_worker *w, const struct tab_op *o) {
    for (size_t i = 0; i < o->a->inner.keys.n; i++)
        if (w->row[o->outs[i]].kind <= TC_NULL) w->row[o->outs[i]] = o->cells[i];
}

static void score(struct tab_worker *w, const struct tab_op *o) {
    double sum = 0;
    for (size_t i = 0; i < o->a->names.n; i++) {
        double x = w->row[o->names[i]].num;
        sum += o->a->weights[i] * (o->a->absolute ? fabs(x) : x);
    }
    w->row[o->field] = isfinite(sum) ? tcell_real(sum) : (struct tcell){.kind = TC_NULL, .num = NAN};
    if (o->flag >= 0) w->row[o->flag] = tcell_int(sum > o->a->above);
}

static bool place(struct tab_worker *w, const struct tab_op *o) {
    const struct tcell *lon = &w->row[o->lon], *lat = &w->row[o->lat];
    if (!tcell_is_number(lon) || !tcell_is_number(lat)) {
        w->reasons[o->reasons]++;
        return false;
    }
    if (o->a->kind == TAB_NEAR) {
        if (geo_within(o->radii, lon->num, lat->num) == GEO_NONE) return true;
        for (size_t i = 0; i < o->a->inner.keys.n; i++) w->row[o->outs[i]] = o->cells[i];
        return true;
    }
    size_t n = o->a->inner.keys.n;
    double x = lon->num * o->a->scale_lon, y = lat->num * o->a->scale_lat;
    uint32_t at = geo_nearest(o->grid, x, y);
    const struct tcell *v = o->a->points.values + n * at;
    if (o->distance >= 0) w->row[o->distance] = tcell_real(hypot(o->x[at] - x, o->y[at] - y));
    for (size_t i = 0; i < n; i++) w->row[o->outs[i]] = v[i];
    return true;
}

bool tab_ops(struct tab_worker *w, const struct tab_phase *ph) {
    for (size_t i = ph->from; i < ph->to; i++) {
        const struct tab_op *o = &w->p->ops[i];
        if (o->op->when.n && !holds(w, o)) continue;
        switch (o->a->kind) {
        case TAB_WITHIN:
            if (!within(w, o)) return false;
            break;
        case TAB_DEFAULT:
            fill(w, o);
            break;
        case TAB_SCORE:
            score(w, o);
            break;
        case TAB_NEAR:
        case TAB_NEAREST:
            if (!place(w, o)) return false;
            break;
        case TAB_DAY:
            w->row[o->field] = (struct tcell){.kind = TC_TEXT, .num = NAN, .text = w->day, .len = 12};
            break;
        default:
            break;
        }
    }
    return true;
}

/* ---- the end of a phase ---- */

static void write_row(struct tab_worker *w) {
    const struct tab_plan *p = w->p;
    size_t need = 2;
    for (size_t i = 0; i < p->nout; i++) need += p->keys[i].n + tcell_written(&w->row[p->out[i]]);
    char *from = buf_room(&w->text, need), *to = from;
    for (size_t i = 0; i < p->nout; i++) {
        memcpy(to, p->keys[i].p, p->keys[i].n);
        to = tcell_write(to + p->keys[i].n, &w->row[p->out[i]]);
    }
    memcpy(to, "}\n", 2);
    w->text.n += (size_t)(to + 2 - from);
    w->rows++;
}

/* What a cell says, for keys: the same for every spelling of a number that is kept exactly. */
static struct sv key_text(const struct tcell *c, char room[TCELL_ROOM]) {
    if (c->kind >= TC_NUMBER) return (struct sv){c->text, c->len};
    if (c->kind <= TC_NULL) return SV("null");
    return (struct sv){room, tcell_number(room, c)};
}

static void room_for_row(struct tab_worker *w, size_t nvals) {
    if (w->n < w->cap) return;
    w->cap = w->cap ? w->cap * 2 : 1024;
    w->keys = mem_grow(w->keys, w->cap * sizeof *w->keys);
    w->vals = mem_grow(w->vals, w->cap * (nvals + 1) * sizeof *w->vals);
}

static struct tab_key hash_of(struct tab_worker *w, struct sv text) {
    if (w->last.n != text.n || !w->last.p || memcmp(w->last.p, text.p, text.n) != 0) {
        w->last.n = 0;
        buf_sv(&w->last, text);
        siphash128(text.p, text.n, w->last_hash.h);
    }
    return w->last_hash;
}

static void put_spill(struct tab_worker *w, const struct tab_phase *ph) {
    const struct tab_op *o = ph->ends;
    size_t n = o->a->inner.keys.n;
    const struct tcell *g = &w->row[o->group];
    char room[TCELL_ROOM];
    if (g->kind <= TC_NULL) {
        w->reasons[o->reasons]++;
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (!tcell_is_number(&w->row[o->names[i]])) {
            w->reasons[o->reasons + 1 + i]++;
            return;
        }
    room_for_row(w, n);
    w->keys[w->n] = hash_of(w, key_text(g, room));
    for (size_t i = 0; i < n; i++) w->vals[w->n * n + i] = w->row[o->names[i]].num;
    w->n++;
    struct tab_head h = {.len = sizeof h};
    for (size_t i = 0; i < ph->nlive; i++) h.len += (uint32_t)tcell_packed(&w->row[ph->live[i]]);
    char *to = buf_room(&w->text, h.len);
    memcpy(to, &h, sizeof h);
    to += sizeof h;
    for (size_t i = 0; i < ph->nlive; i++) to = tcell_pack(to, &w->row[ph->live[i]]);
    w->text.n += h.len;
}

/* Equal values are one group: absent and null, 1 and 1.0. */
static void even_out(struct tcell *c) {
    if (c->kind == TC_ABSENT) c->kind = TC_NULL;
    if (c->kind == TC_REAL && fabs(c->num) < 9007199254740992.0 && c->num == (double)(int64_t)c->num)
        *c = tcell_int((int64_t)c->num);
    if (c->kind == TC_NUMBER && fabs(c->num) < 9007199254740992.0 && c->num == (double)(int64_t)c->num)
        *c = tcell_int((int64_t)c->num); /* 1e2 */
    for (; c->kind == TC_DECIMAL && c->scale && c->mant % 10 == 0; c->scale--) c->mant /= 10;
}

static void put_group(struct tab_worker *w, const struct tab_op *o) {
    size_t nby = o->a->names.n, n = o->a->nsums;
    for (size_t i = 0; i < n; i++)
        if (o->a->sums[i].how != TAB_COUNT && !tcell_is_number(&w->row[o->names[nby + i]])) {
            w->reasons[o->reasons + i]++;
            return;
        }
    room_for_row(w, n);
    for (size_t i = 0; i < n; i++)
        w->vals[w->n * n + i] = o->a->sums[i].how == TAB_COUNT ? 0 : w->row[o->names[nby + i]].num;
    uint32_t len = 0;
    for (size_t i = 0; i < nby; i++) even_out(&w->row[o->names[i]]);
    for (size_t i = 0; i < nby; i++) len += (uint32_t)tcell_packed(&w->row[o->names[i]]);
    char *to = buf_room(&w->by, sizeof len + len);
    memcpy(to, &len, sizeof len);
    to += sizeof len;
    struct sv key = {to, len};
    for (size_t i = 0; i < nby; i++) to = tcell_pack(to, &w->row[o->names[i]]);
    w->by.n += sizeof len + len;
    w->keys[w->n++] = hash_of(w, key);
}

void tab_put(struct tab_worker *w, const struct tab_phase *ph) {
    if (!ph->ends)
        write_row(w);
    else if (ph->ends->a->kind == TAB_ZSCORE)
        put_spill(w, ph);
    else
        put_group(w, ph->ends);
}
