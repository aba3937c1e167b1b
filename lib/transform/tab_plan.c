/*
 * From the words of a step to slots and phases; see tab.h. Every field that the step names has a slot. A slot is read
 * from the record when an operation looks at it before another one has made it; it is live at the end of a phase when a
 * later phase looks at it, or the step's select.
 */
#include "transform/tab.h"

#include <math.h>

bool tab_step(const struct pl_step *s) {
    for (size_t i = 0; i < s->nops; i++)
        if (s->ops[i].kind->columns) return true;
    return false;
}

static int slot(struct tab_plan *p, struct sv name) {
    if (!name.n) return -1;
    for (size_t i = 0; i < p->nslots; i++)
        if (sv_eq(p->names[i], name)) return (int)i;
    if (p->nslots == TAB_SLOTS) return -2;
    p->names[p->nslots] = name;
    return (int)p->nslots++;
}

static int *slots(struct tab_plan *p, struct svs l) {
    int *s = arena_alloc(&p->a, (l.n + 1) * sizeof *s);
    for (size_t i = 0; i < l.n; i++) s[i] = slot(p, l.s[i]);
    return s;
}

static struct tcell *values(struct tab_plan *p, struct svs l) {
    struct tcell *c = arena_alloc(&p->a, (l.n + 1) * sizeof *c);
    for (size_t i = 0; i < l.n; i++) c[i] = tcell_json(l.s[i].p, l.s[i].n);
    return c;
}

/* Of a counter; it goes by the operation's reason with what was wrong. */
static void reason(struct tab_plan *p, const struct tab_op *o, const char *what, struct sv field, const char *how) {
    const char *mine = o->op->reason;
    p->warns[p->nreasons] = o->a->warn;
    p->reasons[p->nreasons++] = arena_fmt(&p->a, "%s%s%.*s%s", mine ? mine : what, mine && field.n ? ": " : "",
                                          (int)field.n, field.p ? field.p : "", how);
}

#define REASONS_MOST 512
static bool add_reasons(struct tab_plan *p, struct tab_op *o) {
    const struct tab_args *a = o->a;
    if (p->nreasons + 3 * a->nranges + a->inner.keys.n + a->nsums + 3 > REASONS_MOST) return false;
    o->reasons = p->nreasons;
    switch (a->kind) {
    case TAB_WITHIN:
        for (size_t i = 0; i < a->nranges; i++) {
            reason(p, o, "", a->ranges[i].name, " is missing");
            reason(p, o, "", a->ranges[i].name, a->ranges[i].whole ? " is no whole number" : " is no number");
            reason(p, o, "", a->ranges[i].name, " is out of range");
        }
        break;
    case TAB_UNNEST:
        reason(p, o, "", a->field, " is no list of objects");
        break;
    case TAB_NEAREST:
    case TAB_NEAR:
        reason(p, o, "no place", (struct sv){0}, "");
        break;
    case TAB_ZSCORE:
        reason(p, o, "", a->group, " is missing");
        for (size_t i = 0; i < a->inner.keys.n; i++) reason(p, o, "", a->inner.values.s[i], " is no number");
        break;
    case TAB_AGGREGATE:
        for (size_t i = 0; i < a->nsums; i++) reason(p, o, "", a->sums[i].field, " is no number");
        break;
    default:
        break;
    }
    return true;
}

static void bind_grid(struct tab_plan *p, struct tab_op *o) {
    const struct tab_points *t = &o->a->points;
    o->x = arena_alloc(&p->a, (t->n + 1) * sizeof *o->x);
    o->y = arena_alloc(&p->a, (t->n + 1) * sizeof *o->y);
    for (size_t i = 0; i < t->n; i++) {
        o->x[i] = t->lon[i] * o->a->scale_lon;
        o->y[i] = t->lat[i] * o->a->scale_lat;
    }
    o->grid = geo_near_new(o->x, o->y, t->n);
}

