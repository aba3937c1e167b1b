/* See dom.h. */
#include "extract/dom.h"

#include <lexbor/css/css.h>
#include <lexbor/html/html.h>
#include <lexbor/selectors/selectors.h>

#define TAGS_MAX 400000 /* each may cost 300 bytes */
#define DEPTH_MAX 5000  /* nested elements that are never closed cost the parser the square of their number */

struct dom_selector {
    const char *text;
    lxb_css_selector_list_t *list;
    struct dom_selector *next;
};
struct dom {
    lxb_html_document_t *doc;
    lxb_css_parser_t *css;
    lxb_css_selectors_t *css_selectors;
    lxb_css_memory_t *css_memory; /* of all selectors */
    lxb_selectors_t *selectors;
    struct dom_selector *known;
    struct arena a;
};

static void *or_die(void *p) {
    if (!p) mem_die();
    return p;
}
static void *get(size_t n) {
    return or_die(malloc(n ? n : 1));
}
static void *get_again(void *p, size_t n) {
    return or_die(realloc(p, n ? n : 1));
}
static void *get_many(size_t n, size_t size) {
    return or_die(calloc(n ? n : 1, size ? size : 1));
}
static void give_back(void *p) {
    free(p);
}

struct dom *dom_new(void) {
    /* without memory it ends, as everything here does: lexbor's own way out of a document half made crashes */
    lexbor_memory_setup(get, get_again, get_many, give_back);
    struct dom *h = mem_alloc(sizeof *h);
    h->doc = lxb_html_document_create();
    h->css = lxb_css_parser_create();
    h->selectors = lxb_selectors_create();
    h->css_selectors = lxb_css_selectors_create();
    h->css_memory = lxb_css_memory_create();
    bool ok = h->doc && lxb_css_parser_init(h->css, NULL) == LXB_STATUS_OK &&
              lxb_css_memory_init(h->css_memory, 128) == LXB_STATUS_OK &&
              lxb_css_selectors_init(h->css_selectors) == LXB_STATUS_OK &&
              lxb_selectors_init(h->selectors) == LXB_STATUS_OK;
    if (!ok) mem_alloc(SIZE_MAX); /* no memory: ends the process as every allocation does */
    lxb_css_parser_memory_set(h->css, h->css_memory);
    lxb_css_parser_selectors_set(h->css, h->css_selectors);
    lxb_selectors_opt_set(h->selectors, LXB_SELECTORS_OPT_MATCH_ROOT | LXB_SELECTORS_OPT_MATCH_FIRST);
    return h;
}

void dom_free(struct dom *h) {
    if (!h) return;
    lxb_selectors_destroy(h->selectors, true);
    lxb_css_selectors_destroy(h->css_selectors, true);
    lxb_css_parser_destroy(h->css, true);
    lxb_css_memory_destroy(h->css_memory, true);
    lxb_html_document_destroy(h->doc);
    arena_free(&h->a);
    free(h);
}

/* A rough upper bound: how many more start than end tags there can be open. */
static bool within_limits(struct sv t, const char **why) {
    size_t tags = 0;
    long depth = 0, deepest = 0;
    const char *p = t.p, *end = t.p + t.n;
    while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
        tags++;
        if (++p < end && *p == '/')
            depth -= depth > 0;
        else if (p < end && ((*p | 32) >= 'a' && (*p | 32) <= 'z'))
            depth++;
        if (depth > deepest) deepest = depth;
    }
    *why = tags > TAGS_MAX ? "the page has too many elements" : NULL;
    /* void elements (br, img, input) count as open here, so only pages with very many unclosed tags are looked at twice
     */
    if (!*why && deepest > 20L * DEPTH_MAX) *why = "the page's elements are nested too deeply";
    return !*why;
}

bool dom_parse(struct dom *h, struct sv text, const char **why) {
    if (!within_limits(text, why)) return false;
    lxb_html_document_clean(h->doc);
    if (lxb_html_document_parse(h->doc, (const lxb_char_t *)(text.p ? text.p : ""), text.n) == LXB_STATUS_OK)
        return true;
    *why = "the page cannot be parsed";
    return false;
}

struct dom_node *dom_root(struct dom *h) {
    return (struct dom_node *)lxb_dom_interface_node(h->doc);
}

int dom_selector(struct dom *h, const char *text, struct dom_selector **out, struct err *e) {
    for (*out = h->known; *out; *out = (*out)->next)
        if (strcmp((*out)->text, text) == 0) return ERR_OK;
    lxb_css_selector_list_t *list = lxb_css_selectors_parse(h->css, (const lxb_char_t *)text, strlen(text));
    if (!list || h->css->status != LXB_STATUS_OK) return err_set(e, ERR_CONFIG, "'%s' is no CSS selector", text);
    struct dom_selector *s = arena_alloc(&h->a, sizeof *s);
    *s = (struct dom_selector){arena_str(&h->a, text), list, h->known};
    *out = h->known = s;
    return ERR_OK;
}

struct visit {
    bool (*take)(void *ctx, struct dom_node *n);
    void *ctx;
};

static lxb_status_t on_match(lxb_dom_node_t *node, lxb_css_selector_specificity_t spec, void *ctx) {
    const struct visit *v = ctx;
    (void)spec;
    return v->take(v->ctx, (struct dom_node *)node) ? LXB_STATUS_OK : LXB_STATUS_STOP;
}

