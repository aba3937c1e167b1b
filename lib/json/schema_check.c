/*
 * See schema_check.h: the heart of the walk, and the run around it.
 *
 * Recursion is bounded twice: by frames, for a schema that comes back to itself
 * without going deeper into the instance, and by steps, for one that branches
 * out without end. Both end the validation with a fault of their own.
 */
#include "json/schema_check.h"

#define FRAMES_MAX 4096   /* at some 400 bytes each */
#define STEPS_MIN 1000000 /* some 50 ms */
#define STEPS_PER_TOKEN 10000
#define FAULTS_MAX 100000000 /* so that sums of limits do not overflow */

static bool broken(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return schema_check_broken(c, n, op, (struct breach){.at = h->i});
}

static bool loop(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return schema_check_give_up(c, TOO_DEEP, n, op, h->i);
}

static schema_check_fn *const checks[OP_COUNT] = {
    [OP_FALSE] = broken,
    [OP_TYPE] = broken, /* its `on` holds the wrong types */
    [OP_CONST] = schema_check_const,
    [OP_ENUM] = schema_check_const,
    [OP_MULTIPLE] = schema_check_multiple,
    [OP_MAX] = schema_check_max,
    [OP_EXMAX] = schema_check_exmax,
    [OP_MIN] = schema_check_min,
    [OP_EXMIN] = schema_check_exmin,
    [OP_MAXLEN] = schema_check_maxlen,
    [OP_MINLEN] = schema_check_minlen,
    [OP_PATTERN] = schema_check_pattern_op,
    [OP_FORMAT] = schema_check_format,
    [OP_ENCODING] = schema_check_encoding,
    [OP_MEDIA] = schema_check_media,
    [OP_ITEMS] = schema_check_items,
    [OP_TUPLE] = schema_check_tuple,
    [OP_MOREITEMS] = schema_check_more_items,
    [OP_MAXITEMS] = schema_check_max_items,
    [OP_MINITEMS] = schema_check_min_items,
    [OP_UNIQUE] = schema_check_unique,
    [OP_CONTAINS] = schema_check_contains,
    [OP_MAXPROPS] = schema_check_max_props,
    [OP_MINPROPS] = schema_check_min_props,
    [OP_REQUIRED] = schema_check_required,
    [OP_PROPS] = schema_check_props,
    [OP_PATPROPS] = schema_check_patprops,
    [OP_MOREPROPS] = schema_check_more_props,
    [OP_NAMES] = schema_check_names,
    [OP_DEPS] = schema_check_deps,
    [OP_IF] = schema_check_if,
    [OP_ALLOF] = schema_check_all,
    [OP_ANYOF] = schema_check_any,
    [OP_ONEOF] = schema_check_one,
    [OP_NOT] = schema_check_not,
    [OP_LOOP] = loop,
};

bool schema_check_node(struct checker *c, uint32_t node, struct here *h) {
    const struct node *n = &c->s->nodes[node];
    if (!(n->on & h->bit)) return true;
    if (c->gave_up) return false;
    if (c->depth == FRAMES_MAX) return schema_check_give_up(c, TOO_DEEP, n, NULL, h->i);
    if (++c->steps > c->max_steps) return schema_check_give_up(c, TOO_LONG, n, NULL, h->i);
    bool ok = true;
    c->depth++;
    if (n->flat && h->bit == T_OBJ && !c->collect) {
        ok = schema_check_flat(c, n->flat, h);
        c->depth--;
        return ok;
    }
    for (const struct op *op = n->ops, *end = op + n->nops; op < end; op++) {
        if (!(op->on & h->bit) || checks[op->code](c, n, op, h)) continue;
        ok = false;
        if (schema_check_stop(c)) break;
    }
    c->depth--;
    return ok;
}

bool schema_check_quietly(struct checker *c, uint32_t node, struct here *h) {
    bool collect = c->collect;
    c->collect = false;
    bool ok = schema_check_node(c, node, h);
    c->collect = collect;
    return ok;
}