static void bind_op(struct tab_plan *p, struct tab_op *o) {
    const struct tab_args *a = o->a;
    o->field = slot(p, a->field);
    if (a->kind == TAB_UNNEST) o->field = -1;
    o->lon = slot(p, a->lon);
    o->lat = slot(p, a->lat);
    o->group = slot(p, a->group);
    o->flag = slot(p, a->flag);
    o->distance = slot(p, a->distance);
    o->names = slots(p, a->names);
    o->outs = slots(p, a->inner.keys);
    if (a->kind == TAB_ZSCORE) o->names = slots(p, a->inner.values);
    if (a->kind == TAB_UNNEST) slots(p, a->outer.keys);
    if (a->kind == TAB_DEFAULT || a->kind == TAB_NEAR) o->cells = values(p, a->inner.values);
    if (a->kind == TAB_WITHIN) {
        o->names = arena_alloc(&p->a, (a->nranges + 1) * sizeof *o->names);
        for (size_t i = 0; i < a->nranges; i++) o->names[i] = slot(p, a->ranges[i].name);
    }
    if (a->kind == TAB_AGGREGATE) {
        struct svs fields = {arena_alloc(&p->a, (a->nsums + 1) * sizeof(struct sv)), a->nsums}, outs = fields;
        outs.s = arena_alloc(&p->a, (a->nsums + 1) * sizeof(struct sv));
        for (size_t i = 0; i < a->nsums; i++) fields.s[i] = a->sums[i].field, outs.s[i] = a->sums[i].name;
        o->outs = slots(p, outs);
        o->group = -1;
        int *by = o->names; /* by first, then what is summed */
        o->names = arena_alloc(&p->a, (a->names.n + a->nsums + 1) * sizeof *o->names);
        memcpy(o->names, by, a->names.n * sizeof *by);
        for (size_t i = 0; i < a->nsums; i++) o->names[a->names.n + i] = slot(p, a->sums[i].field);
    }
    o->when = arena_alloc(&p->a, (o->op->when.n + 1) * sizeof *o->when);
    for (size_t i = 0; i < o->op->when.n; i++) o->when[i] = slot(p, sv_of(o->op->when.c[i].field));
    if (a->kind == TAB_NEAREST) bind_grid(p, o);
    if (a->kind == TAB_NEAR) o->radii = geo_radii_new(a->points.lon, a->points.lat, a->points.radius, a->points.n);
}

/* Slots that the operation looks at, and those that it makes. */
static void looks_at(const struct tab_op *o, bool *at, bool *makes) {
    const struct tab_args *a = o->a;
    int in[] = {a->kind == TAB_SCORE || a->kind == TAB_DAY ? -1 : o->field, o->lon, o->lat, o->group};
    for (int k = 0; k < 4; k++)
        if (in[k] >= 0) at[in[k]] = true;
    size_t n = a->kind == TAB_WITHIN      ? a->nranges
               : a->kind == TAB_ZSCORE    ? a->inner.keys.n
               : a->kind == TAB_AGGREGATE ? a->names.n + a->nsums
                                          : a->names.n;
    for (size_t i = 0; i < n; i++)
        if (o->names[i] >= 0) at[o->names[i]] = true;
    for (size_t i = 0; i < o->op->when.n; i++) at[o->when[i]] = true;
    bool keeps = o->op->when.n || a->kind == TAB_DEFAULT || a->kind == TAB_NEAR; /* what was there may stay */
    size_t outs = a->kind == TAB_AGGREGATE ? a->nsums : a->kind == TAB_UNNEST ? 0 : a->inner.keys.n;
    for (size_t i = 0; i < outs; i++) {
        makes[o->outs[i]] = true;
        if (keeps) at[o->outs[i]] = true;
    }
    if ((a->kind == TAB_SCORE || a->kind == TAB_DAY) && o->field >= 0) makes[o->field] = true;
    if (o->flag >= 0) makes[o->flag] = true;
    if (o->distance >= 0) makes[o->distance] = true;
    if (o->distance >= 0 && keeps) at[o->distance] = true;
    if (keeps && a->kind == TAB_SCORE && o->field >= 0) at[o->field] = true;
}

/* ---- where fields are read from ---- */