void dom_select(struct dom *h, struct dom_node *from, const struct dom_selector *s,
                bool (*take)(void *ctx, struct dom_node *n), void *ctx) {
    struct visit v = {take, ctx};
    lxb_selectors_find(h->selectors, (lxb_dom_node_t *)from, s->list, on_match, &v);
}

static bool take_first(void *ctx, struct dom_node *n) {
    *(struct dom_node **)ctx = n;
    return false;
}

struct dom_node *dom_first(struct dom *h, struct dom_node *from, const struct dom_selector *s) {
    struct dom_node *n = NULL;
    dom_select(h, from, s, take_first, &n);
    return n;
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

struct words { /* text in the making: a blank or a separator waits until something follows */
    struct buf *out;
    size_t from;
    const char *br;
    bool blank, broken;
};

static void put_word(struct words *w, const char *p, size_t n) {
    if (w->out->n > w->from) {
        if (w->broken)
            buf_str(w->out, w->br);
        else if (w->blank)
            buf_chr(w->out, ' ');
    }
    w->blank = w->broken = false;
    buf_add(w->out, p, n);
}

/* Bytes of the white space at p: ASCII, no-break space, ideographic space. */
static size_t space_at(const char *p, const char *end) {
    if (strchr(" \t\r\n\f", *p) && *p) return 1;
    if (end - p >= 2 && memcmp(p, "\xC2\xA0", 2) == 0) return 2;
    return end - p >= 3 && memcmp(p, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

static void put_text(struct words *w, struct sv s) {
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        size_t n = space_at(p, end);
        if (n) {
            w->blank = true;
            p += n;
            continue;
        }
        const char *from = p;
        while (p < end && !space_at(p, end)) p++;
        put_word(w, from, (size_t)(p - from));
    }
}

void text_collapse(struct sv s, struct buf *out) {
    struct words w = {.out = out, .from = out->n, .br = " "};
    put_text(&w, s);
}

static bool is_hidden(lxb_tag_id_t t) {
    return t == LXB_TAG_SCRIPT || t == LXB_TAG_STYLE || t == LXB_TAG_TEMPLATE || t == LXB_TAG_NOSCRIPT;
}

static bool is_block(lxb_tag_id_t t) {
    static const uint16_t blocks[] = {
        LXB_TAG_P,  LXB_TAG_DIV, LXB_TAG_LI,      LXB_TAG_TR, LXB_TAG_TD,    LXB_TAG_TH, LXB_TAG_UL,
        LXB_TAG_OL, LXB_TAG_DL,  LXB_TAG_DT,      LXB_TAG_DD, LXB_TAG_TABLE, LXB_TAG_H1, LXB_TAG_H2,
        LXB_TAG_H3, LXB_TAG_H4,  LXB_TAG_SECTION, LXB_TAG_HR, LXB_TAG_H5,    LXB_TAG_H6, LXB_TAG_OPTION};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (t == blocks[i]) return true;
    return false;
}

/* The node after n in the order of the document, staying below root; `into` false: not into n. */
static lxb_dom_node_t *following(lxb_dom_node_t *n, const lxb_dom_node_t *root, bool into, struct words *w) {
    if (into && n->first_child) return n->first_child;
    while (n != root) {
        if (is_block(n->local_name)) w->blank = true;
        if (n->next) return n->next;
        n = n->parent;
    }
    return NULL;
}

static struct sv node_data(lxb_dom_node_t *n) {
    const lexbor_str_t *s = &lxb_dom_interface_character_data(n)->data;
    return (struct sv){(const char *)s->data, s->length};
}

void dom_text(struct dom_node *node, const char *br, struct buf *out) {
    lxb_dom_node_t *root = (lxb_dom_node_t *)node;
    struct words w = {.out = out, .from = out->n, .br = br};
    for (lxb_dom_node_t *n = root; n;) {
        bool into = true;
        if (n->type == LXB_DOM_NODE_TYPE_TEXT || n->type == LXB_DOM_NODE_TYPE_CDATA_SECTION) {
            put_text(&w, node_data(n));
        } else if (n->type == LXB_DOM_NODE_TYPE_ELEMENT) {
            into = n == root || !is_hidden(n->local_name);
            w.broken = w.broken || n->local_name == LXB_TAG_BR;
            w.blank = w.blank || is_block(n->local_name);
        }
        n = following(n, root, into, &w);
    }
}

static lxb_status_t add_source(const lxb_char_t *p, size_t n, void *ctx) {
    buf_add(ctx, p, n);
    return LXB_STATUS_OK;
}

void dom_source(struct dom_node *n, struct buf *out) {
    lxb_html_serialize_tree_cb((lxb_dom_node_t *)n, add_source, out);
}

bool dom_attribute(struct dom_node *node, const char *name, struct sv *v) {
    lxb_dom_node_t *n = (lxb_dom_node_t *)node;
    size_t len = 0;
    if (n->type != LXB_DOM_NODE_TYPE_ELEMENT) return false;
    lxb_dom_element_t *el = lxb_dom_interface_element(n);
    if (!lxb_dom_element_has_attribute(el, (const lxb_char_t *)name, strlen(name))) return false;
    const lxb_char_t *p = lxb_dom_element_get_attribute(el, (const lxb_char_t *)name, strlen(name), &len);
    *v = (struct sv){p ? (const char *)p : "", p ? len : 0};
    return true;
}
