/* See schema.h: compiling as a whole, freeing, and the list of property names. How: schema_build.h, schema_node.h. */
#include "json/schema_build.h"
#include "json/schema_check.h"

static void build_free(struct build *b) {
    free(b->place);
    free(b->pending);
    free(b->found);
    free(b->complaints);
    arena_free(&b->tmp);
}

int schema_compile(struct schema **out, const char *name, const char *text, size_t len, const char *dir, int flags,
                   struct err *e) {
    struct schema *s = mem_alloc(sizeof *s);
    struct build b = {.s = s, .dir = dir};
    s->flags = flags;
    *out = NULL;
    int rc = schema_ref_add_main(&b, name, text, len, e);
    if (rc) goto out;
    s->root = schema_build_node(&b, 0, 0);
    schema_ref_resolve_all(&b);
    rc = schema_build_report(&b, e);
    if (rc) goto out;
    schema_link_nodes(&b);
    *out = s;
out:
    for (uint32_t k = 0; k < s->ndocs; k++) { /* both are of use to the compiler only */
        free(s->docs[k]->base);
        free(s->docs[k]->node);
    }
    build_free(&b);
    if (rc) schema_free(s);
    return rc;
}

void schema_free(struct schema *s) {
    if (!s) return;
    for (uint32_t k = 0; k < s->npatterns; k++) pattern_free(s->patterns[k]);
    for (uint32_t k = 0; k < s->ndocs; k++) {
        free(s->docs[k]->text);
        jtoks_free(&s->docs[k]->toks);
    }
    free(s->patterns);
    free(s->docs);
    free(s->name);
    free(s->nodes);
    arena_free(&s->a);
    free(s);
}

/* ---- property names ---- */

struct tour {
    const struct schema *s;
    bool *told;            /* by gid */
    bool *listed;          /* by node */
    uint32_t *todo, ntodo; /* each node is listed at most once */
};

static void list_node(struct tour *t, uint32_t node) {
    if (node == NONE || t->listed[node]) return;
    t->listed[node] = true;
    t->todo[t->ntodo++] = node;
}

/* Subschemas that apply to the same object. */
static void list_in_place(struct tour *t, const struct op *op) {
    const struct list *l = op->code == OP_ALLOF                           ? op->list
                           : op->code == OP_ANYOF || op->code == OP_ONEOF ? &op->branches->list
                                                                          : NULL;
    for (uint32_t k = 0; l && k < l->n; k++) list_node(t, l->of[k]);
    if (op->code != OP_IF) return;
    list_node(t, op->condition->test);
    list_node(t, op->condition->then);
    list_node(t, op->condition->other);
}

/* All nodes that apply to the root, one after another in todo. */
static struct tour tour_begin(const struct schema *s) {
    struct tour t = {.s = s};
    t.told = mem_alloc(s->nnames);
    t.listed = mem_alloc(s->nnodes);
    t.todo = mem_alloc(s->nnodes * sizeof *t.todo);
    list_node(&t, s->root);
    return t;
}

static void tour_end(struct tour *t) {
    free(t->todo);
    free(t->listed);
    free(t->told);
}

static bool tell_props(struct tour *t, const struct props *p, bool (*fn)(void *, const char *), void *ctx) {
    for (uint32_t k = 0; k < p->n; k++) {
        uint32_t gid = p->of[k].gid;
        if (t->told[gid]) continue;
        t->told[gid] = true;
        if (!fn(ctx, t->s->name[gid].p)) return false;
    }
    return true;
}

void schema_each_property(const struct schema *s, bool (*fn)(void *ctx, const char *name), void *ctx) {
    struct tour t = tour_begin(s);
    bool more = true;
    for (uint32_t k = 0; k < t.ntodo && more; k++) {
        const struct node *n = &s->nodes[t.todo[k]];
        for (uint32_t j = 0; j < n->nops && more; j++) {
            list_in_place(&t, &n->ops[j]);
            if (n->ops[j].code == OP_PROPS) more = tell_props(&t, n->ops[j].props, fn, ctx);
        }
    }
    tour_end(&t);
}

const char *schema_draft(const struct schema *s) {
    return s->docs[0]->draft;
}

/* ---- columns of CSV ---- */

#define LEVELS_MAX 16

static unsigned types_of_node(const struct schema *s, uint32_t node, int level);

static unsigned types_of_list(const struct schema *s, const struct list *l, bool all, int level) {
    unsigned types = all ? T_ANY : 0;
    for (uint32_t k = 0; k < l->n; k++) {
        unsigned t = types_of_node(s, l->of[k], level);
        types = all ? types & t : types | t;
    }
    return types;
}

/* Which types a node may let pass, by its type and that of its parts. */
static unsigned types_of_node(const struct schema *s, uint32_t node, int level) {
    const struct node *n = &s->nodes[node];
    unsigned types = T_ANY;
    for (uint32_t k = 0; k < n->nops && level < LEVELS_MAX; k++) {
        const struct op *op = &n->ops[k];
        if (op->code == OP_TYPE) types &= ~(unsigned)op->on;
        if (op->code == OP_ALLOF) types &= types_of_list(s, op->list, true, level + 1);
        if (op->code == OP_ANYOF || op->code == OP_ONEOF)
            types &= types_of_list(s, &op->branches->list, false, level + 1);
        if ((op->code == OP_ENUM || op->code == OP_CONST) && !op->values->strings.n) types &= ~(unsigned)T_STR;
    }
    return types;
}

static unsigned types_of_column(const struct node *n, uint32_t gid, const struct schema *s) {
    unsigned types = 0;
    for (uint32_t j = 0; j < n->nops; j++) {
        const struct op *op = &n->ops[j];
        for (uint32_t i = 0; op->code == OP_PROPS && i < op->props->n; i++)
            if (op->props->of[i].gid == gid) types |= types_of_node(s, op->props->of[i].node, 0);
    }
    return types;
}

char schema_column_kind(const struct schema *s, struct sv name) {
    uint32_t gid = schema_set_find(&s->names, name);
    unsigned types = 0;
    struct tour t = tour_begin(s);
    for (uint32_t k = 0; gid != NONE && k < t.ntodo; k++) {
        const struct node *n = &s->nodes[t.todo[k]];
        for (uint32_t j = 0; j < n->nops; j++) list_in_place(&t, &n->ops[j]);
        types |= types_of_column(n, gid, s);
    }
    tour_end(&t);
    if (types & T_STR) return 't';
    return types & T_NUMBER ? 'n' : types & T_BOOL ? 'b' : 't';
}