static void add_path(struct tab_plan *p, struct tab_node *root, const char *path, int to) {
    struct tab_node *at = root;
    for (bool more = true; more;) {
        size_t n = strcspn(path, "/"), k = 0;
        while (k < at->nkids && !sv_eq(at->kids[k].key, (struct sv){path, n})) k++;
        if (k == at->nkids) {
            struct tab_node *grown = arena_alloc(&p->a, (at->nkids + 1) * sizeof *grown);
            if (at->nkids) memcpy(grown, at->kids, at->nkids * sizeof *grown);
            at->kids = grown;
            char *end;
            unsigned long index = strtoul(path, &end, 10);
            bool number = n && end == path + n && index < UINT32_MAX;
            at->kids[at->nkids++] = (struct tab_node){
                .key = {path, n}, .index = number ? (uint32_t)index : UINT32_MAX, .slot = -1, .id = p->nnodes++};
        }
        at = &at->kids[k];
        more = path[n] == '/';
        path += n + more;
    }
    at->slot = to;
}

static void add_map(struct tab_plan *p, struct tab_node *root, const struct sv_map *m) {
    for (size_t i = 0; i < m->keys.n; i++) add_path(p, root, m->values.s[i].p, slot(p, m->keys.s[i]));
}

static void find_reads(struct tab_plan *p) {
    bool made[TAB_SLOTS] = {0}, read[TAB_SLOTS] = {0};
    for (size_t i = 0; i < p->nops; i++) {
        bool at[TAB_SLOTS] = {0}, makes[TAB_SLOTS] = {0};
        looks_at(&p->ops[i], at, makes);
        for (size_t s = 0; s < p->nslots; s++) {
            read[s] |= at[s] && !made[s];
            made[s] |= makes[s];
        }
    }
    for (size_t i = 0; i < p->nout; i++) read[p->out[i]] |= !made[p->out[i]];
    p->flat = (struct tab_node){.slot = -1};
    p->inner = (struct tab_node){.slot = -1, .id = 1};
    p->outer = (struct tab_node){.slot = -1, .id = 2};
    p->nnodes = 3;
    for (size_t s = 0; s < p->nslots; s++) {
        if (!read[s]) continue;
        struct tab_node *grown = arena_alloc(&p->a, (p->flat.nkids + 1) * sizeof *grown);
        if (p->flat.nkids) memcpy(grown, p->flat.kids, p->flat.nkids * sizeof *grown);
        p->flat.kids = grown;
        grown[p->flat.nkids++] =
            (struct tab_node){.key = p->names[s], .index = UINT32_MAX, .slot = (int)s, .id = p->nnodes++};
    }
    if (p->unnest.n) add_path(p, &p->flat, p->unnest.p, TAB_LIST);
    for (size_t i = 0; i < p->nops; i++) {
        if (p->ops[i].a->kind != TAB_UNNEST) continue;
        add_map(p, &p->inner, &p->ops[i].a->inner);
        add_map(p, &p->outer, &p->ops[i].a->outer);
    }
}

/* ---- phases ---- */

static void find_live(struct tab_plan *p) {
    bool wanted[TAB_SLOTS] = {0};
    for (size_t i = 0; i < p->nout; i++) wanted[p->out[i]] = true;
    for (size_t k = p->nphases; k-- > 0;) {
        struct tab_phase *ph = &p->phases[k];
        if (ph->ends) { /* wanted after it, and what it does not make itself */
            bool at[TAB_SLOTS] = {0}, makes[TAB_SLOTS] = {0};
            looks_at(ph->ends, at, makes);
            for (size_t s = 0; s < p->nslots; s++)
                wanted[s] = ph->ends->a->kind == TAB_AGGREGATE ? at[s] : (wanted[s] && !makes[s]) || at[s];
        }
        for (size_t s = 0; s < p->nslots; s++)
            if (wanted[s]) ph->live[ph->nlive++] = (int)s;
        for (size_t i = ph->to; i-- > ph->from;) {
            bool at[TAB_SLOTS] = {0}, makes[TAB_SLOTS] = {0};
            looks_at(&p->ops[i], at, makes);
            for (size_t s = 0; s < p->nslots; s++) wanted[s] = (wanted[s] && !makes[s]) || at[s];
        }
    }
}