bool schema_check_broken(struct checker *c, const struct node *n, const struct op *op, struct breach x) {
    struct scratch *sc = c->sc;
    if (!c->collect || sc->nbreaches >= c->limit) return false;
    if (sc->nbreaches == sc->cap_breaches) {
        sc->cap_breaches = sc->cap_breaches ? sc->cap_breaches * 2 : 32;
        sc->breaches = mem_grow(sc->breaches, sc->cap_breaches * sizeof *sc->breaches);
    }
    x.node = n;
    x.op = op;
    sc->breaches[sc->nbreaches++] = x;
    return false;
}

bool schema_check_give_up(struct checker *c, enum give_up why, const struct node *n, const struct op *op, uint32_t i) {
    if (!c->gave_up) {
        c->gave_up = why;
        c->last_straw = (struct breach){.node = n, .op = op, .at = i};
    }
    return false;
}

struct sv schema_check_text(struct checker *c, uint32_t i) {
    const struct jtok *t = &c->t[i];
    if (!(t->flags & JF_ESC)) return (struct sv){c->text + t->off, t->len};
    c->sc->text.n = 0;
    jv_unescape(schema_check_val(c, i), &c->sc->text);
    return (struct sv){c->sc->text.p, c->sc->text.n};
}

uint32_t schema_check_find_any(struct checker *c, const struct strset *set, uint32_t i) {
    return schema_set_find(set, schema_check_text(c, i));
}

bool schema_check_pattern(struct checker *c, const struct node *n, const struct op *op, const struct pattern *p,
                          uint32_t i) {
    struct sv s = schema_check_text(c, i);
    enum pattern_result r = pattern_match(p, s.p, s.n, c->sc->room);
    if (r == PATTERN_GAVE_UP) return schema_check_give_up(c, PATTERN_TOO_LONG, n, op, i);
    return r == PATTERN_YES;
}

/* ---- the run ---- */

static struct scratch *scratch_of(struct schema_run *r) {
    if (!r->scratch) {
        struct scratch *sc = r->scratch = mem_alloc(sizeof *sc);
        sc->room = pattern_room_new();
        sc->root = NONE;
    }
    return r->scratch;
}

void schema_run_free(struct schema_run *r) {
    struct scratch *sc = r->scratch;
    if (sc) {
        free(sc->stack);
        free(sc->breaches);
        free(sc->items);
        pattern_room_free(sc->room);
        buf_free(&sc->text);
        buf_free(&sc->text2);
        jtoks_free(&sc->toks);
        free(sc);
    }
    free(r->faults);
    arena_free(&r->a);
    *r = (struct schema_run){.max_faults = r->max_faults};
}

static bool walk(struct checker *c, bool collect) {
    c->collect = collect;
    c->depth = 0;
    c->steps = 0;
    c->gave_up = GO_ON;
    c->sc->n = 0;
    c->sc->nbreaches = 0;
    struct here h = {c->root, NONE, schema_check_type(c, c->root)};
    bool ok = schema_check_node(c, c->s->root, &h) && !c->gave_up;
    c->sc->root = h.base;
    return ok;
}

uint32_t schema_name(const struct schema *s, struct sv name) {
    return schema_set_find(&s->names, name);
}

const uint32_t *schema_members(const struct schema_run *r) {
    const struct scratch *sc = r->scratch;
    return !sc || sc->root == NONE ? NULL : sc->stack + sc->root;
}

bool schema_validate(const struct schema *s, struct jval v, struct schema_run *r) {
    uint64_t tokens = jv_tok(v)->next - v.i;
    struct checker c = {.s = s, .text = v.text, .t = v.t, .root = v.i, .sc = scratch_of(r), .limit = r->max_faults};
    if (c.limit > FAULTS_MAX) c.limit = FAULTS_MAX;
    c.near_end = jv_tok(v)->len >= 16 ? jv_tok(v)->off + jv_tok(v)->len - 15 : 0;
    c.max_steps = STEPS_MIN + STEPS_PER_TOKEN * tokens;
    if (r->nfaults) arena_reset(&r->a);
    r->nfaults = 0;
    if (walk(&c, false)) return true;
    if (r->max_faults == 0) return false;
    walk(&c, true);
    schema_fault_render(&c, r);
    return false;
}
