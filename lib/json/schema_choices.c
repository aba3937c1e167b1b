/* See schema_words.h: what tells the branches of an anyOf or oneOf apart, a property's constant or the type. */
#include "json/schema_words.h"

#define CHOICES_MAX 240 /* bytes of constants that are told */

/* The constant that the node, or what it is made of, asks of the property; NULL without one. */
static const struct op *find_constant(const struct schema *s, uint32_t node, uint32_t gid, int level, uint32_t *doc) {
    const struct node *n = &s->nodes[node];
    const struct op *found = NULL;
    for (uint32_t k = 0; k < n->nops && !found && level < 8; k++) {
        const struct op *op = &n->ops[k];
        for (uint32_t j = 0; op->code == OP_ALLOF && j < op->list->n && !found; j++)
            found = find_constant(s, op->list->of[j], gid, level + 1, doc);
        for (uint32_t j = 0; op->code == OP_PROPS && j < op->props->n; j++) {
            const struct node *p = &s->nodes[op->props->of[j].node];
            for (uint32_t i = 0; op->props->of[j].gid == gid && i < p->nops; i++)
                if (p->ops[i].code == OP_CONST) {
                    found = &p->ops[i];
                    *doc = p->doc;
                }
        }
    }
    return found;
}

bool schema_words_types(struct buf *b, const struct schema *s, const struct branches *of) {
    unsigned allowed = 0;
    for (uint32_t k = 0; k < of->list.n; k++) {
        const struct node *n = &s->nodes[of->list.of[k]];
        const struct op *type = NULL;
        for (uint32_t j = 0; j < n->nops; j++)
            if (n->ops[j].code == OP_TYPE) type = &n->ops[j];
        if (!type) return false;
        allowed |= T_ANY & ~(unsigned)type->on;
    }
    schema_words_add_types(b, T_ANY & ~allowed);
    return true;
}

bool schema_words_offers(const struct schema *s, const struct branches *of, struct jval v) {
    for (uint32_t k = 0; k < of->list.n; k++) {
        uint32_t doc = 0;
        const struct op *op = find_constant(s, of->list.of[k], of->pick->gid, 0, &doc);
        if (!op || schema_value_equal(schema_doc_val(s->docs[doc], op->tok), v)) return true;
    }
    return false;
}

bool schema_words_choices(struct buf *b, const struct schema *s, const struct branches *of) {
    size_t from = b->n;
    buf_str(b, "one of ");
    for (uint32_t k = 0; k < of->list.n; k++) {
        uint32_t doc = 0;
        const struct op *op = find_constant(s, of->list.of[k], of->pick->gid, 0, &doc);
        if (!op) {
            b->n = from;
            b->p[from] = 0;
            return false;
        }
        if (b->n - from > CHOICES_MAX) {
            buf_fmt(b, " or %u more", of->list.n - k);
            break;
        }
        if (k) buf_str(b, ", ");
        schema_words_value(b, schema_doc_val(s->docs[doc], op->tok), FOUND_MAX);
    }
    return true;
}