static bool make_phases(struct tab_plan *p) {
    p->phases[0] = (struct tab_phase){0};
    for (size_t i = 0; i < p->nops; i++) {
        struct tab_phase *ph = &p->phases[p->nphases];
        ph->to = i;
        if (p->ops[i].a->kind < TAB_ZSCORE) continue;
        ph->ends = &p->ops[i];
        if (++p->nphases == 8) return false;
        p->phases[p->nphases] = (struct tab_phase){.from = i + 1, .to = i + 1};
    }
    p->phases[p->nphases++].to = p->nops;
    return true;
}

static int refuse(const struct tab_plan *p, struct err *e, const char *why) {
    return err_set(e, ERR_CONFIG, "step %s: %s", p->step->name, why);
}

static void set_out(struct tab_plan *p, const struct svs *fields) {
    for (size_t i = 0; i < fields->n && p->nout < TAB_SLOTS; i++) {
        int s = slot(p, fields->s[i]);
        if (s < 0) continue;
        struct buf *b = &p->keys[p->nout];
        buf_chr(b, p->nout ? ',' : '{');
        json_quote(b, fields->s[i]);
        buf_chr(b, ':');
        p->out[p->nout++] = s;
    }
}

static int read_ops(struct tab_plan *p, struct err *e) {
    const struct pl_step *s = p->step;
    const struct tab_args *last = NULL;
    for (size_t i = 0; i < s->nops; i++) {
        const struct pl_op *op = &s->ops[i];
        if (strcmp(op->kind->name, "select") == 0 && i + 1 == s->nops && !op->when.n) {
            set_out(p, op->args);
            continue;
        }
        if (!op->kind->columns) {
            err_set(e, ERR_CONFIG,
                    "step %s: operation '%s' cannot stand in one step with operations on columns; put it into a step "
                    "of its own (select may stand at the end)",
                    s->name, op->kind->name);
            return e->code;
        }
        struct tab_op *o = &p->ops[p->nops++];
        *o = (struct tab_op){.a = op->args, .op = op};
        if (o->a->kind == TAB_UNNEST) {
            if (i) return refuse(p, e, "unnest must be the first operation");
            p->unnest = o->a->field;
        }
        bind_op(p, o);
        if (!add_reasons(p, o)) return refuse(p, e, "it has too many conditions");
        last = o->a;
    }
    if (!p->nout && last && last->kind == TAB_AGGREGATE) {
        struct svs all = {arena_alloc(&p->a, (last->names.n + last->nsums + 1) * sizeof(struct sv)), 0};
        for (size_t i = 0; i < last->names.n; i++) all.s[all.n++] = last->names.s[i];
        for (size_t i = 0; i < last->nsums; i++) all.s[all.n++] = last->sums[i].name;
        set_out(p, &all);
    }
    if (!p->nout) return refuse(p, e, "it needs a select at its end: the fields that go on");
    return ERR_OK;
}

int tab_plan_make(struct tab_plan *p, const struct pl_step *step, struct err *e) {
    *p = (struct tab_plan){.step = step};
    p->ops = arena_alloc(&p->a, (step->nops + 1) * sizeof *p->ops);
    p->reasons = arena_alloc(&p->a, REASONS_MOST * sizeof *p->reasons);
    p->warns = arena_alloc(&p->a, REASONS_MOST * sizeof *p->warns);
    int rc = read_ops(p, e);
    if (rc == ERR_OK && p->nslots == TAB_SLOTS) rc = refuse(p, e, "it names more fields than 63");
    if (rc == ERR_OK && !make_phases(p)) rc = refuse(p, e, "it has more than 7 operations on groups");
    if (rc) return rc;
    find_reads(p);
    find_live(p);
    return ERR_OK;
}

void tab_plan_free(struct tab_plan *p) {
    for (size_t i = 0; i < TAB_SLOTS; i++) buf_free(&p->keys[i]);
    for (size_t i = 0; i < p->nops; i++) {
        geo_near_free(p->ops[i].grid);
        geo_radii_free(p->ops[i].radii);
    }
    arena_free(&p->a);
}
