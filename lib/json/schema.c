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
    struct tour t = {.s = s};
    t.told = mem_alloc(s->nnames);
    t.listed = mem_alloc(s->nnodes);
    t.todo = mem_alloc(s->nnodes * sizeof *t.todo);
    list_node(&t, s->root);
    bool more = true;
    for (uint32_t k = 0; k < t.ntodo && more; k++) {
        const struct node *n = &s->nodes[t.todo[k]];
        for (uint32_t j = 0; j < n->nops && more; j++) {
            list_in_place(&t, &n->ops[j]);
            if (n->ops[j].code == OP_PROPS) more = tell_props(&t, n->ops[j].props, fn, ctx);
        }
    }
    free(t.todo);
    free(t.listed);
    free(t.told);
}
