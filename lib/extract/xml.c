/* See xml.h. Expat calls; a tree in an arena; then the tree is written. */
#include "extract/xml.h"

#include <expat.h>

struct node {
    const char *name;
    struct buf text;
    struct node *first, *last, *next; /* children; attributes are children whose names begin with @ */
    struct node *alike;               /* the next one of this name */
    struct node *alike_last;
};
#define NAMES_MAX 4096   /* different names among the children of one element */
#define NODES_MAX 500000 /* elements and attributes of one document */

struct xml {
    struct arena a;
    XML_Parser parser;
    struct node root, *open[XML_DEPTH + 1];
    size_t depth, nodes;
    const char *problem;
};

static void give_up(struct xml *x, const char *why) {
    x->problem = why;
    XML_StopParser(x->parser, XML_FALSE);
}

static struct node *add_child(struct xml *x, const char *name) {
    struct node *up = x->open[x->depth], *n = arena_alloc(&x->a, sizeof *n);
    size_t seen = 0;
    n->name = arena_str(&x->a, name);
    if (++x->nodes > NODES_MAX) give_up(x, "there are too many elements");
    for (struct node *c = up->first; c; c = c->next) { /* first ones of each name only are linked by next */
        if (++seen > NAMES_MAX) {
            give_up(x, "an element has too many different children");
            return n;
        }
        if (strcmp(c->name, name) != 0) continue;
        (c->alike_last ? c->alike_last : c)->alike = n;
        c->alike_last = n;
        return n;
    }
    if (up->last)
        up->last->next = n;
    else
        up->first = n;
    up->last = n;
    return n;
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **atts) {
    struct xml *x = ctx;
    if (x->depth == XML_DEPTH) {
        give_up(x, "elements are nested too deeply");
        return;
    }
    struct node *n = add_child(x, name);
    x->open[++x->depth] = n;
    for (; *atts; atts += 2) {
        struct node *t = add_child(x, arena_fmt(&x->a, "@%s", atts[0]));
        buf_str(&t->text, atts[1]);
    }
}

static void on_end(void *ctx, const XML_Char *name) {
    struct xml *x = ctx;
    (void)name;
    x->depth--;
}

static void on_text(void *ctx, const XML_Char *s, int n) {
    struct xml *x = ctx;
    buf_add(&x->open[x->depth]->text, s, (size_t)n);
}

static struct sv trimmed(const struct buf *b) {
    struct sv s = {b->p ? b->p : "", b->n};
    while (s.n && strchr(" \t\r\n", s.p[0])) s.p++, s.n--;
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1])) s.n--;
    return s;
}

/* Depth is limited by XML_DEPTH. */
static void write_node(struct buf *out, struct node *n) {
    struct sv text = trimmed(&n->text);
    if (!n->first) {
        json_quote(out, text);
        return;
    }
    buf_chr(out, '{');
    for (struct node *c = n->first; c; c = c->next) {
        if (c != n->first) buf_chr(out, ',');
        json_text_quote(out, c->name);
        buf_chr(out, ':');
        if (c->alike) buf_chr(out, '[');
        for (struct node *k = c; k; k = k->alike) {
            if (k != c) buf_chr(out, ',');
            write_node(out, k);
        }
        if (c->alike) buf_chr(out, ']');
    }
    if (text.n) {
        buf_str(out, ",\"#text\":");
        json_quote(out, text);
    }
    buf_chr(out, '}');
}

static void free_texts(struct node *n) {
    buf_free(&n->text);
    for (struct node *c = n->first; c; c = c->next)
        for (struct node *k = c; k; k = k->alike) free_texts(k);
}

bool xml_to_json(struct sv text, struct buf *out, char *why, size_t why_n) {
    struct xml *x = mem_alloc(sizeof *x);
    size_t from = out->n;
    x->open[0] = &x->root;
    x->parser = XML_ParserCreate("UTF-8");
    bool ok = x->parser != NULL && text.n < (size_t)1 << 30;
    if (ok) {
        XML_SetUserData(x->parser, x);
        XML_SetElementHandler(x->parser, on_start, on_end);
        XML_SetCharacterDataHandler(x->parser, on_text);
        ok = XML_Parse(x->parser, text.p ? text.p : "", (int)text.n, 1) == XML_STATUS_OK && !x->problem;
    }
    if (ok) {
        write_node(out, &x->root);
        ok = !out->over;
        if (!ok) snprintf(why, why_n, "the XML is too large");
    } else {
        snprintf(why, why_n, "no XML: %s in line %lu",
                 x->problem ? x->problem : XML_ErrorString(XML_GetErrorCode(x->parser)),
                 (unsigned long)XML_GetCurrentLineNumber(x->parser));
        out->n = from;
    }
    if (x->parser) XML_ParserFree(x->parser);
    free_texts(&x->root);
    arena_free(&x->a);
    free(x);
    return ok;
}
